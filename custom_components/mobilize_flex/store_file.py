"""The file of a home's memory: what is in it, what to do when it is broken, too new or read-only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
import sqlite3
from typing import Final

from homeassistant.util import dt as dt_util
import orjson

from .core.ledger.codec import CodecError, from_plain, to_json
from .core.ledger.sessions import AGAIN
from .core.model.commands import Keep
from .core.model.dimming import DimmingRecord
from .core.model.session import Session
from .core.site import kept_type

SCHEMA: Final = 1
CACHE_KIB: Final = 256
PROOF: Final = timedelta(days=2 * 366)
"""How long orders of the grid operator stay written down (EnWG section 14a asks for two years)."""
_BROKEN_CODES: Final = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, body BLOB NOT NULL, at TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS kept_at ON kept (at);
CREATE TABLE IF NOT EXISTS aside (key TEXT, body BLOB, at TEXT, error TEXT);
"""
_PUT: Final = "INSERT INTO kept VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET body = excluded.body, at = excluded.at"


class StoreTooNewError(Exception):
    """The file was written by a later release."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Hold what the file held: values by key, the keys that made no sense, where a broken file went.

    ``older`` when it holds sessions beside these.
    """

    kept: Mapping[str, object]
    refused: tuple[str, ...] = ()
    older: bool = False
    moved_to: str | None = None
    read_only: bool = False


type _Stored = tuple[str, bytes, str | None]
type _Bad = tuple[str, bytes, str | None, str]


@dataclass(frozen=True, slots=True)
class Row:
    """Hold one value as it is written; no body forgets the key.

    ``at`` is the end of a session (``None`` while it is open), else the time of writing.
    """

    key: str
    body: bytes | None
    at: str | None


def stamp(at: datetime) -> str:
    """Return an instant as it stands in the file: later ones sort after it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def row_of(keep: Keep) -> Row:
    """Return a value ready to write; raise CodecError for what has no written form."""
    value = keep.value
    if value is None:
        return Row(keep.key, None, None)
    at = value.ended_at if isinstance(value, Session | DimmingRecord) else dt_util.utcnow()
    return Row(keep.key, to_json(value), None if at is None else stamp(at))


class File:
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

    def write(self, rows: Sequence[Row]) -> None:
        """Write all rows or none, down to the disk."""
        link = self._link or self._connect()
        try:
            link.execute("BEGIN IMMEDIATE")
            link.executemany("DELETE FROM kept WHERE key = ?", [(r.key,) for r in rows if r.body is None])
            link.executemany(_PUT, [(r.key, r.body, r.at) for r in rows if r.body is not None])
            link.execute("COMMIT")
        except sqlite3.Error:
            self.close()
            raise

    def within[R: Session | DimmingRecord](
        self, kind: type[R], prefix: str, since: datetime, until: datetime
    ) -> tuple[R, ...]:
        """Return the records of a kind that touch a span of time, the oldest first."""
        link = self._link or self._connect()
        rows = link.execute(
            "SELECT key, body, at FROM kept WHERE key LIKE ? AND (at IS NULL OR at >= ?)", (f"{prefix}%", stamp(since))
        ).fetchall()
        found, _ = values_of(rows)
        inside = [r for r in found.values() if isinstance(r, kind) and r.started_at < until]
        return tuple(sorted(inside, key=lambda r: r.started_at))

    def charge(self, key: str) -> list[_Stored]:
        """Return the rows of a charge, and of others of the same name: those that make no sense are set aside."""
        link = self._link or self._connect()
        rows: list[_Stored] = []
        for name in names_of(key):
            again = (f"{name}{AGAIN}", f"{name}{chr(ord(AGAIN) + 1)}")
            query = "SELECT key, body, at FROM kept WHERE key = ? OR (key >= ? AND key < ?)"
            rows += link.execute(query, (name, *again)).fetchall()
        _set_aside(link, values_of(rows)[1])
        return rows

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
        link.execute(f"PRAGMA cache_size=-{CACHE_KIB:d}")
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
            kept, bad = values_of(_select(link, recent_from))
            older = _has_older(link, recent_from)
        except sqlite3.Error:
            return Opened({}, read_only=True)
        finally:
            link.close()
        return Opened(kept, refused=_keys(bad), older=older, read_only=True)

    def _load(self, link: sqlite3.Connection, recent_from: datetime) -> Opened:
        """Return what the file holds, if it is sound; what no longer has to be kept goes."""
        verdict = link.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            error = sqlite3.DatabaseError(verdict)
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error
        link.execute("DELETE FROM kept WHERE key LIKE 'dimming/%' AND at < ?", (stamp(dt_util.utcnow() - PROOF),))
        kept, bad = values_of(_select(link, recent_from))
        _set_aside(link, bad)
        return Opened(kept, refused=_keys(bad), older=_has_older(link, recent_from))

    def _move_aside(self) -> str:
        """Rename a broken file with its two companions and return the new name."""
        stamp = dt_util.utcnow().strftime("%Y%m%dT%H%M%S%f")
        target = self._path.with_name(f"{self._path.name}.corrupt.{stamp}")
        for tail in ("", "-wal", "-shm"):
            source = self._path.with_name(self._path.name + tail)
            if source.exists():
                source.rename(target.with_name(target.name + tail))
        return target.name


def _has_older(link: sqlite3.Connection, recent_from: datetime) -> bool:
    """Return whether there are sessions that ended long ago."""
    query = "SELECT 1 FROM kept WHERE at < ? AND key LIKE 'session/%' LIMIT 1"
    return link.execute(query, (stamp(recent_from),)).fetchone() is not None


def _set_aside(link: sqlite3.Connection, bad: Sequence[_Bad]) -> None:
    """Move rows that make no sense to where nothing deletes them."""
    if bad:
        link.execute("BEGIN IMMEDIATE")
        link.executemany("INSERT INTO aside VALUES (?, ?, ?, ?)", bad)
        link.executemany("DELETE FROM kept WHERE key = ?", [(row[0],) for row in bad])
        link.execute("COMMIT")


def names_of(key: str) -> tuple[str, ...]:
    """Return under which names a charge is kept: its session, its account."""
    return f"session/{key}", f"account/{key}"


def _keys(bad: Sequence[_Bad]) -> tuple[str, ...]:
    return tuple(row[0] for row in bad)


def _select(link: sqlite3.Connection, recent_from: datetime) -> list[_Stored]:
    """Return all rows but the sessions and orders that ended long ago, and what sessions were reckoned by."""
    return link.execute(
        "SELECT key, body, at FROM kept WHERE at IS NULL OR at >= ?"
        " OR (key NOT LIKE 'session/%' AND key NOT LIKE 'dimming/%'"
        " AND key NOT LIKE 'account/%' AND key NOT LIKE 'diary/%')",
        (stamp(recent_from),),
    ).fetchall()


def values_of(rows: Sequence[_Stored]) -> tuple[dict[str, object], list[_Bad]]:
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
