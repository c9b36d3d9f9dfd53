"""One connection from text to facts and back: whatever comes, every call gets exactly one answer."""

from collections import Counter
from datetime import UTC, datetime
import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.mobilize_flex.core.model.commands import (
    AnswerBoot,
    AnswerTransaction,
    AskToSend,
    BootStatus,
    CallRef,
    Decline,
    HoldStation,
    ReadInventory,
    Trigger,
    Variable,
)
from custom_components.mobilize_flex.core.model.driver import Driver, Habits, Match
from custom_components.mobilize_flex.core.model.facts import (
    StationBooted,
    TransactionReported,
    VariablesReported,
)
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.station import VariableReport, Version
from custom_components.mobilize_flex.core.ocpp.conformance import Oddity
from custom_components.mobilize_flex.core.ocpp.conversation import OPEN_LIMIT
from custom_components.mobilize_flex.core.ocpp.dialect import Answer, Refusal
from custom_components.mobilize_flex.core.ocpp.frames import (
    DETAILS_LIMIT,
    Call,
    CallError,
    CallResult,
    CallResultError,
    FrameError,
    Send,
    decode,
)
from custom_components.mobilize_flex.core.ocpp.link import DIALECTS, Link, RawOutcome
from custom_components.mobilize_flex.core.ocpp.schema import Contract, SchemaError
from custom_components.mobilize_flex.core.ocpp.wire import Json

from .conftest import NewLink

BOOT = '[2,"b1","BootNotification",{"reason":"PowerUp","chargingStation":{"model":"M","vendorName":"V"}}]'
STATUS = (
    '[2,"s1","StatusNotification",'
    '{"timestamp":"2026-11-22T18:00:00Z","connectorStatus":"Available","evseId":1,"connectorId":1}]'
)
EVENT = (
    '[2,"e1","TransactionEvent",{"eventType":"Updated","timestamp":"2026-11-22T18:00:00Z",'
    '"triggerReason":"Trigger","seqNo":1,"transactionInfo":{"transactionId":"t"}}]'
)


def said(link: Link) -> list[list[Json]]:
    return [json.loads(text) for text in link.outgoing()]


def test_boot_and_status_back_to_back_are_both_answered(new_link: NewLink, now: Moment) -> None:
    link = new_link(Version.V201)
    (booted,) = link.receive(BOOT, now)
    assert isinstance(booted, StationBooted)
    assert len(link.receive(STATUS, now)) == 1
    assert link.answer(AnswerBoot(call=booted.call, status=BootStatus.ACCEPTED, interval_s=300), now)
    assert [frame[1] for frame in said(link)] == ["s1", "b1"]


def test_a_pending_station_may_only_boot_and_send_what_we_asked_for(new_link: NewLink, now: Moment) -> None:
    link = new_link(Version.V201)
    (booted,) = link.receive(BOOT, now)
    assert isinstance(booted, StationBooted)
    link.answer(AnswerBoot(call=booted.call, status=BootStatus.PENDING, interval_s=30), now)
    link.outgoing()
    assert link.receive(STATUS, now) == ()
    assert said(link)[0][:3] == [4, "s1", "SecurityError"]
    report = '[2,"r1","NotifyReport",{"requestId":1,"generatedAt":"2026-11-22T18:00:00Z","seqNo":0}]'
    assert len(link.receive(report, now)) == 1
    link.command(AskToSend(id=1, station="S1", what=Trigger.STATUS, evse=1, connector=1), now)
    assert len(link.receive(STATUS.replace("s1", "s2"), now)) == 1
    (again,) = link.receive(BOOT.replace("b1", "b2"), now)
    assert isinstance(again, StationBooted)
    link.answer(AnswerBoot(call=again.call, status=BootStatus.ACCEPTED, interval_s=300), now)
    link.outgoing()
    link.receive('[2,"h1","Heartbeat",{}]', now)
    assert said(link)[0][0] == 3


