"""The cheapest way into or out of the battery in one slot, found for every rung of the ladder at once.

Over a stretch of powers with one efficiency and no bend the cost is a straight line, so the cheapest end within reach
is a sliding minimum: found by doubling windows, in a few passes over the ladder however long the stretch.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .case import NEVER, Case, Flags, Floats, Indexes, Side
from .grid import Grid
from .stage import SLACK_KWH, Landmarks, move_cost

ON_RUNG: Final = 1e-9
STRAIGHT: Final = 1e-10
"""Second difference of the cost under which three rungs lie on a line."""
WORTH_SLIDING: Final = 8
"""Rungs from which the sliding minimum is cheaper than trying each."""


class Stretch(NamedTuple):
    """Hold a straight run of rungs: the first, how many, the cost at the first and the cost per rung."""

    first: int
    rungs: int
    cost: float
    slope: float


class Jumps(NamedTuple):
    """Hold single moves: whole rungs passed, which end between rungs and by what part of one, the cost."""

    rungs: Indexes
    between: Flags
    part: Floats
    cost: Floats


NOTHING: Final = np.empty(0, dtype=np.intp)


class Mover:
    """One direction of power on one grid; keeps room to work in between the slots."""

    __slots__ = (
        "_ahead",
        "_barred",
        "_jumps",
        "_margin",
        "_ramp",
        "_shifts",
        "_side",
        "_size",
        "_stretches",
        "_windows",
    )

    def __init__(self, case: Case, side: Side, grid: Grid, bends: Landmarks, rows: int) -> None:
        """Price every whole number of rungs, and the bends between them, in every slot.

        Args:
            case: The case.
            side: The direction.
            grid: The ladder.
            bends: The bends of the direction.
            rows: How many memories ``best`` will be asked about at once.
        """
        most = np.max(bends.moved_kwh, where=bends.cost < NEVER, initial=0.0)
        reach = min(int(most / grid.step_kwh + ON_RUNG), int(case.battery.capacity_kwh / grid.step_kwh))
        self._shifts = side.sign * np.diff(grid.low, prepend=grid.low[:1])
        self._margin = int(np.abs(self._shifts).max(initial=0))
        self._side, self._size = side, grid.size
        self._barred = _barred(case, side, grid)
        self._ramp = np.arange(grid.size + reach, dtype=np.float64)
        self._ahead = np.full((rows, grid.size + reach + 2 + 2 * self._margin), NEVER)
        self._windows = sliding_window_view(self._ahead, grid.size, axis=1).transpose(1, 0, 2)
        self._stretches: list[list[Stretch]] = []
        self._jumps: list[Jumps] = []
        moved = np.arange(1, reach + 1, dtype=np.float64) * grid.step_kwh
        cost, _ = move_cost(case, side, np.arange(case.slots)[:, None], moved, effort=0.0)
        stretches, single = _cut(cost)
        for slot in range(case.slots):
            there = np.flatnonzero(bends.cost[:, slot] < NEVER) if self.possible(slot) else NOTHING
            whole = np.flatnonzero(single[slot]) if len(there) else NOTHING
            rungs = np.concatenate((whole + 1, bends.moved_kwh[there, slot] / grid.step_kwh))
            priced = np.concatenate((cost[slot, whole], bends.cost[there, slot]))
            self._stretches.append(stretches.get(slot, []))
            self._jumps.append(_jumps(rungs, priced, reach))

    def possible(self, slot: int) -> bool:
        """Tell whether the direction exists in a slot."""
        return bool(self._side.top_kw[slot] >= self._side.low_kw)

    def best(self, slot: int, after: Floats) -> Floats:
        """Return, for every rung, the cheapest cost of moving in a slot and going on from there.

        Args:
            slot: The slot.
            after: Cost from the end of the slot onwards, one row per memory (see ``modes``).
        """
        ahead, size, barred = self._ahead, self._size, int(self._barred[slot])
        step, margin = self._side.sign, self._margin
        ahead[:, margin : margin + size] = after[:, ::step]
        ahead[:, margin + size - barred : margin + size] = NEVER
        begin = margin - int(self._shifts[slot])
        best = self._single(slot, begin)
        for stretch in self._stretches[slot]:
            np.minimum(best, self._slide(stretch, begin), out=best)
        np.minimum(best, NEVER, out=best)
        return best[:, ::step]

    def _single(self, slot: int, begin: int) -> Floats:
        """Return the cheapest of the single moves."""
        jumps, windows = self._jumps[slot], self._windows[begin:]
        rows = windows[jumps.rungs]
        if jumps.between.any():
            low = rows[jumps.between]
            low += (windows[jumps.rungs[jumps.between] + 1] - low) * jumps.part
            rows[jumps.between] = low
        rows += jumps.cost
        best: Floats = rows.min(axis=0, initial=NEVER)
        return best

    def _slide(self, stretch: Stretch, begin: int) -> Floats:
        """Return the cheapest end within a straight stretch."""
        first, count, cost, slope = stretch
        first += begin
        size = self._size
        ramp = self._ramp[: size + count - 1] * slope
        least = self._ahead[:, first : first + size + count - 1] + ramp
        window = 1
        while 2 * window <= count:
            least = np.minimum(least[:, :-window], least[:, window:])
            window *= 2
        if window < count:
            least = np.minimum(least[:, :size], least[:, count - window : count - window + size])
        result: Floats = least[:, :size] - (ramp[:size] - cost)
        return result


def _barred(case: Case, side: Side, grid: Grid) -> Indexes:
    """Return how many rungs at the far end no move may end on, per slot."""
    if side.sign > 0:
        allowed = np.floor((case.battery.ceiling_kwh + SLACK_KWH) / grid.step_kwh).astype(np.intp) + 1 - grid.low
        return np.clip(grid.size - allowed, 0, grid.size)
    barred = np.ceil((case.battery.discharge_floor_kwh - SLACK_KWH) / grid.step_kwh).astype(np.intp) - grid.low
    return np.clip(barred, 0, grid.size)


def _jumps(rungs: Floats, cost: Floats, reach: int) -> Jumps:
    """Return single moves, told apart by whether they end on a rung or between two."""
    below = np.minimum((rungs + ON_RUNG).astype(np.intp), reach)
    part = rungs - below
    between = part > 2 * ON_RUNG
    return Jumps(below, between, part[between, None, None], cost[:, None, None])


def _fresh(cost: Floats) -> Flags:
    """Tell which rungs do not lie on the straight line through the two before them (a table by slot and rung)."""
    fresh = np.ones(cost.shape, dtype=np.bool_)
    if cost.shape[1] > 2:
        bent = np.abs(cost[:, 2:] - 2 * cost[:, 1:-1] + cost[:, :-2]) >= STRAIGHT
        fresh[:, 2:] = bent | (cost[:, 2:] >= NEVER)
    return fresh


def _cut(cost: Floats) -> tuple[dict[int, list[Stretch]], Flags]:
    """Cut the costs of 1, 2, 3 ... rungs (a table by slot) into stretches worth sliding over and single rungs."""
    single, stretches = cost < NEVER, dict[int, list[Stretch]]()
    slots, edges = np.nonzero(_fresh(cost))
    follows = np.append(np.diff(slots) == 0, False)
    lengths = np.where(follows, np.roll(edges, -1), cost.shape[1]) - edges
    long = np.flatnonzero(lengths >= WORTH_SLIDING)
    for slot, edge, length in zip(slots[long].tolist(), edges[long].tolist(), lengths[long].tolist(), strict=True):
        begin, end = edge - 1, edge + length  # the line goes through the rung before the edge, too
        slope = float(cost[slot, end - 1] - cost[slot, begin]) / length
        stretches.setdefault(slot, []).append(Stretch(begin + 1, length + 1, float(cost[slot, begin]), slope))
        single[slot, begin:end] = False
    return stretches, single
