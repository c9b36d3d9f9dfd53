"""House meters of every kind, set up in a dialog against a real line and followed afterwards."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentryDataWithId
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.mobilize_flex import const as c
from custom_components.mobilize_flex.configuration import site_config
from custom_components.mobilize_flex.core.model.electric import MeterReading
from custom_components.mobilize_flex.core.model.facts import MeterLost, MeterRead
from custom_components.mobilize_flex.modbus_line import ModbusFailure, ModbusFault
from custom_components.mobilize_flex.shell.byte_line import LineError, LineFault
from custom_components.mobilize_flex.shell.register_tables import load_tables
from simulator.linky import Linky, LinkySettings
from simulator.modbus_meter import ModbusMeter
from simulator.p1 import P1Kind, P1Wire, telegram, wrap
from tests.face.homes import Part, free_port, home, part
from tests.face.house import METER, move_in
from tests.face.test_sources import Following
from tests.face.test_subentries import bridge, live, only

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
POWERS_W = (1150.0, -693.0, 458.0)
VOLTS = (230.0, 231.0, 229.0)
PROBE = "custom_components.mobilize_flex.flow_meter.probe_p1"
TRY = "custom_components.mobilize_flex.flow_modbus.try_meter"

pytestmark = pytest.mark.usefixtures("socket_enabled")


def house(phases: int = 3) -> Linky:
    """Return what stands at the house's door, with something flowing."""
    meter = Linky(LinkySettings(phases=phases, start_import_wh=8_765_000.0, start_export_wh=123_000.0))
    meter.step(0.0, NOW, POWERS_W[:phases], VOLTS[:phases])
    return meter


@pytest.fixture(name="quiet")
def _quiet() -> Iterator[None]:
    """Keep sites from really starting: here only the questions count."""
    with patch("custom_components.mobilize_flex.async_setup_entry", return_value=True):
        yield


@pytest.fixture(name="site")
async def _site(hass: HomeAssistant, quiet: None) -> MockConfigEntry:
    return await live(hass, home(phases=3))


@asynccontextmanager
async def served(kind: str = "siemens_pac2200", **how: Any) -> AsyncIterator[ModbusMeter]:
    """Serve a Modbus meter at the house's door."""
    meter = ModbusMeter(house(1 if kind == "eastron_sdm120" else 3), kind, **how)
    await meter.open()
    try:
        yield meter
    finally:
        await meter.close()


async def asked(hass: HomeAssistant, site: MockConfigEntry, kind: str, link: str = "tcp", **more: Any) -> Part:
    """Open the dialog about a Modbus meter as far as its line."""
    dialog = Part(hass, site, "meter")
    await dialog.open()
    await dialog.choose("modbus")
    await dialog.fill(table=kind, link=link, **more)
    return dialog


