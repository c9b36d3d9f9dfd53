"""Stations, cars, the meter and the tariff are added to a home, and changed."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.mobilize_flex.configuration import access_of, site_config
from custom_components.mobilize_flex.core.model.config import Automatic
from custom_components.mobilize_flex.core.model.station import Version
from custom_components.mobilize_flex.shell.byte_line import LineError, LineFault
from custom_components.mobilize_flex.shell.credentials import matches
from simulator.linky import Linky, LinkySettings
from tests.face.homes import BASE, LINKY, STATION, VEHICLE, Part, home, part

PROBE = "custom_components.mobilize_flex.flow_meter.probe"
OWN_SECRET = "correct-horse-battery"

pytestmark = pytest.mark.usefixtures("setup_entry")


@pytest.fixture(name="setup_entry")
def _setup_entry() -> Iterator[None]:
    """Keep sites from really starting: here only the questions count."""
    with patch("custom_components.mobilize_flex.async_setup_entry", return_value=True):
        yield


async def live(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Add a home that runs and listens to changes."""
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)

    async def changed(_: HomeAssistant, __: Any) -> None:
        """Apply in place, as the real one does."""

    entry.add_update_listener(changed)
    return entry


@pytest.fixture(name="site")
async def _site(hass: HomeAssistant) -> MockConfigEntry:
    return await live(hass, home())


def only(entry: MockConfigEntry, kind: str) -> Any:
    """Return the one part of a kind."""
    (found,) = [s for s in entry.subentries.values() if s.subentry_type == kind]
    return found


# station


async def test_a_station_is_added_with_a_password_shown_once(hass: HomeAssistant, site: MockConfigEntry) -> None:
    dialog = Part(hass, site, "station")
    page = await dialog.open()
    assert (page["step_id"], page["errors"]) == ("user", {})
    page = await dialog.fill(identity=" FLEX-1 ", name="Garage", selector="16", fallback_a=10, priority=2)
    assert (page["step_id"], site.subentries) == ("secret", {})
    words = page["description_placeholders"]
    assert (words["identity"], words["urls"], len(words["secret"])) == ("FLEX-1", "- `ws://127.0.0.1:9000/`", 32)
    (code,) = page["data_schema"].schema.values()
    assert code.config["data"] == "ws://127.0.0.1:9000/FLEX-1"
    page = await dialog.fill()
    assert (page["type"], page["title"], page["unique_id"]) == (FlowResultType.CREATE_ENTRY, "Garage", "FLEX-1")
    station = only(site, "station")
    assert {**station.data, "sealed_secret": "sealed"} == {**STATION, "selector": "16", "fallback_a": 10, "priority": 2}
    assert matches(words["secret"], station.data["sealed_secret"])
    assert words["secret"] not in str(site.as_dict())


@pytest.mark.parametrize(
    ("site_data", "others", "amperes"),
    [
        ({"subscribed_kva": 6.0, "breaker_a": 30.0}, 0, 7),
        ({"subscribed_kva": 9.0, "breaker_a": 45.0}, 0, 11),
        ({"subscribed_kva": 36.0, "breaker_a": 60.0, "phases": 3}, 0, 15),
        ({"subscribed_kva": 12.0, "phases": 3}, 0, 6),
        ({"subscribed_kva": 12.0, "breaker_a": 60.0}, 1, 6),
        ({"breaker_a": 63.0, "subscribed_kva": None}, 0, 8),
        ({"breaker_a": 125.0, "subscribed_kva": None}, 0, 16),
    ],
)
async def test_the_fallback_suggested_fits_on_top_of_a_house_at_its_limit(
    hass: HomeAssistant, site_data: dict[str, Any], others: int, amperes: int
) -> None:
    parts = [part("station", STATION, f"FLEX-{n}", key=f"s{n}") for n in range(others)]
    site = await live(hass, home(*parts, **site_data))
    dialog = Part(hass, site, "station")
    await dialog.open()
    assert dialog.suggested("fallback_a") == amperes
    await dialog.fill(identity="NEW-1", name="Garage", selector="32", phases="1")
    await dialog.fill()
    made = next(s for s in site.subentries.values() if s.unique_id == "NEW-1")
    assert made.data["fallback_a"] == amperes


async def test_a_station_may_have_a_password_of_the_owners(hass: HomeAssistant, site: MockConfigEntry) -> None:
    dialog = Part(hass, site, "station")
    await dialog.open()
    page = await dialog.fill(identity="FLEX-1", name="Garage", password={"own_secret": OWN_SECRET})
    assert page["description_placeholders"]["secret"] == OWN_SECRET
    await dialog.fill()
    assert matches(OWN_SECRET, only(site, "station").data["sealed_secret"])


