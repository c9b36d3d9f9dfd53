"""The figures of a sentence: prices, instants and targets, rounded for people."""

from collections.abc import Callable, Iterable
from typing import Final

from ..model.reasons import Reason, Why
from .story import Story

SAME: Final = 2e-4
"""Prices per kWh closer than this are the same."""
WORTH_A_CHANGE: Final = 0.01
"""Gain per kWh below which there is no spread to speak of."""
CLOSE_PCT: Final = 0.2
A_TOUCH_PCT: Final = 0.05

type Rule = Callable[[Story, int], Why | None]


def say(reason: Reason, **values: float | str) -> Why:
    """Return a reason with its figures."""
    return Why(reason, tuple((k, v if isinstance(v, str) else round(float(v), 4)) for k, v in values.items()))


def iso(story: Story, boundary: int) -> str:
    """Return an instant as text."""
    return story.edges[boundary].isoformat()


def first_of(slots: Iterable[int]) -> int | None:
    """Return the first of some slots, if there is one."""
    return next(iter(slots), None)


def target_pct(story: Story, goal: int) -> float:
    """Return the target of a departure."""
    return story.pct(story.case.goals[goal].target_kwh)


def needed(story: Story, slot: int) -> bool:
    """Tell whether the next departure still wants energy when a slot begins."""
    goal = story.goal(slot)
    return goal is not None and story.begin_pct(slot) < target_pct(story, goal) - A_TOUCH_PCT


def wanted_pct(story: Story, goal: int) -> float:
    """Return what a departure wants: its target, or what its trip takes beyond the minimum, whichever is more."""
    case = story.case
    trips = (trip for back, trip in sorted(case.trips_kwh.items()) if back > goal and case.away[goal + 1 : back].all())
    return max(target_pct(story, goal), story.pct(next(trips, 0.0) + case.battery.floor_kwh))
