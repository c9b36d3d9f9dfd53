"""One station's connection: its frames become facts, our commands become frames."""

from dataclasses import dataclass, field
from typing import Final

from ..model.commands import (
    AnswerAuthorize,
    AnswerBoot,
    AskToSend,
    BootStatus,
    CallRef,
    Decline,
    HoldStation,
    StationAnswer,
    StationCommand,
)
from ..model.driver import Driver, Habits
from ..model.facts import (
    CommandAccepted,
    CommandRefused,
    CommandUnanswered,
    StationBooted,
    StationFact,
    VariablesReported,
)
from ..model.moment import Moment
from ..model.station import VariableReport, Version
from . import v21, v201
from .conformance import Conformance, Oddity
from .conversation import (
    Answered,
    CallReceived,
    Conversation,
    Event,
    Refused,
    Replaced,
    SendReceived,
    Unanswered,
)
from .dialect import Answer, Dialect, Received, Refusal, Reply, Unusable
from .drivers import STANDARD, habits_of
from .frames import ErrorCode
from .numbering import REFUSED, further, raised
from .outcomes import refused
from .provisioning import values_asked, values_taken, variable_results
from .request import Request
from .schema import Contract, Misfit, SchemaError
from .wire import Payload

DIALECTS: Final[dict[Version, Dialect]] = {Version.V21: v21.DIALECT, Version.V201: v201.DIALECT}
SUPERSEDED: Final = "Superseded"
OWN_ERROR: Final = "SchemaError"
_BEFORE_ACCEPTANCE: Final = frozenset({"BootNotification", "NotifyReport", "NotifyMonitoringReport"})


@dataclass(frozen=True, slots=True)
class RawOutcome:
    """What became of a question asked word for word; ``reply`` is ``None`` when none came."""

    tag: int
    reply: Reply | None


type LinkEvent = StationFact | RawOutcome


@dataclass(slots=True)
class _Order:
    """A command on its way, which may take several requests; the first verdict that is no acceptance counts.

    ``raised`` is by how much the numbers of our profiles in it are.
    """

    command: StationCommand
    left: int
    raised: int = 0
    verdict: CommandAccepted | CommandRefused | CommandUnanswered | None = None


@dataclass(slots=True)
class _Question:
    """A question asked word for word."""

    action: str
    payload: Payload


