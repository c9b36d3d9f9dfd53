"""What energy left in the car is worth when the plan ends."""

from collections.abc import Sequence
from typing import Final

DAY_H: Final = 24.0


def terminal_value(
    import_per_kwh: Sequence[float],
    hours: Sequence[float],
    *,
    charge_efficiency: float,
    discharge_efficiency: float | None,
    ageing_per_kwh: float,
) -> float:
    """Return the worth of a kWh left in the battery at the end of a plan.

    It spares the cheapest refill of the day to come, which is taken to be like the last 24 hours of the plan. For a car
    that may give energy back it is no more than covering the house at the mean price of that day would bring.

    Args:
        import_per_kwh: Prices by slot.
        hours: Lengths of the slots.
        charge_efficiency: Between 0 and 1, at the usual power.
        discharge_efficiency: The same on the way out, or ``None`` if the car may not give.
        ageing_per_kwh: What moving a kWh in or out costs the battery.
    """
    last = _last_day(hours)
    if not last:
        return 0.0
    refill = min(import_per_kwh[k] for k in last) / charge_efficiency + ageing_per_kwh
    if discharge_efficiency is None:
        return max(refill, 0.0)
    mean = sum(import_per_kwh[k] * hours[k] for k in last) / sum(hours[k] for k in last)
    return max(min(refill, mean * discharge_efficiency - ageing_per_kwh), 0.0)


def _last_day(hours: Sequence[float]) -> list[int]:
    """Return the slots of the last 24 hours, latest first."""
    kept: list[int] = []
    total = 0.0
    for k in reversed(range(len(hours))):
        if total >= DAY_H:
            break
        kept.append(k)
        total += hours[k]
    return kept
