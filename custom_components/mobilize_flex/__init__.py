"""The home's own charging controller, as Home Assistant starts and stops it."""

from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import CONF_PORT, EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers import config_validation as cv, device_registry as dr, issue_registry as ir
from homeassistant.helpers.typing import ConfigType
from homeassistant.util import dt as dt_util

from . import (
    services_access,
    services_device,
    services_dimming,
    services_firmware,
    services_probe,
    services_programme,
    services_report,
    services_security,
    services_upkeep,
    services_vehicle,
)
from .board import EVSE
from .configuration import listening, site_config
from .const import DOMAIN, PLATFORMS
from .coordinator import FlexCoordinator, FlexEntry
from .discovery import async_forget_answered, async_forget_site
from .downloads import async_register_downloads
from .gate import async_remove_certificates
from .migration import async_migrate
from .removal import async_remove_store
from .services import async_setup_services
from .views import async_register_views

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions; they exist before any site does."""
    async_setup_services(hass)
    services_access.async_setup(hass)
    services_firmware.async_setup(hass)
    services_security.async_setup(hass)
    services_probe.async_setup(hass)
    services_programme.async_setup(hass)
    services_report.async_setup(hass)
    services_upkeep.async_setup(hass)
    services_device.async_setup(hass)
    services_vehicle.async_setup(hass)
    services_dimming.async_setup(hass)
    async_register_views(hass)
    async_register_downloads(hass)
    return True


async def async_migrate_entry(hass: HomeAssistant, entry: FlexEntry) -> bool:
    """Bring a site of an earlier release up to date."""
    return await async_migrate(hass, entry)


async def async_setup_entry(hass: HomeAssistant, entry: FlexEntry) -> bool:
    """Open the door to the stations of a site and start its controller."""
    coordinator = FlexCoordinator(hass, entry, site_config(entry, dt_util.get_default_time_zone()))
    try:
        await coordinator.async_start()
    except OSError as err:
        words = {"site": entry.title, "port": str(entry.data[CONF_PORT])}
        coordinator.problems.raised("port_in_use", **words)
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN, translation_key="port_in_use", translation_placeholders=words
        ) from err
    coordinator.problems.solved("port_in_use")
    entry.runtime_data = coordinator
    entry.async_on_unload(coordinator.async_stop)

    async def stop(_: Event) -> None:
        # Entries are not unloaded when Home Assistant stops, and an open station socket would hold it up.
        await coordinator.async_stop()

    entry.async_on_unload(hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, stop))
    dialled = listening(entry)

    async def changed(hass: HomeAssistant, entry: FlexEntry) -> None:
        """Apply what the owner changed; only another port costs the stations their connections."""
        async_forget_answered(hass, entry)
        if listening(entry) != dialled:
            hass.config_entries.async_schedule_reload(entry.entry_id)
        else:
            await coordinator.async_configure(site_config(entry, dt_util.get_default_time_zone()))

    entry.async_on_unload(entry.add_update_listener(changed))
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    if "recorder" in hass.config.components:
        from .statistics import async_follow  # noqa: PLC0415 - a home without a recorder has none of it

        async_follow(hass, entry)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: FlexEntry) -> bool:
    """Take a site's entities away; its controller stops with what was registered above."""
    # 2026.10 wants a boolean here and from async_setup_entry; 2026.11 tolerates it and would rather see None.
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Forget a site: its memory, its problems, its open question, its ignored stations."""
    for domain, issue_id in list(ir.async_get(hass).issues):
        if domain == DOMAIN and issue_id.endswith(f"_{entry.entry_id}"):
            ir.async_delete_issue(hass, domain, issue_id)
    await async_forget_site(hass, entry)
    await async_remove_certificates(hass, entry.entry_id)
    await async_remove_store(hass, entry.entry_id)


async def async_remove_config_entry_device(hass: HomeAssistant, entry: FlexEntry, device: dr.DeviceEntry) -> bool:
    """Let a device be deleted only when what it stood for is no longer part of the site."""
    if device.config_subentry_id is not None and device.config_subentry_id not in entry.subentries:
        return True
    part = next((part for domain, part in device.identifiers if domain == DOMAIN), "")
    if not part.startswith(f"{EVSE}/") or entry.state is not ConfigEntryState.LOADED:
        return False
    return entry.runtime_data.places.leave(entry.runtime_data.state, part)
