"""The books of a home: what each session moved, cost and saved, day by day."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from math import fsum
from types import MappingProxyType

type Mark = tuple[int, float, float]
"""The last reading of a counter in a stretch of time: when the stretch began, when it was read, what it showed."""
type Marks = tuple[Mark, ...]

type PriceSpan = tuple[int, int, float, float]
"""Between two instants what a kilowatt-hour cost and earned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Hold what came of a session, a day, a month: energies in Wh, times in s, money in the home's currency.

    ``cost`` is what went into the car, ``revenue`` what was given back, ``wear`` the ageing of the battery. The savings
    are against a plain charge and against one-way smart charging. Money is ``None`` where no price is known at all;
    ``complete`` is false where some of it is missing.
    """

    in_wh: float = 0.0
    out_wh: float = 0.0
    v2g_s: float = 0.0
    cost: float | None = 0.0
    revenue: float | None = 0.0
    wear: float = 0.0
    saving_plain: float | None = 0.0
    saving_smart: float | None = 0.0
    complete: bool = True

    @property
    def net(self) -> float | None:
        """Return what was paid less what was earned."""
        return None if self.cost is None or self.revenue is None else self.cost - self.revenue

    @property
    def empty(self) -> bool:
        """Return whether nothing was moved and no time was offered."""
        return not (self.in_wh or self.out_wh or self.v2g_s)


def total(sums: Iterable[Sums]) -> Sums:
    """Return the sum of sums; what moved nothing has no say in whether its money is known."""
    found = list(sums)
    moved = [s for s in found if s.in_wh or s.out_wh or s.saving_plain or s.saving_smart]
    return Sums(
        in_wh=fsum(s.in_wh for s in found),
        out_wh=fsum(s.out_wh for s in found),
        v2g_s=fsum(s.v2g_s for s in found),
        cost=_known(s.cost for s in found if s.in_wh),
        revenue=_known(s.revenue for s in found if s.out_wh),
        wear=fsum(s.wear for s in found),
        saving_plain=_known(s.saving_plain for s in moved),
        saving_smart=_known(s.saving_smart for s in moved),
        complete=all(s.complete for s in found),
    )


def _known(values: Iterable[float | None]) -> float | None:
    """Return the sum of what is known: zero of nothing, but nothing of what is all unknown."""
    every = list(values)
    known = [v for v in every if v is not None]
    return None if every and not known else fsum(known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Hold by what a session is judged: the power of a plain charge, the losses, what the battery's ageing costs."""

    full_w: float
    charge_efficiency: float
    discharge_efficiency: float
    ageing_per_kwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Hold how the counters of a session went, by the quarter of an hour, and what came of it so far.

    ``drawn`` and ``given`` are Wh into and out of the car, ``v2g`` seconds available for V2G. ``days`` are the local
    days that have a part of it.
    """

    key: str
    drawn: Marks = ()
    given: Marks = ()
    v2g: Marks = ()
    terms: Terms | None = None
    days: tuple[date, ...] = ()
    sums: Sums = Sums()
    final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DiaryPage:
    """Hold the prices of a UTC day that were known for certain, and what the house took in each quarter of an hour.

    The house is without the cars and net of its own sun: negative while the sun gives more than it needs.
    """

    prices: tuple[PriceSpan, ...] = ()
    house_w: tuple[int | None, ...] = (None,) * 96


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Hold the part a session has in a day."""

    session: str
    station: str
    vehicle: str | None
    sums: Sums


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPage:
    """Hold a local day."""

    entries: tuple[Entry, ...] = ()


type Days = Mapping[date, DayPage]


def entries_of(days: Days, first: date, last: date) -> Iterator[tuple[date, Entry]]:
    """Yield the parts of the days from one to another, in order of time."""
    for day in sorted(d for d in days if first <= d <= last):
        for entry in days[day].entries:
            yield day, entry


def sums_of(days: Days, first: date, last: date) -> Sums:
    """Return the sum of the days from one to another."""
    return total(entry.sums for _, entry in entries_of(days, first, last))


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Hold what the house took since the quarter began: energy (Ws) and time (s), and the power at the last look."""

    at_s: float
    house_w: float | None = None
    sum_ws: float = 0.0
    seconds: float = 0.0

    @property
    def mean_w(self) -> float | None:
        """Return the mean of the quarter so far."""
        return self.sum_ws / self.seconds if self.seconds > 0.0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Hold all of it: the accounts of the sessions at hand, the diary by UTC day, the local days.

    ``since`` and ``until`` bound the stretch of time the marks are made for now: a quarter of an hour, or less where
    the price changes. ``due`` are the sessions to settle, ``settled_s`` is when that was last done.
    """

    accounts: Mapping[str, Account] = field(default_factory=lambda: MappingProxyType({}))
    diary: Mapping[int, DiaryPage] = field(default_factory=lambda: MappingProxyType({}))
    days: Days = field(default_factory=lambda: MappingProxyType({}))
    since: datetime | None = None
    until: datetime | None = None
    watch: Watch | None = None
    due: frozenset[str] = frozenset()
    settled_s: float = 0.0