async def test_a_station_for_badges(hass: HomeAssistant, site: MockConfigEntry) -> None:
    dialog = Part(hass, site, "station")
    await dialog.open()
    await dialog.fill(identity="FLEX-1", name="Garage", access="badges")
    await dialog.fill()
    station = only(site, "station")
    assert station.data["access"] == "badges"


@pytest.mark.parametrize(
    ("answers", "errors"),
    [
        ({"identity": " "}, {"identity": "identity_length"}),
        ({"identity": "x" * 49}, {"identity": "identity_length"}),
        ({"identity": "FLEX:1"}, {"identity": "identity_characters"}),
        ({"identity": "FLEX 1"}, {"identity": "identity_characters"}),
        ({"identity": "FLEX/1"}, {"identity": "identity_characters"}),
        ({"identity": ".."}, {"identity": "identity_characters"}),
        ({"identity": "KNOWN"}, {"identity": "identity_taken"}),
        ({"name": " "}, {"name": "name_missing"}),
        ({"phases": "3"}, {"phases": "phases_exceed_site"}),
        ({"fallback_a": 5}, {"fallback_a": "fallback_a_range"}),
        ({"priority": 10}, {"priority": "priority_range"}),
        ({"selector": "Z", "fallback_a": 9}, {"fallback_a": "fallback_exceeds_selector"}),
        ({"password": {"own_secret": "too short"}}, {"password": "secret_length"}),
        ({"password": {"own_secret": "x" * 41}}, {"password": "secret_length"}),
        ({"password": {"own_secret": "sixteen letters and"}}, {"password": "secret_characters"}),
        ({"password": {"own_secret": "clé-de-la-borne-1"}}, {"password": "secret_characters"}),
    ],
)
async def test_a_wrong_answer_about_a_station_can_be_mended(
    hass: HomeAssistant, answers: dict[str, Any], errors: dict[str, str]
) -> None:
    site = await live(hass, home(part("station", STATION, "KNOWN")))
    dialog = Part(hass, site, "station")
    await dialog.open()
    page = await dialog.fill(**{"identity": "FLEX-1", "name": "Garage", **answers})
    assert (page["step_id"], page["errors"]) == ("user", errors)
    page = await dialog.fill(identity="FLEX-1", name="Garage")
    assert page["step_id"] == "secret"


async def test_the_same_station_twice_at_the_same_time(hass: HomeAssistant, site: MockConfigEntry) -> None:
    first, second = Part(hass, site, "station"), Part(hass, site, "station")
    for dialog in (first, second):
        await dialog.open()
        await dialog.fill(identity="FLEX-1", name="Garage")
    assert (await first.fill())["type"] is FlowResultType.CREATE_ENTRY
    assert (await second.fill())["reason"] == "already_configured"


@pytest.mark.parametrize(
    ("host", "announced", "urls"),
    [
        ("0.0.0.0", ["192.168.1.10", "fe80::1", "10.0.0.2"], ["ws://192.168.1.10:9000/", "ws://10.0.0.2:9000/"]),
        ("0.0.0.0", [], ["ws://homeassistant.local:9000/"]),
        ("::1", [], ["ws://[::1]:9000/"]),
    ],
)
async def test_the_addresses_a_station_may_dial(
    hass: HomeAssistant, host: str, announced: list[str], urls: list[str]
) -> None:
    site = await live(hass, home(host=host))
    dialog = Part(hass, site, "station")
    await dialog.open()
    with patch("homeassistant.components.network.async_get_announce_addresses", return_value=announced):
        page = await dialog.fill(identity="FLEX-1", name="Garage")
    assert page["description_placeholders"]["urls"] == "\n".join(f"- `{url}`" for url in urls)


async def test_a_station_is_changed_and_keeps_its_password(hass: HomeAssistant) -> None:
    site = await live(hass, home(part("station", STATION, "FLEX-1", name="Garage")))
    dialog = Part(hass, site, "station")
    page = await dialog.open("station-key")
    assert page["description_placeholders"]["identity"] == "FLEX-1"
    shown = [dialog.suggested(name) for name in ("name", "phases", "selector")]
    assert shown == ["Garage", "1", "32"]
    page = await dialog.fill(name="Carport", phases="3")
    assert page["errors"] == {"phases": "phases_exceed_site"}
    assert dialog.suggested("name") == "Carport"
    page = await dialog.fill(name="Carport", phases="1", selector="20")
    assert page["reason"] == "reconfigure_successful"
    station = only(site, "station")
    assert (station.title, station.unique_id) == ("Carport", "FLEX-1")
    assert station.data == {**STATION, "selector": "20"}


