"""A departure with its charge settings: weekly, as the car's own list knows it, or for one day."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

MOST_PROGRAMMES: Final = 3
MOST_DEPARTURES: Final = 5
MOST_SKIPPED: Final = 30
CLIMATE: Final = timedelta(minutes=20)
"""How long before a departure the cabin is prepared; meanwhile nothing is given back."""
HOUR: Final = timedelta(hours=1)


class Kind(StrEnum):
    """Say what a programme does before its departure."""

    CHARGE = "charge"
    PRECONDITION = "precondition"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """Hold one programme.

    ``departure`` is local wall time. A weekly one has a ``number`` from 1 to 3 and ``weekdays``, 0 (Monday) to 6,
    sorted, never empty. One for a single day has that day, ``once``, instead of both; its moment tells it apart.
    ``skipped`` are local days on which a weekly one is left out, ``title`` is what its owner calls it, which
    is nobody else's business.
    """

    departure: time
    number: int = 0
    weekdays: tuple[int, ...] = ()
    kind: Kind = Kind.CHARGE
    v2g: bool = False
    enabled: bool = True
    target_soc_pct: float | None = None
    once: date | None = None
    skipped: tuple[date, ...] = ()
    title: str | None = field(default=None, repr=False)

    @property
    def wall(self) -> datetime | None:
        """Return the local wall time of a departure for a single day."""
        return None if self.once is None else datetime.combine(self.once, self.departure)

    def leaves_on(self, day: date) -> bool:
        """Return whether it has a departure on a local day."""
        if self.once is not None:
            return day == self.once
        return day.weekday() in self.weekdays and day not in self.skipped

    @property
    def climate(self) -> timedelta:
        """Return how long before its departure the cabin is prepared."""
        return timedelta(0) if self.kind is Kind.CHARGE else CLIMATE

    @property
    def v2g_hours_lost(self) -> float:
        """Return how much shorter preparing the cabin makes the V2G time before each departure, in hours."""
        return self.climate / HOUR if self.v2g else 0.0


@dataclass(frozen=True, slots=True)
class Departure:
    """Hold one leave-taking: when (UTC), and by which programme."""

    at: datetime
    programme: Programme

    @property
    def climate_from(self) -> datetime:
        """Return since when the cabin is prepared; the departure itself where it is not."""
        return self.at - self.programme.climate
