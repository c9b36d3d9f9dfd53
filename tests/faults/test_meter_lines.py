"""Meters whose line breaks, falls mute, is spoken to at a wrong speed or says nonsense: named, and back by itself.

Fault 6 at the line: every kind of wire, each way it can break, over real sockets and pseudo terminals.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
import termios
from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from custom_components.mobilize_flex import meter_sources
from custom_components.mobilize_flex.shell.byte_line import LINKY, P1
from simulator.modbus_maps import MAPS
from simulator.modbus_meter import ModbusMeter
from simulator.p1 import P1Kind, telegram
from tests.core.meters.wire import frame, house as groups, old_house
from tests.face.test_meters import house, losses, meter_part, modbus_part, readings
from tests.face.test_sources import Following
from tests.shell.test_byte_line import Bridge, Pty

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
QUICK: dict[str, Any] = {
    "patience_s": 0.4,
    "review_s": 0.3,
    "silent_s": 0.5,
    "reopen_s": 2.0,
    "backoff_s": 0.05,
    "longest_backoff_s": 0.2,
}
NOISE = bytes(range(0x80)) * 4
TEXT = b"login: \r\npassword: \r\n" * 10

pytestmark = [pytest.mark.usefixtures("socket_enabled"), pytest.mark.timeout(60)]


def tic() -> bytes:
    return frame(*groups())


def p1() -> bytes:
    return telegram(NOW, house(), P1Kind.V50)


SAYS: dict[str, Callable[[], bytes]] = {"linky": tic, "p1": p1}
DAMAGED: dict[str, Callable[[], bytes]] = {
    "linky": lambda: tic().replace(b"\r", b"\x7f\r"),
    "p1": lambda: p1()[:-6] + b"0000\r\n",
}
SPEED_BD = {"linky": 9600, "p1": 115200}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let lines be judged in tenths of seconds, in the same order and by the same rules."""
    monkeypatch.setattr(meter_sources, "LINKY", replace(LINKY, **QUICK))
    monkeypatch.setattr(meter_sources, "P1", replace(P1, **QUICK))
    monkeypatch.setattr(meter_sources, "POLL_S", 0.2)
    monkeypatch.setattr(meter_sources, "LONGEST_PAUSE_S", 0.4)