@pytest.mark.parametrize("own", [None, OWN_SECRET])
async def test_a_station_gets_a_new_password(hass: HomeAssistant, own: str | None) -> None:
    site = await live(hass, home(part("station", STATION, "FLEX-1")))
    dialog = Part(hass, site, "station")
    await dialog.open("station-key")
    page = await dialog.fill(name="Garage", password={"own_secret": own} if own else {"new_secret": True})
    assert page["step_id"] == "secret"
    assert only(site, "station").data["sealed_secret"] == "sealed", "nothing changes before it was shown"
    secret = page["description_placeholders"]["secret"]
    assert own in {None, secret}
    assert (await dialog.fill())["reason"] == "reconfigure_successful"
    assert matches(secret, only(site, "station").data["sealed_secret"])


@pytest.mark.parametrize(
    ("security", "errors"),
    [
        ({"security_profile": "2"}, {"security": "profile_needs_encryption"}),
        ({"user_name": "garage:1"}, {"security": "user_name_invalid"}),
        ({"user_name": "x" * 256}, {"security": "user_name_invalid"}),
    ],
)
async def test_how_a_station_comes_in_must_be_possible(
    hass: HomeAssistant, security: dict[str, Any], errors: dict[str, str]
) -> None:
    dialog = Part(hass, await live(hass, home()), "station")
    await dialog.open()
    page = await dialog.fill(identity="FLEX-1", name="Garage", security=security)
    assert page["errors"] == errors


async def test_a_station_may_send_a_user_name_of_its_own_and_speak_one_language(hass: HomeAssistant) -> None:
    site = await live(hass, home())
    dialog = Part(hass, site, "station")
    await dialog.open()
    page = await dialog.fill(identity="FLEX-1", name="Garage", security={"user_name": " garage ", "protocol": "v2_0_1"})
    assert page["description_placeholders"]["user"] == "garage"
    await dialog.fill()
    data = only(site, "station").data
    assert (data["user_name"], data["protocol"], data["security_profile"]) == ("garage", "v2_0_1", 1)
    access = access_of(only(site, "station"))
    assert (access.user, access.versions) == ("garage", (Version.V201,))


async def test_a_station_hears_only_what_its_owner_wants(hass: HomeAssistant) -> None:
    site = await live(hass, home())
    dialog = Part(hass, site, "station")
    await dialog.open()
    wanted = {"hold_new": True, "automatic": ["inventory", "limits"]}
    await dialog.fill(identity="FLEX-1", name="Garage", conversation=wanted)
    await dialog.fill()
    (config,) = site_config(site, UTC).stations
    assert config.hold_new
    assert config.automatic == {Automatic.LIMITS, Automatic.INVENTORY}
    page = await Part(hass, site, "station").open(only(site, "station").subentry_id)
    assert page["step_id"] == "reconfigure"


async def test_a_station_left_as_it_is_hears_everything_and_waits_for_nothing(
    hass: HomeAssistant, site: MockConfigEntry
) -> None:
    dialog = Part(hass, site, "station")
    await dialog.open()
    await dialog.fill(identity="FLEX-1", name="Garage")
    await dialog.fill()
    assert {"hold_new", "automatic"}.isdisjoint(only(site, "station").data)
    (config,) = site_config(site, UTC).stations
    assert (config.hold_new, config.automatic) == (False, set(Automatic))


async def test_a_station_of_an_encrypted_home_needs_encryption(hass: HomeAssistant) -> None:
    site = await live(hass, home(security="tls"))
    dialog = Part(hass, site, "station")
    await dialog.open()
    page = await dialog.fill(identity="FLEX-1", name="Garage")
    assert page["step_id"] == "secret_tls"
    await dialog.fill()
    assert only(site, "station").data["security_profile"] == 2


async def test_only_the_owner_lowers_what_a_station_needs(hass: HomeAssistant) -> None:
    site = await live(hass, home(part("station", {**STATION, "security_profile": 3}, "FLEX-1"), security="tls"))
    dialog = Part(hass, site, "station")
    await dialog.open("station-key")
    assert dialog.suggested("security", "security_profile") == "3"
    await dialog.fill(name="Garage", security={"security_profile": "3"})
    assert "security_epoch" not in only(site, "station").data
    for epoch in (1, 2):
        dialog = Part(hass, site, "station")
        await dialog.open("station-key")
        await dialog.fill(name="Garage", security={"security_profile": str(3 - epoch)})
        assert only(site, "station").data["security_epoch"] == epoch


