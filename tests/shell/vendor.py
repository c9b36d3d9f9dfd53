"""A vendor's backend, on a real socket."""

from collections.abc import Awaitable, Callable
import json
import ssl as tls
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

AT = "2026-11-22T18:00:00Z"
ACCEPTED = {"currentTime": AT, "interval": 60, "status": "Accepted"}

type Answerer = Callable[[ServerConnection, list[Any]], Awaitable[None]]


class Vendor:
    """A backend that answers everything as it should, unless told otherwise."""

    def __init__(self) -> None:
        self.heard: list[list[Any]] = []
        self.lines: list[ServerConnection] = []
        self.headers: list[tuple[str, str | None]] = []
        self.languages = ["ocpp2.1", "ocpp2.0.1"]
        self.answer: Answerer = self.politely
        self.server: Server | None = None
        self.port = 0

    async def politely(self, line: ServerConnection, frame: list[Any]) -> None:
        payload: dict[str, Any] = {
            "BootNotification": ACCEPTED,
            "Authorize": {
                "idTokenInfo": {"status": "Accepted", "personalMessage": {"format": "UTF8", "content": "hi"}}
            },
            "Heartbeat": {"currentTime": AT},
            "TransactionEvent": {"totalCost": 1.5},
        }.get(frame[2], {})
        await line.send(json.dumps([3, frame[1], payload]))

    async def open(self, ssl: tls.SSLContext | None = None) -> None:
        self.server = await serve(
            self._serve,
            "127.0.0.1",
            self.port,
            subprotocols=self.languages,
            close_timeout=0.5,
            ssl=ssl,  # type: ignore[arg-type]
        )
        self.port = next(iter(self.server.sockets)).getsockname()[1]

    async def close(self) -> None:
        if self.server is not None:
            self.server.close()
            await self.server.wait_closed()

    async def _serve(self, line: ServerConnection) -> None:
        assert line.request is not None
        self.headers.append((line.request.path, line.request.headers.get("Authorization")))
        self.lines.append(line)
        try:
            async for raw in line:
                frame = json.loads(raw)
                self.heard.append(frame)
                if frame[0] == 2:
                    await self.answer(line, frame)
        except ConnectionClosed:
            pass

    def calls(self, action: str) -> list[dict[str, Any]]:
        return [frame[3] for frame in self.heard if frame[0] == 2 and frame[2] == action]

    def answers(self) -> list[list[Any]]:
        return [frame for frame in self.heard if frame[0] in (3, 4)]
