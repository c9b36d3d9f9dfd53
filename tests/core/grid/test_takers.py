"""What a car may have taken when the meter measured: what its station said, or what it was told meanwhile."""

import pytest

from custom_components.mobilize_flex.core.grid.takers import Taker, footing
from custom_components.mobilize_flex.core.model.electric import MeterReading, StationReadings
from tests.core.grid.scenes import ONE, SITE

FOOTING = footing(SITE, ONE, MeterReading(), StationReadings())
RAISED_S = 100.0


def car(*measured: tuple[float, float], order_w: float = 4600.0, takes_w: float | None = None) -> Taker:
    """Return a car told to take another power at second 100."""
    return Taker(
        place=("ST1", 1), station=ONE, footing=FOOTING, active=True, measured=measured, ordered_w=(order_w,),
        changed_s=RAISED_S, takes_w=takes_w,
    )  # fmt: skip


@pytest.mark.parametrize("seconds", [101.0, 104.0, 108.0, 114.0])
def test_a_meter_that_sees_a_car_follow_before_its_station_tells_does_not_see_a_kettle(seconds: float) -> None:
    assert car((seconds, 4140.0)).span_w(seconds) == (4140.0, 4600.0)


def test_a_car_that_followed_takes_what_it_measures() -> None:
    assert car((104.0, 4140.0), (108.0, 4580.0)).span_w(108.0) == (4580.0, 4580.0)


def test_a_car_that_did_not_follow_for_long_takes_what_it_measures() -> None:
    assert car((114.0, 4140.0), (116.0, 4140.0)).span_w(116.0) == (4140.0, 4140.0)


def test_a_car_known_to_take_no_more_is_not_waited_for() -> None:
    assert car((104.0, 3700.0), order_w=7000.0, takes_w=3720.0).span_w(104.0) == (3700.0, 3700.0)
    assert car((104.0, 3700.0), order_w=7000.0).span_w(104.0) == (3700.0, 7000.0)


def test_a_cut_that_is_not_followed_yet_counts_with_both() -> None:
    assert car((105.0, 7360.0), order_w=1380.0).span_w(105.0) == (1380.0, 7360.0)
