"""Orders on their way to the stations: sent when due, compared with what is measured, withdrawn when we leave."""

from typing import Final

from ..control import effect, pace
from ..control.effect import Measured
from ..control.probe import seconds_left
from ..control.refusals import Lesson
from ..model.commands import AskSchedule, AskTransaction, ClearPower, EndPriority, SetPower
from ..model.delivery import Delivery, Outcome, ScheduleTold
from ..model.driver import NATIVE
from ..model.facts import CommandAccepted, CommandRefused, CommandUnanswered
from ..model.reasons import Reason
from ..model.replacing import replace
from ..model.session import Phase, Session
from ..model.state import Decision, EvseState, StationState
from . import probing
from .draft import Draft
from .level import level_of
from .routes import abilities_of, no_route, route_of
from .welcome import read_profiles

ASLEEP_S: Final = 60.0
ROOM_PCT: Final = 95.0
"""A battery fuller than this may well take nothing."""
SUSPENDED: Final = "SuspendedEV"
FIRST_ORDER_S: Final = 10.0
PRIORITY_S: Final = 60.0
"""How long priority charging may take more than the house can give."""


def deliver(d: Draft, identity: str, number: int) -> None:
    """Compare what was ordered with what is measured; send what is due."""
    evse = d.evse(identity, number)
    session = d.session(evse.session)
    station = d.state.stations[identity]
    if d.state.stopping or session is None or not station.online or evse.phase is Phase.FAULT:
        return
    road = _road(d, station, evse, session)
    delivery, decision = _checked(d, evse, session, road)
    order = pace.due(delivery, decision, road, d.now, d.state.next_id)
    if order is not None and order.route is None and delivery.order is not None and delivery.order.route is not None:
        d.put_evse(identity, replace(evse, delivery=delivery))
        probing.release(d, identity, d.evse(identity, number))  # the next round orders anew
        return
    if order is not None and not _plan_is_near(d, evse):
        d.next_id()
        d.commands.append(order)
        delivery = pace.sent(delivery, order, d.now, planned=evse.decision.planned)
    if delivery is not evse.delivery:
        d.put_evse(identity, replace(d.evse(identity, number), delivery=delivery))


def _checked(d: Draft, evse: EvseState, session: Session, road: pace.Road) -> tuple[Delivery, Decision]:
    """Return what became of the last order, and what to order now: a car that sleeps on is ordered nothing first."""
    measured = _measured(d, evse, session)
    delivery = effect.watch(evse.delivery, measured)
    if delivery.reversed and not evse.delivery.reversed:
        d.commands.append(pace.withdraw(road, d.next_id()))
        delivery = Delivery(recent=delivery.recent, reversed=True, quiet_until_s=d.now.mono_s + 10.0)
    if delivery.following is False or delivery.refusals:
        delivery = effect.judged(effect.wake(_asked(d, delivery, road), measured, d.now), measured, d.now)
    _end_priority(d, evse, session, delivery)
    decision = evse.decision
    if d.now.mono_s < delivery.waking_until_s and (decision.power_w or 0.0) > 0.0:
        decision = replace(decision, power_w=0.0)
    return delivery, decision


def _measured(d: Draft, evse: EvseState, session: Session) -> Measured:
    soc_pct = level_of(d.state, evse, session, d.now).soc_pct
    asleep = d.now.age_s(evse.awake_at) > ASLEEP_S or evse.charging_state == SUSPENDED
    room = soc_pct is not None and soc_pct < ROOM_PCT
    return Measured(power_w=evse.readings.power_w, at=evse.readings.at, asleep=asleep, room=room)


def _asked(d: Draft, delivery: Delivery, road: pace.Road) -> Delivery:
    """Ask a station that does not follow what it does."""
    if road.route is not None or not effect.may_ask(delivery, d.now):
        return delivery
    amperes = delivery.order is not None and delivery.order.amperes
    ask = AskSchedule(id=d.next_id(), station=road.station, evse=road.evse, amperes=amperes, phases=road.phases)
    d.commands.append(ask)
    return effect.asked(delivery, ask.id, d.now)


def _end_priority(d: Draft, evse: EvseState, session: Session, delivery: Delivery) -> None:
    """Take priority charging away from a station that lets the car take more than the house can give."""
    power_w, since = evse.readings.power_w or 0.0, delivery.deviates_since
    if not evse.priority or since is None or d.now.age_s(since) < PRIORITY_S or power_w <= evse.envelope.max_w:
        return
    d.put_evse(session.station, replace(d.evse(session.station, evse.evse), priority=False))
    d.commands.append(EndPriority(id=d.next_id(), station=session.station, transaction=session.transaction))


