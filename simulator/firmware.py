"""The station's software, and how it is replaced."""

from functools import partial
import re
from typing import TYPE_CHECKING, Any

from cryptography import x509

from simulator.payload import Payload, moment, status, without_nothing

if TYPE_CHECKING:
    from simulator.ocpp_station import OcppStation

A_STEP_S = 2.0
VERSION = re.compile(r"\d+(?:\.\d+)+")
AT_ONCE = ("InvalidCertificate", "RevokedCertificate")


class Firmware:
    """One update at a time; nothing is really fetched, all the rest happens as the standard says."""

    def __init__(self, station: OcppStation, version: str) -> None:
        """Run the version of the factory."""
        self.version = version
        self.status = "Idle"
        self._station = station
        self._request: Payload | None = None

    def routes(self) -> dict[str, Any]:
        """Tell which question is answered where."""
        return {"UpdateFirmware": self.update}

    @property
    def now(self) -> Payload:
        """Tell where an update stands, as FirmwareStatusNotification does."""
        return without_nothing(
            status=self.status, requestId=None if self._request is None else self._request["requestId"]
        )

    def update(self, asked: Payload) -> Payload:
        """Begin an update, in place of one that has not got far."""
        quirks, ongoing = self._station.quirks, self._request is not None
        if ongoing and (quirks.refuses_second_update or self.status.startswith("Install")):
            return status("Rejected", "FwUpdateInProgress")
        if quirks.firmware_fails_with in AT_ONCE or not _reads(asked["firmware"].get("signingCertificate")):
            self._station.standing.tell_security("InvalidFirmwareSigningCertificate")
            return status(quirks.firmware_fails_with if quirks.firmware_fails_with in AT_ONCE else "InvalidCertificate")
        self._request = asked
        self._begin(asked)
        return status("AcceptedCanceled" if ongoing else "Accepted")

    def booted(self) -> None:
        """Say that the new software runs, once the controller knows the station again."""
        if self._request is not None and self.status == "InstallRebooting":
            self._tell("Installed")
            self._station.standing.tell_security("FirmwareUpdated", self.version)
            self._finish()

    # -- inside ---------------------------------------------------------------------------------

    def _begin(self, asked: Payload) -> None:
        wait_s = self._seconds_until(asked["firmware"]["retrieveDateTime"])
        if wait_s > 0:
            self._tell("DownloadScheduled")
        self._after(asked, wait_s, self._download)

    def _download(self, asked: Payload) -> None:
        self._tell("Downloading")
        self._after(asked, A_STEP_S, self._downloaded)

    def _downloaded(self, asked: Payload) -> None:
        if self._fails("DownloadFailed"):
            return
        self._tell("Downloaded")
        if "signature" in asked["firmware"]:
            if self._fails("InvalidSignature"):
                self._station.standing.tell_security("InvalidFirmwareSignature")
                return
            self._tell("SignatureVerified")
        wait_s = self._seconds_until(asked["firmware"].get("installDateTime"))
        if wait_s > 0 or self._station.session.transaction is not None:
            self._tell("InstallScheduled")
        self._after(asked, wait_s, self._install_when_idle)

    def _install_when_idle(self, asked: Payload) -> None:
        if self._station.session.transaction is not None:
            self._after(asked, 1.0, self._install_when_idle)
            return
        self._station.availability_of.busy = True
        self._tell("Installing")
        self._after(asked, A_STEP_S, self._installed)

    def _installed(self, asked: Payload) -> None:
        if self._fails("InstallVerificationFailed") or self._fails("InstallationFailed"):
            return
        self._tell("InstallRebooting")
        self._after(asked, 1.0, self._reboot)

    def _reboot(self, asked: Payload) -> None:
        self._station.availability_of.busy = False
        self.version = _next_version(self.version, asked["firmware"]["location"])
        self._station.reboot("FirmwareUpdate", "Reboot")

    def _fails(self, word: str) -> bool:
        if self._station.quirks.firmware_fails_with != word:
            return False
        self._tell(word)
        self._finish()
        return True

    def _finish(self) -> None:
        self._request, self.status = None, "Idle"
        self._station.availability_of.busy = False

    def _tell(self, word: str) -> None:
        self.status = word
        self._station.conversation.call("FirmwareStatusNotification", self.now, durable=True)

    def _after(self, asked: Payload, wait_s: float, step: Any) -> None:
        self._station.later(max(wait_s, 0.0), partial(self._if_still, asked, step))

    def _if_still(self, asked: Payload, step: Any) -> None:
        if self._request is asked:
            step(asked)

    def _seconds_until(self, text: str | None) -> float:
        due = moment(text)
        return 0.0 if due is None else (due - self._station.clock.now()).total_seconds()


def _reads(certificate: str | None) -> bool:
    if certificate is None:
        return True
    try:
        x509.load_pem_x509_certificates(certificate.encode())
    except ValueError:
        return False
    return True


def _next_version(now: str, location: str) -> str:
    named = VERSION.findall(location.rsplit("/", 1)[-1])
    if named:
        return str(named[-1])
    *front, last = now.split(".")
    return ".".join([*front, str(int(last) + 1) if last.isdigit() else f"{last}-new"])