async def test_a_change_wakes_a_site_that_could_not_start(hass: HomeAssistant) -> None:
    site = home(part("vehicle", VEHICLE))
    site.add_to_hass(hass)
    dialog = Part(hass, site, "vehicle")
    await dialog.open("vehicle-key")
    assert (await dialog.fill(name="R5"))["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert site.state is ConfigEntryState.LOADED


# vehicle


async def test_a_car_is_added(hass: HomeAssistant, site: MockConfigEntry) -> None:
    dialog = Part(hass, site, "vehicle")
    await dialog.open()
    page = await dialog.fill(
        name="R5",
        max_discharge_kw=10,
        soc_entity="sensor.r5_battery",
        evccid="0a:1b-2c:3d:4e:5f",
        losses={"charge_efficiency_pct": 90, "discharge_efficiency_pct": 88},
    )
    assert (page["type"], page["title"]) == (FlowResultType.CREATE_ENTRY, "R5")
    assert only(site, "vehicle").data == {**VEHICLE, "soc_entity": "sensor.r5_battery", "evccid": "0A1B2C3D4E5F"}


async def test_a_car_that_only_charges(hass: HomeAssistant, site: MockConfigEntry) -> None:
    dialog = Part(hass, site, "vehicle")
    await dialog.open()
    page = await dialog.fill(name="Zoe", max_discharge_kw=0)
    assert page["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("answers", "errors"),
    [
        ({"name": ""}, {"name": "name_missing"}),
        ({"capacity_kwh": 4}, {"capacity_kwh": "capacity_kwh_range"}),
        ({"max_charge_kw": 50}, {"max_charge_kw": "max_charge_kw_range"}),
        ({"min_charge_kw": -1}, {"min_charge_kw": "min_charge_kw_range"}),
        ({"max_discharge_kw": 44}, {"max_discharge_kw": "max_discharge_kw_range"}),
        ({"min_discharge_kw": 44}, {"min_discharge_kw": "min_discharge_kw_range"}),
        ({"min_charge_kw": 12}, {"min_charge_kw": "minimum_exceeds_maximum"}),
        ({"min_discharge_kw": 12}, {"min_discharge_kw": "minimum_exceeds_maximum"}),
        ({"evccid": "12345"}, {"evccid": "evccid_invalid"}),
        ({"evccid": "not an id"}, {"evccid": "evccid_invalid"}),
    ],
)
async def test_a_wrong_answer_about_a_car_can_be_mended(
    hass: HomeAssistant, site: MockConfigEntry, answers: dict[str, Any], errors: dict[str, str]
) -> None:
    dialog = Part(hass, site, "vehicle")
    await dialog.open()
    page = await dialog.fill(**{"name": "R5", **answers})
    assert page["errors"] == errors
    assert (await dialog.fill(name="R5"))["type"] is FlowResultType.CREATE_ENTRY


async def test_a_car_is_changed(hass: HomeAssistant) -> None:
    site = await live(hass, home(part("vehicle", {**VEHICLE, "evccid": "ABCDEF"}, name="R5")))
    dialog = Part(hass, site, "vehicle")
    await dialog.open("vehicle-key")
    assert [dialog.suggested(name) for name in ("name", "capacity_kwh", "evccid")] == ["R5", 52, "ABCDEF"]
    assert dialog.suggested("losses", "discharge_efficiency_pct") == 88
    page = await dialog.fill(name="R5 E-Tech", capacity_kwh=40)
    assert page["reason"] == "reconfigure_successful"
    car = only(site, "vehicle")
    assert (car.title, car.data["capacity_kwh"], "evccid" in car.data) == ("R5 E-Tech", 40, False)


# meter


@asynccontextmanager
async def bridge(frame: bytes) -> AsyncIterator[str]:
    """Serve a meter's line over the network, as a serial bridge does; yield its address."""

    over = asyncio.Event()
    talks: set[asyncio.Task[Any] | None] = set()

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.current_task())
        with suppress(ConnectionError):
            while not over.is_set():
                writer.write(frame)
                await writer.drain()
                await asyncio.sleep(0.02)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"socket://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        over.set()
        server.close()
        await asyncio.gather(*filter(None, talks))


def linky_says(power_w: float) -> bytes:
    """Return a frame of a meter in standard mode."""
    meter = Linky(LinkySettings(serial="041976123456"))
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    meter.step(1.0, now, (power_w,), (231.0,))
    return meter.frame(now)


def group(label: str, value: str) -> str:
    """Return one line of a meter in historic mode."""
    text = f"{label} {value}"
    return f"\n{text} {chr((sum(text.encode()) & 0x3F) + 0x20)}\r"


