"""The home's other cars, as the plan of one sees them: what they give covers the house, what they take is their sun."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from ..model.moment import Moment
from ..model.plan import Plan
from ..model.state import EvseState, SiteState

LOST_S: Final = 60.0
"""A plan that was asked for is waited for this long."""


def is_asked(evse: EvseState, now: Moment) -> bool:
    """Return whether a plan is being made for an EVSE."""
    return evse.plan_id is not None and now.age_s(evse.plan_asked_at) < LOST_S


def another_is_asked(state: SiteState, identity: str, number: int, now: Moment) -> bool:
    """Return whether a plan is being made for another EVSE: they are made in turn, each knowing the last."""
    return any(is_asked(evse, now) for evse in _others(state, identity, number))


def shared_house(
    state: SiteState, identity: str, number: int, starts: Sequence[datetime], house: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    """Return what is left of the house and of the sun (W each) in slots once the other cars did as planned.

    What a car charges beyond the sun is left out: room for it is shared out by those who rule the loads.
    """
    plans = [evse.plan for evse in _others(state, identity, number) if evse.plan is not None]
    for plan in plans:
        planned = _planned_w(plan, starts)
        house = [_left(*one, power_w) for one, power_w in zip(house, planned, strict=True)]
    return list(house)


def _left(house_w: float, sun_w: float, car_w: float) -> tuple[float, float]:
    """Return what a car leaves of the house and of the sun; what it feeds in besides is more sun to the others."""
    if car_w > 0.0:
        return house_w, sun_w - min(car_w, max(0.0, sun_w - house_w))
    drawn_w = house_w + car_w
    return max(0.0, drawn_w), sun_w + max(0.0, -drawn_w)


def _planned_w(plan: Plan, starts: Sequence[datetime]) -> list[float]:
    """Return what a plan wants of its car at instants; nothing beyond its ends."""
    begins = [slot.start for slot in plan.slots]
    found = (plan.slots[k - 1] if (k := bisect_right(begins, at)) else None for at in starts)
    return [slot.power_w if slot is not None and at < slot.end else 0.0 for at, slot in zip(starts, found, strict=True)]


def _others(state: SiteState, identity: str, number: int) -> list[EvseState]:
    stations = state.stations.items()
    return [e for name, one in stations if one.online for n, e in one.evses.items() if (name, n) != (identity, number)]
