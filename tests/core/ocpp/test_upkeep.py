"""What an owner asks of his station fits both versions, and every answer there can be is understood."""

from datetime import UTC, datetime
from importlib.resources import files
import json
from typing import Any, get_args

import pytest

from custom_components.mobilize_flex.core.model import tasks as t
from custom_components.mobilize_flex.core.model.commands import Variable
from custom_components.mobilize_flex.core.model.station import VariableReport, Version
from custom_components.mobilize_flex.core.model.upkeep import ReportTask, UpkeepAnswer, UpkeepTask
from custom_components.mobilize_flex.core.ocpp.schema import Contract
from custom_components.mobilize_flex.core.ocpp.upkeep import answer_of, call_of, joined, parts_of, report_follows
from custom_components.mobilize_flex.core.ocpp.wire import Payload
from custom_components.mobilize_flex.upkeep import NO_WORDS

V21 = frozenset({Version.V21})
BOTH = frozenset(Version)
FOLDERS = {Version.V201: "v201", Version.V21: "v21"}
UNTIL = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
HASH = t.CertificateHash(algorithm="SHA384", issuer_name="aa", issuer_key="bb", serial="01")
HASH_WIRE: Payload = {"hashAlgorithm": "SHA384", "issuerNameHash": "aa", "issuerKeyHash": "bb", "serialNumber": "01"}
BEAT = Variable("OCPPCommCtrlr", "HeartbeatInterval")
POWER = Variable("EVSE", "Power", 1, 2, "part", "instance")
BEAT_WIRE: Payload = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
POWER_WIRE: Payload = {
    "component": {"name": "EVSE", "instance": "part", "evse": {"id": 1, "connectorId": 2}},
    "variable": {"name": "Power", "instance": "instance"},
}
BADGE: Payload = {"idToken": "04AA", "type": "ISO14443"}

