"""The books of the home: whatever order events come in, however often, and whoever restarts meanwhile."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
import random

import orjson
import pytest

from custom_components.mobilize_flex.core.ledger.codec import from_plain, to_json
from custom_components.mobilize_flex.core.model import facts as f
from custom_components.mobilize_flex.core.model.accounts import Sums, sums_of, total
from custom_components.mobilize_flex.core.model.commands import Keep
from custom_components.mobilize_flex.core.model.contracts import Base, Contract, PeakOffPeak, Published, Tempo, Window
from custom_components.mobilize_flex.core.model.electric import MeterReading
from custom_components.mobilize_flex.core.model.prices import PriceRow
from custom_components.mobilize_flex.core.model.session import Session
from custom_components.mobilize_flex.core.model.station import EventKind, Sample, Sampling
from custom_components.mobilize_flex.core.site import kept_type, restore
from custom_components.mobilize_flex.core.site.accounting import hours

from .test_step import CONFIG, T0
from .test_welcome import Garage

HP_HC = PeakOffPeak(peak_per_kwh=0.25, off_peak_per_kwh=0.15, off_peak=(Window(time(22, 38), time(6, 38)),))
AGES = date(2000, 1, 1), date(2100, 1, 1)


class Bookkeeper(Garage):
    """A home that keeps what it is told to keep, as the store would, and can begin again from it."""

    def __init__(self, contract: Contract | None = HP_HC) -> None:
        super().__init__()
        self.config = replace(CONFIG, contract=contract)
        self.kept: dict[str, Keep] = {}
        self.written: list[str] = []
        self.seq_no = 0
        self.begin()

    def begin(self) -> None:
        rows = {
            key: from_plain(kept_type(key) or object, orjson.loads(to_json(k.value))) for key, k in self.kept.items()
        }
        self.state = restore(self.config, rows)
        self.tell(f.SiteConfigured(self.config))
        self.dial_in()

    def tell(self, event: object, after: float = 0.0) -> object:
        told = super().tell(event, after)  # type: ignore[arg-type]
        for keep in told.keeps:
            self.kept[keep.key] = keep
            self.written.append(keep.key)
        return told

    def charge(self, at_s: float, in_wh: float, out_wh: float = 0.0, **more: object) -> f.TransactionReported:
        """Return an event of the session with both its counters."""
        at = T0 + timedelta(seconds=at_s)
        rows = (
            Sample("Energy.Active.Import.Register", 1000.0 + in_wh),
            Sample("Energy.Active.Export.Register", 50.0 + out_wh),
        )
        kind = EventKind.STARTED if self.seq_no == 0 else EventKind.UPDATED
        self.seq_no += 1
        return self.event(**{"kind": kind, "seq_no": self.seq_no, "at": at, "samplings": (Sampling(at, rows),)} | more)

    def pass_until(self, seconds: float, step_s: float = 120.0, house_w: float | None = 500.0) -> None:
        """Let the meter speak and the clock tick until a time."""
        while self.seconds < seconds:
            self.seconds = min(seconds, self.seconds + step_s)
            if house_w is not None:
                self.tell(f.MeterRead(MeterReading(power_w=house_w)))
            self.tell(f.Ticked())

    def live(self, events: list[f.TransactionReported]) -> None:
        """Take events in as they happen."""
        for event in events:
            self.pass_until((event.at - T0).total_seconds())
            self.tell(event)

    @property
    def session(self) -> Session:
        return self.state.sessions["ST1/tx-1"]

    @property
    def days(self) -> dict[date, Sums]:
        return {day: total(e.sums for e in page.entries) for day, page in self.state.books.days.items()}

    @property
    def sums(self) -> Sums:
        return sums_of(self.state.books.days, *AGES)


def night(home: Bookkeeper, *, minutes: int = 12, power_w: float = 3600.0) -> list[f.TransactionReported]:
    """Return a session from six in the evening that charges at once until two hours past midnight."""
    events = [home.charge(n * minutes * 60.0, power_w * n * minutes / 60.0) for n in range(8 * 60 // minutes + 1)]
    end = events[-1]
    return [*events[:-1], replace(end, kind=EventKind.ENDED, stopped_reason="EVDisconnected")]


def settled(home: Bookkeeper) -> Bookkeeper:
    home.pass_until(home.seconds + 900.0, step_s=20.0)
    return home


def close(a: Sums, b: Sums) -> None:
    assert (a.in_wh, a.out_wh) == (pytest.approx(b.in_wh, abs=1.0), pytest.approx(b.out_wh, abs=1.0))
    for name in ("cost", "revenue", "saving_plain", "saving_smart"):
        assert getattr(a, name) == pytest.approx(getattr(b, name), abs=1e-4), name
    assert a.complete == b.complete


# money and days


def test_a_night_is_split_at_midnight_and_the_days_add_up_to_the_session() -> None:
    home = Bookkeeper()
    home.live(night(home))
    settled(home)
    assert sorted(home.days) == [date(2026, 11, 22), date(2026, 11, 23)]
    assert home.days[date(2026, 11, 22)].in_wh == pytest.approx(6 * 3600.0, abs=1.0)
    assert home.days[date(2026, 11, 23)].in_wh == pytest.approx(2 * 3600.0, abs=1.0)
    assert home.sums.in_wh == pytest.approx(home.session.energy_in.wh, abs=1.0)
    account = home.state.books.accounts["ST1/tx-1"]
    assert account.final
    close(home.sums, account.sums)


def test_each_price_is_paid_for_what_was_drawn_under_it_to_the_minute() -> None:
    home = Bookkeeper()
    events = [home.charge(n * 30.0, 0.0 if n * 30 < 16680 else (n * 30 - 16680) * 2.0) for n in range(601)]
    home.live([e for e in events if abs((e.at - T0).total_seconds() - 16680) < 1500 or e.at <= T0])
    settled(home)
    drawn_kwh = home.session.energy_in.wh / 1000
    assert drawn_kwh > 2.0
    assert home.sums.cost == pytest.approx(drawn_kwh * 0.15, rel=0.01)
    assert home.session.cost == pytest.approx(home.sums.cost)


def test_what_was_given_back_saves_what_the_house_would_have_bought() -> None:
    home = Bookkeeper(Base(import_per_kwh=0.2, export_per_kwh=0.05))
    events = [home.charge(n * 30.0, 0.0, 10.0 * n) for n in range(241)]
    for event in events:
        home.pass_until((event.at - T0).total_seconds(), house_w=-700.0)  # the car gives 1200 W, the house takes 500
        rows = (Sample("Power.Active.Export", 1200.0), *event.samplings[0].samples)
        home.tell(replace(event, samplings=(Sampling(event.at, rows),)))
    settled(home)
    assert home.sums.out_wh == pytest.approx(2400.0)
    assert home.sums.revenue == pytest.approx(2 * (0.5 * 0.2 + 0.7 * 0.05), rel=0.03)
    assert home.session.revenue == pytest.approx(home.sums.revenue)


@pytest.mark.parametrize("contract", [None, Tempo(
    blue_off_peak=0.12, blue_peak=0.15, white_off_peak=0.14, white_peak=0.18, red_off_peak=0.15, red_peak=0.7,
)])  # fmt: skip
def test_money_nobody_knows_is_unknown(contract: Contract | None) -> None:
    home = Bookkeeper(contract)
    home.live(night(home))
    settled(home)
    assert home.sums.in_wh == pytest.approx(28_800.0)
    assert (home.sums.cost, home.sums.saving_plain, home.sums.complete) == (None, None, False)


def test_on_a_tempo_day_the_colour_that_was_told_counts() -> None:
    colours = tuple((date(2026, 11, day), "red") for day in (21, 22))
    home = Bookkeeper(Tempo(
        blue_off_peak=0.12, blue_peak=0.15, white_off_peak=0.14, white_peak=0.18, red_off_peak=0.15, red_peak=0.7,
        colours=colours,  # type: ignore[arg-type]
    ))  # fmt: skip
    home.live(night(home))
    settled(home)
    assert home.sums.cost == pytest.approx(4 * 3.6 * 0.7 + 4 * 3.6 * 0.15, rel=0.01)


def test_spot_prices_of_hours_that_come_too_late_are_still_reckoned() -> None:
    home = Bookkeeper(Published(factor=1.0, surcharge_per_kwh=0.1, export_per_kwh=0.0))
    rows = [
        PriceRow(T0 + timedelta(hours=h), T0 + timedelta(hours=h + 1), -0.3 if h == 2 else 0.1) for h in range(-30, 12)
    ]
    events = night(home)
    home.live(events[:20])
    home.tell(f.PricesPublished(tuple(rows)))
    home.live(events[20:])
    settled(home)
    assert home.sums.complete
    assert home.sums.cost == pytest.approx(7 * 3.6 * 0.2 - 3.6 * 0.2, rel=0.01)


# any order, any replay


@pytest.fixture(scope="module")
def told() -> Bookkeeper:
    """Return a night that was told as it happened."""
    home = Bookkeeper()
    home.live(night(home))
    return settled(home)


@pytest.mark.parametrize("seed", range(4))
def test_any_order_and_any_replay_give_the_same_books(told: Bookkeeper, seed: int) -> None:
    dice, home = random.Random(seed), Bookkeeper()
    events = night(home)
    late = [replace(e, offline=True) for e in [*events, *dice.choices(events, k=10 * seed)]]
    dice.shuffle(late)
    home.pass_until(8 * 3600.0, step_s=300.0)
    for n, event in enumerate(late):
        home.tell(event)
        if n % 7 == 0:
            home.pass_until(home.seconds + 20.0, step_s=20.0)
    home.pass_until(home.seconds + 20.0, step_s=20.0)
    close(home.sums, told.sums)
    for day, sums in told.days.items():
        close(home.days[day], sums)


def test_a_queue_that_comes_late_corrects_the_hours_it_speaks_of() -> None:
    home = Bookkeeper()
    events = night(home)
    home.live([*events[:5], events[-1]])
    settled(home)
    before = home.sums
    assert before.in_wh == pytest.approx(28_800.0)
    home.pass_until(home.seconds + 86_400, step_s=600.0)
    lazy = [replace(e, offline=True, samplings=(Sampling(e.at, (
        Sample("Energy.Active.Import.Register", 1000.0 + 3600.0 * 0.8),)),)) for e in events[5:-10]]  # fmt: skip
    for event in lazy:
        home.tell(event)
    settled(home)
    assert home.sums.in_wh == pytest.approx(28_800.0)
    assert home.days[date(2026, 11, 22)].in_wh < 3600.0
    assert home.days[date(2026, 11, 23)].in_wh > 25_000.0
    assert home.sums.cost < before.cost


# V2G time


def test_v2g_time_is_that_of_the_days_it_was_offered_on() -> None:
    home = Bookkeeper()
    home.plug_in()
    home.pass_until(60.0)
    for n in range(1, 8 * 6):
        home.pass_until(n * 600.0)
        home.tell(home.event(EventKind.UPDATED, n, samplings=home.samples(0)))
    settled(home)
    assert home.session.v2g_s == pytest.approx(47 * 600.0, abs=61.0)
    assert home.sums.v2g_s == pytest.approx(home.session.v2g_s)
    assert home.days[date(2026, 11, 23)].v2g_s == pytest.approx(47 * 600.0 - 6 * 3600.0, abs=1.0)


# restarts


@pytest.mark.parametrize("count", [1, 7, 23, 40])
def test_after_a_restart_nothing_is_lost_and_nothing_counts_twice(count: int) -> None:
    calm, shaken = Bookkeeper(), Bookkeeper()
    events = night(calm)
    calm.live(events)
    shaken.live(events[:count])
    shaken.begin()
    shaken.live([*events[max(0, count - 5) : count], *events[count:]])
    shaken.begin()
    close(settled(shaken).sums, settled(calm).sums)
    assert shaken.session.cost == pytest.approx(calm.session.cost, abs=1e-4)


def test_a_session_that_ended_in_the_last_second_is_reckoned_after_the_start() -> None:
    home = Bookkeeper()
    home.live(night(home))
    home.begin()
    assert settled(home).sums.in_wh == pytest.approx(28_800.0)


# what it costs


def test_events_within_a_quarter_write_nothing_in_the_books() -> None:
    home = Bookkeeper()
    home.live([home.charge(0.0, 0.0)])
    home.pass_until(960.0)
    home.tell(home.charge(960.0, 100.0))
    home.written.clear()
    for n in range(200):
        home.tell(home.charge(962.0 + n, 100.0 + n))
    assert {key.split("/")[0] for key in home.written} == {"session", "station"}


@pytest.mark.parametrize("ahead_s", [0.0, 3600.0, -3600.0])
def test_a_station_whose_clock_is_wrong_writes_no_more(ahead_s: float) -> None:
    home = Bookkeeper()
    for n in range(120):
        home.pass_until(n * 30.0, step_s=30.0)
        home.tell(home.charge(n * 30.0 + ahead_s, 10.0 * n))
    assert sum(key.startswith("account/") for key in home.written) < 20
    assert settled(home).sums.in_wh == pytest.approx(1190.0)


def test_a_day_of_charging_writes_a_handful_of_rows_an_hour() -> None:
    home = Bookkeeper()
    home.live(night(home, minutes=4))
    rows = [key for key in home.written if key.startswith(("account/", "day/", "diary/"))]
    assert len(rows) < 8 * 4 * 6


def test_the_house_and_the_prices_of_a_day_fit_on_a_page() -> None:
    home = Bookkeeper()
    home.pass_until(30 * 3600.0, step_s=300.0)
    pages = [k.value for key, k in home.kept.items() if key.startswith("diary/")]
    assert max(len(to_json(page)) for page in pages) < 2000


def test_the_hours_of_all_sessions_add_up() -> None:
    home = Bookkeeper()
    home.live(night(home))
    settled(home)
    by_hour = hours(home.state, T0 - timedelta(days=1))
    close(total(by_hour.values()), home.sums)
    assert by_hour[int(T0.timestamp()) + 3600].in_wh == pytest.approx(3600.0, abs=1.0)


def test_the_night_the_clock_goes_back_has_a_day_of_twenty_five_hours() -> None:
    home = Bookkeeper()
    start = datetime(2027, 10, 30, 20, 0, tzinfo=UTC)
    home.seconds = (start - T0).total_seconds()
    home.begin()
    first = home.seconds
    home.live([home.charge(first + n * 900.0, 250.0 * n) for n in range(4 * 30)])
    settled(home)
    assert home.days[date(2027, 10, 31)].in_wh == pytest.approx(25 * 1000.0, abs=2.0)
    assert sum(s.in_wh for s in home.days.values()) == pytest.approx(home.session.energy_in.wh, abs=1.0)


def test_a_restart_in_the_middle_of_a_quarter_does_not_make_the_house_forgotten() -> None:
    home = Bookkeeper(Base(import_per_kwh=0.2, export_per_kwh=0.05))
    home.pass_until(60.0, step_s=10.0, house_w=3000.0)
    home.live([home.charge(60.0 + n * 20.0, 0.0, n * 10.0) for n in range(12)])
    before = home.session.revenue
    home.begin()
    home.pass_until(home.seconds + 100.0, step_s=5.0, house_w=3000.0)
    assert home.session.revenue >= before * 0.99


def test_two_cars_that_give_back_at_once_earn_what_the_house_saves() -> None:
    home = Bookkeeper(Base(import_per_kwh=0.2, export_per_kwh=0.05))
    home.pass_until(30.0, step_s=10.0, house_w=2000.0)
    for n in range(8):
        at = home.seconds
        home.tell(home.charge(at, 0.0, n * 60.0))
        kind = EventKind.STARTED if n == 0 else EventKind.UPDATED
        home.tell(home.charge(at, 0.0, n * 60.0, kind=kind, seq_no=n, transaction="tx-2", evse=2))
        home.pass_until(home.seconds + 120.0, step_s=10.0, house_w=2000.0)
    settled(home)
    given_kwh, house_kwh = 2 * 7 * 0.06, 2.0 * 7 * 120.0 / 3600.0
    assert home.sums.out_wh == pytest.approx(given_kwh * 1000.0)
    assert home.sums.revenue == pytest.approx(house_kwh * 0.2 + (given_kwh - house_kwh) * 0.05, rel=0.01)
