"""The home's memory: sessions, programmes and counters that outlive a power cut."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
import logging
from pathlib import Path
import sqlite3
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import orjson

from .const import DOMAIN
from .core.ledger.codec import CodecError, from_plain, to_json
from .core.model.commands import Keep
from .core.model.session import Session
from .core.site import kept_type
from .shell.uploads import remove_logs

_LOGGER = logging.getLogger(__name__)

SCHEMA: Final = 1
RECENT: Final = timedelta(days=60)
FIRST_RETRY_S: Final = 1.0
LONGEST_RETRY_S: Final = 60.0
QUIET_LOG_S: Final = 15.0
CLOSE_S: Final = 0.7
GATHER_S: Final = 0.002
"""What several stations tell in the same breath goes to the disk together."""

_BROKEN_CODES: Final = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, body BLOB NOT NULL, at TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS kept_at ON kept (at);
CREATE TABLE IF NOT EXISTS aside (key TEXT, body BLOB, at TEXT, error TEXT);
"""


class StoreTooNewError(Exception):
    """The file was written by a later release."""


class StoreUnwritableError(Exception):
    """The disk does not take what must be kept; it is held in memory and tried again."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Hold what the file held: values by key, how many rows made no sense, where a broken file went."""

    kept: Mapping[str, object]
    refused: int = 0
    moved_to: str | None = None
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class _Row:
    """Hold one value as it is written; no body forgets the key.

    ``at`` is the end of a session (``None`` while it is open), else the time of writing.
    """

    key: str
    body: bytes | None
    at: str | None


def store_path(hass: HomeAssistant, entry_id: str) -> Path:
    """Return the file of one home, in a folder of ours beside Home Assistant's own files."""
    return Path(hass.config.path(DOMAIN, f"{entry_id}.db"))


def log_folder(hass: HomeAssistant, entry_id: str) -> Path:
    """Return where the diaries of a home's stations are put."""
    return Path(hass.config.path(DOMAIN, f"{entry_id}.logs"))


async def async_remove_store(hass: HomeAssistant, entry_id: str) -> None:
    """Delete the memory of a home that was removed, and the diaries with it."""
    await hass.async_add_executor_job(remove_logs, log_folder(hass, entry_id))
    await hass.async_add_executor_job(_remove, store_path(hass, entry_id))


