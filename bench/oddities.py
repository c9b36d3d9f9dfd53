"""Homes nobody has: made-up problems bent in ways that planners trip over.

python -m bench.oddities FOLDER COUNT [FIRST_SEED]
"""

from collections.abc import Callable
from random import Random
from typing import Any

from bench.homes import goes_on, home, write

type Problem = dict[str, Any]
type Bend = Callable[[Problem, Random], None]


def ten_minutes(p: Problem, dice: Random) -> None:
    """Slots of an odd length."""
    length = dice.choice([10, 7.5, 1, 120])
    p["slot_minutes"] = length if dice.random() < 0.5 else [length] * len(p["import_price"])


def dear_starts(p: Problem, dice: Random) -> None:
    """A start that no price pays for, or hardly."""
    p["start_cost_eur"] = dice.choice([0.3, 2.0, 50.0])


def long_runs(p: Problem, dice: Random) -> None:
    """Runs and pauses as long as the horizon."""
    p["min_run_slots"] = dice.choice([6, 12, len(p["import_price"]), 1000])
    p["min_idle_slots"] = dice.choice([1, 8, 1000])


def all_or_nothing(p: Problem, dice: Random) -> None:
    """A charger with hardly anything between its least and its most."""
    for side in ("charge", "discharge"):
        spec = p["ev"][side]
        spec["min_kw"] = dice.choice([spec["max_kw"], 0.999 * spec["max_kw"], 1.2 * spec["max_kw"] or 1.0])


def tiny_battery(p: Problem, dice: Random) -> None:
    """A scooter."""
    p["ev"]["capacity_kwh"] = dice.choice([0.5, 2.0, 6.0])


def huge_battery(p: Problem, dice: Random) -> None:
    """A lorry."""
    p["ev"]["capacity_kwh"] = dice.choice([200.0, 600.0])


def paid_to_draw(p: Problem, dice: Random) -> None:
    """Prices below nothing, all night."""
    p["import_price"] = [-abs(price) - 0.01 for price in p["import_price"]]
    if dice.random() < 0.5:
        p["export_price"] = [-0.05] * len(p["import_price"])


def sells_dearer(p: Problem, dice: Random) -> None:
    """Feeding in pays more than drawing costs, by far."""
    p["export_price"] = [price + dice.choice([0.0, 0.3]) for price in p["import_price"]]
    p["ev_export_allowed"] = True


def sells_only(p: Problem, dice: Random) -> None:
    """No house, much sun."""
    n = len(p["import_price"])
    p["house_load_kw"], p["pv_kw"] = [0.0] * n, [dice.choice([0.0, 5.0, 15.0]) for _ in range(n)]
    p["pv_curtailable"] = dice.random() < 0.5


def no_line(p: Problem, dice: Random) -> None:
    """A connection that carries nothing, or nothing at times."""
    n = len(p["import_price"])
    limits = [0.0, [dice.choice([0.0, 9.0]) for _ in range(n)], 0.001]
    p["grid"] = {"import_limit_kw": dice.choice(limits), "export_limit_kw": dice.choice(limits)}


def too_much(p: Problem, dice: Random) -> None:
    """Targets out of reach, limits that contradict each other."""
    p["ev"] |= {"soc_max_pct": dice.choice([30, 100]), "soc_min_pct": dice.choice([0, 60, 90])}
    for one in p["departures"]:
        one["target_soc_pct"] = dice.choice([100, 0, 99.9])


def beyond(p: Problem, dice: Random) -> None:
    """A start at or beyond the battery's ends."""
    p["ev"]["soc_start_pct"] = dice.choice([0, 0.01, 99.99, 100, p["ev"]["soc_min_pct"], p["ev"]["overshoot_pct"]])


def commuter(p: Problem, dice: Random) -> None:
    """In and out all day, sometimes for one slot, sometimes farther than the battery goes."""
    n, at, found = len(p["import_price"]), 1, []
    while at + 3 < n and len(found) < 8:
        leaves = at + dice.randint(0, max(1, n // 8))
        back = leaves + dice.randint(1, max(1, n // 8))
        if back >= n:
            break
        far = dice.choice([0.0, 1.0, 8.0, 2 * p["ev"]["capacity_kwh"]])
        goal = dice.choice([0, 50, 80, 100])
        found.append({"slot": leaves, "target_soc_pct": goal, "return_slot": back, "trip_kwh": far})
        at = back + dice.choice([0, 1, 4])
    p["departures"] = found


def gone(p: Problem, dice: Random) -> None:
    """A car that leaves after a moment, or at the very end."""
    slot = dice.choice([1, len(p["import_price"])])
    p["departures"] = [{"slot": slot, "target_soc_pct": 80, "return_slot": None, "trip_kwh": 0.0}]


def nothing_counts(p: Problem, dice: Random) -> None:
    """Fines of nothing, and ageing dearer than any price."""
    p["penalties"] = dict.fromkeys(p["penalties"], dice.choice([0.0, 0.001, 1000.0]))
    p["degradation_eur_per_kwh"] = dice.choice([0.0, 0.5, 5.0])


def rich_end(p: Problem, dice: Random) -> None:
    """What is left is worth everything, or less than nothing."""
    p["terminal_value_eur_per_kwh"] = dice.choice([1.0, 20.0, -0.2])


def odd_steps(p: Problem, dice: Random) -> None:
    """Efficiencies that leap, on powers nobody has."""
    steps = [(0.0, 0.5), (dice.choice([1.4, 3.0, 7.4]), 0.95), (dice.choice([7.41, 8.0, 11.0]), 0.3)]
    for side in ("charge", "discharge"):
        p["ev"][side]["efficiency"] = [{"from_kw": at, "to_kw": 99.0, "eff": eff} for at, eff in steps]


def short(p: Problem, dice: Random) -> None:
    """One slot, or a few."""
    n = dice.choice([1, 2, 3])
    for name in ("import_price", "export_price", "house_load_kw", "pv_kw"):
        p[name] = p[name][:n]
    minutes = p["slot_minutes"]
    p["slot_minutes"] = minutes[:n] if isinstance(minutes, list) else minutes
    for limit in ("charge_limit_kw", "discharge_limit_kw"):
        p["ev"].pop(limit, None)
    p["grid"] = {name: limit if not isinstance(limit, list) else limit[:n] for name, limit in p["grid"].items()}
    p["departures"] = [one | {"slot": n, "return_slot": None} for one in p["departures"][:1]]


BENDS: tuple[Bend, ...] = (
    ten_minutes, dear_starts, long_runs, all_or_nothing, tiny_battery, huge_battery, paid_to_draw, sells_dearer,
    sells_only, no_line, too_much, beyond, commuter, gone, nothing_counts, rich_end, odd_steps, short,
)  # fmt: skip


def oddity(seed: int) -> Problem:
    """Return the problem of a seed, always the same: a made-up home with one to three bends."""
    problem, dice = home(seed), Random(-seed)
    problem["id"], problem["title"] = f"odd-{seed}", ""
    for bend in dice.sample(BENDS, dice.choice([1, 1, 2, 3])):
        bend(problem, dice)
        problem["title"] += f"{bend.__name__} "
    minutes = problem["slot_minutes"]
    listed = minutes if isinstance(minutes, list) else [minutes] * len(problem["import_price"])
    if not goes_on(problem | {"slot_minutes": listed}):
        problem["initial_mode_slots"] = 1000
    if problem["initial_mode"] == "idle":
        problem["initial_mode_slots"] = 100_000
    return problem


if __name__ == "__main__":
    write(__doc__, oddity)
