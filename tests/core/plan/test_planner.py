"""What the plan does on nights a reader can work out by hand."""

from dataclasses import replace
from datetime import timedelta
from math import nan

import pytest

from bench.replay import live
from custom_components.mobilize_flex.core.model.plan import EfficiencyStep, PlannedDeparture, PlanQuestion, PowerRange
from custom_components.mobilize_flex.core.model.reasons import Reason
from custom_components.mobilize_flex.core.plan.planner import make_plan
from tests.core.plan.asked import BOTH_WAYS, EVENING, busy, hours, leaving, powers

CHEAP_AT_NIGHT = (0.30, 0.30, 0.10, 0.10, 0.12, 0.30, 0.30, 0.30)
PEAK_FIRST = (0.70, 0.70, 0.15, 0.15, 0.15, 0.15, 0.15, 0.15)


def test_charges_in_the_cheapest_hours_and_leaves_with_the_target() -> None:
    plan = make_plan(hours(*CHEAP_AT_NIGHT, departures=leaving(8, 80.0)))
    assert busy(plan) == [2, 3, 4]
    assert plan.slots[-1].soc_end_pct == pytest.approx(80.0)
    assert powers(plan)[2:4] == [7400.0, 7400.0]


def test_the_plan_says_when_the_target_is_met() -> None:
    plan = make_plan(hours(*CHEAP_AT_NIGHT, departures=leaving(8, 80.0)))
    assert plan.departure == EVENING + timedelta(hours=8)
    assert plan.target_met_at is not None
    assert EVENING + timedelta(hours=4) < plan.target_met_at <= EVENING + timedelta(hours=5)
    assert plan.limited_by is None


def test_nothing_asked_for_nothing_done() -> None:
    assert busy(make_plan(hours(*CHEAP_AT_NIGHT))) == []


def test_a_price_that_never_changes_leaves_charging_to_the_last_moment_in_one_go() -> None:
    plan = make_plan(hours(*(0.2,) * 8, departures=leaving(8, 80.0)))
    assert busy(plan) == [5, 6, 7]
    assert plan.slots[0].why.reason is Reason.NO_HURRY


def test_a_run_that_is_on_goes_on_rather_than_start_again_later() -> None:
    plan = make_plan(hours(*(0.2,) * 8, departures=leaving(8, 80.0), initial_mode=1))
    assert busy(plan) == [0, 1, 2]


def test_the_house_is_covered_at_the_peak_and_the_battery_filled_at_night() -> None:
    plan = make_plan(hours(*PEAK_FIRST, departures=leaving(8, 50.0), discharge=BOTH_WAYS, house_w=(2000.0,) * 8))
    assert powers(plan)[:2] == [-2000.0, -2000.0]
    assert plan.slots[0].why.reason is Reason.HIGH_PRICE
    assert plan.slots[-1].soc_end_pct == pytest.approx(50.0)


def test_without_consent_to_feed_in_the_car_gives_no_more_than_the_house_takes() -> None:
    at_home = hours(*PEAK_FIRST, export_per_kwh=(0.6,) * 8, discharge=BOTH_WAYS, house_w=(2000.0,) * 8)
    assert min(powers(make_plan(at_home))) == -2000.0
    plan = make_plan(replace(at_home, feed_in_from_car=True))
    assert min(powers(plan)) == -7400.0
    assert plan.slots[0].why.reason is Reason.SELL_PRICE


def test_a_house_below_the_least_discharge_is_not_covered() -> None:
    plan = make_plan(hours(*PEAK_FIRST, departures=leaving(8, 50.0), discharge=BOTH_WAYS, house_w=(900.0,) * 8))
    assert busy(plan) == []


def test_a_spread_that_losses_eat_is_left_alone_and_said_so() -> None:
    plan = make_plan(hours(0.21, 0.21, 0.19, 0.19, departures=leaving(4, 40.0), discharge=BOTH_WAYS,
                           house_w=(2000.0,) * 4, terminal_value_per_kwh=0.21))  # fmt: skip
    assert busy(plan) == []
    assert plan.slots[0].why.reason is Reason.SPREAD_TOO_SMALL


