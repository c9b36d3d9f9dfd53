"""A kind of station is described by a file; what the file says is read strictly and written on the wire as said."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from custom_components.mobilize_flex.core.model.abilities import Abilities
from custom_components.mobilize_flex.core.model.commands import (
    AnswerAuthorize,
    CallRef,
    ClearPower,
    SetpointForm,
    SetPower,
    TokenStatus,
)
from custom_components.mobilize_flex.core.model.driver import Driver, Habits, LetsGo, Match, Route, RouteKind
from custom_components.mobilize_flex.core.model.facts import CommandAccepted, CommandRefused
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.station import Version
from custom_components.mobilize_flex.core.ocpp.drivers import (
    STANDARD,
    DriverError,
    driver_for,
    habits_of,
    read_driver,
    with_habits,
)
from custom_components.mobilize_flex.core.ocpp.link import Link
from custom_components.mobilize_flex.core.ocpp.schema import Contract, SchemaError
from custom_components.mobilize_flex.shell.drivers import load_drivers

from .conftest import NewLink

type Json = Any

OURS_BY_KEY = {driver.key: driver for driver in load_drivers()}
HYBRID = OURS_BY_KEY["hybrid"].route
NEGATIVE = OURS_BY_KEY["negative_limit"].route
CUSTOM = OURS_BY_KEY["example_custom_data"].route
TRANSFER = OURS_BY_KEY["example_data_transfer"].route
VARIABLE = OURS_BY_KEY["example_variable"].route


def order(route: Route | None, form: SetpointForm = SetpointForm.VENDOR, power_w: float = -2500.0) -> SetPower:
    return SetPower(
        id=5,
        station="S1",
        evse=1,
        transaction="tx-7f3a",
        power_w=power_w,
        form=form,
        phases=3,
        expires_s=900,
        route=route,
    )


def spoken(link: Link, now: Moment) -> list[tuple[str, Json]]:
    """Return action and payload of what the link wants to say, answering each so that the next may leave."""
    said = []
    while texts := link.outgoing():
        for text in texts:
            frame = orjson.loads(text)
            said.append((frame[2], frame[3]))
            _answer(link, frame, now)
    return said


def _answer(link: Link, frame: Json, now: Moment) -> None:
    results = {
        "SetVariables": {
            "setVariableResult": [
                {"attributeStatus": "Accepted", **{k: row[k] for k in ("component", "variable")}}
                for row in frame[3].get("setVariableData", [])
            ]
        }
    }
    reply = [3, frame[1], results.get(frame[2], {"status": "Accepted"})]
    link.receive(orjson.dumps(reply).decode(), now)


# reading


FIELDS = {"vendor_id": "org.example", "fields": {"p": "{setpoint_w}"}}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "name is a text"),
        ({"colour": 1}, "colour is not known"),
        ({"match": []}, "match: not an object"),
        ({"match": {"vendor": "["}}, "no regular expression"),
        ({"match": {"model": "x"}}, "vendor is a text"),
        ({"habits": {"answer_delay_s": 11}}, "answer_delay_s"),
        ({"habits": {"watts": "no"}}, "watts is true or false"),
        ({"habits": {"discharge_route": "x"}}, "discharge_route is not known"),
        ({"route": {"kind": "magic", "lets_go": "profile"}}, "magic"),
        ({"route": {"kind": "native", "lets_go": "profile"}}, "needs no file"),
        ({"route": {"kind": "hybrid"}}, "lets_go is a text"),
        ({"route": {"kind": "hybrid", "lets_go": "never"}}, "lets go with its profile"),
        ({"route": {"kind": "hybrid", "lets_go": "profile", "vendor_id": "x"}}, "vendor_id is not known"),
        ({"route": {"kind": "custom_data", "lets_go": "profile", **FIELDS, "fields": {}}}, "from 1 to 20"),
        ({"route": {"kind": "custom_data", "lets_go": "profile", **FIELDS, "fields": {"p": "{soc}"}}}, "{soc} is none"),
        ({"route": {"kind": "custom_data", "lets_go": "profile", **FIELDS, "fields": {"p": "{evse}"}}}, "no power"),
        ({"route": {"kind": "custom_data", "lets_go": "message", **FIELDS}}, "expires_s is not in it"),
        (
            {"route": {"kind": "custom_data", "lets_go": "profile", **FIELDS, "fields": {"vendorId": "{setpoint_w}"}}},
            "vendorId is taken",
        ),
        ({"route": {"kind": "variable", "lets_go": "profile", "component": "C", "value": "{setpoint_w}"}}, "variable"),
    ],
)
def test_a_file_that_makes_no_sense_says_where(change: dict[str, Json], words: str) -> None:
    with pytest.raises(DriverError, match=r".*") as caught:
        read_driver("x", {"name": "X", **change})
    assert words in str(caught.value)


@pytest.mark.parametrize("key", ["", "Mine", "../x", "a" * 41, "a b"])
def test_the_name_of_a_file_is_a_plain_word(key: str) -> None:
    with pytest.raises(DriverError):
        read_driver(key, {"name": "X"})


# who is meant

SLOW = Driver(
    key="slow",
    name="",
    match=Match(vendor="Acme.*", model="Wall 2", firmware=r"1\..*"),
    habits=Habits(answer_delay_s=1.0),
)
AMPERES = Driver(key="amperes", name="", match=Match(vendor="acme"), habits=Habits(watts=False))
BY_HAND = Driver(key="by_hand", name="", habits=Habits(update=False))


@pytest.mark.parametrize(
    ("who", "driver"),
    [
        (("ACME Ltd", "wall 2", "1.7"), SLOW),
        (("Acme", "Wall 2", "2.0"), AMPERES),
        (("Acme", None, None), AMPERES),
        (("Acme Ltd", "Wall 3", "1.7"), None),
        (("Other", "Wall 2", "1.7"), None),
        ((None, None, None), None),
    ],
)
def test_the_first_file_that_fits_counts(who: tuple[str | None, str | None, str | None], driver: Driver | None) -> None:
    drivers = (BY_HAND, SLOW, AMPERES)
    assert driver_for(*who, drivers) is driver
    assert habits_of(*who, drivers) == (driver.habits if driver else STANDARD)


def test_what_its_kind_is_known_not_to_have_counts_for_more_than_what_a_station_tells() -> None:
    told = Abilities(update=True, watts=True, dynamic=True)
    assert with_habits(told, STANDARD) is told
    assert with_habits(told, Habits(update=False)) == replace(told, update=False)
    assert with_habits(told, Habits(watts=False)) == replace(told, watts=False)


# on the wire

PROFILE = {
    "evseId": 1,
    "chargingProfile": {
        "id": 200,
        "stackLevel": 1,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Absolute",
        "transactionId": "tx-7f3a",
        "chargingSchedule": [
            {"id": 200, "startSchedule": "2026-11-22T17:59:55Z", "duration": 900, "chargingRateUnit": "W"}
        ],
    },
}


def profile(period: Json) -> Json:
    """Return the profile that all routes share, with this period in it."""
    schedule = {**PROFILE["chargingProfile"]["chargingSchedule"][0], "chargingSchedulePeriod": [period]}  # type: ignore[index]
    return {"evseId": 1, "chargingProfile": {**PROFILE["chargingProfile"], "chargingSchedule": [schedule]}}  # type: ignore[dict-item]


CUSTOM_WORDS = {"vendorId": "org.example.v2x", "setpoint": -2500, "operationMode": "CentralSetpoint"}
F2 = profile({"startPeriod": 0, "limit": -2500, "numberPhases": 3})
F3 = profile({"startPeriod": 0, "limit": 0, "numberPhases": 3, "customData": CUSTOM_WORDS})
F4 = {
    "vendorId": "org.example.v2x",
    "messageId": "SetSetpoint",
    "data": {"evseId": 1, "transactionId": "tx-7f3a", "setpointW": -2500, "validForS": 900},
}
F5 = {
    "setVariableData": [
        {
            "component": {"name": "V2XChargingCtrlr", "evse": {"id": 1}},
            "variable": {"name": "Setpoint"},
            "attributeValue": "-2500",
        }
    ]
}
F6 = profile({"startPeriod": 0, "operationMode": "CentralSetpoint", "setpoint": -2500})
PAUSE = profile({"startPeriod": 0, "limit": 0, "numberPhases": 3})


@pytest.mark.parametrize(
    ("route", "form", "said"),
    [
        (NEGATIVE, SetpointForm.VENDOR, [("SetChargingProfile", F2)]),
        (CUSTOM, SetpointForm.VENDOR, [("SetChargingProfile", F3)]),
        (TRANSFER, SetpointForm.VENDOR, [("SetChargingProfile", PAUSE), ("DataTransfer", F4)]),
        (VARIABLE, SetpointForm.VENDOR, [("SetChargingProfile", PAUSE), ("SetVariables", F5)]),
        (HYBRID, SetpointForm.ABSOLUTE, [("SetChargingProfile", F6)]),
    ],
    ids=["F2", "F3", "F4", "F5", "F6"],
)
def test_each_route_has_its_words(
    new_link: NewLink, now: Moment, route: Route, form: SetpointForm, said: list[tuple[str, Json]]
) -> None:
    link = new_link(Version.V201)
    assert link.command(order(route, form), now) == ()
    assert spoken(link, now) == said


def test_the_hybrid_words_fit_2_1_and_nothing_else(contract: Contract) -> None:
    contract.check(Version.V21, "SetChargingProfile", "req", F6)
    with pytest.raises(SchemaError):
        contract.check(Version.V201, "SetChargingProfile", "req", F6)
    for payload in (F2, F3):
        contract.check(Version.V201, "SetChargingProfile", "req", payload)


@pytest.mark.parametrize("route", [NEGATIVE, CUSTOM, TRANSFER, VARIABLE])
def test_a_charge_on_a_vendors_route_is_a_plain_limit_with_the_power_in_his_words(
    new_link: NewLink, now: Moment, route: Route
) -> None:
    link = new_link(Version.V201)
    link.command(order(route, power_w=3000.0), now)
    said = spoken(link, now)
    schedule = said[0][1]["chargingProfile"]["chargingSchedule"][0]
    assert schedule["chargingSchedulePeriod"][0]["limit"] == 3000
    assert ("3000" in str(said[1:])) is (route.kind in (RouteKind.DATA_TRANSFER, RouteKind.VARIABLE))


@pytest.mark.parametrize(
    ("route", "last"),
    [
        (None, "ClearChargingProfile"),
        (HYBRID, "ClearChargingProfile"),
        (NEGATIVE, "ClearChargingProfile"),
        (TRANSFER, "DataTransfer"),
        (VARIABLE, "SetVariables"),
    ],
)
def test_withdrawing_takes_the_vendors_words_back_too(
    new_link: NewLink, now: Moment, route: Route | None, last: str
) -> None:
    link = new_link(Version.V201)
    link.command(ClearPower(id=6, station="S1", evse=1, transaction="tx-7f3a", route=route), now)
    said = spoken(link, now)
    assert said[0] == ("ClearChargingProfile", {"chargingProfileId": 200})
    assert said[-1][0] == last
    assert "-2500" not in str(said)


def test_a_newer_order_never_pushes_a_withdrawal_of_a_vendors_words_aside(new_link: NewLink, now: Moment) -> None:
    link = new_link(Version.V201)
    link.command(order(VARIABLE), now)
    link.command(ClearPower(id=6, station="S1", evse=1, transaction="tx-7f3a", route=VARIABLE), now)
    link.command(order(None, SetpointForm.LIMIT, 0.0), now)
    said = spoken(link, now)
    values = [p["setVariableData"][0]["attributeValue"] for action, p in said if action == "SetVariables"]
    assert values[-1:] == ["0"]
    assert said[-1][0] in ("SetChargingProfile", "SetVariables")


def test_phases_units_and_constants_reach_a_template(new_link: NewLink, now: Moment) -> None:
    fields = (
        ("a", "{setpoint_a}"),
        ("out", "{discharge_w}"),
        ("text", "P={setpoint_w};E={evse}"),
        ("on", True),
        ("n", 3),
    )
    route = replace(TRANSFER, lets_go=LetsGo.PROFILE, fields=fields)
    link = new_link(Version.V201)
    link.command(order(route), now)
    assert spoken(link, now)[1][1]["data"] == {"a": -3.6, "out": 2500, "text": "P=-2500;E=1", "on": True, "n": 3}


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ({"status": "Accepted"}, CommandAccepted),
        ({"status": "UnknownVendorId"}, CommandRefused),
        ({"status": "Rejected"}, CommandRefused),
    ],
)
def test_an_order_stands_only_when_the_vendors_part_of_it_does(
    new_link: NewLink, now: Moment, reply: Json, kind: type
) -> None:
    link = new_link(Version.V201)
    link.command(order(TRANSFER), now)
    first = orjson.loads(link.outgoing()[0])
    assert link.receive(orjson.dumps([3, first[1], {"status": "Accepted"}]).decode(), now) == ()
    second = orjson.loads(link.outgoing()[0])
    (fact,) = link.receive(orjson.dumps([3, second[1], reply]).decode(), now)
    assert isinstance(fact, kind)


@pytest.mark.parametrize(("status", "kind"), [("Accepted", CommandAccepted), ("Rejected", CommandRefused)])
def test_a_variable_that_is_refused_refuses_the_order(new_link: NewLink, now: Moment, status: str, kind: type) -> None:
    link = new_link(Version.V201)
    link.command(order(VARIABLE), now)
    first = orjson.loads(link.outgoing()[0])
    link.receive(orjson.dumps([3, first[1], {"status": "Accepted"}]).decode(), now)
    second = orjson.loads(link.outgoing()[0])
    row = {"attributeStatus": status, "component": {"name": "V2XChargingCtrlr"}, "variable": {"name": "Setpoint"}}
    (fact,) = link.receive(orjson.dumps([3, second[1], {"setVariableResult": [row]}]).decode(), now)
    assert isinstance(fact, kind)


@pytest.mark.parametrize(
    ("v2g", "hybrid", "transfers"),
    [
        (True, True, ["AC_BPT", "AC_three_phase", "AC_single_phase"]),
        (True, False, None),
        (False, True, None),
    ],
)
def test_a_hybrid_station_is_told_the_allowed_transfers_in_words_of_2_1(
    new_link: NewLink, now: Moment, v2g: bool, hybrid: bool, transfers: list[str] | None
) -> None:
    link = new_link(Version.V201)
    asked = [2, "m1", "Authorize", {"idToken": {"idToken": "A", "type": "ISO14443"}}]
    link.receive(orjson.dumps(asked).decode(), now)
    ref = CallRef("S1", 7, "m1")
    answer = AnswerAuthorize(call=ref, status=TokenStatus.ACCEPTED, v2g=v2g, phases=3, hybrid=hybrid)
    assert link.answer(answer, now)
    (text,) = link.outgoing()
    assert orjson.loads(text)[2].get("allowedEnergyTransfer") == transfers
