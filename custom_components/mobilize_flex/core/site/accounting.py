"""The bookkeeping of the site: what is noted as it happens, and what is reckoned a little later."""

from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from ..ledger import appraisal, diary, sessions
from ..ledger.baselines import Stretch
from ..ledger.company import Company
from ..ledger.days import booked
from ..ledger.marks import QUARTER_S, with_mark
from ..model.accounts import Account, Books, Marks, Sums, Terms, total
from ..model.facts import TransactionReported
from ..model.prices import PriceCurve
from ..model.replacing import replace
from ..model.session import Session, Span
from ..model.state import SiteState
from ..model.station import EventKind
from ..tariff.curve import price_curve
from .draft import Draft
from .level import battery_at
from .wanting import vehicle_of

LOOK_S: Final = 10.0
SETTLE_S: Final = 15.0
"""Late events come by the hundred: what they change is reckoned together."""
METER_S: Final = 120.0
HOUSE_S: Final = 45.0
"""So long after a start the mean of the house says something; before, all that was given back would seem fed in."""
KEPT: Final = timedelta(days=50)
"""What is older is settled for good; the diary of its prices is no longer at hand."""
REBUILT: Final = timedelta(days=2)
"""A session that ended so lately without an account of its own is reckoned from what it kept."""
EDGE: Final = timedelta(seconds=appraisal.EDGE_S)
SAME_WH: Final = 0.5
LATE_S: Final = 3600.0
"""So much later than a session's end a counter of it may have been read."""
CROWD: Final = 200
"""So many sessions at a time are no home: there each car is set against the whole house."""
AFTERWARDS: Final = timedelta(minutes=30)
"""So long after its end the quarter of an hour a session ended in is over, and what the house took in it known."""
SAME_MONEY: Final = 1e-6


# as it happens


def note(d: Draft, before: Session, after: Session, fact: TransactionReported) -> None:
    """Note what the counters showed last in a stretch of time that is over, and whatever comes late."""
    if _runs_on(d.state.books, before, fact):
        return
    books = d.state.books
    known = books.accounts.get(after.key)
    account = known or Account(key=after.key)
    if before.seen_at is not None:
        account = replace(account, v2g=_stamped(d, account.v2g, before.seen_at, before.v2g_s))
    account = replace(
        account,
        drawn=_noted(d, account.drawn, before.energy_in, after.energy_in, _told(fact, sessions.IMPORT_REGISTER, after)),
        given=_noted(
            d, account.given, before.energy_out, after.energy_out, _told(fact, sessions.EXPORT_REGISTER, after)
        ),
    )
    late = fact.offline or after.ended_at is not None or (before.seen_at is not None and fact.at < before.seen_at)
    due = books.due | {after.key} if late else books.due
    if account != known or due != books.due:
        accounts = books.accounts if account == known else MappingProxyType({**books.accounts, after.key: account})
        d.state = replace(d.state, books=replace(books, accounts=accounts, due=due))


def _runs_on(books: Books, before: Session, fact: TransactionReported) -> bool:
    """Tell whether an event and the one before it lie in one stretch of time, by the station's own clock."""
    seen_at = before.seen_at
    if books.since is None or books.until is None or seen_at is None or before.ended_at is not None:
        return False
    if fact.kind is not EventKind.UPDATED or fact.offline or len(fact.samplings) > 1 or fact.at < seen_at:
        return False
    if books.since <= seen_at and fact.at < books.until:
        return True
    wrong_clock = fact.at < books.since or seen_at >= books.until
    return wrong_clock and diary.quarter_of(seen_at.timestamp()) == diary.quarter_of(fact.at.timestamp())


def _told(fact: TransactionReported, register: str, session: Session) -> list[tuple[datetime, float]]:
    return [row for s in fact.samplings for row in sessions.readings(s, register, session.started_at)]


def _noted(d: Draft, marks: Marks, before: Span, after: Span, told: list[tuple[datetime, float]]) -> Marks:
    """Return marks with the last reading so far, and with those told now that lie within what is believed."""
    if before.last_at is not None:
        marks = _stamped(d, marks, before.last_at, before.total_wh)
    for at, wh in told:
        if after.last_at is None or after.first_at is None or not after.first_at <= at <= after.last_at:
            continue
        if after.offset_wh == 0.0 and after.first_wh <= wh <= after.last_wh:
            marks = _stamped(d, marks, at, wh)
    return marks


def _stamped(d: Draft, marks: Marks, at: datetime, value: float) -> Marks:
    at_s = at.timestamp()
    slot = d.state.prices.at(at - EDGE)
    bucket_s = appraisal.bucket_s(d.state.books.diary, at_s)
    if slot is not None:
        bucket_s = max(bucket_s, int(slot.start.timestamp()))
    return with_mark(marks, bucket_s, at_s, value)


# by the clock


