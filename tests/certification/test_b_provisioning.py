"""A station is let in, set up, read, written, restarted and told whom to dial."""

from datetime import UTC, datetime

import pytest

from tests.face.homes import free_port

from .lab import CallFailed, Json, Lab, Station, card, stamp

BEAT = {"component": "OCPPCommCtrlr", "variable": "HeartbeatInterval"}
BEAT_WIRE = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
OFFLINE = {"component": "AuthCtrlr", "variable": "LocalAuthorizeOffline"}
OFFLINE_WIRE = {"component": {"name": "AuthCtrlr"}, "variable": {"name": "LocalAuthorizeOffline"}}
SLOT: Json = {
    "configurationSlot": 1,
    "connectionData": {
        "messageTimeout": 30,
        "ocppCsmsUrl": "wss://flex.home.arpa:9000",
        "ocppInterface": "Wired0",
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "securityProfile": 2,
    },
}


def values(asked: Json) -> Json:
    """Return an answer to GetVariables."""
    rows = [row | {"attributeStatus": "Accepted", "attributeValue": "1"} for row in asked["getVariableData"]]
    return {"getVariableResult": rows}


def reported(component: str, variable: str, value: str) -> Json:
    """Return one row of a report."""
    attributes = [{"value": value, "mutability": "ReadWrite"}]
    return {"component": {"name": component}, "variable": {"name": variable}, "variableAttribute": attributes}


async def report(station: Station, number: int, *parts: list[Json]) -> None:
    """Send a report in parts."""
    for seq_no, rows in enumerate(parts):
        last = seq_no == len(parts) - 1
        more = {"requestId": number, "generatedAt": stamp(), "seqNo": seq_no, "tbc": not last, "reportData": rows}
        assert await station.call("NotifyReport", more) == {}


# in


@pytest.mark.octt("B_01")
async def test_a_station_that_boots_is_let_in_and_told_the_time(lab: Lab) -> None:
    await lab.open()
    station = await lab.dial()
    answer = await station.boot()
    assert answer["status"] == "Accepted"
    assert answer["interval"] > 0
    off_s = (datetime.fromisoformat(answer["currentTime"]) - datetime.now(UTC)).total_seconds()
    assert abs(off_s) < 5
    assert await station.status("Available") == {}
    event = {
        "eventId": 1,
        "timestamp": stamp(),
        "trigger": "Delta",
        "actualValue": "Available",
        "eventNotificationType": "HardWiredNotification",
        "component": {"name": "Connector", "evse": {"id": 1, "connectorId": 1}},
        "variable": {"name": "AvailabilityState"},
    }
    assert await station.call("NotifyEvent", {"generatedAt": stamp(), "seqNo": 0, "eventData": [event]}) == {}
    assert "currentTime" in await station.call("Heartbeat")
    assert (lab.evse.connector, lab.state.memory.model) == ("Available", "Script")


@pytest.mark.octt("B_02", "B_30")
async def test_a_station_that_has_to_wait_can_do_nothing_but_boot(lab: Lab) -> None:
    await lab.open({"hold_new": True})
    station = await lab.dial()
    answer = await station.boot()
    assert answer["status"] == "Pending"
    assert answer["interval"] > 0
    for ask in (
        station.call("Heartbeat"),
        station.status(),
        station.authorize(),
        station.event("Started", "Authorized", 0, evse={"id": 1}, idToken=card()),
    ):
        with pytest.raises(CallFailed, match="SecurityError"):
            await ask
    assert lab.coordinator.state.sessions == {}
    await lab.until(lambda: lab.state.hold is not None and lab.state.hold.done)
    assert (await station.boot())["status"] == "Accepted"
    assert await station.status() == {}


