"""The grid operator's contacts, and the proof that they were followed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import orjson
import pytest

from custom_components.mobilize_flex.core.grid.dimming import guaranteed_w
from custom_components.mobilize_flex.core.ledger.codec import from_plain, to_json
from custom_components.mobilize_flex.core.model.commands import Keep, SetpointForm, SetPower
from custom_components.mobilize_flex.core.model.config import SiteConfig, StationConfig
from custom_components.mobilize_flex.core.model.delivery import Delivery, Outcome
from custom_components.mobilize_flex.core.model.dimming import (
    Contact,
    ContactsRead,
    Dimming,
    DimmingConfig,
    DimmingRecord,
    Draw,
    OthersMeasured,
)
from custom_components.mobilize_flex.core.model.electric import MeterReading, StationReadings
from custom_components.mobilize_flex.core.model.facts import (
    LimitCleared,
    LimitReported,
    MeterRead,
    SiteConfigured,
    Ticked,
)
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.state import EvseState
from custom_components.mobilize_flex.core.site import kept_type, restore, step
from custom_components.mobilize_flex.core.site.step import Event

T0 = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
CONFIG = SiteConfig(
    name="Home", stations=(StationConfig(identity="ST1", name="Verso"),), dimming=DimmingConfig(devices=2)
)
DIM = ContactsRead(((Contact.DIM, True),))
FREE = ContactsRead(((Contact.DIM, False),))
UNSURE = ContactsRead(((Contact.DIM, None),))


class Home:
    """A site under test, with a car at its station."""

    def __init__(self) -> None:
        self.state = restore(CONFIG, {})
        self.kept: dict[str, object] = {}
        self.now = Moment(T0, 100.0)

    def tell(self, event: Event, after_s: float = 0.0) -> tuple[Keep, ...]:
        self.now = Moment(self.now.utc + timedelta(seconds=after_s), self.now.mono_s + after_s)
        done = step(self.state, event, self.now)
        self.state = done.state
        self.kept |= {keep.key: keep.value for keep in done.keeps}
        return done.keeps

    def measure(self, power_w: float, ordered_w: float | None, outcome: Outcome = Outcome.ACCEPTED) -> None:
        """Say what the car takes and what it was told."""
        order = None
        if ordered_w is not None:
            order = SetPower(
                id=7,
                station="ST1",
                evse=1,
                transaction="t",
                power_w=ordered_w,
                form=SetpointForm.LIMIT,
                phases=1,
                expires_s=300,
            )
        station = self.state.stations["ST1"]
        evse = EvseState(
            evse=1,
            readings=StationReadings(power_w=power_w, at=self.now),
            delivery=Delivery(order=order, changed_at=self.now, outcome=outcome),
        )
        station = replace(station, evses=MappingProxyType({1: evse}))
        self.state = replace(self.state, stations=MappingProxyType({"ST1": station}))

    @property
    def record(self) -> DimmingRecord:
        record = self.state.dimming.record
        assert record is not None
        return record


@pytest.fixture
def home() -> Home:
    return Home()


def test_a_contact_opens_a_record_and_its_release_closes_it(home: Home) -> None:
    home.tell(FREE)
    assert home.kept == {}
    home.tell(MeterRead(MeterReading(power_w=9000.0)))
    home.tell(DIM, 5)
    assert (home.record.draw, home.record.limit_w, home.record.devices) == (Draw.DIMMED, pytest.approx(7560), 2)
    assert (home.record.started_at, home.record.grid_before_w) == (T0 + timedelta(seconds=5), 9000.0)
    home.tell(FREE, 600)
    assert home.state.dimming.record is None
    (key, record), *others = home.kept.items()
    assert others == []
    assert key.startswith("dimming/")
    assert isinstance(record, DimmingRecord)
    assert record.ended_at == T0 + timedelta(seconds=605)


def test_the_same_word_twice_is_no_news(home: Home) -> None:
    home.tell(DIM)
    assert home.tell(DIM, 1) == ()


def test_a_contact_that_stops_to_answer_counts_and_the_record_says_so(home: Home) -> None:
    home.tell(UNSURE)
    assert home.record.unsure
    assert home.record.limit_w == pytest.approx(7560)
    home.tell(DIM, 1)
    assert not home.record.unsure
    assert len(home.kept) == 2


def test_another_level_is_another_record(home: Home) -> None:
    home.tell(DIM)
    home.tell(ContactsRead(((Contact.DIM, True), (Contact.STOP, True))), 10)
    assert (home.record.draw, home.record.limit_w) == (Draw.STOPPED, 0.0)
    assert len(home.kept) == 2


def test_feed_in_can_be_held_down_while_drawing_is_free(home: Home) -> None:
    home.tell(ContactsRead(((Contact.FEED_0, True),)))
    assert (home.record.draw, home.record.limit_w, home.record.feed_in_share) == (Draw.FREE, None, 0.0)


def test_the_proof_names_when_it_was_ordered_taken_and_felt(home: Home) -> None:
    home.measure(11_000.0, 11_000.0)
    home.tell(DIM)
    home.tell(Ticked(), 1)
    assert (home.record.ordered_at, home.record.effective_at) == (None, None)
    home.measure(11_000.0, 7_500.0, Outcome.WAITING)
    home.tell(Ticked(), 1)
    assert home.record.ordered_at == T0 + timedelta(seconds=1)
    assert (home.record.accepted_at, home.record.effective_at) == (None, None)
    home.measure(7_490.0, 7_500.0)
    home.tell(MeterRead(MeterReading(power_w=8000.0)))
    home.tell(Ticked(), 5)
    assert home.record.accepted_at == home.record.effective_at == T0 + timedelta(seconds=7)
    home.tell(Ticked(), 60)
    assert (home.record.looked_at, home.record.grid_after_w) == (T0 + timedelta(seconds=67), 8000.0)
    assert home.kept[f"dimming/{T0.isoformat()}/"] == home.record
    assert home.tell(Ticked(), 1) == ()


def test_a_restart_goes_on_with_the_record(home: Home) -> None:
    home.tell(DIM)
    kept = {key: from_plain(kept_type(key) or object, orjson.loads(to_json(value))) for key, value in home.kept.items()}
    home.state = restore(CONFIG, kept)
    assert home.record.limit_w == pytest.approx(7560)
    assert home.tell(DIM, 30) == ()
    home.tell(FREE, 30)
    (record,) = home.kept.values()
    assert isinstance(record, DimmingRecord)
    assert record.ended_at == T0 + timedelta(seconds=60)


def test_another_number_of_devices_is_another_record(home: Home) -> None:
    home.tell(DIM)
    home.tell(SiteConfigured(replace(CONFIG, dimming=DimmingConfig(devices=1))), 10)
    assert home.record.limit_w == pytest.approx(4200)
    home.tell(SiteConfigured(replace(CONFIG, dimming=None)), 10)
    assert home.state.dimming.record is None


def test_what_the_roof_gives_comes_on_top(home: Home) -> None:
    home.measure(9_000.0, 9_000.0)
    home.tell(MeterRead(MeterReading(power_w=7_000.0)))  # the house without the car feeds 2 kW in
    home.tell(DIM)
    home.tell(Ticked(), 1)
    assert home.record.limit_w == pytest.approx(7560)
    assert home.record.effective_at == T0 + timedelta(seconds=1)


# a station with a contact of its own


def test_a_heat_pump_that_starts_takes_its_part_of_the_guarantee_at_once() -> None:
    home = Home()
    home.tell(SiteConfigured(replace(CONFIG, dimming=DimmingConfig(devices=2, others_measured=True))))
    home.tell(OthersMeasured(0.0))
    home.tell(DIM)
    assert guaranteed_w(home.state, home.now) == 7560.0
    home.tell(OthersMeasured(3000.0))
    assert guaranteed_w(home.state, home.now) == 4560.0


def told(limit_w: float | None, *, critical: bool = True) -> LimitReported:
    return LimitReported(station="ST1", evse=None, source="SO", limit_w=limit_w, grid_critical=critical)


def test_a_station_that_obeys_its_own_contact_is_written_down_and_not_limited_twice(home: Home) -> None:
    home.measure(11_000.0, None)
    home.tell(MeterRead(MeterReading(power_w=12_000.0)))
    home.tell(told(4200.0))
    assert home.state.dimming.record is None
    (record,) = home.state.dimming.stations
    assert (record.station, record.limit_w, record.stations_before_w) == ("ST1", 4200.0, 11_000.0)
    home.measure(4100.0, None)
    home.state = replace(home.state, dimming=Dimming(stations=(record,)))
    home.tell(Ticked(), 4)
    (record,) = home.state.dimming.stations
    assert record.effective_at == T0 + timedelta(seconds=4)
    home.tell(Ticked(), 60)
    assert home.state.dimming.stations[0].stations_after_w == 4100.0
    home.tell(LimitCleared(station="ST1", evse=None, source="SO"), 600)
    (kept,) = home.kept.values()
    assert isinstance(kept, DimmingRecord)
    assert kept.ended_at == home.now.utc
    assert list(home.kept) == [f"dimming/{T0.isoformat()}/ST1"]


def test_a_limit_the_grid_does_not_depend_on_is_no_order_of_its_operator(home: Home) -> None:
    home.tell(told(4200.0, critical=False))
    assert home.state.dimming.stations == ()


def test_another_limit_of_a_station_is_another_record(home: Home) -> None:
    home.tell(told(4200.0))
    home.tell(told(4200.0), 1)
    home.tell(told(None), 301)
    assert [record.limit_w for record in home.state.dimming.stations] == [None]
    assert len(home.kept) == 2


def test_a_record_whose_contacts_are_gone_after_a_restart_ends(home: Home) -> None:
    home.tell(DIM)
    home.state = restore(replace(CONFIG, dimming=None), home.kept)
    home.tell(Ticked(), 5)
    assert home.state.dimming.record is None
    (record,) = home.kept.values()
    assert isinstance(record, DimmingRecord)
    assert record.ended_at == T0 + timedelta(seconds=5)


def test_a_station_that_cannot_make_up_its_mind_fills_no_disk(home: Home) -> None:
    for number in range(50):
        home.tell(told(4000.0 + number), 1)
        home.tell(LimitCleared(station="ST1", evse=None, source="SO"), 1)
    home.tell(told(4200.0), 1)
    assert len(home.kept) == 1
    assert [record.limit_w for record in home.state.dimming.stations] == [4200.0]
