"""The station's standing with its controller: boot, heartbeat, what it reports unasked."""

import itertools
from typing import TYPE_CHECKING

from simulator.conversation import Answer, Then
from simulator.device_model import Variable
from simulator.payload import Payload, iso, without_nothing

if TYPE_CHECKING:
    from simulator.ocpp_station import OcppStation

BOOT_RETRY_S = 30.0
ACCEPTED = "Accepted"
CONNECTOR_STATE = ("Connector", None, 1, 1, "AvailabilityState", None)
HEARTBEAT_INTERVAL = ("OCPPCommCtrlr", None, None, None, "HeartbeatInterval", None)
NEVER_S = float("inf")


class Standing:
    """Whether the controller has accepted this station, and what is due on the line."""

    def __init__(self, station: OcppStation) -> None:
        """Be a stranger who has just got power."""
        self.registration = ""
        self.boot_reason: str | None = "PowerUp"
        self._station = station
        self._event_ids = itertools.count(1)
        self._told_availability = ""
        self._heartbeat_at_s = self._boot_at_s = NEVER_S

    def restarted(self, reason: str) -> None:
        """Become a stranger again, for a reason."""
        self.boot_reason, self.registration = reason, ""

    def link_up(self) -> None:
        """Boot on a fresh link if there is a reason to, else just say that we live."""
        if self.boot_reason is None:
            self.heartbeat()
            self.tell_new_status()
            return
        self.registration = ""
        self.boot()
        if self._station.quirks.statuses_before_boot_answer:
            self.tell_status()

    def link_down(self) -> None:
        """Let nothing be due while nobody listens."""
        self._heartbeat_at_s = self._boot_at_s = NEVER_S

    def tick(self) -> None:
        """Do what is due."""
        now_s = self._station.clock.monotonic_s()
        if self._station.link and now_s >= self._boot_at_s:
            self.boot()
        if self._station.online and now_s >= self._heartbeat_at_s:
            self.heartbeat()
        self.tell_new_status()
        self._tell_monitors()

    def boot(self) -> None:
        """Announce the station."""
        self.boot_reason = self.boot_reason or "Triggered"
        self._boot_at_s = NEVER_S
        own = self._station.settings
        station = {
            "serialNumber": own.serial,
            "model": own.model,
            "vendorName": own.vendor,
            "firmwareVersion": own.firmware,
        }
        payload = {"chargingStation": station, "reason": self.boot_reason}
        self._call("BootNotification", payload, self._boot_answered)

    def heartbeat(self) -> None:
        """Say that we live."""
        self._call("Heartbeat", {})
        interval_s = float(self._station.model.variables[HEARTBEAT_INTERVAL].actual)
        self._heartbeat_at_s = self._station.clock.monotonic_s() + interval_s

    def tell_status(self) -> None:
        """Say what the connector is, in the way of this station."""
        self._told_availability = self._station.availability
        if self._station.quirks.states_by_event:
            self._tell_event(self._station.model.variables[CONNECTOR_STATE], "HardWiredNotification")
            return
        place = {"evseId": 1, "connectorId": 1}
        now = iso(self._station.clock.now())
        self._call("StatusNotification", {"timestamp": now, "connectorStatus": self._told_availability, **place})

    def tell_new_status(self) -> None:
        """Say what the connector is if that changed."""
        if self._station.online and self._station.availability != self._told_availability:
            self.tell_status()

    def _boot_answered(self, answer: Answer) -> None:
        now_s = self._station.clock.monotonic_s()
        if answer.payload is None:
            self._boot_at_s = now_s + BOOT_RETRY_S if self._station.link else NEVER_S
            return
        self.registration = answer.payload["status"]
        interval_s = answer.payload["interval"] or BOOT_RETRY_S
        if self.registration != ACCEPTED:
            self._boot_at_s = now_s + interval_s
            return
        self.boot_reason = None
        self._station.model.variables[HEARTBEAT_INTERVAL].value = str(round(interval_s))
        self._heartbeat_at_s = now_s + interval_s
        event = {"type": "StartupOfTheDevice", "timestamp": iso(self._station.clock.now())}
        self._call("SecurityEventNotification", event)
        self.tell_status()

    def _tell_monitors(self) -> None:
        if self._station.online and self._station.model.monitors:
            for monitor in self._station.model.changes():
                self._tell_event(monitor.variable, "CustomMonitor", monitor.id)

    def _tell_event(self, variable: Variable, kind: str, monitor_id: int | None = None) -> None:
        now = iso(self._station.clock.now())
        event = without_nothing(
            eventId=next(self._event_ids),
            timestamp=now,
            trigger="Delta",
            actualValue=variable.actual,
            eventNotificationType=kind,
            variableMonitoringId=monitor_id,
            component=variable.component_payload(),
            variable=variable.variable_payload(),
        )
        self._call("NotifyEvent", {"generatedAt": now, "seqNo": 0, "eventData": [event]})

    def _call(self, action: str, payload: Payload, then: Then | None = None) -> None:
        self._station.conversation.call(action, payload, then)
