"""The rules of OCPP messages, as mobilityhouse's `ocpp` knows them.

The only module that touches that library. It is used for its schemas and its frames;
its ChargePoint is not: version 2.1.0 leaves unknown 2.1 calls unanswered, loses the
`_L2/_L3` names, deadlocks on a call inside a handler and knows no frames 5 and 6.
"""

from collections import Counter
from dataclasses import dataclass
import json
from typing import Any

from jsonschema import ValidationError  # type: ignore[import-untyped]
from ocpp import messages as untyped_messages

from simulator.payload import Payload

messages: Any = untyped_messages  # the library has no types
messages.ASYNC_VALIDATION = False

CALL, RESULT, ERROR, RESULT_ERROR, SEND = 2, 3, 4, 5, 6
ALWAYS_CHECKED = 3
CODES = {
    "type": "TypeConstraintViolation",
    "maxLength": "PropertyConstraintViolation",
    "minimum": "PropertyConstraintViolation",
    "maximum": "PropertyConstraintViolation",
    "enum": "PropertyConstraintViolation",
    "required": "OccurrenceConstraintViolation",
    "minItems": "OccurrenceConstraintViolation",
    "maxItems": "OccurrenceConstraintViolation",
    "additionalProperties": "FormatViolation",
}


class Misfit(Exception):
    """A message that does not fit its schema, or is no message at all."""

    def __init__(self, code: str, words: str) -> None:
        """Carry the error code of OCPP-J, and what is wrong."""
        super().__init__(f"{code}: {words}")
        self.code = code
        self.words = words[:255]


@dataclass(frozen=True, slots=True)
class Frame:
    """One message as it came: its kind, its id, and the rest."""

    kind: int
    id: str
    action: str
    payload: Payload


def knows(action: str, version: str) -> bool:
    """Tell whether OCPP of this version has such an action."""
    try:
        messages.get_validator(CALL, action, version)
    except OSError, ValueError:
        return False
    return True


def pack_call(message_id: str, action: str, payload: Payload) -> str:
    """Write a request."""
    return str(messages.pack(messages.Call(message_id, action, payload)))


def pack_result(message_id: str, payload: Payload) -> str:
    """Write an answer."""
    return str(messages.pack(messages.CallResult(message_id, payload)))


def pack_error(message_id: str, code: str, words: str, details: Payload | None = None) -> str:
    """Write a refusal to answer."""
    return str(messages.pack(messages.CallError(message_id, code, words, details or {})))


def pack_result_error(message_id: str, code: str, words: str) -> str:
    """Write the complaint about an answer (2.1 only; the library does not know this frame)."""
    return json.dumps([RESULT_ERROR, message_id, code, words, {}], separators=(",", ":"))


def unpack(text: str) -> Frame:
    """Read a frame of any kind; raise Misfit when it is none."""
    try:
        items = json.loads(text)
    except ValueError as error:
        raise Misfit("RpcFrameworkError", "not JSON") from error
    if not isinstance(items, list) or len(items) < 3 or not isinstance(items[1], str):
        raise Misfit("RpcFrameworkError", "not a message")
    kind = items[0]
    if kind not in (CALL, RESULT, ERROR, RESULT_ERROR, SEND):
        raise Misfit("MessageTypeNotSupported", str(kind))
    return _frame(kind, items[1], items[2:])


def _frame(kind: int, message_id: str, rest: list[Any]) -> Frame:
    if kind == RESULT:
        action, payload = "", rest[0]
    elif kind in (CALL, SEND) and len(rest) >= 2:
        action, payload = rest[0], rest[1]
    else:
        action, payload = str(rest[0]), {"description": rest[1] if len(rest) > 1 else ""}
    if not isinstance(payload, dict) or not isinstance(action, str):
        raise Misfit("RpcFrameworkError", "payload is no object")
    return Frame(kind, message_id, action, payload)


class SchemaCheck:
    """The guard that holds every message against its schema.

    `every` above 1 spares time in simulated days: the first messages of each action are
    always checked, then one in so many.
    """

    def __init__(self, every: int = 1) -> None:
        """Check each message, or one in `every`."""
        self._every = every
        self._seen: Counter[tuple[int, str, str]] = Counter()

    def check(self, kind: int, action: str, payload: Payload, version: str) -> None:
        """Raise Misfit when a payload does not fit its schema."""
        place = (kind, action, version)
        self._seen[place] += 1
        if self._seen[place] > ALWAYS_CHECKED and self._seen[place] % self._every:
            return
        try:
            messages.get_validator(kind, action, version).validate(payload)
        except ValidationError as error:
            where = "/".join(str(part) for part in error.absolute_path)
            raise Misfit(CODES.get(str(error.validator), "FormatViolation"), f"{where}: {error.message}") from error
        except (OSError, ValueError) as error:
            raise Misfit("NotImplemented", action) from error
