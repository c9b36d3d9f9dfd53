"""A home kept by an earlier release, and by a later one: the first goes on, the second is left alone."""

from datetime import UTC, datetime, timedelta
import json
from pathlib import Path
import re
import sqlite3
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.mobilize_flex.core.model.session import Session
from custom_components.mobilize_flex.core.model.state import StationMemory
from custom_components.mobilize_flex.core.model.wishes import Wishes
from custom_components.mobilize_flex.core.site import restore
from custom_components.mobilize_flex.migration import MINOR_VERSION, VERSION
from custom_components.mobilize_flex.store import store_path
from custom_components.mobilize_flex.store_file import SCHEMA, File
from tests.days.test_night import CONFIG
from tests.face.homes import BASE, SITE, STATION, VEHICLE, free_port, part

from .lives import LONG_AGO

FILES = Path(__file__).parents[1] / "fixtures" / "store"
BADGES = ("04A1B2C3", "Owner-2")


def made(path: Path, schema: int) -> Path:
    """Make a memory as the first release of a schema left it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    link = sqlite3.connect(path)
    link.executescript((FILES / f"schema_{schema}.sql").read_text())
    link.close()
    return path


def test_every_schema_there_ever_was_has_its_file() -> None:
    there = {int(re.sub(r"\D", "", file.stem)) for file in FILES.glob("schema_*.sql")}
    assert there == set(range(1, SCHEMA + 1))


@pytest.mark.parametrize("schema", range(1, SCHEMA + 1))
def test_row_25_a_memory_of_an_earlier_release_keeps_all_it_holds(schema: int, tmp_path: Path) -> None:
    memory = File(made(tmp_path / "home.db", schema))
    opened = memory.open(LONG_AGO)
    memory.close()
    assert (opened.refused, opened.moved_to) == ((), None)
    over, going_on = sorted(
        (value for value in opened.kept.values() if isinstance(value, Session)), key=lambda s: s.started_at
    )
    assert (over.energy_in.wh, over.energy_out.wh) == pytest.approx((539.9, 465.2))
    assert over.ended_at == datetime(2026, 11, 24, 17, 36, tzinfo=UTC)
    assert (going_on.energy_out.wh, going_on.ended_at) == (pytest.approx(374.8), None)
    station, wishes = opened.kept["station/SIM-001"], opened.kept["wishes"]
    assert isinstance(station, StationMemory)
    assert isinstance(wishes, Wishes)
    assert (station.vendor, station.registered, dict(station.import_wh)) == ("Mobilize", True, {1: 539.9})
    assert [(p.number, p.v2g) for p in wishes.programmes] == [(1, True)]
    state = restore(CONFIG, opened.kept)
    assert state.stations["SIM-001"].evses[1].session == going_on.key


def entry_of(minor_version: int, version: int = VERSION) -> MockConfigEntry:
    """Return a home as the forms of a release wrote it."""
    station: dict[str, Any] = dict(STATION)
    if minor_version < 2:
        station["tokens"] = list(BADGES)
    port = free_port()
    return MockConfigEntry(
        domain="mobilize_flex",
        title="Home",
        unique_id=f"site:{port}",
        version=version,
        minor_version=minor_version,
        data={**SITE, "port": port},
        subentries_data=[
            part("station", station, "SIM-001"),
            part("vehicle", VEHICLE, "car"),
            part("tariff", BASE, "t"),
        ],
    )


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("minor_version", range(1, MINOR_VERSION + 1))
async def test_row_25_an_entry_of_an_earlier_release_goes_on(hass: HomeAssistant, minor_version: int) -> None:
    entry = entry_of(minor_version)
    entry.add_to_hass(hass)
    made(store_path(hass, entry.entry_id), 1)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert (entry.version, entry.minor_version) == (VERSION, MINOR_VERSION)
    state = entry.runtime_data.state
    assert len(state.sessions) >= 1
    assert state.wishes.soc_min_pct == 30.0
    if minor_version < 2:
        assert {badge.token for badge in state.access.badges} == set(BADGES)
        assert not any("tokens" in subentry.data for subentry in entry.subentries.values())
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize(("version", "minor_version"), [(VERSION + 1, 1), (VERSION + 7, 3)])
async def test_row_25_an_entry_of_a_later_release_is_refused_and_not_touched(
    hass: HomeAssistant, version: int, minor_version: int
) -> None:
    entry = entry_of(minor_version, version)
    entry.add_to_hass(hass)
    file = made(store_path(hass, entry.entry_id), 1)
    before = file.read_bytes(), json.dumps(entry.as_dict(), default=str)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.MIGRATION_ERROR
    assert (file.read_bytes(), json.dumps(entry.as_dict(), default=str)) == before


@pytest.mark.usefixtures("socket_enabled")
async def test_row_25_an_entry_of_a_later_minor_release_goes_on_as_it_is(hass: HomeAssistant) -> None:
    entry = entry_of(MINOR_VERSION + 5)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert entry.minor_version == MINOR_VERSION + 5
    assert await hass.config_entries.async_unload(entry.entry_id)


def test_a_session_open_for_months_is_still_there(tmp_path: Path) -> None:
    memory = File(made(tmp_path / "home.db", 1))
    opened = memory.open(datetime(2027, 5, 1, tzinfo=UTC) + timedelta(days=60))
    memory.close()
    assert len([value for value in opened.kept.values() if isinstance(value, Session)]) == 1
