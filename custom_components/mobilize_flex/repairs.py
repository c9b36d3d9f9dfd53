"""The repairs people can have done: a station's connection encrypted, programmes switched on again, a session begun."""

import asyncio
from collections.abc import Mapping
from typing import Any

from homeassistant.components import persistent_notification
from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import probatio

from .const import DOMAIN
from .coordinator import FlexCoordinator, FlexEntry
from .core.model.concern import ConcernKind
from .core.model.intents import ResumeV2g, WakeProgrammes
from .problems import PROGRAMMES_OFF, TAMPERED
from .upgrading import UpgradeError, async_upgrade


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the dialog of a repair."""
    told = data or {}
    if issue_id.startswith(PROGRAMMES_OFF):
        return ProgrammesFlow(str(told.get("entry_id")))
    if issue_id.startswith(TAMPERED):
        return TamperedFlow(issue_id, str(told.get("station")))
    if issue_id.startswith(ConcernKind.STILL_PLUGGED):
        return NextSessionFlow(told)
    return UpgradeFlow(str(told.get("entry_id")), str(told.get("identity")), str(told.get("station")))


def _site(hass: HomeAssistant, entry_id: str) -> FlexCoordinator | None:
    """Return a site that is running."""
    entry: FlexEntry | None = hass.config_entries.async_get_entry(entry_id)
    loaded = entry is not None and entry.domain == DOMAIN and entry.state is ConfigEntryState.LOADED
    return entry.runtime_data if entry is not None and loaded else None


class ProgrammesFlow(RepairsFlow):
    """Switch the programmes on again that an instant charge switched off."""

    def __init__(self, entry_id: str) -> None:
        """Take which site is meant."""
        self._entry_id = entry_id

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Begin by asking."""
        return await self.async_step_confirm()

    async def async_step_confirm(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Wait for a word."""
        if user_input is None:
            return self.async_show_form(step_id="confirm", data_schema=probatio.Schema({}))
        site = _site(self.hass, self._entry_id)
        if site is None:
            return self.async_abort(reason="site_gone")
        site.put(WakeProgrammes())
        return self.async_create_entry(data={})


class TamperedFlow(RepairsFlow):
    """Take away the alarm of a station that was tampered with, once somebody looked."""

    def __init__(self, issue_id: str, station: str) -> None:
        """Take which station is meant."""
        self._issue_id, self._words = issue_id, {"station": station}

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Begin by asking."""
        return await self.async_step_confirm()

    async def async_step_confirm(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Wait for a word."""
        if user_input is None:
            form = probatio.Schema({})
            return self.async_show_form(step_id="confirm", data_schema=form, description_placeholders=self._words)
        persistent_notification.async_dismiss(self.hass, f"{DOMAIN}_{self._issue_id}")
        return self.async_create_entry(data={})


class NextSessionFlow(RepairsFlow):
    """Begin the next session of a car that stayed plugged in after its departure."""

    def __init__(self, told: Mapping[str, str | int | float | None]) -> None:
        """Take which EVSE of which station is meant, and what people call it and the car."""
        self._entry_id = str(told.get("entry_id"))
        self._identity = str(told.get("identity"))
        self._evse = int(told.get("evse") or 1)
        self._words = {word: str(told.get(word)) for word in ("car", "station")}

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Begin by asking."""
        return await self.async_step_confirm()

    async def async_step_confirm(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Wait for a word."""
        if user_input is None:
            form = probatio.Schema({})
            return self.async_show_form(step_id="confirm", data_schema=form, description_placeholders=self._words)
        site = _site(self.hass, self._entry_id)
        if site is None or self._identity not in site.state.stations:
            return self.async_abort(reason="site_gone")
        site.put(ResumeV2g(self._identity, self._evse))
        return self.async_create_entry(data={})


class UpgradeFlow(RepairsFlow):
    """Encrypt a station's connection on its owner's word."""

    def __init__(self, entry_id: str, identity: str, station: str) -> None:
        """Take which station of which site is meant."""
        self._entry_id = entry_id
        self._identity = identity
        self._words = {"station": station}
        self._work: asyncio.Task[int] | None = None
        self._failure = ""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Begin by asking."""
        return await self.async_step_confirm()

    async def async_step_confirm(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Say what will happen, and wait for a word."""
        if user_input is not None:
            return await self.async_step_upgrade()
        form = probatio.Schema({})
        return self.async_show_form(step_id="confirm", data_schema=form, description_placeholders=self._words)

    async def async_step_upgrade(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Do it, which takes until the station has restarted."""
        if self._work is None:
            site = _site(self.hass, self._entry_id)
            if site is None:
                return self.async_abort(reason="site_gone")
            self._work = self.hass.async_create_task(async_upgrade(site, self._identity))
        if not self._work.done():
            return self.async_show_progress(
                step_id="upgrade",
                progress_action="upgrade",
                progress_task=self._work,
                description_placeholders=self._words,
            )
        try:
            self._work.result()
        except UpgradeError as err:
            self._failure, self._words = err.key, err.words
        except HomeAssistantError:
            self._failure = "upgrade_no_answer"
        return self.async_show_progress_done(next_step_id="failed" if self._failure else "done")

    async def async_step_done(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """End well."""
        return self.async_create_entry(data={})

    async def async_step_failed(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Say which step failed; the station goes on as before."""
        return self.async_abort(reason=self._failure, description_placeholders=self._words)