# (task, action, payload, versions)
EVERY: list[tuple[UpkeepTask, str, Payload, frozenset[Version]]] = [
    (t.ResetStation(), "Reset", {"type": "OnIdle"}, BOTH),
    (t.ResetStation(evse=2, immediate=True), "Reset", {"type": "Immediate", "evseId": 2}, BOTH),
    (t.ResetStation(resume=True), "Reset", {"type": "ImmediateAndResume"}, V21),
    (t.SetAvailability(operative=False), "ChangeAvailability", {"operationalStatus": "Inoperative"}, BOTH),
    (
        t.SetAvailability(operative=True, evse=1),
        "ChangeAvailability",
        {"operationalStatus": "Operative", "evse": {"id": 1}},
        BOTH,
    ),
    (
        t.SetAvailability(operative=True, connector=2),
        "ChangeAvailability",
        {"operationalStatus": "Operative", "evse": {"id": 1, "connectorId": 2}},
        BOTH,
    ),
    (t.UnlockConnector(evse=1, connector=2), "UnlockConnector", {"evseId": 1, "connectorId": 2}, BOTH),
    (
        t.ReserveNow(id=7, until=UNTIL, token="04AA"),
        "ReserveNow",
        {"id": 7, "expiryDateTime": "2026-11-22T20:00:00Z", "idToken": BADGE},
        BOTH,
    ),
    (
        t.ReserveNow(
            id=7, until=UNTIL, token="04AA", group="family", evse=1, connector_type="sType2", driver="Camille"
        ),
        "ReserveNow",
        {
            "id": 7,
            "expiryDateTime": "2026-11-22T20:00:00Z",
            "idToken": BADGE,
            "groupIdToken": {"idToken": "family", "type": "Central"},
            "evseId": 1,
            "connectorType": "sType2",
        },
        BOTH,
    ),
    (t.CancelReservation(reservation=7), "CancelReservation", {"reservationId": 7}, BOTH),
    (
        t.RequestStart(remote_id=9, token="home", evse=1),
        "RequestStartTransaction",
        {"remoteStartId": 9, "evseId": 1, "idToken": {"idToken": "home", "type": "Central"}},
        BOTH,
    ),
    (t.RequestStop(transaction="t1"), "RequestStopTransaction", {"transactionId": "t1"}, BOTH),
    (
        t.AllowTransfers(transaction="t1", transfers=("AC_BPT",)),
        "NotifyAllowedEnergyTransfer",
        {"transactionId": "t1", "allowedEnergyTransfer": ["AC_BPT"]},
        V21,
    ),
    (t.TellCost(transaction="t1", cost=3.123456), "CostUpdated", {"transactionId": "t1", "totalCost": 3.1235}, BOTH),
    (
        t.ReadSchedule(evse=1, unit="W"),
        "GetCompositeSchedule",
        {"evseId": 1, "duration": 86400, "chargingRateUnit": "W"},
        BOTH,
    ),
    (
        t.AskProfiles(request_id=5, evse=0, purpose="TxProfile", stack_level=1, profile_ids=(100,), sources=("CSO",)),
        "GetChargingProfiles",
        {
            "requestId": 5,
            "evseId": 0,
            "chargingProfile": {
                "chargingProfilePurpose": "TxProfile",
                "stackLevel": 1,
                "chargingProfileId": [100],
                "chargingLimitSource": ["CSO"],
            },
        },
        BOTH,
    ),
    (t.AskProfiles(request_id=5), "GetChargingProfiles", {"requestId": 5, "chargingProfile": {}}, BOTH),
    (
        t.AskMessage(message="StatusNotification", evse=1, connector=1),
        "TriggerMessage",
        {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}},
        BOTH,
    ),
    (
        t.AskMessage(message="CustomTrigger", custom="Blink"),
        "TriggerMessage",
        {"requestedMessage": "CustomTrigger", "customTrigger": "Blink"},
        V21,
    ),
    (t.ClearCache(), "ClearCache", {}, BOTH),
    (
        t.SetDisplayMessage(id=1, message="Hello"),
        "SetDisplayMessage",
        {"message": {"id": 1, "priority": "NormalCycle", "message": {"format": "UTF8", "content": "Hello"}}},
        BOTH,
    ),
    (
        t.SetDisplayMessage(
            id=1,
            message="http://x",
            priority="InFront",
            state="Idle",
            format="URI",
            language="fr",
            start=UNTIL,
            end=UNTIL,
            transaction="t1",
        ),
        "SetDisplayMessage",
        {
            "message": {
                "id": 1,
                "priority": "InFront",
                "state": "Idle",
                "startDateTime": "2026-11-22T20:00:00Z",
                "endDateTime": "2026-11-22T20:00:00Z",
                "transactionId": "t1",
                "message": {"format": "URI", "language": "fr", "content": "http://x"},
            }
        },
        BOTH,
    ),
    (t.GetDisplayMessages(request_id=5), "GetDisplayMessages", {"requestId": 5}, BOTH),
    (
        t.GetDisplayMessages(request_id=5, ids=(1, 2), priority="InFront", state="Idle"),
        "GetDisplayMessages",
        {"requestId": 5, "id": [1, 2], "priority": "InFront", "state": "Idle"},
        BOTH,
    ),
    (t.ClearDisplayMessage(id=1), "ClearDisplayMessage", {"id": 1}, BOTH),
    (
        t.InstallCertificate(kind="CSMSRootCertificate", certificate="PEM"),
        "InstallCertificate",
        {"certificateType": "CSMSRootCertificate", "certificate": "PEM"},
        BOTH,
    ),
    (t.GetCertificates(), "GetInstalledCertificateIds", {}, BOTH),
    (
        t.GetCertificates(kinds=("V2GRootCertificate", "MORootCertificate")),
        "GetInstalledCertificateIds",
        {"certificateType": ["V2GRootCertificate", "MORootCertificate"]},
        BOTH,
    ),
    (t.DeleteCertificate(certificate=HASH), "DeleteCertificate", {"certificateHashData": HASH_WIRE}, BOTH),
    (
        t.CustomerInformation(request_id=5, token="04AA"),
        "CustomerInformation",
        {"requestId": 5, "report": True, "clear": False, "idToken": BADGE},
        BOTH,
    ),
    (
        t.CustomerInformation(request_id=5, report=False, clear=True, customer="c-1"),
        "CustomerInformation",
        {"requestId": 5, "report": False, "clear": True, "customerIdentifier": "c-1"},
        BOTH,
    ),
    (
        t.CustomerInformation(request_id=5, clear=True, certificate=HASH),
        "CustomerInformation",
        {"requestId": 5, "report": True, "clear": True, "customerCertificate": HASH_WIRE},
        BOTH,
    ),
    (t.TransferData(vendor="com.x"), "DataTransfer", {"vendorId": "com.x"}, BOTH),
    (
        t.TransferData(vendor="com.x", message="m", data={"V2G_Power_kW": 1}),
        "DataTransfer",
        {"vendorId": "com.x", "messageId": "m", "data": {"V2G_Power_kW": 1}},
        BOTH,
    ),
    (
        t.GetVariables(variables=(t.Reading(BEAT), t.Reading(POWER, "MaxSet"))),
        "GetVariables",
        {"getVariableData": [BEAT_WIRE, POWER_WIRE | {"attributeType": "MaxSet"}]},
        BOTH,
    ),
    (
        t.SetVariables(variables=(t.Writing(BEAT, "60"), t.Writing(POWER, "7", "Target"))),
        "SetVariables",
        {
            "setVariableData": [
                BEAT_WIRE | {"attributeValue": "60"},
                POWER_WIRE | {"attributeValue": "7", "attributeType": "Target"},
            ]
        },
        BOTH,
    ),
    (
        t.AskReport(request_id=5, base="SummaryInventory"),
        "GetBaseReport",
        {"requestId": 5, "reportBase": "SummaryInventory"},
        BOTH,
    ),
    (
        t.AskReport(request_id=5, criteria=("Problem",), variables=(BEAT, Variable("EVSE", "", 1))),
        "GetReport",
        {
            "requestId": 5,
            "componentCriteria": ["Problem"],
            "componentVariable": [BEAT_WIRE, {"component": {"name": "EVSE", "evse": {"id": 1}}}],
        },
        BOTH,
    ),
    (t.AskMonitors(request_id=5), "GetMonitoringReport", {"requestId": 5}, BOTH),
    (
        t.AskMonitors(request_id=5, criteria=("DeltaMonitoring",), variables=(POWER,)),
        "GetMonitoringReport",
        {"requestId": 5, "monitoringCriteria": ["DeltaMonitoring"], "componentVariable": [POWER_WIRE]},
        BOTH,
    ),
    (
        t.SetMonitors(
            monitors=(
                t.Monitor(variable=BEAT, kind="Delta", value=1.0, severity=5),
                t.Monitor(variable=POWER, kind="UpperThreshold", value=7.5, severity=0, in_transaction=True, id=3),
            )
        ),
        "SetVariableMonitoring",
        {
            "setMonitoringData": [
                BEAT_WIRE | {"value": 1.0, "type": "Delta", "severity": 5},
                POWER_WIRE | {"id": 3, "transaction": True, "value": 7.5, "type": "UpperThreshold", "severity": 0},
            ]
        },
        BOTH,
    ),
    (t.ClearMonitors(ids=(1, 2)), "ClearVariableMonitoring", {"id": [1, 2]}, BOTH),
    (t.SetMonitoringBase(base="HardWiredOnly"), "SetMonitoringBase", {"monitoringBase": "HardWiredOnly"}, BOTH),
    (t.SetMonitoringLevel(severity=5), "SetMonitoringLevel", {"severity": 5}, BOTH),
]


