"""The station's answers about certificates."""

from typing import TYPE_CHECKING, Any

from simulator.conversation import Answer
from simulator.payload import Payload, status, without_nothing

if TYPE_CHECKING:
    from simulator.ocpp_station import OcppStation

STATION_USE = "ChargingStationCertificate"
BEFORE_RECONNECT_S = 1.0


class Certificates:
    """Installing, listing, deleting, and getting one of its own."""

    def __init__(self, station: OcppStation) -> None:
        """Answer for one station."""
        self._station = station
        self._requests = 0

    def routes(self) -> dict[str, Any]:
        """Tell which question is answered where."""
        return {
            "InstallCertificate": self.install,
            "GetInstalledCertificateIds": self.list_installed,
            "DeleteCertificate": self.delete,
            "CertificateSigned": self.take_signed,
        }

    def install(self, asked: Payload) -> Payload:
        """Keep a root."""
        if self._station.quirks.refuses_certificates:
            return status("Failed")
        return status(self._station.keyring.install(asked["certificateType"], asked["certificate"]))

    def list_installed(self, asked: Payload) -> Payload:
        """Name what is kept, by hashes."""
        wanted = asked.get("certificateType")
        chain = [
            {"certificateType": one.use, "certificateHashData": one.hashes}
            for one in self._station.keyring.installed
            if wanted is None or one.use in wanted
        ]
        return {"status": "Accepted", "certificateHashDataChain": chain} if chain else status("NotFound")

    def delete(self, asked: Payload) -> Payload:
        """Forget a root."""
        if self._station.quirks.refuses_certificates:
            return status("Failed")
        return status(self._station.keyring.delete(asked["certificateHashData"]))

    def ask_to_sign(self) -> None:
        """Make a key, and ask the controller to sign a certificate for it."""
        model = self._station.model
        csr = self._station.keyring.request(
            self._station.settings.serial, model.text("SecurityCtrlr", "OrganizationName")
        )
        self._requests += 1
        note = without_nothing(
            csr=csr,
            certificateType=STATION_USE,
            requestId=self._requests if self._station.version == "2.1" else None,
        )
        self._station.conversation.call("SignCertificate", note, self._asked)

    def take_signed(self, asked: Payload) -> Payload:
        """Take the certificate, and connect anew with it where certificates are what counts."""
        kind = asked.get("certificateType", STATION_USE)
        refused = kind != STATION_USE or self._station.quirks.refuses_certificates
        if refused or not self._station.keyring.take_own(asked["certificateChain"]):
            self._station.standing.tell_security("InvalidChargingStationCertificate")
            return status("Rejected", "InvalidCertificate")
        if self._station.network.security_profile == 3:
            self._station.later(BEFORE_RECONNECT_S, self._station.reconnect)
        return status("Accepted")

    def _asked(self, answer: Answer) -> None:
        if answer.status != "Accepted":
            self._station.standing.tell_security("InvalidChargingStationCertificate", "request refused")
