"""Commands become messages a station accepts, in each version's words; what a version cannot say is refused here."""

from datetime import UTC, datetime
import json

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.mobilize_flex.core.model.commands import (
    AllowTransfer,
    AnswerAuthorize,
    AnswerBoot,
    AnswerNeeds,
    AnswerPull,
    AnswerSchedule,
    AnswerTransaction,
    AskSchedule,
    AskToSend,
    AskTransaction,
    BootStatus,
    CallRef,
    ClearPower,
    EndPriority,
    InstallLimits,
    ReadInventory,
    ReadProfiles,
    ReadVariables,
    SetpointForm,
    SetPower,
    StationAnswer,
    StationCommand,
    StopTransaction,
    TokenStatus,
    Trigger,
    Variable,
    WriteVariables,
)
from custom_components.mobilize_flex.core.model.facts import CommandRefused
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.station import Version
from custom_components.mobilize_flex.core.ocpp.link import DIALECTS, Link
from custom_components.mobilize_flex.core.ocpp.request import Priority
from custom_components.mobilize_flex.core.ocpp.schema import Contract
from custom_components.mobilize_flex.core.ocpp.wire import Payload

from .conftest import NewLink

V201, V21 = Version.V201, Version.V21
AT = Moment(datetime(2026, 11, 22, 18, 0, 5, 123_456, tzinfo=UTC), 0.0)
VARIABLES = tuple(Variable("Ctrlr", f"V{number}", 1, 2, "part", "instance") for number in range(5))


def who(number: int = 1) -> dict[str, object]:
    return {"id": number, "station": "S1"}


def power(power_w: float, form: SetpointForm = SetpointForm.DYNAMIC, **more: object) -> SetPower:
    told = {"evse": 1, "transaction": "t", "phases": 3, "expires_s": 180} | more
    return SetPower(**who(), power_w=power_w, form=form, **told)  # type: ignore[arg-type]


