"""One question of ours at a time, the station's at once, every one of theirs answered exactly once."""

from datetime import UTC, datetime, timedelta
import json

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.ocpp.conformance import Oddity
from custom_components.mobilize_flex.core.ocpp.conversation import (
    ANSWER_WITHIN_S,
    BEHIND_S,
    MEMORY,
    OPEN_LIMIT,
    PRESSED_S,
    QUEUE_LIMIT,
    Answered,
    CallReceived,
    Conversation,
    Refused,
    Replaced,
    SendReceived,
    Unanswered,
)
from custom_components.mobilize_flex.core.ocpp.frames import ErrorCode
from custom_components.mobilize_flex.core.ocpp.request import QUEUE_PATIENCE_S, Priority, Request


@pytest.fixture
def talk() -> Conversation:
    return Conversation(prefix="p-", modern=True)


def later(now: Moment, seconds: float) -> Moment:
    return Moment(now.utc + timedelta(seconds=seconds), now.mono_s + seconds)


def said(talk: Conversation) -> list[list[object]]:
    return [json.loads(text) for text in talk.outgoing()]


def ask(
    action: str, priority: Priority = Priority.ROUTINE, topic: str | None = None, timeout_s: float = 30.0
) -> Request:
    return Request(action=action, payload={}, priority=priority, topic=topic, timeout_s=timeout_s)


HEARTBEAT = '[2,"h1","Heartbeat",{}]'


def test_a_call_comes_out_as_an_event_and_is_answered_with_its_id(talk: Conversation, now: Moment) -> None:
    assert talk.receive(HEARTBEAT, now) == (CallReceived("h1", "Heartbeat", {}, len(HEARTBEAT)),)
    assert talk.answer("h1", {"currentTime": "now"}, now)
    assert said(talk) == [[3, "h1", {"currentTime": "now"}]]
    assert not talk.answer("h1", {}, now)
    assert said(talk) == []


def test_a_numeric_id_comes_back_as_the_number_it_was(talk: Conversation, now: Moment) -> None:
    talk.receive('[2,17,"Heartbeat",{}]', now)
    talk.answer("17", {}, now)
    assert said(talk) == [[3, 17, {}]]
    assert talk.conformance.count(Oddity.NUMERIC_MESSAGE_ID) == 1


def test_a_refusal_carries_the_code(talk: Conversation, now: Moment) -> None:
    talk.receive('[2,"x","Whatever",{}]', now)
    talk.refuse("x", ErrorCode.NOT_IMPLEMENTED, "no", now)
    assert said(talk) == [[4, "x", "NotImplemented", "no", {}]]


def test_a_repeated_call_gets_the_same_answer_without_being_told_twice(talk: Conversation, now: Moment) -> None:
    talk.receive(HEARTBEAT, now)
    talk.answer("h1", {"n": 1}, now)
    assert talk.receive(HEARTBEAT, now) == ()
    assert said(talk) == [[3, "h1", {"n": 1}], [3, "h1", {"n": 1}]]
    assert talk.conformance.count(Oddity.REPEATED_CALL) == 1


def test_a_call_repeated_before_its_answer_gets_it_twice(talk: Conversation, now: Moment) -> None:
    talk.receive(HEARTBEAT, now)
    assert talk.receive(HEARTBEAT, now) == ()
    talk.answer("h1", {}, now)
    assert said(talk) == [[3, "h1", {}]] * 2


def test_an_old_id_with_new_content_is_a_new_call(talk: Conversation, now: Moment) -> None:
    talk.receive(HEARTBEAT, now)
    talk.answer("h1", {"n": 1}, now)
    assert talk.receive('[2,"h1","StatusNotification",{}]', now) != ()
    talk.answer("h1", {"n": 2}, now)
    assert [frame[2] for frame in said(talk)] == [{"n": 1}, {"n": 2}]


def test_an_open_id_with_new_content_is_refused(talk: Conversation, now: Moment) -> None:
    talk.receive(HEARTBEAT, now)
    assert talk.receive('[2,"h1","StatusNotification",{}]', now) == ()
    assert said(talk)[0][2] == "ProtocolError"


def test_answers_are_remembered_for_a_while_only(talk: Conversation, now: Moment) -> None:
    for number in range(MEMORY + 1):
        talk.receive(f'[2,"n{number}","Heartbeat",{{}}]', now)
        talk.answer(f"n{number}", {}, now)
    talk.outgoing()
    assert talk.receive(f'[2,"n{MEMORY}","Heartbeat",{{}}]', now) == ()
    assert talk.receive('[2,"n0","Heartbeat",{}]', now) != ()


