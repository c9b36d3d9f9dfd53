"""Inside a slot: the power follows the house and the sun of the moment, and what the car does turns seldom."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.mobilize_flex.core.control.inside import CALM_S, Home, calm, following
from custom_components.mobilize_flex.core.model.plan import PlanSlot
from custom_components.mobilize_flex.core.model.reasons import Reason, Why

T0 = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


def slot(
    power_w: float, reason: Reason = Reason.HIGH_PRICE, *, bought: float = 0.4, sold: float = 0.1, stored: float = 0.2
) -> PlanSlot:
    return PlanSlot(
        start=T0,
        end=T0 + timedelta(minutes=15),
        power_w=power_w,
        soc_end_pct=50.0,
        import_per_kwh=bought,
        export_per_kwh=sold,
        stored_value_per_kwh=stored,
        why=Why(reason),
    )


def home(house_w: float, *, may_feed: bool = True, recent_w: float | None = None) -> Home:
    return Home(
        house_w=house_w,
        recent_w=house_w if recent_w is None else recent_w,
        min_charge_w=1400.0,
        min_discharge_w=1000.0,
        charge_share=0.9,
        discharge_share=0.9,
        ageing_per_kwh=0.01,
        may_feed=may_feed,
    )


@pytest.mark.parametrize(
    ("planned_w", "house_w", "prices", "power_w"),
    [
        (-2000.0, 3000.0, {}, -3000.0),
        (-2000.0, 1200.0, {}, -1200.0),
        (-2000.0, 3000.0, {"sold": 0.3}, -3000.0),
        (-2000.0, 1200.0, {"sold": 0.3}, -2000.0),
        (-2000.0, 3000.0, {"bought": 0.2}, -2000.0),
        (-2000.0, 1200.0, {"bought": 0.2}, -1200.0),
        (-2000.0, 900.0, {}, -1000.0),
        (-2000.0, 100.0, {}, -100.0),
        (5000.0, 3000.0, {}, 5000.0),
        (0.0, 3000.0, {}, 0.0),
    ],
)
def test_what_is_given_back_follows_the_house_as_far_as_that_pays(
    planned_w: float, house_w: float, prices: dict[str, float], power_w: float
) -> None:
    assert following(slot(planned_w, **prices), home(house_w)) == power_w


def test_a_house_that_draws_too_little_is_not_covered_where_nothing_may_be_fed_in() -> None:
    assert following(slot(-2000.0), home(900.0, may_feed=False)) == -900.0


def test_a_house_that_seems_to_draw_too_little_for_a_moment_is_no_reason_to_stop() -> None:
    assert following(slot(-2000.0), home(400.0, may_feed=False, recent_w=1500.0)) == -1000.0


@pytest.mark.parametrize(
    ("house_w", "prices", "power_w"),
    [
        (-3000.0, {}, 3000.0),
        (-5000.0, {}, 5000.0),
        (-5000.0, {"sold": 0.19}, 4000.0),
        (-1300.0, {"bought": 0.2}, 1400.0),
        (-700.0, {}, 0.0),
        (500.0, {}, 0.0),
        (500.0, {"bought": 0.1}, 1400.0),
    ],
)
def test_a_charge_from_the_sun_follows_what_the_sun_leaves(
    house_w: float, prices: dict[str, float], power_w: float
) -> None:
    assert following(slot(4000.0, Reason.SUN, **prices), home(house_w)) == power_w


@given(st.floats(-8000, 8000), st.floats(-8000, 8000), st.floats(0, 1), st.floats(-0.5, 1), st.floats(-0.5, 1))
def test_whatever_the_house_does_the_direction_is_that_of_the_slot(
    planned_w: float, house_w: float, bought: float, sold: float, stored: float
) -> None:
    planned = slot(planned_w, Reason.SUN, bought=bought, sold=sold, stored=stored)
    assert following(planned, home(house_w)) * planned_w >= 0.0


@pytest.mark.parametrize(
    ("power_w", "mode", "stopped_s", "reason", "may"),
    [
        (-2000.0, 0, 60.0, Reason.HIGH_PRICE, False),
        (-2000.0, 0, CALM_S, Reason.HIGH_PRICE, True),
        (-2000.0, -1, 1.0, Reason.HIGH_PRICE, True),
        (2000.0, -1, 60.0, Reason.CHEAP_PRICE, False),
        (2000.0, 0, 60.0, Reason.DEPARTURE, True),
        (0.0, 1, 0.0, Reason.NO_HURRY, True),
    ],
)
def test_to_begin_for_money_waits_to_stop_or_to_be_ready_does_not(
    power_w: float, mode: int, stopped_s: float, reason: Reason, may: bool
) -> None:
    assert calm(power_w, reason, mode, stopped_s) is may
