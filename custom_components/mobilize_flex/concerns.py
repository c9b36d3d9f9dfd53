"""What the owner should hear of his cars and sessions, as repairs that come and go by themselves."""

from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN
from .core.model.concern import Concern, ConcernKind
from .problems import Problems

WORDLESS = frozenset({"source"})


class Concerns:
    """Show what there is to hear of, take away what is over."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any], problems: Problems) -> None:
        """Begin with nothing shown; what an earlier run left goes away."""
        self._entry = entry
        self._problems = problems
        self._shown: dict[str, Concern] = {}
        own = [key for domain, key in ir.async_get(hass).issues if domain == DOMAIN]
        for kind in ConcernKind:
            for key in own:
                if key.startswith(f"{kind}_") and key.endswith(f"_{entry.entry_id}"):
                    ir.async_delete_issue(hass, DOMAIN, key)

    @callback
    def show(self, concerns: tuple[Concern, ...]) -> None:
        """Show these and no others."""
        now = {f"{concern.kind}_{concern.about}": concern for concern in concerns}
        for name in self._shown.keys() - now.keys():
            self._problems.solved(name)
        for name, concern in now.items():
            if self._shown.get(name) != concern:
                self._raise(name, concern)
        self._shown = now

    def _raise(self, name: str, concern: Concern) -> None:
        words = {word: text for word, text in concern.words if word not in WORDLESS}
        self._problems.raised(concern.kind.value, name, self._fix(concern), **words)

    def _fix(self, concern: Concern) -> dict[str, Any] | None:
        """Return what the dialog has to know that begins the next session of a car that stayed."""
        if concern.kind is not ConcernKind.STILL_PLUGGED:
            return None
        return {
            "entry_id": self._entry.entry_id,
            "identity": concern.station,
            "evse": concern.evse,
            **dict(concern.words),
        }
