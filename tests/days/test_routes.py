"""A simulated station of 2.0.1 for each way to give back: tried, proven, used; stopped where it does the reverse."""

from dataclasses import replace

import pytest

from custom_components.mobilize_flex.core.model.intents import ProbeRoute
from custom_components.mobilize_flex.core.model.probe import Verdict
from custom_components.mobilize_flex.core.model.session import Phase
from custom_components.mobilize_flex.core.model.state import SiteState, StationMemory
from custom_components.mobilize_flex.shell.drivers import load_drivers
from simulator.quirks import Quirks

from .pure_home import PureHome
from .test_night import CONFIG, SETTINGS, night_of

VENDOR = "org.example.v2x"
QUIRKS = {
    "hybrid": Quirks(v2x_on_2_0_1=True),
    "negative_limit": Quirks(negative_limit_discharges=True),
    "example_custom_data": Quirks(custom_data_vendor=VENDOR),
    "example_data_transfer": Quirks(data_transfer_vendor=VENDOR),
    "example_variable": Quirks(setpoint_component="V2XChargingCtrlr"),
}
NAME = CONFIG.stations[0].identity


def begin(route: str | None, quirks: Quirks, min_charge_w: float = 1400.0) -> PureHome:
    """Return a home in the dear hours whose car is plugged in at a station of 2.0.1."""
    stations = (replace(CONFIG.stations[0], route=route),)
    config = replace(CONFIG, stations=stations)
    vehicle = replace(SETTINGS.vehicle, min_charge_w=min_charge_w)
    simulated = replace(SETTINGS, quirks=quirks, vehicle=vehicle)
    home = night_of(config, simulated, "ocpp2.0.1", drivers=load_drivers())
    home.home.plug_in()
    home.run(90, step_s=1.0)
    return home


def memory(home: PureHome) -> StationMemory:
    assert isinstance(home.state, SiteState)
    return home.state.stations[NAME].memory


def lowest_w(home: PureHome, since: int) -> float:
    return min(look.world.power_w for look in home.looks[since:])


@pytest.mark.parametrize("route", QUIRKS)
def test_a_route_is_tried_proven_and_used_from_the_next_plug_in_on(route: str) -> None:
    home = begin(route, QUIRKS[route])
    assert home.look().evse.phase is Phase.STANDARD
    assert lowest_w(home, 0) >= 0.0
    tried = len(home.looks)
    home.tell(ProbeRoute(station=NAME))
    home.run(120, step_s=1.0)
    result = memory(home).probe
    assert result is not None
    assert result.verdict is Verdict.PROVEN, result
    assert -1100.0 <= lowest_w(home, tried) <= -900.0
    assert sum(look.world.power_w < -100.0 for look in home.looks[tried:]) <= 65
    home.home.unplug()
    home.run(60, step_s=1.0)
    plugged = len(home.looks)
    home.home.plug_in()
    home.run(300, step_s=1.0)
    assert home.look().evse.phase is Phase.V2G
    assert lowest_w(home, plugged) < -900.0
    assert min(look.world.grid_w for look in home.looks[plugged + 30 :]) > -300.0


@pytest.mark.parametrize("route", QUIRKS)
def test_a_station_that_takes_the_amount_charges_for_moments_only(route: str) -> None:
    home = begin(route, replace(QUIRKS[route], wrong_sign=True), min_charge_w=500.0)
    tried = len(home.looks)
    home.tell(ProbeRoute(station=NAME))
    home.run(100, step_s=1.0)
    result = memory(home).probe
    assert result is not None
    assert result.verdict is Verdict.WRONG_DIRECTION
    assert lowest_w(home, tried) > -100.0
    ordered = [n for n, look in enumerate(home.looks[tried:]) if (look.evse.decision.power_w or 0.0) < 0.0]
    assert len(ordered) <= 10


def test_a_car_that_cannot_charge_with_so_little_shows_nothing_and_proves_nothing() -> None:
    home = begin("negative_limit", replace(QUIRKS["negative_limit"], wrong_sign=True))
    home.tell(ProbeRoute(station=NAME))
    home.run(120, step_s=1.0)
    result = memory(home).probe
    assert result is not None
    assert result.verdict is Verdict.NO_EXPORT


def test_a_route_the_station_does_not_know_is_not_proven() -> None:
    home = begin("example_data_transfer", Quirks())
    home.tell(ProbeRoute(station=NAME))
    home.run(120, step_s=1.0)
    result = memory(home).probe
    assert result is not None
    assert result.verdict in (Verdict.REFUSED, Verdict.NO_EXPORT)
    assert memory(home).proven_route is None


def test_a_discharge_ends_by_itself_when_our_side_dies_in_the_middle_of_a_probe() -> None:
    home = begin("negative_limit", QUIRKS["negative_limit"])
    home.tell(ProbeRoute(station=NAME))
    while home.look().world.power_w > -900.0:
        home.run(1, step_s=1.0)
    home.die()
    home.run(80, step_s=1.0, alive=False)
    assert home.look().world.power_w >= 0.0
