"""The messages on the station's screen."""

from typing import TYPE_CHECKING, Any

from simulator.conversation import CallRefused
from simulator.payload import Payload, moment, status, without_nothing

if TYPE_CHECKING:
    from simulator.ocpp_station import OcppStation

PRIORITIES = ("AlwaysFront", "InFront", "NormalCycle")
FORMATS = ("ASCII", "UTF8")
STATES = ("Charging", "Faulted", "Idle", "Unavailable")
A_PART = 5


class Screen:
    """What is to be shown, and what a session costs so far."""

    def __init__(self, station: OcppStation) -> None:
        """Be blank."""
        self.messages: dict[int, Payload] = {}
        self.cost: float | None = None
        self._station = station

    def routes(self) -> dict[str, Any]:
        """Tell which question is answered where."""
        return {
            "SetDisplayMessage": self.set_message,
            "GetDisplayMessages": self.get_messages,
            "ClearDisplayMessage": self.clear_message,
            "CostUpdated": self.cost_updated,
        }

    def set_message(self, asked: Payload) -> Payload:
        """Put a message on the screen, or another in its place."""
        self._must_exist()
        message = asked["message"]
        running = self._station.session.transaction
        if message["priority"] not in PRIORITIES:
            return status("NotSupportedPriority")
        if message.get("state", "Idle") not in STATES:
            return status("NotSupportedState")
        if message["message"]["format"] not in FORMATS:
            return status("NotSupportedMessageFormat")
        if "transactionId" in message and (running is None or running.id != message["transactionId"]):
            return status("UnknownTransaction")
        full = len(self.messages) >= self._station.model.number("DisplayMessageCtrlr", "DisplayMessages", "Maximum")
        if full and message["id"] not in self.messages:
            return status("Rejected", "TooManyElements")
        self.messages[message["id"]] = message
        return status("Accepted")

    def get_messages(self, asked: Payload) -> Payload:
        """Tell the messages that fit, in parts."""
        self._must_exist()
        found = [one for one in self.messages.values() if _fits(one, asked)]
        for begin in range(0, len(found), A_PART):
            last = begin + A_PART >= len(found)
            note = without_nothing(
                requestId=asked["requestId"], messageInfo=found[begin : begin + A_PART], tbc=None if last else True
            )
            self._station.conversation.call("NotifyDisplayMessages", note)
        return status("Accepted" if found else "Unknown")

    def clear_message(self, asked: Payload) -> Payload:
        """Take a message off the screen."""
        self._must_exist()
        return status("Unknown" if self.messages.pop(asked["id"], None) is None else "Accepted")

    def cost_updated(self, asked: Payload) -> Payload:
        """Show what the session costs so far."""
        self._must_exist()
        self.cost = asked["totalCost"]
        return {}

    def tick(self) -> None:
        """Take off what is over: its time, or its transaction."""
        running = self._station.session.transaction
        kept = (None, None if running is None else running.id)
        self.messages = {
            number: one
            for number, one in self.messages.items()
            if one.get("transactionId") in kept and not self._is_over(one)
        }

    def _is_over(self, message: Payload) -> bool:
        end = moment(message.get("endDateTime"))
        return end is not None and end <= self._station.clock.now()

    def _must_exist(self) -> None:
        if self._station.quirks.no_screen:
            raise CallRefused("NotSupported", "no screen")


def _fits(message: Payload, asked: Payload) -> bool:
    return (
        message["id"] in asked.get("id", [message["id"]])
        and asked.get("priority", message["priority"]) == message["priority"]
        and asked.get("state") in (None, message.get("state"))
    )
