"""How long Home Assistant's loop was deaf: the longest delays of a timer of five milliseconds, told over HTTP."""

from collections import deque

from aiohttp import web
from homeassistant.components.http import HomeAssistantView
from homeassistant.core import HomeAssistant
from homeassistant.helpers.typing import ConfigType

STEP_S = 0.005


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Start to watch."""
    delays: deque[float] = deque(maxlen=200_000)

    def look(due: float) -> None:
        now = hass.loop.time()
        delays.append(now - due)
        hass.loop.call_at(now + STEP_S, look, now + STEP_S)

    hass.loop.call_later(STEP_S, look, hass.loop.time() + STEP_S)
    hass.http.register_view(Watch(delays))
    return True


class Watch(HomeAssistantView):
    """Tell the delays since the last question."""

    url = "/api/loop_watch"
    name = "api:loop_watch"
    requires_auth = False

    def __init__(self, delays: deque[float]) -> None:
        """Share what is watched."""
        self._delays = delays

    async def get(self, request: web.Request) -> web.Response:
        """Return the longest delays, ms, and forget them."""
        found = sorted(self._delays, reverse=True)
        self._delays.clear()
        return self.json({"count": len(found), "longest_ms": [round(d * 1000, 2) for d in found[:20]]})