def kinds(union: Any) -> set[type]:
    """Return the classes of a union that has unions in it."""
    found: set[type] = set()
    for member in get_args(getattr(union, "__value__", union)):
        found |= {member} if isinstance(member, type) else kinds(member)
    return found


def name_of(case: object) -> str:
    return type(case).__name__ if type(case).__module__.endswith("tasks") else ""


@pytest.mark.parametrize(("task", "action", "payload", "versions"), EVERY, ids=name_of)
def test_a_task_is_written_as_both_versions_want_it(
    contract: Contract, task: UpkeepTask, action: str, payload: Payload, versions: frozenset[Version]
) -> None:
    call = call_of(task)
    assert (call.action, call.payload, call.versions) == (action, payload, versions)
    for version in versions:
        contract.check(version, action, "req", payload)


def test_every_task_is_tried() -> None:
    mine = {kind for kind in kinds(UpkeepTask) if kind.__module__.endswith(".tasks")}
    assert {type(task) for task, *_ in EVERY} == mine


# answers


def words(action: str, version: Version) -> set[str]:
    """Return every status word the response of an action may hold."""
    file = files("ocpp").joinpath(FOLDERS[version], "schemas", f"{action}Response.json")
    if not file.is_file():
        return set()
    schema = json.loads(file.read_bytes().decode("utf-8-sig"))
    found: set[str] = set()
    for kind in (schema, *schema.get("definitions", {}).values()):
        for name, rule in kind.get("properties", {}).items():
            if name in ("status", "attributeStatus") and "$ref" in rule:
                found |= set(schema["definitions"][rule["$ref"].rpartition("/")[2]]["enum"])
    return found


