"""A station on the line, as little as will do: it answers what was prepared, and tells what it is told to tell."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
import json
from ssl import SSLContext
from typing import Any

import aiohttp
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.mobilize_flex.shell.credentials import seal

from .homes import free_port
from .house import STATION, coordinator, move_in, station

SECRET = "a station's own password, 32 long"

type Prepared = Mapping[str, Any] | Callable[[dict[str, Any]], Awaitable[Mapping[str, Any]] | Mapping[str, Any]]


class Wire:
    """Hold the line, and the last of each thing that was asked."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, answers: Mapping[str, Prepared]):
        self.asked: dict[str, dict[str, Any]] = {}
        self._socket = socket
        self._answers = answers
        self._count = 0

    async def serve(self) -> None:
        """Answer what is asked; what nobody prepared is not supported."""
        async for message in self._socket:
            frame = json.loads(message.data)
            if frame[0] != 2:
                continue
            self.asked[frame[2]] = frame[3]
            prepared = self._answers.get(frame[2])
            if prepared is None:
                await self._socket.send_json([4, frame[1], "NotSupported", "no such thing", {}])
                continue
            answer = prepared(frame[3]) if callable(prepared) else prepared
            told = await answer if isinstance(answer, Awaitable) else answer
            await self._socket.send_json([3, frame[1], told])

    async def tell(self, action: str, **payload: Any) -> None:
        """Say something; the receipt is not waited for."""
        self._count += 1
        await self._socket.send_json([2, f"w{self._count}", action, payload])


@asynccontextmanager
async def dial_in(
    home: MockConfigEntry, *, language: str = "ocpp2.1", wss: tuple[int, SSLContext] | None = None, **answers: Prepared
) -> AsyncIterator[Wire]:
    """Dial in as the station, in clear or encrypted."""
    server = coordinator(home).server
    assert server is not None
    auth = aiohttp.encode_basic_auth(STATION, SECRET)
    url = f"ws://127.0.0.1:{server.port}/{STATION}" if wss is None else f"wss://127.0.0.1:{wss[0]}/{STATION}"
    headers, ssl = {"Authorization": auth}, True if wss is None else wss[1]
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(url, protocols=(language,), headers=headers, ssl=ssl) as socket,
    ):
        wire = Wire(socket, answers)
        serving = asyncio.create_task(wire.serve())
        yield wire
        await socket.close()
        await serving


async def with_door(hass: HomeAssistant, **data: Any) -> MockConfigEntry:
    """Set up a home on a port of its own whose station has a password."""
    part = station()
    part["data"] = {**part["data"], "sealed_secret": seal(SECRET)}
    return await move_in(hass, part, port=free_port(), **data)
