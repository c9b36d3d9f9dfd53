"""The talk with one station: who asked what, what is still open, what waits its turn.

Text comes in and events go out, text to write is fetched; no socket is known here. One question of ours is open at a
time, the station's are served at once whatever ours does. Nothing that arrives raises.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ..model.moment import Moment
from .conformance import Conformance, Oddity
from .frames import (
    ID_LIMIT,
    NO_ID,
    Call,
    CallError,
    CallResult,
    CallResultError,
    ErrorCode,
    Frame,
    FrameError,
    MessageId,
    Send,
    decode,
    encode,
)
from .request import Priority, Request
from .wire import Payload

OPEN_LIMIT: Final = 64
QUEUE_LIMIT: Final = 64
MEMORY: Final = 16
ANSWER_WITHIN_S: Final = 25.0  # stations wait 30 s; whoever forgot to answer is covered before that
PRESSED_S: Final = 5.0  # what moves power waits no longer than this behind a question that does not
PASSED_S: Final = 30.0  # and whatever else waits no longer than this behind one that takes its time
BEHIND_S: Final = 5.0  # what is to leave behind an answer of ours waits no longer than this for it


@dataclass(frozen=True, slots=True)
class CallReceived:
    """The station asks; exactly one answer is owed. ``size`` is the length of its frame."""

    message_id: str
    action: str
    payload: Payload
    size: int


@dataclass(frozen=True, slots=True)
class SendReceived:
    """The station tells something and wants no answer."""

    action: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class Answered:
    """Our question was answered."""

    tag: int
    message_id: MessageId
    action: str
    payload: Payload
    size: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Our question was refused; ``details`` as the station wrote them, shortened."""

    tag: int
    code: str
    description: str
    details: str = ""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Our question got no answer in time."""

    tag: int


@dataclass(frozen=True, slots=True)
class Replaced:
    """Our question never left, a newer one took its place."""

    tag: int


type Event = CallReceived | SendReceived | Answered | Refused | Unanswered | Replaced


@dataclass(slots=True)
class _Open:
    """A question of the station that waits for our answer."""

    message_id: MessageId
    action: str
    digest: int
    deadline_s: float
    times: int = 1


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A question of ours that has not left."""

    tag: int
    request: Request
    since_s: float
    deadline_s: float


@dataclass(frozen=True, slots=True)
class _Flight:
    """The one question of ours that is open, or one that was and made way."""

    tag: int
    message_id: str
    action: str
    priority: Priority
    since_s: float
    deadline_s: float


