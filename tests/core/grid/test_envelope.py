"""What the connection allows, and what the meter says flows through each phase."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from custom_components.mobilize_flex.core.grid.envelope import is_fresh, limit_a, limit_reason, phase_draw, stale_s
from custom_components.mobilize_flex.core.model.electric import MeterReading
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.reasons import Reason
from custom_components.mobilize_flex.core.model.state import MeterState
from tests.core.grid.scenes import METER, SITE, THREE

NOW = Moment(datetime(2026, 11, 22, 18, 0, tzinfo=UTC), 1000.0)


def test_the_contract_binds_before_the_breaker() -> None:
    assert limit_a(SITE, MeterReading()) == pytest.approx(9000 / 230)
    assert limit_reason(SITE, MeterReading()) is Reason.SUBSCRIBED_POWER
    assert limit_reason(replace(SITE, breaker_a=30.0), MeterReading()) is Reason.MAIN_FUSE


def test_the_linky_itself_says_what_it_cuts_at() -> None:
    assert limit_a(SITE, MeterReading(cutoff_kva=6.0)) == pytest.approx(6000 / 230)
    assert limit_a(THREE, MeterReading(subscribed_kva=9.0)) == pytest.approx(3000 / 230)


@pytest.mark.parametrize(("period_s", "patience_s"), [(2.0, 10.0), (10.0, 30.0)])
def test_a_reading_is_steered_by_for_ten_seconds_or_three_periods(period_s: float, patience_s: float) -> None:
    site = replace(SITE, meter=replace(METER, period_s=period_s))
    assert stale_s(site) == patience_s
    for age_s, fresh in ((patience_s, True), (patience_s + 0.1, False)):
        meter = MeterState(at=replace(NOW, mono_s=NOW.mono_s - age_s))
        assert is_fresh(site, meter, NOW) is fresh
        assert not is_fresh(site, replace(meter, lost="silent"), NOW)
        assert not is_fresh(replace(site, meter=None), meter, NOW)


@pytest.mark.parametrize(
    ("reading", "active_a", "reactive_a", "margin_a"),
    [
        (MeterReading(phase_power_w=(2300.0, None, None)), 10.0, 0.0, 0.5),
        (MeterReading(power_w=-2300.0), -10.0, 0.0, 0.5),
        (MeterReading(phase_power_w=(1840.0, None, None), current_a=(10.0, None, None)), 8.0, 6.0, 0.5),
        (MeterReading(phase_power_w=(-1840.0, None, None), current_a=(10.0, None, None)), -8.0, 6.0, 0.5),
        (MeterReading(power_w=2300.0, current_a=(10.0, None, None), current_step_a=1.0), 10.0, 0.0, 0.5),
        (MeterReading(current_a=(-4.2, None, None), signed=True, current_step_a=0.01), -4.2, 0.0, 0.5),
        (MeterReading(current_a=(10.0, None, None), current_step_a=1.0), 10.5, 0.0, 1.0),
        (MeterReading(apparent_va=2300.0), 10.0, 0.0, 0.5),
    ],
)
def test_power_has_a_sign_and_amperes_have_the_rest(
    reading: MeterReading, active_a: float, reactive_a: float, margin_a: float
) -> None:
    draw = phase_draw(SITE, reading, 0)
    assert draw is not None
    assert (draw.active_a, draw.reactive_a, draw.margin_a) == pytest.approx((active_a, reactive_a, margin_a))


def test_reactive_current_loads_the_fuse_too() -> None:
    draw = phase_draw(SITE, MeterReading(phase_power_w=(1840.0, None, None), current_a=(10.0, None, None)), 0)
    assert draw is not None
    assert draw.top_a(10.0) == pytest.approx(8.0 - 0.5)


def test_a_total_tells_nothing_of_one_phase_of_three() -> None:
    assert phase_draw(THREE, MeterReading(power_w=9000.0, apparent_va=9000.0), 1) is None