def test_too_many_open_calls_are_refused(talk: Conversation, now: Moment) -> None:
    for number in range(OPEN_LIMIT):
        assert talk.receive(f'[2,"n{number}","Authorize",{{}}]', now)
    assert talk.receive('[2,"more","Authorize",{}]', now) == ()
    assert said(talk)[0][:3] == [4, "more", "GenericError"]


def test_a_call_nobody_answers_is_covered_in_time(talk: Conversation, now: Moment) -> None:
    talk.receive(HEARTBEAT, now)
    assert talk.due(later(now, ANSWER_WITHIN_S - 1)) == ()
    assert said(talk) == []
    talk.due(later(now, ANSWER_WITHIN_S))
    assert said(talk)[0][:3] == [4, "h1", "InternalError"]
    assert talk.open_action("h1") is None


def test_one_question_of_ours_is_open_at_a_time(talk: Conversation, now: Moment) -> None:
    talk.call(1, ask("A"), now)
    talk.call(2, ask("B"), now)
    assert said(talk) == [[2, "p-1", "A", {}]]
    assert talk.receive('[3,"p-1",{"ok":true}]', now) == (Answered(1, "p-1", "A", {"ok": True}, 21),)
    assert said(talk) == [[2, "p-2", "B", {}]]


def test_the_station_is_served_while_ours_is_open(talk: Conversation, now: Moment) -> None:
    talk.call(1, ask("RequestStartTransaction"), now)
    talk.outgoing()
    (call,) = talk.receive('[2,"s1","Authorize",{}]', now)
    assert isinstance(call, CallReceived)
    talk.answer("s1", {}, now)
    assert said(talk) == [[3, "s1", {}]]
    assert isinstance(talk.receive('[3,"p-1",{}]', now)[0], Answered)


def test_what_moves_power_goes_before_reports(talk: Conversation, now: Moment) -> None:
    talk.call(1, ask("first"), now)
    talk.call(2, ask("report", Priority.REPORT), now)
    talk.call(3, ask("routine"), now)
    talk.call(4, ask("power", Priority.CONTROL), now)
    order = []
    for number in range(1, 5):
        order += [frame[2] for frame in said(talk)]
        talk.receive(f'[3,"p-{number}",{{}}]', now)
    assert order == ["first", "power", "routine", "report"]


def test_a_newer_order_replaces_older_ones_that_have_not_left(talk: Conversation, now: Moment) -> None:
    talk.call(1, ask("first"), now)
    talk.call(2, ask("profile", topic="power/1/"), now)
    assert talk.call(3, ask("update", topic="power/1/update/"), now) == ()
    assert talk.call(4, ask("other", topic="power/10/"), now) == ()
    assert talk.call(5, ask("update", topic="power/1/update/"), now) == (Replaced(3),)
    assert talk.call(6, ask("profile", topic="power/1/"), now) == (Replaced(2), Replaced(5))


def test_an_error_is_a_refusal(talk: Conversation, now: Moment) -> None:
    talk.call(1, ask("A"), now)
    assert talk.receive('[4,"p-1","NotSupported","never heard",{}]', now) == (
        Refused(1, "NotSupported", "never heard"),
    )


def test_silence_is_noticed_and_the_next_question_leaves(talk: Conversation, now: Moment) -> None:
    talk.call(1, ask("A", timeout_s=10.0), now)
    talk.call(2, ask("B"), now)
    assert talk.due(later(now, 9.9)) == ()
    assert talk.due(later(now, 10.0)) == (Unanswered(1),)
    assert [frame[2] for frame in said(talk)] == ["A", "B"]
    assert talk.receive('[3,"p-1",{}]', now) == ()
    assert talk.conformance.count(Oddity.LATE_ANSWER) == 1


def test_a_mute_station_leaves_no_queue_behind(talk: Conversation, now: Moment) -> None:
    events = [event for tag in range(QUEUE_LIMIT + 5) for event in talk.call(tag, ask("A"), now)]
    assert len(events) == 4
    seen = list(events)
    for second in range(int(QUEUE_PATIENCE_S) + 31):
        seen += talk.due(later(now, second))
    assert sorted(event.tag for event in seen if isinstance(event, Unanswered)) == list(range(QUEUE_LIMIT + 5))


@pytest.mark.parametrize("answer", ['[3,"p-1",{}]', '[3,"nobody",{}]', '[4,"-1","GenericError","",{}]', "[3,1,{}]"])
def test_an_answer_to_nothing_is_harmless(talk: Conversation, now: Moment, answer: str) -> None:
    assert talk.receive(answer, now) == ()
    assert said(talk) == []
    assert talk.conformance.count(Oddity.UNKNOWN_ANSWER) == 1


def test_a_second_answer_is_harmless(talk: Conversation, now: Moment) -> None:
    talk.call(1, ask("A"), now)
    assert len(talk.receive('[3,"p-1",{}]', now)) == 1
    assert talk.receive('[3,"p-1",{}]', now) == ()
    assert talk.receive('[4,"p-1","InternalError","",{}]', now) == ()


