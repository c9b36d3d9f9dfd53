"""What each fact of a station changes, transactions apart."""

from dataclasses import replace
from typing import Final

from ..access.admission import verdict
from ..control import pace
from ..control.session_table import Turn
from ..model.abilities import Abilities
from ..model.commands import AnswerAuthorize, AnswerBoot, AnswerPull, AnswerSchedule, TokenStatus, Variable
from ..model.facts import (
    CardPresented,
    CommandAccepted,
    CommandRefused,
    CommandUnanswered,
    ConnectorChanged,
    LimitCleared,
    LimitReported,
    PriorityReported,
    ProblemReported,
    ScheduleReported,
    SetpointPulled,
    StationBooted,
    StationConnected,
    StationDisconnected,
    VariablesReported,
)
from ..model.state import Delivery, EvseState, Onboarding, StationState
from ..model.station import ConnectorStatus
from ..model.wishes import Override
from ..ocpp.inventory import abilities, merge_reports
from ..ocpp.profiles import order_id
from .draft import Draft
from .turning import let_go, turn
from .wanting import v2g_wanted

HEARTBEAT_S: Final = 300


def connected(d: Draft, fact: StationConnected) -> None:
    """Note a new connection; what the station told over the last one is to be asked again."""
    station = d.state.stations[fact.station]
    d.put_station(
        replace(
            station,
            online=True,
            link=fact.link,
            connected_at=d.now,
            onboarding=Onboarding.FRESH,
            memory=replace(station.memory, version=fact.version),
        )
    )
    for evse in station.evses.values():
        d.put_evse(fact.station, replace(evse, delivery=evse.delivery.anew()))


def disconnected(d: Draft, fact: StationDisconnected) -> None:
    """Note the end of the connection, unless a newer one is there already."""
    station = d.state.stations[fact.station]
    if station.link == fact.link:
        d.put_station(replace(station, online=False, onboarding=Onboarding.OFFLINE))


def booted(d: Draft, fact: StationBooted) -> None:
    """Accept a boot; another firmware may have other abilities."""
    station = d.state.stations[fact.station]
    before = station.memory
    same = (before.vendor, before.model, before.firmware) == (fact.vendor, fact.model, fact.firmware)
    memory = replace(
        before,
        registered=True,
        vendor=fact.vendor,
        model=fact.model,
        serial=fact.serial or before.serial,
        firmware=fact.firmware,
        abilities=before.abilities if same else Abilities(),
        inventory_of=before.inventory_of if same else None,
        limits_of=before.limits_of if same else None,
    )
    station = station if same else replace(station, inventory=(), inventory_whole=False)
    d.put_station(replace(station, memory=memory, onboarding=Onboarding.ASKING, connected_at=d.now))
    for evse in station.evses.values():
        d.put_evse(
            fact.station,
            replace(evse, delivery=Delivery(), problems=frozenset(), external_limit_w=None, external_source=None),
        )
    d.commands.append(AnswerBoot(call=fact.call, accepted=True, interval_s=HEARTBEAT_S))


def connector_changed(d: Draft, fact: ConnectorChanged) -> None:
    """Follow the plug as far as a connector shows it."""
    evse = replace(d.evse(fact.station, fact.evse), connector=fact.status)
    d.put_evse(fact.station, evse)
    if fact.status is ConnectorStatus.FAULTED:
        turn(d, fact.station, fact.evse, Turn.FAULTED)
    elif fact.status is ConnectorStatus.OCCUPIED:
        turn(d, fact.station, fact.evse, Turn.MENDED)
        turn(d, fact.station, fact.evse, Turn.PLUGGED)
    elif evse.session is None:
        turn(d, fact.station, fact.evse, Turn.UNPLUGGED)


def card_presented(d: Draft, fact: CardPresented) -> None:
    """Give the verdict on a badge."""
    station = d.state.stations[fact.station]
    status = verdict(station.config, fact.token)
    v2g = status is TokenStatus.ACCEPTED and v2g_wanted(d.state, d.now)
    d.commands.append(AnswerAuthorize(call=fact.call, status=status, v2g=v2g, phases=station.config.phases))


def schedule_reported(d: Draft, fact: ScheduleReported) -> None:
    """Accept the car's own schedule unless it goes over what is allowed."""
    order = d.evse(fact.station, fact.evse).delivery.order
    over = order is not None and fact.peak_w is not None and fact.peak_w > max(order.power_w, 0.0) + pace.FOLLOW_W
    d.commands.append(AnswerSchedule(call=fact.call, accepted=not over))


def setpoint_pulled(d: Draft, fact: SetpointPulled) -> None:
    """Answer a pull with the power last ordered."""
    station = d.state.stations[fact.station]
    asked = [e for e in station.evses.values() if order_id(e.evse) == fact.profile_id and e.session]
    power_w = next((e.delivery.order.power_w for e in asked if e.delivery.order), None)
    d.commands.append(AnswerPull(call=fact.call, power_w=power_w))


