"""Looking after a station: what the actions ask of it, what they answer, how a no reads, what the entities show."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
import json
from types import MappingProxyType
from typing import Any, Final

import aiohttp
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.helpers import entity_registry as er
import orjson
import probatio
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.mobilize_flex import services_device, services_upkeep, upkeep
from custom_components.mobilize_flex.const import DOMAIN
from custom_components.mobilize_flex.core.model.access import AccessList, Badge
from custom_components.mobilize_flex.core.model.commands import Variable
from custom_components.mobilize_flex.core.model.facts import ProblemReported, SecurityReported, VariablesReported
from custom_components.mobilize_flex.core.model.session import Phase, Session
from custom_components.mobilize_flex.core.model.station import ConnectorStatus, VariableReport
from custom_components.mobilize_flex.core.model.tasks import OWNERS_NUMBERS
from custom_components.mobilize_flex.diagnostics import async_get_config_entry_diagnostics
from custom_components.mobilize_flex.shell.credentials import seal

from .house import STATION, become, coordinator, find, move_in, seen, station, with_evse

SECRET: Final = "a station's own password, 32 long"
PART: Final = f"station/{STATION}"
PEM: Final = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"
HASH: Final = {"hashAlgorithm": "SHA512", "issuerNameHash": "a", "issuerKeyHash": "b", "serialNumber": "c"}
YES: Final = {"status": "Accepted"}

type Told = Mapping[str, Any] | None
type Answer = Callable[[dict[str, Any]], Told]


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Let the station server listen."""


