"""Hundreds of made-up homes: every plan is allowed, costs what it says, and nothing simple beats it."""

from dataclasses import replace
from random import Random

import pytest

from bench.replay import allowed_w, away_slots, live
from custom_components.mobilize_flex.core.model.plan import PlanQuestion
from custom_components.mobilize_flex.core.plan import search
from custom_components.mobilize_flex.core.plan.intake import read
from custom_components.mobilize_flex.core.plan.planner import make_plan
from tests.core.plan.asked import made_up, planned, powers

HOMES = range(10_001, 10_161)
FEW = range(10_001, 10_017)


@pytest.mark.parametrize("seed", HOMES)
def test_every_plan_is_allowed_and_costs_what_it_says(seed: int) -> None:
    asked, plan = planned(seed)
    life = live(asked, powers(plan))
    assert life.broken == []
    assert life.cost == pytest.approx(plan.cost, abs=2e-3)
    assert [slot.soc_end_pct for slot in plan.slots] == pytest.approx(life.soc_pct, abs=0.01)


def plain_charge(asked: PlanQuestion, seed: int) -> list[float]:
    """Return the powers of somebody who charges at random hours, never too much, and never gives."""
    dice, away = Random(seed), away_slots(asked)
    energy, out = asked.soc_now_pct / 100 * asked.capacity_wh, []
    for k, seconds in enumerate(asked.slot_s):
        least, most = allowed_w(asked, k, 1)
        most = min(most, asked.import_limit_w[k] - asked.house_w[k] + asked.sun_w[k])
        power = dice.uniform(least, most) if most >= least and dice.random() < 0.5 else 0.0
        moved = power * seconds / 3600 * 0.95
        if k in away or energy + moved > asked.overshoot_pct / 100 * asked.capacity_wh:
            power = moved = 0.0
        energy += moved
        out.append(power)
    return out


@pytest.mark.parametrize("seed", FEW)
def test_nobody_does_better_by_chance(seed: int) -> None:
    asked, plan = planned(seed)
    easy = replace(asked, min_run_slots=1, min_idle_slots=1)
    for chance in range(30):
        life = live(easy, plain_charge(easy, chance))
        assert life.broken != [] or life.cost >= plan.cost - 1e-6


@pytest.mark.parametrize("seed", FEW)
def test_no_single_slot_changed_would_be_cheaper(seed: int) -> None:
    asked, plan = planned(seed)
    dice = Random(seed)
    for _ in range(60):
        other = powers(plan)
        k = dice.randrange(len(other))
        other[k] = dice.choice([0.0, other[k] * dice.uniform(0.8, 1.2), dice.uniform(-7400, 7400)])
        life = live(asked, other)
        assert life.broken != [] or life.cost >= plan.cost - 0.01


@pytest.mark.parametrize("seed", range(10_021, 10_033))
def test_a_ladder_four_times_finer_finds_hardly_anything(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, plan = planned(seed)
    monkeypatch.setattr(search, "ROOM", 4 * search.ROOM)
    assert plan.cost <= search.search(read(asked)).cost + 0.01


@pytest.mark.parametrize("seed", range(10_041, 10_081))
def test_forecasts_never_take_a_car_below_its_target(seed: int) -> None:
    asked = made_up(seed)
    n, dice = len(asked.slot_s), Random(seed)
    border = dice.randrange(n)
    unsure = replace(asked, known=tuple(k < border for k in range(n)))
    plan = make_plan(unsure)
    goal = min(unsure.departures, key=lambda d: d.slot, default=None)
    if goal is None or border >= goal.slot:
        return
    soc = [unsure.soc_now_pct, *(slot.soc_end_pct for slot in plan.slots)]
    given = [k for k, slot in enumerate(plan.slots[: goal.slot]) if slot.power_w < 0]
    assert all(soc[k + 1] >= goal.target_soc_pct - 0.01 for k in given if k >= border)
    if given and given[0] < border:
        assert soc[border] >= min(unsure.soc_now_pct, goal.target_soc_pct) - 0.01
