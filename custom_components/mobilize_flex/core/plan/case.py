"""The stay of a car in numbers: prices, house, sun, limits and goals, slot by slot.

Everything behind this door is in kW, kWh, hours and the home's currency, in numpy arrays of one entry per slot.
"The end" of a slot is the boundary after it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Flags = NDArray[np.bool_]
type Indexes = NDArray[np.intp]

NEVER: Final = 1e9
"""The cost of what is not allowed: finite, so that interpolation never meets an infinity."""


@dataclass(frozen=True, slots=True)
class Band:
    """Hold the powers (kW, grid side) over which one efficiency holds; ``below_kw`` is not part of it."""

    from_kw: float
    below_kw: float
    efficiency: float


@dataclass(frozen=True, slots=True)
class Side:
    """Hold one direction of power as magnitudes; ``top_kw`` under ``low_kw`` means shut in that slot."""

    sign: int
    low_kw: float
    top_kw: Floats
    bands: tuple[Band, ...]

    @property
    def open(self) -> Flags:
        """Tell in which slots the direction exists."""
        return self.top_kw >= self.low_kw

    def efficiency(self, power_kw: float) -> float:
        """Return the efficiency at a power; an edge belongs to the upper band."""
        return next((b.efficiency for b in reversed(self.bands) if power_kw >= b.from_kw), self.bands[0].efficiency)

    def moved_kwh(self, power_kw: float, hours: float) -> float:
        """Return the energy put into (charging) or taken out of (discharging) the battery, never negative."""
        factor = self.efficiency(power_kw)
        return power_kw * hours * (factor if self.sign > 0 else 1 / factor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Hold what the house does to the grid without the car, and what that costs."""

    price_in: Floats
    price_out: Floats
    net_kw: Floats
    """House less sun."""
    spill_kw: Floats
    """Sun that may be switched off."""
    import_kw: Floats
    export_kw: Floats
    fine: float


@dataclass(frozen=True, slots=True)
class Goal:
    """Hold what is wanted of the battery when the car leaves."""

    target_kwh: float
    stays_away: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """Hold the battery, its owner's limits and what breaking them costs."""

    capacity_kwh: float
    start_kwh: float
    floor_kwh: float
    ceiling_kwh: Floats
    """Highest energy at which charging may end, by slot."""
    discharge_floor_kwh: Floats
    """Lowest energy at which discharging may end, by slot."""
    most_at_departure_kwh: float
    ageing: float
    terminal: float
    target_fine: float
    excess_fine: float
    floor_fine: float
    ceiling_fine: float


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Hold how often the car may change what it does; ages in slots, modes as -1, 0, 1."""

    start_cost: float
    min_run: int
    min_idle: int
    initial_mode: int
    initial_age: int


@dataclass(frozen=True, slots=True)
class Hazard:
    """Hold the chance, by slot, that the car is unplugged early, and what is then missed (kWh, per kWh)."""

    chance: Floats
    comfort_kwh: float
    comfort_fine: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Hold a tamed question."""

    hours: Floats
    connection: Connection
    charge: Side
    discharge: Side
    battery: Battery
    rhythm: Rhythm
    hazard: Hazard | None
    away: Flags
    known: Flags
    goals: dict[int, Goal]
    """By the slot that ends with the departure."""
    trips_kwh: dict[int, float]
    """By the away slot that ends with the return."""
    promises_kwh: dict[int, float]
    """Energy that known prices must have given back, by the slot that ends them."""

    @property
    def slots(self) -> int:
        """Return the number of slots."""
        return len(self.hours)

    def cut_after(self, slot: int) -> bool:
        """Tell whether a departure or the horizon ends every run at the end of a slot."""
        return slot + 1 >= self.slots or bool(self.away[slot + 1])

    def side(self, mode: int) -> Side:
        """Return the direction of a mode other than idle."""
        return self.charge if mode > 0 else self.discharge

    @property
    def stays(self) -> tuple[tuple[int, int], ...]:
        """Return the stretches of connected slots as (first, one past the last)."""
        edges = np.flatnonzero(np.diff(np.concatenate(([True], self.away, [True])).astype(np.int8)))
        return tuple((int(a), int(b)) for a, b in edges.reshape(-1, 2))
