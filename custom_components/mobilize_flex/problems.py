"""What the owner should hear of and can do something about."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from homeassistant.components import persistent_notification
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.translation import async_get_cached_translations

from .const import DOMAIN
from .core.model.wishes import Wishes

PROGRAMMES_OFF: Final = "programmes_off"
TAMPERED: Final = "tampered"
SEVERE: Final = frozenset({"store_newer", "store_unwritable", "fault_leakage", "fault_tamper", TAMPERED})
LASTING: Final = frozenset({TAMPERED})
"""What is shown until somebody confirms it, after a restart too."""


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
            is_persistent=key in LASTING,
            severity=ir.IssueSeverity.ERROR if key in SEVERE else ir.IssueSeverity.WARNING,
            translation_key=key,
            translation_placeholders={"site": self._entry.title} | words,
        )

    @callback
    def solved(self, key: str) -> None:
        """Take a problem away."""
        ir.async_delete_issue(self._hass, DOMAIN, f"{key}_{self._entry.entry_id}")

    @callback
    def alarmed(self, key: str, name: str, fix: dict[str, Any] | None = None, /, **words: str) -> None:
        """Show a problem, and notify everybody who looks at Home Assistant."""
        self.raised(key, name, fix, **words)
        texts = async_get_cached_translations(self._hass, self._hass.config.language, "issues", DOMAIN)
        place, words = f"component.{DOMAIN}.issues.{key}", {"site": self._entry.title} | words
        title = texts.get(f"{place}.title", key)
        text = texts.get(f"{place}.description") or texts.get(f"{place}.fix_flow.step.confirm.description", "")
        mark = f"{DOMAIN}_{name}_{self._entry.entry_id}"
        persistent_notification.async_create(self._hass, text.format(**words), title.format(**words), mark)

    @callback
    def silenced(self, name: str) -> None:
        """Take a problem away, and its notification."""
        self.solved(name)
        persistent_notification.async_dismiss(self._hass, f"{DOMAIN}_{name}_{self._entry.entry_id}")

    @callback
    def sweep(self, beginnings: tuple[str, ...], spared: Collection[str]) -> None:
        """Silence what an earlier run may have left, by how its name begins, but for what is spared."""
        ending = f"_{self._entry.entry_id}"
        for domain, mark in list(ir.async_get(self._hass).issues):
            name = mark.removesuffix(ending)
            if domain == DOMAIN and name != mark and name.startswith(beginnings) and name not in spared:
                self.silenced(name)

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
