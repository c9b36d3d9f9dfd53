"""Which home, which station and which EVSE of it an action means."""

from typing import Final

from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_DEVICE_ID, ATTR_ENTITY_ID
from homeassistant.core import ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.service import async_get_config_entry, async_get_device_and_config_entry
import probatio

from .board import EVSE, evse_named
from .const import DOMAIN
from .coordinator import FlexCoordinator, FlexEntry

ATTR_STATION: Final = "station"

SITE_FIELDS: Final = {probatio.Optional(ATTR_CONFIG_ENTRY_ID): cv.string}
STATION_FIELDS: Final = {
    **SITE_FIELDS,
    probatio.Exclusive(ATTR_DEVICE_ID, ATTR_STATION): probatio.All(cv.ensure_list, [cv.string], probatio.NonEmpty()),
    probatio.Exclusive(ATTR_ENTITY_ID, ATTR_STATION): probatio.All(cv.entity_ids, probatio.NonEmpty()),
    probatio.Exclusive(ATTR_STATION, ATTR_STATION): cv.string,
}


def site_meant(call: ServiceCall) -> FlexCoordinator:
    """Return the site that is meant: the one named, else the only one."""
    entry: FlexEntry = async_get_config_entry(call.hass, DOMAIN, call.data.get(ATTR_CONFIG_ENTRY_ID))
    return entry.runtime_data


type Meant = tuple[FlexCoordinator, str, int | None]
"""A site, a station of it, and an EVSE where the device or an entity of one was named."""


def evses_meant(call: ServiceCall) -> list[Meant]:
    """Return the stations that are meant: by device, by entity, by identity, else the only one."""
    if ATTR_DEVICE_ID in call.data:
        return list(dict.fromkeys(_of_device(call, device_id) for device_id in call.data[ATTR_DEVICE_ID]))
    if ATTR_ENTITY_ID in call.data:
        return list(dict.fromkeys(_of_entity(call, entity_id) for entity_id in call.data[ATTR_ENTITY_ID]))
    site = site_meant(call)
    if ATTR_STATION not in call.data:
        return [(site, identity, None) for identity in _only(list(site.state.stations))]
    identity: str = call.data[ATTR_STATION]
    if identity not in site.state.stations:
        raise invalid("station_unknown", station=identity)
    return [(site, identity, None)]


def evse_meant(call: ServiceCall) -> Meant:
    """Return the one station that is meant, and the EVSE where one was named."""
    return _only(evses_meant(call))[0]


def station_meant(call: ServiceCall) -> tuple[FlexCoordinator, str]:
    """Return the one station that is meant, whichever of its EVSEs was named."""
    return _only(list(dict.fromkeys((site, identity) for site, identity, _ in evses_meant(call))))[0]


def evse_in_use(site: FlexCoordinator, identity: str, number: int | None) -> int:
    """Return the EVSE that was named, else the only one with a car in a session, else the first."""
    evses = site.state.stations[identity].evses
    busy = [evse.evse for evse in evses.values() if evse.session is not None]
    return number or (busy[0] if len(busy) == 1 else site.main_evse(identity))


def _only[T](found: list[T]) -> list[T]:
    if len(found) != 1:
        raise invalid("station_unclear", count=str(len(found)))
    return found


def _of_entity(call: ServiceCall, entity_id: str) -> Meant:
    known = er.async_get(call.hass).async_get(entity_id)
    if known is None or known.device_id is None:
        raise invalid("device_no_station", device=entity_id)
    return _of_device(call, known.device_id)


def _of_device(call: ServiceCall, device_id: str) -> Meant:
    device, found = async_get_device_and_config_entry(call.hass, DOMAIN, device_id, include_child_devices=False)
    entry: FlexEntry = found
    site = entry.runtime_data
    for domain, part in device.identifiers:
        kind, _, identity = part.partition("/")
        number = None
        if kind == EVSE:
            identity, number = evse_named(part)
        if domain == DOMAIN and kind in ("station", EVSE) and identity in site.state.stations:
            return site, identity, number
    raise invalid("device_no_station", device=device.name_by_user or device.name or device_id)


def invalid(key: str, **words: str) -> ServiceValidationError:
    """Return the error of a wish that cannot be met as it stands, to be translated."""
    return ServiceValidationError(translation_domain=DOMAIN, translation_key=key, translation_placeholders=words)
