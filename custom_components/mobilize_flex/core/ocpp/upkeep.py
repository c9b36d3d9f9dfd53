"""What an owner asks of his station, in the station's words."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
import json
from typing import Final

from ..model.commands import Variable
from ..model.tasks import (
    AskMonitors,
    AskProfiles,
    AskReport,
    ClearMonitors,
    CustomerInformation,
    GetCertificates,
    GetDisplayMessages,
    GetVariables,
    ReadSchedule,
    RequestStart,
    ReserveNow,
    SetMonitors,
    SetVariables,
    TransferData,
)
from ..model.upkeep import ReportTask, UpkeepAnswer, UpkeepCall, UpkeepTask
from . import firmware, logs, upkeep_device, upkeep_trust, upkeep_use
from .inventory import Inventory, bytes_per_message, items_per_message
from .wire import Payload, table, tables, text

type Block = Callable[[UpkeepTask], UpkeepCall | None]

BLOCKS: Final[tuple[Block, ...]] = (
    upkeep_use.call_of,
    upkeep_trust.call_of,
    upkeep_device.call_of,
    firmware.call_of,
    logs.call_of,
)
"""Who writes which tasks; a test holds that none is missing."""
MESSAGES: Final[Mapping[type[object], str]] = {
    GetVariables: "GetVariables",
    SetVariables: "SetVariables",
    SetMonitors: "SetVariableMonitoring",
    ClearMonitors: "ClearVariableMonitoring",
    AskReport: "GetReport",
}
"""The messages that hold as many rows as the station takes at a time."""
_FIELDS: Final[Mapping[type[object], str]] = {
    GetVariables: "variables",
    SetVariables: "variables",
    SetMonitors: "monitors",
    ClearMonitors: "ids",
    AskReport: "variables",
    AskMonitors: "variables",
}
"""Where the rows of each of these stand."""
ENVELOPE_BYTES: Final = 80
"""What a message is longer than its fields: type, number, name."""
_YES: Final = frozenset({"Accepted", "AcceptedCanceled", "Scheduled", "Unlocked", "RebootRequired", "EmptyResultSet"})
_NOTHING_THERE: Final[Mapping[type[object], str]] = {
    AskProfiles: "NoProfiles",
    GetCertificates: "NotFound",
    GetDisplayMessages: "Unknown",
}
"""The word by which each of these says that there is nothing to tell, which is an answer too."""
_ROWS: Final[Mapping[type[object], tuple[str, str]]] = {
    GetVariables: ("getVariableResult", "attributeStatus"),
    SetVariables: ("setVariableResult", "attributeStatus"),
    SetMonitors: ("setMonitoringResult", "status"),
    ClearMonitors: ("clearMonitoringResult", "status"),
}
_DETAILS: Final[Mapping[type[object], tuple[str, str]]] = {
    GetCertificates: ("certificates", "certificateHashDataChain"),
    ReadSchedule: ("schedule", "schedule"),
    RequestStart: ("transaction", "transactionId"),
    TransferData: ("data", "data"),
}


def call_of(task: UpkeepTask) -> UpkeepCall:
    """Return a task as a call."""
    return next(call for block in BLOCKS if (call := block(task)) is not None)


def parts_of(task: UpkeepTask, inventory: Inventory) -> tuple[UpkeepTask, ...]:
    """Return a task cut into pieces of as many rows, and as many bytes, as the station takes at a time."""
    message = MESSAGES.get(type(task))
    if message is None:
        return (task,)
    most, most_bytes = items_per_message(inventory, message), bytes_per_message(inventory, message)
    pieces: list[UpkeepTask] = []
    rows: tuple[object, ...] = ()
    for row in rows_of(task):
        longer = (*rows, row)
        if rows and ((most and len(longer) > most) or (most_bytes and _bytes(_with(task, longer)) > most_bytes)):
            pieces.append(_with(task, rows))
            longer = (row,)
        rows = longer
    return (*pieces, _with(task, rows))


def rows_of(task: UpkeepTask) -> tuple[object, ...]:
    """Return the rows of a task that has some."""
    rows: tuple[object, ...] = getattr(task, _FIELDS.get(type(task), ""), ())
    return rows


def places_of(task: UpkeepTask) -> Iterator[tuple[int, int | None]]:
    """Yield the EVSEs a task names, each with the connector if it names one; a lone connector is of the first."""
    evse, connector = getattr(task, "evse", None), getattr(task, "connector", None)
    if evse or connector:
        yield evse or 1, connector
    for row in rows_of(task):
        name = row if isinstance(row, Variable) else getattr(row, "variable", None)
        if isinstance(name, Variable) and name.evse:
            yield name.evse, name.connector


def _with(task: UpkeepTask, rows: tuple[object, ...]) -> UpkeepTask:
    return replace(task, **{_FIELDS[type(task)]: rows})  # type: ignore[arg-type]


def _bytes(task: UpkeepTask) -> int:
    """Return how long a task is on the wire."""
    return ENVELOPE_BYTES + len(json.dumps(call_of(task).payload, separators=(",", ":")).encode())


def answer_of(task: UpkeepTask, payload: Payload) -> UpkeepAnswer:
    """Return what an answer means."""
    if type(task) in _ROWS:
        return _rows_answered(task, payload)
    status = text(payload, "status", 40) or "Accepted"  # an answer without a status is a receipt
    why = table(payload, "statusInfo")
    return UpkeepAnswer(
        status=status,
        accepted=status in _YES or status == _NOTHING_THERE.get(type(task)),
        reason=text(why, "reasonCode", 40),
        text=text(why, "additionalInfo"),
        details=_details(task, payload),
    )


def joined(answers: Sequence[UpkeepAnswer]) -> UpkeepAnswer:
    """Return the answers to the pieces of a task as one: a yes unless every row was refused."""
    first = next((answer for answer in answers if answer.accepted), answers[0])
    if len(answers) == 1:
        return first
    rows = [row for answer in answers for row in _listed(answer.details)]
    return replace(first, details={"results": rows})


def report_follows(task: ReportTask, answer: UpkeepAnswer) -> bool:
    """Return whether parts of a report are still to come."""
    wanted = not isinstance(task, CustomerInformation) or task.report
    return wanted and answer.status == "Accepted"


def _listed(details: Mapping[str, object]) -> list[object]:
    rows = details.get("results")
    return rows if isinstance(rows, list) else []


def _details(task: UpkeepTask, payload: Payload) -> dict[str, object]:
    if isinstance(task, ReserveNow):
        return {"reservation": task.id, "until": task.until.isoformat()}
    name, key = _DETAILS.get(type(task), ("", ""))
    return {name: payload[key]} if key in payload else {}


def _rows_answered(task: UpkeepTask, payload: Payload) -> UpkeepAnswer:
    key, word = _ROWS[type(task)]
    rows = list(tables(payload, key))
    kept = next((row for row in rows if row.get(word) in _YES), rows[0] if rows else {})
    status = text(kept, word, 40) or "Rejected"
    why = table(kept, "attributeStatusInfo") or table(kept, "statusInfo")
    return UpkeepAnswer(
        status=status,
        accepted=status in _YES,
        reason=text(why, "reasonCode", 40),
        text=text(why, "additionalInfo"),
        details={"results": [upkeep_device.result_of(row, word) for row in rows]},
    )
