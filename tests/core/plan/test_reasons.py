"""Each reason says what is true of the plan, and a false one would be noticed."""

from collections import Counter
from dataclasses import replace

import pytest

from custom_components.mobilize_flex.core.model.plan import Plan
from custom_components.mobilize_flex.core.model.reasons import Reason, Why
from custom_components.mobilize_flex.core.plan.agreement import agrees
from custom_components.mobilize_flex.core.plan.planner import make_plan
from tests.core.plan.asked import BOTH_WAYS, ONE_WAY, hours, leaving, made_up, planned

HOMES = range(10_001, 10_161)


@pytest.mark.parametrize("seed", HOMES)
def test_every_reason_agrees_with_its_plan(seed: int) -> None:
    asked, plan = planned(seed)
    assert [k for k in range(len(plan.slots)) if not agrees(asked, plan, k)] == []


@pytest.mark.parametrize("seed", range(10_001, 10_031))
def test_every_reason_agrees_when_the_car_may_leave_early(seed: int) -> None:
    asked = made_up(seed)
    careful = replace(
        asked,
        start_cost=0.02,
        unplug_hazard=tuple(0.01 * s / 3600 for s in asked.slot_s),
        comfort_soc_pct=asked.soc_max_pct,
        comfort_per_kwh=max(asked.import_per_kwh),
    )
    plan = make_plan(careful)
    assert [k for k in range(len(plan.slots)) if not agrees(careful, plan, k)] == []


BUSY_HOUSE = {"house_w": (2000.0,) * 5}


def told(plan: Plan, index: int, why: Why) -> Plan:
    """Return a plan that gives another reason for one slot."""
    slots = list(plan.slots)
    slots[index] = replace(slots[index], why=why)
    return replace(plan, slots=tuple(slots))


def test_a_reason_borrowed_from_another_slot_is_mostly_found_out() -> None:
    found, tried = 0, 0
    for seed in range(10_001, 10_041):
        asked, plan = planned(seed)
        for k, slot in enumerate(plan.slots):
            other = plan.slots[(k * 7 + 3) % len(plan.slots)].why
            if other.reason is not slot.why.reason:
                tried += 1
                found += not agrees(asked, told(plan, k, other), k)
    assert tried > 500
    assert found / tried > 0.9


def test_a_wrong_figure_is_found_out() -> None:
    asked = hours(0.30, 0.30, 0.10, 0.10, 0.30, departures=leaving(5, 70.0))
    plan = make_plan(asked)
    why = plan.slots[0].why
    assert why.reason is Reason.WAITING_FOR_CHEAPER
    wrong = Why(why.reason, tuple((name, 0.2 if name == "cheaper_price" else value) for name, value in why.values))
    assert agrees(asked, plan, 0)
    assert not agrees(asked, told(plan, 0, wrong), 0)


def test_few_slots_are_left_without_a_better_word_than_steady() -> None:
    words = Counter(slot.why.reason for seed in HOMES for slot in planned(seed)[1].slots)
    assert words[Reason.STEADY] < 0.03 * words.total()
    assert len(words) > 12


@pytest.mark.parametrize(
    ("reason", "slot", "changes"),
    [
        (Reason.WAITING_FOR_CHEAPER, 0, {"departures": leaving(5, 70.0)}),
        (Reason.CHEAP_PRICE, 2, {"departures": leaving(5, 70.0)}),
        (Reason.TARGET_REACHED, 4, {"departures": leaving(5, 70.0)}),
        (Reason.NO_PROGRAMME, 0, {}),
        (Reason.DEPARTURE, 4, {"departures": leaving(5, 79.0), "house_w": (5000.0,) * 5}),
        (Reason.DEPARTURE_AT_RISK, 0, {"departures": leaving(2, 80.0)}),
        (Reason.BELOW_MINIMUM, 0, {"soc_now_pct": 12.0}),
        (Reason.MINIMUM_REACHED, 0, {"soc_now_pct": 20.0, "discharge": BOTH_WAYS, "charge": ONE_WAY} | BUSY_HOUSE),
        (Reason.EXTERNAL_LIMIT, 2, {"charge_limit_w": (0.0,) * 4 + (7400.0,), "departures": leaving(5, 60.0)}),
        (Reason.HOUSE_LIMIT, 2, {"house_w": (8500.0,) * 4 + (500.0,), "departures": leaving(5, 60.0)}),
        (Reason.MINIMUM_POWER, 0, {"discharge": BOTH_WAYS, "house_w": (900.0, 2000.0, 900.0, 900.0, 900.0)}),
    ],
)
def test_the_word_for_a_plain_situation(reason: Reason, slot: int, changes: dict[str, object]) -> None:
    asked = hours(0.30, 0.30, 0.10, 0.10, 0.30, **changes)
    plan = make_plan(asked)
    assert plan.slots[slot].why.reason is reason
    assert agrees(asked, plan, slot)


def test_who_rests_because_cheaper_energy_after_an_outing_needs_the_room_says_so() -> None:
    asked, plan = planned(30_521)
    assert [plan.slots[k].why.reason for k in range(6)] == [Reason.ROOM_FOR_LATER] * 6
    assert [k for k in range(len(plan.slots)) if not agrees(asked, plan, k)] == []


def test_who_gives_back_at_a_loss_makes_room_and_sells_nothing() -> None:
    sold = {"discharge": BOTH_WAYS, "soc_now_pct": 78.0, "export_per_kwh": (-0.05, -0.60, -0.60, -0.60)}
    asked = hours(-0.02, -0.60, -0.60, -0.60, feed_in_from_car=True, **sold)
    plan = make_plan(asked)
    assert plan.slots[0].power_w < 0.0
    assert plan.slots[0].why.reason is Reason.ROOM_FOR_LATER
    assert agrees(asked, plan, 0)


def test_the_sentence_of_a_peak_has_its_figures() -> None:
    asked = hours(0.20, 0.70, 0.15, 0.15, departures=leaving(4, 50.0), discharge=BOTH_WAYS, house_w=(2000.0,) * 4)
    plan = make_plan(asked)
    waiting, giving = dict(plan.slots[0].why.values), dict(plan.slots[1].why.values)
    assert plan.slots[0].why.reason is Reason.WAITING_FOR_PEAK
    assert waiting == {"price": 0.2, "peak_price": 0.7, "at": plan.slots[1].start.isoformat()}
    assert (giving["price"], giving["refill_price"]) == (0.7, 0.15)
    assert giving["spread"] == pytest.approx(0.7 * 0.9 - 0.15 / 0.9 - 0.02, abs=1e-3)
