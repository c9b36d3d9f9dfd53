"""A P1 port on a real line: on a serial port at each of its speeds, over the network, and when it is none."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from custom_components.mobilize_flex.core.meters.dsmr import DsmrDecoder
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.shell.byte_line import (
    P1,
    ByteLine,
    LineError,
    LineFault,
    LineReport,
    LineState,
    probe_p1,
)
from simulator.linky import Linky, LinkySettings
from simulator.p1 import P1Kind, P1Wire, telegram
from tests.core.meters.wire import even
from tests.shell.test_byte_line import Pty, plug  # noqa: F401

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
QUICK = replace(P1, patience_s=0.5, silent_s=1.0, backoff_s=0.05)

pytestmark = pytest.mark.usefixtures("socket_enabled")


def says(kind: P1Kind) -> bytes:
    """Return one telegram of a house that draws 690 W on each phase but the last, which feeds 230 W in."""
    meter = Linky(LinkySettings(phases=3))
    meter.step(0.0, NOW, (690.0, 690.0, -230.0), (230.0, 230.0, 230.0))
    return telegram(NOW, meter, kind)


@pytest.fixture
async def wire() -> AsyncIterator[P1Wire]:
    one = P1Wire(lambda: says(P1Kind.V50), 0)
    await one.open()
    running = asyncio.create_task(one.run())
    yield one
    running.cancel()
    await one.close()


async def test_version_5_on_a_serial_port(plug: Callable[[bytes, int], Pty]) -> None:  # noqa: F811
    port = plug(says(P1Kind.V50), 115200)
    found = await probe_p1(port.path, QUICK, timeout_s=4)
    assert (found.speed_bd, found.frame.version, found.eight_bit) == (115200, "50", False)
    assert found.frame.reading.current_a == (3.0, 3.0, -1.0)


async def test_version_2_on_a_serial_port_is_found_at_its_speed_with_its_parity(
    plug: Callable[[bytes, int], Pty],  # noqa: F811
) -> None:
    port = plug(even(says(P1Kind.V22)), 9600)
    found = await probe_p1(port.path, QUICK, timeout_s=6)
    assert (found.speed_bd, found.eight_bit, found.frame.checked) == (9600, True, False)
    assert found.frame.reading.power_w == 1150.0


async def test_a_port_over_the_network_is_heard_each_second(wire: P1Wire) -> None:
    reports: list[LineReport] = []
    powers: list[float | None] = []
    decoder = DsmrDecoder()

    def heard(data: bytes, _: Moment) -> None:
        powers.extend(one.reading.power_w for one in decoder.receive(data))

    line = ByteLine(
        f"socket://127.0.0.1:{wire.port}", QUICK, on_bytes=heard, on_state=reports.append,
        clock=lambda: Moment(NOW, asyncio.get_running_loop().time()),
    )  # fmt: skip
    line.start()
    async with asyncio.timeout(6):
        while len(powers) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        assert set(powers) == {1150.0}
        wire.silent = True
        while LineReport(LineState.SILENT, LineFault.SILENT) not in reports:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await line.close()


@pytest.mark.parametrize(
    ("heard", "fault"),
    [
        (b"", LineFault.SILENT),
        (bytes(range(128, 256)) * 4, LineFault.WRONG_SPEED),
        (b"ADSC 041976123456 X\r\n" * 20, LineFault.GARBAGE),
        (says(P1Kind.V50)[:-6] + b"0000\r\n", LineFault.DAMAGED),
    ],
)
async def test_what_is_no_p1_port_is_named(heard: bytes, fault: LineFault) -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not gone.is_set():
            writer.write(heard)
            with suppress(TimeoutError):
                await asyncio.wait_for(gone.wait(), 0.05)
        writer.close()
        left.set()

    gone, left = asyncio.Event(), asyncio.Event()
    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    url = f"socket://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with pytest.raises(LineError) as caught:
        await probe_p1(url, QUICK, timeout_s=2)
    assert caught.value.key is fault
    gone.set()
    await left.wait()
    server.close()
    server.close_clients()
    await server.wait_closed()
