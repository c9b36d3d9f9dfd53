"""The meter values a station tells at round times of day."""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.ocpp_station import OcppStation

CONTROLLER, CONTEXT = "AlignedDataCtrlr", "Sample.Clock"


class AlignedValues:
    """Values every so many seconds from midnight, with the transaction or, without one, by themselves."""

    def __init__(self, station: OcppStation) -> None:
        """Tell nothing before somebody asks for an interval."""
        self._station = station
        self._told: tuple[float, int] | None = None

    def tick(self) -> None:
        """Tell the values when their time has come."""
        model = self._station.model
        every_s = model.number(CONTROLLER, "Interval") if model.flag(CONTROLLER, "Enabled") else 0.0
        if every_s <= 0:
            self._told = None
            return
        mark = (every_s, math.floor(self._station.clock.now().timestamp() / every_s))
        due, self._told = self._told not in (None, mark), mark
        if due:
            self._tell()

    def _tell(self) -> None:
        session = self._station.session
        values = session.tale.values("TxUpdatedMeasurands", CONTEXT, session.transaction)
        if session.transaction is not None:
            session.tale.tell(session.transaction, "Updated", "MeterValueClock", values=values)
        elif self._station.online and values is not None:
            self._station.conversation.call("MeterValues", {"evseId": 1, "meterValue": values})
