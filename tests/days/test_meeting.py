"""A new station that is held until it is set up, over the real wire words of both sides."""

from dataclasses import replace

import pytest

from custom_components.mobilize_flex.core.model.state import SiteState, StationState

from .pure_home import PureHome
from .test_night import CONFIG, EVENING, SETTINGS


def station(home: PureHome) -> StationState:
    assert isinstance(home.state, SiteState)
    return home.state.stations[CONFIG.stations[0].identity]


@pytest.mark.parametrize("protocol", ["ocpp2.1", "ocpp2.0.1"])
def test_a_held_station_is_read_set_up_accepted_and_charges(protocol: str) -> None:
    held = replace(CONFIG, stations=(replace(CONFIG.stations[0], hold_new=True),))
    home = PureHome(held, SETTINGS, EVENING, protocol)
    home.dial_in()
    home.run(10, step_s=1.0)
    met = station(home)
    assert met.hold is not None or met.memory.registered
    home.run(60, step_s=1.0)
    met = station(home)
    assert (met.hold, met.memory.registered, met.inventory_whole) == (None, True, True)
    assert met.memory.limits_of == met.config.limits_key
    assert f"inventory/{met.config.identity}" in home.kept
    home.home.plug_in()
    home.run(60, step_s=1.0)
    assert station(home).evses[1].session is not None
