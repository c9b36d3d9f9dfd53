"""Kitchens at random beside a charging car: the Linky never cuts, and the car gets nearly all there is."""

from dataclasses import replace
import random

import pytest

from bench.fuse import LINES, Kitchen, Line, Loop
from custom_components.mobilize_flex.core.model.config import VehicleConfig
from custom_components.mobilize_flex.core.model.intents import SetSocLimits
from simulator.linky import LinkySettings
from tests.days.pure_home import PureHome
from tests.days.test_night import CONFIG, EVENING, SETTINGS, longest_run

REACTION_S = 16.0
"""Two periods of the meter, the wire, the station's pace and the car."""


@pytest.mark.parametrize("line", LINES, ids=[line.name for line in LINES])
@pytest.mark.parametrize("kva", [6.0, 9.0])
def test_no_kitchen_makes_the_linky_cut(line: Line, kva: float) -> None:
    loop = Loop(line, kva, seed=3, hours=1.0)
    loop.run()
    assert loop.cuts == 0
    assert loop.peak < 0.9
    assert loop.longest_s[1] <= 2.0 * REACTION_S
    assert loop.reaction_s <= (REACTION_S if line.period_s < 10.0 else 2.0 * REACTION_S)
    assert loop.energy_wh >= 0.85 * loop.ideal_wh


def kitchen_evening(kva: int, seconds: int) -> tuple[PureHome, float]:
    """Let a car charge beside a kitchen, bytes on both wires; return the home and the energy it could have had, Wh."""
    config = replace(
        CONFIG,
        subscribed_kva=float(kva),
        breaker_a=kva * 5.0,
        vehicles=(VehicleConfig(key="r5", name="R5", max_charge_w=7400.0),),
        meter=replace(CONFIG.meter, period_s=2.0) if CONFIG.meter else None,
    )
    settings = replace(
        SETTINGS, linky=LinkySettings(subscribed_kva=kva), vehicle=replace(SETTINGS.vehicle, soc_pct=35.0)
    )
    home = PureHome(config, settings, EVENING, "ocpp2.0.1")
    home.tell(SetSocLimits(15.0, 100.0))
    home.dial_in()
    home.home.world.house_override_w = 400.0
    home.run(40, step_s=2.0)
    home.home.plug_in()
    kitchen, ideal = Kitchen(kva * 950.0, random.Random(kva)), [0.0]

    def cook(lived: PureHome) -> None:
        house_w = kitchen.va(lived.seconds)
        lived.home.world.house_override_w = house_w
        ideal[0] += min(7400.0, kva * 1000.0 - house_w) * 2.0 / 3600.0

    home.run(seconds, step_s=2.0, each=cook)
    return home, ideal[0]


def test_from_the_linkys_bytes_to_the_stations_power_and_back() -> None:
    home, ideal_wh = kitchen_evening(6, 1800)
    assert not any(look.world.cut for look in home.looks)
    assert max(look.world.strain for look in home.looks) < 0.9
    assert longest_run(look.world.grid_w > 30.0 * 230.0 for look in home.looks) * 2.0 <= REACTION_S
    assert home.looks[-1].world.import_wh > 0.7 * ideal_wh
