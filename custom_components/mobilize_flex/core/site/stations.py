"""What each fact of a station changes, transactions apart."""

from dataclasses import replace
import math
from typing import Final

from ..control.effect import FOLLOW_W
from ..control.session_table import Turn
from ..ledger.sessions import GONE
from ..model.abilities import Abilities
from ..model.access import ListDelivery
from ..model.commands import AnswerAuthorize, AnswerBoot, AnswerPull, AnswerSchedule, BootStatus
from ..model.delivery import Delivery, Learnt
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
)
from ..model.moment import Moment
from ..model.outside import ExternalLimit
from ..model.state import Boot, EvseState, LimitsDelivery, Onboarding, StationMemory, StationState
from ..model.station import ConnectorStatus
from ..model.wishes import Override
from ..ocpp.numbering import RAISED, REFUSED as RENUMBERED
from ..ocpp.profiles import order_id
from . import access, delivering, flap, holding, rest
from .draft import Draft
from .holding import hold_back
from .routes import is_hybrid
from .turning import let_go, turn
from .wanting import v2g_wanted

HEARTBEAT_S: Final = 300
PENDING_S: Final = 30
"""How soon a station that is not accepted yet asks again."""
BOOTS_KEPT: Final = 5
MOST_CONNECTORS: Final = 8
MOST_SOURCES: Final = 8
LIMITS_AGAIN_S: Final = (60.0, 300.0, 1800.0)
_PRECEDENCE: Final = (
    ConnectorStatus.OCCUPIED,
    ConnectorStatus.RESERVED,
    ConnectorStatus.AVAILABLE,
    ConnectorStatus.FAULTED,
    ConnectorStatus.UNAVAILABLE,
)


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
            looked=False,
            report=None,
            profiles_id=None,
            limits=replace(station.limits, id=None, tries=0, again_s=0.0),
            memory=replace(
                station.memory,
                version=fact.version,
                security_profile=max(station.proven_profile, fact.profile),
                security_epoch=station.config.security_epoch,
            ),
            badges=station.badges.anew(),
        )
    )
    for evse in station.evses.values():
        d.put_evse(fact.station, replace(evse, delivery=evse.delivery.anew(), told=frozenset()))
    hold_back(d, fact.station)


def disconnected(d: Draft, fact: StationDisconnected) -> None:
    """Note the end of the connection, unless a newer one is there already."""
    station = d.state.stations[fact.station]
    if station.link == fact.link:
        d.put_station(replace(station, online=False, onboarding=Onboarding.OFFLINE))


def _of_another_kind(memory: StationMemory) -> StationMemory:
    """Return a station's memory without what only held for its model and firmware."""
    return replace(
        memory,
        abilities=Abilities(),
        inventory_of=None,
        limits_of=None,
        proven_route=None,
        probe=None,
        announced=False,
    )


def booted(d: Draft, fact: StationBooted) -> None:
    """Give the verdict on a boot; another firmware may have other abilities."""
    station = d.state.stations[fact.station]
    accepted = station.hold is None or station.hold.done
    before = station.memory
    same = (before.vendor, before.model, before.firmware) == (fact.vendor, fact.model, fact.firmware)
    memory = replace(
        before if same else _of_another_kind(before),
        registered=before.registered or accepted,
        vendor=fact.vendor,
        model=fact.model,
        serial=fact.serial or before.serial,
        firmware=fact.firmware,
        learnt=Learnt(),
    )
    station = station if same else replace(station, inventory=(), inventory_whole=False)
    d.put_station(
        replace(
            station,
            memory=memory,
            onboarding=Onboarding.ASKING if accepted else Onboarding.PENDING,
            hold=None if accepted else station.hold,
            connected_at=d.now,
            badges=ListDelivery(),
            looked=False,
            limits=LimitsDelivery(),
            boots=(*station.boots, Boot(at=d.now.utc, reason=fact.reason))[-BOOTS_KEPT:],
        )
    )
    for evse in station.evses.values():
        anew = replace(evse, delivery=Delivery(), told=frozenset(), problems=frozenset())
        d.put_evse(fact.station, replace(anew, external=()))
    status = BootStatus.ACCEPTED if accepted else BootStatus.PENDING
    d.commands.append(AnswerBoot(call=fact.call, status=status, interval_s=HEARTBEAT_S if accepted else PENDING_S))


def connector_changed(d: Draft, fact: ConnectorChanged) -> None:
    """Follow the plug as far as the connectors of an EVSE show it; one of them in use is the whole EVSE in use."""
    evse = d.evse(fact.station, fact.evse)
    connectors = {**dict(evse.connectors), fact.connector: fact.status}
    if len(connectors) > MOST_CONNECTORS:
        return
    status = min(connectors.values(), key=_PRECEDENCE.index)
    evse = replace(
        evse,
        connector=status,
        connectors=tuple(sorted(connectors.items())),
        told=evse.told | {fact.connector},
    )
    d.put_evse(fact.station, evse)
    if status is ConnectorStatus.FAULTED:
        turn(d, fact.station, fact.evse, Turn.FAULTED)
    elif status is ConnectorStatus.OCCUPIED:
        turn(d, fact.station, fact.evse, Turn.MENDED)
        turn(d, fact.station, fact.evse, Turn.PLUGGED)
    elif evse.session is None:
        d.put_evse(fact.station, replace(evse, early=None))
        turn(d, fact.station, fact.evse, Turn.UNPLUGGED)


