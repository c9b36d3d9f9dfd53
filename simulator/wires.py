"""The real wires of the simulated home: the station's websocket, the meter's serial line over TCP."""

import asyncio
import base64
from collections.abc import Callable
import contextlib
import logging
import random
from typing import TYPE_CHECKING

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from simulator.clock import Clock

if TYPE_CHECKING:
    from simulator.ocpp_station import OcppStation

_LOGGER = logging.getLogger(__name__)

FRAME_GAP_S = 0.025
BYTES_PER_S = 960.0
OPENING_S = 10.0


class TicWire:
    """A serial port server that repeats the meter's frames at the pace of 9600 baud."""

    def __init__(self, frame: Callable[[], bytes], port: int) -> None:
        """Serve `frame` on 127.0.0.1; port 0 takes any free one."""
        self.silent = False
        self.port = port
        self._frame = frame
        self._server: asyncio.Server | None = None
        self._readers: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._welcome, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def run(self) -> None:
        """Send frame after frame to everybody who listens."""
        while True:
            frame = self._frame()
            half = len(frame) // 2
            for part in (frame[:half], frame[half:]):
                if not self.silent:
                    self._broadcast(part)
                await asyncio.sleep(len(part) / BYTES_PER_S)
            await asyncio.sleep(FRAME_GAP_S)

    async def close(self) -> None:
        """Stop listening and hang up."""
        if self._server is not None:
            self._server.close()
        for reader in list(self._readers):
            reader.transport.abort()
        self._readers.clear()

    def _broadcast(self, part: bytes) -> None:
        for reader in list(self._readers):
            if reader.is_closing():
                self._readers.discard(reader)
            else:
                reader.write(part)

    async def _welcome(self, commands: asyncio.StreamReader, reader: asyncio.StreamWriter) -> None:
        self._readers.add(reader)
        with contextlib.suppress(OSError):
            while await commands.read(1024):
                pass
        self._readers.discard(reader)
        reader.close()


class OcppWire:
    """The station's websocket: it dials, talks, falls, waits, dials again."""

    def __init__(self, station: OcppStation, url: str, clock: Clock) -> None:
        """Dial `url` with the station's id as last segment."""
        self._station = station
        self._url = f"{url.rstrip('/')}/{station.settings.id}"
        self._clock = clock
        self._wake = asyncio.Event()
        self._allowed = asyncio.Event()
        self._allowed.set()
        self._socket: ClientConnection | None = None
        self._failures = 0

    def nudge(self) -> None:
        """Say that there may be frames to send."""
        self._wake.set()

    def kill(self) -> None:
        """Break the connection without a closing word, and keep it broken."""
        self._allowed.clear()
        self._abort()

    def restore(self) -> None:
        """Allow connections again, at once."""
        self._failures = 0
        self._allowed.set()

    async def run(self) -> None:
        """Keep a connection for ever."""
        while True:
            await self._until_wanted()
            try:
                await self._connect_once()
            except (OSError, WebSocketException, TimeoutError) as error:
                _LOGGER.debug("no connection: %s", error)
            finally:
                self._socket = None
                self._station.link_down()
            await self._back_off()

    async def _connect_once(self) -> None:
        own = self._station.settings
        secret = base64.b64encode(f"{own.id}:{self._station.password}".encode()).decode()
        async with connect(
            self._url,
            subprotocols=[Subprotocol(name) for name in own.protocols],
            additional_headers={"Authorization": f"Basic {secret}"},
            ping_interval=self._station.model.number("OCPPCommCtrlr", "WebSocketPingInterval") or None,
            open_timeout=OPENING_S,
            close_timeout=1,
            proxy=None,
        ) as socket:
            if socket.subprotocol is None or not self._allowed.is_set():
                return
            self._socket, self._failures = socket, 0
            self._station.link_up(socket.subprotocol)
            await self._talk(socket)

    async def _talk(self, socket: ClientConnection) -> None:
        writer = asyncio.create_task(self._write(socket))
        writer.add_done_callback(lambda _: socket.transport.abort())
        try:
            async for text in socket:
                self._station.receive(text if isinstance(text, str) else text.decode())
                self.nudge()
        finally:
            writer.cancel()
            [outcome] = await asyncio.gather(writer, return_exceptions=True)
        if isinstance(outcome, Exception):
            raise outcome

    async def _write(self, socket: ClientConnection) -> None:
        self.nudge()
        while True:
            await self._wake.wait()
            self._wake.clear()
            if not self._station.wants_link:
                return
            for text in self._station.take_frames():
                await socket.send(text)

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
        model = self._station.model
        lowest_s = model.number("OCPPCommCtrlr", "RetryBackOffWaitMinimum")
        spread_s = model.number("OCPPCommCtrlr", "RetryBackOffRandomRange")
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
