"""A device model put together from its reports, and asked what the station can do."""

import pytest

from custom_components.mobilize_flex.core.model.abilities import Abilities
from custom_components.mobilize_flex.core.model.commands import Variable
from custom_components.mobilize_flex.core.model.station import VariableReport, Version
from custom_components.mobilize_flex.core.ocpp.inventory import (
    ROWS_LIMIT,
    abilities,
    find,
    held_once,
    items_per_message,
    merge_reports,
    operation_modes,
    phases,
    rate_units,
)


def row(
    name: str, value: str | None, *, evse: int | None = None, instance: str | None = None, **more: object
) -> VariableReport:
    component, _, variable = name.partition(".")
    return VariableReport(variable=Variable(component, variable, evse, None, None, instance), value=value, **more)  # type: ignore[arg-type]


V2X_STATION = (
    row("SmartChargingCtrlr.RateUnit", "W,A"),
    row("SmartChargingCtrlr.Enabled", "true"),
    row("SmartChargingCtrlr.SupportsFeature", "true", instance="DynamicProfiles"),
    row("SmartChargingCtrlr.SupportsFeature", "false", instance="EvseSleep"),
    row("SmartChargingCtrlr.SupportedAdditionalPurposes", "PriorityCharging,LocalGeneration"),
    row("V2XChargingCtrlr.Enabled", "false", evse=1, writable=True),
    row("V2XChargingCtrlr.SupportedOperationModes", "ChargingOnly,CentralSetpoint,Idle", evse=1),
    row("EVSE.Power", "0", evse=1, unit="W", max_limit=22000.0),
    row("EVSE.DischargePower", "0", evse=1, unit="kW", max_limit=11.0, max_set=7.0),
    row("EVSE.SupplyPhases", "3", evse=1),
    row("DeviceDataCtrlr.ItemsPerMessage", "4", instance="SetVariables"),
)


def test_abilities_of_a_station_that_tells_everything() -> None:
    assert abilities(V2X_STATION, Version.V21) == Abilities(
        bidirectional=True,
        dynamic=True,
        update=None,
        offline_limit=None,
        sleep=False,
        priority=True,
        watts=True,
        amperes=True,
        max_charge_w=22000.0,
        max_discharge_w=7000.0,
        phases=3,
        variables_per_call=4,
        smart_charging=True,
    )


def test_a_station_that_tells_nothing_is_unknown_not_unable() -> None:
    assert abilities((), Version.V21) == Abilities()
    assert abilities((), None) == Abilities()


def test_a_2_0_1_station_cannot_give_back_whatever_it_lists() -> None:
    able = abilities(V2X_STATION, Version.V201)
    assert (able.bidirectional, able.update, able.priority) == (False,) * 3
    assert able.dynamic  # which counts on the hybrid route only
    assert abilities((), Version.V201).dynamic is False
    assert able.max_charge_w == 22000.0


@pytest.mark.parametrize(
    ("rows", "bidirectional"),
    [
        ((row("V2XChargingCtrlr.V2XSupportedOperationModes", "ChargingOnly, CentralSetpoint", evse=1),), True),
        ((row("V2XChargingCtrlr.SupportedOperationModes", "ChargingOnly", evse=1),), False),
        ((row("V2XChargingCtrlr.SupportedOperationModes", "ChargingOnly,CentralSetpoint"),), True),
        ((row("V2XChargingCtrlr.SupportedOperationModes", "ChargingOnly,CentralSetpoint", evse=2),), None),
        ((row("V2XChargingCtrlr.Enabled", "false", evse=1, writable=False),), False),
        ((row("V2XChargingCtrlr.Available", "false", evse=1),), False),
        ((row("V2XChargingCtrlr.Enabled", "true", evse=1),), None),
    ],
)
def test_whether_it_can_give_back(rows: tuple[VariableReport, ...], bidirectional: bool | None) -> None:
    assert abilities(rows, Version.V21).bidirectional is bidirectional


def test_names_are_one_whatever_their_case() -> None:
    inventory = merge_reports((row("smartchargingctrlr.rateunit", "A"),), (row("SmartChargingCtrlr.RateUnit", "W"),))
    assert len(inventory) == 1
    assert rate_units(inventory) == {"W"}


def test_a_later_row_adds_and_never_erases() -> None:
    full = row("EVSE.Power", "100", evse=1, unit="W", max_limit=22000.0, writable=False, kind="decimal", monitored=True)
    (merged,) = merge_reports((full,), (row("EVSE.Power", "200", evse=1),))
    assert merged == row(
        "EVSE.Power", "200", evse=1, unit="W", max_limit=22000.0, writable=False, kind="decimal", monitored=True
    )
    (kept,) = merge_reports((full,), (row("EVSE.Power", None, evse=1, max_set=16000.0),))
    assert (kept.value, kept.max_set) == ("100", 16000.0)


def test_an_evse_comes_before_the_station() -> None:
    rows = (
        row("EVSE.SupplyPhases", "3"),
        row("EVSE.SupplyPhases", "1", evse=2),
        row("ChargingStation.SupplyPhases", "3"),
    )
    assert phases(rows, 2) == 1
    assert phases(rows, 1) == 3
    assert phases((row("EVSE.SupplyPhases", "0", evse=1),), 1) is None


def test_an_inventory_does_not_grow_for_ever() -> None:
    rows = (row(f"C{number}.V", "1") for number in range(ROWS_LIMIT + 10))
    assert len(merge_reports((), rows)) == ROWS_LIMIT


def test_instances_are_apart() -> None:
    rows = merge_reports((), V2X_STATION)
    assert find(rows, "SmartChargingCtrlr", "SupportsFeature") is None
    assert items_per_message(rows, "GetVariables") is None
    assert operation_modes(rows, 1) == {"ChargingOnly", "CentralSetpoint", "Idle"}


def test_stations_that_say_the_same_hold_it_together() -> None:
    one, other, odd = (held_once(row("AuthCtrlr.Enabled", value)) for value in ("true", "true", "false"))
    assert one is other
    assert odd == row("AuthCtrlr.Enabled", "false")
    assert odd.variable is one.variable
