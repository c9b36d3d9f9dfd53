"""Forecasts of the sun become power over time, whichever way their hours are meant."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.mobilize_flex.core.model.facts import SunForecast
from custom_components.mobilize_flex.core.plan.sun import forecast_of, read_forecast, sun_at

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def told(hours: dict[str, object]) -> SunForecast:
    return forecast_of([read_forecast({"wh_hours": hours}, PARIS)])


def energy_wh(forecast: SunForecast) -> float:
    steps = zip(forecast.rows, forecast.rows[1:], strict=False)
    return sum(power_w * ((end - start) / HOUR) for (start, power_w), (end, _) in steps)


def test_full_hours_tell_what_comes_from_them_on() -> None:
    forecast = told({"2026-06-01T12:00:00+00:00": 500, "2026-06-01T13:00:00+00:00": 800.5})
    assert forecast.rows == ((NOON, 500.0), (NOON + HOUR, 800.5), (NOON + 2 * HOUR, 0.0))


def test_half_hours_are_twice_the_power() -> None:
    forecast = told({"2026-06-01T12:00:00Z": 500, "2026-06-01T12:30:00Z": 250, "2026-06-01T13:00:00Z": 0})
    assert [power_w for _, power_w in forecast.rows] == [1000.0, 500.0, 0.0, 0.0]
    assert sun_at(forecast, NOON + 45 * MINUTE) == 500.0


def test_who_tells_of_sunrise_itself_tells_what_came_before() -> None:
    forecast = told(
        {
            "2026-06-01T05:52:25+02:00": 0,
            "2026-06-01T06:00:00+02:00": 8,
            "2026-06-01T07:00:00+02:00": 203,
            "2026-06-01T07:37:21+02:00": 100,
            "2026-06-02T05:52:00+02:00": 0,
        }
    )
    six = datetime(2026, 6, 1, 4, tzinfo=UTC)
    assert sun_at(forecast, six - MINUTE) == pytest.approx(8 / (455 / 3600), abs=0.1)
    assert sun_at(forecast, six + MINUTE) == 203.0
    assert sun_at(forecast, six + 6 * HOUR) == 0.0
    assert energy_wh(forecast) == pytest.approx(311.0, abs=0.1)


def test_two_roofs_add_up() -> None:
    one = read_forecast({"wh_hours": {"2026-06-01T12:00:00Z": 500, "2026-06-01T13:00:00Z": 400}}, PARIS)
    other = read_forecast({"wh_hours": {"2026-06-01T12:00:00Z": 100, "2026-06-01T12:30:00Z": 100}}, PARIS)
    forecast = forecast_of([one, other])
    assert sun_at(forecast, NOON) == 700.0
    assert sun_at(forecast, NOON + HOUR) == 400.0


def test_a_night_without_rows_has_no_sun_and_after_the_last_hour_nobody_knows() -> None:
    forecast = told({"2026-06-01T18:00:00Z": 100, "2026-06-01T19:00:00Z": 50, "2026-06-02T05:00:00Z": 70})
    assert sun_at(forecast, NOON + 12 * HOUR) == 0.0
    assert sun_at(forecast, NOON + 17.5 * HOUR) == 70.0
    assert sun_at(forecast, NOON + 18.5 * HOUR) is None
    assert sun_at(forecast, NOON) is None
    assert sun_at(SunForecast(()), NOON) is None


@pytest.mark.parametrize("nonsense", [None, [], "sun", {}, {"wh_hours": None}, {"wh_hours": [1, 2]}, {"wh_hours": {}}])
def test_what_is_no_forecast_has_no_rows(nonsense: object) -> None:
    assert read_forecast(nonsense, PARIS) == {}


def test_rows_that_make_no_sense_are_left_out() -> None:
    rows = {
        "2026-06-01T12:00:00": 5,
        "yesterday": 9,
        "2026-06-01T13:00:00": True,
        7: 7,
        NOON: -3,
        "2026-06-01T15:00:00": float("nan"),
        "2026-06-01T16:00:00": "8",
    }
    assert read_forecast({"wh_hours": rows}, PARIS) == {NOON - 2 * HOUR: 5.0, NOON: 0.0}


ROWS = st.dictionaries(
    st.datetimes(datetime(2026, 3, 28), datetime(2026, 3, 31), timezones=st.just(timezone(HOUR))),
    st.floats(0, 10_000),
    max_size=40,
)


@given(ROWS, st.integers(0, 72 * 60))
def test_whatever_is_told_power_is_never_negative_and_the_rows_are_in_order(
    rows: dict[datetime, float], minutes: int
) -> None:
    forecast = forecast_of([read_forecast({"wh_hours": rows}, PARIS)])
    instants = [at for at, _ in forecast.rows]
    assert instants == sorted(set(instants))
    assert all(power_w >= 0.0 for _, power_w in forecast.rows)
    power_w = sun_at(forecast, datetime(2026, 3, 28, tzinfo=UTC) + minutes * MINUTE)
    assert power_w is None or power_w >= 0.0
