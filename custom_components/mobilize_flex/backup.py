"""What a backup of Home Assistant must find in one piece: our memory."""

from homeassistant.core import HomeAssistant

from .const import DOMAIN
from .coordinator import FlexEntry


async def async_pre_backup(hass: HomeAssistant) -> None:
    """Bring each home's memory into its one file."""
    entries: list[FlexEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    for entry in entries:
        await entry.runtime_data.store.async_checkpoint()


async def async_post_backup(hass: HomeAssistant) -> None:
    """Go on; nothing was held up."""