class FakeStation:
    """Be a station on the wire: it answers as it was told to, and keeps what it was asked."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.answers: dict[str, Told | Answer] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._socket = socket
        self._told = 0

    async def serve(self) -> None:
        """Answer what is asked; what nobody prepared is not supported."""
        async for message in self._socket:
            frame = json.loads(message.data)
            if frame[0] != 2:
                continue
            _, key, action, payload = frame
            self.asked.append((action, payload))
            prepared = self.answers.get(action)
            told = prepared(payload) if callable(prepared) else prepared
            answer = [4, key, "NotSupported", "", {}] if told is None else [3, key, dict(told)]
            await self._socket.send_json(answer)

    async def tell(self, action: str, **payload: Any) -> None:
        """Call the controller."""
        self._told += 1
        await self._socket.send_json([2, f"s{self._told}", action, payload])

    def last(self, action: str) -> dict[str, Any]:
        """Return what was last asked with an action."""
        return next(payload for name, payload in reversed(self.asked) if name == action)

    def count(self, action: str) -> int:
        """Return how often an action was asked."""
        return sum(name == action for name, _ in self.asked)


@asynccontextmanager
async def dialled(hass: HomeAssistant, version: str = "ocpp2.1") -> AsyncIterator[tuple[MockConfigEntry, FakeStation]]:
    """Set up a home and dial in as its station."""
    part = station()
    part["data"] = {**part["data"], "sealed_secret": await hass.async_add_executor_job(seal, SECRET)}
    home = await move_in(hass, part)
    server = coordinator(home).server
    assert server is not None
    auth = aiohttp.encode_basic_auth(STATION, SECRET)
    url = f"ws://127.0.0.1:{server.port}/{STATION}"
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(url, protocols=(version,), headers={"Authorization": auth}) as socket,
    ):
        fake = FakeStation(socket)
        serving = asyncio.create_task(fake.serve())
        await until(lambda: coordinator(home).state.stations[STATION].online)
        yield home, fake
        await socket.close()
        await serving


async def until(condition: Callable[[], object]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.01)


async def ask(hass: HomeAssistant, name: str, /, **fields: Any) -> Any:
    """Call an action that answers."""
    return await hass.services.async_call(DOMAIN, name, fields, blocking=True, return_response=True)


BEAT: Final = {"component": "OCPPCommCtrlr", "variable": "HeartbeatInterval"}
BEAT_WIRE: Final = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
RESULT: Final = BEAT_WIRE | {"attributeStatus": "Accepted", "attributeValue": "300"}
WATCH: Final = {"type": "Delta", "severity": 8, "status": "Accepted", "id": 4} | BEAT_WIRE

# (action, fields, what leaves, what comes back, what is answered beside station and status)
EVERY: Final[list[tuple[str, dict[str, Any], tuple[str, dict[str, Any]], dict[str, Any], dict[str, Any]]]] = [
    ("reset_station", {}, ("Reset", {"type": "OnIdle"}), YES, {}),
    ("reset_station", {"immediate": True, "evse": 1}, ("Reset", {"type": "Immediate", "evseId": 1}), YES, {}),
    ("reset_station", {}, ("Reset", {"type": "OnIdle"}), {"status": "Scheduled"}, {"status": "Scheduled"}),
    (
        "set_availability",
        {"operative": False, "evse": 1},
        ("ChangeAvailability", {"operationalStatus": "Inoperative", "evse": {"id": 1}}),
        YES,
        {},
    ),
    (
        "unlock_connector",
        {},
        ("UnlockConnector", {"evseId": 1, "connectorId": 1}),
        {"status": "Unlocked"},
        {"status": "Unlocked"},
    ),
    ("cancel_reservation", {"reservation": 7}, ("CancelReservation", {"reservationId": 7}), YES, {}),
    ("stop_transaction", {"transaction": "t"}, ("RequestStopTransaction", {"transactionId": "t"}), YES, {}),
    ("set_cost", {"transaction": "t", "cost": 1.5}, ("CostUpdated", {"transactionId": "t", "totalCost": 1.5}), {}, {}),
    (
        "allow_energy_transfer",
        {"transaction": "t", "transfers": "AC_BPT"},
        ("NotifyAllowedEnergyTransfer", {"transactionId": "t", "allowedEnergyTransfer": ["AC_BPT"]}),
        YES,
        {},
    ),
    (
        "get_composite_schedule",
        {"duration_s": 600},
        ("GetCompositeSchedule", {"evseId": 0, "duration": 600}),
        YES,
        {},
    ),
    (
        "set_display_message",
        {"id": 3, "message": "Hello", "start": "2026-11-22 20:00:00+00:00"},
        (
            "SetDisplayMessage",
            {
                "message": {
                    "id": 3,
                    "priority": "NormalCycle",
                    "startDateTime": "2026-11-22T20:00:00Z",
                    "message": {"format": "UTF8", "content": "Hello"},
                }
            },
        ),
        YES,
        {},
    ),
    ("clear_display_message", {"id": 3}, ("ClearDisplayMessage", {"id": 3}), YES, {}),
    (
        "trigger_message",
        {"message": "Heartbeat"},
        ("TriggerMessage", {"requestedMessage": "Heartbeat"}),
        YES,
        {},
    ),
    ("clear_cache", {}, ("ClearCache", {}), YES, {}),
    (
        "install_certificate",
        {"kind": "CSMSRootCertificate", "certificate": f"\n{PEM}\n"},
        ("InstallCertificate", {"certificateType": "CSMSRootCertificate", "certificate": PEM}),
        YES,
        {},
    ),
    (
        "get_certificates",
        {"kinds": ["CSMSRootCertificate"]},
        ("GetInstalledCertificateIds", {"certificateType": ["CSMSRootCertificate"]}),
        YES
        | {
            "certificateHashDataChain": [{"certificateType": "CSMSRootCertificate", "certificateHashData": HASH}],
        },
        {"certificates": [{"certificateType": "CSMSRootCertificate", "certificateHashData": HASH}]},
    ),
    ("delete_certificate", {"certificate": HASH}, ("DeleteCertificate", {"certificateHashData": HASH}), YES, {}),
    (
        "transfer_data",
        {"vendor": "com.x", "data": {"Key": 1}},
        ("DataTransfer", {"vendorId": "com.x", "data": {"Key": 1}}),
        YES | {"data": "http://elsewhere"},
        {"data": "http://elsewhere"},
    ),
    (
        "get_variables",
        {"variables": [BEAT]},
        ("GetVariables", {"getVariableData": [BEAT_WIRE]}),
        {"getVariableResult": [RESULT]},
        {"results": [BEAT | {"status": "Accepted", "value": "300"}]},
    ),
    (
        "set_variables",
        {"variables": [BEAT | {"value": 60}]},
        ("SetVariables", {"setVariableData": [BEAT_WIRE | {"attributeValue": "60"}]}),
        {"setVariableResult": [BEAT_WIRE | {"attributeStatus": "RebootRequired"}]},
        {"status": "RebootRequired", "results": [BEAT | {"status": "RebootRequired"}]},
    ),
    (
        "set_monitors",
        {"monitors": [BEAT | {"kind": "Delta", "value": 1}]},
        ("SetVariableMonitoring", {"setMonitoringData": [BEAT_WIRE | {"type": "Delta", "value": 1.0, "severity": 8}]}),
        {"setMonitoringResult": [WATCH]},
        {"results": [BEAT | {"id": 4, "type": "Delta", "severity": 8, "status": "Accepted"}]},
    ),
    (
        "clear_monitors",
        {"ids": [4]},
        ("ClearVariableMonitoring", {"id": [4]}),
        {"clearMonitoringResult": [{"id": 4, "status": "Accepted"}]},
        {"results": [{"id": 4, "status": "Accepted"}]},
    ),
    ("set_monitoring_base", {"base": "All"}, ("SetMonitoringBase", {"monitoringBase": "All"}), YES, {}),
    ("set_monitoring_level", {"severity": 5}, ("SetMonitoringLevel", {"severity": 5}), YES, {}),
]


async def test_every_action_asks_and_answers(hass: HomeAssistant) -> None:
    async with dialled(hass) as (_, fake):
        for name, fields, (message, payload), answer, told in EVERY:
            fake.answers[message] = answer
            assert await ask(hass, name, **fields) == {"station": STATION, "status": "Accepted"} | told, name
            assert fake.last(message) == payload, name


def test_every_action_is_tried() -> None:
    reports = {name for name, *_ in REPORTS}
    others = {"reserve", "start_transaction"}
    every = services_upkeep.ACTIONS.keys() | services_device.ACTIONS.keys()
    assert {name for name, *_ in EVERY} | reports | others == every


NOT_NOW: Final = {"reasonCode": "NotNow", "additionalInfo": "a\x1b[1m" + "x" * 500}


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        ({"status": "Occupied"}, "task_occupied"),
        ({"status": "Faulted"}, "task_faulted"),
        ({"status": "Unavailable"}, "task_unavailable"),
        ({"status": "Rejected", "statusInfo": NOT_NOW}, "task_rejected"),
        ({"status": "Sideways"}, "task_rejected"),
    ],
)
async def test_a_no_is_said_in_words(hass: HomeAssistant, answer: dict[str, Any], key: str) -> None:
    async with dialled(hass) as (home, fake):
        fake.answers["ReserveNow"] = answer
        with pytest.raises(HomeAssistantError) as refused:
            await ask(hass, "reserve", token="04AA")
        assert refused.value.translation_key == key
        assert coordinator(home).state.stations[STATION].memory.reservations == ()
        sentence = str(refused.value)
        assert sentence.startswith("Garage")
        assert "{" not in sentence
        assert len(sentence) < 300
        assert sentence.isprintable()
        assert ("NotNow" in sentence) is ("statusInfo" in answer)


async def test_what_every_row_was_refused_is_a_no(hass: HomeAssistant) -> None:
    async with dialled(hass) as (_, fake):
        row = BEAT_WIRE | {"attributeStatus": "UnknownVariable"}
        fake.answers["GetVariables"] = {"getVariableResult": [row]}
        with pytest.raises(HomeAssistantError) as refused:
            await ask(hass, "get_variables", variables=[BEAT])
        assert refused.value.translation_key == "task_unknown"
        fake.answers["GetVariables"] = {"getVariableResult": [row, RESULT]}
        told = await ask(hass, "get_variables", variables=[BEAT, BEAT])
        assert [r["status"] for r in told["results"]] == ["UnknownVariable", "Accepted"]


NEWER: list[tuple[str, dict[str, Any], str]] = [
    ("reset_station", {"resume": True}, "Reset ImmediateAndResume"),
    ("trigger_message", {"message": "CustomTrigger", "custom": "x"}, "TriggerMessage CustomTrigger"),
    ("set_display_message", {"id": 1, "message": "x", "state": "Discharging"}, "SetDisplayMessage Discharging"),
    ("set_display_message", {"id": 1, "message": "x", "format": "QRCODE"}, "SetDisplayMessage QRCODE"),
    ("get_display_messages", {"state": "Suspended"}, "GetDisplayMessages Suspended"),
    ("get_certificates", {"kinds": ["OEMRootCertificate"]}, "GetInstalledCertificateIds OEMRootCertificate"),
]


@pytest.mark.parametrize(("action", "fields", "lacking"), NEWER)
async def test_what_an_older_version_lacks_of_a_message_it_has_is_named(
    hass: HomeAssistant, action: str, fields: dict[str, Any], lacking: str
) -> None:
    async with dialled(hass, "ocpp2.0.1") as (_, fake):
        with pytest.raises(ServiceValidationError) as refused:
            await ask(hass, action, **fields)
        assert refused.value.translation_key == "version_lacks"
        assert str(refused.value).endswith(f"has no {lacking}")
        assert fake.count(lacking.split(maxsplit=1)[0]) == 0


async def test_a_version_without_the_words_is_said_before_anything_leaves(hass: HomeAssistant) -> None:
    async with dialled(hass, "ocpp2.0.1") as (_, fake):
        with pytest.raises(ServiceValidationError) as refused:
            await ask(hass, "allow_energy_transfer", transaction="t", transfers=["AC_BPT"])
        assert refused.value.translation_key == "version_lacks"
        assert "ocpp2.0.1" in str(refused.value)
        assert fake.count("NotifyAllowedEnergyTransfer") == 0
        with pytest.raises(HomeAssistantError) as unsupported:
            await ask(hass, "clear_cache")
        assert unsupported.value.translation_key == "call_refused"


@pytest.mark.parametrize(
    ("action", "fields", "key"),
    [
        ("reserve", {}, "reserved_for_nobody"),
        ("reserve", {"driver": "Nobody"}, "driver_unknown"),
        ("reserve", {"token": "04AA", "until": "2020-01-01 00:00:00"}, "moment_past"),
        ("cancel_reservation", {}, "reservation_unclear"),
        ("stop_transaction", {}, "no_session"),
        ("customer_information", {}, "customer_unclear"),
        ("customer_information", {"token": "04AA", "customer": "c"}, "customer_unclear"),
        (
            "set_variables",
            {"variables": [{"component": "SecurityCtrlr", "variable": "BasicAuthPassword", "value": "x"}]},
            "password_elsewhere",
        ),
        ("reset_station", {}, "station_offline"),
    ],
)
async def test_what_makes_no_sense_is_refused_in_words(
    hass: HomeAssistant, action: str, fields: dict[str, Any], key: str
) -> None:
    await move_in(hass, station())
    with pytest.raises(HomeAssistantError) as refused:
        await ask(hass, action, **fields)
    assert refused.value.translation_key == key
    assert "{" not in str(refused.value)


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("unlock_connector", {"evse": 0}),
        ("reserve", {"token": "x", "driver": "y"}),
        ("reserve", {"token": "x" * 37}),
        ("install_certificate", {"kind": "CSMSRootCertificate", "certificate": "http://elsewhere/ca.pem"}),
        ("install_certificate", {"kind": "ClientCertificate", "certificate": PEM}),
        ("delete_certificate", {"certificate": {"hashAlgorithm": "MD5"}}),
        ("get_variables", {"variables": []}),
        ("set_variables", {"variables": [BEAT]}),
        ("set_monitoring_level", {"severity": 10}),
    ],
)
async def test_what_does_not_fit_never_leaves(hass: HomeAssistant, action: str, fields: dict[str, Any]) -> None:
    await move_in(hass, station())
    with pytest.raises(probatio.Invalid):
        await ask(hass, action, **fields)


async def test_what_could_break_a_station_is_for_administrators(
    hass: HomeAssistant, hass_read_only_user: MockUser
) -> None:
    await move_in(hass, station())
    somebody = Context(user_id=hass_read_only_user.id)
    for name in services_device.ACTIONS:
        needed = next((fields for action, fields, *_ in EVERY if action == name), {})
        with pytest.raises(Unauthorized):
            await hass.services.async_call(DOMAIN, name, needed, blocking=True, context=somebody)
    with pytest.raises(HomeAssistantError) as offline:
        await hass.services.async_call(DOMAIN, "reset_station", {}, blocking=True, context=somebody)
    assert offline.value.translation_key == "station_offline"


# pieces


async def test_many_variables_leave_in_pieces_the_station_takes(hass: HomeAssistant) -> None:
    async with dialled(hass) as (home, fake):
        limit = Variable("DeviceDataCtrlr", "ItemsPerMessage", instance="GetVariables")
        row = VariableReport(variable=limit, value="4")
        coordinator(home).take(VariablesReported(station=STATION, rows=(row,)))
        fake.answers["GetVariables"] = lambda asked: {
            "getVariableResult": [item | {"attributeStatus": "Accepted"} for item in asked["getVariableData"]]
        }
        names = [f"V{number}" for number in range(5)]
        told = await ask(hass, "get_variables", variables=[{"component": "C", "variable": name} for name in names])
        sizes = [len(payload["getVariableData"]) for name, payload in fake.asked if name == "GetVariables"]
        assert sizes == [4, 1]
        assert [row["variable"] for row in told["results"]] == names


async def test_a_variable_that_was_read_is_known(hass: HomeAssistant) -> None:
    async with dialled(hass) as (home, fake):
        fake.answers["GetVariables"] = {"getVariableResult": [RESULT]}
        await ask(hass, "get_variables", variables=[BEAT])
        rows = coordinator(home).state.stations[STATION].inventory
        assert [row.value for row in rows if row.variable.variable == "HeartbeatInterval"] == ["300"]


# reports


DISPLAYED: Final = {"id": 1, "priority": "InFront", "message": {"format": "URI", "content": "http://elsewhere"}}
MONITORED: Final = BEAT_WIRE | {
    "variableMonitoring": [
        {
            "id": 1,
            "transaction": False,
            "value": 1.0,
            "type": "Delta",
            "severity": 5,
            "eventNotificationType": "CustomMonitor",
        }
    ]
}
MODEL: Final = BEAT_WIRE | {"variableAttribute": [{"value": "300"}]}
PROFILE: Final = {
    "id": 100,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": [
        {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 1.0}]}
    ],
}
AT: Final = "2026-11-22T18:00:00Z"

# (action, fields, message asked, message told, what a part holds, name of the rows, what is answered of two parts)
REPORTS: Final[list[tuple[str, dict[str, Any], str, str, dict[str, Any], str, Any]]] = [
    (
        "get_display_messages",
        {},
        "GetDisplayMessages",
        "NotifyDisplayMessages",
        {"messageInfo": [DISPLAYED]},
        "messages",
        [DISPLAYED, DISPLAYED],
    ),
    (
        "get_monitors",
        {},
        "GetMonitoringReport",
        "NotifyMonitoringReport",
        {"monitor": [MONITORED], "generatedAt": AT},
        "monitors",
        [MONITORED, MONITORED],
    ),
    (
        "customer_information",
        {"token": "04CUSTOMER"},
        "CustomerInformation",
        "NotifyCustomerInformation",
        {"data": "Camille lives here. ", "generatedAt": AT},
        "data",
        "Camille lives here. Camille lives here. ",
    ),
    (
        "get_report",
        {"variables": [{"component": "OCPPCommCtrlr"}]},
        "GetReport",
        "NotifyReport",
        {"reportData": [MODEL], "generatedAt": AT},
        "variables",
        [MODEL, MODEL],
    ),
    (
        "get_report",
        {},
        "GetBaseReport",
        "NotifyReport",
        {"reportData": [MODEL], "generatedAt": AT},
        "variables",
        [MODEL, MODEL],
    ),
    (
        "get_charging_profiles",
        {},
        "GetChargingProfiles",
        "ReportChargingProfiles",
        {"chargingLimitSource": "CSO", "evseId": 1, "chargingProfile": [PROFILE]},
        "profiles",
        2,
    ),
]


@pytest.mark.parametrize(("action", "fields", "asked", "told", "part", "rows", "answered"), REPORTS)
async def test_a_report_in_parts_is_answered_whole(
    hass: HomeAssistant, action: str, fields: dict[str, Any], asked: str, told: str, part: dict[str, Any], rows: str,
    answered: Any,
) -> None:  # fmt: skip
    async with dialled(hass) as (home, fake):
        fake.answers[asked] = lambda _: YES
        asking = asyncio.create_task(ask(hass, action, **fields))
        await until(lambda: fake.count(asked) and fake.last(asked)["requestId"] >= OWNERS_NUMBERS)
        number = fake.last(asked)["requestId"]
        numbered = "generatedAt" in part
        await fake.tell(told, requestId=number, tbc=True, **({"seqNo": 0} if numbered else {}), **part)
        await fake.tell(told, requestId=number + 1, **({"seqNo": 1} if numbered else {}), **part)
        await fake.tell(told, requestId=number, **({"seqNo": 1} if numbered else {}), **part)
        answer = await asking
        assert answer["complete"] is True
        assert (answer["station"], answer["status"]) == (STATION, "Accepted")
        assert (len(answer[rows]) if answered == 2 else answer[rows]) == answered
        diagnostics = orjson.dumps(await async_get_config_entry_diagnostics(hass, home))
        assert b"Camille lives" not in diagnostics
        assert b"04CUSTOMER" not in diagnostics


async def test_a_report_that_stops_coming_is_answered_as_it_is(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "QUIET_S", 0.3)
    async with dialled(hass) as (_, fake):
        fake.answers["GetDisplayMessages"] = YES
        asking = asyncio.create_task(ask(hass, "get_display_messages"))
        await until(lambda: fake.count("GetDisplayMessages"))
        number = fake.last("GetDisplayMessages")["requestId"]
        await fake.tell("NotifyDisplayMessages", requestId=number, tbc=True, messageInfo=[DISPLAYED])
        answer = await asking
        assert (answer["messages"], answer["complete"]) == ([DISPLAYED], False)


@pytest.mark.parametrize(
    ("action", "asked", "status", "rows"),
    [
        ("get_display_messages", "GetDisplayMessages", "Unknown", "messages"),
        ("get_charging_profiles", "GetChargingProfiles", "NoProfiles", "profiles"),
        ("get_monitors", "GetMonitoringReport", "EmptyResultSet", "monitors"),
    ],
)
async def test_nothing_to_report_is_answered_at_once(
    hass: HomeAssistant, action: str, asked: str, status: str, rows: str
) -> None:
    async with dialled(hass) as (_, fake):
        fake.answers[asked] = {"status": status}
        told = await ask(hass, action)
        assert told == {"station": STATION, "status": status, rows: [], "complete": True}


async def test_what_a_person_is_told_of_never_stays(hass: HomeAssistant) -> None:
    async with dialled(hass) as (home, fake):
        fake.answers["CustomerInformation"] = YES
        fake.answers["DataTransfer"] = YES | {"data": "a-word-of-the-maker"}
        await ask(hass, "customer_information", report=False, clear=True, customer="customer-of-mine")
        await ask(hass, "transfer_data", vendor="com.x", data="a-word-to-the-maker")
        told = orjson.dumps(await async_get_config_entry_diagnostics(hass, home))
        for private in (b"customer-of-mine", b"a-word-of-the-maker", b"a-word-to-the-maker"):
            assert private not in told


# reservation, start, stop


async def test_a_reservation_is_shown_until_it_is_given_up(hass: HomeAssistant) -> None:
    async with dialled(hass) as (home, fake):
        flex = coordinator(home)
        badge = Badge(token="04AA", kind="ISO15693", driver="Camille", group="FAMILY")
        await become(hass, home, replace(flex.state, access=AccessList(badges=(badge,))))
        fake.answers |= {"ReserveNow": YES, "CancelReservation": YES}
        told = await ask(hass, "reserve", driver="camille", minutes=30)
        sent = fake.last("ReserveNow")
        assert sent["idToken"] == {"idToken": "04AA", "type": "ISO15693"}
        assert sent["groupIdToken"] == {"idToken": "FAMILY", "type": "Central"}
        assert sent["id"] == told["reservation"]
        ends = datetime.fromisoformat(told["until"]) - datetime.now(UTC)
        assert timedelta(minutes=29) < ends <= timedelta(minutes=30)
        await until(lambda: seen(hass, PART, "reserved", "binary_sensor").state == "on")
        (shown,) = seen(hass, PART, "reserved", "binary_sensor").attributes["reservations"]
        assert shown == {"id": told["reservation"], "until": told["until"], "evse": None, "driver": "Camille"}
        await ask(hass, "cancel_reservation")
        assert fake.last("CancelReservation") == {"reservationId": told["reservation"]}
        await until(lambda: seen(hass, PART, "reserved", "binary_sensor").state == "off")


async def test_a_reserved_connector_shows_whoever_reserved_it(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    await become(hass, home, with_evse(coordinator(home).state, connector=ConnectorStatus.RESERVED))
    assert seen(hass, PART, "reserved", "binary_sensor").state == "on"


async def test_a_charge_is_started_in_the_homes_name_or_a_drivers(hass: HomeAssistant) -> None:
    async with dialled(hass) as (_, fake):
        fake.answers["RequestStartTransaction"] = YES | {"transactionId": "t9"}
        told = await ask(hass, "start_transaction")
        assert told == {"station": STATION, "status": "Accepted", "transaction": "t9"}
        ours = fake.last("RequestStartTransaction")
        assert (ours["idToken"]["type"], ours["evseId"]) == ("Central", 1)
        await ask(hass, "start_transaction", token="04AA", token_type="eMAID", evse=1)
        theirs = fake.last("RequestStartTransaction")
        assert theirs["idToken"] == {"idToken": "04AA", "type": "eMAID"}
        assert theirs["remoteStartId"] != ours["remoteStartId"]


async def test_the_running_charge_is_meant_where_none_is_named(hass: HomeAssistant) -> None:
    async with dialled(hass) as (home, fake):
        flex = coordinator(home)
        session = Session(
            key=f"{STATION}/t1", station=STATION, evse=1, transaction="t1", started_at=datetime.now(UTC),
            phase=Phase.STANDARD,
        )  # fmt: skip
        state = replace(flex.state, sessions=MappingProxyType({session.key: session}))
        await become(hass, home, with_evse(state, phase=Phase.STANDARD, session=session.key))
        fake.answers["RequestStopTransaction"] = YES
        await ask(hass, "stop_transaction")
        assert fake.last("RequestStopTransaction") == {"transactionId": "t1"}


# entities


async def press(hass: HomeAssistant, key: str) -> None:
    """Press a button of the station."""
    target = {"entity_id": find(hass, PART, key, "button")}
    await hass.services.async_call("button", "press", target, blocking=True)


async def test_a_button_restarts_the_station(hass: HomeAssistant) -> None:
    async with dialled(hass) as (_, fake):
        fake.answers["Reset"] = {"status": "Rejected"}
        await until(lambda: seen(hass, PART, "reset", "button").state != "unavailable")
        assert seen(hass, PART, "reset", "button").attributes["device_class"] == "restart"
        with pytest.raises(HomeAssistantError) as refused:
            await press(hass, "reset")
        assert refused.value.translation_key == "task_rejected"
        fake.answers["Reset"] = YES
        await press(hass, "reset")
        assert fake.last("Reset") == {"type": "OnIdle"}


@pytest.mark.as_at_first
async def test_the_unlock_button_waits_to_be_enabled(hass: HomeAssistant) -> None:
    await move_in(hass, station())
    entry = er.async_get(hass).async_get(find(hass, PART, "unlock", "button"))
    assert entry is not None
    assert entry.disabled_by is er.RegistryEntryDisabler.INTEGRATION


async def test_a_switch_takes_the_station_out_of_service_and_back(hass: HomeAssistant) -> None:
    async with dialled(hass) as (home, fake):
        fake.answers["ChangeAvailability"] = {"status": "Scheduled"}
        await until(lambda: seen(hass, PART, "available", "switch").state == "on")
        target = {"entity_id": find(hass, PART, "available", "switch")}
        await hass.services.async_call("switch", "turn_off", target, blocking=True)
        assert fake.last("ChangeAvailability") == {"operationalStatus": "Inoperative"}
        await until(lambda: seen(hass, PART, "available", "switch").state == "off")
        await ask(hass, "set_availability", operative=False, evse=1)
        assert coordinator(home).state.stations[STATION].memory.disabled == ((0, 0), (1, 0))
        await hass.services.async_call("switch", "turn_on", target, blocking=True)
        asked = [payload for name, payload in fake.asked if name == "ChangeAvailability"][-2:]
        assert asked == [
            {"operationalStatus": "Operative"},
            {"operationalStatus": "Operative", "evse": {"id": 1}},
        ]
        await until(lambda: seen(hass, PART, "available", "switch").state == "on")


async def test_incidents_are_told_once_each(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    flex, at = coordinator(home), datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
    told: list[dict[str, Any]] = []
    incident = find(hass, PART, "incident", "event")
    assert seen(hass, PART, "incident", "event").state == "unknown"

    def note(event: Any) -> None:
        state = event.data["new_state"]
        if event.data["entity_id"] == incident and state.state not in ("unknown", "unavailable"):
            told.append(dict(state.attributes))

    hass.bus.async_listen("state_changed", note)
    flex.take(SecurityReported(station=STATION, kind="TamperDetectionActivated", at=at, text="flap"))
    flex.take(SecurityReported(station=STATION, kind="ResetOrReboot", at=at))
    component = "ConnectorPlugRetentionLock"
    flex.take(ProblemReported(station=STATION, evse=1, component=component, variable="Problem", active=True, text="x"))
    await until(lambda: len(told) == 3)
    await hass.async_block_till_done()
    by_type = {attributes["event_type"]: attributes for attributes in told}
    assert by_type.keys() == {"tamper_detection_activated", "reset_or_reboot", "lock"}
    assert by_type["tamper_detection_activated"]["text"] == "flap"
    assert by_type["lock"]["origin"] == "ConnectorPlugRetentionLock.Problem"
    assert [by_type[word]["kind"] for word in ("reset_or_reboot", "lock")] == ["security", "fault"]
    flex.take(ProblemReported(station=STATION, evse=1, component=component, variable="Problem", active=True, text="x"))
    await asyncio.sleep(1.2)
    assert len(told) == 3
