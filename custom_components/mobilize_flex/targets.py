"""Which home and which station an action means."""

from typing import Final

from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_DEVICE_ID
from homeassistant.core import ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_get_config_entry, async_get_device_and_config_entry
import probatio

from .const import DOMAIN
from .coordinator import FlexCoordinator, FlexEntry

ATTR_STATION: Final = "station"

SITE_FIELDS: Final = {probatio.Optional(ATTR_CONFIG_ENTRY_ID): cv.string}
STATION_FIELDS: Final = {
    **SITE_FIELDS,
    probatio.Exclusive(ATTR_DEVICE_ID, ATTR_STATION): probatio.All(cv.ensure_list, [cv.string], probatio.NonEmpty()),
    probatio.Exclusive(ATTR_STATION, ATTR_STATION): cv.string,
}


def site_meant(call: ServiceCall) -> FlexCoordinator:
    """Return the site that is meant: the one named, else the only one."""
    entry: FlexEntry = async_get_config_entry(call.hass, DOMAIN, call.data.get(ATTR_CONFIG_ENTRY_ID))
    return entry.runtime_data


def stations_meant(call: ServiceCall) -> list[tuple[FlexCoordinator, str]]:
    """Return the stations that are meant: by device, by identity, else the only one."""
    if ATTR_DEVICE_ID in call.data:
        return [_station_of_device(call, device_id) for device_id in call.data[ATTR_DEVICE_ID]]
    site = site_meant(call)
    if ATTR_STATION not in call.data:
        return [(site, identity) for identity in _only(list(site.state.stations))]
    identity: str = call.data[ATTR_STATION]
    if identity not in site.state.stations:
        raise invalid("station_unknown", station=identity)
    return [(site, identity)]


def station_meant(call: ServiceCall) -> tuple[FlexCoordinator, str]:
    """Return the one station that is meant."""
    return _only(stations_meant(call))[0]


def _only[T](found: list[T]) -> list[T]:
    if len(found) != 1:
        raise invalid("station_unclear", count=str(len(found)))
    return found


def _station_of_device(call: ServiceCall, device_id: str) -> tuple[FlexCoordinator, str]:
    device, found = async_get_device_and_config_entry(call.hass, DOMAIN, device_id, include_child_devices=False)
    entry: FlexEntry = found
    site = entry.runtime_data
    for domain, part in device.identifiers:
        kind, _, identity = part.partition("/")
        if domain == DOMAIN and kind == "station" and identity in site.state.stations:
            return site, identity
    raise invalid("device_no_station", device=device.name_by_user or device.name or device_id)


def invalid(key: str, **words: str) -> ServiceValidationError:
    """Return the error of a wish that cannot be met as it stands, to be translated."""
    return ServiceValidationError(translation_domain=DOMAIN, translation_key=key, translation_placeholders=words)
