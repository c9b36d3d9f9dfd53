"""The home's memory is damaged, gone, or of another release: it starts all the same, and nothing is thrown away."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
import random
import sqlite3

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.mobilize_flex.store import store_path
from custom_components.mobilize_flex.store_file import SCHEMA
from tests.certification.lab import ID, PLACE, Lab, stamp

type Damage = Callable[[Path], None]

BEGAN_WH = 10_000.0


def replaced(octets: bytes) -> Damage:
    return lambda file: _only(file).write_bytes(octets)


def cut(share: float) -> Damage:
    def damage(file: Path) -> None:
        whole = _only(file).read_bytes()
        file.write_bytes(whole[: int(len(whole) * share)])

    return damage


def scribbled(first: int, last: int, seed: int) -> Damage:
    def damage(file: Path) -> None:
        octets = bytearray(_only(file).read_bytes())
        last_there = min(last, len(octets))
        octets[first:last_there] = random.Random(seed).randbytes(last_there - first)
        file.write_bytes(octets)

    return damage


def told(*statements: str) -> Damage:
    def damage(file: Path) -> None:
        link = sqlite3.connect(_only(file), isolation_level=None)
        for statement in statements:
            link.execute(statement)
        link.close()

    return damage


def _only(file: Path) -> Path:
    """Bring everything into the one file, as after a clean stop."""
    link = sqlite3.connect(file)
    link.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    link.close()
    return file


def _gone(file: Path) -> None:
    _only(file).unlink()


def _wal_of_noise(file: Path) -> None:
    _only(file).with_name(file.name + "-wal").write_bytes(random.Random(5).randbytes(5000))


SET_ASIDE: dict[str, Damage] = {
    "text": replaced(b"this is no memory of anything\n" * 50),
    "noise": replaced(random.Random(1).randbytes(20_000)),
    "a web page": replaced(b"<html></html>" * 1000),
    "an old kind of storage": replaced(b'{"version": 1, "data": {}}' * 40),
    "zeroes": replaced(bytes(16_384)),
    "a tenth of it": cut(0.1),
    "a third of it": cut(0.33),
    "a half of it": cut(0.5),
    "two thirds of it": cut(0.66),
    "the head scribbled over": scribbled(0, 100, 2),
    "the first page scribbled over": scribbled(100, 4096, 3),
    "everything after the first page scribbled over": scribbled(4096, 10**6, 4),
    "another table of that name": told("DROP TABLE kept", "CREATE TABLE kept (other TEXT)"),
}
NEW: dict[str, Damage] = {"an empty file": replaced(b""), "no file": _gone, "all but its empty end": cut(0.9)}
ROWS: dict[str, Damage] = {
    "rows of nonsense": told("UPDATE kept SET body = 'x' WHERE key LIKE 'session/%'"),
    "rows of other things": told("UPDATE kept SET body = '[1,2]' WHERE key LIKE 's%'"),
    "rows of another release": told("INSERT INTO kept VALUES ('tomorrow/x', '{}', NULL)"),
    "noise in its journal": _wal_of_noise,
}
LATER: dict[str, Damage] = {
    "of the next release": told(f"PRAGMA user_version={SCHEMA + 1}"),
    "of the far future": told("PRAGMA user_version=1000"),
}


def test_row_18_has_its_twenty_kinds_of_damage() -> None:
    assert len(SET_ASIDE) + len(NEW) + len(ROWS) + len(LATER) >= 20


class Home:
    """A laboratory whose memory gets damaged between two starts, while a car charges."""

    def __init__(self, lab: Lab, hass: HomeAssistant) -> None:
        self.lab, self.hass = lab, hass
        self.octets = b""

    @property
    def file(self) -> Path:
        return store_path(self.hass, self.lab.entry.entry_id)

    async def begin(self, damage: Damage) -> None:
        """Let a car begin to charge, stop, damage the memory, start again."""
        await self.lab.open()
        station = await self.lab.booted()
        await self.tell(station, "Started", 0, BEGAN_WH)
        await self.tell(station, "Updated", 1, BEGAN_WH + 100.0)
        await station.close()
        assert await self.hass.config_entries.async_unload(self.lab.entry.entry_id)
        await self.hass.async_add_executor_job(damage, self.file)
        self.octets = self.file.read_bytes() if self.file.exists() else b""
        await self.hass.config_entries.async_setup(self.lab.entry.entry_id)

    async def tell(self, station: object, kind: str, number: int, wh: float) -> None:
        """Tell of the charge, as a station that begins each message with the counter at the start."""
        meter = [
            {
                "timestamp": stamp(),
                "sampledValue": [
                    {"value": BEGAN_WH, "context": "Transaction.Begin"},
                    {"value": wh, "context": "Transaction.End" if kind == "Ended" else "Sample.Periodic"},
                ],
            }
        ]
        await station.event(kind, "MeterValuePeriodic", number, evse=PLACE, meterValue=meter)  # type: ignore[attr-defined]

    async def charge_on(self) -> None:
        """Let the station come back in the middle of its charge, and end it; hold that all of it is in the books."""
        station = await self.lab.dial()
        await self.tell(station, "Updated", 2, BEGAN_WH + 200.0)
        assert self.lab.evse.session == f"{ID}/tx-1"
        await self.tell(station, "Ended", 3, BEGAN_WH + 300.0)
        session = self.lab.session()
        assert abs(session.energy_in.wh - 300.0) <= 1.0
        assert session.ended_at is not None
        assert self.lab.coordinator.runtime is not None
        assert self.lab.coordinator.runtime.errors == 0
        await station.close()

    def problem(self, key: str) -> ir.IssueEntry | None:
        return ir.async_get(self.hass).async_get_issue("mobilize_flex", f"{key}_{self.lab.entry.entry_id}")


@pytest.fixture
async def home(lab: Lab, hass: HomeAssistant) -> AsyncIterator[Home]:
    return Home(lab, hass)


@pytest.mark.parametrize("damage", SET_ASIDE)
async def test_row_18_a_broken_memory_is_set_aside(home: Home, damage: str) -> None:
    await home.begin(SET_ASIDE[damage])
    assert home.lab.entry.state is ConfigEntryState.LOADED
    (aside,) = [f for f in home.file.parent.glob("*.corrupt.*") if not f.name.endswith(("-wal", "-shm"))]
    assert aside.read_bytes() == home.octets
    problem = home.problem("store_corrupt")
    assert problem is not None
    assert problem.translation_placeholders is not None
    assert problem.translation_placeholders["file"] == aside.name
    await home.charge_on()


@pytest.mark.parametrize("damage", [*NEW, *ROWS])
async def test_row_18_a_memory_with_holes_is_filled_up(home: Home, damage: str) -> None:
    await home.begin((NEW | ROWS)[damage])
    assert home.lab.entry.state is ConfigEntryState.LOADED
    assert home.problem("store_corrupt") is None
    await home.charge_on()


@pytest.mark.parametrize("damage", ["rows of nonsense", "rows of other things"])
async def test_row_18_rows_that_make_no_sense_are_kept_aside(home: Home, damage: str) -> None:
    await home.begin(ROWS[damage])
    assert home.lab.coordinator.refused_rows > 0
    link = sqlite3.connect(home.file)
    assert link.execute("SELECT count(*) FROM aside").fetchone() == (home.lab.coordinator.refused_rows,)
    link.close()


@pytest.mark.parametrize("damage", LATER)
async def test_rows_18_and_25_a_memory_of_a_later_release_is_left_alone(home: Home, damage: str) -> None:
    await home.begin(LATER[damage])
    assert home.lab.entry.state is ConfigEntryState.SETUP_ERROR
    assert home.problem("store_newer") is not None
    assert home.file.read_bytes() == home.octets
    link = sqlite3.connect(home.file)
    link.execute(f"PRAGMA user_version={SCHEMA}")
    link.close()
    await home.hass.config_entries.async_reload(home.lab.entry.entry_id)
    assert home.lab.entry.state is ConfigEntryState.LOADED
    assert home.problem("store_newer") is None
    await home.charge_on()
