"""The home's memory: sessions, programmes and counters that outlive a power cut."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
import logging
from pathlib import Path
import sqlite3
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .core.ledger.sessions import AGAIN
from .core.model.commands import Keep
from .core.model.dimming import DimmingRecord
from .core.model.session import Session
from .store_file import File, Opened, Row, StoreTooNewError, names_of, row_of, values_of

_LOGGER = logging.getLogger(__name__)

RECENT: Final = timedelta(days=60)
FIRST_RETRY_S: Final = 1.0
LONGEST_RETRY_S: Final = 60.0
QUIET_LOG_S: Final = 15.0
CLOSE_S: Final = 0.7
REOPEN_S: Final = 10.0
"""How long the next one to open a file waits for a slow disk to take what the one before it left."""
GATHER_S: Final = 0.002
"""What several stations tell in the same breath goes to the disk together."""


_closing: dict[Path, Future[None]] = {}
"""Files whose disk was too slow when they were closed: what was left is written by a thread nobody waits for."""


class StoreUnwritableError(Exception):
    """The disk does not take what must be kept; it is held in memory and tried again."""


def store_path(hass: HomeAssistant, entry_id: str) -> Path:
    """Return the file of one home, in a folder of ours beside Home Assistant's own files."""
    return Path(hass.config.path(DOMAIN, f"{entry_id}.db"))


def log_folder(hass: HomeAssistant, entry_id: str) -> Path:
    """Return where the diaries of a home's stations are put."""
    return Path(hass.config.path(DOMAIN, f"{entry_id}.logs"))


@dataclass(slots=True)
class _Backlog:
    """Hold what waits for the disk: the newest row of each key, and who waits."""

    rows: dict[str, Row] = field(default_factory=dict)
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
        self._file = File(path)
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
        if (before := _closing.pop(self.path, None)) is not None:
            await asyncio.wait([asyncio.wrap_future(before)], timeout=REOPEN_S)
        opened = await self._run(self._file.open, dt_util.utcnow() - RECENT)
        if opened.moved_to:
            _LOGGER.error("%s could not be read, moved aside as %s", self.path.name, opened.moved_to)
        if opened.refused:
            _LOGGER.warning("%s: %d rows made no sense and were set aside", self.path.name, len(opened.refused))
        if opened.read_only:
            self._pause(OSError("the file cannot be opened for writing"))
        return opened

    def keep(self, keeps: Sequence[Keep]) -> asyncio.Future[None]:
        """Return what is done once all is on the disk; StoreUnwritableError comes of it when it does not go there."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if not keeps:
            waiter.set_result(None)
            return waiter
        self._backlog.rows |= {keep.key: row_of(keep) for keep in keeps}
        if self._retry is not None or self._closed:
            waiter.set_exception(StoreUnwritableError("waiting for the disk"))
            return waiter
        self._backlog.waiting.append(waiter)
        self._start_writer()
        return waiter

    async def async_sessions(self, since: datetime, until: datetime) -> tuple[Session, ...]:
        """Return the sessions that touch a span of time, the oldest first."""
        return await self._run(self._file.within, Session, "session/", since, until)

    async def async_dimmings(self, since: datetime, until: datetime) -> tuple[DimmingRecord, ...]:
        """Return the grid operator's orders that touch a span of time, the oldest first."""
        if self._writer is not None:
            await asyncio.shield(self._writer)
        return await self._run(self._file.within, DimmingRecord, "dimming/", since, until)

    async def async_charge(self, key: str) -> Mapping[str, object]:
        """Return all that is kept of a charge, what waits for the disk included."""
        rows = {row[0]: row for row in await self._run(self._file.charge, key)}
        for row in self._backlog.rows.values():
            if row.body is not None and any(row.key == n or row.key.startswith(n + AGAIN) for n in names_of(key)):
                rows[row.key] = (row.key, row.body, row.at)
        return values_of(list(rows.values()))[0]

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
            _LOGGER.warning("%s: the disk is slow, what is left follows", self.path.name)
            self._leave_to_worker()
        self._backlog.release(StoreUnwritableError("closed"))
        self._worker.shutdown(wait=idle)  # an idle thread is gone at once

    def _leave_to_worker(self) -> None:
        """Hand over what has not left yet, behind what is being written; the thread goes on until it is through."""
        rows, self._backlog.rows = self._backlog.rows, {}
        if rows:
            self._worker.submit(self._write_last, tuple(rows.values()))
        _closing[self.path] = self._worker.submit(self._file.close)

    def _write_last(self, rows: Sequence[Row]) -> None:
        try:
            self._file.write(rows)
        except OSError, sqlite3.Error, StoreTooNewError:
            _LOGGER.exception("%s could not be written, %d values are lost", self.path.name, len(rows))

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
