"""How the station keeps to the frames of OCPP."""

from collections.abc import Callable
from datetime import UTC, datetime
import json
from typing import Any

import pytest

from simulator.clock import ManualClock
from simulator.conversation import Answer, CallRefused, Conversation, Postponed
from simulator.library import SchemaCheck

START = datetime(2026, 11, 22, tzinfo=UTC)
EVENT = {
    "eventType": "Updated",
    "timestamp": "2026-11-22T00:00:00Z",
    "triggerReason": "MeterValuePeriodic",
    "seqNo": 0,
    "transactionInfo": {"transactionId": "tx"},
}


class Line:
    """A conversation with all its parts in reach."""

    def __init__(self, **options: Any) -> None:
        self.clock = ManualClock(START)
        self.routes: dict[str, Callable[[dict[str, Any]], Any]] = {}
        self.allowed: Callable[[str], bool] = lambda _: True
        self.talk = Conversation(self.clock, SchemaCheck(), self._route, self._may_send, **options)
        self.talk.open()

    def _may_send(self, action: str) -> bool:
        return self.allowed(action)

    def _route(self, action: str, payload: dict[str, Any]) -> Any:
        if action not in self.routes:
            raise CallRefused("NotSupported", action)
        return self.routes[action](payload)

    def out(self) -> list[list[Any]]:
        return [json.loads(text) for text in self.talk.take_frames()]

    def receive(self, *items: Any) -> None:
        self.talk.receive(json.dumps(items))


def test_one_question_at_a_time() -> None:
    line = Line()
    line.talk.call("Heartbeat", {})
    line.talk.call("Heartbeat", {})
    [first] = line.out()
    assert line.out() == []
    line.receive(3, first[1], {"currentTime": "2026-11-22T00:00:00Z"})
    assert [frame[2] for frame in line.out()] == ["Heartbeat"]


def test_a_question_is_answered_while_ours_is_open() -> None:
    line = Line()
    line.routes["DataTransfer"] = lambda _: {"status": "UnknownVendorId"}
    line.talk.call("Heartbeat", {})
    line.out()
    line.receive(2, "c1", "DataTransfer", {"vendorId": "somebody"})
    assert line.out() == [[3, "c1", {"status": "UnknownVendorId"}]]


def test_what_a_question_causes_comes_after_its_answer() -> None:
    line = Line()

    def trigger(_: dict[str, Any]) -> dict[str, Any]:
        line.talk.call("Heartbeat", {})
        return {"status": "Accepted"}

    line.routes["TriggerMessage"] = trigger
    line.receive(2, "c1", "TriggerMessage", {"requestedMessage": "Heartbeat"})
    assert [frame[0] for frame in line.out()] == [3, 2]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('[2,"c1","Nonsense",{}]', "NotImplemented"),
        ('[2,"c1","CostUpdated",{"totalCost":1,"transactionId":"tx"}]', "NotSupported"),
        ('[2,"c1","TriggerMessage",{}]', "OccurrenceConstraintViolation"),
        ('[2,"c1","TriggerMessage",{"requestedMessage":5}]', "PropertyConstraintViolation"),
        ('[2,"c1","TriggerMessage",{"requestedMessage":"Heartbeat","more":1}]', "FormatViolation"),
        ("not json", "RpcFrameworkError"),
        ("{}", "RpcFrameworkError"),
        ("[2]", "RpcFrameworkError"),
        ('[77,"c1",{}]', "MessageTypeNotSupported"),
    ],
)
def test_what_cannot_be_answered_gets_the_right_error(text: str, code: str) -> None:
    line = Line()
    line.talk.receive(text)
    [error] = line.out()
    assert error[0] == 4
    assert error[2] == code or (code.endswith("ConstraintViolation") and error[2].endswith("ConstraintViolation"))
    assert error[1] == ("c1" if text.startswith('[2,"c1"') else "-1")


