"""What the car is likely to do after it leaves: when it is back, and how much it then lacks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Final

from ..model.programme import Departure
from ..model.session import Session
from ..model.state import SiteState
from .wanting import vehicle_of

LATEST: Final = 10
"""So many outings make a habit."""
ENOUGH: Final = 3
USUAL_AWAY: Final = timedelta(hours=9)
USUAL_PCT: Final = 15.0
SHORTEST: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=24)
"""Who is away longer is on a journey, which says nothing of other days."""
LEAST_PCT: Final = 1.0


@dataclass(frozen=True, slots=True)
class Outing:
    """Hold how long the car is away, and what that takes out of its battery (points)."""

    away: timedelta = USUAL_AWAY
    used_pct: float = USUAL_PCT


@dataclass(frozen=True, slots=True)
class Leaving:
    """Hold a departure; ``back`` is when the car is thought to hang on the cable again."""

    departure: Departure
    back: datetime


def usual_outing(state: SiteState, vehicle: str) -> Outing:
    """Return a car's usual outing: the middle of its last ones, or a modest guess before it had some."""
    mine = [s for s in state.sessions.values() if vehicle_of(state, s).key == vehicle]
    found = list(_outings(sorted(mine, key=lambda s: s.started_at)))[-LATEST:]
    if len(found) < ENOUGH:
        return Outing()
    away_s = median(one.away.total_seconds() for one in found)
    return Outing(timedelta(seconds=away_s), median(one.used_pct for one in found))


def _outings(sessions: Sequence[Session]) -> Iterator[Outing]:
    """Yield what lay between sessions that follow each other."""
    for before, after in pairwise(sessions):
        if before.ended_at is None or before.soc_end_pct is None or after.soc_start_pct is None:
            continue
        away, used_pct = after.started_at - before.ended_at, before.soc_end_pct - after.soc_start_pct
        if SHORTEST <= away <= LONGEST and used_pct >= LEAST_PCT:
            yield Outing(away, used_pct)


def leavings(departures: Sequence[Departure], usual: Outing) -> Iterator[Leaving]:
    """Yield departures in time order, each with a return: as usual, but well before the next one."""
    for departure, after in zip(departures, [*departures[1:], None], strict=True):
        back = departure.at + usual.away
        if after is not None and back >= after.at:
            back = departure.at + (after.at - departure.at) / 2
        yield Leaving(departure, back)