def ticked(d: Draft) -> None:
    """Look at the house now and then, begin a new stretch when it is time, settle what is due."""
    books, now_s = d.state.books, d.now.utc.timestamp()
    if books.since is None or books.until is None:
        _open(d)
    elif not books.since <= d.now.utc < books.until:
        _look(d)
        _turn_page(d)
    elif books.watch is None or not 0.0 <= now_s - books.watch.at_s < LOOK_S:
        _look(d)
    if d.state.books.due and d.now.mono_s - d.state.books.settled_s >= SETTLE_S:
        _settle_all(d)


def _look(d: Draft) -> None:
    """Note what the house takes."""
    books, meter = d.state.books, d.state.meter
    fresh = meter.lost is None and d.now.age_s(meter.at) <= METER_S
    watch, ended = diary.looked(books.watch, d.now.utc.timestamp(), meter.house_w if fresh else None)
    books = replace(books, watch=watch)
    if ended:
        books = replace(books, diary=diary.with_house(books.diary, ended))
    d.state = replace(d.state, books=books)


def _open(d: Draft) -> None:
    """Begin after a start: what was left unreckoned is due, once the house was looked at."""
    _look(d)
    due = frozenset(key for key, session in d.state.sessions.items() if _is_unsettled(d.state, session, d.now.utc))
    _begin_stretch(d, d.state.books.due | due)
    later_s = d.now.mono_s + HOUSE_S - SETTLE_S
    d.state = replace(d.state, books=replace(d.state.books, settled_s=later_s))


def _is_unsettled(state: SiteState, session: Session, now: datetime) -> bool:
    account = state.books.accounts.get(session.key)
    if session.ended_at is None:
        return True
    if account is None:
        return now - session.ended_at < REBUILT
    told = account.sums
    same = abs(told.in_wh - session.energy_in.wh) <= SAME_WH and abs(told.out_wh - session.energy_out.wh) <= SAME_WH
    return not (same and account.final)


def _turn_page(d: Draft) -> None:
    """Begin another stretch; the open sessions are reckoned up to now."""
    open_ones = {evse.session for s in d.state.stations.values() for evse in s.evses.values() if evse.session}
    open_ones |= {key for key, account in d.state.books.accounts.items() if not account.final or _just_over(d, key)}
    books = _tidied(d.state, d.now.utc)
    since = books.since or d.now.utc
    prices = diary.filled(books.diary, d.state.prices.after(since), d.now.utc.timestamp())
    d.state = replace(d.state, books=replace(books, diary=prices))
    _begin_stretch(d, d.state.books.due | open_ones)


def _just_over(d: Draft, key: str) -> bool:
    session = d.session(key)
    return session is not None and session.ended_at is not None and d.now.utc - session.ended_at < AFTERWARDS


def _begin_stretch(d: Draft, due: frozenset[str]) -> None:
    quarter_s = diary.quarter_of(d.now.utc.timestamp())
    slot = d.state.prices.at(d.now.utc)
    since, until = diary.instant(quarter_s), diary.instant(quarter_s + QUARTER_S)
    if slot is not None:
        since, until = max(since, slot.start), min(until, slot.end)
    d.state = replace(d.state, books=replace(d.state.books, since=since, until=until, due=due))


def _tidied(state: SiteState, now: datetime) -> Books:
    """Return the books without what is no longer at hand."""
    books, oldest = state.books, int((now - KEPT).timestamp()) // diary.DAY_S
    if any(key not in state.sessions for key in books.accounts):
        kept = {key: a for key, a in books.accounts.items() if key in state.sessions}
        books = replace(books, accounts=MappingProxyType(kept))
    if any(day < oldest for day in books.diary):
        books = replace(books, diary=MappingProxyType({n: page for n, page in books.diary.items() if n >= oldest}))
    return books


# reckoning


def _settle_all(d: Draft) -> None:
    due, oldest_s = d.state.books.due, (d.now.utc - KEPT).timestamp()
    found = [session for key in due if (session := d.session(key)) is not None]
    stays = {session.key: appraisal.bounds(session) for session in found}
    found = [session for session in found if stays[session.key][1] > oldest_s]
    d.state = replace(d.state, books=replace(d.state.books, due=frozenset(), settled_s=d.now.mono_s))
    if not found:
        return
    near = _near(d.state, min(stays[session.key][0] for session in found))
    over = [stays[session.key] for session in found if session.ended_at is not None]
    found += [s for s in near if s.key not in due and _met(appraisal.bounds(s), over)]
    beside = appraisal.company(near, d.state.books.accounts, d.state.books.diary)
    for session in sorted(found, key=lambda s: s.key):
        _settle(d, session, beside)


def _near(state: SiteState, since_s: float) -> list[Session]:
    """Return the sessions at hand that were going on since an instant; of a crowd nobody's neighbours are told."""
    since = diary.instant(since_s - LATE_S)
    lately = (s for s in state.sessions.values() if s.ended_at is None or s.ended_at > since)
    near = [s for s in lately if appraisal.bounds(s)[1] > since_s]
    return near if len(near) <= CROWD else []


