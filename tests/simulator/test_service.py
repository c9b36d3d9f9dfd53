"""What the station does for whoever looks after it: service, resets, locks, places held, messages shown."""

from datetime import timedelta
from typing import Any

import pytest

from simulator.home import HomeSettings
from simulator.ocpp_station import StationSettings
from simulator.payload import iso
from simulator.quirks import Quirks
from tests.simulator.controller import EVENING, Scene

CARD = {"idToken": "CARD", "type": "ISO14443"}


def scene(**changes: Any) -> Scene:
    quirks = changes.pop("quirks", Quirks())
    return Scene(HomeSettings(station=StationSettings(**changes), quirks=quirks))


def told(one: Scene) -> list[str]:
    return [note["connectorStatus"] for note in one.controller.of("StatusNotification")]


# -- service ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("evse", [None, {"id": 1}, {"id": 1, "connectorId": 1}])
def test_each_part_can_be_taken_out_of_service_and_brought_back(evse: dict[str, int] | None) -> None:
    one = scene()
    part = {} if evse is None else {"evse": evse}
    assert one.ask("ChangeAvailability", {"operationalStatus": "Inoperative", **part}) == {"status": "Accepted"}
    one.run(1)
    assert one.ask("ChangeAvailability", {"operationalStatus": "Operative", **part}) == {"status": "Accepted"}
    one.run(1)
    assert told(one) == ["Available", "Unavailable", "Available"]


def test_parts_are_out_of_service_independently() -> None:
    one = scene()
    one.ask("ChangeAvailability", {"operationalStatus": "Inoperative", "evse": {"id": 1}})
    one.ask("ChangeAvailability", {"operationalStatus": "Operative"})
    one.run(1)
    assert one.home.snapshot().availability == "Unavailable"
    assert one.ask("ChangeAvailability", {"operationalStatus": "Operative", "evse": {"id": 2}})["status"] == "Rejected"


@pytest.mark.parametrize("evse", [{}, {"evse": {"id": 1}}, {"evse": {"id": 1, "connectorId": 1}}])
def test_service_ends_after_the_transaction(evse: dict[str, Any]) -> None:
    one = scene()
    one.plug_in()
    assert one.ask("ChangeAvailability", {"operationalStatus": "Inoperative", **evse}) == {"status": "Scheduled"}
    one.run(10)
    assert told(one)[-1] == "Occupied"
    one.ask("RequestStopTransaction", {"transactionId": one.controller.transaction_id})
    one.run(2)
    assert told(one)[-1] == "Unavailable"


def test_service_asked_back_in_time_never_ends() -> None:
    one = scene()
    one.plug_in()
    one.ask("ChangeAvailability", {"operationalStatus": "Inoperative"})
    assert one.ask("ChangeAvailability", {"operationalStatus": "Operative"}) == {"status": "Accepted"}
    one.home.unplug()
    one.run(2)
    assert told(one)[-1] == "Available"


# -- resets -----------------------------------------------------------------------------------------


def test_an_evse_restarts_alone() -> None:
    one = scene()
    one.plug_in()
    assert one.ask("Reset", {"type": "Immediate", "evseId": 1}) == {"status": "Accepted"}
    one.run(10)
    [ended] = one.controller.events("Ended")
    assert ended["transactionInfo"]["stoppedReason"] == "ImmediateReset"
    assert told(one)[-2:] == ["Unavailable", "Occupied"]
    assert len(one.controller.of("BootNotification")) == 1
    assert len(one.controller.events("Started")) == 2


def test_an_evse_waits_for_its_transaction_if_asked_to() -> None:
    one = scene()
    one.plug_in()
    assert one.ask("Reset", {"type": "OnIdle", "evseId": 1}) == {"status": "Scheduled"}
    one.run(5)
    assert not one.controller.events("Ended")
    one.home.unplug()
    one.run(10)
    assert told(one)[-2:] == ["Unavailable", "Available"]


def test_a_station_without_a_car_restarts_at_once() -> None:
    one = scene()
    assert one.ask("Reset", {"type": "OnIdle"}) == {"status": "Accepted"}
    one.run(10)
    assert [boot["reason"] for boot in one.controller.of("BootNotification")] == ["PowerUp", "RemoteReset"]


# -- lock -------------------------------------------------------------------------------------------


