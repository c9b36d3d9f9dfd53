"""What an entity takes of the memory: the names it keeps things under are shared by all of its kind."""

import sys

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import async_get_platforms
import pytest

from custom_components.mobilize_flex.const import DOMAIN
from custom_components.mobilize_flex.entity import FlexEntity

from .house import linky, move_in, station

OWN_TABLE = 800
"""An entity with a table of names of its own takes more than so many octets for it."""


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Let the station server listen."""


async def test_no_entity_of_many_stations_has_a_table_of_names_of_its_own(hass: HomeAssistant) -> None:
    many = [station(f"S{n}") for n in range(20)]
    await move_in(hass, *many, linky())
    found = [e for platform in async_get_platforms(hass, DOMAIN) for e in platform.entities.values()]
    of_stations = [e for e in found if isinstance(e, FlexEntity) and e.place.kind == "station"]
    assert len(of_stations) > 20 * 20
    assert [e.entity_id for e in of_stations if sys.getsizeof(vars(e)) > OWN_TABLE] == []
