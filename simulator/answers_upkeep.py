"""The station's answers to whoever looks after it."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from simulator.payload import Payload, status

if TYPE_CHECKING:
    from simulator.ocpp_station import OcppStation

BEFORE_REBOOT_S = 1.0


class UpkeepAnswers:
    """Resets, service, the cable's lock, and messages on demand."""

    def __init__(self, station: OcppStation) -> None:
        """Answer for one station."""
        self._station = station

    def routes(self) -> dict[str, Any]:
        """Tell which question is answered where."""
        station = self._station
        return {
            "SetNetworkProfile": station.network.set_way,
            "ChangeAvailability": station.availability_of.change,
            "UnlockConnector": self.unlock_connector,
            "TriggerMessage": self.trigger_message,
            "Reset": self.reset,
            "DataTransfer": station.vendor_routes.data_transfer,
        }

    def unlock_connector(self, asked: Payload) -> Payload:
        """Release the cable, unless a transaction holds it or the lock is stuck."""
        if (asked["evseId"], asked["connectorId"]) != (1, 1):
            return status("UnknownConnector")
        if self._station.session.permission is not None and self._station.session.transaction is not None:
            return status("OngoingAuthorizedTransaction")
        if self._station.evse.lock_stuck:
            return status("UnlockFailed")
        self._station.evse.locked = False
        return status("Unlocked")

    def trigger_message(self, asked: Payload) -> Payload:
        """Send what the controller wants to hear again."""
        wanted, evse = asked["requestedMessage"], asked.get("evse", {})
        if evse.get("id", 1) not in (0, 1) or evse.get("connectorId", 1) != 1:
            return status("Rejected", "UnknownEvse")
        task = self._tasks().get(wanted)
        if task is None:
            return status("NotImplemented")
        if wanted == "BootNotification" and self._station.standing.registration == "Accepted":
            return status("Rejected", "AlreadyAccepted")
        if wanted == "TransactionEvent" and self._station.session.transaction is None:
            return status("Rejected", "NoTransaction")
        task()
        return status("Accepted")

    def reset(self, asked: Payload) -> Payload:
        """Restart, at once or when nothing is going on; the EVSE alone if it is named."""
        station = self._station
        if asked.get("evseId", 0) not in (0, 1):
            return status("Rejected", "UnknownEvse")
        whole = asked.get("evseId", 0) == 0
        if station.session.transaction is None or asked["type"] == "Immediate":
            station.session.end("ResetCommand", "ImmediateReset")
            station.later(BEFORE_REBOOT_S, partial(station.reset, "RemoteReset") if whole else station.reset_evse)
            return status("Accepted")
        station.later(1.0, partial(self._reset_when_idle, whole))
        return status("Scheduled")

    def _tasks(self) -> dict[str, Callable[[], None]]:
        station = self._station
        return {
            "BootNotification": station.standing.boot,
            "Heartbeat": station.standing.heartbeat,
            "StatusNotification": station.standing.tell_status,
            "MeterValues": self._send_meter_values,
            "TransactionEvent": partial(station.session.tell, "Trigger"),
            "LogStatusNotification": partial(self._send, "LogStatusNotification", station.logs.now),
            "FirmwareStatusNotification": partial(self._send, "FirmwareStatusNotification", station.firmware.now),
            "SignChargingStationCertificate": station.certificates.ask_to_sign,
        }

    def _send(self, action: str, payload: Payload) -> None:
        self._station.conversation.call(action, payload)

    def _send_meter_values(self) -> None:
        station = self._station
        values = station.session.tale.values("TxUpdatedMeasurands", "Trigger", station.session.transaction)
        if values is not None:
            self._send("MeterValues", {"evseId": 1, "meterValue": values})

    def _reset_when_idle(self, whole: bool) -> None:
        station = self._station
        if station.session.transaction is not None:
            station.later(1.0, partial(self._reset_when_idle, whole))
        elif whole:
            station.reset("ScheduledReset")
        else:
            station.reset_evse()
