"""What lies under Home Assistant's own port: the root certificate, a second door for stations, wiring drawn."""

from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView

from .configuration import listening
from .const import DOMAIN
from .coordinator import FlexEntry
from .drawing import NAMES, WIRING_PATH, drawing
from .gate import ROOT_PATH

_PEM: Final = "application/x-pem-file"
_SVG: Final = "image/svg+xml"


@callback
def async_register_views(hass: HomeAssistant) -> None:
    """Open them; each looks its site up when it is asked."""
    hass.http.register_view(RootView())
    hass.http.register_view(StationView())
    hass.http.register_view(DrawingView())


class RootView(HomeAssistantView):
    """Hand out a site's root certificate.

    To anybody: it is what every station shows its own installer, holds no secret, and a phone in the garage has no
    account here. Who wants to be sure compares its fingerprint with the one the interface shows.
    """

    url = ROOT_PATH.format("{entry_id}")
    name = "api:mobilize_flex:ca"
    requires_auth = False

    async def get(self, request: web.Request, entry_id: str) -> web.Response:
        """Return the certificate as a file."""
        entry = _site(request, entry_id)
        if entry is None or not listening(entry).encrypts:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        root = await entry.runtime_data.gate.async_root()
        headers = {"Content-Disposition": 'attachment; filename="mobilize-flex-root.pem"'}
        return web.Response(text=root.pem, content_type=_PEM, headers=headers)


class StationView(HomeAssistantView):
    """Let stations in under Home Assistant's own port, where the owner switched that on."""

    url = "/api/mobilize_flex/ocpp/{entry_id}/{identity}"
    name = "api:mobilize_flex:ocpp"
    requires_auth = False  # stations have passwords of their own, which the site itself checks

    async def get(self, request: web.Request, entry_id: str, identity: str) -> web.StreamResponse:
        """Serve a station as on the site's own port."""
        entry = _site(request, entry_id)
        server = None if entry is None else entry.runtime_data.server
        if entry is None or server is None or not listening(entry).mounted:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        if is_foreign_page(request):
            return web.Response(status=HTTPStatus.FORBIDDEN)
        return await server.handle(request)


class DrawingView(HomeAssistantView):
    """Show how a meter is wired; the same for everybody, so that the dialogs can show it as a picture."""

    url = WIRING_PATH.format("{name}")
    name = "api:mobilize_flex:wiring"
    requires_auth = False

    async def get(self, request: web.Request, name: str) -> web.Response:
        """Return a drawing."""
        if name not in NAMES:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        return web.Response(text=drawing(name), content_type=_SVG, headers={"Cache-Control": "max-age=3600"})


def is_foreign_page(request: web.BaseRequest) -> bool:
    """Return whether a web page of somewhere else asks through a visitor's browser.

    Some stations send an Origin too: the host they dial, which is no page of somewhere else.
    """
    origin = request.headers.get("Origin", "").strip()
    if "://" not in origin:
        return origin.casefold() == "null"  # what a browser says that hides where the page is from
    return urlsplit(origin).hostname != urlsplit(f"//{request.host}").hostname


def _site(request: web.Request, entry_id: str) -> FlexEntry | None:
    entry: FlexEntry | None = request.app[KEY_HASS].config_entries.async_get_entry(entry_id)
    ours = entry is not None and entry.domain == DOMAIN and entry.state is ConfigEntryState.LOADED
    return entry if ours else None