HISTORIC = ("\x02" + group("ADCO", "041976000042") + group("IINST", "003") + group("PAPP", "00690") + "\x03").encode()


@pytest.mark.parametrize(("power_w", "said"), [(1234.0, "1234"), (-2500.0, "-2500")])
@pytest.mark.usefixtures("socket_enabled")
async def test_a_linky_is_heard_before_it_is_kept(
    hass: HomeAssistant, site: MockConfigEntry, power_w: float, said: str
) -> None:
    dialog = Part(hass, site, "meter")
    assert (await dialog.open())["type"] is FlowResultType.MENU
    assert (await dialog.choose("linky"))["step_id"] == "linky"
    async with bridge(linky_says(power_w)) as line:
        page = await dialog.fill(line=f" {line} ")
    assert (page["step_id"], site.subentries) == ("linky_standard", {})
    assert page["description_placeholders"] == {"power": said, "voltage": "231", "serial": "…3456"}
    page = await dialog.fill()
    assert (page["type"], page["title"]) == (FlowResultType.CREATE_ENTRY, "Linky")
    assert only(site, "meter").data == {"kind": "linky", "line": line}


@pytest.mark.usefixtures("socket_enabled")
async def test_a_linky_in_its_old_language_is_told_apart(hass: HomeAssistant, site: MockConfigEntry) -> None:
    dialog = Part(hass, site, "meter")
    await dialog.open()
    await dialog.choose("linky")
    async with bridge(HISTORIC) as line:
        page = await dialog.fill(line=line)
    assert page["step_id"] == "linky_historic"
    assert page["description_placeholders"] == {"power": "690", "voltage": "?", "serial": "…0042"}
    assert (await dialog.fill())["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("socket_enabled")
async def test_a_line_that_says_little_is_shown_as_it_is(hass: HomeAssistant, site: MockConfigEntry) -> None:
    dialog = Part(hass, site, "meter")
    await dialog.open()
    await dialog.choose("linky")
    async with bridge(("\x02" + group("OPTARIF", "BASE") + "\x03").encode()) as line:
        page = await dialog.fill(line=line)
    assert page["description_placeholders"] == {"power": "?", "voltage": "?", "serial": "?"}


@pytest.mark.parametrize("fault", list(LineFault))
async def test_what_is_wrong_with_a_line_is_told(hass: HomeAssistant, site: MockConfigEntry, fault: LineFault) -> None:
    dialog = Part(hass, site, "meter")
    await dialog.open()
    await dialog.choose("linky")
    with patch(PROBE, side_effect=LineError(fault)) as probe:
        page = await dialog.fill(line="/dev/ttyUSB0")
    probe.assert_awaited_once_with("/dev/ttyUSB0")
    assert (page["errors"], dialog.suggested("line")) == ({"line": fault}, "/dev/ttyUSB0")


async def test_a_serial_adapter_keeps_its_name_wherever_it_is_plugged(
    hass: HomeAssistant, site: MockConfigEntry
) -> None:
    dialog = Part(hass, site, "meter")
    await dialog.open()
    await dialog.choose("linky")
    lasting = patch("homeassistant.components.usb.get_serial_by_id", return_value="/dev/serial/by-id/tic")
    with lasting, patch(PROBE, side_effect=LineError(LineFault.SILENT)) as probe:
        await dialog.fill(line="/dev/ttyUSB0")
    probe.assert_awaited_once_with("/dev/serial/by-id/tic")


@pytest.mark.usefixtures("socket_enabled")
async def test_a_meter_moves_to_another_line(hass: HomeAssistant) -> None:
    site = await live(hass, home(part("meter", LINKY, "meter:house")))
    dialog = Part(hass, site, "meter")
    assert (await dialog.open("meter-key"))["type"] is FlowResultType.MENU
    await dialog.choose("linky")
    assert dialog.suggested("line") == LINKY["line"]
    async with bridge(linky_says(500)) as line:
        await dialog.fill(line=line)
    assert (await dialog.fill())["reason"] == "reconfigure_successful"
    assert only(site, "meter").data == {"kind": "linky", "line": line}


async def test_the_line_in_use_is_left_alone(hass: HomeAssistant) -> None:
    site = await live(hass, home(part("meter", LINKY, "meter:house")))
    dialog = Part(hass, site, "meter")
    await dialog.open("meter-key")
    await dialog.choose("linky")
    with patch(PROBE) as probe:
        page = await dialog.fill(line=LINKY["line"])
    assert page["reason"] == "line_unchanged"
    probe.assert_not_called()


async def test_the_line_of_a_site_at_rest_is_tried(hass: HomeAssistant) -> None:
    site = home(part("meter", LINKY, "meter:house"))
    site.add_to_hass(hass)
    dialog = Part(hass, site, "meter")
    await dialog.open("meter-key")
    await dialog.choose("linky")
    with patch(PROBE, side_effect=LineError(LineFault.REFUSED)):
        page = await dialog.fill(line=LINKY["line"])
    assert page["errors"] == {"line": "refused"}


IN_PLACE = {"phase_order": "123", "turned_phases": []}
SENSOR = {"kind": "entity", "entity_id": "sensor.grid", "period_s": 10, "signed": False, **IN_PLACE}


async def test_a_power_sensor_plays_the_meter(hass: HomeAssistant, site: MockConfigEntry) -> None:
    hass.states.async_set("sensor.grid", "unavailable", {"unit_of_measurement": "kW", "friendly_name": "Grid power"})
    hass.states.async_set("sensor.energy", "12", {"unit_of_measurement": "kWh"})
    dialog = Part(hass, site, "meter")
    await dialog.open()
    await dialog.choose("entity")
    assert (await dialog.fill(entity_id="sensor.none"))["errors"] == {"entity_id": "entity_unknown"}
    assert (await dialog.fill(entity_id="sensor.energy"))["errors"] == {"entity_id": "no_power"}
    page = await dialog.fill(entity_id="sensor.grid", inverted=True)
    assert (page["step_id"], page["description_placeholders"]["power"]) == ("entity_seen", "?")
    page = await dialog.fill()
    assert (page["type"], page["title"]) == (FlowResultType.CREATE_ENTRY, "Grid power")
    assert only(site, "meter").data == {**SENSOR, "inverted": True}


async def test_what_sensors_measure_the_wrong_way_round_is_put_right_under_wiring(
    hass: HomeAssistant, site: MockConfigEntry
) -> None:
    phases = {f"power_{n}": f"sensor.p{n}" for n in (1, 2, 3)}
    for sensor in phases.values():
        hass.states.async_set(sensor, "100", {"unit_of_measurement": "W"})
    dialog = Part(hass, site, "meter")
    await dialog.open()
    await dialog.choose("entity")
    page = await dialog.fill(entity_id="sensor.p1", wiring={"phase_order": "231", "turned_phases": []})
    assert page["errors"] == {"wiring": "phases_missing"}
    page = await dialog.fill(entity_id="sensor.p1", wiring={"phase_order": "123", "turned_phases": ["1"]})
    assert page["errors"] == {"wiring": "direction_missing"}
    wiring = {"phase_order": "231", "turned_phases": ["2"]}
    assert (await dialog.fill(phases=phases, wiring=wiring))["step_id"] == "entity_seen"
    await dialog.fill()
    told = {"kind": "entity", "period_s": 10, "signed": False, "inverted": False}
    assert only(site, "meter").data == {**told, **phases, **wiring}


async def test_a_linky_gives_way_to_a_sensor(hass: HomeAssistant) -> None:
    hass.states.async_set("sensor.grid", "100", {"unit_of_measurement": "W", "friendly_name": "Grid power"})
    site = await live(hass, home(part("meter", LINKY, "meter:house")))
    dialog = Part(hass, site, "meter")
    await dialog.open("meter-key")
    await dialog.choose("entity")
    await dialog.fill(entity_id="sensor.grid")
    await dialog.fill()
    meter = only(site, "meter")
    assert (meter.title, meter.data) == ("Grid power", {**SENSOR, "inverted": False})


@pytest.mark.parametrize(("kind", "data"), [("meter", LINKY), ("tariff", BASE)])
async def test_a_home_has_one_meter_and_one_tariff(hass: HomeAssistant, kind: str, data: dict[str, Any]) -> None:
    site = await live(hass, home(part(kind, data)))
    page = await Part(hass, site, kind).open()
    assert (page["type"], page["reason"]) == (FlowResultType.ABORT, "already_configured")


async def test_a_second_tariff_begun_at_the_same_time_is_one_too_many(
    hass: HomeAssistant, site: MockConfigEntry
) -> None:
    first, second = Part(hass, site, "tariff"), Part(hass, site, "tariff")
    for dialog in (first, second):
        await dialog.open()
        await dialog.choose("base")
    assert (await first.fill(name="EDF", price=0.2))["type"] is FlowResultType.CREATE_ENTRY
    assert (await second.fill(name="EDF", price=0.2))["reason"] == "already_configured"


# tariff

PEAK = {"name": "EDF", "peak_price": 0.27, "off_peak_price": 0.2, "off_peak_windows": "22:30-06:30, 12:00-14:00"}
PUBLISHED = {"name": "Spot", "unit": "per_mwh", "factor": 1.2, "surcharge": 0.05}


async def contract(hass: HomeAssistant, site: MockConfigEntry, kind: str) -> Part:
    """Open the page of a kind of contract."""
    dialog = Part(hass, site, "tariff")
    assert (await dialog.open())["type"] is FlowResultType.MENU
    await dialog.choose(kind)
    return dialog


async def test_one_price(hass: HomeAssistant, site: MockConfigEntry) -> None:
    hass.config.currency = "CHF"
    dialog = await contract(hass, site, "base")
    assert dialog.page["data_schema"].schema["price"].config["unit_of_measurement"] == "CHF/kWh"
    page = await dialog.fill(name=" EDF ", price=0.2)
    assert (page["type"], page["title"]) == (FlowResultType.CREATE_ENTRY, "EDF")
    assert only(site, "tariff").data == BASE


async def test_peak_and_off_peak(hass: HomeAssistant, site: MockConfigEntry) -> None:
    dialog = await contract(hass, site, "peak_off_peak")
    summer = {"summer_off_peak_windows": "11h-17h; 2H30 – 4H30"}
    await dialog.fill(**PEAK, summer=summer, export={"export_kind": "fixed", "export_price": 0.0})
    assert only(site, "tariff").data == {
        "kind": "peak_off_peak", "peak_price": 0.27, "off_peak_price": 0.2,
        "off_peak_windows": [["22:30", "06:30"], ["12:00", "14:00"]],
        "summer_off_peak_windows": [["11:00", "17:00"], ["02:30", "04:30"]],
        "export_kind": "fixed", "export_price": 0.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (" ", "windows_missing"),
        (",;", "windows_missing"),
        ("at night", "windows_format"),
        ("22:30", "windows_format"),
        ("22:30-25:00", "windows_format"),
        ("22:61-23:00", "windows_format"),
        ("12:00-12:00", "windows_empty"),
        ("0h-24h", "windows_empty"),
        ("22:30-06:30, 06:00-07:00", "windows_overlap"),
        ("22:30-06:30, 21:00-22:31", "windows_overlap"),
    ],
)
async def test_hours_that_make_no_sense_are_told(
    hass: HomeAssistant, site: MockConfigEntry, text: str, error: str
) -> None:
    dialog = await contract(hass, site, "peak_off_peak")
    page = await dialog.fill(**{**PEAK, "off_peak_windows": text})
    assert (page["errors"], dialog.suggested("off_peak_windows")) == ({"off_peak_windows": error}, text)
    assert (await dialog.fill(**{**PEAK, "off_peak_windows": "20:00-24:00,0:00-2h"}))["type"] == "create_entry"
    assert only(site, "tariff").data["off_peak_windows"] == [["20:00", "00:00"], ["00:00", "02:00"]]


