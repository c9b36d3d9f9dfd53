"""The reservation a station holds for somebody."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from simulator.payload import Payload, moment, status

if TYPE_CHECKING:
    from simulator.ocpp_station import OcppStation

CONNECTOR_TYPE = "sType2"


@dataclass(frozen=True, slots=True)
class Reservation:
    """A number, whom it is for, and until when."""

    id: int
    token: Payload
    group: Payload | None
    expiry: datetime

    def admits(self, token: Payload, group: Payload | None) -> bool:
        """Tell whether a badge, or the group it belongs to, is the one that was promised the place."""
        wanted = None if self.group is None else self.group["idToken"].lower()
        return _same(token, self.token) or (
            wanted is not None and wanted in {token["idToken"].lower(), (group or {}).get("idToken", "").lower()}
        )


class Reservations:
    """One EVSE, so one reservation at most; it outlives a reboot."""

    def __init__(self, station: OcppStation) -> None:
        """Be free."""
        self.current: Reservation | None = None
        self._station = station

    def routes(self) -> dict[str, Any]:
        """Tell which question is answered where."""
        return {"ReserveNow": self.reserve, "CancelReservation": self.cancel}

    def reserve(self, asked: Payload) -> Payload:
        """Hold the place for a badge or its group."""
        station, expiry = self._station, moment(asked["expiryDateTime"])
        if not station.model.flag("ReservationCtrlr", "Enabled"):
            return status("Rejected", "NotEnabled")
        if asked.get("evseId", 1) != 1 or asked.get("connectorType", CONNECTOR_TYPE) != CONNECTOR_TYPE:
            return status("Rejected", "UnknownEvse")
        if expiry is None or expiry <= station.clock.now():
            return status("Rejected", "InvalidValue")
        word = self._why_not(asked["id"])
        if word is not None:
            return status(word)
        self.current = Reservation(asked["id"], asked["idToken"], asked.get("groupIdToken"), expiry)
        return status("Accepted")

    def cancel(self, asked: Payload) -> Payload:
        """Give the place up."""
        if self.current is None or self.current.id != asked["reservationId"]:
            return status("Rejected")
        self.current = None
        return status("Accepted")

    def admits(self, token: Payload, group: Payload | None) -> bool:
        """Tell whether a badge may use the place."""
        return self.current is None or self.current.admits(token, group)

    def use(self) -> int | None:
        """End the reservation because whom it was for has come; tell its number."""
        number = None if self.current is None else self.current.id
        self.current = None
        return number

    def tick(self) -> None:
        """End the reservation when its time is over, or the place is no longer fit."""
        if self.current is None:
            return
        if self._station.clock.now() >= self.current.expiry:
            self._end("Expired")
        elif self._station.evse.faulted or not self._station.availability_of.operative:
            self._end("Removed")

    def _end(self, word: str) -> None:
        if self.current is not None:
            note = {"reservationId": self.current.id, "reservationUpdateStatus": word}
            self.current = None
            self._station.conversation.call("ReservationStatusUpdate", note, durable=True)

    def _why_not(self, number: int) -> str | None:
        words = {"Faulted": "Faulted", "Unavailable": "Unavailable", "Occupied": "Occupied"}
        taken = self.current is not None and self.current.id != number
        return "Occupied" if taken else words.get(self._station.availability)


def _same(one: Payload, other: Payload) -> bool:
    return (one["idToken"].lower(), one["type"]) == (other["idToken"].lower(), other["type"])
