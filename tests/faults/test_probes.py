"""Addresses, paths, templates and formats in every text a station can send: nothing leaves the house for them."""

import asyncio
from collections.abc import Iterator
import contextlib
from datetime import UTC, datetime
import json
from pathlib import Path
import socket
from typing import Any
from urllib.parse import quote

import aiohttp
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
import ocpp
import pytest

from custom_components.mobilize_flex.const import DOMAIN
from tests.certification.lab import ID, CallFailed, Lab, Station
from tests.hostile.strangers import say, upgrade

from .watching import Watch, watching

SCHEMAS = Path(ocpp.__file__).parent / "v201" / "schemas"
STATION_ASKS = (
    "Authorize", "BootNotification", "ClearedChargingLimit", "DataTransfer", "FirmwareStatusNotification",
    "Get15118EVCertificate", "GetCertificateStatus", "Heartbeat", "LogStatusNotification", "MeterValues",
    "NotifyChargingLimit", "NotifyCustomerInformation", "NotifyDisplayMessages", "NotifyEVChargingNeeds",
    "NotifyEVChargingSchedule", "NotifyEvent", "NotifyMonitoringReport", "NotifyReport",
    "PublishFirmwareStatusNotification",
    "ReportChargingProfiles", "ReservationStatusUpdate", "SecurityEventNotification", "SignCertificate",
    "StatusNotification", "TransactionEvent",
)  # fmt: skip
WE_ASK = (
    "CancelReservation", "CertificateSigned", "ChangeAvailability", "ClearCache", "ClearChargingProfile",
    "ClearDisplayMessage", "ClearVariableMonitoring", "CostUpdated", "CustomerInformation", "DataTransfer",
    "DeleteCertificate", "GetBaseReport", "GetChargingProfiles", "GetCompositeSchedule", "GetDisplayMessages",
    "GetInstalledCertificateIds", "GetLocalListVersion", "GetLog", "GetMonitoringReport", "GetReport",
    "GetTransactionStatus", "GetVariables", "InstallCertificate", "PublishFirmware", "RequestStartTransaction",
    "RequestStopTransaction", "ReserveNow", "Reset", "SendLocalList", "SetChargingProfile", "SetDisplayMessage",
    "SetMonitoringBase", "SetMonitoringLevel", "SetNetworkProfile", "SetVariableMonitoring", "SetVariables",
    "TriggerMessage", "UnlockConnector", "UnpublishFirmware", "UpdateFirmware",
)  # fmt: skip
TRAP = "http://127.0.0.1:{port}/trap"


def probes(port: int) -> list[str]:
    """Return what is put into every text; one listens at the port whether anybody comes."""
    return [
        TRAP.format(port=port),
        f"ws://127.0.0.1:{port}/x",
        f"ftp://127.0.0.1:{port}/%2e%2e/x",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "../../../../../../tmp/flex-probe",
        "/tmp/flex-probe",
        "{{ states('sensor.x') }}{% set x = 1 %}",
        "$(touch /tmp/flex-probe)`touch /tmp/flex-probe`",
        "%s%n%(levelname)s{0.__class__}{x!r}",
    ]


class Writer:
    """Write messages of every kind after their schemas, with one text wherever a text may stand."""

    def __init__(self, word: str) -> None:
        self._word = word
        self._roots: dict[str, Any] = {}

    def request(self, action: str) -> Any:
        return self._message(f"{action}Request")

    def response(self, action: str) -> Any:
        return self._message(f"{action}Response")

    def _message(self, name: str) -> Any:
        root = self._roots.get(name)
        if root is None:
            root = self._roots[name] = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8-sig"))
        return self._value(root, root)

    def _value(self, schema: Any, root: Any) -> Any:
        if "$ref" in schema:
            return self._value(root["definitions"][schema["$ref"].rpartition("/")[2]], root)
        if "enum" in schema:
            return schema["enum"][0]
        match schema.get("type"):
            case "object":
                fields = schema.get("properties", {})
                return {name: self._value(inner, root) for name, inner in fields.items() if name != "customData"}
            case "array":
                return [self._value(schema["items"], root)] * max(1, schema.get("minItems", 1))
            case "string" if schema.get("format") == "date-time":
                return datetime.now(UTC).isoformat()
            case "integer" | "number":
                return 1
            case "boolean":
                return False
            case _:
                return self._word[: schema.get("maxLength", 1000)]