@pytest.mark.octt("B_31")
async def test_a_station_that_waits_is_asked_to_boot_and_then_let_in(lab: Lab) -> None:
    await lab.open({"hold_new": True, "automatic": ["statuses"]})
    station = await lab.dial()
    assert (await station.boot())["status"] == "Pending"
    asked = await station.answer("TriggerMessage", {"status": "Accepted"})
    assert asked == {"requestedMessage": "BootNotification"}
    assert (await station.boot("Triggered"))["status"] == "Accepted"


@pytest.mark.octt("B_58")
async def test_of_the_versions_a_station_offers_one_we_speak_is_chosen(lab: Lab) -> None:
    await lab.open()
    station = await lab.dial("ocpp1.6", "ocpp2.0.1")
    assert station.version == "ocpp2.0.1"
    assert (await station.boot())["status"] == "Accepted"


# variables


@pytest.mark.octt("B_06")
async def test_one_variable_is_read(lab: Lab) -> None:
    await lab.open()
    station = await lab.booted()
    task = lab.act("get_variables", variables=[BEAT])
    row = BEAT_WIRE | {"attributeStatus": "Accepted", "attributeValue": "300"}
    asked = await station.answer("GetVariables", {"getVariableResult": [row]})
    assert asked == {"getVariableData": [BEAT_WIRE]}
    assert (await task)["results"] == [BEAT | {"status": "Accepted", "value": "300"}]


@pytest.mark.octt("B_07")
async def test_several_variables_are_read_at_once(lab: Lab) -> None:
    await lab.open()
    station = await lab.booted()
    task = lab.act("get_variables", variables=[BEAT, OFFLINE | {"attribute": "Target"}])
    rows = [
        BEAT_WIRE | {"attributeStatus": "Accepted", "attributeValue": "300"},
        OFFLINE_WIRE | {"attributeType": "Target", "attributeStatus": "NotSupportedAttributeType"},
    ]
    asked = await station.answer("GetVariables", {"getVariableResult": rows})
    assert asked["getVariableData"] == [BEAT_WIRE, OFFLINE_WIRE | {"attributeType": "Target"}]
    assert [row["status"] for row in (await task)["results"]] == ["Accepted", "NotSupportedAttributeType"]


@pytest.mark.octt("B_08")
async def test_more_variables_than_fit_into_a_message_leave_in_two(lab: Lab) -> None:
    await lab.open()
    station = await lab.booted()
    task = lab.act(
        "get_variables",
        variables=[{"component": "DeviceDataCtrlr", "variable": "ItemsPerMessage", "instance": "GetVariables"}],
    )
    name = {
        "component": {"name": "DeviceDataCtrlr"},
        "variable": {"name": "ItemsPerMessage", "instance": "GetVariables"},
    }
    row = name | {"attributeStatus": "Accepted", "attributeValue": "4"}
    await station.answer("GetVariables", {"getVariableResult": [row]})
    await task
    names = ["HeartbeatInterval", "NetworkConfigurationPriority", "OfflineThreshold", "ResetRetries", "MessageTimeout"]
    station.always["GetVariables"] = values
    answer = await lab.act("get_variables", variables=[BEAT | {"variable": name} for name in names])
    sent = [payload["getVariableData"] for action, payload in station.history if action == "GetVariables"][1:]
    assert [len(rows) for rows in sent] == [4, 1]
    assert [row["variable"]["name"] for rows in sent for row in rows] == names
    assert [row["variable"] for row in answer["results"]] == names


@pytest.mark.octt("B_09")
async def test_one_variable_is_written(lab: Lab) -> None:
    await lab.open()
    station = await lab.booted()
    task = lab.act("set_variables", variables=[BEAT | {"value": "600"}])
    row = BEAT_WIRE | {"attributeStatus": "Accepted"}
    asked = await station.answer("SetVariables", {"setVariableResult": [row]})
    assert asked == {"setVariableData": [BEAT_WIRE | {"attributeValue": "600"}]}
    assert (await task)["status"] == "Accepted"


