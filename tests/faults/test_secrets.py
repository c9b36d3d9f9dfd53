"""Every door of the home gets a secret of its own; none of them is seen again where somebody else might read it."""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable
import json
import logging
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest

from custom_components.mobilize_flex import backup, diagnostics
from custom_components.mobilize_flex.const import DOMAIN
from custom_components.mobilize_flex.store import store_path
from tests.certification.lab import ID, PLACE, SECRET, Json, Lab, Station, stamp
from tests.shell.vendor import Vendor

BADGE, OTHER_BADGE, STRANGER = "CANARYBADGE01", "CANARYBADGE02", "CANARYBADGE03"
NEW_PASSWORD = "CANARYPASSWORD04-and-a-bit-more"
VENDOR_PASSWORD = "CANARYVENDOR05-and-a-bit-more"
CANARIES: dict[str, str] = {
    "the password of the station": SECRET,
    "a wrong password": "CANARYGUESS06-and-a-bit-more-of-it",
    "a new password": NEW_PASSWORD,
    "the password at the vendor": VENDOR_PASSWORD,
    "a badge": BADGE,
    "a badge on the list": OTHER_BADGE,
    "a badge nobody knows": STRANGER,
    "the car's own name": "CANARYEVCCID7",
    "a contract": "CANARYEMAID08",
    "a group": "CANARYGROUP09",
    "what a vendor tells": "CANARYDATA010",
    "a variable": "CANARYVARIABLE11",
    "a report on a customer": "CANARYCUSTOMER12",
    "a contract certificate": "CANARYCERTIFICATE13",
    "a request of the car": "CANARYEXI14",
    "a serial number": "CANARYSERIAL15",
    "a SIM card": "CANARYICCID16",
}
WHERE_KEPT = {"a badge", "a badge on the list", "a group", "a serial number"}
"""What the memory of the home must hold: who may charge, who did, and which station it was."""


def encoded(secrets: dict[str, str]) -> dict[str, str]:
    """Return secrets with the claims made of them."""
    claims = {f"claim of {name}": b64encode(f"{ID}:{word}".encode()).decode() for name, word in secrets.items()}
    return secrets | claims


class Home:
    """A home, and everything that may be read of it."""

    def __init__(self, lab: Lab, hass: HomeAssistant) -> None:
        self.lab, self.hass = lab, hass
        self.station: Station
        self.secrets = encoded(CANARIES)
        self.errors: list[str] = []
        self.shown: list[str] = []

    async def begin(self, **station: Any) -> None:
        await self.lab.open(station)
        self.station = await self.lab.dial()
        accepted = {"status": "Accepted"}
        for action in ("SendLocalList", "ClearCache", "SetChargingProfile", "ClearChargingProfile"):
            self.station.always[action] = accepted

    async def look(self) -> None:
        """Look at everything there is to see now."""
        entry, devices = self.lab.entry, dr.async_get(self.hass)
        seen: list[Any] = [await diagnostics.async_get_config_entry_diagnostics(self.hass, entry)]
        seen += [
            await diagnostics.async_get_device_diagnostics(self.hass, entry, device)
            for device in dr.async_entries_for_config_entry(devices, entry.entry_id)
        ]
        seen.append([state.as_dict() for state in self.hass.states.async_all()])
        issues = [issue for issue in ir.async_get(self.hass).issues.values() if issue.domain == DOMAIN]
        seen.append([[issue.issue_id, issue.translation_placeholders, issue.data] for issue in issues])
        self.shown.append(json.dumps(seen, default=str))

    async def act(self, action: str, **fields: Any) -> Any:
        """Call an action; what it says when it fails is looked at."""
        call = self.hass.services.async_call(
            DOMAIN, action, fields, blocking=True, return_response=self._answers(action)
        )
        try:
            return await call
        except HomeAssistantError as error:
            self.errors += [str(error), repr(error), json.dumps(error.translation_placeholders or {})]
            return None

    async def play(self, act: Awaitable[Any], action: str, reply: Json | None, **error: str) -> Any:
        """Call an action whose question the station answers, or refuses."""
        task = asyncio.ensure_future(act)
        if reply is None:
            await self.station.refuse(action, **error)
        else:
            await self.station.answer(action, reply)
        return await task

    def leaks(self, text: str, but: frozenset[str] | set[str] = frozenset()) -> list[str]:
        where = {name: text.find(secret) for name, secret in self.secrets.items() if name not in but}
        return [f"{name}: {text[max(0, at - 80) : at + 20]}" for name, at in where.items() if at >= 0]

    def _answers(self, action: str) -> bool:
        return str(self.hass.services.supports_response(DOMAIN, action)) != "none"


