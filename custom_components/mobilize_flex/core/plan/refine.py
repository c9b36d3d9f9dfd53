"""The last cents: a narrow tube of ever finer steps around a walk whose modes are settled."""

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .case import NEVER, Case, Floats, Indexes
from .forward import Walk
from .stage import SLACK_KWH, after_trip, end_costs, end_value, move_cost, with_hazard

HALF: Final = 20
"""Steps on each side of the walk."""
WIDTH: Final = 2 * HALF + 1
SHRINK: Final = 5.0
FINEST_KWH: Final = 1e-4
PATIENCE: Final = 4
"""Passes one step size may take."""


def refine(case: Case, walk: Walk, step_kwh: float) -> Walk:
    """Return the walk moved to the cheapest energies near it, its modes unchanged."""
    step = step_kwh
    while step > FINEST_KWH:
        for _ in range(PATIENCE):
            offsets = np.arange(-HALF, HALF + 1, dtype=np.float64) * step
            walk, at_wall = _follow(case, walk, offsets, _picks(case, walk, offsets))
            if not at_wall:
                break
        step /= SHRINK
    return walk


def _picks(case: Case, walk: Walk, offsets: Floats) -> list[Indexes]:
    """Return, per slot and node before it, the best node after it."""
    tables = _tables(case, walk, offsets)
    same = np.arange(WIDTH)
    nodes = walk.energies_kwh[1:, None] + offsets
    ending = end_costs(case, nodes)
    ending[(nodes < -SLACK_KWH) | (nodes > case.battery.capacity_kwh + SLACK_KWH)] = NEVER
    value = end_value(case, nodes[-1])
    picks: list[Indexes] = []
    for slot in reversed(range(case.slots)):
        ends = nodes[slot]
        value = with_hazard(case, slot, ends, value) + ending[slot]
        if walk.modes[slot] == 0:
            picks.append(same)
            if slot in case.trips_kwh:
                value = _over_trip(case, slot, nodes[slot - 1], ends, value)
            continue
        if walk.modes[slot] > 0:
            barred = ends > case.battery.ceiling_kwh[slot] + SLACK_KWH
        else:
            barred = ends < case.battery.discharge_floor_kwh[slot] - SLACK_KWH
        value = np.where(barred, NEVER, value)
        table = sliding_window_view(tables[slot], WIDTH)[::-1] + value
        pick = table.argmin(axis=1)
        picks.append(pick)
        value = table[same, pick]
    picks.reverse()
    return picks


def _tables(case: Case, walk: Walk, offsets: Floats) -> Floats:
    """Return the cost of every difference between a node before and a node after each slot."""
    modes = np.array(walk.modes)
    moved = walk.moved_kwh
    differences = np.arange(-2 * HALF, 2 * HALF + 1) * (offsets[-1] / HALF)
    tables = np.zeros((case.slots, len(differences)))
    for mode in (1, -1):
        slots = np.flatnonzero(modes == mode)
        if len(slots):
            wanted = mode * (moved[slots][:, None] + differences)
            tables[slots], _ = move_cost(case, case.side(mode), slots[:, None], wanted)
    return tables


def _over_trip(case: Case, slot: int, begins: Floats, ends: Floats, after: Floats) -> Floats:
    """Return the cost on the near side of a trip; nodes that would not meet their like after it are barred."""
    left, missed = after_trip(case, slot, begins)
    return np.where(np.abs(left - ends) > SLACK_KWH, NEVER, after + missed)


def _follow(case: Case, walk: Walk, offsets: Floats, picks: list[Indexes]) -> tuple[Walk, bool]:
    """Return the walk along the picked nodes, and whether it touches the wall of the tube."""
    node, at_wall = HALF, False
    nodes = np.empty(case.slots, dtype=np.intp)
    for slot, pick in enumerate(picks):
        node = int(pick[node])
        nodes[slot] = node
        at_wall = at_wall or node in (0, WIDTH - 1)
    energies = walk.energies_kwh.copy()
    energies[1:] = np.clip(energies[1:] + offsets[nodes], 0.0, case.battery.capacity_kwh)
    return Walk(walk.modes, walk.turns, energies), at_wall
