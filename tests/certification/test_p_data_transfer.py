"""Words of a maker's own: what nobody here understands is said to be unknown, and harms nothing."""

import pytest

from .lab import Json, Lab, card, stamp

EXTRA: Json = {"customData": {"vendorId": "org.example", "anything": {"is": ["fine", 1]}}}


@pytest.mark.octt("P_02")
@pytest.mark.parametrize(
    "more", [{}, {"messageId": "Hello"}, {"messageId": "Hello", "data": {"to": "you"}}, {"data": 1}]
)
async def test_a_maker_nobody_knows_is_told_so(lab: Lab, more: Json) -> None:
    station = await lab.ready()
    assert await station.call("DataTransfer", {"vendorId": "org.example"} | more) == {"status": "UnknownVendorId"}


@pytest.mark.octt("P_02")
async def test_a_station_that_does_not_know_our_maker_is_an_error_in_words(lab: Lab) -> None:
    station = await lab.ready()
    work = lab.act("transfer_data", vendor="org.example", message="Hello", data={"to": "you"})
    asked = await station.answer("DataTransfer", {"status": "UnknownVendorId"})
    assert asked == {"vendorId": "org.example", "messageId": "Hello", "data": {"to": "you"}}
    assert (await lab.fails(work)).translation_key == "task_unknown"


@pytest.mark.octt("P_03")
async def test_words_of_a_maker_inside_a_message_are_passed_over(lab: Lab) -> None:
    await lab.open()
    station = await lab.dial()
    who = {"vendorName": "Laboratory", "model": "Script"} | EXTRA
    boot = {"reason": "PowerUp", "chargingStation": who} | EXTRA
    assert (await station.call("BootNotification", boot))["status"] == "Accepted"
    status = {"timestamp": stamp(), "connectorStatus": "Occupied", "evseId": 1, "connectorId": 1}
    assert await station.call("StatusNotification", status | EXTRA) == {}
    assert lab.evse.connector == "Occupied"
    assert (await station.call("Authorize", {"idToken": card() | EXTRA} | EXTRA))["idTokenInfo"]["status"] == "Accepted"
    assert "currentTime" in await station.call("Heartbeat", EXTRA)