@pytest.fixture
def trap() -> Iterator[int]:
    """Give a port at which nobody must come."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    yield listener.getsockname()[1]
    with pytest.raises(BlockingIOError):
        listener.accept()
    listener.close()


def held(watch: Watch, hass: HomeAssistant, lab: Lab) -> None:
    """Hold that only the test's own stations connected, and that only our folder was written to."""
    own = [("127.0.0.1", lab.port)]
    assert [c for c in watch.connections if tuple(c[:2]) not in own] == []
    assert watch.outside(Path(hass.config.path(DOMAIN)).resolve()) == []
    assert watch.programs == []
    assert not Path("/tmp/flex-probe").exists()


async def hear_out(station: Station, action: str, payload: Any) -> None:
    with contextlib.suppress(CallFailed):
        await station.call(action, payload)


async def ask(hass: HomeAssistant, action: str, payload: Any) -> None:
    fields = {"station": ID, "action": action, "payload": payload, "timeout": 5}
    with contextlib.suppress(HomeAssistantError):
        await hass.services.async_call(DOMAIN, "call_station", fields, blocking=True, return_response=True)


def names(hass: HomeAssistant) -> set[str]:
    return {entity.entity_id for entity in er.async_get(hass).entities.values()}


@pytest.mark.parametrize("number", range(10))
async def test_row_28_in_every_text_of_every_message(lab: Lab, hass: HomeAssistant, trap: int, number: int) -> None:
    await lab.open()
    station, writer, plain = await lab.booted(), Writer(probes(trap)[number]), Writer("x")
    await hass.async_block_till_done()
    before = names(hass)
    with watching() as watch:
        for action in STATION_ASKS:
            await hear_out(station, action, writer.request(action))
        for action in WE_ASK:
            station.always[action] = writer.response(action)
            await ask(hass, action, plain.request(action))
        await asyncio.sleep(1.2)  # the controller ticks, and looks at what it heard
        await hass.async_block_till_done()
        held(watch, hass, lab)
    assert {action for action, _ in station.history} >= set(WE_ASK) - {"SetChargingProfile"}
    assert names(hass) == before
    assert lab.coordinator.runtime is not None
    assert lab.coordinator.runtime.errors == 0
    assert not lab.coordinator.server.failures  # type: ignore[union-attr]


async def test_row_28_in_handshakes_and_uploads(lab: Lab, hass: HomeAssistant, trap: int) -> None:
    await lab.open()
    await hass.async_block_till_done()
    before = names(hass)
    with watching() as watch:
        for word in probes(trap):
            for path in (quote(word, safe=""), quote(word), f"upload/{quote(word)}", f"upload/{quote(word, safe='')}"):
                heard = await say(lab.port, upgrade(f"/{path}", f"Host: {quote(word)}", f"X-Forwarded-For: {word}"))
                assert b" 101 " not in heard.split(b"\r\n")[0]
                async with aiohttp.ClientSession() as session:
                    url = f"http://127.0.0.1:{lab.port}/{path}"
                    async with session.put(url, data=b"x" * 1000, headers={"Content-Disposition": word}) as told:
                        assert told.status >= 400
        held(watch, hass, lab)
    assert names(hass) == before
    assert len(hass.config_entries.flow.async_progress_by_handler(DOMAIN)) <= 1


@pytest.mark.usefixtures("socket_enabled")
def test_the_watch_sees_what_leaves(tmp_path: Path) -> None:
    with watching() as watch:
        (tmp_path / "seen").write_text("x")
        with contextlib.suppress(OSError), socket.socket() as line:
            line.connect(("127.0.0.1", 1))
    assert watch.outside(tmp_path / "elsewhere") == [str(tmp_path / "seen")]
    assert watch.connections == [("127.0.0.1", 1)]
