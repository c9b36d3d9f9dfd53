"""One station on the line: its socket, its pace, its last words."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from aiohttp import WSMessage, WSMsgType
from aiohttp.web import WebSocketResponse

from ..core.model.facts import StationBooted
from ..core.model.moment import Moment
from ..core.ocpp.dialect import Reply
from ..core.ocpp.link import Link, LinkEvent
from ..core.ocpp.redaction import READABLE, redacted
from .share import Allowance, Share

FRAMES_KEPT: Final = 10
OUTBOX_LIMIT: Final = 512
GREEDY_S: Final = 0.005
GREED_SHARE: Final = 4.0


@dataclass(frozen=True, slots=True)
class KeptFrame:
    """Hold one frame as it went by; ``raw`` is ``None`` for a very long one, which only its length tells of."""

    at: datetime
    sent: bool
    length: int
    raw: str | None

    def shown(self) -> tuple[str, str, str]:
        """Return time, direction and text, fit to be shown."""
        text = f"({self.length} characters)" if self.raw is None else redacted(self.raw)
        return self.at.isoformat(), "sent" if self.sent else "received", text


class Relay(Protocol):
    """Whoever has a say in a conversation: a vendor behind us."""

    def heard(self, raw: str, now: Moment) -> bool:
        """Look at a text of the station; false when it is none of our business."""

    def sift(self, raws: list[str], now: Moment) -> list[str]:
        """Return what may leave for the station now, of these texts of ours and of earlier ones."""


class StationConnection:
    """Read from one station and write to it until one side has enough."""

    def __init__(
        self,
        link: Link,
        socket: WebSocketResponse,
        *,
        transport: asyncio.Transport | None,
        address: str,
        clock: Callable[[], Moment],
        take: Callable[[StationConnection, Iterable[LinkEvent]], None],
        allowance: Allowance | None,
        share: Share,
        write_s: float,
    ) -> None:
        """Take over a socket that is open."""
        self.link = link
        self.address = address
        self.since = clock().utc
        self.questions: dict[int, asyncio.Future[Reply | None]] = {}
        self.ended = False
        self.relay: Relay | None = None
        self.profile = 1
        self.common_name: str | None = None
        self._socket = socket
        self._transport = transport
        self._clock = clock
        self._take = take
        self._allowance = allowance
        self._share = share
        self._write_s = write_s
        self._frames: deque[KeptFrame] = deque(maxlen=FRAMES_KEPT)
        self._outbox: list[str] = []
        self._writer: asyncio.Task[None] | None = None
        self._writing_s: float | None = None
        self._corked = False
        self._heard_s = asyncio.get_running_loop().time()
        self._pinged_s: float | None = None
        self._ping: asyncio.Task[None] | None = None

    @property
    def local_address(self) -> str | None:
        """Return which of our own addresses the station dialled."""
        name = self._transport.get_extra_info("sockname") if self._transport is not None else None
        return str(name[0]) if name else None

    def is_impostor(self, booted: StationBooted) -> bool:
        """Tell whether a station boots under another serial number than the one its certificate names."""
        return self.common_name not in (None, self.link.station, booted.serial)

    async def read(self) -> None:
        """Serve the station until the connection ends."""
        loop = asyncio.get_running_loop()
        while not self.ended:
            message = await self._receive()
            if message is None:
                return
            begun_s = loop.time()
            match message.type:
                case WSMsgType.TEXT:
                    self._heard(message.data)
                case WSMsgType.BINARY:
                    self.link.receive_octets()
                    self.flush()
                case WSMsgType.PING:
                    with contextlib.suppress(ConnectionError):
                        await self._socket.pong(message.data)
                case WSMsgType.PONG:
                    pass
                case _:
                    return
            now_s = loop.time()
            self._share.worked(now_s - begun_s)
            if self._allowance is not None:
                await self._keep_pace(self._allowance, now_s, now_s - begun_s)

    async def _receive(self) -> WSMessage | None:
        """Return what comes next, when its turn has come; ``None`` if it is over by then."""
        message = await self._socket.receive()
        self._heard_s = asyncio.get_running_loop().time()
        if self._share.used_up:
            await self._share.await_turn()
        return None if self.ended else message

    def flush(self) -> None:
        """Write what the link has to say; waits for nobody."""
        if self._corked:
            return
        raws = self.link.outgoing()
        if self.relay is not None:
            raws = self.relay.sift(raws, self._clock())
        self.let_out(raws)

    def let_out(self, raws: Iterable[str]) -> None:
        """Write texts, in order; waits for nobody."""
        now = self._clock().utc
        for raw in raws:
            self._keep_frame(now, raw, sent=True)
            self._outbox.append(raw)
        if len(self._outbox) > OUTBOX_LIMIT:
            self.abort()
        elif self._outbox and self._writer is None:
            self._writer = asyncio.create_task(self._write(), eager_start=True)
            if self._writer.done():
                self._writer = None

    def feel_pulse(self, ping_s: float) -> None:
        """Ping a station that has been quiet, and hang up on one that does not answer that, or does not read.

        The library's own heartbeat leaves timers behind when a connection ends.
        """
        now_s = asyncio.get_running_loop().time()
        if self._writing_s is not None and now_s - self._writing_s >= self._write_s:
            self.abort()
        elif now_s - self._heard_s < ping_s:
            self._pinged_s = None
        elif self._pinged_s is None:
            self._pinged_s = now_s
            self._ping = asyncio.create_task(self._send_ping(), eager_start=True)
        elif now_s - self._pinged_s >= ping_s / 2:
            self.abort()

    async def shut(self, code: int, patience_s: float) -> None:
        """Say goodbye, and hang up when that takes too long."""
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(patience_s):
                if self._writer is not None:
                    await asyncio.wait([self._writer])
                await self._socket.close(code=code)
        self.abort()

    def abort(self) -> None:
        """Hang up at once."""
        self._outbox.clear()
        if self._transport is not None:
            self._transport.abort()

    def words(self) -> dict[str, object]:
        """Return how the connection went, fit to be shown."""
        conformance = self.link.conformance
        return {
            "version": self.link.version,
            "since": self.since,
            "conformance": conformance.counts,
            "examples": conformance.examples,
            "frames": self.frames(),
        }

    def frames(self) -> list[tuple[str, str, str]]:
        """Return the last frames, oldest first, fit to be shown."""
        return [frame.shown() for frame in self._frames]

    def _heard(self, raw: str) -> None:
        now = self._clock()
        self._keep_frame(now.utc, raw, sent=False)
        self._corked = True
        try:
            if self.relay is None or self.relay.heard(raw, now):
                self._take(self, self.link.receive(raw, now))
        finally:
            self._corked = False
            self.flush()

    def _keep_frame(self, at: datetime, raw: str, *, sent: bool) -> None:
        self._frames.append(KeptFrame(at, sent, len(raw), raw if len(raw) <= READABLE else None))

    async def _send_ping(self) -> None:
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(self._write_s):
                await self._socket.ping()

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._outbox:
                self._writing_s = loop.time()
                await self._socket.send_str(self._outbox.pop(0))
        except ConnectionError, RuntimeError:  # it is gone
            self.abort()
        finally:
            self._writer = self._writing_s = None

    async def _keep_pace(self, allowance: Allowance, now_s: float, spent_s: float) -> None:
        """Let a station that talks too fast, or costs too much, wait for its next word."""
        wait_s = allowance.spend(1.0, now_s)
        if spent_s > GREEDY_S:
            wait_s = max(wait_s, min(1.0, spent_s * GREED_SHARE))
        if wait_s > 0.0:
            await asyncio.sleep(wait_s)
