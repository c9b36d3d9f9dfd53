"""Every kind of meter in a French home: set up, read, changed, lost, told of, found again; and wrong lines."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from demo import flows
from demo.client import Client
from demo.flows import Answers
from demo.ports import HOST, any_free
from demo.waiting import until
from simulator.meter_wire import NOISE
from simulator.modbus_maps import MAPS
from simulator.modbus_meter import ModbusMeter
from tests.core.meters.wire import frame, house as linky_groups
from tests.real.booted import Dialog, Shown, Words, add_home, boot, house, repairs, unhurried
from tests.real.meter_kinds import L2, Kind, all_kinds, at, line, linky_line, modbus, speaking

READ_S = 45.0
LOST_S = 60.0
TOLD_S = 100.0
UNITS = {"power": "W", "current_l1": "A", "voltage_l1": "V", "energy_import": "kWh"}


@pytest.mark.real
@pytest.mark.timeout(480)
async def test_every_kind_is_set_up_read_lost_and_found_again(socket_enabled: None, tmp_path: Path) -> None:
    async with AsyncExitStack() as open_:
        client = await boot(open_, tmp_path / "config", "fr")
        words = await Words.of(client, "fr")
        kinds = await all_kinds(open_, client)
        await nothing_is_shown_without_a_meter(client, kinds[0])
        await asyncio.gather(*(set_up(words, kind) for kind in kinds))
        shown = {kind.name: await Shown.of(client, kind.entry_id, "meter") for kind in kinds}
        for kind in kinds:
            await until(lambda k=kind: reads(shown[k.name], k), f"{kind.name} is not read right", READ_S)
        await units_are_right(client, shown["siemens_pac2200"])
        for kind in kinds:
            await kind.pull()
        for kind in kinds:
            await until(lambda k=kind: misses(shown[k.name], k), f"{kind.name} is not missed", LOST_S)
        await wrong_lines_are_named(open_, words)
        await each_table_is_exact_over_the_network(words)
        await contacts_are_followed(words, kinds[0].entry_id)
        for kind in kinds:
            await until(lambda k=kind: is_told(client, k), f"no repair for {kind.name}", TOLD_S)
        for kind in kinds:
            await kind.back()
        for kind in kinds:
            await until(lambda k=kind: reads(shown[k.name], k), f"{kind.name} does not come back", TOLD_S)
        for kind in kinds:
            await until(lambda k=kind: is_well(client, k), f"the repair of {kind.name} stays", TOLD_S)


async def nothing_is_shown_without_a_meter(client: Client, kind: Kind) -> None:
    """Look at a home that has no meter yet."""
    assert not (await Shown.of(client, kind.entry_id, "meter")).names


async def set_up(words: Words, kind: Kind) -> None:
    """Add a meter by its dialog, looking at each page."""
    dialog = await Dialog.open(words, kind.entry_id, "meter")
    told = await dialog.tell(kind.steps[0])
    assert f"/api/mobilize_flex/wiring/{kind.draws}.svg" in told, f"{kind.name}: {told}"
    told = await dialog.tell(*kind.steps[1:])
    assert not dialog.errors, f"{kind.name}: {told}"
    assert kind.looks in told, f"{kind.name}: {told}"
    await dialog.tell(kind.last)
    assert dialog.page["type"] == "create_entry", f"{kind.name}: {dialog.page}"


async def reads(shown: Shown, kind: Kind) -> bool:
    """Tell whether every entity says what the meter measures."""
    states = await shown.states([*kind.says, "connected"])
    return await unhurried(states == {**kind.says, "connected": "on"})


async def misses(shown: Shown, kind: Kind) -> bool:
    """Tell whether the meter is shown as lost; its counters stand still meanwhile."""
    live = [key for key in kind.says if not key.startswith("energy")]
    states = await shown.states([*live, "connected"])
    return await unhurried(states == {**dict.fromkeys(live), "connected": "off"})


async def is_told(client: Client, kind: Kind) -> bool:
    """Tell whether a repair says what is wrong."""
    return kind.repair is None or await unhurried(kind.repair in await repairs(client, kind.entry_id))


async def is_well(client: Client, kind: Kind) -> bool:
    """Tell whether no repair says so any longer."""
    lasting = [one for one in await repairs(client, kind.entry_id) if "silent" in one or "garbled" in one]
    return await unhurried(not lasting)


async def units_are_right(client: Client, shown: Shown) -> None:
    """Look at the units of a meter's entities."""
    states = await client.states()
    for key, unit in UNITS.items():
        assert states[shown.names[key]]["attributes"]["unit_of_measurement"] == unit


