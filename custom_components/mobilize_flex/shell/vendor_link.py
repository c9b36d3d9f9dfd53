"""The line to one vendor: dialled while its station is here, dialled again when it breaks.

Nothing here waits for the vendor but its own tasks; the station and our controller go on without.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
import contextlib
from dataclasses import dataclass
import logging
import secrets
import ssl as tls
import traceback
from typing import Final

import aiohttp
from aiohttp import WSMsgType

from ..core.model.commands import Keep
from ..core.model.driver import Route
from ..core.model.moment import Moment
from ..core.model.vendor import VendorReport, VendorState
from ..core.ocpp.dialect import Answer, Refusal, Reply
from ..core.ocpp.forwarding import Forwarding
from ..core.ocpp.forwarding_vendor import Ask
from ..core.ocpp.frames import FRAME_LIMIT
from ..core.ocpp.wire import Payload
from .station_calls import CallRefused, CallTimeout, InvalidCall, StationOffline
from .station_connection import StationConnection
from .vendor_target import VendorTarget

_LOGGER: Final = logging.getLogger(__name__)

CONNECT_S: Final = 15.0
WRITE_S: Final = 15.0
CLOSE_S: Final = 0.5
STOP_S: Final = 0.2
DUE_EVERY_S: Final = 0.5
PING_S: Final = 30.0
FIRST_WAIT_S: Final = 2.0
LONGEST_WAIT_S: Final = 300.0
PATIENT_WAIT_S: Final = 600.0
"""After a refusal that only people can mend."""
STEADY_S: Final = 60.0
ASK_S: Final = 20.0
PER_S: Final = 20.0
BURST: Final = 60.0
OUTBOX_LIMIT: Final = 512

type Question = Callable[[str, str, Mapping[str, object], float], Awaitable[Payload]]
type Store = Callable[[Sequence[Keep]], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Hold what a line needs of the house around it.

    ``ask`` puts a question to a station, ``route`` tells how our controller steers it, ``keep`` returns once values
    are stored, or the store has taken note and tries again, ``changed`` hears that there is something else to see,
    ``known`` is the BootNotification of a station as far as we remember it.
    """

    session: aiohttp.ClientSession
    clock: Callable[[], Moment]
    ask: Question
    keep: Store
    route: Callable[[str], Route | None]
    changed: Callable[[str], None]
    known: Callable[[str], Payload | None]
    ssl: tls.SSLContext | bool = True


