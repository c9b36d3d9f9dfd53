"""The regular round: who is due, what is allowed, what to do, what to send."""

from datetime import datetime
from typing import Final

from ..control.decide import Situation, decide
from ..control.effect import cap_w, refused_all, takes_w
from ..control.pace import mode_of
from ..control.probe import wanted_w
from ..control.refusals import form_left
from ..control.session_table import Turn
from ..model.battery import Level
from ..model.commands import SetpointForm
from ..model.driver import RouteKind
from ..model.plan import Plan
from ..model.reasons import Reason
from ..model.replacing import replace
from ..model.session import Phase, Session
from ..model.state import Decision, EvseState, Onboarding, SiteState, StationState
from . import flap, probing
from .access import keep_in_step
from .asking import ask_plan
from .delivering import deliver
from .draft import Draft
from .level import battery_at, level_of
from .loads import share_out, share_with
from .routes import no_route, route_of
from .turning import turn
from .turns import taken_before_w
from .wanting import hold_pct, needs_replug, next_departure, preparing, v2g_agreed, v2g_wanted, vehicle_of
from .welcome import welcome

ROUND_S: Final = 0.25
"""Figures that come faster than this wait for the next ones, or for the tick."""
NEEDS_S: Final = 60.0
MEETING_S: Final = 15.0
"""After a reconnect: how long a station may take to tell what its car is at."""


_CHARGING: Final = frozenset({Phase.STARTING, Phase.V2G, Phase.STANDARD, Phase.INSTANT, Phase.HELD})


def round_all(d: Draft) -> None:
    """Go round every station, once the room is shared out."""
    share_out(d)
    for identity in list(d.state.stations):
        _go_round(d, identity)


def round_after_figures(before: SiteState, d: Draft, identity: str) -> None:
    """Go round a station that told figures, unless it told some just now and nothing else changed.

    Figures alone do not change what the connection allows: that waits for the meter or the tick.
    """
    then, now = before.stations[identity], d.state.stations[identity]
    same = then.evses.keys() == now.evses.keys()
    same = same and all(_place(then.evses[number]) == _place(evse) for number, evse in now.evses.items())
    if same and d.now.mono_s - then.round_s < ROUND_S:
        return
    d.put_station(replace(now, round_s=d.now.mono_s))
    round_station(d, identity)


def _place(evse: EvseState) -> tuple[object, ...]:
    return evse.phase, evse.session, evse.charging_state, evse.operation_mode


def round_station(d: Draft, identity: str) -> None:
    """Go round one station, once it has its share of the room."""
    share_with(d, identity)
    _go_round(d, identity)


def _go_round(d: Draft, identity: str) -> None:
    """Go round one station: first the present, then the decision, then the order."""
    welcome(d, identity)
    keep_in_step(d, identity)
    for number in list(d.state.stations[identity].evses):
        _begin_if_due(d, identity, number)
        _depart_if_due(d, identity, number)
        flap.settle(d, identity, number)
        probing.follow(d, identity, number)
        _decide(d, identity, number)
        deliver(d, identity, number)


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
    """End a session at its departure; what the car is still promised it gets while it stays."""
    evse = d.evse(identity, number)
    session = d.session(evse.session)
    if session is None or session.departure is None or evse.phase not in (Phase.V2G, Phase.STANDARD):
        return
    if d.now.utc >= session.departure:
        turn(d, identity, number, Turn.DEPARTED)


def _decide(d: Draft, identity: str, number: int) -> None:
    """Make the decision; what it allows and why stands with it."""
    evse = d.evse(identity, number)
    station = d.state.stations[identity]
    situation = _situation(d, station, evse)
    decision = _as_it_went(d, evse, decide(situation))
    if decision != evse.decision:
        evse = replace(evse, decision=decision)
    d.put_evse(identity, evse)
    ask_plan(d, identity, number, situation)