def test_a_cable_is_released_unless_somebody_charges_or_the_lock_is_stuck() -> None:
    one = scene()
    unlock = {"evseId": 1, "connectorId": 1}
    assert one.ask("UnlockConnector", unlock) == {"status": "Unlocked"}
    one.plug_in()
    assert one.ask("UnlockConnector", unlock) == {"status": "OngoingAuthorizedTransaction"}
    one.ask("RequestStopTransaction", {"transactionId": one.controller.transaction_id})
    one.home.lock_failure()
    one.run(1)
    assert one.ask("UnlockConnector", unlock) == {"status": "UnlockFailed"}
    [event] = one.controller.of("NotifyEvent")[-1]["eventData"]
    assert event["component"]["name"] == "ConnectorPlugRetentionLock"
    assert (event["actualValue"], event["eventNotificationType"]) == ("true", "HardWiredMonitor")


# -- places held ------------------------------------------------------------------------------------


def reserve(minutes: float = 10, **more: Any) -> dict[str, Any]:
    return {"id": 7, "expiryDateTime": iso(EVENING + timedelta(minutes=minutes)), "idToken": CARD, **more}


@pytest.mark.parametrize("place", [{}, {"evseId": 1}, {"connectorType": "sType2"}])
def test_a_place_is_held_for_a_badge_which_uses_it_up(place: dict[str, Any]) -> None:
    one = scene(autocharge=False)
    assert one.ask("ReserveNow", reserve(**place)) == {"status": "Accepted"}
    one.run(1)
    assert (told(one)[-1], one.home.snapshot().light) == ("Reserved", "orange steady")
    one.home.present_token("SOMEBODY")
    one.plug_in()
    assert not one.controller.events()
    one.home.present_token("CARD")
    one.run(5)
    [started] = one.controller.events("Started")
    assert started["reservationId"] == 7
    assert all("reservationId" not in event for event in one.controller.events("Updated"))
    assert not one.controller.of("ReservationStatusUpdate")


def test_a_place_held_for_a_group_is_for_all_of_it() -> None:
    one = scene(autocharge=False)
    one.controller.group = "FAMILY"
    family = {"idToken": "FAMILY", "type": "Central"}
    one.ask("ReserveNow", reserve(groupIdToken=family))
    one.home.present_token("ANOTHER")
    one.plug_in()
    assert one.controller.events("Started")[0]["reservationId"] == 7


def test_a_place_is_held_no_longer_than_promised() -> None:
    one = scene()
    one.ask("ReserveNow", reserve(minutes=1))
    one.run(62)
    assert one.controller.of("ReservationStatusUpdate") == [{"reservationId": 7, "reservationUpdateStatus": "Expired"}]
    assert told(one)[-1] == "Available"


def test_a_place_that_breaks_is_no_longer_held() -> None:
    one = scene()
    one.ask("ReserveNow", reserve())
    one.home.fault()
    one.run(1)
    assert one.controller.of("ReservationStatusUpdate") == [{"reservationId": 7, "reservationUpdateStatus": "Removed"}]


def test_a_place_can_be_given_up() -> None:
    one = scene()
    one.ask("ReserveNow", reserve())
    assert one.ask("CancelReservation", {"reservationId": 8}) == {"status": "Rejected"}
    assert one.ask("CancelReservation", {"reservationId": 7}) == {"status": "Accepted"}
    one.run(1)
    assert told(one)[-1] == "Available"


def test_a_place_is_not_promised_twice_nor_when_it_is_taken() -> None:
    one = scene()
    one.ask("ReserveNow", reserve())
    assert one.ask("ReserveNow", reserve() | {"id": 8}) == {"status": "Occupied"}
    assert one.ask("ReserveNow", reserve()) == {"status": "Accepted"}
    one.ask("CancelReservation", {"reservationId": 7})
    one.plug_in()
    assert one.ask("ReserveNow", reserve()) == {"status": "Occupied"}
    one.home.fault()
    assert one.ask("ReserveNow", reserve()) == {"status": "Faulted"}


def test_a_place_held_for_another_is_not_started_from_afar() -> None:
    one = scene(autocharge=False)
    one.ask("ReserveNow", reserve())
    stranger = {"idToken": {"idToken": "X", "type": "Central"}, "remoteStartId": 1, "evseId": 1}
    assert one.ask("RequestStartTransaction", stranger)["status"] == "Rejected"
    assert one.ask("RequestStartTransaction", stranger | {"idToken": CARD}) == {"status": "Accepted"}


# -- messages ---------------------------------------------------------------------------------------


def message(number: int = 1, **changes: Any) -> dict[str, Any]:
    content = {"format": "UTF8", "content": f"message {number}"}
    return {"message": {"id": number, "priority": "NormalCycle", "message": content, **changes}}


