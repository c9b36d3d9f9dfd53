"""A vendor's numbers beside ours: none ever meets one of ours, and the vendor only ever sees its own."""

import json
from typing import Any

import pytest

from custom_components.mobilize_flex.core.model.station import Version
from custom_components.mobilize_flex.core.model.tasks import OWNERS_NUMBERS
from custom_components.mobilize_flex.core.ocpp.dialect import Answer
from custom_components.mobilize_flex.core.ocpp.forwarding_numbers import BEYOND_OURS
from custom_components.mobilize_flex.core.ocpp.schema import Contract

from .test_forwarding import AT, TOKEN, House, event, opened

OURS = OWNERS_NUMBERS + 790_000_000
"""What the owner's reservations and reports are numbered like."""
NUMBERS = [0, 7, 99_999_999, 100_000_000, OURS, BEYOND_OURS + 5, 2**31 - 1]


@pytest.fixture
def house(contract: Contract) -> House:
    return opened(House(contract))


def ask(house: House, action: str, payload: dict[str, Any]) -> dict[str, Any]:
    """Let the vendor ask something; return what the station is asked."""
    house.throw(json.dumps([2, f"v{house.connections}{action}", action, payload]))
    (asked,) = house.forwarding.asks()
    house.forwarding.station_answered(asked.number, Answer({"status": "Accepted"}), house.now)
    house.carry()
    house.vendor.clear()
    return asked.payload


def told(house: House, action: str, payload: dict[str, Any]) -> list[Any]:
    """Let the station say something; return what the vendor hears of it, and answer for the vendor."""
    house.say(f"s{len(house.station)}", action, payload)
    heard = [frame[3] for frame in house.vendor if frame[0] == 2]
    for frame in list(house.vendor):
        house.throw(json.dumps([3, frame[1], {}]))
    house.vendor.clear()
    return heard


def reserve(number: int) -> dict[str, Any]:
    return {"id": number, "expiryDateTime": AT, "idToken": TOKEN}


def message(number: int) -> dict[str, Any]:
    return {"id": number, "priority": "NormalCycle", "message": {"format": "UTF8", "content": "x"}}


@pytest.mark.parametrize("number", NUMBERS)
def test_a_question_is_beyond_ours_in_the_station_and_its_progress_comes_back(house: House, number: int) -> None:
    asked = ask(house, "GetLog", {"requestId": number, "logType": "DiagnosticsLog", "log": {"remoteLocation": "x"}})
    assert asked["requestId"] >= BEYOND_OURS
    progress = {"status": "Uploaded", "requestId": asked["requestId"]}
    assert told(house, "LogStatusNotification", progress) == [progress | {"requestId": number}]
    assert told(house, "LogStatusNotification", progress | {"requestId": OURS}) == []


@pytest.mark.parametrize("number", NUMBERS[:3])
def test_a_small_number_is_known_again_after_a_restart(contract: Contract, house: House, number: int) -> None:
    firmware = {"location": "x", "retrieveDateTime": AT}
    asked = ask(house, "UpdateFirmware", {"requestId": number, "firmware": firmware})
    progress = {"status": "Installed", "requestId": asked["requestId"]}
    restarted = opened(House(contract))
    assert told(restarted, "FirmwareStatusNotification", progress) == [progress | {"requestId": number}]


def test_a_large_number_of_before_a_restart_is_never_taken_for_another(contract: Contract, house: House) -> None:
    log = {"logType": "DiagnosticsLog", "log": {"remoteLocation": "x"}}
    before = ask(house, "GetLog", log | {"requestId": OURS})
    restarted = opened(House(contract))
    restarted.wait(60.0)
    after = ask(restarted, "GetLog", log | {"requestId": OURS + 1})
    assert before["requestId"] != after["requestId"]
    assert told(restarted, "LogStatusNotification", {"status": "Uploaded", "requestId": before["requestId"]}) == []


def test_a_certificate_for_cars_keeps_the_number_the_station_gave_it(house: House) -> None:
    signed = {"certificateChain": "x", "certificateType": "V2GCertificate", "requestId": 5}
    assert ask(house, "CertificateSigned", signed) == signed


@pytest.mark.parametrize("number", NUMBERS)
def test_a_reservation_of_the_vendor_never_bears_a_number_of_ours(house: House, number: int) -> None:
    held = ask(house, "ReserveNow", reserve(number))["id"]
    assert not OWNERS_NUMBERS <= held < BEYOND_OURS
    assert ask(house, "CancelReservation", {"reservationId": number}) == {"reservationId": held}
    ended = {"reservationId": held, "reservationUpdateStatus": "Expired"}
    assert told(house, "ReservationStatusUpdate", ended) == [ended | {"reservationId": number}]


def test_the_vendor_hears_nothing_of_reservations_and_starts_of_ours(house: House) -> None:
    ended = {"reservationId": OURS, "reservationUpdateStatus": "Expired"}
    assert told(house, "ReservationStatusUpdate", ended) == []
    started = event("Started", 0, reservationId=OURS)
    started["transactionInfo"] = {"transactionId": "t", "remoteStartId": OURS}
    (heard,) = told(house, "TransactionEvent", started)
    assert "reservationId" not in heard
    assert heard["transactionInfo"] == {"transactionId": "t"}