@pytest.mark.parametrize(
    "call",
    [CallRef("S1", 6, "e1"), CallRef("S1", 7, "other"), CallRef("S1", 7, "")],
)
def test_an_answer_to_another_connection_goes_nowhere(new_link: NewLink, now: Moment, call: CallRef) -> None:
    link = new_link(Version.V21)
    link.receive(EVENT, now)
    assert not link.answer(AnswerTransaction(call=call), now)
    assert said(link) == []


def test_a_call_is_answered_once_however_often_we_try(new_link: NewLink, now: Moment) -> None:
    link = new_link(Version.V21)
    (event,) = link.receive(EVENT, now)
    assert isinstance(event, TransactionReported)
    assert link.answer(AnswerTransaction(call=event.call), now)
    assert not link.answer(AnswerTransaction(call=event.call), now)
    assert said(link) == [[3, "e1", {}]]


def test_what_could_not_be_kept_is_declined_so_that_it_comes_again(new_link: NewLink, now: Moment) -> None:
    link = new_link(Version.V21)
    (event,) = link.receive(EVENT, now)
    assert isinstance(event, TransactionReported)
    assert link.answer(Decline(call=event.call), now)
    assert said(link)[0][:3] == [4, "e1", "InternalError"]


def test_an_answer_we_got_wrong_is_still_an_answer(new_link: NewLink, now: Moment) -> None:
    link = new_link(Version.V21)
    (booted,) = link.receive(BOOT, now)
    assert isinstance(booted, StationBooted)
    assert link.answer(AnswerTransaction(call=booted.call, total_cost=1.0), now)  # no answer to a boot
    assert said(link)[0][:3] == [4, "b1", "InternalError"]
    assert link.conformance.count(Oddity.OWN_ERROR) == 1


def test_a_question_word_for_word(new_link: NewLink, now: Moment) -> None:
    link = new_link(Version.V21)
    tag, events = link.question("SetMonitoringLevel", {"severity": 5}, 10.0, now)
    assert events == ()
    assert link.receive('[3,"p-1",{"status":"Accepted"}]', now) == (RawOutcome(tag, Answer({"status": "Accepted"})),)
    tag, _ = link.question("GetTariffs", {"evseId": 0}, 10.0, now)
    assert link.receive('[4,"p-2","NotImplemented","",{}]', now) == (RawOutcome(tag, Refusal("NotImplemented")),)
    tag, _ = link.question("ClearCache", {}, 10.0, now)
    assert link.due(Moment(now.utc, now.mono_s + 10.0)) == (RawOutcome(tag, None),)


@pytest.mark.parametrize(
    ("action", "payload", "where"),
    [
        ("SetMonitoringLevel", {"severity": "five"}, "severity"),
        ("SetMonitoringLevel", {}, "severity"),
        ("Reset", {"type": "Gently"}, "type"),
        ("MakeCoffee", {}, "MakeCoffee"),
    ],
)
def test_a_wrong_question_is_explained_and_not_sent(
    new_link: NewLink, now: Moment, action: str, payload: dict[str, Json], where: str
) -> None:
    link = new_link(Version.V21)
    with pytest.raises(SchemaError, match=where):
        link.question(action, payload, 10.0, now)
    assert said(link) == []


def test_a_question_can_be_anything_the_version_knows(new_link: NewLink, now: Moment) -> None:
    lines = (Path(__file__).parents[2] / "fixtures/ocpp/messages.jsonl").read_text().splitlines()
    for line in map(json.loads, lines):
        if line["side"] == "req" and line["valid"]:
            link = new_link(Version(line["version"]))
            link.question(line["action"], line["payload"], 10.0, now)
            assert said(link)[0][2:] == [line["action"], line["payload"]]


def test_a_station_with_a_habit_is_humoured(contract: Contract, now: Moment) -> None:
    link = Link("S1", 1, Version.V201, contract, "p-", Habits(answer_delay_s=1.0))
    link.receive('[2,"h1","Heartbeat",{}]', now)
    assert said(link) == []
    link.due(Moment(now.utc, now.mono_s + 1.0))
    assert said(link)[0][:2] == [3, "h1"]


