"""The five envelopes of a conversation, between text and what it means."""

from dataclasses import dataclass
from enum import StrEnum
import json
import re
from typing import Final

import orjson

from .wire import Json, Payload

FRAME_LIMIT: Final = 256 * 1024
DEPTH_LIMIT: Final = 32
ID_LIMIT: Final = 36
ID_TOLERATED: Final = 255
TEXT_LIMIT: Final = 255
DETAILS_LIMIT: Final = 1000
NO_ID: Final = "-1"

# Strings are taken away before brackets are counted; an unclosed one runs to the end, so the search stays linear.
_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_HEAD: Final = re.compile(
    r'\s*+\[\s*+(?P<kind>[2-6])\s*+,\s*+(?:"(?P<text>[\x20\x21\x23-\x5B\x5D-\x7E]{1,255})"|(?P<number>\d{1,15}))\s*+,'
)
_BRACKETS: Final = bytes.maketrans(b"[]", b"{}")
_NOISE: Final = bytes(set(range(256)) - set(b"[]{}"))

type MessageId = str | int


class ErrorCode(StrEnum):
    """Name the refusals of part 4, table 9."""

    FORMAT_VIOLATION = "FormatViolation"
    GENERIC_ERROR = "GenericError"
    INTERNAL_ERROR = "InternalError"
    MESSAGE_TYPE_NOT_SUPPORTED = "MessageTypeNotSupported"
    NOT_IMPLEMENTED = "NotImplemented"
    NOT_SUPPORTED = "NotSupported"
    OCCURRENCE_CONSTRAINT_VIOLATION = "OccurrenceConstraintViolation"
    PROPERTY_CONSTRAINT_VIOLATION = "PropertyConstraintViolation"
    PROTOCOL_ERROR = "ProtocolError"
    RPC_FRAMEWORK_ERROR = "RpcFrameworkError"
    SECURITY_ERROR = "SecurityError"
    TYPE_CONSTRAINT_VIOLATION = "TypeConstraintViolation"


@dataclass(frozen=True, slots=True)
class Call:
    """Type 2: a question that wants an answer."""

    message_id: MessageId
    action: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class CallResult:
    """Type 3: the answer to a question."""

    message_id: MessageId
    payload: Payload


@dataclass(frozen=True, slots=True)
class CallError:
    """Type 4: the refusal of a question; ``details`` as JSON, shortened."""

    message_id: MessageId
    code: str
    description: str
    details: str = ""


@dataclass(frozen=True, slots=True)
class CallResultError:
    """Type 5 (2.1): the answer could not be understood."""

    message_id: MessageId
    code: str
    description: str


@dataclass(frozen=True, slots=True)
class Send:
    """Type 6 (2.1): a message that wants no answer."""

    message_id: MessageId
    action: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class FrameError:
    """What was wrong with a text, and the refusal to answer it with; none where it was itself an answer."""

    code: ErrorCode
    description: str
    message_id: MessageId = NO_ID
    answerable: bool = True


type Frame = Call | CallResult | CallError | CallResultError | Send


def decode(raw: str) -> Frame | FrameError:
    """Read one frame; never raises."""
    if len(raw) > FRAME_LIMIT:
        return _unreadable("frame too long")
    octets = raw.encode("utf-8", "surrogatepass")
    if len(octets) > FRAME_LIMIT:
        return _unreadable("frame too long")
    if _too_deep(octets):
        return _unreadable("not JSON, or nested too deeply", raw)
    try:
        parts: Json = orjson.loads(octets)
    except orjson.JSONDecodeError:
        return _unreadable("not JSON", raw)
    if not isinstance(parts, list) or len(parts) < 2:
        return _unreadable("not an array of a frame")
    return _read(parts)


