"""The record of each session: energy, money, time."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from ..model.facts import TransactionReported
from ..model.prices import PriceCurve
from ..model.replacing import replace
from ..model.session import Session, Span
from ..model.station import EventKind, Sampling
from .counters import Bound, take

IMPORT_REGISTER: Final = "Energy.Active.Import.Register"
EXPORT_REGISTER: Final = "Energy.Active.Export.Register"
LONGEST_STEP: Final = timedelta(hours=1)
MOST_RUNS: Final = 64
GONE: Final = "Unknown"
SUPERSEDED: Final = "Superseded"
_ASSUMED: Final = frozenset({GONE, SUPERSEDED})
_PLACES: Final = ("Outlet", "Inlet")
_REUSED: Final = timedelta(days=1)
AGAIN: Final = "@"
"""Stands between the key of a transaction and what tells others of the same name from it."""


def key_of(station: str, transaction: str) -> str:
    """Return the key of a transaction's session."""
    return f"{station}/{transaction}"


def key_again(station: str, transaction: str, at: datetime) -> str:
    """Return the key of another transaction of the same name; stations begin to count anew."""
    return f"{key_of(station, transaction)}{AGAIN}{at:%Y%m%dT%H%M%S}"


def is_another(session: Session, fact: TransactionReported) -> bool:
    """Tell whether an event belongs to a later transaction that was given the same name."""
    if session.ended_at is None or session.stopped_reason in _ASSUMED or not fact.dated:
        return False
    margin = timedelta(0) if fact.kind is EventKind.STARTED else _REUSED
    return fact.at > session.ended_at + margin


def begin(fact: TransactionReported, key: str, evse: int) -> Session:
    """Return a new session, whichever of its events comes first."""
    return Session(
        key=key,
        station=fact.station,
        evse=evse,
        transaction=fact.transaction,
        started_at=fact.at,
    )


def merge(
    session: Session,
    fact: TransactionReported,
    prices: PriceCurve,
    house_w: float | None,
    bound: Bound,
    *,
    v2g: bool | None = None,
) -> Session:
    """Return a session with one more event in it.

    ``v2g`` is whether it is in V2G now, ``None`` where the event is no news: what went by since the last that was
    counts as V2G time, if it was.

    Counters are truth and merge in any order; times only widen; absent values change nothing. So does money, but for
    what goes over a gap in which the price changed: events that fill it later find it counted at the mean price.
    """
    started_at = min(session.started_at, fact.at)
    drawn, given, cost, revenue = _registers(session, fact, prices, house_w, bound)
    seen_at, v2g_s = (session.seen_at, session.v2g_s) if v2g is None else _time(session, fact.at, v2g=v2g)
    session = replace(
        session,
        energy_in=drawn,
        energy_out=given,
        cost=cost,
        revenue=revenue,
        seen_at=seen_at,
        v2g_s=v2g_s,
        evse=fact.evse or session.evse,
        started_at=started_at,
        ended_at=None if session.ended_at is None else max(session.ended_at, started_at),
        token=session.token or (fact.token.value if fact.token else None),
        remote_id=fact.remote_id if session.remote_id is None else session.remote_id,
        reservation=fact.reservation if session.reservation is None else session.reservation,
        begun=session.begun or fact.kind is EventKind.STARTED,
        seen=with_number(session.seen, fact.seq_no),
    )
    return _ended(session, fact) if fact.kind is EventKind.ENDED else session


def _ended(session: Session, fact: TransactionReported) -> Session:
    """Return a session with its end; what was only assumed gives way to what is told."""
    if session.ended_at is not None and session.stopped_reason not in _ASSUMED:
        return session
    ended_at = max(fact.at, session.started_at)
    return replace(session, ended_at=ended_at, stopped_reason=fact.stopped_reason or "Local")


def reopened(session: Session) -> Session:
    """Return a session that was thought to be over, once its station speaks of it again."""
    if session.stopped_reason != GONE:
        return session
    return replace(session, ended_at=None, stopped_reason=None, settled=False)