def test_giving_back_stops_at_the_minimum() -> None:
    plan = make_plan(hours(0.7, 0.7, 0.7, 0.1, soc_now_pct=30.0, discharge=BOTH_WAYS, house_w=(2000.0,) * 4))
    assert min(slot.soc_end_pct for slot in plan.slots) == pytest.approx(20.0)


def test_below_the_minimum_charging_starts_at_once_whatever_it_costs() -> None:
    plan = make_plan(hours(0.9, 0.1, 0.1, soc_now_pct=10.0))
    assert plan.slots[0].power_w > 5000
    assert plan.slots[0].why.reason is Reason.BELOW_MINIMUM
    assert plan.slots[0].soc_end_pct >= 20.0


def test_charging_never_makes_the_house_exceed_its_connection() -> None:
    plan = make_plan(hours(*(0.2,) * 8, departures=leaving(8, 80.0), house_w=(4000.0,) * 8))
    assert max(powers(plan)) == pytest.approx(5000.0)


def test_the_car_relieves_a_house_that_draws_too_much() -> None:
    house_w = (500.0, 11_000.0, 500.0, 500.0)
    plan = make_plan(hours(*(0.2,) * 4, house_w=house_w, discharge=BOTH_WAYS, terminal_value_per_kwh=0.3))
    assert powers(plan)[1] == pytest.approx(-2000.0)
    assert plan.slots[1].why.reason is Reason.HOUSE_LIMIT


def test_the_sun_is_taken_before_it_is_given_away() -> None:
    sun = (0.0, 4000.0, 4000.0, 4000.0, 0.0, 0.0)
    plan = make_plan(hours(*(0.2,) * 6, sun_w=sun, departures=leaving(6, 68.0)))
    assert powers(plan) == pytest.approx([0.0, 3000.0, 3500.0, 3500.0, 0.0, 0.0], abs=600)
    assert plan.slots[2].why.reason is Reason.SUN


def test_a_price_below_zero_fills_the_car_to_its_ceiling() -> None:
    plan = make_plan(hours(0.2, -0.1, -0.1, -0.1, -0.1, 0.2))
    assert plan.slots[-1].soc_end_pct == pytest.approx(80.0)
    assert {plan.slots[k].why.reason for k in busy(plan)} == {Reason.CHEAP_PRICE}


def test_above_eighty_only_in_the_last_stretch() -> None:
    plan = make_plan(hours(*(0.1,) * 4, *(0.4,) * 4, soc_max_pct=95.0, departures=leaving(8, 95.0),
                           final_approach_slots=2))  # fmt: skip
    assert [slot.soc_end_pct <= 80.001 for slot in plan.slots[:6]] == [True] * 6
    assert plan.slots[5].soc_end_pct == pytest.approx(80.0)
    assert plan.slots[-1].soc_end_pct == pytest.approx(95.0)


def test_a_session_may_breathe_above_the_owners_maximum_but_leaves_under_it() -> None:
    plan = make_plan(hours(0.1, 0.1, 0.1, 0.7, 0.7, 0.7, soc_now_pct=65.0, soc_max_pct=70.0, discharge=BOTH_WAYS,
                           departures=leaving(6, 70.0), house_w=(3000.0,) * 6))  # fmt: skip
    assert max(slot.soc_end_pct for slot in plan.slots) > 75.0
    assert plan.slots[-1].soc_end_pct <= 70.001


@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        ({}, Reason.STATION_LIMIT),
        ({"house_w": (6000.0, 6000.0)}, Reason.HOUSE_LIMIT),
        ({"charge_limit_w": (4200.0, 4200.0)}, Reason.EXTERNAL_LIMIT),
        ({"soc_now_pct": 79.0, "soc_max_pct": 90.0}, Reason.CEILING_REACHED),
    ],
)
def test_a_target_out_of_reach_is_told_with_what_stands_in_the_way(changes: dict[str, object], limit: Reason) -> None:
    plan = make_plan(hours(0.2, 0.2, departures=leaving(2, 90.0), **changes))
    assert plan.limited_by is limit
    assert plan.reachable_soc_pct is not None
    assert plan.reachable_soc_pct < 90.0
    assert plan.slots[-1].soc_end_pct == pytest.approx(plan.reachable_soc_pct)


