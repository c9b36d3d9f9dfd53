"""What a station holds of our limits, against what it should hold."""

from collections.abc import Iterable, Iterator
from typing import Final

from ..model.commands import InstallLimits
from ..model.electric import NOMINAL_V
from ..model.station import HeldProfile
from .profiles import ORDER_ID, fallback, held, house_max
from .wire import table

CLOSE_W: Final = 25.0
CLOSE_SHARE: Final = 0.01
"""What floats of 32 bits and a change of unit may make of a figure."""
MOST_ORDERS: Final = 8


def is_intact(profiles: Iterable[HeldProfile], command: InstallLimits) -> bool:
    """Tell whether both lasting limits stand as we would write them now."""
    there = {profile.id: profile for profile in profiles}
    return all(wanted.id in there and _same(there[wanted.id], wanted) for wanted in lasting(command))


def lasting(command: InstallLimits) -> Iterator[HeldProfile]:
    """Yield the two lasting limits as a station would report them."""
    for payload in (house_max(command), fallback(command)):
        profile = held(table(payload, "chargingProfile"), 0)
        if profile is not None:
            yield profile


def orders(profiles: Iterable[HeldProfile]) -> set[int]:
    """Return the EVSEs for which a station holds an order of ours."""
    numbers = (profile.id - ORDER_ID + 1 for profile in profiles)
    return {number for number in numbers if 1 <= number <= MOST_ORDERS}


def _same(profile: HeldProfile, wanted: HeldProfile) -> bool:
    if (profile.purpose, profile.level, profile.periods) != (wanted.purpose, wanted.level, wanted.periods):
        return False
    if profile.limit is None or wanted.limit is None:
        return False
    phases = profile.phases or wanted.phases or 3
    wanted_w = _watts(wanted, wanted.phases or 3)
    close_w = max(CLOSE_W, CLOSE_SHARE * wanted_w)
    same_phases = profile.phases is None or profile.phases == wanted.phases
    return same_phases and abs(_watts(profile, phases) - wanted_w) <= close_w


def _watts(profile: HeldProfile, phases: int) -> float:
    limit = profile.limit or 0.0
    return limit * NOMINAL_V * phases if profile.amperes else limit
