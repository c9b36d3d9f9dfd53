"""The doorbell: a station nobody knows asks, once, to be let in."""

import re
from typing import Any, Final, TypedDict

from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_INTEGRATION_DISCOVERY,
    ConfigEntry,
    ConfigFlowContext,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import discovery_flow

from .configuration import subentries
from .const import DOMAIN, STATION

_UNIQUE: Final = "station:{}:{}"
# OCPP 2.0.1 part 2, identifierString, less the colon that ends the user name in HTTP Basic.
_IDENTITY: Final = re.compile(r"[A-Za-z0-9*\-_=+|@.]+")
_LONGEST_IDENTITY: Final = 48


class Knock(TypedDict):
    """Hold who knocked, at which site, from where."""

    entry_id: str
    identity: str
    address: str


def identity_error(identity: str) -> str | None:
    """Say what keeps a name from being an OCPP identity."""
    if not 1 <= len(identity) <= _LONGEST_IDENTITY:
        return "identity_length"
    if not _IDENTITY.fullmatch(identity) or identity in {".", ".."}:
        return "identity_characters"
    return None


def knock_id(entry_id: str, identity: str) -> str:
    """Return the unique id under which a station asks; once ignored, it never asks again."""
    return _UNIQUE.format(entry_id, identity)


@callback
def async_station_knocked(hass: HomeAssistant, entry: ConfigEntry[Any], identity: str, address: str) -> None:
    """Ask the owner about a station, unless a question is open already: strangers never flood him."""
    if identity_error(identity):
        return
    if hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, knock_id(entry.entry_id, identity)):
        return
    if async_waiting(hass):
        return
    discovery_flow.async_create_flow(
        hass,
        DOMAIN,
        context=ConfigFlowContext(source=SOURCE_INTEGRATION_DISCOVERY),
        data=Knock(entry_id=entry.entry_id, identity=identity, address=address),
    )


@callback
def async_waiting(hass: HomeAssistant) -> list[ConfigFlowResult]:
    """Return the question that is open, if one is."""
    return hass.config_entries.flow.async_progress_by_handler(
        DOMAIN, include_uninitialized=True, match_context={"source": SOURCE_INTEGRATION_DISCOVERY}
    )


@callback
def async_forget_answered(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Withdraw the question about a station that was admitted by hand meanwhile."""
    known = {knock_id(entry.entry_id, s.unique_id) for s in subentries(entry, STATION) if s.unique_id}
    for flow in async_waiting(hass):
        if flow["context"].get("unique_id") in known:
            hass.config_entries.flow.async_abort(flow["flow_id"])


async def async_forget_site(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Withdraw what was asked about a site that is gone, and forget what was answered with "ignore"."""
    prefix = knock_id(entry.entry_id, "")
    for flow in async_waiting(hass):
        if (flow["context"].get("unique_id") or "").startswith(prefix):
            hass.config_entries.flow.async_abort(flow["flow_id"])
    for ignored in hass.config_entries.async_entries(DOMAIN):
        if ignored.source == SOURCE_IGNORE and (ignored.unique_id or "").startswith(prefix):
            await hass.config_entries.async_remove(ignored.entry_id)
