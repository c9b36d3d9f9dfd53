"""What a station tells about itself: who it is, how it is, what it can."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from ..model.commands import CallRef, Variable
from ..model.facts import (
    ConnectorChanged,
    ProblemReported,
    SecurityReported,
    StationBooted,
    StationFact,
    VariablesReported,
)
from ..model.moment import Moment
from ..model.station import ConnectorStatus, VariableReport
from ..model.upkeep import ReservationEnded
from .dialect import Received, Unusable, evse_in
from .frames import ErrorCode
from .inventory import held_once
from .reports import is_owners, part_of
from .wire import Payload, flag, instant_at, integer, number, stamp, table, tables, text, truth

VALUE_LIMIT: Final = 2500
_PROBLEMS: Final = frozenset({"problem", "tripped", "overload", "fallback"})
_SECRET: Final = ("password", "secret", "privatekey")


def boot_notification(payload: Payload, call: CallRef, now: Moment) -> Received:
    """Read who a station is; whether it is accepted is decided later."""
    station = table(payload, "chargingStation")
    vendor, model = text(station, "vendorName"), text(station, "model")
    if vendor is None or model is None:
        raise Unusable(ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "chargingStation: vendorName, model")
    booted = StationBooted(
        call=call,
        station=call.station,
        vendor=vendor,
        model=model,
        serial=text(station, "serialNumber"),
        firmware=text(station, "firmwareVersion"),
        reason=text(payload, "reason", 40) or "Unknown",
    )
    return Received((booted,), answer=None)


def heartbeat(payload: Payload, call: CallRef, now: Moment) -> Received:
    """Tell a station what time it is."""
    return Received(answer={"currentTime": stamp(now.utc)})


def status_notification(payload: Payload, call: CallRef, now: Moment) -> Received:
    """Read the availability of a connector."""
    return _connector(
        call.station,
        evse_in(payload),
        evse_in(payload, "connectorId"),
        text(payload, "connectorStatus", 40),
        instant_at(payload, "timestamp", now.utc),
    )


def notify_event(payload: Payload, call: CallRef, now: Moment) -> Received:
    """Read events of the device model: availability, faults, and every other value as a report."""
    facts: list[StationFact] = []
    rows: list[VariableReport] = []
    odd: list[str] = []
    for event in tables(payload, "eventData"):
        variable = _variable(event)
        if variable is None:
            continue
        component, name = variable.component.casefold(), variable.variable.casefold()
        if (component, name) == ("connector", "availabilitystate"):
            at = instant_at(event, "timestamp", now.utc)
            changed = _connector(call.station, variable.evse, variable.connector, text(event, "actualValue", 40), at)
            facts += changed.facts
            odd += changed.odd
        elif name in _PROBLEMS:
            facts.append(_problem(call.station, variable, event))
        else:
            rows.append(VariableReport(variable=variable, value=_value(variable, event, "actualValue")))
    if rows:
        facts.append(VariablesReported(station=call.station, rows=tuple(rows)))
    return Received(tuple(facts), odd=tuple(odd))


def notify_report(payload: Payload, call: CallRef, now: Moment) -> Received:
    """Read one part of the inventory."""
    rows = tuple(row for raw in tables(payload, "reportData") if (row := _row(raw)) is not None)
    if is_owners(payload):  # a piece of the inventory, which tells nothing of the rest
        part = part_of(payload, call, "NotifyReport", tuple(tables(payload, "reportData")))
        return Received((VariablesReported(station=call.station, rows=rows), part))
    reported = VariablesReported(
        station=call.station,
        rows=rows,
        request_id=integer(payload, "requestId"),
        seq_no=integer(payload, "seqNo"),
        complete=not flag(payload, "tbc"),
    )
    return Received((reported,))


def reservation_status(payload: Payload, call: CallRef, now: Moment) -> Received:
    """Read that a reservation is over: its time is, it cannot be kept, or nobody charged on it."""
    number = integer(payload, "reservationId")
    return Received(() if number is None else (ReservationEnded(station=call.station, reservation=number),))


def security_event(payload: Payload, call: CallRef, now: Moment) -> Received:
    """Read a security event."""
    reported = SecurityReported(
        station=call.station,
        kind=text(payload, "type", 50) or "unknown",
        at=instant_at(payload, "timestamp", now.utc),
        text=text(payload, "techInfo"),
    )
    return Received((reported,))


def variable_results(payload: Payload) -> tuple[VariableReport, ...]:
    """Return the values a station gave when asked for variables."""
    return tuple(
        VariableReport(variable=variable, value=_value(variable, row, "attributeValue"))
        for row in tables(payload, "getVariableResult")
        if row.get("attributeStatus") == "Accepted"
        and "attributeValue" in row
        and text(row, "attributeType") in (None, "Actual")
        and (variable := _variable(row)) is not None
    )


def values_asked(payload: Payload) -> dict[Variable, str]:
    """Return what a request to write variables would have them be."""
    rows = ((_variable(row), text(row, "attributeValue", VALUE_LIMIT)) for row in tables(payload, "setVariableData"))
    return {variable: value for variable, value in rows if variable is not None and value is not None}


def values_taken(asked: Mapping[Variable, str], payload: Payload) -> tuple[VariableReport, ...]:
    """Return the values a station took when they were written; secrets are not kept."""
    return tuple(
        VariableReport(variable=variable, value=asked[variable])
        for row in tables(payload, "setVariableResult")
        if row.get("attributeStatus") in ("Accepted", "RebootRequired")
        and text(row, "attributeType") in (None, "Actual")
        and (variable := _variable(row)) is not None
        and variable in asked
        and not _is_secret(variable)
    )


def _connector(station: str, evse: int | None, connector: int | None, word: str | None, at: datetime) -> Received:
    if word is None or word not in ConnectorStatus or evse is None or connector is None:
        return Received(odd=(f"connector {evse}/{connector}: {word}",))
    status = ConnectorStatus(word)
    return Received((ConnectorChanged(station=station, evse=evse, connector=connector, status=status, at=at),))


def _problem(station: str, variable: Variable, event: Payload) -> ProblemReported:
    parts = (text(event, "techCode", 50), text(event, "techInfo"))
    return ProblemReported(
        station=station,
        evse=variable.evse,
        component=variable.component,
        variable=variable.variable,
        active=truth(text(event, "actualValue")) and not flag(event, "cleared"),
        text=" ".join(part for part in parts if part) or None,
    )


def _variable(row: Payload) -> Variable | None:
    component, variable = table(row, "component"), table(row, "variable")
    component_name, variable_name = text(component, "name", 50), text(variable, "name", 50)
    if component_name is None or variable_name is None:
        return None
    evse = table(component, "evse")
    return Variable(
        component_name,
        variable_name,
        evse_in(evse, "id"),
        evse_in(evse, "connectorId"),
        text(component, "instance", 50),
        text(variable, "instance", 50),
    )


def _row(raw: Payload) -> VariableReport | None:
    variable = _variable(raw)
    if variable is None:
        return None
    attributes = {text(item, "type") or "Actual": item for item in tables(raw, "variableAttribute")}
    actual = attributes.get("Actual", {})
    traits = table(raw, "variableCharacteristics")
    mutability = text(actual, "mutability")
    row = VariableReport(
        variable=variable,
        value=_value(variable, actual, "value"),
        unit=text(traits, "unit", 16),
        max_limit=number(traits, "maxLimit"),
        max_set=_figure(text(attributes.get("MaxSet", {}), "value", 40)),
        values=_words(text(traits, "valuesList", 1000)),
        writable=None if mutability is None else mutability != "ReadOnly",
        kind=text(traits, "dataType", 20),
        monitored=flag(traits, "supportsMonitoring"),
    )
    return held_once(row)


def _value(variable: Variable, row: Payload, key: str) -> str | None:
    """Return a value as text; a secret a station gives away is not taken."""
    return None if _is_secret(variable) else text(row, key, VALUE_LIMIT)


def _is_secret(variable: Variable) -> bool:
    name = variable.variable.casefold()
    return any(word in name for word in _SECRET)


def _words(listed: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in listed.split(",") if word.strip()) if listed else ()


def _figure(word: str | None) -> float | None:
    return None if word is None else number({"figure": _parsed(word)}, "figure")


def _parsed(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None
