"""A schedule lived through, by the rules as they are written; shares nothing with the planner.

Everything is in W, Wh and seconds as the question has it, one slot after the other.
"""

from dataclasses import dataclass, field
from typing import Any

type Question = Any
type Range = Any
"""As in the model's ``plan``, whichever way it was loaded."""

POWER_W = 2.0
ENERGY_WH = 10.0


@dataclass
class Life:
    """What came of a schedule."""

    broken: list[str] = field(default_factory=list)
    cost: float = 0.0
    starts: int = 0
    soc_pct: list[float] = field(default_factory=list)


def efficiency(power: Range, magnitude_w: float) -> float:
    held = [s.efficiency for s in power.efficiency if magnitude_w >= s.from_w - 1e-6]
    return held[-1] if held else power.efficiency[0].efficiency


def away_slots(q: Question) -> set[int]:
    n = len(q.slot_s)
    return {k for d in q.departures for k in range(d.slot, n if d.return_slot is None else d.return_slot)}


def ceiling_pct(q: Question, boundary: int) -> float:
    near = any(0 <= d.slot - boundary < q.final_approach_slots for d in q.departures)
    return max(q.overshoot_pct, q.soc_max_pct) if near else q.overshoot_pct


def allowed_w(q: Question, k: int, sign: int) -> tuple[float, float]:
    """Return the least and the most power of a direction in a slot, the line aside."""
    side = q.charge if sign > 0 else q.discharge
    limit = q.charge_limit_w if sign > 0 else q.discharge_limit_w
    most = side.max_w if limit is None else min(side.max_w, limit[k])
    if sign < 0 and not q.feed_in_from_car:
        most = min(most, max(0.0, q.house_w[k] - q.sun_w[k]))
    return side.min_w, most


def settle(q: Question, k: int, net_w: float) -> tuple[float, float]:
    """Return money per hour and the net power after the cheapest use of the sun."""
    spare = q.sun_w[k] if q.sun_curtailable else 0.0
    best = (float("inf"), net_w)
    for end in (net_w, net_w + spare, -q.export_limit_w[k], 0.0, q.import_limit_w[k]):
        if net_w <= end <= net_w + spare:
            over = max(0.0, end - q.import_limit_w[k], -end - q.export_limit_w[k])
            money = (q.import_per_kwh[k] if end > 0 else q.export_per_kwh[k]) * end
            best = min(best, ((money + q.penalties.grid_excess_per_kwh * over) / 1000, end))
    return best


def live(q: Question, powers_w: list[float]) -> Life:
    """Live through a schedule."""
    life, away, n = Life(), away_slots(q), len(q.slot_s)
    energy = q.soc_now_pct / 100 * q.capacity_wh
    left_for_good = None
    for k in range(n):
        power = 0.0 if abs(powers_w[k]) <= POWER_W else powers_w[k]
        if k in away:
            if power:
                life.broken.append(f"away {k}")
            energy = come_back(q, k, energy, life)
        else:
            energy = drive(q, k, power, energy, life)
            watch_levels(q, k, power, energy, life)
        money, net = settle(q, k, q.house_w[k] - q.sun_w[k] + power)
        life.cost += money * q.slot_s[k] / 3600
        if (power > 0 and net > q.import_limit_w[k] + 10) or (power < 0 and -net > q.export_limit_w[k] + 10):
            life.broken.append(f"line {k}")
        for d in q.departures:
            if d.slot == k + 1:
                missing = max(0.0, d.target_soc_pct / 100 * q.capacity_wh - energy) / 1000
                excess = max(0.0, energy - q.soc_max_pct / 100 * q.capacity_wh) / 1000
                life.cost += q.penalties.target_per_kwh * missing + q.penalties.departure_excess_per_kwh * excess
                left_for_good = energy if d.return_slot is None else None
        life.soc_pct.append(100 * energy / q.capacity_wh)
    life.cost -= q.terminal_value_per_kwh * (energy if left_for_good is None else left_for_good) / 1000
    watch_rhythm(q, [0.0 if abs(p) <= POWER_W else p for p in powers_w], away, life)
    return life


def come_back(q: Question, k: int, energy: float, life: Life) -> float:
    for d in q.departures:
        if d.return_slot == k + 1:
            life.cost += 2 * q.penalties.target_per_kwh * max(0.0, d.trip_wh - energy) / 1000
            energy = max(0.0, energy - d.trip_wh)
    return energy


def drive(q: Question, k: int, power: float, energy: float, life: Life) -> float:
    if not power:
        return energy
    sign = 1 if power > 0 else -1
    least, most = allowed_w(q, k, sign)
    if not least - POWER_W <= abs(power) <= most + POWER_W:
        life.broken.append(f"power {k}: {power}")
    factor = efficiency(q.charge if sign > 0 else q.discharge, abs(power))
    moved = abs(power) * q.slot_s[k] / 3600 * (factor if sign > 0 else 1 / factor)
    life.cost += q.ageing_per_kwh * moved / 1000
    return energy + sign * moved


def watch_levels(q: Question, k: int, power: float, energy: float, life: Life) -> None:
    floor, ceiling = q.soc_min_pct / 100 * q.capacity_wh, ceiling_pct(q, k + 1) / 100 * q.capacity_wh
    hours = q.slot_s[k] / 3600
    if not -ENERGY_WH <= energy <= q.capacity_wh + ENERGY_WH:
        life.broken.append(f"battery {k}")
    if power < 0 and energy < floor - ENERGY_WH:
        life.broken.append(f"floor {k}")
    if power > 0 and energy > ceiling + ENERGY_WH:
        life.broken.append(f"ceiling {k}")
    life.cost += q.penalties.soc_min_per_kwh_h * hours * max(0.0, floor - energy) / 1000
    life.cost += q.penalties.soc_max_per_kwh_h * hours * max(0.0, energy - ceiling) / 1000


def watch_rhythm(q: Question, powers: list[float], away: set[int], life: Life) -> None:
    """Walk the modes with their ages; a pause counts only after a run, and whatever ends a stay may cut both."""
    mode, age = q.initial_mode, max(q.initial_mode_slots, 0)
    paused = mode == 0 and age < q.min_idle_slots
    for k, power in enumerate(powers):
        if k in away:
            mode, age, paused = 0, 10**6, False
            continue
        now = (power > 0) - (power < 0)
        if now == mode:
            age += 1
            continue
        if mode and age < q.min_run_slots:
            life.broken.append(f"run cut {k}")
        if not mode and paused and age < q.min_idle_slots:
            life.broken.append(f"pause cut {k}")
        if now:
            life.starts += 1
            life.cost += q.start_cost
        paused = now == 0
        mode, age = now, 1
