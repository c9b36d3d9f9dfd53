"""What a station is made of and can do, as it reported it."""

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Final

from ..model.abilities import Abilities
from ..model.commands import Variable
from ..model.station import VariableReport, Version
from .wire import truth

type Inventory = tuple[VariableReport, ...]
type _Key = tuple[str, str, str, str, int | None, int | None]

ROWS_LIMIT: Final = 3000
ALIKE: Final = 2048
"""So many rows are looked out for, so that stations of a model, which say mostly the same, hold them together."""
_DISCHARGE_MODES: Final = frozenset({"centralsetpoint"})


def merge_reports(inventory: Inventory, rows: Iterable[VariableReport]) -> Inventory:
    """Take rows in; what a newer row does not say stays as it was."""
    by_key = {_key(row.variable): row for row in inventory}
    for row in rows:
        key = _key(row.variable)
        known = by_key.get(key)
        if known is not None:
            by_key[key] = held_once(_merged(known, row))
        elif len(by_key) < ROWS_LIMIT:
            by_key[key] = row
    return tuple(by_key.values())


@lru_cache(maxsize=ALIKE)
def held_once(row: VariableReport) -> VariableReport:
    """Return a row as the first one who said the same holds it."""
    return replace(row, variable=_named(row.variable))


@lru_cache(maxsize=ALIKE)
def _named(variable: Variable) -> Variable:
    return variable


def find(
    inventory: Inventory, component: str, variable: str, *, evse: int | None = None, instance: str | None = None
) -> VariableReport | None:
    """Return a variable by name, whatever its case; one of the EVSE asked for before one of the whole station."""
    names = component.casefold(), variable.casefold(), (instance or "").casefold()
    found = [row for row in inventory if row.variable.evse in (evse, None) and _names(row.variable) == names]
    return min(found, key=lambda row: row.variable.evse is None, default=None)


def abilities(inventory: Inventory, version: Version | None, evse: int = 1) -> Abilities:
    """Return what a station can do; ``None`` wherever it does not say."""
    modern = version is not Version.V201
    units = rate_units(inventory)
    return Abilities(
        bidirectional=_bidirectional(inventory, evse) if modern else False,
        dynamic=supports(inventory, "DynamicProfiles") if modern else supports(inventory, "DynamicProfiles") is True,
        update=None if modern else False,
        offline_limit=supports(inventory, "MaxOfflineDuration") if modern else False,
        sleep=supports(inventory, "EvseSleep") if modern else False,
        priority=_priority(inventory) if modern else False,
        watts=None if units is None else "W" in units,
        amperes=None if units is None else "A" in units,
        max_charge_w=max_power_w(inventory, "Power", evse),
        max_discharge_w=max_power_w(inventory, "DischargePower", evse),
        phases=phases(inventory, evse),
        variables_per_call=items_per_message(inventory, "SetVariables"),
        smart_charging=_yes(inventory, "SmartChargingCtrlr", "Enabled"),
    )


def rate_units(inventory: Inventory) -> frozenset[str] | None:
    """Return the units a station takes orders in: W, A or both."""
    row = find(inventory, "SmartChargingCtrlr", "RateUnit")
    words = _words(row) if row is not None else ()
    return frozenset(word.upper() for word in words) or None


def supports(inventory: Inventory, feature: str) -> bool | None:
    """Tell whether smart charging has a feature of 2.1."""
    row = find(inventory, "SmartChargingCtrlr", "SupportsFeature", instance=feature)
    return None if row is None or row.value is None else truth(row.value)


def operation_modes(inventory: Inventory, evse: int) -> frozenset[str] | None:
    """Return the V2X modes an EVSE offers; the second name is that of a later edition."""
    for name in ("SupportedOperationModes", "V2XSupportedOperationModes"):
        row = find(inventory, "V2XChargingCtrlr", name, evse=evse)
        words = _words(row) if row is not None else ()
        if words:
            return frozenset(words)
    return None


def max_power_w(inventory: Inventory, variable: str, evse: int) -> float | None:
    """Return the most an EVSE can do in one direction, as a magnitude."""
    row = find(inventory, "EVSE", variable, evse=evse)
    if row is None:
        return None
    scale = 1000.0 if (row.unit or "").casefold() == "kw" else 1.0
    limits = [abs(limit) * scale for limit in (row.max_limit, row.max_set) if limit]
    return min(limits, default=None)


def phases(inventory: Inventory, evse: int) -> int | None:
    """Return how many phases feed an EVSE."""
    for component in ("EVSE", "ChargingStation"):
        row = find(inventory, component, "SupplyPhases", evse=evse)
        if row is not None and row.value in ("1", "2", "3"):
            return int(row.value)
    return None


def connectors(inventory: Inventory) -> dict[int, frozenset[int]]:
    """Return the EVSEs a station lists, with the connectors it lists of each."""
    found: dict[int, frozenset[int]] = {}
    for row in inventory:
        evse, connector = row.variable.evse, row.variable.connector
        if evse is not None:
            more = frozenset() if connector is None else frozenset((connector,))
            found[evse] = found.get(evse, frozenset()) | more
    return found


def items_per_message(inventory: Inventory, action: str) -> int | None:
    """Return how many entries a station takes in one message."""
    return _per_message(inventory, "ItemsPerMessage", action)


def bytes_per_message(inventory: Inventory, action: str) -> int | None:
    """Return how long one message may be that a station takes."""
    return _per_message(inventory, "BytesPerMessage", action)


def _per_message(inventory: Inventory, variable: str, action: str) -> int | None:
    component = "MonitoringCtrlr" if action.endswith("VariableMonitoring") else "DeviceDataCtrlr"
    row = find(inventory, component, variable, instance=action)
    return int(row.value) if row is not None and row.value is not None and row.value.isdecimal() else None


def _bidirectional(inventory: Inventory, evse: int) -> bool | None:
    for name in ("Available", "Enabled"):
        row = find(inventory, "V2XChargingCtrlr", name, evse=evse)
        # switched off but ours to switch on is still an ability
        if row is not None and row.value is not None and not truth(row.value) and not row.writable:
            return False
    modes = operation_modes(inventory, evse)
    return None if modes is None else any(mode.casefold() in _DISCHARGE_MODES for mode in modes)


def _priority(inventory: Inventory) -> bool | None:
    row = find(inventory, "SmartChargingCtrlr", "SupportedAdditionalPurposes")
    return None if row is None or row.value is None else "PriorityCharging" in _words(row)


def _yes(inventory: Inventory, component: str, variable: str) -> bool | None:
    row = find(inventory, component, variable)
    return None if row is None or row.value is None else truth(row.value)


def _words(row: VariableReport) -> tuple[str, ...]:
    return tuple(word.strip() for word in (row.value or "").split(",") if word.strip())


def _names(variable: Variable) -> tuple[str, str, str]:
    """Return the names by which two spellings are one."""
    return variable.component.casefold(), variable.variable.casefold(), (variable.instance or "").casefold()


def _key(variable: Variable) -> _Key:
    part = (variable.component_instance or "").casefold()
    return (*_names(variable), part, variable.evse, variable.connector)


def _merged(known: VariableReport, row: VariableReport) -> VariableReport:
    return VariableReport(
        variable=known.variable,
        value=known.value if row.value is None else row.value,
        unit=row.unit or known.unit,
        max_limit=known.max_limit if row.max_limit is None else row.max_limit,
        max_set=known.max_set if row.max_set is None else row.max_set,
        values=row.values or known.values,
        writable=known.writable if row.writable is None else row.writable,
        kind=row.kind or known.kind,
        monitored=known.monitored if row.monitored is None else row.monitored,
    )
