"""What the owner should hear of and can do something about."""

from collections.abc import Sequence
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN
from .core.model.wishes import Wishes

PROGRAMMES_OFF: Final = "programmes_off"
SEVERE: Final = frozenset({"store_newer", "store_unwritable"})


class Problems:
    """Show a problem of one home as a repair, take it away when it is solved."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        """Belong to a home."""
        self._hass = hass
        self._entry = entry

    @callback
    def raised(self, key: str, name: str | None = None, fix: dict[str, Any] | None = None, /, **words: str) -> None:
        """Show a problem; one of several of a kind has a name, ``fix`` is for the dialog that mends it."""
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            f"{name or key}_{self._entry.entry_id}",
            data=fix,
            is_fixable=fix is not None,
            severity=ir.IssueSeverity.ERROR if key in SEVERE else ir.IssueSeverity.WARNING,
            translation_key=key,
            translation_placeholders={"site": self._entry.title} | words,
        )

    @callback
    def solved(self, key: str) -> None:
        """Take a problem away."""
        ir.async_delete_issue(self._hass, DOMAIN, f"{key}_{self._entry.entry_id}")

    @callback
    def offer_programmes(self, wishes: Wishes) -> None:
        """Offer the programmes back that an instant charge switched off, for as long as they are."""
        if wishes.hushed:
            self.raised(PROGRAMMES_OFF, None, {"entry_id": self._entry.entry_id})
        else:
            self.solved(PROGRAMMES_OFF)

    @callback
    def rows_set_aside(self, keys: Sequence[str], file: str) -> None:
        """Tell of what was kept and made no sense at this start: how much, of what, where it is now."""
        kinds = ", ".join(sorted({key.partition("/")[0] for key in keys}))
        self.toggle("store_rows", bool(keys), count=str(len(keys)), keys=kinds, file=file)

    @callback
    def toggle(self, key: str, there: bool, **words: str) -> None:
        """Show a problem while it is there."""
        if there:
            self.raised(key, **words)
        else:
            self.solved(key)
