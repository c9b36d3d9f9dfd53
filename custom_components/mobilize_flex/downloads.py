"""The diaries of stations, as files to take away."""

from datetime import timedelta
from http import HTTPStatus
from typing import Final

from aiohttp import web
from homeassistant.components.http.auth import async_sign_path
from homeassistant.components.http.const import KEY_HASS_USER
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView

from .const import DOMAIN
from .coordinator import FlexEntry

LOG_PATH: Final = "/api/mobilize_flex/logs/{entry_id}/{log_id}"
VALID: Final = timedelta(hours=24)


@callback
def async_register_downloads(hass: HomeAssistant) -> None:
    """Offer the files; the view looks its site up when it is asked."""
    hass.http.register_view(LogView())


@callback
def log_url(hass: HomeAssistant, entry_id: str, log_id: str) -> str:
    """Return an address that works for a day without logging in."""
    return async_sign_path(hass, LOG_PATH.format(entry_id=entry_id, log_id=log_id), VALID)


class LogView(HomeAssistantView):
    """Hand a station's diary to an administrator, or to who was given its signed address."""

    url = LOG_PATH
    name = "api:mobilize_flex:log"

    async def get(self, request: web.Request, entry_id: str, log_id: str) -> web.StreamResponse:
        """Return the file; whatever is in it, a browser only saves it."""
        user = request[KEY_HASS_USER]
        if not (user.is_admin or user.system_generated):  # an automation's address is signed by Home Assistant itself
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        hass = request.app[KEY_HASS]
        entry: FlexEntry | None = hass.config_entries.async_get_entry(entry_id)
        if entry is None or entry.domain != DOMAIN or entry.state is not ConfigEntryState.LOADED:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        stored = await hass.async_add_executor_job(entry.runtime_data.uploads.find, log_id)
        if stored is None:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        headers = {
            "Content-Disposition": f'attachment; filename="{stored.file_name}"',
            "Content-Type": "application/octet-stream",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
        return web.FileResponse(stored.path, headers=headers)
