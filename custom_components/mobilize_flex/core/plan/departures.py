"""When the car leaves next, from the programmes of the week."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from ..model.programme import MOST_PROGRAMMES, Departure, Programme

ONE_DAY: Final = timedelta(days=1)


class ProgrammeFault(StrEnum):
    """Name what is wrong with a list of programmes."""

    TOO_MANY = "too_many"
    BAD_NUMBER = "bad_number"
    NO_WEEKDAY = "no_weekday"
    DUPLICATE_MOMENT = "duplicate_moment"
    TARGET_OUT_OF_RANGE = "target_out_of_range"


def upcoming(programmes: Sequence[Programme], zone: tzinfo, now: datetime, horizon: timedelta) -> tuple[Departure, ...]:
    """Return the departures after now and up to a horizon, in time order; disabled programmes have none."""
    found = [d for p in programmes if p.enabled for d in _of(p, zone, now, horizon)]
    return tuple(sorted(found, key=lambda d: (d.at, d.programme.number)))


def _of(programme: Programme, zone: tzinfo, now: datetime, horizon: timedelta) -> Iterator[Departure]:
    first = now.astimezone(zone).date() - ONE_DAY
    for offset in range(horizon.days + 3):
        day = first + offset * ONE_DAY
        if _applies(programme, day):
            at = instant(day, programme.departure, zone)
            if now < at <= now + horizon:
                yield Departure(at, programme)


def _applies(programme: Programme, day: date) -> bool:
    return day == programme.once if programme.once is not None else day.weekday() in programme.weekdays


def instant(day: date, wall: time, zone: tzinfo) -> datetime:
    """Return a local wall time as UTC.

    A time that the spring night leaves out moves forward by the gap; one that the autumn night has twice is the first.
    """
    local = datetime.combine(day, wall.replace(tzinfo=None, fold=0), zone)
    at = local.astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return at
    before, after = local.utcoffset(), local.replace(fold=1).utcoffset()
    gap = (before - after) if before is not None and after is not None else timedelta(0)
    return (local.replace(tzinfo=None) + abs(gap)).replace(tzinfo=zone).astimezone(UTC)


def check_programmes(programmes: Sequence[Programme]) -> ProgrammeFault | None:
    """Return what is wrong with a list of programmes, or ``None``."""
    if len(programmes) > MOST_PROGRAMMES:
        return ProgrammeFault.TOO_MANY
    numbers = [p.number for p in programmes]
    if len(set(numbers)) < len(numbers) or any(not 1 <= n <= MOST_PROGRAMMES for n in numbers):
        return ProgrammeFault.BAD_NUMBER
    if any(not p.weekdays and p.once is None for p in programmes):
        return ProgrammeFault.NO_WEEKDAY
    if any(not 0 <= d <= 6 for p in programmes for d in p.weekdays):
        return ProgrammeFault.NO_WEEKDAY
    if any(p.target_soc_pct is not None and not 0 < p.target_soc_pct <= 100 for p in programmes):
        return ProgrammeFault.TARGET_OUT_OF_RANGE
    return ProgrammeFault.DUPLICATE_MOMENT if _clash(programmes) else None


def _clash(programmes: Sequence[Programme]) -> bool:
    moments: list[tuple[time, int | date]] = [
        (p.departure, d) for p in programmes if p.once is None for d in p.weekdays
    ]
    moments += [(p.departure, p.once) for p in programmes if p.once is not None]
    return len(set(moments)) < len(moments)
