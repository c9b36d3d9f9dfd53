"""A vendor's numbers, kept apart from ours in the station and given back to the vendor as its own."""

from collections import OrderedDict
from typing import Final

from ..model.moment import Moment
from ..model.tasks import OWNERS_NUMBERS
from .forwarding_rules import PROGRESS, REPORTS
from .wire import Json, Payload, integer, table, tables

BEYOND_OURS: Final = 2 * OWNERS_NUMBERS
"""We never number as high as this."""
TABLED: Final = BEYOND_OURS + 100_000_000
"""From here on a number stands for another one that is too large to be moved, and a table knows which."""
TABLED_EACH_S: Final = 40_000_000
KEPT: Final = 256


class Shift:
    """Move numbers of one kind, the same way each time: those below ``most`` by ``moved``, the others by a table."""

    def __init__(self, moved: int, most: int) -> None:
        """Begin with an empty table."""
        self._moved, self._most = moved, most
        self._theirs: OrderedDict[int, int] = OrderedDict()
        self._next = 0

    def there(self, number: int, now: Moment) -> int:
        """Return the vendor's number as the station is to know it."""
        if 0 <= number < self._most:
            return number + self._moved
        known = next((given for given, theirs in self._theirs.items() if theirs == number), None)
        if known is None:
            begin = TABLED + int(now.utc.timestamp()) % TABLED_EACH_S  # none of before a restart comes again
            known = self._next = max(begin, self._next + 1)
            self._theirs[known] = number
        self._theirs.move_to_end(known)
        if len(self._theirs) > KEPT:
            self._theirs.popitem(last=False)
        return known

    def back(self, number: int | None) -> int | None:
        """Return the vendor's own number; ``None`` for what is not the vendor's."""
        if number is None or number in self._theirs:
            return self._theirs.get(number or 0)
        return number - self._moved if 0 <= number - self._moved < self._most else None


class Numbers:
    """Know how each kind of number is moved.

    Questions are numbered from small on by us, messages on a display by the owner; reservations of ours begin at a
    thousand million, so that a vendor's small ones keep their numbers.
    """

    def __init__(self) -> None:
        """Begin with nothing moved."""
        self._questions = Shift(BEYOND_OURS, TABLED - BEYOND_OURS)
        self._reservations = Shift(0, OWNERS_NUMBERS)
        self._messages = Shift(OWNERS_NUMBERS, OWNERS_NUMBERS)

    def is_vendors(self, question: int | None) -> bool:
        """Return whether a question was the vendor's."""
        return question is not None and question >= BEYOND_OURS

    def there(self, action: str, payload: Payload, now: Moment) -> Payload:
        """Return a vendor's call with numbers for the station."""
        match action:
            case "CertificateSigned":
                return payload  # its number is the station's own
            case "ReserveNow":
                return _moved(payload, "id", self._reservations, now)
            case "CancelReservation":
                return _moved(payload, "reservationId", self._reservations, now)
            case "SetDisplayMessage":
                return {**payload, "message": _moved(table(payload, "message"), "id", self._messages, now)}
            case "ClearDisplayMessage":
                return _moved(payload, "id", self._messages, now)
            case _:
                asked = _moved(payload, "requestId", self._questions, now)
                return self._there(action, _moved(asked, "remoteStartId", self._questions, now), now)

    def for_vendor(self, action: str, payload: Payload) -> Payload | None:
        """Return a station's call as the vendor knows it; ``None`` for what we, or the owner, asked for."""
        match action:
            case "TransactionEvent":
                return self._event(payload)
            case "ReservationStatusUpdate":
                held = self._reservations.back(integer(payload, "reservationId"))
                return None if held is None else {**payload, "reservationId": held}
            case "BatterySwap":
                return self.back(action, payload) or payload
            case _ if action in REPORTS or (action in PROGRESS and "requestId" in payload):
                return self.back(action, payload)
            case _:
                return payload

    def back(self, action: str, payload: Payload) -> Payload | None:
        """Return a part of a report with the vendor's own number; ``None`` when it did not ask for it."""
        asked = self._questions.back(integer(payload, "requestId"))
        if asked is None:
            return None
        told = self._shown(payload) if action == "NotifyDisplayMessages" else payload
        return {**told, "requestId": asked}

    def _there(self, action: str, payload: Payload, now: Moment) -> Payload:
        ids = payload.get("id")
        if action != "GetDisplayMessages" or not isinstance(ids, list):
            return payload
        asked: list[Json] = [self._messages.there(number, now) for number in ids if isinstance(number, int)]
        return {**payload, "id": asked}

    def _shown(self, payload: Payload) -> Payload:
        """Return the vendor's own messages of a report."""
        theirs: list[Json] = [
            {**message, "id": number}
            for message in tables(payload, "messageInfo")
            if (number := self._messages.back(integer(message, "id"))) is not None
        ]
        rest: Payload = {key: value for key, value in payload.items() if key != "messageInfo"}
        return {**rest, "messageInfo": theirs} if theirs else rest

    def _event(self, payload: Payload) -> Payload:
        """Return an event without numbers of ours."""
        told = table(payload, "transactionInfo")
        if "remoteStartId" in told:
            payload = {**payload, "transactionInfo": _returned(told, "remoteStartId", self._questions)}
        return _returned(payload, "reservationId", self._reservations) if "reservationId" in payload else payload


def _moved(payload: Payload, name: str, kind: Shift, now: Moment) -> Payload:
    number = integer(payload, name)
    return payload if number is None else {**payload, name: kind.there(number, now)}


def _returned(payload: Payload, name: str, kind: Shift) -> Payload:
    """Return a part of a message with the vendor's own number, without any where it is ours."""
    number = kind.back(integer(payload, name))
    rest: Payload = {key: value for key, value in payload.items() if key != name}
    return rest if number is None else {**rest, name: number}
