"""A question of ours to a station: its words, its turn, its patience."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from ..model.station import Version
from .wire import Payload

QUEUE_PATIENCE_S: Final = 120.0
TIMEOUT_S: Final = 30.0
TIMEOUTS_S: Final[Mapping[str, float]] = {
    # orders of power: whoever waits for them decides anew every second
    "UpdateDynamicSchedule": 10.0,
    "UsePriorityCharging": 10.0,
    "SetChargingProfile": 15.0,
    "ClearChargingProfile": 15.0,
    # questions a station answers from its memory
    "TriggerMessage": 15.0,
    "GetTransactionStatus": 15.0,
    # what makes a station look through its flash, its files or its certificates
    "GetBaseReport": 45.0,
    "CertificateSigned": 45.0,
    "InstallCertificate": 45.0,
}
"""How long each question of ours is kept open, s; all others for ``TIMEOUT_S``, a person's for as long as he says."""


class Priority(IntEnum):
    """Order what waits: what moves power goes first, long reports last."""

    CONTROL = 0
    ROUTINE = 1
    REPORT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Hold one question of ours.

    A newer one takes the place of queued ones whose ``topic`` begins with its own. ``schema`` is the version whose form
    it has when that is not the link's: some stations want words of 2.1 on a link of 2.0.1. ``patience_s`` is how long
    it may wait for its turn, ``timeout_s`` how long for its answer. While a call of the station's named ``behind`` has
    no answer yet it does not leave, for a few seconds at most.
    """

    action: str
    payload: Payload
    timeout_s: float | None = None
    priority: Priority = Priority.ROUTINE
    topic: str | None = None
    schema: Version | None = None
    patience_s: float = QUEUE_PATIENCE_S
    behind: str | None = None

    @property
    def open_s(self) -> float:
        """Return how long it stays open: as told, else by the table."""
        return TIMEOUTS_S.get(self.action, TIMEOUT_S) if self.timeout_s is None else self.timeout_s
