"""A station with a password that means no good: its neighbour's charge goes on, nothing absurd is shown."""

import asyncio
import contextlib

import aiohttp
import pytest

from .conftest import EVIL, Siege
from .insiders import INSIDERS


@pytest.mark.parametrize("version", ["ocpp2.0.1", "ocpp2.1"])
@pytest.mark.parametrize("case", INSIDERS)
async def test_an_insider_harms_only_himself(siege: Siege, case: str, version: str) -> None:
    evil = await siege.lab.dial(version, user=EVIL, path=EVIL, compress=15 if "deflated" in case else 0)
    evil._reader.cancel()
    with contextlib.suppress(aiohttp.ClientError, ConnectionError):
        await INSIDERS[case](evil.socket)
    await siege.own.call("Heartbeat")
    again = await siege.lab.dial(version, user=EVIL, path=EVIL)
    assert (await again.boot())["status"] == "Accepted"


@pytest.mark.parametrize("case", INSIDERS)
async def test_even_the_own_station_cannot_break_its_home(siege: Siege, case: str) -> None:
    again = await siege.lab.dial(compress=15 if "deflated" in case else 0)
    again._reader.cancel()
    with contextlib.suppress(aiohttp.ClientError, ConnectionError):
        await INSIDERS[case](again.socket)
    siege.own = await siege.lab.dial()


async def test_who_dials_again_and_again_is_held_at_the_door(siege: Siege) -> None:
    dials = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(4):
            while True:
                evil = await siege.lab.dial(user=EVIL, path=EVIL)
                dials += 1
                for number in range(30):
                    await evil.socket.send_str(f'[2,"{number}","Heartbeat",{{}}]')
    assert 2 <= dials <= 20  # without a memory of him it would be hundreds
