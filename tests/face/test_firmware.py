"""A station's firmware in Home Assistant: offered, installed, followed; what cannot be is said in words."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.helpers.entity_component import async_update_entity
import probatio
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.mobilize_flex.const import DOMAIN
from custom_components.mobilize_flex.core.model.facts import FirmwareReported
from custom_components.mobilize_flex.core.model.firmware import FirmwareStatus as S
from tests.signer import signing_certificate

from .house import STATION, become, coordinator, find, move_in, seen, station
from .wire import Wire, dial_in, with_door

URL = "https://files.example/fw.bin"
PEM = signing_certificate()
SIGNED = {"url": URL, "version": "2.0", "signing_certificate": PEM, "signature": "MEUCIQ=="}
PART = f"station/{STATION}"


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Let the station server listen."""


@pytest.fixture
async def home(hass: HomeAssistant) -> MockConfigEntry:
    return await with_door(hass)


@pytest.fixture
async def wire(home: MockConfigEntry) -> AsyncIterator[Wire]:
    """Return a station on the line that takes every update."""
    async with dial_in(home, UpdateFirmware={"status": "Accepted"}) as wire:
        yield wire


async def update(hass: HomeAssistant, **fields: Any) -> Any:
    return await hass.services.async_call(
        DOMAIN, "update_firmware", SIGNED | fields, blocking=True, return_response=True
    )


async def install(hass: HomeAssistant) -> None:
    target = {"entity_id": find(hass, PART, "firmware", "update")}
    await hass.services.async_call("update", "install", target, blocking=True)


async def runs(hass: HomeAssistant, home: MockConfigEntry, firmware: str) -> None:
    """Let a station have told which firmware it runs."""
    state = coordinator(home).state
    known = state.stations[STATION]
    told = replace(known, memory=replace(known.memory, firmware=firmware))
    await become(hass, home, replace(state, stations=MappingProxyType({STATION: told})))
    for _ in range(60):  # the board tells at most once a second
        if seen(hass, PART, "firmware", "update").attributes["installed_version"] == firmware:
            return
        await asyncio.sleep(0.05)
    pytest.fail("it never showed")


async def hear(hass: HomeAssistant, home: MockConfigEntry, status: S, number: int | None = None) -> None:
    coordinator(home).take(FirmwareReported(station=STATION, status=status, request_id=number))
    await hass.async_block_till_done()


async def test_without_an_offer_a_station_is_up_to_date(hass: HomeAssistant, home: MockConfigEntry) -> None:
    await runs(hass, home, "1.0")
    shown = seen(hass, PART, "firmware", "update")
    assert shown.state == "off"
    assert (shown.attributes["installed_version"], shown.attributes["latest_version"]) == ("1.0", "1.0")
    assert shown.attributes["in_progress"] is False


async def test_an_offer_is_shown_and_installed_later(hass: HomeAssistant, home: MockConfigEntry, wire: Wire) -> None:
    await runs(hass, home, "1.0")
    told = await update(hass, start=False, release_summary="Quieter", release_url="https://files.example/notes")
    assert told == {"station": STATION, "version": "2.0", "started": False}
    await hass.async_block_till_done()
    shown = seen(hass, PART, "firmware", "update")
    assert (shown.state, shown.attributes["latest_version"]) == ("on", "2.0")
    assert shown.attributes["release_summary"] == "Quieter"
    assert shown.attributes["release_url"] == "https://files.example/notes"
    assert "UpdateFirmware" not in wire.asked
    await install(hass)
    await hass.async_block_till_done()
    asked = wire.asked["UpdateFirmware"]
    assert asked["firmware"]["location"] == URL
    assert (asked["firmware"]["signingCertificate"], asked["firmware"]["signature"]) == (PEM, "MEUCIQ==")
    shown = seen(hass, PART, "firmware", "update")
    assert (shown.attributes["in_progress"], shown.attributes["status"]) == (True, "accepted")


