"""A line that only seems to be there: told as offline in time, and no obstacle to the station that dials again."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
import json
import time

import pytest
from websockets.asyncio.client import connect

from custom_components.mobilize_flex.core.model.commands import Keep, StationAnswer, StationCommand
from custom_components.mobilize_flex.core.model.config import StationConfig
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.plan.planner import make_plan
from custom_components.mobilize_flex.core.site import restore
from custom_components.mobilize_flex.shell.runtime import Runtime
from custom_components.mobilize_flex.shell.schemas import load_schemas
from custom_components.mobilize_flex.shell.station_door import Admission, Limits, Verdict, Visitor
from custom_components.mobilize_flex.shell.station_server import StationServer
from tests.days.test_night import CONFIG
from tests.hostile.strangers import upgrade

pytestmark = pytest.mark.usefixtures("socket_enabled")

NAMES = [f"HALF-{number}" for number in range(20)]
PING_S = 2.0
SERVED_S = 5.0


def now() -> Moment:
    return Moment(datetime.now(UTC), time.monotonic())


async def admit(visitor: Visitor) -> Admission:
    return Admission(Verdict.ADMITTED)


def keep(keeps: Sequence[Keep]) -> asyncio.Future[None]:
    """Keep nothing, at once."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    done.set_result(None)
    return done


async def recall(key: str) -> Mapping[str, object]:
    """Remember nothing."""
    return {}


class Site:
    """A controller for many stations."""

    def __init__(self) -> None:
        stations = tuple(StationConfig(identity=name, name=name) for name in NAMES)
        self.runtime = Runtime(
            restore(replace(CONFIG, stations=stations, meter=None), {}),
            clock=now,
            deliver=self.deliver,
            keep=keep,
            recall=recall,
            make_plan=make_plan,
            sign=lambda request: None,
        )
        self.server = StationServer(
            "127.0.0.1",
            0,
            admit=admit,
            on_fact=self.runtime.put,
            clock=now,
            schemas=load_schemas(),
            limits=Limits(ping_s=PING_S),
        )

    def deliver(self, command: StationCommand | StationAnswer) -> None:
        self.server.send(command)

    def online(self, name: str) -> bool:
        return self.runtime.state.stations[name].online


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    home = Site()
    await home.server.start()
    await home.runtime.start()
    yield home
    await home.runtime.stop()
    await home.server.stop()


class HalfOpen:
    """A station's end of a line, from the moment on when nothing passes any more: no answer, no ping, no farewell."""

    def __init__(self, site: Site, name: str) -> None:
        self._site = site
        self.name = name
        self._writer: asyncio.StreamWriter

    async def begin(self) -> None:
        reader, self._writer = await asyncio.open_connection("127.0.0.1", self._site.server.port)
        self._writer.write(upgrade(f"/{self.name}"))
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        transport = self._writer.transport
        assert isinstance(transport, asyncio.ReadTransport)
        transport.pause_reading()
        assert self._site.online(self.name)

    async def gone_after_s(self) -> float:
        began = time.monotonic()
        while self._site.online(self.name):  # noqa: ASYNC110 - it is the time that is measured
            await asyncio.sleep(0.02)
        return time.monotonic() - began

    def end(self) -> None:
        self._writer.transport.abort()


async def test_row_5_twenty_half_open_lines_are_offline_within_two_pings(site: Site) -> None:
    lines = [HalfOpen(site, name) for name in NAMES]
    for line in lines:
        await line.begin()
    waits = await asyncio.gather(*(line.gone_after_s() for line in lines))
    assert max(waits) <= 2 * PING_S
    for line in lines:
        line.end()


@pytest.mark.parametrize("name", NAMES)
async def test_row_5_a_station_dials_again_while_its_old_line_seems_to_be_there(site: Site, name: str) -> None:
    old = HalfOpen(site, name)
    await old.begin()
    began = time.monotonic()
    async with connect(f"ws://127.0.0.1:{site.server.port}/{name}", subprotocols=["ocpp2.0.1"]) as line:
        await line.send(json.dumps([2, "b", "Heartbeat", {}]))
        while json.loads(await line.recv())[:2] != [3, "b"]:
            pass
        assert time.monotonic() - began <= SERVED_S
        assert site.online(name)
        await asyncio.sleep(0.05)
        assert site.online(name), "the end of the old line is not the end of the new one"
    old.end()
