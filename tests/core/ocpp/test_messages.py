"""The message set of the project's reference: what is valid stays valid, what we write is what it shows."""

from datetime import UTC, datetime
import json
from pathlib import Path

import pytest

from custom_components.mobilize_flex.core.model.commands import (
    AllowTransfer,
    AnswerAuthorize,
    AnswerBoot,
    AnswerNeeds,
    AnswerPull,
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
    SetpointForm,
    SetPower,
    StationAnswer,
    StationCommand,
    TokenStatus,
    Trigger,
    Variable,
    WriteVariables,
)
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.station import Version
from custom_components.mobilize_flex.core.ocpp.link import DIALECTS
from custom_components.mobilize_flex.core.ocpp.schema import Contract, SchemaError

LINES = [
    json.loads(line) for line in (Path(__file__).parents[2] / "fixtures/ocpp/messages.jsonl").read_text().splitlines()
]
BY_NAME = {line["name"]: line for line in LINES}
AT = Moment(datetime(2026, 11, 22, 18, 0, 5, tzinfo=UTC), 0.0)  # schedules begin five seconds earlier
WHO = {"id": 1, "station": "S1"}
CALL = {"call": CallRef("S1", 1, "m")}


def power(form: SetpointForm, power_w: float, expires_s: int, **more: object) -> SetPower:
    return SetPower(  # type: ignore[arg-type]
        **WHO, evse=1, transaction="tx-7f3a", power_w=power_w, form=form, phases=3, expires_s=expires_s, **more
    )


@pytest.mark.parametrize("line", LINES, ids=[line["name"] for line in LINES])
def test_every_message_is_as_valid_as_the_reference_says(contract: Contract, line: dict[str, object]) -> None:
    try:
        contract.check(Version(str(line["version"])), line["action"], line["side"], line["payload"])  # type: ignore[arg-type]
        valid = True
    except SchemaError:
        valid = False
    assert valid is line["valid"]


LIMITS = InstallLimits(**WHO, max_w=11_040, fallback_w=4_140, phases=3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "command", "nth"),
    [
        ("B1", LIMITS, 0),
        ("B2", LIMITS, 1),
        ("C1", power(SetpointForm.DYNAMIC, 3000, 180, offline_s=60), 0),
        ("C2", power(SetpointForm.UPDATE, -2500, 180), 0),
        ("C3", power(SetpointForm.UPDATE, 0, 180), 0),
        ("C4", power(SetpointForm.DYNAMIC, 0, 900, idle=True, offline_s=60), 0),
        ("C4", power(SetpointForm.UPDATE, 0, 900, idle=True, offline_s=60), 0),
        ("C11", ClearPower(**WHO, evse=1), 0),  # type: ignore[arg-type]
        ("F1", power(SetpointForm.LIMIT, 3000, 900), 0),
        ("F6", power(SetpointForm.ABSOLUTE, -2500, 900), 0),
        ("F15", ReadInventory(**WHO, request_id=1), 0),  # type: ignore[arg-type]
        ("F16", AskToSend(**WHO, what=Trigger.STATUS, evse=1, connector=1), 0),  # type: ignore[arg-type]
        ("F17", AskTransaction(**WHO, transaction="tx-7f3a"), 0),  # type: ignore[arg-type]
        (
            "E2",
            WriteVariables(  # type: ignore[arg-type]
                **WHO,
                values=(
                    (
                        Variable("V2XChargingCtrlr", "TxUpdatedMeasurands", 1, instance="CentralSetpoint"),
                        BY_NAME["E2"]["payload"]["setVariableData"][0]["attributeValue"],
                    ),
                    (Variable("V2XChargingCtrlr", "TxUpdatedInterval", 1, instance="CentralSetpoint"), "10"),
                ),
            ),
            0,
        ),
    ],
)
def test_we_write_what_the_reference_shows(name: str, command: StationCommand, nth: int) -> None:
    request = DIALECTS[Version.V21].to_calls(command, AT)[nth]
    assert (request.action, request.payload) == (BY_NAME[name]["action"], BY_NAME[name]["payload"])


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("A1", AnswerBoot(**CALL, status=BootStatus.ACCEPTED, interval_s=300)),
        ("A2", AnswerAuthorize(**CALL, status=TokenStatus.ACCEPTED, v2g=True, phases=3)),
        ("A5", AnswerNeeds(**CALL, profile_follows=True)),
        ("A5b", AnswerNeeds(**CALL, profile_follows=False)),
        ("C6", AnswerPull(**CALL, power_w=-2500.0)),
        ("D2", AnswerTransaction(**CALL, status=TokenStatus.ACCEPTED, total_cost=0.0)),
    ],
)
def test_we_answer_what_the_reference_shows(name: str, answer: StationAnswer) -> None:
    at = Moment(datetime(2026, 11, 22, 18, 0, tzinfo=UTC), 0.0)
    assert DIALECTS[Version.V21].to_answer(answer, at) == BY_NAME[name]["payload"]


def test_v2g_is_allowed_as_the_reference_shows() -> None:
    told = AnswerAuthorize(call=CallRef("S1", 1, "m"), status=TokenStatus.ACCEPTED, v2g=True, phases=3)
    allowed = DIALECTS[Version.V21].to_answer(told, AT)["allowedEnergyTransfer"]
    assert set(BY_NAME["A3"]["payload"]["allowedEnergyTransfer"]) <= set(allowed)  # type: ignore[arg-type]


def test_a_station_is_asked_what_it_does_as_the_reference_shows() -> None:
    (request,) = DIALECTS[Version.V21].to_calls(AskSchedule(**WHO, evse=1), AT)  # type: ignore[arg-type]
    assert request.payload | {"duration": 3600} == BY_NAME["C12"]["payload"]


def test_a_car_without_a_badge_is_allowed_to_give_back_as_the_reference_shows() -> None:
    command = AllowTransfer(**WHO, transaction="tx-7f3a", phases=3)  # type: ignore[arg-type]
    (request,) = DIALECTS[Version.V21].to_calls(command, AT)
    shown = BY_NAME["A3"]["payload"]
    assert request.action == "NotifyAllowedEnergyTransfer"
    assert set(shown["allowedEnergyTransfer"]) <= set(request.payload["allowedEnergyTransfer"])  # type: ignore[arg-type,index,call-overload]


def test_priority_charging_is_ended_in_the_words_that_begin_it() -> None:
    (request,) = DIALECTS[Version.V21].to_calls(EndPriority(**WHO, transaction="tx-7f3a"), AT)  # type: ignore[arg-type]
    assert request.payload == BY_NAME["C9"]["payload"] | {"activate": False}
