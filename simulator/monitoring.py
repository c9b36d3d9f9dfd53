"""The watches set on the station's variables, and the events they cause."""

from collections.abc import Iterable
from dataclasses import dataclass
import itertools
from typing import TYPE_CHECKING, Any

from simulator.conversation import CallRefused
from simulator.device_model import Variable, matches
from simulator.payload import Payload, iso, status, without_nothing

if TYPE_CHECKING:
    from simulator.ocpp_station import OcppStation

LOCK = ("ConnectorPlugRetentionLock", None, 1, 1, "Problem", None)
HARD_WIRED, CUSTOM = "HardWiredMonitor", "CustomMonitor"
KINDS = {
    "UpperThreshold": "ThresholdMonitoring",
    "LowerThreshold": "ThresholdMonitoring",
    "Delta": "DeltaMonitoring",
    "Periodic": "PeriodicMonitoring",
    "PeriodicClockAligned": "PeriodicMonitoring",
}
DANGER, MOST = 9, 50


@dataclass(slots=True)
class Monitor:
    """A watch on one variable."""

    id: int
    variable: Variable
    kind: str
    value: float
    severity: int
    transaction: bool
    origin: str
    last: str
    due_s: float = 0.0
    alarmed: bool = False

    def report(self, version: str) -> Payload:
        """Write the watch as a report carries it."""
        about = {"id": self.id, "transaction": self.transaction, "value": self.value, "type": self.kind}
        origin = {"eventNotificationType": self.origin} if version == "2.1" else {}
        return {**about, "severity": self.severity, **origin}

    def change(self) -> bool:
        """Notice a change that is large enough."""
        actual = self.variable.actual
        try:
            moved = abs(float(actual) - float(self.last)) >= max(self.value, 1e-9)
        except ValueError:
            moved = actual != self.last
        if moved:
            self.last = actual
        return moved

    def crossed(self) -> bool:
        """Notice that a threshold was crossed, there or back."""
        try:
            actual = float(self.variable.actual)
        except ValueError:
            return False
        beyond = actual > self.value if self.kind == "UpperThreshold" else actual < self.value
        crossed, self.alarmed = beyond != self.alarmed, beyond
        return crossed


