"""The hunt for the cheapest way: once over the whole ladder, then closer where the first look may have been blurred."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from .backward import Worth, turn_cost, value
from .case import Case, Floats
from .forward import Walk, walk
from .grid import ROOM, Grid, band_around, choose_grid
from .refine import refine
from .stage import EFFORT, after_trip, end_costs, end_value, move_cost, power_cost, rest_cost, with_hazard

DOUBT: Final = 3e-3
"""Money between what the ladder foretold and what the way costs, from which a closer look is taken."""
ONE_MORE: Final = 0.0025
"""Share of the battery over which the worth of a little more is taken."""
A_KWH: Final = 1.0
FINE: Final = 1000.0
"""Money per kWh beyond which a worth is no fine of the owner's, but a rule that cannot be kept."""
SENSIBLE: Final = 3.0
"""Times the dearest price: a worth beyond it is the fine of a missed target, which nobody pays."""
COARSE_KWH: Final = 0.06
"""A ladder with longer steps is always followed by a closer look."""
DEEP_DOUBT: Final = 0.02
"""Money from which another ladder is tried altogether."""
MANY_SLOTS: Final = 300
"""Slots beyond which there is no time for that."""
OTHER_ROOM: Final = 0.6 * ROOM
LOOKS: Final = 2
"""Closer looks, at most."""


@dataclass(frozen=True, slots=True)
class Found:
    """Hold the way taken, its powers (kW, signed), what it costs, the worth of one more kWh at the end of each slot."""

    walk: Walk
    power_kw: Floats
    cost: float
    worth_per_kwh: Floats


def search(case: Case) -> Found:
    """Return the cheapest way found."""
    worth, best, doubt = _hunt(case, ROOM)
    if doubt > DEEP_DOUBT and case.slots <= MANY_SLOTS:
        _, other, _ = _hunt(case, OTHER_ROOM)
        best = min(best, other, key=lambda way: _cost(case, way))
    return Found(best, powers(case, best), _cost(case, best, true=True), _worth_per_kwh(case, worth, best))


def _hunt(case: Case, room: float) -> tuple[Worth, Walk, float]:
    """Return what one ladder leads to: its worth, the way, and how far it was from what the ladder foretold."""
    ladder = choose_grid(case, room)
    worth, best, foretold = _look(case, ladder)
    cost = _cost(case, best)
    doubt = abs(cost - foretold)
    for _ in range(LOOKS if doubt > DOUBT or ladder.step_kwh > COARSE_KWH else 0):
        _, other, _ = _look(case, band_around(case, ladder, best.energies_kwh[1:]))
        gain = cost - _cost(case, other)
        if gain > 0:
            best, cost = other, cost - gain
        if gain < DOUBT:
            break
    return worth, best, doubt


def _look(case: Case, grid: Grid) -> tuple[Worth, Walk, float]:
    """Return the worth on a grid, the refined way along it, and the cost the grid foretells."""
    worth = value(case, grid)
    way, foretold = walk(case, worth)
    return worth, refine(case, way, grid.step_kwh), foretold


def powers(case: Case, way: Walk) -> Floats:
    """Return the signed power of each slot."""
    modes, moved = np.array(way.modes), way.moved_kwh
    power = np.zeros(case.slots)
    for mode in (1, -1):
        slots = np.flatnonzero(modes == mode)
        _, power[slots] = move_cost(case, case.side(mode), slots, mode * moved[slots])
    signed: Floats = power * modes
    return signed


def _cost(case: Case, way: Walk, *, true: bool = False) -> float:
    """Return what a way costs: as the search sees it, or truly, without ties and chances."""
    total = _slot_costs(case, way, true=true)
    cost = end_value(case, way.energies_kwh[-1:])
    for slot in reversed(range(case.slots)):
        if not true:
            cost = with_hazard(case, slot, way.energies_kwh[slot + 1 : slot + 2], cost)
        cost = cost + total[slot]
    return float(cost[0])


def _slot_costs(case: Case, way: Walk, *, true: bool) -> Floats:
    """Return what each slot and its end cost."""
    modes, power, moved = np.array(way.modes), np.abs(powers(case, way)), np.abs(way.moved_kwh)
    total = rest_cost(case)
    for mode in (1, -1):
        slots = np.flatnonzero(modes == mode)
        effort = 0.0 if true else EFFORT
        total[slots] = power_cost(case, case.side(mode), slots, power[slots], moved[slots], effort)
    ends = way.energies_kwh[1:, None]
    total += (end_costs(case, ends, holding=0.0) if true else end_costs(case, ends))[:, 0]
    for slot in case.trips_kwh:
        total[slot] += after_trip(case, slot, way.energies_kwh[slot : slot + 1])[1][0]
    for slot, turn in enumerate(way.turns):
        total[slot] += case.rhythm.start_cost * turn.starts if true else turn_cost(case, turn)
    return total


def _worth_per_kwh(case: Case, worth: Worth, way: Walk) -> Floats:
    """Return what a stored kWh is worth at the end of each slot: how much less the hours after it cost with it.

    Mean over the energy in question: what the slot moves; at rest the last kWh stored, or what was left at the least,
    else a little more. Where all of that is a fine nobody pays it is told as several times the dearest price.
    """
    sensible = SENSIBLE * float(np.abs(case.connection.price_in).max())
    per_kwh = np.zeros(case.slots)
    for slot, turn in enumerate(way.turns):
        row = 0 if case.away[slot] or case.cut_after(slot) else turn.row
        costs = worth.after[slot, row]
        shown = [_slope(worth.grid, slot, costs, low, high) for low, high in _spans(case, way, slot)]
        paid = bool(way.modes[slot]) and abs(shown[0]) < FINE
        fined = shown[0] if paid else min(max(shown[0], -sensible), sensible)
        per_kwh[slot] = next((one for one in shown if abs(one) <= sensible), fined)
    return per_kwh


def _spans(case: Case, way: Walk, slot: int) -> Iterator[tuple[float, float]]:
    """Yield the energies between which a slot's worth may be told, best first."""
    begin, end = float(way.energies_kwh[slot]), float(way.energies_kwh[slot + 1])
    if way.modes[slot]:
        yield min(begin, end), max(begin, end)
    elif not case.away[slot] and case.discharge.open.any():
        least = case.discharge.moved_kwh(case.discharge.low_kw, float(case.hours[slot]))
        yield end - max(min(A_KWH, end - case.battery.floor_kwh), least), end
    yield end, end + ONE_MORE * case.battery.capacity_kwh


def _slope(grid: Grid, slot: int, costs: Floats, low: float, high: float) -> float:
    """Return the saving per kWh between two energies, moved onto the ladder where they lie beside it."""
    bottom, height = float(grid.low[slot]) * grid.step_kwh, (grid.size - 1) * grid.step_kwh
    span = min(max(high - low, grid.step_kwh), height)
    low = min(max(low, bottom), bottom + height - span)
    return (grid.at(slot, costs, low) - grid.at(slot, costs, low + span)) / span