def _plan_is_near(d: Draft, evse: EvseState) -> bool:
    """Return whether the first order can wait for the plan: a car negotiates anew with every profile."""
    pending = evse.decision.why.reason is Reason.PLAN_PENDING and evse.delivery.order is None
    return pending and d.now.age_s(evse.plan_asked_at or evse.started_at) < FIRST_ORDER_S


def _road(d: Draft, station: StationState, evse: EvseState, session: Session) -> pace.Road:
    """Return where a setpoint goes; an unproven way is taken by a probe only."""
    route, probe = route_of(d.state, station), evse.probe
    open_way = route is not None and (probe is not None or no_route(d.state, station) is None)
    agreed = session.needs is not None and session.needs.bidirectional
    bidirectional = agreed and evse.phase in (Phase.V2G, Phase.INSTANT, Phase.HELD, Phase.FINISHED)
    return pace.Road(
        station=station.config.identity,
        evse=evse.evse,
        transaction=session.transaction,
        phases=station.config.phases,
        abilities=abilities_of(d.state, station),
        bidirectional=open_way and (bidirectional or probe is not None),
        route=route if open_way and route is not NATIVE else None,
        expires_s=seconds_left(probe, d.now) if probe else None,
        learnt=station.memory.learnt,
        gentle_w=station.config.fallback_w,
        negotiates=session.needs is not None,
    )


def stop_all(d: Draft) -> None:
    """Withdraw every order of ours, so that each station falls to its standard charge at once."""
    for station in d.state.stations.values():
        for evse in station.evses.values():
            session = d.session(evse.session)
            if station.online and session is not None and evse.delivery.order is not None:
                d.commands.append(pace.withdraw(_road(d, station, evse, session), d.next_id()))
                stopped = replace(evse, delivery=Delivery(), decision=Decision())
                d.put_evse(station.config.identity, stopped)


# what a station answers


def accepted(d: Draft, fact: CommandAccepted) -> None:
    """Note that an order was taken."""
    for evse in list(d.state.stations[fact.station].evses.values()):
        _put(d, fact.station, evse, pace.accepted(evse.delivery, fact))


def unanswered(d: Draft, fact: CommandUnanswered) -> None:
    """Note that an order, or a question about one, met silence."""
    for evse in list(d.state.stations[fact.station].evses.values()):
        silent = effect.told(evse.delivery, fact.id, None, d.now)
        _put(d, fact.station, evse, pace.unanswered(silent, fact, d.now))


def refused(d: Draft, fact: CommandRefused) -> None:
    """Learn from a refusal; what it says of the station is remembered, and what it asks for is done."""
    for evse in list(d.state.stations[fact.station].evses.values()):
        station = d.state.stations[fact.station]
        silent = effect.told(evse.delivery, fact.id, None, d.now)
        taught = pace.refused(silent, station.memory.learnt, fact, d.now)
        if taught is None:
            _put(d, fact.station, evse, silent)
            continue
        if taught.learnt != station.memory.learnt:
            d.put_station(replace(station, memory=replace(station.memory, learnt=taught.learnt)))
        _put(d, fact.station, evse, taught.delivery)
        if evse.delivery.order is not None:
            _see_to(d, evse.delivery.order, taught.lesson)


def _see_to(d: Draft, order: SetPower, lesson: Lesson) -> None:
    """Do what a lesson asks for beside another order."""
    if lesson in (Lesson.CLEAR, Lesson.LOWER):
        clear = ClearPower(id=d.next_id(), station=order.station, evse=order.evse, transaction=order.transaction)
        d.commands.append(clear)
    elif lesson is Lesson.ASK:
        d.commands.append(AskTransaction(id=d.next_id(), station=order.station, transaction=order.transaction))


def schedule_told(d: Draft, fact: ScheduleTold) -> None:
    """Note what a station says it does now."""
    for evse in list(d.state.stations[fact.station].evses.values()):
        delivery = effect.told(evse.delivery, fact.id, fact.power_w, d.now)
        if delivery is not evse.delivery and effect.overruled(delivery):
            read_profiles(d, fact.station)
        _put(d, fact.station, evse, delivery)


def _put(d: Draft, identity: str, evse: EvseState, delivery: Delivery) -> None:
    if delivery is not evse.delivery:
        d.put_evse(identity, replace(d.evse(identity, evse.evse), delivery=delivery))


def negotiates_again(d: Draft, identity: str, number: int) -> bool:
    """Have the order sent once more to a car that means to take more than it may, unless it just was."""
    evse = d.evse(identity, number)
    delivery = evse.delivery
    repeated = delivery.sent_at is not None and delivery.sent_at != delivery.changed_at
    just = repeated and d.now.age_s(delivery.sent_at) < pace.SCHEDULE_AGAIN_S
    if just or delivery.outcome is Outcome.WAITING:
        return False
    d.put_evse(identity, replace(evse, delivery=pace.again(delivery)))
    return True
