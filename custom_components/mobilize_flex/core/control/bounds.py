"""How far the battery may go, up and down: the minimum, the ceiling of a V2G session, the last stretch above it."""

from typing import Final

from ..model.battery import Battery
from ..model.session import Phase
from ..model.wishes import Wishes

CEILING_PCT: Final = 80.0
"""How far a V2G session may go above the owner's maximum (manual, p. 8)."""
FLOOR_MARGIN_PCT: Final = 1.0
FULL_PCT: Final = 100.0
LAST_STRETCH_S: Final = 7200.0
"""How long before a departure a maximum above the ceiling is gone for, at least."""
TAPER_PCT: Final = 13.0
"""A battery so far above the ceiling takes twice as long for that as at full power."""
SPARE: Final = 1.2


def ceiling_pct(phase: Phase, wishes: Wishes, *, v2g: bool, error_pct: float, last_stretch: bool) -> float:
    """Return the level above which no charge goes now.

    A V2G session stores energy for others up to 80 %, less what the level may be off; a maximum above that is for the
    last stretch before the departure.
    """
    if phase is Phase.INSTANT:
        return FULL_PCT
    most_pct = wishes.soc_max_pct
    if phase is not Phase.V2G or not v2g or (most_pct > CEILING_PCT and last_stretch):
        return most_pct
    careful_pct = CEILING_PCT - max(0.0, error_pct - FLOOR_MARGIN_PCT)
    return max(careful_pct, min(most_pct, CEILING_PCT))


def last_stretch_s(battery: Battery, most_pct: float, power_w: float) -> float:
    """Return how long before a departure a car leaves the ceiling for its maximum, given the power it charges with."""
    points = max(0.0, most_pct - CEILING_PCT)
    if points == 0.0 or power_w <= 0.0:
        return LAST_STRETCH_S
    hours = points / 100.0 * battery.capacity_wh / (power_w * battery.efficiency(power_w))
    return max(LAST_STRETCH_S, SPARE * hours * (1.0 + points / TAPER_PCT) * 3600.0)


def floor_pct(wishes: Wishes, error_pct: float) -> float:
    """Return the level at which giving back ends: the minimum, and what the level may be off."""
    return wishes.soc_min_pct + max(FLOOR_MARGIN_PCT, error_pct)


def planned_floor_pct(wishes: Wishes, soc_pct: float, error_pct: float) -> float:
    """Return the floor of a plan: doubt forbids giving back, it never makes a car charge."""
    return min(max(wishes.soc_min_pct, min(floor_pct(wishes, error_pct), soc_pct)), wishes.soc_max_pct)
