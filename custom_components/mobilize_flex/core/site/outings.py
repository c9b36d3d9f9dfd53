"""What the car is likely to do after it leaves: when it is back, and how much it then lacks."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
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
SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class Outing:
    """Hold how long the car is away, and what that takes out of its battery (points)."""

    away: timedelta = USUAL_AWAY
    used_pct: float = USUAL_PCT


@dataclass(frozen=True, slots=True)
class Habits:
    """Hold what a car's outings have in common: of each weekday, of working days and weekends, of all."""

    by_weekday: Mapping[int, Outing]
    by_kind: Mapping[bool, Outing]
    usual: Outing

    def on(self, day: date) -> Outing:
        """Return the outing to expect on a local day: as on its weekday, else on such days, else as always."""
        of_kind = self.by_kind.get(_is_weekend(day), self.usual)
        return self.by_weekday.get(day.weekday(), of_kind)


@dataclass(frozen=True, slots=True)
class Leaving:
    """Hold a departure; ``back`` is when the car is thought to hang on the cable again, ``used_pct`` emptier."""

    departure: Departure
    back: datetime
    used_pct: float


def habits(state: SiteState, vehicle: str) -> Habits:
    """Return a car's habits: the middle of its last outings of each kind, or a modest guess before it had some."""
    mine = [s for s in state.sessions.values() if vehicle_of(state, s).key == vehicle]
    known = [
        (left_at.astimezone(state.config.zone).date(), outing)
        for left_at, outing in _outings(sorted(mine, key=lambda s: s.started_at))
    ]
    by_weekday: defaultdict[int, list[Outing]] = defaultdict(list)
    by_kind: defaultdict[bool, list[Outing]] = defaultdict(list)
    for day, outing in known:
        by_weekday[day.weekday()].append(outing)
        by_kind[_is_weekend(day)].append(outing)
    return Habits(
        by_weekday={day: usual for day, found in by_weekday.items() if (usual := _usual(found)) is not None},
        by_kind={kind: usual for kind, found in by_kind.items() if (usual := _usual(found)) is not None},
        usual=_usual([outing for _, outing in known]) or Outing(),
    )


def _is_weekend(day: date) -> bool:
    return day.weekday() >= SATURDAY


def _usual(outings: Sequence[Outing]) -> Outing | None:
    """Return the middle of the last outings, of enough of them."""
    found = outings[-LATEST:]
    if len(found) < ENOUGH:
        return None
    away_s = median(one.away.total_seconds() for one in found)
    return Outing(timedelta(seconds=away_s), median(one.used_pct for one in found))


def _outings(sessions: Sequence[Session]) -> Iterator[tuple[datetime, Outing]]:
    """Yield what lay between sessions that follow each other, and since when."""
    for before, after in pairwise(sessions):
        if before.ended_at is None or before.soc_end_pct is None or after.soc_start_pct is None:
            continue
        away, used_pct = after.started_at - before.ended_at, before.soc_end_pct - after.soc_start_pct
        if SHORTEST <= away <= LONGEST and used_pct >= LEAST_PCT:
            yield before.ended_at, Outing(away, used_pct)


def leavings(departures: Sequence[Departure], known: Habits, zone: tzinfo) -> Iterator[Leaving]:
    """Yield departures in time order, each with a return: as usual on such a day, but well before the next one."""
    for departure, after in zip(departures, [*departures[1:], None], strict=True):
        usual = known.on(departure.at.astimezone(zone).date())
        back = departure.at + usual.away
        if after is not None and back >= after.at:
            back = departure.at + (after.at - departure.at) / 2
        yield Leaving(departure, back, usual.used_pct)
