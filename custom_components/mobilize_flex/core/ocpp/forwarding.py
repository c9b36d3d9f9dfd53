"""A vendor behind us: what it hears of a station, whose answer counts, what it may ask.

Sans-IO. A station's texts are shown to ``heard`` before we read them, ours go through ``sift`` before they leave;
towards the vendor this is a station like any other. Each call of the station gets exactly one answer, whatever the
vendor does, and none before what it acknowledges is stored.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from ..model.commands import Keep
from ..model.driver import Route
from ..model.moment import Moment
from ..model.station import Version
from ..model.vendor import VendorReport, VendorState
from .conversation import Answered, CallReceived, Conversation, Event, Refused, Unanswered
from .dialect import Answer, Refusal, Reply
from .forwarding_answers import AnswerMisfit, differs, sound, together
from .forwarding_gate import Exchange, Gate
from .forwarding_introduction import Introduction
from .forwarding_numbers import Numbers
from .forwarding_queue import Backlog, Waiting
from .forwarding_rules import DURABLE, REPORTS, Course, course_of
from .forwarding_vendor import Ask, VendorCalls
from .frames import Call, CallError, CallResult, decode, encode
from .request import Priority, Request
from .schema import Contract
from .wire import Payload, integer

BUDGET_S: Final = 10.0
"""How long a station may wait for the vendor; it gives up on us after 30 s."""
ANSWER_S: Final = 30.0
"""How long the vendor may take before it counts as silent."""
SILENCES: Final = 2
TRIES: Final = 3
RETRY_S: Final = 5.0
ROOM: Final = 48
"""How many questions may wait for the vendor's answer before news that nobody keeps is left out."""
LIVE_BEHIND: Final = 3
"""With more than so many before it, a call is no longer told at once."""


@dataclass(frozen=True, slots=True)
class _Told:
    """Hold what a question to the vendor is about: a call that may wait for it, one of the backlog."""

    action: str
    exchange: Exchange | None = None
    waiting: int | None = None