def test_a_target_out_of_reach_says_when_it_would_be_met() -> None:
    plan = make_plan(hours(0.2, 0.2, departures=leaving(2, 90.0)))
    missing_kwh = 50 * 0.9 - 50 * 0.5 - 2 * 7.4 * 0.9
    assert plan.target_met_at == EVENING + timedelta(hours=2 + missing_kwh / (7.4 * 0.9))
    assert {slot.why.reason for slot in plan.slots} == {Reason.DEPARTURE_AT_RISK}


def test_the_car_is_left_alone_while_it_is_away_and_charged_for_the_next_trip() -> None:
    trips = (*leaving(2, 50.0, back=5, trip_wh=10_000.0), PlannedDeparture(slot=9, target_soc_pct=50.0))
    plan = make_plan(hours(*(0.2,) * 5, 0.3, 0.1, 0.1, 0.3, departures=trips))
    assert busy(plan) == [6, 7]
    assert [plan.slots[k].why.reason for k in (2, 3, 4)] == [Reason.NOT_CONNECTED] * 3
    assert plan.slots[4].soc_end_pct == pytest.approx(30.0)


def test_a_trip_longer_than_the_battery_is_charged_for_beforehand() -> None:
    plan = make_plan(hours(*(0.2,) * 8, soc_now_pct=40.0, departures=leaving(4, 40.0, back=6, trip_wh=30_000.0)))
    assert plan.slots[3].soc_end_pct >= 60.0


def test_every_run_lasts_as_long_as_it_must() -> None:
    prices = (0.30, 0.10, 0.30, 0.30, 0.10, 0.30, 0.30, 0.10)
    short = hours(*prices, soc_now_pct=50.0, departures=leaving(8, 85.0), overshoot_pct=90.0)
    assert busy(make_plan(short)) == [1, 4, 7]
    longer = replace(short, min_run_slots=3, min_idle_slots=2)
    plan = make_plan(longer)
    assert live(longer, powers(plan)).broken == []
    assert live(longer, powers(make_plan(short))).broken != []


def test_a_start_is_worth_its_cost() -> None:
    prices = (0.10, 0.11, 0.10, 0.30)
    car = hours(*prices, departures=leaving(4, 76.0), soc_now_pct=50.0)
    assert busy(make_plan(car)) == [0, 2]
    assert busy(make_plan(replace(car, start_cost=0.3))) in ([0, 1], [0, 1, 2])


def test_efficiency_by_power_makes_the_car_charge_hard_or_not_at_all() -> None:
    steps = PowerRange(min_w=1400.0, max_w=7400.0, efficiency=(EfficiencyStep(0.0, 0.7), EfficiencyStep(6000.0, 0.92)))
    plan = make_plan(hours(*(0.2,) * 8, departures=leaving(8, 76.4), charge=steps))
    assert {power >= 6000.0 for power in powers(plan) if power} == {True}


def test_a_short_first_slot_is_a_slot_like_any_other() -> None:
    plan = make_plan(replace(hours(*CHEAP_AT_NIGHT, departures=leaving(8, 80.0)), slot_s=(420.0, *(3600.0,) * 7)))
    assert plan.slots[0].end == EVENING + timedelta(minutes=7)
    assert plan.slots[-1].soc_end_pct == pytest.approx(80.0)


def test_a_chance_of_leaving_early_brings_charging_forward_when_it_costs_nothing() -> None:
    flat = hours(*(0.2,) * 8, departures=leaving(8, 80.0))
    careful = replace(flat, unplug_hazard=(0.02,) * 8, comfort_soc_pct=80.0, comfort_per_kwh=0.4)
    assert busy(make_plan(flat)) == [5, 6, 7]
    assert busy(make_plan(careful)) == [0, 1, 2]
    dear_now = replace(careful, import_per_kwh=(0.5, 0.5, 0.5, 0.5, 0.2, 0.2, 0.2, 0.2))
    assert min(busy(make_plan(dear_now))) >= 4


