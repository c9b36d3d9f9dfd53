"""Whoever has no password: nothing he does at the door reaches the charge that is going on behind it."""

import asyncio

import pytest

from .conftest import Siege
from .strangers import CROWDS, STRANGERS


@pytest.mark.parametrize("case", STRANGERS)
async def test_a_stranger_touches_nothing(siege: Siege, case: str) -> None:
    await STRANGERS[case](siege.lab.port)
    assert siege.lab.state.online


async def test_a_newcomer_who_proves_himself_takes_the_place(siege: Siege) -> None:
    again = await siege.lab.dial()
    old, siege.own = siege.own, again
    await again.call("Heartbeat")
    await old.close()
    assert siege.lab.state.online


@pytest.mark.parametrize("crowd", CROWDS)
async def test_a_station_comes_in_beside_a_crowd_from_its_own_address(siege: Siege, crowd: str) -> None:
    lines = []
    for _ in range(90):  # more than may wait from one address
        lines.append(await asyncio.open_connection("127.0.0.1", siege.lab.port))
        lines[-1][1].write(CROWDS[crowd])
    async with asyncio.timeout(2):
        siege.own = await siege.lab.dial()
        await siege.own.call("Heartbeat")
    for _, writer in lines:
        writer.close()
