"""A day with the car, over real sockets: the button in the flap, a stay after the departure, a level that freezes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest

from custom_components.mobilize_flex import const as c
from custom_components.mobilize_flex.core.battery import believing
from custom_components.mobilize_flex.core.model.battery import Doubt, SocSource
from custom_components.mobilize_flex.core.model.session import Phase
from custom_components.mobilize_flex.core.model.wishes import Override
from simulator.home import HomeSettings

from . import conftest
from .conftest import STATION_ID, Journey

pytestmark = pytest.mark.timeout(240)
CLOUD = "sensor.r5_cloud"


async def plugged_in(journey: Journey) -> None:
    """Plug the car in and wait until its session is V2G."""
    await journey.until(lambda: journey.see().online)
    assert journey.world is not None
    journey.world.plug_in()
    await journey.until(lambda: journey.evse.phase is Phase.V2G)


def repair(hass: HomeAssistant, kind: str) -> ir.IssueEntry | None:
    """Return the repair of a kind that is shown now."""
    issues = ir.async_get(hass).issues.values()
    return next((i for i in issues if i.domain == c.DOMAIN and i.translation_key == kind and i.active), None)


async def fixed(client: Any, issue: ir.IssueEntry) -> None:
    """Have a repair done, as its owner does."""
    asked = {"handler": c.DOMAIN, "issue_id": issue.issue_id}
    page = await (await client.post("/api/repairs/issues/fix", json=asked)).json()
    done = await (await client.post(f"/api/repairs/issues/fix/{page['flow_id']}", json={})).json()
    assert done["type"] == "create_entry"


async def test_the_button_in_the_flap_charges_now_and_the_next_plug_in_is_v2g_again(journey: Journey) -> None:
    await journey.begin()
    await plugged_in(journey)
    assert journey.world is not None
    await journey.until(lambda: journey.evse.delivery.in_force_w is not None)
    journey.world.press_instant_charge()
    await journey.until(lambda: journey.state("activity").state == "instant_charge")
    await journey.until(lambda: journey.see().power_w > 1300)
    session = journey.coordinator.state.sessions[journey.evse.session or ""]
    assert session.override is Override.FLAP
    programmes = await journey.act("get_programmes", answer=True)
    assert all(p["enabled"] for p in programmes["programmes"])
    assert repair(journey.hass, "programmes_off") is None
    journey.world.unplug()
    await journey.until(lambda: journey.evse.phase is Phase.UNPLUGGED)
    journey.world.plug_in()
    await journey.until(lambda: journey.evse.phase is Phase.V2G)


async def test_an_instant_charge_from_here_leaves_a_repair_that_brings_the_programmes_back(
    hass: HomeAssistant, journey: Journey, hass_client: Any
) -> None:
    assert await async_setup_component(hass, "repairs", {})
    await journey.begin()
    await plugged_in(journey)
    await journey.act("instant_charge", station=STATION_ID)
    await journey.until(lambda: journey.see().power_w > 1300)
    await journey.until(lambda: journey.state("v2g_availability").state == "programmes_off", 10)
    found = repair(hass, "programmes_off")
    assert found is not None
    await fixed(await hass_client(), found)
    programmes = await journey.act("get_programmes", answer=True)
    assert all(p["enabled"] for p in programmes["programmes"])
    assert repair(hass, "programmes_off") is None
    assert journey.evse.phase is Phase.INSTANT


async def test_a_car_still_plugged_in_at_its_departure_is_held_and_asked_about(
    hass: HomeAssistant, journey: Journey, hass_client: Any
) -> None:
    assert await async_setup_component(hass, "repairs", {})
    await journey.begin()
    await plugged_in(journey)
    leaving = dt_util.now() + timedelta(seconds=8)
    await journey.act("add_departure", departure=leaving.strftime("%Y-%m-%d %H:%M:%S"), v2g=True, target_soc=60)
    await journey.until(lambda: journey.evse.phase is Phase.HELD, 40)
    await journey.until(lambda: journey.state("reason").state == "still_plugged", 10)
    await journey.until(lambda: repair(hass, "still_plugged") is not None, 20)
    assert journey.evse.decision.power_w is not None
    assert journey.evse.decision.power_w >= 0.0
    found = repair(hass, "still_plugged")
    assert found is not None
    await fixed(await hass_client(), found)
    await journey.until(lambda: journey.evse.phase is Phase.V2G)
    await journey.until(lambda: repair(hass, "still_plugged") is None, 20)


async def test_a_level_that_freezes_in_the_cloud_is_named_and_the_meter_goes_on(
    hass: HomeAssistant, journey: Journey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(conftest.CAR, c.CONF_SOC_ENTITY, CLOUD)
    monkeypatch.setattr(believing, "FROZEN_WH", 5.0)  # seconds of charging instead of a quarter of an hour
    monkeypatch.setattr(believing, "FROZEN_PCT", 0.01)
    hass.states.async_set(CLOUD, "60")
    settings = HomeSettings()
    await journey.begin(replace(settings, vehicle=replace(settings.vehicle, tells_soc=False, target_soc_pct=0.0)))
    await journey.until(lambda: journey.see().online)
    assert journey.world is not None
    journey.world.plug_in()
    await journey.until(lambda: journey.evse.session is not None)
    hass.states.async_set(CLOUD, "60", {"seen": 1})
    await journey.act("instant_charge", station=STATION_ID)
    await journey.until(lambda: journey.see().power_w > 1300)
    drawn = journey.see().import_wh
    await journey.until(lambda: journey.see().import_wh > drawn + 15)
    hass.states.async_set(CLOUD, "60", {"seen": 2})
    await journey.until(lambda: repair(hass, "soc_frozen") is not None, 20)
    assert journey.coordinator.level("01VEHICLE").doubts == ((SocSource.ENTITY, Doubt.FROZEN),)
    belief = journey.evse.battery
    assert belief.soc_pct is not None
    assert belief.soc_pct > 60.0
    hass.states.async_set(CLOUD, "61")
    await journey.until(lambda: repair(hass, "soc_frozen") is None, 20)
