"""Who limits a charge, and how it is told: profiles written, read and cleared, a car that negotiates."""

from collections.abc import Mapping
from typing import Any

import pytest

from .lab import PLACE, Json, Lab, Station, card, stamp

ACCEPTED: Json = {"status": "Accepted"}
MOST_W = 3680.0
"""What a home without a meter allows: the current that rules without it."""


def profile(purpose: str, kind: str = "Absolute", *, number: int = 1, level: int = 0, **more: Any) -> Json:
    """Return a charging profile of one period: 6 A or 6 kW, for an hour."""
    period = {"startPeriod": 0, "limit": more.pop("limit", 6.0), "numberPhases": 1}
    schedule = {"id": number, "chargingRateUnit": more.pop("unit", "A"), "chargingSchedulePeriod": [period]}
    if kind != "Relative":
        schedule["startSchedule"] = stamp()
    schedule["duration"] = more.pop("duration", 3600)
    told = {"id": number, "stackLevel": level, "chargingProfilePurpose": purpose, "chargingProfileKind": kind}
    return told | {"chargingSchedule": [schedule]} | more


async def asks(lab: Lab, station: Station, action: str, payload: Json, status: str = "Accepted") -> Mapping[str, Any]:
    """Have something asked word for word; return what the administrator is told."""
    work = lab.act("call_station", action=action, payload=payload)
    assert await station.answer(action, {"status": status}) == payload
    told: Mapping[str, Mapping[str, Any]] = await work
    return told["response"]


async def writes(lab: Lab, station: Station, wanted: Json, status: str = "Accepted") -> Mapping[str, Any]:
    """Have a profile written for the first EVSE."""
    return await asks(lab, station, "SetChargingProfile", {"evseId": 1, "chargingProfile": wanted}, status)


def limit_of(asked: Json) -> float:
    """Return the power of an order."""
    (schedule,) = asked["chargingProfile"]["chargingSchedule"]
    (period,) = schedule["chargingSchedulePeriod"]
    assert schedule["chargingRateUnit"] == "W"
    return float(period["limit"])


# written by hand


@pytest.mark.octt("K_01")
@pytest.mark.parametrize(("unit", "limit"), [("A", 6.0), ("W", 6000.0)])
async def test_a_standard_charge_is_limited_on_one_evse(lab: Lab, unit: str, limit: float) -> None:
    await lab.open()
    station = await lab.booted()
    until: Json = {"validFrom": stamp(), "validTo": stamp(86_400)}
    wanted = profile("TxDefaultProfile", unit=unit, limit=limit, duration=300, **until)
    assert await writes(lab, station, wanted) == ACCEPTED


@pytest.mark.octt("K_02")
async def test_an_order_for_a_charge_that_is_not_there_is_refused_and_said_so(lab: Lab) -> None:
    await lab.open()
    station = await lab.booted()
    wanted = profile("TxProfile", transactionId="tx-0")
    assert await writes(lab, station, wanted, "Rejected") == {"status": "Rejected"}


@pytest.mark.octt("K_19")
@pytest.mark.parametrize(("recurrency", "duration"), [("Daily", 86_400), ("Weekly", 604_800)])
async def test_a_limit_comes_back_every_day_or_week(lab: Lab, recurrency: str, duration: int) -> None:
    await lab.open()
    station = await lab.booted()
    wanted = profile("TxDefaultProfile", "Recurring", duration=duration, recurrencyKind=recurrency)
    assert await writes(lab, station, wanted) == ACCEPTED


@pytest.mark.octt("K_70")
async def test_two_limits_lie_one_upon_the_other(lab: Lab) -> None:
    await lab.open()
    station = await lab.booted()
    assert await writes(lab, station, profile("TxDefaultProfile", number=1, level=0)) == ACCEPTED
    assert await writes(lab, station, profile("TxDefaultProfile", number=2, level=1, limit=8.0)) == ACCEPTED