def _time(session: Session, at: datetime, *, v2g: bool) -> tuple[datetime | None, float]:
    """Return when a session was seen last and its V2G time (s), once it is seen again."""
    step = timedelta(0) if session.seen_at is None else min(at - session.seen_at, LONGEST_STEP)
    if step < timedelta(0):
        return session.seen_at, session.v2g_s
    return at, session.v2g_s + (step.total_seconds() if v2g else 0.0)


type Runs = tuple[tuple[int, int], ...]


def with_number(runs: Runs, number: int) -> Runs:
    """Return the runs of numbers seen with one more in them; of very many the oldest grow together."""
    if any(first <= number <= last for first, last in runs):
        return runs
    if runs and runs[-1][1] + 1 == number:
        return (*runs[:-1], (runs[-1][0], number))
    grown: list[tuple[int, int]] = []
    for first, last in sorted((*runs, (number, number))):
        if grown and grown[-1][1] + 1 >= first:
            grown[-1] = (grown[-1][0], max(last, grown[-1][1]))
        else:
            grown.append((first, last))
    if len(grown) > MOST_RUNS:
        grown[:2] = [(grown[0][0], grown[1][1])]
    return tuple(grown)


def _registers(
    session: Session, fact: TransactionReported, prices: PriceCurve, house_w: float | None, bound: Bound
) -> tuple[Span, Span, float, float]:
    """Return both counters and both sums of money once an event is counted."""
    drawn, given, cost, revenue = session.energy_in, session.energy_out, session.cost, session.revenue
    for sampling in fact.samplings:
        for at, wh in readings(sampling, IMPORT_REGISTER, session.started_at):
            before, drawn = drawn, take(drawn, at, wh, bound, dated=fact.dated)
            cost += _worth(before, drawn, prices, None)
        for at, wh in readings(sampling, EXPORT_REGISTER, session.started_at):
            before, given = given, take(given, at, wh, bound, dated=fact.dated)
            revenue += _worth(before, given, prices, max(0.0, house_w or 0.0))
    return drawn, given, cost, revenue


def readings(sampling: Sampling, measurand: str, started_at: datetime) -> Iterator[tuple[datetime, float]]:
    """Yield what a counter showed, its total or else the sum of its phases: first when it began, then now."""
    rows = sampling.told.get(measurand)
    if not rows:
        return
    place = next((p for p in _PLACES if any(s.location == p for s in rows)), None)
    for beginning in (True, False):
        found = [s for s in rows if s.location == place and (s.context == "Transaction.Begin") is beginning]
        totals = [s.value for s in found if s.phase is None]
        if found:
            at = min(sampling.at, started_at) if beginning else sampling.at
            yield at, totals[-1] if totals else sum(s.value for s in found)


def _worth(before: Span, after: Span, prices: PriceCurve, house_w: float | None) -> float:
    """Return the money in what a counter gained; what is given back saves the house what it takes, the rest is sold."""
    gained_wh = after.wh - before.wh
    if gained_wh == 0.0 or before.first_at is None or before.last_at is None:
        return 0.0
    if after.first_at is None or after.last_at is None:
        return 0.0
    earlier = after.first_at < before.first_at
    since, until = (after.first_at, before.first_at) if earlier else (before.last_at, after.last_at)
    price = _mean_price(prices, since, until)
    if price is None:
        return 0.0
    bought, sold = price
    if house_w is None:
        return gained_wh / 1000.0 * bought
    hours = (until - since).total_seconds() / 3600.0
    share = 0.0 if hours <= 0.0 else min(1.0, house_w * hours / gained_wh)
    return gained_wh / 1000.0 * (share * bought + (1.0 - share) * sold)


def _mean_price(prices: PriceCurve, since: datetime, until: datetime) -> tuple[float, float] | None:
    """Return what a kilowatt-hour cost and earned on the mean between two instants."""
    slot = prices.at(until)
    if slot is not None and slot.start <= since:
        return slot.import_per_kwh, slot.export_per_kwh
    bought = sold = seconds = 0.0
    for slot in prices.after(since):
        share = (min(slot.end, until) - max(slot.start, since)).total_seconds()
        if share <= 0.0:
            break
        bought, sold, seconds = (
            bought + share * slot.import_per_kwh, sold + share * slot.export_per_kwh, seconds + share
        )  # fmt: skip
    return (bought / seconds, sold / seconds) if seconds > 0.0 else None