def _remove(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink(missing_ok=True)
    if path.parent.is_dir() and not any(path.parent.iterdir()):
        path.parent.rmdir()


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _row(keep: Keep, now: str) -> _Row:
    """Return a value ready to write; raise CodecError for what has no written form."""
    value = keep.value
    if value is None:
        return _Row(keep.key, None, None)
    at: str | None = now
    if isinstance(value, Session):
        at = None if value.ended_at is None else _stamp(value.ended_at)
    return _Row(keep.key, to_json(value), at)


class _File:
    """Hold the SQLite file; used by one thread only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._link: sqlite3.Connection | None = None

    def open(self, recent_from: datetime) -> Opened:
        """Return what is there; a broken file is moved aside, a read-only one is only read."""
        try:
            return self._load(self._connect(), recent_from)
        except StoreTooNewError:
            self.close()
            raise
        except sqlite3.DatabaseError as err:
            self.close()
            if (err.sqlite_errorcode & 0xFF) not in _BROKEN_CODES:
                return self._open_read_only(recent_from)
        except OSError:
            return self._open_read_only(recent_from)
        moved_to = self._move_aside()
        self._connect()
        return Opened({}, moved_to=moved_to)

    def write(self, rows: Sequence[_Row]) -> None:
        """Write all rows or none, down to the disk."""
        link = self._link or self._connect()
        try:
            link.execute("BEGIN IMMEDIATE")
            link.executemany("DELETE FROM kept WHERE key = ?", [(r.key,) for r in rows if r.body is None])
            link.executemany(
                "INSERT OR REPLACE INTO kept VALUES (?, ?, ?)",
                [(r.key, r.body, r.at) for r in rows if r.body is not None],
            )
            link.execute("COMMIT")
        except sqlite3.Error:
            self.close()
            raise

    def sessions(self, since: datetime, until: datetime) -> tuple[Session, ...]:
        """Return the sessions that touch a span of time, the oldest first."""
        link = self._link or self._connect()
        rows = link.execute(
            "SELECT key, body, at FROM kept WHERE key LIKE 'session/%' AND (at IS NULL OR at >= ?)", (_stamp(since),)
        ).fetchall()
        found, _ = _sort(rows)
        inside = [s for s in found.values() if isinstance(s, Session) and s.started_at < until]
        return tuple(sorted(inside, key=lambda s: s.started_at))

    def checkpoint(self) -> None:
        """Bring everything into the one file that a backup copies."""
        if self._link is not None:
            self._link.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the file."""
        link, self._link = self._link, None
        if link is not None:
            link.close()

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        link = self._link = sqlite3.connect(self._path, isolation_level=None, timeout=5.0)
        version = int(link.execute("PRAGMA user_version").fetchone()[0])
        if version > SCHEMA:
            raise StoreTooNewError(f"{version} > {SCHEMA}")
        link.execute("PRAGMA journal_mode=WAL")
        link.execute("PRAGMA synchronous=FULL")
        link.executescript(_TABLES)
        if version < SCHEMA:
            link.execute(f"PRAGMA user_version={SCHEMA:d}")
        return link

    def _open_read_only(self, recent_from: datetime) -> Opened:
        """Read what can be read; writing is tried again later."""
        try:
            link = sqlite3.connect(f"{self._path.as_uri()}?immutable=1", uri=True, isolation_level=None)
        except sqlite3.Error:
            return Opened({}, read_only=True)
        try:
            kept, bad = _sort(_select(link, recent_from))
        except sqlite3.Error:
            return Opened({}, read_only=True)
        finally:
            link.close()
        return Opened(kept, refused=len(bad), read_only=True)

    def _load(self, link: sqlite3.Connection, recent_from: datetime) -> Opened:
        verdict = link.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            error = sqlite3.DatabaseError(verdict)
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error
        kept, bad = _sort(_select(link, recent_from))
        if bad:
            link.execute("BEGIN IMMEDIATE")
            link.executemany("INSERT INTO aside VALUES (?, ?, ?, ?)", bad)
            link.executemany("DELETE FROM kept WHERE key = ?", [(row[0],) for row in bad])
            link.execute("COMMIT")
        return Opened(kept, refused=len(bad))

    def _move_aside(self) -> str:
        """Rename a broken file with its two companions and return the new name."""
        stamp = dt_util.utcnow().strftime("%Y%m%dT%H%M%S%f")
        target = self._path.with_name(f"{self._path.name}.corrupt.{stamp}")
        for tail in ("", "-wal", "-shm"):
            source = self._path.with_name(self._path.name + tail)
            if source.exists():
                source.rename(target.with_name(target.name + tail))
        return target.name


type _Stored = tuple[str, bytes, str | None]


def _select(link: sqlite3.Connection, recent_from: datetime) -> list[_Stored]:
    """Return all rows but the sessions that ended long ago."""
    return link.execute(
        "SELECT key, body, at FROM kept WHERE key NOT LIKE 'session/%' OR at IS NULL OR at >= ?", (_stamp(recent_from),)
    ).fetchall()


def _sort(rows: Sequence[_Stored]) -> tuple[dict[str, object], list[tuple[str, bytes, str | None, str]]]:
    """Return the values that make sense, and the rows that do not with the error of each."""
    kept: dict[str, object] = {}
    bad = []
    for key, body, at in rows:
        kind = kept_type(key)
        if kind is None:
            continue  # of another release: it stays where it is
        try:
            kept[key] = from_plain(kind, orjson.loads(body))
        except (CodecError, ValueError) as err:
            bad.append((key, body, at, str(err)))
    return kept, bad


@dataclass(slots=True)
class _Backlog:
    """Hold what waits for the disk: the newest row of each key, and who waits."""

    rows: dict[str, _Row] = field(default_factory=dict)
    waiting: list[asyncio.Future[None]] = field(default_factory=list)

    def release(self, error: Exception | None) -> None:
        """Tell everybody who waits how it ended."""
        for waiter in self.waiting:
            if waiter.done():
                continue
            if error is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(StoreUnwritableError(str(error)))


class Store:
    """Keep values durably; whatever arrives while the disk is busy goes down together next."""

    def __init__(self, path: Path, troubled: Callable[[bool], None]) -> None:
        """Take the file, and whom to tell when the disk stops and starts taking."""
        self.path = path
        self._file = _File(path)
        self._troubled = troubled
        self._worker = ThreadPoolExecutor(1, f"{DOMAIN}_store")
        self._backlog = _Backlog()
        self._writer: asyncio.Task[None] | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._retry_s = 0.0
        self._said_at = float("-inf")
        self._closed = False

    @property
    def failing(self) -> bool:
        """Return whether the disk takes nothing for now."""
        return self._retry_s > 0.0

    async def async_open(self) -> Opened:
        """Read the file; raise StoreTooNewError when a later release wrote it."""
        opened = await self._run(self._file.open, dt_util.utcnow() - RECENT)
        if opened.moved_to:
            _LOGGER.error("%s could not be read, moved aside as %s", self.path.name, opened.moved_to)
        if opened.refused:
            _LOGGER.warning("%s: %d rows made no sense and were set aside", self.path.name, opened.refused)
        if opened.read_only:
            self._pause(OSError("the file cannot be opened for writing"))
        return opened

    def keep(self, keeps: Sequence[Keep]) -> asyncio.Future[None]:
        """Return what is done once all is on the disk; StoreUnwritableError comes of it when it does not go there."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if not keeps:
            waiter.set_result(None)
            return waiter
        now = _stamp(dt_util.utcnow())
        self._backlog.rows |= {keep.key: _row(keep, now) for keep in keeps}
        if self._retry is not None or self._closed:
            waiter.set_exception(StoreUnwritableError("waiting for the disk"))
            return waiter
        self._backlog.waiting.append(waiter)
        self._start_writer()
        return waiter

    async def async_sessions(self, since: datetime, until: datetime) -> tuple[Session, ...]:
        """Return the sessions that touch a span of time, the oldest first."""
        return await self._run(self._file.sessions, since, until)

    async def async_checkpoint(self) -> None:
        """Bring everything into the one file that a backup copies."""
        if self._writer is not None:
            await asyncio.shield(self._writer)
        await self._run(self._file.checkpoint)

    async def async_close(self) -> None:
        """Write what is left, if the disk takes it in time, and let go of the file."""
        if self._closed:
            return
        self._closed = True
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        idle = False
        try:
            async with asyncio.timeout(CLOSE_S):
                if self._backlog.rows:
                    self._start_writer()
                if self._writer is not None:
                    await asyncio.shield(self._writer)
                await self._run(self._file.close)
            idle = True
        except TimeoutError:
            _LOGGER.warning("%s: the disk was too slow to take everything", self.path.name)
            self._worker.submit(self._file.close)
        self._backlog.release(StoreUnwritableError("closed"))
        self._worker.shutdown(wait=idle)  # an idle thread is gone at once

    async def _run[*Args, R](self, work: Callable[[*Args], R], *args: *Args) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._worker, work, *args)

    def _start_writer(self) -> None:
        self._retry = None
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write(), name=f"{DOMAIN} store")

    async def _write(self) -> None:
        """Write until nothing waits or the disk refuses."""
        try:
            while self._backlog.rows:
                if not self._closed:
                    await asyncio.sleep(GATHER_S)
                taken, self._backlog = self._backlog, _Backlog()
                try:
                    await self._run(self._file.write, tuple(taken.rows.values()))
                except (OSError, sqlite3.Error, StoreTooNewError) as err:
                    self._put_back(taken, err)
                    return
                taken.release(None)
                self._resume()
        finally:
            self._writer = None

    def _put_back(self, taken: _Backlog, error: Exception) -> None:
        """Keep in memory what did not go down; newer values of the same keys win."""
        taken.waiting += self._backlog.waiting
        taken.release(error)
        self._backlog = _Backlog(rows=taken.rows | self._backlog.rows)
        self._pause(error)

    def _pause(self, error: Exception) -> None:
        if self._retry_s == 0.0:
            self._say(logging.ERROR, "%s cannot be written, kept in memory for now: %s", self.path.name, error)
            self._troubled(True)
        self._retry_s = min(max(FIRST_RETRY_S, self._retry_s * 2), LONGEST_RETRY_S)
        if not self._closed:
            self._retry = asyncio.get_running_loop().call_later(self._retry_s, self._start_writer)

    def _resume(self) -> None:
        if self._retry_s:
            self._retry_s = 0.0
            self._say(logging.INFO, "%s is written again", self.path.name)
            self._troubled(False)

    def _say(self, level: int, text: str, *args: object) -> None:
        """Log, but not more often than a person could read."""
        now = asyncio.get_running_loop().time()
        if now - self._said_at >= QUIET_LOG_S:
            self._said_at = now
            _LOGGER.log(level, text, *args)