async def soon(true: Callable[[], Any], within_s: float = 12.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def survives(
    following: Following, break_it: Callable[[], Any], mend: Callable[[], Any], reasons: set[str]
) -> None:
    """Break a line that is read, wait until it is named so, mend it, wait until it is read again."""
    await soon(lambda: readings(following))
    told = len(losses(following))
    await _done(break_it())
    await soon(lambda: losses(following)[told:])
    await soon(lambda: losses(following)[-1] in reasons)
    heard = len(readings(following))
    await asyncio.sleep(0.3)
    assert len(readings(following)) == heard, "a broken line is still read"
    await _done(mend())
    await soon(lambda: len(readings(following)) > heard + 1)
    assert len(losses(following)) - told <= 3, losses(following)


async def _done(result: Any) -> None:
    if asyncio.iscoroutine(result):
        await result


@asynccontextmanager
async def bridged(says: bytes) -> AsyncIterator[Bridge]:
    one = Bridge(says)
    await one.start()
    try:
        yield one
    finally:
        await one.stop()


@pytest.mark.parametrize("kind", ["linky", "p1"])
@pytest.mark.parametrize(
    ("what", "reasons"),
    [
        ("closed", {"lost", "refused"}),
        ("mute", {"silent"}),
        ("noise", {"wrong_speed"}),
        ("text", {"garbage"}),
        ("damaged", {"garbage"}),
    ],
)
async def test_a_bridge_that_breaks(hass: HomeAssistant, kind: str, what: str, reasons: set[str]) -> None:
    says = SAYS[kind]()
    wrong = {"mute": b"", "noise": NOISE, "text": TEXT, "damaged": DAMAGED[kind]()}
    async with bridged(says) as bridge, Following(hass, meter_part(kind=kind, line=bridge.url)) as following:
        if what == "closed":
            await survives(following, bridge.stop, bridge.start, reasons)
            return
        await survives(
            following,
            lambda: setattr(bridge, "says", wrong[what]),
            lambda: setattr(bridge, "says", says),
            reasons,
        )


@pytest.mark.parametrize("kind", ["linky", "p1"])
async def test_a_bridge_nobody_switched_on_yet(hass: HomeAssistant, kind: str) -> None:
    async with bridged(b"") as bridge:
        await bridge.stop()
        async with Following(hass, meter_part(kind=kind, line=bridge.url)) as following:
            await soon(lambda: losses(following) == ["refused"])
            bridge.says = SAYS[kind]()
            await bridge.start()
            await soon(lambda: len(readings(following)) > 1)


class Adapter:
    """A serial adapter under the name it keeps wherever it is plugged in."""

    def __init__(self, name: Path, says: bytes, speed_bd: int) -> None:
        self._name, self._says, self._speed_bd = name, says, speed_bd
        self.port: Pty
        self.plug()

    def plug(self) -> None:
        self.port = Pty(self._says, self._speed_bd)
        self._name.unlink(missing_ok=True)
        self._name.symlink_to(self.port.path)

    def unplug(self) -> None:
        self.port.unplug()
        self._name.unlink(missing_ok=True)

    def say(self, words: bytes) -> None:
        self.port.says = words


@pytest.fixture
def adapters(tmp_path: Path) -> Any:
    made: list[Adapter] = []

    def make(kind: str) -> Adapter:
        made.append(Adapter(tmp_path / "by-id", SAYS[kind](), SPEED_BD[kind]))
        return made[-1]

    yield make
    for one in made:
        one.unplug()


@pytest.mark.parametrize("kind", ["linky", "p1"])
@pytest.mark.parametrize(
    ("what", "reasons"),
    [
        ("unplugged", {"lost", "not_found", "cannot_open"}),
        ("mute", {"silent"}),
        ("noise", {"garbage", "wrong_speed"}),
    ],
)
async def test_an_adapter_that_breaks(
    hass: HomeAssistant, adapters: Callable[[str], Adapter], tmp_path: Path, kind: str, what: str, reasons: set[str]
) -> None:
    adapter = adapters(kind)
    async with Following(hass, meter_part(kind=kind, line=str(tmp_path / "by-id"))) as following:
        if what == "unplugged":
            await survives(following, adapter.unplug, adapter.plug, reasons)
            return
        wrong = b"" if what == "mute" else NOISE
        await survives(following, lambda: adapter.say(wrong), lambda: adapter.say(SAYS[kind]()), reasons)


async def test_a_linky_switched_to_the_other_mode_is_followed(
    hass: HomeAssistant, adapters: Callable[[str], Adapter], tmp_path: Path
) -> None:
    adapter = adapters("linky")
    async with Following(hass, meter_part(kind="linky", line=str(tmp_path / "by-id"))) as following:
        await soon(lambda: readings(following))
        assert readings(following)[-1].voltage_v[0] is not None
        adapter.port.says, adapter.port.speed = frame(*old_house()), termios.B1200
        await soon(lambda: readings(following)[-1].voltage_v[0] is None)
        adapter.port.says, adapter.port.speed = tic(), termios.B9600
        await soon(lambda: readings(following)[-1].voltage_v[0] is not None)


# Modbus


@asynccontextmanager
async def registers(**how: Any) -> AsyncIterator[ModbusMeter]:
    meter = ModbusMeter(house(), "siemens_pac2200", **how)
    await meter.open()
    try:
        yield meter
    finally:
        await meter.close()


@pytest.mark.parametrize("serial", [False, True])
async def test_a_modbus_meter_whose_port_closes(hass: HomeAssistant, serial: bool) -> None:
    async with registers(serial=serial) as meter:
        link = {"link": "rtu_over_tcp"} if serial else {}

        async def again() -> None:
            await meter.open()

        async with Following(hass, modbus_part(meter, **link)) as following:
            await survives(following, meter.close, again, {"modbus_cannot_connect", "modbus_no_answer"})


@pytest.mark.parametrize("serial", [False, True])
async def test_a_modbus_meter_that_falls_mute(hass: HomeAssistant, serial: bool) -> None:
    async with registers(serial=serial) as meter:
        link = {"link": "serial", "line": meter.path} if serial else {}
        async with Following(hass, modbus_part(meter, **link)) as following:
            await survives(following, meter.speaks.clear, meter.speaks.set, {"modbus_no_answer"})


async def test_another_meter_in_its_place_is_refused(hass: HomeAssistant) -> None:
    async with registers() as meter, Following(hass, modbus_part(meter)) as following:
        known, other = meter._map, replace(MAPS["schneider_iem3000"], functions=(1,))
        await survives(
            following,
            lambda: setattr(meter, "_map", other),
            lambda: setattr(meter, "_map", known),
            {"modbus_refused"},
        )


async def test_a_line_that_takes_the_bridge_for_another_kind_is_named(hass: HomeAssistant) -> None:
    async with registers(serial=True) as meter, Following(hass, modbus_part(meter)) as following:
        await soon(lambda: losses(following))
        assert losses(following)[0] in ("modbus_no_answer", "modbus_garbled")
        assert readings(following) == []