async def test_a_number_lower_than_the_one_that_runs_is_an_offer_too(
    hass: HomeAssistant, home: MockConfigEntry, wire: Wire
) -> None:
    await runs(hass, home, "3.1")
    await update(hass, start=False)
    await hass.async_block_till_done()
    assert seen(hass, PART, "firmware", "update").state == "on"


async def test_an_update_is_followed_to_its_end(hass: HomeAssistant, home: MockConfigEntry, wire: Wire) -> None:
    await runs(hass, home, "1.0")
    told = await update(hass, retries=2, retry_interval=30, install_at="2030-01-01T10:00:00+00:00")
    number = told["request_id"]
    assert told == {
        "station": STATION, "version": "2.0", "started": True, "status": "Accepted", "request_id": number,
    }  # fmt: skip
    asked = wire.asked["UpdateFirmware"]
    assert (asked["requestId"], asked["retries"], asked["retryInterval"]) == (number, 2, 30)
    assert asked["firmware"]["installDateTime"] == "2030-01-01T10:00:00Z"
    for status, percent in [(S.DOWNLOADING, 17), (S.DOWNLOADED, 33), (S.INSTALLING, 67), (S.INSTALL_REBOOTING, 83)]:
        await hear(hass, home, status, number)
        shown = seen(hass, PART, "firmware", "update").attributes
        assert (shown["in_progress"], shown["update_percentage"], shown["status"]) == (True, percent, status.value)
    await hear(hass, home, S.INSTALLED, number)
    await runs(hass, home, "2.0-b4")
    shown = seen(hass, PART, "firmware", "update")
    assert (shown.state, shown.attributes["in_progress"]) == ("off", False)
    assert shown.attributes["latest_version"] == "2.0-b4"


async def test_progress_does_not_stop_when_the_call_has_been_answered(
    hass: HomeAssistant, home: MockConfigEntry, wire: Wire
) -> None:
    await runs(hass, home, "1.0")
    await update(hass, start=False)
    await hass.async_block_till_done()
    await install(hass)
    await hear(hass, home, S.DOWNLOADING)
    await async_update_entity(hass, find(hass, PART, "firmware", "update"))
    assert seen(hass, PART, "firmware", "update").attributes["in_progress"] is True


async def test_a_failure_is_named_and_the_offer_stays(hass: HomeAssistant, home: MockConfigEntry, wire: Wire) -> None:
    await runs(hass, home, "1.0")
    number = (await update(hass))["request_id"]
    await hear(hass, home, S.INVALID_SIGNATURE, number)
    shown = seen(hass, PART, "firmware", "update")
    assert (shown.state, shown.attributes["in_progress"]) == ("on", False)
    assert shown.attributes["last_failure"] == "invalid_signature"


async def test_a_station_that_updates_by_itself_is_seen_at_it(hass: HomeAssistant, home: MockConfigEntry) -> None:
    await runs(hass, home, "1.0")
    await hear(hass, home, S.INSTALLING)
    shown = seen(hass, PART, "firmware", "update")
    assert (shown.attributes["in_progress"], shown.attributes["update_percentage"]) == (True, 67)