@pytest.mark.parametrize(
    ("kind", "answers", "errors"),
    [
        ("base", {"name": "", "price": 0.2}, {"name": "name_missing"}),
        ("base", {"name": "EDF", "price": -1}, {"price": "price_range"}),
        ("peak_off_peak", {**PEAK, "peak_price": 0.1}, {"off_peak_price": "off_peak_dearer"}),
        ("peak_off_peak", {**PEAK, "off_peak_price": 2000}, {"off_peak_price": "off_peak_price_range"}),
        ("peak_off_peak", {**PEAK, "summer": {"summer_off_peak_windows": "x"}}, {"summer": "windows_format"}),
        ("peak_off_peak", {**PEAK, "export": {"export_kind": "fixed"}}, {"export": "export_price_missing"}),
    ],
)
async def test_a_wrong_answer_about_the_contract_is_told(
    hass: HomeAssistant, site: MockConfigEntry, kind: str, answers: dict[str, Any], errors: dict[str, str]
) -> None:
    dialog = await contract(hass, site, kind)
    page = await dialog.fill(**answers)
    assert (page["step_id"], page["errors"]) == (kind, errors)


async def test_the_contract_is_changed_for_another(hass: HomeAssistant) -> None:
    stored = {
        "kind": "peak_off_peak", "peak_price": 0.27, "off_peak_price": 0.2, "export_kind": "fixed", "export_price": 0.1,
        "off_peak_windows": [["22:30", "06:30"], ["12:00", "14:00"]], "summer_off_peak_windows": [],
    }  # fmt: skip
    site = await live(hass, home(part("tariff", stored, "tariff:contract", name="EDF")))
    dialog = Part(hass, site, "tariff")
    assert (await dialog.open("tariff-key"))["type"] is FlowResultType.MENU
    await dialog.choose("peak_off_peak")
    assert dialog.suggested("off_peak_windows") == "22:30-06:30, 12:00-14:00"
    assert dialog.suggested("summer", "summer_off_peak_windows") == ""
    assert dialog.suggested("export", "export_price") == 0.1
    dialog = Part(hass, site, "tariff")
    await dialog.open("tariff-key")
    await dialog.choose("base")
    assert dialog.suggested("name") == "EDF"
    page = await dialog.fill(name="EDF Base", price=0.2)
    assert page["reason"] == "reconfigure_successful"
    assert (only(site, "tariff").title, only(site, "tariff").data) == ("EDF Base", BASE)


