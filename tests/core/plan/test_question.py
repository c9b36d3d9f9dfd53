"""Energy left in the car is worth what it spares, and no more than it can bring."""

import pytest

from custom_components.mobilize_flex.core.plan.question import terminal_value

NIGHT_AND_DAY = [0.16] * 8 + [0.22] * 16
HOURS = [1.0] * 24


def worth(prices: list[float], hours: list[float], discharge: float | None = None, ageing: float = 0.01) -> float:
    return terminal_value(prices, hours, charge_efficiency=0.9, discharge_efficiency=discharge, ageing_per_kwh=ageing)


def test_it_spares_the_cheapest_refill() -> None:
    assert worth(NIGHT_AND_DAY, HOURS) == pytest.approx(0.16 / 0.9 + 0.01)


def test_a_car_that_gives_holds_no_more_than_the_house_would_pay() -> None:
    mean = (8 * 0.16 + 16 * 0.22) / 24
    assert worth(NIGHT_AND_DAY, HOURS, discharge=0.9) == pytest.approx(mean * 0.9 - 0.01)


def test_only_the_last_day_counts() -> None:
    assert worth([0.01] * 10 + [0.2] * 24, [1.0] * 34) == pytest.approx(0.2 / 0.9 + 0.01)


@pytest.mark.parametrize(("prices", "hours"), [([], []), ([-0.5], [1.0])])
def test_it_is_never_below_nothing(prices: list[float], hours: list[float]) -> None:
    assert worth(prices, hours) == 0.0
