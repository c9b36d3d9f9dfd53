"""What a transaction event changes: the record always, the present only when it is news."""

from typing import Final

from ..access.admission import NO_TOKEN_KINDS, Verdict
from ..control import pace
from ..control.session_table import Turn
from ..ledger import sessions
from ..ledger.counters import bound_of
from ..model.commands import AllowTransfer, AnswerNeeds, AnswerTransaction, TokenStatus
from ..model.facts import Metered, NeedsReported, TransactionReported
from ..model.replacing import replace
from ..model.session import Phase, Session
from ..model.state import EvseState, SiteState
from ..model.station import ConnectorStatus, EventKind, Needs, Version
from . import access, accounting, flap, level
from .counting import believable, count, take_samplings
from .draft import Draft
from .rest import look_for_rest
from .routes import announced_by_needs, route_of
from .turning import let_go, turn
from .wanting import next_departure, preparing, promised_pct, v2g_agreed, v2g_wanted, vehicle_named

EARLY_S: Final = 180.0
SHORT_NAME: Final = 10
"""A name of so few figures is a count, and begins anew some day."""


def transaction_reported(d: Draft, fact: TransactionReported) -> None:
    """Keep the event in its session, then follow it where it tells the present."""
    samplings = believable(d, fact.station, fact.samplings)
    fact = fact if samplings is fact.samplings else replace(fact, samplings=samplings)
    known = session_of(d.state, fact)
    evse_number = fact.evse or (known.evse if known else _likely_evse(d, fact))
    session = known or _begin(d, fact, evse_number)
    evse = d.evse(fact.station, evse_number)
    news = _is_news(d, session, fact, evse)
    if news and fact.kind is not EventKind.ENDED:
        session = sessions.reopened(session)
    trusted = fact.dated and not fact.offline
    bound = bound_of(d.state.stations[fact.station].config.max_w, d.now.utc, dated=trusted)
    v2g = (evse.phase is Phase.V2G and not preparing(d.state, d.now)) if news else None
    merged = sessions.merge(session, fact, d.state.prices, d.state.meter.house_w, bound, v2g=v2g)
    told = _verdict(d, fact)
    car = merged.vehicle, merged.foreign
    merged = _with_vehicle(d, merged, fact)
    d.put_session(_with_verdict(merged, fact, told))
    if (merged.vehicle, merged.foreign) != car:
        level.another_car(d, fact.station, evse_number)
    accounting.note(d, session, merged, fact)
    if news:
        _follow(d, fact, merged, evse_number)
        _allow_v2g(d, fact, told)
    else:
        count(d, fact.station, evse_number, fact.samplings, dated=trusted)
    if fact.kind is EventKind.ENDED and d.evse(fact.station, evse_number).session == merged.key:
        _end(d, fact.station, evse_number)
    look_for_rest(d, d.state.sessions[merged.key])
    _answer(d, fact, told, merged)


def _allow_v2g(d: Draft, fact: TransactionReported, told: Verdict | None) -> None:
    """Allow what the answer to a badge would have allowed, where a charge begins without one."""
    bare = fact.token is not None and fact.token.kind in NO_TOKEN_KINDS and fact.kind is not EventKind.ENDED
    station = d.state.stations[fact.station]
    if not bare or told is None or not told.accepted or station.memory.version is not Version.V21:
        return
    if v2g_wanted(d.state, d.now):
        phases = station.config.phases
        allow = AllowTransfer(id=d.next_id(), station=fact.station, transaction=fact.transaction, phases=phases)
        d.commands.append(allow)


def session_of(state: SiteState, fact: TransactionReported) -> Session | None:
    """Return the session of an event; names a station counts up come again one day, and mean another transaction."""
    first = state.sessions.get(sessions.key_of(fact.station, fact.transaction))
    if first is not None and not sessions.is_another(first, fact):
        return first
    if first is None and not _counts_up(fact):
        return None
    mine = [s for s in state.sessions.values() if (s.station, s.transaction) == (fact.station, fact.transaction)]
    mine = [s for s in mine if not sessions.is_another(s, fact)]
    return max(mine, key=lambda s: s.started_at, default=None)


def _counts_up(fact: TransactionReported) -> bool:
    return len(fact.transaction) <= SHORT_NAME and fact.transaction.isdecimal()


