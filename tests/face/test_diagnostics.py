"""What leaves the house with a fault report, and what never does."""

from dataclasses import replace
import json
from types import MappingProxyType
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import get_system_health_info
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
    get_diagnostics_for_device,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.mobilize_flex import backup
from custom_components.mobilize_flex.const import DOMAIN
from custom_components.mobilize_flex.core.model.commands import CallRef, Variable
from custom_components.mobilize_flex.core.model.config import Automatic
from custom_components.mobilize_flex.core.model.facts import CardPresented, SecurityReported
from custom_components.mobilize_flex.core.model.session import Session
from custom_components.mobilize_flex.core.model.state import Boot, StationMemory
from custom_components.mobilize_flex.core.model.station import Token, VariableReport
from custom_components.mobilize_flex.core.model.wishes import Wishes
from custom_components.mobilize_flex.store import Store, store_path

from .house import STATION, become, car, coordinator, linky, move_in, station
from .test_services import connected, with_door

CANARIES = ("RFID-CANARY-1", "EVCC-CANARY-2", "SERIAL-CANARY-3", "SECRET-CANARY-4", "SEALED-CANARY-5", "MAC-CANARY-6")


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Let the station server listen."""


async def full_of_canaries(hass: HomeAssistant) -> Any:
    """Set up a home that holds a secret wherever it can hold one."""
    door = station()
    door["data"] = {**door["data"], "tokens": ["RFID-CANARY-1"], "sealed_secret": "SEALED-CANARY-5"}
    home = await move_in(hass, door, car(evccid="EVCC-CANARY-2"), linky("esphome://meter?key=SECRET-CANARY-4"))
    flex = coordinator(home)
    await flex.sources.async_stop()
    call = CallRef(STATION, 1, "m1")
    flex.take(CardPresented(call=call, station=STATION, token=Token(value="RFID-CANARY-1", kind="ISO14443")))
    flex.take(
        SecurityReported(
            station=STATION, kind="Tamper", at=dt_util.utcnow(), text="by RFID-CANARY-1 of SERIAL-CANARY-3"
        )
    )
    session = Session(
        key=f"{STATION}/t1",
        station=STATION,
        evse=1,
        transaction="t1",
        started_at=dt_util.utcnow(),
        token="RFID-CANARY-1",
    )
    secret = Variable(component="SecurityCtrlr", variable="BasicAuthPassword")
    rows = (
        VariableReport(variable=secret, value="SECRET-CANARY-4"),
        VariableReport(variable=Variable("Connection", "MACAddress"), value="MAC-CANARY-6"),
        VariableReport(
            variable=Variable("OCPPCommCtrlr", "HeartbeatInterval"),
            value="300",
            unit="s",
            max_limit=86400.0,
            values=("60", "300"),
            writable=True,
        ),
        VariableReport(
            variable=Variable("Connector", "AvailabilityState", 1, 2, None, "a"), value=None, monitored=True
        ),
    )
    known = replace(flex.state.stations[STATION], memory=StationMemory(serial="SERIAL-CANARY-3"), inventory=rows)
    known = replace(known, boots=(Boot(at=dt_util.utcnow(), reason="Watchdog"),), doubts=(("SoC", 2),))
    state = replace(
        flex.state,
        sessions=MappingProxyType({session.key: session}),
        stations=MappingProxyType({STATION: known}),
    )
    await become(hass, home, state)
    return home


async def test_a_report_tells_everything_but_secrets(hass: HomeAssistant, hass_client: ClientSessionGenerator) -> None:
    assert await async_setup_component(hass, "diagnostics", {})
    home = await full_of_canaries(hass)
    told = await get_diagnostics_for_config_entry(hass, hass_client, home)
    text = json.dumps(told)
    assert [word for word in (*CANARIES, STATION) if word in text] == []
    station = told["state"]["stations"]["station-1"]
    assert station["inventory"]["OCPPCommCtrlr"] == {"HeartbeatInterval": "300 s (limit 86400; 60, 300; writable)"}
    assert station["inventory"]["SecurityCtrlr"] == {"BasicAuthPassword": "**"}
    assert station["inventory"]["Connector @1.2"] == {"AvailabilityState[a]": "- (can be watched)"}
    assert station["boots"][0]["reason"] == "Watchdog"
    assert station["doubts"] == [["SoC", 2]]
    assert set(station["config"]["automatic"]) == set(Automatic)
    assert told["state"]["sessions"]["station-1/t1"]["token"] == "**"
    assert [e["is"] for e in told["events"]][-2:] == ["CardPresented", "SecurityReported"]
    assert told["memory"] == {"rows_refused": 0, "failing": False}
    assert told["state"]["config"]["zone"]


@pytest.mark.parametrize("part", [f"station/{STATION}", "vehicle/01CAR", "meter/01METER", "site/site"])
async def test_a_report_of_one_device_is_of_that_device(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, part: str
) -> None:
    assert await async_setup_component(hass, "diagnostics", {})
    home = await full_of_canaries(hass)
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, part), home.entry_id)
    assert device is not None
    told = await get_diagnostics_for_device(hass, hass_client, home, device)
    assert list(told) == [part.partition("/")[0]]
    text = json.dumps(told)
    assert [word for word in (*CANARIES, STATION) if word in text] == []


async def test_a_report_shows_how_a_station_keeps_to_the_standard(
    hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> None:
    assert await async_setup_component(hass, "diagnostics", {})
    port = await with_door(hass)
    home: Any = hass.config_entries.async_get_entry("01HOME")
    async with connected(port) as caller:
        await caller._socket.send_str('[2,"x1","Dance",{}]')
        await caller._socket.send_str("not a frame")
        await caller._socket.send_json([2, "h1", "Heartbeat", {}])
        await hass.async_block_till_done()
        link: dict[str, Any] = {}
        while "unknown_action" not in link.get("conformance", {}):
            told = await get_diagnostics_for_config_entry(hass, hass_client, home)
            link = told["links"]["station-1"]
        assert link["version"] == "ocpp2.1"
        assert any("Heartbeat" in text for _, _, text in link["frames"])


async def test_health_at_a_glance(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, "system_health", {})
    home = await move_in(hass, station())
    await hass.async_block_till_done()
    told = await get_system_health_info(hass, DOMAIN)
    server = coordinator(home).server
    assert server is not None
    assert told == {
        "station_port": server.port, "stations_connected": "0/1", "meter": None, "memory": "ok", "faults_of_ours": 0,
        "vendors_connected": None,
    }  # fmt: skip


async def test_a_backup_finds_the_memory_in_one_file(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    flex = coordinator(home)
    await hass.services.async_call(
        DOMAIN, "set_programme", {"number": 1, "departure": "07:00", "weekdays": ["mon"]}, blocking=True
    )
    await hass.async_block_till_done()
    await backup.async_pre_backup(hass)
    path = store_path(hass, home.entry_id)
    copy = path.with_name("copy.db")
    await hass.async_add_executor_job(lambda: copy.write_bytes(path.read_bytes()))
    restored = Store(copy, lambda _: None)
    kept = (await restored.async_open()).kept
    await restored.async_close()
    assert isinstance(kept["wishes"], Wishes)
    assert kept["wishes"] == flex.state.wishes
    await backup.async_post_backup(hass)
