"""The sun ahead, as the integrations tell it that forecast for the energy dashboard."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
import logging
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from . import const as c
from .core.model.facts import Fact, SunForecast
from .core.plan.sun import forecast_of, read_forecast

_LOGGER = logging.getLogger(__name__)

ENERGY: Final = "energy"
LOOK_S: Final = 1800.0
ANSWER_S: Final = 30.0
LASTS: Final = timedelta(hours=6)
"""For so long a forecast is good when no newer one comes."""

type Ask = Callable[[HomeAssistant, str], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Roofs:
    """Say that the sun on the home's roofs is to be forecast."""


def sun_source(entry: ConfigEntry[Any]) -> Roofs | None:
    """Return whether the owner wants the sun counted on: yes, unless he said no."""
    return Roofs() if entry.data.get(c.CONF_SUN, True) else None


class SunSource:
    """Ask for the forecast twice an hour, once Home Assistant runs; without an answer there is soon no sun."""

    def __init__(self, hass: HomeAssistant, tell: Callable[[Fact], None]) -> None:
        """Wait for Home Assistant to run."""
        self._hass = hass
        self._tell = tell
        self._told = SunForecast(())
        self._heard_at: datetime | None = None
        self._roofs: tuple[str, ...] = ()
        self._fault: str | None = None
        self._later: CALLBACK_TYPE | None = None
        self._started = async_at_started(hass, self._begin)

    async def async_stop(self) -> None:
        """Ask no more, and count on no sun."""
        self._started()
        if self._later is not None:
            self._later()
        self._publish(SunForecast(()))

    def details(self) -> Mapping[str, object]:
        """Return what diagnostics show of it."""
        heard_at = None if self._heard_at is None else self._heard_at.isoformat()
        return {"roofs": len(self._roofs), "steps": len(self._told.rows), "heard_at": heard_at, "fault": self._fault}

    async def _begin(self, _: HomeAssistant) -> None:
        self._later = async_call_later(self._hass, 0.0, self._look)

    async def _look(self, _: datetime) -> None:
        """Ask every roof; what one of them does wrong is its own affair."""
        self._later = async_call_later(self._hass, LOOK_S, self._look)
        try:
            async with asyncio.timeout(ANSWER_S):
                forecast = await self._forecast()
        except Exception as err:  # noqa: BLE001 - another integration's code
            self._failed(type(err).__name__)
            return
        if not forecast.rows and self._roofs:
            self._failed("empty")
            return
        self._fault, self._heard_at = None, dt_util.utcnow()
        self._publish(forecast)

    def _failed(self, fault: str) -> None:
        if self._fault is None:
            _LOGGER.info("No forecast of the sun: %s", fault)
        self._fault = fault
        if self._heard_at is None or dt_util.utcnow() - self._heard_at > LASTS:
            self._publish(SunForecast(()))

    def _publish(self, forecast: SunForecast) -> None:
        if forecast != self._told:
            self._told = forecast
            self._tell(forecast)

    async def _forecast(self) -> SunForecast:
        """Return the forecast of all roofs together."""
        asks = await _asks(self._hass)
        roofs = {roof: asks[domain] for roof, domain in (await _named(self._hass, asks)).items()}
        self._roofs = tuple(roofs)
        told = await asyncio.gather(*(ask(self._hass, roof) for roof, ask in roofs.items()))
        zone = dt_util.get_default_time_zone()
        return forecast_of(read_forecast(one, zone) for one in told)


async def _asks(hass: HomeAssistant) -> Mapping[str, Ask]:
    """Return how to ask each integration that forecasts the sun; none without the energy dashboard."""
    if ENERGY not in hass.config.components:
        return {}
    from homeassistant.components.energy.websocket_api import async_get_energy_platforms  # noqa: PLC0415

    return await async_get_energy_platforms(hass)


async def _named(hass: HomeAssistant, asks: Mapping[str, Ask]) -> dict[str, str]:
    """Return the entries to ask with their integrations: those the energy dashboard names, else all there are.

    All there are only if they are of one integration: two would forecast the same roof.
    """
    ready = [e for domain in asks for e in hass.config_entries.async_entries(domain) if _is_ready(e)]
    wanted = await _dashboard(hass) if ready else set()
    chosen = [entry for entry in ready if entry.entry_id in wanted]
    if not chosen and len({entry.domain for entry in ready}) == 1:
        chosen = ready
    return {entry.entry_id: entry.domain for entry in chosen}


def _is_ready(entry: ConfigEntry[Any]) -> bool:
    return entry.state is ConfigEntryState.LOADED


async def _dashboard(hass: HomeAssistant) -> set[str]:
    """Return the entries the energy dashboard shows the forecast of."""
    from homeassistant.components.energy.data import async_get_manager  # noqa: PLC0415

    told = (await async_get_manager(hass)).data
    roofs = set[str]()
    for source in told["energy_sources"] if told else ():
        if source["type"] == "solar":
            roofs.update(source.get("config_entry_solar_forecast") or ())
    return roofs
