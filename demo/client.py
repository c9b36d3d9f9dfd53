"""The door to a running Home Assistant, as its own app uses it: requests over HTTP, commands over a WebSocket."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self

import aiohttp

ANSWER_S: Final = 60.0


class Refused(Exception):
    """Home Assistant said no."""

    def __init__(self, what: str, status: int, answer: object) -> None:
        """Keep what was asked and what was answered."""
        super().__init__(f"{what}: Home Assistant answered {status} {answer}")
        self.status = status


class Client:
    """One user's access to one Home Assistant; each call opens what it needs, so that a restart harms none."""

    def __init__(self, url: str, token: str = "") -> None:
        """Keep address and token; nothing is opened yet."""
        self.url = url
        self.token = token
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open what the calls share."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_S))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        if self._session is not None:
            await self._session.close()

    # -- requests -------------------------------------------------------------------------------

    async def get(self, path: str) -> Any:
        """Read something."""
        return await self._request("GET", path)

    async def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send JSON."""
        return await self._request("POST", path, json=dict(body or {}))

    async def post_form(self, path: str, fields: Mapping[str, str]) -> Any:
        """Send what a browser sends when a form is submitted."""
        return await self._request("POST", path, data=dict(fields))

    async def delete(self, path: str) -> Any:
        """Take something away."""
        return await self._request("DELETE", path)

    async def answers(self) -> bool:
        """Tell whether anybody serves the frontend's first file."""
        try:
            await self._request("GET", "/manifest.json")
        except aiohttp.ClientError, Refused, TimeoutError:
            return False
        return True

    async def is_running(self) -> bool:
        """Tell whether the start is over."""
        try:
            config = await self.get("/api/config")
        except aiohttp.ClientError, Refused, TimeoutError:
            return False
        return bool(config["state"] == "RUNNING")

    async def states(self) -> dict[str, dict[str, Any]]:
        """Return all states by entity id."""
        return {state["entity_id"]: state for state in await self.get("/api/states")}

    async def act(self, domain: str, action: str, data: Mapping[str, Any] | None = None) -> None:
        """Call an action that answers nothing."""
        await self.post(f"/api/services/{domain}/{action}", data)

    async def ask(self, domain: str, action: str, data: Mapping[str, Any] | None = None) -> Any:
        """Call an action for its response data."""
        answer = await self.post(f"/api/services/{domain}/{action}?return_response", data)
        return answer["service_response"]

    # -- commands -------------------------------------------------------------------------------

    async def command(self, kind: str, **fields: Any) -> Any:
        """Send one WebSocket command on a connection of its own; return its result."""
        async with self._opened().ws_connect(f"{self.url}/api/websocket", max_msg_size=0) as socket:
            await socket.receive_json()
            await socket.send_json({"type": "auth", "access_token": self.token})
            verdict = await socket.receive_json()
            if verdict["type"] != "auth_ok":
                raise Refused("sign-in", HTTPStatus.UNAUTHORIZED, verdict.get("message"))
            await socket.send_json({"id": 1, "type": kind, **fields})
            async with asyncio.timeout(ANSWER_S):
                answer = await socket.receive_json()
        if not answer["success"]:
            raise Refused(kind, HTTPStatus.BAD_REQUEST, answer["error"])
        return answer["result"]

    # -- inside ---------------------------------------------------------------------------------

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the client is used inside `async with`")
        return self._session

    async def _request(self, method: str, path: str, **content: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self._opened().request(method, self.url + path, headers=headers, **content) as response:
            if response.content_type == "application/json":
                answer = await response.json()
            else:
                answer = await response.text()
            if response.status >= HTTPStatus.BAD_REQUEST:
                raise Refused(f"{method} {path}", response.status, answer)
            return answer
