"""A weekly departure with its charge settings, as the car's own list knows it."""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Final

MOST_PROGRAMMES: Final = 3


class Kind(StrEnum):
    """Say what a programme does before its departure."""

    CHARGE = "charge"
    PRECONDITION = "precondition"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """Hold one programme.

    ``number`` is 1 to 3. ``departure`` is local wall time. ``weekdays`` are 0 (Monday) to 6, sorted,
    never empty unless ``once`` names the one day it applies to.
    """

    number: int
    departure: time
    weekdays: tuple[int, ...]
    kind: Kind = Kind.CHARGE
    v2g: bool = False
    enabled: bool = True
    target_soc_pct: float | None = None
    once: date | None = None


@dataclass(frozen=True, slots=True)
class Departure:
    """Hold one leave-taking: when (UTC), and by which programme."""

    at: datetime
    programme: Programme
