"""Which parts of the station are in service."""

from typing import TYPE_CHECKING

from simulator.payload import Payload, status

if TYPE_CHECKING:
    from simulator.ocpp_station import OcppStation

STATION, EVSE, CONNECTOR = "station", "evse", "connector"


class Availability:
    """Station, EVSE and connector, each in or out of service; what is asked during a transaction waits for its end."""

    def __init__(self, station: OcppStation) -> None:
        """Be in service."""
        self.busy = False
        self._station = station
        self._in_service = {STATION: True, EVSE: True, CONNECTOR: True}
        self._waiting: dict[str, bool] = {}

    @property
    def operative(self) -> bool:
        """Tell whether a car can charge here."""
        return all(self._in_service.values()) and not self.busy

    @property
    def station_operative(self) -> bool:
        """Tell whether the station as a whole is in service."""
        return self._in_service[STATION]

    def change(self, asked: Payload) -> Payload:
        """Take a part in or out of service, after the transaction if there is one."""
        scope = _scope(asked.get("evse", {}))
        if scope is None:
            return status("Rejected", "UnknownEvse")
        operative = asked["operationalStatus"] == "Operative"
        self._waiting.pop(scope, None)
        if self._station.session.transaction is not None and not operative:
            self._waiting[scope] = operative
            return status("Scheduled")
        self._in_service[scope] = operative
        return status("Accepted")

    def tick(self) -> None:
        """Do what waited for the end of a transaction."""
        if self._waiting and self._station.session.transaction is None:
            self._in_service |= self._waiting
            self._waiting.clear()


def _scope(evse: Payload) -> str | None:
    match evse.get("id", 0), evse.get("connectorId"):
        case 0, None:
            return STATION
        case 1, None:
            return EVSE
        case 1, 1:
            return CONNECTOR
    return None
