"""What we want a station to measure, how often, and how it should let a car in."""

from collections.abc import Mapping
from typing import Final

from ..model.commands import Variable
from ..model.station import VariableReport

INTERVAL_S: Final = 2
"""So that what people see is never much older than what is."""
MEASURANDS: Final = (
    "Power.Active.Import",
    "Power.Active.Export",
    "Power.Active.Setpoint",
    "Energy.Active.Import.Register",
    "Energy.Active.Export.Register",
    "Current.Import",
    "Voltage",
    "SoC",
    "Display.PresentSOC",
)
WISHES: Final[Mapping[tuple[str, str], str]] = {
    ("SampledDataCtrlr", "TxUpdatedInterval"): str(INTERVAL_S),
    ("V2XChargingCtrlr", "TxUpdatedInterval"): str(INTERVAL_S),
    ("AuthCtrlr", "AuthorizeRemoteStart"): "true",
    ("AuthCtrlr", "LocalPreAuthorize"): "false",
    ("AuthCtrlr", "LocalAuthorizeOffline"): "true",
    ("AuthCacheCtrlr", "Enabled"): "false",
    ("LocalAuthListCtrlr", "Enabled"): "true",
    ("V2XChargingCtrlr", "Enabled"): "true",
}
LISTS: Final = frozenset(
    {
        ("SampledDataCtrlr", "TxUpdatedMeasurands"),
        ("V2XChargingCtrlr", "TxUpdatedMeasurands"),
        ("SampledDataCtrlr", "TxStartedMeasurands"),
        ("SampledDataCtrlr", "TxEndedMeasurands"),
    }
)
WATCHED: Final = frozenset({("Connector", "AvailabilityState"), ("ChargingStatusIndicator", "Color")})
MOST_WATCHED: Final = 40
OFFLINE_STRANGERS: Final = ("AuthCtrlr", "OfflineTxForUnknownIdEnabled")
"""Whether a card on no list may charge while nobody answers the station."""


def strangers_offline(*, open_access: bool) -> str:
    """Return the value of that: whoever plugs in at an open station, and nobody else elsewhere."""
    return "true" if open_access else "false"


def wanted_settings(inventory: tuple[VariableReport, ...]) -> tuple[tuple[Variable, str], ...]:
    """Return the variables to write: only those the station has, may be written, and differ."""
    wanted = ((row, _value(row)) for row in inventory if row.writable is not False)
    return tuple((row.variable, value) for row, value in wanted if value is not None and value != row.value)


def watched(inventory: tuple[VariableReport, ...]) -> tuple[Variable, ...]:
    """Return the variables to be told of when they change: plugs, faults, the light; those that can be watched."""
    rows = (row.variable for row in inventory if row.monitored and _is_watched(row.variable))
    return tuple(rows)[:MOST_WATCHED]


def _is_watched(variable: Variable) -> bool:
    return variable.variable == "Problem" or (variable.component, variable.variable) in WATCHED


def _value(row: VariableReport) -> str | None:
    name = (row.variable.component, row.variable.variable)
    if name in WISHES:
        return WISHES[name]
    if name in LISTS:
        return _measurands(row)
    if name == ("TxCtrlr", "TxStopPoint"):
        return _stop_point(row)
    return None


def _measurands(row: VariableReport) -> str | None:
    """Return our list cut to what the station offers; its own where it does not say what it offers."""
    there = row.value.split(",") if row.value else []
    offered = row.values or tuple(there)
    wanted = [m for m in MEASURANDS if m in offered]
    return ",".join([*wanted, *(m for m in there if m not in wanted)]) if wanted else None


def _stop_point(row: VariableReport) -> str | None:
    """Return the stop points without EnergyTransfer: a V2G pause would end the transaction."""
    there = row.value.split(",") if row.value else []
    if "EnergyTransfer" not in there:
        return None
    return ",".join([p for p in there if p != "EnergyTransfer"] or ["EVConnected", "Authorized"])
