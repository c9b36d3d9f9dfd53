"""The action that tells when the grid operator held the home down, and how the stations followed."""

from typing import Final

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import probatio

from .const import DOMAIN
from .dimming_log import ALL, async_register_table, async_rows, table_url
from .targets import SITE_FIELDS, site_meant

ATTR_START: Final = "start_time"
ATTR_END: Final = "end_time"
INSTANT: Final = probatio.All(cv.datetime, dt_util.as_utc)
SCHEMA: Final = probatio.Schema(
    {**SITE_FIELDS, probatio.Optional(ATTR_START): INSTANT, probatio.Optional(ATTR_END): INSTANT}
)


@callback
def async_setup(hass: HomeAssistant) -> None:
    """Register the action, and the address its table stands under."""
    hass.services.async_register(DOMAIN, "get_dimming_log", _get, SCHEMA, supports_response=SupportsResponse.ONLY)
    async_register_table(hass)


async def _get(call: ServiceCall) -> ServiceResponse:
    site, now = site_meant(call), dt_util.utcnow()
    start, end = call.data.get(ATTR_START, now - ALL), call.data.get(ATTR_END, now)
    rows = await async_rows(site, start, end)
    return {"orders": list(rows), "table": table_url(call.hass, site.entry.entry_id, start, end)}
