"""What a station runs and what it wrote down, over real sockets: updated with a car on it, its diaries fetched."""

from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.mobilize_flex.core.model.session import Phase
from simulator.home import HomeSettings
from simulator.quirks import Quirks
from tests.signer import signing_certificate

from .conftest import STATION_ID, Journey

pytestmark = pytest.mark.timeout(180)


SIGNED = {"url": "https://files.example/verso-9.9.9.bin", "version": "9.9.9", "signature": "MEUCIQ=="}


async def online(journey: Journey, quirks: Quirks | None = None) -> None:
    await journey.begin(HomeSettings(quirks=quirks) if quirks is not None else None)
    await journey.until(lambda: journey.see().online)
    await journey.until(lambda: journey.coordinator.state.stations[STATION_ID].memory.firmware is not None)


async def test_an_update_runs_from_the_offer_to_the_new_version(journey: Journey) -> None:
    await online(journey)
    await journey.until(lambda: journey.state("firmware").state == "off", 10)
    offer = SIGNED | {"signing_certificate": signing_certificate()}
    await journey.act("update_firmware", start=False, **offer)
    await journey.until(lambda: journey.state("firmware").state == "on", 10)
    target = {"entity_id": journey.entity("firmware")}
    await journey.hass.services.async_call("update", "install", target, blocking=True)
    seen: list[object] = []

    def done() -> bool:
        shown = journey.state("firmware")
        if shown.attributes["in_progress"] and shown.attributes["status"] not in seen:
            seen.append(shown.attributes["status"])
        return shown.attributes["installed_version"] == "9.9.9"

    await journey.until(done)
    assert {"downloading", "installing"} <= set(seen)
    await journey.until(lambda: journey.state("firmware").state == "off", 10)
    assert journey.state("firmware").attributes["in_progress"] is False
    assert journey.state("firmware").attributes["last_failure"] is None


async def test_an_update_waits_for_the_car_and_counts_no_session_twice(journey: Journey) -> None:
    await online(journey)
    assert journey.world is not None
    journey.world.plug_in()
    await journey.until(lambda: journey.see().power_w < -900)
    offer = SIGNED | {"signing_certificate": signing_certificate()}
    await journey.act("update_firmware", **offer)
    await journey.until(lambda: journey.state("firmware").attributes["status"] == "install_scheduled")
    assert journey.evse.phase is Phase.V2G
    assert journey.see().power_w < -900
    journey.world.unplug()
    await journey.until(lambda: journey.state("firmware").attributes["installed_version"] == "9.9.9")
    sessions = journey.coordinator.state.sessions.values()
    assert len(sessions) == 1
    assert journey.state("problem").state == "off"


async def test_a_failed_update_is_named(journey: Journey) -> None:
    await online(journey, Quirks(firmware_fails_with="InvalidSignature"))
    await journey.act("update_firmware", signing_certificate=signing_certificate(), **SIGNED)
    await journey.until(lambda: journey.state("firmware").attributes["last_failure"] == "invalid_signature")
    assert journey.state("firmware").attributes["in_progress"] is False


@pytest.mark.parametrize("word", ["InvalidCertificate", "RevokedCertificate"])
async def test_a_certificate_the_station_does_not_like_is_said_so(journey: Journey, word: str) -> None:
    await online(journey, Quirks(firmware_fails_with=word))
    with pytest.raises(HomeAssistantError) as refused:
        await journey.act("update_firmware", signing_certificate=signing_certificate(), **SIGNED)
    assert refused.value.translation_key == f"task_certificate_{word.removesuffix('Certificate').lower()}"


@pytest.mark.parametrize("by_post", [False, True])
async def test_a_diary_comes_through_the_stations_own_door(
    journey: Journey, hass_client_no_auth: ClientSessionGenerator, by_post: bool
) -> None:
    await online(journey, Quirks(uploads_by_post=by_post))
    told = await journey.act("get_log", answer=True, timeout=30)
    assert told["status"] == "uploaded"
    answer = await (await hass_client_no_auth()).get(told["url"])
    text = await answer.text()
    assert "BootNotification" in text
    assert len(text.encode()) == told["size"]


async def test_a_station_that_gives_no_diary_is_said_so(journey: Journey) -> None:
    await online(journey, Quirks(refuses_logs=True))
    with pytest.raises(HomeAssistantError) as refused:
        await journey.act("get_log", answer=True, timeout=30)
    assert refused.value.translation_key == "task_rejected"
