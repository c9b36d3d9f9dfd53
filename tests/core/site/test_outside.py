"""What others tell of the home through a station: limits of theirs, the meter they read."""

from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.mobilize_flex.core.model import facts as f
from custom_components.mobilize_flex.core.model.config import MeterConfig
from custom_components.mobilize_flex.core.model.outside import ExternalLimit
from custom_components.mobilize_flex.core.model.station import EventKind, Sample, Sampling
from custom_components.mobilize_flex.core.site import restore

from .test_step import CONFIG, Home

PASSED_ON = MeterConfig(key="m", name="Verso", kind="station", period_s=10.0, station="ST1")


def mains(*rows: Sample, at: Home, late_s: float = 0.0) -> tuple[Sampling, ...]:
    """Return samples of one instant."""
    return (Sampling(at.now.utc - timedelta(seconds=late_s), rows),)


def upstream(measurand: str, value: float, phase: str | None = None) -> Sample:
    """Return a sample of the home's connection."""
    return Sample(measurand, value, phase, "Upstream")


@pytest.fixture
def home() -> Home:
    home = Home()
    home.state = restore(replace(CONFIG, meter=PASSED_ON), {})
    home.dial_in()
    return home


# limits


def limits(home: Home) -> tuple[ExternalLimit, ...]:
    return home.state.stations["ST1"].evses[1].external


def report(home: Home, source: str, limit_w: float | None, *, critical: bool = False) -> None:
    home.tell(f.LimitReported(station="ST1", evse=None, source=source, limit_w=limit_w, grid_critical=critical))


def test_of_several_limits_from_outside_the_strictest_counts(home: Home) -> None:
    report(home, "EMS", 3000.0)
    report(home, "SO", 4200.0, critical=True)
    assert home.state.stations["ST1"].evses[1].external_limit_w == 3000.0
    assert limits(home) == (ExternalLimit("EMS", 3000.0), ExternalLimit("SO", 4200.0, critical=True))
    report(home, "EMS", 6000.0)
    assert home.state.stations["ST1"].evses[1].external_limit_w == 4200.0
    home.tell(f.LimitCleared(station="ST1", evse=1, source="SO"))
    assert limits(home) == (ExternalLimit("EMS", 6000.0),)


def test_a_limit_of_unknown_size_is_known_to_be_there(home: Home) -> None:
    report(home, "CSO", None)
    assert home.state.stations["ST1"].evses[1].external_limit_w is None
    assert limits(home) == (ExternalLimit("CSO", None),)


def test_a_limit_follows_its_own_schedule_until_it_is_over(home: Home) -> None:
    begin, more, end = (home.now.utc + timedelta(minutes=m) for m in (10, 20, 30))
    later = ((begin, 4200.0), (more, 6000.0), (end, None))
    home.tell(f.LimitReported(station="ST1", evse=None, source="SO", limit_w=None, grid_critical=True, later=later))
    seen = []
    for _ in range(4):
        dimmed = [record.limit_w for record in home.state.dimming.stations]
        seen.append((home.state.stations["ST1"].evses[1].external_limit_w, dimmed))
        home.tell(f.Ticked(), 600)
    assert seen == [(None, []), (4200.0, [4200.0]), (6000.0, [6000.0]), (None, [])]
    assert limits(home) == ()


def test_a_station_that_invents_sources_fills_no_memory(home: Home) -> None:
    for number in range(50):
        report(home, f"S{number}", 5000.0)
    assert len(limits(home)) == 8


# the meter a station reads


def test_upstream_values_are_the_house_meter(home: Home) -> None:
    rows = (
        upstream("Power.Active.Import", 1500.0, "L1"),
        upstream("Power.Active.Import", 0.0, "L2"),
        upstream("Power.Active.Export", 400.0, "L2"),
        upstream("Current.Import", 6.8, "L1"),
        upstream("Voltage", 231.0, "L1"),
        upstream("Energy.Active.Import.Register", 9000.0),
        Sample("Power.Active.Import", 7000.0),
    )
    home.tell(f.Metered(station="ST1", evse=1, samplings=mains(*rows, at=home)))
    reading, meter = home.state.meter.reading, home.state.meter
    assert (reading.power_w, reading.phase_power_w) == (1100.0, (1500.0, -400.0, None))
    assert (reading.current_a[0], reading.voltage_v[0], reading.import_wh) == (6.8, 231.0, 9000.0)
    assert meter.at == home.now


def test_they_may_come_with_a_transaction(home: Home) -> None:
    rows = (upstream("Current.Import", 12.0, "L1"), upstream("Current.Export", 0.0, "L1"))
    home.tell(home.event(EventKind.STARTED, 0, samplings=mains(*rows, at=home)))
    assert home.state.meter.reading.current_a == (12.0, None, None)
    assert home.state.meter.reading.signed


@pytest.mark.parametrize("station", ["ST2", None])
def test_another_stations_word_is_not_the_meter(home: Home, station: str | None) -> None:
    home.state = replace(home.state, config=replace(CONFIG, meter=replace(PASSED_ON, station=station)))
    home.tell(f.Metered(station="ST1", evse=1, samplings=mains(upstream("Power.Active.Import", 900.0), at=home)))
    assert home.state.meter.at is None


def test_what_was_measured_a_while_ago_or_offline_is_not_now(home: Home) -> None:
    old = mains(upstream("Power.Active.Import", 900.0), at=home, late_s=31)
    home.tell(f.Metered(station="ST1", evse=1, samplings=old))
    now = mains(upstream("Power.Active.Import", 900.0), at=home)
    home.tell(home.event(EventKind.STARTED, 0, samplings=now, offline=True))
    assert home.state.meter.at is None


def test_what_flows_into_the_car_is_no_house_meter(home: Home) -> None:
    home.tell(f.Metered(station="ST1", evse=0, samplings=mains(Sample("Power.Active.Import", 7000.0), at=home)))
    assert home.state.meter.at is None


def test_a_main_meter_at_the_homes_connection_counts_where_the_owner_says_so(home: Home) -> None:
    home.state = replace(home.state, config=replace(CONFIG, meter=replace(PASSED_ON, main_meter=True)))
    home.tell(f.Metered(station="ST1", evse=0, samplings=mains(Sample("Power.Active.Import", 7000.0), at=home)))
    assert home.state.meter.reading.power_w == 7000.0