async def test_a_station_that_falls_silent_is_not_updating_for_ever(
    hass: HomeAssistant, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await runs(hass, home, "1.0")
    await hear(hass, home, S.DOWNLOADING)
    freezer.tick(timedelta(minutes=31))
    flex = coordinator(home)
    assert flex.runtime is not None
    from custom_components.mobilize_flex.core.model.facts import Ticked  # noqa: PLC0415

    flex.take(Ticked())
    await hass.async_block_till_done()
    shown = seen(hass, PART, "firmware", "update").attributes
    assert (shown["in_progress"], shown["status"], shown["last_failure"]) == (False, "silent", "silent")


async def test_an_offer_outlives_a_restart(hass: HomeAssistant, home: MockConfigEntry) -> None:
    await update(hass, start=False)
    await hear(hass, home, S.DOWNLOADED)
    assert await hass.config_entries.async_reload(home.entry_id)
    await hass.async_block_till_done()
    await runs(hass, home, "1.0")
    shown = seen(hass, PART, "firmware", "update")
    assert (shown.attributes["latest_version"], shown.attributes["in_progress"]) == ("2.0", True)


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"signature": None}, "firmware_unsigned"),
        ({"signing_certificate": "a certificate"}, "firmware_certificate_invalid"),
        ({"signing_certificate": PEM[:120] + PEM[160:]}, "firmware_certificate_invalid"),
        ({"signature": "not base64!"}, "firmware_signature_invalid"),
        ({"signature": "MEUCI"}, "firmware_signature_invalid"),
        ({"signing_certificate": None}, "firmware_unsigned"),
        ({"signing_certificate": None, "signature": None}, "firmware_unsigned"),
        ({"signature": None, "allow_unsigned": True}, "firmware_unsigned"),
    ],
)
async def test_what_nobody_signed_is_not_sent(
    hass: HomeAssistant, home: MockConfigEntry, fields: dict[str, Any], key: str
) -> None:
    offered = {name: value for name, value in (SIGNED | fields).items() if value is not None}
    with pytest.raises(ServiceValidationError) as refused:
        await hass.services.async_call(DOMAIN, "update_firmware", offered, blocking=True)
    assert refused.value.translation_key == key
    assert coordinator(home).state.stations[STATION].firmware.offer is None


async def test_what_nobody_signed_is_sent_when_that_is_wanted(hass: HomeAssistant, wire: Wire) -> None:
    unsigned = {"url": "ftp://files.example/fw.bin", "version": "2.0", "allow_unsigned": True}
    await hass.services.async_call(DOMAIN, "update_firmware", unsigned, blocking=True)
    assert wire.asked["UpdateFirmware"]["firmware"].keys() == {"location", "retrieveDateTime"}


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        ("Rejected", "task_rejected"),
        ("InvalidCertificate", "task_certificate_invalid"),
        ("RevokedCertificate", "task_certificate_revoked"),
    ],
)
async def test_a_no_of_the_station_is_said_in_words(
    hass: HomeAssistant, home: MockConfigEntry, answer: str, key: str
) -> None:
    async with dial_in(home, UpdateFirmware={"status": answer}):
        with pytest.raises(HomeAssistantError) as refused:
            await update(hass)
    assert refused.value.translation_key == key
    assert not coordinator(home).state.stations[STATION].firmware.under_way


async def test_a_newer_update_may_take_the_place_of_one_that_runs(hass: HomeAssistant, home: MockConfigEntry) -> None:
    async with dial_in(home, UpdateFirmware={"status": "AcceptedCanceled"}):
        first = await update(hass)
        second = await update(hass, version="3.0")
    assert second["request_id"] > first["request_id"]
    assert second["status"] == "AcceptedCanceled"


async def test_nothing_offered_is_nothing_to_install(hass: HomeAssistant, home: MockConfigEntry) -> None:
    from custom_components.mobilize_flex.services_firmware import async_install  # noqa: PLC0415

    with pytest.raises(ServiceValidationError) as refused:
        await async_install(coordinator(home), STATION)
    assert refused.value.translation_key == "firmware_not_offered"


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "file:///etc/passwd"},
        {"url": "https://"},
        {"url": "https://[::1"},
        {"url": "https://x/" + "a" * 2000},
        {"version": ""},
        {"version": "1" * 51},
        {"release_url": "javascript:alert(1)"},
        {"retries": -1},
    ],
)
async def test_a_form_filled_in_wrongly_is_refused(
    hass: HomeAssistant, home: MockConfigEntry, fields: dict[str, Any]
) -> None:
    with pytest.raises(probatio.Invalid):
        await update(hass, **fields)


async def test_only_administrators_update(
    hass: HomeAssistant, home: MockConfigEntry, hass_read_only_user: MockUser
) -> None:
    context = Context(user_id=hass_read_only_user.id)
    with pytest.raises(Unauthorized):
        await hass.services.async_call(DOMAIN, "update_firmware", SIGNED, blocking=True, context=context)


async def test_a_home_without_stations_has_no_update(hass: HomeAssistant) -> None:
    await move_in(hass)
    assert hass.states.async_entity_ids("update") == []
    assert station() is not None