def _likely_evse(d: Draft, fact: TransactionReported) -> int:
    """Return the EVSE an event means that does not say: the one with a plug and no session, else the first."""
    evses = d.state.stations[fact.station].evses
    waiting = [e.evse for e in evses.values() if e.session is None and e.phase is Phase.PLUGGED]
    return next(iter([*waiting, *evses]), 1)


def _begin(d: Draft, fact: TransactionReported, evse_number: int) -> Session:
    departure = next_departure(d.state, d.now)
    key = sessions.key_of(fact.station, fact.transaction)
    if _counts_up(fact) or key in d.state.sessions:
        key = sessions.key_again(fact.station, fact.transaction, fact.at)
    session = sessions.begin(fact, key, evse_number)
    return replace(
        session,
        departure=departure.at if departure else None,
        promised_pct=promised_pct(d.state, departure),
        v2g_allowed=v2g_wanted(d.state, d.now),
    )


def _with_vehicle(d: Draft, session: Session, fact: TransactionReported) -> Session:
    """Note which car it is, by the name it says; one that no car of the owner's has is a stranger's."""
    evccid = fact.token.evccid if fact.token else None
    if evccid is None:
        return session
    name, cars = vehicle_named(d.state, evccid), d.state.config.vehicles
    foreign = name is None and bool(cars) and all(car.evccid for car in cars)
    if (name or session.vehicle, foreign) == (session.vehicle, session.foreign):
        return session
    return replace(session, vehicle=name or session.vehicle, foreign=foreign)


def _is_news(d: Draft, session: Session, fact: TransactionReported, evse: EvseState) -> bool:
    """Tell whether an event speaks of the present: by its number, which no clock can set wrong, then by its time."""
    if fact.offline or (session.ended_at is not None and session.stopped_reason != sessions.GONE):
        return False
    other = d.session(evse.session)
    if other is not None and other.key != session.key and other.seen_at is not None and fact.at < other.seen_at:
        return False
    if session.seen_at is None or fact.seq_no > session.last_seq_no:
        return True
    if fact.seq_no == session.last_seq_no:
        return fact.at >= session.seen_at
    return fact.dated and fact.at > session.seen_at


def _follow(d: Draft, fact: TransactionReported, session: Session, number: int) -> None:
    """Let an event that is news change the present."""
    evse = d.evse(fact.station, number)
    if evse.session != session.key:
        if fact.kind is EventKind.ENDED:  # the first word of a transaction is that it is over
            count(d, fact.station, number, fact.samplings, dated=fact.dated)
            return
        evse = _adopt(d, fact, session, evse)
    take_samplings(d, fact.station, number, fact.samplings, dated=fact.dated)
    evse = d.evse(fact.station, number)
    d.put_session(level.noted(d.state.sessions[session.key], evse))
    told = fact.charging_state or evse.charging_state, fact.operation_mode or evse.operation_mode
    if told != (evse.charging_state, evse.operation_mode):
        after = replace(evse, charging_state=told[0], operation_mode=told[1])
        d.put_evse(fact.station, flap.note_mode(evse, after, d, fact))


def _adopt(d: Draft, fact: TransactionReported, session: Session, evse: EvseState) -> EvseState:
    """Make a session the present one; a session that was open here before ended unseen."""
    before = d.session(evse.session)
    if before is not None and before.ended_at is None:
        ended_at = before.seen_at or fact.at
        d.put_session(replace(before, ended_at=ended_at, stopped_reason=sessions.SUPERSEDED))
        turn(d, fact.station, evse.evse, Turn.ENDED)
        let_go(d, fact.station, d.evse(fact.station, evse.evse))
    for other in d.state.stations[fact.station].evses.values():
        if other.session == session.key:
            _move_away(d, fact.station, other)
    d.put_evse(fact.station, replace(d.evse(fact.station, evse.evse), session=session.key))
    level.arrived(d, fact.station, evse.evse)
    turn(d, fact.station, evse.evse, Turn.BEGAN)
    _take_early(d, fact.station, evse.evse)
    return d.evse(fact.station, evse.evse)


def _take_early(d: Draft, identity: str, number: int) -> None:
    """Take what a car said it needs just before its transaction began: some begin it with the first power only."""
    evse = d.evse(identity, number)
    if evse.early is None:
        return
    said_at, needs = evse.early
    d.put_evse(identity, replace(evse, early=None))
    if d.now.age_s(said_at) <= EARLY_S:
        _take_needs(d, identity, number, needs)


