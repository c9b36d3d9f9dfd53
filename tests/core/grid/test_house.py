"""What the house takes, and what it is expected to take."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.mobilize_flex.core.grid.house import expected_w, read
from custom_components.mobilize_flex.core.model.electric import MeterReading
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.state import MeterState

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def after(powers_w: list[float], every_s: float = 2.0, start: datetime = NOON, car_w: float = 0.0) -> MeterState:
    meter = MeterState()
    for n, power_w in enumerate(powers_w):
        now = Moment(start + timedelta(seconds=n * every_s), 50.0 + n * every_s)
        meter = read(meter, MeterReading(power_w=power_w), car_w, UTC, now)
    return meter


def test_the_house_is_the_meter_less_the_car() -> None:
    assert after([3000.0], car_w=2500.0).house_w == 500.0
    assert after([-1500.0], car_w=-2000.0).house_w == 500.0


def test_a_first_reading_that_was_wrong_is_soon_forgotten() -> None:
    meter = after([0.0, *[2000.0] * 10])
    assert meter.recent_w == pytest.approx(2000.0, rel=0.1)
    assert expected_w(meter, NOON, UTC, NOON) == pytest.approx(2000.0, rel=0.1)


def test_the_present_fades_into_the_habit_of_the_hour() -> None:
    meter = after([600.0] * 1800)
    later = NOON + timedelta(hours=24)
    for n in range(120):
        now = Moment(later + timedelta(seconds=2 * n), 100_000.0 + 2 * n)
        meter = read(meter, MeterReading(power_w=4000.0), 0.0, UTC, now)
    assert expected_w(meter, later, UTC, later) > 2500.0
    assert expected_w(meter, later + timedelta(minutes=59), UTC, later) < 1200.0


def test_an_hour_never_seen_takes_what_the_day_takes() -> None:
    meter = after([700.0] * 10)
    assert expected_w(meter, NOON + timedelta(hours=5), UTC, NOON) == 700.0


def test_a_meter_that_does_not_tell_power_teaches_nothing() -> None:
    meter = read(MeterState(), MeterReading(current_a=(5.0, None, None)), 0.0, UTC, Moment(NOON, 1.0))
    assert meter.house_w is None
    assert expected_w(meter, NOON, UTC, NOON) == 400.0
