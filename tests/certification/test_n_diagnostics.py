"""What a station watches, writes down and keeps of people: asked for, told, forgotten."""

import asyncio
from typing import Any

import aiohttp
import pytest

from .lab import Json, Lab, Station, stamp

ACCEPTED: Json = {"status": "Accepted"}
DIARY = b"18:00:00 the car slept\n"
POWER: Json = {"component": "EVSE", "variable": "Power", "evse": 1}
ON_THE_WIRE: Json = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}
HASH: Json = {"hashAlgorithm": "SHA384", "issuerNameHash": "ab" * 8, "issuerKeyHash": "cd" * 8, "serialNumber": "1f"}


# monitors


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        pytest.param(
            {"criteria": ["ThresholdMonitoring"]},
            {"monitoringCriteria": ["ThresholdMonitoring"]},
            marks=pytest.mark.octt("N_01"),
        ),
        pytest.param({"variables": [POWER]}, {"componentVariable": [ON_THE_WIRE]}, marks=pytest.mark.octt("N_02")),
        pytest.param(
            {"criteria": ["DeltaMonitoring", "PeriodicMonitoring"], "variables": [POWER]},
            {"monitoringCriteria": ["DeltaMonitoring", "PeriodicMonitoring"], "componentVariable": [ON_THE_WIRE]},
            marks=pytest.mark.octt("N_03", "N_60"),
        ),
        pytest.param({}, {}, marks=pytest.mark.octt("N_47")),
    ],
)
async def test_what_a_station_watches_is_read(lab: Lab, fields: Json, wanted: Json) -> None:
    station = await lab.ready()
    work = lab.act("get_monitors", **fields)
    asked = await station.answer("GetMonitoringReport", ACCEPTED)
    number = asked.pop("requestId")
    assert asked == wanted
    monitor = {"id": 1, "transaction": False, "value": 5000.0, "type": "UpperThreshold", "severity": 5}
    row = ON_THE_WIRE | {"variableMonitoring": [monitor]}
    for seq_no, more in enumerate((True, False)):
        part = {"requestId": number, "seqNo": seq_no, "generatedAt": stamp(), "monitor": [row], "tbc": more}
        assert await station.call("NotifyMonitoringReport", part) == {}
    told = await work
    assert (told["monitors"], told["complete"]) == ([row, row], True)


@pytest.mark.octt("N_01")
async def test_a_station_may_watch_nothing_of_that_kind(lab: Lab) -> None:
    station = await lab.ready()
    work = lab.act("get_monitors", criteria=["DeltaMonitoring"])
    await station.answer("GetMonitoringReport", {"status": "EmptyResultSet"})
    told = await work
    assert (told["status"], told["monitors"]) == ("EmptyResultSet", [])


@pytest.mark.octt("N_05")
async def test_a_station_begins_with_one_of_three_sets_of_monitors(lab: Lab) -> None:
    station = await lab.ready()
    for base in ("All", "FactoryDefault", "HardWiredOnly"):
        work = lab.act("set_monitoring_base", base=base)
        assert await station.answer("SetMonitoringBase", ACCEPTED) == {"monitoringBase": base}
        assert (await work)["status"] == "Accepted"


@pytest.mark.parametrize(
    "kinds",
    [
        pytest.param(["UpperThreshold"], marks=pytest.mark.octt("N_08")),
        pytest.param(["UpperThreshold", "Delta", "Periodic"], marks=pytest.mark.octt("N_09")),
    ],
)
async def test_a_station_is_told_what_to_watch(lab: Lab, kinds: list[str]) -> None:
    station = await lab.ready()
    work = lab.act("set_monitors", monitors=[POWER | {"kind": kind, "value": 8, "severity": 5} for kind in kinds])
    rows = [ON_THE_WIRE | {"type": kind, "severity": 5} for kind in kinds]
    results = [row | {"id": number, "status": "Accepted"} for number, row in enumerate(rows, start=1)]
    asked = await station.answer("SetVariableMonitoring", {"setMonitoringResult": results})
    assert asked == {"setMonitoringData": [row | {"value": 8} for row in rows]}
    told = await work
    assert [(row["id"], row["type"], row["status"]) for row in told["results"]] == [
        (number, kind, "Accepted") for number, kind in enumerate(kinds, start=1)
    ]


@pytest.mark.octt("N_16")
async def test_a_station_is_told_how_grave_a_thing_must_be(lab: Lab) -> None:
    station = await lab.ready()
    work = lab.act("set_monitoring_level", severity=4)
    assert await station.answer("SetMonitoringLevel", ACCEPTED) == {"severity": 4}
    assert (await work)["status"] == "Accepted"


@pytest.mark.octt("N_17")
async def test_a_level_a_station_does_not_take_is_an_error_in_words(lab: Lab) -> None:
    station = await lab.ready()
    work = lab.act("set_monitoring_level", severity=9)
    await station.answer("SetMonitoringLevel", {"status": "Rejected"})
    assert (await lab.fails(work)).translation_key == "task_rejected"


