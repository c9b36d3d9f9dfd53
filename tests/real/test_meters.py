"""Every kind of meter with a line, set up through the dialogs of a real Home Assistant, pulled out and put back."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
import re
from typing import Any

import pytest

from demo import flows
from demo.client import Client
from demo.face import Face
from demo.flows import Answers
from demo.ports import HOST
from demo.waiting import until
from simulator.meter_wire import PtyBridge
from simulator.modbus_meter import ModbusMeter
from simulator.p1 import P1Kind, P1Wire, telegram
from simulator.tic_wire import TicWire
from tests.real.booted import POWERS_W, add_home, boot, house, serve

READ_S = 30.0
LOST_S = 45.0
BACK_S = 60.0


@dataclass(frozen=True, slots=True)
class Tried:
    """One meter: how its dialog is walked, how its plug is pulled and put back, and what its entities must say."""

    name: str
    steps: Sequence[Answers]
    pull: Callable[[], Awaitable[None]]
    back: Callable[[], Awaitable[None]]
    says: Mapping[str, float]


async def lines(open_: AsyncExitStack) -> list[Tried]:
    """Open every line and say how each is set up."""
    linky, three = house(1), house(3)
    tic, wired = (TicWire(lambda: linky.frame(datetime.now(UTC)), 0) for _ in range(2))
    p1 = P1Wire(lambda: telegram(datetime.now(UTC), three, P1Kind.V50), 0)
    for wire in (tic, wired, p1):
        await serve(open_, wire)
    adapter = PtyBridge(wired.port)
    await adapter.open()
    open_.push_async_callback(adapter.close)
    network, serial = ModbusMeter(three, "siemens_pac2200"), ModbusMeter(three, "eastron_sdm630", serial=True)
    for meter in (network, serial):
        await meter.open()
        open_.push_async_callback(meter.close)

    async def mute() -> None:
        wired.silent = True

    async def speak() -> None:
        wired.silent = False

    async def hush() -> None:
        serial.speaks.clear()

    async def talk() -> None:
        serial.speaks.set()

    whole = {"grid_power": sum(POWERS_W), "current": 5.0, "voltage": 230.0, "energy_import": 8765.0}
    single = {"apparent_power": 1150.0, "voltage": 230.0, "energy_import": 8765.0, "energy_export": 123.0}
    at = {"host": HOST, "port": network.port, "unit_id": 1}
    rtu = {"line": serial.path, "baudrate": 9600, "parity": "none", "stop_bits": "1", "unit_id": 1}
    return [
        Tried("TIC over TCP", line("linky", f"socket://{HOST}:{tic.port}"), tic.close, tic.open, single),
        Tried("TIC on a terminal", line("linky", adapter.path), mute, speak, single),
        Tried("P1 over TCP", line("p1", f"socket://{HOST}:{p1.port}"), p1.close, p1.open, whole),
        Tried("Modbus TCP", modbus("siemens_pac2200", "tcp", at), network.close, network.open, whole),
        Tried("Modbus RTU on a terminal", modbus("eastron_sdm630", "serial", rtu), hush, talk, whole),
    ]


def line(kind: str, url: str) -> Sequence[Answers]:
    """Return the answers about a meter that speaks by itself; what it said is agreed with."""
    return ({"next_step_id": kind}, {"line": url}, {})


def modbus(table: str, link: str, where: Answers) -> Sequence[Answers]:
    """Return the answers about a meter that is asked."""
    return ({"next_step_id": "modbus"}, {"table": table, "link": link}, where, {})


@dataclass(frozen=True, slots=True)
class Seen:
    """One meter as Home Assistant shows it."""

    tried: Tried
    face: Face

    async def reads(self) -> bool:
        """Tell whether every entity says what the meter measures."""
        states = await self.face.client.states()
        return all(self._number(states, key) == value for key, value in self.tried.says.items())

    async def misses(self) -> bool:
        """Tell whether the meter is shown as lost; its counters stand still meanwhile."""
        states = await self.face.client.states()
        connected = self.face.text(states, "meter_connected", domain="binary_sensor")
        live = [key for key in self.tried.says if not key.startswith("energy")]
        return connected == "off" and all(self._number(states, key) is None for key in live)

    def _number(self, states: dict[str, dict[str, Any]], key: str) -> float | None:
        """Return a state; of those there is one of for each phase, that of the first."""
        name = self.face.name("sensor", key)
        first = re.sub(r"_l\d(?=_|$)", "_l1", name)
        text = states.get(first, {}).get("state", "unknown")
        return None if text in ("unknown", "unavailable") else float(text)


@pytest.mark.real
@pytest.mark.timeout(420)
async def test_every_line_is_set_up_read_lost_and_found_again(socket_enabled: None, tmp_path: Path) -> None:
    async with AsyncExitStack() as open_:
        tried = await lines(open_)
        client = await boot(open_, tmp_path / "config", "en")
        seen = [await set_up(client, one, n) for n, one in enumerate(tried, 1)]
        for one in seen:
            await until(one.reads, f"{one.tried.name} is not read right", READ_S)
        for one in seen:
            await one.tried.pull()
        for one in seen:
            await until(one.misses, f"{one.tried.name} is not missed", LOST_S)
        for one in seen:
            await one.tried.back()
        for one in seen:
            waited_s = await until(one.reads, f"{one.tried.name} does not come back", BACK_S)
            print(f"{one.tried.name}: back after {waited_s:.0f} s")


async def set_up(client: Client, tried: Tried, number: int) -> Seen:
    """Add a home and its meter through the dialogs, as its owner would."""
    entry_id = await add_home(client, number, 3 if number > 2 else 1)
    await flows.add_part(client, entry_id, "meter", *tried.steps)
    return Seen(tried, await Face.of(client, entry_id))