@pytest.mark.octt("K_05", "K_06", "K_08")
@pytest.mark.parametrize(
    "wanted",
    [
        {"chargingProfileId": 1},
        {"chargingProfileCriteria": {"evseId": 1, "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0}},
    ],
)
async def test_limits_are_cleared_by_number_or_by_kind(lab: Lab, wanted: Json) -> None:
    await lab.open()
    station = await lab.booted()
    assert await asks(lab, station, "ClearChargingProfile", wanted) == ACCEPTED
    assert await asks(lab, station, "ClearChargingProfile", wanted, "Unknown") == {"status": "Unknown"}


@pytest.mark.octt("K_60")
async def test_a_running_charge_gets_a_limit_of_its_own(lab: Lab) -> None:
    station = await charging(lab)
    wanted = profile("TxProfile", "Relative", number=9, level=2, transactionId="tx-1")
    payload = {"evseId": 1, "chargingProfile": wanted}
    assert await lab.act("call_station", action="SetChargingProfile", payload=payload) == {"response": ACCEPTED}
    assert ("SetChargingProfile", payload) in station.history


@pytest.mark.octt("K_37")
async def test_a_start_from_here_brings_its_limit_along(lab: Lab) -> None:
    await lab.open()
    station = await lab.booted()
    wanted = profile("TxProfile", "Relative")
    payload = {"remoteStartId": 7, "evseId": 1, "idToken": card(), "chargingProfile": wanted}
    work = lab.act("call_station", action="RequestStartTransaction", payload=payload)
    asked = await station.answer("RequestStartTransaction", ACCEPTED)
    assert asked == payload
    assert "transactionId" not in asked["chargingProfile"]
    assert (await work)["response"] == ACCEPTED
    info = {"remoteStartId": 7}
    answer = await station.event("Started", "RemoteStart", 0, evse=PLACE, info=info, idToken=card())
    assert answer["idTokenInfo"]["status"] == "Accepted"
    assert lab.session().remote_id == 7


# written by the home itself


@pytest.mark.octt("K_03", "K_04", "K_10")
async def test_the_home_writes_its_lasting_limits_and_the_same_numbers_again_when_they_change(lab: Lab) -> None:
    await lab.open({"automatic": ["limits"]})
    station = await lab.booted()
    house, standard = [await station.answer("SetChargingProfile", ACCEPTED) for _ in range(2)]
    assert (house["evseId"], house["chargingProfile"]["chargingProfilePurpose"]) == (0, "ChargingStationMaxProfile")
    assert house["chargingProfile"]["chargingProfileKind"] == "Absolute"
    assert (standard["evseId"], standard["chargingProfile"]["chargingProfilePurpose"]) == (0, "TxDefaultProfile")
    (part,) = (p for p in lab.entry.subentries.values() if p.subentry_type == "station")
    lab.hass.config_entries.async_update_subentry(lab.entry, part, data={**part.data, "selector": "16"})
    again, _ = [await station.answer("SetChargingProfile", ACCEPTED) for _ in range(2)]
    assert again["chargingProfile"]["id"] == house["chargingProfile"]["id"]
    assert (limit_of(house), limit_of(again)) == (7360.0, 3680.0)


@pytest.mark.octt("K_15")
async def test_a_station_that_knows_no_limits_charges_all_the_same(lab: Lab) -> None:
    await lab.open()
    station = await lab.booted()
    await station.status("Occupied")
    await station.event("Started", "Authorized", 0, evse=PLACE, idToken=card())
    assert await needs(station) == ACCEPTED
    await station.refuse("SetChargingProfile", "NotSupported")
    work = lab.act(
        "call_station",
        action="SetChargingProfile",
        payload={"evseId": 1, "chargingProfile": profile("TxDefaultProfile")},
    )
    await station.refuse("SetChargingProfile", "NotImplemented", "no smart charging")
    assert (await work)["error"]["code"] == "NotImplemented"
    values = [{"timestamp": stamp(), "sampledValue": [{"value": 7000.0, "measurand": "Power.Active.Import"}]}]
    await station.event("Updated", "MeterValuePeriodic", 1, meterValue=values)
    assert lab.evse.readings.power_w == 7000.0


# read


def held(number: int, purpose: str = "TxDefaultProfile") -> Json:
    """Return a profile as a station reports it."""
    return profile(purpose, number=number)


@pytest.mark.parametrize(
    ("fields", "evse", "wanted"),
    [
        pytest.param({"evse": 0}, 0, {}, marks=pytest.mark.octt("K_29")),
        pytest.param({"evse": 1}, 1, {}, marks=pytest.mark.octt("K_30")),
        pytest.param({}, None, {}, marks=pytest.mark.octt("K_31")),
        pytest.param({"profile_ids": [5]}, None, {"chargingProfileId": [5]}, marks=pytest.mark.octt("K_32")),
        pytest.param({"evse": 1, "stack_level": 0}, 1, {"stackLevel": 0}, marks=pytest.mark.octt("K_33")),
        pytest.param(
            {"evse": 1, "sources": ["CSO"]}, 1, {"chargingLimitSource": ["CSO"]}, marks=pytest.mark.octt("K_34")
        ),
        pytest.param(
            {"evse": 1, "purpose": "TxDefaultProfile"},
            1,
            {"chargingProfilePurpose": "TxDefaultProfile"},
            marks=pytest.mark.octt("K_35"),
        ),
        pytest.param(
            {"evse": 1, "purpose": "TxDefaultProfile", "stack_level": 0},
            1,
            {"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0},
            marks=pytest.mark.octt("K_36"),
        ),
    ],
)
async def test_profiles_are_read_by_place_number_source_and_kind(
    lab: Lab, fields: Json, evse: int | None, wanted: Json
) -> None:
    await lab.open()
    station = await lab.booted()
    work = lab.act("get_charging_profiles", **fields)
    asked = await station.answer("GetChargingProfiles", ACCEPTED)
    assert (asked.get("evseId"), asked["chargingProfile"]) == (evse, wanted)
    part = {"requestId": asked["requestId"], "chargingLimitSource": "CSO", "evseId": evse or 1}
    first = part | {"chargingProfile": [held(5)], "tbc": True}
    assert await station.call("ReportChargingProfiles", first) == {}
    assert await station.call("ReportChargingProfiles", part | {"chargingProfile": [held(6)], "tbc": False}) == {}
    told = await work
    assert told["complete"]
    assert [p["id"] for row in told["profiles"] for p in row["chargingProfile"]] == [5, 6]


@pytest.mark.octt("K_31")
async def test_a_station_without_profiles_tells_none(lab: Lab) -> None:
    await lab.open()
    station = await lab.booted()
    work = lab.act("get_charging_profiles")
    await station.answer("GetChargingProfiles", {"status": "NoProfiles"})
    told = await work
    assert (told["status"], told["profiles"]) == ("NoProfiles", [])


@pytest.mark.octt("K_52")
async def test_a_limit_of_somebody_else_may_be_in_a_report(lab: Lab) -> None:
    await lab.open()
    station = await lab.booted()
    work = lab.act("get_charging_profiles", purpose="ChargingStationExternalConstraints", sources=["EMS"])
    asked = await station.answer("GetChargingProfiles", ACCEPTED)
    rows = [held(3, "ChargingStationExternalConstraints")]
    part = {"requestId": asked["requestId"], "chargingLimitSource": "EMS", "evseId": 1, "chargingProfile": rows}
    assert await station.call("ReportChargingProfiles", part) == {}
    assert (await work)["profiles"][0]["chargingLimitSource"] == "EMS"


@pytest.mark.parametrize(
    "evse", [pytest.param(1, marks=pytest.mark.octt("K_43")), pytest.param(0, marks=pytest.mark.octt("K_44"))]
)
async def test_what_all_limits_together_allow_is_read(lab: Lab, evse: int) -> None:
    await lab.open()
    station = await lab.booted()
    work = lab.act("get_composite_schedule", evse=evse, duration_s=300, unit="W")
    periods = [{"startPeriod": 0, "limit": 6000.0}]
    schedule = {"evseId": evse, "duration": 300, "scheduleStart": stamp(), "chargingRateUnit": "W"}
    schedule["chargingSchedulePeriod"] = periods
    asked = await station.answer("GetCompositeSchedule", ACCEPTED | {"schedule": schedule})
    assert asked == {"evseId": evse, "duration": 300, "chargingRateUnit": "W"}
    assert (await work)["schedule"] == schedule


# limits from outside


@pytest.mark.octt("K_48", "K_50")
async def test_a_limit_from_outside_holds_until_it_is_lifted(lab: Lab) -> None:
    await lab.open()
    station = await lab.booted()
    assert await limited(station, 3000.0) == {}
    assert (lab.evse.external_limit_w, lab.evse.external[0].source) == (3000.0, "EMS")
    assert await station.call("ClearedChargingLimit", {"evseId": 1, "chargingLimitSource": "EMS"}) == {}
    assert lab.evse.external_limit_w is None


@pytest.mark.octt("K_51")
async def test_a_charge_follows_a_limit_from_outside_and_its_end(lab: Lab) -> None:
    station = await charging(lab)
    await limited(station, 3000.0)
    await lab.until(lambda: [limit_of(order) for order in orders(station)][-1:] == [3000.0])
    assert await station.call("ClearedChargingLimit", {"evseId": 1, "chargingLimitSource": "EMS"}) == {}
    await lab.until(lambda: lab.evse.decision.power_w == MOST_W)


async def limited(station: Station, limit_w: float) -> Json:
    """Tell of a limit from outside."""
    period = {"startPeriod": 0, "limit": limit_w}
    schedule = {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": [period]}
    limit = {"chargingLimitSource": "EMS", "isGridCritical": False}
    told = {"evseId": 1, "chargingLimit": limit, "chargingSchedule": [schedule]}
    return await station.call("NotifyChargingLimit", told)


# a car that negotiates


async def charging(lab: Lab) -> Station:
    """Open a home whose station takes every order, with a car that has told its needs."""
    await lab.open()
    station = await lab.charging()
    assert await needs(station) == ACCEPTED
    return station


async def needs(station: Station, energy_wh: int = 20_000) -> Json:
    """Tell what the car needs."""
    parameters = {"energyAmount": energy_wh, "evMinCurrent": 6, "evMaxCurrent": 32, "evMaxVoltage": 230}
    wanted = {"requestedEnergyTransfer": "AC_single_phase", "acChargingParameters": parameters}
    wanted["departureTime"] = stamp(8 * 3600)
    return await station.call("NotifyEVChargingNeeds", {"evseId": 1, "chargingNeeds": wanted, "maxScheduleTuples": 5})


async def means(station: Station, power_w: float) -> Json:
    """Tell how the car means to charge."""
    period = {"startPeriod": 0, "limit": power_w}
    schedule = {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": [period], "startSchedule": stamp()}
    told = {"timeBase": stamp(), "evseId": 1, "chargingSchedule": schedule}
    return await station.call("NotifyEVChargingSchedule", told)


def orders(station: Station) -> list[Json]:
    """Return the orders a station got, each checked to be for this charge."""
    asked = [payload for action, payload in station.history if action == "SetChargingProfile"]
    for payload in asked:
        told = payload["chargingProfile"]
        assert (payload["evseId"], told["chargingProfilePurpose"], told["transactionId"]) == (1, "TxProfile", "tx-1")
    return asked


@pytest.mark.octt("K_53")
async def test_a_car_that_tells_its_needs_gets_a_limit_and_then_peace(lab: Lab) -> None:
    station = await charging(lab)
    await lab.until(lambda: orders(station))
    assert await means(station, MOST_W) == ACCEPTED
    await station.nothing_asked()
    assert [limit_of(order) for order in orders(station)] == [MOST_W]


@pytest.mark.octt("K_53")
async def test_needs_before_the_charge_are_worked_upon(lab: Lab) -> None:
    station = await lab.ready()
    assert await needs(station) == {"status": "Processing"}
    await station.event("Started", "Authorized", 0, evse=PLACE, idToken=card())
    await lab.until(lambda: orders(station))


@pytest.mark.octt("K_55")
async def test_a_car_that_means_to_take_too_much_is_told_the_limit_again(lab: Lab) -> None:
    station = await charging(lab)
    await limited(station, 3000.0)
    await lab.until(lambda: [limit_of(order) for order in orders(station)][-1:] == [3000.0])
    before = len(orders(station))
    assert await means(station, 7000.0) == {"status": "Rejected"}
    await lab.until(lambda: len(orders(station)) > before)
    assert [limit_of(order) for order in orders(station)[before:]] == [3000.0]
    assert await means(station, 3000.0) == ACCEPTED


@pytest.mark.octt("K_57")
async def test_a_car_that_changes_its_mind_gets_a_limit_again(lab: Lab) -> None:
    station = await charging(lab)
    assert await means(station, MOST_W) == ACCEPTED
    assert await needs(station, energy_wh=5000) == ACCEPTED
    assert await means(station, MOST_W) == ACCEPTED
    await lab.until(lambda: len(orders(station)) == 2)


@pytest.mark.octt("K_58", "K_59")
async def test_a_limit_that_changes_is_negotiated_anew(lab: Lab) -> None:
    station = await charging(lab)
    assert await means(station, MOST_W) == ACCEPTED
    await limited(station, 2000.0)
    assert await means(station, 2000.0) == ACCEPTED
    await lab.until(lambda: [limit_of(order) for order in orders(station)] == [MOST_W, 2000.0])
    assert await needs(station) == ACCEPTED
    assert await means(station, 2000.0) == ACCEPTED
    await lab.until(lambda: [limit_of(order) for order in orders(station)] == [MOST_W, 2000.0, 2000.0])
