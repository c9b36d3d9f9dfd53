"""The worth of every state of charge at every hour, found from the departure backwards.

``after[k][row, i]`` is the least cost from the end of slot ``k`` onwards, what that end costs included, with the
energy of rung ``i`` and the memory of ``row`` (see ``modes``). One step back is the cheapest of resting, charging
and giving back, each into the row it leads to; ``choice[k]`` remembers which it was.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .case import NEVER, Case, Floats
from .grid import Grid
from .modes import Modes, Turn
from .mover import Mover
from .stage import Landmarks, after_trip, end_costs, end_value, landmarks, rest_cost, with_hazard

FEWER_STARTS: Final = 1e-4
"""What a start costs beyond the owner's figure: of equal plans, the one with fewer starts."""
FEWER_RUNNING: Final = 5e-6
"""What a slot with power flowing costs: of equal plans, the one in which the car sleeps longer."""
BREACH: Final = 1e6
"""What it costs to break off a run or a pause that cannot go on."""

type Choices = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Worth:
    """Hold the least cost from the end of each slot onwards, the mode each slot would take, the bends of its cost."""

    grid: Grid
    modes: Modes
    after: Floats
    choice: Choices
    bends: dict[int, Landmarks]

    def ahead(self, slot: int, row: int, energy_kwh: Floats) -> Floats:
        """Return the cost from the end of a slot onwards at any energy."""
        return self.grid.interpolate(slot, self.after[slot, row], energy_kwh)


def turn_cost(case: Case, turn: Turn) -> float:
    """Return what a turn costs by itself."""
    return (case.rhythm.start_cost + FEWER_STARTS) * turn.starts + FEWER_RUNNING * turn.runs + BREACH * turn.breaks


def value(case: Case, grid: Grid) -> Worth:
    """Return the worth of every energy and memory at the end of every slot."""
    modes = Modes(case.rhythm.min_run, case.rhythm.min_idle)
    bends = {mode: landmarks(case, case.side(mode)) for mode in (1, -1)}
    steps = _Steps(case, modes, grid, bends)
    resting, ending = rest_cost(case), end_costs(case, grid.all_kwh())
    after = np.empty((case.slots, modes.rows, grid.size))
    choice = np.zeros(after.shape, dtype=np.int8)
    before = np.tile(end_value(case, grid.energies_kwh(case.slots - 1)), (modes.rows, 1))
    for slot in reversed(range(case.slots)):
        after[slot] = _onwards(case, grid, slot, before) + ending[slot]
        if case.away[slot]:
            before = _before_absence(case, grid, slot, after[slot]) + resting[slot]
        else:
            before = steps.before(slot, after[slot], choice[slot], float(resting[slot]))
    return Worth(grid, modes, after, choice, bends)


def _onwards(case: Case, grid: Grid, slot: int, before: Floats) -> Floats:
    """Return the cost from the end of a slot onwards, from the cost before the next slot."""
    onwards = np.tile(before[0], (len(before), 1)) if case.cut_after(slot) else before
    return with_hazard(case, slot, grid.energies_kwh(slot), onwards)


def _before_absence(case: Case, grid: Grid, slot: int, after: Floats) -> Floats:
    """Return the cost before a slot the car is away in, its trip done when the slot ends."""
    if slot not in case.trips_kwh:
        return np.tile(_shifted(after[:1], grid.shift(slot)), (len(after), 1))
    left, missed = after_trip(case, slot, grid.energies_kwh(max(slot - 1, 0)))
    return np.tile(grid.interpolate(slot, after[0], left) + missed, (len(after), 1))


class _Steps:
    """The step from the end of a slot to its begin, for all rows at once."""

    __slots__ = ("_grid", "_modes", "_movers", "_rest_cost", "_rest_row", "_turn_cost", "_turn_row")

    def __init__(self, case: Case, modes: Modes, grid: Grid, bends: dict[int, Landmarks]) -> None:
        """Lay out where each mode leads from each row and what that costs."""
        self._grid, self._modes = grid, modes
        self._movers = {mode: Mover(case, case.side(mode), grid, bends[mode], modes.min_run) for mode in (1, -1)}
        rests = [modes.turn(row, 0) for row in range(modes.rows)]
        self._rest_row = [turn.row for turn in rests]
        self._rest_cost = np.array([[turn_cost(case, turn)] for turn in rests])
        turns = {mode: [modes.turn(row, mode) for row in range(modes.rows)] for mode in (1, -1)}
        self._turn_row = {mode: [t.row - modes.runs(mode).start for t in turns[mode]] for mode in turns}
        self._turn_cost = {mode: np.array([[turn_cost(case, turn)] for turn in turns[mode]]) for mode in turns}

    def before(self, slot: int, after: Floats, choice: Choices, resting: float) -> Floats:
        """Return the least cost before a slot, and note the choices.

        Args:
            slot: The slot.
            after: Cost from its end onwards.
            choice: Where to note the mode each row and rung takes.
            resting: What the slot costs without the car.
        """
        best = _shifted(after, self._grid.shift(slot))[self._rest_row] + (self._rest_cost + resting)
        for mode, mover in self._movers.items():
            if not mover.possible(slot):
                continue
            runs = self._modes.runs(mode)
            cost = mover.best(slot, after[runs.start : runs.stop])[self._turn_row[mode]] + self._turn_cost[mode]
            better = cost < best
            choice[better] = mode
            np.copyto(best, cost, where=better)
        return best


def _shifted(after: Floats, shift: int) -> Floats:
    """Return costs at the end of a slot as seen from the rungs at its begin, for energy that does not change."""
    if not shift:
        return after
    seen = np.full(after.shape, NEVER)
    if shift > 0:
        seen[:, shift:] = after[:, :-shift]
    else:
        seen[:, :shift] = after[:, -shift:]
    return seen
