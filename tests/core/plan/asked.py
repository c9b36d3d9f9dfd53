"""Questions to try the planner with: one plain evening as a start, and as many made-up homes as wanted."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from bench.homes import home
from bench.plan import question as from_problem
from custom_components.mobilize_flex.core.model import plan as model
from custom_components.mobilize_flex.core.model.plan import (
    EfficiencyStep,
    Plan,
    PlannedDeparture,
    PlanQuestion,
    PowerRange,
)
from custom_components.mobilize_flex.core.plan.planner import make_plan

EVENING = datetime(2026, 11, 22, 18, tzinfo=UTC)
ONE_WAY = PowerRange(min_w=0.0, max_w=0.0, efficiency=(EfficiencyStep(0.0, 0.9),))
BOTH_WAYS = PowerRange(min_w=1400.0, max_w=7400.0, efficiency=(EfficiencyStep(0.0, 0.9),))


def hours(*prices: float, **changes: Any) -> PlanQuestion:
    """Return a question with one slot per hour at these prices: a 50 kWh car at 50 %, no sun, a house of 500 W."""
    n = len(prices)
    plain = PlanQuestion(
        start=EVENING,
        slot_s=(3600.0,) * n,
        import_per_kwh=prices,
        export_per_kwh=(0.0,) * n,
        house_w=(500.0,) * n,
        sun_w=(0.0,) * n,
        import_limit_w=(9000.0,) * n,
        export_limit_w=(9000.0,) * n,
        capacity_wh=50_000.0,
        soc_now_pct=50.0,
        soc_min_pct=20.0,
        soc_max_pct=80.0,
        charge=BOTH_WAYS,
        discharge=ONE_WAY,
        initial_mode_slots=1000,
    )
    return replace(plain, **changes)


def leaving(at: int, target_pct: float, back: int | None = None, trip_wh: float = 0.0) -> tuple[PlannedDeparture, ...]:
    """Return one departure."""
    return (PlannedDeparture(slot=at, target_soc_pct=target_pct, return_slot=back, trip_wh=trip_wh),)


def made_up(seed: int) -> PlanQuestion:
    """Return the question of a made-up home."""
    asked: PlanQuestion = from_problem(home(seed), model)
    return asked


@cache
def planned(seed: int) -> tuple[PlanQuestion, Plan]:
    """Return a made-up home's question and plan."""
    asked = made_up(seed)
    return asked, make_plan(asked)


def powers(plan: Plan) -> list[float]:
    """Return the powers of a plan, W."""
    return [slot.power_w for slot in plan.slots]


def busy(plan: Plan) -> list[int]:
    """Return the slots in which power flows."""
    return [k for k, slot in enumerate(plan.slots) if slot.power_w]
