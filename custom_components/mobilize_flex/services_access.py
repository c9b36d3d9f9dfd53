"""The actions about drivers and their badges, for administrators."""

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_register_admin_service
from homeassistant.util import dt as dt_util
import probatio

from .const import DOMAIN
from .coordinator import FlexCoordinator
from .core.model.access import ANY_KIND, KINDS, LONGEST_TOKEN, Badge, BadgeStatus
from .core.model.intents import LearnBadge, RemoveBadge, SetBadge
from .core.model.state import SiteState, StationState
from .core.model.tasks import CustomerInformation
from .targets import SITE_FIELDS, STATION_FIELDS, invalid, site_meant, station_meant
from .upkeep import async_perform

ATTR_TOKEN: Final = "token"
ATTR_KIND: Final = "kind"
ATTR_DRIVER: Final = "driver"
ATTR_STATUS: Final = "status"
ATTR_GROUP: Final = "group"
ATTR_VALID_UNTIL: Final = "valid_until"
ATTR_STATIONS: Final = "stations"
ATTR_V2G: Final = "v2g"
ATTR_ONE_CHARGE: Final = "one_charge"
ATTR_CLEAR: Final = "clear_on_stations"
ATTR_TIMEOUT: Final = "timeout"

LONGEST_NAME: Final = 60
LEARN_S: Final = 60.0
LONGEST_LEARN_S: Final = 300.0


def _number(value: object) -> str:
    """Return the number of a badge without the spaces around it; raise Invalid for one no station can send."""
    text = str(value).strip()
    if not (0 < len(text) <= LONGEST_TOKEN and text.isascii() and text.isprintable()):
        raise probatio.Invalid(f"a badge number has 1 to {LONGEST_TOKEN} plain characters")
    return text


_TOKEN: Final = {probatio.Required(ATTR_TOKEN): _number}
_NAME: Final = probatio.All(cv.string, probatio.Length(min=1, max=LONGEST_NAME))
_DRIVER: Final = {probatio.Optional(ATTR_DRIVER): _NAME, probatio.Optional(ATTR_GROUP): _number}
GET_SCHEMA: Final = probatio.Schema(SITE_FIELDS)
SET_SCHEMA: Final = probatio.Schema(
    {
        **SITE_FIELDS,
        **_TOKEN,
        **_DRIVER,
        probatio.Optional(ATTR_KIND): probatio.In((ANY_KIND, *KINDS)),
        probatio.Optional(ATTR_STATUS): probatio.All(cv.string, probatio.Coerce(BadgeStatus)),
        probatio.Optional(ATTR_VALID_UNTIL): cv.datetime,
        probatio.Optional(ATTR_STATIONS): probatio.All(cv.ensure_list, [cv.string]),
        probatio.Optional(ATTR_V2G): cv.boolean,
        probatio.Optional(ATTR_ONE_CHARGE): cv.boolean,
    }
)
REMOVE_SCHEMA: Final = probatio.Schema(
    {**SITE_FIELDS, **_TOKEN, probatio.Optional(ATTR_CLEAR, default=False): cv.boolean}
)
LEARN_SCHEMA: Final = probatio.Schema(
    {
        **STATION_FIELDS,
        **_DRIVER,
        probatio.Optional(ATTR_TIMEOUT, default=LEARN_S): probatio.All(
            probatio.Coerce(float), probatio.Range(min=5, max=LONGEST_LEARN_S)
        ),
    }
)


@callback
def async_setup(hass: HomeAssistant) -> None:
    """Register the actions; badge numbers open stations, so only administrators see and change them."""
    only, maybe, register = SupportsResponse.ONLY, SupportsResponse.OPTIONAL, async_register_admin_service
    register(hass, DOMAIN, "set_token", _set_token, SET_SCHEMA)
    register(hass, DOMAIN, "remove_token", _remove_token, REMOVE_SCHEMA, supports_response=maybe)
    register(hass, DOMAIN, "get_tokens", _get_tokens, GET_SCHEMA, supports_response=only)
    register(hass, DOMAIN, "learn_token", _learn_token, LEARN_SCHEMA, supports_response=maybe)


