"""Who knocks at the stations' door: name, password, language, and how he comes in."""

import asyncio
from asyncio.sslproto import SSLProtocol
import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
import logging
import ssl
from typing import Final, cast, override
from urllib.parse import unquote

from aiohttp.web_protocol import RequestHandler
from aiohttp.web_request import BaseRequest
from aiohttp.web_server import Server

from ..core.model.station import Version
from .share import Share
from .waiting_room import WaitingRoom

IDENTITY_LIMIT: Final = 48
PREFERRED: Final = (Version.V21, Version.V201)

# Whoever scans the port is no news for the owner's log.
_SILENCE: Final = logging.getLogger(f"{__name__}.silence")
_SILENCE.setLevel(logging.CRITICAL + 1)


class Verdict(StrEnum):
    """Name what the owner's list says of a caller."""

    ADMITTED = "admitted"
    WRONG_SECRET = "wrong_secret"
    TOO_LOW = "too_low"
    BUSY = "busy"
    UNKNOWN = "unknown"


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
class Claim:
    """Hold what HTTP Basic says of a caller."""

    user: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Hold who somebody says he is, and what he shows for it; ``certificate`` is DER, signed by our root."""

    identity: str
    address: str
    claim: Claim | None = None
    secure: bool = False
    certificate: bytes | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """Hold the verdict on a visitor, and on what terms he comes in.

    Args:
        verdict: whether he may come in at all.
        profile: the security profile he proved.
        versions: the languages he may choose from.
        common_name: the name on the certificate that let him in.
    """

    verdict: Verdict
    profile: int = 1
    versions: tuple[Version, ...] = PREFERRED
    common_name: str | None = None


type Admit = Callable[[Visitor], Awaitable[Admission]]


def identity_in(raw_path: str) -> str | None:
    """Return the station's identity: the last part of the path, decoded once; ``None`` for what cannot be one."""
    last = raw_path.partition("?")[0].rpartition("/")[2]
    try:
        identity = unquote(last, errors="strict")
    except UnicodeDecodeError:
        return None
    fine = identity.isprintable() and not set(identity) & set(":/")
    return identity if fine and 0 < len(identity) <= IDENTITY_LIMIT else None


def claim_in(headers: Mapping[str, str]) -> Claim | None:
    """Return who a caller says he is; ``None`` when he does not say, or not in words we know."""
    kind, _, encoded = headers.get("Authorization", "").strip().partition(" ")
    if kind.casefold() != "basic":
        return None
    try:
        words = base64.b64decode(encoded.strip(), validate=True).decode()
    except binascii.Error, UnicodeDecodeError, ValueError:
        return None
    user, colon, password = words.partition(":")
    return Claim(user, password) if colon else None


def language_in(headers: Mapping[str, str], known: tuple[Version, ...] = PREFERRED) -> Version | None:
    """Return the version to speak: the best both know, whatever the order it was offered in."""
    offered = {word.strip() for word in headers.get("Sec-WebSocket-Protocol", "").split(",")}
    return next((version for version in known if version in offered), None)


def visitor_in(request: BaseRequest) -> Visitor | None:
    """Return who dials in; ``None`` for who gives no name that could be a station's."""
    identity = identity_in(request.raw_path)
    if identity is None:
        return None
    line = request.get_extra_info("ssl_object")
    return Visitor(
        identity=identity,
        address=request.remote or "",
        claim=claim_in(request.headers),
        secure=request.secure,
        certificate=line.getpeercert(binary_form=True) if line is not None else None,
    )


class Caller(RequestHandler):
    """One TCP connection; it waits in the waiting room until it proved who it is, and not for ever."""

    def __init__(self, server: Server, room: WaitingRoom, patience_s: float) -> None:
        """Take a seat."""
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=patience_s,
            lingering_time=1.0,
            access_log=_SILENCE,
            logger=_SILENCE,
        )
        self.met = False
        self._room = room

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Turn a caller away at once when there is no room."""
        line = cast(asyncio.Transport, transport)
        if self._room.enter(self, _address_of(line), line.abort):
            self.met = True
            super().connection_made(line)
        else:
            self.force_close()
            line.abort()

    @override
    def connection_lost(self, exc: BaseException | None) -> None:
        """Leave the waiting room if still in it; what nobody sends any more is not waited for."""
        self._room.leave(self)
        lingering = self._task_handler if self._current_request is None else None
        super().connection_lost(exc)
        if lingering is not None:
            lingering.cancel()


class SecureCaller(SSLProtocol):
    """One TCP connection that has to shake hands first; it takes its seat before it costs us any cryptography."""

    # The library sets 256 KiB aside for each connection; what does not fit is read in several turns.
    max_size = 16 * 1024

    def __init__(
        self, caller: Caller, room: WaitingRoom, context: ssl.SSLContext, patience_s: float, share: Share
    ) -> None:
        """Stand between the network and a caller; ``share`` is what all handshakes of a port may take at a time."""
        super().__init__(
            asyncio.get_running_loop(),
            caller,
            context,
            None,  # type: ignore[arg-type] # nobody waits for the handshake
            server_side=True,
            ssl_handshake_timeout=patience_s,  # type: ignore[arg-type] # any number
            ssl_shutdown_timeout=1.0,
        )
        self._caller = caller
        self._room = room
        self._share = share
        self._line: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Turn a caller away at once when there is no room."""
        line = cast(asyncio.Transport, transport)
        if self._room.enter(self._caller, _address_of(line), line.abort):
            self._line = line
            super().connection_made(line)
        else:
            line.abort()

    @override
    def buffer_updated(self, nbytes: int) -> None:
        """Take what came; a handshake, which costs milliseconds, waits for its turn in a crowd of them."""
        if not self._caller.met and self._share.used_up:
            if self._line is not None:
                self._line.pause_reading()
            asyncio.get_running_loop().call_soon(self._go_on, nbytes)
        else:
            self._work(nbytes)

    def _go_on(self, nbytes: int) -> None:
        if self._line is None:  # gone meanwhile
            return
        if self._share.used_up:
            asyncio.get_running_loop().call_soon(self._go_on, nbytes)
            return
        self._line.resume_reading()
        self._work(nbytes)

    def _work(self, nbytes: int) -> None:
        if self._caller.met:
            super().buffer_updated(nbytes)
            return
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        super().buffer_updated(nbytes)
        self._share.worked(loop.time() - begun_s)

    @override
    def connection_lost(self, exc: BaseException | None) -> None:
        """Leave the waiting room if still in it: a handshake that fails never gets further."""
        self._line = None
        self._room.leave(self._caller)
        super().connection_lost(exc)


def _address_of(transport: asyncio.BaseTransport) -> str:
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if peer else ""


def door(
    http: Server, room: WaitingRoom, context: ssl.SSLContext | None, patience_s: float
) -> Callable[[], asyncio.BaseProtocol]:
    """Return what makes the one who meets each caller of a port, in clear or encrypted."""

    def plain() -> Caller:
        return Caller(http, room, patience_s)

    if context is None:
        return plain
    share = Share()
    return lambda: SecureCaller(plain(), room, context, patience_s, share)


def wordless(request: BaseRequest) -> BaseRequest:
    """Return a request without its languages: none of them is ours, and the library would log them."""
    headers = request.headers.copy()
    headers.popall("Sec-WebSocket-Protocol", None)
    return request.clone(headers=headers)
