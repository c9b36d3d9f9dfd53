"""What the station tells about itself when asked."""

from dataclasses import replace
from typing import Any

import pytest

from simulator.home import HomeSettings
from simulator.vehicle import VehicleSettings
from tests.simulator.controller import Scene


def place(component: str, variable: str, instance: str | None = None, **where: Any) -> dict[str, Any]:
    named: dict[str, Any] = {"name": variable} if instance is None else {"name": variable, "instance": instance}
    return {"component": {"name": component, **where}, "variable": named}


EVSE: dict[str, Any] = {"evse": {"id": 1}}


@pytest.fixture
def scene() -> Scene:
    return Scene(HomeSettings())


@pytest.mark.parametrize(
    ("asked", "status", "value"),
    [
        (place("SmartChargingCtrlr", "RateUnit"), "Accepted", "A,W"),
        (place("SmartChargingCtrlr", "SupportsFeature", "DynamicProfiles"), "Accepted", "true"),
        (
            place("V2XChargingCtrlr", "SupportedOperationModes", **EVSE),
            "Accepted",
            "ChargingOnly,CentralSetpoint,CentralFrequency,Idle",
        ),
        (place("Connector", "AvailabilityState", evse={"id": 1, "connectorId": 1}), "Accepted", "Available"),
        (place("Nonsense", "Enabled"), "UnknownComponent", None),
        (place("SmartChargingCtrlr", "Nonsense"), "UnknownVariable", None),
        (place("SmartChargingCtrlr", "RateUnit", evse={"id": 5}), "UnknownComponent", None),
        (place("SecurityCtrlr", "BasicAuthPassword"), "Rejected", None),
        ({**place("SmartChargingCtrlr", "RateUnit"), "attributeType": "MaxSet"}, "NotSupportedAttributeType", None),
    ],
)
def test_reading_gives_a_value_or_the_reason(
    scene: Scene, asked: dict[str, Any], status: str, value: str | None
) -> None:
    [result] = scene.ask("GetVariables", {"getVariableData": [asked]})["getVariableResult"]
    assert (result["attributeStatus"], result.get("attributeValue")) == (status, value)


@pytest.mark.parametrize(
    ("asked", "text", "status"),
    [
        (place("TxCtrlr", "EVConnectionTimeOut"), "60", "Accepted"),
        (place("TxCtrlr", "EVConnectionTimeOut"), "soon", "Rejected"),
        (place("TxCtrlr", "EVConnectionTimeOut"), "-1", "Rejected"),
        (place("TxCtrlr", "TxStopPoint"), "EVConnected", "Accepted"),
        (place("TxCtrlr", "TxStopPoint"), "Midnight", "Rejected"),
        (place("SmartChargingCtrlr", "Enabled"), "perhaps", "Rejected"),
        (place("SmartChargingCtrlr", "RateUnit"), "W", "Rejected"),
        (place("OCPPCommCtrlr", "NetworkConfigurationPriority"), "1", "RebootRequired"),
        (place("OCPPCommCtrlr", "NetworkConfigurationPriority"), "1,2", "Rejected"),
        (place("SampledDataCtrlr", "TxUpdatedMeasurands"), "Power.Active.Import,Display.PresentSOC", "Accepted"),
        (place("SampledDataCtrlr", "TxUpdatedMeasurands"), "Mood", "Rejected"),
        (place("Nonsense", "Enabled"), "true", "UnknownComponent"),
        (place("SmartChargingCtrlr", "Nonsense"), "true", "UnknownVariable"),
    ],
)
def test_writing_is_checked(scene: Scene, asked: dict[str, Any], text: str, status: str) -> None:
    [result] = scene.ask("SetVariables", {"setVariableData": [{**asked, "attributeValue": text}]})["setVariableResult"]
    assert result["attributeStatus"] == status


@pytest.mark.parametrize(("password", "status"), [("0123456789abcdef", "Accepted"), ("short", "Rejected")])
def test_a_new_password_counts_from_the_next_connection(scene: Scene, password: str, status: str) -> None:
    write = {**place("SecurityCtrlr", "BasicAuthPassword"), "attributeValue": password}
    [result] = scene.ask("SetVariables", {"setVariableData": [write]})["setVariableResult"]
    assert result["attributeStatus"] == status
    assert (scene.home.station.password == password) == (status == "Accepted")


def test_more_items_than_allowed_are_refused(scene: Scene) -> None:
    many = [place("TxCtrlr", "TxStopPoint")] * 17
    assert scene.ask("GetVariables", {"getVariableData": many}) == "OccurrenceConstraintViolation"


def test_the_inventory_comes_in_parts_that_belong_together(scene: Scene) -> None:
    answer = scene.ask("GetBaseReport", {"requestId": 7, "reportBase": "FullInventory"})
    assert answer == {"status": "Accepted"}
    parts = scene.controller.of("NotifyReport")
    assert len(parts) > 3
    assert [part["seqNo"] for part in parts] == list(range(len(parts)))
    assert [part.get("tbc", False) for part in parts] == [True] * (len(parts) - 1) + [False]
    assert {part["requestId"] for part in parts} == {7}
    names = [(item["component"]["name"], item["variable"]["name"]) for part in parts for item in part["reportData"]]
    assert ("ChargingStatusIndicator", "Color") in names
    assert ("V2XChargingCtrlr", "Enabled") in names
    [secret] = [
        item for part in parts for item in part["reportData"] if item["variable"]["name"] == "BasicAuthPassword"
    ]
    assert "value" not in secret["variableAttribute"][0]


