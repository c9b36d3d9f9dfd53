"""Real evenings: what the core asks on them is answered with allowed plans and true reasons."""

from functools import cache

import pytest

from bench.replay import Life, live
from custom_components.mobilize_flex.core.model.plan import Plan, PlanQuestion
from custom_components.mobilize_flex.core.plan.agreement import agrees
from custom_components.mobilize_flex.core.plan.planner import make_plan
from tests.core.plan.asked import powers
from tests.core.plan.evenings import question

EVENINGS = range(80)


@cache
def evening(seed: int) -> tuple[PlanQuestion, Plan, Life]:
    asked = question(seed)
    plan = make_plan(asked)
    return asked, plan, live(asked, powers(plan))


@pytest.mark.parametrize("seed", EVENINGS)
def test_every_plan_of_an_evening_is_allowed_and_says_why(seed: int) -> None:
    asked, plan, life = evening(seed)
    assert set(life.broken) <= {"run cut 0"}  # what was going on may not be possible any more
    assert [k for k in range(len(plan.slots)) if not agrees(asked, plan, k)] == []


@pytest.mark.parametrize("seed", EVENINGS)
def test_no_forecast_takes_a_car_below_its_next_target(seed: int) -> None:
    asked, plan, _ = evening(seed)
    assert asked.known is not None
    ends = [*((d.slot, d.target_soc_pct) for d in asked.departures), (len(asked.slot_s), asked.held_soc_pct)]
    border = asked.known.index(False) if False in asked.known else len(asked.known)
    for k, slot in enumerate(plan.slots):
        target = next(target for end, target in ends if k < end)
        if slot.power_w < 0 and k >= border:
            assert slot.soc_end_pct >= target - 0.01
    given = any(slot.power_w < 0 for slot in plan.slots[:border])
    if given and border < ends[0][0]:
        assert plan.slots[border - 1].soc_end_pct >= min(asked.soc_now_pct, ends[0][1]) - 0.01


@pytest.mark.parametrize("seed", EVENINGS)
def test_house_and_sun_of_a_question_make_sense(seed: int) -> None:
    asked, _, _ = evening(seed)
    assert min(asked.house_w) >= 0.0
    assert min(asked.sun_w) >= 0.0
    assert sum(asked.slot_s) <= 48 * 3600 + 1


@pytest.mark.parametrize("seed", EVENINGS)
def test_the_value_of_a_stored_kwh_is_one_somebody_would_pay(seed: int) -> None:
    asked, plan, _ = evening(seed)
    dearest = max(map(abs, asked.import_per_kwh))
    resting = [slot.stored_value_per_kwh for slot in plan.slots if not slot.power_w]
    assert all(abs(worth) <= 3 * dearest + 1e-9 for worth in resting)
