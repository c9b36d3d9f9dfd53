"""The least a server inside Home Assistant can do: decode, write nine sensors when they changed, answer.

It checks nothing, keeps nothing, knows nobody. Whatever a real one costs is told as a multiple of it.
"""

from http import HTTPStatus

from aiohttp import WSMsgType, web
from homeassistant.core import HomeAssistant
from homeassistant.helpers.discovery import async_load_platform
from homeassistant.helpers.typing import ConfigType
import orjson

DOMAIN = "floor"
NINE = 9


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Listen on the port of the configuration for so many stations."""
    settings = config[DOMAIN]
    stations = hass.data[DOMAIN] = {f"B{number:03}": [] for number in range(settings["stations"])}

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        sensors = stations.get(request.path.rpartition("/")[2])
        if sensors is None:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        socket = web.WebSocketResponse(protocols=("ocpp2.1", "ocpp2.0.1"), compress=False)
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await socket.send_str(answer(orjson.loads(message.data), sensors))
        return socket

    server = web.Server(handle)
    await hass.loop.create_server(server, "127.0.0.1", settings["port"])
    await async_load_platform(hass, "sensor", DOMAIN, {}, config)
    return True


def answer(frame: list, sensors: list) -> str:
    """Show what a call tells, return the frame that answers it."""
    _, message_id, action, payload = frame
    if action == "Heartbeat":
        return orjson.dumps([3, message_id, {"currentTime": "2026-11-22T18:00:00Z"}]).decode()
    if action == "BootNotification":
        boot = {"currentTime": "2026-11-22T18:00:00Z", "interval": 300, "status": "Accepted"}
        return orjson.dumps([3, message_id, boot]).decode()
    if action == "TransactionEvent":
        samples = payload["meterValue"][0]["sampledValue"]
        for sensor, sample in zip(sensors, samples, strict=False):
            sensor.tell(sample["value"])
    return orjson.dumps([3, message_id, {}]).decode()
