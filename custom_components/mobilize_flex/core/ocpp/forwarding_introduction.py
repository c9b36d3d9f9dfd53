"""How a station is introduced to its vendor: who it is, whether it was accepted, how its connectors are."""

from typing import Final

from ..model.moment import Moment
from .wire import Payload, integer, text

BOOT_S: Final = 10.0
"""How long a station may take to say who it is."""
RETRY_S: Final = 60.0
SHORTEST_S: Final = 10.0
LONGEST_S: Final = 3600.0
CONNECTORS: Final = 32


class Introduction:
    """Follow one vendor's opinion of a station; it is introduced after each interruption, for vendors forget."""

    def __init__(self) -> None:
        """Begin as a stranger."""
        self.accepted = False
        self.interval_s: int | None = None
        self._due_s: float | None = None
        self._is_news = False
        self._connectors: dict[tuple[int | None, int | None], Payload] = {}

    def begin(self, now: Moment) -> None:
        """Begin with a new connection to the vendor."""
        self.accepted = False
        self._due_s = now.mono_s + BOOT_S

    def end(self) -> None:
        """End with it."""
        self.accepted, self._due_s = False, None

    def booted(self) -> None:
        """Note that the station started anew: the vendor is to hear why, and how its connectors are now."""
        self._is_news = True
        self._connectors.clear()

    def note(self, payload: Payload) -> None:
        """Remember the last state of a connector."""
        place = (integer(payload, "evseId"), integer(payload, "connectorId"))
        if place in self._connectors or len(self._connectors) < CONNECTORS:
            self._connectors[place] = payload

    def words(self, boot: Payload) -> Payload:
        """Return what to say; a boot the vendor heard of before is none any more."""
        self._due_s = None
        return boot if self._is_news else {**boot, "reason": "Unknown"}

    def answered(self, answer: Payload | None, now: Moment) -> list[Payload]:
        """Take the vendor's opinion; return the states of the connectors to tell once it accepted the station."""
        told = answer or {}
        wait_s = integer(told, "interval") or 0
        self.accepted = text(told, "status") == "Accepted"
        if not self.accepted:
            self._due_s = now.mono_s + min(max(wait_s or RETRY_S, SHORTEST_S), LONGEST_S)
            return []
        self._is_news = False
        self.interval_s = wait_s if wait_s > 0 else None
        return list(self._connectors.values())

    def is_due(self, now: Moment) -> bool:
        """Return whether it is time to introduce the station, again or without its own word."""
        return self._due_s is not None and now.mono_s >= self._due_s

    def presume(self) -> None:
        """Go on without: the station does not say who it is, and the vendor may know it all the same."""
        self.accepted, self._due_s = True, None
