"""The letter box for stations' diaries: addresses that work once, and a folder that stays small.

Only who was given an address of 190 random bits gets an answer other than 404. What arrives is streamed into a file
whose name is ours; the station's own names are never looked at.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
import hashlib
from pathlib import Path
import re
import secrets
import shutil
import string
from typing import BinaryIO, Final

from aiohttp import BodyPartReader, ClientError, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from ..core.model.moment import Moment
from .waiting_room import Patience

PREFIX: Final = "/upload/"
TICKETS: Final = 32
CHUNK: Final = 128 * 1024
_TOKEN: Final = re.compile(re.escape(PREFIX) + "([A-Za-z0-9]{32})")
_ALPHABET: Final = string.ascii_letters + string.digits
_ID: Final = re.compile("[0-9a-f]{32}")
_EPOCH_S: Final = 1_577_836_800  # 2020: the numbers of requests have 31 bits
_PART: Final = ".part"
_PLAIN: Final = ".log"
_MAGIC: Final = {b"PK": ".zip", b"\x1f\x8b": ".gz", b"BZh": ".bz2", b"\xfd7zXZ": ".xz", b"\x28\xb5\x2f\xfd": ".zst"}


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadLimits:
    """Hold what the letter box bears: octets, files, seconds."""

    file_octets: int = 64 * 1024 * 1024
    folder_octets: int = 256 * 1024 * 1024
    files: int = 10
    valid_s: float = 3600.0
    upload_s: float = 1800.0
    read_s: float = 30.0


class UploadFault(StrEnum):
    """Name what ends an upload for good."""

    TOO_LARGE = "too_large"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Hold a file in the letter box; ``file_name`` is what to call it when it leaves."""

    path: Path
    size: int
    file_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """Hold a diary that arrived."""

    stored: Stored
    sha256: str


@dataclass(slots=True, kw_only=True)
class Ticket:
    """Hold the right to put one file into the box; ``number`` is that of the request to the station."""

    number: int
    id: str
    path: str
    expires_s: float
    outcome: asyncio.Future[Upload | UploadFault]
    busy: bool = False


class _TooLarge(Exception):
    """More came than fits."""


class _NoFile(Exception):
    """Nothing came that could be a file; an empty one is a diary without entries."""


class Uploads:
    """Take what stations were asked to send.

    Args:
        folder: a folder of ours; made when the first file arrives.
        clock: tells the time.
        limits: what the box bears.
    """

    def __init__(self, folder: Path, clock: Callable[[], Moment], limits: UploadLimits | None = None) -> None:
        """Begin with no address given out."""
        self.folder = folder
        self._clock = clock
        self._limits = limits or UploadLimits()
        self._tickets: dict[bytes, Ticket] = {}
        self._patience = Patience()
        self._number = 0

    def expect(self) -> Ticket:
        """Return a new address; the oldest one goes when there are too many."""
        now = self._clock()
        token = "".join(secrets.choice(_ALPHABET) for _ in range(32))
        self._number = max(int(now.utc.timestamp()) - _EPOCH_S, self._number + 1)
        ticket = Ticket(
            number=self._number,
            id=secrets.token_hex(16),
            path=PREFIX + token,
            expires_s=now.mono_s + self._limits.valid_s,
            outcome=asyncio.get_running_loop().create_future(),
        )
        if len(self._tickets) >= TICKETS:
            self._settle(next(iter(self._tickets.values())), UploadFault.REPLACED)
        self._tickets[_digest(ticket.path)] = ticket
        return ticket

    def forget(self, ticket: Ticket) -> None:
        """Make an address worthless: the station will not use it."""
        self._tickets.pop(_digest(ticket.path), None)

    def find(self, log_id: str) -> Stored | None:
        """Return a file by the id we gave it; blocks."""
        for suffix in (_PLAIN, *_MAGIC.values()) if _ID.fullmatch(log_id) else ():
            path = self.folder / f"{log_id}{suffix}"
            if path.is_file():
                return _stored(path)
        return None

    def means(self, request: web.BaseRequest) -> bool:
        """Return whether a caller wants to put something in."""
        return request.method in ("PUT", "POST") and request.raw_path.startswith(PREFIX)

    def expects(self, request: web.BaseRequest) -> bool:
        """Return whether a caller knows an address that was given out."""
        return self._ticket_of(request) is not None

    async def receive(self, request: web.BaseRequest) -> web.StreamResponse:
        """Take a file from who knows an address; anybody else learns nothing, and waits for it."""
        ticket = self._ticket_of(request)
        if ticket is None:
            await self._patience.hold_back(request.remote or "")
            return _closing(404)
        if ticket.busy:
            return _closing(503)
        ticket.busy = True
        try:
            return _closing(await self._take(ticket, request))
        finally:
            ticket.busy = False

    def _ticket_of(self, request: web.BaseRequest) -> Ticket | None:
        """Return what an address stands for; looked up by its digest, so that time tells nothing of near misses."""
        known = _TOKEN.fullmatch(request.raw_path)
        ticket = self._tickets.get(_digest(request.raw_path))
        if ticket is not None and ticket.expires_s < self._clock().mono_s:
            self.forget(ticket)
            return None
        return ticket if known else None

    async def _take(self, ticket: Ticket, request: web.BaseRequest) -> int:
        """Store a body and return the answer's status; a broken upload leaves nothing behind and may be repeated."""
        part = self.folder / f"{ticket.id}{_PART}"
        try:
            async with asyncio.timeout(self._limits.upload_s):
                upload = await self._store(part, request)
        except _TooLarge:
            self._settle(ticket, UploadFault.TOO_LARGE)
            return 413
        except TimeoutError:
            return 408
        except _NoFile, ValueError, ClientError, HttpProcessingError, web.RequestPayloadError:
            return 400
        except ConnectionError:
            raise
        except OSError:
            return 507
        finally:
            await asyncio.get_running_loop().run_in_executor(None, _discard, part)
        self._settle(ticket, upload)
        return 200

    async def _store(self, part: Path, request: web.BaseRequest) -> Upload:
        if (request.content_length or 0) > self._limits.file_octets + CHUNK:  # a form has some octets around the file
            raise _TooLarge
        if request.headers.get("Expect", "").casefold() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        async with asyncio.timeout(self._limits.read_s):
            read = await _reader(request)
        loop = asyncio.get_running_loop()
        file = await loop.run_in_executor(None, _begin, part)
        try:
            digest = await self._copy(read, file)
        finally:
            await loop.run_in_executor(None, file.close)
        stored = await loop.run_in_executor(None, _shelve, part, self._limits)
        return Upload(stored=stored, sha256=digest)

    async def _copy(self, read: Callable[[], Awaitable[bytes]], file: BinaryIO) -> str:
        """Write what is read and return its digest."""
        loop, digest, size = asyncio.get_running_loop(), hashlib.sha256(), 0
        while True:
            async with asyncio.timeout(self._limits.read_s):
                chunk = await read()
            if not chunk:
                break
            size += len(chunk)
            if size > self._limits.file_octets:
                raise _TooLarge
            digest.update(chunk)
            await loop.run_in_executor(None, file.write, chunk)
        return digest.hexdigest()

    def _settle(self, ticket: Ticket, outcome: Upload | UploadFault) -> None:
        self.forget(ticket)
        if not ticket.outcome.done():
            ticket.outcome.set_result(outcome)


