"""What one slot costs: money for each power the car may take or give, and for each energy it may end with."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from .case import NEVER, Band, Case, Connection, Floats, Indexes, Side

HOLDING: Final = 2e-8
"""Per kWh and hour: of equal plans, charge later and give earlier."""
EFFORT: Final = 1e-9
"""Per kW squared and hour: of equal plans, the gentler one."""
PROMISE: Final = 1000.0
"""Per kWh: what was lent on known prices comes back on known prices."""
SLACK_KW: Final = 1e-9
SLACK_KWH: Final = 1e-9

type Slots = Indexes | slice[None] | int


def grid_rate(line: Connection, slots: Slots, car_kw: Floats) -> Floats:
    """Return the cost per hour of house, sun and car at the cheapest use of the sun.

    Args:
        line: The connection.
        slots: Slots whose figures broadcast against ``car_kw``; a column of slots gives a table.
        car_kw: Signed power of the car.
    """
    net = line.net_kw[slots] + car_kw
    spill = line.spill_kw[slots]
    rate = _settled(line, slots, net)
    if not np.any(spill):
        return rate
    for wanted in (net + spill, -line.export_kw[slots], 0.0, line.import_kw[slots]):
        rate = np.minimum(rate, _settled(line, slots, np.clip(wanted, net, net + spill)))
    return rate


def _settled(line: Connection, slots: Slots, net: Floats) -> Floats:
    """Return the cost per hour of a net power at the grid."""
    drawn, fed = np.maximum(net, 0.0), np.maximum(-net, 0.0)
    over = np.maximum(np.maximum(drawn - line.import_kw[slots], fed - line.export_kw[slots]), 0.0)
    cost: Floats = line.price_in[slots] * drawn - line.price_out[slots] * fed + line.fine * over
    return cost


def move_cost(case: Case, side: Side, slots: Slots, moved_kwh: Floats, effort: float = EFFORT) -> tuple[Floats, Floats]:
    """Return cost and power (a magnitude) of moving energy into or out of the battery; ``NEVER`` where impossible.

    Where two bands of efficiency can move the same energy the cheaper one is taken.

    Args:
        case: The case.
        side: The direction.
        slots: Slots that broadcast against ``moved_kwh``.
        moved_kwh: Energy into or out of the battery, positive.
        effort: Price of power squared, which orders equals.
    """
    hours, top = case.hours[slots], side.top_kw[slots]
    best = np.full(np.broadcast(moved_kwh, top).shape, NEVER)
    power = np.zeros(best.shape)
    for band in side.bands:
        factor = band.efficiency if side.sign > 0 else 1 / band.efficiency
        low, high = max(band.from_kw, side.low_kw), np.minimum(band.below_kw, top)
        asked = moved_kwh / (hours * factor)
        fits = (asked >= low - SLACK_KW) & (asked <= high + SLACK_KW) & (moved_kwh > 0)
        if not fits.any():
            continue
        asked = np.maximum(np.minimum(asked, high), low)
        cost = np.where(fits, power_cost(case, side, slots, asked, moved_kwh, effort), NEVER)
        power = np.where(cost < best, asked, power)
        best = np.minimum(best, cost)
    return best, power


def power_cost(case: Case, side: Side, slots: Slots, power_kw: Floats, moved_kwh: Floats, effort: float) -> Floats:
    """Return the cost of a slot in which the car takes or gives a power."""
    rate = grid_rate(case.connection, slots, side.sign * power_kw) + effort * power_kw * power_kw
    cost: Floats = rate * case.hours[slots] + case.battery.ageing * moved_kwh
    return cost


def rest_cost(case: Case) -> Floats:
    """Return what each slot costs when the car does nothing."""
    return grid_rate(case.connection, slice(None), np.zeros(case.slots)) * case.hours


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Hold the powers of each slot where the cost bends, with the energy they move; one row per power."""

    moved_kwh: Floats
    cost: Floats


