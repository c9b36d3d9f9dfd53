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
    assert expected_w(meter, NOON, UTC, NOON, None)[0] == pytest.approx(2000.0, rel=0.1)


def test_the_present_fades_into_the_habit_of_the_hour() -> None:
    meter = after([600.0] * 1800)
    later = NOON + timedelta(hours=24)
    for n in range(120):
        now = Moment(later + timedelta(seconds=2 * n), 100_000.0 + 2 * n)
        meter = read(meter, MeterReading(power_w=4000.0), 0.0, UTC, now)
    assert expected_w(meter, later, UTC, later, None)[0] > 2500.0
    assert expected_w(meter, later + timedelta(minutes=59), UTC, later, None)[0] < 1200.0


def test_an_hour_never_seen_takes_what_the_day_takes() -> None:
    meter = after([700.0] * 10)
    assert expected_w(meter, NOON + timedelta(hours=5), UTC, NOON, None)[0] == 700.0


def test_a_meter_that_does_not_tell_power_teaches_nothing() -> None:
    meter = read(MeterState(), MeterReading(current_a=(5.0, None, None)), 0.0, UTC, Moment(NOON, 1.0))
    assert meter.house_w is None
    assert expected_w(meter, NOON, UTC, NOON, None)[0] == 400.0


SUNNY = [-1500.0] * 1800  # a house of 500 W under a sun of 2 kW


def seen_under(sun_w: float | None, powers_w: list[float]) -> MeterState:
    meter = MeterState()
    for n, power_w in enumerate(powers_w):
        now = Moment(NOON + timedelta(seconds=2 * n), 50.0 + 2 * n)
        meter = read(meter, MeterReading(power_w=power_w), 0.0, UTC, now, sun_w)
    return meter


TOMORROW = NOON + timedelta(hours=24)


def test_the_sun_of_the_day_it_was_learnt_on_is_not_counted_twice() -> None:
    meter = seen_under(2000.0, SUNNY)
    assert expected_w(meter, TOMORROW, UTC, NOON + timedelta(hours=1), 2000.0) == pytest.approx((500.0, 2000.0))
    assert expected_w(meter, TOMORROW, UTC, NOON + timedelta(hours=1), 0.0) == pytest.approx((500.0, 0.0))


def test_before_there_was_a_forecast_the_sun_was_like_the_first_one() -> None:
    old = seen_under(None, SUNNY)
    assert expected_w(old, TOMORROW, UTC, NOON + timedelta(hours=1), 2000.0) == pytest.approx((500.0, 2000.0))
    new = read(old, MeterReading(power_w=-1500.0), 0.0, UTC, Moment(NOON + timedelta(minutes=59), 9e3), 2000.0)
    assert expected_w(new, TOMORROW, UTC, NOON + timedelta(hours=1), 500.0) == pytest.approx((500.0, 500.0))
    assert expected_w(new, TOMORROW, UTC, NOON + timedelta(hours=1), None) == (0.0, 0.0)


def test_without_a_forecast_a_surplus_lowers_the_house_to_nothing_and_no_further() -> None:
    meter = seen_under(None, SUNNY)
    assert expected_w(meter, TOMORROW, UTC, NOON + timedelta(hours=1), None) == (0.0, 0.0)


def test_no_more_sun_is_believed_in_than_was_forecast() -> None:
    meter = seen_under(1000.0, SUNNY)
    assert expected_w(meter, NOON + timedelta(hours=1), UTC, NOON + timedelta(hours=1), 1000.0) == (0.0, 1000.0)
    assert expected_w(meter, NOON + timedelta(hours=1), UTC, NOON + timedelta(hours=1), 0.0) == (0.0, 0.0)
