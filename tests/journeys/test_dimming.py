"""The grid operator holds the home down over real sockets: seconds from his contact to the car, also at full power."""

from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from custom_components.mobilize_flex import const as c

from .conftest import Journey

pytestmark = pytest.mark.timeout(180)

BOX = "binary_sensor.control_box"
AGREED_W = 2000.0
IN_FORCE_S = 30.0


async def with_contact(hass: HomeAssistant, journey: Journey) -> None:
    """Begin a journey and add the grid operator's contact through its dialog."""
    hass.states.async_set(BOX, "off")
    await journey.begin()
    assert journey.entry is not None
    flows = hass.config_entries.subentries
    flow = await flows.async_init((journey.entry.entry_id, c.CONTACTS), context={"source": "user"})
    answers: dict[str, Any] = {
        "dim_contacts": [BOX],
        "active_when": "closed",
        "devices": 1,
        "guarantee": {"limit_kw": 2},
    }
    for page in ({"next_step_id": "each_its_own"}, answers, {}):
        flow = await flows.async_configure(flow["flow_id"], page)
    assert flow["type"] == "create_entry"
    await hass.async_block_till_done()


async def orders(journey: Journey) -> list[dict[str, Any]]:
    """Return the grid operator's orders as they were written down."""
    told = await journey.act("get_dimming_log", answer=True)
    return list(told["orders"])


async def test_an_instant_charge_is_dimmed_and_released(hass: HomeAssistant, journey: Journey) -> None:
    await with_contact(hass, journey)
    await journey.until(lambda: journey.see().online)
    assert journey.world is not None
    journey.world.plug_in()
    await journey.until(lambda: journey.evse.session is not None and journey.evse.phase != "starting")
    await journey.press("instant_charge")
    await journey.until(lambda: journey.see().power_w > 2600)
    hass.states.async_set(BOX, "on")
    await journey.until(lambda: 1400 < journey.see().power_w <= AGREED_W, IN_FORCE_S)
    await journey.until(lambda: journey.evse.decision.capped_by == "enwg14a", 5)
    record = journey.coordinator.state.dimming.record
    assert record is not None
    await journey.until(lambda: journey.coordinator.state.dimming.record.effective_at is not None, 10)
    (order,) = await orders(journey)
    assert (order["draw"], order["guaranteed_w"], order["end"]) == ("dimmed", AGREED_W, None)
    assert order["stations_before_w"] > AGREED_W
    assert order["grid_before_w"] > order["stations_before_w"]
    followed = journey.coordinator.state.dimming.record
    assert followed is not None
    assert followed.effective_at is not None
    assert (followed.effective_at - followed.started_at).total_seconds() < IN_FORCE_S
    hass.states.async_set(BOX, "off")
    await journey.until(lambda: journey.see().power_w > 2600, 120)  # step by step: the meter is a new one
    (order,) = await orders(journey)
    assert order["end"] is not None


async def test_a_contact_that_falls_silent_dims_too(hass: HomeAssistant, journey: Journey) -> None:
    await with_contact(hass, journey)
    await journey.until(lambda: journey.see().online)
    assert journey.world is not None
    journey.world.plug_in()
    await journey.until(lambda: journey.evse.session is not None and journey.evse.phase != "starting")
    await journey.press("instant_charge")
    await journey.until(lambda: journey.see().power_w > 2600)
    hass.states.async_set(BOX, "unavailable")
    await journey.until(lambda: 1400 < journey.see().power_w <= AGREED_W, IN_FORCE_S)
    (order,) = await orders(journey)
    assert order["contact_unsure"]
