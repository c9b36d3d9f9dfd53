"""Getting to know a station that has dialled in."""

from dataclasses import replace
from typing import Final

from ..control.settings import wanted_settings, watched
from ..model.commands import (
    AskToSend,
    AskTransaction,
    ClearPower,
    InstallLimits,
    LimitMonitoring,
    ReadProfiles,
    ReadVariables,
    Trigger,
    Variable,
    WatchVariables,
    WriteVariables,
)
from ..model.config import Automatic
from ..model.facts import ProfilesReported
from ..model.state import EvseState, Onboarding, StationState
from ..ocpp.inventory import connectors, items_per_message, merge_reports
from ..ocpp.mending import is_intact, orders
from ..ocpp.orders import WATCH_SEVERITY
from ..ocpp.profiles import foreign
from . import firmware, holding
from .draft import Draft
from .inventory import inventory_key
from .lasting import kept_config
from .probing import tidy_up
from .rest import ask_for_rest
from .routes import abilities_of

SETTLE_S: Final = 1.0
"""After a boot: let the station finish what it sends by itself."""
SILENT_S: Final = 0.5
"""After a reconnect: no boot will come, so we ask."""
BOOT_S: Final = 10.0
"""A station never seen before that does not say who it is."""
LOOK_S: Final = 6.0
"""What a station was asked to send and did not send by then is looked up."""
PART_S: Final = 60.0
"""How long the next part of a report may take."""
MOST_PROFILES: Final = 200


def welcome(d: Draft, identity: str) -> None:
    """Take the next step with a station that is there."""
    station = d.state.stations[identity]
    if not station.online:
        return
    _give_up_report(d, station)
    if station.hold is not None:
        holding.go_on(d, identity)
        return
    ask_for_rest(d, identity)
    if station.onboarding is Onboarding.READY:
        _look_again(d, identity)
        return
    waited_s = d.now.age_s(station.connected_at)
    booted = station.onboarding is Onboarding.ASKING
    if waited_s >= (SETTLE_S if booted else SILENT_S) and (booted or station.memory.registered):
        _ask_all(d, identity)
    elif waited_s >= BOOT_S:
        if _may(d, identity, Automatic.STATUSES):
            d.commands.append(AskToSend(id=d.next_id(), station=identity, what=Trigger.BOOT))
        _ask_all(d, identity)


def _may(d: Draft, identity: str, what: Automatic) -> bool:
    return what in d.state.stations[identity].config.automatic


def _ask_all(d: Draft, identity: str) -> None:
    """See to the lasting limits, then ask for what the station did not tell by itself.

    The limits lie in the station's flash, which wears out: they are written when they changed, and looked for else.
    """
    station = d.state.stations[identity]
    d.put_station(replace(station, onboarding=Onboarding.READY))
    if station.memory.limits_of != kept_config(d.state, station.config, d.now).limits_key:
        install_limits(d, identity)
    elif _may(d, identity, Automatic.PROFILES):
        read_profiles(d, identity)
    tidy_up(d, identity)
    if _may(d, identity, Automatic.STATUSES):
        _ask_statuses(d, identity)
        firmware.ask(d, identity)
    if _may(d, identity, Automatic.TRANSACTIONS):
        _ask_transactions(d, identity)
    unknown = station.memory.inventory_of != inventory_key(station) or not station.inventory
    if unknown and _may(d, identity, Automatic.INVENTORY):
        holding.read_inventory(d, identity)


def read_profiles(d: Draft, identity: str) -> None:
    """Ask which profiles a station holds: ours, and those somebody else put there."""
    number = d.next_id()
    d.put_station(replace(d.state.stations[identity], profiles_id=number, profiles=()))
    d.commands.append(ReadProfiles(id=number, station=identity, request_id=number))


def _ask_statuses(d: Draft, identity: str) -> None:
    """Ask for every connector that did not speak for itself."""
    for evse in d.state.stations[identity].evses.values():
        for connector in _silent(d, identity, evse):
            what = Trigger.STATUS
            ask = AskToSend(id=d.next_id(), station=identity, what=what, evse=evse.evse, connector=connector)
            d.commands.append(ask)


def _silent(d: Draft, identity: str, evse: EvseState) -> list[int]:
    """Return the connectors of an EVSE not heard of over this connection: those the inventory lists, else the first."""
    station = d.state.stations[identity]
    listed = connectors(station.inventory) if station.inventory_whole else {}
    return sorted((listed.get(evse.evse) or frozenset({1})) - evse.told)


def _ask_transactions(d: Draft, identity: str) -> None:
    for evse in d.state.stations[identity].evses.values():
        session = d.session(evse.session)
        if session is not None:
            what = Trigger.TRANSACTION
            d.commands.append(AskToSend(id=d.next_id(), station=identity, what=what, evse=evse.evse))
            d.commands.append(AskTransaction(id=d.next_id(), station=identity, transaction=session.transaction))


