"""What a station says it does now, all its profiles and limits taken together."""

from typing import Final

from ..model.commands import AskSchedule
from .charging import period_w
from .request import Request
from .wire import Payload, table, tables, text

AHEAD_S: Final = 60
"""How far ahead it is asked; only what holds now is read."""


def question(command: AskSchedule) -> Request:
    """Return the request that asks."""
    unit = "A" if command.amperes else "W"
    payload: Payload = {"duration": AHEAD_S, "evseId": command.evse, "chargingRateUnit": unit}
    return Request(action="GetCompositeSchedule", payload=payload)


def told_w(command: AskSchedule, answer: Payload) -> float | None:
    """Return the power an answer tells, a limit as what it allows; ``None`` where it tells none."""
    schedule = table(answer, "schedule")
    now = next(iter(tables(schedule, "chargingSchedulePeriod")), None)
    if now is None:
        return None
    if text(now, "operationMode", 40) == "Idle":
        return 0.0
    return period_w(schedule, {"numberPhases": command.phases} | now)
