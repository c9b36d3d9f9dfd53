"""A station is operated from here: started, unlocked, asked to speak up."""

from typing import Any

import pytest

from .lab import PLACE, Json, Lab, Station, card, stamp

OURS = card("home-assistant", "Central")


async def ordered(lab: Lab, station: Station, who: Json, **fields: Any) -> tuple[int, str]:
    """Start a charge from here; return its number, and the badge as the station was told it."""
    task = lab.act("start_transaction", **fields)
    asked = await station.answer("RequestStartTransaction", {"status": "Accepted"})
    number = asked.pop("remoteStartId")
    assert asked == {"evseId": 1, "idToken": who}
    assert (await task)["status"] == "Accepted"
    return number, who["idToken"]


# starting


@pytest.mark.octt("F_01")
async def test_a_car_that_is_plugged_in_is_started_from_here(lab: Lab) -> None:
    station = await lab.ready()
    await station.status("Occupied")
    await station.event("Started", "CablePluggedIn", 0, evse=PLACE, info={"chargingState": "EVConnected"})
    number, token = await ordered(lab, station, OURS)
    info = {"remoteStartId": number}
    answer = await station.event("Updated", "RemoteStart", 1, idToken=OURS, info=info)
    assert answer["idTokenInfo"]["status"] == "Accepted"
    await station.event("Updated", "ChargingStateChanged", 2, info={"chargingState": "Charging"})
    assert (lab.session().remote_id, lab.session().token, lab.evse.charging_state) == (number, token, "Charging")


@pytest.mark.octt("F_02")
async def test_a_start_from_here_is_checked_by_a_station_that_asks(lab: Lab) -> None:
    station = await lab.ready({"access": "badges"})
    await lab.note("set_token", token="CARD-1", kind="ISO15693", driver="Camille")
    number, _ = await ordered(lab, station, card("CARD-1", "ISO15693"), driver="camille")
    assert (await station.authorize("CARD-1", "ISO15693"))["idTokenInfo"]["status"] == "Accepted"
    info = {"remoteStartId": number}
    who = card("CARD-1", "ISO15693")
    answer = await station.event("Started", "RemoteStart", 0, evse={"id": 1}, idToken=who, info=info)
    assert answer["idTokenInfo"]["status"] == "Accepted"
    await station.status("Occupied")
    await station.event("Updated", "CablePluggedIn", 1, evse=PLACE, info={"chargingState": "Charging"})
    assert (lab.session().remote_id, lab.session().ended_at) == (number, None)


@pytest.mark.octt("F_03")
async def test_a_start_from_here_is_believed_by_a_station_that_does_not_ask(lab: Lab) -> None:
    station = await lab.ready({"access": "badges"})
    number, _ = await ordered(lab, station, OURS)
    info = {"remoteStartId": number}
    answer = await station.event("Started", "RemoteStart", 0, evse={"id": 1}, idToken=OURS, info=info)
    assert answer["idTokenInfo"]["status"] == "Accepted"
    await station.status("Occupied")
    await station.event("Updated", "CablePluggedIn", 1, evse=PLACE, info={"chargingState": "Charging"})
    assert (lab.session().remote_id, lab.evse.charging_state) == (number, "Charging")


@pytest.mark.octt("F_04")
async def test_a_start_from_here_ends_by_itself_when_no_car_comes(lab: Lab) -> None:
    station = await lab.ready()
    number, _ = await ordered(lab, station, OURS)
    await station.event("Started", "RemoteStart", 0, evse={"id": 1}, idToken=OURS, info={"remoteStartId": number})
    await station.event("Ended", "EVConnectTimeout", 1, info={"stoppedReason": "Timeout"})
    assert (lab.session().stopped_reason, lab.evse.session) == ("Timeout", None)


# unlocking


@pytest.mark.octt("F_06")
async def test_a_cable_is_released(lab: Lab) -> None:
    await lab.open()
    station = await lab.booted()
    task = lab.act("unlock_connector")
    assert await station.answer("UnlockConnector", {"status": "Unlocked"}) == {"evseId": 1, "connectorId": 1}
    assert (await task)["status"] == "Unlocked"


# speaking up


async def triggered(lab: Lab, station: Station, message: str, **where: int) -> None:
    """Ask a station to send a message; hold that it was asked for just that."""
    task = lab.act("trigger_message", message=message, **where)
    asked = await station.answer("TriggerMessage", {"status": "Accepted"})
    expected: Json = {"requestedMessage": message}
    if where:
        expected["evse"] = {"id": where["evse"]} | ({"connectorId": where["connector"]} if "connector" in where else {})
    assert asked == expected
    assert (await task)["status"] == "Accepted"


@pytest.mark.octt("F_11", "F_12")
@pytest.mark.parametrize("where", [{"evse": 1}, {}])
async def test_a_station_measures_when_asked(lab: Lab, where: dict[str, int]) -> None:
    await lab.open()
    station = await lab.booted()
    await triggered(lab, station, "MeterValues", **where)
    value = {"value": 0.0, "context": "Trigger", "measurand": "Power.Active.Import"}
    values = [{"timestamp": stamp(), "sampledValue": [value]}]
    assert await station.call("MeterValues", {"evseId": 1, "meterValue": values}) == {}
    assert lab.evse.readings.power_w == 0.0


@pytest.mark.octt("F_13", "F_14")
@pytest.mark.parametrize("where", [{"evse": 1}, {}])
async def test_a_station_tells_of_its_charge_when_asked(lab: Lab, where: dict[str, int]) -> None:
    await lab.open()
    station = await lab.charging()
    await triggered(lab, station, "TransactionEvent", **where)
    value = {"value": 7000.0, "context": "Trigger", "measurand": "Power.Active.Import"}
    values = [{"timestamp": stamp(), "sampledValue": [value]}]
    await station.event("Updated", "Trigger", 1, info={"chargingState": "Charging"}, meterValue=values)
    assert (lab.session().last_seq_no, lab.evse.readings.power_w) == (1, 7000.0)


@pytest.mark.octt("F_15", "F_18")
@pytest.mark.parametrize("message", ["LogStatusNotification", "FirmwareStatusNotification"])
async def test_a_station_with_nothing_under_way_says_so(lab: Lab, message: str) -> None:
    await lab.open()
    station = await lab.booted()
    await triggered(lab, station, message)
    assert await station.call(message, {"status": "Idle"}) == {}
    assert (await station.call("Heartbeat"))["currentTime"]


@pytest.mark.octt("F_20")
async def test_a_station_gives_a_sign_of_life_when_asked(lab: Lab) -> None:
    await lab.open()
    station = await lab.booted()
    await triggered(lab, station, "Heartbeat")
    assert (await station.call("Heartbeat"))["currentTime"][:10] == stamp()[:10]


@pytest.mark.octt("F_23", "F_24")
@pytest.mark.parametrize("word", ["Available", "Occupied"])
async def test_a_connector_is_asked_about_by_its_number(lab: Lab, word: str) -> None:
    await lab.open()
    station = await lab.booted()
    await triggered(lab, station, "StatusNotification", evse=1, connector=1)
    assert await station.status(word) == {}
    assert lab.evse.connector == word


@pytest.mark.octt("F_27")
async def test_a_station_that_does_not_know_a_message_says_so(lab: Lab) -> None:
    await lab.open()
    station = await lab.booted()
    task = lab.act("trigger_message", message="SignCombinedCertificate")
    await station.answer("TriggerMessage", {"status": "NotImplemented"})
    assert (await lab.fails(task)).translation_key == "task_not_supported"
    assert (await station.call("Heartbeat"))["currentTime"]
