"""A finished plan to look around in: what a kWh costs or brings in each slot, what comes next, what it is for."""

from datetime import datetime

import numpy as np

from .case import Case, Floats, Side
from .stage import grid_rate

CLOSED_KW = 0.01


class Story:
    """A plan with its case; ``worth`` is what one more stored kWh is worth at the end of each slot."""

    __slots__ = ("_charge_prices", "_gains", "_paid", "case", "edges", "energies_kwh", "power_kw", "stays", "worth")

    def __init__(
        self, case: Case, edges: tuple[datetime, ...], power_kw: Floats, energies_kwh: Floats, worth: Floats
    ) -> None:
        """Hold the plan: signed powers and worth per slot, instants and energies per boundary."""
        self.case, self.edges = case, edges
        self.power_kw: list[float] = power_kw.tolist()
        self.energies_kwh: list[float] = energies_kwh.tolist()
        self.worth: list[float] = worth.tolist()
        self.stays = case.stays
        self._charge_prices: dict[float, Floats] = {}
        self._gains: dict[float, Floats] = {}
        self._paid: dict[int, float] = {}

    def pct(self, energy_kwh: float) -> float:
        """Return an energy as a state of charge."""
        return float(100 * energy_kwh / self.case.battery.capacity_kwh)

    def begin_pct(self, slot: int) -> float:
        """Return the state of charge a slot begins with."""
        return self.pct(self.energies_kwh[slot])

    def end_pct(self, slot: int) -> float:
        """Return the state of charge a slot ends with."""
        return self.pct(self.energies_kwh[slot + 1])

    def stay(self, slot: int) -> tuple[int, int]:
        """Return the first and one past the last connected slot around a connected slot."""
        return next((first, end) for first, end in self.stays if first <= slot < end)

    def rest(self, slot: int) -> range:
        """Return the slots of the stay after a slot."""
        return range(slot + 1, self.stay(slot)[1])

    def goal(self, slot: int) -> int | None:
        """Return the slot that ends with the next departure, within the stay."""
        end = self.stay(slot)[1]
        return next((last for last in sorted(self.case.goals) if slot <= last < end), None)

    def next_run(self, slot: int) -> int | None:
        """Return the next slot of the stay in which the car takes or gives power."""
        return next((k for k in self.rest(slot) if self.power_kw[k] != 0), None)

    def run_end(self, slot: int) -> int:
        """Return one past the last slot of the run a slot is in."""
        power, end = self.power_kw[slot], self.stay(slot)[1]
        return next((k for k in range(slot + 1, end) if self.power_kw[k] * power <= 0), end)

    def charge_prices(self, power_kw: float) -> Floats:
        """Return what a kWh into the car costs in each slot at a power or the most there is; endless where shut."""
        key = round(power_kw, 4)
        if key not in self._charge_prices:
            self._charge_prices[key] = self._per_kwh(self.case.charge, key, np.inf)
        return self._charge_prices[key]

    def gains(self, power_kw: float) -> Floats:
        """Return what a kWh from the car brings in each slot at a power or the most there is; nothing where shut."""
        key = round(power_kw, 4)
        if key not in self._gains:
            self._gains[key] = -self._per_kwh(self.case.discharge, key, np.inf)
        return self._gains[key]

    def _per_kwh(self, side: Side, power_kw: float, shut: float) -> Floats:
        """Return the change of the house's bill per kWh at the charger."""
        power = np.maximum(np.minimum(side.top_kw, power_kw), CLOSED_KW)
        line = self.case.connection
        rest = grid_rate(line, slice(None), np.zeros(self.case.slots))
        change = (grid_rate(line, slice(None), side.sign * power) - rest) / power
        return np.where(side.open, change, shut)

    def paid(self, slot: int) -> float:
        """Return what a kWh costs (charging) or brings (giving back) in a slot at its planned power."""
        if slot not in self._paid:
            power = self.power_kw[slot]
            self._paid[slot] = float((self.charge_prices(power) if power > 0 else self.gains(-power))[slot])
        return self._paid[slot]

    def efficiency(self, slot: int) -> float:
        """Return the efficiency at a slot's planned power."""
        power = self.power_kw[slot]
        return self.case.side(1 if power > 0 else -1).efficiency(abs(power))