EVERY: list[StationCommand] = [
    InstallLimits(**who(), max_w=22_080.0, fallback_w=4_140.0, phases=3),  # type: ignore[arg-type]
    InstallLimits(**who(), max_w=7_360.0, fallback_w=3_680.0, phases=1, amperes=True),  # type: ignore[arg-type]
    *(
        power(w, form, idle=idle, amperes=a, offline_s=60)
        for w in (-5000.0, 0.0, 3210.9)
        for form in SetpointForm
        for idle in (False, True)
        for a in (False, True)
    ),
    ClearPower(**who(), evse=2),  # type: ignore[arg-type]
    AskSchedule(**who(), evse=1),  # type: ignore[arg-type]
    AskSchedule(**who(), evse=2, amperes=True),  # type: ignore[arg-type]
    EndPriority(**who(), transaction="t"),  # type: ignore[arg-type]
    AllowTransfer(**who(), transaction="t", phases=1),  # type: ignore[arg-type]
    StopTransaction(**who(), transaction="t"),  # type: ignore[arg-type]
    AskTransaction(**who(), transaction="t"),  # type: ignore[arg-type]
    *(AskToSend(**who(), what=what) for what in Trigger),  # type: ignore[arg-type]
    AskToSend(**who(), what=Trigger.STATUS, evse=1, connector=1),  # type: ignore[arg-type]
    ReadInventory(**who(), request_id=3),  # type: ignore[arg-type]
    ReadProfiles(**who(), request_id=4),  # type: ignore[arg-type]
    ReadVariables(**who(), variables=VARIABLES),  # type: ignore[arg-type]
    WriteVariables(**who(), values=tuple((variable, "1") for variable in VARIABLES)),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize("command", EVERY, ids=lambda command: type(command).__name__)
def test_every_message_we_write_fits_its_schema(contract: Contract, version: Version, command: StationCommand) -> None:
    for request in DIALECTS[version].to_calls(command, AT):
        contract.check(version, request.action, "req", request.payload)


def profile(command: StationCommand, version: Version = V21, nth: int = 0) -> tuple[Payload, Payload, Payload]:
    """Return a profile, its schedule and its period."""
    payload = DIALECTS[version].to_calls(command, AT)[nth].payload
    inner: Payload = payload["chargingProfile"]  # type: ignore[assignment]
    (schedule,) = inner["chargingSchedule"]  # type: ignore[misc,union-attr]
    (period,) = schedule["chargingSchedulePeriod"]  # type: ignore[misc,call-overload,index,union-attr]
    return inner, schedule, period  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("command", "period"),
    [
        (power(3000), {"startPeriod": 0, "operationMode": "CentralSetpoint", "setpoint": 3000}),
        (power(-2500), {"startPeriod": 0, "operationMode": "CentralSetpoint", "setpoint": -2500}),
        (power(0), {"startPeriod": 0, "operationMode": "CentralSetpoint", "setpoint": 0}),
        (power(-4), {"startPeriod": 0, "operationMode": "CentralSetpoint", "setpoint": 0}),
        (power(3219.9), {"startPeriod": 0, "operationMode": "CentralSetpoint", "setpoint": 3210}),
        (power(-3219.9), {"startPeriod": 0, "operationMode": "CentralSetpoint", "setpoint": -3210}),
        (power(2999.9999999), {"startPeriod": 0, "operationMode": "CentralSetpoint", "setpoint": 3000}),
        (power(6900, amperes=True), {"startPeriod": 0, "operationMode": "CentralSetpoint", "setpoint": 10}),
        (power(-2300, amperes=True, phases=1), {"startPeriod": 0, "operationMode": "CentralSetpoint", "setpoint": -10}),
        (power(0, idle=True), {"startPeriod": 0, "operationMode": "Idle", "preconditioningRequest": False}),
        (power(3000, SetpointForm.LIMIT), {"startPeriod": 0, "limit": 3000, "numberPhases": 3}),
        (power(-3000, SetpointForm.LIMIT), {"startPeriod": 0, "limit": 0, "numberPhases": 3}),
        (power(3000, SetpointForm.LIMIT, amperes=True, phases=1), {"startPeriod": 0, "limit": 13, "numberPhases": 1}),
        (power(3000, SetpointForm.LIMIT, amperes=True), {"startPeriod": 0, "limit": 4.3, "numberPhases": 3}),
        (
            power(0, SetpointForm.ABSOLUTE, idle=True),
            {"startPeriod": 0, "operationMode": "Idle", "preconditioningRequest": False},
        ),
    ],
)
def test_a_period_holds_what_its_mode_wants_and_nothing_else(command: SetPower, period: Payload) -> None:
    assert profile(command)[2] == period


@pytest.mark.parametrize(
    ("form", "kind", "start", "offline"),
    [
        (SetpointForm.DYNAMIC, "Dynamic", None, True),
        (SetpointForm.ABSOLUTE, "Absolute", "2026-11-22T18:00:00Z", True),
        (SetpointForm.LIMIT, "Absolute", "2026-11-22T18:00:00Z", True),
        (SetpointForm.VENDOR, "Absolute", "2026-11-22T18:00:00Z", False),
    ],
)
def test_an_order_lapses_by_itself(form: SetpointForm, kind: str, start: str | None, offline: bool) -> None:
    inner, schedule, _ = profile(power(3000, form, offline_s=60))
    assert (inner["chargingProfileKind"], inner["chargingProfilePurpose"], inner["stackLevel"]) == (
        kind,
        "TxProfile",
        1,
    )
    assert (schedule["duration"], schedule.get("startSchedule"), schedule["chargingRateUnit"]) == (180, start, "W")
    assert ("maxOfflineDuration" in inner, "invalidAfterOfflineDuration" in inner) == (offline, offline)
    assert inner["transactionId"] == "t"
    assert "maxOfflineDuration" not in profile(power(3000, form))[0]


def test_each_evse_has_profiles_of_its_own() -> None:
    assert [profile(power(1, evse=evse))[0]["id"] for evse in (1, 2)] == [200, 201]
    clear = DIALECTS[V21].to_calls(ClearPower(**who(), evse=2), AT)  # type: ignore[arg-type]
    assert clear[0].payload == {"chargingProfileId": 201}


