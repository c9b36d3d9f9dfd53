"""What a home keeps comes back, whatever happens to the disk."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
import logging
from pathlib import Path
import sqlite3
import threading

import pytest

from custom_components.mobilize_flex import store as store_module
from custom_components.mobilize_flex.core.model.commands import Keep
from custom_components.mobilize_flex.core.model.programme import Kind, Programme
from custom_components.mobilize_flex.core.model.session import Session, Span
from custom_components.mobilize_flex.core.model.state import StationMemory
from custom_components.mobilize_flex.core.model.station import Needs
from custom_components.mobilize_flex.core.model.wishes import Wishes
from custom_components.mobilize_flex.store import Store, StoreUnwritableError
from custom_components.mobilize_flex.store_file import SCHEMA, Row, StoreTooNewError

NOW = datetime.now(UTC)
WISHES = Wishes(
    programmes=(Programme(number=1, departure=time(7, 30), weekdays=(0, 4), kind=Kind.BOTH, v2g=True),),
    soc_min_pct=30.0,
)
MEMORY = StationMemory(registered=True, vendor="Mobilize", import_wh=((1, 12345.6),))


def session(key: str, started: datetime, ended: datetime | None = None) -> Session:
    """Return a session of a station, over or not."""
    return Session(
        key=key, station="FLEX-1", evse=1, transaction=key.rpartition("/")[2], started_at=started, ended_at=ended,
        energy_in=Span(first_at=started, first_wh=10.0, last_at=started, last_wh=250.5),
        needs=Needs(bidirectional=True, soc_pct=55.0),
    )  # fmt: skip


OPEN = session("FLEX-1/open", NOW - timedelta(days=100))
RECENT = session("FLEX-1/recent", NOW - timedelta(days=2), NOW - timedelta(days=1))
OLD = session("FLEX-1/old", NOW - timedelta(days=91), NOW - timedelta(days=90))


def keeps(*sessions: Session) -> list[Keep]:
    """Return sessions as the controller has them kept."""
    return [Keep(f"session/{s.key}", s) for s in sessions]


class Home:
    """Open and close stores on one file, as restarts do."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "mobilize_flex" / "entry.db"
        self.troubles: list[bool] = []
        self._open: list[Store] = []

    def store(self) -> Store:
        """Return a new store on the file."""
        store = Store(self.path, self.troubles.append)
        self._open.append(store)
        return store

    async def close(self) -> None:
        """Close whatever is open."""
        for store in self._open:
            await store.async_close()


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    """Give a home that cleans up after itself."""
    home = Home(tmp_path)
    yield home
    await home.close()


async def test_what_was_kept_comes_back_after_a_restart(home: Home) -> None:
    first = home.store()
    assert (await first.async_open()).kept == {}
    await first.keep([Keep("wishes", WISHES), Keep("station/FLEX-1", MEMORY)])
    await first.async_close()
    opened = await home.store().async_open()
    assert opened.kept == {"wishes": WISHES, "station/FLEX-1": MEMORY}
    assert (opened.refused, opened.moved_to, opened.read_only) == ((), None, False)


async def test_a_power_cut_right_after_keeping_loses_nothing(home: Home) -> None:
    first = home.store()
    await first.async_open()
    await first.keep([Keep("wishes", WISHES)])
    # no close: the file is read by another connection, as after SIGKILL
    assert (await home.store().async_open()).kept == {"wishes": WISHES}


async def test_the_newest_value_of_a_key_stays_and_none_forgets_it(home: Home) -> None:
    first = home.store()
    await first.async_open()
    newer = replace(WISHES, soc_min_pct=15.0)
    await first.keep([Keep("wishes", WISHES), Keep("station/FLEX-1", MEMORY)])
    await first.keep([Keep("wishes", newer), Keep("station/FLEX-1", None)])
    assert (await home.store().async_open()).kept == {"wishes": newer}