def test_a_2_0_1_inventory_has_no_v2x() -> None:
    scene = Scene(HomeSettings(), "ocpp2.0.1")
    scene.ask("GetBaseReport", {"requestId": 7, "reportBase": "FullInventory"})
    components = {
        item["component"]["name"] for part in scene.controller.of("NotifyReport") for item in part["reportData"]
    }
    assert "V2XChargingCtrlr" not in components
    assert "SmartChargingCtrlr" in components


@pytest.mark.parametrize("base", ["ConfigurationInventory", "SummaryInventory"])
def test_smaller_reports_are_smaller(scene: Scene, base: str) -> None:
    assert scene.ask("GetBaseReport", {"requestId": 1, "reportBase": base}) == {"status": "Accepted"}
    items = [item for part in scene.controller.of("NotifyReport") for item in part["reportData"]]
    assert 5 < len(items) < 60


def test_a_report_can_be_narrowed(scene: Scene) -> None:
    wanted = {"component": {"name": "EVSE", "evse": {"id": 1}}}
    assert scene.ask("GetReport", {"requestId": 2, "componentVariable": [wanted]}) == {"status": "Accepted"}
    items = [item for part in scene.controller.of("NotifyReport") for item in part["reportData"]]
    assert {item["component"]["name"] for item in items} == {"EVSE"}
    nothing = {"component": {"name": "Nonsense"}}
    answer = scene.ask("GetReport", {"requestId": 3, "componentVariable": [nothing]})
    assert answer == {"status": "EmptyResultSet"}


def test_a_watch_on_the_light_tells_its_colours(scene: Scene) -> None:
    where = place("ChargingStatusIndicator", "Color", evse={"id": 1, "connectorId": 1})
    watch = {"setMonitoringData": [{"value": 1, "type": "Delta", "severity": 8, **where}]}
    [result] = scene.ask("SetVariableMonitoring", watch)["setMonitoringResult"]
    assert result["status"] == "Accepted"
    scene.plug_in()
    scene.setpoint(-3_000, duration_s=10)
    scene.run(20)
    [event] = [one["eventData"][0] for one in scene.controller.of("NotifyEvent")]
    assert (event["actualValue"], event["variableMonitoringId"]) == ("Blue", result["id"])
    cleared = scene.ask("ClearVariableMonitoring", {"id": [result["id"], 99]})["clearMonitoringResult"]
    assert [one["status"] for one in cleared] == ["Accepted", "NotFound"]


@pytest.mark.parametrize(
    ("wanted", "answer", "heard"),
    [
        ("Heartbeat", "Accepted", "Heartbeat"),
        ("StatusNotification", "Accepted", "StatusNotification"),
        ("MeterValues", "Accepted", "MeterValues"),
        ("TransactionEvent", "Rejected", None),
        ("BootNotification", "Rejected", None),
        ("FirmwareStatusNotification", "Accepted", "FirmwareStatusNotification"),
        ("SignV2GCertificate", "NotImplemented", None),
    ],
)
def test_messages_can_be_triggered(scene: Scene, wanted: str, answer: str, heard: str | None) -> None:
    scene.controller.heard.clear()
    assert scene.ask("TriggerMessage", {"requestedMessage": wanted})["status"] == answer
    assert [name for name, _ in scene.controller.heard] == ([heard] if heard else [])


def test_the_car_tells_about_itself_once_it_is_there() -> None:
    scene = Scene(replace(HomeSettings(), vehicle=VehicleSettings(soc_pct=61.4)))
    asked = [place("ConnectedEV", name, **EVSE) for name in ("Available", "VehicleId", "StateOfCharge")]

    def values() -> list[str]:
        results = scene.ask("GetVariables", {"getVariableData": asked})["getVariableResult"]
        return [result["attributeValue"] for result in results]

    assert values() == ["false", "", ""]
    scene.plug_in()
    assert values() == ["true", "FRRNOV2G0001", "61"]


@pytest.mark.parametrize(
    ("action", "payload", "answer"),
    [
        ("DataTransfer", {"vendorId": "somebody"}, {"status": "UnknownVendorId"}),
        ("UnlockConnector", {"evseId": 1, "connectorId": 1}, {"status": "Unlocked"}),
        ("UnlockConnector", {"evseId": 2, "connectorId": 1}, {"status": "UnknownConnector"}),
        ("PublishFirmware", {"location": "http://x/f", "checksum": "c", "requestId": 1}, "NotSupported"),
        ("UnpublishFirmware", {"checksum": "c"}, "NotSupported"),
        ("ClearCache", {}, {"status": "Rejected", "statusInfo": {"reasonCode": "NotEnabled"}}),
    ],
)
def test_what_the_station_cannot_do_it_says(scene: Scene, action: str, payload: dict[str, Any], answer: object) -> None:
    assert scene.ask(action, payload) == answer