@pytest.mark.octt("B_10")
async def test_several_variables_are_written_at_once_each_with_its_own_answer(lab: Lab) -> None:
    await lab.open()
    station = await lab.booted()
    task = lab.act("set_variables", variables=[BEAT | {"value": "600"}, OFFLINE | {"value": "true"}])
    rows = [BEAT_WIRE | {"attributeStatus": "RebootRequired"}, OFFLINE_WIRE | {"attributeStatus": "Rejected"}]
    asked = await station.answer("SetVariables", {"setVariableResult": rows})
    assert [row["attributeValue"] for row in asked["setVariableData"]] == ["600", "true"]
    assert [row["status"] for row in (await task)["results"]] == ["RebootRequired", "Rejected"]


# reports


@pytest.mark.octt("B_12", "B_13", "B_14")
@pytest.mark.parametrize("base", ["ConfigurationInventory", "FullInventory", "SummaryInventory"])
async def test_a_report_of_any_kind_is_taken_in_to_its_last_part(lab: Lab, base: str) -> None:
    await lab.open()
    station = await lab.booted()
    task = lab.act("get_report", base=base)
    asked = await station.answer("GetBaseReport", {"status": "Accepted"})
    assert asked["reportBase"] == base
    rows = [
        reported("OCPPCommCtrlr", name, "300") for name in ("HeartbeatInterval", "OfflineThreshold", "ResetRetries")
    ]
    await report(station, asked["requestId"], rows[:2], rows[2:])
    answer = await task
    assert (answer["complete"], answer["variables"]) == (True, rows)
    assert {row.variable.variable for row in lab.state.inventory} >= {"HeartbeatInterval", "ResetRetries"}


@pytest.mark.octt("B_18")
async def test_parts_of_the_device_model_are_asked_for_and_nothing_found_is_an_answer(lab: Lab) -> None:
    await lab.open()
    station = await lab.booted()
    named = {"component": "EVSE", "evse": 1, "variable": "AvailabilityState"}
    task = lab.act("get_report", criteria=["Problem"], variables=[named])
    asked = await station.answer("GetReport", {"status": "Accepted"})
    assert asked["componentCriteria"] == ["Problem"]
    wire = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "AvailabilityState"}}
    assert asked["componentVariable"] == [wire]
    await report(station, asked["requestId"], [wire | {"variableAttribute": [{"value": "Available"}]}])
    assert len((await task)["variables"]) == 1
    task = lab.act("get_report", criteria=["Problem"])
    await station.answer("GetReport", {"status": "EmptyResultSet"})
    answer = await task
    assert (answer["status"], answer["variables"]) == ("EmptyResultSet", [])


# restarts


@pytest.mark.octt("B_20")
async def test_an_idle_station_restarts_at_once(lab: Lab) -> None:
    await lab.open()
    station = await lab.booted()
    task = lab.act("reset_station")
    assert await station.answer("Reset", {"status": "Accepted"}) == {"type": "OnIdle"}
    assert (await task)["status"] == "Accepted"
    await station.close()
    await lab.until(lambda: not lab.state.online)
    station = await lab.dial()
    assert (await station.boot("RemoteReset"))["status"] == "Accepted"
    assert await station.status() == {}
    assert lab.state.boots[-1].reason == "RemoteReset"


@pytest.mark.octt("B_21")
async def test_a_station_that_charges_restarts_when_the_charge_is_over(lab: Lab) -> None:
    await lab.open()
    station = await lab.charging()
    task = lab.act("reset_station")
    assert await station.answer("Reset", {"status": "Scheduled"}) == {"type": "OnIdle"}
    assert (await task)["status"] == "Scheduled"
    assert lab.session().ended_at is None
    await station.event("Ended", "EVDeparted", 1, evse={"id": 1}, info={"stoppedReason": "EVDisconnected"})
    await station.close()
    station = await lab.dial()
    assert (await station.boot("ScheduledReset"))["status"] == "Accepted"
    assert lab.session().stopped_reason == "EVDisconnected"


