"""A vendor behind us: every call of the station gets exactly one answer, and the vendor gets what it may have."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
import json
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.mobilize_flex.core.ledger.codec import from_plain, to_json
from custom_components.mobilize_flex.core.model.commands import (
    AnswerAuthorize,
    AnswerBoot,
    AnswerTransaction,
    BootStatus,
    CallRef,
    Keep,
    TokenStatus,
)
from custom_components.mobilize_flex.core.model.driver import Route, RouteKind
from custom_components.mobilize_flex.core.model.facts import CardPresented, StationBooted, TransactionReported
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.station import Version
from custom_components.mobilize_flex.core.model.vendor import VendorCall, VendorState
from custom_components.mobilize_flex.core.ocpp import forwarding_queue
from custom_components.mobilize_flex.core.ocpp.dialect import Answer, Refusal
from custom_components.mobilize_flex.core.ocpp.forwarding import BUDGET_S, Forwarding
from custom_components.mobilize_flex.core.ocpp.forwarding_queue import Backlog
from custom_components.mobilize_flex.core.ocpp.forwarding_rules import STATION_CALLS, VENDOR_CALLS, listed, rule
from custom_components.mobilize_flex.core.ocpp.link import DIALECTS, Link
from custom_components.mobilize_flex.core.ocpp.schema import Contract
from custom_components.mobilize_flex.core.site.keeping import kept_type

BOOT = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}
AT = "2026-11-22T18:00:00Z"
TOKEN = {"idToken": "04AABB", "type": "ISO14443"}
ACCEPTED = {"idTokenInfo": {"status": "Accepted"}}


def event(kind: str = "Updated", seq: int = 1, **more: Any) -> dict[str, Any]:
    told = {"eventType": kind, "timestamp": AT, "triggerReason": "Trigger", "seqNo": seq}
    return told | {"transactionInfo": {"transactionId": "t"}} | more


class House:
    """Our side and both others, without a socket between them."""

    def __init__(self, contract: Contract, version: Version = Version.V21, kept: dict[str, object] | None = None):
        self.now = Moment(datetime(2026, 11, 22, 18, 0, tzinfo=UTC), 1000.0)
        self.link = Link("S1", 1, version, contract, "p-")
        self.disk: dict[str, object] = kept if kept is not None else {}
        self.forwarding = Forwarding(contract, Backlog("S1", "mark", self.disk))
        self.forwarding.station_came(version)
        self.slow_disk = False
        self.writing: list[list[int]] = []
        self.verdict = TokenStatus.ACCEPTED
        self.station: list[Any] = []
        self.vendor: list[Any] = []
        self.connections = 0

    def say(self, message_id: str, action: str, payload: dict[str, Any]) -> None:
        """Let the station ask something."""
        raw = json.dumps([2, message_id, action, payload])
        if self.forwarding.heard(raw, self.now):
            for fact in self.link.receive(raw, self.now):
                call = getattr(fact, "call", None)
                match fact:
                    case StationBooted():
                        self.link.answer(AnswerBoot(call=call, status=BootStatus.ACCEPTED, interval_s=300), self.now)
                    case CardPresented():
                        answer = AnswerAuthorize(call=call, status=self.verdict, v2g=True, phases=1)
                        self.link.answer(answer, self.now)
                    case TransactionReported(token=token):
                        status = None if token is None else self.verdict
                        self.link.answer(AnswerTransaction(call=call, status=status), self.now)
        self.carry()

    def carry(self) -> None:
        """Let everything flow that may."""
        self.station += map(json.loads, self.forwarding.sift(self.link.outgoing(), self.now))
        keeps, numbers = self.forwarding.keeps()
        for keep in keeps:
            self.keep(keep)
        if keeps and self.slow_disk:
            self.writing.append(numbers)
        else:
            self.forwarding.stored(numbers)
        self.vendor += map(json.loads, self.forwarding.to_vendor())
        self.station += map(json.loads, self.forwarding.sift([], self.now))

    def keep(self, keep: Keep) -> None:
        self.disk.pop(keep.key, None)
        if keep.value is not None:
            kind = kept_type(keep.key)
            assert kind is VendorCall
            self.disk[keep.key] = from_plain(kind, json.loads(to_json(keep.value)))

    def dial(self, known: dict[str, Any] | None = None) -> None:
        self.connections += 1
        self.forwarding.vendor_came(f"{self.connections}-", self.now, known)
        self.carry()

    def hang_up(self) -> None:
        self.forwarding.vendor_left(self.now)
        self.carry()

    def wait(self, seconds: float) -> None:
        self.now = Moment(self.now.utc + timedelta(seconds=seconds), self.now.mono_s + seconds)
        for event in self.link.due(self.now):
            assert event is None
        self.forwarding.due(self.now)
        self.carry()

    def reply(self, payload: dict[str, Any], action: str | None = None) -> None:
        """Let the vendor answer the last question it was asked."""
        asked = self.vendor.pop()
        assert asked[0] == 2
        assert action in (None, asked[2])
        self.throw(json.dumps([3, asked[1], payload]))

    def throw(self, raw: str) -> None:
        self.forwarding.vendor_said(raw, self.now)
        self.carry()

    def accept(self) -> None:
        """Let the vendor accept the station."""
        self.reply({"currentTime": AT, "interval": 60, "status": "Accepted"}, "BootNotification")

    def answers(self, message_id: str) -> list[Any]:
        return [frame for frame in self.station if frame[0] in (3, 4) and frame[1] == message_id]

    def answer(self, message_id: str) -> Any:
        (only,) = self.answers(message_id)
        return only[2]


@pytest.fixture
def house(contract: Contract) -> House:
    return House(contract)


def opened(house: House) -> House:
    """Return a house whose station booted and whose vendor accepted it."""
    house.dial()
    (trigger,) = house.forwarding.asks()
    house.forwarding.station_answered(trigger.number, Answer({"status": "Accepted"}), house.now)
    house.say("boot", "BootNotification", BOOT)
    house.accept()
    house.station.clear()
    return house


@pytest.fixture
def open_house(house: House) -> House:
    return opened(house)


# whose answer counts


def test_the_vendor_hears_of_a_boot_and_the_shorter_interval_is_given(house: House) -> None:
    house.dial()
    house.say("b", "BootNotification", BOOT)
    assert house.answers("b") == []
    assert house.vendor[-1][2:] == ["BootNotification", BOOT]
    house.accept()
    assert house.answer("b")["interval"] == 60
    assert house.answer("b")["status"] == "Accepted"
    assert house.forwarding.state is VendorState.CONNECTED


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_a_vendor_that_does_not_accept_stops_nothing_here_and_is_asked_again(house: House, status: str) -> None:
    house.dial()
    house.say("b", "BootNotification", BOOT)
    house.reply({"currentTime": AT, "interval": 30, "status": status})
    assert house.answer("b")["status"] == "Accepted"
    house.say("a", "Authorize", {"idToken": TOKEN})
    assert house.answer("a")["idTokenInfo"]["status"] == "Accepted"
    assert house.vendor == []
    house.wait(30)
    assert house.vendor[-1][2] == "BootNotification"


@pytest.mark.parametrize(
    ("ours", "theirs", "told"),
    [
        (TokenStatus.ACCEPTED, "Accepted", "Accepted"),
        (TokenStatus.ACCEPTED, "Invalid", "Accepted"),
        (TokenStatus.BLOCKED, "Accepted", "Blocked"),
        (TokenStatus.UNKNOWN, "Blocked", "Unknown"),
    ],
)
def test_who_may_charge_is_decided_here(open_house: House, ours: TokenStatus, theirs: str, told: str) -> None:
    open_house.verdict = ours
    open_house.say("a", "Authorize", {"idToken": TOKEN})
    assert open_house.answers("a") == []
    group = {"idToken": "G", "type": "Central"}
    open_house.reply({"idTokenInfo": {"status": theirs, "groupIdToken": group}, "allowedEnergyTransfer": ["DC"]})
    answer = open_house.answer("a")
    assert answer["idTokenInfo"]["status"] == told
    assert ("groupIdToken" in answer["idTokenInfo"]) is (ours == theirs == "Accepted")
    assert answer.get("allowedEnergyTransfer", ["AC_BPT"])[0] == "AC_BPT"
    differ = (ours == "Accepted") is not (theirs == "Accepted")
    assert open_house.forwarding.counts["verdicts_differ"] == differ


def test_the_vendors_cost_and_message_reach_the_driver_its_limits_do_not(open_house: House) -> None:
    open_house.say("e", "TransactionEvent", event("Ended"))
    assert open_house.answers("e") == []
    open_house.reply({"totalCost": 3.5, "chargingPriority": 9, "transactionLimit": {"maxEnergy": 1}})
    assert open_house.answer("e") == {"totalCost": 3.5}
    assert len(open_house.forwarding.backlog) == 0


def test_values_in_between_never_wait_for_the_vendor(open_house: House) -> None:
    open_house.say("e", "TransactionEvent", event("Updated"))
    assert open_house.answer("e") == {}
    assert open_house.vendor[-1][2:] == ["TransactionEvent", event("Updated")]


def test_news_is_told_and_answered_at_once(open_house: House) -> None:
    open_house.say("h", "Heartbeat", {})
    assert "currentTime" in open_house.answer("h")
    assert open_house.vendor[-1][2] == "Heartbeat"


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("NotifyEVChargingNeeds", {"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": "AC_BPT"}}),
        ("PullDynamicScheduleUpdate", {"chargingProfileId": 200}),
        ("SignCertificate", {"csr": "x"}),
        ("SomethingElse", {}),
    ],
)
def test_what_is_ours_alone_the_vendor_never_hears(open_house: House, action: str, payload: dict[str, Any]) -> None:
    open_house.say("n", action, payload)
    assert open_house.vendor == []


def test_a_contract_certificate_is_the_vendors(open_house: House) -> None:
    open_house.say("c", "SignCertificate", {"csr": "x", "certificateType": "V2GCertificate"})
    open_house.reply({"status": "Accepted"}, "SignCertificate")
    assert open_house.answer("c") == {"status": "Accepted"}


def test_data_nobody_here_knows_is_answered_by_the_vendor_its_refusal_too(open_house: House) -> None:
    open_house.say("d", "DataTransfer", {"vendorId": "x"})
    open_house.reply({"status": "Accepted", "data": [1]}, "DataTransfer")
    assert open_house.answer("d") == {"status": "Accepted", "data": [1]}
    open_house.say("d2", "DataTransfer", {"vendorId": "x"})
    open_house.throw(json.dumps([4, open_house.vendor.pop()[1], "InternalError", "no", {}]))
    assert open_house.answers("d2") == [[4, "d2", "InternalError", "no", {}]]


def test_an_answer_that_breaks_the_schema_is_not_passed_on(open_house: House) -> None:
    open_house.say("a", "Authorize", {"idToken": TOKEN})
    open_house.reply({"idTokenInfo": {"status": "Splendid"}})
    assert open_house.answer("a")["idTokenInfo"] == {"status": "Accepted"}
    assert open_house.forwarding.counts["unusable_answers"] == 1


def test_a_call_we_refuse_is_not_told(open_house: House) -> None:
    open_house.say("e", "TransactionEvent", {"eventType": "Started"})
    assert open_house.answers("e")[0][0] == 4
    assert open_house.vendor == []
    assert len(open_house.forwarding.backlog) == 0


# a vendor that is slow, or away


def test_a_slow_vendor_costs_the_station_its_budget_once_and_a_late_answer_harms_nobody(open_house: House) -> None:
    open_house.say("a", "Authorize", {"idToken": TOKEN})
    open_house.wait(BUDGET_S - 1)
    assert open_house.answers("a") == []
    open_house.wait(1)
    assert open_house.answer("a")["idTokenInfo"]["status"] == "Accepted"
    open_house.say("a2", "Authorize", {"idToken": TOKEN})
    assert len(open_house.answers("a2")) == 1
    open_house.reply({"idTokenInfo": {"status": "Blocked"}})
    assert len(open_house.answers("a")) == 1
    open_house.vendor.clear()
    open_house.say("a3", "Authorize", {"idToken": TOKEN})
    assert open_house.answers("a3") == []


def test_what_happens_without_the_vendor_is_stored_before_it_is_answered_and_told_later(open_house: House) -> None:
    open_house.hang_up()
    open_house.slow_disk = True
    open_house.say("e1", "TransactionEvent", event("Started", 0))
    open_house.say("h", "Heartbeat", {})
    assert open_house.answers("e1") == []
    (numbers,) = open_house.writing
    open_house.forwarding.stored(numbers)
    open_house.slow_disk = False
    open_house.say("e2", "TransactionEvent", event("Updated", 1))
    assert open_house.answer("e1") == open_house.answer("e2") == {}
    assert open_house.forwarding.report(VendorState.UNREACHABLE).queued == 2
    open_house.vendor.clear()
    open_house.dial()
    assert open_house.vendor[-1][3]["reason"] == "Unknown"
    open_house.accept()
    open_house.say("e3", "TransactionEvent", event("Ended", 2))
    told = []
    while open_house.vendor:
        told.append(open_house.vendor[-1][3])
        open_house.reply({}, "TransactionEvent")
    assert [(t["seqNo"], t.get("offline", False)) for t in told] == [(0, True), (1, True), (2, False)]
    assert [key for key in open_house.disk if not key.endswith("boot")] == []


def test_the_queue_survives_a_restart_but_not_another_vendor(open_house: House, contract: Contract) -> None:
    open_house.hang_up()
    open_house.say("e1", "TransactionEvent", event("Started", 0))
    again = House(contract, kept=open_house.disk)
    again.dial()
    again.accept()
    assert again.vendor[-1][3] == event("Started", 0, offline=True)
    other = Backlog("S1", "another", open_house.disk)
    assert len(other) == 0
    assert {keep.key for keep in other.changes} == set(open_house.disk)


def test_an_event_in_flight_when_the_line_breaks_is_kept_and_told_again(open_house: House) -> None:
    open_house.say("e", "TransactionEvent", event("Started", 0))
    open_house.hang_up()
    assert open_house.answer("e") == {}
    open_house.vendor.clear()
    open_house.dial()
    open_house.accept()
    assert open_house.vendor[-1][3] == event("Started", 0, offline=True)


def test_a_vendor_that_refuses_an_event_is_asked_three_times_then_it_counts_as_lost(open_house: House) -> None:
    open_house.say("e", "TransactionEvent", event("Started", 0))
    for _ in range(3):
        open_house.throw(json.dumps([4, open_house.vendor.pop()[1], "InternalError", "", {}]))
        open_house.wait(60)
    assert open_house.answer("e") == {}
    assert open_house.vendor == []
    assert open_house.forwarding.backlog.lost == 1
    assert open_house.disk.keys() == {"vendor/S1/boot"}


def test_the_queue_is_bounded_values_in_between_go_first(open_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarding_queue, "CALLS_KEPT", 3)
    open_house.hang_up()
    for number, kind in enumerate(["Started", "Updated", "Updated", "Updated", "Ended"]):
        open_house.say(f"e{number}", "TransactionEvent", event(kind, number))
    open_house.wait(1)
    left = [waiting.payload["seqNo"] for waiting in open_house.forwarding.backlog]
    assert left == [0, 3, 4]
    assert open_house.forwarding.backlog.lost == 2
    open_house.wait(forwarding_queue.AGE_KEPT.total_seconds() + 1)
    assert len(open_house.forwarding.backlog) == 0
    assert open_house.forwarding.backlog.lost == 5


def test_a_vendor_that_came_back_hears_the_last_state_of_each_connector(open_house: House) -> None:
    def status(word: str) -> dict[str, Any]:
        return {"timestamp": AT, "connectorStatus": word, "evseId": 1, "connectorId": 1}

    open_house.hang_up()
    open_house.say("s1", "StatusNotification", status("Occupied"))
    open_house.say("s2", "StatusNotification", status("Available"))
    open_house.vendor.clear()
    open_house.dial()
    open_house.accept()
    assert [frame[3] for frame in open_house.vendor] == [status("Available")]


def test_a_station_that_never_said_who_it_is_is_asked_and_not_waited_for(house: House) -> None:
    house.dial()
    (ask,) = house.forwarding.asks()
    assert (ask.action, ask.payload) == ("TriggerMessage", {"requestedMessage": "BootNotification"})
    house.forwarding.station_answered(ask.number, Refusal("NotSupported"), house.now)
    house.wait(11)
    house.say("h", "Heartbeat", {})
    assert house.vendor[-1][2] == "Heartbeat"


def test_a_station_that_booted_before_it_had_a_vendor_is_introduced_as_it_is_remembered(house: House) -> None:
    known = {"reason": "Unknown", "chargingStation": {"vendorName": "V", "model": "M", "serialNumber": "1"}}
    house.dial(known)
    assert not house.forwarding.asks()
    assert house.vendor[-1][2:] == ["BootNotification", known]
    house.reply({"currentTime": AT, "interval": 10, "status": "Pending"}, "BootNotification")
    house.wait(11)
    house.accept()
    house.say("h", "Heartbeat", {})
    assert house.vendor[-1][2] == "Heartbeat"


def test_a_vendor_that_never_answers_is_hung_up_on(open_house: House) -> None:
    for number in range(2):
        open_house.say(f"h{number}", "Heartbeat", {})
        open_house.wait(31)
    assert open_house.forwarding.hopeless


# what the vendor asks

PROFILE = {
    "evseId": 1,
    "chargingProfile": {
        "id": 1,
        "stackLevel": 9,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": [
            {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6.0}]}
        ],
    },
}


def ask(house: House, action: str, payload: dict[str, Any], message_id: str = "v1") -> Any:
    house.vendor.clear()
    house.throw(json.dumps([2, message_id, action, payload]))
    return house.vendor[-1] if house.vendor else None


@pytest.mark.parametrize(
    ("action", "payload", "status"),
    [
        ("SetChargingProfile", PROFILE, "Rejected"),
        ("ClearChargingProfile", {"chargingProfileId": 200}, "Unknown"),
        ("UpdateDynamicSchedule", {"chargingProfileId": 200, "scheduleUpdate": {"setpoint": 0}}, "Rejected"),
        ("UsePriorityCharging", {"transactionId": "t", "activate": True}, "Rejected"),
        ("NotifyAllowedEnergyTransfer", {"transactionId": "t", "allowedEnergyTransfer": ["DC"]}, "Rejected"),
        ("AFRRSignal", {"timestamp": AT, "signal": 1}, "Rejected"),
        ("ClearDERControl", {"isDefault": True}, "Rejected"),
        ("SendLocalList", {"versionNumber": 1, "updateType": "Full"}, "Failed"),
        ("SetMonitoringBase", {"monitoringBase": "FactoryDefault"}, "Rejected"),
        ("SetMonitoringLevel", {"severity": 0}, "Rejected"),
        ("InstallCertificate", {"certificateType": "CSMSRootCertificate", "certificate": "x"}, "Rejected"),
        ("CertificateSigned", {"certificateChain": "x"}, "Rejected"),
    ],
)
def test_what_fights_our_controller_is_refused_in_words_the_vendor_knows(
    open_house: House, contract: Contract, action: str, payload: dict[str, Any], status: str
) -> None:
    answer = ask(open_house, action, payload)
    assert answer[:2] == [3, "v1"]
    assert answer[2]["status"] == status
    assert answer[2]["statusInfo"]["reasonCode"] == "NotEnabled"
    contract.check(Version.V21, action, "res", answer[2])
    assert open_house.forwarding.asks() == []
    assert open_house.forwarding.report(VendorState.CONNECTED).filtered == {action: 1}


def row(component: str, variable: str) -> dict[str, Any]:
    return {"attributeValue": "1", "component": {"name": component}, "variable": {"name": variable}}


def test_of_several_variables_only_ours_are_kept_back(open_house: House) -> None:
    rows = [
        row("sampledDataCtrlr", "TxUpdatedInterval"),
        row("ClockCtrlr", "TimeZone"),
        row("SecurityCtrlr", "Identity"),
    ]
    assert ask(open_house, "SetVariables", {"setVariableData": rows}) is None
    (asked,) = open_house.forwarding.asks()
    assert asked.payload == {"setVariableData": [rows[1]]}
    done = {"attributeStatus": "Accepted", "component": {"name": "ClockCtrlr"}, "variable": {"name": "TimeZone"}}
    open_house.forwarding.station_answered(asked.number, Answer({"setVariableResult": [done]}), open_house.now)
    open_house.carry()
    results = open_house.vendor[-1][2]["setVariableResult"]
    assert [r["attributeStatus"] for r in results] == ["Rejected", "Accepted", "Rejected"]
    assert [r["component"]["name"] for r in results] == ["sampledDataCtrlr", "ClockCtrlr", "SecurityCtrlr"]


def test_the_words_by_which_we_steer_a_station_are_ours_alone() -> None:
    own = Route(kind=RouteKind.DATA_TRANSFER, vendor_id="acme", message_id="v2g")
    assert rule("DataTransfer", {"vendorId": "acme", "messageId": "v2g"}, own).answer is not None
    assert rule("DataTransfer", {"vendorId": "acme", "messageId": "bill"}, own).answer is None
    assert rule("DataTransfer", {"vendorId": "acme", "messageId": "v2g"}, None).answer is None
    variable = Route(kind=RouteKind.VARIABLE, component="Inverter", variable="Setpoint")
    assert rule("SetVariables", {"setVariableData": [row("inverter", "setpoint")]}, variable).answer is not None
    assert rule("SetVariables", {"setVariableData": [row("Inverter", "Colour")]}, variable).answer is None


def test_with_nothing_left_of_them_the_station_is_not_asked(open_house: House) -> None:
    answer = ask(
        open_house, "SetVariables", {"setVariableData": [row("OCPPCommCtrlr", "NetworkConfigurationPriority")]}
    )
    assert answer[2]["setVariableResult"][0]["attributeStatus"] == "Rejected"
    assert open_house.forwarding.asks() == []


def test_a_remote_start_passes_without_its_profile_and_comes_back_with_the_vendors_number(open_house: House) -> None:
    start = {"remoteStartId": 7, "idToken": TOKEN, "chargingProfile": PROFILE["chargingProfile"]}
    ask(open_house, "RequestStartTransaction", start)
    (asked,) = open_house.forwarding.asks()
    assert "chargingProfile" not in asked.payload
    number = asked.payload["remoteStartId"]
    assert number != 7
    open_house.forwarding.station_answered(asked.number, Answer({"status": "Accepted"}), open_house.now)
    open_house.carry()
    assert open_house.vendor[-1] == [3, "v1", {"status": "Accepted"}]
    told = {"transactionId": "t", "remoteStartId": number}
    open_house.say("e", "TransactionEvent", event("Started", 0, transactionInfo=told))
    assert open_house.vendor[-1][3]["transactionInfo"]["remoteStartId"] == 7


def test_reports_go_to_whoever_asked_for_them(open_house: House) -> None:
    ask(open_house, "GetBaseReport", {"requestId": 5, "reportBase": "FullInventory"})
    (asked,) = open_house.forwarding.asks()
    report = {"generatedAt": AT, "seqNo": 0, "requestId": asked.payload["requestId"]}
    open_house.say("r1", "NotifyReport", report)
    assert open_house.answers("r1") == []
    assert open_house.vendor[-1][3] == report | {"requestId": 5}
    open_house.reply({}, "NotifyReport")
    assert open_house.answer("r1") == {}
    open_house.vendor.clear()
    open_house.say("r2", "NotifyReport", report | {"requestId": 5})
    assert open_house.answer("r2") == {}
    assert open_house.vendor == []


def test_a_report_that_is_repeated_is_answered_each_time_and_told_once(open_house: House) -> None:
    ask(open_house, "GetBaseReport", {"requestId": 5, "reportBase": "FullInventory"})
    (asked,) = open_house.forwarding.asks()
    report = {"generatedAt": AT, "seqNo": 0, "requestId": asked.payload["requestId"]}
    for _ in range(2):
        open_house.say("r1", "NotifyReport", report)
    open_house.reply({}, "NotifyReport")
    open_house.say("r1", "NotifyReport", report)
    assert open_house.answers("r1") == [[3, "r1", {}]] * 3
    assert open_house.vendor == []


def test_an_answer_that_is_asked_for_again_is_the_same_again(open_house: House) -> None:
    open_house.say("e", "TransactionEvent", event("Ended"))
    open_house.reply({"totalCost": 3.5})
    open_house.say("e", "TransactionEvent", event("Ended"))
    assert open_house.answers("e") == [[3, "e", {"totalCost": 3.5}]] * 2
    assert open_house.vendor == []


def test_a_vendor_that_lags_behind_is_spared_news_nobody_keeps(open_house: House) -> None:
    for number in range(60):
        open_house.say(f"h{number}", "Heartbeat", {})
        assert len(open_house.answers(f"h{number}")) == 1
    assert open_house.forwarding.counts["left_out"] == 12
    assert not open_house.forwarding.hopeless


def test_the_vendors_interval_is_remembered_while_it_is_away(open_house: House) -> None:
    open_house.hang_up()
    open_house.say("b2", "BootNotification", BOOT | {"reason": "Watchdog"})
    assert open_house.answer("b2")["interval"] == 60
    open_house.vendor.clear()
    open_house.dial()
    assert open_house.vendor[-1][3]["reason"] == "Watchdog"


def test_the_vendor_is_told_that_messages_still_wait_for_it(open_house: House) -> None:
    for number in range(2):
        open_house.say(f"e{number}", "TransactionEvent", event("Updated", number))
    open_house.throw(json.dumps([2, "v1", "GetTransactionStatus", {"transactionId": "t"}]))
    (asked,) = open_house.forwarding.asks()
    reply = Answer({"ongoingIndicator": True, "messagesInQueue": False})
    open_house.forwarding.station_answered(asked.number, reply, open_house.now)
    open_house.carry()
    assert open_house.vendor[-1] == [3, "v1", {"ongoingIndicator": True, "messagesInQueue": True}]


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [("Nonsense", {}, "NotImplemented"), ("Reset", {"type": "Gently"}, "FormatViolation")],
)
def test_a_call_that_makes_no_sense_does_not_reach_the_station(
    open_house: House, action: str, payload: dict[str, Any], code: str
) -> None:
    assert ask(open_house, action, payload)[2] == code
    assert open_house.forwarding.asks() == []


def test_a_station_that_refuses_or_keeps_silent_is_quoted(open_house: House) -> None:
    for reply, code in ((Refusal("NotSupported", "no"), "NotSupported"), (None, "GenericError")):
        assert ask(open_house, "ClearCache", {}, f"v-{code}") is None
        (asked,) = open_house.forwarding.asks()
        open_house.forwarding.station_answered(asked.number, reply, open_house.now)
        open_house.carry()
        assert open_house.vendor[-1][:3] == [4, f"v-{code}", code]


def test_a_flood_of_questions_leaves_room_for_ours(open_house: House) -> None:
    for number in range(20):
        open_house.throw(json.dumps([2, f"v{number}", "ClearCache", {}]))
    assert len(open_house.forwarding.asks()) == 8
    assert [frame[0] for frame in open_house.vendor] == [4] * 12


def test_answers_for_a_vendor_that_is_gone_are_dropped(open_house: House) -> None:
    ask(open_house, "ClearCache", {})
    (asked,) = open_house.forwarding.asks()
    open_house.hang_up()
    open_house.vendor.clear()
    open_house.dial()
    open_house.forwarding.station_answered(asked.number, Answer({"status": "Accepted"}), open_house.now)
    assert [frame[0] for frame in map(json.loads, open_house.forwarding.to_vendor())] == []


# the list


def test_every_call_of_a_station_is_on_the_list_with_its_reason() -> None:
    ours = {action for dialect in DIALECTS.values() for action in (*dialect.calls, *dialect.sends)}
    assert ours <= set(STATION_CALLS) | {"NotifyWebPaymentStarted"}
    rows = listed()
    assert all(row["why"] for kind in rows.values() for row in kind)
    assert {row["action"] for row in rows["vendor_calls"]} == {*VENDOR_CALLS, "*"}


def test_the_list_names_only_messages_that_exist(contract: Contract) -> None:
    for action in (*STATION_CALLS, *VENDOR_CALLS):
        assert contract.knows(Version.V21, action), action


# exactly one answer, whatever the vendor does

CALLS: dict[str, Callable[[int], tuple[str, dict[str, Any]]]] = {
    "boot": lambda n: ("BootNotification", BOOT),
    "card": lambda n: ("Authorize", {"idToken": TOKEN}),
    "start": lambda n: ("TransactionEvent", event("Started", n, idToken=TOKEN)),
    "value": lambda n: ("TransactionEvent", event("Updated", n)),
    "end": lambda n: ("TransactionEvent", event("Ended", n)),
    "data": lambda n: ("DataTransfer", {"vendorId": "x"}),
    "alive": lambda n: ("Heartbeat", {}),
    "odd": lambda n: ("Nonsense", {}),
    "broken": lambda n: ("TransactionEvent", {"seqNo": n}),
    "report": lambda n: ("NotifyReport", {"generatedAt": AT, "seqNo": 0, "requestId": 2_000_000_000}),
}
REPLIES = [
    {},
    {"status": "Accepted", "interval": 5, "currentTime": AT},
    {"idTokenInfo": {"status": "Blocked"}, "totalCost": 1},
    {"status": 4},
]
GARBAGE = ["", "[", "[3]", '[3,"?",{}]', '[2,"x","Reset",{}]', "[" * 99]
ACTS = [
    *(("say", kind) for kind in CALLS for _ in range(5)),
    *(("again", "") for _ in range(4)),
    *(("reply", reply) for reply in REPLIES for _ in range(4)),
    *(("twice", reply) for reply in REPLIES),
    *(("refuse", "") for _ in range(3)),
    *(("garbage", raw) for raw in GARBAGE),
    *(("wait", seconds) for seconds in (0.5, 11.0, 40.0)),
    *(("disk", slow) for slow in (True, False)),
    ("hang_up", ""),
    ("dial", ""),
]


def act(house: House, what: str, with_: Any, said: list[tuple[str, str, dict[str, Any]]]) -> None:
    match what:
        case "say":
            said.append((f"m{len(said)}", *CALLS[with_](len(said))))
            house.say(*said[-1])
        case "again" if said:
            house.say(*said[-1])
        case "reply" | "twice" | "refuse" if house.vendor:
            frame = house.vendor.pop(0)
            raw = json.dumps([4, frame[1], "InternalError", "", {}] if what == "refuse" else [3, frame[1], with_])
            for _ in range(2 if what == "twice" else 1):
                house.throw(raw)
        case "garbage":
            house.throw(with_)
        case "wait":
            house.wait(with_)
        case "hang_up":
            house.hang_up()
            house.vendor.clear()
        case "dial":
            house.hang_up()
            house.vendor.clear()
            house.dial()
        case "disk":
            house.slow_disk = with_


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.sampled_from(ACTS), min_size=1, max_size=40), known=st.booleans())
def test_each_call_gets_exactly_one_answer_whatever_the_vendor_does(
    contract: Contract, acts: list[tuple[str, Any]], known: bool
) -> None:
    house = opened(House(contract)) if known else House(contract)
    said: list[tuple[str, str, dict[str, Any]]] = []
    asked: Counter[str] = Counter()
    for what, with_ in acts:
        act(house, what, with_, said)
        if what in ("say", "again") and said:
            asked[said[-1][0]] += 1
    house.slow_disk = False
    house.wait(BUDGET_S + 1)
    for numbers in house.writing:
        house.forwarding.stored(numbers)
    house.carry()
    answered = Counter(frame[1] for frame in house.station if frame[0] in (3, 4) and frame[1] != "-1")
    assert answered == asked
    assert all(frame[2:] == other[2:] for frame in house.station for other in house.answers(frame[1]))


REACTIONS: dict[str, list[tuple[str, Any]]] = {
    "silence": [],
    "late": [("wait", 11.0), ("reply", {})],
    "twice": [("twice", {})],
    "refusal": [("refuse", "")],
    "garbage": [("garbage", raw) for raw in GARBAGE],
    "a broken answer": [("reply", {"status": 4})],
    "a line that breaks": [("hang_up", "")],
    "a line that breaks and comes back": [("dial", ""), ("reply", REPLIES[1]), ("reply", {})],
}


@pytest.mark.parametrize("kind", CALLS)
@pytest.mark.parametrize("reaction", REACTIONS)
def test_each_kind_of_call_is_answered_once_after(open_house: House, kind: str, reaction: str) -> None:
    said = [("m0", *CALLS[kind](0))]
    open_house.say(*said[0])
    for what, with_ in REACTIONS[reaction]:
        act(open_house, what, with_, said)
    open_house.wait(BUDGET_S + 1)
    assert len(open_house.answers("m0")) == 1


def test_forwarding_that_ends_in_the_middle_lets_every_answer_go(open_house: House) -> None:
    open_house.say("a", "Authorize", {"idToken": TOKEN})
    (raw,) = open_house.forwarding.let_go()
    assert json.loads(raw)[:2] == [3, "a"]


def test_a_message_id_used_again_for_something_else_frees_the_older_answer(open_house: House) -> None:
    open_house.say("x", "Authorize", {"idToken": TOKEN})
    open_house.say("x", "Heartbeat", {})
    kinds = [sorted(frame[2]) for frame in open_house.answers("x")]
    assert kinds == [["allowedEnergyTransfer", "idTokenInfo"], ["currentTime"]]


def test_a_call_reference_is_not_part_of_what_is_kept(open_house: House) -> None:
    open_house.hang_up()
    open_house.say("e", "TransactionEvent", event("Started", 0))
    kept = [value for key, value in open_house.disk.items() if not key.endswith("boot")]
    assert [json.loads(value.payload) for value in kept if isinstance(value, VendorCall)] == [event("Started", 0)]
    assert not any(isinstance(value, CallRef) for value in kept)
