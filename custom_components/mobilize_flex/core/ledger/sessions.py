"""The record of each session: energy, money, time."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from ..model.facts import TransactionReported
from ..model.prices import PriceCurve
from ..model.session import Phase, Session, Span
from ..model.station import EventKind, Sampling

IMPORT_REGISTER: Final = "Energy.Active.Import.Register"
EXPORT_REGISTER: Final = "Energy.Active.Export.Register"
LONGEST_STEP: Final = timedelta(hours=1)


def key_of(station: str, transaction: str) -> str:
    """Return the key of a transaction's session."""
    return f"{station}/{transaction}"


def begin(fact: TransactionReported, evse: int) -> Session:
    """Return a new session, whichever of its events comes first."""
    return Session(
        key=key_of(fact.station, fact.transaction),
        station=fact.station,
        evse=evse,
        transaction=fact.transaction,
        started_at=fact.at,
    )


def merge(session: Session, fact: TransactionReported, prices: PriceCurve, house_w: float | None) -> Session:
    """Return a session with one more event in it.

    Counters are truth and merge in any order; times only widen; absent values change nothing.
    """
    for sampling in fact.samplings:
        session = _with_registers(session, sampling, prices, house_w)
    session = replace(
        session,
        evse=fact.evse or session.evse,
        started_at=min(session.started_at, fact.at),
        token=session.token or (fact.token.value if fact.token else None),
        events_seen=session.events_seen + 1,
        last_seq_no=max(session.last_seq_no, fact.seq_no),
        gaps=_gaps(session, fact.seq_no),
    )
    if fact.kind is not EventKind.ENDED:
        return session
    return replace(session, ended_at=session.ended_at or fact.at, stopped_reason=fact.stopped_reason or "Local")


def with_time(session: Session, phase: Phase, at: datetime) -> Session:
    """Return a session seen again at a time; what went by since the last time counts as V2G time, if it was."""
    step = timedelta(0) if session.seen_at is None else min(at - session.seen_at, LONGEST_STEP)
    if step < timedelta(0):
        return session
    v2g_s = session.v2g_s + (step.total_seconds() if phase is Phase.V2G else 0.0)
    return replace(session, seen_at=at, v2g_s=v2g_s)


def _gaps(session: Session, seq_no: int) -> tuple[int, ...]:
    """Return the numbers still missing; a station that counts from 0 in every event leaves none."""
    if seq_no > session.last_seq_no + 1 and session.last_seq_no >= 0:
        missing = range(session.last_seq_no + 1, min(seq_no, session.last_seq_no + 101))
        return (*session.gaps, *missing)[-200:]
    return tuple(n for n in session.gaps if n != seq_no)


def _with_registers(session: Session, sampling: Sampling, prices: PriceCurve, house_w: float | None) -> Session:
    incoming = _register_wh(sampling, IMPORT_REGISTER)
    outgoing = _register_wh(sampling, EXPORT_REGISTER)
    price = prices.at(sampling.at)
    cost, revenue = session.cost, session.revenue
    if price is not None and incoming is not None:
        cost += _gain_wh(session.energy_in, sampling.at, incoming) / 1000.0 * price.import_per_kwh
    if price is not None and outgoing is not None:
        gained = _gain_wh(session.energy_out, sampling.at, outgoing)
        power_w = _mean_w(session.energy_out, sampling.at, gained)
        share = 0.0 if power_w <= 0 else min(1.0, max(0.0, house_w or 0.0) / power_w)
        revenue += gained / 1000.0 * (share * price.import_per_kwh + (1 - share) * price.export_per_kwh)
    return replace(
        session,
        energy_in=widen(session.energy_in, sampling.at, incoming),
        energy_out=widen(session.energy_out, sampling.at, outgoing),
        cost=cost,
        revenue=revenue,
    )


def _register_wh(sampling: Sampling, measurand: str) -> float | None:
    """Return a counter: its total, else the sum of its phases."""
    rows = [s for s in sampling.samples if s.measurand == measurand and s.location in ("Outlet", "Inlet")]
    totals = [s.value for s in rows if s.phase is None]
    if totals:
        return totals[-1]
    return sum(s.value for s in rows) if rows else None


def widen(span: Span, at: datetime, wh: float | None) -> Span:
    """Return a span that also covers one reading; of two at the same time the first seen stays."""
    if wh is None:
        return span
    if span.first_at is None or span.last_at is None:
        return Span(first_at=at, first_wh=wh, last_at=at, last_wh=wh)
    if at < span.first_at:
        return replace(span, first_at=at, first_wh=wh)
    if at > span.last_at:
        return replace(span, last_at=at, last_wh=wh)
    return span


def _gain_wh(span: Span, at: datetime, wh: float) -> float:
    """Return what a reading adds to money: only what is newer than all seen before."""
    if span.last_at is None or at <= span.last_at:
        return 0.0
    return max(0.0, wh - span.last_wh)


def _mean_w(span: Span, at: datetime, gained_wh: float) -> float:
    hours = 0.0 if span.last_at is None else (at - span.last_at).total_seconds() / 3600.0
    return gained_wh / hours if hours > 0 else 0.0