def test_a_message_without_an_answer_gets_none(talk: Conversation, now: Moment) -> None:
    assert talk.receive('[6,"s","NotifyPeriodicEventStream",{"id":1}]', now) == (
        SendReceived("NotifyPeriodicEventStream", {"id": 1}),
    )
    assert said(talk) == []


def test_2_0_1_knows_no_types_5_and_6(now: Moment) -> None:
    talk = Conversation(prefix="p-", modern=False)
    for text in ('[6,"s","NotifyPeriodicEventStream",{}]', '[5,"s","FormatViolation","",{}]'):
        assert talk.receive(text, now) == ()
        assert said(talk) == [[4, "s", "MessageTypeNotSupported", "not spoken on this link", {}]]
    talk.complain("s", ErrorCode.FORMAT_VIOLATION, "")
    talk.send("NotifyPeriodicEventStream", {})
    assert said(talk) == []


def test_2_1_complains_about_an_answer_and_takes_a_complaint(talk: Conversation, now: Moment) -> None:
    talk.complain("p-1", ErrorCode.FORMAT_VIOLATION, "status")
    assert said(talk) == [[5, "p-1", "FormatViolation", "status", {}]]
    assert talk.receive('[5,"h1","FormatViolation","",{}]', now) == ()
    assert said(talk) == []
    assert talk.conformance.count(Oddity.ANSWER_COMPLAINED) == 1


def test_a_telling_of_ours_has_an_id_of_its_own(talk: Conversation) -> None:
    talk.send("Something", {"a": 1})
    assert said(talk) == [[6, "p-1", "Something", {"a": 1}]]


def test_the_end_leaves_every_question_unanswered(talk: Conversation, now: Moment) -> None:
    talk.call(1, ask("A"), now)
    talk.call(2, ask("B"), now)
    talk.receive(HEARTBEAT, now)
    assert talk.close() == (Unanswered(1), Unanswered(2))
    assert talk.close() == ()
    assert not talk.answer("h1", {}, now)


def test_a_station_that_loses_fast_answers_gets_slow_ones(now: Moment) -> None:
    talk = Conversation(prefix="p-", modern=True)
    talk.humour(1.0)
    talk.receive(HEARTBEAT, now)
    talk.answer("h1", {}, now)
    talk.due(later(now, 0.5))
    assert said(talk) == []
    talk.due(later(now, 1.0))
    assert said(talk) == [[3, "h1", {}]]


def test_a_binary_message_is_politely_refused(talk: Conversation) -> None:
    talk.receive_octets()
    assert said(talk)[0][:3] == [4, "-1", "RpcFrameworkError"]


@settings(deadline=None)
@given(st.lists(st.sampled_from(["call", "ask", "answer", "wrong", "garbage", "second"]), max_size=60))
def test_however_it_goes_calls_are_answered_once_and_questions_end_once(steps: list[str]) -> None:
    talk = Conversation(prefix="p-", modern=True)
    clock = Moment(datetime(2026, 1, 1, tzinfo=UTC), 0.0)
    calls = tags = sent = 0
    ended: list[int] = []
    for step in steps:
        events: tuple[object, ...] = ()
        match step:
            case "call":
                calls += 1
                for event in talk.receive(f'[2,"c{calls}","Heartbeat",{{}}]', clock):
                    assert isinstance(event, CallReceived)
                    talk.answer(event.message_id, {}, clock)
            case "ask":
                tags += 1
                events = talk.call(tags, ask("A", topic="t/"), clock)
            case "answer":
                events = talk.receive(f'[3,"p-{sent}",{{}}]', clock)
            case "wrong":
                events = talk.receive('[3,"elsewhere",{}]', clock)
            case "garbage":
                talk.receive("[2,", clock)
            case "second":
                clock = later(clock, 1.0)
                events = talk.due(clock)
        ended += [event.tag for event in events if isinstance(event, (Answered, Unanswered, Replaced))]
        frames = said(talk)
        sent = max([sent, *(int(str(frame[1])[2:]) for frame in frames if frame[0] == 2)])
        if step == "call":
            assert [frame[1] for frame in frames if frame[0] == 3] == [f"c{calls}"]
    ended += [event.tag for event in talk.close() if isinstance(event, Unanswered)]
    assert sorted(ended) == list(range(1, tags + 1))


def test_an_order_of_power_waits_five_seconds_behind_a_silent_question(talk: Conversation, now: Moment) -> None:
    talk.call(1, ask("GetBaseReport", Priority.REPORT), now)
    talk.call(2, ask("UpdateDynamicSchedule", Priority.CONTROL), later(now, 1.0))
    said(talk)
    assert talk.due(later(now, PRESSED_S - 0.1)) == ()
    assert said(talk) == []
    assert talk.due(later(now, PRESSED_S)) == ()
    assert [frame[2] for frame in said(talk)] == ["UpdateDynamicSchedule"]