def test_lasting_limits_in_amperes() -> None:
    command = InstallLimits(**who(), max_w=22_080.0, fallback_w=11_040.0, phases=3, amperes=True)  # type: ignore[arg-type]
    assert [profile(command, V201, nth)[2]["limit"] for nth in (0, 1)] == [32, 16]
    assert [profile(command, V201, nth)[1]["chargingRateUnit"] for nth in (0, 1)] == ["A", "A"]


@pytest.mark.parametrize(
    "command",
    [
        power(3000, SetpointForm.DYNAMIC),
        power(3000, SetpointForm.UPDATE),
        power(3000, SetpointForm.ABSOLUTE),
        EndPriority(**who(), transaction="t"),  # type: ignore[arg-type]
        AllowTransfer(**who(), transaction="t", phases=1),  # type: ignore[arg-type]
    ],
)
def test_2_0_1_has_no_words_for_giving_back(new_link: NewLink, command: StationCommand) -> None:
    link = new_link(V201)
    (refused,) = link.command(command, AT)
    assert isinstance(refused, CommandRefused)
    assert (refused.id, refused.supported, refused.reason) == (1, False, "NotSupported")
    assert link.outgoing() == []


def test_what_moves_power_is_urgent_and_soon_given_up() -> None:
    requests = {type(c).__name__ + getattr(c, "form", ""): DIALECTS[V21].to_calls(c, AT)[0] for c in EVERY}
    assert {n for n, r in requests.items() if r.priority is Priority.CONTROL} == {
        "SetPowerdynamic",
        "SetPowerupdate",
        "SetPowerabsolute",
        "SetPowerlimit",
        "SetPowervendor",
        "ClearPower",
        "EndPriority",
        "AllowTransfer",
        "StopTransaction",
    }
    (update,) = DIALECTS[V21].to_calls(power(1, SetpointForm.UPDATE), AT)
    assert (update.open_s, requests["SetPowerdynamic"].open_s, requests["ReadInventory"].open_s) == (
        10,
        15,
        45,
    )


def test_variables_leave_in_portions_a_station_takes() -> None:
    command = ReadVariables(**who(), variables=VARIABLES, per_message=4)  # type: ignore[arg-type]
    assert [len(request.payload["getVariableData"]) for request in DIALECTS[V201].to_calls(command, AT)] == [4, 1]  # type: ignore[arg-type]
    write = WriteVariables(**who(), values=((VARIABLES[0], "x"),), per_message=4)  # type: ignore[arg-type]
    (request,) = DIALECTS[V201].to_calls(write, AT)
    assert request.payload == {
        "setVariableData": [
            {
                "component": {"name": "Ctrlr", "instance": "part", "evse": {"id": 1, "connectorId": 2}},
                "variable": {"name": "V0", "instance": "instance"},
                "attributeValue": "x",
            }
        ]
    }
    assert DIALECTS[V201].to_calls(ReadVariables(**who(), variables=()), AT) == ()  # type: ignore[arg-type]


CALL = {"call": CallRef("S1", 7, "m")}


