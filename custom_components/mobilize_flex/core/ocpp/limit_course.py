"""What a limit from outside is now, and what it will be: its schedules laid one over the other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ..model.outside import Course
from .wire import Payload, instant, number, tables

SOON: Final = timedelta(minutes=1)
"""A schedule that begins so soon has begun: clocks differ."""
MOST_STEPS: Final = 200
_LONGEST_S: Final = 366 * 86_400.0

type Power = Callable[[Payload, Payload], float | None]
"""Return the power of a schedule's period, W."""


@dataclass(frozen=True, slots=True)
class _Steps:
    """Hold the limits of one schedule, each with the instant it begins; ``None`` once it is over."""

    starts: tuple[tuple[datetime, float | None], ...]

    def at(self, moment: datetime) -> float | None:
        """Return the limit in force at an instant; a limit below zero is not understood."""
        begun = [limit_w for start, limit_w in self.starts if start <= moment]
        last_w = begun[-1] if begun else None
        return last_w if last_w is not None and last_w >= 0.0 else None


def course(schedules: Sequence[Payload], now: datetime, power: Power) -> tuple[float | None, Course]:
    """Return the strictest limit in force now, W, and each later one with its beginning."""
    steps = [_steps(schedule, now, power) for schedule in schedules]
    ahead = sorted({start for one in steps for start, _ in one.starts if start > now})[:MOST_STEPS]
    before_w = _strictest(steps, now)
    later: list[tuple[datetime, float | None]] = []
    for moment in ahead:
        limit_w = _strictest(steps, moment)
        if limit_w != (later[-1][1] if later else before_w):
            later.append((moment, limit_w))
    return before_w, tuple(later)


def _strictest(steps: Sequence[_Steps], moment: datetime) -> float | None:
    told = [limit_w for one in steps if (limit_w := one.at(moment)) is not None]
    return min(told, default=None)


def _steps(schedule: Payload, now: datetime, power: Power) -> _Steps:
    """Return a schedule by its beginnings; one that does not say when it starts has just begun."""
    told = instant(schedule.get("startSchedule")) or now
    start = now if now < told <= now + SOON else min(told, now + timedelta(seconds=_LONGEST_S))
    found = [
        (start + timedelta(seconds=at_s), power(schedule, period))
        for period in tables(schedule, "chargingSchedulePeriod")
        if 0.0 <= (at_s := number(period, "startPeriod") or 0.0) <= _LONGEST_S
    ]
    found.sort(key=lambda one: one[0])
    lasts_s = number(schedule, "duration")
    if lasts_s is not None and 0.0 < lasts_s <= _LONGEST_S:
        end = start + timedelta(seconds=lasts_s)
        found = [one for one in found if one[0] < end] + [(end, None)]
    return _Steps(tuple(found))
