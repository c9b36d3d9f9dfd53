"""Which charging profiles the station takes, and what they make it do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
import math
from typing import Any

import pytest

from simulator.profile_rules import Ability, Circumstances, Refusal
from simulator.profiles import ProfileStack, Setting, Situation, Wiring
from tests.simulator.controller import dynamic, profile, schedule

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
RUNNING = Circumstances(transaction_id="tx", v2x_agreed=True)
SITUATION = Situation(NOW, Wiring(230, 3), "tx", NOW - timedelta(hours=1), v2x_agreed=True)
START = "2026-11-22T18:00:00Z"

CENTRAL = {"operationMode": "CentralSetpoint", "setpoint": -2_500}
STATION_MAX = {"chargingProfilePurpose": "ChargingStationMaxProfile", "chargingProfileKind": "Absolute", "id": 100}
TX = {"chargingProfilePurpose": "TxProfile", "transactionId": "tx", "stackLevel": 1, "id": 200}
PRIORITY = {"chargingProfilePurpose": "PriorityCharging", "id": 120}


def stack(*profiles: tuple[int, dict[str, Any]], ability: Ability | None = None) -> ProfileStack:
    installed = ProfileStack(ability or Ability())
    for evse_id, raw in profiles:
        installed.install(raw, evse_id, NOW, RUNNING)
    return installed


def tx(*periods: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return profile(**{**TX, "chargingSchedule": [schedule(*periods)], **changes})


def one(**changes: Any) -> list[dict[str, Any]]:
    return [schedule({"limit": 6_000}, **changes)]


REFUSED = [
    ("InvalidValue", 0, tx({"limit": 6_000})),
    ("InvalidValue", 1, profile(**STATION_MAX, chargingSchedule=one(startSchedule=START))),
    ("InvalidValue", 0, profile(**{**STATION_MAX, "chargingProfileKind": "Relative"}, chargingSchedule=one())),
    ("InvalidValue", 1, profile(chargingProfilePurpose="ChargingStationExternalConstraints")),
    ("InvalidValue", 7, profile()),
    ("UnsupportedPurpose", 1, profile(chargingProfilePurpose="LocalGeneration")),
    ("MissingParam", 1, profile(**{**TX, "transactionId": "tx"}) | {"chargingProfileKind": "Recurring"}),
    ("TxNotFound", 1, tx({"limit": 6_000}, transactionId="another")),
    ("InvalidStackLevel", 1, profile(stackLevel=99)),
    ("InvalidProfileId", 1, profile(id=0)),
    ("InvalidSchedule", 1, profile(chargingProfileKind="Absolute")),
    ("InvalidSchedule", 1, profile(chargingSchedule=one(startSchedule=START))),
    ("InvalidSchedule", 1, profile(chargingSchedule=[schedule({"startPeriod": 10, "limit": 1})])),
    ("InvalidSchedule", 1, profile(chargingSchedule=[schedule({"limit": 1}, {"startPeriod": 0, "limit": 2})])),
    ("InvalidSchedule", 1, tx({"operationMode": "CentralSetpoint"})),
    ("InvalidSchedule", 1, tx({"setpoint": 3_000, "limit": 6_000})),
    ("InvalidSchedule", 1, tx({"operationMode": "ChargingOnly"})),
    ("InvalidSchedule", 1, tx({"operationMode": "Idle", "limit": 0})),
    ("InvalidSchedule", 1, tx({"limit": 6_000, "phaseToUse": 1, "numberPhases": 1})),
    ("InvalidSchedule", 1, tx({"limit": -3_000})),
    ("InvalidSchedule", 1, tx({**CENTRAL, "dischargeLimit": -1_000})),
    ("InvalidSchedule", 1, tx({**CENTRAL, "setpoint_L2": 100, "setpoint_L3": -100})),
    ("PhaseConflict", 1, tx({**CENTRAL, "setpoint_L2": -100, "setpoint_L3": -100})),
    ("InvalidSchedule", 0, profile(**STATION_MAX, chargingSchedule=[schedule(CENTRAL, startSchedule=START)])),
    ("InvalidSchedule", 1, profile(**PRIORITY, chargingSchedule=one(duration=60))),
    ("InvalidSchedule", 1, profile(chargingSchedule=one(randomizedDelay=30))),
    ("InvalidSchedule", 1, profile(chargingSchedule=one(useLocalTime=True))),
    ("UnsupportedParam", 1, profile(chargingSchedule=one(limitAtSoC={"soc": 80, "limit": 1_400}))),
    ("InvalidProfile", 1, profile(dynUpdateInterval=30)),
    ("NoFreqWattCurve", 1, tx({"operationMode": "LocalFrequency"})),
    ("InvalidOperationMode", 1, tx({"operationMode": "LocalLoadBalancing"})),
    ("InvalidSchedule", 1, tx(CENTRAL, {"startPeriod": 60, **CENTRAL}, chargingProfileKind="Dynamic")),
]


@pytest.mark.parametrize(("code", "evse_id", "raw"), REFUSED, ids=[f"{n}-{row[0]}" for n, row in enumerate(REFUSED)])
def test_a_broken_rule_is_refused_by_its_name(code: str, evse_id: int, raw: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refusal:
        stack((evse_id, raw))
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("code", "ability", "circumstances"),
    [
        ("UnsupportedKind", Ability(dynamic=False), RUNNING),
        ("UnsupportedRateUnit", Ability(units=frozenset({"A"})), RUNNING),
        ("TxNotFound", Ability(), Circumstances()),
        ("InvalidMessageSeq", Ability(), replace(RUNNING, needs_pending=True)),
        ("InvalidOperationMode", Ability(), replace(RUNNING, v2x_agreed=False)),
        ("InvalidOperationMode", Ability(modes=frozenset({"ChargingOnly"})), RUNNING),
    ],
)
def test_a_v2g_profile_needs_the_station_and_the_session_for_it(
    code: str, ability: Ability, circumstances: Circumstances
) -> None:
    with pytest.raises(Refusal) as refusal:
        ProfileStack(ability).install(dynamic(-2_500, "tx"), 1, NOW, circumstances)
    assert refusal.value.code == code


def test_a_transaction_profile_without_transaction_is_incomplete() -> None:
    raw = tx({"limit": 6_000})
    del raw["transactionId"]
    with pytest.raises(Refusal, match="MissingParam"):
        stack((1, raw))


def test_the_same_id_replaces_and_the_same_place_is_taken() -> None:
    installed = stack((1, profile()), (1, profile(chargingSchedule=one())))
    assert installed.setting(SITUATION).limit_w == 6_000
    with pytest.raises(Refusal, match="DuplicateProfile"):
        installed.install(profile(id=111), 0, NOW, RUNNING)


def test_without_any_profile_charging_knows_no_limit() -> None:
    assert stack().setting(SITUATION) == Setting()
    assert stack().setting(SITUATION).limit_w == math.inf


LAYERS = [
    ("default alone", [(0, profile())], {}, "TxDefaultProfile", 4_140),
    ("transaction hides default", [(0, profile()), (1, tx({"limit": 9_000}))], {}, "TxProfile", 9_000),
    (
        "another transaction's profile is nothing",
        [(0, profile()), (1, tx({"limit": 9_000}))],
        {"transaction_id": "later"},
        "TxDefaultProfile",
        4_140,
    ),
    (
        "priority hides both",
        [(0, profile()), (1, tx({"limit": 9_000})), (1, profile(**PRIORITY, chargingSchedule=one()))],
        {"priority": True},
        "PriorityCharging",
        6_000,
    ),
    (
        "priority sleeps until it is used",
        [(0, profile()), (1, profile(**PRIORITY, chargingSchedule=one()))],
        {},
        "TxDefaultProfile",
        4_140,
    ),
    (
        "the station's maximum caps",
        [(0, profile(**STATION_MAX, chargingSchedule=one(startSchedule=START))), (1, tx({"limit": 9_000}))],
        {},
        "TxProfile",
        6_000,
    ),
    (
        "the higher level wins",
        [(0, profile()), (0, profile(id=111, stackLevel=3, chargingSchedule=one()))],
        {},
        "TxDefaultProfile",
        6_000,
    ),
    (
        "a car that wants all leaves the transaction's profile",
        [(0, profile()), (1, tx({"limit": 9_000}))],
        {"car_wants_all": True},
        "TxDefaultProfile",
        4_140,
    ),
]


@pytest.mark.parametrize(
    ("profiles", "changes", "layer", "limit_w"), [row[1:] for row in LAYERS], ids=[row[0] for row in LAYERS]
)
def test_layers_hide_and_cap_each_other(
    profiles: list[tuple[int, dict[str, Any]]], changes: dict[str, Any], layer: str, limit_w: float
) -> None:
    setting = stack(*profiles).setting(replace(SITUATION, **changes))
    assert (setting.layer, setting.limit_w) == (layer, limit_w)


def test_a_setpoint_is_capped_by_the_station_maximum() -> None:
    cap = profile(**STATION_MAX, chargingSchedule=one(startSchedule=START))
    installed = stack((0, cap), (1, tx({"operationMode": "CentralSetpoint", "setpoint": 9_000})))
    assert installed.setting(SITUATION).setpoint_w == 6_000


@pytest.mark.parametrize(
    ("unit", "period", "phases", "limit_w"),
    [
        ("W", {"limit": 6_900}, 3, 6_900),
        ("W", {"limit": 6_900}, 1, 2_300),
        ("W", {"limit": 6_900, "numberPhases": 1}, 1, 6_900),
        ("W", {"limit": 6_900, "numberPhases": 1}, 3, 6_900),
        ("A", {"limit": 16}, 3, 11_040),
        ("A", {"limit": 16}, 1, 3_680),
        ("A", {"limit": 16, "numberPhases": 1}, 3, 3_680),
    ],
)
def test_watts_are_shared_over_the_phases_named(unit: str, period: dict[str, Any], phases: int, limit_w: float) -> None:
    installed = stack((1, profile(chargingSchedule=[schedule(period, chargingRateUnit=unit)])))
    setting = installed.setting(replace(SITUATION, wiring=Wiring(230, phases)))
    assert setting.limit_w == pytest.approx(limit_w)


def test_a_dynamic_profile_dies_when_nobody_renews_it() -> None:
    installed = stack((0, profile()), (1, dynamic(-2_500, "tx", 180)))
    assert installed.setting(SITUATION).setpoint_w == -2_500
    late = replace(SITUATION, now=NOW + timedelta(seconds=170))
    installed.update(200, {"setpoint": -3_000}, late.now, RUNNING)
    alive = replace(SITUATION, now=late.now + timedelta(seconds=179))
    assert installed.setting(alive).setpoint_w == -3_000
    dead = installed.setting(replace(SITUATION, now=late.now + timedelta(seconds=180)))
    assert (dead.layer, dead.setpoint_w, dead.limit_w) == ("TxDefaultProfile", None, 4_140)


@pytest.mark.parametrize(
    ("profile_id", "fields", "circumstances", "code"),
    [
        (999, {"setpoint": 0}, RUNNING, "InvalidProfile"),
        (110, {"limit": 0}, RUNNING, "InvalidProfile"),
        (200, {"setpoint": -1}, replace(RUNNING, v2x_agreed=False), "InvalidOperationMode"),
        (200, {"setpoint": -1, "dischargeLimit": 0}, RUNNING, "InvalidSchedule"),
    ],
)
def test_updates_only_reach_dynamic_profiles_and_keep_the_rules(
    profile_id: int, fields: dict[str, Any], circumstances: Circumstances, code: str
) -> None:
    installed = stack((0, profile()), (1, dynamic(1_500, "tx")))
    with pytest.raises(Refusal) as refusal:
        installed.update(profile_id, fields, NOW, circumstances)
    assert refusal.value.code == code
    assert installed.setting(SITUATION).setpoint_w == 1_500


def test_periods_follow_each_other_and_end() -> None:
    night = tx(
        CENTRAL,
        {"startPeriod": 3_600, "operationMode": "Idle", "preconditioningRequest": False},
        chargingProfileKind="Absolute",
    )
    night["chargingSchedule"][0] |= {"startSchedule": START, "duration": 7_200}
    installed = stack((1, night))
    seen = [installed.setting(replace(SITUATION, now=NOW + timedelta(minutes=n))) for n in (-1, 0, 59, 60, 119, 120)]
    assert [one.mode for one in seen] == [
        "ChargingOnly",
        "CentralSetpoint",
        "CentralSetpoint",
        "Idle",
        "Idle",
        "ChargingOnly",
    ]
    assert [one.setpoint_w for one in seen] == [None, -2_500, -2_500, 0, 0, None]


def test_a_daily_profile_comes_back_every_day() -> None:
    daily = profile(chargingProfileKind="Recurring", recurrencyKind="Daily")
    daily["chargingSchedule"] = [schedule({"limit": 7_000, "numberPhases": 3}, startSchedule=START, duration=3_600)]
    installed = stack((1, daily))
    limits = [
        installed.setting(replace(SITUATION, now=NOW + timedelta(days=3, minutes=n))).limit_w for n in (-1, 0, 59, 60)
    ]
    assert limits == [math.inf, 7_000, 7_000, math.inf]


def test_validity_dates_are_kept() -> None:
    installed = stack((1, profile(validFrom="2026-11-22T18:10:00Z", validTo="2026-11-22T18:20:00Z")))
    limits = [installed.setting(replace(SITUATION, now=NOW + timedelta(minutes=n))).limit_w for n in (0, 10, 20)]
    assert limits == [math.inf, 4_140, math.inf]


@pytest.mark.parametrize("forever", [True, False])
def test_a_profile_lives_only_so_long_without_the_controller(forever: bool) -> None:
    limited = dynamic(-2_500, "tx", 3_600, maxOfflineDuration=60, invalidAfterOfflineDuration=forever)
    installed = stack((0, profile()), (1, limited))
    installed.link_lost(NOW)
    moments = [NOW + timedelta(seconds=n) for n in (59, 60)]
    layers = [installed.setting(replace(SITUATION, now=moment)).layer for moment in moments]
    assert layers == ["TxProfile", "TxDefaultProfile"]
    installed.link_found(moments[1])
    assert installed.setting(replace(SITUATION, now=moments[1])).layer == (
        "TxDefaultProfile" if forever else "TxProfile"
    )


def test_without_agreement_a_discharge_profile_is_passed_over() -> None:
    installed = stack((0, profile()), (1, dynamic(-2_500, "tx")))
    assert installed.setting(replace(SITUATION, v2x_agreed=False)).layer == "TxDefaultProfile"


def test_the_end_of_a_transaction_keeps_what_lasts() -> None:
    installed = stack((0, profile()), (1, dynamic(-2_500, "tx")))
    installed.forget_transactions()
    assert [one.id for one in installed.profiles] == [110]


@pytest.mark.parametrize(
    ("profile_id", "criteria", "left"),
    [
        (200, {}, [110]),
        (None, {"chargingProfilePurpose": "TxDefaultProfile"}, [200]),
        (None, {"evseId": 0}, [200]),
        (None, {"stackLevel": 1}, [110]),
        (None, {}, []),
    ],
)
def test_profiles_are_cleared_by_id_or_by_description(
    profile_id: int | None, criteria: dict[str, Any], left: list[int]
) -> None:
    installed = stack((0, profile()), (1, dynamic(-2_500, "tx")))
    assert installed.clear(profile_id, criteria)
    assert [one.id for one in installed.profiles] == left
    assert not installed.clear(555, {})


def test_the_composite_shows_the_dead_man_ahead() -> None:
    installed = stack((0, profile()), (1, dynamic(-2_500, "tx", 180)))
    ahead = installed.composite(SITUATION, 3_600)
    assert [(start_s, setting.layer) for start_s, setting in ahead] == [(0, "TxProfile"), (180, "TxDefaultProfile")]
