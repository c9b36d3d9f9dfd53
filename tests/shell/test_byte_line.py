"""The meter's line over real ptys and loopback TCP: found, lost, mute, garbled, found again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
import fcntl
import logging
import os
from pathlib import Path
import termios

import pytest
from serialx import BaseSerialTransport, Parity, UnsupportedSetting, create_serial_connection

from custom_components.mobilize_flex.core.meters.tic import TicDecoder, TicFrame
from custom_components.mobilize_flex.core.meters.tic_group import TicMode
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.shell import line_port
from custom_components.mobilize_flex.shell.byte_line import (
    ByteLine,
    LineError,
    LineFault,
    LineReport,
    LineSettings,
    LineState,
    probe,
)
from tests.core.meters.wire import even, frame, house, old_house

HOUSE = frame(*house())
OLD_HOUSE = frame(*old_house())
NOISE = bytes(range(0x80)) * 4
DAMAGED = HOUSE.replace(b"0", b"1")  # every sum is wrong
QUICK = LineSettings(patience_s=0.5, review_s=0.3, silent_s=0.4, reopen_s=1.0, backoff_s=0.02, longest_backoff_s=0.1)


async def until(condition: Callable[[], bool], timeout_s: float = 8.0) -> None:
    """Wait for what no event tells."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class Listener:
    """Keep what a line says, decoded, with its states."""

    def __init__(self, url: str, settings: LineSettings = QUICK) -> None:
        self.frames: list[TicFrame] = []
        self.moments: list[Moment] = []
        self.reports: list[LineReport] = []
        self._decoder = TicDecoder()
        self._ticks = 0
        self.line = ByteLine(url, settings, on_bytes=self._take, on_state=self.reports.append, clock=self._clock)

    def _clock(self) -> Moment:
        self._ticks += 1
        return Moment(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self._ticks), self._ticks)

    def _take(self, data: bytes, at: Moment) -> None:
        self.moments.append(at)
        self.frames += self._decoder.receive(data)

    async def until(self, condition: Callable[[], bool]) -> None:
        await until(condition)

    async def state(self, state: LineState, fault: LineFault | None = None) -> None:
        await self.until(
            lambda: bool(self.reports) and (self.reports[-1].state, self.reports[-1].fault) == (state, fault)
        )


@asynccontextmanager
async def listening(url: str, settings: LineSettings = QUICK) -> AsyncIterator[Listener]:
    listener = Listener(url, settings)
    listener.line.start()
    try:
        yield listener
    finally:
        await listener.line.close()


