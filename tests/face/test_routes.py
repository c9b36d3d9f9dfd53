"""How a station gives back is asked in its settings, and what came of the trial is shown."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from unittest.mock import patch

from homeassistant.core import HomeAssistant
import pytest

from custom_components.mobilize_flex import sensor
from custom_components.mobilize_flex.configuration import site_config
from custom_components.mobilize_flex.core.model.driver import Driver, Match, Route, RouteKind, Standing
from custom_components.mobilize_flex.core.model.probe import ProbeResult, Verdict
from custom_components.mobilize_flex.core.model.state import StationMemory
from custom_components.mobilize_flex.core.model.station import Version
from custom_components.mobilize_flex.flow_station import suggested_route
from custom_components.mobilize_flex.shell.drivers import load_drivers

from .homes import LANGUAGES, STATION, Part, home, part
from .house import STATION as NAME, become, coordinator, move_in, seen, station

GARAGE = f"station/{NAME}"


@pytest.fixture
def asleep() -> Iterator[None]:
    """Keep sites from really starting: here only the questions count."""
    with patch("custom_components.mobilize_flex.async_setup_entry", return_value=True):
        yield


@pytest.mark.usefixtures("asleep")
async def test_a_route_is_chosen_kept_and_taken_back(hass: HomeAssistant) -> None:
    site = home(part("station", STATION, "FLEX-1"))
    site.add_to_hass(hass)
    dialog = Part(hass, site, "station")
    await dialog.open("station-key")
    assert dialog.suggested("route") == "charge_only"
    await dialog.fill(name="Garage", route="hybrid")
    assert site_config(site, UTC).stations[0].route == "hybrid"
    await dialog.open("station-key")
    assert dialog.suggested("route") == "hybrid"
    await dialog.fill(name="Garage", route="charge_only")
    assert site_config(site, UTC).stations[0].route is None


def write_files(folder: Path) -> None:
    folder.mkdir(parents=True)
    words = '"kind": "variable", "component": "C", "variable": "V", "value": "{setpoint_w}"'
    (folder / "wild.json").write_text(f'{{"name": "Wild", "route": {{{words}, "lets_go": "never"}}}}')
    (folder / "tame.json").write_text(f'{{"name": "Tame", "route": {{{words}, "lets_go": "profile"}}}}')


@pytest.mark.usefixtures("asleep")
async def test_the_owners_own_file_is_on_offer_and_one_that_never_lets_go_is_refused(hass: HomeAssistant) -> None:
    write_files(Path(hass.config.path("mobilize_flex", "drivers")))
    site = home()
    site.add_to_hass(hass)
    dialog = Part(hass, site, "station")
    await dialog.open()
    page = await dialog.fill(identity="FLEX-1", name="Garage", route="wild")
    assert page["errors"] == {"route": "route_never_lets_go"}
    page = await dialog.fill(identity="FLEX-1", name="Garage", route="tame")
    assert page["step_id"] == "secret"


def test_a_route_is_suggested_by_the_kind_of_station_or_by_its_words() -> None:
    drivers = (
        *load_drivers(),
        Driver(key="acme", name="", match=Match(vendor="Acme"), route=Route(kind=RouteKind.NEGATIVE_LIMIT)),
    )
    known = StationMemory(version=Version.V201, vendor="Other")
    assert suggested_route(known, drivers) == "charge_only"
    assert suggested_route(replace(known, announced=True), drivers) == "hybrid"
    assert suggested_route(replace(known, announced=True, version=Version.V21), drivers) == "charge_only"
    assert suggested_route(replace(known, announced=True, vendor="ACME"), drivers) == "acme"


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_every_route_verdict_and_standing_has_its_words(language: str) -> None:
    texts = LANGUAGES[language]
    routes = {driver.key for driver in load_drivers() if driver.route} | {"charge_only"}
    assert texts["selector"]["route"]["options"].keys() == routes
    words = texts["entity"]["sensor"]["discharge_route"]
    assert words["state"].keys() == {s.value for s in Standing}
    attributes = words["state_attributes"]
    assert attributes["verdict"]["state"].keys() == {v.value for v in Verdict}
    shown = sensor._probe_words(
        ProbeResult(verdict=Verdict.PROVEN, at=datetime(2026, 11, 22, tzinfo=UTC), setpoint_w=1)
    )
    assert attributes.keys() == shown.keys()


@pytest.mark.usefixtures("socket_enabled")
async def test_the_last_trial_is_shown_with_what_was_measured(hass: HomeAssistant) -> None:
    house = await move_in(hass, station())
    flex = coordinator(house)
    at = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
    result = ProbeResult(verdict=Verdict.NO_EXPORT, at=at, setpoint_w=-800.0, baseline_w=0.0, power_w=12.0)
    memory = StationMemory(version=Version.V201, announced=True, probe=result)
    known = replace(flex.state.stations[NAME], online=True, memory=memory)
    await become(hass, house, replace(flex.state, stations=MappingProxyType({NAME: known})))
    shown = seen(hass, GARAGE, "discharge_route")
    assert shown.state == "announced"
    assert (shown.attributes["verdict"], shown.attributes["power_w"]) == ("no_export", 12.0)
    assert shown.attributes["tried_at"] == at