def test_the_vendor_knows_its_own_reservation_and_start_in_a_charge(house: House) -> None:
    held = ask(house, "ReserveNow", reserve(3))["id"]
    begun = ask(house, "RequestStartTransaction", {"idToken": TOKEN, "remoteStartId": 9})["remoteStartId"]
    started = event("Started", 0, reservationId=held)
    started["transactionInfo"] = {"transactionId": "t", "remoteStartId": begun}
    (heard,) = told(house, "TransactionEvent", started)
    assert (heard["reservationId"], heard["transactionInfo"]["remoteStartId"]) == (3, 9)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_message_of_the_vendor_does_not_replace_the_owners_and_only_its_own_are_shown(
    house: House, number: int
) -> None:
    shown = ask(house, "SetDisplayMessage", {"message": message(number)})["message"]["id"]
    assert shown >= OWNERS_NUMBERS
    assert ask(house, "ClearDisplayMessage", {"id": number}) == {"id": shown}
    asked = ask(house, "GetDisplayMessages", {"requestId": 1, "id": [number]})
    assert asked["id"] == [shown]
    report = {"requestId": asked["requestId"], "messageInfo": [message(7), message(shown)]}
    assert told(house, "NotifyDisplayMessages", report) == [{"requestId": 1, "messageInfo": [message(number)]}]
    nothing = {"requestId": asked["requestId"], "messageInfo": [message(7)]}
    assert told(house, "NotifyDisplayMessages", nothing) == [{"requestId": 1}]


# monitors

POWER = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}
MONITOR = {**POWER, "value": 1, "type": "Delta", "severity": 5}


def put(house: House, action: str, payload: dict[str, Any], answer: dict[str, Any] | None) -> tuple[Any, Any]:
    """Let the vendor ask; return what the station was asked, if anything, and what the vendor is told."""
    house.vendor.clear()
    house.throw(json.dumps([2, f"m{house.now.mono_s}{len(house.disk)}{action}{payload}"[:36], action, payload]))
    asks = house.forwarding.asks()
    for asked in asks:
        house.forwarding.station_answered(asked.number, Answer(answer or {}), house.now)
    house.carry()
    (reply,) = house.vendor
    return (asks[0].payload if asks else None), reply[2]


def set_monitor(house: House, number: int) -> None:
    """Let the vendor set a monitor to which the station gives a number."""
    result = {**POWER, "type": "Delta", "severity": 5, "status": "Accepted", "id": number}
    put(house, "SetVariableMonitoring", {"setMonitoringData": [MONITOR]}, {"setMonitoringResult": [result]})


@pytest.mark.parametrize("version", Version)
def test_the_vendor_clears_the_monitors_it_set_and_no_others(contract: Contract, version: Version) -> None:
    house = opened(House(contract, version))
    assert put(house, "ClearVariableMonitoring", {"id": [1]}, None)[0] is None
    set_monitor(house, 42)
    cleared = {"clearMonitoringResult": [{"id": 42, "status": "Accepted"}]}
    asked, reply = put(house, "ClearVariableMonitoring", {"id": [1, 42]}, cleared)
    assert asked == {"id": [42]}
    assert [(row["id"], row["status"]) for row in reply["clearMonitoringResult"]] == [(1, "Rejected"), (42, "Accepted")]
    contract.check(version, "ClearVariableMonitoring", "res", reply)
    assert put(house, "ClearVariableMonitoring", {"id": [42]}, None)[0] is None


def test_a_monitor_is_replaced_by_number_only_where_it_is_the_vendors(contract: Contract, house: House) -> None:
    set_monitor(house, 42)
    ours, theirs = {**MONITOR, "id": 1}, {**MONITOR, "id": 42}
    result = {**POWER, "type": "Delta", "severity": 5, "status": "Accepted", "id": 42}
    rows = {"setMonitoringData": [ours, theirs]}
    asked, reply = put(house, "SetVariableMonitoring", rows, {"setMonitoringResult": [result]})
    assert asked == {"setMonitoringData": [theirs]}
    assert [row["status"] for row in reply["setMonitoringResult"]] == ["Rejected", "Accepted"]
    contract.check(Version.V21, "SetVariableMonitoring", "res", reply)


def test_whose_monitors_they_are_is_known_after_a_restart_and_forgotten_with_the_vendor(
    contract: Contract, house: House
) -> None:
    set_monitor(house, 42)
    restarted = House(contract, kept=house.disk)
    assert restarted.forwarding.backlog.monitors == {42}
    for keep in restarted.forwarding.backlog.forget():
        restarted.keep(keep)
    assert restarted.disk == {}


def test_a_vendor_may_read_what_is_kept_of_people_but_not_have_it_forgotten(house: House) -> None:
    question = {"requestId": 1, "report": True, "clear": False, "customerIdentifier": "x"}
    assert put(house, "CustomerInformation", question, {"status": "Accepted"})[0] is not None
    asked, reply = put(house, "CustomerInformation", question | {"clear": True}, None)
    assert asked is None
    assert reply["status"] == "Rejected"
