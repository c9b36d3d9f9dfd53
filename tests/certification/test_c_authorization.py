"""A badge is looked up: who may charge, whose charge he may end, what a contract in the car is worth."""

from datetime import timedelta
from typing import Any

from homeassistant.util import dt as dt_util
import pytest

from .lab import PLACE, TAKEN, Json, Lab, Station, card, stamp

GROUP = {"idToken": "FAMILY", "type": "Central"}
CONTRACT = "FRTHMC1234567X"
HASHES: list[Json] = [
    {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": "a1" * 16,
        "issuerKeyHash": "b2" * 16,
        "serialNumber": "4711",
        "responderURL": "https://ocsp.invalid/",
    }
]
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"


async def guarded(lab: Lab, *badges: Json, **station: Any) -> Station:
    """Open a home whose station lets in only who has a badge, and connect the station."""
    await lab.open({"access": "badges", **station})
    for badge in badges:
        await lab.note("set_token", **badge)
    connected = await lab.booted()
    connected.always |= TAKEN
    return connected


async def verdict(station: Station, token: str = "CARD-1") -> Json:
    """Return what the station is told of a badge, at the reader and when it begins a charge: twice the same."""
    asked: Json = (await station.authorize(token))["idTokenInfo"]
    told: Json = (await station.event("Started", "Authorized", 0, f"tx-{token}", idToken=card(token), evse=PLACE))[
        "idTokenInfo"
    ]
    assert (told["status"], told.get("groupIdToken")) == (asked["status"], asked.get("groupIdToken"))
    return told


@pytest.mark.octt("C_02")
async def test_a_badge_nobody_knows_is_unknown(lab: Lab) -> None:
    station = await guarded(lab)
    assert (await verdict(station))["status"] == "Unknown"


@pytest.mark.octt("C_06")
async def test_a_blocked_badge_is_blocked(lab: Lab) -> None:
    station = await guarded(lab, {"token": "CARD-1", "status": "blocked"})
    assert (await verdict(station))["status"] == "Blocked"


@pytest.mark.octt("C_07")
async def test_a_badge_whose_time_is_over_has_expired(lab: Lab) -> None:
    over = (dt_util.utcnow() - timedelta(minutes=1)).isoformat()
    station = await guarded(lab, {"token": "CARD-1", "valid_until": over})
    assert (await verdict(station))["status"] == "Expired"


@pytest.mark.octt("C_08")
async def test_a_charge_begun_from_the_stations_memory_is_confirmed(lab: Lab) -> None:
    station = await guarded(lab, {"token": "CARD-1"})
    first = (await station.authorize())["idTokenInfo"]
    assert first["status"] == "Accepted"
    assert first["cacheExpiryDateTime"] > stamp()
    told = await station.event("Started", "Authorized", 0, idToken=card(), evse=PLACE)
    assert told["idTokenInfo"]["status"] == "Accepted"


@pytest.mark.octt("C_20")
async def test_a_badge_the_station_remembers_and_we_do_not_is_refused(lab: Lab) -> None:
    station = await guarded(lab, {"token": "CARD-1"})
    assert (await station.authorize())["idTokenInfo"]["status"] == "Accepted"
    await lab.note("remove_token", token="CARD-1")
    told = await station.event("Started", "Authorized", 0, idToken=card(), evse=PLACE)
    assert told["idTokenInfo"]["status"] == "Unknown"
    assert lab.session().refused


@pytest.mark.octt("C_37", "C_38")
async def test_a_station_forgets_whom_it_let_in_or_refuses_to(lab: Lab) -> None:
    await lab.open()
    station = await lab.booted()
    task = lab.act("clear_cache")
    assert await station.answer("ClearCache", {"status": "Accepted"}) == {}
    assert (await task)["status"] == "Accepted"
    task = lab.act("clear_cache")
    await station.answer("ClearCache", {"status": "Rejected"})
    assert (await lab.fails(task)).translation_key == "task_rejected"


@pytest.mark.octt("C_39")
async def test_two_badges_of_one_group_are_told_as_such(lab: Lab) -> None:
    family = [{"token": token, "group": "FAMILY"} for token in ("CARD-1", "CARD-2")]
    station = await guarded(lab, *family, {"token": "CARD-3"})
    for token in ("CARD-1", "CARD-2"):
        told = await verdict(station, token)
        assert (told["status"], told["groupIdToken"]) == ("Accepted", GROUP)
    assert "groupIdToken" not in await verdict(station, "CARD-3")
    # the other one of the family ends the charge
    answer = await station.event("Updated", "StopAuthorized", 1, "tx-CARD-3", idToken=card("CARD-2"))
    assert answer["idTokenInfo"]["groupIdToken"] == GROUP