def card_presented(d: Draft, fact: CardPresented) -> None:
    """Give the verdict on a badge."""
    station = d.state.stations[fact.station]
    told = access.admit(d, fact.station, fact.token)
    v2g = told.accepted and not told.charge_only and v2g_wanted(d.state, d.now)
    answer = AnswerAuthorize(
        call=fact.call,
        status=told.status,
        v2g=v2g,
        phases=station.config.phases,
        hybrid=is_hybrid(d.state, station),
        group=told.group,
        until=told.until,
        certificate=told.certificate,
    )
    d.commands.append(answer)


def schedule_reported(d: Draft, fact: ScheduleReported) -> None:
    """Accept the car's own schedule unless it goes over what is allowed; then the order comes again."""
    evse = d.evse(fact.station, fact.evse)
    order = evse.delivery.order
    over = order is not None and fact.peak_w is not None and fact.peak_w > max(order.power_w, 0.0) + FOLLOW_W
    if over:
        delivering.negotiates_again(d, fact.station, fact.evse)
    d.commands.append(AnswerSchedule(call=fact.call, accepted=not over))


def setpoint_pulled(d: Draft, fact: SetpointPulled) -> None:
    """Answer a pull with the power last ordered."""
    station = d.state.stations[fact.station]
    asked = [e for e in station.evses.values() if order_id(e.evse) == fact.profile_id and e.session]
    power_w = next((e.delivery.order.power_w for e in asked if e.delivery.order), None)
    d.commands.append(AnswerPull(call=fact.call, power_w=power_w))


def problem_reported(d: Draft, fact: ProblemReported) -> None:
    """Note a fault that is there, or gone."""
    station = d.state.stations[fact.station]
    for number in [fact.evse] if fact.evse else list(station.evses):
        evse = d.evse(fact.station, number)
        name = f"{fact.component}.{fact.variable}"
        problems = evse.problems | {name} if fact.active else evse.problems - {name}
        d.put_evse(fact.station, replace(evse, problems=problems))


def limit_reported(d: Draft, fact: LimitReported) -> None:
    """Adopt a limit something else sets, until it is cleared; each source has one."""
    told = ExternalLimit(fact.source, fact.limit_w, fact.grid_critical, fact.later)
    for evse in _addressed(d, fact.station, fact.evse):
        others = tuple(known for known in evse.external if known.source != fact.source)
        d.put_evse(fact.station, replace(evse, external=(*others, told)[-MOST_SOURCES:]))


def limit_cleared(d: Draft, fact: LimitCleared) -> None:
    """Forget that limit."""
    for evse in _addressed(d, fact.station, fact.evse):
        others = tuple(known for known in evse.external if known.source != fact.source)
        d.put_evse(fact.station, replace(evse, external=others))


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
            flap.press(d, fact.station, evse.evse)
        elif not fact.active and evse.priority and session.override is Override.FLAP:
            d.put_session(replace(session, override=None))
            turn(d, fact.station, evse.evse, Turn.RESUMED)


def command_accepted(d: Draft, fact: CommandAccepted) -> None:
    """Note what a station agreed to."""
    _answered(d, fact)
    delivering.accepted(d, fact)
    if fact.ongoing is False and fact.queued is not True and fact.transaction is not None:
        _transaction_gone(d, fact.station, fact.transaction)


def command_refused(d: Draft, fact: CommandRefused) -> None:
    """Learn from a refusal."""
    _answered(d, fact)
    delivering.refused(d, fact)


def command_unanswered(d: Draft, fact: CommandUnanswered) -> None:
    """Note a silence."""
    _answered(d, fact)
    delivering.unanswered(d, fact)


def _answered(d: Draft, fact: CommandAccepted | CommandRefused | CommandUnanswered) -> None:
    """Tell everybody who asked something what became of it."""
    access.answered(d, fact)
    rest.answered(d, fact)
    holding.answered(d, fact)
    station = d.state.stations[fact.station]
    if station.limits.id == fact.id:
        d.put_station(_limits_answered(station, fact, d.now))


def _limits_answered(
    station: StationState, fact: CommandAccepted | CommandRefused | CommandUnanswered, now: Moment
) -> StationState:
    """Note whether the lasting limits are written; if not, try the other unit at once, and the same now and then."""
    limits, memory = station.limits, station.memory
    if isinstance(fact, CommandAccepted):
        memory = replace(memory, limits_of=limits.key)
        return replace(station, memory=memory, limits=LimitsDelivery(amperes=limits.amperes))
    wait_s = LIMITS_AGAIN_S[limits.tries] if limits.tries < len(LIMITS_AGAIN_S) else math.inf
    limits = replace(limits, id=None, tries=limits.tries + 1, again_s=now.mono_s + wait_s)
    if isinstance(fact, CommandRefused):
        memory = replace(memory, limits_of=None)
        limits = replace(limits, refused=fact.reason)
        if not fact.supported:
            limits = replace(limits, again_s=math.inf)
        elif fact.reason == "UnsupportedRateUnit" and limits.tries == 1:
            limits = replace(limits, amperes=not limits.amperes, again_s=now.mono_s)
        elif fact.reason == RENUMBERED and limits.tries < len(RAISED):
            limits = replace(limits, again_s=now.mono_s)
    return replace(station, memory=memory, limits=limits)


def _transaction_gone(d: Draft, identity: str, transaction: str) -> None:
    """Close a session the station no longer knows; some stations say so of a running one, so a word of it reopens."""
    for evse in d.state.stations[identity].evses.values():
        session = d.session(evse.session)
        quiet = session is not None and d.now.age_s(evse.readings.at) > 120.0
        if session is not None and session.transaction == transaction and quiet:
            d.put_session(replace(session, ended_at=session.seen_at or d.now.utc, stopped_reason=GONE))
            turn(d, identity, evse.evse, Turn.ENDED)
            let_go(d, identity, d.evse(identity, evse.evse))