class Conversation:
    """Lead one connection's conversation.

    Args:
        prefix: begins every message id of ours; unlike that of any other connection.
        modern: types 5 and 6 are spoken (2.1).
        conformance: where oddities are counted.
    """

    def __init__(self, *, prefix: str, modern: bool, conformance: Conformance | None = None) -> None:
        """Begin with nothing said."""
        self.conformance = conformance or Conformance()
        self._prefix = prefix
        self._modern = modern
        self._answer_delay_s = 0.0
        self._counter = 0
        self._open: dict[str, _Open] = {}
        self._answered: OrderedDict[str, tuple[int, str]] = OrderedDict()
        self._flight: _Flight | None = None
        self._aside: dict[MessageId, _Flight] = {}
        self._queue: list[_Waiting] = []
        self._sent: tuple[str, ...] = ()
        self._held: list[tuple[float, str]] = []
        self._outgoing: list[str] = []

    # what comes in

    def receive(self, raw: str, now: Moment) -> tuple[Event, ...]:
        """Take one text of the station."""
        match decode(raw):
            case FrameError() as error:
                return self._misread(error, now)
            case Call() as call:
                return self._called(call, raw, now)
            case CallResult(message_id, payload):
                return self._answer_came(message_id, payload, None, len(raw), now)
            case CallError(message_id) as error:
                return self._answer_came(message_id, {}, error, len(raw), now)
            case CallResultError(message_id, code, description) if self._modern:
                self.conformance.note(Oddity.ANSWER_COMPLAINED, code)
                return self._refused_by(message_id, code, description, now)
            case Send(_, action, payload) if self._modern:
                return (SendReceived(action, payload),)
            case CallResultError(message_id) | Send(message_id):
                self.conformance.note(Oddity.MALFORMED_FRAME, "message type of OCPP 2.1")
                self._write(CallError(message_id, ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED, "not spoken on this link"))
                return ()

    def _misread(self, error: FrameError, now: Moment) -> tuple[Event, ...]:
        """Answer what cannot be read; if it was to be an answer to us, waiting for it is over."""
        self.conformance.note(Oddity.MALFORMED_FRAME, error.description)
        if error.answerable:
            self._write(CallError(error.message_id, error.code, error.description))
            return ()
        events = self._refused_by(error.message_id, error.code, error.description, now)
        if events:
            self.complain(error.message_id, error.code, error.description)
        return events

    def _refused_by(self, message_id: MessageId, code: str, description: str, now: Moment) -> tuple[Event, ...]:
        flight = self._landed(message_id)
        if flight is None:
            return ()
        self._depart(now)
        return (Refused(flight.tag, code, description),)

    def receive_octets(self) -> None:
        """Take a binary message: politely say that only text is spoken here."""
        self.conformance.note(Oddity.BINARY_FRAME)
        self._write(CallError(NO_ID, ErrorCode.RPC_FRAMEWORK_ERROR, "only text is spoken here"))

    def _called(self, call: Call, raw: str, now: Moment) -> tuple[Event, ...]:
        self._note_id(call.message_id)
        key, digest = str(call.message_id), hash(raw)
        if (known := self._open.get(key)) is not None:
            return self._called_again(known, call, digest)
        if (memory := self._answered.get(key)) is not None:
            if memory[0] == digest:
                self.conformance.note(Oddity.REPEATED_CALL, call.action)
                self._outgoing.append(memory[1])
                return ()
            self.conformance.note(Oddity.REUSED_MESSAGE_ID, call.action)
        if len(self._open) >= OPEN_LIMIT:
            self.conformance.note(Oddity.TOO_MANY_CALLS)
            self._write(CallError(call.message_id, ErrorCode.GENERIC_ERROR, "too many calls wait for their answer"))
            return ()
        self._open[key] = _Open(call.message_id, call.action, digest, now.mono_s + ANSWER_WITHIN_S)
        return (CallReceived(key, call.action, call.payload, len(raw)),)

    def _called_again(self, known: _Open, call: Call, digest: int) -> tuple[Event, ...]:
        if known.digest == digest:
            self.conformance.note(Oddity.REPEATED_CALL, call.action)
            known.times += 1
        else:
            self.conformance.note(Oddity.REUSED_MESSAGE_ID, call.action)
            self._write(CallError(call.message_id, ErrorCode.PROTOCOL_ERROR, "message id is in use by another call"))
        return ()

    def _note_id(self, message_id: MessageId) -> None:
        if not isinstance(message_id, str):
            self.conformance.note(Oddity.NUMERIC_MESSAGE_ID)
        elif len(message_id) > ID_LIMIT:
            self.conformance.note(Oddity.LONG_MESSAGE_ID)

    def _answer_came(
        self, message_id: MessageId, payload: Payload, error: CallError | None, size: int, now: Moment
    ) -> tuple[Event, ...]:
        flight = self._landed(message_id)
        if flight is None:
            late = str(message_id) in self._sent
            self.conformance.note(Oddity.LATE_ANSWER if late else Oddity.UNKNOWN_ANSWER)
            return ()
        self._depart(now)
        if error is not None:
            return (Refused(flight.tag, error.code, error.description, error.details),)
        return (Answered(flight.tag, message_id, flight.action, payload, size),)

    def _landed(self, message_id: MessageId) -> _Flight | None:
        """Take the question of ours that is answered with this id."""
        flight = self._flight
        if flight is None or flight.message_id != message_id:
            return self._aside.pop(message_id, None)
        self._flight = None
        return flight

    # what goes out

    def answer(self, message_id: str, payload: Payload, now: Moment) -> bool:
        """Answer a call; false when nothing of that id is open."""
        return self._close_call(message_id, lambda raw_id: CallResult(raw_id, payload), now)

    def refuse(self, message_id: str, code: ErrorCode, description: str, now: Moment) -> bool:
        """Refuse a call; false when nothing of that id is open."""
        return self._close_call(message_id, lambda raw_id: CallError(raw_id, code, description), now)

    def complain(self, message_id: MessageId, code: ErrorCode, description: str) -> None:
        """Tell that an answer could not be understood; only 2.1 has words for it."""
        self.conformance.note(Oddity.MALFORMED_ANSWER, description)
        if self._modern:
            self._write(CallResultError(message_id, code, description))

    def call(self, tag: int, request: Request, now: Moment) -> tuple[Event, ...]:
        """Ask something, now or when its turn comes; ``tag`` comes back with the outcome."""
        replaced = self._replace(request.topic)
        if len(self._queue) >= QUEUE_LIMIT:
            return (*replaced, Unanswered(tag))
        self._queue.append(_Waiting(tag, request, now.mono_s, now.mono_s + request.patience_s))
        self._queue.sort(key=lambda waiting: waiting.request.priority)  # stable: first come, first served
        self._depart(now)
        return replaced

    def send(self, action: str, payload: Payload) -> None:
        """Tell something that wants no answer; only 2.1 has it."""
        if self._modern:
            self._write(Send(self._next_id(), action, payload))

    def outgoing(self) -> list[str]:
        """Return the texts to write, in order, and forget them."""
        texts, self._outgoing = self._outgoing, []
        return texts

    # time and end

    def due(self, now: Moment) -> tuple[Event, ...]:
        """Let time pass: give up what took too long, cover what nobody answered."""
        while self._held and self._held[0][0] <= now.mono_s:
            self._outgoing.append(self._held.pop(0)[1])
        for key in [key for key, call in self._open.items() if call.deadline_s <= now.mono_s]:
            self.conformance.note(Oddity.NEGLECTED_CALL)
            self.refuse(key, ErrorCode.INTERNAL_ERROR, "no answer was found in time", now)
        given_up: list[Event] = []
        for flight in [flight for flight in self._flights() if flight.deadline_s <= now.mono_s]:
            self.conformance.note(Oddity.SILENT, flight.action)
            given_up.append(Unanswered(flight.tag))
            self._landed(flight.message_id)
        given_up += [Unanswered(waiting.tag) for waiting in self._queue if waiting.deadline_s <= now.mono_s]
        self._queue = [waiting for waiting in self._queue if waiting.deadline_s > now.mono_s]
        self._depart(now)
        return tuple(given_up)

    def close(self) -> tuple[Event, ...]:
        """End the conversation: whatever we asked stays unanswered."""
        tags = [flight.tag for flight in self._flights()]
        tags += [waiting.tag for waiting in self._queue]
        self._flight, self._queue = None, []
        self._aside.clear()
        self._open.clear()
        self._held.clear()
        self._outgoing.clear()
        return tuple(Unanswered(tag) for tag in tags)

    def open_action(self, message_id: str) -> str | None:
        """Return what an open call of the station asks for, ``None`` when none of that id waits for our answer."""
        call = self._open.get(message_id)
        return None if call is None else call.action

    def humour(self, answer_delay_s: float) -> None:
        """Hold every answer from now on back for so long."""
        self._answer_delay_s = answer_delay_s

    # inside

    def _close_call(self, key: str, frame_of: Callable[[MessageId], Frame], now: Moment) -> bool:
        call = self._open.get(key)
        if call is None:
            return False
        written = encode(frame_of(call.message_id))
        del self._open[key]
        self._answered[key] = (call.digest, written)
        self._answered.move_to_end(key)
        if len(self._answered) > MEMORY:
            self._answered.popitem(last=False)
        for _ in range(call.times):
            if self._answer_delay_s > 0:
                self._held.append((now.mono_s + self._answer_delay_s, written))
            else:
                self._outgoing.append(written)
        if self._queue:
            self._depart(now)
        return True

    def _replace(self, topic: str | None) -> tuple[Event, ...]:
        if topic is None:
            return ()
        old = [w for w in self._queue if w.request.topic is not None and w.request.topic.startswith(topic)]
        self._queue = [waiting for waiting in self._queue if waiting not in old]
        return tuple(Replaced(waiting.tag) for waiting in old)

    def _flights(self) -> list[_Flight]:
        return [*self._aside.values(), *([] if self._flight is None else [self._flight])]

    def _make_way(self, waiting: _Waiting, now: Moment) -> None:
        """Set aside a question that keeps the next one waiting; its answer still counts when it comes."""
        flight = self._flight
        if flight is None or flight.priority is Priority.CONTROL:
            return
        most_s = PRESSED_S if waiting.request.priority is Priority.CONTROL else PASSED_S
        if now.mono_s - flight.since_s >= most_s:
            self._aside[flight.message_id] = flight
            self._flight = None

    def _next(self, now: Moment) -> _Waiting | None:
        """Return whose turn it is; what belongs behind an answer of ours lets others pass until that has left."""
        for waiting in self._queue:
            behind = waiting.request.behind
            if behind is None or now.mono_s - waiting.since_s >= BEHIND_S or not self._owes(behind):
                return waiting
        return None

    def _owes(self, action: str) -> bool:
        return bool(self._held) or any(call.action == action for call in self._open.values())

    def _depart(self, now: Moment) -> None:
        waiting = self._next(now)
        if waiting is None:
            return
        self._make_way(waiting, now)
        if self._flight is None:
            self._queue.remove(waiting)
            request, message_id = waiting.request, self._next_id()
            ends_s = now.mono_s + request.open_s
            self._flight = _Flight(waiting.tag, message_id, request.action, request.priority, now.mono_s, ends_s)
            self._sent = (*self._sent[1 - MEMORY :], message_id)
            self._write(Call(message_id, request.action, request.payload))

    def _next_id(self) -> str:
        self._counter += 1
        return f"{self._prefix}{self._counter}"

    def _write(self, frame: Frame) -> None:
        self._outgoing.append(encode(frame))
