"""A home comes up whole or not at all, changes in place, and goes down quickly."""

import asyncio
from datetime import timedelta
from pathlib import Path
import sqlite3
import time
from typing import Any

from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest

from custom_components.mobilize_flex.const import DOMAIN
from custom_components.mobilize_flex.core.model.commands import CallRef, Keep
from custom_components.mobilize_flex.core.model.facts import TransactionReported
from custom_components.mobilize_flex.core.model.intents import SetSocLimits
from custom_components.mobilize_flex.core.model.session import Session
from custom_components.mobilize_flex.core.model.state import StationMemory
from custom_components.mobilize_flex.core.model.station import EventKind
from custom_components.mobilize_flex.store import store_path
from custom_components.mobilize_flex.store_file import SCHEMA

from .house import STATION, become, car, coordinator, entry, find, move_in, seen, station
from .test_services import SECRET, connected, with_door

GARAGE = f"station/{STATION}"


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Let the station server listen."""


def issues(hass: HomeAssistant) -> set[str]:
    """Return what the owner is told of."""
    found = {i.translation_key or "" for i in ir.async_get(hass).issues.values() if i.domain == DOMAIN}
    return found - {"unencrypted"}  # as the owner of these homes wants it


async def until(hass: HomeAssistant, true: Any) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.02)
            await hass.async_block_till_done()


# the door


async def test_a_station_with_its_password_is_let_in_and_seen(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    port = await with_door(hass)
    async with connected(port):
        await until(hass, lambda: seen(hass, GARAGE, "connected", "binary_sensor").state == "on")
    await until(hass, lambda: seen(hass, GARAGE, "connected", "binary_sensor").state == "off")
    said = [r.getMessage() for r in caplog.records if r.name.endswith("mobilize_flex.coordinator")]
    assert said == ["Station Garage is connected", "Station Garage is no longer connected"]


async def test_a_wrong_password_is_turned_away_and_never_written_down(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    port = await with_door(hass)
    caplog.set_level("DEBUG")
    with pytest.raises(Exception, match="401"):
        async with connected(port, "a guess that is 16 long"):
            pass
    assert seen(hass, GARAGE, "connected", "binary_sensor").state == "off"
    assert not hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert "a guess" not in caplog.text
    assert SECRET not in caplog.text


async def test_a_stranger_is_announced_once_and_changes_nothing(hass: HomeAssistant) -> None:
    home = await move_in(hass, station("FLEX-2"))
    flex = coordinator(home)
    assert flex.server is not None
    before = flex.state
    for _ in range(3):
        with pytest.raises(Exception, match="404"):
            async with connected(flex.server.port):
                pass
    await hass.async_block_till_done()
    (knock,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert knock["context"]["source"] == "integration_discovery"
    assert flex.state.stations == before.stations


# changes in place


async def test_a_part_that_comes_gets_its_entities_without_a_reload(hass: HomeAssistant) -> None:
    port = await with_door(hass)
    home = hass.config_entries.async_get_entry("01HOME")
    assert home is not None
    async with connected(port):
        await until(hass, lambda: seen(hass, GARAGE, "connected", "binary_sensor").state == "on")
        part = car()
        hass.config_entries.async_add_subentry(
            home,
            ConfigSubentry(
                data=part["data"], subentry_id=part["subentry_id"], subentry_type=part["subentry_type"],
                title=part["title"], unique_id=part["unique_id"],
            ),
        )  # fmt: skip
        await hass.async_block_till_done()
        assert seen(hass, "vehicle/01CAR", "soc").state == "unknown"
        assert seen(hass, GARAGE, "connected", "binary_sensor").state == "on", "nobody was disconnected"
        hass.config_entries.async_remove_subentry(home, "01CAR")
        await hass.async_block_till_done()
        with pytest.raises(AssertionError):
            find(hass, "vehicle/01CAR", "soc")
        hass.config_entries.async_remove_subentry(home, f"01{STATION}")
        await until(hass, lambda: coordinator(home).server.connected == {})  # type: ignore[union-attr]
    entities = er.async_entries_for_config_entry(er.async_get(hass), "01HOME")
    assert {e.unique_id.split("/")[1] for e in entities} == {"site"}
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), "01HOME")
    assert [d.name for d in devices] == ["Home"]


async def test_a_station_that_goes_and_comes_again_is_there_again(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    (known,) = home.subentries.values()
    hass.config_entries.async_remove_subentry(home, known.subentry_id)
    await hass.async_block_till_done()
    hass.config_entries.async_add_subentry(home, ConfigSubentry(**{**known.as_dict(), "subentry_id": "01AGAIN"}))
    await hass.async_block_till_done()
    assert seen(hass, GARAGE, "connected", "binary_sensor").state == "off"


async def test_a_new_name_reaches_the_device(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    (part,) = home.subentries.values()
    hass.config_entries.async_update_subentry(home, part, title="Carport")
    await hass.async_block_till_done()
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, GARAGE), home.entry_id)
    assert device is not None
    assert device.name == "Carport"


async def test_what_a_station_says_of_itself_reaches_its_device(hass: HomeAssistant) -> None:
    port = await with_door(hass)
    boot = [2, "b1", "BootNotification", {
        "reason": "PowerUp",
        "chargingStation": {
            "model": "Verso", "vendorName": "Mobilize", "firmwareVersion": "1.2.3", "serialNumber": "S1",
        },
    }]  # fmt: skip
    async with connected(port) as caller:
        await caller._socket.send_json(boot)
        device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, GARAGE), "01HOME")
        assert device is not None
        await until(hass, lambda: dr.async_get(hass).async_get(device.id).sw_version == "1.2.3")  # type: ignore[union-attr]
    device = dr.async_get(hass).async_get(device.id)
    assert device is not None
    assert (device.manufacturer, device.model, device.serial_number) == ("Mobilize", "Verso", "S1")


# memory


async def test_a_memory_of_a_later_release_is_refused_and_said(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    assert await hass.config_entries.async_unload(home.entry_id)
    link = sqlite3.connect(store_path(hass, home.entry_id))
    link.execute(f"PRAGMA user_version={SCHEMA + 1}")
    link.close()
    await hass.config_entries.async_setup(home.entry_id)
    assert home.state is ConfigEntryState.SETUP_ERROR
    assert home.error_reason_translation_key == "store_newer"
    assert issues(hass) == {"store_newer"}
    link = sqlite3.connect(store_path(hass, home.entry_id))
    link.execute(f"PRAGMA user_version={SCHEMA}")
    link.close()
    assert await hass.config_entries.async_reload(home.entry_id)
    assert issues(hass) == set()


async def test_a_broken_memory_is_said_and_the_home_runs(hass: HomeAssistant) -> None:
    path = Path(hass.config.path(DOMAIN, "01HOME.db"))
    path.parent.mkdir()
    await hass.async_add_executor_job(path.write_bytes, b"nonsense" * 1000)
    home = await move_in(hass, station())
    assert home.state is ConfigEntryState.LOADED
    (issue,) = [i for i in ir.async_get(hass).issues.values() if i.translation_key == "store_corrupt"]
    assert issue.translation_key == "store_corrupt"
    assert issue.translation_placeholders is not None
    assert (path.parent / issue.translation_placeholders["file"]).exists()


async def test_rows_that_make_no_sense_are_said_with_their_number_and_place(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    assert await hass.config_entries.async_unload(home.entry_id)
    link = sqlite3.connect(store_path(hass, home.entry_id))
    link.execute("INSERT INTO kept VALUES ('session/x', 'no json', NULL)")
    link.execute("INSERT INTO kept VALUES ('station/FLEX-1', '{}no json', NULL)")
    link.commit()
    link.close()
    assert await hass.config_entries.async_setup(home.entry_id)
    (issue,) = [i for i in ir.async_get(hass).issues.values() if i.translation_key == "store_rows"]
    assert issue.translation_placeholders == {
        "site": "Home", "count": "2", "keys": "session, station", "file": "01HOME.db",
    }  # fmt: skip
    assert await hass.config_entries.async_reload(home.entry_id)
    assert issues(hass) == set()


async def test_an_old_charge_that_is_told_again_is_joined_to_what_was_kept(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    then = dt_util.utcnow() - timedelta(days=200)
    old = Session(
        key=f"{STATION}/old", station=STATION, evse=1, transaction="old", started_at=then, begun=True, cost=4.2,
        ended_at=then + timedelta(hours=8), stopped_reason="Local", seen=((0, 7),),
    )  # fmt: skip
    await coordinator(home).store.keep([Keep(f"session/{old.key}", old)])
    assert await hass.config_entries.async_reload(home.entry_id)
    flex = coordinator(home)
    assert old.key not in flex.state.sessions
    late = TransactionReported(
        call=CallRef(STATION, 1, "m1"), station=STATION, transaction="old", kind=EventKind.UPDATED, seq_no=8,
        at=then + timedelta(hours=7), trigger="MeterValuePeriodic", evse=1, offline=True,
    )  # fmt: skip
    flex.take(late)
    await until(hass, lambda: old.key in flex.state.sessions)
    assert flex.state.sessions[old.key].seen == ((0, 8),)
    await until(hass, lambda: not flex.store._backlog.rows and flex.store._writer is None)
    (kept,) = await flex.store.async_sessions(then, then + timedelta(days=1))
    assert (kept.cost, kept.ended_at, kept.seen) == (4.2, old.ended_at, ((0, 8),))


async def test_the_memory_of_a_station_goes_with_it(hass: HomeAssistant) -> None:
    home = await move_in(hass, station(), station("FLEX-2"))
    await hass.async_block_till_done()
    hass.config_entries.async_remove_subentry(home, "01FLEX-2")
    await hass.async_block_till_done()
    await coordinator(home).store.keep([Keep("station/GONE", StationMemory(registered=True))])
    assert await hass.config_entries.async_reload(home.entry_id)
    assert await hass.config_entries.async_unload(home.entry_id)
    link = sqlite3.connect(store_path(hass, home.entry_id))
    keys = {key for (key,) in link.execute("SELECT key FROM kept")}
    link.close()
    assert not {key for key in keys if key.endswith(("/FLEX-2", "/GONE"))}


async def test_a_full_disk_is_a_repair_and_charging_goes_on(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = await move_in(hass, station())
    flex = coordinator(home)

    def full(_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as disk:
        disk.setattr(flex.store._file, "write", full)
        flex.put(SetSocLimits(min_pct=40.0))
        await until(hass, lambda: issues(hass) == {"store_unwritable"})
        assert flex.state.wishes.soc_min_pct == 40.0
    await until(hass, lambda: issues(hass) == set())


async def test_the_memory_of_a_home_that_is_removed_goes_with_it(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    path = store_path(hass, home.entry_id)
    assert path.exists()
    assert await hass.config_entries.async_remove(home.entry_id)
    await hass.async_block_till_done()
    assert not path.parent.exists()


# starting and stopping


async def test_a_port_that_is_taken_leaves_nothing_open(hass: HomeAssistant) -> None:
    first = await move_in(hass, station())
    server = coordinator(first).server
    assert server is not None
    second = entry(station(), port=server.port)
    object.__setattr__(second, "entry_id", "01OTHER")
    second.add_to_hass(hass)
    assert not await hass.config_entries.async_setup("01OTHER")
    assert second.state is ConfigEntryState.SETUP_RETRY
    assert second.error_reason_translation_key == "port_in_use"


async def test_stopping_takes_no_three_seconds_whatever_hangs(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = await with_door(hass)
    home = hass.config_entries.async_get_entry("01HOME")
    assert home is not None
    flex = coordinator(home)  # type: ignore[arg-type]
    async with connected(port):
        write = flex.store._file.write
        monkeypatch.setattr(flex.store._file, "write", lambda rows: (time.sleep(1.5), write(rows)))
        begun = time.monotonic()
        await asyncio.gather(flex.async_stop(), flex.async_stop())
        assert time.monotonic() - begun < 3.0
    assert flex.server is not None
    assert flex.server.connected == {}
    await asyncio.sleep(1.6)


async def test_nothing_is_shown_any_more_after_the_end(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    flex = coordinator(home)
    assert await hass.config_entries.async_unload(home.entry_id)
    flex.board.changed(GARAGE, urgent=True)
    await hass.async_block_till_done()
    assert seen(hass, GARAGE, "connected", "binary_sensor").state == "unavailable"


async def test_the_states_of_two_homes_do_not_mix(hass: HomeAssistant) -> None:
    first = await move_in(hass, station())
    second = entry(station("FLEX-2"))
    object.__setattr__(second, "entry_id", "01OTHER")
    object.__setattr__(second, "unique_id", "other")
    second.add_to_hass(hass)
    assert await hass.config_entries.async_setup("01OTHER")
    coordinator(first).put(SetSocLimits(min_pct=44.0))
    await become(hass, first, coordinator(first).state)
    assert coordinator(second).state.wishes.soc_min_pct != 44.0
