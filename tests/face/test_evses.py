"""A station with several EVSEs: each is shown and moved by itself, what the station has once is there once."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.mobilize_flex import async_remove_config_entry_device
from custom_components.mobilize_flex.const import DOMAIN
from custom_components.mobilize_flex.core.model.commands import Keep, Variable
from custom_components.mobilize_flex.core.model.electric import StationReadings
from custom_components.mobilize_flex.core.model.facts import VariablesReported
from custom_components.mobilize_flex.core.model.reasons import Reason
from custom_components.mobilize_flex.core.model.session import Phase
from custom_components.mobilize_flex.core.model.state import EvseState, Onboarding, Report, SiteState, StationMemory
from custom_components.mobilize_flex.core.model.station import ConnectorStatus, VariableReport
from custom_components.mobilize_flex.core.site.keeping import KeptInventory
from custom_components.mobilize_flex.places import further_evses

from .house import STATION, become, coordinator, deciding, find, move_in, plan, seen, station
from .wire import Wire, dial_in, with_door

FIRST = f"station/{STATION}"
SECOND = f"evse/{STATION}/2"


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Let the station server listen."""


def model(*numbers: int) -> tuple[VariableReport, ...]:
    """Return an inventory of so many EVSEs with a connector each."""
    return tuple(
        VariableReport(variable=Variable("Connector", "AvailabilityState", number, 1), value="Available")
        for number in numbers
    )


def with_evses(state: SiteState, *evses: EvseState, online: bool = True, **changes: Any) -> SiteState:
    """Return a home whose station has these EVSEs and its whole inventory."""
    listed = model(*(evse.evse for evse in evses))
    known = replace(
        state.stations[STATION],
        online=online,
        onboarding=Onboarding.READY,
        inventory=listed,
        inventory_whole=True,
        evses=MappingProxyType({evse.evse: evse for evse in evses}),
        **changes,
    )
    return replace(state, stations=MappingProxyType({**state.stations, STATION: known}))


def charging(number: int, power_w: float, reason: Reason = Reason.CHEAP_PRICE) -> EvseState:
    """Return an EVSE with a car that charges."""
    return EvseState(
        evse=number,
        phase=Phase.V2G,
        connector=ConnectorStatus.OCCUPIED,
        readings=StationReadings(power_w=power_w, import_wh=1000.0 * number),
        decision=deciding(reason, power_w),
    )


async def both(hass: HomeAssistant) -> MockConfigEntry:
    """Set up a home whose station charges two cars."""
    home = await move_in(hass, station())
    await become(hass, home, with_evses(coordinator(home).state, charging(1, 3000.0), charging(2, 1500.0)))
    return home


def device(hass: HomeAssistant, home: MockConfigEntry) -> dr.DeviceEntry | None:
    """Return the device of the second EVSE."""
    return dr.async_get(hass).async_get_device_by_identifier((DOMAIN, SECOND), home.entry_id)


def keys(hass: HomeAssistant, home: MockConfigEntry, part: str) -> set[tuple[str, str]]:
    """Return what is shown of a part: domain and key."""
    start = f"{home.entry_id}/{part}/"
    found = er.async_entries_for_config_entry(er.async_get(hass), home.entry_id)
    return {(e.domain, e.unique_id.removeprefix(start)) for e in found if e.unique_id.startswith(start)}


async def ask(hass: HomeAssistant, name: str, /, **fields: Any) -> Any:
    """Call an action that answers."""
    return await hass.services.async_call(DOMAIN, name, fields, blocking=True, return_response=True)


# what is shown


async def test_what_flows_at_both_evses_is_seen_at_both(hass: HomeAssistant) -> None:
    home = await both(hass)
    powers = [float(seen(hass, part, "power").state) for part in (FIRST, SECOND)]
    assert sum(powers) == 4500.0
    assert seen(hass, SECOND, "activity").state == "charging"
    assert seen(hass, SECOND, "energy_in").state == "2.0"
    assert seen(hass, SECOND, "cable", "binary_sensor").state == "on"
    assert seen(hass, FIRST, "energy_in").state == "1.0"
    assert keys(hass, home, FIRST) > keys(hass, home, SECOND)


async def test_what_a_station_has_once_is_there_once(hass: HomeAssistant) -> None:
    home = await both(hass)
    once = keys(hass, home, FIRST) - keys(hass, home, SECOND)
    assert once >= {
        ("update", "firmware"), ("button", "reset"), ("binary_sensor", "connected"),
        ("event", "incident"), ("sensor", "discharge_route"),
    }  # fmt: skip