async def clears(station: Station, *statuses: str) -> list[int]:
    """Answer one request to stop watching; return the numbers in it."""
    asked = await station.expect("ClearVariableMonitoring")
    rows = [{"id": number, "status": status} for number, status in zip(asked["id"], statuses, strict=True)]
    await station.answer("ClearVariableMonitoring", {"clearMonitoringResult": rows})
    numbers: list[int] = asked["id"]
    return numbers


@pytest.mark.octt("N_18")
async def test_no_more_monitors_are_cleared_at_a_time_than_the_station_takes(lab: Lab) -> None:
    station = await lab.ready()
    most = {"component": {"name": "MonitoringCtrlr"}, "variable": {"name": "ItemsPerMessage"}}
    most["variable"]["instance"] = "ClearVariableMonitoring"
    work = lab.act("get_variables", variables=[{"component": "MonitoringCtrlr", "variable": "ItemsPerMessage"}])
    row = most | {"attributeStatus": "Accepted", "attributeValue": "2"}
    await station.answer("GetVariables", {"getVariableResult": [row]})
    await work
    work = lab.act("clear_monitors", ids=[1, 2, 3])
    assert await clears(station, "Accepted", "Accepted") == [1, 2]
    assert await clears(station, "Accepted") == [3]
    assert [row["id"] for row in (await work)["results"]] == [1, 2, 3]


@pytest.mark.octt("N_44")
async def test_what_is_built_in_cannot_be_cleared(lab: Lab) -> None:
    station = await lab.ready()
    work = lab.act("clear_monitors", ids=[1])
    assert await clears(station, "Rejected") == [1]
    assert (await lab.fails(work)).translation_key == "task_rejected"


def event(trigger: str, notification: str, **more: Any) -> Json:
    """Return one event of the device model."""
    told = {"eventId": 1, "timestamp": stamp(), "trigger": trigger, "eventNotificationType": notification}
    return told | {"actualValue": "8000", "variableMonitoringId": 3} | ON_THE_WIRE | more


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(event("Alerting", "HardWiredMonitor"), marks=pytest.mark.octt("N_21")),
        pytest.param(event("Periodic", "CustomMonitor"), marks=pytest.mark.octt("N_24")),
        pytest.param(event("Delta", "CustomMonitor", actualValue=""), marks=pytest.mark.octt("N_48")),
        pytest.param(event("Alerting", "CustomMonitor", cleared=True), marks=pytest.mark.octt("N_49")),
        pytest.param(event("Periodic", "PreconfiguredMonitor"), marks=pytest.mark.octt("N_50")),
    ],
)
async def test_every_event_is_answered(lab: Lab, told: Json) -> None:
    station = await lab.ready()
    if told.get("cleared") or told["eventNotificationType"] == "PreconfiguredMonitor":
        assert (await station.boot("RemoteReset"))["status"] == "Accepted"
    parts = ({"tbc": True, "seqNo": 0}, {"tbc": False, "seqNo": 1})
    for part in parts:
        assert await station.call("NotifyEvent", part | {"generatedAt": stamp(), "eventData": [told]}) == {}


@pytest.mark.octt("N_21")
async def test_an_alert_of_a_fault_shows_and_goes_when_it_is_over(lab: Lab) -> None:
    station = await lab.ready()
    for active, problems in (("true", {"EVSE.Problem"}), ("false", set())):
        told = event("Alerting", "HardWiredNotification", actualValue=active, variable={"name": "Problem"})
        await station.call("NotifyEvent", {"generatedAt": stamp(), "seqNo": 0, "eventData": [told]})
        assert lab.evse.problems == problems


# diaries


async def uploads(station: Station, asked: Json) -> None:
    """Send a diary where it was asked to, and tell how it goes."""
    number = asked["requestId"]
    await station.call("LogStatusNotification", {"status": "Uploading", "requestId": number})
    async with aiohttp.ClientSession() as client, client.put(asked["log"]["remoteLocation"], data=DIARY) as sent:
        assert sent.status == 200
    assert await station.call("LogStatusNotification", {"status": "Uploaded", "requestId": number}) == {}


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        pytest.param("diagnostics", "DiagnosticsLog", marks=pytest.mark.octt("N_25")),
        pytest.param("security", "SecurityLog", marks=pytest.mark.octt("N_35")),
    ],
)
async def test_a_diary_is_asked_for_and_arrives(lab: Lab, kind: str, word: str) -> None:
    station = await lab.ready()
    work = lab.act("get_log", kind=kind)
    asked = await station.answer("GetLog", ACCEPTED | {"filename": "diary.txt"})
    assert asked["logType"] == word
    await uploads(station, asked)
    told = await work
    assert (told["status"], told["size"]) == ("uploaded", len(DIARY))


