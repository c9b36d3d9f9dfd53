"""Homes nobody has: whatever is asked, there is a plan, it is allowed, costs what it says, and tells the truth."""

from functools import cache
from math import isfinite

import pytest

from bench.oddities import oddity
from bench.plan import question
from bench.replay import Life, live
from custom_components.mobilize_flex.core.model import plan as model
from custom_components.mobilize_flex.core.model.plan import Plan, PlanQuestion
from custom_components.mobilize_flex.core.plan.agreement import agrees
from custom_components.mobilize_flex.core.plan.planner import make_plan
from tests.core.plan.asked import powers

ODD = range(90)
FORCED = {23: ["run cut 9"]}
"""A run that may not end has emptied the battery: something has to give."""


@cache
def odd(seed: int) -> tuple[PlanQuestion, Plan, Life]:
    asked: PlanQuestion = question(oddity(seed), model)
    plan = make_plan(asked)
    return asked, plan, live(asked, powers(plan))


@pytest.mark.parametrize("seed", ODD)
def test_every_plan_is_allowed_and_costs_what_it_says(seed: int) -> None:
    _, plan, life = odd(seed)
    assert life.broken == FORCED.get(seed, [])
    assert life.cost == pytest.approx(plan.cost, rel=1e-6, abs=2e-3)


@pytest.mark.parametrize("seed", ODD)
def test_every_reason_agrees_and_every_figure_is_one(seed: int) -> None:
    asked, plan, _ = odd(seed)
    assert [k for k in range(len(plan.slots)) if not agrees(asked, plan, k)] == []
    assert all(isfinite(slot.stored_value_per_kwh) and isfinite(slot.soc_end_pct) for slot in plan.slots)
    assert plan.reachable_soc_pct is None or 0.0 <= plan.reachable_soc_pct <= 100.0