@pytest.fixture
async def home(lab: Lab, hass: HomeAssistant) -> Home:
    assert await async_setup_component(hass, "diagnostics", {})
    return Home(lab, hass)


def of_ours(records: list[logging.LogRecord]) -> str:
    """Return what was logged by us and by the libraries we serve stations with; not what the test's stations said."""
    theirs = ("homeassistant", "pytest", "sqlalchemy", "tests", "probatio")
    written = [r for r in records if not r.name.startswith(theirs)]
    assert any(r.name.startswith("custom_components.mobilize_flex") for r in written)
    return "\n".join(logging.Formatter("%(name)s %(message)s").format(r) for r in written)


def everything_in(folder: Path) -> str:
    """Return the letters of every file, as a backup takes them."""
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file()).decode("latin-1")


async def tell_everything(home: Home) -> None:
    """Let the station say all it knows about people."""
    say, word = home.station.call, CANARIES
    who = {
        "serialNumber": word["a serial number"],
        "modem": {"iccid": word["a SIM card"], "imsi": word["a SIM card"]},
    }
    await say("BootNotification", {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"} | who})
    await home.station.status("Occupied")
    await home.look()
    token = {
        "idToken": BADGE,
        "type": "ISO14443",
        "additionalInfo": [{"additionalIdToken": word["the car's own name"], "type": "EVCCID"}],
    }
    hashes = {"hashAlgorithm": "SHA256", "issuerNameHash": "aa", "issuerKeyHash": "bb", "serialNumber": "1"}
    await say("Authorize", {"idToken": token, "certificate": word["a contract certificate"]})
    await say(
        "Authorize",
        {
            "idToken": {"idToken": word["a contract"], "type": "eMAID"},
            "iso15118CertificateHashData": [hashes | {"responderURL": "https://example.com/"}],
        },
    )
    await say("Authorize", {"idToken": {"idToken": STRANGER, "type": "ISO14443"}})
    await home.station.event("Started", "Authorized", 0, evse=PLACE, idToken=token)
    await home.look()
    await say("DataTransfer", {"vendorId": "V", "messageId": "M", "data": word["what a vendor tells"]})
    await say("DataTransfer", {"vendorId": word["what a vendor tells"], "data": {"x": [word["what a vendor tells"]]}})
    secret = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    row = secret | {"variableAttribute": [{"value": word["a variable"]}]}
    await say("NotifyReport", {"requestId": 1, "generatedAt": stamp(), "seqNo": 0, "reportData": [row]})
    event = {"eventId": 1, "timestamp": stamp(), "trigger": "Delta", "eventNotificationType": "HardWiredNotification"}
    event |= secret | {"actualValue": word["a variable"], "techInfo": word["a variable"]}
    await say("NotifyEvent", {"generatedAt": stamp(), "seqNo": 0, "eventData": [event]})
    await home.look()
    told = {"requestId": 1, "data": word["a report on a customer"], "seqNo": 0, "generatedAt": stamp()}
    await say("NotifyCustomerInformation", told)
    await say("SecurityEventNotification", {"type": "Odd", "timestamp": stamp(), "techInfo": f"by {BADGE}"})
    for asked, field in (("Get15118EVCertificate", "exiRequest"), ("SignCertificate", "csr")):
        with_schema = {"iso15118SchemaVersion": "urn:x", "action": "Install"} if field == "exiRequest" else {}
        await say_anyway(home, asked, {field: word["a request of the car"]} | with_schema)
    await home.station.socket.send_str(f'[2,"broken","Authorize",{{"idToken":"{BADGE}"')
    await home.station.socket.send_json([4, "nobody-asked", "InternalError", f"{BADGE} {SECRET}", {"x": SECRET}])
    await home.station.socket.send_json([2, "odd", BADGE, {}])
    await home.station.event("Updated", "Deauthorized", 1, evse=PLACE, idToken=token | {"type": "Odd"})
    await home.look()


async def say_anyway(home: Home, action: str, payload: Json) -> None:
    """Say something that may be refused."""
    try:
        await home.station.call(action, payload)
    except Exception as refusal:  # noqa: BLE001 - the test's own station; what it hears is looked at
        home.errors.append(str(refusal))


async def ask_everything(home: Home) -> None:
    """Let the owner use every action that takes or gives a secret, at a station that repeats all it hears."""
    act, play, group = home.act, home.play, CANARIES["a group"]
    await act("set_token", token=OTHER_BADGE, driver="Lou", group=group)
    await act("set_token", token=OTHER_BADGE, driver="Lou", status="blocked", group=group)
    await act("remove_token", token=STRANGER)
    echo = {"reasonCode": OTHER_BADGE[:20], "additionalInfo": f"{OTHER_BADGE} is not known here"}
    refused: Json = {"status": "Rejected", "statusInfo": echo}
    reserve = {"station": ID, "token": OTHER_BADGE, "minutes": 5}
    await play(act("reserve", **reserve), "ReserveNow", refused)
    await play(act("reserve", **reserve), "ReserveNow", None, code="InternalError", description=OTHER_BADGE)
    customer = {"station": ID, "token": OTHER_BADGE, "report": True}
    await play(act("customer_information", **customer), "CustomerInformation", refused)
    data = {"station": ID, "vendor": "V", "data": CANARIES["what a vendor tells"]}
    await play(act("transfer_data", **data), "DataTransfer", refused)
    await play(act("start_transaction", station=ID, token=OTHER_BADGE), "RequestStartTransaction", refused)
    await home.look()
    password = {"station": ID, "password": NEW_PASSWORD}
    named = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    result = named | {"attributeStatus": "Rejected", "attributeStatusInfo": {"reasonCode": NEW_PASSWORD[:20]}}
    await play(act("set_station_password", **password), "SetVariables", {"setVariableResult": [result]})
    await play(act("set_station_password", **password), "SetVariables", None, code=NEW_PASSWORD)
    await play(act("set_station_password", **password), "SetVariables", {"setVariableResult": [named]})
    await home.look()
    await act("set_station_password", station=ID, password="CANARYSHORT")
    await act(
        "set_variables",
        station=ID,
        variables=[{"component": "SecurityCtrlr", "variable": "BasicAuthPassword", "value": NEW_PASSWORD}],
    )
    variables = [{"component": "SecurityCtrlr", "variable": "BasicAuthPassword"}]
    value = named | {"attributeStatus": "Accepted", "attributeValue": CANARIES["a variable"]}
    await play(act("get_variables", station=ID, variables=variables), "GetVariables", {"getVariableResult": [value]})
    log = asyncio.ensure_future(act("get_log", station=ID, wait=False))
    asked = await home.station.expect("GetLog")
    home.secrets["an upload address"] = asked["log"]["remoteLocation"].rpartition("/")[2]
    await home.look()
    await home.station.answer(
        "GetLog", {"status": "Rejected", "statusInfo": {"reasonCode": "X", "additionalInfo": "?"}}
    )
    await log
    await home.look()


async def issue_a_key(home: Home) -> None:
    """Let the owner have a certificate made, whose key is shown this once."""
    made = await home.act("issue_station_certificate", station=ID)
    assert load_pem_private_key(made["private_key"].encode(), None)
    home.secrets["a private key"] = made["private_key"].splitlines()[1]
    await home.look()


async def test_row_27_no_secret_is_seen_again(
    home: Home, hass: HomeAssistant, caplog: pytest.LogCaptureFixture, hass_storage: dict[str, Any]
) -> None:
    caplog.set_level(logging.DEBUG)
    await home.begin()
    with pytest.raises(Exception, match="401"):
        await home.lab.dial(password=CANARIES["a wrong password"])
    await tell_everything(home)
    await ask_everything(home)
    await issue_a_key(home)
    assert home.leaks("\n".join(home.shown)) == []
    assert len(home.errors) >= 10
    assert home.leaks("\n".join(home.errors)) == []
    assert home.leaks(of_ours(caplog.records)) == []
    await backup.async_pre_backup(hass)
    kept = await hass.async_add_executor_job(everything_in, Path(hass.config.path(DOMAIN)))
    assert home.leaks(kept, WHERE_KEPT) == []
    await backup.async_post_backup(hass)
    assert home.leaks(json.dumps([home.lab.entry.as_dict(), hass_storage], default=str)) == []


async def test_row_27_a_vendors_password_is_the_vendors_only(
    home: Home, hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    vendor = Vendor()
    await vendor.open()
    url = f"ws://127.0.0.1:{vendor.port}/ocpp"
    await home.begin(vendor_url=url, vendor_user="CANARYUSER17", vendor_password=VENDOR_PASSWORD)
    home.secrets |= {"the user at the vendor": "CANARYUSER17", "the vendor": str(vendor.port)}
    await home.lab.until(lambda: vendor.lines)
    assert vendor.headers[0][1] == f"Basic {b64encode(f'CANARYUSER17:{VENDOR_PASSWORD}'.encode()).decode()}"
    await vendor.close()
    await tell_everything(home)
    assert home.leaks("\n".join(home.shown)) == []
    assert home.leaks(of_ours([r for r in caplog.records if not r.name.startswith(("websockets", "asyncio"))])) == []
    memory = store_path(hass, home.lab.entry.entry_id)
    assert VENDOR_PASSWORD.encode() not in await hass.async_add_executor_job(memory.read_bytes)
