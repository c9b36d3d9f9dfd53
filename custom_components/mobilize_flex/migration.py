"""What an earlier release kept elsewhere, moved to where it belongs."""

from collections.abc import Mapping
import logging
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from . import const as c
from .configuration import subentries
from .core.model.access import AccessList, Badge
from .core.model.commands import Keep
from .core.site.keeping import ACCESS
from .store import Store, StoreUnwritableError, store_path
from .store_file import StoreTooNewError

_LOGGER = logging.getLogger(__name__)

VERSION: Final = 1
MINOR_VERSION: Final = 2


async def async_migrate(hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
    """Bring an entry up to date; false leaves it as it is, for a release or a disk that can take it."""
    if entry.version > VERSION:
        return False
    if entry.minor_version < 2 and not await _async_move_badges(hass, entry):
        return False
    if entry.minor_version < MINOR_VERSION:
        hass.config_entries.async_update_entry(entry, minor_version=MINOR_VERSION)
    return True


async def _async_move_badges(hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
    """Take the badges out of the stations' forms into the list of drivers, which is stored first (since 1.2)."""
    stations = {s.unique_id or "": s.data for s in subentries(entry, c.STATION) if c.CONF_TOKENS in s.data}
    if any(data[c.CONF_TOKENS] for data in stations.values()) and not await _async_keep(hass, entry, stations):
        return False
    for station in list(subentries(entry, c.STATION)):
        data = {key: value for key, value in station.data.items() if key != c.CONF_TOKENS}
        hass.config_entries.async_update_subentry(entry, station, data=data)
    return True


async def _async_keep(hass: HomeAssistant, entry: ConfigEntry[Any], stations: Mapping[str, Mapping[str, Any]]) -> bool:
    """Store the badges, each for the stations whose form named it; what is on the list already stays as it is."""
    store = Store(store_path(hass, entry.entry_id), lambda troubled: None)
    try:
        known = (await store.async_open()).kept.get(ACCESS)
        access = known if isinstance(known, AccessList) else AccessList()
        await store.keep([Keep(ACCESS, _with_badges(access, stations))])
    except (StoreTooNewError, StoreUnwritableError) as err:
        _LOGGER.warning("The badges of %s could not be moved to the list of drivers: %s", entry.title, err)
        return False
    finally:
        await store.async_close()
    return True


def _keys(data: Mapping[str, Any]) -> set[str]:
    return {token.casefold() for token in data[c.CONF_TOKENS]}


def _with_badges(access: AccessList, stations: Mapping[str, Mapping[str, Any]]) -> AccessList:
    for token in [token for data in stations.values() for token in data[c.CONF_TOKENS]]:
        named = tuple(name for name, data in stations.items() if token.casefold() in _keys(data))
        if access.find(token) is None:
            everywhere = len(named) == len(stations)
            badge = Badge(token=token, stations=() if everywhere else named, added_at=dt_util.utcnow())
            access = access.having(badge)
    return access
