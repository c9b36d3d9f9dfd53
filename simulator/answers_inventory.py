"""The station's answers to whoever reads and writes its variables."""

from typing import TYPE_CHECKING, Any

from simulator.conversation import CallRefused
from simulator.device_model import Variable
from simulator.payload import Payload, iso, status, without_nothing

if TYPE_CHECKING:
    from simulator.ocpp_station import OcppStation


class InventoryAnswers:
    """Variables and the reports on them."""

    def __init__(self, station: OcppStation) -> None:
        """Answer for one station."""
        self._station = station

    def routes(self) -> dict[str, Any]:
        """Tell which question is answered where."""
        return {
            "GetVariables": self.get_variables,
            "SetVariables": self.set_variables,
            "GetBaseReport": self.get_base_report,
            "GetReport": self.get_report,
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
        wanted, criteria = asked.get("componentVariable", []), asked.get("componentCriteria", [])
        self._check_count(wanted, "GetReport")
        return self._report(asked["requestId"], self._station.model.custom_report(wanted, criteria))

    def _check_count(self, items: list[Payload], message: str) -> None:
        most = self._station.model.number("DeviceDataCtrlr", "ItemsPerMessage", message)
        if len(items) > most:
            raise CallRefused("OccurrenceConstraintViolation", f"at most {most:.0f} items")

    def _report(self, request_id: int, variables: list[Variable]) -> Payload:
        numbering = self._station.quirks.report_numbering
        parts = self._station.model.report_parts(variables, {"three": 3, "parts": 0}.get(numbering, 1))
        for number, part in enumerate(parts):
            report = without_nothing(
                requestId=request_id,
                generatedAt=iso(self._station.clock.now()),
                seqNo=number + int(numbering == "one_from_1"),
                tbc=True if number + 1 < len(parts) else None,
                reportData=part,
            )
            self._station.conversation.call("NotifyReport", report)
        return status("Accepted" if parts else "EmptyResultSet")
