"""The owner tries his station's way to give back, over real sockets, and uses it from then on."""

from dataclasses import replace
from typing import Any

from homeassistant.exceptions import ServiceValidationError
import pytest

from custom_components.mobilize_flex import const as c
from custom_components.mobilize_flex.core.model.probe import Stage
from custom_components.mobilize_flex.core.model.session import Phase
from simulator.home import HomeSettings
from simulator.quirks import Quirks

from .conftest import STATION_ID, Journey

pytestmark = pytest.mark.timeout(180)

QUIRKS = {
    "hybrid": Quirks(v2x_on_2_0_1=True),
    "negative_limit": Quirks(negative_limit_discharges=True),
    "example_data_transfer": Quirks(data_transfer_vendor="org.example.v2x"),
}


async def plugged_in(journey: Journey, route: str | None, quirks: Quirks, **vehicle: Any) -> None:
    """Begin with a route chosen, and wait for a standard charge to run."""
    settings = HomeSettings(quirks=quirks)
    settings = replace(settings, vehicle=replace(settings.vehicle, **vehicle))
    await journey.begin(settings, protocols=("ocpp2.0.1",))
    await journey.until(lambda: journey.see().online)
    await choose(journey, route)
    assert journey.world is not None
    journey.world.plug_in()
    await journey.until(lambda: journey.evse.phase is Phase.STANDARD and journey.evse.readings.power_w is not None)
    await journey.until(lambda: journey.evse.envelope.min_w < -1300 and journey.evse.readings.soc_pct is not None)


async def choose(journey: Journey, route: str | None) -> None:
    """Reconfigure the station as its owner does."""
    assert journey.entry is not None
    station = next(s for s in journey.entry.subentries.values() if s.subentry_type == c.STATION)
    flow = await journey.entry.start_subentry_reconfigure_flow(journey.hass, station.subentry_id)
    answers = {
        "name": station.title,
        c.CONF_PHASES: "1",
        c.CONF_SELECTOR: "32",
        c.CONF_FALLBACK_A: 10,
        c.CONF_ACCESS: c.ACCESS_OPEN,
        c.CONF_ROUTE: route or c.CHARGE_ONLY,
    }
    done = await journey.hass.config_entries.subentries.async_configure(flow["flow_id"], answers)
    assert done["reason"] == "reconfigure_successful"
    await journey.hass.async_block_till_done()


async def probe(journey: Journey) -> dict[str, Any]:
    told: dict[str, Any] = await journey.act("probe_discharge", answer=True, station=STATION_ID)
    return told


@pytest.mark.parametrize("route", QUIRKS)
async def test_a_route_is_tried_and_used_from_the_next_plug_in_on(journey: Journey, route: str) -> None:
    await plugged_in(journey, route, QUIRKS[route])
    assert journey.state("discharge_route").state == "unproven"
    told = await probe(journey)
    assert (told["proven"], told["verdict"], told["setpoint_w"]) == (True, "proven", -1000.0)
    assert told["reason"] == "Energy was measured leaving the car as ordered"
    assert -1100.0 <= told["power_w"] <= -900.0
    await journey.until(lambda: journey.state("discharge_route").state == "proven", 15)
    assert journey.state("discharge_route").attributes["verdict"] == "proven"
    assert journey.world is not None
    journey.world.unplug()
    await journey.until(lambda: journey.evse.phase is Phase.UNPLUGGED)
    journey.world.plug_in()
    await journey.until(lambda: journey.see().power_w < -900)


async def test_a_station_that_takes_the_amount_is_stopped_and_stays_unproven(journey: Journey) -> None:
    quirks = Quirks(negative_limit_discharges=True, wrong_sign=True)
    await plugged_in(journey, "negative_limit", quirks, min_charge_w=500.0)
    told = await probe(journey)
    assert (told["proven"], told["verdict"]) == (False, "wrong_direction")
    assert journey.see().export_wh == 0.0
    assert journey.coordinator.state.stations[STATION_ID].memory.proven_route is None


async def test_without_a_route_there_is_nothing_to_try(journey: Journey) -> None:
    await plugged_in(journey, None, Quirks())
    with pytest.raises(ServiceValidationError, match="No way to give back is chosen"):
        await probe(journey)


async def test_an_instant_charge_comes_before_a_probe(journey: Journey) -> None:
    await plugged_in(journey, "negative_limit", QUIRKS["negative_limit"])
    told = journey.hass.async_create_task(probe(journey))
    await journey.until(lambda: journey.evse.probe is not None and journey.evse.probe.stage is not Stage.RESTING)
    await journey.press("instant_charge")
    assert (await told)["verdict"] == "interrupted"
    await journey.until(lambda: journey.see().power_w > 3000)