@pytest.mark.octt("B_22")
async def test_a_restart_at_once_ends_the_charge(lab: Lab) -> None:
    await lab.open()
    station = await lab.charging()
    task = lab.act("reset_station", immediate=True)
    assert await station.answer("Reset", {"status": "Accepted"}) == {"type": "Immediate"}
    await task
    answer = await station.event("Ended", "ResetCommand", 1, info={"stoppedReason": "ImmediateReset"})
    assert "idTokenInfo" not in answer
    await station.close()
    station = await lab.dial()
    assert (await station.boot("RemoteReset"))["status"] == "Accepted"
    assert lab.session().stopped_reason == "ImmediateReset"
    assert lab.evse.session is None


@pytest.mark.octt("B_25")
async def test_one_idle_evse_restarts(lab: Lab) -> None:
    await lab.open()
    station = await lab.booted()
    task = lab.act("reset_station", evse=1)
    assert await station.answer("Reset", {"status": "Accepted"}) == {"type": "OnIdle", "evseId": 1}
    assert (await task)["status"] == "Accepted"
    assert await station.status("Unavailable") == {}
    assert await station.status("Available") == {}
    assert lab.evse.connector == "Available"


@pytest.mark.octt("B_26")
async def test_one_evse_that_charges_restarts_when_the_charge_is_over(lab: Lab) -> None:
    await lab.open()
    station = await lab.charging()
    task = lab.act("reset_station", evse=1)
    assert await station.answer("Reset", {"status": "Scheduled"}) == {"type": "OnIdle", "evseId": 1}
    assert (await task)["status"] == "Scheduled"
    await station.event("Ended", "EVDeparted", 1, info={"stoppedReason": "EVDisconnected"})
    await station.status("Unavailable")
    await station.status("Available")
    assert (lab.session().stopped_reason, lab.evse.connector) == ("EVDisconnected", "Available")


@pytest.mark.octt("B_27")
async def test_a_restart_of_one_evse_at_once_ends_its_charge(lab: Lab) -> None:
    await lab.open()
    station = await lab.charging()
    task = lab.act("reset_station", evse=1, immediate=True)
    assert await station.answer("Reset", {"status": "Accepted"}) == {"type": "Immediate", "evseId": 1}
    await task
    await station.event("Ended", "ResetCommand", 1, info={"stoppedReason": "ImmediateReset"})
    assert (lab.session().stopped_reason, lab.evse.session) == ("ImmediateReset", None)


# whom to dial


@pytest.mark.octt("B_42", "B_44")
@pytest.mark.parametrize("verdict", ["Accepted", "Failed"])
async def test_a_station_is_told_whom_to_dial_and_may_fail_to_note_it(lab: Lab, verdict: str) -> None:
    await lab.open()
    station = await lab.booted()
    task = lab.act("call_station", action="SetNetworkProfile", payload=SLOT)
    assert await station.answer("SetNetworkProfile", {"status": verdict}) == SLOT
    assert (await task)["response"] == {"status": verdict}
    assert (await station.call("Heartbeat"))["currentTime"]


@pytest.mark.octt("B_44")
async def test_a_station_that_cannot_note_whom_to_dial_stays_as_it_is(lab: Lab) -> None:
    await lab.open(security="both", tls_port=free_port())
    station = await lab.booted()
    priority = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "NetworkConfigurationPriority"}}
    row = priority | {"attributeStatus": "Accepted", "attributeValue": "1"}
    station.always |= {
        "InstallCertificate": {"status": "Accepted"},
        "GetVariables": {"getVariableResult": [row]},
        "SetNetworkProfile": {"status": "Failed"},
    }
    assert (await lab.fails(lab.act("upgrade_station_security"))).translation_key == "upgrade_slot_refused"
    assert {"SetVariables", "Reset"}.isdisjoint(action for action, _ in station.history)
    assert (await station.call("Heartbeat"))["currentTime"]