class Forwarding:
    """Speak with a vendor for one station, and with the station for the vendor.

    Args:
        contract: the form of every message.
        backlog: what the vendor has not heard yet.
    """

    def __init__(self, contract: Contract, backlog: Backlog) -> None:
        """Begin with nobody there."""
        self.counts: Counter[str] = Counter()
        self.hopeless = False
        self.version: Version | None = None
        self._contract = contract
        self.backlog = backlog
        self._gate = Gate(self._written)
        self._numbers = Numbers()
        self._calls = VendorCalls(contract, self._numbers, backlog)
        self._vendor: Conversation | None = None
        self._told: dict[int, _Told] = {}
        self._tag = 0
        self._busy: int | None = None
        self._next_try_s = 0.0
        self._introduction = Introduction()
        self._known: Payload | None = None
        self._mute = False
        self._silences = 0
        self._keeps: list[Keep] = []
        self._storing: list[int] = []

    # the station's side

    def station_came(self, version: Version) -> None:
        """Begin with a new connection of the station."""
        self.version = version

    def station_left(self, now: Moment) -> None:
        """End with it: nobody waits for an answer any more."""
        self._gate.clear()
        self.vendor_left(now)

    def heard(self, raw: str, now: Moment) -> bool:
        """Look at a text of the station; false when it is the vendor's business alone, which answers it too."""
        frame = decode(raw)
        if not isinstance(frame, Call):
            return True
        if frame.action in REPORTS and self._numbers.is_vendors(integer(frame.payload, "requestId")):
            self._pass_report(frame, raw, now)
            return False
        course = course_of(frame.action, frame.payload)
        self._gate.enter(frame, hash(raw), course, now.mono_s + BUDGET_S)
        return True

    def sift(self, raws: list[str], now: Moment) -> list[str]:
        """Return what may leave for the station of what we have to say; the rest follows when its time has come."""
        for raw in raws:
            self._gate.hold(raw)
        for exchange in self._gate.fresh():
            self._tell(exchange, now)
        return self._gate.released()

    def let_go(self) -> list[str]:
        """End forwarding in the middle of a conversation; return the answers that were held back."""
        return self._gate.open_up()

    # the vendor's side

    @property
    def state(self) -> VendorState:
        """Return how it stands while the line to the vendor is open."""
        return VendorState.CONNECTED if self._introduction.accepted else VendorState.PENDING

    def vendor_came(self, prefix: str, now: Moment, known: Payload | None = None) -> None:
        """Begin with a new connection to the vendor; ``prefix`` begins our message ids there.

        ``known`` is what a station that booted before it had a vendor would say of itself: once accepted it may not
        say it again.
        """
        self._vendor = Conversation(prefix=prefix, modern=self.version is Version.V21)
        self._mute = self.hopeless = False
        self._silences, self._busy, self._next_try_s = 0, None, 0.0
        self._introduction.begin(now)
        self._known = known
        if self.backlog.boot is None and known is None:
            self._calls.trigger("BootNotification")
        else:
            self._introduce(None, now)

    def vendor_said(self, raw: str, now: Moment, route: Route | None = None) -> None:
        """Take one text of the vendor; ``route`` is how our controller steers the station now."""
        self._calls.route = route
        if self._vendor is not None:
            self._follow(self._vendor.receive(raw, now), now)

    def vendor_left(self, now: Moment) -> None:
        """End with the vendor: ours counts for whoever waits, what it did not hear is kept."""
        if self._vendor is not None:
            self._vendor.close()
        self._vendor, self._busy = None, None
        self._introduction.end()
        self._told.clear()
        self._calls.clear()
        for waiting in self.backlog:
            waiting.offline = True
            self._store(waiting)
        for exchange in self._gate:
            exchange.waits_vendor = False
            self._gate.settle(exchange)

    def to_vendor(self) -> list[str]:
        """Return the texts to write to the vendor, in order."""
        return [] if self._vendor is None else self._vendor.outgoing()

    def asks(self) -> list[Ask]:
        """Return what the vendor wants to know from the station; each is owed one ``station_answered``."""
        return self._calls.asks()

    def station_answered(self, ask: int, reply: Reply | None, now: Moment) -> None:
        """Take the station's answer to a question of the vendor; ``None`` when there was none."""
        if self._vendor is not None:
            self._calls.answered(self._vendor, ask, reply, now)

    # time and memory

    def due(self, now: Moment) -> None:
        """Let time pass: give up waiting, try again."""
        if self._vendor is not None:
            self._follow(self._vendor.due(now), now)
            self._look_at_boot(now)
            self._feed(now)
        for waiting in self.backlog:
            if now.mono_s - waiting.since_s >= BUDGET_S:
                self._store(waiting)
        for exchange in self._gate:
            if exchange.waits_vendor and exchange.deadline_s <= now.mono_s:
                self.counts["late"] += 1
                self._mute, exchange.waits_vendor = True, False
                self._gate.settle(exchange)
        self.stored([gone.number for gone in self.backlog.trim(now.utc, self._busy)])

    def keeps(self) -> tuple[list[Keep], list[int]]:
        """Return what is to be stored, and the numbers to hand to ``stored`` once it is."""
        keeps, self._keeps = self._keeps, []
        changes, self.backlog.changes = self.backlog.changes, []
        storing, self._storing = self._storing, []
        return [*keeps, *changes], storing

    def stored(self, numbers: list[int]) -> None:
        """Let the answers go that waited for the store."""
        for number in numbers:
            exchange = self._gate.of(number)
            if exchange is not None:
                exchange.waits_store = False
                self._gate.settle(exchange)

    def report(self, state: VendorState) -> VendorReport:
        """Return how it goes."""
        first = self.backlog.first()
        return VendorReport(
            state=state,
            queued=self.backlog.stored,
            queued_since=first.call.at if first is not None and first.stored else None,
            counts={**self.counts, "passed": self._calls.passed, "lost": self.backlog.lost},
            filtered={action: times for action, times in self._calls.filtered.items() if times},
            oddities={} if self._vendor is None else self._vendor.conformance.counts,
        )

    # a call of the station

    def _pass_report(self, call: Call, raw: str, now: Moment) -> None:
        """Hand a report to the vendor that asked for it; the station goes on when the vendor took it."""
        exchange = self._gate.enter_answered(call, hash(raw), now.mono_s + BUDGET_S)
        payload = self._numbers.back(call.action, call.payload)
        if exchange is None:
            return
        if payload is not None and self._vendor is not None:
            exchange.waits_vendor = not self._mute
            self._ask(_Told(call.action, exchange), payload, Priority.REPORT, now)
        self._gate.settle(exchange)

    def _tell(self, exchange: Exchange, now: Moment) -> None:
        """Let the vendor hear of a call, unless we refuse it: then the station will say it again, or mend it."""
        exchange.told = True
        payload = self._numbers.for_vendor(exchange.action, exchange.payload)
        if payload is not None and not exchange.is_refused and exchange.course is not Course.WITHHELD:
            self.counts[exchange.course] += 1
            if exchange.action == "StatusNotification":
                self._introduction.note(payload)
            if exchange.action in DURABLE:
                self._tell_surely(exchange, payload, now)
            elif exchange.action == "BootNotification":
                self._tell_boot(exchange, payload, now)
            elif self._introduction.accepted:
                self._tell_now(exchange, payload, now)
        self._gate.settle(exchange)

    def _tell_now(self, exchange: Exchange, payload: Payload, now: Moment) -> None:
        relayed = exchange.course is Course.RELAYED
        if not relayed and len(self._told) >= ROOM:
            self.counts["left_out"] += 1
            return
        exchange.waits_vendor = relayed and not self._mute
        self._ask(_Told(exchange.action, exchange), payload, Priority.CONTROL if relayed else Priority.ROUTINE, now)

    def _tell_surely(self, exchange: Exchange, payload: Payload, now: Moment) -> None:
        """Put a call at the end of what the vendor is to hear."""
        soon = self._introduction.accepted and not self._mute and len(self.backlog) < LIVE_BEHIND
        waiting = self.backlog.add(
            exchange.action, payload, now.utc, offline=not self._introduction.accepted, now_s=now.mono_s
        )
        exchange.waiting = waiting.number
        exchange.waits_vendor = soon and exchange.course is Course.RELAYED
        if not soon:
            self._store(waiting)
        self._feed(now)

    def _tell_boot(self, exchange: Exchange, payload: Payload, now: Moment) -> None:
        if self.backlog.boot != payload:
            self._keeps.append(self.backlog.keep_boot(payload, now.utc))
        self._introduction.booted()
        if self._vendor is not None:
            exchange.waits_vendor = not self._mute
            self._introduce(exchange, now)

    def _store(self, waiting: Waiting) -> None:
        """Store one that the vendor will hear later; whoever waits for its answer waits for that."""
        if waiting.stored:
            return
        self._keeps.append(self.backlog.keep(waiting))
        self._storing.append(waiting.number)
        exchange = self._gate.of(waiting.number)
        if exchange is not None:
            exchange.waits_store = True

    def _written(self, exchange: Exchange, ours: CallResult | CallError) -> str:
        """Return the one answer the station gets."""
        theirs = exchange.theirs
        if (
            theirs is None
            and exchange.action == "BootNotification"
            and self._introduction.interval_s
            and isinstance(ours, CallResult)
        ):
            theirs = Answer({**ours.payload, "interval": self._introduction.interval_s})
        self.counts["answered_here"] += theirs is None and exchange.course is Course.RELAYED
        if theirs is None or exchange.course is not Course.RELAYED or self.version is None:
            return exchange.our_raw
        try:
            answer = together(self._contract, self.version, exchange.action, ours, theirs)
        except AnswerMisfit:
            self.counts["unusable_answers"] += 1
            return exchange.our_raw
        self.counts["verdicts_differ"] += differs(exchange.action, ours, theirs)
        return exchange.our_raw if answer is ours else encode(answer)

    # towards the vendor

    def _ask(self, told: _Told, payload: Payload, priority: Priority, now: Moment) -> None:
        if self._vendor is None:
            return
        self._tag += 1
        self._told[self._tag] = told
        request = Request(action=told.action, payload=payload, timeout_s=ANSWER_S, priority=priority)
        self._follow(self._vendor.call(self._tag, request, now), now)

    def _follow(self, events: tuple[Event, ...], now: Moment) -> None:
        for event in events:
            match event:
                case CallReceived() if self._vendor is not None and self.version is not None:
                    self._calls.called(self._vendor, event, self.version, now)
                case Answered(tag=tag, payload=payload):
                    self._answered(tag, Answer(payload), now)
                case Refused(tag, code, description):
                    self._answered(tag, Refusal(code, description), now)
                case Unanswered(tag):
                    self._answered(tag, None, now)
                case _:
                    pass

    def _answered(self, tag: int, reply: Reply | None, now: Moment) -> None:
        """Take what became of a question to the vendor; ``None`` when it kept silent."""
        told = self._told.pop(tag, None)
        if told is None:
            return
        self._silences = self._silences + 1 if reply is None else 0
        self._mute = reply is None
        self.hopeless = self._silences >= SILENCES
        exchange = told.exchange
        if told.waiting is not None:
            exchange = self._gate.of(told.waiting)
            self._delivered(told.waiting, reply, now)
        if told.action == "BootNotification":
            self._introduced(reply, now)
        if exchange is not None:
            exchange.theirs = None if told.waiting is not None and isinstance(reply, Refusal) else reply
            exchange.waits_vendor = False
            self._gate.settle(exchange)
        self._feed(now)

    def _feed(self, now: Moment) -> None:
        """Tell the vendor the next of what it has not heard."""
        waiting = self.backlog.first()
        if (
            waiting is None
            or not self._introduction.accepted
            or self._busy is not None
            or now.mono_s < self._next_try_s
        ):
            return
        self._busy = waiting.number
        told = _Told(waiting.call.action, waiting=waiting.number)
        self._ask(told, waiting.payload, Priority.ROUTINE, now)

    def _delivered(self, number: int, reply: Reply | None, now: Moment) -> None:
        self._busy = None
        waiting = self.backlog.get(number)
        if waiting is None:
            return
        if isinstance(reply, Answer):
            self.counts["replayed"] += waiting.offline
            self.backlog.drop(number)
            return
        waiting.tries += isinstance(reply, Refusal)
        if waiting.tries >= TRIES:
            self.backlog.drop(number, lost=True)
            return
        waiting.offline = waiting.offline or reply is None
        self._next_try_s = now.mono_s + RETRY_S * max(1, waiting.tries)
        self._store(waiting)

    # the introduction

    def _introduce(self, exchange: Exchange | None, now: Moment) -> None:
        words = self._introduction.words(self.backlog.boot or self._known or {})
        self._ask(_Told("BootNotification", exchange), words, Priority.CONTROL, now)

    def _introduced(self, reply: Reply | None, now: Moment) -> None:
        told = sound(self._contract, self.version, "BootNotification", reply)
        for connector in self._introduction.answered(told, now):
            self._ask(_Told("StatusNotification"), connector, Priority.CONTROL, now)

    def _look_at_boot(self, now: Moment) -> None:
        if not self._introduction.is_due(now):
            return
        if self.backlog.boot is not None or self._known is not None:
            self._introduce(None, now)
        else:
            self._introduction.presume()
