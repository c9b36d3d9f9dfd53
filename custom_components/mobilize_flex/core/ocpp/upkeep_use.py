"""Restarting, opening, reserving, starting and stopping a station from here."""

from typing import Final

from ..model.station import Version
from ..model.tasks import (
    AllowTransfers,
    AskMessage,
    CancelReservation,
    ClearCache,
    ReadSchedule,
    RequestStart,
    RequestStop,
    ReserveNow,
    ResetStation,
    SetAvailability,
    TellCost,
    UnlockConnector,
)
from ..model.upkeep import UpkeepCall, UpkeepTask, call_with
from .wire import Payload, filled, stamp

MODERN: Final = frozenset({Version.V21})


def call_of(task: UpkeepTask) -> UpkeepCall | None:
    """Return a task as a call; ``None`` where another block has the words."""
    match task:
        case ResetStation():
            return _reset(task)
        case SetAvailability(operative=operative):
            word = "Operative" if operative else "Inoperative"
            payload = filled(operationalStatus=word, evse=place(task.evse, task.connector))
            return UpkeepCall("ChangeAvailability", payload)
        case UnlockConnector(evse=evse, connector=connector):
            return UpkeepCall("UnlockConnector", {"evseId": evse, "connectorId": connector})
        case ReserveNow():
            return _reserve(task)
        case CancelReservation(reservation=number):
            return UpkeepCall("CancelReservation", {"reservationId": number})
        case RequestStart() | RequestStop() | AllowTransfers() | TellCost():
            return _transaction(task)
        case ReadSchedule(evse=evse, duration_s=duration_s, unit=unit):
            payload = filled(evseId=evse, duration=duration_s, chargingRateUnit=unit)
            return UpkeepCall("GetCompositeSchedule", payload)
        case AskMessage():
            return _trigger(task)
        case ClearCache():
            return UpkeepCall("ClearCache", {})
        case _:
            return None


def token(value: str | None, kind: str) -> Payload | None:
    """Return a badge on the wire."""
    return None if value is None else {"idToken": value, "type": kind}


def place(evse: int | None, connector: int | None) -> Payload | None:
    """Return an EVSE, or a connector of it, on the wire; ``None`` for the whole station."""
    return None if evse is None and connector is None else filled(id=evse or 1, connectorId=connector)


def _reset(task: ResetStation) -> UpkeepCall:
    kind = "ImmediateAndResume" if task.resume else "Immediate" if task.immediate else "OnIdle"
    return call_with("Reset", filled(type=kind, evseId=task.evse), kind)


def _reserve(task: ReserveNow) -> UpkeepCall:
    payload = filled(
        id=task.id,
        expiryDateTime=stamp(task.until),
        connectorType=task.connector_type,
        idToken=token(task.token, task.token_type),
        evseId=task.evse,
        groupIdToken=token(task.group, "Central"),
    )
    return UpkeepCall("ReserveNow", payload)


def _transaction(task: RequestStart | RequestStop | AllowTransfers | TellCost) -> UpkeepCall:
    match task:
        case RequestStart(evse=evse, remote_id=remote_id, group=group):
            payload = filled(
                evseId=evse,
                remoteStartId=remote_id,
                idToken=token(task.token, task.token_type),
                groupIdToken=token(group, "Central"),
            )
            return UpkeepCall("RequestStartTransaction", payload)
        case RequestStop(transaction=transaction):
            return UpkeepCall("RequestStopTransaction", {"transactionId": transaction})
        case AllowTransfers(transaction=transaction, transfers=transfers):
            payload = {"transactionId": transaction, "allowedEnergyTransfer": [*transfers]}
            return UpkeepCall("NotifyAllowedEnergyTransfer", payload, versions=MODERN)
        case TellCost(transaction=transaction, cost=cost):
            return UpkeepCall("CostUpdated", {"transactionId": transaction, "totalCost": round(cost, 4)})


def _trigger(task: AskMessage) -> UpkeepCall:
    where = place(task.evse, task.connector)
    if task.custom is None:
        return UpkeepCall("TriggerMessage", filled(requestedMessage=task.message, evse=where))
    payload = filled(requestedMessage="CustomTrigger", customTrigger=task.custom, evse=where)
    return call_with("TriggerMessage", payload, "CustomTrigger")
