"""Made-up homes to plan for, as many as wanted, in the format of the planning problems.

python -m bench.homes FOLDER COUNT [FIRST_SEED]
"""

import argparse
from collections.abc import Callable
import json
import math
from pathlib import Path
from random import Random
from typing import Any

type Problem = dict[str, Any]

STEPS = (
    [(0.0, 0.9)],
    [(0.0, 0.82), (2.3, 0.87), (3.7, 0.9), (6.0, 0.92)],
    [(0.0, 0.8), (1.8, 0.88), (4.5, 0.93), (9.0, 0.91)],
)
TEMPO = {"blue": (0.1356, 0.1654), "white": (0.1536, 0.1921), "red": (0.1615, 0.7295)}
CHARGERS = ((1.38, 7.4, 1.38, 7.4), (1.38, 7.4, 1.38, 3.7), (4.14, 11.0, 4.14, 11.0), (4.14, 22.0, 4.14, 11.0))


def home(seed: int) -> Problem:
    """Return the home of a seed, always the same."""
    dice = Random(seed)
    minutes = slots(dice)
    n = len(minutes)
    begin = dice.choice([0, 6.5, 14, 16, 17.25, 18, 19.5, 22, 23])
    hours = [begin + sum(minutes[:k]) / 60 for k in range(n)]
    load, sun = house(dice, hours), roof(dice, hours)
    price, feed = tariff(dice, hours)
    problem: Problem = {
        "schema": 1,
        "id": f"home-{seed}",
        "title": "made up",
        "start": f"2026-01-20T{int(begin):02d}:{int(begin % 1 * 60):02d}:00+01:00",
        "slot_minutes": minutes,
        "import_price": price,
        "export_price": feed,
        "house_load_kw": load,
        "pv_kw": sun,
        "pv_curtailable": dice.random() < 0.3,
        "grid": line(dice, n),
        "ev": car(dice, n),
        "ev_export_allowed": dice.random() < 0.5,
        "departures": departures(dice, minutes),
        "degradation_eur_per_kwh": dice.choice([0.0, 0.01, 0.01, 0.02, 0.03]),
        "terminal_value_eur_per_kwh": dice.choice([0.0, 0.1, 0.13, 0.14, 0.2]),
        "penalties": {
            "target_eur_per_kwh": dice.choice([2.0, 10.0, 20.0]),
            "soc_min_eur_per_kwh_h": dice.choice([1.0, 4.0]),
            "soc_max_eur_per_kwh_h": dice.choice([0.1, 0.5]),
            "departure_excess_eur_per_kwh": dice.choice([1.0, 5.0]),
            "grid_excess_eur_per_kwh": dice.choice([5.0, 100.0]),
        },
    }
    problem |= rhythm(dice)
    if not goes_on(problem):
        problem["initial_mode_slots"] = 1000
    return problem