@pytest.mark.parametrize(
    ("answer", "in_201", "in_21"),
    [
        (
            AnswerBoot(**CALL, status=BootStatus.PENDING, interval_s=60),
            {"currentTime": "2026-11-22T18:00:05.123Z", "interval": 60, "status": "Pending"},
            None,
        ),
        (
            AnswerAuthorize(**CALL, status=TokenStatus.BLOCKED, v2g=True, phases=3),
            {"idTokenInfo": {"status": "Blocked"}},
            None,
        ),
        (
            AnswerAuthorize(**CALL, status=TokenStatus.ACCEPTED, v2g=True, phases=1),
            {"idTokenInfo": {"status": "Accepted"}},
            {"idTokenInfo": {"status": "Accepted"}, "allowedEnergyTransfer": ["AC_BPT", "AC_single_phase"]},
        ),
        (
            AnswerAuthorize(**CALL, status=TokenStatus.ACCEPTED, v2g=False, phases=3),
            {"idTokenInfo": {"status": "Accepted"}},
            None,
        ),
        (AnswerTransaction(**CALL), {}, None),
        (AnswerTransaction(**CALL, total_cost=1.23456), {"totalCost": 1.2346}, None),
        (AnswerNeeds(**CALL, profile_follows=False), {"status": "Processing"}, {"status": "NoChargingProfile"}),
        (AnswerSchedule(**CALL, accepted=False), {"status": "Rejected"}, None),
        (AnswerSchedule(**CALL, accepted=True), {"status": "Accepted"}, None),
    ],
)
def test_answers_in_each_versions_words(answer: StationAnswer, in_201: Payload, in_21: Payload | None) -> None:
    assert DIALECTS[V201].to_answer(answer, AT) == in_201
    assert DIALECTS[V21].to_answer(answer, AT) == (in_201 if in_21 is None else in_21)


def test_a_pull_for_a_foreign_profile_is_rejected(contract: Contract) -> None:
    for power_w, status in ((None, "Rejected"), (-1234.5, "Accepted")):
        payload = DIALECTS[V21].to_answer(AnswerPull(**CALL, power_w=power_w), AT)
        contract.check(V21, "PullDynamicScheduleUpdate", "res", payload)
        assert payload["status"] == status


@settings(deadline=None)
@given(
    w=st.floats(-1e5, 1e5), amperes=st.booleans(), phases=st.sampled_from([1, 3]), form=st.sampled_from(SetpointForm)
)
def test_an_order_never_exceeds_what_was_decided(w: float, amperes: bool, phases: int, form: SetpointForm) -> None:
    (request,) = DIALECTS[V21].to_calls(power(w, form, amperes=amperes, phases=phases), AT)
    figures = [float(value) for key, value in _leaves(request.payload) if key in ("setpoint", "limit")]
    (figure,) = figures
    as_w = figure * 230.0 * phases if amperes else figure
    assert abs(as_w) <= abs(w) + 1.0
    assert figure == 0 or (figure > 0) is (w > 0)
    assert round(figure, 1) == figure


def _leaves(value: object) -> list[tuple[str, object]]:
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in (_leaves(inner) or [(key, inner)])]
    return [leaf for inner in value for leaf in _leaves(inner)] if isinstance(value, list) else []


def test_a_newer_order_takes_the_place_of_one_that_has_not_left(new_link: NewLink) -> None:
    link = new_link(V21)
    link.command(ReadInventory(**who(1), request_id=1), AT)  # type: ignore[arg-type]
    for number, w in ((2, 1000.0), (3, 2000.0)):
        command = SetPower(
            **who(number), evse=1, transaction="t", power_w=w, form=SetpointForm.UPDATE, phases=1, expires_s=180
        )  # type: ignore[arg-type]
        events = link.command(command, AT)
    assert events == (CommandRefused(station="S1", id=2, reason="Superseded"),)
    link.outgoing()
    _reply(link, 1, {"status": "Accepted"})
    (sent,) = [json.loads(text) for text in link.outgoing()]
    assert sent[3]["scheduleUpdate"] == {"setpoint": 2000}


def _reply(link: Link, number: int, payload: Payload) -> tuple[object, ...]:
    return link.receive(json.dumps([3, f"p-{number}", payload]), AT)


@pytest.mark.parametrize("version", [V21, V201])
@pytest.mark.parametrize("form", [SetpointForm.DYNAMIC, SetpointForm.UPDATE, SetpointForm.ABSOLUTE])
def test_only_an_order_to_give_back_leaves_behind_the_answer_that_accepts_the_cars_needs(
    version: Version, form: SetpointForm
) -> None:
    for power_w, behind in ((-3000.0, "NotifyEVChargingNeeds"), (0.0, None), (3000.0, None)):
        requests = DIALECTS[version].to_calls(power(power_w, form), AT)
        assert {request.behind for request in requests} <= {behind}
