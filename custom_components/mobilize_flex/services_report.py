"""The actions that tell what came of it: each session, each day, each month."""

from datetime import date, datetime, timedelta
from typing import Any, Final

from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import probatio

from .account_tables import (
    Group,
    Span,
    account_rows,
    async_register_tables,
    async_sessions,
    figures,
    session_row,
    table_url,
)
from .const import DOMAIN
from .coordinator import FlexCoordinator
from .core.model.accounts import sums_of, total
from .targets import ATTR_STATION, SITE_FIELDS, STATION_FIELDS, evses_meant, invalid, site_meant

ATTR_START: Final = "start_time"
ATTR_END: Final = "end_time"
ATTR_FIRST: Final = "start_date"
ATTR_LAST: Final = "end_date"
ATTR_VEHICLE: Final = "vehicle"
ATTR_SPAN: Final = "period"
ATTR_GROUP: Final = "group_by"

USUAL: Final = timedelta(days=31)
_STATION_NAMES: Final = (ATTR_DEVICE_ID, ATTR_ENTITY_ID, ATTR_STATION)
_INSTANT: Final = probatio.All(cv.datetime, dt_util.as_utc)

SESSIONS_SCHEMA: Final = probatio.Schema(
    {
        **STATION_FIELDS,
        probatio.Optional(ATTR_START): _INSTANT,
        probatio.Optional(ATTR_END): _INSTANT,
        probatio.Optional(ATTR_VEHICLE): cv.string,
    }
)
ACCOUNTS_SCHEMA: Final = probatio.Schema(
    {
        **SITE_FIELDS,
        probatio.Optional(ATTR_FIRST): cv.date,
        probatio.Optional(ATTR_LAST): cv.date,
        probatio.Optional(ATTR_SPAN, default=Span.DAY.value): probatio.All(cv.string, probatio.Coerce(Span)),
        probatio.Optional(ATTR_GROUP, default=Group.HOME.value): probatio.All(cv.string, probatio.Coerce(Group)),
    }
)


@callback
def async_setup(hass: HomeAssistant) -> None:
    """Register both actions, and the addresses their tables stand under."""
    register, only = hass.services.async_register, SupportsResponse.ONLY
    register(DOMAIN, "get_sessions", _get_sessions, SESSIONS_SCHEMA, supports_response=only)
    register(DOMAIN, "get_accounts", _get_accounts, ACCOUNTS_SCHEMA, supports_response=only)
    async_register_tables(hass)


async def _get_sessions(call: ServiceCall) -> ServiceResponse:
    site, stations = _stations(call)
    end: datetime = call.data.get(ATTR_END, dt_util.utcnow())
    start: datetime = call.data.get(ATTR_START, end - USUAL)
    if start >= end:
        raise invalid("span_reversed")
    vehicle = _vehicle(site, call.data.get(ATTR_VEHICLE))
    found = await async_sessions(site, start, end, stations, vehicle)
    query = {"start": f"{start.timestamp():.0f}", "end": f"{end.timestamp():.0f}"}
    return {
        "currency": site.hass.config.currency,
        "sessions": [session_row(site, *one) for one in found],
        "total": figures(total(sums for _, sums in found)),
        "table": table_url(call.hass, site.entry.entry_id, "sessions", query),
    }


async def _get_accounts(call: ServiceCall) -> ServiceResponse:
    site, fields = site_meant(call), call.data
    last: date = fields.get(ATTR_LAST, dt_util.now().date())
    first: date = fields.get(ATTR_FIRST, last.replace(day=1))
    if first > last:
        raise invalid("span_reversed")
    span, group = fields[ATTR_SPAN], fields[ATTR_GROUP]
    query = {"start": first.isoformat(), "end": last.isoformat(), "by": group.value}
    told: dict[str, Any] = {
        "currency": site.hass.config.currency,
        "start_date": first.isoformat(),
        "end_date": last.isoformat(),
        "rows": account_rows(site, first, last, span, group),
        "total": figures(sums_of(site.state.books.days, first, last)),
        "table": table_url(call.hass, site.entry.entry_id, span.value, query),
    }
    return told


def _stations(call: ServiceCall) -> tuple[FlexCoordinator, set[str] | None]:
    """Return the site that is meant and its stations that are; all of them where none is named."""
    if not any(name in call.data for name in _STATION_NAMES):
        return site_meant(call), None
    meant = evses_meant(call)
    return meant[0][0], {identity for _, identity, _ in meant}


def _vehicle(site: FlexCoordinator, name: str | None) -> str | None:
    """Return the key of a car by the name its owner gave it."""
    if name is None:
        return None
    known = {v.name.casefold(): v.key for v in site.state.config.vehicles}
    if name.casefold() not in known:
        raise invalid("vehicle_unknown", vehicle=name)
    return known[name.casefold()]
