"""The family's badges over real sockets: learnt, refused, and good while Home Assistant is down."""

import asyncio
from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from custom_components.mobilize_flex import const as c
from custom_components.mobilize_flex.core.model.access import ListStanding
from custom_components.mobilize_flex.core.model.state import StationState
from simulator.ocpp_station import OcppStation

from .conftest import STATION_ID, Journey

pytestmark = pytest.mark.timeout(180)
STRANGERS = ("AuthCtrlr", "OfflineTxForUnknownIdEnabled")


def ours(journey: Journey) -> StationState:
    """Return the station as the integration sees it."""
    return journey.coordinator.state.stations[STATION_ID]


def theirs(journey: Journey) -> OcppStation:
    """Return the station as it is."""
    assert journey.world is not None
    return journey.world.station


async def restricted(journey: Journey) -> None:
    """Begin with a station that wants a badge, and wait until it knows."""
    await journey.begin(autocharge=False)
    assert journey.entry is not None
    entries = journey.hass.config_entries
    station = next(s for s in journey.entry.subentries.values() if s.subentry_type == c.STATION)
    entries.async_update_subentry(journey.entry, station, data={**station.data, c.CONF_ACCESS: c.ACCESS_BADGES})
    await journey.until(lambda: journey.see().online)
    await journey.until(lambda: not theirs(journey).model.flag(*STRANGERS))


async def in_step(journey: Journey, *tokens: str) -> None:
    """Wait until the station keeps these badges."""
    await journey.until(lambda: ours(journey).badges.standing is ListStanding.IN_STEP)
    await journey.until(lambda: {token for token, _ in theirs(journey).access.entries} == set(tokens))


def transaction(journey: Journey) -> Any:
    """Return what the station has running."""
    return theirs(journey).session.transaction


async def test_a_badge_works_while_home_assistant_is_down(hass: HomeAssistant, journey: Journey) -> None:
    await restricted(journey)
    await journey.act("set_token", token="04A1", kind="ISO14443", driver="Camille")
    await journey.act("set_token", token="04B1", kind="ISO14443", status="blocked")
    await in_step(journey, "04a1", "04b1")
    assert journey.entry is not None
    assert journey.world is not None
    await hass.config_entries.async_unload(journey.entry.entry_id)
    await journey.until(lambda: not journey.see().online)
    journey.world.plug_in()
    for stranger in ("04FF", "04B1"):
        journey.world.present_token(stranger)
        await asyncio.sleep(1.0)
        assert transaction(journey) is None, stranger
    journey.world.present_token("04A1")
    await journey.until(lambda: transaction(journey) is not None)
    await hass.config_entries.async_setup(journey.entry.entry_id)
    await journey.until(lambda: any(s.token == "04A1" for s in journey.coordinator.state.sessions.values()))
    (session,) = journey.coordinator.state.sessions.values()
    assert (session.refused, session.ended_at) == (False, None)


async def test_the_next_card_is_learnt_and_charges_at_once(journey: Journey) -> None:
    await restricted(journey)
    assert journey.world is not None
    journey.world.plug_in()
    journey.world.present_token("04C1")
    await asyncio.sleep(1.0)
    assert transaction(journey) is None
    learning = journey.hass.async_create_task(journey.act("learn_token", answer=True, driver="Lou"))
    await journey.until(lambda: ours(journey).learning is not None)
    journey.world.present_token("04C1")
    learnt = await learning
    assert (learnt["token"], learnt["kind"], learnt["driver"]) == ("04C1", "ISO14443", "Lou")
    await journey.until(lambda: transaction(journey) is not None)
    await in_step(journey, "04c1")
    told = await journey.act("get_tokens", answer=True)
    assert told["stations"][STATION_ID]["own_list"] == "in_step"


async def test_a_blocked_card_charges_nothing_and_leaves_with_its_driver(journey: Journey) -> None:
    await restricted(journey)
    assert journey.world is not None
    await journey.act("set_token", token="04B1", kind="ISO14443", driver="Nobody")
    await in_step(journey, "04b1")
    await journey.act("set_token", token="04B1", status="blocked")
    journey.world.plug_in()
    journey.world.present_token("04B1")
    await asyncio.sleep(1.0)
    assert transaction(journey) is None
    assert journey.see().power_w == 0.0
    answer = await journey.act("remove_token", answer=True, token="04B1", clear_on_stations=True)
    assert answer == {"stations": {STATION_ID: "Accepted"}}
    await in_step(journey)
