"""A station that tells more than any station can: what it costs the home stays small."""

from dataclasses import replace
from datetime import timedelta
import time

from custom_components.mobilize_flex.core.model.commands import CallRef
from custom_components.mobilize_flex.core.model.config import StationConfig
from custom_components.mobilize_flex.core.model.facts import StationConnected, TransactionReported
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.session import Session
from custom_components.mobilize_flex.core.model.station import EventKind, Sample, Sampling, Version
from custom_components.mobilize_flex.core.ocpp.plausible import plausible
from custom_components.mobilize_flex.core.site import restore, step
from custom_components.mobilize_flex.core.site.keeping import MOST_SESSIONS
from tests.days.test_night import CONFIG, EVENING

GOOD, GREEDY = "SIM-001", "GREEDY"
SITE = replace(CONFIG, stations=(*CONFIG.stations, StationConfig(identity=GREEDY, name="Greedy")))


class Home:
    """A home with a station that charges, and a greedy one beside it."""

    def __init__(self) -> None:
        self.state = restore(SITE, {})
        self.kept: dict[str, object] = {}
        self.seconds = 0.0
        for station in (GOOD, GREEDY):
            self.tell(StationConnected(station=station, version=Version.V21, link=1))

    @property
    def now(self) -> Moment:
        return Moment(EVENING + timedelta(seconds=self.seconds), self.seconds)

    def tell(self, fact: StationConnected | TransactionReported) -> None:
        result = step(self.state, fact, self.now)
        self.state = result.state
        self.kept |= {keep.key: keep.value for keep in result.keeps}

    def event(self, station: str, transaction: str, number: int, kind: EventKind, **more: bool) -> None:
        self.seconds += 0.05
        sample = Sample("Energy.Active.Import.Register", 1000.0 + number, None, "Outlet", "Sample.Periodic")
        self.tell(
            TransactionReported(
                call=CallRef(station, 1, f"m-{self.seconds}"),
                station=station,
                transaction=transaction,
                kind=kind,
                seq_no=number,
                at=self.now.utc,
                trigger="MeterValuePeriodic",
                evse=1,
                samplings=(Sampling(self.now.utc, (sample,)),),
                **more,  # type: ignore[arg-type]
            )
        )

    def of(self, station: str) -> list[Session]:
        return [s for s in self.state.sessions.values() if s.station == station]


def test_transactions_without_end_push_nobody_out() -> None:
    home = Home()
    home.event(GOOD, "good", 0, EventKind.STARTED)
    for number in range(1, 20):
        home.event(GREEDY, f"early-{number}", 0, EventKind.STARTED)
    for number in range(600):
        home.event(GREEDY, f"greedy-{number}", 0, EventKind.STARTED, offline=bool(number % 2))
        if number % 50 == 0:
            home.event(GOOD, "good", number // 50 + 1, EventKind.UPDATED)
    assert len(home.of(GREEDY)) <= MOST_SESSIONS + 1
    (good,) = home.of(GOOD)
    assert good.energy_in.wh == 12.0
    assert home.state.stations[GOOD].evses[1].session == good.key
    assert home.state.stations[GREEDY].evses[1].session in home.state.sessions
    assert sum(key.startswith(f"session/{GREEDY}") for key in home.kept) == 619, "the store has them all"


def test_a_restart_takes_no_more_at_hand_than_before() -> None:
    home = Home()
    home.event(GOOD, "good", 0, EventKind.STARTED)
    for number in range(400):
        home.event(GREEDY, f"greedy-{number}", 0, EventKind.STARTED)
    home.state = restore(SITE, home.kept)
    assert len(home.of(GREEDY)) == MOST_SESSIONS
    assert home.state.stations[GOOD].evses[1].session == f"{GOOD}/good"
    assert home.state.stations[GREEDY].evses[1].session == f"{GREEDY}/greedy-399"


def test_judging_ten_thousand_samples_takes_no_time_to_speak_of() -> None:
    samples = tuple(Sample("Power.Active.Import", float(n), None, "Outlet", "Sample.Periodic") for n in range(10_000))
    began = time.process_time()
    plausible((Sampling(EVENING, samples),), 7400.0)
    assert time.process_time() - began < 0.5