async def test_prices_an_entity_lists(hass: HomeAssistant, site: MockConfigEntry) -> None:
    hass.states.async_set("sensor.spot", "0.1", {"today": [], "tomorrow": [], "other": 3})
    hass.states.async_set("sensor.sell", "high")
    export = {"export_kind": "entity", "export_entity": "sensor.sell"}
    asked = {**PUBLISHED, "entity_id": "sensor.spot", "attributes": ["today", "tomorrow"]}
    dialog = await contract(hass, site, "published_entity")
    page = await dialog.fill(**{**asked, "entity_id": "sensor.none"})
    assert page["errors"] == {"entity_id": "entity_unknown"}
    assert (await dialog.fill(**asked))["errors"] == {"attributes": "no_price_list"}
    hass.states.async_set("sensor.spot", "0.1", {"today": [{"start": "2026-11-22T00:00:00Z", "value": 80}]})
    page = await dialog.fill(**asked, export={"export_kind": "entity"})
    assert page["errors"] == {"export": "export_entity_missing"}
    assert (await dialog.fill(**asked, export=export))["errors"] == {"export": "no_price"}
    hass.states.async_remove("sensor.sell")
    assert (await dialog.fill(**asked, export=export))["errors"] == {"export": "entity_unknown"}
    hass.states.async_set("sensor.sell", "0.08")
    assert (await dialog.fill(**asked, export=export))["type"] is FlowResultType.CREATE_ENTRY
    expected = {"kind": "published_entity", **asked, **export}
    del expected["name"]
    assert only(site, "tariff").data == expected


