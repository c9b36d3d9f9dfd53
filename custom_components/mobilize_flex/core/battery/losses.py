"""What a car's battery holds, and what is lost on the way in and out at each power."""

from functools import lru_cache
import math
from typing import Final

from ..model.battery import LEAST_POWER_W, USUAL_W, Battery, Fit, Learned
from ..model.config import VehicleConfig
from ..model.plan import EfficiencyStep

OVERHEAD_W: Final = 200.0
"""What the charger in a car takes for itself while it works, at any power."""
OVERHEAD_SPREAD_W: Final = 75.0
MOST_OVERHEAD_W: Final = 600.0
SPREAD: Final = 0.10
"""How far the owner's figures are usually off."""
SHARES: Final = (0.6, 0.99)
BOUNDS: Final = (0.6, 1.25)
"""What is learned of a capacity stays within these times the owner's figure."""
EDGES_W: Final = (750.0, 1_000.0, 1_400.0, 2_000.0, 3_000.0, 4_500.0, 7_000.0)


def efficiency_steps(
    battery: Battery, direction: int, least_w: float = 0.0, caution: float = 1.0
) -> tuple[EfficiencyStep, ...]:
    """Return a direction's efficiencies (1 into the battery, -1 out of it), each as its lowest power has it."""
    edges_w = (max(least_w, LEAST_POWER_W), *(edge_w for edge_w in EDGES_W if edge_w > least_w))
    steps = [EfficiencyStep(edge_w, round(caution * battery.efficiency(direction * edge_w), 4)) for edge_w in edges_w]
    return (EfficiencyStep(0.0, steps[0].efficiency), *steps[1:])


@lru_cache(maxsize=32)
def battery_of(car: VehicleConfig, learned: Learned, told_wh: float | None = None) -> Battery:
    """Return a car's battery: the owner's figures, moved by what was learned; a capacity the car told counts more.

    What charging alone teaches may be a larger battery or a worse charger: each is believed half.
    """
    usual_w = max(min(car.max_charge_w, USUAL_W), 2.0 * OVERHEAD_W)
    charge_share = _within(car.charge_efficiency / (1.0 - OVERHEAD_W / usual_w), SHARES)
    discharge_share = _within(car.discharge_efficiency * (1.0 + OVERHEAD_W / usual_w), SHARES)
    into_wh, out_wh = car.capacity_wh / 100.0 / charge_share, car.capacity_wh / 100.0 * discharge_share
    learned_into_wh, into_w = solve(learned.charging, into_wh, OVERHEAD_W)
    learned_out_wh, out_w = solve(learned.discharging, out_wh, -OVERHEAD_W)
    moved = math.sqrt(learned_into_wh / into_wh * learned_out_wh / out_wh)
    capacity_wh = told_wh or car.capacity_wh * _within(moved, BOUNDS)
    count = max(1, learned.samples)
    overhead_w = (learned.charging.samples * into_w - learned.discharging.samples * out_w) / count
    return Battery(
        capacity_wh=capacity_wh,
        charge_share=_within(capacity_wh / 100.0 / learned_into_wh, SHARES),
        discharge_share=_within(learned_out_wh / capacity_wh * 100.0, SHARES),
        overhead_w=_within(overhead_w, (0.0, MOST_OVERHEAD_W)) if learned.samples else OVERHEAD_W,
    )


def solve(fit: Fit, wh_per_point: float, overhead_w: float) -> tuple[float, float]:
    """Return Wh per point and the overhead (W) a fit leads to, begun from what is usual."""
    a = fit.points_points + 1.0 / (SPREAD * wh_per_point) ** 2
    d = fit.hours_hours + 1.0 / OVERHEAD_SPREAD_W**2
    b = fit.points_hours
    right = (
        fit.points_wh + wh_per_point / (SPREAD * wh_per_point) ** 2,
        fit.hours_wh + overhead_w / OVERHEAD_SPREAD_W**2,
    )
    scale = a * d - b * b
    slope = (right[0] * d - right[1] * b) / scale
    return max(slope, 0.1 * wh_per_point), (right[1] * a - right[0] * b) / scale


def _within(value: float, bounds: tuple[float, float]) -> float:
    return min(max(value, bounds[0]), bounds[1])
