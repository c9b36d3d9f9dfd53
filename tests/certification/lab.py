"""The laboratory: a real Home Assistant with one home, and a charging station of which every word is scripted."""

import asyncio
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
import json
from typing import Any

import aiohttp
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.mobilize_flex import const as c
from custom_components.mobilize_flex.coordinator import FlexCoordinator
from custom_components.mobilize_flex.core.model.state import EvseState, StationState
from custom_components.mobilize_flex.shell.credentials import seal
from custom_components.mobilize_flex.shell.station_connection import StationConnection
from tests.face.homes import BASE, SITE, STATION, VEHICLE, free_port, part

SECRET = "the-password-of-the-laboratory"
ID = "LAB-1"
PATIENCE_S = 15.0
QUIET_S = 0.4

type Json = dict[str, Any]


class CallFailed(Exception):
    """The answer was a CALLERROR."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code


def stamp(shift_s: float = 0.0) -> str:
    """Return this instant, or one near it, as the wire wants it."""
    at = datetime.now(UTC) + timedelta(seconds=shift_s)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def card(token: str = "CARD-1", kind: str = "ISO14443") -> Json:
    """Return a badge on the wire."""
    return {"idToken": token, "type": kind}


TAKEN: Json = {"SetChargingProfile": {"status": "Accepted"}, "ClearChargingProfile": {"status": "Accepted"}}
"""How a station answers that takes every order of power."""
PLACE: Json = {"id": 1, "connectorId": 1}
"""The connector most cars are plugged into, on the wire."""


class Station:
    """One connection of a station; it says nothing by itself."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.asked: deque[tuple[str, str, Json]] = deque()
        """What was asked of it and not answered yet: message id, action, payload."""
        self.history: list[tuple[str, Json]] = []
        """Everything that was ever asked of it."""
        self.always: dict[str, Callable[[Json], Json] | Json] = {}
        """What it answers by itself, by action."""
        self._answers: dict[str, asyncio.Future[Json]] = {}
        self._news = asyncio.Event()
        self._count = 0
        self._reader = asyncio.create_task(self._read())

    @property
    def version(self) -> str | None:
        """Return the version agreed on."""
        return self.socket.protocol

    async def call(self, action: str, payload: Json | None = None) -> Json:
        """Ask something and return the answer; raise CallFailed where it is an error."""
        self._count += 1
        message_id = f"lab-{self._count}"
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._answers[message_id] = answer
        await self.socket.send_json([2, message_id, action, payload or {}])
        async with asyncio.timeout(PATIENCE_S):
            return await answer

    async def expect(self, action: str) -> Json:
        """Wait until something is asked, and leave it to be answered; whatever else is asked stays for later."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for question in self.asked:
                    if question[1] == action:
                        return question[2]
                self._news.clear()
                await self._news.wait()

    async def answer(self, action: str, payload: Json) -> Json:
        """Wait until something is asked, answer it, return what was asked."""
        asked = await self.expect(action)
        await self._close(action, lambda message_id: [3, message_id, payload])
        return asked

    async def refuse(self, action: str, code: str = "NotSupported", description: str = "") -> Json:
        """Wait until something is asked, refuse it with a CALLERROR, return what was asked."""
        asked = await self.expect(action)
        await self._close(action, lambda message_id: [4, message_id, code, description, {}])
        return asked

    async def nothing_asked(self, seconds: float = QUIET_S) -> None:
        """Hold that nothing is asked for a while."""
        before = len(self.history)
        await asyncio.sleep(seconds)
        assert self.history[before:] == []

    async def close(self) -> None:
        """Hang up."""
        await self.socket.close()
        self._reader.cancel()
        await asyncio.wait([self._reader])

    # what stations say most often

    async def boot(self, reason: str = "PowerUp", **who: str) -> Json:
        """Tell who it is."""
        station = {"vendorName": "Laboratory", "model": "Script", "serialNumber": "S-1", "firmwareVersion": "1.0"} | who
        return await self.call("BootNotification", {"reason": reason, "chargingStation": station})

    async def status(self, word: str = "Available", evse: int = 1, connector: int = 1) -> Json:
        """Tell the availability of a connector."""
        payload = {"timestamp": stamp(), "connectorStatus": word, "evseId": evse, "connectorId": connector}
        return await self.call("StatusNotification", payload)

    async def authorize(self, token: str = "CARD-1", kind: str = "ISO14443") -> Json:
        """Ask whether a card may charge."""
        return await self.call("Authorize", {"idToken": card(token, kind)})

    async def event(self, kind: str, trigger: str, seq_no: int, transaction: str = "tx-1", **more: Any) -> Json:
        """Tell about a transaction; ``info`` joins the transactionInfo, the rest the event."""
        info = {"transactionId": transaction} | more.pop("info", {})
        payload = {"eventType": kind, "timestamp": stamp(), "triggerReason": trigger, "seqNo": seq_no} | more
        return await self.call("TransactionEvent", payload | {"transactionInfo": info})

    async def inventory(self, items: int | None = None) -> None:
        """Answer for its whole device model: it keeps a list of badges, ``items`` of which it takes at a time."""
        asked = await self.answer("GetBaseReport", {"status": "Accepted"})
        rows = {"Available": "true", "Enabled": "true"} | ({} if items is None else {"ItemsPerMessage": str(items)})
        report = [
            {
                "component": {"name": "LocalAuthListCtrlr"},
                "variable": {"name": name},
                "variableAttribute": [{"value": value, "mutability": "ReadOnly"}],
            }
            for name, value in rows.items()
        ]
        part = {"requestId": asked["requestId"], "generatedAt": stamp(), "seqNo": 0, "reportData": report}
        await self.call("NotifyReport", part)

    async def _close(self, action: str, frame: Callable[[str], list[Any]]) -> None:
        question = next(q for q in self.asked if q[1] == action)
        self.asked.remove(question)
        await self.socket.send_json(frame(question[0]))

    async def _read(self) -> None:
        async for message in self.socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            kind, message_id, *rest = json.loads(message.data)
            if kind == 2:
                await self._asked(message_id, rest[0], rest[1])
            elif (waiting := self._answers.pop(message_id, None)) is not None and not waiting.done():
                if kind == 3:
                    waiting.set_result(rest[0])
                else:
                    waiting.set_exception(CallFailed(rest[0], rest[1]))

    async def _asked(self, message_id: str, action: str, payload: Json) -> None:
        self.history.append((action, payload))
        answer = self.always.get(action)
        if answer is None:
            self.asked.append((message_id, action, payload))
            self._news.set()
        else:
            await self.socket.send_json([3, message_id, answer(payload) if callable(answer) else answer])


class Lab:
    """One Home Assistant with one home that lets one station in."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.hass = hass
        self.port = free_port()
        self.entry: MockConfigEntry
        self._lines: list[StationConnection] = []
        self._stack = AsyncExitStack()
        self._session: aiohttp.ClientSession

    async def open(self, station: Mapping[str, Any] | None = None, others: Sequence[str] = (), **site: Any) -> None:
        """Set the home up; ``station`` and ``site`` change what the owner said of them, ``others`` are more stations.

        Unless told otherwise the server asks a station nothing by itself.
        """
        self._session = await self._stack.enter_async_context(aiohttp.ClientSession())
        sealed = await self.hass.async_add_executor_job(seal, SECRET)
        said = {**STATION, c.CONF_SEALED: sealed, "automatic": []} | dict(station or {})
        self.entry = MockConfigEntry(
            domain=c.DOMAIN,
            title="Laboratory",
            unique_id=f"site:{self.port}",
            data={**SITE, "port": self.port} | site,
            subentries_data=[
                part(c.STATION, said, ID),
                *(part(c.STATION, said, other, key=f"station-{other}", name=other) for other in others),
                part(c.VEHICLE, VEHICLE, "car"),
                part(c.TARIFF, BASE, "tariff"),
            ],
        )
        self.entry.add_to_hass(self.hass)
        assert await self.hass.config_entries.async_setup(self.entry.entry_id)

    async def dial(
        self, *versions: str, user: str = ID, password: str = SECRET, path: str = ID, url: str | None = None, **how: Any
    ) -> Station:
        """Connect a station; raises aiohttp.WSServerHandshakeError with the status when it is turned away."""
        claim = b64encode(f"{user}:{password}".encode()).decode()
        socket = await self._session.ws_connect(
            url or f"ws://127.0.0.1:{self.port}/{path}",
            protocols=versions or ("ocpp2.0.1",),
            headers={"Authorization": f"Basic {claim}"},
            **how,
        )
        station = Station(socket)
        self._stack.push_async_callback(station.close)
        if socket.protocol is not None:
            await self.until(lambda: (line := self._line(path)) is not None and line not in self._lines)
            self._lines += [line] if (line := self._line(path)) is not None else []
        return station

    def _line(self, identity: str) -> StationConnection | None:
        server = self.coordinator.server
        return None if server is None else server.connected.get(identity)

    async def booted(self, *versions: str, **how: Any) -> Station:
        """Connect a station that has booted and told that its connector is free."""
        station = await self.dial(*versions, **how)
        assert (await station.boot())["status"] == "Accepted"
        await station.status()
        return station

    async def ready(self, station: Mapping[str, Any] | None = None) -> Station:
        """Set the home up and connect its station, which has booted and takes every order of power."""
        await self.open(station)
        connected = await self.booted()
        connected.always |= TAKEN
        return connected

    async def charging(self, *versions: str, transaction: str = "tx-1", **more: Any) -> Station:
        """Connect a station at which a car charges, and which takes every order of power."""
        station = await self.booted(*versions)
        station.always |= TAKEN
        await station.status("Occupied")
        told = {"evse": PLACE, "idToken": card(), "info": {"chargingState": "Charging"}} | more
        await station.event("Started", "Authorized", 0, transaction, **told)
        return station

    async def until(self, happened: Callable[[], object]) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(PATIENCE_S):
            while not happened():  # noqa: ASYNC110 - what is waited for has no event
                await asyncio.sleep(0.01)

    def act(self, action: str, /, **fields: Any) -> asyncio.Task[Any]:
        """Call an action that answers, in the background; the station has to play its part meanwhile."""
        work = self.hass.services.async_call(c.DOMAIN, action, fields, blocking=True, return_response=True)
        return asyncio.create_task(work)

    async def note(self, action: str, /, **fields: Any) -> None:
        """Call an action of which no station has to hear at once."""
        await self.hass.services.async_call(c.DOMAIN, action, fields, blocking=True)

    async def fails(self, task: asyncio.Task[Any]) -> HomeAssistantError:
        """Return the error of an action that has to fail."""
        try:
            answer = await task
        except HomeAssistantError as error:
            return error
        raise AssertionError(f"it worked: {answer}")

    @property
    def coordinator(self) -> FlexCoordinator:
        """Return what runs the home."""
        coordinator: FlexCoordinator = self.entry.runtime_data
        return coordinator

    @property
    def state(self) -> StationState:
        """Return what is known of the station."""
        return self.coordinator.state.stations[ID]

    @property
    def evse(self) -> EvseState:
        """Return what is known of its first EVSE."""
        return self.state.evses[1]

    def session(self, transaction: str = "tx-1") -> Any:
        """Return the record of a transaction."""
        return self.coordinator.state.sessions[f"{ID}/{transaction}"]

    def troubles(self) -> list[str]:
        """Return what went wrong unseen: faults of ours, and words of either side that the standard does not know."""
        site = self.coordinator
        found: list[str] = []
        for conformance in (line.link.conformance for line in self._lines):
            found += [*conformance.counts, *conformance.examples]
        failures = site.server.failures if site.server is not None else ()
        errors = site.runtime.errors if site.runtime is not None else 0
        return found + [failure.what for failure in failures] + ["a fault in the controller"] * errors

    async def close(self) -> None:
        """Hang up, shut the home."""
        await self._stack.aclose()
        await self.hass.config_entries.async_unload(self.entry.entry_id)