async def _set_token(call: ServiceCall) -> None:
    """Add a badge, or change what is said of the one with its number; the rest of it stays."""
    site, fields = site_meant(call), dict(call.data)
    fields.pop("config_entry_id", None)
    if ATTR_VALID_UNTIL in fields:
        fields[ATTR_VALID_UNTIL] = dt_util.as_utc(fields[ATTR_VALID_UNTIL])
    if ATTR_STATIONS in fields:
        fields[ATTR_STATIONS] = tuple(dict.fromkeys(fields[ATTR_STATIONS]))
    known = site.state.access.find(fields[ATTR_TOKEN]) or Badge(token=fields[ATTR_TOKEN])
    site.put(SetBadge(replace(known, **fields)))


async def _remove_token(call: ServiceCall) -> ServiceResponse:
    """Take a badge off the list; on request each station that is there forgets its driver too."""
    site, token = site_meant(call), call.data[ATTR_TOKEN]
    badge = site.state.access.find(token)
    site.put(RemoveBadge(token))
    if badge is None or not call.data[ATTR_CLEAR]:
        return {ATTR_STATIONS: {}}
    online = [identity for identity, station in site.state.stations.items() if station.online]
    answers = await asyncio.gather(*(_async_clear(site, identity, badge) for identity in online))
    return {ATTR_STATIONS: dict(zip(online, answers, strict=True))}


async def _async_clear(site: FlexCoordinator, identity: str, badge: Badge) -> str:
    """Ask a station to forget the driver of a badge; return its status, or why there is none (N09, N10)."""
    task = CustomerInformation(
        request_id=site.next_number(),
        report=False,
        clear=True,
        token=badge.token,
        token_type=KINDS[0] if badge.kind == ANY_KIND else badge.kind,
    )
    try:
        return (await async_perform(site, identity, task)).status
    except HomeAssistantError as err:
        return err.translation_key or type(err).__name__


async def _get_tokens(call: ServiceCall) -> ServiceResponse:
    state = site_meant(call).state
    return {
        "tokens": [_words(badge) for badge in state.access.badges],
        ATTR_STATIONS: {identity: _list_words(station) for identity, station in state.stations.items()},
    }


def _words(badge: Badge) -> dict[str, Any]:
    return {
        ATTR_TOKEN: badge.token,
        ATTR_KIND: badge.kind,
        ATTR_DRIVER: badge.driver,
        ATTR_STATUS: badge.status.value,
        ATTR_GROUP: badge.group,
        ATTR_VALID_UNTIL: _local(badge.valid_until),
        ATTR_STATIONS: list(badge.stations),
        ATTR_V2G: badge.v2g,
        ATTR_ONE_CHARGE: badge.one_charge,
        "added_at": _local(badge.added_at),
    }


def _list_words(station: StationState) -> dict[str, Any]:
    """Return how a station's own list stands: it decides who charges while Home Assistant is down."""
    return {
        "access": "open" if station.config.open_access else "badges",
        "own_list": station.badges.standing.value,
        "version": station.memory.list_version,
        "left_out": station.badges.left_out,
    }


def _local(at: datetime | None) -> str | None:
    return None if at is None else dt_util.as_local(at).isoformat()


async def _learn_token(call: ServiceCall) -> ServiceResponse:
    """Take the next card at a station for a driver's."""
    site, identity = station_meant(call)
    if site.runtime is None:
        raise invalid("station_offline", station=identity)
    timeout_s: float = call.data[ATTR_TIMEOUT]
    ended: asyncio.Future[Badge | None] = call.hass.loop.create_future()

    def look(before: SiteState, after: SiteState) -> None:
        was, now = before.stations.get(identity), after.stations.get(identity)
        if was is None or was.learning is None or (now is not None and now.learning is not None) or ended.done():
            return
        ended.set_result(next((b for b in after.access.badges if before.access.find(b.token) is None), None))

    site.put(
        LearnBadge(
            station=identity,
            driver=call.data.get(ATTR_DRIVER),
            group=call.data.get(ATTR_GROUP),
            timeout_s=timeout_s,
        )
    )
    undo = site.runtime.listen(look)
    try:
        async with asyncio.timeout(timeout_s):
            badge = await ended
    except TimeoutError as err:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="token_not_presented",
            translation_placeholders={"station": identity},
        ) from err
    finally:
        undo()
    if badge is None:
        raise invalid("token_known", station=identity)
    return _words(badge)