def test_a_station_that_says_who_it_is_is_humoured_from_then_on(contract: Contract, now: Moment) -> None:
    drivers = (Driver(key="v", name="V", match=Match(vendor="V"), habits=Habits(answer_delay_s=1.0)),)
    link = Link("S1", 1, Version.V201, contract, "p-", drivers=drivers)
    link.receive(BOOT, now)
    assert link.habits.answer_delay_s == 1.0
    link.receive('[2,"h1","Heartbeat",{}]', now)
    assert said(link) == []


def test_a_held_station_is_served_again_once_it_is_let_in(new_link: NewLink, now: Moment) -> None:
    link = new_link(Version.V21)
    assert link.command(HoldStation(id=1, station="S1", held=True), now) == ()
    assert link.receive(EVENT, now) == ()
    assert said(link)[0][:3] == [4, "e1", "SecurityError"]
    assert link.receive('[2,"h1","Heartbeat",{}]', now) == ()
    assert said(link)[0][:3] == [4, "h1", "SecurityError"]
    link.command(HoldStation(id=2, station="S1", held=False), now)
    assert len(link.receive(EVENT.replace("e1", "e2"), now)) == 1
    assert said(link) == []


def test_what_a_person_triggers_may_come_before_acceptance(new_link: NewLink, now: Moment) -> None:
    link = new_link(Version.V201)
    link.command(HoldStation(id=1, station="S1", held=True), now)
    link.question("TriggerMessage", {"requestedMessage": "Heartbeat"}, 10.0, now)
    link.outgoing()
    link.receive('[2,"h1","Heartbeat",{}]', now)
    assert said(link)[0][:2] == [3, "h1"]


def test_a_rejected_station_may_do_nothing_but_boot(new_link: NewLink, now: Moment) -> None:
    link = new_link(Version.V201)
    (booted,) = link.receive(BOOT, now)
    assert isinstance(booted, StationBooted)
    link.answer(AnswerBoot(call=booted.call, status=BootStatus.REJECTED, interval_s=300), now)
    assert said(link)[0][2]["status"] == "Rejected"  # type: ignore[call-overload, index]
    link.receive(STATUS, now)
    assert said(link)[0][:3] == [4, "s1", "SecurityError"]


def test_whoever_asks_for_variables_the_inventory_learns_of_them(new_link: NewLink, now: Moment) -> None:
    link = new_link(Version.V201)
    name: Json = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
    secret: Json = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    assert isinstance(name, dict)
    assert isinstance(secret, dict)
    told = VariableReport(variable=Variable("OCPPCommCtrlr", "HeartbeatInterval"), value="60")
    tag, _ = link.question("GetVariables", {"getVariableData": [name]}, 10.0, now)
    answer = {"getVariableResult": [name | {"attributeStatus": "Accepted", "attributeValue": "60"}]}
    _, learnt = link.receive(json.dumps([3, f"p-{tag}", answer]), now)
    assert learnt == VariablesReported(station="S1", rows=(told,))
    rows: list[Json] = [name | {"attributeValue": "60"}, secret | {"attributeValue": "x" * 20}]
    tag, _ = link.question("SetVariables", {"setVariableData": rows}, 10.0, now)
    results = [row | {"attributeStatus": "Accepted"} for row in (name, secret)]
    _, learnt = link.receive(json.dumps([3, f"p-{tag}", {"setVariableResult": results}]), now)
    assert learnt == VariablesReported(station="S1", rows=(told,), written=True)