class Monitoring:
    """All watches of one station."""

    def __init__(self, station: OcppStation) -> None:
        """Watch the lock, as the factory wired it."""
        lock = station.model.variables[LOCK]
        self.level = DANGER
        self._station = station
        self._wired = Monitor(1, lock, "Delta", 1.0, 2, False, HARD_WIRED, lock.actual)
        self._monitors: dict[int, Monitor] = {1: self._wired}
        self._event_ids = itertools.count(1)

    def routes(self) -> dict[str, Any]:
        """Tell which question is answered where."""
        return {
            "SetMonitoringBase": self.set_base,
            "SetMonitoringLevel": self.set_level,
            "SetVariableMonitoring": self.set_variable_monitoring,
            "ClearVariableMonitoring": self.clear_variable_monitoring,
            "GetMonitoringReport": self.get_monitoring_report,
        }

    # -- answers --------------------------------------------------------------------------------

    def set_base(self, asked: Payload) -> Payload:
        """Keep all watches, or only those of the factory."""
        if asked["monitoringBase"] != "All":
            self._monitors = {1: self._wired}
        return status("Accepted")

    def set_level(self, asked: Payload) -> Payload:
        """Tell only what is at least so severe; 0 is the most severe."""
        if not 0 <= asked["severity"] <= DANGER:
            return status("Rejected", "ValueOutOfRange")
        self.level = asked["severity"]
        return status("Accepted")

    def set_variable_monitoring(self, asked: Payload) -> Payload:
        """Watch variables."""
        items = asked["setMonitoringData"]
        most = self._station.model.number("MonitoringCtrlr", "ItemsPerMessage", "SetVariableMonitoring")
        if len(items) > most:
            raise CallRefused("OccurrenceConstraintViolation", f"at most {most:.0f} items")
        return {"setMonitoringResult": [self._watch(item) for item in items]}

    def clear_variable_monitoring(self, asked: Payload) -> Payload:
        """Stop watching."""
        return {"clearMonitoringResult": [{"id": number, "status": self._clear(number)} for number in asked["id"]]}

    def get_monitoring_report(self, asked: Payload) -> Payload:
        """Tell the watches that fit, grouped by variable."""
        criteria, wanted = asked.get("monitoringCriteria"), asked.get("componentVariable")
        found = [
            one
            for one in self._monitors.values()
            if (criteria is None or KINDS[one.kind] in criteria)
            and (wanted is None or any(matches(one.variable, item) for item in wanted))
        ]
        if not found:
            return status("EmptyResultSet")
        now = iso(self._station.clock.now())
        report = {"requestId": asked["requestId"], "seqNo": 0, "generatedAt": now, "monitor": self._grouped(found)}
        self._station.conversation.call("NotifyMonitoringReport", report)
        return status("Accepted")

    # -- events ---------------------------------------------------------------------------------

    def tick(self) -> None:
        """Tell what changed, crossed its threshold or is due."""
        if not self._station.online:
            return
        for monitor in self._monitors.values():
            trigger = self._fires(monitor)
            if trigger is not None and monitor.severity <= self.level:
                self._tell_monitor(monitor, trigger)

    def tell_event(self, variable: Variable, kind: str, **more: Any) -> None:
        """Send one event about a variable."""
        now = iso(self._station.clock.now())
        event = without_nothing(
            eventId=next(self._event_ids),
            timestamp=now,
            trigger=more.pop("trigger", "Delta"),
            actualValue=variable.actual,
            eventNotificationType=kind,
            component=variable.component_payload(),
            variable=variable.variable_payload(),
            **more,
        )
        self._station.conversation.call("NotifyEvent", {"generatedAt": now, "seqNo": 0, "eventData": [event]})

    # -- inside ---------------------------------------------------------------------------------

    def _fires(self, monitor: Monitor) -> str | None:
        running = self._station.session.transaction
        if monitor.transaction and running is None:
            return None
        if monitor.kind == "Delta":
            return "Delta" if monitor.change() else None
        if monitor.kind.endswith("Threshold"):
            return "Alerting" if monitor.crossed() else None
        now_s = self._station.clock.monotonic_s()
        if now_s < monitor.due_s:
            return None
        monitor.due_s = now_s + monitor.value
        return "Periodic"

    def _tell_monitor(self, monitor: Monitor, trigger: str) -> None:
        running = self._station.session.transaction
        over = monitor.kind.endswith("Threshold") and not monitor.alarmed
        self.tell_event(
            monitor.variable,
            monitor.origin,
            trigger=trigger,
            cleared=True if over else None,
            variableMonitoringId=monitor.id,
            transactionId=None if running is None else running.id,
        )

    def _watch(self, wanted: Payload) -> Payload:
        variable, verdict = self._station.model.find(wanted)
        number = None
        if variable is not None:
            verdict = self._why_not(variable, wanted)
        if variable is not None and verdict == "Accepted":
            number = wanted.get("id", max(self._monitors) + 1)
            self._monitors[number] = Monitor(
                number,
                variable,
                wanted["type"],
                wanted["value"],
                wanted["severity"],
                wanted.get("transaction", False),
                CUSTOM,
                variable.actual,
                due_s=self._station.clock.monotonic_s() + wanted["value"],
            )
        return without_nothing(
            id=number,
            status=verdict,
            type=wanted["type"],
            component=wanted["component"],
            variable=wanted["variable"],
            severity=wanted["severity"],
        )

    def _why_not(self, variable: Variable, wanted: Payload) -> str:
        number = wanted.get("id")
        if wanted["type"] not in KINDS:
            return "UnsupportedMonitorType"
        wired = number == self._wired.id
        if not variable.monitored or wanted["value"] < 0 or wired or len(self._monitors) >= MOST:
            return "Rejected"
        if number is not None and number not in self._monitors:
            return "Rejected"
        same = [
            one
            for one in self._monitors.values()
            if (one.variable.key, one.kind, one.severity) == (variable.key, wanted["type"], wanted["severity"])
        ]
        return "Duplicate" if same and number != same[0].id else "Accepted"

    def _clear(self, number: int) -> str:
        if number == self._wired.id:
            return "Rejected"
        return "NotFound" if self._monitors.pop(number, None) is None else "Accepted"

    def _grouped(self, found: Iterable[Monitor]) -> list[Payload]:
        groups: dict[Any, list[Monitor]] = {}
        for one in found:
            groups.setdefault(one.variable.key, []).append(one)
        return [
            {
                "component": group[0].variable.component_payload(),
                "variable": group[0].variable.variable_payload(),
                "variableMonitoring": [one.report(self._station.version) for one in group],
            }
            for group in groups.values()
        ]
