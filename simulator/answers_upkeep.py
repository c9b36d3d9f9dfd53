"""The station's answers to whoever looks after it."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from simulator.conversation import CallRefused
from simulator.device_model import Variable
from simulator.payload import Payload, iso, status, without_nothing

if TYPE_CHECKING:
    from simulator.ocpp_station import OcppStation

BEFORE_REBOOT_S = 1.0


class UpkeepAnswers:
    """Variables, reports, monitors, resets, availability, triggers."""

    def __init__(self, station: OcppStation) -> None:
        """Answer for one station."""
        self._station = station
        self._availability_after: str | None = None

    def routes(self) -> dict[str, Callable[[Payload], Payload]]:
        """Tell which question is answered where."""
        return {
            "GetVariables": self.get_variables,
            "SetVariables": self.set_variables,
            "GetBaseReport": self.get_base_report,
            "GetReport": self.get_report,
            "SetVariableMonitoring": self.set_variable_monitoring,
            "ClearVariableMonitoring": self.clear_variable_monitoring,
            "SetNetworkProfile": lambda _: status("Accepted"),
            "ChangeAvailability": self.change_availability,
            "UnlockConnector": self.unlock_connector,
            "TriggerMessage": self.trigger_message,
            "Reset": self.reset,
            "ClearCache": lambda _: status("Rejected", "NotEnabled"),
            "DataTransfer": lambda _: status("UnknownVendorId"),
        }

    def get_variables(self, asked: Payload) -> Payload:
        """Read variables."""
        items = asked["getVariableData"]
        self._check_count(items, "GetVariables")
        return {"getVariableResult": [self._station.model.get(item) for item in items]}

    def set_variables(self, asked: Payload) -> Payload:
        """Write variables."""
        items = asked["setVariableData"]
        self._check_count(items, "SetVariables")
        return {"setVariableResult": [self._station.model.set(item) for item in items]}

    def get_base_report(self, asked: Payload) -> Payload:
        """Report the whole inventory, the configuration, or a summary."""
        return self._report(asked["requestId"], self._station.model.base_report(asked["reportBase"]))

    def get_report(self, asked: Payload) -> Payload:
        """Report what is asked for."""
        wanted = asked.get("componentVariable", [])
        return self._report(
            asked["requestId"], self._station.model.custom_report(wanted, asked.get("componentCriteria", []))
        )

    def set_variable_monitoring(self, asked: Payload) -> Payload:
        """Watch variables."""
        return {"setMonitoringResult": [self._station.model.watch(item) for item in asked["setMonitoringData"]]}

    def clear_variable_monitoring(self, asked: Payload) -> Payload:
        """Stop watching."""
        monitors = self._station.model.monitors
        results = [
            {"id": number, "status": "NotFound" if monitors.pop(number, None) is None else "Accepted"}
            for number in asked["id"]
        ]
        return {"clearMonitoringResult": results}

    def change_availability(self, asked: Payload) -> Payload:
        """Take the station in or out of service, after the transaction if there is one."""
        operative = asked["operationalStatus"] == "Operative"
        if self._station.session.transaction is not None and not operative:
            self._station.later(1.0, partial(self._change_when_idle, operative))
            return status("Scheduled")
        self._station.operative = operative
        return status("Accepted")

    def unlock_connector(self, asked: Payload) -> Payload:
        """Release the cable, unless a transaction holds it."""
        if (asked["evseId"], asked["connectorId"]) != (1, 1):
            return status("UnknownConnector")
        if self._station.session.transaction is not None:
            return status("OngoingAuthorizedTransaction")
        self._station.evse.locked = False
        return status("Unlocked")

    def trigger_message(self, asked: Payload) -> Payload:
        """Send what the controller wants to hear again."""
        station = self._station
        if asked.get("evse", {}).get("id", 1) not in (0, 1):
            return status("Rejected", "UnknownEvse")
        tasks: dict[str, Callable[[], None]] = {
            "BootNotification": station.standing.boot,
            "Heartbeat": station.standing.heartbeat,
            "StatusNotification": station.standing.tell_status,
            "MeterValues": self._send_meter_values,
            "TransactionEvent": partial(station.session.tell, "Trigger"),
            "LogStatusNotification": partial(self._send, "LogStatusNotification", {"status": "Idle"}),
            "FirmwareStatusNotification": partial(self._send, "FirmwareStatusNotification", {"status": "Idle"}),
        }
        wanted = asked["requestedMessage"]
        if wanted not in tasks:
            return status("NotImplemented")
        if wanted == "BootNotification" and station.standing.registration == "Accepted":
            return status("Rejected", "AlreadyAccepted")
        if wanted == "TransactionEvent" and station.session.transaction is None:
            return status("Rejected", "NoTransaction")
        tasks[wanted]()
        return status("Accepted")

    def reset(self, asked: Payload) -> Payload:
        """Restart, at once or when nothing is going on."""
        station = self._station
        if "evseId" in asked:
            return status("Rejected", "NotSupported")
        if station.session.transaction is None or asked["type"] != "OnIdle":
            station.session.end("ResetCommand", "ImmediateReset")
            station.later(BEFORE_REBOOT_S, partial(station.reboot, "RemoteReset", "ImmediateReset"))
            return status("Accepted")
        station.later(1.0, self._reset_when_idle)
        return status("Scheduled")

    def _check_count(self, items: list[Payload], message: str) -> None:
        most = self._station.model.number("DeviceDataCtrlr", "ItemsPerMessage", message)
        if len(items) > most:
            raise CallRefused("OccurrenceConstraintViolation", f"at most {most:.0f} items")

    def _report(self, request_id: int, variables: list[Variable]) -> Payload:
        parts = self._station.model.report_parts(variables)
        for number, part in enumerate(parts):
            report = without_nothing(
                requestId=request_id,
                generatedAt=iso(self._station.clock.now()),
                seqNo=number,
                tbc=True if number + 1 < len(parts) else None,
                reportData=part,
            )
            self._send("NotifyReport", report)
        return status("Accepted" if parts else "EmptyResultSet")

    def _send(self, action: str, payload: Payload) -> None:
        self._station.conversation.call(action, payload)

    def _send_meter_values(self) -> None:
        station = self._station
        values = station.session.tale.values("TxUpdatedMeasurands", "Trigger", station.session.transaction)
        if values is not None:
            self._send("MeterValues", {"evseId": 1, "meterValue": values})

    def _change_when_idle(self, operative: bool) -> None:
        if self._station.session.transaction is None:
            self._station.operative = operative
        else:
            self._station.later(1.0, partial(self._change_when_idle, operative))

    def _reset_when_idle(self) -> None:
        if self._station.session.transaction is None:
            self._station.reboot("ScheduledReset")
        else:
            self._station.later(1.0, self._reset_when_idle)
