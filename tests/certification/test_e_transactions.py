"""A charge begins and ends the way its station was built to: wherever that is, the record is right."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pytest

from .lab import PLACE, TAKEN, Json, Lab, Station, card, stamp

type Step = tuple[str, str, Json]
"""One event: its kind, its trigger, what it holds beside."""

GO: Json = {"chargingState": "Charging"}
THERE: Json = {"chargingState": "EVConnected"}
IDLE: Json = {"chargingState": "Idle"}
EV: Json = {"chargingState": "SuspendedEV"}
LEFT: Json = {"stoppedReason": "EVDisconnected"}


def step(kind: str, trigger: str, state: Json | None = None, **more: Any) -> Step:
    """Return one event of a story."""
    return kind, trigger, more | ({"info": state} if state else {})


async def play(station: Station, steps: Iterable[Step], transaction: str = "tx-1", first: int = 0) -> None:
    """Tell a story event by event; hold that a badge gets its verdict, and nothing else does."""
    for seq_no, (kind, trigger, more) in enumerate(steps, first):
        answer = await station.event(kind, trigger, seq_no, transaction, **more)
        assert ("idTokenInfo" in answer) is ("idToken" in more)
        if "idToken" in more:
            assert answer["idTokenInfo"]["status"] == "Accepted"


# where a transaction begins

AUTHORIZED = step("Updated", "Authorized", idToken=card())
CHARGING = step("Updated", "ChargingStateChanged", GO)

BEGINNINGS: dict[str, list[Step]] = {
    "E_01": [step("Started", "Authorized", GO, evse=PLACE, idToken=card())],
    "E_02": [step("Started", "ChargingStateChanged", GO, evse=PLACE, idToken=card())],
    "E_09": [step("Started", "CablePluggedIn", THERE, evse=PLACE), AUTHORIZED, CHARGING],
    "E_10": [
        step("Started", "Authorized", idToken=card()),
        step("Updated", "CablePluggedIn", THERE, evse=PLACE),
        CHARGING,
    ],
    "E_12": [
        step("Started", "EVDetected", evse={"id": 1}),
        AUTHORIZED,
        step("Updated", "CablePluggedIn", THERE, evse=PLACE),
        CHARGING,
    ],
}


@pytest.mark.octt("E_01", "E_02", "E_09", "E_10", "E_12")
@pytest.mark.parametrize("case", BEGINNINGS)
async def test_a_charge_begins_wherever_the_station_counts_from(lab: Lab, case: str) -> None:
    station = await lab.ready()
    assert await station.status("Occupied") == {}
    assert (await station.authorize())["idTokenInfo"]["status"] == "Accepted"
    await play(station, BEGINNINGS[case])
    session = lab.session()
    assert (session.token, session.evse, session.ended_at, session.begun) == ("CARD-1", 1, None, True)
    assert (lab.evse.session, lab.evse.charging_state) == (session.key, "Charging")


@pytest.mark.octt("E_03")
async def test_the_car_is_plugged_in_and_then_the_badge_held_up(lab: Lab) -> None:
    station = await lab.ready()
    await station.status("Occupied")
    await play(station, [step("Started", "CablePluggedIn", THERE, evse=PLACE)])
    assert (lab.session().token, lab.evse.charging_state) == (None, "EVConnected")
    assert (await station.authorize())["idTokenInfo"]["status"] == "Accepted"
    await play(station, [AUTHORIZED, CHARGING], first=1)
    assert (lab.session().token, lab.evse.charging_state) == ("CARD-1", "Charging")


@pytest.mark.octt("E_04")
async def test_the_badge_is_held_up_and_then_the_car_plugged_in(lab: Lab) -> None:
    station = await lab.ready()
    assert (await station.authorize())["idTokenInfo"]["status"] == "Accepted"
    await play(station, [step("Started", "Authorized", evse={"id": 1}, idToken=card())])
    await station.status("Occupied")
    await play(station, [step("Updated", "CablePluggedIn", THERE, evse=PLACE), CHARGING], first=1)
    assert (lab.session().evse, lab.evse.charging_state) == (1, "Charging")


@pytest.mark.octt("E_11")
async def test_a_charge_begins_with_a_signed_value(lab: Lab) -> None:
    station = await lab.ready()
    await station.status("Occupied")
    signature = {
        "signedMeterData": "c2lnbmVk",
        "signingMethod": "ECDSA-secp256r1-SHA256",
        "encodingMethod": "OCMF",
        "publicKey": "a2V5",
    }
    value = {
        "value": 1000.0,
        "context": "Transaction.Begin",
        "measurand": "Energy.Active.Import.Register",
        "signedMeterValue": signature,
    }
    values = [{"timestamp": stamp(), "sampledValue": [value]}]
    begin = step("Started", "SignedDataReceived", GO, evse=PLACE, idToken=card(), meterValue=values)
    await play(station, [begin])
    assert lab.session().energy_in.first_wh == 1000.0


# where it ends

STOPPED = step("Updated", "StopAuthorized", idToken=card())
ENDINGS: dict[str, tuple[list[Step], str]] = {
    "E_07": ([step("Ended", "StopAuthorized", THERE, idToken=card())], "Local"),
    "E_08": ([STOPPED, step("Ended", "ChargingStateChanged", THERE | {"stoppedReason": "Local"})], "Local"),
    "E_14": (
        [STOPPED, step("Updated", "ChargingStateChanged", THERE), step("Ended", "EVCommunicationLost", IDLE | LEFT)],
        "EVDisconnected",
    ),
    "E_15": ([step("Ended", "StopAuthorized", {"stoppedReason": "Local"}, idToken=card())], "Local"),
    "E_17": ([step("Ended", "EVCommunicationLost", IDLE | LEFT)], "EVDisconnected"),
    "E_19": (
        [step("Updated", "EVCommunicationLost", IDLE), step("Ended", "EVDeparted", {"stoppedReason": "Local"})],
        "Local",
    ),
    "E_20": (
        [step("Updated", "ChargingStateChanged", EV), step("Ended", "EVCommunicationLost", LEFT)],
        "EVDisconnected",
    ),
    "E_22": ([step("Ended", "ChargingStateChanged", EV | {"stoppedReason": "StoppedByEV"})], "StoppedByEV"),
}


@pytest.mark.octt("E_07", "E_08", "E_14", "E_15", "E_17", "E_19", "E_20", "E_22")
@pytest.mark.parametrize("case", ENDINGS)
async def test_a_charge_ends_wherever_the_station_counts_to(lab: Lab, case: str) -> None:
    steps, reason = ENDINGS[case]
    await lab.open()
    station = await lab.charging()
    await play(station, steps, first=1)
    session = lab.session()
    assert session.ended_at is not None
    assert (session.stopped_reason, session.settled, session.gaps) == (reason, True, 0)
    assert lab.evse.session is None
    assert await station.status("Available") == {}
    assert (lab.evse.phase, lab.evse.connector) == ("unplugged", "Available")


@pytest.mark.octt("E_16")
async def test_a_badge_refused_in_the_middle_ends_the_charge(lab: Lab) -> None:
    station = await lab.ready({"access": "badges"})
    answer = await station.event("Started", "Authorized", 0, evse=PLACE, idToken=card("STRANGER"))
    assert answer["idTokenInfo"]["status"] == "Unknown"
    assert lab.session().refused
    await play(
        station,
        [
            step("Updated", "Deauthorized", {"chargingState": "SuspendedEVSE"}),
            step("Ended", "Deauthorized", {"stoppedReason": "DeAuthorized"}),
        ],
        first=1,
    )
    assert (lab.session().stopped_reason, lab.evse.session) == ("DeAuthorized", None)
    assert "SetChargingProfile" not in [action for action, _ in station.history]


@pytest.mark.octt("E_21")
async def test_a_charge_is_ended_from_here(lab: Lab) -> None:
    await lab.open()
    station = await lab.charging()
    task = lab.act("stop_transaction")
    asked = await station.answer("RequestStopTransaction", {"status": "Accepted"})
    assert asked == {"transactionId": "tx-1"}
    assert (await task)["status"] == "Accepted"
    await play(
        station,
        [step("Updated", "RemoteStop", THERE), step("Ended", "EVCommunicationLost", {"stoppedReason": "Remote"})],
        first=1,
    )
    assert lab.session().stopped_reason == "Remote"


@pytest.mark.octt("E_26")
async def test_a_charge_goes_on_when_the_plug_comes_back(lab: Lab) -> None:
    await lab.open()
    station = await lab.charging()
    await play(station, [step("Updated", "EVCommunicationLost", IDLE)], first=1)
    await station.status("Available")
    assert (lab.session().ended_at, lab.evse.session) == (None, lab.session().key)
    await station.status("Occupied")
    await play(station, [step("Updated", "CablePluggedIn", THERE), CHARGING], first=2)
    assert (lab.session().ended_at, lab.evse.charging_state) == (None, "Charging")
    assert lab.session().gaps == 0


@pytest.mark.octt("E_38")
async def test_a_car_that_is_not_ready_is_waited_for(lab: Lab) -> None:
    station = await lab.ready()
    await station.status("Occupied")
    steps = [
        step("Started", "CablePluggedIn", THERE, evse=PLACE),
        AUTHORIZED,
        step("Updated", "ChargingStateChanged", EV),
    ]
    await play(station, steps)
    assert (lab.evse.charging_state, lab.session().ended_at) == ("SuspendedEV", None)
    await play(station, [CHARGING], first=3)
    assert lab.evse.charging_state == "Charging"


@pytest.mark.octt("E_39")
async def test_a_badge_held_up_without_a_car_ends_by_itself(lab: Lab) -> None:
    station = await lab.ready()
    timeout = step("Ended", "EVConnectTimeout", {"stoppedReason": "Timeout"})
    await play(station, [step("Started", "Authorized", evse={"id": 1}, idToken=card()), timeout])
    assert (lab.session().stopped_reason, lab.evse.session) == ("Timeout", None)


@pytest.mark.octt("E_53")
async def test_each_transaction_counts_its_events_from_nought(lab: Lab) -> None:
    await lab.open()
    station = await lab.charging()
    await play(station, [CHARGING, step("Ended", "EVCommunicationLost", LEFT)], first=1)
    await play(station, [step("Started", "Authorized", GO, evse=PLACE, idToken=card()), CHARGING], "tx-2")
    assert [lab.session(name).seen for name in ("tx-1", "tx-2")] == [((0, 2),), ((0, 1),)]
    assert lab.session("tx-2").ended_at is None
    assert lab.evse.session == lab.session("tx-2").key


# what became of a transaction


@pytest.mark.octt("E_29", "E_30")
@pytest.mark.parametrize("queued", [True, False])
async def test_after_a_reconnect_a_charge_that_is_still_there_goes_on(lab: Lab, queued: bool) -> None:
    await lab.open({"automatic": ["transactions"]})
    station = await lab.charging()
    await station.close()
    station = await lab.dial()
    station.always |= TAKEN | {"TriggerMessage": {"status": "Accepted"}}
    answer = {"ongoingIndicator": True, "messagesInQueue": queued}
    assert await station.answer("GetTransactionStatus", answer) == {"transactionId": "tx-1"}
    await play(station, [step("Updated", "Trigger", GO)], first=1)
    assert (lab.session().ended_at, lab.evse.session) == (None, lab.session().key)


@pytest.mark.octt("E_31")
async def test_what_a_station_still_has_of_a_charge_that_is_over_is_waited_for(lab: Lab) -> None:
    await lab.open()
    station = await lab.charging()
    await play(station, [step("Ended", "EVCommunicationLost", LEFT)], first=3)
    assert (lab.session().gaps, lab.session().settled) == (2, False)
    payload = {"transactionId": "tx-1"}
    task = lab.act("call_station", action="GetTransactionStatus", payload=payload)
    answer = {"ongoingIndicator": False, "messagesInQueue": True}
    assert await station.answer("GetTransactionStatus", answer) == payload
    assert (await task)["response"] == answer
    ended_at: datetime | None = lab.session().ended_at
    await play(station, [step("Updated", "MeterValuePeriodic", offline=True)] * 2, first=1)
    session = lab.session()
    assert (session.gaps, session.settled, session.ended_at) == (0, True, ended_at)


@pytest.mark.octt("E_33", "E_34")
@pytest.mark.parametrize("queued", [True, False])
async def test_a_station_is_asked_whether_it_has_anything_left_to_tell(lab: Lab, queued: bool) -> None:
    await lab.open()
    station = await lab.booted()
    task = lab.act("call_station", action="GetTransactionStatus")
    assert await station.answer("GetTransactionStatus", {"messagesInQueue": queued}) == {}
    assert (await task)["response"] == {"messagesInQueue": queued}