@pytest.mark.octt("C_40", "C_43")
async def test_a_station_learns_the_groups_of_those_who_may_charge_and_of_those_who_may_not(lab: Lab) -> None:
    await lab.open({"access": "badges", "automatic": ["inventory", "local_list"]})
    await lab.note("set_token", token="CARD-1", kind="ISO14443", group="FAMILY")
    await lab.note("set_token", token="CARD-2", kind="ISO14443", group="FAMILY", status="blocked")
    station = await lab.booted()
    await station.inventory()
    await station.answer("GetLocalListVersion", {"versionNumber": 0})
    asked = await station.answer("SendLocalList", {"status": "Accepted"})
    told = {row["idToken"]["idToken"]: row["idTokenInfo"] for row in asked["localAuthorizationList"]}
    assert told == {
        "CARD-1": {"status": "Accepted", "groupIdToken": GROUP},
        "CARD-2": {"status": "Blocked", "groupIdToken": GROUP},
    }


@pytest.mark.octt("C_47", "C_49")
async def test_a_master_pass_ends_every_charge(lab: Lab) -> None:
    station = await guarded(lab, {"token": "CARD-1"}, {"token": "MASTER", "group": "MASTERS"})
    for number in (1, 2):
        place = {"id": number, "connectorId": 1}
        await station.event("Started", "Authorized", 0, f"tx-{number}", idToken=card(), evse=place)
    told = (await station.authorize("MASTER"))["idTokenInfo"]
    assert (told["status"], told["groupIdToken"]["idToken"]) == ("Accepted", "MASTERS")
    for number in (1, 2):
        info = {"stoppedReason": "MasterPass"}
        answer = await station.event(
            "Ended", "StopAuthorized", 1, f"tx-{number}", idToken=card("MASTER"), info=info, evse={"id": number}
        )
        assert answer["idTokenInfo"]["groupIdToken"]["idToken"] == "MASTERS"
        assert lab.session(f"tx-{number}").stopped_reason == "MasterPass"
        assert lab.session(f"tx-{number}").token == "CARD-1"


@pytest.mark.octt("C_48")
async def test_a_master_pass_ends_the_charge_that_was_chosen(lab: Lab) -> None:
    station = await guarded(lab, {"token": "CARD-1"}, {"token": "MASTER", "group": "MASTERS"})
    for number in (1, 2):
        place = {"id": number, "connectorId": 1}
        await station.event("Started", "Authorized", 0, f"tx-{number}", idToken=card(), evse=place)
    assert (await station.authorize("MASTER"))["idTokenInfo"]["groupIdToken"]["idToken"] == "MASTERS"
    info = {"stoppedReason": "MasterPass"}
    await station.event("Ended", "StopAuthorized", 1, "tx-2", idToken=card("MASTER"), info=info, evse={"id": 2})
    assert lab.session("tx-1").ended_at is None
    assert lab.session("tx-2").stopped_reason == "MasterPass"


# contracts in cars


async def presented(station: Station, **contract: Any) -> Json:
    """Present a contract; return what the station is told of it."""
    return await station.call("Authorize", {"idToken": card(CONTRACT, "eMAID")} | contract)


@pytest.mark.octt("C_50")
async def test_a_contract_the_station_checked_is_good_if_it_is_on_the_list(lab: Lab) -> None:
    station = await guarded(lab, {"token": CONTRACT, "kind": "eMAID"})
    answer = await presented(station, iso15118CertificateHashData=HASHES)
    assert (answer["idTokenInfo"]["status"], answer["certificateStatus"]) == ("Accepted", "Accepted")
    told = await station.event("Started", "Authorized", 0, idToken=card(CONTRACT, "eMAID"), evse=PLACE)
    assert told["idTokenInfo"]["status"] == "Accepted"


@pytest.mark.octt("C_51")
async def test_a_contract_the_owner_revoked_is_refused_as_cancelled(lab: Lab) -> None:
    station = await guarded(lab, {"token": CONTRACT, "kind": "eMAID", "status": "blocked"})
    answer = await presented(station, iso15118CertificateHashData=HASHES)
    assert answer["idTokenInfo"]["status"] == "Blocked"
    assert answer["certificateStatus"] == "ContractCancelled"


@pytest.mark.octt("C_52")
async def test_a_contract_left_to_us_to_check_is_refused_for_we_have_no_root_to_hold_it_against(lab: Lab) -> None:
    station = await guarded(lab, {"token": CONTRACT, "kind": "eMAID"})
    answer = await presented(station, certificate=CERTIFICATE)
    assert (answer["idTokenInfo"]["status"], answer["certificateStatus"]) == ("Invalid", "CertChainError")