def test_a_send_is_heard_and_never_answered() -> None:
    line = Line()
    line.receive(6, "c1", "NotifyPeriodicEventStream", {})
    assert line.out() == []
    assert line.talk.counts.sends_received == 1


def test_an_answer_that_breaks_its_schema_is_complained_about() -> None:
    line = Line()
    got: list[Answer] = []
    line.talk.call("Heartbeat", {}, got.append)
    [frame] = line.out()
    line.receive(3, frame[1], {"wrong": True})
    [complaint] = line.out()
    assert complaint[:2] == [5, frame[1]]
    assert got[0].payload is None


def test_our_own_mistakes_do_not_leave_the_house() -> None:
    line = Line()
    line.talk.call("StatusNotification", {"evseId": 1})
    with pytest.raises(Exception, match="Violation"):
        line.talk.take_frames()


def test_silence_ends_a_question() -> None:
    line = Line(timeout_s=30)
    got: list[Answer] = []
    line.talk.call("Heartbeat", {}, got.append)
    line.out()
    line.clock.advance(29)
    line.talk.tick()
    assert got == []
    line.clock.advance(1)
    line.talk.tick()
    assert got == [Answer(error="Silence")]


def test_a_durable_letter_survives_the_line_and_keeps_its_place() -> None:
    line = Line()
    for number in range(3):
        line.talk.call("TransactionEvent", {**EVENT, "seqNo": number}, durable=True)
    line.talk.call("Heartbeat", {})
    line.out()
    line.talk.close()
    line.talk.call("TransactionEvent", {**EVENT, "seqNo": 3}, durable=True)
    assert line.talk.undelivered == 4
    line.talk.open()
    seen = []
    while frames := line.out():
        seen.append(frames[0][3]["seqNo"])
        line.receive(3, frames[0][1], {})
    assert seen == [0, 1, 2, 3]


def test_a_failed_event_is_tried_again_and_given_up_after_three_times() -> None:
    line = Line()
    line.talk.call("TransactionEvent", EVENT, durable=True)
    tries = 0
    for _ in range(10):
        for frame in line.out():
            tries += 1
            line.receive(4, frame[1], "InternalError", "", {})
        line.clock.advance(10)
        line.talk.tick()
    assert tries == 3
    assert line.talk.undelivered == 0


def test_memory_is_spared_by_dropping_every_second_update() -> None:
    line = Line()
    line.talk.queue_limit = 100
    line.talk.close()
    line.talk.call("TransactionEvent", {**EVENT, "eventType": "Started", "triggerReason": "Authorized"}, durable=True)
    for number in range(1, 500):
        line.talk.call("TransactionEvent", {**EVENT, "seqNo": number}, durable=True)
    assert line.talk.undelivered <= 101
    line.talk.open()
    assert line.out()[0][3]["eventType"] == "Started"


def test_a_letter_that_may_not_go_waits() -> None:
    line = Line()
    line.allowed = lambda action: action == "BootNotification"
    line.talk.call("Heartbeat", {})
    assert line.out() == []
    line.allowed = lambda _: True
    assert line.out()[0][2] == "Heartbeat"


def test_a_postponed_answer_comes_when_it_is_given() -> None:
    line = Line()
    later = Postponed()
    line.routes["RequestStartTransaction"] = lambda _: later
    token = {"idToken": "A", "type": "Central"}
    line.receive(2, "c1", "RequestStartTransaction", {"idToken": token, "remoteStartId": 1})
    assert line.out() == []
    later.give({"status": "Accepted"})
    assert line.out() == [[3, "c1", {"status": "Accepted"}]]


def test_answers_can_be_slow() -> None:
    line = Line(answer_delay_s=5.0)
    line.routes["DataTransfer"] = lambda _: {"status": "UnknownVendorId"}
    line.receive(2, "c1", "DataTransfer", {"vendorId": "somebody"})
    assert line.out() == []
    line.clock.advance(5)
    line.talk.tick()
    assert line.out()[0][0] == 3
