"""A home is reloaded, stopped or removed while two cars charge: nothing is left behind, and they go on."""

import asyncio
import contextlib
from pathlib import Path
import socket

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest

from custom_components.mobilize_flex.const import DOMAIN
from custom_components.mobilize_flex.store import store_path
from tests.certification.lab import ID, PLACE, Lab, Station, stamp

OTHER = "LAB-2"
QUESTION = {"getVariableData": [{"component": {"name": "X"}, "variable": {"name": "Y"}}]}
TRIES = {"reload": 8, "unload": 8, "remove": 4}


def test_row_24_has_its_twenty_tries() -> None:
    assert sum(TRIES.values()) == 20


def ours(before: set[asyncio.Task[object]]) -> list[asyncio.Task[object]]:
    """Return the tasks that were not there before and are no test's: of the house, or of a connection it served."""
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    return [task for task in left if not task.done() and "Station._read" not in repr(task)]


async def settled(before: set[asyncio.Task[object]]) -> None:
    """Let what was cancelled just now end."""
    for _ in range(5):
        await asyncio.sleep(0)
    assert ours(before) == []


def is_free(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
        return True
    return False


async def tell(station: Station, kind: str, number: int, name: str) -> None:
    meter = [{"timestamp": stamp(), "sampledValue": [{"value": 7000.0 + 10.0 * number}]}]
    await station.event(kind, "MeterValuePeriodic", number, f"tx-{name}", evse=PLACE, meterValue=meter)


async def both(lab: Lab, number: int, kind: str = "Updated") -> list[Station]:
    """Let both stations dial, and tell of their charge."""
    found = []
    for name in (ID, OTHER):
        station = await lab.dial(path=name, user=name)
        if number == 0:
            await station.boot()
            await station.status("Occupied")
        await tell(station, kind, number, name)
        found.append(station)
    return found


def gone_on(lab: Lab, number: int) -> None:
    """Hold that there are two sessions, the same as ever, with all their energy."""
    state = lab.coordinator.state
    assert sorted(state.sessions) == [f"{ID}/tx-{ID}", f"{OTHER}/tx-{OTHER}"]
    assert [s.energy_in.wh for s in state.sessions.values()] == pytest.approx([10.0 * number] * 2)
    assert [s.gaps for s in state.sessions.values()] == [0, 0]
    assert {evse.session for station in state.stations.values() for evse in station.evses.values()} == {*state.sessions}


async def opened(lab: Lab, hass: HomeAssistant) -> set[asyncio.Task[object]]:
    """Open the home; return the tasks that are there without it."""
    await lab.open(others=[OTHER])
    await hass.config_entries.async_unload(lab.entry.entry_id)
    await hass.async_block_till_done()
    before = set(asyncio.all_tasks())
    assert await hass.config_entries.async_setup(lab.entry.entry_id)
    return before


@pytest.mark.parametrize("way", ["reload", "unload"])
async def test_row_24_a_home_that_starts_anew_eight_times(lab: Lab, hass: HomeAssistant, way: str) -> None:
    before, entry = await opened(lab, hass), lab.entry.entry_id
    for number in range(TRIES[way]):
        stations = await both(lab, number, "Updated" if number else "Started")
        if way == "reload":
            await hass.config_entries.async_reload(entry)
        else:
            assert await hass.config_entries.async_unload(entry)
            await hass.async_block_till_done()
            await settled(before)
            assert is_free(lab.port)
            assert await hass.config_entries.async_setup(entry)
        assert lab.entry.state is ConfigEntryState.LOADED
        await asyncio.wait_for(asyncio.gather(*(s._reader for s in stations)), 2)
        assert all(station.socket.closed for station in stations)
    await both(lab, TRIES[way])
    gone_on(lab, TRIES[way])
    await hass.config_entries.async_unload(entry)
    await hass.async_block_till_done()
    await settled(before)
    assert is_free(lab.port)


@pytest.mark.parametrize("attempt", range(TRIES["remove"]))
async def test_row_24_a_home_that_is_removed(lab: Lab, hass: HomeAssistant, attempt: int) -> None:
    before = await opened(lab, hass)
    stations = await both(lab, 0, "Started")
    if attempt % 2:  # and one of them is asked something it does not answer
        fields = {"station": ID, "action": "GetVariables", "payload": QUESTION}
        call = hass.services.async_call(DOMAIN, "call_station", fields, blocking=True, return_response=True)
        asked = asyncio.create_task(call)
        await stations[0].expect("GetVariables")
        before.add(asked)
    await hass.config_entries.async_remove(lab.entry.entry_id)
    await hass.async_block_till_done()
    await settled(before)
    assert is_free(lab.port)
    assert all(station.socket.closed or station._reader.done() for station in stations)
    assert not list(Path(hass.config.path(DOMAIN)).parent.glob(f"{DOMAIN}/*{lab.entry.entry_id}*"))
    assert not store_path(hass, lab.entry.entry_id).exists()
    assert [state for state in hass.states.async_all() if state.entity_id.startswith("sensor.station")] == []
    if attempt % 2:
        assert (await lab.fails(asked)).translation_key == "station_offline"
