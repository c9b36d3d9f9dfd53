"""The station's websocket: it dials, talks, falls, waits, dials again."""

import asyncio
import contextlib
import logging
import random
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Origin, Subprotocol

from simulator.clock import Clock
from simulator.network import Dial

if TYPE_CHECKING:
    from simulator.ocpp_station import OcppStation

_LOGGER = logging.getLogger(__name__)

OPENING_S = 10.0
LOOK_AGAIN_S = 5.0


class OcppWire:
    """The line between a station and its controller."""

    def __init__(self, station: OcppStation, clock: Clock) -> None:
        """Prepare to dial what the station's network configuration says."""
        self._station = station
        self._clock = clock
        self._wake = asyncio.Event()
        self._allowed = asyncio.Event()
        self._allowed.set()
        self._socket: ClientConnection | None = None
        self._silent = self._left = False
        self._failures = 0

    def nudge(self) -> None:
        """Say that there may be frames to send."""
        self._wake.set()

    def drop(self) -> None:
        """Break the connection without a closing word; the station dials again by itself."""
        self._abort()

    def kill(self) -> None:
        """Break the connection without a closing word, and keep it broken."""
        self._allowed.clear()
        self._abort()

    def fall_silent(self) -> None:
        """Neither read nor write from now on, and leave the connection open: only `restore` ends it."""
        self._silent = True
        if self._socket is not None:
            self._socket.transport.pause_reading()

    def restore(self) -> None:
        """Allow connections again, at once."""
        self._failures = 0
        self._allowed.set()
        if self._silent:
            self._abort()

    async def run(self) -> None:
        """Keep a connection for ever."""
        while True:
            await self._until_wanted()
            self._left = False
            try:
                await self._connect_once()
            except ssl.SSLCertVerificationError as error:
                _LOGGER.debug("the controller is not who it should be: %s", error)
                if self._failures == 0:
                    self._station.distrusts_controller()
            except (OSError, WebSocketException, TimeoutError) as error:
                _LOGGER.debug("no connection: %s", error)
            finally:
                self._socket, self._silent = None, False
                self._station.link_down()
            if not self._left:
                await self._back_off()

    async def _connect_once(self) -> None:
        dial = self._station.network.dial()
        if dial is None:
            return
        async with self._connection(dial) as socket:
            self._check_name(dial, socket)
            if socket.subprotocol is None or not self._allowed.is_set():
                return
            self._socket, self._failures = socket, 0
            self._station.network.succeeded()
            self._station.link_up(socket.subprotocol)
            await self._talk(socket)

    def _connection(self, dial: Dial) -> connect:
        more: dict[str, Any] = {} if dial.context is None else {"ssl": dial.context}
        if dial.server_hostname is not None:
            more["server_hostname"] = dial.server_hostname
        return connect(
            dial.url,
            subprotocols=[Subprotocol(name) for name in dial.protocols],
            additional_headers=dial.headers,
            origin=None if dial.origin is None else Origin(dial.origin),
            compression=dial.compression,
            ping_interval=None,
            open_timeout=OPENING_S,
            close_timeout=1,
            proxy=None,
            **more,
        )

    def _check_name(self, dial: Dial, socket: ClientConnection) -> None:
        if dial.context is None or not self._station.quirks.insists_on_common_name:
            return
        shown = socket.transport.get_extra_info("peercert") or {}
        names = [value for part in shown.get("subject", ()) for name, value in part if name == "commonName"]
        if (dial.server_hostname or urlsplit(dial.url).hostname) not in names:
            raise ssl.SSLCertVerificationError(f"common name is {names}")

    async def _talk(self, socket: ClientConnection) -> None:
        tasks = [asyncio.create_task(self._write(socket)), asyncio.create_task(self._ping(socket))]
        for task in tasks:
            task.add_done_callback(lambda _: socket.transport.abort())
        try:
            async for text in socket:
                if not self._silent:
                    self._station.receive(text if isinstance(text, str) else text.decode())
                    self.nudge()
        finally:
            for task in tasks:
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            if self._station.quirks.drops_tcp:
                socket.transport.abort()
        for outcome in outcomes:
            if isinstance(outcome, Exception) and not isinstance(outcome, ConnectionClosed):
                raise outcome

    async def _write(self, socket: ClientConnection) -> None:
        self.nudge()
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._silent:
                continue
            if not self._station.wants_link or not self._station.link:
                await self._leave(socket)
                return
            for text in self._station.take_frames():
                await socket.send(text)

    async def _leave(self, socket: ClientConnection) -> None:
        quirks = self._station.quirks
        self._left = True
        if quirks.drops_tcp or not self._station.leaves_politely:
            return
        if not quirks.closes_without_code:
            await socket.close()
            return
        with contextlib.suppress(ConnectionClosed, TimeoutError):
            async with asyncio.timeout(1), socket.send_context():
                socket.protocol.send_close()

    async def _ping(self, socket: ClientConnection) -> None:
        quirks = self._station.quirks
        while True:
            usual_s = self._station.model.number("OCPPCommCtrlr", "WebSocketPingInterval")
            every_s = quirks.pings_every_s or usual_s
            await asyncio.sleep(every_s or LOOK_AGAIN_S)
            if quirks.never_pings or self._silent or not every_s:
                continue
            pong = await socket.ping(quirks.ping_payload)
            async with asyncio.timeout(every_s + OPENING_S):
                await pong

    def _abort(self) -> None:
        if self._socket is not None:
            self._socket.transport.abort()

    async def _until_wanted(self) -> None:
        await self._allowed.wait()
        while not self._station.wants_link:
            await self._wake.wait()
            self._wake.clear()

    async def _back_off(self) -> None:
        self._failures += 1
        self._station.network.failed()
        model = self._station.model
        lowest_s = model.number("OCPPCommCtrlr", "RetryBackOffWaitMinimum")
        spread_s = model.number("OCPPCommCtrlr", "RetryBackOffRandomRange")
        if self._station.quirks.fast_back_off:
            lowest_s, spread_s = 1.0, 2.0
        doublings = min(self._failures - 1, int(model.number("OCPPCommCtrlr", "RetryBackOffRepeatTimes")))
        wait_s = lowest_s * 2**doublings + random.random() * spread_s
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._restored(wait_s)

    async def _restored(self, wait_s: float) -> None:
        """Wait; a link that is killed and restored meanwhile ends the waiting."""
        if self._allowed.is_set():
            await self._clock.sleep(wait_s)
        else:
            await self._allowed.wait()
