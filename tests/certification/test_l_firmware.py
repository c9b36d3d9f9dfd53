"""A station gets another firmware: signed, at its time, with every word of how it goes; failures are told and stay."""

from datetime import timedelta
from typing import Any

from homeassistant.util import dt as dt_util
import pytest

from tests.signer import signing_certificate

from .lab import Json, Lab, Station

ACCEPTED: Json = {"status": "Accepted"}
SIGNER = signing_certificate()
OFFER: Json = {
    "url": "https://firmware.example/2.0.bin",
    "version": "2.0",
    "signing_certificate": SIGNER,
    "signature": "c2lnbmVk",
}
LATER = dt_util.utcnow().replace(microsecond=0) + timedelta(hours=6)
LATER_TEXT = LATER.isoformat().replace("+00:00", "Z")
FETCHED = ("Downloading", "Downloaded", "SignatureVerified")
INSTALLED = ("Installing", "InstallRebooting")


async def offered(lab: Lab, station: Station, status: str = "Accepted", **more: Any) -> int:
    """Have a firmware installed that the station agrees to; return the number of the request."""
    work = lab.act("update_firmware", **OFFER, **more)
    asked = await station.answer("UpdateFirmware", {"status": status})
    assert (asked["firmware"]["signingCertificate"], asked["firmware"]["signature"]) == (SIGNER, "c2lnbmVk")
    told = await work
    assert (told["started"], told["status"]) == (True, status)
    number: int = asked["requestId"]
    return number


async def tells(lab: Lab, station: Station, number: int, *words: str) -> None:
    """Tell how an update goes; each word shows at once."""
    for word in words:
        assert await station.call("FirmwareStatusNotification", {"status": word, "requestId": number}) == {}
        assert str(lab.state.firmware.status).replace("_", "") == word.casefold()


def entity(lab: Lab) -> Any:
    """Return what the owner sees of the firmware."""
    return lab.hass.states.get("update.station_firmware")


@pytest.mark.octt("L_01")
async def test_a_signed_firmware_is_fetched_verified_and_installed(lab: Lab) -> None:
    station = await lab.ready()
    number = await offered(lab, station)
    await tells(lab, station, number, *FETCHED, *INSTALLED)
    await lab.hass.async_block_till_done()
    assert entity(lab).attributes["in_progress"] is True
    await station.boot("FirmwareUpdate", firmwareVersion="2.0")
    await tells(lab, station, number, "Installed")
    await lab.hass.async_block_till_done()
    assert (entity(lab).state, entity(lab).attributes["installed_version"]) == ("off", "2.0")
    assert entity(lab).attributes["in_progress"] is False


@pytest.mark.octt("L_02")
async def test_an_update_waits_for_the_hour_to_install_it(lab: Lab) -> None:
    station = await lab.ready()
    work = lab.act("update_firmware", **OFFER, install_at=LATER)
    asked = await station.answer("UpdateFirmware", ACCEPTED)
    assert asked["firmware"]["installDateTime"] == LATER_TEXT
    await work
    await tells(lab, station, asked["requestId"], *FETCHED, "InstallScheduled", *INSTALLED, "Installed")


@pytest.mark.octt("L_03")
async def test_an_update_waits_for_the_hour_to_fetch_it(lab: Lab) -> None:
    station = await lab.ready()
    work = lab.act("update_firmware", **OFFER, retrieve_at=LATER)
    asked = await station.answer("UpdateFirmware", ACCEPTED)
    assert asked["firmware"]["retrieveDateTime"] == LATER_TEXT
    await work
    await tells(lab, station, asked["requestId"], "DownloadScheduled", *FETCHED, *INSTALLED, "Installed")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        pytest.param("RevokedCertificate", "task_certificate_revoked", marks=pytest.mark.octt("L_04")),
        pytest.param("InvalidCertificate", "task_certificate_invalid", marks=pytest.mark.octt("L_05")),
    ],
)
async def test_a_signer_a_station_does_not_trust_is_an_error_in_words(lab: Lab, status: str, words: str) -> None:
    station = await lab.ready()
    work = lab.act("update_firmware", **OFFER)
    await station.answer("UpdateFirmware", {"status": status})
    assert (await lab.fails(work)).translation_key == words
    assert not lab.state.firmware.under_way