class Bridge:
    """Stand for a serial bridge on loopback that says the same thing again and again."""

    def __init__(self, says: bytes = HOUSE) -> None:
        self.says = says
        self.port = 0
        self.calls = 0
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"socket://127.0.0.1:{self.port}"

    @property
    def listeners(self) -> int:
        return len(self._talks)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await self._server.wait_closed()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        talk = asyncio.create_task(self._talk(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)
        await asyncio.wait([talk])
        writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak for as long as somebody listens."""
        with suppress(ConnectionError):
            while not reader.at_eof():
                writer.write(self.says)
                await writer.drain()
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.02):
                        await reader.read(1)


class ObedientBridge(Bridge):
    """Stand for a bridge that takes orders (RFC 2217): it grants every option and acknowledges every setting."""

    IAC, SE, SB, WILL, DO = 0xFF, 0xF0, 0xFA, 0xFB, 0xFD
    SPEED, CHARACTER, PARITY = 1, 2, 3

    def __init__(self, says: bytes, speed_bd: int) -> None:
        super().__init__(says)
        self._speed_bd = speed_bd
        self.settings: dict[int, int] = {}

    @property
    def url(self) -> str:
        return f"rfc2217://127.0.0.1:{self.port}"

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.02):
                        first = await reader.readexactly(1)
                    assert first[0] == self.IAC
                    await self._obey(reader, writer)
                if self.PARITY in self.settings:
                    writer.write(self.says if self.settings[self.SPEED] == self._speed_bd else NOISE)
                await writer.drain()

    async def _obey(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        command, option = await reader.readexactly(2)
        if command != self.SB:
            writer.write(bytes((self.IAC, self.DO if command == self.WILL else self.WILL, option)))
            return
        setting, *value = (await reader.readuntil(bytes((self.IAC, self.SE))))[:-2]
        self.settings[setting] = int.from_bytes(value)
        writer.write(bytes((self.IAC, self.SB, option, setting + 100, *value, self.IAC, self.SE)))


@pytest.fixture
async def bridge(socket_enabled: None) -> AsyncIterator[Bridge]:
    one = Bridge()
    await one.start()
    yield one
    await one.stop()


class Pty:
    """Stand for a serial port with a meter at one speed; at any other it gives noise."""

    def __init__(self, says: bytes, speed_bd: int) -> None:
        self.says, self.speed = says, getattr(termios, f"B{speed_bd}")
        self.master, self.slave = os.openpty()
        self.path = os.ttyname(self.slave)
        os.set_blocking(self.master, False)
        self._task = asyncio.create_task(self._talk())

    @property
    def settings(self) -> tuple[int, int]:
        """Return the control flags and the speed somebody set."""
        _, _, cflag, _, speed, _, _ = termios.tcgetattr(self.master)
        return cflag, speed

    async def _talk(self) -> None:
        while True:
            with suppress(BlockingIOError):
                os.write(self.master, self.says if self.settings[1] == self.speed else NOISE)
            await asyncio.sleep(0.02)

    def say_nothing(self) -> None:
        self._task.cancel()

    def unplug(self) -> None:
        self._task.cancel()
        for end in (self.master, self.slave):
            with suppress(OSError):
                os.close(end)


@pytest.fixture
async def plug() -> AsyncIterator[Callable[[bytes, int], Pty]]:
    ptys: list[Pty] = []

    def make(says: bytes, speed_bd: int) -> Pty:
        ptys.append(Pty(says, speed_bd))
        return ptys[-1]

    yield make
    for pty in ptys:
        pty.unplug()


# --- a line that is kept ------------------------------------------------------------------------


async def test_a_bridge_is_heard_frame_by_frame(bridge: Bridge) -> None:
    async with listening(bridge.url) as heard:
        await heard.until(lambda: len(heard.frames) > 3)
        await heard.state(LineState.UP)
        assert all(one.complete and not one.refused for one in heard.frames)
        assert heard.moments == sorted(heard.moments, key=lambda at: at.mono_s)
        assert heard.reports == [LineReport(LineState.UP)]
    await heard.until(lambda: bridge.listeners == 0)


async def test_nothing_is_heard_after_closing(bridge: Bridge) -> None:
    async with listening(bridge.url) as heard:
        await heard.state(LineState.UP)
    count = len(heard.moments)
    await asyncio.sleep(0.1)
    assert len(heard.moments) == count
    await heard.line.close()  # twice is no harm


async def test_a_pulled_plug_is_told_once_and_recovers(bridge: Bridge, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "custom_components.mobilize_flex.shell.byte_line")
    async with listening(bridge.url) as heard:
        await heard.state(LineState.UP)
        await bridge.stop()
        await heard.until(lambda: heard.reports[-1].state is LineState.DOWN)
        await asyncio.sleep(0.3)
        await bridge.start()
        await heard.state(LineState.UP)
    faults = [report.fault for report in heard.reports]
    assert faults[0] is faults[-1] is None
    assert faults[1] is LineFault.LOST
    assert set(faults[2:-1]) <= {LineFault.REFUSED}
    lines = [record.levelno for record in caplog.records if record.name.endswith("byte_line")]
    assert lines == [logging.INFO, logging.WARNING, logging.INFO]


async def test_nobody_answers_at_first(bridge: Bridge) -> None:
    await bridge.stop()
    async with listening(bridge.url) as heard:
        await heard.state(LineState.DOWN, LineFault.REFUSED)
        await asyncio.sleep(0.3)
        assert len(heard.reports) == 1
        await bridge.start()
        await heard.state(LineState.UP)


async def test_pauses_double_up_to_the_longest(socket_enabled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def no_line(*_: object, **__: object) -> None:
        raise ConnectionRefusedError

    async def sleep(pause_s: float) -> None:
        pauses.append(pause_s)
        if len(pauses) == 9:
            raise asyncio.CancelledError

    monkeypatch.setattr(line_port, "create_serial_connection", no_line)
    monkeypatch.setattr("custom_components.mobilize_flex.shell.byte_line.asyncio.sleep", sleep)
    heard = Listener("socket://nowhere:1", LineSettings())
    with pytest.raises(asyncio.CancelledError):
        await heard.line.run()
    assert pauses == [1, 2, 4, 8, 16, 20, 20, 20, 20]


async def test_a_mute_bridge_is_silent_and_then_asked_again(bridge: Bridge) -> None:
    bridge.says = b""
    async with listening(bridge.url) as heard:
        await heard.state(LineState.SILENT, LineFault.SILENT)
        await heard.until(lambda: bridge.calls == 2)
        bridge.says = HOUSE
        await heard.state(LineState.UP)
        assert [report.state for report in heard.reports] == [LineState.SILENT, LineState.UP]


async def test_a_meter_that_falls_silent_is_told(bridge: Bridge) -> None:
    async with listening(bridge.url) as heard:
        await heard.state(LineState.UP)
        bridge.says = b""
        await heard.state(LineState.SILENT, LineFault.SILENT)


@pytest.mark.parametrize(
    ("says", "fault"),
    [(NOISE, LineFault.WRONG_SPEED), (b"/ISK5 another meter\r\n1-0:1.7.0(00.428*kW)\r\n!\r\n", LineFault.GARBAGE)],
    ids=["noise", "text"],
)
async def test_a_bridge_that_speaks_nonsense_is_told(bridge: Bridge, says: bytes, fault: LineFault) -> None:
    bridge.says = says
    async with listening(bridge.url) as heard:
        await heard.state(LineState.DOWN, fault)
        bridge.says = HOUSE
        await heard.state(LineState.UP)
        assert bridge.calls == 1


async def test_nonsense_after_sense_is_told(bridge: Bridge) -> None:
    async with listening(bridge.url) as heard:
        await heard.state(LineState.UP)
        bridge.says = NOISE
        await heard.state(LineState.DOWN, LineFault.WRONG_SPEED)


async def test_a_standard_meter_is_read_at_its_speed(plug: Callable[[bytes, int], Pty]) -> None:
    pty = plug(HOUSE, 9600)
    async with listening(pty.path) as heard:
        await heard.until(lambda: len(heard.frames) > 2)
        await heard.state(LineState.UP)
        assert heard.reports[-1].speed_bd == 9600
        assert heard.frames[-1].complete
        assert pty.settings[1] == termios.B9600


async def test_a_historic_meter_is_found_at_its_speed(plug: Callable[[bytes, int], Pty]) -> None:
    pty = plug(OLD_HOUSE, 1200)
    async with listening(pty.path) as heard:
        await heard.state(LineState.UP)
        assert heard.reports == [LineReport(LineState.UP, speed_bd=1200)]
        await heard.until(lambda: any(one.complete and one.mode is TicMode.HISTORIC for one in heard.frames))


async def test_a_meter_switched_from_afar_is_followed(plug: Callable[[bytes, int], Pty]) -> None:
    pty = plug(OLD_HOUSE, 1200)
    async with listening(pty.path) as heard:
        await heard.state(LineState.UP)
        pty.says, pty.speed = HOUSE, termios.B9600
        await heard.until(lambda: heard.reports[-1].speed_bd == 9600)
        assert [report.fault for report in heard.reports] == [None, LineFault.WRONG_SPEED, None]


async def test_no_speed_helps_against_noise(plug: Callable[[bytes, int], Pty]) -> None:
    pty = plug(NOISE, 9600)
    async with listening(pty.path) as heard:
        await heard.state(LineState.DOWN, LineFault.GARBAGE)


async def test_a_dongle_pulled_out_is_missed(plug: Callable[[bytes, int], Pty]) -> None:
    pty = plug(HOUSE, 9600)
    async with listening(pty.path) as heard:
        await heard.state(LineState.UP)
        pty.unplug()
        await heard.state(LineState.DOWN, LineFault.NOT_FOUND)
        assert [report.fault for report in heard.reports] == [None, LineFault.LOST, LineFault.NOT_FOUND]


async def test_closing_frees_the_port(plug: Callable[[bytes, int], Pty]) -> None:
    pty = plug(HOUSE, 9600)
    async with listening(pty.path) as heard:
        await heard.state(LineState.UP)
        async with listening(pty.path) as second:
            await second.state(LineState.DOWN, LineFault.BUSY)
    async with listening(pty.path) as again:
        await again.state(LineState.UP)


async def test_secrets_of_the_address_stay_out_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with listening("nowhere://host?key=s3cr3t") as heard:
        await heard.state(LineState.DOWN, LineFault.CANNOT_OPEN)
    assert "nowhere://host" in caplog.text
    assert "s3cr3t" not in "".join(record.getMessage() for record in caplog.records)


async def test_the_house_goes_on_while_a_line_opens(bridge: Bridge) -> None:
    gaps, last = [], asyncio.get_running_loop().time()
    async with listening(bridge.url) as heard:
        while len(heard.frames) < 10:
            await asyncio.sleep(0)
            now = asyncio.get_running_loop().time()
            gaps.append(now - last)
            last = now
    assert max(gaps) < 0.2


# --- a line that is tried -----------------------------------------------------------------------


async def failing(url: str, settings: LineSettings = QUICK, timeout_s: float = 2.0) -> LineError:
    with pytest.raises(LineError) as caught:
        await probe(url, settings, timeout_s=timeout_s)
    return caught.value


async def test_a_try_finds_a_standard_meter(bridge: Bridge) -> None:
    found = await probe(bridge.url)
    assert (found.frame.mode, found.frame.complete, found.speed_bd) == (TicMode.STANDARD, True, None)
    assert found.frame.values["ADSC"] == "041876543210"
    assert not found.eight_bit


async def test_a_try_finds_a_bridge_at_eight_bits(bridge: Bridge) -> None:
    bridge.says = even(HOUSE)
    found = await probe(bridge.url)
    assert found.eight_bit
    assert found.frame.refused == ()


async def test_a_try_finds_a_historic_meter(plug: Callable[[bytes, int], Pty]) -> None:
    found = await probe(plug(OLD_HOUSE, 1200).path, timeout_s=4)
    assert (found.frame.mode, found.speed_bd) == (TicMode.HISTORIC, 1200)


async def test_a_try_sets_a_bridge_that_takes_orders(socket_enabled: None) -> None:
    bridge = ObedientBridge(OLD_HOUSE, 1200)
    await bridge.start()
    found = await probe(bridge.url, timeout_s=4)
    await bridge.stop()
    assert (found.frame.mode, found.speed_bd) == (TicMode.HISTORIC, 1200)
    assert (bridge.settings[bridge.CHARACTER], bridge.settings[bridge.PARITY]) == (7, 3)


async def test_a_try_names_a_mute_line(bridge: Bridge, plug: Callable[[bytes, int], Pty]) -> None:
    bridge.says = b""
    assert (await failing(bridge.url, timeout_s=0.4)).key is LineFault.SILENT
    pty = plug(HOUSE, 9600)
    pty.say_nothing()
    assert (await failing(pty.path, timeout_s=0.4)).key is LineFault.SILENT


@pytest.mark.parametrize(
    ("says", "fault"),
    [
        (NOISE, LineFault.WRONG_SPEED),
        (b"hello\r\n", LineFault.GARBAGE),
        (HOUSE[:-1], LineFault.GARBAGE),
        (DAMAGED, LineFault.DAMAGED),
    ],
    ids=["noise", "text", "endless", "damaged"],
)
async def test_a_try_names_nonsense(bridge: Bridge, says: bytes, fault: LineFault) -> None:
    bridge.says = says.replace(b"\x02", b"")
    assert (await failing(bridge.url, timeout_s=1.0)).key is fault


async def test_a_try_at_one_speed_names_the_speed(plug: Callable[[bytes, int], Pty]) -> None:
    path = plug(OLD_HOUSE, 1200).path
    assert (await failing(path, LineSettings(speeds_bd=(9600,)))).key is LineFault.WRONG_SPEED
    assert (await failing(path, LineSettings(speeds_bd=(9600, 2400)))).key is LineFault.GARBAGE


async def test_a_try_knows_a_damaged_meter_at_whatever_speed(plug: Callable[[bytes, int], Pty]) -> None:
    assert (await failing(plug(DAMAGED, 9600).path, timeout_s=1.0)).key is LineFault.DAMAGED
    assert (await failing(plug(DAMAGED, 1200).path, timeout_s=1.0)).key is LineFault.DAMAGED


async def test_a_try_names_a_closed_door(bridge: Bridge) -> None:
    await bridge.stop()
    assert (await failing(bridge.url)).key is LineFault.REFUSED


async def test_a_try_names_a_bridge_that_hangs_up(socket_enabled: None) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def speak_and_hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HOUSE[:200])
        await writer.drain()
        writer.close()

    for serve, fault in ((hang_up, LineFault.REFUSED), (speak_and_hang_up, LineFault.LOST)):
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            assert (await failing(f"socket://127.0.0.1:{server.sockets[0].getsockname()[1]}")).key is fault


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("/dev/no-such-port", LineFault.NOT_FOUND),
        ("", LineFault.NOT_FOUND),
        ("socket://127.0.0.1", LineFault.CANNOT_OPEN),
        ("socket://127.0.0.1:99999", LineFault.CANNOT_OPEN),
        ("carrier-pigeon://loft", LineFault.CANNOT_OPEN),
        ("rfc2217://", LineFault.CANNOT_OPEN),
    ],
)
async def test_a_try_names_an_address_that_leads_nowhere(url: str, fault: LineFault) -> None:
    assert (await failing(url)).key is fault


async def test_a_try_names_what_is_no_port(tmp_path: Path) -> None:
    (tmp_path / "note").write_text("no port")
    assert (await failing(str(tmp_path / "note"))).key is LineFault.CANNOT_OPEN
    assert (await failing(str(tmp_path))).key is LineFault.CANNOT_OPEN


async def test_a_try_names_a_port_in_use(plug: Callable[[bytes, int], Pty]) -> None:
    pty = plug(HOUSE, 9600)
    fcntl.flock(pty.slave, fcntl.LOCK_EX)
    assert (await failing(pty.path)).key is LineFault.BUSY


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (PermissionError(13, "Permission denied"), LineFault.PERMISSION_DENIED),
        (OSError(113, "No route to host"), LineFault.NOT_FOUND),
        (TimeoutError(), LineFault.CANNOT_OPEN),
        (OSError(5, "Input/output error"), LineFault.CANNOT_OPEN),
    ],
)
async def test_a_try_names_what_the_system_says(
    monkeypatch: pytest.MonkeyPatch, error: Exception, fault: LineFault
) -> None:
    async def no_line(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(line_port, "create_serial_connection", no_line)
    failure = await failing("/dev/ttyUSB0")
    assert failure.key is fault
    assert failure.detail


@pytest.mark.parametrize("error", [OSError(22, "Invalid argument"), UnsupportedSetting("no parity")])
async def test_a_port_without_seven_bits_is_read_at_eight(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    asked: list[object] = []

    async def connect(*args: object, **kwargs: object) -> object:
        asked.append((args[3:], kwargs["byte_size"]))
        if kwargs["byte_size"] == 7:
            raise error
        return await create_serial_connection(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(line_port, "create_serial_connection", connect)
    bridge.says = even(HOUSE)
    assert (await probe(bridge.url)).eight_bit
    assert asked == [((9600, Parity.EVEN), 7), ((9600, Parity.NONE), 8)]


@pytest.mark.parametrize(
    ("errors", "found_at"),
    [([], 1200), ([OSError(22, "Invalid argument")], 1200), ([OSError(5, "Input/output error")], None)],
    ids=["willing", "no seven bits", "broken"],
)
async def test_a_port_may_refuse_a_change_of_speed(
    plug: Callable[[bytes, int], Pty], monkeypatch: pytest.MonkeyPatch, errors: list[Exception], found_at: int | None
) -> None:
    change = BaseSerialTransport.reconfigure_port

    async def reconfigure(transport: BaseSerialTransport, **settings: object) -> None:
        if errors:
            raise errors.pop()
        await change(transport, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr(BaseSerialTransport, "reconfigure_port", reconfigure)
    path = plug(OLD_HOUSE, 1200).path
    if found_at is None:
        assert (await failing(path, timeout_s=4)).key is LineFault.CANNOT_OPEN
    else:
        assert (await probe(path, timeout_s=4)).speed_bd == found_at


async def test_a_try_given_up_frees_the_port(bridge: Bridge) -> None:
    bridge.says = b""
    task = asyncio.create_task(probe(bridge.url))
    await until(lambda: bridge.listeners == 1)
    task.cancel()
    await asyncio.wait([task])
    await until(lambda: bridge.listeners == 0)