def test_energy_under_the_target_is_not_lent_on_the_strength_of_a_forecast() -> None:
    lent = hours(0.7, 0.7, 0.4, 0.4, 0.1, 0.1, 0.1, 0.1, departures=leaving(8, 50.0), discharge=BOTH_WAYS,
                 house_w=(3000.0,) * 8)  # fmt: skip
    assert min(powers(make_plan(lent))) < 0
    unsure = replace(lent, known=(True,) * 2 + (False,) * 6)
    assert [k for k, power in enumerate(powers(make_plan(unsure))) if power < 0] == []


def test_energy_under_the_target_is_lent_when_known_prices_bring_it_back() -> None:
    lent = hours(0.7, 0.7, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, departures=leaving(8, 50.0), discharge=BOTH_WAYS,
                 house_w=(3000.0,) * 8, known=(True,) * 4 + (False,) * 4)  # fmt: skip
    plan = make_plan(lent)
    assert powers(plan)[:2] == [-3000.0, -3000.0]
    assert plan.slots[3].soc_end_pct >= 49.99


def test_energy_above_the_target_may_go_by_forecast() -> None:
    spare = hours(0.2, 0.7, 0.7, 0.2, soc_now_pct=70.0, departures=leaving(4, 50.0), discharge=BOTH_WAYS,
                  house_w=(3000.0,) * 4, known=(True, False, False, False))  # fmt: skip
    plan = make_plan(spare)
    assert powers(plan)[1:3] == [-3000.0, -3000.0]
    assert min(slot.soc_end_pct for slot in plan.slots) >= 49.99


def test_the_worth_of_a_stored_kwh_explains_the_plan() -> None:
    plan = make_plan(hours(*PEAK_FIRST, departures=leaving(8, 50.0), discharge=BOTH_WAYS, house_w=(2000.0,) * 8))
    worth = plan.slots[0].stored_value_per_kwh
    assert 0.15 < worth < 0.70 * 0.9


def test_an_empty_horizon_is_an_empty_plan() -> None:
    assert make_plan(hours()).slots == ()


@pytest.mark.parametrize(
    "odd",
    [
        {"soc_now_pct": 130.0},
        {"soc_now_pct": -5.0},
        {"soc_now_pct": nan},
        {"import_per_kwh": (0.2, nan, 0.2, 0.2)},
        {"export_per_kwh": (nan,) * 4},
        {"house_w": (nan, -500.0, 1e9, 0.0)},
        {"import_limit_w": (0.0,) * 4},
        {"import_limit_w": (float("inf"),) * 4},
        {"capacity_wh": 0.0},
        {"soc_min_pct": 90.0, "soc_max_pct": 10.0},
        {"charge": PowerRange(min_w=8000.0, max_w=7000.0, efficiency=())},
        {"discharge": PowerRange(min_w=0.0, max_w=1e9, efficiency=(EfficiencyStep(0.0, 0.0),))},
        {"departures": leaving(0, 80.0)},
        {"departures": leaving(9, 80.0)},
        {"departures": leaving(2, 180.0, back=1)},
        {"departures": leaving(1, 50.0, back=4, trip_wh=1e6)},
        {"initial_mode": 7, "initial_mode_slots": -3, "min_run_slots": -1},
        {"unplug_hazard": (2.0,) * 4, "comfort_soc_pct": 50.0, "comfort_per_kwh": 1.0},
    ],
)
def test_odd_figures_still_get_a_plan(odd: dict[str, object]) -> None:
    asked = replace(hours(*(0.2,) * 4, departures=leaving(4, 70.0), discharge=BOTH_WAYS), **odd)
    plan = make_plan(asked)
    assert len(plan.slots) == 4
    assert all(0.0 <= slot.soc_end_pct <= 100.0 for slot in plan.slots)


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        ({"import_per_kwh": (0.2,) * 3}, "import_per_kwh"),
        ({"house_w": ()}, "house_w"),
        ({"known": (True,)}, "known"),
        ({"charge_limit_w": (1.0,) * 9}, "charge_limit_w"),
        ({"slot_s": (3600.0, 0.0, 3600.0, 3600.0)}, "slot_s"),
    ],
)
def test_figures_of_different_length_are_refused_by_name(broken: dict[str, object], named: str) -> None:
    asked: PlanQuestion = replace(hours(*(0.2,) * 4), **broken)
    with pytest.raises(ValueError, match=named):
        make_plan(asked)
