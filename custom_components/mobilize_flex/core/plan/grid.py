"""The ladder of battery energies the planner compares, fine enough for cents and small enough for a Raspberry Pi."""

from dataclasses import dataclass
from math import ceil, floor
from typing import Final

import numpy as np

from .case import NEVER, Case, Floats, Indexes
from .modes import Modes

FINENESS: Final = (20, 16, 12, 10, 8, 6, 5, 4, 3, 2, 1)
"""Rungs per percent to choose from; whole percents are always rungs."""
ON_RUNG: Final = 1e-6
ROOM: Final = 120_000
"""Rungs times slots of the whole ladder."""
CELLS: Final = 2_000_000
"""Values a pass may keep."""
ZOOM: Final = 16
"""How much finer a closer look is."""
MIN_BAND: Final = 801
"""Rungs of a closer look, at least, if there is room."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Hold evenly spaced energies: rung ``i`` at the end of slot ``k`` is ``(low[k] + i) * step_kwh``.

    A grid is either one ladder for all slots or a band that follows a way; nothing leads out of a band.
    """

    step_kwh: float
    low: Indexes
    size: int

    def energies_kwh(self, slot: int) -> Floats:
        """Return the rungs at the end of a slot."""
        rungs: Floats = (self.low[slot] + np.arange(self.size)) * self.step_kwh
        return rungs

    def all_kwh(self) -> Floats:
        """Return the rungs at the end of every slot, one row per slot."""
        table: Floats = (self.low[:, None] + np.arange(self.size)) * self.step_kwh
        return table

    def shift(self, slot: int) -> int:
        """Return by how many rungs the ladder climbs during a slot."""
        return int(self.low[slot] - self.low[slot - 1]) if slot else 0

    def below(self, slot: int, energy_kwh: float) -> int:
        """Return the rung at or under an energy at the end of a slot."""
        rung = int(energy_kwh / self.step_kwh) - int(self.low[slot])
        return min(max(rung, 0), self.size - 1)

    def at(self, slot: int, values: Floats, energy_kwh: float) -> float:
        """Return the value of one energy at the end of a slot; ``NEVER`` beyond the rungs."""
        rungs = energy_kwh / self.step_kwh - float(self.low[slot])
        rung = min(max(int(rungs + ON_RUNG), 0), self.size - 2)
        part = rungs - rung
        if part < -ON_RUNG or part > 1 + ON_RUNG:
            return NEVER
        low, high = float(values[rung]), float(values[rung + 1])
        return low if part < ON_RUNG else low + (high - low) * part

    def interpolate(self, slot: int, values: Floats, energy_kwh: Floats) -> Floats:
        """Return values between the rungs at the end of a slot; ``NEVER`` beyond them."""
        rungs = self.energies_kwh(slot)
        slack = ON_RUNG * self.step_kwh
        inside = (energy_kwh >= rungs[0] - slack) & (energy_kwh <= rungs[-1] + slack)
        return np.where(inside, np.interp(energy_kwh, rungs, values), NEVER)


def choose_grid(case: Case, room: float) -> Grid:
    """Return the finest grid that has room, from the least to the most the battery can hold within the case."""
    low, high = _span_pct(case)
    most = min(room / max(case.slots, 1), _most_rungs(case)) / (high - low)
    fine = next((f for f in FINENESS if f <= most), FINENESS[-1])
    step = case.battery.capacity_kwh / (100 * fine)
    return Grid(step, np.full(case.slots, low * fine), (high - low) * fine + 1)


def band_around(case: Case, grid: Grid, ends_kwh: Floats) -> Grid:
    """Return a grid as large but finer, that follows a way within the old one."""
    fine = Grid(grid.step_kwh / ZOOM, grid.low * ZOOM, (grid.size - 1) * ZOOM + 1)
    size = min(max(grid.size, MIN_BAND), _most_rungs(case), fine.size)
    low = np.rint(ends_kwh / fine.step_kwh).astype(np.intp) - size // 2
    return Grid(fine.step_kwh, np.clip(low, fine.low, fine.low + fine.size - size), size)


def _most_rungs(case: Case) -> int:
    """Return how many rungs memory allows, a value for each row of the memory of modes being kept for every slot."""
    rows = Modes(case.rhythm.min_run, case.rhythm.min_idle).rows
    return max(int(CELLS / (max(case.slots, 1) * rows)), 3)


def _span_pct(case: Case) -> tuple[int, int]:
    """Return the whole percents no way can leave: no discharge under the floor, no charge over the ceiling."""
    battery, pct = case.battery, case.battery.capacity_kwh / 100
    lowest = min(battery.start_kwh, battery.floor_kwh) - sum(case.trips_kwh.values())
    highest = max(battery.start_kwh, float(battery.ceiling_kwh.max(initial=0.0)))
    low, high = max(floor(lowest / pct + 1e-9), 0), min(ceil(highest / pct - 1e-9), 100)
    return (low, high) if high > low else (max(low - 1, 0), max(low - 1, 0) + 1)
