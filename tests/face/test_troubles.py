"""What the owner hears of a station that does not do as ordered, and of others who steer it."""

from dataclasses import replace
from types import MappingProxyType

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.mobilize_flex.const import DOMAIN
from custom_components.mobilize_flex.core.model.delivery import Delivery, Trouble, TroubleKind
from custom_components.mobilize_flex.core.model.outside import ExternalLimit
from custom_components.mobilize_flex.core.model.state import SiteState

from .house import STATION, become, coordinator, move_in, station, with_evse


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Let the station server listen."""


def in_trouble(state: SiteState, kind: TroubleKind | None) -> SiteState:
    trouble = Trouble(kind=kind, ordered_w=-2000.0, measured_w=40.0, held_w=None) if kind else None
    return with_evse(state, delivery=Delivery(trouble=trouble))


def shown(hass: HomeAssistant) -> dict[str, dict[str, str] | None]:
    """Return the repairs of a home: what they are about, and the words in them."""
    issues = [issue for issue in ir.async_get(hass).issues.values() if issue.domain == DOMAIN and issue.active]
    kinds = {*map(str, TroubleKind), "other_controller"}
    return {i.translation_key or "": i.translation_placeholders for i in issues if i.translation_key in kinds}


@pytest.mark.parametrize("kind", TroubleKind)
async def test_a_trouble_is_a_repair_with_figures_until_it_is_over(hass: HomeAssistant, kind: TroubleKind) -> None:
    home = await move_in(hass, station())
    state = coordinator(home).state
    await become(hass, home, in_trouble(state, kind))
    words = shown(hass)[str(kind)]
    assert words is not None
    assert (words["ordered"], words["measured"], words["held"]) == ("-2.0 kW", "0.0 kW", "–")
    assert words["station"] == state.stations[STATION].config.name
    await become(hass, home, in_trouble(state, None))
    assert shown(hass) == {}


async def test_one_trouble_takes_the_place_of_another(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    state = coordinator(home).state
    await become(hass, home, in_trouble(state, TroubleKind.NOT_FOLLOWING))
    await become(hass, home, in_trouble(state, TroubleKind.OVERRULED))
    assert list(shown(hass)) == ["overruled"]


async def test_who_else_steers_a_station_is_told_in_our_words_only(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    state = coordinator(home).state
    limited = with_evse(state, external=(ExternalLimit("EMS", 1000.0),))
    garage = replace(limited.stations[STATION], foreign=("TxProfile 7",))
    await become(hass, home, replace(limited, stations=MappingProxyType({STATION: garage})))
    words = shown(hass)["other_controller"]
    assert words is not None
    assert words["who"] == "TxProfile 7, EMS"
    await become(hass, home, state)
    assert shown(hass) == {}


@pytest.mark.parametrize("source", ["SO", "CSO", "[a link](http://example.org)"])
async def test_the_grid_operator_is_nobody_else_and_words_of_a_station_are_not_shown(
    hass: HomeAssistant, source: str
) -> None:
    home = await move_in(hass, station())
    await become(hass, home, with_evse(coordinator(home).state, external=(ExternalLimit(source, 1000.0),)))
    assert shown(hass) == {}
