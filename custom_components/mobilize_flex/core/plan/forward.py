"""The walk from the car's true state of charge along the cheapest way, free of the ladder's rungs."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .backward import Worth, turn_cost
from .case import NEVER, Case, Floats, Side
from .modes import Turn
from .stage import SLACK_KWH, after_trip, move_cost, rest_cost


@dataclass(frozen=True, slots=True)
class Walk:
    """Hold a way through the slots: mode and turn of each, the energy at each boundary (one more than slots)."""

    modes: tuple[int, ...]
    turns: tuple[Turn, ...]
    energies_kwh: Floats

    @property
    def moved_kwh(self) -> Floats:
        """Return what each slot puts into the battery; a trip counts, too."""
        return np.diff(self.energies_kwh)


class _Step(NamedTuple):
    """Hold one slot's choice: the cost from here on, the mode, its turn, the energy at the end."""

    cost: float
    mode: int
    turn: Turn
    end_kwh: float


@dataclass(frozen=True, slots=True)
class _Way:
    """Hold what the walk looks at: the case, the worth of things, what resting costs."""

    case: Case
    worth: Worth
    resting: Floats

    def turn(self, row: int, mode: int) -> Turn:
        """Return where a mode leads from a row; a negative row is the time before the first slot."""
        if row >= 0:
            return self.worth.modes.turn(row, mode)
        rhythm = self.case.rhythm
        return self.worth.modes.opening(rhythm.initial_mode, rhythm.initial_age, mode)


def walk(case: Case, worth: Worth) -> tuple[Walk, float]:
    """Follow the worth of things from the start, choosing among every rung, bend and limit in reach.

    Returns:
        The walk, and the cost that the worth foretold for it.
    """
    way = _Way(case, worth, rest_cost(case))
    row, foretold = -1, 0.0
    modes, turns = list[int](), list[Turn]()
    energies = np.full(case.slots + 1, case.battery.start_kwh)
    for slot in range(case.slots):
        energy = float(energies[slot])
        step = _absence(way, slot, energy) if case.away[slot] else _choose(way, slot, row, energy)
        foretold = foretold if slot else step.cost
        row = 0 if case.cut_after(slot) else step.turn.row
        modes.append(step.mode)
        turns.append(step.turn)
        energies[slot + 1] = step.end_kwh
    return Walk(tuple(modes), tuple(turns), energies), foretold


def _absence(way: _Way, slot: int, energy: float) -> _Step:
    """Return the step through a slot without the car."""
    left, missed = after_trip(way.case, slot, np.array([energy]))
    ahead = way.worth.grid.at(slot, way.worth.after[slot, 0], float(left[0]))
    cost = ahead + float(missed[0] + way.resting[slot])
    return _Step(cost, 0, Turn(0, False, False, False), float(left[0]))


def _choose(way: _Way, slot: int, row: int, energy: float) -> _Step:
    """Return the step through a slot that costs least from here on."""
    case, worth = way.case, way.worth
    turn = way.turn(row, 0)
    ahead = worth.grid.at(slot, worth.after[slot, turn.row], energy)
    best = _Step(ahead + float(way.resting[slot]) + turn_cost(case, turn), 0, turn, energy)
    for mode in _promising(worth, slot, row, energy):
        turn = way.turn(row, mode)
        ends, cost = _moves(way, case.side(mode), slot, energy)
        if not len(ends):
            continue
        cost = cost + worth.ahead(slot, turn.row, ends)
        pick = int(np.argmin(cost))
        step = _Step(float(cost[pick]) + turn_cost(case, turn), mode, turn, float(ends[pick]))
        best = min(best, step, key=lambda one: one.cost)
    return best


def _promising(worth: Worth, slot: int, row: int, energy: float) -> set[int]:
    """Return the modes other than rest that the rungs around an energy would take."""
    if row < 0:
        return {1, -1}
    rung = worth.grid.below(max(slot - 1, 0), energy)
    return {int(mode) for mode in worth.choice[slot, row, max(rung - 1, 0) : rung + 3]} - {0}


def _moves(way: _Way, side: Side, slot: int, energy: float) -> tuple[Floats, Floats]:
    """Return the energies a slot may end with in one direction, and what getting there costs."""
    case, bends = way.case, way.worth.bends[side.sign]
    moved = bends.moved_kwh[bends.cost[:, slot] < NEVER, slot]
    if not len(moved):
        return moved, moved
    battery = case.battery
    rungs = _rungs(way.worth.grid.energies_kwh(slot), energy, side.sign * float(moved.max()))
    wanted = np.concatenate((moved, side.sign * (_marks(case, slot) - energy), side.sign * (rungs - energy)))
    ends = energy + side.sign * wanted
    low = battery.discharge_floor_kwh[slot] if side.sign < 0 else 0.0
    high = battery.ceiling_kwh[slot] if side.sign > 0 else battery.capacity_kwh
    wanted = wanted[(wanted > 0) & (ends >= low - SLACK_KWH) & (ends <= high + SLACK_KWH)]
    cost, _ = move_cost(case, side, slot, wanted)
    fits = cost < NEVER
    return energy + side.sign * wanted[fits], cost[fits]


def _rungs(rungs_kwh: Floats, energy: float, reach: float) -> Floats:
    """Return the rungs between an energy and the farthest a slot can reach."""
    first, last = np.searchsorted(rungs_kwh, sorted((energy, energy + reach)))
    return rungs_kwh[first:last]


def _marks(case: Case, slot: int) -> Floats:
    """Return the energies worth meeting exactly at the end of a slot."""
    battery = case.battery
    goals = [case.goals[last].target_kwh for last in sorted(case.goals) if last >= slot][:1]
    limits = [battery.floor_kwh, battery.discharge_floor_kwh[slot], battery.ceiling_kwh[slot]]
    return np.array([*limits, battery.most_at_departure_kwh, *goals])
