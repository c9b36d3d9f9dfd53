"""A station that repeats itself, or tells things in another order: the books say the same."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
import json
import random
from typing import Any

import pytest

from custom_components.mobilize_flex.core.ledger.codec import from_plain, to_json
from custom_components.mobilize_flex.core.model import facts as f
from custom_components.mobilize_flex.core.model.commands import Answer
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.session import Session
from custom_components.mobilize_flex.core.model.state import SiteState
from custom_components.mobilize_flex.core.model.station import Version
from custom_components.mobilize_flex.core.ocpp.link import Link
from custom_components.mobilize_flex.core.site import restore, step
from tests.days.pure_home import VERSIONS, contract
from tests.days.test_night import CONFIG

from .lives import evening_of, leave

type Event = dict[str, Any]

PROTOCOLS = ("ocpp2.1", "ocpp2.0.1")
TOTALS = ("energy_in", "energy_out", "cost", "revenue", "v2g_s", "seen", "started_at", "ended_at", "token")


@dataclass(frozen=True, slots=True)
class Evening:
    """What a station told of one session, with the answers it got, and when it was over."""

    events: tuple[Event, ...]
    import_wh: float
    export_wh: float
    over: datetime


@cache
def evening(protocol: str) -> Evening:
    home = evening_of(protocol, 900)
    home.cut_line()  # left alone the car charges
    home.run(900)
    home.dial_in()
    home.run(900)
    leave(home)
    told = tuple(e.payload for e in home.home.station.sent if e.action == "TransactionEvent")
    world = home.home.snapshot()
    return Evening(told, world.import_wh, world.export_wh, home.now.utc)


@dataclass(slots=True)
class Books:
    """The books of a home that hears one station, event by event."""

    protocol: str
    over: datetime
    state: SiteState = field(init=False)
    link: Link = field(init=False)
    count: int = 0

    def __post_init__(self) -> None:
        self.state = restore(CONFIG, {})
        self._dialled()

    @property
    def now(self) -> Moment:
        return Moment(self.over + timedelta(seconds=self.count), 1000.0 + self.count)

    def _dialled(self) -> None:
        version: Version = VERSIONS[self.protocol]
        self.link = Link("SIM-001", self.count + 1, version, contract(), f"{self.count}-")
        self._tell(f.StationConnected(station="SIM-001", version=version, link=self.count + 1))

    def hear(self, event: Event) -> Any:
        """Hear one event under a message id of its own; return the answer."""
        self.count += 1
        for fact in self.link.receive(json.dumps([2, f"m-{self.count}", "TransactionEvent", event]), self.now):
            self._tell(fact)
        answers = [json.loads(raw) for raw in self.link.outgoing()]
        (answer,) = [a for a in answers if a[0] != 2]
        assert answer[:2] == [3, f"m-{self.count}"]
        return answer[2]

    def start_anew(self) -> None:
        """Forget everything but what is kept."""
        sessions = {f"session/{key}": from_plain(Session, json.loads(to_json(s))) for key, s in self.sessions.items()}
        self.state = restore(CONFIG, sessions)
        self._dialled()

    @property
    def sessions(self) -> dict[str, Session]:
        return dict(self.state.sessions)

    @property
    def session(self) -> Session:
        (session,) = self.sessions.values()
        return session

    def _tell(self, fact: Any) -> None:
        result = step(self.state, fact, self.now)
        self.state = result.state
        for command in result.commands:
            if isinstance(command, Answer):
                self.link.answer(command, self.now)


def books_of(protocol: str, events: list[Event]) -> Books:
    books = Books(protocol, evening(protocol).over)
    for event in events:
        books.hear(event)
    return books


def totals(session: Session) -> dict[str, Any]:
    return {name: getattr(session, name) for name in TOTALS}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("seed", range(10))
def test_row_22_events_in_another_order(protocol: str, seed: int) -> None:
    told = evening(protocol)
    dice, events = random.Random(seed), list(told.events)
    if seed % 2:
        dice.shuffle(events)
    else:  # a queue that is emptied beside what happens now: swaps of near ones
        events.sort(key=lambda e: e["seqNo"] + dice.uniform(0, 12))
    if seed % 3 == 0:
        events = [event | {"offline": True} for event in events]
    session = books_of(protocol, events).session
    assert abs(session.energy_in.wh - told.import_wh) <= 1.0
    assert abs(session.energy_out.wh - told.export_wh) <= 1.0
    assert (session.gaps, session.begun) == (0, True)
    assert session.ended_at is not None
    in_order = books_of(protocol, list(told.events)).session
    assert (session.started_at, session.ended_at) == (in_order.started_at, in_order.ended_at)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("seed", range(25))
def test_row_22_events_told_again(protocol: str, seed: int) -> None:
    told = list(evening(protocol).events)
    dice = random.Random(1000 + seed)
    books = books_of(protocol, told)
    before = totals(books.session)
    if seed % 2:
        books.start_anew()
    again = told if seed % 5 == 0 else dice.choices(told, k=dice.randint(1, len(told)))
    if seed % 3 == 0:
        again = [event | {"offline": True} for event in again]
    for event in again:
        books.hear(event)
    assert totals(books.session) == before
    assert books.state.stations["SIM-001"].evses[1].session is None


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("seed", range(5))
def test_row_22_events_told_again_while_it_goes_on(protocol: str, seed: int) -> None:
    told = list(evening(protocol).events)
    dice = random.Random(2000 + seed)
    plain = books_of(protocol, told)
    stammering = [event for event in told for _ in range(dice.choice([1, 1, 1, 2, 5]))]
    assert totals(books_of(protocol, stammering).session) == totals(plain.session)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("seed", range(5))
def test_row_22_missing_numbers_are_flagged(protocol: str, seed: int) -> None:
    told = list(evening(protocol).events)
    dice = random.Random(3000 + seed)
    lost = set(dice.sample(range(1, len(told) - 1), k=dice.randint(1, 40)))
    books = books_of(protocol, [event for n, event in enumerate(told) if n not in lost])
    assert books.session.gaps == len(lost)
    for n in lost:
        books.hear(told[n] | {"offline": True})
    assert books.session.gaps == 0
    assert abs(books.session.energy_in.wh - evening(protocol).import_wh) <= 1.0


@pytest.mark.parametrize("number", [-1, 2**31, 2**63, 10**30])
def test_numbers_that_cannot_be_true_are_counted_as_odd_and_break_nothing(number: int) -> None:
    told = evening("ocpp2.1").events[0]
    books = books_of("ocpp2.1", [told, told | {"seqNo": number, "eventType": "Updated"}])
    assert books.session.seen == ((0, 0),)
    assert to_json(books.session)
    assert books.link.conformance.counts
