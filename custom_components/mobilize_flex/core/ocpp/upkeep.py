"""What an owner asks of his station, in the station's words."""

from ..model.upkeep import ResetStation, UpkeepAnswer, UpkeepCall, UpkeepTask
from .wire import Payload, table, text

_YES = frozenset({"Accepted", "Scheduled"})


def call_of(task: UpkeepTask) -> UpkeepCall:
    """Return a task as a call."""
    match task:
        case ResetStation(evse=evse, immediate=immediate):
            payload: Payload = {"type": "Immediate" if immediate else "OnIdle"}
            return UpkeepCall("Reset", payload if evse is None else payload | {"evseId": evse})


def answer_of(task: UpkeepTask, payload: Payload) -> UpkeepAnswer:
    """Return what an answer means."""
    status, why = text(payload, "status", 40) or "", table(payload, "statusInfo")
    return UpkeepAnswer(
        status=status,
        accepted=status in _YES,
        reason=text(why, "reasonCode", 40),
        text=text(why, "additionalInfo"),
    )
