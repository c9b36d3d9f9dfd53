"""A meter's line at its speed: any other is heard as noise."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import os
import termios

import pytest

from simulator.meter_wire import NOISE, MeterWire, ObedientWire, PtyBridge

pytestmark = pytest.mark.usefixtures("socket_enabled")

SAYS = b"\nPAPP 00950 *\r"
AT_1200 = bytes((0xFF, 0xFA, 44, 1, 0, 0, 0x04, 0xB0, 0xFF, 0xF0))


@asynccontextmanager
async def talking(wire: MeterWire) -> AsyncIterator[MeterWire]:
    await wire.open()
    running = asyncio.create_task(wire.run())
    try:
        yield wire
    finally:
        running.cancel()
        await wire.close()


async def test_a_wire_that_takes_orders_says_so_and_is_understood_at_its_speed() -> None:
    wire = ObedientWire(lambda: SAYS, 0, speed_bd=1200, gap_s=0.01)
    async with talking(wire), asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
        assert await reader.readuntil(SAYS.translate(NOISE))
        writer.write(bytes((0xFF, 0xFB, 44)) + AT_1200)
        assert await reader.readuntil(bytes((0xFF, 0xFD, 44)))
        assert (await reader.readuntil(AT_1200[4:])).endswith(bytes((0xFF, 0xFA, 44, 101)) + AT_1200[4:])
        assert wire.told_bd == 1200
        assert await reader.readuntil(SAYS)
        writer.close()
        await writer.wait_closed()


async def test_a_terminal_is_understood_at_its_speed_and_lost_at_another() -> None:
    async with talking(MeterWire(lambda: SAYS, 0, bytes_per_s=1200.0, gap_s=0.01)) as wire:
        adapter = PtyBridge(wire.port, speed_bd=1200)
        await adapter.open()
        end = os.open(adapter.path, os.O_RDWR | os.O_NOCTTY)
        try:
            _tune(end, termios.B9600)
            assert SAYS not in await _heard(end)
            _tune(end, termios.B1200)
            assert SAYS in await _heard(end)
            adapter.turn(9600)
            await _heard(end)
            assert SAYS not in await _heard(end)
        finally:
            os.close(end)
            await adapter.close()


def _tune(end: int, speed: int) -> None:
    """Set a terminal to a speed, as it comes and at once."""
    flags = termios.tcgetattr(end)
    flags[0] = flags[1] = flags[3] = 0
    flags[4] = flags[5] = speed
    termios.tcsetattr(end, termios.TCSAFLUSH, flags)


async def _heard(end: int) -> bytes:
    await asyncio.sleep(0.3)
    return os.read(end, 4096)
