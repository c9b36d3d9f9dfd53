"""The regular round: who is due, what is allowed, what to do, what to send."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from ..control import pace
from ..control.decide import Situation, decide
from ..control.probe import seconds_left, wanted_w
from ..control.session_table import Turn
from ..grid.envelope import envelope
from ..model.commands import SetpointForm
from ..model.driver import NATIVE, RouteKind
from ..model.moment import Moment
from ..model.plan import Plan
from ..model.reasons import Reason
from ..model.replacing import replace
from ..model.session import Phase, Session
from ..model.state import Decision, Delivery, EvseState, Onboarding, Outcome, SiteState, StationState
from . import probing
from .access import keep_in_step
from .asking import ask_plan
from .draft import Draft
from .routes import abilities_of, no_route, route_of
from .turning import turn
from .wanting import next_departure, preparing, soc_of, v2g_agreed, v2g_wanted, vehicle_of
from .welcome import welcome

ROUND_S: Final = 0.25
"""Figures that come faster than this wait for the next ones, or for the tick."""
NEEDS_S: Final = 60.0
ASLEEP_S: Final = 60.0
SETTLED_S: Final = 3.0
FIRST_ORDER_S: Final = 10.0
MEASURED_S: Final = 60.0
MEETING_S: Final = 15.0
"""After a reconnect: how long a station may take to tell what its car is at."""


_CHARGING: Final = frozenset({Phase.STARTING, Phase.V2G, Phase.STANDARD, Phase.INSTANT})


def round_all(d: Draft) -> None:
    """Go round every station."""
    for identity in list(d.state.stations):
        round_station(d, identity)


def round_after_figures(before: SiteState, d: Draft, identity: str) -> None:
    """Go round a station that told figures, unless it told some just now and nothing else changed."""
    if not _may_wait(before, d, identity):
        d.put_station(replace(d.state.stations[identity], round_s=d.now.mono_s))
        round_station(d, identity)


def _may_wait(before: SiteState, d: Draft, identity: str) -> bool:
    then, now = before.stations[identity], d.state.stations[identity]
    if d.now.mono_s - then.round_s >= ROUND_S or then.evses.keys() != now.evses.keys():
        return False
    return all(_place(then.evses[number]) == _place(evse) for number, evse in now.evses.items())


def _place(evse: EvseState) -> tuple[object, ...]:
    return evse.phase, evse.session, evse.charging_state, evse.operation_mode


def round_station(d: Draft, identity: str) -> None:
    """Go round one station: first the present, then the decision, then the order."""
    welcome(d, identity)
    keep_in_step(d, identity)
    for number in list(d.state.stations[identity].evses):
        _begin_if_due(d, identity, number)
        _depart_if_due(d, identity, number)
        probing.follow(d, identity, number)
        _decide(d, identity, number)
        _deliver(d, identity, number)


def _begin_if_due(d: Draft, identity: str, number: int) -> None:
    """Settle what kind of charge a starting session is, once that is known or will not be."""
    evse = d.evse(identity, number)
    session = d.session(evse.session)
    if evse.phase is not Phase.STARTING or session is None or session.refused:
        return
    station = d.state.stations[identity]
    if not session.charge_only and v2g_agreed(d.state, identity, session.needs, d.now):
        turn(d, identity, number, Turn.V2G_AGREED)
    elif session.needs is not None or _no_needs_will_come(d, station, evse):
        turn(d, identity, number, Turn.STANDARD_BEGAN)


def _no_needs_will_come(d: Draft, station: StationState, evse: EvseState) -> bool:
    able = station.memory.abilities.bidirectional
    route = route_of(d.state, station)
    if route is None or not route.tells_needs:
        if able is False or station.onboarding is Onboarding.READY:
            return True
    elif able is False and route.kind is RouteKind.NATIVE:
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


def situation_of(d: Draft, identity: str, number: int) -> Situation:
    """Return all a decision about an EVSE may look at."""
    return _situation(d, d.state.stations[identity], d.evse(identity, number))


def _situation(d: Draft, station: StationState, evse: EvseState) -> Situation:
    session = d.session(evse.session)
    soc_pct, soc_age_s = soc_of(d.state, evse, session, d.now)
    departure = next_departure(d.state, d.now)
    wanted = v2g_wanted(d.state, d.now) and (session is None or not session.charge_only)
    return Situation(
        online=station.online,
        phase=_phase(evse, session),
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
        preparing=preparing(d.state, d.now),
        programmed=departure is not None,
        priced=bool(d.state.prices.slots),
        reversed=evse.delivery.reversed,
        departure=departure.at if departure else None,
        no_route=_no_route(d, station, evse),
        probe_w=wanted_w(evse.probe) if evse.probe else None,
        house_w=d.state.meter.house_w if evse.envelope.fresh else None,
        ageing_per_kwh=d.state.config.ageing_per_kwh,
        rest_s=_rest_s(evse.plan, d.now.utc),
        needs_replug=no_route(d.state, station) is None and _needs_replug(evse, session, wanted),
        meeting_again=d.now.age_s(station.connected_at) < MEETING_S,
    )


def _no_route(d: Draft, station: StationState, evse: EvseState) -> Reason | None:
    refused = Reason.NO_DISCHARGE_ROUTE if evse.delivery.form is SetpointForm.LIMIT else None
    return no_route(d.state, station) or refused


def _phase(evse: EvseState, session: Session | None) -> Phase:
    """Return the phase to decide by: without a session, or with a badge that was refused, nobody is authorised."""
    if session is None:
        return Phase.PLUGGED if evse.phase is Phase.STANDARD else evse.phase
    return Phase.PLUGGED if session.refused and evse.phase in _CHARGING else evse.phase


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
    road = _road(d, station, evse, session)
    if delivery.reversed and not evse.delivery.reversed:
        d.commands.append(pace.withdraw(road, d.next_id()))
        delivery = Delivery(form=delivery.form, reversed=True, quiet_until_s=d.now.mono_s + 10.0)
    order = pace.due(delivery, evse.decision, road, d.now, d.state.next_id)
    if order is not None and order.route is None and delivery.order is not None and delivery.order.route is not None:
        d.put_evse(identity, replace(evse, delivery=delivery))
        probing.release(d, identity, d.evse(identity, number))  # the next round orders anew
        return
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


def _road(d: Draft, station: StationState, evse: EvseState, session: Session) -> pace.Road:
    """Return where a setpoint goes; an unproven way is taken by a probe only."""
    route, probe = route_of(d.state, station), evse.probe
    open_way = route is not None and (probe is not None or no_route(d.state, station) is None)
    agreed = session.needs is not None and session.needs.bidirectional
    bidirectional = agreed and evse.phase in (Phase.V2G, Phase.INSTANT, Phase.FINISHED)
    return pace.Road(
        station=station.config.identity,
        evse=evse.evse,
        transaction=session.transaction,
        phases=station.config.phases,
        abilities=abilities_of(d.state, station),
        bidirectional=open_way and (bidirectional or probe is not None),
        route=route if open_way and route is not NATIVE else None,
        expires_s=seconds_left(probe, d.now) if probe else None,
    )


def stop_all(d: Draft) -> None:
    """Withdraw every order of ours, so that each station falls to its standard charge at once."""
    for station in d.state.stations.values():
        for evse in station.evses.values():
            session = d.session(evse.session)
            if station.online and session is not None and evse.delivery.order is not None:
                d.commands.append(pace.withdraw(_road(d, station, evse, session), d.next_id()))
                stopped = replace(evse, delivery=Delivery(form=evse.delivery.form), decision=Decision())
                d.put_evse(station.config.identity, stopped)
