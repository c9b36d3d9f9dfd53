"""What people and automations see of a session that goes on, and what they can type in."""

import asyncio
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.mobilize_flex.core.model.battery import Belief, SocSource
from custom_components.mobilize_flex.core.model.electric import StationReadings
from custom_components.mobilize_flex.core.model.session import Phase

from .house import CAR, STATION, become, car, coordinator, find, move_in, seen, station
from .test_concerns import KEY, session_at, wait

HOME = "site/site"

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.fixture
async def home(hass: HomeAssistant) -> MockConfigEntry:
    """Return a home with a station and a car."""
    return await move_in(hass, station(), car())


def told(hass: HomeAssistant) -> tuple[Any, Any]:
    """Return what the home's session event told last."""
    attributes = seen(hass, HOME, "session", "event").attributes
    return attributes.get("event_type"), attributes.get("transaction")


async def turn(hass: HomeAssistant, home: MockConfigEntry, phase: Phase, **session: Any) -> None:
    """Let the session be in a phase."""
    state = session_at(home, phase=phase)
    now = replace(state.sessions[KEY], phase=phase, **session)
    await become(hass, home, replace(state, sessions=MappingProxyType({KEY: now})))


async def test_automations_hear_when_a_session_begins_and_when_its_car_stays(
    hass: HomeAssistant,
    home: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    assert told(hass) == (None, None)
    await turn(hass, home, Phase.V2G)
    await wait(hass, freezer, 2)
    assert told(hass) == ("began", "t")
    await turn(hass, home, Phase.HELD)
    await wait(hass, freezer, 2)
    assert told(hass) == ("still_plugged", "t")
    at = seen(hass, HOME, "session", "event").state
    await turn(hass, home, Phase.HELD, v2g_s=5.0)
    await wait(hass, freezer, 2)
    assert seen(hass, HOME, "session", "event").state == at
    await turn(hass, home, Phase.V2G)
    await wait(hass, freezer, 2)
    await turn(hass, home, Phase.HELD)
    await wait(hass, freezer, 2)
    assert seen(hass, HOME, "session", "event").state > at


async def test_what_went_on_before_a_restart_is_not_told_again(
    hass: HomeAssistant,
    home: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await turn(hass, home, Phase.HELD)
    await wait(hass, freezer, 2)
    at = seen(hass, HOME, "session", "event").state
    entity: Any = hass.data["entity_components"]["event"].get_entity(find(hass, HOME, "session", "event"))
    await entity.async_added_to_hass()
    await turn(hass, home, Phase.HELD, v2g_s=5.0)
    await wait(hass, freezer, 2)
    assert seen(hass, HOME, "session", "event").state == at


async def settle(hass: HomeAssistant) -> None:
    """Let the board tell what it held back."""
    await asyncio.sleep(1.1)
    await hass.async_block_till_done()


async def test_a_level_nobody_tells_is_typed_in(hass: HomeAssistant, home: MockConfigEntry) -> None:
    box = find(hass, f"vehicle/{CAR}", "told_soc", "number")
    assert seen(hass, f"vehicle/{CAR}", "told_soc", "number").state == "unavailable"
    await become(hass, home, session_at(home))
    await settle(hass)
    assert seen(hass, f"vehicle/{CAR}", "told_soc", "number").state == "unknown"
    await hass.services.async_call("number", "set_value", {"entity_id": box, "value": 44}, blocking=True)
    await settle(hass)
    belief = coordinator(home).state.stations[STATION].evses[1].battery
    assert (belief.soc_pct, belief.source) == (44.0, SocSource.OWNER)
    assert coordinator(home).state.sessions[KEY].vehicle == CAR
    assert seen(hass, f"vehicle/{CAR}", "told_soc", "number").state == "44"


async def test_nothing_is_to_be_typed_where_the_station_tells(hass: HomeAssistant, home: MockConfigEntry) -> None:
    now = coordinator(home).now()
    believed = Belief(soc_pct=50.0, told_pct=50.0, source=SocSource.STATION, told_at=now.utc)
    told_now = StationReadings(at=now, soc_pct=50.0, soc_at=now)
    await become(hass, home, session_at(home, battery=believed, readings=told_now))
    await settle(hass)
    assert seen(hass, f"vehicle/{CAR}", "told_soc", "number").state == "unavailable"


async def test_a_level_of_a_car_that_is_gone_is_refused_in_words(
    hass: HomeAssistant,
    home: MockConfigEntry,
) -> None:
    entity: Any = hass.data["entity_components"]["number"].get_entity(
        find(hass, f"vehicle/{CAR}", "told_soc", "number")
    )
    with pytest.raises(ServiceValidationError, match="No charge is running that could be of R5"):
        await entity.async_set_native_value(40.0)