def remove_logs(folder: Path) -> None:
    """Delete the whole box; blocks."""
    shutil.rmtree(folder, ignore_errors=True)


def _digest(path: str) -> bytes:
    return hashlib.sha256(path.encode("utf-8", "surrogatepass")).digest()


def _closing(status: int) -> web.Response:
    response = web.Response(status=status)
    response.force_close()
    return response


async def _reader(request: web.BaseRequest) -> Callable[[], Awaitable[bytes]]:
    """Return what reads the next piece of a body: all of it, or the file in a form."""
    if "Content-Length" not in request.headers and "Transfer-Encoding" not in request.headers:
        raise _NoFile
    if not request.content_type.startswith("multipart/"):
        return lambda: request.content.read(CHUNK)
    form = MultipartReader(request.headers, request.content)
    while (field_ := await form.next()) is not None:
        if isinstance(field_, BodyPartReader) and field_.filename is not None:
            return lambda: field_.read_chunk(CHUNK)
    raise _NoFile


def _begin(part: Path) -> BinaryIO:
    part.parent.mkdir(parents=True, exist_ok=True)
    return part.open("wb")


def _discard(part: Path) -> None:
    with suppress(OSError):  # whatever it is, it is no upload
        part.unlink()


def _shelve(part: Path, limits: UploadLimits) -> Stored:
    """Give a file its final name, by what is in it; the oldest make room."""
    with part.open("rb") as file:
        head = file.read(8)
    suffix = next((s for magic, s in _MAGIC.items() if head.startswith(magic)), _PLAIN)
    path = part.rename(part.with_suffix(suffix))
    octets, newest = 0, path.stat().st_mtime
    shelved = sorted(part.parent.iterdir(), key=lambda p: p.stat().st_mtime_ns, reverse=True)
    for stale in [p for p in shelved if p.suffix == _PART and p.stat().st_mtime < newest - limits.valid_s]:
        stale.unlink(missing_ok=True)  # a power cut left it
    for place, other in enumerate(p for p in shelved if p.suffix != _PART):
        octets += other.stat().st_size
        if other != path and (place >= limits.files or octets > limits.folder_octets):
            other.unlink(missing_ok=True)
    return _stored(path)


def _stored(path: Path) -> Stored:
    facts = path.stat()
    at = datetime.fromtimestamp(facts.st_mtime, UTC)
    return Stored(path=path, size=facts.st_size, file_name=f"station-log-{at:%Y%m%d-%H%M%S}{path.suffix}")