def slots(dice: Random) -> list[float]:
    """Return slot lengths in minutes."""
    step = dice.choice([15, 15, 15, 15, 30, 60, 60, 5])
    hours = dice.choice([6, 12, 18, 24, 36, 48]) if step != 5 else dice.choice([6, 12, 24])
    count = max(4, hours * 60 // step)
    minutes = [float(step)] * count
    if dice.random() < 0.4:
        minutes[0] = round(dice.uniform(0.5, step), 2)
    if step == 15 and dice.random() < 0.15:
        minutes = minutes[: count // 2] + [60.0] * max(1, count // 8)
    return minutes


def house(dice: Random, hours: list[float]) -> list[float]:
    """Return a house load in kW."""
    base, peak, heat = dice.uniform(0.2, 0.6), dice.uniform(0.5, 3), dice.choice([0, 0, 1.5, 2.5])
    load = []
    for hour in hours:
        bump = math.exp(-((hour % 24 - 19.5) ** 2) / 4) + 0.6 * math.exp(-((hour % 24 - 7.5) ** 2) / 2)
        load.append(round(max(0.05, base + heat * dice.uniform(0.6, 1.3) + peak * bump * dice.uniform(0.6, 1.4)), 3))
    if dice.random() < 0.15:
        at = dice.randrange(len(load))
        load[at : at + 4] = [round(x + dice.uniform(4, 9), 3) for x in load[at : at + 4]]
    return load


def roof(dice: Random, hours: list[float]) -> list[float]:
    """Return a solar yield in kW."""
    top = dice.choice([0, 0, 3, 6, 9])
    return [
        round(top * max(0.0, math.sin((hour % 24 - 6) / 14 * math.pi)) * dice.uniform(0.5, 1), 3)
        if 6 < hour % 24 < 20
        else 0.0
        for hour in hours
    ]


def tariff(dice: Random, hours: list[float]) -> tuple[list[float], list[float]]:
    """Return import and export prices per kWh."""
    kind = dice.choice(["flat", "hphc", "tempo", "spot", "spot", "negative", "spike"])
    night = [hour % 24 >= 22 or hour % 24 < 6 for hour in hours]
    if kind == "flat":
        price = [0.2001] * len(hours)
    elif kind == "hphc":
        price = [0.1589 if n or 13 <= h % 24 < 15 else 0.2142 for n, h in zip(night, hours, strict=True)]
    elif kind == "tempo":
        days = [dice.choice(list(TEMPO)) for _ in range(5)]
        price = [TEMPO[days[int((h + 18) // 24)]][not n] for n, h in zip(night, hours, strict=True)]
    else:
        price = spot(dice, hours, kind)
    feed = dice.choice(["none", "fixed", "follows", "follows", "dear"])
    if feed == "none":
        return price, [0.0] * len(price)
    if feed == "fixed":
        return price, [dice.choice([0.04, 0.1, 0.13])] * len(price)
    if feed == "dear":
        return price, [round(p + 0.02, 5) for p in price]
    return price, [round(0.85 * p - 0.1, 5) for p in price]


def spot(dice: Random, hours: list[float], kind: str) -> list[float]:
    """Return spot-like prices."""
    price = []
    for hour in hours:
        h = hour % 24
        value = 0.17 + 0.09 * math.exp(-((h - 19) ** 2) / 5) + 0.05 * math.exp(-((h - 8) ** 2) / 4)
        value -= 0.06 * math.exp(-((h - 14) ** 2) / 8)
        if kind == "negative" and 11 <= h < 16:
            value -= 0.25
        if kind == "spike" and 18 <= h < 20:
            value += 0.4
        price.append(round(value + dice.uniform(-0.012, 0.012), 5))
    return price


def line(dice: Random, n: int) -> dict[str, Any]:
    """Return the connection."""
    imports: Any = dice.choice([6.0, 9.0, 9.0, 12.0, 24.0])
    if dice.random() < 0.1:
        at = dice.randrange(n)
        imports = [4.2 if at <= k < at + n // 6 else imports for k in range(n)]
    return {"import_limit_kw": imports, "export_limit_kw": dice.choice([0.0, 3.0, 6.0, 9.0, 12.0])}


def car(dice: Random, n: int) -> dict[str, Any]:
    """Return car and charger."""
    low, high, back_low, back_high = dice.choice(CHARGERS)
    steps = dice.choice(STEPS)
    pieces = [
        {"from_kw": a, "to_kw": steps[i + 1][0] if i + 1 < len(steps) else 22.1, "eff": e}
        for i, (a, e) in enumerate(steps)
    ]
    floor = dice.choice([10, 15, 20, 30])
    ev: dict[str, Any] = {
        "capacity_kwh": dice.choice([40, 52, 52, 60, 87]),
        "soc_start_pct": dice.choice([dice.randint(floor, 80), dice.randint(3, 99), round(dice.uniform(20, 80), 2)]),
        "soc_min_pct": floor,
        "soc_max_pct": dice.choice([60, 70, 80, 80, 90, 95, 100]),
        "overshoot_pct": 80,
        "final_approach_slots": dice.choice([0, 0, 3, 5, 8]),
        "charge": {"min_kw": low, "max_kw": high, "efficiency": pieces},
        "discharge": {"min_kw": back_low, "max_kw": dice.choice([0.0, back_high, back_high]), "efficiency": pieces},
    }
    if dice.random() < 0.12:
        at = dice.randrange(n)
        ev["charge_limit_kw"] = [dice.choice([0.0, 4.2]) if at <= k < at + n // 5 else 22.0 for k in range(n)]
    if dice.random() < 0.08:
        ev["discharge_limit_kw"] = dice.choice([2.0, 3.0])
    return ev


def departures(dice: Random, minutes: list[float]) -> list[dict[str, Any]]:
    """Return none, one or several departures."""
    n = len(minutes)
    kind = dice.choice(["none", "last", "last", "last", "middle", "trips"])
    goal = dice.choice([40, 60, 70, 80, 80, 95])
    if kind == "none":
        return []
    if kind == "last":
        return [{"slot": n - dice.choice([0, 0, 1, 2]), "target_soc_pct": goal, "return_slot": None, "trip_kwh": 0.0}]
    one = max(1, n // 3 - dice.randint(0, max(0, n // 8)))
    back = min(n - 1, one + max(1, n // 6))
    trip = dice.choice([5.0, 14.0, 25.0])
    found = [{"slot": one, "target_soc_pct": goal, "return_slot": back, "trip_kwh": trip}]
    if kind == "trips" and back + 3 < n:
        found.append({"slot": n - 1, "target_soc_pct": goal - 10, "return_slot": None, "trip_kwh": 0.0})
    return found


def rhythm(dice: Random) -> dict[str, Any]:
    """Return what keeps the car quiet."""
    if dice.random() < 0.45:
        return {
            "start_cost_eur": 0.0,
            "min_run_slots": 1,
            "min_idle_slots": 1,
            "initial_mode": "idle",
            "initial_mode_slots": 1000,
        }
    return {
        "start_cost_eur": dice.choice([0.0, 0.01, 0.02, 0.05]),
        "min_run_slots": dice.choice([1, 1, 2, 3, 4]),
        "min_idle_slots": dice.choice([1, 1, 2, 3]),
        "initial_mode": dice.choice(["idle", "idle", "charge", "discharge"]),
        "initial_mode_slots": dice.choice([1, 2, 4, 1000]),
    }


def goes_on(problem: Problem) -> bool:
    """Tell whether a run that is too young to stop can surely go on."""
    kind, young = problem["initial_mode"], problem["min_run_slots"] - problem["initial_mode_slots"]
    if kind == "idle" or young <= 0:
        return True
    ev, line = problem["ev"], problem["grid"]
    if f"{kind}_limit_kw" in ev or isinstance(line["import_limit_kw"], list) or ev[kind]["max_kw"] == 0:
        return False
    low, moved = ev[kind]["min_kw"], 0.0
    for k in range(young):
        if any(one["slot"] <= k for one in problem["departures"]):
            return True
        moved += low * problem["slot_minutes"][k] / 60 / 0.8
        net = problem["house_load_kw"][k] - problem["pv_kw"][k]
        if kind == "charge" and low + net > line["import_limit_kw"]:
            return False
        room = line["export_limit_kw"] + net if problem["ev_export_allowed"] else net
        if kind == "discharge" and low > room:
            return False
    soc, share = ev["soc_start_pct"], 100 * moved / ev["capacity_kwh"]
    return bool(soc + share < 80 if kind == "charge" else soc - share > ev["soc_min_pct"])


def write(purpose: str | None, make: Callable[[int], Problem]) -> None:
    """Write problems into a folder."""
    parser = argparse.ArgumentParser(description=(purpose or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("first", type=int, nargs="?", default=1)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    for seed in range(asked.first, asked.first + asked.count):
        problem = make(seed)
        (asked.folder / f"{problem['id']}.json").write_text(json.dumps(problem), encoding="utf-8")


if __name__ == "__main__":
    write(__doc__, home)
