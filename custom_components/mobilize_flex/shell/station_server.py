"""The stations' door: whoever dials in is checked, served, and told from any other.

One task reads each connection. Facts leave through ``on_fact``; commands and answers come in through ``send``, word for
word questions through ``call``. Nothing a station does reaches its neighbour, and nothing it sends reaches a log.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
import logging
import secrets
import ssl as tls
import traceback
from typing import Final

from aiohttp import WSCloseCode, web
import orjson

from ..core.model.commands import Answer, StationAnswer, StationCommand
from ..core.model.driver import Driver, Habits
from ..core.model.facts import (
    CommandUnanswered,
    StationBooted,
    StationConnected,
    StationDisconnected,
    StationFact,
)
from ..core.model.moment import Moment
from ..core.model.station import Version
from ..core.ocpp.dialect import Answer as Replied, Refusal, Reply
from ..core.ocpp.drivers import STANDARD
from ..core.ocpp.frames import FRAME_LIMIT
from ..core.ocpp.link import Link, LinkEvent, RawOutcome
from ..core.ocpp.schema import Contract, SchemaError, SchemaKey, Validator
from ..core.ocpp.wire import Payload
from .share import Allowances, Share
from .station_calls import CallRefused, CallTimeout, InvalidCall, StationOffline
from .station_connection import StationConnection
from .station_door import (
    Admission,
    Admit,
    Limits,
    Verdict,
    door,
    identity_in,
    language_in,
    visitor_in,
    wordless,
)
from .uploads import Uploads
from .waiting_room import Patience, WaitingRoom

LOGGER: Final = logging.getLogger(__name__)

FAILURES_KEPT: Final = 20
DUE_EVERY_S: Final = 0.5
TURNED_AWAY: Final = {Verdict.UNKNOWN: 404, Verdict.TOO_LOW: 403, Verdict.BUSY: 503}


@dataclass(frozen=True, slots=True)
class Failure:
    """Hold one fault of ours that ended a connection."""

    at: datetime
    identity: str
    what: str


class StationServer:
    """Serve the stations of one site on a port of its own.

    Args:
        host: the address to listen on; ``None`` for all.
        port: the port; 0 takes a free one.
        admit: tells whether a visitor may come in, and how.
        on_fact: takes what the stations tell; called in the event loop.
        clock: tells the time.
        schemas: the compiled schemas of both versions.
        drivers: what is known of kinds of stations.
        ssl: makes it ``wss``.
        second: another port, with what makes it ``wss``: for a time of transition, and for who came in by it then.
        limits: what the door bears.
        rate_limit: frames a second a station may send in the long run; ``None`` for any number.
        uploads: takes the files stations were asked for, at the same door.
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
        drivers: tuple[Driver, ...] = (),
        ssl: tls.SSLContext | None = None,
        second: tuple[int, tls.SSLContext | None] | None = None,
        limits: Limits | None = None,
        rate_limit: float | None = 20.0,
        uploads: Uploads | None = None,
    ) -> None:
        """Set up; nobody can dial in before ``start``."""
        self.failures: deque[Failure] = deque(maxlen=FAILURES_KEPT)
        self.turned_away: Counter[str] = Counter()
        self._host, self._port, self._ssl, self._second = host, port, ssl, second
        self._admit, self._on_fact, self._clock = admit, on_fact, clock
        self._contract, self._drivers = Contract(schemas), drivers
        self._limits, self._uploads = limits or Limits(), uploads
        self._allowances = Allowances(rate_limit)
        self._share = Share()
        self._room = WaitingRoom(self._limits.waiting_per_address, self._limits.waiting)
        self._patience = Patience()
        self._connections: dict[str, StationConnection] = {}
        self._habits: dict[str, Habits] = {}
        self._numbers = count(1)
        self._goodbyes: set[asyncio.Task[None]] = set()
        self._served: set[asyncio.Task[object]] = set()
        self._http: web.Server | None = None
        self._listeners: list[asyncio.Server] = []
        self._ticker: asyncio.Task[None] | None = None

    # its life

    async def start(self) -> None:
        """Open the door.

        Raises:
            OSError: the port is taken, or the address is not ours.
        """
        self._http = http = web.Server(self.handle)
        loop, patience_s = asyncio.get_running_loop(), self._limits.handshake_s
        doors = [(self._port, self._ssl)]
        if self._second is not None:
            doors.append(self._second)
        try:
            for port, ssl in doors:
                meet = door(http, self._room, ssl, patience_s)
                self._listeners.append(await loop.create_server(meet, self._host, port))
        except OSError:
            await self.stop()
            raise
        self._ticker = asyncio.create_task(self._tick(), name="mobilize_flex stations")

    async def stop(self) -> None:
        """Close the door and every connection, within a second."""
        for listener in self._listeners:
            listener.close()
        if self._ticker is not None:
            self._ticker.cancel()
        for connection in list(self._connections.values()):
            self._leave(connection, WSCloseCode.GOING_AWAY)
        if self._goodbyes:
            await asyncio.wait(self._goodbyes, timeout=self._limits.close_s)
        if self._http is not None:
            await self._http.shutdown(0.1)
        if still := set(self._served):  # who was made to wait for his next word, or for his refusal
            for task in still:
                task.cancel()
            await asyncio.wait(still, timeout=self._limits.close_s)
        self._listeners.clear()
        self._ticker = self._http = None

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        if self._listeners and self._listeners[0].sockets:
            port: int = self._listeners[0].sockets[0].getsockname()[1]
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
            case Refusal(code, description, details):
                raise CallRefused(code, description, details)
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
        task = asyncio.current_task()
        if task is not None:
            self._served.add(task)
            task.add_done_callback(self._served.discard)
        if self._uploads is not None and self._uploads.means(request):
            if self._uploads.expects(request):  # the address he was given is proof enough
                self._room.leave(request.protocol)
            return await self._uploads.receive(request)
        line = request.transport
        if line is None or not self._room.enter(request.protocol, request.remote or "", line.abort):
            return web.Response(status=503)  # who came by another door sits here too
        try:
            let_in = await self._judge(request)
            if isinstance(let_in, web.Response):
                let_in.force_close()
                return let_in
            return await self._serve(request, identity_in(request.raw_path) or "", let_in)
        except web.HTTPException, ConnectionError:
            raise
        except Exception as error:
            self._record(identity_in(request.raw_path) or "", error)
            raise
        finally:
            self._room.leave(request.protocol)

    async def _judge(self, request: web.BaseRequest) -> Admission | web.Response:
        """Return on what terms a caller is let in, or how he is turned away."""
        if request.headers.get("Upgrade", "").strip().casefold() != "websocket":
            return web.Response(status=426, text="Charging stations only.\n", headers={"Upgrade": "websocket"})
        visitor = visitor_in(request)
        with self._room.hearing(request.protocol):
            admission = Admission(Verdict.UNKNOWN) if visitor is None else await self._admit(visitor)
        verdict = admission.verdict
        if visitor is not None and verdict is Verdict.ADMITTED:
            full = len(self._connections) >= self._limits.stations and visitor.identity not in self._connections
            if full:
                return web.Response(status=503)
            await self._allowances.dial(visitor.identity)
            return admission
        self.turned_away[verdict] += 1
        if verdict in TURNED_AWAY:
            return web.Response(status=TURNED_AWAY[verdict])
        await self._patience.hold_back(request.remote or "")
        return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="charging stations"'})

    async def _serve(self, request: web.BaseRequest, identity: str, let_in: Admission) -> web.StreamResponse:
        version = language_in(request.headers, let_in.versions)
        socket = web.WebSocketResponse(
            timeout=self._limits.close_s,
            autoping=False,
            protocols=() if version is None else (version,),
            max_msg_size=FRAME_LIMIT + 1,  # the library means: less than
        )
        if version is None:
            await socket.prepare(wordless(request))
            await socket.close(code=WSCloseCode.PROTOCOL_ERROR)
            return socket
        await socket.prepare(request)
        if socket._writer is not None:  # noqa: SLF001 - no public name
            # We read deflated messages and write plain ones, as the standard allows: a compressor would cost each
            # station more memory than all the rest of it.
            socket._writer.compress = 0  # noqa: SLF001
        self._room.leave(request.protocol)
        connection = self._connect(request, socket, identity, version)
        connection.common_name, connection.profile = let_in.common_name, let_in.profile
        link = connection.link.number
        try:
            self._on_fact(StationConnected(station=identity, version=version, link=link, profile=let_in.profile))
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
        prefix = f"{secrets.token_hex(4)}-"
        link = Link(identity, number, version, self._contract, prefix, habits, self._drivers)
        connection = StationConnection(
            link,
            socket,
            transport=request.transport,
            address=request.remote or "",
            clock=self._clock,
            take=self._take,
            allowance=self._allowances.of(identity),
            share=self._share,
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
            elif isinstance(event, StationBooted) and connection.is_impostor(event):
                self._leave(connection, WSCloseCode.POLICY_VIOLATION)
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