@pytest.mark.parametrize(
    "course",
    [
        pytest.param(("Downloading", "Downloaded", "InvalidSignature"), marks=pytest.mark.octt("L_06")),
        pytest.param(("Downloading", "DownloadFailed"), marks=pytest.mark.octt("L_07")),
        pytest.param((*FETCHED, "Installing", "InstallVerificationFailed"), marks=pytest.mark.octt("L_08")),
        pytest.param((*FETCHED, "Installing", "InstallationFailed"), marks=pytest.mark.octt("L_09")),
    ],
)
async def test_an_update_that_fails_is_over_and_says_how(lab: Lab, course: tuple[str, ...]) -> None:
    station = await lab.ready()
    await tells(lab, station, await offered(lab, station), *course)
    await lab.hass.async_block_till_done()
    assert entity(lab).attributes["last_failure"].replace("_", "") == course[-1].casefold()
    assert entity(lab).attributes["in_progress"] is False
    assert entity(lab).attributes["latest_version"] == "2.0"


@pytest.mark.octt("L_10")
async def test_a_second_update_takes_the_place_of_the_first(lab: Lab) -> None:
    station = await lab.ready()
    first = await offered(lab, station)
    await tells(lab, station, first, "Downloading")
    second = await offered(lab, station, "AcceptedCanceled")
    assert second > first
    await tells(lab, station, second, *FETCHED, *INSTALLED, "Installed")


@pytest.mark.octt("L_11")
async def test_a_second_update_that_is_refused_leaves_the_first_alone(lab: Lab) -> None:
    station = await lab.ready()
    number = await offered(lab, station)
    await tells(lab, station, number, *FETCHED, "Installing")
    work = lab.act("update_firmware", **OFFER)
    await station.answer("UpdateFirmware", {"status": "Rejected"})
    assert (await lab.fails(work)).translation_key == "task_rejected"
    assert lab.state.firmware.under_way
    await tells(lab, station, number, "InstallRebooting", "Installed")


@pytest.mark.octt("L_13")
async def test_a_station_closes_for_an_update_once_its_car_is_done(lab: Lab) -> None:
    await lab.open()
    station = await lab.charging()
    await station.status("Available", evse=2)
    number = await offered(lab, station)
    await tells(lab, station, number, *FETCHED, "InstallScheduled")
    assert await station.status("Unavailable", evse=2) == {}
    await station.event("Ended", "EVDeparted", 1, info={"stoppedReason": "EVDisconnected"})
    assert await station.status("Unavailable") == {}
    assert {e.connector for e in lab.state.evses.values()} == {"Unavailable"}
    await tells(lab, station, number, *INSTALLED, "Installed")
    assert await station.status("Available") == {}
    assert lab.evse.connector == "Available"


# a local controller, word for word


@pytest.mark.parametrize(
    "course",
    [
        pytest.param(("Downloading", "Downloaded", "ChecksumVerified", "Published"), marks=pytest.mark.octt("L_17")),
        pytest.param(("Downloading", "Downloaded", "InvalidChecksum"), marks=pytest.mark.octt("L_19")),
        pytest.param(("Downloading", "Downloaded", "PublishFailed"), marks=pytest.mark.octt("L_20")),
        pytest.param(("Downloading", "DownloadFailed"), marks=pytest.mark.octt("L_24")),
    ],
)
async def test_a_firmware_is_published_by_hand(lab: Lab, course: tuple[str, ...]) -> None:
    station = await lab.ready()
    payload = {"location": OFFER["url"], "checksum": "d41d8cd98f00b204e9800998ecf8427e", "requestId": 5}
    work = lab.act("call_station", action="PublishFirmware", payload=payload)
    assert await station.answer("PublishFirmware", ACCEPTED) == payload
    assert (await work)["response"] == ACCEPTED
    for word in course:
        told = {"status": word, "requestId": 5} | ({"location": [OFFER["url"]]} if word == "Published" else {})
        assert await station.call("PublishFirmwareStatusNotification", told) == {}


@pytest.mark.parametrize(
    "status",
    [
        pytest.param("Unpublished", marks=pytest.mark.octt("L_21")),
        pytest.param("NoFirmware", marks=pytest.mark.octt("L_22")),
        pytest.param("DownloadOngoing", marks=pytest.mark.octt("L_23")),
    ],
)
async def test_a_firmware_is_unpublished_by_hand(lab: Lab, status: str) -> None:
    station = await lab.ready()
    payload = {"checksum": "d41d8cd98f00b204e9800998ecf8427e"}
    work = lab.act("call_station", action="UnpublishFirmware", payload=payload)
    assert await station.answer("UnpublishFirmware", {"status": status}) == payload
    assert (await work)["response"] == {"status": status}
