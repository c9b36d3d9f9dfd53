"""The planner's front door: a question comes in, odd figures are tamed, a case goes on.

Only malformed shapes are refused; a state of charge of 130 %, a price that is no number or a limit below zero
become the nearest thing that makes sense, because a car must always get a plan.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import isfinite
from typing import Final

import numpy as np

from ..model.plan import PlannedDeparture, PlanQuestion, PowerRange
from .case import Band, Battery, Case, Connection, Flags, Floats, Goal, Hazard, Rhythm, Side

KILO: Final = 1e-3
ENDLESS_KW: Final = 1e4
LEAST_KW: Final = 0.01
"""Below this a charger does nothing."""
ROUNDING_KW: Final = 1e-9
LEAST_KWH: Final = 0.001
SHUT_KW: Final = -1.0
UNDER_EDGE_KW: Final = 1e-4
"""How far under an edge a power stays to belong to the lower band."""
LEAST_EFFICIENCY: Final = 0.05


def read(question: PlanQuestion) -> Case:
    """Turn a question into a case.

    Raises:
        ValueError: The per-slot figures differ in length, or a slot has no duration.
    """
    n = len(question.slot_s)
    hours = _column(question.slot_s, n, "slot_s") / 3600
    if n and not hours.min() > 0:
        raise ValueError("slot_s: every slot needs a positive duration")
    departures = _departures(question.departures, n)
    away = _away(departures, n)
    connection = _connection(question, n)
    known = _known(question, n)
    capacity = max(_real(question.capacity_wh * KILO), LEAST_KWH)
    goals = {d.slot - 1: Goal(_kwh(d.target_soc_pct, capacity), d.return_slot is None) for d in departures if d.slot}
    charge_top, discharge_top = _tops(question, connection, n)
    floor, start = _kwh(question.soc_min_pct, capacity), _start(question, capacity)
    targets = {last: goal.target_kwh for last, goal in goals.items()}
    if n and not away[n - 1]:
        targets.setdefault(n - 1, _kwh(question.held_soc_pct, capacity))
    floors, promises = _forecast_rule(targets, known, away, floor, start)
    return Case(
        hours=hours,
        connection=connection,
        charge=_side(1, question.charge, charge_top, away),
        discharge=_side(-1, question.discharge, discharge_top, away),
        battery=_battery(question, capacity, _ceilings(question, n) * capacity / 100, floors),
        rhythm=_rhythm(question, _longest_stay(away)),
        hazard=_hazard(question, capacity, n),
        away=away,
        known=known,
        goals=goals,
        trips_kwh={d.return_slot - 1: max(_real(d.trip_wh) * KILO, 0.0) for d in departures if d.return_slot},
        promises_kwh=promises,
    )


def _real(value: float, otherwise: float = 0.0) -> float:
    """Return a finite number."""
    return float(value) if isfinite(value) else otherwise


def _kwh(soc_pct: float, capacity_kwh: float, otherwise_pct: float = 0.0) -> float:
    """Return the energy of a state of charge, kept within the battery."""
    return min(max(_real(soc_pct, otherwise_pct), 0.0), 100.0) * capacity_kwh / 100


def _start(question: PlanQuestion, capacity_kwh: float) -> float:
    """Return the energy now; what is unknown counts as the minimum."""
    return _kwh(question.soc_now_pct, capacity_kwh, _real(question.soc_min_pct))


def _column(values: Sequence[float], n: int, name: str, least: float = 0.0) -> Floats:
    """Return per-slot figures: what is no number counts as ``least``, and nothing is smaller or endless."""
    if len(values) != n:
        raise ValueError(f"{name}: {len(values)} values for {n} slots")
    column = np.nan_to_num(np.asarray(values, dtype=np.float64), nan=least, posinf=ENDLESS_KW / KILO, neginf=least)
    return np.maximum(column, least)


def _prices(values: Sequence[float], n: int, name: str) -> Floats:
    """Return per-slot prices; where one is missing the mean of the others stands in."""
    if len(values) != n:
        raise ValueError(f"{name}: {len(values)} values for {n} slots")
    column = np.asarray(values, dtype=np.float64)
    there = np.isfinite(column)
    return np.where(there, column, column[there].mean() if there.any() else 0.0)


def _known(question: PlanQuestion, n: int) -> Flags:
    """Tell which slots have a published price."""
    there: Flags = np.isfinite(np.asarray(question.import_per_kwh)) & np.isfinite(np.asarray(question.export_per_kwh))
    if question.known is None:
        return there
    if len(question.known) != n:
        raise ValueError(f"known: {len(question.known)} values for {n} slots")
    known: Flags = there & np.asarray(question.known, dtype=np.bool_)
    return known


def _departures(departures: Sequence[PlannedDeparture], n: int) -> tuple[PlannedDeparture, ...]:
    """Return the departures within the horizon in time order, without any during another's absence."""
    kept: list[PlannedDeparture] = []
    free_from = 0
    for one in sorted(departures, key=lambda d: d.slot):
        if one.slot < free_from or one.slot > n:
            continue
        back = one.return_slot if one.return_slot is not None and one.slot < one.return_slot <= n else None
        kept.append(replace(one, return_slot=back))
        if back is None:
            break
        free_from = back
    return tuple(kept)