def _as_it_went(d: Draft, evse: EvseState, decision: Decision) -> Decision:
    """Return a decision that knows what becomes of it: refused by the station, held down by it, not followed."""
    delivery, power_w = evse.delivery, decision.power_w
    if power_w is not None and refused_all(delivery.trouble):
        return replace(decision, capped_by=Reason.FALLBACK)
    if delivery.following is not False or not power_w or decision.capped_by is not None:
        return decision
    capped = cap_w(delivery, 1 if power_w > 0.0 else -1, d.now) is not None
    return replace(decision, capped_by=Reason.EXTERNAL_LIMIT if capped else Reason.NOT_FOLLOWING)


def situation_of(d: Draft, identity: str, number: int) -> Situation:
    """Return all a decision about an EVSE may look at."""
    return _situation(d, d.state.stations[identity], d.evse(identity, number))


def _situation(d: Draft, station: StationState, evse: EvseState) -> Situation:
    session = d.session(evse.session)
    level, departure = _level(d, station, evse, session), next_departure(d.state, d.now)
    house_w, recent_w = _house_left(d, station, evse)
    return Situation(
        online=station.online,
        phase=_phase(evse, session),
        wishes=d.state.wishes,
        station=station.config,
        vehicle=vehicle_of(d.state, session),
        abilities=station.memory.abilities,
        needs=session.needs if session else None,
        soc_pct=level.soc_pct,
        soc_age_s=level.age_s,
        soc_error_pct=level.error_pct,
        battery=battery_at(d.state, session),
        departs_in_s=(departure.at - d.now.utc).total_seconds() if departure else None,
        hold_pct=hold_pct(d.state, evse, session, departure),
        slot=evse.plan.at(d.now.utc) if evse.plan else None,
        envelope=evse.envelope,
        external_limit_w=evse.external_limit_w,
        consent=d.state.config.v2g_consent,
        v2g_now=_v2g_now(d, session),
        preparing=preparing(d.state, d.now),
        programmed=departure is not None,
        priced=bool(d.state.prices.slots),
        reversed=evse.delivery.reversed,
        takes_w=takes_w(evse.delivery, d.now),
        no_route=_no_route(d, station, evse),
        probe_w=wanted_w(evse.probe) if evse.probe else None,
        house_w=house_w,
        ageing_per_kwh=d.state.config.ageing_per_kwh,
        recent_w=recent_w,
        may_feed=d.state.config.feed_in_w > 0.0,
        mode=mode_of(evse.delivery),
        stopped_s=d.now.age_s(evse.delivery.stopped_at),
        rest_s=_rest_s(evse.plan, d.now.utc),
        needs_replug=no_route(d.state, station) is None and needs_replug(evse, session, wanted=_v2g_now(d, session)),
        meeting_again=_meeting_again(d, station),
    )


def _house_left(d: Draft, station: StationState, evse: EvseState) -> tuple[float | None, float | None]:
    """Return what the house takes, now and lately, once cars whose turn is first did their part."""
    meter, before_w = d.state.meter, 0.0
    if evse.phase is Phase.V2G and len(d.state.sessions) > 1:
        before_w = taken_before_w(d.state, station.config.identity, evse.evse)
    sure_w = d.state.load.house_w if d.state.load.house_w is not None else meter.house_w
    house_w = None if meter.house_w is None or sure_w is None or not evse.envelope.fresh else sure_w + before_w
    return house_w, None if meter.recent_w is None else meter.recent_w + before_w


def _meeting_again(d: Draft, station: StationState) -> bool:
    return d.now.age_s(station.connected_at) < MEETING_S


def _level(d: Draft, station: StationState, evse: EvseState, session: Session | None) -> Level:
    """Return how full the car is; of one met again after a restart nothing until its station has measured."""
    unheard = evse.readings.at is None and _meeting_again(d, station)
    return Level() if unheard else level_of(d.state, evse, session, d.now)


def _v2g_now(d: Draft, session: Session | None) -> bool:
    return v2g_wanted(d.state, d.now) and (session is None or not session.charge_only)


def _no_route(d: Draft, station: StationState, evse: EvseState) -> Reason | None:
    limits_only = form_left(evse.delivery, station.memory.learnt, d.now) is SetpointForm.LIMIT
    refused = Reason.NO_DISCHARGE_ROUTE if limits_only else None
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
