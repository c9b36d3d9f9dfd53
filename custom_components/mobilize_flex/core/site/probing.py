"""Trying a station's way to give back, under supervision: beginning, following, ending."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from ..control import probe as table
from ..control.bounds import FLOOR_MARGIN_PCT
from ..control.decide import Situation
from ..grid.envelope import is_fresh
from ..model.commands import ClearPower
from ..model.delivery import Delivery, Learnt
from ..model.driver import BESIDE_KINDS, LetsGo, RouteKind
from ..model.intents import ProbeRoute
from ..model.probe import DISPROVES, Probe, Verdict
from ..model.state import EvseState, Refusal, StationState
from .draft import Draft
from .routes import route_of

SETTLE_S: Final = 5.0
"""After a probe: let the station fall to its standard charge before it is ordered anything."""


def begin(d: Draft, intent: ProbeRoute, situation: Situation) -> None:
    """Begin a probe, or say what is missing for it."""
    station, evse = d.state.stations[intent.station], d.evse(intent.station, intent.evse)
    route, session = route_of(d.state, station), d.session(evse.session)
    setpoint_w = table.setpoint_for(intent.setpoint_w, situation.min_discharge_w)
    missing = next(_missing(d, station, evse, situation, setpoint_w), None)
    if missing is not None or route is None or session is None or setpoint_w is None:
        d.refusal = missing
        return
    probe = Probe(
        route=route,
        transaction=session.transaction,
        setpoint_w=setpoint_w,
        started_at=d.now,
        since=d.now,
    )
    d.put_evse(intent.station, replace(evse, probe=probe, delivery=_afresh(evse)))


def _refuse(key: str, **words: str) -> Refusal:
    return Refusal(key, tuple(words.items()))


def _missing(
    d: Draft, station: StationState, evse: EvseState, s: Situation, setpoint_w: float | None
) -> Iterator[Refusal]:
    """Yield what a probe lacks, the first thing first."""
    yield from _route_missing(d, station, evse, s)
    yield from _session_missing(d, station, evse)
    if not evse.envelope.fresh:
        yield _refuse("probe_meter_stale")
    if d.now.age_s(evse.readings.at) > table.MUTE_S or evse.readings.power_w is None:
        yield _refuse("probe_not_measured", seconds=f"{table.MUTE_S:.0f}")
    if s.soc_pct is None:
        yield _refuse("probe_soc_unknown")
    least_pct = s.wishes.soc_min_pct + FLOOR_MARGIN_PCT + table.SOC_MARGIN_PCT
    if s.soc_pct is not None and s.soc_pct < least_pct:
        yield _refuse("probe_soc_low", soc=f"{s.soc_pct:.0f}", minimum=f"{least_pct:.0f}")
    if setpoint_w is None:
        yield _refuse("probe_car_minimum", power=f"{s.min_discharge_w:.0f}", limit=f"{table.CAR_MINIMUM_W:.0f}")
    elif max(evse.envelope.min_w, -s.max_discharge_w) > setpoint_w:
        room_w = abs(max(evse.envelope.min_w, -s.max_discharge_w))
        yield _refuse("probe_no_room", power=f"{-setpoint_w:.0f}", room=f"{room_w:.0f}")


def _route_missing(d: Draft, station: StationState, evse: EvseState, s: Situation) -> Iterator[Refusal]:
    name = station.config.identity
    route = route_of(d.state, station)
    if evse.probe is not None:
        yield _refuse("probe_running", station=name)
    if not s.consent:
        yield _refuse("v2g_no_consent")
    if route is None:
        yield _refuse("probe_no_route", station=name)
    elif route.kind is RouteKind.NATIVE:
        yield _refuse("probe_not_needed", station=name)
    elif route.lets_go is LetsGo.NEVER:
        yield _refuse("route_never_lets_go", station=name)


def _session_missing(d: Draft, station: StationState, evse: EvseState) -> Iterator[Refusal]:
    name = station.config.identity
    route, session = route_of(d.state, station), d.session(evse.session)
    if not station.online:
        yield _refuse("station_offline", station=name)
    if session is None:
        yield _refuse("no_session", station=name)
    elif evse.phase not in table.PHASES or session.refused:
        yield _refuse("probe_busy", station=name)
    elif session.charge_only or (route and route.tells_needs and not (session.needs and session.needs.bidirectional)):
        yield _refuse("probe_one_way", station=name)


def follow(d: Draft, identity: str, number: int) -> None:
    """Look after a probe that runs."""
    station, evse = d.state.stations[identity], d.evse(identity, number)
    probe = evse.probe
    if probe is None:
        return
    after = table.look(probe, _view(d, station, evse, probe), d.now)
    if isinstance(after, Verdict):
        end(d, identity, number, after)
    elif after is not probe:
        turned = table.wanted_w(after) != table.wanted_w(probe)
        d.put_evse(identity, replace(evse, probe=after, delivery=_afresh(evse) if turned else evse.delivery))


def _view(d: Draft, station: StationState, evse: EvseState, probe: Probe) -> table.View:
    session = d.session(evse.session)
    return table.View(
        online=station.online,
        phase=evse.phase,
        transaction=session.transaction if session else None,
        same=route_of(d.state, station) == probe.route and session is not None and not session.refused,
        meter_fresh=is_fresh(d.state.config, d.state.meter, d.now),
        power_w=evse.readings.power_w,
        measured_at=evse.readings.at,
        decision=evse.decision,
        delivery=evse.delivery,
    )


def end(d: Draft, identity: str, number: int, verdict: Verdict) -> None:
    """End a probe: whatever came of it, its order is withdrawn and the result kept."""
    station, evse = d.state.stations[identity], d.evse(identity, number)
    probe = evse.probe
    if probe is None:
        return
    if station.online:
        d.commands.append(
            ClearPower(id=d.next_id(), station=identity, evse=number, transaction=probe.transaction, route=probe.route)
        )
    settled = replace(_afresh(evse), quiet_until_s=d.now.mono_s + SETTLE_S)
    d.put_evse(identity, replace(evse, probe=None, delivery=settled))
    proven = station.memory.proven_route
    if verdict is Verdict.PROVEN:
        proven = probe.route
    elif verdict in DISPROVES:
        proven = None
    memory = replace(station.memory, proven_route=proven, probe=table.verdict_of(probe, verdict, d.now))
    d.put_station(replace(d.state.stations[identity], memory=memory))


def end_all(d: Draft) -> None:
    """End every probe, because this program does."""
    for identity, station in d.state.stations.items():
        for number in station.evses:
            end(d, identity, number, Verdict.INTERRUPTED)


def rechosen(d: Draft, identity: str) -> None:
    """Let go of the way that was chosen before: what it said is taken back, its proof is void."""
    for number in d.state.stations[identity].evses:
        end(d, identity, number, Verdict.INTERRUPTED)
        release(d, identity, d.evse(identity, number))
    station = d.state.stations[identity]
    d.put_station(replace(station, memory=replace(station.memory, proven_route=None, probe=None, learnt=Learnt())))


def release(d: Draft, identity: str, evse: EvseState) -> None:
    """Take back an order given on a way of its own."""
    order = evse.delivery.order
    if order is None or order.route is None:
        return
    if d.state.stations[identity].online:
        d.commands.append(
            ClearPower(
                id=d.next_id(),
                station=identity,
                evse=evse.evse,
                transaction=order.transaction,
                route=order.route,
            )
        )
    d.put_evse(identity, replace(evse, delivery=evse.delivery.anew()))


def tidy_up(d: Draft, identity: str) -> None:
    """After a silence: take back what a vendor's message may have left in a station that was probed once."""
    station = d.state.stations[identity]
    route = route_of(d.state, station)
    if route is None or route.kind not in BESIDE_KINDS or station.memory.probe is None:
        return
    for evse in station.evses.values():
        session = d.session(evse.session)
        transaction = session.transaction if session else ""
        d.commands.append(
            ClearPower(id=d.next_id(), station=identity, evse=evse.evse, transaction=transaction, route=route)
        )


def _afresh(evse: EvseState) -> Delivery:
    """Return a delivery that begins anew."""
    return evse.delivery.anew()
