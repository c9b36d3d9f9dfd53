"""The station's standing with its controller: boot, heartbeat, what it reports unasked."""

from typing import TYPE_CHECKING

from simulator.conversation import Answer, Then
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
        self._told_availability = ""
        self._lost_at_s = NEVER_S
        self._heartbeat_at_s = self._boot_at_s = NEVER_S

    def restarted(self, reason: str) -> None:
        """Become a stranger again, for a reason."""
        self.boot_reason, self.registration = reason, ""

    def link_up(self) -> None:
        """Boot on a fresh link if there is a reason to, else just say that we live."""
        if self.boot_reason is None:
            self._came_back()
            return
        self.registration = ""
        self.boot()
        if self._station.quirks.statuses_before_boot_answer:
            self.tell_status()

    def link_down(self) -> None:
        """Let nothing be due while nobody listens."""
        self._heartbeat_at_s = self._boot_at_s = NEVER_S
        self._lost_at_s = self._station.clock.monotonic_s()

    def tick(self) -> None:
        """Do what is due."""
        now_s = self._station.clock.monotonic_s()
        if self._station.link and now_s >= self._boot_at_s:
            self.boot()
        if self._station.online and now_s >= self._heartbeat_at_s:
            self.heartbeat()
        self.tell_new_status()

    def boot(self) -> None:
        """Announce the station."""
        self.boot_reason = self.boot_reason or "Triggered"
        self._boot_at_s = NEVER_S
        own = self._station.settings
        station = {
            "serialNumber": own.serial,
            "model": own.model,
            "vendorName": own.vendor,
            "firmwareVersion": self._station.firmware.version,
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
            state = self._station.model.variables[CONNECTOR_STATE]
            self._station.monitoring.tell_event(state, "HardWiredNotification")
            return
        place = {"evseId": 1, "connectorId": 1}
        now = iso(self._station.clock.now())
        self._call("StatusNotification", {"timestamp": now, "connectorStatus": self._told_availability, **place})

    def tell_new_status(self) -> None:
        """Say what the connector is if that changed."""
        changed = self._station.availability != self._told_availability
        if self._station.online and changed and not self._waits_for_started():
            self.tell_status()

    def tell_security(self, kind: str, more: str | None = None) -> None:
        """Tell an event of the station's security, now or when somebody listens, and write it down."""
        now = iso(self._station.clock.now())
        self._station.logs.security.append(f"{now} {kind} {more or ''}".rstrip())
        event = without_nothing(type=kind, timestamp=now, techInfo=more)
        self._station.conversation.call("SecurityEventNotification", event, durable=True)

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
        if not self._station.quirks.no_startup_event:
            self.tell_security("StartupOfTheDevice")
        if not self._station.quirks.statuses_before_boot_answer:
            self.tell_status()
        self._station.firmware.booted()

    def _came_back(self) -> None:
        """Say that we live; after a long absence also what the connector is."""
        self.heartbeat()
        away_s = self._station.clock.monotonic_s() - self._lost_at_s
        if self._station.quirks.heartbeat_only_on_reconnect:
            self._told_availability = self._station.availability
        elif away_s >= self._station.model.number("OCPPCommCtrlr", "OfflineThreshold"):
            self.tell_status()
        else:
            self.tell_new_status()

    def _waits_for_started(self) -> bool:
        """Tell whether the cable is in and the transaction has not begun, which this station tells first."""
        if not self._station.quirks.status_after_started or not self._station.evse.plugged:
            return False
        session = self._station.session
        return session.transaction is None and not session.ended

    def _call(self, action: str, payload: Payload, then: Then | None = None) -> None:
        self._station.conversation.call(action, payload, then)