def variables_reported(d: Draft, fact: VariablesReported) -> None:
    """Take rows of the device model into the inventory; abilities follow from it."""
    station = d.state.stations[fact.station]
    inventory = merge_reports(station.inventory, fact.rows)
    memory = station.memory
    told_all = fact.request_id is not None and fact.complete
    if told_all:
        memory = replace(memory, inventory_of=inventory_key(station))
    whole = station.inventory_whole or told_all
    if whole:  # half an inventory would take abilities away that we remember
        memory = replace(memory, abilities=abilities(inventory, memory.version))
    colours = [r.value for r in fact.rows if is_light(r.variable) and fact.request_id is None]
    indicator = colours[-1] if colours else station.indicator
    d.put_station(replace(station, inventory=inventory, inventory_whole=whole, memory=memory, indicator=indicator))


def is_light(variable: Variable) -> bool:
    """Return whether a variable is the colour of the station's light.

    Only what is told when it changes is believed: the colour in an inventory is old as soon as it is read.
    """
    return (variable.component, variable.variable) == ("ChargingStatusIndicator", "Color")


def inventory_key(station: StationState) -> str:
    """Return what an inventory belongs to: it is asked anew when this changes."""
    m = station.memory
    return f"{m.vendor}/{m.model}/{m.firmware}/{m.version}"


def problem_reported(d: Draft, fact: ProblemReported) -> None:
    """Note a fault that is there, or gone."""
    station = d.state.stations[fact.station]
    for number in [fact.evse] if fact.evse else list(station.evses):
        evse = d.evse(fact.station, number)
        name = f"{fact.component}.{fact.variable}"
        problems = evse.problems | {name} if fact.active else evse.problems - {name}
        d.put_evse(fact.station, replace(evse, problems=problems))


def limit_reported(d: Draft, fact: LimitReported) -> None:
    """Adopt a limit something else sets, until it is cleared."""
    for evse in _addressed(d, fact.station, fact.evse):
        d.put_evse(fact.station, replace(evse, external_limit_w=fact.limit_w, external_source=fact.source))


def limit_cleared(d: Draft, fact: LimitCleared) -> None:
    """Forget that limit."""
    for evse in _addressed(d, fact.station, fact.evse):
        d.put_evse(fact.station, replace(evse, external_limit_w=None, external_source=None))


def _addressed(d: Draft, identity: str, number: int | None) -> list[EvseState]:
    """Return the EVSEs a station means; none or 0 means all."""
    return [d.evse(identity, number)] if number else list(d.state.stations[identity].evses.values())


def priority_reported(d: Draft, fact: PriorityReported) -> None:
    """Follow priority charging: begun by a button, it is an instant charge that keeps the programmes."""
    for evse in d.state.stations[fact.station].evses.values():
        session = d.session(evse.session)
        if session is None or session.transaction != fact.transaction:
            continue
        d.put_evse(fact.station, replace(evse, priority=fact.active))
        if fact.active and session.override is None:
            d.put_session(replace(session, override=Override.FLAP))
            turn(d, fact.station, evse.evse, Turn.CHARGE_NOW)
        elif not fact.active and session.override is Override.FLAP:
            d.put_session(replace(session, override=None))
            turn(d, fact.station, evse.evse, Turn.RESUMED)


def command_accepted(d: Draft, fact: CommandAccepted) -> None:
    """Note what a station agreed to."""
    _limits_answered(d, fact.station, fact.id, refused=False)
    d.each_evse(lambda s, e: replace_delivery(e, pace.accepted(e.delivery, fact)) if _is(s, fact.station) else e)
    if fact.ongoing is False and fact.transaction is not None:
        _transaction_gone(d, fact.station, fact.transaction)


def command_refused(d: Draft, fact: CommandRefused) -> None:
    """Learn from a refusal."""
    _limits_answered(d, fact.station, fact.id, refused=True)
    d.each_evse(lambda s, e: replace_delivery(e, pace.refused(e.delivery, fact, d.now)) if _is(s, fact.station) else e)


def command_unanswered(d: Draft, fact: CommandUnanswered) -> None:
    """Note a silence."""
    d.each_evse(
        lambda s, e: replace_delivery(e, pace.unanswered(e.delivery, fact, d.now)) if _is(s, fact.station) else e
    )


def _is(station: StationState, identity: str) -> bool:
    return station.config.identity == identity


def replace_delivery(evse: EvseState, delivery: Delivery) -> EvseState:
    """Return an EVSE with another delivery, the same one where nothing changed."""
    return evse if delivery is evse.delivery else replace(evse, delivery=delivery)


def _limits_answered(d: Draft, identity: str, command_id: int, *, refused: bool) -> None:
    station = d.state.stations[identity]
    if station.limits_id == command_id:
        memory = replace(station.memory, limits_of=None if refused else station.config.limits_key)
        d.put_station(replace(station, memory=memory))


def _transaction_gone(d: Draft, identity: str, transaction: str) -> None:
    """Close a session the station no longer knows; some stations say so of a running one, so a word of it reopens."""
    for evse in d.state.stations[identity].evses.values():
        session = d.session(evse.session)
        quiet = session is not None and d.now.age_s(evse.readings.at) > 120.0
        if session is not None and session.transaction == transaction and quiet:
            d.put_session(replace(session, ended_at=session.seen_at or d.now.utc, stopped_reason="Unknown"))
            turn(d, identity, evse.evse, Turn.ENDED)
            let_go(d, identity, d.evse(identity, evse.evse))