async def test_a_further_evse_has_a_device_of_its_own_under_its_stations(hass: HomeAssistant) -> None:
    home = await both(hass)
    part = device(hass, home)
    whole = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, FIRST), home.entry_id)
    assert part is not None
    assert whole is not None
    assert part.via_device_id == whole.id
    assert part.name == "Garage EVSE 2"
    assert find(hass, SECOND, "power") == "sensor.garage_evse_2_power"
    assert seen(hass, SECOND, "power").attributes["friendly_name"] == "Garage EVSE 2 Power"
    assert part.config_subentry_id == whole.config_subentry_id == f"01{STATION}"


async def test_a_station_with_one_evse_looks_as_ever(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    await become(hass, home, with_evses(coordinator(home).state, charging(1, 3000.0)))
    assert device(hass, home) is None
    assert find(hass, FIRST, "power") == "sensor.garage_power"


async def test_news_of_one_evse_are_not_news_of_the_other(hass: HomeAssistant) -> None:
    home = await both(hass)
    events = async_capture_events(hass, "state_changed")
    state = coordinator(home).state
    known = state.stations[STATION]
    evses = {**known.evses, 2: charging(2, -2500.0, Reason.HIGH_PRICE)}
    changed = replace(known, evses=MappingProxyType(evses))
    await become(hass, home, replace(state, stations=MappingProxyType({STATION: changed})))
    touched = {e.data["entity_id"] for e in events}
    assert find(hass, SECOND, "reason") in touched
    assert not touched & {find(hass, FIRST, key) for key in ("power", "reason", "activity")}
    assert seen(hass, SECOND, "power").state == "-2500.0"


async def test_the_light_of_an_evse_is_its_own(hass: HomeAssistant) -> None:
    home = await both(hass)
    for number, colour in ((1, "Violet"), (2, "Orange")):
        name = Variable("ChargingStatusIndicator", "Color", number)
        coordinator(home).take(
            VariablesReported(station=STATION, rows=(VariableReport(variable=name, value=colour),))
        )  # fmt: skip
    await hass.async_block_till_done()
    coordinator(home).board.changed(SECOND, urgent=True)
    coordinator(home).board.changed(FIRST, urgent=True)
    await hass.async_block_till_done()
    lights = [seen(hass, part, "light") for part in (FIRST, SECOND)]
    assert [light.state.split("_")[0] for light in lights] == ["violet", "orange"]
    assert {light.attributes["source"] for light in lights} == {"reported"}


async def test_the_devices_of_evses_follow_the_name_of_their_station(hass: HomeAssistant) -> None:
    home = await both(hass)
    hass.config_entries.async_update_subentry(home, home.subentries[f"01{STATION}"], title="Carport")
    await hass.async_block_till_done()
    part = device(hass, home)
    assert part is not None
    assert part.name == "Carport EVSE 2"
    assert seen(hass, SECOND, "power").state == "1500.0"


# how they become known


async def test_an_evse_is_met_when_the_inventory_lists_it(hass: HomeAssistant) -> None:
    home = await with_door(hass)
    flex = coordinator(home)
    async with dial_in(home, GetBaseReport={"status": "Accepted"}) as wire:
        asked = await asked_for(hass, home, wire)
        flex.take(VariablesReported(station=STATION, rows=model(1, 2), request_id=asked, seq_no=0))
        await hass.async_block_till_done()
        assert seen(hass, SECOND, "activity").state == "not_connected"
        assert not keys(hass, home, f"evse/{STATION}/3")


async def asked_for(hass: HomeAssistant, home: MockConfigEntry, wire: Wire) -> int:
    """Boot as a station and return the number of the report it is asked for."""
    who = {"model": "M", "vendorName": "V", "firmwareVersion": "1"}
    await wire.tell("BootNotification", reason="PowerUp", chargingStation=who)
    from .test_upkeep import until  # noqa: PLC0415

    await until(lambda: coordinator(home).state.stations[STATION].report)
    report = coordinator(home).state.stations[STATION].report
    assert report is not None
    return report.request_id


async def test_what_a_stranger_makes_up_is_never_shown(hass: HomeAssistant) -> None:
    home = await with_door(hass)
    flex = coordinator(home)
    async with dial_in(home, GetBaseReport={"status": "Accepted"}) as wire:
        for number in (2, 7, 9, 4711):
            status = {"timestamp": "2026-11-22T10:00:00Z", "connectorStatus": "Available"}
            await wire.tell("StatusNotification", evseId=number, connectorId=1, **status)
        asked = await asked_for(hass, home, wire)
        await hass.async_block_till_done()
        assert device(hass, home) is None  # it has not told yet what it is made of
        flex.take(VariablesReported(station=STATION, rows=model(1), request_id=asked, seq_no=0))
        await hass.async_block_till_done()
        assert list(flex.state.stations[STATION].evses) == [1]
        for number in (2, 7, 9, 4711):
            assert not keys(hass, home, f"evse/{STATION}/{number}")


async def test_a_long_inventory_makes_no_more_evses_than_a_home_station_can_have(hass: HomeAssistant) -> None:
    home = await with_door(hass)
    flex = coordinator(home)
    async with dial_in(home, GetBaseReport={"status": "Accepted"}) as wire:
        asked = await asked_for(hass, home, wire)
        flex.take(VariablesReported(station=STATION, rows=model(*range(-1, 500)), request_id=asked, seq_no=0))
        await hass.async_block_till_done()
        assert list(flex.state.stations[STATION].evses) == list(range(1, 9))


async def test_a_station_without_an_inventory_is_believed_once_it_said_no(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    state = coordinator(home).state
    known = replace(
        state.stations[STATION], online=True, onboarding=Onboarding.FRESH,
        evses=MappingProxyType({n: EvseState(evse=n) for n in (1, 2)}),
    )  # fmt: skip
    assert further_evses(known) == ()
    asking = replace(known, onboarding=Onboarding.READY, report=Report(request_id=1, heard_at=coordinator(home).now()))
    assert further_evses(asking) == ()
    assert further_evses(replace(asking, report=None)) == (2,)


async def test_evses_are_back_after_a_restart_before_the_station_is(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    memory = StationMemory(inventory_of="V/M/1/None", import_wh=((1, 1000.0), (2, 2000.0)))
    kept = [Keep(f"station/{STATION}", memory), Keep(f"inventory/{STATION}", KeptInventory(model(1, 2)))]
    await coordinator(home).store.keep(kept)
    assert await hass.config_entries.async_reload(home.entry_id)
    await hass.async_block_till_done()
    assert seen(hass, SECOND, "energy_in").state == "2.0"
    assert seen(hass, SECOND, "power").state == "unavailable"


# how they leave


async def test_an_evse_that_is_gone_can_be_removed_and_comes_back(hass: HomeAssistant) -> None:
    home = await both(hass)
    flex = coordinator(home)
    part = device(hass, home)
    assert part is not None
    assert not await async_remove_config_entry_device(hass, home, part)
    await become(hass, home, with_evses(flex.state, charging(1, 3000.0)))
    assert seen(hass, SECOND, "power").state == "unavailable"
    assert await async_remove_config_entry_device(hass, home, part)
    dr.async_get(hass).async_remove_device(part.id)
    await hass.async_block_till_done()
    assert not keys(hass, home, SECOND)
    await become(hass, home, with_evses(flex.state, charging(1, 3000.0), charging(2, 1000.0)))
    assert seen(hass, SECOND, "power").state == "1000.0"


async def test_the_device_of_a_station_that_is_there_stays(hass: HomeAssistant) -> None:
    home = await both(hass)
    whole = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, FIRST), home.entry_id)
    assert whole is not None
    assert not await async_remove_config_entry_device(hass, home, whole)


# what is asked of them


@pytest.mark.parametrize("how", ["device_id", "entity_id"])
async def test_an_action_means_the_evse_whose_device_or_entity_is_named(hass: HomeAssistant, how: str) -> None:
    home = await both(hass)
    state = coordinator(home).state
    known = state.stations[STATION]
    evses = {**known.evses, 2: replace(known.evses[2], plan=plan(1000.0, start=coordinator(home).now().utc))}
    changed = replace(known, evses=MappingProxyType(evses))
    await become(hass, home, replace(state, stations=MappingProxyType({STATION: changed})))
    part = device(hass, home)
    assert part is not None
    named = part.id if how == "device_id" else find(hass, SECOND, "power")
    assert len((await ask(hass, "get_plan", **{how: named}))["slots"]) == 1
    assert not (await ask(hass, "get_plan", station=STATION))["slots"]


async def test_an_entity_that_is_none_of_a_station_is_refused_in_words(hass: HomeAssistant) -> None:
    await both(hass)
    for entity_id in ("sensor.not_there", find(hass, "site/site", "price")):
        with pytest.raises(ServiceValidationError) as refused:
            await ask(hass, "get_plan", entity_id=entity_id)
        assert refused.value.translation_key == "device_no_station"


UNLOCKED: Mapping[str, Any] = {"status": "Unlocked"}
YES: Mapping[str, Any] = {"status": "Accepted"}


async def wired(hass: HomeAssistant, home: MockConfigEntry) -> None:
    """Let a station that has dialled in have two EVSEs."""
    from .test_upkeep import until  # noqa: PLC0415

    await until(lambda: coordinator(home).state.stations[STATION].online)
    await become(hass, home, with_evses(coordinator(home).state, charging(1, 3000.0), charging(2, 1500.0)))


async def test_each_evse_has_its_own_switch_and_lock(hass: HomeAssistant) -> None:
    home = await with_door(hass)
    async with dial_in(home, ChangeAvailability=YES, UnlockConnector=UNLOCKED) as wire:
        await wired(hass, home)
        switch = {"entity_id": find(hass, SECOND, "available", "switch")}
        await hass.services.async_call("switch", "turn_off", switch, blocking=True)
        await hass.async_block_till_done()
        assert wire.asked["ChangeAvailability"] == {"operationalStatus": "Inoperative", "evse": {"id": 2}}
        states = [seen(hass, part, "available", "switch").state for part in (FIRST, SECOND)]
        assert states == ["on", "off"]
        await hass.services.async_call("switch", "turn_on", switch, blocking=True)
        assert wire.asked["ChangeAvailability"] == {"operationalStatus": "Operative", "evse": {"id": 2}}
        await ask(hass, "unlock_connector", entity_id=find(hass, SECOND, "power"))
        assert wire.asked["UnlockConnector"] == {"evseId": 2, "connectorId": 1}


async def test_a_station_out_of_service_has_its_evses_out_of_service(hass: HomeAssistant) -> None:
    home = await with_door(hass)
    async with dial_in(home, ChangeAvailability=YES):
        await wired(hass, home)
        whole = {"entity_id": find(hass, FIRST, "available", "switch")}
        await hass.services.async_call("switch", "turn_off", whole, blocking=True)
        await hass.async_block_till_done()
        states = [seen(hass, part, "available", "switch").state for part in (FIRST, SECOND)]
        assert states == ["off", "unavailable"]


@pytest.mark.parametrize(
    ("action", "fields", "key"),
    [
        ("reset_station", {"evse": 3}, "evse_unknown"),
        ("set_availability", {"evse": 3, "operative": False}, "evse_unknown"),
        ("set_availability", {"evse": 2, "connector": 2, "operative": False}, "connector_unknown"),
        ("set_availability", {"connector": 5, "operative": False}, "connector_unknown"),
        ("unlock_connector", {"evse": 3}, "evse_unknown"),
        ("unlock_connector", {"evse": 2, "connector": 4}, "connector_unknown"),
        ("reserve", {"evse": 3, "token": "AA"}, "evse_unknown"),
        ("start_transaction", {"evse": 3}, "evse_unknown"),
        ("get_composite_schedule", {"evse": 3}, "evse_unknown"),
        ("get_charging_profiles", {"evse": 3}, "evse_unknown"),
        ("trigger_message", {"message": "StatusNotification", "evse": 2, "connector": 3}, "connector_unknown"),
        ("get_variables", {"variables": [{"component": "EVSE", "variable": "Power", "evse": 3}]}, "evse_unknown"),
        ("get_report", {"variables": [{"component": "EVSE", "evse": 3}]}, "evse_unknown"),
    ],
)
async def test_an_evse_or_connector_the_station_has_not_is_refused_before_anything_is_sent(
    hass: HomeAssistant, action: str, fields: Mapping[str, Any], key: str
) -> None:
    home = await with_door(hass)
    async with dial_in(home) as wire:
        await wired(hass, home)
        before = dict(wire.asked)
        with pytest.raises(ServiceValidationError) as refused:
            await ask(hass, action, **fields)
        assert refused.value.translation_key == key
        assert "{" not in str(refused.value)
        assert wire.asked == before


async def test_an_evse_is_not_questioned_while_the_inventory_is_unknown(hass: HomeAssistant) -> None:
    home = await with_door(hass)
    async with dial_in(home, UnlockConnector=UNLOCKED) as wire:
        await wired(hass, home)
        state = coordinator(home).state
        blank = replace(state.stations[STATION], inventory=(), inventory_whole=False)
        await become(hass, home, replace(state, stations=MappingProxyType({STATION: blank})))
        await ask(hass, "unlock_connector", evse=3, connector=2)
        assert wire.asked["UnlockConnector"] == {"evseId": 3, "connectorId": 2}