async def test_an_entity_that_is_away_has_the_benefit_of_the_doubt(hass: HomeAssistant, site: MockConfigEntry) -> None:
    hass.states.async_set("sensor.spot", "unavailable")
    dialog = await contract(hass, site, "published_entity")
    page = await dialog.fill(**PUBLISHED, entity_id="sensor.spot", attributes=["today"])
    assert page["type"] is FlowResultType.CREATE_ENTRY


async def test_prices_an_action_tells(hass: HomeAssistant, site: MockConfigEntry) -> None:
    calls: list[dict[str, Any]] = []
    replies: list[Any] = [ServiceValidationError("no such area"), {}, {"FR": [{"price": 80}]}]

    async def tell(call: ServiceCall) -> Any:
        calls.append(dict(call.data))
        reply = replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    hass.services.async_register("spot", "get_prices", tell, supports_response=SupportsResponse.ONLY)
    hass.services.async_register("spot", "mute", tell)
    asked = {**PUBLISHED, "action": "spot.get_prices", "action_data": {"areas": "FR"}}
    dialog = await contract(hass, site, "published_action")
    assert dialog.suggested("day_field") == "date"
    assert (await dialog.fill(**{**asked, "action_data": "FR"}))["errors"] == {"action_data": "data_invalid"}
    assert (await dialog.fill(**{**asked, "action": "prices"}))["errors"] == {"action": "action_unknown"}
    assert (await dialog.fill(**{**asked, "action": "spot.mute"}))["errors"] == {"action": "action_mute"}
    assert (await dialog.fill(**asked, day_field="day"))["errors"] == {"action": "action_failed"}
    assert (await dialog.fill(**asked))["errors"] == {"action": "action_empty"}
    assert (await dialog.fill(**asked, day_field="day"))["type"] is FlowResultType.CREATE_ENTRY
    day = dt_util.now().date().isoformat()
    assert calls == [{"areas": "FR", "day": day}, {"areas": "FR"}, {"areas": "FR", "day": day}]
    tariff = only(site, "tariff")
    assert (tariff.data["action"], tariff.data["action_data"], tariff.data["day_field"]) == (
        "spot.get_prices", {"areas": "FR"}, "day",
    )  # fmt: skip
    dialog = Part(hass, site, "tariff")
    await dialog.open(tariff.subentry_id)
    await dialog.choose("published_action")
    assert (dialog.suggested("day_field"), dialog.suggested("action_data")) == ("day", {"areas": "FR"})
