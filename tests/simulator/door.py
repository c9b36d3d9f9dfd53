"""A controller's door on loopback, for tests that need real sockets."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
import ssl
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.typing import Subprotocol

from simulator.clock import RealClock
from simulator.home import HomeSettings, SimulatedHome
from tests.simulator.controller import Controller

PATIENCE_S = 20.0


class Door:
    """The controller's end: one station at a time."""

    def __init__(self, *protocols: str, context: ssl.SSLContext | None = None) -> None:
        self.controller = Controller()
        self.protocols = [Subprotocol(name) for name in protocols or ("ocpp2.1", "ocpp2.0.1")]
        self.context = context
        self.socket: ServerConnection | None = None
        self.paths: list[str] = []
        self.secrets: list[str | None] = []
        self.heads: list[dict[str, str]] = []
        self.names: list[str | None] = []
        self.closes: list[int | None] = []
        self.connections = 0
        self.server: Server | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"{'ws' if self.context is None else 'wss'}://127.0.0.1:{self.port}/ocpp"

    async def open(self) -> None:
        self.server = await serve(
            self.welcome, "127.0.0.1", self.port, subprotocols=self.protocols, ssl=self.context, ping_interval=None
        )
        self.port = next(iter(self.server.sockets)).getsockname()[1]

    async def close(self) -> None:
        if self.server is not None:
            self.server.close()
            await self.server.wait_closed()

    async def welcome(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        head = socket.request.headers
        self.paths.append(socket.request.path)
        secret = head.get("Authorization")
        self.secrets.append(secret and base64.b64decode(secret.removeprefix("Basic ")).decode())
        self.heads.append(dict(head.raw_items()))
        shown = socket.transport.get_extra_info("peercert") or {}
        self.names.append(next((value for part in shown.get("subject", ()) for _, value in part), None))
        self.socket = socket
        self.connections += 1
        try:
            async for text in socket:
                for reply in self.controller(str(text)):
                    await socket.send(reply)
        finally:
            self.closes.append(socket.close_code)

    async def ask(self, action: str, payload: dict[str, Any]) -> Any:
        message_id, text = self.controller.question(action, payload)
        assert self.socket is not None
        await self.socket.send(text)
        await until(lambda: message_id in self.controller.replies)
        return self.controller.replies[message_id][2]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 (what is awaited lies in another program, or has no event)
            await asyncio.sleep(0.02)


@asynccontextmanager
async def living(door: Door, settings: HomeSettings, speed: float = 1.0) -> AsyncIterator[SimulatedHome]:
    await door.open()
    home = SimulatedHome(replace(settings, ocpp_url=door.url), RealClock(speed))
    await home.start()
    try:
        yield home
    finally:
        await home.stop()
        await door.close()
