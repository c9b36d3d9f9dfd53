"""Our side vanishes at any moment of a night: the station is left to itself in time, and we come back to the world."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from random import Random

import pytest

from custom_components.mobilize_flex.core.model.commands import SetpointForm
from custom_components.mobilize_flex.core.model.session import Activity, Phase
from simulator.quirks import Quirks

from .pure_home import PureHome
from .test_night import SETTINGS, night_of

FORMS = {
    SetpointForm.DYNAMIC: (Quirks(), 90.0),
    SetpointForm.ABSOLUTE: (Quirks(refuses_dynamic=True), 150.0),
}


def giving_back(quirks: Quirks = SETTINGS.quirks) -> PureHome:
    home = night_of(settings=replace(SETTINGS, quirks=quirks))
    home.home.plug_in()
    home.run(600, step_s=10.0)
    assert home.looks[-1].seen.activity is Activity.DISCHARGING
    return home


@pytest.mark.parametrize("form", FORMS)
def test_a_station_left_alone_leaves_the_discharge_within_the_life_of_its_order(form: SetpointForm) -> None:
    quirks, expires_s = FORMS[form]
    home = giving_back(quirks)
    order = home.looks[-1].evse.delivery.order
    assert order is not None
    assert order.expires_s == expires_s
    home.die()
    home.run(expires_s, step_s=5.0, alive=False)
    world = home.home.snapshot()
    assert world.layer == "TxDefaultProfile"
    assert world.power_w > 1000.0


@pytest.mark.parametrize("seed", range(3))
def test_whenever_we_die_the_car_ends_up_charged_and_we_go_on_with_the_world(seed: int) -> None:
    dice = Random(seed)
    home = giving_back()
    for _ in range(2):
        home.run(dice.uniform(60, 2400), step_s=10.0)
        session = home.look().seen.session
        home.die()
        gone_s = dice.choice([30.0, 200.0, 1500.0])
        home.run(gone_s, step_s=10.0, alive=False)
        if gone_s > 90.0:
            assert home.home.snapshot().power_w >= 0.0
        home.begin()
        home.dial_in()
        home.run(180, step_s=5.0)
        after = home.looks[-1]
        assert after.evse.phase is Phase.V2G
        assert after.seen.session is not None
        assert session is not None
        assert after.seen.session.key == session.key
        assert after.seen.session.energy_in.wh == pytest.approx(after.world.import_wh, abs=30.0)
        assert after.seen.session.energy_out.wh == pytest.approx(after.world.export_wh, abs=30.0)


def test_a_line_that_breaks_again_and_again_does_not_make_the_car_restless() -> None:
    home = giving_back()
    begun = len(home.looks)
    for _ in range(6):
        home.cut_line()
        home.run(30, step_s=5.0)
        home.dial_in()
        home.run(timedelta(minutes=5).total_seconds(), step_s=10.0)
    modes = [(look.world.power_w > 300.0) - (look.world.power_w < -300.0) for look in home.looks[begun:]]
    assert sum(a != b for a, b in pairwise(modes)) <= 14
    assert all(look.world.grid_w < 9000.0 for look in home.looks[begun:])