def _away(departures: Sequence[PlannedDeparture], n: int) -> Flags:
    """Tell in which slots the car is not there."""
    away = np.zeros(n, dtype=np.bool_)
    for one in departures:
        away[one.slot : one.return_slot] = True
    return away


def _ceilings(question: PlanQuestion, n: int) -> Floats:
    """Return the highest state of charge (%) at the end of each slot."""
    usual = min(max(_real(question.overshoot_pct, 100.0), 0.0), 100.0)
    raised = max(usual, min(_real(question.soc_max_pct, 100.0), 100.0))
    ceilings = np.full(n, usual)
    for one in question.departures:
        first = max(one.slot - question.final_approach_slots, 0)
        ceilings[first : max(one.slot, 0)] = raised
    return ceilings


def _connection(question: PlanQuestion, n: int) -> Connection:
    """Return the house and its line."""
    sun = _column(question.sun_w, n, "sun_w") * KILO
    return Connection(
        price_in=_prices(question.import_per_kwh, n, "import_per_kwh"),
        price_out=_prices(question.export_per_kwh, n, "export_per_kwh"),
        net_kw=_column(question.house_w, n, "house_w") * KILO - sun,
        spill_kw=sun if question.sun_curtailable else np.zeros(n),
        import_kw=_column(question.import_limit_w, n, "import_limit_w") * KILO,
        export_kw=_column(question.export_limit_w, n, "export_limit_w") * KILO,
        fine=max(_real(question.penalties.grid_excess_per_kwh), 0.0),
    )


def _tops(question: PlanQuestion, line: Connection, n: int) -> tuple[Floats, Floats]:
    """Return the most each direction may have per slot, by every limit but the charger's own."""
    charge = line.import_kw - line.net_kw
    discharge = line.export_kw + line.net_kw + line.spill_kw
    if not question.feed_in_from_car:
        discharge = np.minimum(discharge, np.maximum(line.net_kw, 0.0))
    if question.charge_limit_w is not None:
        charge = np.minimum(charge, _column(question.charge_limit_w, n, "charge_limit_w") * KILO)
    if question.discharge_limit_w is not None:
        discharge = np.minimum(discharge, _column(question.discharge_limit_w, n, "discharge_limit_w") * KILO)
    return charge, discharge


def _side(sign: int, power: PowerRange, top_kw: Floats, away: Flags) -> Side:
    """Return one direction; shut where the car is away or a limit leaves less than the minimum."""
    most, least = _real(power.max_w * KILO, ENDLESS_KW), max(_real(power.min_w * KILO), LEAST_KW)
    top = np.minimum(top_kw, most)
    shut = away | (top < least - ROUNDING_KW)
    return Side(sign, least, np.where(shut, SHUT_KW, np.maximum(top, least)), _bands(power))