def test_a_foreign_profile_that_outranks_ours_is_noted_and_ours_is_not(new_link: NewLink, now: Moment) -> None:
    link = new_link(Version.V201)

    def report(profile_id: int, level: int) -> str:
        period: Json = {"startPeriod": 0, "limit": 3000}
        schedule: Json = {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": [period]}
        profile: Json = {
            "id": profile_id,
            "stackLevel": level,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": [schedule],
        }
        told: Json = {"requestId": 1, "chargingLimitSource": "CSO", "evseId": 1, "chargingProfile": [profile]}
        return json.dumps([2, f"r{profile_id}", "ReportChargingProfiles", told])

    for profile_id, level, noted in ((110, 0, 0), (7, 0, 0), (8, 3, 1)):
        link.receive(report(profile_id, level), now)
        assert link.conformance.count(Oddity.IMPLAUSIBLE_VALUE) == noted


def test_the_details_of_a_refusal_reach_whoever_asked(new_link: NewLink, now: Moment) -> None:
    link = new_link(Version.V21)
    tag, _ = link.question("ClearCache", {}, 10.0, now)
    (outcome,) = link.receive('[4,"p-1","InternalError","no",{"where":"flash","more":"' + "x" * 5000 + '"}]', now)
    assert isinstance(outcome, RawOutcome)
    assert isinstance(outcome.reply, Refusal)
    assert outcome.reply.details.startswith('{"where":"flash"')
    assert len(outcome.reply.details) == DETAILS_LIMIT
    assert outcome.tag == tag


@pytest.mark.parametrize("version", Version)
def test_an_answer_that_answers_nothing_ends_the_waiting(new_link: NewLink, now: Moment, version: Version) -> None:
    link = new_link(version)
    for wrong in ('[3,"p-1",null]', '[3,"p-2"]', '[4,"p-3"]', '[3,"p-4",{"status":NaN}]'):
        tag, _ = link.question("ClearCache", {}, 10.0, now)
        link.outgoing()
        (outcome,) = link.receive(wrong, now)
        assert outcome == RawOutcome(tag, Refusal("FormatViolation", outcome.reply.description))  # type: ignore[union-attr]
        assert [frame[:2] for frame in said(link)] == ([[5, f"p-{tag}"]] if version is Version.V21 else [])


def test_a_question_of_ours_is_not_closed_by_a_call_of_the_same_number(new_link: NewLink, now: Moment) -> None:
    link = new_link(Version.V21)
    tag, _ = link.question("ClearCache", {}, 10.0, now)
    link.outgoing()
    link.receive('[2,"p-1","Heartbeat",{}]', now)
    assert said(link)[0][:2] == [3, "p-1"]
    (outcome,) = link.receive('[3,"p-1",{"status":"Accepted"}]', now)
    assert outcome == RawOutcome(tag, Answer({"status": "Accepted"}))


def test_every_message_of_both_versions_is_answered_exactly_once(contract: Contract) -> None:
    now = Moment(datetime(2026, 11, 22, 18, tzinfo=UTC), 0.0)
    lines = (Path(__file__).parents[2] / "fixtures/ocpp/messages.jsonl").read_text().splitlines()
    for spoken in Version:
        link = Link("S1", 1, spoken, contract, "p-")
        sent = [row for row in map(json.loads, lines) if row["side"] == "req"]
        for number, row in enumerate(sent):
            link.receive(json.dumps([2, f"c{number}", row["action"], row["payload"]]), now)
            link.due(Moment(now.utc, 60.0 * (number + 1)))
        answers = Counter(frame[1] for frame in said(link) if frame[0] in (3, 4))
        assert answers == Counter(f"c{number}" for number in range(len(sent)))


FRAMES = st.one_of(
    st.text(max_size=60),
    st.builds(
        lambda kind, rest: json.dumps([kind, *rest]),
        st.integers(0, 9),
        st.lists(st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4) | st.just({}), max_size=4),
    ),
    st.sampled_from(
        [
            '[2,"n1","Heartbeat",{"a":NaN}]',
            '[2,"n2","Heartbeat",{"a":"\\ud800"}]',
            '[2,"n3","Heartbeat",{},{}]',
            '[2,7,"Heartbeat",{}]',
            '[2,"n4","Heartbeat",[]]',
            '[2,"n5","Heartbeat",' + "[" * 40,
            '[6,"n6","NotifyPeriodicEventStream",{}]',
            '[5,"n7","GenericError","",{}]',
        ]
    ),
)


