"""A station, an EVSE or a connector is taken out of service and put back; a cable that cannot be locked is told."""

import pytest

from .lab import Json, Lab, stamp

WHOLE: dict[str, int] = {}
EVSE = {"evse": 1}
CONNECTOR = {"evse": 1, "connector": 1}
ON_THE_WIRE: list[tuple[dict[str, int], Json]] = [
    (EVSE, {"evse": {"id": 1}}),
    (WHOLE, {}),
    (CONNECTOR, {"evse": {"id": 1, "connectorId": 1}}),
]


async def shown(lab: Lab, entity: str) -> str:
    """Return what an entity shows."""
    await lab.hass.async_block_till_done()
    state = lab.hass.states.get(entity)
    assert state is not None
    return state.state


@pytest.mark.octt("G_03", "G_04", "G_05", "G_06", "G_07", "G_08")
@pytest.mark.parametrize(("where", "wire"), ON_THE_WIRE)
async def test_something_is_taken_out_of_service_and_put_back(lab: Lab, where: dict[str, int], wire: Json) -> None:
    await lab.open()
    station = await lab.booted()
    for operative, word, state in ((False, "Inoperative", "Unavailable"), (True, "Operative", "Available")):
        task = lab.act("set_availability", operative=operative, **where)
        asked = await station.answer("ChangeAvailability", {"status": "Accepted"})
        assert asked == {"operationalStatus": word} | wire
        assert (await task)["status"] == "Accepted"
        assert await station.status(state) == {}
        assert lab.evse.connector == state
        assert lab.state.switched_off is not operative
        assert await shown(lab, "switch.station_in_service") == ("on" if operative else "off")


@pytest.mark.octt("G_11", "G_14", "G_17")
@pytest.mark.parametrize(("where", "wire"), ON_THE_WIRE)
async def test_what_charges_goes_out_of_service_when_it_is_done(lab: Lab, where: dict[str, int], wire: Json) -> None:
    await lab.open()
    station = await lab.charging()
    task = lab.act("set_availability", operative=False, **where)
    asked = await station.answer("ChangeAvailability", {"status": "Scheduled"})
    assert asked == {"operationalStatus": "Inoperative"} | wire
    assert (await task)["status"] == "Scheduled"
    assert lab.session().ended_at is None
    await station.event("Ended", "EVCommunicationLost", 1, info={"stoppedReason": "EVDisconnected"})
    assert await station.status("Unavailable") == {}
    assert (lab.evse.session, lab.evse.connector, lab.state.switched_off) == (None, "Unavailable", True)


@pytest.mark.octt("G_20")
async def test_a_cable_that_cannot_be_locked_is_told_and_shown(lab: Lab) -> None:
    await lab.open()
    station = await lab.booted()
    event = {
        "eventId": 7,
        "timestamp": stamp(),
        "trigger": "Alerting",
        "actualValue": "true",
        "eventNotificationType": "HardWiredNotification",
        "component": {"name": "ConnectorPlugRetentionLock", "evse": {"id": 1, "connectorId": 1}},
        "variable": {"name": "Problem"},
    }
    assert await station.call("NotifyEvent", {"generatedAt": stamp(), "seqNo": 0, "eventData": [event]}) == {}
    assert lab.evse.problems == {"ConnectorPlugRetentionLock.Problem"}
    assert await shown(lab, "binary_sensor.station_problem") == "on"
