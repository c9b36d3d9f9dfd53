"""What a station is made of, read, written and watched by its owner."""

from ..model.commands import Variable
from ..model.tasks import (
    AskMonitors,
    AskProfiles,
    AskReport,
    ClearMonitors,
    GetVariables,
    Monitor,
    SetMonitoringBase,
    SetMonitoringLevel,
    SetMonitors,
    SetVariables,
)
from ..model.upkeep import UpkeepCall, UpkeepTask, call_with
from .orders import address
from .wire import Json, Payload, filled, table


def call_of(task: UpkeepTask) -> UpkeepCall | None:
    """Return a task as a call; ``None`` where another block has the words."""
    match task:
        case GetVariables(variables=readings):
            rows = [address(r.variable) | filled(attributeType=r.attribute) for r in readings]
            return UpkeepCall("GetVariables", {"getVariableData": rows})
        case SetVariables(variables=writings):
            rows = [address(w.variable) | filled(attributeValue=w.value, attributeType=w.attribute) for w in writings]
            return UpkeepCall("SetVariables", {"setVariableData": rows})
        case SetMonitors(monitors=monitors):
            rows = [_monitor(m) for m in monitors]
            return call_with("SetVariableMonitoring", {"setMonitoringData": rows}, *(m.kind for m in monitors))
        case ClearMonitors(ids=ids):
            return UpkeepCall("ClearVariableMonitoring", {"id": [*ids]})
        case SetMonitoringBase(base=base):
            return UpkeepCall("SetMonitoringBase", {"monitoringBase": base})
        case SetMonitoringLevel(severity=severity):
            return UpkeepCall("SetMonitoringLevel", {"severity": severity})
        case AskReport() | AskMonitors() | AskProfiles():
            return _report(task)
        case _:
            return None


def result_of(row: Payload, word: str) -> dict[str, object]:
    """Return what became of one row of a task, in our words; what the station left out is left out."""
    component, variable = table(row, "component"), table(row, "variable")
    place, why = table(component, "evse"), table(row, "attributeStatusInfo") or table(row, "statusInfo")
    told = {
        "component": component.get("name"),
        "component_instance": component.get("instance"),
        "variable": variable.get("name"),
        "instance": variable.get("instance"),
        "evse": place.get("id"),
        "connector": place.get("connectorId"),
        "attribute": row.get("attributeType"),
        "id": row.get("id"),
        "type": row.get("type"),
        "severity": row.get("severity"),
        "status": row.get(word),
        "value": row.get("attributeValue"),
        "reason": why.get("reasonCode"),
        "text": why.get("additionalInfo"),
    }
    return {name: value for name, value in told.items() if value is not None}


def _monitor(monitor: Monitor) -> Payload:
    told = filled(
        id=monitor.id,
        transaction=monitor.in_transaction or None,
        value=monitor.value,
        type=monitor.kind,
        severity=monitor.severity,
    )
    return address(monitor.variable) | told


def _report(task: AskReport | AskMonitors | AskProfiles) -> UpkeepCall:
    match task:
        case AskReport(request_id=number, base=str() as base):
            return UpkeepCall("GetBaseReport", {"requestId": number, "reportBase": base})
        case AskReport(request_id=number, criteria=criteria, variables=variables):
            payload = filled(
                requestId=number, componentCriteria=[*criteria] or None, componentVariable=_parts(variables)
            )
            return UpkeepCall("GetReport", payload)
        case AskMonitors(request_id=number, criteria=criteria, variables=variables):
            payload = filled(
                requestId=number, monitoringCriteria=[*criteria] or None, componentVariable=_parts(variables)
            )
            return UpkeepCall("GetMonitoringReport", payload)
        case AskProfiles():
            return UpkeepCall("GetChargingProfiles", _profiles(task))


def _parts(variables: tuple[Variable, ...]) -> list[Json] | None:
    """Return variables as a filter; one without a name stands for its whole component."""
    rows = [address(variable) for variable in variables]
    for variable, row in zip(variables, rows, strict=True):
        if not variable.variable:
            del row["variable"]
    return [*rows] or None


def _profiles(task: AskProfiles) -> Payload:
    wanted = filled(
        chargingProfilePurpose=task.purpose,
        stackLevel=task.stack_level,
        chargingProfileId=[*task.profile_ids] or None,
        chargingLimitSource=[*task.sources] or None,
    )
    return filled(requestId=task.request_id, evseId=task.evse, chargingProfile=wanted)