def _look_again(d: Draft, identity: str) -> None:
    """Look up what was asked for and did not come; write the limits again that were refused a while ago."""
    station = d.state.stations[identity]
    limits = station.limits
    if limits.id is None and (d.now.mono_s >= limits.again_s if limits.tries else _outdated(d, station)):
        install_limits(d, identity)
    if station.looked or d.now.age_s(station.connected_at) < LOOK_S:
        return
    d.put_station(replace(d.state.stations[identity], looked=True))
    if _may(d, identity, Automatic.STATUSES):
        _read_statuses(d, identity)
    if _may(d, identity, Automatic.TRANSACTIONS):
        for evse in station.evses.values():
            measured = d.now.age_s(evse.readings.at) <= d.now.age_s(station.connected_at)
            if evse.session is not None and not measured:
                what = Trigger.METER_VALUES
                d.commands.append(AskToSend(id=d.next_id(), station=identity, what=what, evse=evse.evse))


def _outdated(d: Draft, station: StationState) -> bool:
    """Return whether a station keeps something else than it should, since the contacts closed or opened."""
    known = station.memory.limits_of
    return known is not None and known != kept_config(d.state, station.config, d.now).limits_key


def _read_statuses(d: Draft, identity: str) -> None:
    station = d.state.stations[identity]
    variables = tuple(
        Variable("Connector", "AvailabilityState", evse.evse, connector)
        for evse in station.evses.values()
        for connector in _silent(d, identity, evse)
    )
    if variables:
        size = items_per_message(station.inventory, "GetVariables")
        command = ReadVariables(id=d.next_id(), station=identity, variables=variables, per_message=size)
        d.commands.append(command)


def _limits(d: Draft, identity: str, command_id: int) -> InstallLimits:
    """Return the lasting limits in the unit the station takes."""
    station = d.state.stations[identity]
    config, amperes = kept_config(d.state, station.config, d.now), station.limits.amperes
    if amperes is None:
        amperes = abilities_of(d.state, station).watts is False
    return InstallLimits(
        id=command_id,
        station=identity,
        max_w=config.max_w,
        fallback_w=config.fallback_w,
        phases=config.phases,
        amperes=amperes,
    )


def install_limits(d: Draft, identity: str) -> None:
    """Write the house limit and the standard charge that rule when we are silent."""
    if not _may(d, identity, Automatic.LIMITS):
        return
    command = _limits(d, identity, d.next_id())
    station = d.state.stations[identity]
    key = kept_config(d.state, station.config, d.now).limits_key
    d.put_station(replace(station, limits=replace(station.limits, id=command.id, key=key, amperes=command.amperes)))
    d.commands.append(command)


def profiles_reported(d: Draft, fact: ProfilesReported) -> None:
    """Write the lasting limits again if they are no longer what they should be; withdraw orders nobody gave."""
    station = d.state.stations[fact.station]
    if station.profiles_id is None or fact.request_id not in (None, station.profiles_id):
        return
    profiles = (*station.profiles, *fact.profiles)[:MOST_PROFILES]
    station = replace(station, profiles=profiles, profiles_id=None if fact.complete else station.profiles_id)
    d.put_station(replace(station, foreign=foreign(profiles)) if fact.complete else station)
    if not fact.complete:
        return
    if not is_intact(profiles, _limits(d, fact.station, 0)):
        install_limits(d, fact.station)
    for number in sorted(orders(profiles)):
        if d.evse(fact.station, number).session is None:
            d.commands.append(ClearPower(id=d.next_id(), station=fact.station, evse=number))


def _give_up_report(d: Draft, station: StationState) -> None:
    """Make do with half a report when the rest does not come."""
    report = station.report
    if report is not None and d.now.age_s(report.heard_at) > PART_S:
        inventory = merge_reports(station.inventory, report.rows)
        d.put_station(replace(station, inventory=inventory, report=None))


def settle(d: Draft, identity: str) -> None:
    """Once the inventory is whole, set what our metering and V2G rely on, and ask to be told what changes."""
    station = d.state.stations[identity]
    values = wanted_settings(station.inventory)
    writing: int | None = None
    if values and _may(d, identity, Automatic.SETTINGS):
        size, writing = station.memory.abilities.variables_per_call, d.next_id()
        d.commands.append(WriteVariables(id=writing, station=identity, values=values, per_message=size))
    variables = watched(station.inventory)
    if variables and _may(d, identity, Automatic.MONITORS):
        size = items_per_message(station.inventory, "SetVariableMonitoring")
        d.commands.append(LimitMonitoring(id=d.next_id(), station=identity, severity=WATCH_SEVERITY))
        command = WatchVariables(id=d.next_id(), station=identity, variables=variables, per_message=size)
        d.commands.append(command)
    holding.written(d, identity, writing)