def shown(one: Scene) -> list[int]:
    return [info["id"] for note in one.controller.of("NotifyDisplayMessages") for info in note["messageInfo"]]


def test_messages_are_shown_listed_and_taken_off() -> None:
    one = scene()
    assert one.ask("GetDisplayMessages", {"requestId": 1}) == {"status": "Unknown"}
    for number in range(1, 8):
        assert one.ask("SetDisplayMessage", message(number)) == {"status": "Accepted"}
    assert one.ask("GetDisplayMessages", {"requestId": 2}) == {"status": "Accepted"}
    assert shown(one) == list(range(1, 8))
    assert [note.get("tbc", False) for note in one.controller.of("NotifyDisplayMessages")] == [True, False]
    assert one.ask("ClearDisplayMessage", {"id": 3}) == {"status": "Accepted"}
    assert one.ask("ClearDisplayMessage", {"id": 3}) == {"status": "Unknown"}


@pytest.mark.parametrize(
    ("criteria", "found"),
    [({"id": [2]}, [2]), ({"priority": "AlwaysFront"}, [2]), ({"state": "Charging"}, [1]), ({"id": [9]}, [])],
)
def test_messages_are_listed_by_what_they_are(criteria: dict[str, Any], found: list[int]) -> None:
    one = scene()
    one.ask("SetDisplayMessage", message(1, state="Charging"))
    one.ask("SetDisplayMessage", message(2, priority="AlwaysFront"))
    one.ask("GetDisplayMessages", {"requestId": 1, **criteria})
    assert shown(one) == found


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"state": "Discharging"}, "NotSupportedState"),
        ({"message": {"format": "HTML", "content": "<b>"}}, "NotSupportedMessageFormat"),
        ({"transactionId": "nobody"}, "UnknownTransaction"),
    ],
)
def test_what_cannot_be_shown_is_refused(change: dict[str, Any], status: str) -> None:
    assert scene().ask("SetDisplayMessage", message(**change)) == {"status": status}


def test_messages_end_with_their_time_and_with_their_transaction() -> None:
    one = scene()
    one.plug_in()
    one.ask("SetDisplayMessage", message(1, endDateTime=iso(EVENING + timedelta(seconds=30))))
    one.ask("SetDisplayMessage", message(2, transactionId=one.controller.transaction_id))
    one.ask("SetDisplayMessage", message(3))
    one.run(40)
    one.home.unplug()
    one.run(1)
    one.ask("GetDisplayMessages", {"requestId": 1})
    assert shown(one) == [3]


def test_costs_are_shown() -> None:
    one = scene()
    assert one.ask("CostUpdated", {"totalCost": 1.42, "transactionId": "x"}) == {}
    assert one.home.station.screen.cost == 1.42


def test_a_station_may_have_no_screen() -> None:
    one = scene(quirks=Quirks(no_screen=True))
    assert one.ask("SetDisplayMessage", message()) == "NotSupported"
    assert one.ask("CostUpdated", {"totalCost": 1.42, "transactionId": "x"}) == "NotSupported"


# -- round times of day -----------------------------------------------------------------------------


def align(one: Scene, every_s: int) -> None:
    for name, value in (("Enabled", "true"), ("Interval", str(every_s))):
        write = {"component": {"name": "AlignedDataCtrlr"}, "variable": {"name": name}, "attributeValue": value}
        one.ask("SetVariables", {"setVariableData": [write]})


def test_values_are_told_at_round_times_with_and_without_a_transaction() -> None:
    one = scene(update_interval_s=0)
    one.run(7)
    align(one, 60)
    one.run(120)
    alone = [note["meterValue"][0] for note in one.controller.of("MeterValues")]
    assert [value["timestamp"][14:19] for value in alone] == ["01:00", "02:00"]
    assert alone[0]["sampledValue"][0]["context"] == "Sample.Clock"
    one.plug_in(60)
    assert len(one.controller.events("Updated", "MeterValueClock")) == 1
    assert len(one.controller.of("MeterValues")) == 2


# -- the offline queue ------------------------------------------------------------------------------


def test_what_waits_to_be_told_can_be_asked() -> None:
    one = scene()
    one.plug_in()
    mine = one.controller.transaction_id
    one.controller.mute.add("TransactionEvent")
    one.home.unplug()
    one.run(1)
    assert one.ask("GetTransactionStatus", {"transactionId": mine}) == {
        "ongoingIndicator": False,
        "messagesInQueue": True,
    }
    assert one.ask("GetTransactionStatus", {}) == {"messagesInQueue": True}
    assert one.ask("GetTransactionStatus", {"transactionId": "other"})["messagesInQueue"] is False
