"""An update of a station's program, in the words of both versions."""

from datetime import UTC, datetime, timedelta
import json

import pytest

from custom_components.mobilize_flex.core.model.facts import FirmwareReported
from custom_components.mobilize_flex.core.model.firmware import FirmwareOffer, FirmwareStatus, UpdateFirmware
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.station import Version
from custom_components.mobilize_flex.core.ocpp.conformance import Oddity
from custom_components.mobilize_flex.core.ocpp.schema import Contract
from custom_components.mobilize_flex.core.ocpp.upkeep import answer_of, call_of

from .conftest import NewLink

AT = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
SIGNED = FirmwareOffer(
    version="2",
    source_url="https://files.example/fw.bin",
    signing_certificate=PEM,
    signature="MEUCIQ==",
    retries=3,
    retry_interval_s=60,
    install_at=AT + timedelta(hours=4),
)
SIMPLE = FirmwareOffer(version="2", source_url="ftp://files.example/fw.bin")
# the words of the standard, and what each means to us
WORDS = {
    "Downloaded": FirmwareStatus.DOWNLOADED,
    "DownloadFailed": FirmwareStatus.DOWNLOAD_FAILED,
    "Downloading": FirmwareStatus.DOWNLOADING,
    "DownloadScheduled": FirmwareStatus.DOWNLOAD_SCHEDULED,
    "DownloadPaused": FirmwareStatus.DOWNLOAD_PAUSED,
    "Idle": FirmwareStatus.IDLE,
    "InstallationFailed": FirmwareStatus.INSTALLATION_FAILED,
    "Installing": FirmwareStatus.INSTALLING,
    "Installed": FirmwareStatus.INSTALLED,
    "InstallRebooting": FirmwareStatus.INSTALL_REBOOTING,
    "InstallScheduled": FirmwareStatus.INSTALL_SCHEDULED,
    "InstallVerificationFailed": FirmwareStatus.INSTALL_VERIFICATION_FAILED,
    "InvalidSignature": FirmwareStatus.INVALID_SIGNATURE,
    "SignatureVerified": FirmwareStatus.SIGNATURE_VERIFIED,
    "InvalidChecksum": FirmwareStatus.INVALID_CHECKSUM,  # of an older language, still heard
}


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize("word", WORDS)
def test_every_word_of_an_update_is_understood(new_link: NewLink, now: Moment, version: Version, word: str) -> None:
    link = new_link(version)
    payload = {"status": word, "requestId": 9}
    facts = link.receive(json.dumps([2, "m1", "FirmwareStatusNotification", payload]), now)
    assert facts == (FirmwareReported(station="S1", status=WORDS[word], request_id=9),)
    assert [json.loads(text) for text in link.outgoing()] == [[3, "m1", {}]]


@pytest.mark.parametrize("version", Version)
def test_a_station_that_updates_by_itself_names_no_request(new_link: NewLink, now: Moment, version: Version) -> None:
    facts = new_link(version).receive('[2, "m1", "FirmwareStatusNotification", {"status": "Installing"}]', now)
    assert facts == (FirmwareReported(station="S1", status=FirmwareStatus.INSTALLING, request_id=None),)


@pytest.mark.parametrize("word", ["Polishing", "Accepted", "Silent", ""])
def test_an_unheard_word_is_answered_counted_and_believed_by_nobody(new_link: NewLink, now: Moment, word: str) -> None:
    link = new_link(Version.V201)
    assert link.receive(json.dumps([2, "m1", "FirmwareStatusNotification", {"status": word}]), now) == ()
    assert [json.loads(text) for text in link.outgoing()] == [[3, "m1", {}]]
    assert link.conformance.counts[Oddity.IMPLAUSIBLE_VALUE]


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize("offer", [SIGNED, SIMPLE])
def test_an_update_is_asked_for_as_printed(contract: Contract, version: Version, offer: FirmwareOffer) -> None:
    call = call_of(UpdateFirmware(request_id=9, offer=offer, retrieve_at=AT))
    assert version in call.versions
    contract.check(version, call.action, "req", dict(call.payload))


def test_a_signed_update_carries_its_certificate_and_its_signature() -> None:
    call = call_of(UpdateFirmware(request_id=9, offer=SIGNED, retrieve_at=AT))
    assert call.action == "UpdateFirmware"
    assert call.payload == {
        "requestId": 9,
        "retries": 3,
        "retryInterval": 60,
        "firmware": {
            "location": "https://files.example/fw.bin",
            "retrieveDateTime": "2026-11-22T18:00:00Z",
            "installDateTime": "2026-11-22T22:00:00Z",
            "signingCertificate": PEM,
            "signature": "MEUCIQ==",
        },
    }


@pytest.mark.parametrize(
    ("status", "accepted"),
    [
        ("Accepted", True),
        ("AcceptedCanceled", True),
        ("Rejected", False),
        ("InvalidCertificate", False),
        ("RevokedCertificate", False),
    ],
)
def test_every_answer_is_a_yes_or_a_no(status: str, accepted: bool) -> None:
    task = UpdateFirmware(request_id=9, offer=SIGNED, retrieve_at=AT)
    assert answer_of(task, {"status": status}).accepted is accepted
