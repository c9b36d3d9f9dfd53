"""The sun ahead comes from the integrations that forecast it for the energy dashboard."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.energy.data import async_get_manager
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    MockPlatform,
    async_fire_time_changed,
    mock_integration,
    mock_platform,
)

from custom_components.mobilize_flex.core.model.facts import Fact, SunForecast
from custom_components.mobilize_flex.sun_source import LASTS, LOOK_S, Roofs, SunSource, sun_source

HOURS = {"2026-11-22T11:00:00+00:00": 500, "2026-11-22T12:00:00+00:00": 800}
NOON = "2026-11-22T11:30:00+00:00"


class Forecasts(MockPlatform):
    """An integration's forecasts, by entry."""

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[str, object] = {}
        self.asked: list[str] = []

    async def async_get_solar_forecast(self, hass: HomeAssistant, config_entry_id: str) -> object:
        self.asked.append(config_entry_id)
        told = self.told[config_entry_id]
        if isinstance(told, Exception):
            raise told
        return told


def integration(hass: HomeAssistant, domain: str, roofs: Mapping[str, object]) -> Forecasts:
    """Let an integration forecast the sun on some roofs."""
    forecasts = Forecasts()
    forecasts.told.update(roofs)
    mock_integration(hass, MockModule(domain))
    mock_platform(hass, f"{domain}.energy", forecasts)
    hass.config.components.add(domain)
    for roof in roofs:
        MockConfigEntry(domain=domain, entry_id=roof, state=ConfigEntryState.LOADED).add_to_hass(hass)
    return forecasts


async def shown(hass: HomeAssistant, *roofs: str) -> None:
    """Let the energy dashboard show the forecasts of some roofs."""
    manager = await async_get_manager(hass)
    sources: Any = [{"type": "solar", "stat_energy_from": "sensor.sun", "config_entry_solar_forecast": list(roofs)}]
    await manager.async_update({"energy_sources": sources})


class Listening:
    """Keep what a source tells."""

    def __init__(self, hass: HomeAssistant, clock: FrozenDateTimeFactory) -> None:
        self.hass, self.clock = hass, clock
        self.told: list[Fact] = []
        self.source = SunSource(hass, self.told.append)

    async def later(self, span: timedelta = timedelta(seconds=1)) -> None:
        """Let time go by."""
        self.clock.tick(span)
        async_fire_time_changed(self.hass)
        await self.hass.async_block_till_done(wait_background_tasks=True)

    @property
    def powers_w(self) -> list[float]:
        """Return the steps told last."""
        last = self.told[-1]
        assert isinstance(last, SunForecast)
        return [power_w for _, power_w in last.rows]


@pytest.fixture
async def home(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> AsyncIterator[Listening]:
    """A home with an energy dashboard, at noon."""
    freezer.move_to(NOON)
    hass.config.components.add("energy")
    listening = Listening(hass, freezer)
    yield listening
    await listening.source.async_stop()


async def test_the_forecast_is_told_once_and_again_when_it_changes(hass: HomeAssistant, home: Listening) -> None:
    forecasts = integration(hass, "weather_man", {"roof": {"wh_hours": HOURS}})
    await home.later()
    assert home.powers_w == [500.0, 800.0, 0.0]
    await home.later(timedelta(seconds=LOOK_S))
    assert len(home.told) == 1
    assert forecasts.asked == ["roof", "roof"]
    forecasts.told["roof"] = {"wh_hours": {NOON: 100}}
    await home.later(timedelta(seconds=LOOK_S))
    assert home.powers_w == [100.0, 0.0]


async def test_all_roofs_of_one_integration_add_up(hass: HomeAssistant, home: Listening) -> None:
    integration(hass, "weather_man", {"east": {"wh_hours": HOURS}, "west": {"wh_hours": HOURS}})
    await home.later()
    assert home.powers_w == [1000.0, 1600.0, 0.0]


async def test_of_two_integrations_the_dashboard_says_which(hass: HomeAssistant, home: Listening) -> None:
    integration(hass, "weather_man", {"roof": {"wh_hours": HOURS}})
    integration(hass, "oracle", {"again": {"wh_hours": {NOON: 100}}})
    await home.later()
    assert home.told == []
    await shown(hass, "again")
    await home.later(timedelta(seconds=LOOK_S))
    assert home.powers_w == [100.0, 0.0]


async def test_an_integration_that_fails_is_named_and_its_last_word_counts_for_a_while(
    hass: HomeAssistant, home: Listening
) -> None:
    forecasts = integration(hass, "weather_man", {"roof": {"wh_hours": HOURS}})
    await home.later()
    forecasts.told["roof"] = RuntimeError("https://user:secret@roof.example")
    await home.later(timedelta(seconds=LOOK_S))
    assert home.source.details()["fault"] == "RuntimeError"
    assert "secret" not in str(home.source.details())
    assert len(home.told) == 1
    await home.later(LASTS)
    assert home.told[-1] == SunForecast(())
    forecasts.told["roof"] = {"wh_hours": HOURS}
    await home.later(timedelta(seconds=LOOK_S))
    assert home.source.details()["fault"] is None
    assert home.powers_w == [500.0, 800.0, 0.0]


@pytest.mark.parametrize("nonsense", [None, {}, {"wh_hours": {"soon": "much"}}])
async def test_nonsense_is_no_sun(hass: HomeAssistant, home: Listening, nonsense: object) -> None:
    integration(hass, "weather_man", {"roof": nonsense})
    await home.later()
    assert home.told == []
    assert home.source.details()["fault"] == "empty"


async def test_without_an_energy_dashboard_nobody_is_asked(hass: HomeAssistant, home: Listening) -> None:
    hass.config.components.remove("energy")
    await home.later()
    assert home.told == []
    assert home.source.details() == {"roofs": 0, "steps": 0, "heard_at": NOON.replace("30:00", "30:01"), "fault": None}


def test_the_owner_may_say_no() -> None:
    assert sun_source(MockConfigEntry(data={})) == Roofs()
    assert sun_source(MockConfigEntry(data={"sun": False})) is None
