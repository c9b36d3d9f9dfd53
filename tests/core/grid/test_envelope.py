"""What the connection allows, by what the meter says."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, strategies as st
import pytest

from custom_components.mobilize_flex.core.grid.envelope import envelope, limit_a
from custom_components.mobilize_flex.core.model.config import MeterConfig, SiteConfig, StationConfig
from custom_components.mobilize_flex.core.model.electric import MeterReading
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.reasons import Reason
from custom_components.mobilize_flex.core.model.state import MeterState

NOW = Moment(datetime(2026, 11, 22, 18, 0, tzinfo=UTC), 1000.0)
METER = MeterConfig(key="m", name="Linky", kind="linky", period_s=1.5)
SITE = SiteConfig(name="Home", breaker_a=45.0, subscribed_kva=9.0, meter=METER, v2g_consent=True)
STATION = StationConfig(identity="ST1", name="Verso", fallback_a=10.0)


def seen(age_s: float = 1.0, **reading: object) -> MeterState:
    return MeterState(reading=MeterReading(**reading), at=replace(NOW, mono_s=NOW.mono_s - age_s))  # type: ignore[arg-type]


def test_the_contract_binds_before_the_breaker() -> None:
    assert limit_a(SITE, MeterReading()) == pytest.approx(9000 / 230)
    assert limit_a(SITE, MeterReading(cutoff_kva=6.0)) == pytest.approx(6000 / 230)


def test_the_car_gets_what_the_house_leaves() -> None:
    allowed = envelope(SITE, STATION, seen(power_w=3000.0), car_w=1000.0, now=NOW)
    assert allowed.max_w == pytest.approx(9000 - 2000 - 0.5 * 230)
    assert allowed.max_because is Reason.HOUSE_LIMIT


def test_the_car_may_give_what_the_house_takes() -> None:
    allowed = envelope(SITE, STATION, seen(power_w=500.0), car_w=-1500.0, now=NOW)
    assert allowed.min_w == -2000.0


def test_and_more_where_the_owner_may_feed_in() -> None:
    allowed = envelope(replace(SITE, feed_in_w=3000.0), STATION, seen(power_w=500.0), car_w=-1500.0, now=NOW)
    assert allowed.min_w == -5000.0


@pytest.mark.parametrize(
    ("meter", "site"),
    [
        (seen(age_s=11.0, power_w=500.0), SITE),
        (MeterState(), SITE),
        (replace(seen(power_w=500.0), lost="silent"), SITE),
        (seen(power_w=500.0), replace(SITE, meter=None)),
    ],
)
def test_a_silent_meter_means_the_fallback_inward_and_nothing_outward(meter: MeterState, site: SiteConfig) -> None:
    allowed = envelope(site, STATION, meter, car_w=0.0, now=NOW)
    assert (allowed.max_w, allowed.min_w, allowed.fresh) == (2300.0, 0.0, False)
    assert allowed.max_because is Reason.METER_STALE


def test_the_busiest_phase_decides() -> None:
    site = replace(SITE, phases=3, subscribed_kva=12.0)
    station = replace(STATION, phases=3)
    meter = seen(power_w=5000.0, phase_power_w=(3000.0, 1000.0, 1000.0))
    allowed = envelope(site, station, meter, car_w=0.0, now=NOW)
    assert allowed.max_w == pytest.approx(3 * (4000 - 3000 - 0.5 * 230))


def test_a_current_in_whole_amperes_counts_at_its_worst() -> None:
    meter = seen(power_w=None, current_a=(10.0, None, None), current_step_a=1.0)
    allowed = envelope(SITE, STATION, meter, car_w=0.0, now=NOW)
    assert allowed.max_w == pytest.approx(9000 - (10.5 + 1.0) * 230)


def test_nothing_goes_out_at_a_voltage_out_of_bounds() -> None:
    allowed = envelope(SITE, STATION, seen(power_w=2000.0, voltage_v=(256.0, None, None)), car_w=0.0, now=NOW)
    assert allowed.min_w == 0.0


@given(
    power_w=st.floats(-20000, 40000),
    car_w=st.floats(-11000, 11000),
    feed_in_w=st.sampled_from([0.0, 3000.0]),
)
def test_house_and_car_together_never_pass_the_limit(power_w: float, car_w: float, feed_in_w: float) -> None:
    site = replace(SITE, feed_in_w=feed_in_w)
    allowed = envelope(site, STATION, seen(power_w=power_w), car_w=car_w, now=NOW)
    house_w = power_w - car_w
    assert allowed.min_w <= 0.0 <= allowed.max_w
    assert allowed.max_w == 0.0 or house_w + allowed.max_w <= 9000.0
    assert allowed.min_w == 0.0 or house_w + allowed.min_w >= -feed_in_w - 1e-6
