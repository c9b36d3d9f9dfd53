"""How the car is driven: to work and back, at the weekend, on holiday, and when nobody had said so."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from random import Random
from typing import Final

from custom_components.mobilize_flex.core.model.programme import Programme
from custom_components.mobilize_flex.core.plan.departures import instant
from worth.household import dates
from worth.weather import sky

SATURDAY: Final = 5
SUNDAY: Final = 6
SATURDAY_AT: Final = time(10)
ANNOUNCED_AT: Final = time(20)
WH_PER_KM: Final = 165.0
PAUSE: Final = timedelta(minutes=30)
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """Hold how a family drives.

    ``office_days`` are the weekdays somebody drives to work (the others are home office), ``one_way_km`` how far.
    ``surprises`` is the chance of an evening drive nobody announced, ``night_surprises`` of one in the dead of night,
    ``forgets`` that the cable is not plugged in after a return.
    """

    office_days: tuple[int, ...] = (0, 1, 3)
    leaves_at: time = time(7, 45)
    one_way_km: float = 25.0
    saturday: float = 0.75
    sunday: float = 0.4
    announces: float = 0.6
    surprises: float = 0.06
    night_surprises: float = 0.004
    forgets: float = 0.04
    holidays: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """Hold one drive, in UTC; ``told_at`` is when a one-off departure was told to the controller, if it was."""

    leaves: datetime
    returns: datetime
    wh: float
    plugs_in: bool = True
    told_at: datetime | None = None
    programme: Programme | None = None


def programmes(habits: Habits) -> tuple[Programme, ...]:
    """Return the weekly departures the family told the controller."""
    week = Programme(number=1, departure=habits.leaves_at, weekdays=habits.office_days, v2g=True)
    saturday = Programme(number=2, departure=SATURDAY_AT, weekdays=(SATURDAY,), v2g=True)
    return (week, saturday) if habits.office_days else (saturday,)


def absences(habits: Habits, seed: int, start: date, days: int) -> frozenset[date]:
    """Return the days the family is away on holiday."""
    years = {start.year, (start + days * DAY).year} if habits.holidays else set()
    return frozenset(day for year in years for day in _holidays(seed, year))


def _holidays(seed: int, year: int) -> Iterator[date]:
    """Yield a week in winter, two in August, and the days after Christmas, from Saturday on."""
    dice = Random(f"{seed}/holidays/{year}")
    for month, about, length in ((2, 14, 7), (8, 2, 14), (12, 24, 7)):
        first = date(year, month, about) + dice.choice((0, 7) if month == 8 else (0,)) * DAY
        first += (SATURDAY - first.weekday()) % 7 * DAY
        yield from dates(first, length)


def trips(habits: Habits, seed: int, start: date, days: int, zone: tzinfo) -> tuple[Trip, ...]:
    """Return the drives of a stretch in time order, none before the last is over."""
    away = absences(habits, seed, start, days)
    found = [trip for day in dates(start, days) for trip in _of_day(habits, seed, day, zone, away)]
    return tuple(_in_order(found))


def _in_order(found: Iterable[Trip]) -> Iterator[Trip]:
    back: datetime | None = None
    for trip in sorted(found, key=lambda trip: trip.leaves):
        if back is None or trip.leaves >= back + PAUSE:
            yield trip
            back = trip.returns


def _of_day(habits: Habits, seed: int, day: date, zone: tzinfo, away: frozenset[date]) -> Iterator[Trip]:
    dice = Random(f"{seed}/drive/{day}")
    effort = _effort(sky(seed, day).mean_c)
    if day in away:
        if day - DAY not in away:
            yield _long_drive(dice, day, zone, away)
        return
    plugs_in = dice.random() >= habits.forgets
    weekday = day.weekday()
    if weekday in habits.office_days:
        yield _to_work(habits, dice, day, zone, effort, plugs_in)
    elif weekday == SATURDAY and dice.random() < habits.saturday:
        leaves = instant(day, SATURDAY_AT, zone) + dice.randrange(0, 90, 5) * timedelta(minutes=1)
        yield _drive(leaves, dice.uniform(1.5, 6), dice.uniform(20, 110), effort, plugs_in)
    elif weekday == SUNDAY and dice.random() < habits.sunday:
        yield _on_sunday(habits, dice, day, zone, effort)
    yield from _unannounced(habits, dice, day, zone, effort)


def _to_work(habits: Habits, dice: Random, day: date, zone: tzinfo, effort: float, plugs_in: bool) -> Trip:
    leaves = instant(day, habits.leaves_at, zone) + dice.randrange(0, 20, 5) * timedelta(minutes=1)
    return _drive(leaves, dice.uniform(9, 11.5), 2 * habits.one_way_km + dice.uniform(0, 15), effort, plugs_in)


def _on_sunday(habits: Habits, dice: Random, day: date, zone: tzinfo, effort: float) -> Trip:
    wall = time(dice.choice((9, 10, 11, 14)), dice.choice((0, 30)))
    trip = _drive(instant(day, wall, zone), dice.uniform(2, 7), dice.uniform(30, 160), effort, plugs_in=True)
    if dice.random() >= habits.announces:
        return trip
    once = Programme(departure=wall, once=day, v2g=True)
    told_at = instant(day - DAY, ANNOUNCED_AT, zone)
    return Trip(leaves=trip.leaves, returns=trip.returns, wh=trip.wh, told_at=told_at, programme=once)


def _unannounced(habits: Habits, dice: Random, day: date, zone: tzinfo, effort: float) -> Iterator[Trip]:
    if dice.random() < habits.surprises:
        leaves = instant(day, time(18, 30), zone) + dice.randrange(0, 150, 5) * timedelta(minutes=1)
        yield _drive(leaves, dice.uniform(1, 2.5), dice.uniform(10, 50), effort, plugs_in=True)
    if dice.random() < habits.night_surprises:
        leaves = instant(day, time(1), zone) + dice.randrange(0, 240, 5) * timedelta(minutes=1)
        yield _drive(leaves, dice.uniform(1, 3), dice.uniform(20, 70), effort, plugs_in=True)


def _long_drive(dice: Random, day: date, zone: tzinfo, away: frozenset[date]) -> Trip:
    """Return the drive of a whole holiday; most of it is charged on the road."""
    last = day
    while last + DAY in away:
        last += DAY
    leaves, returns = instant(day, SATURDAY_AT, zone), instant(last, time(17), zone)
    return Trip(leaves=leaves, returns=returns, wh=dice.uniform(500, 900) * WH_PER_KM)


def _drive(leaves: datetime, hours: float, km: float, effort: float, plugs_in: bool) -> Trip:
    minutes = round(hours * 12) * 5
    returns = (leaves + timedelta(minutes=minutes)).astimezone(UTC)
    return Trip(leaves=leaves, returns=returns, wh=km * WH_PER_KM * effort, plugs_in=plugs_in)


def _effort(outside_c: float) -> float:
    """Return how much more a kilometre takes in the cold and the heat."""
    return 1.0 + 0.012 * max(0.0, 18.0 - outside_c) + 0.01 * max(0.0, outside_c - 26.0)