def test_the_answer_of_a_question_that_made_way_still_counts_and_its_silence_too(
    talk: Conversation, now: Moment
) -> None:
    talk.call(1, ask("GetVariables"), now)
    talk.call(2, ask("SetChargingProfile", Priority.CONTROL), later(now, PRESSED_S))
    assert [frame[1] for frame in said(talk)] == ["p-1", "p-2"]
    answer = '[3,"p-1",{}]'
    assert talk.receive(answer, later(now, 8.0)) == (Answered(1, "p-1", "GetVariables", {}, len(answer)),)
    talk.call(3, ask("GetLog"), later(now, 8.0))
    assert said(talk) == []  # the order is still open
    assert talk.due(later(now, 40.0)) == (Unanswered(2),)


def test_a_question_that_made_way_is_given_up_in_its_own_time(talk: Conversation, now: Moment) -> None:
    talk.call(1, ask("GetVariables"), now)
    talk.call(2, ask("SetChargingProfile", Priority.CONTROL, timeout_s=60.0), later(now, PRESSED_S))
    assert talk.due(later(now, 30.0)) == (Unanswered(1),)
    assert talk.close() == (Unanswered(2),)


def test_an_order_of_power_does_not_push_another_aside(talk: Conversation, now: Moment) -> None:
    talk.call(1, ask("SetChargingProfile", Priority.CONTROL), now)
    talk.call(2, ask("SetChargingProfile", Priority.CONTROL), later(now, 1.0))
    talk.due(later(now, 20.0))
    assert [frame[1] for frame in said(talk)] == ["p-1"]


def test_a_question_waits_for_its_turn_no_longer_than_it_likes(talk: Conversation, now: Moment) -> None:
    talk.call(1, ask("GetLog"), now)
    talk.call(2, Request(action="ClearCache", payload={}, timeout_s=2.0, patience_s=2.0), now)
    assert talk.due(later(now, 2.0)) == (Unanswered(2),)


NEEDS = '[2,"n1","NotifyEVChargingNeeds",{}]'


def behind(action: str, topic: str | None = None) -> Request:
    return Request(action=action, payload={}, priority=Priority.CONTROL, topic=topic, behind="NotifyEVChargingNeeds")


def test_what_belongs_behind_an_answer_of_ours_leaves_right_after_it(talk: Conversation, now: Moment) -> None:
    talk.receive(NEEDS, now)
    talk.call(1, behind("SetChargingProfile"), now)
    talk.call(2, ask("GetVariables"), now)
    assert said(talk) == [[2, "p-1", "GetVariables", {}]]
    talk.receive('[3,"p-1",{}]', now)
    assert said(talk) == []
    talk.answer("n1", {"status": "Accepted"}, later(now, 0.3))
    assert said(talk) == [[3, "n1", {"status": "Accepted"}], [2, "p-2", "SetChargingProfile", {}]]


def test_it_waits_for_that_answer_alone(talk: Conversation, now: Moment) -> None:
    talk.receive(HEARTBEAT, now)
    talk.call(1, behind("SetChargingProfile"), now)
    assert said(talk) == [[2, "p-1", "SetChargingProfile", {}]]


def test_it_waits_no_longer_than_a_few_seconds(talk: Conversation, now: Moment) -> None:
    talk.receive(NEEDS, now)
    talk.call(1, behind("SetChargingProfile"), now)
    assert talk.due(later(now, BEHIND_S - 0.1)) == ()
    assert said(talk) == []
    talk.due(later(now, BEHIND_S))
    assert said(talk) == [[2, "p-1", "SetChargingProfile", {}]]


def test_a_newer_order_takes_the_place_of_one_that_waits_for_an_answer(talk: Conversation, now: Moment) -> None:
    talk.receive(NEEDS, now)
    talk.call(1, behind("SetChargingProfile", topic="power/1/"), now)
    cut = ask("SetChargingProfile", Priority.CONTROL, topic="power/1/")
    assert talk.call(2, cut, now) == (Replaced(1),)
    assert said(talk) == [[2, "p-1", "SetChargingProfile", {}]]


def test_an_answer_that_a_kind_of_station_gets_late_comes_first_too(talk: Conversation, now: Moment) -> None:
    talk.humour(0.5)
    talk.receive(NEEDS, now)
    talk.call(1, behind("SetChargingProfile"), now)
    talk.answer("n1", {}, now)
    assert said(talk) == []
    talk.due(later(now, 0.5))
    assert said(talk) == [[3, "n1", {}], [2, "p-1", "SetChargingProfile", {}]]