def encode(frame: Frame) -> str:
    """Write one frame.

    Raises:
        ValueError: a number is not finite.
    """
    match frame:
        case Call(message_id, action, payload):
            return _dump([2, message_id, action, payload])
        case CallResult(message_id, payload):
            return _dump([3, message_id, payload])
        case CallError(message_id, code, description):
            return _dump([4, message_id, code, description[:TEXT_LIMIT], {}])
        case CallResultError(message_id, code, description):
            return _dump([5, message_id, code, description[:TEXT_LIMIT], {}])
        case Send(message_id, action, payload):
            return _dump([6, message_id, action, payload])


def _unreadable(description: str, raw: str = "") -> FrameError:
    """Return the refusal of a text that is no frame; where its beginning is that of one, it gets its own id back."""
    head = _HEAD.match(raw)
    if head is None:
        return FrameError(ErrorCode.RPC_FRAMEWORK_ERROR, description)
    message_id: MessageId = int(head["number"]) if head["text"] is None else head["text"]
    return FrameError(ErrorCode.FORMAT_VIOLATION, description, message_id, answerable=head["kind"] == "2")


def _too_deep(octets: bytes) -> bool:
    """Tell whether brackets nest deeper than allowed, or do not close (which is no JSON anyway)."""
    if octets.count(b"{") + octets.count(b"[") <= DEPTH_LIMIT:
        return False
    brackets = _STRING.sub(b"", octets).translate(_BRACKETS, _NOISE)
    for _ in range(DEPTH_LIMIT):
        if not brackets:
            return False
        brackets = brackets.replace(b"{}", b"")  # takes away exactly the innermost level
    return bool(brackets)


def _read(parts: list[Json]) -> Frame | FrameError:
    kind, message_id = parts[0], parts[1]
    if isinstance(kind, bool) or not isinstance(kind, (int, float)):
        return _unreadable("message type is not a number")
    if isinstance(message_id, bool) or not isinstance(message_id, (str, int)) or message_id == "":
        return _unreadable("message id cannot be read")
    if isinstance(message_id, str) and len(message_id) > ID_TOLERATED:
        return _unreadable("message id too long")
    if kind in (2, 6):
        return _read_question(kind == 2, message_id, parts[2:])
    if kind in (3, 4, 5):
        return _read_answer(int(kind), message_id, parts[2:])
    return FrameError(ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED, "unknown message type", message_id)


def _read_question(wants_answer: bool, message_id: MessageId, rest: list[Json]) -> Frame | FrameError:
    if len(rest) != 2:
        return FrameError(
            ErrorCode.RPC_FRAMEWORK_ERROR, "not the four elements of a call", message_id, answerable=wants_answer
        )
    action, payload = rest
    if not isinstance(action, str) or not isinstance(payload, dict):
        return FrameError(
            ErrorCode.FORMAT_VIOLATION, "action is no text or payload no object", message_id, answerable=wants_answer
        )
    return Call(message_id, action, payload) if wants_answer else Send(message_id, action, payload)


def _read_answer(kind: int, message_id: MessageId, rest: list[Json]) -> Frame | FrameError:
    if kind == 3:
        if len(rest) == 1 and isinstance(rest[0], dict):
            return CallResult(message_id, rest[0])
    elif rest and isinstance(rest[0], str):
        code = rest[0][:TEXT_LIMIT]
        # stations put whole requests here; 255 characters are what the standard allows
        description = rest[1][:TEXT_LIMIT] if len(rest) > 1 and isinstance(rest[1], str) else ""
        if kind == 5:
            return CallResultError(message_id, code, description)
        return CallError(message_id, code, description, _shown(rest[2] if len(rest) > 2 else None))
    return FrameError(ErrorCode.FORMAT_VIOLATION, "answer cannot be read", message_id, answerable=False)


def _shown(details: Json) -> str:
    return orjson.dumps(details).decode()[:DETAILS_LIMIT] if details else ""


def _dump(parts: list[Json]) -> str:
    try:
        octets = orjson.dumps(parts)
    except TypeError:  # whole numbers beyond 64 bits, lone surrogates
        return json.dumps(parts, allow_nan=False, separators=(",", ":"))
    if b"null" in octets:  # what is not finite comes out as null
        json.dumps(parts, allow_nan=False)
    return octets.decode()
