"""A station looked after over real sockets: everything its owner may ask of it, and what he gets."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.mobilize_flex.core.model.session import Phase
from custom_components.mobilize_flex.core.model.state import StationState

from .conftest import STATION_ID, Journey

pytestmark = pytest.mark.timeout(180)

BEAT = {"component": "OCPPCommCtrlr", "variable": "HeartbeatInterval"}


@pytest.fixture
async def home(journey: Journey) -> Journey:
    """Return a home whose station has been met: its inventory is known, the connector tells its state."""
    await journey.begin()
    await journey.until(lambda: station(journey).online and station(journey).inventory_whole)
    await journey.until(lambda: journey.evse.connector is not None)
    return journey


def station(journey: Journey) -> StationState:
    """Return the station as the integration sees it."""
    return journey.coordinator.state.stations[STATION_ID]


async def ask(journey: Journey, name: str, /, **fields: Any) -> Any:
    """Call an action that answers."""
    return await journey.act(name, answer=True, **fields)


async def refused(journey: Journey, name: str, /, **fields: Any) -> str | None:
    """Call an action that is refused; return by which sentence."""
    with pytest.raises(HomeAssistantError) as no:
        await journey.act(name, **fields)
    assert "{" not in str(no.value)
    return no.value.translation_key


async def test_a_station_is_taken_out_of_service_and_back(home: Journey) -> None:
    await home.until(lambda: home.state("available").state == "on")
    await home.act("set_availability", operative=False)
    await home.until(lambda: home.state("available").state == "off" and home.state("light").state == "red")
    assert await refused(home, "reserve", token="04AA") == "task_unavailable"
    target = {"entity_id": home.entity("available")}
    await home.hass.services.async_call("switch", "turn_on", target, blocking=True)
    await home.until(lambda: home.state("available").state == "on" and home.state("light").state == "green")


async def test_a_reservation_is_seen_by_everybody_until_it_ends(home: Journey) -> None:
    told = await ask(home, "reserve", token="04AA", minutes=5)
    await home.until(lambda: home.state("reserved").state == "on" and home.state("light").state == "orange")
    assert await refused(home, "reserve", token="04BB") == "task_occupied"
    assert [r.id for r in station(home).memory.reservations] == [told["reservation"]]
    await home.act("cancel_reservation")
    await home.until(lambda: home.state("reserved").state == "off" and home.state("light").state == "green")
    soon = datetime.now(UTC) + timedelta(seconds=3)
    await ask(home, "reserve", token="04AA", until=soon.isoformat())
    await home.until(lambda: home.state("reserved").state == "on")
    await home.until(lambda: home.state("reserved").state == "off")


async def test_a_restart_is_ordered_and_survived(home: Journey) -> None:
    link = station(home).link
    await home.press("reset")
    await home.until(lambda: station(home).link > link and station(home).online)


async def test_the_cable_is_released_only_when_nobody_charges(home: Journey) -> None:
    assert (await ask(home, "unlock_connector"))["status"] == "Unlocked"
    assert await refused(home, "unlock_connector", connector=2) == "connector_unknown"
    assert home.world is not None
    home.world.plug_in()
    await home.until(lambda: home.evse.phase is Phase.V2G)
    assert await refused(home, "unlock_connector") == "task_charging"
    assert (await ask(home, "stop_transaction"))["status"] == "Accepted"
    await home.until(lambda: home.evse.phase is Phase.FINISHED)
    assert await refused(home, "stop_transaction") == "no_session"


async def test_variables_are_read_and_written(home: Journey) -> None:
    told = await ask(home, "set_variables", variables=[BEAT | {"value": "123"}])
    assert told["results"][0]["status"] == "Accepted"
    unknown = {"component": "Nothing", "variable": "AtAll"}
    told = await ask(home, "get_variables", variables=[BEAT, unknown])
    assert [(row["status"], row.get("value")) for row in told["results"]] == [
        ("Accepted", "123"),
        ("UnknownComponent", None),
    ]
    assert await refused(home, "get_variables", variables=[unknown]) == "task_unknown"


async def test_reports_come_whole(home: Journey) -> None:
    summary = await ask(home, "get_report", base="SummaryInventory")
    some = await ask(home, "get_report", variables=[{"component": "OCPPCommCtrlr"}])
    every = await ask(home, "get_report")
    assert summary["complete"]
    assert some["complete"]
    assert every["complete"]
    assert {row["component"]["name"] for row in some["variables"]} == {"OCPPCommCtrlr"}
    assert len(every["variables"]) > len(some["variables"]) > 1
    profiles = await ask(home, "get_charging_profiles")
    assert profiles["complete"]
    held = {row["id"] for part in profiles["profiles"] for row in part["chargingProfile"]}
    assert held >= {100, 110}
    schedule = await ask(home, "get_composite_schedule", duration_s=600)
    assert schedule["schedule"]["chargingSchedulePeriod"]


async def test_what_is_watched_can_be_chosen(home: Journey) -> None:
    power = {"component": "EVSE", "variable": "Power", "evse": 1}
    told = await ask(home, "set_monitors", monitors=[power | {"kind": "UpperThreshold", "value": 5000}])
    number = told["results"][0]["id"]
    monitors = await ask(home, "get_monitors")
    assert monitors["complete"]
    ids = {one["id"] for row in monitors["monitors"] for one in row["variableMonitoring"]}
    assert number in ids
    assert (await ask(home, "clear_monitors", ids=[number]))["results"][0]["status"] == "Accepted"
    assert await refused(home, "clear_monitors", ids=[number + 1000]) == "task_unknown"
    assert (await ask(home, "set_monitoring_level", severity=5))["status"] == "Accepted"
    assert (await ask(home, "set_monitoring_base", base="All"))["status"] == "Accepted"


async def test_messages_are_shown_listed_and_taken_away(home: Journey) -> None:
    assert (await ask(home, "get_display_messages"))["messages"] == []
    for number in (1, 2, 3, 4):
        await home.act("set_display_message", id=number, message=f"Message {number}")
    told = await ask(home, "get_display_messages")
    assert told["complete"]
    assert [one["id"] for one in told["messages"]] == [1, 2, 3, 4]
    await home.act("clear_display_message", id=1)
    assert await refused(home, "clear_display_message", id=1) == "task_unknown"
    assert await refused(home, "set_display_message", id=9, message="x", transaction="nobody") == "task_unknown"


def root() -> str:
    """Return a certificate that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a root")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 7, now, now + timedelta(days=1))
    return made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


async def test_certificates_are_installed_listed_and_deleted(home: Journey) -> None:
    kind = "ManufacturerRootCertificate"
    before = (await ask(home, "get_certificates", kinds=[kind])).get("certificates", [])
    await home.act("install_certificate", kind=kind, certificate=root())
    after = (await ask(home, "get_certificates", kinds=[kind]))["certificates"]
    (added,) = [one for one in after if one not in before]
    await home.act("delete_certificate", certificate=added["certificateHashData"])
    assert await refused(home, "delete_certificate", certificate=added["certificateHashData"]) == "task_unknown"


async def test_what_a_station_keeps_of_somebody_is_told_and_the_rest_is_said_politely(home: Journey) -> None:
    told = await ask(home, "customer_information", token="04NOBODY")
    assert (told["data"], told["complete"]) == ("", True)
    assert await refused(home, "transfer_data", vendor="com.nobody", message="m") == "task_unknown"
    assert (await ask(home, "trigger_message", message="Heartbeat"))["status"] == "Accepted"
    assert await refused(home, "trigger_message", message="PublishFirmwareStatusNotification") == "task_not_supported"