class VendorLink:
    """Keep one station's line to its vendor."""

    def __init__(self, station: str, target: VendorTarget, forwarding: Forwarding, around: Surroundings) -> None:
        """Set up; nothing is dialled before a station comes."""
        self.target = target
        self._station = station
        self._forwarding = forwarding
        self._around = around
        self._connection: StationConnection | None = None
        self._state = VendorState.WAITING
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._outbox: deque[str] = deque()
        self._something = asyncio.Event()
        self._life: asyncio.Task[None] | None = None
        self._errands: set[asyncio.Task[None]] = set()
        self._stores: set[asyncio.Task[None]] = set()
        self._heard_s = self._pinged_s = 0.0
        self._tokens, self._tokens_at_s = BURST, 0.0
        self._shown: tuple[VendorState, int, int] | None = None

    # its station

    def attach(self, connection: StationConnection) -> None:
        """Begin with a station that is here; its conversation goes through us from now on."""
        self.detach()
        self._forwarding.station_came(connection.link.version)
        self._connection, connection.relay = connection, self
        self._life = asyncio.create_task(self._live(self._life), name="mobilize_flex vendor")

    def detach(self) -> None:
        """End with the station, or with forwarding; answers held back leave as ours."""
        connection, self._connection, self._socket = self._connection, None, None
        if connection is None:
            return
        connection.relay = None
        held = self._forwarding.let_go()
        if not connection.ended:
            connection.let_out(held)
        self._forwarding.station_left(self._around.clock())
        for task in (self._life, *self._errands):
            if task is not None:
                task.cancel()
        self._pump()
        self._stand(VendorState.WAITING)

    def redial(self, target: VendorTarget) -> None:
        """Take another password, or another root, for the same vendor."""
        self.target = target
        connection = self._connection
        if connection is not None:
            self.attach(connection)

    async def stop(self, *, forget: bool = False) -> None:
        """End for good; ``forget`` what the vendor was still to hear, or keep it for the next time."""
        self.detach()
        if forget:
            self._spawn(self._store(self._forwarding.backlog.forget(), []), self._stores)
        left = {task for task in (self._life, *self._errands, *self._stores) if task is not None}
        if left:
            await asyncio.wait(left, timeout=CLOSE_S + STOP_S)

    def report(self) -> VendorReport:
        """Return how it goes."""
        return self._forwarding.report(self._state)

    # what the conversation of the station shows us

    def heard(self, raw: str, now: Moment) -> bool:
        """Look at a text of the station; false when we answer it ourselves."""
        return self._forwarding.heard(raw, now)

    def sift(self, raws: list[str], now: Moment) -> list[str]:
        """Return what may leave for the station now."""
        out = self._forwarding.sift(raws, now)
        self._pump()
        return out

    # the life of the line

    async def _live(self, before: asyncio.Task[None] | None) -> None:
        """Dial for as long as the station is here, once the line before this one is closed."""
        if before is not None:
            await asyncio.wait([before])
        ticker = asyncio.create_task(self._tick(), name="mobilize_flex vendor clock")
        try:
            await self._dial_on()
        finally:
            ticker.cancel()
            await asyncio.gather(ticker, return_exceptions=True)

    async def _dial_on(self) -> None:
        loop, wait_s = asyncio.get_running_loop(), FIRST_WAIT_S
        while True:
            begun_s = loop.time()
            try:
                state = await self._dial()
            except Exception as error:
                state = VendorState.UNREACHABLE
                self._record(error)
            self._stand(state)
            if loop.time() - begun_s >= STEADY_S:
                wait_s = FIRST_WAIT_S
            patient = state is not VendorState.UNREACHABLE
            await asyncio.sleep((PATIENT_WAIT_S if patient else wait_s) * (0.5 + secrets.randbelow(1000) / 1000))
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    async def _dial(self) -> VendorState:
        """Talk with the vendor for as long as the line holds; return why it did not."""
        version = self._forwarding.version
        try:
            async with asyncio.timeout(CONNECT_S):
                socket = await self._around.session.ws_connect(
                    self.target.full_url,
                    protocols=(str(version),),
                    headers=self.target.headers,
                    autoping=False,
                    autoclose=True,
                    max_msg_size=FRAME_LIMIT,
                    ssl=await self.target.async_trust() or self._around.ssl,
                )
        except aiohttp.ClientConnectorCertificateError:
            return VendorState.UNTRUSTED
        except aiohttp.WSServerHandshakeError as error:
            return VendorState.REFUSED if error.status in (401, 403, 404) else VendorState.UNREACHABLE
        except aiohttp.ClientError, TimeoutError, OSError, ValueError:
            return VendorState.UNREACHABLE
        try:
            if socket.protocol != version:
                return VendorState.OTHER_VERSION
            await self._talk(socket)
        finally:
            await self._hang_up(socket)
        return VendorState.UNREACHABLE

    async def _talk(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._heard_s = socket, asyncio.get_running_loop().time()
        self._tokens, self._tokens_at_s = BURST, self._heard_s
        self._outbox.clear()
        known = self._around.known(self._station)
        self._forwarding.vendor_came(f"{secrets.token_hex(4)}-", self._around.clock(), known)
        self._pump()
        sides = [asyncio.create_task(self._read(socket)), asyncio.create_task(self._write(socket))]
        try:
            await asyncio.wait(sides, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for side in sides:
                side.cancel()
            await asyncio.gather(*sides, return_exceptions=True)

    async def _hang_up(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        if self._socket is socket:
            self._socket = None
            self._forwarding.vendor_left(self._around.clock())
            self._carry()
        with contextlib.suppress(TimeoutError, aiohttp.ClientError, ConnectionError):
            async with asyncio.timeout(CLOSE_S):
                await socket.close()

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        loop = asyncio.get_running_loop()
        while True:
            message = await socket.receive()
            self._heard_s = loop.time()
            match message.type:
                case WSMsgType.TEXT | WSMsgType.BINARY:
                    text = message.data if message.type is WSMsgType.TEXT else ""  # which is no frame either
                    self._forwarding.vendor_said(text, self._around.clock(), self._around.route(self._station))
                    self._carry()
                case WSMsgType.PING:
                    await socket.pong(message.data)
                case WSMsgType.PONG:
                    continue
                case _:
                    return
            await self._keep_pace(self._heard_s)

    async def _keep_pace(self, now_s: float) -> None:
        """Let a vendor that talks too fast wait for its next word."""
        self._tokens = min(BURST, self._tokens + (now_s - self._tokens_at_s) * PER_S) - 1.0
        self._tokens_at_s = now_s
        if self._tokens < 0.0:
            await asyncio.sleep(-self._tokens / PER_S)

    async def _write(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        with contextlib.suppress(TimeoutError, ConnectionError, aiohttp.ClientError):
            while len(self._outbox) <= OUTBOX_LIMIT:
                while self._outbox:
                    async with asyncio.timeout(WRITE_S):
                        await socket.send_str(self._outbox.popleft())
                self._something.clear()
                await self._something.wait()

    async def _tick(self) -> None:
        """Let time pass on the line."""
        while True:
            await asyncio.sleep(DUE_EVERY_S)
            try:
                self._forwarding.due(self._around.clock())
                self._carry()
                self._feel_pulse()
            except Exception as error:
                self._record(error)

    def _feel_pulse(self) -> None:
        """Ping a vendor that has been quiet, hang up on one that gives no sign of life."""
        socket, now_s = self._socket, asyncio.get_running_loop().time()
        if socket is None:
            return
        if self._forwarding.hopeless or now_s - self._heard_s > 2 * PING_S:
            self._spawn(self._hang_up(socket), self._errands)
        elif now_s - max(self._heard_s, self._pinged_s) > PING_S:
            self._pinged_s = now_s
            self._spawn(self._ping(socket), self._errands)

    async def _ping(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        with contextlib.suppress(TimeoutError, ConnectionError, aiohttp.ClientError):
            async with asyncio.timeout(WRITE_S):
                await socket.ping()

    # what is to be carried

    def _carry(self) -> None:
        """Carry everything, answers to the station too."""
        self._pump()
        if self._connection is not None:
            self._connection.flush()

    def _pump(self) -> None:
        """Carry what there is for the vendor, for the store, and the vendor's questions; waits for nobody."""
        texts = self._forwarding.to_vendor()
        if texts:
            self._outbox.extend(texts)
            self._something.set()
        for ask in self._forwarding.asks():
            self._spawn(self._ask(ask), self._errands)
        keeps, numbers = self._forwarding.keeps()
        if keeps:
            self._spawn(self._store(keeps, numbers), self._stores)
        if self._socket is not None:
            self._state = self._forwarding.state
        self._look()

    async def _ask(self, ask: Ask) -> None:
        reply = await self._reply(ask)
        self._forwarding.station_answered(ask.number, reply, self._around.clock())
        self._carry()

    async def _reply(self, ask: Ask) -> Reply | None:
        try:
            return Answer(await self._around.ask(self._station, ask.action, ask.payload, ASK_S))
        except CallRefused as refused:
            return Refusal(refused.code, refused.description)
        except InvalidCall as invalid:
            return Refusal("FormatViolation", str(invalid))
        except StationOffline, CallTimeout:
            return None

    async def _store(self, keeps: Sequence[Keep], numbers: list[int]) -> None:
        await self._around.keep(keeps)
        self._forwarding.stored(numbers)
        self._carry()

    def _spawn(self, work: Coroutine[None, None, None], among: set[asyncio.Task[None]]) -> None:
        task = asyncio.create_task(work)
        among.add(task)
        task.add_done_callback(among.discard)

    def _stand(self, state: VendorState) -> None:
        self._state = state
        self._look()

    def _look(self) -> None:
        """Tell who looks when there is something else to see."""
        backlog = self._forwarding.backlog
        seen = (self._state, backlog.stored, backlog.lost)
        if seen != self._shown:
            self._shown = seen
            self._around.changed(self._station)

    def _record(self, error: Exception) -> None:
        """Tell where it happened; not what was said, for that came from outside."""
        places = [f"{p.filename.rpartition('/')[2]}:{p.lineno}" for p in traceback.extract_tb(error.__traceback__)]
        _LOGGER.error("A fault of ours on the line to a vendor: %s at %s", type(error).__name__, places[-3:])