ROWS = {
    t.GetVariables: ("getVariableResult", "attributeStatus"),
    t.SetVariables: ("setVariableResult", "attributeStatus"),
    t.SetMonitors: ("setMonitoringResult", "status"),
    t.ClearMonitors: ("clearMonitoringResult", "status"),
}


def answered(task: UpkeepTask, status: str) -> UpkeepAnswer:
    """Return what a task's answer with a status word means."""
    key, word = ROWS.get(type(task), ("", "status"))
    row: Payload = {word: status, "statusInfo": {"reasonCode": "Why", "additionalInfo": "so"}}
    if word == "attributeStatus":
        row["attributeStatusInfo"] = row.pop("statusInfo")
    return answer_of(task, {key: [row]} if key else row)


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize(("task", "action"), [(task, action) for task, action, *_ in EVERY], ids=name_of)
def test_every_status_word_is_a_yes_or_a_no_with_a_sentence(task: UpkeepTask, action: str, version: Version) -> None:
    for word in words(action, version):
        answer = answered(task, word)
        assert (answer.status, answer.reason, answer.text) == (word, "Why", "so")
        assert answer.accepted or word in NO_WORDS, word


@pytest.mark.parametrize(
    ("task", "yes", "no"),
    [
        (t.ResetStation(), {"Accepted", "Scheduled"}, {"Rejected"}),
        (
            t.UnlockConnector(),
            {"Unlocked"},
            {"UnlockFailed", "OngoingAuthorizedTransaction", "UnknownConnector"},
        ),
        (
            t.ReserveNow(id=1, until=UNTIL, token="x"),
            {"Accepted"},
            {"Faulted", "Occupied", "Rejected", "Unavailable"},
        ),
        (t.GetCertificates(), {"Accepted", "NotFound"}, set()),
        (t.DeleteCertificate(certificate=HASH), {"Accepted"}, {"Failed", "NotFound"}),
        (t.GetDisplayMessages(request_id=1), {"Accepted", "Unknown"}, set()),
        (t.ClearDisplayMessage(id=1), {"Accepted"}, {"Unknown", "Rejected"}),
        (t.AskProfiles(request_id=1), {"Accepted", "NoProfiles"}, set()),
        (t.AskReport(request_id=1), {"Accepted", "EmptyResultSet"}, {"Rejected", "NotSupported"}),
        (t.AskMessage(message="Heartbeat"), {"Accepted"}, {"Rejected", "NotImplemented"}),
        (t.SetVariables(variables=()), {"Accepted", "RebootRequired"}, {"UnknownVariable", "Rejected"}),
        (t.ClearMonitors(ids=()), {"Accepted"}, {"Rejected", "NotFound"}),
        (t.SetMonitors(monitors=()), {"Accepted"}, {"Duplicate", "UnsupportedMonitorType"}),
    ],
    ids=name_of,
)
def test_the_same_word_may_be_a_yes_here_and_a_no_there(task: UpkeepTask, yes: set[str], no: set[str]) -> None:
    assert {word for word in yes | no if answered(task, word).accepted} == yes


def test_an_answer_without_a_status_is_a_receipt() -> None:
    assert answer_of(t.TellCost(transaction="t", cost=1.0), {}).accepted


@pytest.mark.parametrize(
    ("task", "payload", "details"),
    [
        (
            t.GetCertificates(),
            {"status": "Accepted", "certificateHashDataChain": [{"certificateHashData": HASH_WIRE}]},
            {"certificates": [{"certificateHashData": HASH_WIRE}]},
        ),
        (t.ReadSchedule(), {"status": "Accepted", "schedule": {"evseId": 0}}, {"schedule": {"evseId": 0}}),
        (t.RequestStart(remote_id=1, token="x"), {"status": "Accepted", "transactionId": "t"}, {"transaction": "t"}),
        (t.TransferData(vendor="v"), {"status": "Accepted", "data": [1]}, {"data": [1]}),
        (
            t.ReserveNow(id=7, until=UNTIL, token="x"),
            {"status": "Accepted"},
            {"reservation": 7, "until": "2026-11-22T20:00:00+00:00"},
        ),
        (
            t.GetVariables(variables=(t.Reading(POWER),)),
            {"getVariableResult": [POWER_WIRE | {"attributeStatus": "Accepted", "attributeValue": "7"}]},
            {
                "results": [
                    {
                        "component": "EVSE",
                        "component_instance": "part",
                        "variable": "Power",
                        "instance": "instance",
                        "evse": 1,
                        "connector": 2,
                        "status": "Accepted",
                        "value": "7",
                    }
                ]
            },
        ),
    ],
    ids=name_of,
)
def test_what_an_answer_holds_is_handed_on(task: UpkeepTask, payload: Payload, details: dict[str, object]) -> None:
    assert answer_of(task, payload).details == details


