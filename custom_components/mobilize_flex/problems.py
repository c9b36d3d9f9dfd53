"""What the owner should hear of and can do something about."""

from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN

SEVERE: Final = frozenset({"store_newer", "store_unwritable"})


class Problems:
    """Show a problem of one home as a repair, take it away when it is solved."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        """Belong to a home."""
        self._hass = hass
        self._entry = entry

    @callback
    def raised(self, key: str, **words: str) -> None:
        """Show a problem."""
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            f"{key}_{self._entry.entry_id}",
            is_fixable=False,
            severity=ir.IssueSeverity.ERROR if key in SEVERE else ir.IssueSeverity.WARNING,
            translation_key=key,
            translation_placeholders={"site": self._entry.title} | words,
        )

    @callback
    def solved(self, key: str) -> None:
        """Take a problem away."""
        ir.async_delete_issue(self._hass, DOMAIN, f"{key}_{self._entry.entry_id}")

    @callback
    def toggle(self, key: str, there: bool, **words: str) -> None:
        """Show a problem while it is there."""
        if there:
            self.raised(key, **words)
        else:
            self.solved(key)
