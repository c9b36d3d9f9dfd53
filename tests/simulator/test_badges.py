"""The badges a station knows by itself, and what it knows of their owners."""

from dataclasses import replace
from typing import Any

import pytest

from simulator.home import HomeSettings
from simulator.ocpp_station import StationSettings
from simulator.quirks import Quirks
from tests.simulator.controller import Scene
from tests.simulator.test_device_model import place

QUIET = HomeSettings(station=StationSettings(autocharge=False))


def card(name: str) -> dict[str, str]:
    return {"idToken": name, "type": "ISO14443"}


def entry(name: str, status: str = "Accepted") -> dict[str, Any]:
    return {"idToken": card(name), "idTokenInfo": {"status": status}}


def send(one: Scene, version: int, *entries: dict[str, Any], kind: str = "Full") -> str:
    lines = {"localAuthorizationList": list(entries)} if entries else {}
    return str(one.ask("SendLocalList", {"versionNumber": version, "updateType": kind, **lines})["status"])


def version(one: Scene) -> int:
    return int(one.ask("GetLocalListVersion", {})["versionNumber"])


def write(one: Scene, component: str, variable: str, value: str) -> None:
    asked = {**place(component, variable), "attributeValue": value}
    [result] = one.ask("SetVariables", {"setVariableData": [asked]})["setVariableResult"]
    assert result["attributeStatus"] == "Accepted"


def test_the_list_is_replaced_and_changed() -> None:
    one = Scene(QUIET)
    assert version(one) == 0
    assert send(one, 3, entry("A"), entry("B")) == "Accepted"
    assert send(one, 4, entry("C"), {"idToken": card("A")}, kind="Differential") == "Accepted"
    assert {badge for badge, _ in one.home.station.access.entries} == {"b", "c"}
    assert send(one, 4, entry("D"), kind="Differential") == "VersionMismatch"
    assert version(one) == 4
    assert send(one, 2) == "Accepted"
    assert (version(one), one.home.station.access.entries) == (2, {})


@pytest.mark.parametrize("entries", [[entry("A"), entry("a")], [{"idToken": card("A")}]])
def test_a_list_that_makes_no_sense_is_refused(entries: list[dict[str, Any]]) -> None:
    one = Scene(QUIET)
    assert send(one, 1, *entries) == "Failed"
    assert version(one) == 0


def test_a_list_that_is_switched_off_is_none() -> None:
    one = Scene(QUIET)
    write(one, "LocalAuthListCtrlr", "Enabled", "false")
    assert send(one, 1, entry("A")) == "Failed"


@pytest.mark.parametrize(("badge", "starts"), [("GOOD", True), ("BAD", False), ("STRANGER", False)])
def test_badges_work_while_nobody_answers(badge: str, starts: bool) -> None:
    one = Scene(QUIET)
    send(one, 1, entry("GOOD"), entry("BAD", "Blocked"))
    write(one, "AuthCtrlr", "OfflineTxForUnknownIdEnabled", "false")
    one.offline()
    one.plug_in(15)
    one.home.present_token(badge)
    one.run(5)
    assert (one.home.snapshot().transaction_id is not None) is starts
    one.online()
    assert bool(one.controller.events("Started")) is starts


def test_a_listed_badge_may_start_without_asking() -> None:
    one = Scene(QUIET)
    send(one, 1, entry("GOOD"))
    write(one, "AuthCtrlr", "LocalPreAuthorize", "true")
    one.plug_in()
    one.home.present_token("GOOD")
    one.run(2)
    assert one.controller.events("Started")
    assert not one.controller.of("Authorize")


def test_what_was_said_of_a_badge_is_remembered_until_it_is_to_be_forgotten() -> None:
    one = Scene(QUIET)
    write(one, "AuthCacheCtrlr", "Enabled", "true")
    write(one, "AuthCtrlr", "OfflineTxForUnknownIdEnabled", "false")
    one.home.present_token("SEEN")
    one.run(1)
    station = one.home.station
    assert station.access.verdict(card("SEEN")) == {"status": "Accepted"}
    assert one.ask("ClearCache", {}) == {"status": "Accepted"}
    assert station.access.verdict(card("SEEN")) is None


def test_a_badge_refused_later_is_remembered_as_refused() -> None:
    one = Scene(QUIET)
    write(one, "AuthCacheCtrlr", "Enabled", "true")
    one.plug_in()
    one.home.present_token("TURNED")
    one.run(0.1)
    one.controller.token_status = "Blocked"
    one.ask("RequestStopTransaction", {"transactionId": one.controller.transaction_id})
    one.home.unplug()
    one.home.present_token("TURNED")
    one.run(1)
    assert one.home.station.access.verdict(card("TURNED")) == {"status": "Blocked"}


def told(one: Scene) -> list[str]:
    return [note["data"] for note in one.controller.of("NotifyCustomerInformation")]


def customer(**what: Any) -> dict[str, Any]:
    return {"requestId": 5, "report": True, "clear": False, **what}


def test_what_is_known_of_somebody_is_told_and_forgotten() -> None:
    one = Scene(QUIET)
    send(one, 1, entry("ANNA"))
    assert one.ask("CustomerInformation", customer(idToken=card("ANNA"))) == {"status": "Accepted"}
    assert told(one) == ["ISO14443 anna: list"]
    one.ask("CustomerInformation", customer(idToken=card("ANNA"), clear=True))
    one.ask("CustomerInformation", customer(idToken=card("ANNA")))
    assert told(one) == ["ISO14443 anna: list", "ISO14443 anna: list", ""]


def test_somebody_must_be_named_in_one_way() -> None:
    one = Scene(QUIET)
    assert one.ask("CustomerInformation", customer()) == {"status": "Invalid"}
    both = customer(idToken=card("A"), customerIdentifier="B")
    assert one.ask("CustomerInformation", both) == {"status": "Invalid"}
    assert one.ask("CustomerInformation", customer(customerIdentifier="B")) == {"status": "Accepted"}
    assert told(one) == [""]


def test_a_station_may_refuse_to_tell() -> None:
    one = Scene(replace(QUIET, quirks=Quirks(refuses_customers=True)))
    assert one.ask("CustomerInformation", customer(idToken=card("A"))) == {"status": "Rejected"}