def landmarks(case: Case, side: Side) -> Landmarks:
    """Return the bends of every slot: edges of bands, most power, no import, no feed-in, limits just filled.

    Rows that a slot does not have cost ``NEVER``.
    """
    line, top = case.connection, side.top_kw
    bends = [-line.net_kw, line.import_kw - line.net_kw, -line.export_kw - line.net_kw]
    if line.spill_kw.any():
        bends += [bend - line.spill_kw for bend in tuple(bends)]
    powers = [top, np.full(case.slots, side.low_kw), *(side.sign * bend for bend in bends)]
    powers += [np.full(case.slots, edge) for edge in _good_edges(side)]
    moved, cost = [], []
    for wanted in powers:
        for band in side.bands:
            rows = _landmark(case, side, band, wanted)
            if rows is not None:
                moved.append(rows[0])
                cost.append(rows[1])
    shape = (len(moved), case.slots)
    return Landmarks(np.array(moved).reshape(shape), np.array(cost).reshape(shape))


def _good_edges(side: Side) -> list[float]:
    """Return the better side of each edge between two bands."""
    return [
        upper.from_kw if upper.efficiency >= lower.efficiency else lower.below_kw
        for lower, upper in pairwise(side.bands)
    ]


def _landmark(case: Case, side: Side, band: Band, wanted: Floats) -> tuple[Floats, Floats] | None:
    """Return energy and cost of one wanted power in one band, or nothing if it never falls there."""
    low = max(band.from_kw, side.low_kw)
    fits = (wanted >= low - SLACK_KW) & (wanted <= np.minimum(band.below_kw, side.top_kw) + SLACK_KW)
    if not fits.any():
        return None
    factor = band.efficiency if side.sign > 0 else 1 / band.efficiency
    power = np.maximum(np.minimum(wanted, side.top_kw), low)
    moved = power * case.hours * factor
    return moved, np.where(fits, power_cost(case, side, slice(None), power, moved, EFFORT), NEVER)


def end_costs(case: Case, energies_kwh: Floats, holding: float = HOLDING) -> Floats:
    """Return what it costs (or, negative, is worth) to end each slot with each energy, before any trip.

    Args:
        case: The case.
        energies_kwh: One row for all slots, or one row per slot.
        holding: Price of energy held, which orders equals; 0 leaves out everything nobody pays.
    """
    battery = case.battery
    connected = np.where(case.away, 0.0, case.hours)[:, None]
    fines = battery.floor_fine * np.maximum(battery.floor_kwh - energies_kwh, 0.0)
    fines = fines + battery.ceiling_fine * np.maximum(energies_kwh - battery.ceiling_kwh[:, None], 0.0)
    cost: Floats = (fines + holding * energies_kwh) * connected
    rows = np.broadcast_to(energies_kwh, cost.shape)
    for slot, goal in case.goals.items():
        cost[slot] += battery.target_fine * np.maximum(goal.target_kwh - rows[slot], 0.0)
        cost[slot] += battery.excess_fine * np.maximum(rows[slot] - battery.most_at_departure_kwh, 0.0)
        if goal.stays_away:
            cost[slot] -= battery.terminal * rows[slot]
    for slot, promise in case.promises_kwh.items() if holding else ():
        cost[slot] += PROMISE * np.maximum(promise - rows[slot], 0.0)
    return cost


def end_value(case: Case, energy_kwh: Floats) -> Floats:
    """Return the cost of ending the horizon with an energy: the terminal value, unless a departure took it."""
    if any(goal.stays_away for goal in case.goals.values()):
        return np.zeros_like(energy_kwh)
    return np.multiply(energy_kwh, -case.battery.terminal)


def with_hazard(case: Case, slot: int, energy_kwh: Floats, onwards: Floats) -> Floats:
    """Return the cost after a slot, given the chance that the car is unplugged at its end and all else falls away."""
    hazard = case.hazard
    if hazard is None or case.away[slot]:
        return onwards
    chance = hazard.chance[slot]
    gone = hazard.comfort_fine * np.maximum(hazard.comfort_kwh - energy_kwh, 0.0) - case.battery.terminal * energy_kwh
    mixed: Floats = (1 - chance) * onwards + chance * gone
    return mixed


def after_trip(case: Case, slot: int, energy_kwh: Floats) -> tuple[Floats, Floats]:
    """Return the energy after a slot's trip, if one ends there, and the cost of what the battery did not hold."""
    trip = case.trips_kwh.get(slot)
    if trip is None:
        return energy_kwh, np.zeros_like(energy_kwh)
    missing = np.maximum(trip - energy_kwh, 0.0)
    return np.maximum(energy_kwh - trip, 0.0), 2 * case.battery.target_fine * missing
