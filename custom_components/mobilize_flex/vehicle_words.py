"""What the sensors of a car say beside their figures: whence a level comes, what charges taught."""

from collections.abc import Callable
from typing import Any

from .entity import VehicleView


def stored_kwh(v: VehicleView) -> float | None:
    """Return what the battery holds."""
    soc = v.level.soc_pct
    return None if soc is None else v.battery.capacity_wh * soc / 100_000.0


def soc_words(v: VehicleView) -> dict[str, Any]:
    """Return what a level rests on: who told it when, whether the meter moved it on, how far it may be off."""
    level = v.level
    known = level.soc_pct is not None
    return {
        "source": level.source.value if level.source else None,
        "estimated": level.estimated,
        "uncertainty": round(level.error_pct) if known else None,
        "measured_at": level.told_at.replace(microsecond=0).isoformat() if level.told_at else None,
        "not_believed": {source.value: doubt.value for source, doubt in level.doubts},
    }


def learned_words(charging: bool) -> Callable[[VehicleView], dict[str, Any]]:
    """Return what tells how much charges taught of one direction."""

    def words(v: VehicleView) -> dict[str, Any]:
        fit = v.learned.charging if charging else v.learned.discharging
        return {"samples": fit.samples, "refused": fit.refused, "overhead_w": round(v.battery.overhead_w)}

    return words


def capacity_words(v: VehicleView) -> dict[str, Any]:
    """Return how many charges taught the capacity, and what the owner said it is."""
    return {"samples": v.learned.samples, "told_by_owner": v.config.capacity_wh / 1000.0}