@settings(deadline=None)
@given(version=st.sampled_from(Version), frames=st.lists(FRAMES, max_size=12))
def test_whatever_is_no_answer_gets_one(contract: Contract, version: Version, frames: list[str]) -> None:
    link = Link("S1", 1, version, contract, "p-")
    now = Moment(datetime(2026, 11, 22, 18, tzinfo=UTC), 0.0)
    for number, raw in enumerate(frames):
        link.receive(raw, Moment(now.utc, 60.0 * number))
        link.due(Moment(now.utc, 60.0 * number + 59.0))
        wants_none = decoded_kind(raw) in ((3, 4, 5, 6) if version is Version.V21 else (3, 4))
        assert len(said(link)) == (0 if wants_none else 1)


def decoded_kind(raw: str) -> object:
    match decode(raw):
        case Call():
            return 2
        case CallResult() | CallError():
            return 3
        case CallResultError():
            return 5
        case Send():
            return 6
        case FrameError(answerable=answerable):
            return None if answerable else 3


ACTIONS = sorted({*DIALECTS[Version.V21].calls, *DIALECTS[Version.V21].sends, "SetChargingProfile", "Nonsense"})
LEAVES = st.none() | st.booleans() | st.integers(-(2**64), 2**64) | st.floats(allow_nan=False, allow_infinity=False)
NAMES = [
    "evseId",
    "value",
    "timestamp",
    "transactionInfo",
    "transactionId",
    "seqNo",
    "meterValue",
    "sampledValue",
    "idToken",
    "id",
]
ANYTHING = st.recursive(
    LEAVES | st.text(max_size=8) | st.just("2026-11-22T18:00:00Z"),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=10,
)
VALID = [
    line
    for line in map(json.loads, (Path(__file__).parents[2] / "fixtures/ocpp/messages.jsonl").read_text().splitlines())
    if line["side"] == "req" and line["action"] in DIALECTS[Version.V21].calls
]


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, Json]:
    """Return an action with any payload, or a good message with something broken in it."""
    if draw(st.booleans()):
        return draw(st.sampled_from(ACTIONS)), draw(st.dictionaries(st.sampled_from(NAMES), ANYTHING, max_size=4))
    line = draw(st.sampled_from(VALID))
    payload: Json = json.loads(json.dumps(line["payload"]))
    for _ in range(draw(st.integers(0, 3))):
        _break(draw, payload)
    return line["action"], payload


def _break(draw: st.DrawFn, value: Json) -> None:
    while True:
        if isinstance(value, dict) and value:
            key = draw(st.sampled_from(sorted(value)))
            if not isinstance(value[key], (dict, list)) or draw(st.booleans()):
                value[key] = draw(ANYTHING)
                return
            value = value[key]
        elif isinstance(value, list) and value:
            value = value[draw(st.integers(0, len(value) - 1))]
        else:
            return


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(version=st.sampled_from(Version), sequence=st.lists(calls(), min_size=1, max_size=12), answering=st.booleans())
def test_every_call_gets_exactly_one_answer(
    contract: Contract, version: Version, sequence: list[tuple[str, Json]], answering: bool
) -> None:
    link = Link("S1", 1, version, contract, "p-")
    now = Moment(datetime(2026, 11, 22, 18, tzinfo=UTC), 0.0)
    for number, (action, payload) in enumerate(sequence):
        for fact in link.receive(json.dumps([2, f"c{number}", action, payload]), now):
            call = getattr(fact, "call", None)
            if answering and call is not None:
                link.answer(AnswerTransaction(call=call), now)
    link.due(Moment(now.utc, 60.0))
    answers = Counter(frame[1] for frame in said(link))
    assert answers == Counter(f"c{number}" for number in range(len(sequence)))
    assert len(sequence) <= OPEN_LIMIT


@settings(deadline=None)
@given(version=st.sampled_from(Version), texts=st.lists(st.text(max_size=40) | ANYTHING.map(json.dumps), max_size=8))
def test_no_text_makes_it_raise(contract: Contract, version: Version, texts: list[str]) -> None:
    link = Link("S1", 1, version, contract, "p-")
    now = Moment(datetime(2026, 11, 22, 18, tzinfo=UTC), 0.0)
    link.command(ReadInventory(id=1, station="S1", request_id=1), now)
    for text in [*texts, '[3,"p-1",{}]', '[3,"p-1",{"status":{}}]']:
        link.receive(text, now)
    link.due(now)
    link.close()
