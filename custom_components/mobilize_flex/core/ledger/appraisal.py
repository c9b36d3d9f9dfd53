"""A session in figures: what it cost, what it earned, what it saved, stretch by stretch."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, tzinfo
from itertools import pairwise
from typing import Final

from ..model.accounts import Account, Marks, Sums, Terms, Watch, total
from ..model.session import Session, Span
from . import baselines, diary as pages, marks
from .baselines import KILO, Stretch
from .company import ALONE, Company, merged
from .diary import DAY_S, Diary

LOOK_BACK_S: Final = float(DAY_S)
"""A stored kilowatt-hour is worth what it costs to refill in the cheapest quarter of an hour of so long."""

EDGE_S: Final = 0.05

type Part = tuple[Stretch, Sums]


def bounds(session: Session) -> tuple[float, float]:
    """Return from when to when a session is reckoned: while it lasts, and as far as its counters reach."""
    counters = (session.energy_in, session.energy_out)
    firsts = [s.first_at for s in counters if s.first_at is not None]
    lasts = [s.last_at for s in counters if s.last_at is not None]
    end = session.ended_at or session.seen_at or session.started_at
    return min([session.started_at, *firsts]).timestamp(), max([session.started_at, end, *lasts]).timestamp()


def bucket_s(diary: Diary, at_s: float) -> int:
    """Return when the stretch began that a reading stands for: its quarter of an hour, or a change of price in it.

    A reading on the edge ends a stretch.
    """
    at_s -= EDGE_S
    quarter_s = pages.quarter_of(at_s)
    return max([quarter_s, *(s[0] for s in pages.spans(diary, quarter_s, at_s + 0.1) if s[0] <= at_s)])


def company(sessions: Iterable[Session], accounts: Mapping[str, Account], diary: Diary) -> Company:
    """Return what cars took and gave together in their sessions."""
    known = [(s, accounts.get(s.key) or Account(key=s.key)) for s in sessions]
    if len(known) < 2:
        return ALONE
    return Company(
        drawn=merged(_course(s.energy_in, account.drawn, diary) for s, account in known),
        given=merged(_course(s.energy_out, account.given, diary) for s, account in known),
        stays=tuple(bounds(s) for s, _ in known),
    )


def stretches(
    session: Session, account: Account, diary: Diary, watch: Watch | None, beside: Company = ALONE
) -> tuple[Stretch, ...]:
    """Return a session cut at each quarter of an hour, each change of price, each coming and going of another car."""
    since_s, until_s = bounds(session)
    edges = pages.cuts(diary, since_s, until_s, beside.instants(since_s, until_s))
    began_s, seen_s = session.started_at.timestamp(), (session.seen_at or session.started_at).timestamp()
    v2g = marks.points(
        account.v2g, (began_s, 0.0), (max(seen_s, began_s), session.v2g_s), bucket_s(diary, max(seen_s, began_s))
    )
    flows = (
        marks.gains(_course(session.energy_in, account.drawn, diary), edges),
        marks.gains(_course(session.energy_out, account.given, diary), edges),
        marks.gains(v2g, edges),
    )
    house = [pages.house_w(diary, watch, a) for a, _ in pairwise(edges)]
    others = beside.others(edges, flows[0], flows[1])
    return baselines.cut(edges, flows, pages.priced(diary, edges), house, others)


def _course(span: Span, noted: Marks, diary: Diary) -> list[tuple[float, float]]:
    if span.first_at is None or span.last_at is None or span.wh <= 0.0:
        return []
    last_s = span.last_at.timestamp()
    first = span.first_at.timestamp(), span.first_wh
    return marks.points(noted, first, (last_s, span.total_wh), bucket_s(diary, last_s))


def refill_per_kwh(diary: Diary, since_s: float, until_s: float) -> float | None:
    """Return the least a kilowatt-hour cost in a session, or in the day before it was over."""
    return min((span[2] for span in pages.spans(diary, min(since_s, until_s - LOOK_BACK_S), until_s)), default=None)


def appraise(
    rows: Sequence[Stretch], terms: Terms, refill: float | None, departure_s: float | None
) -> tuple[Part, ...]:
    """Return each stretch with what came of it.

    Both comparisons end with the same level in the battery, or count what is missing at what a refill costs. So a part
    of a session counts what the battery holds more or less by then, and the parts add up to the whole.
    """
    need = baselines.need_wh(rows, terms)
    at_once = baselines.plain(rows, need, terms.full_w)
    cheapest = baselines.smart(rows, need, terms.full_w, departure_s)
    saved_plain = _saved(rows, at_once, terms, refill)
    saved_smart = _saved(rows, cheapest, terms, refill)
    return tuple(
        (row, _sums(row, terms, plainly, smartly))
        for row, plainly, smartly in zip(rows, saved_plain, saved_smart, strict=True)
    )


def _sums(row: Stretch, terms: Terms, plainly: float | None, smartly: float | None) -> Sums:
    paid, earned = baselines.cost(row, row.in_wh), baselines.worth(row, row.out_wh)
    return Sums(
        in_wh=row.in_wh,
        out_wh=row.out_wh,
        v2g_s=row.v2g_s,
        cost=paid,
        revenue=earned,
        wear=_wear(terms, row.in_wh, row.out_wh),
        saving_plain=plainly,
        saving_smart=smartly,
        complete=None not in (paid, earned, plainly, smartly),
    )


def _wear(terms: Terms, in_wh: float, out_wh: float) -> float:
    """Return what the ageing of the battery costs: by what goes into its cells and out of them."""
    return (in_wh * terms.charge_efficiency + out_wh / terms.discharge_efficiency) / KILO * terms.ageing_per_kwh


def _stored_wh(terms: Terms, in_wh: float, out_wh: float) -> float:
    return in_wh * terms.charge_efficiency - out_wh / terms.discharge_efficiency


def _saved(rows: Sequence[Stretch], instead: Sequence[float], terms: Terms, refill: float | None) -> list[float | None]:
    """Return what each stretch saves against drawing something else; nobody knows where a price is missing."""
    found = [_saved_in(row, wh, terms, refill) for row, wh in zip(rows, instead, strict=True)]
    return [None] * len(found) if None in found else list(found)


def _saved_in(row: Stretch, instead_wh: float, terms: Terms, refill: float | None) -> float | None:
    paid, earned = baselines.cost(row, row.in_wh), baselines.worth(row, row.out_wh)
    would_pay = baselines.cost(row, instead_wh)
    more_wh = _stored_wh(terms, row.in_wh, row.out_wh) - _stored_wh(terms, instead_wh, 0.0)
    held = 0.0 if more_wh == 0.0 else None if refill is None else refill / terms.charge_efficiency * more_wh / KILO
    if paid is None or earned is None or would_pay is None or held is None:
        return None
    wear = _wear(terms, row.in_wh, row.out_wh) - _wear(terms, instead_wh, 0.0)
    return would_pay - paid + earned - wear + held


def by_day(parts: Iterable[Part], zone: tzinfo) -> dict[date, Sums]:
    """Return what came of a session on each local day; days on which nothing did are left out."""
    days: dict[date, list[Sums]] = {}
    for row, sums in parts:
        days.setdefault(pages.instant(row.start_s).astimezone(zone).date(), []).append(sums)
    told = {day: total(found) for day, found in days.items()}
    return {day: sums for day, sums in told.items() if not sums.empty or sums.saving_plain or sums.saving_smart}


def by_hour(parts: Iterable[Part]) -> dict[int, Sums]:
    """Return what came of a session in each hour, by the epoch seconds it begins with."""
    hours: dict[int, list[Sums]] = {}
    for row, sums in parts:
        hours.setdefault(int(row.start_s // 3600) * 3600, []).append(sums)
    return {hour: total(found) for hour, found in hours.items()}
