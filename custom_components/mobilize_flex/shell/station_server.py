"""The stations' door: whoever dials in is checked, served, and told from any other.

One task reads each connection. Facts leave through ``on_fact``; commands and answers come in through ``send``, word for
word questions through ``call``. Nothing a station does reaches its neighbour, and nothing it sends reaches a log.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import count
import logging
import secrets
import ssl as tls
import traceback
from typing import Final

from aiohttp import WSCloseCode, web
import orjson

from ..core.model.commands import Answer, StationAnswer, StationCommand
from ..core.model.facts import CommandUnanswered, StationConnected, StationDisconnected, StationFact
from ..core.model.moment import Moment
from ..core.model.station import Version
from ..core.ocpp.dialect import Answer as Replied, Refusal, Reply
from ..core.ocpp.frames import FRAME_LIMIT
from ..core.ocpp.link import Link, LinkEvent, RawOutcome
from ..core.ocpp.quirks import STANDARD, Habits
from ..core.ocpp.schema import Contract, SchemaError, SchemaKey, Validator
from ..core.ocpp.wire import Payload
from .station_connection import Pace, StationConnection
from .station_door import Caller, Patience, WaitingRoom, claim_in, identity_in, language_in

LOGGER: Final = logging.getLogger(__name__)

FAILURES_KEPT: Final = 20
DUE_EVERY_S: Final = 0.5


class Verdict(StrEnum):
    """Name what the owner's list says of a caller."""

    ADMITTED = "admitted"
    WRONG_SECRET = "wrong_secret"
    UNKNOWN = "unknown"


class CallRefused(Exception):
    """A station refused a question."""

    def __init__(self, code: str, description: str) -> None:
        """Keep how."""
        super().__init__(code)
        self.code = code
        self.description = description


class CallTimeout(Exception):
    """A station did not answer in time."""


class StationOffline(Exception):
    """A station is not connected, or hung up before it answered."""


class InvalidCall(Exception):
    """A question breaks the rules of its version; the text says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Hold what the door bears: connections that proved nothing yet, connections in all, and seconds."""

    waiting_per_address: int = 64
    waiting: int = 128
    stations: int = 256
    handshake_s: float = 10.0
    write_s: float = 30.0
    ping_s: float = 20.0
    close_s: float = 0.5


@dataclass(frozen=True, slots=True)
class Failure:
    """Hold one fault of ours that ended a connection."""

    at: datetime
    identity: str
    what: str


type Admit = Callable[[str, str | None, str], Awaitable[Verdict]]


