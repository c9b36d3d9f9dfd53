"""What a station's reply to a request of ours means."""

from typing import Final

from ..model.commands import (
    AskSchedule,
    AskTransaction,
    ClearPower,
    ReadListVersion,
    ReadProfiles,
    ReadVariables,
    SetPower,
    StationCommand,
    WatchVariables,
    WriteVariables,
)
from ..model.delivery import ScheduleTold
from ..model.facts import (
    CommandAccepted,
    CommandRefused,
    ListVersionReported,
    ProfilesReported,
    StationFact,
    VariablesReported,
)
from .composite import told_w
from .dialect import Refusal, Reply
from .frames import ErrorCode
from .provisioning import values_taken, variable_results
from .wire import Payload, flag, integer, table, tables, text

NOT_ABLE: Final = frozenset({ErrorCode.NOT_SUPPORTED, ErrorCode.NOT_IMPLEMENTED})
_YES: Final = frozenset(
    {"Accepted", "Scheduled", "EmptyResultSet", "NoProfiles", "RebootRequired", "AcceptedCanceled"}
    | {"Unknown"}  # nothing there to clear is as good as cleared
)


def outcome(command: StationCommand, reply: Reply) -> tuple[StationFact, ...]:
    """Translate a reply; the last fact is the verdict on the command."""
    if isinstance(reply, Refusal):
        return (refused(command, reply.code, reply.description),)
    match command:
        case ReadVariables():
            return _variables_read(command, reply.payload)
        case SetPower() | ClearPower() if "setVariableResult" in reply.payload:
            return (_variables_written(command, reply.payload),)
        case WriteVariables(values=values):
            rows = values_taken(dict(values), reply.payload)
            taken = (VariablesReported(station=command.station, rows=rows, written=True),) if rows else ()
            return (*taken, _variables_written(command, reply.payload))
        case WatchVariables():
            return (_variables_watched(command, reply.payload),)
        case AskSchedule():
            told = ScheduleTold(station=command.station, id=command.id, power_w=told_w(command, reply.payload))
            return (told, _verdict(command, reply.payload))
        case AskTransaction(transaction=transaction):
            return (_transaction_told(command, transaction, reply.payload),)
        case ReadProfiles() if text(reply.payload, "status") == "NoProfiles":
            none = ProfilesReported(station=command.station, profiles=(), request_id=command.request_id)
            return (none, _verdict(command, reply.payload))
        case ReadListVersion():
            return _version_told(command, reply.payload)
        case _:
            return (_verdict(command, reply.payload),)


def refused(command: StationCommand, reason: str, description: str = "") -> CommandRefused:
    """Return a refusal; the codes for what a station cannot do at all say so."""
    return CommandRefused(
        station=command.station,
        id=command.id,
        reason=reason,
        text=description or None,
        supported=reason not in NOT_ABLE,
    )


def _verdict(command: StationCommand, payload: Payload) -> CommandAccepted | CommandRefused:
    status = text(payload, "status", 40)
    if status in _YES:
        return CommandAccepted(station=command.station, id=command.id, detail=status)
    why = table(payload, "statusInfo")
    reason = (
        text(why, "reasonCode", 40) if status == "Rejected" else status
    )  # NoProfile, NotSupported say it themselves
    return refused(command, reason or "Rejected", text(why, "additionalInfo") or "")


def _variables_read(command: StationCommand, payload: Payload) -> tuple[StationFact, ...]:
    accepted = CommandAccepted(station=command.station, id=command.id, detail="Accepted")
    rows = variable_results(payload)
    return (VariablesReported(station=command.station, rows=rows), accepted) if rows else (accepted,)


def _variables_written(command: StationCommand, payload: Payload) -> CommandAccepted | CommandRefused:
    """Return the verdict on a write: refused when any of its variables was, the first such one named."""
    detail = "Accepted"
    for row in tables(payload, "setVariableResult"):
        status = text(row, "attributeStatus", 40)
        if status == "RebootRequired":
            detail = status
        elif status != "Accepted":
            name = f"{text(table(row, 'component'), 'name')}.{text(table(row, 'variable'), 'name')}"
            return CommandRefused(station=command.station, id=command.id, reason=status or "Rejected", text=name)
    return CommandAccepted(station=command.station, id=command.id, detail=detail)


def _variables_watched(command: StationCommand, payload: Payload) -> CommandAccepted | CommandRefused:
    """Return the verdict on a watch: accepted when any of its variables is watched."""
    statuses = [text(row, "status", 40) for row in tables(payload, "setMonitoringResult")]
    if "Accepted" in statuses:
        return CommandAccepted(station=command.station, id=command.id, detail="Accepted")
    return refused(command, next((status for status in statuses if status), "Rejected"))


def _version_told(command: StationCommand, payload: Payload) -> tuple[StationFact, ...]:
    version = integer(payload, "versionNumber")
    accepted = CommandAccepted(station=command.station, id=command.id)
    return (accepted,) if version is None else (ListVersionReported(station=command.station, version=version), accepted)


def _transaction_told(command: StationCommand, transaction: str, payload: Payload) -> CommandAccepted:
    return CommandAccepted(
        station=command.station,
        id=command.id,
        ongoing=flag(payload, "ongoingIndicator"),
        queued=flag(payload, "messagesInQueue"),
        transaction=transaction,
    )
