"""The planner on one planning problem, as a command.

    python -m bench.plan PROBLEM.json OUT.json [--time]

Reads a problem in the format of the planning yardstick, asks the integration's own planner, writes the schedule.
"""

import argparse
from datetime import UTC, datetime
import json
from pathlib import Path
import sys
import time
from types import ModuleType
from typing import Any

from bench.core import room

MODES = {"idle": 0, "charge": 1, "discharge": -1}


def per_slot(value: Any, n: int, factor: float = 1.0) -> tuple[float, ...]:
    """Return one number per slot."""
    return tuple(factor * x for x in value) if isinstance(value, list) else (factor * value,) * n


def power_range(model: ModuleType, spec: dict[str, Any]) -> Any:
    """Return one direction of the charger."""
    steps = tuple(model.EfficiencyStep(1000 * piece["from_kw"], piece["eff"]) for piece in spec["efficiency"])
    return model.PowerRange(min_w=1000 * spec["min_kw"], max_w=1000 * spec["max_kw"], efficiency=steps)


def penalties(model: ModuleType, spec: dict[str, float]) -> Any:
    """Return the prices of the soft rules."""
    return model.Penalties(
        target_per_kwh=spec["target_eur_per_kwh"],
        departure_excess_per_kwh=spec["departure_excess_eur_per_kwh"],
        soc_min_per_kwh_h=spec["soc_min_eur_per_kwh_h"],
        soc_max_per_kwh_h=spec["soc_max_eur_per_kwh_h"],
        grid_excess_per_kwh=spec["grid_excess_eur_per_kwh"],
    )


def departures(model: ModuleType, spec: list[dict[str, Any]]) -> tuple[Any, ...]:
    """Return the departures."""
    return tuple(
        model.PlannedDeparture(
            slot=one["slot"],
            target_soc_pct=one["target_soc_pct"],
            return_slot=one.get("return_slot"),
            trip_wh=1000 * one.get("trip_kwh", 0.0),
        )
        for one in spec
    )


def question(problem: dict[str, Any], model: ModuleType | None = None) -> Any:
    """Return a problem as the planner's question, in the words of a ``model.plan`` (or the one loaded here)."""
    model = model or room("model.plan")
    ev, n = problem["ev"], len(problem["import_price"])
    limits = {
        f"{side}_limit_w": per_slot(ev[f"{side}_limit_kw"], n, 1000)
        for side in ("charge", "discharge")
        if ev.get(f"{side}_limit_kw") is not None
    }
    return model.PlanQuestion(
        start=datetime.fromisoformat(problem["start"]).astimezone(UTC),
        slot_s=per_slot(problem["slot_minutes"], n, 60),
        import_per_kwh=per_slot(problem["import_price"], n),
        export_per_kwh=per_slot(problem["export_price"], n),
        house_w=per_slot(problem["house_load_kw"], n, 1000),
        sun_w=per_slot(problem["pv_kw"], n, 1000),
        import_limit_w=per_slot(problem["grid"]["import_limit_kw"], n, 1000),
        export_limit_w=per_slot(problem["grid"]["export_limit_kw"], n, 1000),
        sun_curtailable=problem.get("pv_curtailable", False),
        feed_in_from_car=problem.get("ev_export_allowed", True),
        capacity_wh=1000 * ev["capacity_kwh"],
        soc_now_pct=ev["soc_start_pct"],
        soc_min_pct=ev["soc_min_pct"],
        soc_max_pct=ev["soc_max_pct"],
        overshoot_pct=ev["overshoot_pct"],
        final_approach_slots=ev["final_approach_slots"],
        charge=power_range(model, ev["charge"]),
        discharge=power_range(model, ev["discharge"]),
        departures=departures(model, problem["departures"]),
        ageing_per_kwh=problem["degradation_eur_per_kwh"],
        terminal_value_per_kwh=problem["terminal_value_eur_per_kwh"],
        start_cost=problem.get("start_cost_eur", 0.0),
        min_run_slots=problem.get("min_run_slots", 1),
        min_idle_slots=problem.get("min_idle_slots", 1),
        initial_mode=MODES[problem.get("initial_mode", "idle")],
        initial_mode_slots=problem.get("initial_mode_slots", 10**6),
        penalties=penalties(model, problem["penalties"]),
        **limits,
    )


def main() -> int:
    """Plan one problem."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("problem", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--time", action="store_true", help="say also how long reading and importing took")
    asked = parser.parse_args()
    began = time.perf_counter()
    make_plan = room("plan.planner").make_plan
    try:
        asking = question(json.loads(asked.problem.read_text(encoding="utf-8")))
        ready = time.perf_counter()
        plan = make_plan(asking)
    except (KeyError, TypeError, ValueError) as wrong:
        sys.stderr.write(f"plan: {asked.problem} is no planning problem: {wrong!r}\n")
        return 2
    done = time.perf_counter()
    asked.out.write_text(json.dumps({"power_kw": [slot.power_w / 1000 for slot in plan.slots]}), encoding="utf-8")
    print(f"plan_ms={1000 * (done - ready):.1f}" + (f" load_ms={1000 * (ready - began):.1f}" if asked.time else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
