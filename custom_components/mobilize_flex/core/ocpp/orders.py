"""What we ask of a station, in words every version has."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from ..model.commands import (
    AskSchedule,
    AskToSend,
    AskTransaction,
    ClearPower,
    InstallLimits,
    LimitMonitoring,
    ReadInventory,
    ReadListVersion,
    ReadProfiles,
    ReadVariables,
    SendBadges,
    SendCertificate,
    SetpointForm,
    SetPower,
    StationCommand,
    StopTransaction,
    Variable,
    WatchVariables,
    WriteVariables,
)
from ..model.driver import BESIDE_KINDS, Route, RouteKind
from ..model.moment import Moment
from ..model.station import Version
from . import composite, profiles
from .certificates import certificate_signed
from .local_list import list_calls
from .request import Priority, Request
from .wire import Json, Payload

RELEASE_S: Final = 60
"""For how long a vendor's message of no power holds, where it says so."""
BESIDE_S: Final = 15.0
"""How long words beside an order of power wait for their answer: as long as the order."""
WATCH_SEVERITY: Final = 6
"""That of what we watch: a station limited to it tells us all of that, and little else."""
_ANY_CHANGE: Final[Payload] = {"type": "Delta", "value": 1, "severity": WATCH_SEVERITY}


def common_calls(command: StationCommand, now: Moment) -> tuple[Request, ...]:
    """Return the requests of a command that needs nothing of 2.1; none where it does."""
    match command:
        case InstallLimits():
            return (lasting_profile(profiles.house_max(command)), lasting_profile(profiles.fallback(command)))
        case SetPower(form=SetpointForm.LIMIT | SetpointForm.VENDOR):
            return (power_order(command, now), *_beside(command))
        case ClearPower():
            return (_clear(command.evse), *_taken_back(command))
        case AskSchedule():
            return (composite.question(command),)
        case StopTransaction() | AskTransaction() | AskToSend():
            return (_transaction(command),)
        case ReadInventory() | ReadProfiles() | ReadListVersion():
            return (_report(command),)
        case SendBadges() | SendCertificate():
            return list_calls(command) if isinstance(command, SendBadges) else (certificate_signed(command),)
        case ReadVariables() | WriteVariables() | WatchVariables() | LimitMonitoring():
            return _device_model(command)
        case _:
            return ()


def _device_model(
    command: ReadVariables | WriteVariables | WatchVariables | LimitMonitoring,
) -> tuple[Request, ...]:
    """Return the requests that read, write and watch variables."""
    match command:
        case ReadVariables(variables=variables, per_message=size):
            rows = [address(variable) for variable in variables]
            return _chunks("GetVariables", "getVariableData", rows, size)
        case WriteVariables(values=values, per_message=size):
            rows = [address(variable) | {"attributeValue": value} for variable, value in values]
            return _chunks("SetVariables", "setVariableData", rows, size)
        case WatchVariables(variables=variables, per_message=size):
            rows = [address(variable) | _ANY_CHANGE for variable in variables]
            return _chunks("SetVariableMonitoring", "setMonitoringData", rows, size)
        case LimitMonitoring(severity=severity):
            return (Request(action="SetMonitoringLevel", payload={"severity": severity}, priority=Priority.REPORT),)


def lasting_profile(payload: Payload) -> Request:
    """Return the request that stores a lasting profile."""
    return Request(action="SetChargingProfile", payload=payload)


def power_order(command: SetPower, now: Moment) -> Request:
    """Return the request that stores our order; a newer order takes its place in the queue."""
    return Request(
        action="SetChargingProfile",
        payload=profiles.order(command, now.utc),
        priority=Priority.CONTROL,
        topic=power_topic(command.evse),
        schema=Version.V21 if command.route is not None and command.route.kind is RouteKind.HYBRID else None,
        behind=agreement(command),
    )


def agreement(command: SetPower) -> str | None:
    """Return the call whose answer is to be heard first: a station gives back once its car's needs were accepted."""
    return "NotifyEVChargingNeeds" if command.power_w < 0 else None


def _beside(command: SetPower) -> Iterator[Request]:
    """Yield what a vendor's station wants to hear beside its profile (F4, F5); the profile goes first."""
    route = command.route
    if route is None or route.kind not in BESIDE_KINDS:
        return
    topic = power_topic(command.evse) + "beside/"
    if route.kind is RouteKind.VARIABLE:
        name = address(_variable(route, command.evse))
        payload: Payload = {"setVariableData": [name | {"attributeValue": profiles.vendor_value(route, command)}]}
        action = "SetVariables"
    else:
        action, payload = "DataTransfer", {"vendorId": route.vendor_id, "messageId": route.message_id}
        payload["data"] = profiles.vendor_fields(route, command)
    yield Request(
        action=action,
        payload=payload,
        timeout_s=BESIDE_S,
        priority=Priority.CONTROL,
        topic=topic,
        behind=agreement(command),
    )


def _variable(route: Route, evse: int) -> Variable:
    return Variable(route.component or "", route.variable or "", evse if route.per_evse else None)


def _taken_back(command: ClearPower) -> Iterator[Request]:
    """Yield what takes a vendor's words back: the same with no power; no later order may push it aside."""
    if command.route is None:
        return
    nothing = SetPower(
        id=command.id,
        station=command.station,
        evse=command.evse,
        transaction=command.transaction,
        power_w=0.0,
        form=SetpointForm.VENDOR,
        phases=1,
        expires_s=RELEASE_S,
        route=command.route,
    )
    yield from (replace(request, topic=None) for request in _beside(nothing))


def power_topic(evse: int) -> str:
    """Return what orders for one EVSE share, so that the newest replaces the older ones."""
    return f"power/{evse}/"


def _clear(evse: int) -> Request:
    return Request(
        action="ClearChargingProfile",
        payload={"chargingProfileId": profiles.order_id(evse)},
        priority=Priority.CONTROL,
        topic=power_topic(evse),
    )


def _transaction(command: StopTransaction | AskTransaction | AskToSend) -> Request:
    match command:
        case AskToSend():
            return _trigger(command)
        case StopTransaction(transaction=transaction):
            payload: Payload = {"transactionId": transaction}
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


def _report(command: ReadInventory | ReadProfiles | ReadListVersion) -> Request:
    if isinstance(command, ReadListVersion):
        return Request(action="GetLocalListVersion", payload={}, priority=Priority.REPORT)
    number = command.request_id
    if isinstance(command, ReadInventory):
        payload: Payload = {"requestId": number, "reportBase": command.base}
        return Request(action="GetBaseReport", payload=payload, priority=Priority.REPORT)
    payload = {"requestId": number, "chargingProfile": {"chargingLimitSource": ["CSO", "EMS", "Other"]}}
    return Request(action="GetChargingProfiles", payload=payload, priority=Priority.REPORT)


def _chunks(action: str, key: str, rows: Sequence[Json], size: int | None) -> tuple[Request, ...]:
    step = max(1, size or len(rows))
    return tuple(
        Request(action=action, payload={key: list(rows[start : start + step])}, priority=Priority.REPORT)
        for start in range(0, len(rows), step)
    )


def address(variable: Variable) -> Payload:
    """Return a variable's place in the device model."""
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
