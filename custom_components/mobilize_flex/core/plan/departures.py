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


def upcoming(programmes: Sequence[Programme], zone: tzinfo, now: datetime, horizon: timedelta) -> tuple[Departure, ...]:
    """Return the departures after now and up to a horizon, in time order; disabled programmes have none.

    Of several at one instant the one for a single day counts, else the first in number.
    """
    found = (d for p in programmes if p.enabled for d in _of(p, zone, now, horizon))
    first: dict[datetime, Departure] = {}
    for departure in sorted(found, key=lambda d: (d.at, d.programme.number)):
        first.setdefault(departure.at, departure)
    return tuple(first.values())


def ahead_of(departures: Sequence[Programme], zone: tzinfo, now: datetime) -> tuple[Programme, ...]:
    """Return the departures for a single day that are not over."""
    return tuple(p for p in departures if p.once is not None and instant(p.once, p.departure, zone) > now)


def _of(programme: Programme, zone: tzinfo, now: datetime, horizon: timedelta) -> Iterator[Departure]:
    first = now.astimezone(zone).date() - ONE_DAY
    for offset in range(horizon.days + 3):
        day = first + offset * ONE_DAY
        if programme.leaves_on(day):
            at = instant(day, programme.departure, zone)
            if now < at <= now + horizon:
                yield Departure(at, programme)


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
    """Return what is wrong with a list of weekly programmes, or ``None``."""
    if len(programmes) > MOST_PROGRAMMES:
        return ProgrammeFault.TOO_MANY
    numbers = [p.number for p in programmes]
    if len(set(numbers)) < len(numbers) or any(not 1 <= n <= MOST_PROGRAMMES for n in numbers):
        return ProgrammeFault.BAD_NUMBER
    if not all(p.weekdays and all(0 <= d <= 6 for d in p.weekdays) for p in programmes):
        return ProgrammeFault.NO_WEEKDAY
    moments = [(p.departure.hour, p.departure.minute, d) for p in programmes for d in p.weekdays]
    return ProgrammeFault.DUPLICATE_MOMENT if len(set(moments)) < len(moments) else None
