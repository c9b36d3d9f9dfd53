"""Whom to believe about a battery: readings held against the station's meter."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.mobilize_flex.core.battery.belief import error_of, is_news, kept, moved_on
from custom_components.mobilize_flex.core.battery.believing import Hearing, doubts_of, heard, leapt, stays
from custom_components.mobilize_flex.core.battery.losses import battery_of
from custom_components.mobilize_flex.core.model.battery import Belief, Doubt, Learned, SocSource
from custom_components.mobilize_flex.core.model.config import VehicleConfig
from custom_components.mobilize_flex.core.model.electric import StationReadings

T0 = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
BATTERY = battery_of(VehicleConfig(key="r5", name="R5"), Learned())
STATION, ENTITY, OWNER = SocSource.STATION, SocSource.ENTITY, SocSource.OWNER


@dataclass
class Cable:
    """A car on a cable: energy goes by, sources speak."""

    belief: Belief = field(default_factory=Belief)
    readings: StationReadings = field(default_factory=lambda: StationReadings(import_wh=0.0, export_wh=0.0))
    at: datetime = T0
    truth_pct: float = 60.0

    def __post_init__(self) -> None:
        self.flow(0.0, 0.0)

    def flow(self, power_w: float, hours: float) -> None:
        """Let power flow, in steps of at most a minute, as a station reports it."""
        for _ in range(max(1, round(hours * 60))):
            step = min(hours, 1 / 60)
            self.at += timedelta(hours=step)
            r = self.readings
            self.readings = replace(
                r,
                power_w=power_w,
                import_wh=None if r.import_wh is None else r.import_wh + max(0.0, power_w) * step,
                export_wh=None if r.export_wh is None else r.export_wh + max(0.0, -power_w) * step,
            )
            factor = BATTERY.efficiency(power_w) if power_w >= 0 else 1 / BATTERY.efficiency(power_w)
            self.truth_pct += 100 * power_w * step * factor / BATTERY.capacity_wh
            self.belief = moved_on(self.belief, self.readings, BATTERY, self.at)

    def hear(self, source: SocSource, soc_pct: float, **more: bool) -> None:
        self.belief = heard(self.belief, Hearing(source=source, soc_pct=soc_pct, at=self.at, **more), BATTERY)

    @property
    def soc_pct(self) -> float:
        assert self.belief.soc_pct is not None
        return self.belief.soc_pct

    @property
    def doubts(self) -> dict[SocSource, Doubt]:
        return dict(doubts_of(self.belief))


def test_between_two_readings_the_meter_moves_the_level_on() -> None:
    cable = Cable()
    cable.hear(ENTITY, 60.0)
    cable.flow(7000.0, 1.0)
    assert cable.soc_pct == pytest.approx(cable.truth_pct, abs=0.1)
    cable.flow(-5000.0, 2.0)
    assert cable.soc_pct == pytest.approx(cable.truth_pct, abs=0.1)


@pytest.mark.parametrize("missing", [{"export_wh": None}, {"import_wh": None}, {"import_wh": None, "export_wh": None}])
def test_where_a_counter_is_missing_power_stands_in(missing: dict[str, None]) -> None:
    cable = Cable(readings=replace(StationReadings(import_wh=0.0, export_wh=0.0), **missing))
    cable.hear(STATION, 60.0)
    cable.flow(6000.0, 1.0)
    cable.flow(-6000.0, 0.5)
    assert cable.soc_pct == pytest.approx(cable.truth_pct, abs=0.5)


def test_the_uncertainty_grows_with_the_energy_and_with_time() -> None:
    cable = Cable()
    cable.hear(STATION, 40.0)
    first = error_of(cable.belief, 0.0)
    cable.flow(7000.0, 2.0)
    assert first < error_of(cable.belief, 0.0) < error_of(cable.belief, 10 * 3600.0) < 5.0


def test_a_whole_percent_that_stays_for_a_while_is_no_fault() -> None:
    cable = Cable()
    cable.hear(STATION, 60.0)
    for _ in range(8):
        cable.flow(7000.0, 1 / 60)
        cable.hear(STATION, float(int(cable.truth_pct)))
        assert cable.doubts == {}
        assert cable.soc_pct == pytest.approx(cable.truth_pct, abs=1.0)


@pytest.mark.parametrize("source", [STATION, ENTITY])
def test_a_level_that_stays_while_energy_goes_by_is_frozen_until_it_moves(source: SocSource) -> None:
    cable = Cable()
    cable.hear(source, 60.0)
    for _ in range(60):
        cable.flow(7000.0, 1 / 60)
        cable.hear(source, 60.0)
    assert cable.doubts == {source: Doubt.FROZEN}
    cable.flow(7000.0, 1.0)
    assert cable.soc_pct == pytest.approx(cable.truth_pct, abs=2.5)
    cable.hear(source, float(round(cable.truth_pct)))
    assert cable.doubts == {}
    assert cable.soc_pct == round(cable.truth_pct)


def test_before_it_is_proven_frozen_a_live_word_holds_the_estimate_back_upwards_only() -> None:
    up, down = Cable(), Cable()
    for cable, power_w in ((up, 7000.0), (down, -7000.0)):
        cable.hear(STATION, 60.0)
        for _ in range(12):
            cable.flow(power_w, 1 / 60)
            cable.hear(STATION, 60.0)
    assert up.soc_pct == 61.0
    assert down.soc_pct == pytest.approx(down.truth_pct, abs=0.1)


def test_full_and_empty_may_stay_as_they_are() -> None:
    cable = Cable(truth_pct=100.0)
    cable.hear(STATION, 100.0)
    cable.flow(2000.0, 4.0)
    cable.hear(STATION, 100.0)
    assert cable.doubts == {}


def test_a_leap_is_not_believed_until_the_next_ones_agree() -> None:
    cable = Cable()
    cable.hear(STATION, 60.0)
    cable.hear(STATION, 75.0)
    assert cable.doubts == {STATION: Doubt.JUMPING}
    assert cable.soc_pct == 60.0
    cable.hear(STATION, 75.4)
    assert cable.doubts == {}
    assert cable.soc_pct == 75.4


def test_a_leap_that_is_told_again_is_believed() -> None:
    cable = Cable()
    for told in (60.0, 25.0, 25.0):
        cable.hear(STATION, told)
    assert (cable.doubts, cable.soc_pct) == ({}, 25.0)


def test_a_source_that_leaps_all_the_time_is_not_believed() -> None:
    cable = Cable()
    cable.hear(STATION, 60.0)
    for _ in range(3):
        cable.belief = leapt(cable.belief, STATION)
    assert not stays(cable.belief, STATION)
    assert cable.soc_pct == 60.0


def test_a_car_that_is_away_does_not_lend_its_level() -> None:
    cable = Cable()
    cable.hear(OWNER, 50.0)
    cable.truth_pct = 50.0
    cable.hear(ENTITY, 52.0)
    told = 52.0
    for _ in range(8):
        cable.flow(7000.0, 0.25)
        told -= 3.0
        cable.hear(ENTITY, told)
    assert cable.doubts == {ENTITY: Doubt.OTHER_CAR}
    before = cable.soc_pct
    cable.hear(ENTITY, told - 2.0)
    assert cable.soc_pct == before


def test_an_entity_far_from_the_stations_word_is_about_another_car() -> None:
    cable = Cable()
    cable.hear(STATION, 60.0)
    cable.hear(ENTITY, 85.0, outranked=True)
    assert cable.doubts == {ENTITY: Doubt.OTHER_CAR}
    assert cable.soc_pct == 60.0


def test_a_doubted_entity_is_believed_again_once_it_moves_with_the_energy() -> None:
    cable = Cable()
    cable.hear(STATION, 60.0)
    cable.hear(ENTITY, 85.0, outranked=True)
    for _ in range(6):
        cable.flow(7000.0, 0.25)
        cable.hear(ENTITY, round(85.0 + cable.belief.moved_pct, 1), outranked=True)
    assert cable.doubts == {}


def test_news_after_the_arrival_may_mend_what_was_said_before_it() -> None:
    cable = Cable(truth_pct=55.0)
    cable.hear(ENTITY, 80.0, before_plug=True)
    assert error_of(cable.belief, 0.0) == 10.0
    cable.flow(2000.0, 0.1)
    cable.hear(ENTITY, 55.0)
    assert cable.doubts == {}
    assert cable.soc_pct == 55.0


def test_the_owners_word_stands_whatever_was_said_before() -> None:
    cable = Cable()
    cable.hear(OWNER, 20.0)
    cable.hear(OWNER, 90.0)
    assert (cable.soc_pct, cable.belief.source) == (90.0, OWNER)


def test_what_is_kept_goes_on_after_a_restart() -> None:
    cable = Cable()
    cable.hear(STATION, 60.0)
    cable.flow(7000.0, 0.5)
    assert is_news(None, cable.belief)
    assert not is_news(kept(cable.belief), cable.belief)
    cable.belief = kept(cable.belief)
    cable.readings = replace(cable.readings, import_wh=(cable.readings.import_wh or 0.0) + 7000.0)
    cable.at += timedelta(hours=1)
    cable.truth_pct += 100 * 7000.0 * BATTERY.efficiency(7000.0) / BATTERY.capacity_wh
    cable.belief = moved_on(cable.belief, cable.readings, BATTERY, cable.at)
    assert cable.soc_pct == pytest.approx(cable.truth_pct, abs=0.5)


@settings(max_examples=80)
@given(
    st.lists(
        st.tuples(
            st.floats(-7000, 7000), st.integers(0, 40), st.none() | st.integers(0, 100), st.sampled_from(SocSource)
        ),
        max_size=12,
    )
)
def test_whatever_is_told_the_level_is_a_level_and_the_error_never_nothing(
    steps: list[tuple[float, int, int | None, SocSource]],
) -> None:
    cable = Cable()
    cable.hear(STATION, 50.0)
    for power_w, minutes, told, source in steps:
        cable.flow(power_w, minutes / 60)
        if told is not None:
            cable.hear(source, float(told))
        assert 0.0 <= cable.soc_pct <= 100.0
        assert 1.0 <= error_of(cable.belief, 0.0) <= 50.0


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from([-7000.0, -3000.0, 0.0, 2000.0, 7000.0]), st.integers(1, 30)), max_size=10))
def test_with_an_honest_station_the_truth_is_within_the_uncertainty(flows: list[tuple[float, int]]) -> None:
    cable = Cable(truth_pct=50.0)
    cable.hear(STATION, 50.0)
    for power_w, minutes in flows:
        for _ in range(minutes):
            if 5.0 < cable.truth_pct < 95.0:
                cable.flow(power_w, 1 / 60)
            cable.hear(STATION, float(round(cable.truth_pct)))
            assert abs(cable.soc_pct - cable.truth_pct) <= error_of(cable.belief, 0.0) + 0.5
    assert cable.doubts == {}


@pytest.mark.parametrize("seconds", [2, 3600])
def test_a_meter_that_leaps_fills_no_car(seconds: int) -> None:
    cable = Cable()
    cable.hear(STATION, 40.0)
    cable.at += timedelta(seconds=seconds)
    cable.readings = replace(cable.readings, import_wh=100_000.0)
    cable.belief = moved_on(cable.belief, cable.readings, BATTERY, cable.at)
    assert (cable.soc_pct, cable.doubts) == (40.0, {})
    cable.truth_pct = 40.0
    cable.flow(7000.0, 0.5)
    assert cable.soc_pct == pytest.approx(cable.truth_pct, abs=0.1)
    assert cable.soc_pct > 44.0


def test_what_went_by_while_nobody_looked_fills_it() -> None:
    cable = Cable()
    cable.hear(STATION, 40.0)
    cable.at += timedelta(hours=5)
    cable.readings = replace(cable.readings, import_wh=20_000.0)
    cable.belief = moved_on(cable.belief, cable.readings, BATTERY, cable.at)
    assert 65.0 < cable.soc_pct < 80.0