def _bands(power: PowerRange) -> tuple[Band, ...]:
    """Return the efficiency bands in order of power."""
    steps = sorted((max(_real(s.from_w), 0.0) * KILO, _real(s.efficiency, 1.0)) for s in power.efficiency)
    steps = steps or [(0.0, 1.0)]
    edges = [0.0, *(edge for edge, _ in steps[1:]), np.inf]
    return tuple(
        Band(low, high - UNDER_EDGE_KW, min(max(efficiency, LEAST_EFFICIENCY), 1.0))
        for (low, high), (_, efficiency) in zip(pairwise(edges), steps, strict=True)
        if high > low
    )


def _battery(question: PlanQuestion, capacity: float, ceilings: Floats, floors: Floats) -> Battery:
    """Return the battery with its limits."""
    fines = question.penalties
    return Battery(
        capacity_kwh=capacity,
        start_kwh=_start(question, capacity),
        floor_kwh=_kwh(question.soc_min_pct, capacity),
        ceiling_kwh=ceilings,
        discharge_floor_kwh=floors,
        most_at_departure_kwh=_kwh(question.soc_max_pct, capacity, 100.0),
        ageing=max(_real(question.ageing_per_kwh), 0.0),
        terminal=_real(question.terminal_value_per_kwh),
        target_fine=max(_real(fines.target_per_kwh), 0.0),
        excess_fine=max(_real(fines.departure_excess_per_kwh), 0.0),
        floor_fine=max(_real(fines.soc_min_per_kwh_h), 0.0),
        ceiling_fine=max(_real(fines.soc_max_per_kwh_h), 0.0),
    )


def _longest_stay(away: Flags) -> int:
    """Return how many slots the longest stay has: what has to last longer lasts as long as that."""
    gaps = np.flatnonzero(np.concatenate(([True], away, [True])))
    return max(int(np.diff(gaps).max()) - 1, 1)


def _rhythm(question: PlanQuestion, longest: int) -> Rhythm:
    """Return how often the car may change what it does."""
    return Rhythm(
        start_cost=max(_real(question.start_cost), 0.0),
        min_run=min(max(question.min_run_slots, 1), longest),
        min_idle=min(max(question.min_idle_slots, 1), longest),
        initial_mode=min(max(question.initial_mode, -1), 1),
        initial_age=max(question.initial_mode_slots, 0),
    )


def _hazard(question: PlanQuestion, capacity: float, n: int) -> Hazard | None:
    """Return the chance of an early unplug, if there is any."""
    if question.unplug_hazard is None:
        return None
    chance = np.minimum(_column(question.unplug_hazard, n, "unplug_hazard"), 1.0)
    return Hazard(chance, _kwh(question.comfort_soc_pct, capacity), max(_real(question.comfort_per_kwh), 0.0))


def _forecast_rule(
    targets: dict[int, float], known: Flags, away: Flags, floor: float, start: float
) -> tuple[Floats, dict[int, float]]:
    """Return what keeps discharging from leaning on prices nobody has published.

    From the first unknown price of a stay up to its departure no discharge ends under the target. Before that, in
    the stay that is on now, energy under the target may be lent to the house only if known prices bring it back:
    at the end of them the battery holds what it held at the start, or the target if that is less. Targets (kWh) stand
    by the slot that ends their stay.
    """
    floors, promises = np.full(len(known), floor), dict[int, float]()
    for last, target in targets.items():
        first = last
        while first > 0 and not away[first - 1] and first - 1 not in targets:
            first -= 1
        unknown = np.flatnonzero(~known[first : last + 1])
        if not len(unknown):
            continue
        border = first + int(unknown[0]) if first == 0 else first
        floors[border : last + 1] = max(floor, target)
        if border > first:
            promises[border - 1] = min(start, target)
    return floors, promises