# pieces


def holds(component: str, message: str, size: int, what: str = "ItemsPerMessage") -> tuple[VariableReport, ...]:
    return (VariableReport(variable=Variable(component, what, instance=message), value=str(size)),)


FIVE = tuple(Variable("Ctrlr", f"V{number}") for number in range(5))


@pytest.mark.parametrize(
    ("task", "inventory", "sizes"),
    [
        (
            t.GetVariables(variables=tuple(t.Reading(v) for v in FIVE)),
            holds("DeviceDataCtrlr", "GetVariables", 4),
            [4, 1],
        ),
        (
            t.SetVariables(variables=tuple(t.Writing(v, "1") for v in FIVE)),
            holds("DeviceDataCtrlr", "SetVariables", 2),
            [2, 2, 1],
        ),
        (
            t.SetMonitors(monitors=tuple(t.Monitor(variable=v, kind="Delta", value=1, severity=8) for v in FIVE)),
            holds("MonitoringCtrlr", "SetVariableMonitoring", 3),
            [3, 2],
        ),
        (t.ClearMonitors(ids=(1, 2, 3)), holds("MonitoringCtrlr", "ClearVariableMonitoring", 1), [1, 1, 1]),
        (t.GetVariables(variables=tuple(t.Reading(v) for v in FIVE)), (), [5]),
        (t.GetVariables(variables=tuple(t.Reading(v) for v in FIVE)), holds("DeviceDataCtrlr", "GetVariables", 0), [5]),
        (t.AskReport(request_id=1, variables=FIVE), holds("DeviceDataCtrlr", "GetReport", 2), [2, 2, 1]),
        (t.AskReport(request_id=1, base="FullInventory"), holds("DeviceDataCtrlr", "GetReport", 2), [0]),
        (
            t.AskReport(request_id=1, variables=FIVE),
            holds("DeviceDataCtrlr", "GetReport", 250, "BytesPerMessage"),
            [2, 2, 1],
        ),
        (
            t.GetVariables(variables=tuple(t.Reading(v) for v in FIVE)),
            holds("DeviceDataCtrlr", "GetVariables", 10, "BytesPerMessage"),
            [1, 1, 1, 1, 1],
        ),
        (t.ResetStation(), holds("DeviceDataCtrlr", "GetVariables", 1), [0]),
    ],
)
def test_a_task_leaves_in_pieces_the_station_takes(
    task: UpkeepTask, inventory: tuple[VariableReport, ...], sizes: list[int]
) -> None:
    parts = parts_of(task, inventory)
    lists = [[v for v in call_of(part).payload.values() if isinstance(v, list)] for part in parts]
    assert [len(rows[0]) if rows else 0 for rows in lists] == sizes


def test_the_answers_to_the_pieces_are_one_answer() -> None:
    task = t.ClearMonitors(ids=(1, 2))
    no = answer_of(task, {"clearMonitoringResult": [{"status": "NotFound", "id": 1}]})
    yes = answer_of(task, {"clearMonitoringResult": [{"status": "Accepted", "id": 2}]})
    both = joined([no, yes])
    assert both.accepted
    assert both.details == {"results": [{"id": 1, "status": "NotFound"}, {"id": 2, "status": "Accepted"}]}
    assert not joined([no, no]).accepted


@pytest.mark.parametrize(
    ("task", "status", "follows"),
    [
        (t.AskReport(request_id=1), "Accepted", True),
        (t.AskReport(request_id=1), "EmptyResultSet", False),
        (t.GetDisplayMessages(request_id=1), "Unknown", False),
        (t.AskProfiles(request_id=1), "NoProfiles", False),
        (t.CustomerInformation(request_id=1, token="x"), "Accepted", True),
        (t.CustomerInformation(request_id=1, token="x", report=False, clear=True), "Accepted", False),
    ],
)
def test_a_report_follows_only_where_there_is_one(task: ReportTask, status: str, follows: bool) -> None:
    assert report_follows(task, answered(task, status)) is follows