def _met(stay: tuple[float, float], stays: list[tuple[float, float]]) -> bool:
    """Tell whether a car was there together with one whose session is over: what that did may be seen otherwise now."""
    return any(since_s < stay[1] and stay[0] < until_s for since_s, until_s in stays)


def _settle(d: Draft, session: Session, beside: Company) -> None:
    """Reckon a session from its marks and the diary; told again it only replaces what was thought before."""
    state = d.state
    books = replace(state.books, diary=_with_prices(state, session))
    account = books.accounts.get(session.key) or Account(key=session.key)
    rows = appraisal.stretches(session, account, books.diary, books.watch, beside)
    if account.terms is None or not account.final:
        account = replace(account, terms=_terms(state, session, rows))
    by_day = appraisal.by_day(_parts(books, session, account, rows), state.config.zone)
    car = None if session.foreign else vehicle_of(state, session).key or None
    days = booked(books.days, account, session, car, by_day)
    sums = total(by_day.values())
    account = replace(account, days=tuple(sorted(by_day)), sums=sums, final=session.ended_at is not None)
    accounts = MappingProxyType({**books.accounts, session.key: account})
    d.state = replace(state, books=replace(books, accounts=accounts, days=days))
    _correct(d, session, sums)


def _correct(d: Draft, session: Session, sums: Sums) -> None:
    """Let the money counted from event to event give way to what is reckoned."""
    cost, revenue = sums.cost, sums.revenue
    if not sums.complete or cost is None or revenue is None:
        return
    if abs(cost - session.cost) > SAME_MONEY or abs(revenue - session.revenue) > SAME_MONEY:
        d.put_session(replace(session, cost=cost, revenue=revenue))


def _parts(books: Books, session: Session, account: Account, rows: tuple[Stretch, ...]) -> tuple[appraisal.Part, ...]:
    if account.terms is None:
        return ()
    refill = appraisal.refill_per_kwh(books.diary, *appraisal.bounds(session))
    leaves = session.departure
    before = leaves is not None and session.started_at < leaves
    return appraisal.appraise(
        rows, account.terms, refill, leaves.timestamp() if leaves is not None and before else None
    )


def _terms(state: SiteState, session: Session, rows: tuple[Stretch, ...]) -> Terms:
    """Return by what a session is judged: its battery as it is known now, at the powers that flowed."""
    battery, vehicle = battery_at(state, session), vehicle_of(state, session)
    station = state.config.station(session.station)
    full_w = min(vehicle.max_charge_w, station.max_w if station else vehicle.max_charge_w)
    charged_w, given_w = (_usual_w(rows, flow) or full_w for flow in ("in_wh", "out_wh"))
    return Terms(
        full_w=full_w,
        charge_efficiency=round(battery.efficiency(charged_w), 4),
        discharge_efficiency=round(battery.efficiency(-given_w), 4),
        ageing_per_kwh=state.config.ageing_per_kwh,
    )


def _usual_w(rows: tuple[Stretch, ...], flow: str) -> float:
    """Return the power most of the energy flowed with."""
    found = [(getattr(row, flow), row.hours) for row in rows]
    energy_wh = sum(wh for wh, _ in found)
    return sum(wh * wh / hours for wh, hours in found if hours > 0.0) / energy_wh if energy_wh > 0.0 else 0.0


def _with_prices(state: SiteState, session: Session) -> diary.Diary:
    """Return the diary with the prices of a session and the day before; the contract is asked for those not noted."""
    since_s, until_s = appraisal.bounds(session)
    since_s = diary.quarter_of(min(since_s, until_s - appraisal.LOOK_BACK_S))
    if diary.is_whole(state.books.diary, since_s, until_s):
        return state.books.diary
    start, end = diary.instant(since_s), diary.instant(diary.quarter_of(until_s) + QUARTER_S)
    curve: PriceCurve = price_curve(state.contract, state.published, state.config.zone, start, end)
    return diary.filled(state.books.diary, curve.slots, until_s)


def hours(state: SiteState, since: datetime) -> dict[int, Sums]:
    """Return what came of all sessions at hand in each hour from an instant on, by the seconds the hour begins with."""
    found: dict[int, list[Sums]] = {}
    since_s = since.timestamp()
    stays = [appraisal.bounds(s) for s in state.sessions.values()]
    near = _near(state, min((stay[0] for stay in stays if stay[1] > since_s), default=since_s))
    beside = appraisal.company(near, state.books.accounts, state.books.diary)
    for key, account in state.books.accounts.items():
        session = state.sessions.get(key)
        if session is None or appraisal.bounds(session)[1] < since_s:
            continue
        rows = appraisal.stretches(session, account, state.books.diary, state.books.watch, beside)
        parts = [part for part in _parts(state.books, session, account, rows) if part[0].start_s >= since_s]
        for hour, sums in appraisal.by_hour(parts).items():
            found.setdefault(hour, []).append(sums)
    return {hour: total(sums) for hour, sums in sorted(found.items())}
