"""The regular round: who is due, what is allowed, what to do, what to send."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from ..control import pace
from ..control.decide import Situation, decide
from ..control.session_table import Turn
from ..grid.envelope import envelope
from ..model.commands import SetpointForm
from ..model.moment import Moment
from ..model.plan import Plan
from ..model.reasons import Reason
from ..model.session import Phase, Session
from ..model.state import Decision, Delivery, EvseState, Onboarding, Outcome, StationState
from .asking import ask_plan
from .draft import Draft
from .turning import turn
from .wanting import next_departure, soc_of, speaks_v2g, v2g_agreed, v2g_wanted, vehicle_of
from .welcome import welcome

NEEDS_S: Final = 60.0
ASLEEP_S: Final = 60.0
SETTLED_S: Final = 3.0
FIRST_ORDER_S: Final = 10.0
MEASURED_S: Final = 60.0
MEETING_S: Final = 15.0
"""After a reconnect: how long a station may take to tell what its car is at."""


def round_all(d: Draft) -> None:
    """Go round every station."""
    for identity in list(d.state.stations):
        round_station(d, identity)


def round_station(d: Draft, identity: str) -> None:
    """Go round one station: first the present, then the decision, then the order."""
    welcome(d, identity)
    for number in list(d.state.stations[identity].evses):
        _begin_if_due(d, identity, number)
        _depart_if_due(d, identity, number)
        _decide(d, identity, number)
        _deliver(d, identity, number)


def _begin_if_due(d: Draft, identity: str, number: int) -> None:
    """Settle what kind of charge a starting session is, once that is known or will not be."""
    evse = d.evse(identity, number)
    session = d.session(evse.session)
    if evse.phase is not Phase.STARTING or session is None:
        return
    station = d.state.stations[identity]
    if session.needs is not None and session.needs.bidirectional and v2g_agreed(d.state, identity, d.now):
        turn(d, identity, number, Turn.V2G_AGREED)
    elif session.needs is not None or _no_needs_will_come(d, station, evse):
        turn(d, identity, number, Turn.STANDARD_BEGAN)


def _no_needs_will_come(d: Draft, station: StationState, evse: EvseState) -> bool:
    able = station.memory.abilities.bidirectional
    if able is False or (able is None and station.onboarding is Onboarding.READY and not speaks_v2g(station)):
        return True
    return d.now.age_s(evse.started_at) >= NEEDS_S and evse.started_at is not None


def _depart_if_due(d: Draft, identity: str, number: int) -> None:
    """End a session at its departure, once the car has what it was promised."""
    evse = d.evse(identity, number)
    session = d.session(evse.session)
    if session is None or session.departure is None or evse.phase not in (Phase.V2G, Phase.STANDARD):
        return
    if d.now.utc < session.departure:
        return
    soc_pct, _ = soc_of(d.state, evse, session, d.now)
    if soc_pct is None or soc_pct >= d.state.wishes.soc_max_pct - 1.0 or not _still_charging(evse):
        turn(d, identity, number, Turn.DEPARTED)


def _still_charging(evse: EvseState) -> bool:
    return (evse.decision.power_w or 0.0) > 0.0


def car_w(evse: EvseState) -> float:
    """Return what the car takes now: measured, or ordered where the measurement is older than the order."""
    measured = evse.readings.power_w or 0.0
    order = evse.delivery.order
    changed = evse.delivery.changed_at
    if order is None or changed is None or evse.readings.at is None:
        return measured
    if evse.readings.at.mono_s >= changed.mono_s + SETTLED_S:
        return measured
    return max(measured, order.power_w, key=abs)


def car_known(evse: EvseState, now: Moment) -> bool:
    """Return whether it is known what the car takes: measured lately, or ordered over this connection."""
    measured = now.age_s(evse.readings.at) <= MEASURED_S
    return evse.session is None or measured or evse.delivery.outcome is Outcome.ACCEPTED


def cars_w(stations: Mapping[str, StationState], now: Moment) -> float | None:
    """Return what all cars take now; ``None`` while one of them keeps it to itself."""
    evses = [e for s in stations.values() for e in s.evses.values()]
    return sum(car_w(e) for e in evses) if all(car_known(e, now) for e in evses) else None


def _decide(d: Draft, identity: str, number: int) -> None:
    """Make the decision; what it allows and why stands with it."""
    evse = d.evse(identity, number)
    station = d.state.stations[identity]
    car = car_w(evse) if car_known(evse, d.now) else None
    allowed = envelope(d.state.config, station.config, d.state.meter, car, d.now)
    if allowed != evse.envelope:
        evse = replace(evse, envelope=allowed)
    situation = _situation(d, station, evse)
    decision = decide(situation)
    if evse.delivery.following is False and decision.power_w and decision.capped_by is None:
        decision = replace(decision, capped_by=Reason.NOT_FOLLOWING)
    if decision != evse.decision:
        evse = replace(evse, decision=decision)
    d.put_evse(identity, evse)
    ask_plan(d, identity, number, situation)


def _situation(d: Draft, station: StationState, evse: EvseState) -> Situation:
    session = d.session(evse.session)
    soc_pct, soc_age_s = soc_of(d.state, evse, session, d.now)
    departure = next_departure(d.state, d.now)
    wanted = v2g_wanted(d.state, d.now)
    return Situation(
        online=station.online,
        phase=evse.phase if session is not None or evse.phase is not Phase.STANDARD else Phase.PLUGGED,
        wishes=d.state.wishes,
        station=station.config,
        vehicle=vehicle_of(d.state, session),
        abilities=station.memory.abilities,
        needs=session.needs if session else None,
        soc_pct=soc_pct,
        soc_age_s=soc_age_s,
        slot=evse.plan.at(d.now.utc) if evse.plan else None,
        envelope=evse.envelope,
        external_limit_w=evse.external_limit_w,
        consent=d.state.config.v2g_consent,
        v2g_now=wanted,
        programmed=departure is not None,
        priced=bool(d.state.prices.slots),
        reversed=evse.delivery.reversed,
        departure=departure.at if departure else None,
        route=speaks_v2g(station) and evse.delivery.form is not SetpointForm.LIMIT,
        house_w=d.state.meter.house_w if evse.envelope.fresh else None,
        ageing_per_kwh=d.state.config.ageing_per_kwh,
        rest_s=_rest_s(evse.plan, d.now.utc),
        needs_replug=_needs_replug(evse, session, wanted),
        meeting_again=d.now.age_s(station.connected_at) < MEETING_S,
    )


def _rest_s(plan: Plan | None, now: datetime) -> float:
    """Return for how long a plan asks nothing of the car, from now on."""
    ahead = [s for s in plan.slots if s.end > now] if plan else []
    busy = next((s.start for s in ahead if s.power_w != 0.0), None)
    until = busy or (ahead[-1].end if ahead else now)
    return max(0.0, (until - now).total_seconds())


def _needs_replug(evse: EvseState, session: Session | None, wanted: bool) -> bool:
    """Return whether V2G is wanted but a standard charge was running first."""
    bidirectional = session is not None and session.needs is not None and session.needs.bidirectional
    return evse.phase is Phase.STANDARD and wanted and bidirectional


def _deliver(d: Draft, identity: str, number: int) -> None:
    """Compare what was ordered with what is measured; send what is due."""
    evse = d.evse(identity, number)
    session = d.session(evse.session)
    station = d.state.stations[identity]
    if d.state.stopping or session is None or not station.online or evse.phase is Phase.FAULT:
        return
    asleep = d.now.age_s(evse.awake_at) > ASLEEP_S
    delivery = pace.watch(evse.delivery, evse.readings.power_w, evse.readings.at, asleep, d.now)
    road = _road(station, evse, session)
    if delivery.reversed and not evse.delivery.reversed:
        d.commands.append(pace.withdraw(road, d.next_id()))
        delivery = Delivery(form=delivery.form, reversed=True, quiet_until_s=d.now.mono_s + 10.0)
    order = pace.due(delivery, evse.decision, road, d.now, d.state.next_id)
    if order is not None and not _plan_is_near(d, evse):
        d.next_id()
        d.commands.append(order)
        delivery = pace.sent(delivery, order, d.now)
    if delivery is not evse.delivery:
        d.put_evse(identity, replace(evse, delivery=delivery))


def _plan_is_near(d: Draft, evse: EvseState) -> bool:
    """Return whether the first order can wait for the plan: a car negotiates anew with every profile."""
    pending = evse.decision.why.reason is Reason.PLAN_PENDING and evse.delivery.order is None
    return pending and d.now.age_s(evse.plan_asked_at or evse.started_at) < FIRST_ORDER_S


def _road(station: StationState, evse: EvseState, session: Session) -> pace.Road:
    agreed = session.needs is not None and session.needs.bidirectional
    bidirectional = agreed and evse.phase in (Phase.V2G, Phase.INSTANT, Phase.FINISHED) and speaks_v2g(station)
    return pace.Road(
        station=station.config.identity,
        evse=evse.evse,
        transaction=session.transaction,
        phases=station.config.phases,
        abilities=station.memory.abilities,
        bidirectional=bidirectional and evse.delivery.form is not SetpointForm.LIMIT,
    )


def stop_all(d: Draft) -> None:
    """Withdraw every order of ours, so that each station falls to its standard charge at once."""
    for station in d.state.stations.values():
        for evse in station.evses.values():
            session = d.session(evse.session)
            if station.online and session is not None and evse.delivery.order is not None:
                d.commands.append(pace.withdraw(_road(station, evse, session), d.next_id()))
                stopped = replace(evse, delivery=Delivery(form=evse.delivery.form), decision=Decision())
                d.put_evse(station.config.identity, stopped)
