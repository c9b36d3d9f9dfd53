"""A home starts, changes without dropping anybody, stops and is forgotten."""

import asyncio
from collections.abc import Iterator
import socket
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import SOURCE_IGNORE, ConfigEntryState, ConfigSubentry
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.mobilize_flex import async_remove_config_entry_device
from custom_components.mobilize_flex.core.model.config import SiteConfig
from custom_components.mobilize_flex.discovery import async_station_knocked, async_waiting
from custom_components.mobilize_flex.problems import Problems
from custom_components.mobilize_flex.store import store_path
from tests.face.homes import DOMAIN, STATION, VEHICLE, answer, free_port, home, part

HOUSE = "custom_components.mobilize_flex"


class Controller:
    """Stand in for the controller of a home; remember what it was told."""

    made: list[Controller]
    obstacle: Exception | None

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry, config: SiteConfig) -> None:
        """Take a home."""
        self.problems = Problems(hass, entry)
        self.configs = [config]
        self.stops = 0
        self.made.append(self)

    async def async_start(self) -> None:
        """Start, or meet the obstacle."""
        if self.obstacle is not None:
            raise self.obstacle

    async def async_stop(self) -> None:
        """Stop."""
        self.stops += 1

    async def async_configure(self, config: SiteConfig) -> None:
        """Take a change."""
        self.configs.append(config)


@pytest.fixture(name="made")
def _made() -> Iterator[list[Controller]]:
    """Have stand-ins control the homes of a test; return them as they are made."""
    Controller.made, Controller.obstacle = [], None
    with patch(f"{HOUSE}.FlexCoordinator", Controller), patch(f"{HOUSE}.PLATFORMS", ()):
        yield Controller.made