async def test_a_start_loads_open_and_recent_sessions_and_a_query_finds_the_rest(home: Home) -> None:
    first = home.store()
    await first.async_open()
    await first.keep(keeps(OPEN, RECENT, OLD))
    second = home.store()
    assert set((await second.async_open()).kept.values()) == {OPEN, RECENT}
    assert await second.async_sessions(NOW - timedelta(days=92), NOW) == (OPEN, OLD, RECENT)
    assert await second.async_sessions(NOW - timedelta(days=92), NOW - timedelta(days=80)) == (OPEN, OLD)
    assert await second.async_sessions(NOW - timedelta(hours=1), NOW) == (OPEN,)


async def test_what_waits_while_the_disk_is_busy_goes_down_in_one_commit(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = home.store()
    await store.async_open()
    batches: list[int] = []
    write = store._file.write
    monkeypatch.setattr(store._file, "write", lambda rows: (batches.append(len(rows)), write(rows)))
    many = [session(f"FLEX-1/{n}", NOW) for n in range(50)]
    await asyncio.gather(*(store.keep(keeps(s)) for s in many))
    assert sum(batches) == 50
    assert len(batches) <= 2
    assert len((await home.store().async_open()).kept) == 50


@pytest.mark.parametrize(
    "spoil", [lambda b: b"not a database at all" * 200, lambda b: b[: len(b) // 2] + b"\xff" * 9000]
)
async def test_a_broken_file_is_moved_aside_and_the_home_starts_empty(
    home: Home, spoil: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    first = home.store()
    await first.async_open()
    await first.keep([*keeps(*(session(f"FLEX-1/{n}", NOW) for n in range(60))), Keep("wishes", WISHES)])
    await first.async_close()
    home.path.write_bytes(spoil(home.path.read_bytes()))
    second = home.store()
    opened = await second.async_open()
    assert opened.kept == {}
    assert opened.moved_to is not None
    assert (home.path.parent / opened.moved_to).exists()
    await second.keep([Keep("wishes", WISHES)])
    assert (await home.store().async_open()).kept == {"wishes": WISHES}
    assert caplog.text.count("moved aside") == 1


async def test_an_empty_file_is_a_new_memory(home: Home) -> None:
    home.path.parent.mkdir(parents=True)
    home.path.touch()
    assert (await home.store().async_open()).kept == {}


async def test_a_file_of_a_later_release_is_refused_and_left_alone(home: Home) -> None:
    first = home.store()
    await first.async_open()
    await first.keep([Keep("wishes", WISHES)])
    await first.async_close()
    link = sqlite3.connect(home.path)
    link.execute(f"PRAGMA user_version={SCHEMA + 1}")
    link.close()
    before = home.path.read_bytes()
    with pytest.raises(StoreTooNewError):
        await home.store().async_open()
    assert home.path.read_bytes() == before


async def test_a_row_that_makes_no_sense_is_set_aside_and_costs_no_other(home: Home) -> None:
    first = home.store()
    await first.async_open()
    await first.keep([Keep("wishes", WISHES)])
    await first.async_close()
    link = sqlite3.connect(home.path)
    link.execute("INSERT INTO kept VALUES ('station/FLEX-1', '{\"registered\": \"perhaps\"}', NULL)")
    link.execute("INSERT INTO kept VALUES ('station/FLEX-2', 'no json', NULL)")
    link.execute("INSERT INTO kept VALUES ('of another release', '{}', NULL)")
    link.commit()
    link.close()
    opened = await home.store().async_open()
    assert opened.kept == {"wishes": WISHES}
    assert len(opened.refused) == 2
    link = sqlite3.connect(home.path)
    assert link.execute("SELECT key FROM aside ORDER BY key").fetchall() == [("station/FLEX-1",), ("station/FLEX-2",)]
    assert link.execute("SELECT count(*) FROM kept WHERE key = 'of another release'").fetchone() == (1,)
    link.close()


async def test_a_value_without_a_written_form_fails_alone(home: Home) -> None:
    store = home.store()
    await store.async_open()
    with pytest.raises(ValueError, match="no JSON form"):
        await store.keep([Keep("wishes", object())])
    await store.keep([Keep("wishes", WISHES)])


class FullDisk:
    """Refuse to write while full."""

    def __init__(self, store: Store) -> None:
        self.full = True
        self.tries = 0
        self._write = store._file.write
        store._file.write = self.write  # type: ignore[method-assign]

    def write(self, rows: object) -> None:
        """Write, if there is room."""
        self.tries += 1
        if self.full:
            raise sqlite3.OperationalError("database or disk is full")
        self._write(rows)  # type: ignore[arg-type]


async def test_a_full_disk_is_said_once_and_everything_goes_down_when_there_is_room(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(store_module, "FIRST_RETRY_S", 0.05)
    store = home.store()
    await store.async_open()
    disk = FullDisk(store)
    caplog.set_level(logging.DEBUG)
    for n in range(40):
        with pytest.raises(StoreUnwritableError):
            await store.keep(keeps(session(f"FLEX-1/{n}", NOW)))
    assert disk.tries < 10, "the disk is not hammered"
    assert home.troubles == [True]
    said = [r for r in caplog.records if r.name == store_module.__name__]
    assert len(said) == 1
    disk.full = False
    async with asyncio.timeout(5):
        while home.troubles != [True, False]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await store.keep([Keep("wishes", WISHES)])
    assert len((await home.store().async_open()).kept) == 41


async def test_closing_writes_what_a_full_disk_had_refused(home: Home) -> None:
    store = home.store()
    await store.async_open()
    disk = FullDisk(store)
    with pytest.raises(StoreUnwritableError):
        await store.keep([Keep("wishes", WISHES)])
    disk.full = False
    await store.async_close()
    assert (await home.store().async_open()).kept == {"wishes": WISHES}


async def test_a_disk_that_is_slow_at_the_end_loses_nothing_and_the_next_to_open_waits_for_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "CLOSE_S", 0.1)
    store = home.store()
    await store.async_open()
    write, going_on = store._file.write, threading.Event()

    def slowly(rows: Sequence[Row]) -> None:
        going_on.wait(10.0)
        write(rows)

    monkeypatch.setattr(store._file, "write", slowly)
    first = store.keep([Keep("wishes", WISHES)])
    await asyncio.sleep(0.05)
    second = store.keep(keeps(session("FLEX-1/1", NOW)))
    await store.async_close()
    with pytest.raises(StoreUnwritableError, match="closed"):
        await second
    asyncio.get_running_loop().call_later(0.3, going_on.set)
    assert set((await home.store().async_open()).kept) == {"wishes", *(k.key for k in keeps(session("FLEX-1/1", NOW)))}
    await first


async def test_a_disk_that_refuses_at_the_very_end_is_told_of(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(store_module, "CLOSE_S", 0.1)
    store = home.store()
    await store.async_open()
    going_on = threading.Event()

    def refuse(rows: Sequence[Row]) -> None:
        going_on.wait(10.0)
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(store._file, "write", refuse)
    first = store.keep([Keep("wishes", WISHES)])
    await asyncio.sleep(0.05)
    second = store.keep(keeps(session("FLEX-1/1", NOW)))
    await store.async_close()
    going_on.set()
    assert (await home.store().async_open()).kept == {}
    for kept in (first, second):
        with pytest.raises(StoreUnwritableError):
            await kept
    assert "1 values are lost" in caplog.text


async def test_a_folder_that_cannot_be_made_leaves_a_home_without_memory(home: Home) -> None:
    home.path.parent.write_text("in the way")
    store = home.store()
    opened = await store.async_open()
    assert (opened.kept, opened.read_only) == ({}, True)
    assert home.troubles == [True]
    with pytest.raises(StoreUnwritableError):
        await store.keep([Keep("wishes", WISHES)])


async def test_a_checkpoint_leaves_everything_in_the_one_file_a_backup_copies(home: Home, tmp_path: Path) -> None:
    store = home.store()
    await store.async_open()
    await store.keep([Keep("wishes", WISHES)])
    await store.async_checkpoint()
    copy = Home(tmp_path / "restored")
    copy.path.parent.mkdir(parents=True)
    copy.path.write_bytes(home.path.read_bytes())
    assert (await copy.store().async_open()).kept == {"wishes": WISHES}
    await copy.close()


async def test_a_file_that_really_is_full_is_left_whole_and_used_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "FIRST_RETRY_S", 0.05)
    store = home.store()
    await store.async_open()
    await store.keep([Keep("wishes", WISHES)])

    def fill() -> None:
        link = store._file._link
        assert link is not None
        pages = link.execute("PRAGMA page_count").fetchone()[0]
        link.execute(f"PRAGMA max_page_count={pages}")

    await store._run(fill)
    many = keeps(*(session(f"FLEX-1/{n}", NOW) for n in range(50)))
    with pytest.raises(StoreUnwritableError, match="full"):
        await store.keep(many)
    await store.async_close()
    opened = await home.store().async_open()
    assert set(opened.kept) == {"wishes", *(k.key for k in many)}, "the last try found room"


async def test_a_disk_that_can_only_be_read_gives_back_what_it_holds(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = home.store()
    await first.async_open()
    await first.keep([Keep("wishes", WISHES)])
    await first.async_close()
    second = home.store()

    def refuse() -> sqlite3.Connection:
        error = sqlite3.OperationalError("attempt to write a readonly database")
        error.sqlite_errorcode = sqlite3.SQLITE_READONLY
        raise error

    monkeypatch.setattr(second._file, "_connect", refuse)
    opened = await second.async_open()
    assert (opened.kept, opened.read_only, opened.moved_to) == ({"wishes": WISHES}, True, None)
    with pytest.raises(StoreUnwritableError):
        await second.keep([Keep("wishes", Wishes())])
    assert home.troubles == [True]


# charges that are no longer at hand


async def test_what_is_kept_of_an_old_charge_can_be_looked_up(home: Home) -> None:
    store = home.store()
    await store.async_open()
    again = replace(OLD, key="FLEX-1/old@20260101T000000")
    other = replace(OLD, key="FLEX-1/older")
    await store.keep(keeps(OLD, again, other, RECENT))
    assert set(await store.async_charge("FLEX-1/old")) == {"session/FLEX-1/old", f"session/{again.key}"}
    assert await store.async_charge("FLEX-1/nothing") == {}


async def test_what_still_waits_for_the_disk_is_found_too(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    store = home.store()
    await store.async_open()
    await store.keep(keeps(OLD))

    def full(_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(store._file, "write", full)
    newer = replace(OLD, cost=1.5)
    with pytest.raises(StoreUnwritableError):
        await store.keep(keeps(newer))
    assert await store.async_charge("FLEX-1/old") == {"session/FLEX-1/old": newer}


async def test_an_old_row_that_makes_no_sense_is_set_aside_when_it_is_looked_up(home: Home) -> None:
    store = home.store()
    await store.async_open()
    link = sqlite3.connect(home.path)
    link.execute("INSERT INTO kept VALUES ('session/FLEX-1/old', 'no json', '2020')")
    link.commit()
    assert await store.async_charge("FLEX-1/old") == {}
    assert link.execute("SELECT key FROM aside").fetchall() == [("session/FLEX-1/old",)]
    link.close()


@pytest.mark.parametrize(("known", "older"), [((OLD, RECENT), True), ((RECENT, OPEN), False), ((), False)])
async def test_a_home_knows_whether_it_keeps_more_than_it_reads(
    home: Home, known: tuple[Session, ...], older: bool
) -> None:
    first = home.store()
    await first.async_open()
    await first.keep([*keeps(*known), Keep("wishes", WISHES)])
    await first.async_close()
    assert (await home.store().async_open()).older is older