def _move_away(d: Draft, identity: str, evse: EvseState) -> None:
    """Free an EVSE of a transaction that turned out to be another's."""
    phase = Phase.PLUGGED if evse.connector is ConnectorStatus.OCCUPIED else Phase.UNPLUGGED
    evse = let_go(d, identity, evse)
    d.put_evse(identity, replace(evse, phase=phase, readings=replace(evse.readings, power_w=None, setpoint_w=None)))


def _end(d: Draft, identity: str, number: int) -> None:
    turn(d, identity, number, Turn.ENDED)
    evse = let_go(d, identity, d.evse(identity, number))
    d.put_evse(identity, replace(evse, readings=replace(evse.readings, power_w=0.0, setpoint_w=None)))


def _verdict(d: Draft, fact: TransactionReported) -> Verdict | None:
    """Return the verdict on the badge of an event; only one that starts a charge now may be learnt."""
    if fact.token is None:
        return None
    begins = not fact.offline and fact.kind is not EventKind.ENDED
    told = access.admit(d, fact.station, fact.token, learn=begins)
    if told.badge is None or not told.accepted or not begins:
        return told
    busy = access.is_busy(d, told.badge, (fact.station, fact.transaction))
    return replace(told, status=TokenStatus.BUSY, until=None) if busy else told


def _with_verdict(session: Session, fact: TransactionReported, told: Verdict | None) -> Session:
    """Note what a badge lets a session do; the one that ends it has no say in that."""
    if told is None or fact.kind is EventKind.ENDED:
        return session
    return replace(
        session,
        refused=not told.accepted,
        charge_only=told.charge_only,
        v2g_allowed=session.v2g_allowed and not told.charge_only,
    )


def _answer(d: Draft, fact: TransactionReported, told: Verdict | None, session: Session) -> None:
    answer = AnswerTransaction(call=fact.call, total_cost=_cost(d, fact, session))
    if told is not None:
        answer = replace(answer, status=told.status, group=told.group, until=told.until)
    d.commands.append(answer)


def _cost(d: Draft, fact: TransactionReported, session: Session) -> float | None:
    """Return what a charge has cost up to an event, ``None`` at its start and where nobody knows the price."""
    told = fact.kind is not EventKind.STARTED and d.state.prices.at(fact.at) is not None
    return session.cost if told else None


def metered(d: Draft, fact: Metered) -> None:
    """Take values that came outside a transaction event; those of EVSE 0 are of the station's own connection."""
    if fact.evse:
        take_samplings(d, fact.station, fact.evse, believable(d, fact.station, fact.samplings))


def needs_reported(d: Draft, fact: NeedsReported) -> None:
    """Note what the car needs; it decides between V2G and a standard charge.

    Needs without the way back in the middle of a V2G session mean that the driver pressed the button in the flap.
    """
    station = d.state.stations[fact.station]
    if not station.memory.announced and announced_by_needs(fact.needs):
        d.put_station(replace(station, memory=replace(station.memory, announced=True)))
    evse = d.evse(fact.station, fact.evse)
    known = d.session(evse.session) is not None
    if known:
        _take_needs(d, fact.station, fact.evse, fact.needs)
    else:
        d.put_evse(fact.station, replace(evse, early=(d.now, fact.needs)))
    evse = d.evse(fact.station, fact.evse)
    d.put_evse(fact.station, replace(evse, plan_stale=True, delivery=pace.again(evse.delivery)))
    d.commands.append(AnswerNeeds(call=fact.call, profile_follows=known))


def _take_needs(d: Draft, identity: str, number: int, needs: Needs) -> None:
    """Keep in the session what its car needs; it settles what kind of session a starting one is."""
    evse = d.evse(identity, number)
    session = d.session(evse.session)
    if session is None:
        return
    d.put_session(replace(session, needs=needs))
    level.needs_told(d, identity, number)
    if evse.phase is Phase.STARTING:
        agreed = not session.charge_only and v2g_agreed(d.state, identity, needs, d.now)
        turn(d, identity, number, Turn.V2G_AGREED if agreed else Turn.STANDARD_BEGAN)
    elif evse.phase is Phase.V2G and not needs.bidirectional and _tells_needs(d, identity):
        flap.press(d, identity, number)


def _tells_needs(d: Draft, identity: str) -> bool:
    route = route_of(d.state, d.state.stations[identity])
    return route is not None and route.tells_needs
