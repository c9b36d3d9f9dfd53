"""A Tempo day nobody has coloured yet costs what it probably will."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.mobilize_flex.core.model.contracts import Tempo
from custom_components.mobilize_flex.core.model.facts import PricesPublished
from custom_components.mobilize_flex.core.model.prices import Certainty
from custom_components.mobilize_flex.core.tariff.curve import price_curve
from custom_components.mobilize_flex.core.tariff.tempo import RED_DAYS, WHITE_DAYS, usual_chances

ZONE = ZoneInfo("Europe/Paris")
CONTRACT = Tempo(
    blue_off_peak=0.13, blue_peak=0.16, white_off_peak=0.15, white_peak=0.19, red_off_peak=0.16, red_peak=0.73
)


def noon_price(contract: Tempo, day: date) -> float:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZONE)
    curve = price_curve(
        contract, PricesPublished(()), ZONE, noon.astimezone(UTC), noon.astimezone(UTC) + timedelta(hours=2)
    )
    assert curve.slots[0].certainty is Certainty.EXPECTED
    return curve.slots[0].import_per_kwh


def test_over_a_season_the_chances_add_up_to_the_days_of_each_colour() -> None:
    days = [date(2026, 9, 1) + timedelta(days=k) for k in range(365)]
    assert sum(usual_chances(day)[1] for day in days) == pytest.approx(RED_DAYS, rel=0.03)
    assert sum(usual_chances(day)[0] for day in days) == pytest.approx(WHITE_DAYS, rel=0.03)


@pytest.mark.parametrize(
    ("day", "red", "white"),
    [
        (date(2026, 7, 15), False, False),
        (date(2027, 1, 13), True, True),
        (date(2027, 1, 16), False, True),
        (date(2027, 1, 17), False, False),
    ],
)
def test_red_falls_on_winter_weekdays_and_white_never_on_a_sunday(day: date, red: bool, white: bool) -> None:
    chances = usual_chances(day)
    assert (chances[1] > 0, chances[0] > 0) == (red, white)


def test_a_winter_weekday_is_expected_to_cost_more_than_a_summer_one() -> None:
    assert noon_price(CONTRACT, date(2026, 7, 15)) == pytest.approx(0.16)
    assert 0.2 < noon_price(CONTRACT, date(2027, 1, 13)) < 0.4


def test_a_forecast_of_colours_counts_more_than_habit() -> None:
    sure = replace(CONTRACT, forecast=((date(2027, 1, 13), 0.0, 1.0),))
    assert noon_price(sure, date(2027, 1, 13)) == pytest.approx(0.73)
