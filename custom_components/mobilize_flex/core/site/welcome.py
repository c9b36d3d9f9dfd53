"""Getting to know a station that has dialled in."""

from dataclasses import replace
from typing import Final

from ..control.settings import wanted_settings
from ..model.commands import (
    AskToSend,
    AskTransaction,
    InstallLimits,
    ReadInventory,
    ReadProfiles,
    Trigger,
    WatchVariables,
    WriteVariables,
)
from ..model.facts import ProfilesReported, VariablesReported
from ..model.state import Onboarding, StationState
from ..ocpp.profiles import LASTING_IDS
from .draft import Draft
from .stations import inventory_key, is_light

SETTLE_S: Final = 1.0
"""After a boot: let the station finish what it sends by itself."""
SILENT_S: Final = 3.0
"""After a reconnect: no boot will come, so we ask."""
BOOT_S: Final = 10.0
"""A station never seen before that does not say who it is."""


def welcome(d: Draft, identity: str) -> None:
    """Take the next step with a station that is not ready yet."""
    station = d.state.stations[identity]
    if not station.online or station.onboarding in (Onboarding.READY, Onboarding.OFFLINE):
        return
    waited_s = d.now.age_s(station.connected_at)
    booted = station.onboarding is Onboarding.ASKING
    if waited_s >= (SETTLE_S if booted else SILENT_S) and (booted or station.memory.registered):
        _ask_all(d, station)
    elif waited_s >= BOOT_S:
        d.commands.append(AskToSend(id=d.next_id(), station=identity, what=Trigger.BOOT))
        _ask_all(d, station)


def _ask_all(d: Draft, station: StationState) -> None:
    """See to the lasting limits, then ask for what the station did not tell by itself.

    The limits lie in the station's flash, which wears out: they are written when they changed, and looked for else.
    """
    identity = station.config.identity
    d.put_station(replace(station, onboarding=Onboarding.READY, profiles_seen=frozenset()))
    if station.memory.limits_of == station.config.limits_key:
        number = d.next_id()
        d.commands.append(ReadProfiles(id=number, station=identity, request_id=number))
    else:
        install_limits(d, identity)
    for evse in station.evses.values():
        if evse.connector is None:
            ask = AskToSend(id=d.next_id(), station=identity, what=Trigger.STATUS, evse=evse.evse, connector=1)
            d.commands.append(ask)
        session = d.session(evse.session)
        if session is not None:
            d.commands.append(AskToSend(id=d.next_id(), station=identity, what=Trigger.TRANSACTION, evse=evse.evse))
            d.commands.append(AskTransaction(id=d.next_id(), station=identity, transaction=session.transaction))
    if station.memory.inventory_of != inventory_key(station) or not station.inventory:
        number = d.next_id()
        d.commands.append(ReadInventory(id=number, station=identity, request_id=number))


def install_limits(d: Draft, identity: str) -> None:
    """Write the house limit and the standard charge that rule when we are silent."""
    config = d.state.stations[identity].config
    command = InstallLimits(
        id=d.next_id(), station=identity, max_w=config.max_w, fallback_w=config.fallback_w, phases=config.phases
    )
    d.put_station(replace(d.state.stations[identity], limits_id=command.id))
    d.commands.append(command)


def profiles_reported(d: Draft, fact: ProfilesReported) -> None:
    """Write the lasting limits again if a station no longer has them."""
    station = d.state.stations[fact.station]
    seen = station.profiles_seen | set(fact.profile_ids)
    d.put_station(replace(station, profiles_seen=frozenset() if fact.complete else seen))
    if fact.complete and not seen >= LASTING_IDS:
        install_limits(d, fact.station)


def settle(d: Draft, fact: VariablesReported) -> None:
    """Once the inventory is whole, set what our metering and V2G rely on."""
    if fact.request_id is None or not fact.complete:
        return
    station = d.state.stations[fact.station]
    size = station.memory.abilities.variables_per_call
    values = wanted_settings(station.inventory)
    if values:
        d.commands.append(WriteVariables(id=d.next_id(), station=fact.station, values=values, per_message=size))
    lights = tuple(row.variable for row in station.inventory if is_light(row.variable))
    if lights:
        d.commands.append(WatchVariables(id=d.next_id(), station=fact.station, variables=lights, per_message=size))