class StationServer:
    """Serve the stations of one site on a port of its own.

    Args:
        host: the address to listen on; ``None`` for all.
        port: the port; 0 takes a free one.
        admit: tells whether an identity with a password from an address may come in.
        on_fact: takes what the stations tell; called in the event loop.
        clock: tells the time.
        schemas: the compiled schemas of both versions.
        ssl: makes it ``wss``.
        limits: what the door bears.
        rate_limit: frames a second a station may send in the long run; ``None`` for any number.
    """

    def __init__(
        self,
        host: str | None,
        port: int,
        *,
        admit: Admit,
        on_fact: Callable[[StationFact], object],
        clock: Callable[[], Moment],
        schemas: Mapping[SchemaKey, Validator],
        ssl: tls.SSLContext | None = None,
        limits: Limits | None = None,
        rate_limit: float | None = 20.0,
    ) -> None:
        """Set up; nobody can dial in before ``start``."""
        self.failures: deque[Failure] = deque(maxlen=FAILURES_KEPT)
        self.turned_away: Counter[str] = Counter()
        self._host, self._port, self._ssl = host, port, ssl
        self._admit, self._on_fact, self._clock = admit, on_fact, clock
        self._contract = Contract(schemas)
        self._limits = limits or Limits()
        self._pace = None if rate_limit is None else Pace(per_s=rate_limit, burst=3 * rate_limit)
        self._room = WaitingRoom(self._limits.waiting_per_address, self._limits.waiting)
        self._patience = Patience()
        self._connections: dict[str, StationConnection] = {}
        self._habits: dict[str, Habits] = {}
        self._numbers = count(1)
        self._goodbyes: set[asyncio.Task[None]] = set()
        self._http: web.Server | None = None
        self._listener: asyncio.Server | None = None
        self._ticker: asyncio.Task[None] | None = None

    # its life

    async def start(self) -> None:
        """Open the door.

        Raises:
            OSError: the port is taken, or the address is not ours.
        """
        self._http = http = web.Server(self.handle)
        patience_s = self._limits.handshake_s
        self._listener = await asyncio.get_running_loop().create_server(
            lambda: Caller(http, self._room, patience_s),
            self._host,
            self._port,
            ssl=self._ssl,
            ssl_handshake_timeout=None if self._ssl is None else patience_s,
            ssl_shutdown_timeout=None if self._ssl is None else 1.0,
        )
        self._ticker = asyncio.create_task(self._tick(), name="mobilize_flex stations")

    async def stop(self) -> None:
        """Close the door and every connection, within a second."""
        if self._listener is not None:
            self._listener.close()
        if self._ticker is not None:
            self._ticker.cancel()
        for connection in list(self._connections.values()):
            self._leave(connection, WSCloseCode.GOING_AWAY)
        if self._goodbyes:
            await asyncio.wait(self._goodbyes, timeout=self._limits.close_s)
        if self._http is not None:
            await self._http.shutdown(0.1)
        self._listener = self._ticker = self._http = None

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        if self._listener is not None and self._listener.sockets:
            port: int = self._listener.sockets[0].getsockname()[1]
            return port
        return self._port

    @property
    def connected(self) -> Mapping[str, StationConnection]:
        """Return the connections by identity: version, since when, from where, conformance, last frames."""
        return dict(self._connections)

    # to the stations

    def send(self, message: StationCommand | StationAnswer) -> None:
        """Send a command or an answer; what becomes of a command comes back as a fact, never before this returns."""
        identity = message.call.station if isinstance(message, Answer) else message.station
        connection = self._connections.get(identity)
        if isinstance(message, Answer):
            if connection is not None:
                connection.link.answer(message, self._clock())
                connection.flush()
        elif connection is None:
            self._later((CommandUnanswered(station=identity, id=message.id),))
        else:
            events = connection.link.command(message, self._clock())
            connection.flush()
            self._later(event for event in events if not isinstance(event, RawOutcome))

    async def call(self, identity: str, action: str, payload: Mapping[str, object], timeout_s: float) -> Payload:
        """Ask a station anything its version knows; return its answer.

        Raises:
            StationOffline: it is not connected, or hung up meanwhile.
            InvalidCall: the version has no such message, or the payload breaks its schema.
            CallRefused: it answered with an error.
            CallTimeout: it did not answer in time.
        """
        connection = self._connections.get(identity)
        if connection is None:
            raise StationOffline(identity)
        try:
            plain: Payload = orjson.loads(orjson.dumps(dict(payload)))
            tag, events = connection.link.question(action, plain, timeout_s, self._clock())
        except (SchemaError, TypeError, ValueError) as error:
            raise InvalidCall(str(error)) from error
        reply: asyncio.Future[Reply | None] = asyncio.get_running_loop().create_future()
        connection.questions[tag] = reply
        self._take(connection, events)
        connection.flush()
        try:
            answer = await reply
        finally:
            connection.questions.pop(tag, None)
        match answer:
            case Replied(payload=told):
                return told
            case Refusal(code, description):
                raise CallRefused(code, description)
            case None if connection.ended:
                raise StationOffline(identity)
            case None:
                raise CallTimeout(action)

    async def drop(self, identity: str) -> None:
        """End the connection of a station that is no longer wanted."""
        connection = self._connections.get(identity)
        if connection is not None:
            self._leave(connection, WSCloseCode.POLICY_VIOLATION)

    # from the stations

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serve one caller from the handshake to the end; may be mounted on any server."""
        try:
            refusal = await self._refusal(request)
            if refusal is not None:
                refusal.force_close()
                return refusal
            return await self._serve(request, identity_in(request.raw_path) or "")
        except web.HTTPException, ConnectionError:
            raise
        except Exception as error:
            self._record(identity_in(request.raw_path) or "", error)
            raise

    async def _refusal(self, request: web.BaseRequest) -> web.Response | None:
        """Return why a caller is turned away, ``None`` when he is let in."""
        if request.headers.get("Upgrade", "").strip().casefold() != "websocket":
            return web.Response(status=426, text="Charging stations only.\n", headers={"Upgrade": "websocket"})
        identity, claim, address = identity_in(request.raw_path), claim_in(request.headers), request.remote or ""
        verdict = Verdict.UNKNOWN
        if identity is not None:
            # another user's password is no password of this station
            password = claim.password if claim is not None and claim.user == identity else None
            verdict = await self._admit(identity, password, address)
        if verdict is Verdict.ADMITTED and claim is not None and claim.user != identity:
            verdict = Verdict.WRONG_SECRET
        if verdict is Verdict.ADMITTED:
            full = len(self._connections) >= self._limits.stations and identity not in self._connections
            return web.Response(status=503) if full else None
        self.turned_away[verdict] += 1
        if verdict is Verdict.UNKNOWN:
            return web.Response(status=404)
        await asyncio.sleep(self._patience.wait_s(address, asyncio.get_running_loop().time()))
        return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="charging stations"'})

    async def _serve(self, request: web.BaseRequest, identity: str) -> web.StreamResponse:
        version = language_in(request.headers)
        socket = web.WebSocketResponse(
            timeout=self._limits.close_s,
            autoping=False,
            protocols=() if version is None else (version,),
            max_msg_size=FRAME_LIMIT,
        )
        if version is None:
            await socket.prepare(_wordless(request))
            await socket.close(code=WSCloseCode.PROTOCOL_ERROR)
            return socket
        await socket.prepare(request)
        if socket._writer is not None:  # noqa: SLF001 - no public name
            # We read deflated messages and write plain ones, as the standard allows: a compressor would cost each
            # station more memory than all the rest of it.
            socket._writer.compress = 0  # noqa: SLF001
        self._room.leave(request.protocol)
        connection = self._connect(request, socket, identity, version)
        try:
            self._on_fact(StationConnected(station=identity, version=version, link=connection.link.number))
            await connection.read()
        except ConnectionError:
            pass
        except Exception as error:
            self._record(identity, error)
        finally:
            self._leave(connection)
        return socket

    def _connect(
        self, request: web.BaseRequest, socket: web.WebSocketResponse, identity: str, version: Version
    ) -> StationConnection:
        """Let a station in; the newcomer proved who it is, so an older connection of that name is dead."""
        old = self._connections.get(identity)
        if old is not None:
            self._leave(old, WSCloseCode.GOING_AWAY)
        number = next(self._numbers)
        habits = self._habits.get(identity, STANDARD)
        link = Link(identity, number, version, self._contract, f"{secrets.token_hex(4)}-", habits)
        connection = StationConnection(
            link,
            socket,
            transport=request.transport,
            address=request.remote or "",
            clock=self._clock,
            take=self._take,
            pace=self._pace,
            write_s=self._limits.write_s,
        )
        self._connections[identity] = connection
        return connection

    def _leave(self, connection: StationConnection, code: int | None = None) -> None:
        """Forget a connection, once; whoever took its place stays."""
        if connection.ended:
            return
        connection.ended = True
        link = connection.link
        self._habits[link.station] = link.habits  # who comes back does not say again who it is
        if self._connections.get(link.station) is connection:
            del self._connections[link.station]
        if code is not None:
            goodbye = asyncio.create_task(connection.shut(code, self._limits.close_s))
            self._goodbyes.add(goodbye)
            goodbye.add_done_callback(self._goodbyes.discard)
        self._take(connection, link.close())
        self._on_fact(StationDisconnected(station=link.station, link=link.number))

    def _take(self, connection: StationConnection, events: Iterable[LinkEvent]) -> None:
        """Pass on what a connection told."""
        for event in events:
            if isinstance(event, RawOutcome):
                question = connection.questions.get(event.tag)
                if question is not None and not question.done():
                    question.set_result(event.reply)
            else:
                self._on_fact(event)

    def _later(self, facts: Iterable[StationFact]) -> None:
        """Pass facts on after the step that caused them."""
        loop = asyncio.get_running_loop()
        for fact in facts:
            loop.call_soon(self._on_fact, fact)

    async def _tick(self) -> None:
        """Let time pass on every connection."""
        while True:
            await asyncio.sleep(DUE_EVERY_S)
            for connection in list(self._connections.values()):
                try:
                    self._take(connection, connection.link.due(self._clock()))
                    connection.flush()
                    connection.feel_pulse(self._limits.ping_s)
                except Exception as error:
                    self._record(connection.link.station, error)
                    self._leave(connection, WSCloseCode.INTERNAL_ERROR)

    def _record(self, identity: str, error: Exception) -> None:
        """Keep where it happened; not what was said, for that came from outside."""
        places = [f"{p.filename.rpartition('/')[2]}:{p.lineno}" for p in traceback.extract_tb(error.__traceback__)]
        what = f"{type(error).__name__} at {' < '.join(reversed(places[-6:]))}"
        self.failures.append(Failure(self._clock().utc, identity, what))
        LOGGER.error("A fault of ours ended the connection of a station: %s", what)


def _wordless(request: web.BaseRequest) -> web.BaseRequest:
    """Return a request without its languages: none of them is ours, and the library would log them."""
    headers = request.headers.copy()
    headers.popall("Sec-WebSocket-Protocol", None)
    return request.clone(headers=headers)