async def each_table_is_exact_over_the_network(words: Words) -> None:
    """Look at every Modbus meter over TCP, and change one from this to that, put in the other way round."""
    entry_id = await add_home(words.client, 51)
    for table in sorted(MAPS):
        async with AsyncExitStack() as open_:
            meter = await served(open_, table)
            dialog = await Dialog.open(words, entry_id, "meter")
            told = await dialog.tell(*modbus(table, "tcp", at(meter)))
            assert ("| L1 | 230 | 5.00 | 1150 |" if table == "eastron_sdm120" else L2) in told, f"{table}: {told}"
            await dialog.leave()
    async with AsyncExitStack() as open_:
        first, second = await served(open_, "eastron_sdm630"), await served(open_, "abb_b23")
        await (await Dialog.open(words, entry_id, "meter")).tell(*modbus("eastron_sdm630", "tcp", at(first)), {})
        (part,) = await flows.parts(words.client, entry_id)
        dialog = await Dialog.open(words, entry_id, "meter", part["subentry_id"])
        turned = {"inverted": True, "phase_order": "231", "turned_phases": []}
        told = await dialog.tell(*modbus("abb_b23", "tcp", at(second), wiring=turned), {})
        assert told == "reconfigure_successful"
        shown = await Shown.of(words.client, entry_id, "meter")
        says = {"power": -915.0, "current_l1": 3.0, "current_l2": -2.0, "current_l3": -5.0, "voltage_l1": 231.0}

        async def reads_turned() -> bool:
            return await shown.states(list(says)) == says

        await until(reads_turned, "a meter put in the other way round is not read right", READ_S)


async def served(open_: AsyncExitStack, table: str) -> ModbusMeter:
    """Serve a Modbus meter on the network."""
    meter = ModbusMeter(house(1 if table == "eastron_sdm120" else 3), table)
    await meter.open()
    open_.push_async_callback(meter.close)
    return meter


async def contacts_are_followed(words: Words, entry_id: str) -> None:
    """Add the grid operator's contacts, whatever the meter: open is active, and one that does not answer, too."""
    client, contact = words.client, "binary_sensor.control_box"
    await client.post(f"/api/states/{contact}", {"state": "on"})
    dialog = await Dialog.open(words, entry_id, "contacts")
    assert "/api/mobilize_flex/wiring/enwg.svg" in words.get("contacts", "step", "user", "description").replace(
        "{drawing}", dialog.page["description_placeholders"]["drawing"]
    )
    nothing = {"active_when": "open", "devices": 2}
    await dialog.tell({"next_step_id": "each_its_own"}, nothing)
    assert dialog.errors == {"dim_contacts": "contact_missing"}
    told = await dialog.tell({**nothing, "dim_contacts": [contact]})
    assert "7.56 kW" in told
    await dialog.tell({})
    shown = await Shown.of(client, entry_id, "contacts")
    for state, dimmed in (("on", "off"), ("off", "on"), ("on", "off"), ("unavailable", "on"), ("on", "off")):
        await client.post(f"/api/states/{contact}", {"state": state})

        async def says(expected: str = dimmed) -> bool:
            return (await shown.states(["dimmed"]))["dimmed"] == expected

        await until(says, f"a contact that is {state} does not count so", READ_S)


async def wrong_lines_are_named(open_: AsyncExitStack, words: Words) -> None:
    """Try lines that are closed, mute, at a wrong speed or somebody else's, all at once."""
    entry_id = await add_home(words.client, 52)
    closed, meter = any_free(1)[0], await served(open_, "siemens_pac2200")
    mute = await served(open_, "siemens_pac2200")
    mute.speaks.clear()
    linky = frame(*linky_groups())
    nowhere = {"host": HOST, "port": closed, "unit_id": 1}
    tries: list[tuple[Sequence[Answers], dict[str, Any]]] = [
        (modbus("siemens_pac2200", "tcp", nowhere), {"base": "modbus_cannot_connect"}),
        (modbus("siemens_pac2200", "tcp", {**at(meter), "unit_id": 9}), {"base": "modbus_refused"}),
        (modbus("siemens_pac2200", "tcp", at(mute)), {"base": "modbus_no_answer"}),
        (modbus("schneider_iem3000", "tcp", at(meter)), {"base": "modbus_refused"}),
        (line("linky", f"socket://{HOST}:{closed}"), {"line": "refused"}),
        (line("linky", "/dev/serial/by-id/not-there"), {"line": "not_found"}),
        (line("linky", await speaking(open_, b"", silent=True)), {"line": "silent"}),
        (line("linky", await speaking(open_, linky.translate(NOISE))), {"line": "wrong_speed"}),
        (line("linky", await speaking(open_, b"temperature=21\r\n")), {"line": "garbage"}),
        (line("linky", await speaking(open_, linky.replace(b"0", b"1"))), {"line": "damaged"}),
        (line("p1", await linky_line(open_)), {"line": "p1_garbage"}),
        (({"next_step_id": "entity"}, {"entity_id": "sensor.volts_1", "inverted": False, "period_s": 5}),
         {"entity_id": "no_power"}),
        (({"next_step_id": "transformers"},
          {"transformer_1": "sensor.drawn", "ratio_a": 100, "ratio_mv": 333, "signed": False}),
         {"transformer_1": "no_current"}),
    ]  # fmt: skip

    async def attempt(steps: Sequence[Answers], errors: dict[str, Any]) -> None:
        dialog = await Dialog.open(words, entry_id, "meter")
        told = await dialog.tell(*steps)
        assert dialog.errors == errors, told
        await dialog.leave()

    await asyncio.gather(*(attempt(*one) for one in tries))