@pytest.mark.octt("N_34")
async def test_a_diary_a_station_does_not_give_is_an_error_in_words(lab: Lab) -> None:
    station = await lab.ready()
    work = lab.act("get_log")
    await station.answer("GetLog", {"status": "Rejected"})
    assert (await lab.fails(work)).translation_key == "task_rejected"


@pytest.mark.octt("N_36")
async def test_a_second_diary_takes_the_place_of_the_first(lab: Lab) -> None:
    station = await lab.ready()
    first = lab.act("get_log")
    one = await station.answer("GetLog", ACCEPTED)
    await station.call("LogStatusNotification", {"status": "Uploading", "requestId": one["requestId"]})
    second = lab.act("get_log")
    two = await station.answer("GetLog", {"status": "AcceptedCanceled"})
    assert two["requestId"] > one["requestId"]
    canceled = {"status": "AcceptedCanceled", "requestId": one["requestId"]}
    assert await station.call("LogStatusNotification", canceled) == {}
    assert (await lab.fails(first)).translation_key == "log_canceled"
    await uploads(station, two)
    assert (await second)["status"] == "uploaded"


# people


async def tells(station: Station, number: int, *texts: str) -> None:
    """Send what is kept of a person, in parts."""
    for seq_no, text in enumerate(texts):
        part = {"requestId": number, "seqNo": seq_no, "generatedAt": stamp(), "data": text}
        part["tbc"] = seq_no + 1 < len(texts)
        assert await station.call("NotifyCustomerInformation", part) == {}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        pytest.param(
            {"token": "CARD-1"},
            {"idToken": {"idToken": "CARD-1", "type": "ISO14443"}},
            marks=pytest.mark.octt("N_27", "N_28", "N_30", "N_31"),
        ),
        pytest.param({"customer": "Camille"}, {"customerIdentifier": "Camille"}, marks=pytest.mark.octt("N_62")),
        pytest.param({"certificate": HASH}, {"customerCertificate": HASH}, marks=pytest.mark.octt("N_63")),
    ],
)
@pytest.mark.parametrize("clear", [False, True])
@pytest.mark.parametrize("texts", [("charged on ", "Sunday"), ("",)])
async def test_what_is_kept_of_a_person_is_told(
    lab: Lab, fields: Json, named: Json, clear: bool, texts: tuple[str, ...]
) -> None:
    station = await lab.ready()
    work = lab.act("customer_information", **fields, report=True, clear=clear)
    asked = await station.answer("CustomerInformation", ACCEPTED)
    number = asked.pop("requestId")
    assert asked == {"report": True, "clear": clear} | named
    await tells(station, number, *texts)
    told = await work
    assert (told["data"], told["complete"]) == ("".join(texts), True)


@pytest.mark.octt("N_29")
async def test_a_station_that_does_not_tell_is_an_error_in_words(lab: Lab) -> None:
    station = await lab.ready()
    work = lab.act("customer_information", token="CARD-1")
    await station.answer("CustomerInformation", {"status": "Rejected"})
    assert (await lab.fails(work)).translation_key == "task_rejected"


@pytest.mark.octt("N_32")
async def test_a_person_is_forgotten_without_a_word(lab: Lab) -> None:
    station = await lab.ready()
    work = lab.act("customer_information", token="CARD-1", report=False, clear=True)
    asked = await station.answer("CustomerInformation", ACCEPTED)
    assert (asked["report"], asked["clear"]) == (False, True)
    async with asyncio.timeout(1):
        assert (await work)["status"] == "Accepted"
    await tells(station, asked["requestId"], "")


@pytest.mark.octt("N_46")
async def test_a_person_who_is_forgotten_leaves_the_list_of_badges_too(lab: Lab) -> None:
    await lab.open({"access": "badges", "automatic": ["inventory", "local_list"]})
    for token in ("CARD-1", "CARD-2"):
        await lab.note("set_token", token=token, kind="ISO14443")
    station = await lab.booted()
    await station.inventory()
    await station.answer("GetLocalListVersion", {"versionNumber": 0})
    first = await station.answer("SendLocalList", ACCEPTED)
    assert badges(first) == ["CARD-1", "CARD-2"]
    work = lab.act("remove_token", token="CARD-2", clear_on_stations=True)
    asked = await station.answer("CustomerInformation", ACCEPTED)
    assert (asked["clear"], asked["idToken"]["idToken"]) == (True, "CARD-2")
    again = await station.answer("SendLocalList", ACCEPTED)
    assert badges(again) == ["CARD-1"]
    assert again["versionNumber"] > first["versionNumber"]
    await work


def badges(asked: Json) -> list[str]:
    """Return the badges of a list."""
    return [row["idToken"]["idToken"] for row in asked["localAuthorizationList"]]
