"""A station is kept for somebody: until he comes, until his time is over, or until it cannot be kept."""

from datetime import datetime, timedelta
from typing import Any

from homeassistant.util import dt as dt_util
import pytest

from .lab import PLACE, Json, Lab, Station, card


async def reserved(lab: Lab, station: Station, **fields: Any) -> Json:
    """Reserve, hold that the station said yes and that we know of it; return what the station was asked."""
    task = lab.act("reserve", **fields)
    asked = await station.answer("ReserveNow", {"status": "Accepted"})
    answer = await task
    assert (answer["status"], answer["reservation"]) == ("Accepted", asked["id"])
    assert held(lab)[-1] == asked["id"]
    return asked


def held(lab: Lab) -> list[int]:
    """Return the numbers of the reservations we know of."""
    return [reservation.id for reservation in lab.state.memory.reservations]


@pytest.mark.octt("H_01")
async def test_one_evse_is_kept_for_the_badge_that_uses_it(lab: Lab) -> None:
    station = await lab.ready()
    asked = await reserved(lab, station, token="CARD-1", evse=1, minutes=30)
    left = datetime.fromisoformat(asked["expiryDateTime"]) - dt_util.utcnow()
    assert timedelta(minutes=29) < left <= timedelta(minutes=30)
    assert (asked["evseId"], asked["idToken"]) == (1, card())
    assert await station.status("Reserved") == {}
    assert lab.evse.connector == "Reserved"
    assert (await station.authorize())["idTokenInfo"]["status"] == "Accepted"
    await station.event("Started", "Authorized", 0, evse=PLACE, idToken=card(), reservationId=asked["id"])
    assert (held(lab), lab.session().reservation) == ([], asked["id"])


@pytest.mark.octt("H_07", "H_20")
@pytest.mark.parametrize(("why", "then"), [("Expired", "Available"), ("Removed", "Faulted")])
async def test_a_reservation_ends_by_its_time_or_by_a_fault(lab: Lab, why: str, then: str) -> None:
    station = await lab.ready()
    asked = await reserved(lab, station, token="CARD-1", evse=1)
    await station.status("Reserved")
    await station.status(then)
    update = {"reservationId": asked["id"], "reservationUpdateStatus": why}
    assert await station.call("ReservationStatusUpdate", update) == {}
    assert (held(lab), lab.evse.connector) == ([], then)


@pytest.mark.octt("H_08")
async def test_any_evse_is_kept(lab: Lab) -> None:
    station = await lab.ready()
    asked = await reserved(lab, station, token="CARD-1")
    assert not {"evseId", "connectorType"} & asked.keys()


@pytest.mark.octt("H_14")
async def test_as_many_are_kept_as_there_are_evses(lab: Lab) -> None:
    station = await lab.ready()
    await station.status("Available", evse=2)
    numbers = [(await reserved(lab, station, token=token))["id"] for token in ("CARD-1", "CARD-2")]
    assert held(lab) == numbers
    for evse in (1, 2):
        assert await station.status("Reserved", evse=evse) == {}
        assert lab.state.evses[evse].connector == "Reserved"


@pytest.mark.octt("H_15")
async def test_an_evse_with_the_right_plug_is_kept(lab: Lab) -> None:
    station = await lab.ready()
    asked = await reserved(lab, station, token="CARD-1", connector_type="cType2")
    assert (asked["connectorType"], "evseId" in asked) == ("cType2", False)


@pytest.mark.octt("H_17")
async def test_a_reservation_is_given_up(lab: Lab) -> None:
    station = await lab.ready()
    asked = await reserved(lab, station, token="CARD-1", evse=1)
    task = lab.act("cancel_reservation")
    assert await station.answer("CancelReservation", {"status": "Accepted"}) == {"reservationId": asked["id"]}
    assert (await task)["status"] == "Accepted"
    assert held(lab) == []
    assert await station.status("Available") == {}


@pytest.mark.octt("H_19")
async def test_an_evse_is_kept_for_a_family(lab: Lab) -> None:
    station = await lab.ready()
    for token in ("CARD-1", "CARD-2"):
        await lab.note("set_token", token=token, kind="ISO14443", group="FAMILY")
    asked = await reserved(lab, station, token="CARD-1", evse=1)
    group = {"idToken": "FAMILY", "type": "Central"}
    assert asked["groupIdToken"] == group
    assert (await station.authorize("CARD-2"))["idTokenInfo"]["groupIdToken"] == group
    more = {"idToken": card("CARD-2"), "reservationId": asked["id"]}
    await station.event("Started", "Authorized", 0, evse=PLACE, **more)
    assert (held(lab), lab.session().token) == ([], "CARD-2")


@pytest.mark.octt("H_22")
async def test_a_station_may_not_take_reservations(lab: Lab) -> None:
    station = await lab.ready()
    task = lab.act("reserve", token="CARD-1", evse=1)
    await station.answer("ReserveNow", {"status": "Rejected"})
    assert (await lab.fails(task)).translation_key == "task_rejected"
    assert held(lab) == []