@dataclass(slots=True)
class Link:
    """Translate one connection both ways; no socket, no clock.

    Args:
        station: the station's identity.
        number: counts the station's connections.
        version: the version agreed on at the door.
        contract: the form of every message.
        prefix: begins our message ids; unlike that of any other connection.
        habits: what this kind of station needs, as far as it is known before it says who it is.
        drivers: what is known of kinds of stations.
    """

    station: str
    number: int
    version: Version
    contract: Contract
    prefix: str
    habits: Habits = STANDARD
    drivers: tuple[Driver, ...] = ()
    conformance: Conformance = field(default_factory=Conformance)
    _conversation: Conversation = field(init=False)
    _dialect: Dialect = field(init=False)
    _open: dict[int, _Order | _Question] = field(init=False, default_factory=dict)
    _tag: int = field(init=False, default=0)
    _pending: bool = field(init=False, default=False)
    _asked_for: set[str] = field(init=False, default_factory=set)
    _raised: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        """Begin the conversation."""
        self._dialect = DIALECTS[self.version]
        self._conversation = Conversation(
            prefix=self.prefix,
            modern=self.version is Version.V21,
            conformance=self.conformance,
        )
        self._humour(self.habits)

    # from the station

    def receive(self, raw: str, now: Moment) -> tuple[LinkEvent, ...]:
        """Take one text of the station."""
        return self._translate(self._conversation.receive(raw, now), now)

    def receive_octets(self) -> None:
        """Take a binary message, which no station should send."""
        self._conversation.receive_octets()

    def due(self, now: Moment) -> tuple[LinkEvent, ...]:
        """Let time pass."""
        return self._translate(self._conversation.due(now), now)

    def close(self) -> tuple[LinkEvent, ...]:
        """End the connection: what was asked stays unanswered."""
        events: list[LinkEvent] = []
        for event in self._conversation.close():
            events += self._concluded(event.tag, None) if isinstance(event, Unanswered) else ()
        return tuple(events)

    def outgoing(self) -> list[str]:
        """Return the texts to write, in order."""
        return self._conversation.outgoing()

    # to the station

    def command(self, command: StationCommand, now: Moment) -> tuple[LinkEvent, ...]:
        """Give a command; whatever becomes of it comes back as a fact with its id, sooner or later."""
        if isinstance(command, HoldStation):
            self._pending = command.held
            return ()
        requests = tuple(raised(request, self._raised) for request in self._dialect.to_calls(command, now))
        if not requests:
            return (refused(command, ErrorCode.NOT_SUPPORTED, f"{self.version} has no words for it"),)
        try:
            for request in requests:
                self.contract.check(request.schema or self.version, request.action, "req", request.payload)
        except SchemaError as error:
            self.conformance.note(Oddity.OWN_ERROR, str(error))
            return (refused(command, OWN_ERROR, str(error)),)
        if isinstance(command, AskToSend):
            self._asked_for.add(command.what)
        order = _Order(command, len(requests), self._raised)
        events: list[LinkEvent] = []
        for request in requests:
            events += self._ask(order, request, now)
        return tuple(events)

    def question(
        self, action: str, payload: Payload, timeout_s: float, now: Moment
    ) -> tuple[int, tuple[LinkEvent, ...]]:
        """Ask something word for word; the tag returned comes back in a ``RawOutcome``.

        Raises:
            SchemaError: the version agreed on has no such message, or the payload breaks its schema.
        """
        self.contract.check(self.version, action, "req", payload)
        request = Request(action=action, payload=payload, timeout_s=timeout_s, patience_s=timeout_s)
        if action == "TriggerMessage":
            self._asked_for.add(str(payload.get("requestedMessage")))
        events = self._ask(_Question(action, payload), request, now)
        return self._tag, events

    def answer(self, answer: StationAnswer, now: Moment) -> bool:
        """Answer a call; false when it is not open on this connection."""
        message_id = answer.call.message_id
        action = self._conversation.open_action(message_id)
        if answer.call.link != self.number or action is None:
            return False
        if isinstance(answer, Decline):
            return self._conversation.refuse(message_id, ErrorCode.INTERNAL_ERROR, "could not be taken in", now)
        if isinstance(answer, AnswerBoot):
            self._pending = answer.status is not BootStatus.ACCEPTED
        newer = Version.V21 if isinstance(answer, AnswerAuthorize) and answer.hybrid else None
        return self._reply(message_id, action, self._dialect.to_answer(answer, now), now, newer)

    # inside

    def _translate(self, events: tuple[Event, ...], now: Moment) -> tuple[LinkEvent, ...]:
        translated: list[LinkEvent] = []
        for event in events:
            match event:
                case CallReceived():
                    translated += self._called(event, now)
                case SendReceived():
                    translated += self._told(event, now)
                case Answered():
                    translated += self._answered(event, now)
                case Refused(tag, code, description, details):
                    translated += self._concluded(tag, Refusal(code, description, details))
                case Replaced(tag):
                    translated += self._concluded(tag, Refusal(SUPERSEDED))
                case Unanswered(tag):
                    translated += self._concluded(tag, None)
        return tuple(translated)

    def _called(self, call: CallReceived, now: Moment) -> tuple[StationFact, ...]:
        reader = self._dialect.calls.get(call.action)
        if reader is None:
            self._decline(call, now)
            return ()
        if self._pending and call.action not in _BEFORE_ACCEPTANCE and call.action not in self._asked_for:
            self._conversation.refuse(call.message_id, ErrorCode.SECURITY_ERROR, "not accepted yet", now)
            return ()
        payload = self._fitting(call, now)
        if payload is None:
            return ()
        ref = CallRef(self.station, self.number, call.message_id)
        try:
            received = reader(payload, ref, now)
        except Unusable as unusable:
            self.conformance.note(Oddity.REFUSED_PAYLOAD, f"{call.action}: {unusable.description}")
            self._conversation.refuse(call.message_id, unusable.code, unusable.description, now)
            return ()
        self._note_odd(received)
        if received.answer is not None:
            self._reply(call.message_id, call.action, received.answer, now)
        for booted in (fact for fact in received.facts if isinstance(fact, StationBooted)):
            self._humour(habits_of(booted.vendor, booted.model, booted.firmware, self.drivers))
        return received.facts

    def _decline(self, call: CallReceived, now: Moment) -> None:
        """Refuse what we have no reader for: unknown to the version, or known and not ours to serve."""
        known = self.contract.knows(self.version, call.action)
        code = ErrorCode.NOT_SUPPORTED if known else ErrorCode.NOT_IMPLEMENTED
        self.conformance.note(Oddity.UNSUPPORTED_ACTION if known else Oddity.UNKNOWN_ACTION, call.action)
        self._conversation.refuse(call.message_id, code, "", now)

    def _fitting(self, call: CallReceived, now: Moment) -> Payload | None:
        fit = self.contract.accept(self.version, call.action, "req", call.payload, size=call.size, now=now.utc)
        if isinstance(fit, Misfit):
            self.conformance.note(Oddity.REFUSED_PAYLOAD, f"{call.action}: {fit.description}")
            self._conversation.refuse(call.message_id, fit.code, fit.description, now)
            return None
        if fit.newer:
            self.conformance.note(Oddity.NEWER_PAYLOAD, call.action)
        for note in fit.mended:
            self.conformance.note(Oddity.MENDED_PAYLOAD, f"{call.action}: {note}")
        return fit.payload

    def _told(self, message: SendReceived, now: Moment) -> tuple[StationFact, ...]:
        reader = self._dialect.sends.get(message.action)
        if reader is None:
            self.conformance.note(Oddity.UNKNOWN_ACTION, message.action)
            return ()
        try:
            return reader(message.payload, CallRef(self.station, self.number, ""), now).facts
        except Unusable as unusable:
            self.conformance.note(Oddity.REFUSED_PAYLOAD, f"{message.action}: {unusable.description}")
            return ()

    def _answered(self, event: Answered, now: Moment) -> tuple[LinkEvent, ...]:
        fit = self.contract.accept(self.version, event.action, "res", event.payload, size=event.size, now=now.utc)
        if isinstance(fit, Misfit):
            self._conversation.complain(event.message_id, fit.code, fit.description)
            return self._concluded(event.tag, Refusal(fit.code, fit.description))
        for note in fit.mended:
            self.conformance.note(Oddity.MENDED_PAYLOAD, f"{event.action}: {note}")
        return self._concluded(event.tag, Answer(fit.payload))

    def _concluded(self, tag: int, reply: Reply | None) -> tuple[LinkEvent, ...]:
        """Tell what became of a request; a command of several speaks once, with the last of them."""
        asked = self._open.pop(tag, None)
        if asked is None:
            return ()
        if isinstance(asked, _Question):
            return (RawOutcome(tag, reply), *self._learnt(asked, reply))
        facts = self._judged(asked.command, reply)
        asked.left -= 1
        verdict = facts[-1]
        if isinstance(verdict, CommandRefused) and verdict.reason == REFUSED and asked.raised == self._raised:
            self._raised = further(self._raised)
        if isinstance(verdict, (CommandAccepted, CommandRefused, CommandUnanswered)) and (
            asked.verdict is None or isinstance(asked.verdict, CommandAccepted)
        ):
            asked.verdict = verdict
        if asked.left > 0 or asked.verdict is None:
            return facts[:-1]
        return (*facts[:-1], asked.verdict)

    def _learnt(self, asked: _Question, reply: Reply | None) -> tuple[StationFact, ...]:
        """Return what an answer tells of the device model, whoever asked."""
        if not isinstance(reply, Answer):
            return ()
        rows: tuple[VariableReport, ...] = ()
        if asked.action == "GetVariables":
            rows = variable_results(reply.payload)
        elif asked.action == "SetVariables":
            rows = values_taken(values_asked(asked.payload), reply.payload)
        if not rows:
            return ()
        written = asked.action == "SetVariables"
        return (VariablesReported(station=self.station, rows=rows, written=written),)

    def _judged(self, command: StationCommand, reply: Reply | None) -> tuple[StationFact, ...]:
        if reply is None:
            return (CommandUnanswered(station=command.station, id=command.id),)
        return self._dialect.outcome(command, reply)

    def _ask(self, asked: _Order | _Question, request: Request, now: Moment) -> tuple[LinkEvent, ...]:
        self._tag += 1
        self._open[self._tag] = asked
        return self._translate(self._conversation.call(self._tag, request, now), now)

    def _reply(
        self, message_id: str, action: str, payload: Payload, now: Moment, schema: Version | None = None
    ) -> bool:
        try:
            self.contract.check(schema or self.version, action, "res", payload)
        except SchemaError as error:
            self.conformance.note(Oddity.OWN_ERROR, str(error))
            return self._conversation.refuse(message_id, ErrorCode.INTERNAL_ERROR, "no answer could be made", now)
        return self._conversation.answer(message_id, payload, now)

    def _humour(self, habits: Habits) -> None:
        self.habits = habits
        self._conversation.humour(habits.answer_delay_s)

    def _note_odd(self, received: Received) -> None:
        for odd in received.odd:
            self.conformance.note(Oddity.IMPLAUSIBLE_VALUE, odd)
