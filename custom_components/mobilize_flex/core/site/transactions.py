"""What a transaction event changes: the record always, the present only when it is news."""

from dataclasses import replace

from ..access.admission import verdict
from ..control.session_table import Turn
from ..ledger import sessions
from ..model.commands import AnswerNeeds, AnswerTransaction
from ..model.facts import Metered, NeedsReported, TransactionReported
from ..model.session import Phase, Session
from ..model.state import EvseState
from ..model.station import EventKind, Sampling
from ..model.wishes import Override
from ..ocpp import readings as live
from ..ocpp.readings import merge_sampling
from .draft import Draft
from .turning import let_go, turn
from .wanting import next_departure, soc_from_needs, v2g_agreed, v2g_wanted, vehicle_named, vehicle_of


def transaction_reported(d: Draft, fact: TransactionReported) -> None:
    """Keep the event in its session, then follow it where it tells the present."""
    known = d.session(sessions.key_of(fact.station, fact.transaction))
    evse_number = fact.evse or (known.evse if known else _likely_evse(d, fact))
    session = known or _begin(d, fact, evse_number)
    news = not fact.offline and session.ended_at is None and _is_newest(session, fact)
    phase = d.evse(fact.station, evse_number).phase
    merged = sessions.merge(session, fact, d.state.prices, d.state.meter.house_w)
    if news:
        merged = sessions.with_time(merged, phase, fact.at)
    d.put_session(_with_vehicle(d, merged, fact))
    if news:
        _follow(d, fact, merged, evse_number)
    else:
        _count_history(d, fact, evse_number)
        if fact.kind is EventKind.ENDED and d.evse(fact.station, evse_number).session == merged.key:
            _end(d, fact.station, evse_number)
    _answer(d, fact)


def _count_history(d: Draft, fact: TransactionReported, number: int) -> None:
    """Let what happened while nobody listened move the counters, forward only; nothing else of it is the present."""
    evse = d.evse(fact.station, number)
    then = evse.readings
    for sampling in fact.samplings:
        then = merge_sampling(then, sampling, d.now)
    import_wh, export_wh = (
        _later(evse.readings.import_wh, then.import_wh),
        _later(evse.readings.export_wh, then.export_wh),
    )
    d.put_evse(fact.station, replace(evse, readings=replace(evse.readings, import_wh=import_wh, export_wh=export_wh)))
    _keep_counters(d, fact.station, number)


def _later(now_wh: float | None, then_wh: float | None) -> float | None:
    return then_wh if now_wh is None else now_wh if then_wh is None else max(now_wh, then_wh)


def _likely_evse(d: Draft, fact: TransactionReported) -> int:
    """Return the EVSE an event means that does not say: the one with a plug and no session, else the first."""
    evses = d.state.stations[fact.station].evses
    waiting = [e.evse for e in evses.values() if e.session is None and e.phase is Phase.PLUGGED]
    return next(iter([*waiting, *evses]), 1)


def _begin(d: Draft, fact: TransactionReported, evse_number: int) -> Session:
    departure = next_departure(d.state, d.now)
    session = sessions.begin(fact, evse_number)
    return replace(session, departure=departure.at if departure else None, v2g_allowed=v2g_wanted(d.state, d.now))


def _with_vehicle(d: Draft, session: Session, fact: TransactionReported) -> Session:
    name = vehicle_named(d.state, fact.token.evccid if fact.token else None)
    return replace(session, vehicle=name) if name and name != session.vehicle else session


def _is_newest(session: Session, fact: TransactionReported) -> bool:
    return session.seen_at is None or fact.at >= session.seen_at


def _follow(d: Draft, fact: TransactionReported, session: Session, number: int) -> None:
    """Let an event that is news change the present."""
    evse = d.evse(fact.station, number)
    if evse.session != session.key and fact.kind is not EventKind.ENDED:
        evse = _adopt(d, fact, session, evse)
    take_samplings(d, fact.station, number, fact.samplings)
    _note_soc(d, session.key, d.evse(fact.station, number))
    if fact.kind is EventKind.ENDED:
        _end(d, fact.station, number)
        return
    evse = d.evse(fact.station, number)
    evse = replace(
        evse,
        charging_state=fact.charging_state or evse.charging_state,
        operation_mode=fact.operation_mode or evse.operation_mode,
    )
    d.put_evse(fact.station, evse)