async def started(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Add a home and start it."""
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


def add(hass: HomeAssistant, entry: MockConfigEntry, kind: str, data: Any, unique_id: str | None = None) -> str:
    """Add a part to a home that runs; return its key."""
    subentry = ConfigSubentry(
        data=MappingProxyType(dict(data)), subentry_type=kind, title=kind.title(), unique_id=unique_id
    )
    hass.config_entries.async_add_subentry(entry, subentry)
    return subentry.subentry_id


async def test_a_home_starts_and_stops(hass: HomeAssistant, made: list[Controller]) -> None:
    entry = await started(hass, home(part("station", STATION, "FLEX-1")))
    assert entry.state is ConfigEntryState.LOADED
    (controller,) = made
    assert entry.runtime_data is controller
    (config,) = controller.configs
    assert [station.identity for station in config.stations] == ["FLEX-1"]
    assert str(config.zone) == "US/Pacific"
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert (entry.state, controller.stops) == (ConfigEntryState.NOT_LOADED, 1)


async def test_the_stations_are_let_go_when_home_assistant_stops(hass: HomeAssistant, made: list[Controller]) -> None:
    entry = await started(hass, home())
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    assert (entry.state, made[0].stops) == (ConfigEntryState.LOADED, 1)


async def test_a_taken_port_is_told_and_tried_again(
    hass: HomeAssistant, made: list[Controller], issue_registry: ir.IssueRegistry
) -> None:
    Controller.obstacle = OSError("in use")
    entry = await started(hass, home())
    assert entry.state is ConfigEntryState.SETUP_RETRY
    words = {"site": "Home", "port": "9000"}
    assert entry.error_reason_translation_key == "port_in_use"
    assert entry.error_reason_translation_placeholders == words
    issue = issue_registry.async_get_issue(DOMAIN, "port_in_use_home")
    assert issue is not None
    assert issue.translation_placeholders == words
    Controller.obstacle = None
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED
    assert issue_registry.async_get_issue(DOMAIN, "port_in_use_home") is None


async def test_parts_come_change_and_go_in_place(hass: HomeAssistant, made: list[Controller]) -> None:
    entry = await started(hass, home(part("station", STATION, "FLEX-1")))
    key = add(hass, entry, "vehicle", VEHICLE)
    await hass.async_block_till_done()
    hass.config_entries.async_update_subentry(
        entry, entry.subentries[key], title="R5", data={**VEHICLE, "capacity_kwh": 40.0}
    )
    await hass.async_block_till_done()
    hass.config_entries.async_remove_subentry(entry, key)
    await hass.async_block_till_done()
    hass.config_entries.async_update_entry(entry, title="Villa", data={**entry.data, "v2g_consent": True})
    await hass.async_block_till_done()
    (controller,) = made
    cars = [[(car.name, car.capacity_wh) for car in config.vehicles] for config in controller.configs]
    assert cars == [[], [("Vehicle", 52_000)], [("R5", 40_000)], [], []]
    assert (controller.configs[-1].name, controller.configs[-1].v2g_consent, controller.stops) == ("Villa", True, 0)


@pytest.mark.parametrize("change", [{"port": 9001}, {"host": "0.0.0.0"}])
async def test_only_another_door_makes_the_stations_reconnect(
    hass: HomeAssistant, made: list[Controller], change: dict[str, Any]
) -> None:
    entry = await started(hass, home())
    hass.config_entries.async_update_entry(entry, data={**entry.data, **change})
    await hass.async_block_till_done()
    before, after = made
    assert (before.stops, len(before.configs), after.stops) == (1, 1, 0)
    assert entry.state is ConfigEntryState.LOADED


async def test_a_station_admitted_by_hand_is_no_longer_asked_about(hass: HomeAssistant, made: list[Controller]) -> None:
    entry = await started(hass, home())
    async_station_knocked(hass, entry, "FLEX-1", "192.168.1.50")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(async_waiting(hass)) == 1
    add(hass, entry, "station", STATION, "FLEX-1")
    await hass.async_block_till_done()
    assert async_waiting(hass) == []
    assert [station.identity for station in made[0].configs[-1].stations] == ["FLEX-1"]


async def test_nothing_is_left_of_a_home_that_was_removed(
    hass: HomeAssistant, made: list[Controller], issue_registry: ir.IssueRegistry
) -> None:
    entry, other = await started(hass, home()), await started(hass, home(port=9001, entry_id="other"))
    for site, name in ((entry, "IGNORED"), (other, "ELSEWHERE")):
        context: Any = {"source": SOURCE_IGNORE}
        unique_id = f"station:{site.entry_id}:{name}"
        await hass.config_entries.flow.async_init(DOMAIN, context=context, data={"unique_id": unique_id, "title": name})
    async_station_knocked(hass, entry, "WAITING", "192.168.1.66")
    await hass.async_block_till_done(wait_background_tasks=True)
    made[0].problems.raised("store_unwritable")
    made[1].problems.raised("store_unwritable")
    file = store_path(hass, "home")
    await hass.async_add_executor_job(lambda: (file.parent.mkdir(exist_ok=True), file.write_text("")))
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert async_waiting(hass) == []
    assert {e.title for e in hass.config_entries.async_entries(DOMAIN)} == {"Home", "ELSEWHERE"}
    assert not await hass.async_add_executor_job(file.exists)
    assert {issue_id for domain, issue_id in issue_registry.issues if domain == DOMAIN} == {"store_unwritable_other"}


async def test_the_question_of_another_home_stays(hass: HomeAssistant, made: list[Controller]) -> None:
    entry, other = await started(hass, home()), await started(hass, home(port=9001, entry_id="other"))
    async_station_knocked(hass, other, "WAITING", "192.168.1.66")
    await hass.async_block_till_done(wait_background_tasks=True)
    await hass.config_entries.async_remove(entry.entry_id)
    assert len(async_waiting(hass)) == 1
    assert len(made) == 2


async def test_a_device_is_deleted_only_with_what_it_stands_for(
    hass: HomeAssistant, made: list[Controller], device_registry: dr.DeviceRegistry
) -> None:
    entry = await started(hass, home(part("vehicle", VEHICLE, key="car")))
    site = device_registry.async_get_or_create(config_entry_id="home", identifiers={(DOMAIN, "site/site")})
    car = device_registry.async_get_or_create(
        config_entry_id="home", config_subentry_id="car", identifiers={(DOMAIN, "vehicle/car")}
    )
    assert not await async_remove_config_entry_device(hass, entry, site)
    assert not await async_remove_config_entry_device(hass, entry, car)
    hass.config_entries.async_remove_subentry(entry, "car")
    assert await async_remove_config_entry_device(hass, entry, car)
    assert device_registry.async_get(car.id) is None, "Home Assistant takes it away with the vehicle"
    assert len(made) == 1


async def test_a_station_admitted_to_a_home_that_runs_gets_its_password_shown(
    hass: HomeAssistant, made: list[Controller]
) -> None:
    entry = await started(hass, home())
    async_station_knocked(hass, entry, "FLEX-1", "192.168.1.66")
    await hass.async_block_till_done()
    (waiting,) = async_waiting(hass)
    page = await answer(hass, waiting, {"name": "Garage", "phases": "1", "selector": "32"})
    assert page["step_id"] == "secret"
    await hass.async_block_till_done()
    assert len(async_waiting(hass)) == 1, "adding the station does not take the page away"
    assert [s.unique_id for s in entry.subentries.values()] == ["FLEX-1"]
    assert (await answer(hass, page, {}))["reason"] == "station_added"
    assert len(made[0].configs) == 2


# the real controller


@pytest.mark.usefixtures("socket_enabled")
async def test_the_real_door_opens_closes_and_is_missed(hass: HomeAssistant) -> None:
    port = free_port()
    entry = await started(hass, home(part("station", STATION, "FLEX-1"), port=port))
    assert entry.state is ConfigEntryState.LOADED
    controller = entry.runtime_data
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    add(hass, entry, "vehicle", VEHICLE)
    await hass.async_block_till_done()
    assert (entry.runtime_data, len(controller.state.config.vehicles)) == (controller, 1)
    assert not reader.at_eof()
    writer.close()
    await writer.wait_closed()
    await hass.config_entries.async_unload(entry.entry_id)
    with socket.create_server(("127.0.0.1", port)):  # free again, and now taken
        await hass.config_entries.async_setup(entry.entry_id)
        assert entry.state is ConfigEntryState.SETUP_RETRY
    await hass.config_entries.async_remove(entry.entry_id)
