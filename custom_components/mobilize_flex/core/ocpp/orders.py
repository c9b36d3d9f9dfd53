"""What we ask of a station, in words every version has."""

from collections.abc import Sequence
from typing import Final

from ..model.commands import (
    AskToSend,
    AskTransaction,
    ClearPower,
    InstallLimits,
    ReadInventory,
    ReadProfiles,
    ReadVariables,
    SetpointForm,
    SetPower,
    StartTransaction,
    StationCommand,
    StopTransaction,
    Variable,
    WatchVariables,
    WriteVariables,
)
from ..model.moment import Moment
from . import profiles
from .conversation import Priority, Request
from .wire import Json, Payload

PROFILE_TIMEOUT_S: Final = 15.0
_ANY_CHANGE: Final[Payload] = {"type": "Delta", "value": 1, "severity": 8}


def common_calls(command: StationCommand, now: Moment) -> tuple[Request, ...]:
    """Return the requests of a command that needs nothing of 2.1; none where it does."""
    match command:
        case InstallLimits():
            return (lasting_profile(profiles.house_max(command)), lasting_profile(profiles.fallback(command)))
        case SetPower(form=SetpointForm.LIMIT):
            return (power_order(command, now),)
        case ClearPower(evse=evse):
            return (_clear(evse),)
        case StartTransaction() | StopTransaction() | AskTransaction():
            return (_transaction(command),)
        case AskToSend():
            return (_trigger(command),)
        case ReadInventory() | ReadProfiles():
            return (_report(command),)
        case ReadVariables(variables=variables, per_message=size):
            rows = [_address(variable) for variable in variables]
            return _chunks("GetVariables", "getVariableData", rows, size)
        case WriteVariables(values=values, per_message=size):
            rows = [_address(variable) | {"attributeValue": value} for variable, value in values]
            return _chunks("SetVariables", "setVariableData", rows, size)
        case WatchVariables(variables=variables, per_message=size):
            rows = [_address(variable) | _ANY_CHANGE for variable in variables]
            return _chunks("SetVariableMonitoring", "setMonitoringData", rows, size)
        case _:
            return ()


def lasting_profile(payload: Payload) -> Request:
    """Return the request that stores a lasting profile."""
    return Request(action="SetChargingProfile", payload=payload, timeout_s=PROFILE_TIMEOUT_S)


def power_order(command: SetPower, now: Moment) -> Request:
    """Return the request that stores our order; a newer order takes its place in the queue."""
    return Request(
        action="SetChargingProfile",
        payload=profiles.order(command, now.utc),
        timeout_s=PROFILE_TIMEOUT_S,
        priority=Priority.CONTROL,
        topic=power_topic(command.evse),
    )


def power_topic(evse: int) -> str:
    """Return what orders for one EVSE share, so that the newest replaces the older ones."""
    return f"power/{evse}/"


def _clear(evse: int) -> Request:
    return Request(
        action="ClearChargingProfile",
        payload={"chargingProfileId": profiles.order_id(evse)},
        timeout_s=PROFILE_TIMEOUT_S,
        priority=Priority.CONTROL,
        topic=power_topic(evse),
    )


def _transaction(command: StartTransaction | StopTransaction | AskTransaction) -> Request:
    match command:
        case StartTransaction(evse=evse, remote_id=remote_id, token=token):
            payload: Payload = {
                "remoteStartId": remote_id,
                "evseId": evse,
                "idToken": {"idToken": token, "type": "Central"},
            }
            return Request(action="RequestStartTransaction", payload=payload, priority=Priority.CONTROL)
        case StopTransaction(transaction=transaction):
            payload = {"transactionId": transaction}
            return Request(action="RequestStopTransaction", payload=payload, priority=Priority.CONTROL)
        case AskTransaction(transaction=transaction):
            return Request(action="GetTransactionStatus", payload={"transactionId": transaction})


def _trigger(command: AskToSend) -> Request:
    payload: Payload = {"requestedMessage": str(command.what)}
    if command.evse is not None:
        evse: Payload = {"id": command.evse}
        if command.connector is not None:
            evse["connectorId"] = command.connector
        payload["evse"] = evse
    return Request(action="TriggerMessage", payload=payload)


def _report(command: ReadInventory | ReadProfiles) -> Request:
    number = command.request_id
    if isinstance(command, ReadInventory):
        payload: Payload = {"requestId": number, "reportBase": "FullInventory"}
        return Request(action="GetBaseReport", payload=payload, priority=Priority.REPORT)
    payload = {"requestId": number, "chargingProfile": {"chargingLimitSource": ["CSO"]}}  # those we wrote
    return Request(action="GetChargingProfiles", payload=payload, priority=Priority.REPORT)


def _chunks(action: str, key: str, rows: Sequence[Json], size: int | None) -> tuple[Request, ...]:
    step = max(1, size or len(rows))
    return tuple(
        Request(action=action, payload={key: list(rows[start : start + step])}, priority=Priority.REPORT)
        for start in range(0, len(rows), step)
    )


def _address(variable: Variable) -> Payload:
    component: Payload = {"name": variable.component}
    if variable.component_instance is not None:
        component["instance"] = variable.component_instance
    if variable.evse is not None:
        evse: Payload = {"id": variable.evse}
        if variable.connector is not None:
            evse["connectorId"] = variable.connector
        component["evse"] = evse
    name: Payload = {"name": variable.variable}
    if variable.instance is not None:
        name["instance"] = variable.instance
    return {"component": component, "variable": name}
