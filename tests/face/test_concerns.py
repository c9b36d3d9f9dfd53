"""What the owner hears of his cars and sessions, and what he can say himself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.mobilize_flex import const as c
from custom_components.mobilize_flex.core.model.battery import Belief, Doubt, SocSource, Word
from custom_components.mobilize_flex.core.model.electric import StationReadings
from custom_components.mobilize_flex.core.model.session import Phase, Session
from custom_components.mobilize_flex.core.model.state import SiteState
from custom_components.mobilize_flex.core.model.station import ConnectorStatus

from .house import CAR, STATION, become, car, coordinator, move_in, seen, station, with_evse

KEY = f"{STATION}/t"


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Let the station server listen."""


@pytest.fixture
async def home(hass: HomeAssistant) -> MockConfigEntry:
    """Return a home with a station and a car, whose level nobody tells."""
    return await move_in(hass, station(), car(plug_entity="binary_sensor.r5_plug"))


def session_at(home: MockConfigEntry, **evse: Any) -> SiteState:
    """Return a state with a session at the station, and the EVSE as it should be."""
    flex = coordinator(home)
    session = Session(key=KEY, station=STATION, evse=1, transaction="t", started_at=flex.now().utc)
    state = replace(flex.state, sessions=MappingProxyType({KEY: session}))
    return with_evse(state, **({"session": KEY, "phase": Phase.V2G} | evse))


async def wait(hass: HomeAssistant, clock: FrozenDateTimeFactory, seconds: float = 6.0) -> None:
    """Let some seconds go by."""
    clock.tick(timedelta(seconds=seconds))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


def repairs(hass: HomeAssistant) -> dict[str, ir.IssueEntry]:
    """Return the repairs of this home, by kind."""
    found = ir.async_get(hass).issues.values()
    return {str(i.translation_key): i for i in found if i.domain == c.DOMAIN and i.active}


def frozen(soc_pct: float) -> Belief:
    """Return what is believed while an entity's level stands still."""
    word = Word(
        source=SocSource.ENTITY,
        soc_pct=40.0,
        moved_pct=0.0,
        base_pct=40.0,
        base_moved_pct=0.0,
        base_at=datetime(2026, 11, 22, tzinfo=UTC),
        doubt=Doubt.FROZEN,
    )
    return Belief(soc_pct=soc_pct, error_pct=3.0, source=SocSource.ENTITY, told_pct=40.0, words=(word,))


async def test_a_frozen_level_is_a_repair_that_comes_and_goes(
    hass: HomeAssistant, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await become(hass, home, session_at(home, battery=frozen(55.0), readings=StationReadings(power_w=0.0)))
    await wait(hass, freezer)
    found = repairs(hass)["soc_frozen"]
    assert found.translation_placeholders == {"site": "Home", "car": "R5", "station": "Garage"}
    soc = seen(hass, f"vehicle/{CAR}", "soc")
    assert (soc.state, soc.attributes["estimated"]) == ("55.0", True)
    assert soc.attributes["not_believed"] == {"entity": "frozen"}
    await become(hass, home, session_at(home, battery=Belief(soc_pct=55.0)))
    await wait(hass, freezer)
    assert "soc_frozen" not in repairs(hass)


async def test_a_car_that_stayed_is_asked_about_and_its_next_session_begins_with_a_word(
    hass: HomeAssistant, home: MockConfigEntry, freezer: FrozenDateTimeFactory, hass_client: Any
) -> None:
    assert await async_setup_component(hass, "repairs", {})
    flex = coordinator(home)
    client = await hass_client()
    await become(hass, home, session_at(home, phase=Phase.HELD, connector=ConnectorStatus.OCCUPIED))
    await wait(hass, freezer)
    found = repairs(hass)["still_plugged"]
    assert found.is_fixable
    page = await (
        await client.post("/api/repairs/issues/fix", json={"handler": c.DOMAIN, "issue_id": found.issue_id})
    ).json()
    assert (page["type"], page["step_id"]) == ("form", "confirm")
    assert page["description_placeholders"] == {"car": "R5", "station": "Garage"}
    done = await (await client.post(f"/api/repairs/issues/fix/{page['flow_id']}", json={})).json()
    assert done["type"] == "create_entry"
    assert flex.state.stations[STATION].evses[1].phase in (Phase.STARTING, Phase.STANDARD)
    await wait(hass, freezer)
    assert "still_plugged" not in repairs(hass)


async def test_a_cable_that_only_the_car_feels_is_named(
    hass: HomeAssistant, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    flex = coordinator(home)
    await become(hass, home, with_evse(flex.state, phase=Phase.UNPLUGGED, connector=ConnectorStatus.AVAILABLE))
    hass.states.async_set("binary_sensor.r5_plug", "on")
    await hass.async_block_till_done()
    assert flex.state.vehicles[CAR].plugged is True
    known = replace(flex.state.vehicles[CAR], plugged_at=replace(flex.now(), mono_s=flex.now().mono_s - 200.0))
    await become(hass, home, replace(flex.state, vehicles=MappingProxyType({CAR: known})))
    await wait(hass, freezer)
    assert repairs(hass)["cable_loose"].translation_placeholders == {"site": "Home", "car": "R5"}
    hass.states.async_set("binary_sensor.r5_plug", "off")
    await wait(hass, freezer)
    assert "cable_loose" not in repairs(hass)


async def test_the_level_is_told_by_an_action_and_shown(hass: HomeAssistant, home: MockConfigEntry) -> None:
    await become(hass, home, session_at(home))
    fields = {"station": STATION, "soc": 45, "vehicle": "R5"}
    await hass.services.async_call(c.DOMAIN, "set_soc", fields, blocking=True)
    await hass.async_block_till_done()
    soc = seen(hass, f"vehicle/{CAR}", "soc")
    assert (soc.state, soc.attributes["source"]) == ("45.0", "owner")


@pytest.mark.parametrize(
    ("fields", "key"),
    [({"soc": 45, "vehicle": "Zoe"}, "vehicle_unknown"), ({"soc": 45}, "no_session")],
)
async def test_what_cannot_be_told_is_refused_in_words(
    hass: HomeAssistant, home: MockConfigEntry, fields: dict[str, Any], key: str
) -> None:
    with pytest.raises(ServiceValidationError) as refused:
        await hass.services.async_call(c.DOMAIN, "set_soc", {"station": STATION, **fields}, blocking=True)
    assert refused.value.translation_key == key


async def test_what_an_earlier_run_left_goes_away(hass: HomeAssistant) -> None:
    ir.async_create_issue(
        hass, c.DOMAIN, "soc_frozen_FLEX-1/1_01HOME", is_fixable=False, severity=ir.IssueSeverity.WARNING,
        translation_key="soc_frozen",
    )  # fmt: skip
    await move_in(hass, station(), car())
    assert "soc_frozen" not in repairs(hass)


async def test_why_there_is_no_v2g_is_a_word(hass: HomeAssistant, home: MockConfigEntry) -> None:
    await become(hass, home, session_at(home, phase=Phase.V2G))
    assert seen(hass, f"station/{STATION}", "v2g_availability").state == "no_route"
