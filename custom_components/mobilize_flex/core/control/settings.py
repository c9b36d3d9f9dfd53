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
    ("AuthCacheCtrlr", "Enabled"): "false",
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


def wanted_settings(inventory: tuple[VariableReport, ...]) -> tuple[tuple[Variable, str], ...]:
    """Return the variables to write: only those the station has, may be written, and differ."""
    wanted = ((row, _value(row)) for row in inventory if row.writable is not False)
    return tuple((row.variable, value) for row, value in wanted if value is not None and value != row.value)


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
