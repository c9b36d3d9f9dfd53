"""The station's software, logs and certificates."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
import ssl
import threading
import time
from typing import Any, ClassVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID
import pytest

from simulator.home import HomeSettings
from simulator.ocpp_station import StationSettings
from simulator.payload import iso
from simulator.quirks import Quirks
from tests.simulator.authority import Authority
from tests.simulator.controller import EVENING, Scene

AUTHORITY = Authority(around=EVENING)


def scene(**quirks: Any) -> Scene:
    return Scene(HomeSettings(quirks=Quirks(**quirks)))


# -- software ---------------------------------------------------------------------------------------


def update(number: int = 9, **changes: Any) -> dict[str, Any]:
    firmware = {"location": "https://flex.local/fw-2.3.4.bin", "retrieveDateTime": iso(EVENING)}
    signed = {"signingCertificate": AUTHORITY.pem, "signature": "MEUCIQ=="}
    return {"requestId": number, "firmware": {**firmware, **signed, **changes}}


def steps(one: Scene, number: int = 9) -> list[str]:
    notes = one.controller.of("FirmwareStatusNotification")
    return [note["status"] for note in notes if note["requestId"] == number]


def test_software_is_fetched_checked_installed_and_told_of_after_the_restart() -> None:
    one = scene()
    assert one.ask("UpdateFirmware", update()) == {"status": "Accepted"}
    one.run(20)
    whole = ["Downloading", "Downloaded", "SignatureVerified", "Installing", "InstallRebooting", "Installed"]
    assert steps(one) == whole
    boot = one.controller.of("BootNotification")[-1]
    assert (boot["reason"], boot["chargingStation"]["firmwareVersion"]) == ("FirmwareUpdate", "2.3.4")
    assert "FirmwareUpdated" in [event["type"] for event in one.controller.of("SecurityEventNotification")]
    one.ask("TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"})
    assert one.controller.of("FirmwareStatusNotification")[-1] == {"status": "Idle"}


def test_software_waits_for_the_times_it_was_given() -> None:
    one = scene()
    later = {"retrieveDateTime": iso(EVENING + timedelta(seconds=30))}
    one.ask("UpdateFirmware", update(**later, installDateTime=iso(EVENING + timedelta(seconds=90))))
    one.run(20)
    assert steps(one) == ["DownloadScheduled"]
    one.run(40)
    assert steps(one)[-1] == "InstallScheduled"
    one.run(50)
    assert steps(one)[-1] == "Installed"


def test_software_waits_for_the_car_and_keeps_others_away_meanwhile() -> None:
    one = scene()
    one.plug_in()
    one.ask("UpdateFirmware", update())
    one.run(20)
    assert steps(one)[-1] == "InstallScheduled"
    one.home.unplug()
    one.run(2)
    assert one.home.snapshot().availability == "Unavailable"
    one.run(20)
    assert steps(one)[-1] == "Installed"
    assert one.home.snapshot().availability == "Available"


@pytest.mark.parametrize("word", ["InvalidCertificate", "RevokedCertificate"])
def test_software_signed_by_nobody_we_trust_is_refused(word: str) -> None:
    one = scene(firmware_fails_with=word)
    assert one.ask("UpdateFirmware", update()) == {"status": word}
    one.run(10)
    assert not steps(one)


def test_a_certificate_that_is_none_is_refused() -> None:
    assert scene().ask("UpdateFirmware", update(signingCertificate="rubbish")) == {"status": "InvalidCertificate"}


@pytest.mark.parametrize(
    "word", ["DownloadFailed", "InvalidSignature", "InstallVerificationFailed", "InstallationFailed"]
)
def test_an_update_may_fail_at_every_step(word: str) -> None:
    one = scene(firmware_fails_with=word)
    one.ask("UpdateFirmware", update())
    one.run(20)
    assert steps(one)[-1] == word
    assert one.home.snapshot().firmware == "1.0.0"
    assert one.home.snapshot().availability == "Available"


def test_a_second_update_takes_the_place_of_the_first() -> None:
    one = scene()
    one.ask("UpdateFirmware", update(9))
    one.run(1)
    assert one.ask("UpdateFirmware", update(10)) == {"status": "AcceptedCanceled"}
    one.run(20)
    assert steps(one, 9) == ["Downloading"]
    assert steps(one, 10)[-1] == "Installed"


def test_a_second_update_may_be_refused() -> None:
    one = scene(refuses_second_update=True)
    one.ask("UpdateFirmware", update(9))
    assert one.ask("UpdateFirmware", update(10))["status"] == "Rejected"
    one.run(20)
    assert steps(one)[-1] == "Installed"


# -- logs -------------------------------------------------------------------------------------------


class Inbox(BaseHTTPRequestHandler):
    code = 201
    got: ClassVar[list[tuple[str, str, str | None, bytes]]] = []

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.command, self.path, self.headers["Authorization"], body))
        self.send_response(self.code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_PUT

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def inbox_at(context: ssl.SSLContext | None = None) -> Iterator[str]:
    Inbox.got = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Inbox)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def inbox(request: pytest.FixtureRequest) -> Iterator[str]:
    Inbox.code = getattr(request, "param", 201)
    with inbox_at() as address:
        yield address
    Inbox.code = 201


def get_log(url: str, number: int = 10, kind: str = "DiagnosticsLog", **more: Any) -> dict[str, Any]:
    return {"logType": kind, "requestId": number, "log": {"remoteLocation": url}, **more}


def progress(one: Scene) -> list[tuple[str, int]]:
    deadline = time.monotonic() + 10
    while one.home.station.logs.status != "Idle" and time.monotonic() < deadline:
        time.sleep(0.02)
        one.run(1)
    return [(note["status"], note["requestId"]) for note in one.controller.of("LogStatusNotification")]


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize(("by_post", "method"), [(False, "PUT"), (True, "POST")])
def test_a_log_is_really_sent(inbox: str, by_post: bool, method: str) -> None:
    one = scene(uploads_by_post=by_post)
    answer = one.ask("GetLog", get_log(f"http://me:secret@{inbox}/logs/?one=1", kind="SecurityLog"))
    assert answer == {"status": "Accepted", "filename": "SecurityLog-10.txt"}
    one.run(1)
    assert progress(one) == [("Uploading", 10), ("Uploaded", 10)]
    [(verb, path, login, body)] = Inbox.got
    assert (verb, path) == (method, "/logs/SecurityLog-10.txt?one=1")
    assert login == "Basic bWU6c2VjcmV0"
    assert b"StartupOfTheDevice" in body


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize(("trusted", "word"), [(True, "Uploaded"), (False, "UploadFailure")])
def test_a_log_goes_to_a_place_the_authority_vouches_for(tmp_path: Path, trusted: bool, word: str) -> None:
    authority = Authority()
    context = authority.server(tmp_path, "flex", "127.0.0.1")
    trust = tmp_path / "trust.pem"
    trust.write_text((authority if trusted else Authority("Another")).pem)
    with inbox_at(context) as address:
        one = Scene(HomeSettings(station=StationSettings(ca_file=str(trust))))
        one.ask("GetLog", get_log(f"https://{address}/x"))
        one.run(1)
        assert progress(one)[-1] == (word, 10)


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize(
    ("inbox", "word"), [(403, "PermissionDenied"), (400, "BadMessage"), (500, "UploadFailure")], indirect=["inbox"]
)
def test_a_log_nobody_takes_is_said_to_have_failed(inbox: str, word: str) -> None:
    one = scene()
    one.ask("GetLog", get_log(f"http://{inbox}/x"))
    one.run(1)
    assert progress(one)[-1] == (word, 10)


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("inbox", [500], indirect=True)
def test_a_log_is_tried_again_as_often_as_asked(inbox: str) -> None:
    one = scene()
    one.ask("GetLog", get_log(f"http://{inbox}/x", retries=2, retryInterval=0))
    one.run(1)
    assert progress(one)[-1] == ("UploadFailure", 10)
    assert len(Inbox.got) == 3


def test_a_place_without_http_is_not_supported() -> None:
    one = scene()
    one.ask("GetLog", get_log("ftp://somewhere/x"))
    one.run(1)
    assert progress(one)[-1] == ("NotSupportedOperation", 10)


@pytest.mark.usefixtures("socket_enabled")
def test_a_second_log_takes_the_place_of_the_first(inbox: str) -> None:
    one = scene()
    one.ask("GetLog", get_log(f"http://{inbox}/first", 10))
    second = one.ask("GetLog", get_log(f"http://{inbox}/second", 11))
    assert second["status"] == "AcceptedCanceled"
    one.run(1)
    assert progress(one) == [("AcceptedCanceled", 10), ("Uploading", 11), ("Uploaded", 11)]


def test_logs_may_be_refused() -> None:
    assert scene(refuses_logs=True).ask("GetLog", get_log("http://x/")) == {"status": "Rejected"}


# -- certificates -----------------------------------------------------------------------------------


def install(one: Scene, authority: Authority, use: str = "CSMSRootCertificate") -> Any:
    return one.ask("InstallCertificate", {"certificateType": use, "certificate": authority.pem})["status"]


def kept(one: Scene, *uses: str) -> list[dict[str, Any]]:
    wanted = {"certificateType": list(uses)} if uses else {}
    answer = one.ask("GetInstalledCertificateIds", wanted)
    assert answer["status"] == ("Accepted" if "certificateHashDataChain" in answer else "NotFound")
    return list(answer.get("certificateHashDataChain", []))


def test_certificates_are_kept_listed_and_deleted() -> None:
    one = scene()
    assert kept(one) == []
    other = Authority("Maker", around=EVENING)
    assert install(one, AUTHORITY) == "Accepted"
    assert install(one, other, "ManufacturerRootCertificate") == "Accepted"
    assert {item["certificateType"] for item in kept(one)} == {"CSMSRootCertificate", "ManufacturerRootCertificate"}
    [maker] = kept(one, "ManufacturerRootCertificate")
    named = {"certificateHashData": maker["certificateHashData"]}
    assert named["certificateHashData"]["serialNumber"] == f"{other.root.serial_number:x}"
    assert one.ask("DeleteCertificate", named) == {"status": "Accepted"}
    assert one.ask("DeleteCertificate", named) == {"status": "NotFound"}
    assert kept(one, "ManufacturerRootCertificate") == []


def test_the_key_of_an_issuer_is_hashed_as_certificate_status_requests_do() -> None:
    one = scene()
    install(one, AUTHORITY)
    [item] = kept(one)
    asked = ocsp.OCSPRequestBuilder().add_certificate(AUTHORITY.root, AUTHORITY.root, hashes.SHA256()).build()
    told = item["certificateHashData"]
    assert told["issuerKeyHash"] == asked.issuer_key_hash.hex()
    assert told["issuerNameHash"] == asked.issuer_name_hash.hex()


def test_the_last_root_of_the_controller_stays() -> None:
    one = scene()
    install(one, AUTHORITY)
    [item] = kept(one)
    answer = one.ask("DeleteCertificate", {"certificateHashData": item["certificateHashData"]})
    assert answer == {"status": "Failed"}


@pytest.mark.parametrize("days", [0, 400])
def test_a_certificate_that_is_none_or_too_old_is_refused(days: int) -> None:
    one = scene()
    text = Authority(around=EVENING - timedelta(days=days)).pem if days else "rubbish"
    asked = {"certificateType": "CSMSRootCertificate", "certificate": text}
    assert one.ask("InstallCertificate", asked) == {"status": "Rejected"}


def test_a_certificate_of_its_own_is_asked_for_and_taken() -> None:
    one = scene()
    install(one, AUTHORITY)
    one.ask("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})
    [asked] = one.controller.of("SignCertificate")
    request = x509.load_pem_x509_csr(asked["csr"].encode())
    assert request.is_signature_valid
    [name] = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert name.value == "SIM0000001"
    chain = AUTHORITY.signed(asked["csr"])
    assert one.ask("CertificateSigned", {"certificateChain": chain}) == {"status": "Accepted"}
    assert one.home.station.keyring.has_own


def test_a_certificate_for_another_key_or_from_a_stranger_is_refused() -> None:
    one = scene()
    install(one, AUTHORITY)
    one.home.ask_for_certificate()
    one.home.ask_for_certificate()
    one.run(1)
    first, second = (asked["csr"] for asked in one.controller.of("SignCertificate"))
    for chain in (AUTHORITY.signed(first), Authority("Stranger", around=EVENING).signed(second), "rubbish"):
        assert one.ask("CertificateSigned", {"certificateChain": chain})["status"] == "Rejected"
    events = [event["type"] for event in one.controller.of("SecurityEventNotification")]
    assert events.count("InvalidChargingStationCertificate") == 3


def test_certificates_may_be_refused_by_habit() -> None:
    one = scene(refuses_certificates=True)
    assert install(one, AUTHORITY) == "Failed"
