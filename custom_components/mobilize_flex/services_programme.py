"""The actions on what the car leaves by: weekly programmes, departures for a single day."""

from datetime import datetime
from typing import Any, Final

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import probatio

from .const import DOMAIN
from .coordinator import FlexCoordinator
from .core.model.intents import ApplyV2gToAll, RemoveDeparture, RemoveProgramme, SetDeparture, SetProgramme
from .core.model.programme import Kind, Programme
from .programmes import climate_words
from .targets import SITE_FIELDS, site_meant

ATTR_NUMBER: Final = "number"
ATTR_DEPARTURE: Final = "departure"
ATTR_WEEKDAYS: Final = "weekdays"
ATTR_KIND: Final = "kind"
ATTR_V2G: Final = "v2g"
ATTR_ENABLED: Final = "enabled"
ATTR_TARGET_SOC: Final = "target_soc"
ATTR_TITLE: Final = "title"

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _wall(at: datetime) -> datetime:
    """Return an instant as local wall time; without a zone it is that already."""
    local = at if at.tzinfo is None else dt_util.as_local(at)
    return local.replace(tzinfo=None, microsecond=0, fold=0)


_NUMBER: Final = {probatio.Required(ATTR_NUMBER): probatio.Coerce(int)}
_MOMENT: Final = {probatio.Required(ATTR_DEPARTURE): probatio.All(cv.datetime, _wall)}
_SETTINGS: Final = {
    probatio.Optional(ATTR_KIND, default=Kind.CHARGE.value): probatio.All(cv.string, probatio.Coerce(Kind)),
    probatio.Optional(ATTR_TARGET_SOC): probatio.All(probatio.Coerce(float), probatio.Range(min=1, max=100)),
    probatio.Optional(ATTR_TITLE): probatio.All(cv.string, probatio.Length(max=80)),
}
SITE_SCHEMA: Final = probatio.Schema(SITE_FIELDS)
SET_SCHEMA: Final = probatio.Schema(
    {
        **SITE_FIELDS,
        **_NUMBER,
        **_SETTINGS,
        probatio.Required(ATTR_DEPARTURE): cv.time,
        probatio.Optional(ATTR_WEEKDAYS, default=list): probatio.All(cv.ensure_list, [probatio.In(WEEKDAYS)]),
        probatio.Optional(ATTR_V2G, default=False): cv.boolean,
        probatio.Optional(ATTR_ENABLED, default=True): cv.boolean,
    }
)
REMOVE_SCHEMA: Final = probatio.Schema({**SITE_FIELDS, **_NUMBER})
ADD_SCHEMA: Final = probatio.Schema({**SITE_FIELDS, **_MOMENT, **_SETTINGS, probatio.Optional(ATTR_V2G): cv.boolean})
DROP_SCHEMA: Final = probatio.Schema({**SITE_FIELDS, **_MOMENT})


@callback
def async_setup(hass: HomeAssistant) -> None:
    """Register the actions; each looks its site up when it is called, and returns all there is to leave by."""
    actions = {
        "set_programme": (_set_programme, SET_SCHEMA),
        "remove_programme": (_remove_programme, REMOVE_SCHEMA),
        "add_departure": (_add_departure, ADD_SCHEMA),
        "remove_departure": (_remove_departure, DROP_SCHEMA),
        "apply_v2g_to_all": (_apply_v2g_to_all, SITE_SCHEMA),
    }
    for name, (act, schema) in actions.items():
        hass.services.async_register(DOMAIN, name, act, schema, SupportsResponse.OPTIONAL)
    hass.services.async_register(DOMAIN, "get_programmes", _get_programmes, SITE_SCHEMA, SupportsResponse.ONLY)


async def _set_programme(call: ServiceCall) -> ServiceResponse:
    fields = call.data
    programme = Programme(
        number=fields[ATTR_NUMBER],
        departure=fields[ATTR_DEPARTURE],
        weekdays=tuple(sorted({WEEKDAYS.index(day) for day in fields[ATTR_WEEKDAYS]})),
        kind=fields[ATTR_KIND],
        v2g=fields[ATTR_V2G],
        enabled=fields[ATTR_ENABLED],
        target_soc_pct=fields.get(ATTR_TARGET_SOC),
        title=fields.get(ATTR_TITLE) or None,
    )
    site = site_meant(call)
    site.put(SetProgramme(programme))
    return _told(site)


async def _remove_programme(call: ServiceCall) -> ServiceResponse:
    site = site_meant(call)
    site.put(RemoveProgramme(call.data[ATTR_NUMBER]))
    return _told(site)


async def _add_departure(call: ServiceCall) -> ServiceResponse:
    """Add a departure for a single day; V2G as the programmes have it, unless said."""
    site, fields = site_meant(call), call.data
    wall: datetime = fields[ATTR_DEPARTURE]
    programme = Programme(
        departure=wall.time(),
        once=wall.date(),
        kind=fields[ATTR_KIND],
        v2g=fields.get(ATTR_V2G, site.state.wishes.v2g_usual),
        target_soc_pct=fields.get(ATTR_TARGET_SOC),
        title=fields.get(ATTR_TITLE) or None,
    )
    site.put(SetDeparture(programme))
    return _told(site)


async def _remove_departure(call: ServiceCall) -> ServiceResponse:
    site = site_meant(call)
    site.put(RemoveDeparture(call.data[ATTR_DEPARTURE]))
    return _told(site)


async def _apply_v2g_to_all(call: ServiceCall) -> ServiceResponse:
    site = site_meant(call)
    site.put(ApplyV2gToAll())
    return _told(site)


async def _get_programmes(call: ServiceCall) -> ServiceResponse:
    return _told(site_meant(call))


def _told(site: FlexCoordinator) -> dict[str, Any]:
    wishes, leaving = site.state.wishes, site.departure
    return {
        "programmes": [_weekly_words(p) for p in wishes.programmes],
        "departures": [_once_words(p) for p in wishes.departures],
        "next_departure": None if leaving is None else dt_util.as_local(leaving.at).isoformat(),
        "switched_off_by_instant_charge": list(wishes.silenced),
    }


def _weekly_words(programme: Programme) -> dict[str, Any]:
    return {
        ATTR_NUMBER: programme.number,
        ATTR_DEPARTURE: programme.departure.isoformat("seconds" if programme.departure.second else "minutes"),
        ATTR_WEEKDAYS: [WEEKDAYS[day] for day in programme.weekdays],
        "skipped": [day.isoformat() for day in programme.skipped],
        **_settings_words(programme),
    }


def _once_words(programme: Programme) -> dict[str, Any]:
    wall = programme.wall
    exactly = "seconds" if programme.departure.second else "minutes"
    return {ATTR_DEPARTURE: wall.isoformat(" ", exactly) if wall else None, **_settings_words(programme)}


def _settings_words(programme: Programme) -> dict[str, Any]:
    return {
        ATTR_TITLE: programme.title,
        ATTR_KIND: programme.kind.value,
        ATTR_V2G: programme.v2g,
        ATTR_ENABLED: programme.enabled,
        ATTR_TARGET_SOC: programme.target_soc_pct,
        **climate_words(programme),
    }