def _note_soc(d: Draft, key: str, evse: EvseState) -> None:
    """Keep with a session what the battery began with, and what it has now."""
    session, soc_pct = d.state.sessions[key], evse.readings.soc_pct
    if soc_pct is not None and soc_pct != session.soc_end_pct:
        began = soc_pct if session.soc_start_pct is None else session.soc_start_pct
        d.put_session(replace(session, soc_start_pct=began, soc_end_pct=soc_pct))


def _adopt(d: Draft, fact: TransactionReported, session: Session, evse: EvseState) -> EvseState:
    """Make a session the present one; a session that was open here before ended unseen."""
    before = d.session(evse.session)
    if before is not None and before.ended_at is None:
        d.put_session(replace(before, ended_at=before.seen_at or fact.at, stopped_reason="Superseded"))
        turn(d, fact.station, evse.evse, Turn.ENDED)
        let_go(d, fact.station, d.evse(fact.station, evse.evse))
    d.put_evse(fact.station, replace(d.evse(fact.station, evse.evse), session=session.key))
    return turn(d, fact.station, evse.evse, Turn.BEGAN)


def _end(d: Draft, identity: str, number: int) -> None:
    turn(d, identity, number, Turn.ENDED)
    evse = let_go(d, identity, d.evse(identity, number))
    d.put_evse(identity, replace(evse, readings=replace(evse.readings, power_w=0.0, setpoint_w=None)))


def _answer(d: Draft, fact: TransactionReported) -> None:
    status = None if fact.token is None else verdict(d.state.stations[fact.station].config, fact.token)
    d.commands.append(AnswerTransaction(call=fact.call, status=status))


def metered(d: Draft, fact: Metered) -> None:
    """Take values that came outside a transaction event; those of EVSE 0 are of the station's own connection."""
    if fact.evse:
        take_samplings(d, fact.station, fact.evse, fact.samplings)


def take_samplings(d: Draft, identity: str, number: int, samplings: tuple[Sampling, ...]) -> None:
    """Bring an EVSE's readings, and its counters in memory, up to date."""
    if not samplings:
        return
    evse = d.evse(identity, number)
    readings = live.merge(evse.readings, samplings, d.now)
    awake = d.now if abs(readings.power_w or 0.0) > 100.0 else evse.awake_at
    d.put_evse(identity, replace(evse, readings=readings, awake_at=awake))
    _keep_counters(d, identity, number)


def _keep_counters(d: Draft, identity: str, number: int) -> None:
    """Bring the counters in memory up to date."""
    station, readings = d.state.stations[identity], d.evse(identity, number).readings
    memory = replace(
        station.memory,
        import_wh=_with_counter(station.memory.import_wh, number, readings.import_wh),
        export_wh=_with_counter(station.memory.export_wh, number, readings.export_wh),
    )
    if memory != station.memory:
        d.put_station(replace(station, memory=memory))


type _Counters = tuple[tuple[int, float], ...]


def _with_counter(counters: _Counters, evse: int, wh: float | None) -> _Counters:
    return counters if wh is None else tuple(sorted({**dict(counters), evse: wh}.items()))


def needs_reported(d: Draft, fact: NeedsReported) -> None:
    """Note what the car needs; it decides between V2G and a standard charge.

    Needs without the way back in the middle of a V2G session mean that the driver pressed the button in the flap.
    """
    evse = d.evse(fact.station, fact.evse)
    session = d.session(evse.session)
    if session is not None:
        d.put_session(replace(session, needs=fact.needs))
    soc_pct = soc_from_needs(fact.needs, vehicle_of(d.state, session))
    if soc_pct is not None:
        d.put_evse(fact.station, replace(evse, readings=replace(evse.readings, soc_pct=soc_pct, soc_at=d.now)))
    if evse.phase is Phase.STARTING:
        agreed = fact.needs.bidirectional and v2g_agreed(d.state, fact.station, d.now)
        turn(d, fact.station, fact.evse, Turn.V2G_AGREED if agreed else Turn.STANDARD_BEGAN)
    elif evse.phase is Phase.V2G and not fact.needs.bidirectional:
        _flap_button(d, fact, session)
    d.put_evse(fact.station, replace(d.evse(fact.station, fact.evse), plan_stale=True))
    d.commands.append(AnswerNeeds(call=fact.call, profile_follows=session is not None))


def _flap_button(d: Draft, fact: NeedsReported, session: Session | None) -> None:
    turn(d, fact.station, fact.evse, Turn.CHARGE_NOW)
    if session is not None:
        d.put_session(replace(d.state.sessions[session.key], override=Override.FLAP))
