"""The action that tries, under supervision, whether a station gives energy back."""

import asyncio
from typing import Final

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.service import async_register_admin_service
from homeassistant.helpers.translation import async_get_translations
import probatio

from .const import DOMAIN
from .coordinator import FlexCoordinator
from .core.model.intents import ProbeRoute
from .core.model.probe import ProbeResult, Verdict
from .core.model.state import SiteState
from .targets import STATION_FIELDS, evse_in_use, evse_meant

ATTR_SETPOINT: Final = "setpoint"
LEAST_W: Final = -500.0
MOST_W: Final = -1000.0
LONGEST_S: Final = 150.0
SCHEMA: Final = probatio.Schema(
    {
        **STATION_FIELDS,
        probatio.Optional(ATTR_SETPOINT): probatio.All(probatio.Coerce(float), probatio.Range(min=MOST_W, max=LEAST_W)),
    }
)


@callback
def async_setup(hass: HomeAssistant) -> None:
    """Register the action."""
    optional = SupportsResponse.OPTIONAL
    async_register_admin_service(hass, DOMAIN, "probe_discharge", _probe, SCHEMA, supports_response=optional)


async def _probe(call: ServiceCall) -> ServiceResponse:
    """Wait for the end of a probe; return its verdict with what was measured."""
    site, identity, evse = evse_meant(call)
    number = evse_in_use(site, identity, evse)
    result = await _async_result(site, identity, number, call.data.get(ATTR_SETPOINT))
    if result is None:
        words = {"station": identity}
        raise HomeAssistantError(
            translation_domain=DOMAIN, translation_key="probe_lost", translation_placeholders=words
        )
    return {
        "station": identity,
        "proven": result.verdict is Verdict.PROVEN,
        "verdict": result.verdict.value,
        "reason": await _async_sentence(call.hass, result.verdict),
        **result.measured,
    }


async def _async_result(
    site: FlexCoordinator, identity: str, number: int, setpoint_w: float | None
) -> ProbeResult | None:
    """Return how a probe ended, ``None`` when nobody is left to tell."""
    ended: asyncio.Future[ProbeResult | None] = asyncio.get_running_loop().create_future()

    def look(_: SiteState, state: SiteState) -> None:
        station = state.stations.get(identity)
        if ended.done() or (station is not None and station.evses[number].probe is not None):
            return
        ended.set_result(station.memory.probe if station is not None else None)

    site.put(ProbeRoute(station=identity, evse=number, setpoint_w=setpoint_w))
    if site.runtime is None:
        return None
    undo = site.runtime.listen(look)
    try:
        async with asyncio.timeout(LONGEST_S):
            return await ended
    except TimeoutError:
        return None
    finally:
        undo()


async def _async_sentence(hass: HomeAssistant, verdict: Verdict) -> str:
    """Return a verdict in the words of the home's language."""
    words = await async_get_translations(hass, hass.config.language, "entity", {DOMAIN})
    key = f"component.{DOMAIN}.entity.sensor.discharge_route.state_attributes.verdict.state.{verdict.value}"
    return words.get(key, verdict.value)
