"""The watches on the station's variables."""

from typing import Any

import pytest

from simulator.home import HomeSettings
from tests.simulator.controller import Scene
from tests.simulator.test_device_model import place

POWER = place("EVSE", "Power", evse={"id": 1})
PROBLEM = place("ChargingStation", "Problem")


@pytest.fixture
def scene() -> Scene:
    return Scene(HomeSettings())


def watch(one: Scene, where: dict[str, Any], kind: str, value: float, severity: int = 5, **more: Any) -> dict[str, Any]:
    item = {"value": value, "type": kind, "severity": severity, **where, **more}
    [result] = one.ask("SetVariableMonitoring", {"setMonitoringData": [item]})["setMonitoringResult"]
    return dict(result)


def events(one: Scene) -> list[dict[str, Any]]:
    return [event for note in one.controller.of("NotifyEvent") for event in note["eventData"]]


def charge(one: Scene, power_w: float, seconds: float) -> None:
    assert one.setpoint(power_w, 3_600) == "Accepted"
    one.run(seconds)


def test_a_small_change_is_no_event(scene: Scene) -> None:
    assert watch(scene, POWER, "Delta", 2_000)["status"] == "Accepted"
    scene.plug_in()
    charge(scene, 1_500, 10)
    assert not events(scene)
    charge(scene, 6_000, 10)
    assert events(scene)


def test_a_threshold_is_told_when_crossed_and_when_left(scene: Scene) -> None:
    number = watch(scene, POWER, "UpperThreshold", 5_000)["id"]
    scene.plug_in()
    charge(scene, 6_000, 10)
    charge(scene, 2_000, 10)
    first, second = events(scene)
    assert (first["trigger"], first["variableMonitoringId"]) == ("Alerting", number)
    assert ("cleared" in first, second["cleared"]) == (False, True)


def test_a_periodic_watch_tells_again_and_again(scene: Scene) -> None:
    watch(scene, PROBLEM, "Periodic", 30)
    scene.run(95)
    assert [event["trigger"] for event in events(scene)] == ["Periodic"] * 3


def test_only_what_is_severe_enough_is_told(scene: Scene) -> None:
    watch(scene, PROBLEM, "Delta", 1, severity=6)
    assert scene.ask("SetMonitoringLevel", {"severity": 5}) == {"status": "Accepted"}
    scene.home.fault()
    scene.run(2)
    assert not events(scene)
    scene.ask("SetMonitoringLevel", {"severity": 6})
    scene.home.fault(False)
    scene.run(2)
    assert len(events(scene)) == 1
    assert scene.ask("SetMonitoringLevel", {"severity": 12})["status"] == "Rejected"


def test_a_watch_is_refused_where_there_is_nothing_to_watch(scene: Scene) -> None:
    assert watch(scene, place("Nonsense", "X"), "Delta", 1)["status"] == "UnknownComponent"
    assert watch(scene, place("TxCtrlr", "TxStopPoint"), "Delta", 1)["status"] == "Rejected"
    assert watch(scene, POWER, "TargetDelta", 1)["status"] == "UnsupportedMonitorType"
    assert watch(scene, POWER, "Delta", 1)["status"] == "Accepted"
    assert watch(scene, POWER, "Delta", 2)["status"] == "Duplicate"


def test_a_watch_can_be_changed_and_removed_but_not_the_wired_one(scene: Scene) -> None:
    number = watch(scene, POWER, "Delta", 1)["id"]
    assert watch(scene, POWER, "Delta", 900, id=number)["status"] == "Accepted"
    assert watch(scene, POWER, "Delta", 900, id=77)["status"] == "Rejected"
    answer = scene.ask("ClearVariableMonitoring", {"id": [1, number, number]})
    assert [one["status"] for one in answer["clearMonitoringResult"]] == ["Rejected", "Accepted", "NotFound"]


@pytest.mark.parametrize("protocol", ["ocpp2.1", "ocpp2.0.1"])
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, {"Problem", "Power"}),
        ({"monitoringCriteria": ["ThresholdMonitoring"]}, {"Power"}),
        ({"componentVariable": [{"component": {"name": "EVSE", "evse": {"id": 1}}}]}, {"Power"}),
        ({"monitoringCriteria": ["PeriodicMonitoring"]}, None),
    ],
)
def test_watches_are_listed(protocol: str, asked: dict[str, Any], found: set[str] | None) -> None:
    scene = Scene(HomeSettings(), protocol)
    watch(scene, POWER, "UpperThreshold", 5_000)
    watch(scene, POWER, "LowerThreshold", 1)
    answer = scene.ask("GetMonitoringReport", {"requestId": 4, **asked})
    reports = scene.controller.of("NotifyMonitoringReport")
    if found is None:
        assert (answer, reports) == ({"status": "EmptyResultSet"}, [])
        return
    assert answer == {"status": "Accepted"}
    assert {item["variable"]["name"] for item in reports[0]["monitor"]} == found


@pytest.mark.parametrize(("base", "left"), [("All", 2), ("FactoryDefault", 1), ("HardWiredOnly", 1)])
def test_the_factory_s_watches_can_be_all_there_is(scene: Scene, base: str, left: int) -> None:
    watch(scene, POWER, "Delta", 1)
    assert scene.ask("SetMonitoringBase", {"monitoringBase": base}) == {"status": "Accepted"}
    scene.ask("GetMonitoringReport", {"requestId": 4})
    [report] = scene.controller.of("NotifyMonitoringReport")
    assert len(report["monitor"]) == left


def test_a_watch_on_a_transaction_sleeps_without_one(scene: Scene) -> None:
    watch(scene, PROBLEM, "Periodic", 10, transaction=True)
    scene.run(30)
    assert not events(scene)
    scene.plug_in(20)
    assert events(scene)[0]["transactionId"] == scene.controller.transaction_id