async def soon(true: Callable[[], Any], within_s: float = 8.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def meter_part(**data: Any) -> ConfigSubentryDataWithId:
    """Return a meter as it is kept."""
    return ConfigSubentryDataWithId(
        subentry_id=METER, data=data, subentry_type=c.METER, title="Meter", unique_id="meter"
    )


def modbus_part(meter: ModbusMeter, **changes: Any) -> ConfigSubentryDataWithId:
    """Return a Modbus meter as it is kept."""
    data = {"kind": "modbus", "table": "siemens_pac2200", "link": "tcp", "host": "127.0.0.1", "unit_id": 1}
    return meter_part(**{**data, "port": meter.port, **changes})


def readings(following: Following) -> list[MeterReading]:
    """Return what the meter told."""
    return [fact.reading for fact in following.told if isinstance(fact, MeterRead)]


def losses(following: Following) -> list[str]:
    """Return why the meter was lost, each time."""
    return [fact.reason for fact in following.told if isinstance(fact, MeterLost)]


# the P1 port


async def test_a_p1_port_is_heard_before_it_is_kept(hass: HomeAssistant, site: MockConfigEntry) -> None:
    dialog = Part(hass, site, "meter")
    await dialog.open()
    assert (await dialog.choose("p1"))["step_id"] == "p1"
    async with bridge(telegram(NOW, house(), P1Kind.V50)) as line:
        page = await dialog.fill(line=line)
    assert page["step_id"] == "p1_seen"
    words = page["description_placeholders"]
    assert (words["power"], words["serial"], words["version"]) == ("915", "…5616", "50")
    assert "| L2 | 231 | -3.00 | -693 |" in words["phases"]
    page = await dialog.fill()
    assert (page["type"], page["title"]) == (FlowResultType.CREATE_ENTRY, "P1")
    assert only(site, "meter").data == {"kind": "p1", "line": line, "period_s": 1.0}
    config = site_config(site, UTC).meter
    assert config is not None
    assert config.period_s == 1.0


async def test_an_old_p1_port_is_expected_every_ten_seconds(hass: HomeAssistant, site: MockConfigEntry) -> None:
    dialog = Part(hass, site, "meter")
    await dialog.open()
    await dialog.choose("p1")
    async with bridge(telegram(NOW, house(), P1Kind.V22)) as line:
        page = await dialog.fill(line=line)
    assert page["description_placeholders"] == {"power": "920", "phases": "", "serial": "?", "version": "2/3"}
    await dialog.fill()
    assert only(site, "meter").data["period_s"] == 10.0


async def test_a_p1_port_that_does_not_tell_its_version_is_known_by_its_checksum(
    hass: HomeAssistant, site: MockConfigEntry
) -> None:
    dialog = Part(hass, site, "meter")
    await dialog.open()
    await dialog.choose("p1")
    swedish = wrap(
        "ELL5\\253833635_A", ["0-0:1.0.0(261122130000W)", "1-0:1.7.0(0001.234*kW)", "1-0:2.7.0(0000.000*kW)"]
    )
    async with bridge(swedish) as line:
        page = await dialog.fill(line=line)
    words = page["description_placeholders"]
    assert (words["power"], words["version"]) == ("1234", "4+")


@pytest.mark.parametrize("fault", list(LineFault))
async def test_what_is_wrong_with_a_p1_line_is_told(
    hass: HomeAssistant, site: MockConfigEntry, fault: LineFault
) -> None:
    dialog = Part(hass, site, "meter")
    await dialog.open()
    await dialog.choose("p1")
    with patch(PROBE, side_effect=LineError(fault)):
        page = await dialog.fill(line="socket://127.0.0.1:1")
    assert page["errors"]["line"] in (fault, f"p1_{fault}")


async def test_the_p1_line_in_use_is_left_alone(hass: HomeAssistant, quiet: None) -> None:
    data = {"kind": "p1", "line": "socket://127.0.0.1:1", "period_s": 1.0}
    site = await live(hass, home(part("meter", data, "meter:house")))
    dialog = Part(hass, site, "meter")
    await dialog.open("meter-key")
    await dialog.choose("p1")
    assert (await dialog.fill(line="socket://127.0.0.1:1"))["reason"] == "line_unchanged"


async def test_a_p1_port_is_followed_through_a_pulled_plug(hass: HomeAssistant) -> None:
    meter = house()
    wire = P1Wire(lambda: telegram(NOW, meter, P1Kind.FLUVIUS), 0, P1Kind.FLUVIUS)
    await wire.open()
    running = asyncio.create_task(wire.run())
    data = {"kind": "p1", "line": f"socket://127.0.0.1:{wire.port}"}
    async with Following(hass, meter_part(**data)) as following:
        await soon(lambda: readings(following))
        reading = readings(following)[0]
        assert reading.phase_power_w == POWERS_W
        assert reading.current_a == (5.0, -3.0, 2.0)
        assert (reading.import_wh, reading.export_wh) == (8_765_000.0, 123_000.0)
        details = following.sources.details()
        assert (details["version"], details["demand_w"], details["fuse_a"]) == ("50217", 2351.0, None)
        await wire.close()
        await soon(lambda: losses(following) == ["lost"])
        count = len(readings(following))
        await wire.open()
        await soon(lambda: len(readings(following)) > count)
    running.cancel()
    await wire.close()


# Modbus


@pytest.mark.parametrize("kind", sorted(load_tables()))
async def test_each_kind_of_meter_is_read_exactly(hass: HomeAssistant, site: MockConfigEntry, kind: str) -> None:
    dialog = await asked(hass, site, kind)
    async with served(kind) as meter:
        page = await dialog.fill(host=" 127.0.0.1 ", port=meter.port, unit_id=1)
        assert page["step_id"] == "modbus_seen"
        words = page["description_placeholders"]
        assert words["power"] == ("1150" if kind == "eastron_sdm120" else "915")
        assert words["phases"].splitlines()[2] == "| L1 | 230 | 5.00 | 1150 |"
        page = await dialog.fill()
        assert (page["type"], page["title"]) == (FlowResultType.CREATE_ENTRY, load_tables()[kind].name)
        part_ = only(site, "meter")
        assert part_.unique_id == "meter:house"
        async with Following(hass, meter_part(**part_.data)) as following:
            await soon(lambda: readings(following))
    reading = readings(following)[0]
    phases = 1 if kind == "eastron_sdm120" else 3
    gone = (None,) * (3 - phases)
    assert reading.phase_power_w == (*POWERS_W[:phases], *gone)
    assert reading.voltage_v == (*VOLTS[:phases], *gone)
    assert reading.current_a == (*(5.0, -3.0, 2.0)[:phases], *gone)
    assert (reading.power_w, reading.signed) == (sum(POWERS_W[:phases]), True)
    assert (reading.import_wh, reading.export_wh) == (8_765_000.0, 123_000.0)


@pytest.mark.parametrize("link", ["serial", "rtu_over_tcp"])
async def test_a_meter_on_a_serial_line(hass: HomeAssistant, site: MockConfigEntry, link: str) -> None:
    dialog = await asked(hass, site, "eastron_sdm120", link)
    async with served("eastron_sdm120", serial=True, unit_id=7) as meter:
        if link == "serial":
            assert (dialog.page["step_id"], dialog.suggested("baudrate")) == ("modbus_serial", 2400)
            where: dict[str, Any] = {"line": meter.path, "baudrate": 2400, "parity": "none", "stop_bits": "1"}
        else:
            where = {"host": "127.0.0.1", "port": meter.port}
        page = await dialog.fill(**where, unit_id=7)
        assert page["step_id"] == "modbus_seen"
        await dialog.fill()
        async with Following(hass, meter_part(**only(site, "meter").data)) as following:
            await soon(lambda: len(readings(following)) > 1)
        assert readings(following)[0].current_a == (5.0, None, None)


async def test_a_meter_put_in_the_other_way_round(hass: HomeAssistant, site: MockConfigEntry) -> None:
    wiring = {"inverted": True, "phase_order": "231", "turned_phases": []}
    dialog = await asked(hass, site, "siemens_pac2200", wiring=wiring)
    async with served() as meter:
        page = await dialog.fill(host="127.0.0.1", port=meter.port, unit_id=1)
    words = page["description_placeholders"]
    assert words["power"] == "-915"
    assert words["phases"].splitlines()[2] == "| L1 | 231 | 3.00 | 693 |"


async def test_registers_of_ones_own(hass: HomeAssistant, site: MockConfigEntry) -> None:
    dialog = await asked(hass, site, "own")
    assert dialog.page["step_id"] == "registers"
    rows = [
        {"of": "voltage_1", "at": 0x5B00, "type": "uint32", "scale": 0.1},
        {"of": "phase_power_1", "at": 0x5B16, "type": "int32", "scale": 0.01},
    ]
    general = {"function": "holding", "words": "high_first"}
    page = await dialog.fill(**general, rows=[{"of": "voltage_1", "at": 70000, "type": "int16"}])
    assert page["errors"] == {"rows": "registers_address_range"}
    page = await dialog.fill(**general, rows=rows, ratio_a=0, ratio_mv=333)
    assert page["errors"] == {"ratio_a": "ratio_a_range"}
    assert (await dialog.fill(**general, rows=rows, ratio_a=100, ratio_mv=333))["step_id"] == "modbus_network"
    async with served("abb_b23") as meter:
        page = await dialog.fill(host="127.0.0.1", port=meter.port, unit_id=1)
        assert page["description_placeholders"]["phases"].splitlines()[2:] == ["| L1 | 230 | 5.00 | 1150 |"]
        page = await dialog.fill()
        assert page["title"] == "Modbus"
        async with Following(hass, meter_part(**only(site, "meter").data)) as following:
            await soon(lambda: readings(following))
    assert readings(following)[0].power_w == 1150.0


async def test_what_is_wrong_with_a_modbus_line_is_told(hass: HomeAssistant, site: MockConfigEntry) -> None:
    dialog = await asked(hass, site, "siemens_pac2200")
    page = await dialog.fill(host="127.0.0.1", port=1, unit_id=1)
    assert page["errors"] == {"base": "modbus_cannot_connect"}
    assert dialog.suggested("port") == 1
    page = await dialog.fill(host="127.0.0.1", port=1, unit_id=300)
    assert page["errors"] == {"unit_id": "unit_id_range"}
    async with served("schneider_iem3000") as meter:
        page = await dialog.fill(host="127.0.0.1", port=meter.port, unit_id=1)
        assert page["errors"] == {"base": "modbus_refused"}
    async with served() as meter:
        meter.speaks.clear()
        page = await dialog.fill(host="127.0.0.1", port=meter.port, unit_id=1)
        assert page["errors"] == {"base": "modbus_no_answer"}
    async with served(serial=True) as meter:
        page = await dialog.fill(host="127.0.0.1", port=meter.port, unit_id=1)
        assert page["errors"]["base"] in ("modbus_no_answer", "modbus_garbled")


async def test_a_serial_port_that_is_not_there_is_told(hass: HomeAssistant, site: MockConfigEntry) -> None:
    dialog = await asked(hass, site, "eastron_sdm120", "serial")
    page = await dialog.fill(line="/dev/no-such-port", baudrate=2400, unit_id=1)
    assert page["errors"] == {"base": "modbus_not_found"}


@pytest.mark.parametrize("fault", list(ModbusFault))
async def test_every_fault_of_a_modbus_line_has_its_sentence(
    hass: HomeAssistant, site: MockConfigEntry, fault: ModbusFault
) -> None:
    dialog = await asked(hass, site, "siemens_pac2200")
    with patch(TRY, side_effect=ModbusFailure(fault)):
        assert (await dialog.fill(host="127.0.0.1", port=1, unit_id=1))["errors"] == {"base": fault}


async def test_a_table_of_another_meter_shows_by_its_voltage(hass: HomeAssistant, site: MockConfigEntry) -> None:
    dialog = await asked(hass, site, "carlo_gavazzi_em24")
    async with served("siemens_pac2200") as meter:
        meter._map = type(meter._map)((3, 4), load_like_em24(), filled=((0, 100),))
        page = await dialog.fill(host="127.0.0.1", port=meter.port, unit_id=1)
    assert page["errors"]["base"] in ("modbus_implausible", "modbus_refused")


def load_like_em24() -> Any:
    """Return rows whose words stand in the wrong order."""
    return (("voltage", (0, 2, 4), "i", 10.0), ("phase_power", (0x12, 0x14, 0x16), "i", 10.0))


async def test_a_line_in_use_with_other_settings_is_named(hass: HomeAssistant, site: MockConfigEntry) -> None:
    async with served("eastron_sdm120", serial=True) as meter:
        data = {"table": "eastron_sdm120", "link": "serial", "line": meter.path, "baudrate": 9600}
        async with Following(hass, modbus_part(meter, **data)) as following:
            await soon(lambda: readings(following))
            dialog = await asked(hass, site, "eastron_sdm120", "serial")
            page = await dialog.fill(line=meter.path, baudrate=19200, unit_id=1)
    assert page["errors"] == {"base": "modbus_conflict"}


async def test_a_meter_that_falls_silent_is_lost_and_comes_back(hass: HomeAssistant) -> None:
    async with served() as meter, Following(hass, modbus_part(meter)) as following:
        await soon(lambda: readings(following))
        meter.speaks.clear()
        await soon(lambda: losses(following) == ["modbus_no_answer"], 12)
        meter.speaks.set()
        count = len(readings(following))
        await soon(lambda: len(readings(following)) > count, 12)
        details = following.sources.details()
        assert (details["fault"], details["failures"]) == (None, 3)


async def test_a_meter_whose_port_closes_is_lost_once(hass: HomeAssistant) -> None:
    async with served() as meter:
        following = Following(hass, modbus_part(meter))
        await following.sources.async_follow(following.entry)
        await soon(lambda: readings(following))
    await soon(lambda: losses(following))
    assert losses(following) == ["modbus_cannot_connect"]
    await following.sources.async_stop()


@pytest.mark.parametrize("longest", [20, 11, 4])
async def test_a_meter_that_takes_short_reads_only_gets_them(hass: HomeAssistant, longest: int) -> None:
    async with served() as meter:
        meter._map = type(meter._map)(meter._map.functions, meter._map.rows, filled=meter._map.filled, longest=longest)
        async with Following(hass, modbus_part(meter)) as following:
            await soon(lambda: len(readings(following)) > 1)
            meter.reads.clear()
            await soon(lambda: len(readings(following)) > 2)
        assert readings(following)[-1].phase_power_w == POWERS_W
        assert max(count for _, count in meter.reads) <= longest


async def test_a_meter_that_is_always_busy_does_not_answer(
    hass: HomeAssistant, site: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.mobilize_flex.modbus_line.ANSWER_S", 0.3)
    dialog = await asked(hass, site, "siemens_pac2200")
    async with served() as meter:
        meter.busy = True
        page = await dialog.fill(host="127.0.0.1", port=meter.port, unit_id=1)
        assert page["errors"] == {"base": "modbus_no_answer"}
        meter.busy = False
        page = await dialog.fill(host="127.0.0.1", port=meter.port, unit_id=1)
        assert page["step_id"] == "modbus_seen"


async def test_an_answer_that_comes_damaged_is_asked_for_once_more(hass: HomeAssistant, site: MockConfigEntry) -> None:
    dialog = await asked(hass, site, "siemens_pac2200", "rtu_over_tcp")
    async with served(serial=True) as meter, damaging(meter.port, 2) as port:
        page = await dialog.fill(host="127.0.0.1", port=port, unit_id=1)
        assert page["errors"] == {"base": "modbus_garbled"}
    async with served(serial=True) as meter, damaging(meter.port, 1) as port:
        page = await dialog.fill(host="127.0.0.1", port=port, unit_id=1)
        assert page["step_id"] == "modbus_seen"


@asynccontextmanager
async def damaging(meter_port: int, answers: int) -> AsyncIterator[int]:
    """Stand before a meter, and turn a bit over in its first answers."""
    left = answers

    async def carry(asking: asyncio.StreamReader, asker: asyncio.StreamWriter) -> None:
        nonlocal left
        answering, meter = await asyncio.open_connection("127.0.0.1", meter_port)
        while question := await asking.read(256):
            meter.write(question)
            answer = bytearray(await answering.read(256))
            answer[4] ^= left > 0
            left -= 1
            asker.write(bytes(answer))
        meter.close()
        asker.close()

    server = await asyncio.start_server(carry, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_a_meter_without_a_counter_is_asked_for_it_once(hass: HomeAssistant) -> None:
    async with served("carlo_gavazzi_em24") as meter:
        rows = tuple(row for row in meter._map.rows if row[0] != "export")
        other = ModbusMeter(house(), "carlo_gavazzi_em24")
        other._map = type(meter._map)((3, 4), rows, low_first=True)
        await other.open()
        async with Following(hass, modbus_part(other, table="carlo_gavazzi_em24")) as following:
            await soon(lambda: readings(following))
        await other.close()
    reading = readings(following)[0]
    assert (reading.import_wh, reading.export_wh, reading.power_w) == (8_765_000.0, None, 915.0)


async def test_a_home_without_modbus_does_not_load_it(hass: HomeAssistant) -> None:
    async with Following(hass, meter_part(kind="entity", entity_id="sensor.grid", inverted=False)):
        assert "modbus" not in hass.config.components


async def test_the_entities_of_a_modbus_meter(hass: HomeAssistant) -> None:
    async with served() as meter:
        data = modbus_part(meter)
        entry_ = await move_in(hass, data, phases=3, port=free_port())
        await soon(lambda: _said(hass, "power") == 915.0)
        said = {key: _said(hass, key) for key in ("current_l1", "current_l2", "voltage_l3", "energy_import")}
        assert said == {"current_l1": 5.0, "current_l2": -3.0, "voltage_l3": 229.0, "energy_import": 8765.0}
        assert await hass.config_entries.async_unload(entry_.entry_id)
        await hass.async_block_till_done()


def _said(hass: HomeAssistant, key: str) -> float | None:
    """Return what an entity of the meter says."""
    found = [e for e in er.async_get(hass).entities.values() if e.unique_id.endswith(f"{METER}/{key}")]
    state = hass.states.get(found[0].entity_id) if found else None
    return float(state.state) if state is not None and state.state not in ("unknown", "unavailable") else None


# current transformers


async def test_transformers_are_shown_before_they_are_kept(hass: HomeAssistant, site: MockConfigEntry) -> None:
    hass.states.async_set("sensor.ct1", "33.3", {"unit_of_measurement": "mV"})
    hass.states.async_set("sensor.ct2", "-0.0666", {"unit_of_measurement": "V"})
    hass.states.async_set("sensor.ct3", "7.5", {"unit_of_measurement": "A"})
    hass.states.async_set("sensor.energy", "7.5", {"unit_of_measurement": "kWh"})
    dialog = Part(hass, site, "meter")
    await dialog.open()
    await dialog.choose("transformers")
    assert (await dialog.fill(transformer_1="sensor.none"))["errors"] == {"transformer_1": "entity_unknown"}
    assert (await dialog.fill(transformer_1="sensor.energy"))["errors"] == {"transformer_1": "no_current"}
    page = await dialog.fill(transformer_1="sensor.ct1", transformer_3="sensor.ct1", ratio_mv=0)
    assert page["errors"] == {
        "transformer_1": "transformer_twice", "transformer_2": "transformer_missing", "ratio_mv": "ratio_mv_range",
    }  # fmt: skip
    named = {f"transformer_{n}": f"sensor.ct{n}" for n in (1, 2, 3)}
    page = await dialog.fill(**named)
    assert page["step_id"] == "transformers_seen"
    assert page["description_placeholders"]["power"] == "?"
    assert page["description_placeholders"]["phases"].splitlines()[2:] == [
        "| L1 | ? | 10.00 | ? |", "| L2 | ? | 20.00 | ? |", "| L3 | ? | 7.50 | ? |",
    ]  # fmt: skip
    assert (await dialog.fill())["type"] is FlowResultType.CREATE_ENTRY
    data = only(site, "meter").data
    assert {key: data[key] for key in ("kind", "ratio_a", "ratio_mv", "signed")} == {
        "kind": "transformers", "ratio_a": 100.0, "ratio_mv": 333.0, "signed": False,
    }  # fmt: skip


async def test_transformers_are_followed_all_phases_or_none(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    data = {"kind": "transformers", "transformer_1": "sensor.ct1", "transformer_2": "sensor.ct2", "signed": True}
    for n in (1, 2):
        hass.states.async_set(f"sensor.ct{n}", "unavailable")
    async with Following(hass, meter_part(**data)) as following:
        assert losses(following) == ["unavailable"]
        await following.says("sensor.ct1", "33.3", unit_of_measurement="mV")
        assert readings(following) == []
        await following.says("sensor.ct2", "-2", unit_of_measurement="A")
        reading = readings(following)[0]
        assert reading.current_a == (pytest.approx(10.0), -2.0, None)
        assert reading.power_w == pytest.approx(1840.0)
        freezer.tick(31)
        await following.says("sensor.ct1", "33.4", unit_of_measurement="mV")
        assert following.told[-1] == MeterLost("unavailable")
        await following.says("sensor.ct2", "4", unit_of_measurement="kW")
        assert following.told[-1] == MeterLost("unavailable")
