"""What happens in a home besides the passing of time, in order."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from custom_components.mobilize_flex.core.model.programme import Programme
from custom_components.mobilize_flex.core.plan.departures import instant, upcoming
from worth.habits import Trip, programmes
from worth.home import Home
from worth.household import dates
from worth.market import News

AT_MOST_LATE: Final = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Announced:
    """Mark the moment of a departure the controller was told of."""

    target_pct: float


@dataclass(frozen=True, slots=True)
class Leaves:
    """Mark that the car drives off; ``by_surprise`` when the controller could not know."""

    by_surprise: bool


@dataclass(frozen=True, slots=True)
class Returns:
    """Mark that the car is back from a trip."""

    trip: Trip


@dataclass(frozen=True, slots=True)
class Told:
    """Mark that the owner tells the controller of a one-off departure."""

    programme: Programme


@dataclass(frozen=True, slots=True)
class Midnight:
    """Mark the end of a day."""


type Happening = News | Announced | Leaves | Returns | Told | Midnight
type Dated = tuple[datetime, Happening]


def calendar(home: Home, driven: Iterable[Trip], news: Iterable[News], begin: datetime) -> list[Dated]:
    """Return everything that happens after the beginning, in the order of time; the news first where they meet."""
    trips = list(driven)
    told: list[Dated] = [(one.at, one) for one in news]
    told += [(t.told_at, Told(t.programme)) for t in trips if t.told_at is not None and t.programme is not None]
    told += [(instant(day, time(0), home.zone), Midnight()) for day in dates(home.start, home.days)]
    known = _announced(home, trips, begin)
    told += [(at, Announced(home.soc_max_pct)) for at in known]
    for trip in trips:
        expected = any(trip.leaves - AT_MOST_LATE <= at <= trip.leaves for at in known)
        told += [(trip.leaves, Leaves(not expected)), (trip.returns, Returns(trip))]
    return sorted((one for one in told if one[0] > begin), key=lambda one: one[0])


def _announced(home: Home, trips: Iterable[Trip], begin: datetime) -> list[datetime]:
    """Return the moments of all departures the controller is told of."""
    once = [t.programme for t in trips if t.programme is not None]
    every = (*programmes(home.habits), *once)
    return sorted({d.at for d in upcoming(every, home.zone, begin, timedelta(days=home.days))})
