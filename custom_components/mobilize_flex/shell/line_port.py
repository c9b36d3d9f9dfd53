"""One opening of the meter's serial port, with what can go wrong in plain words."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
import errno
import socket
from typing import Final, override

from serialx import BaseSerialTransport, Parity, SerialException, UnsupportedSetting, create_serial_connection

from ..core.meters.dsmr import speaks_dsmr
from ..core.meters.tic import detect_mode

_PLAIN: Final = (8, Parity.NONE)  # the decoder clears and checks the parity bits itself
_CONNECT_S: Final = 5.0
_CLOSE_S: Final = 5.0
_FIXED_SPEED: Final = ("socket://", "tcp://")
_NOT_THERE: Final = (errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EHOSTUNREACH, errno.ENETUNREACH)
_NOT_MINE: Final = (errno.EACCES, errno.EPERM)
_UNTEXT: Final = bytes({*range(0x20), 0x7F} - set(b"\x02\x03\x04\t\n\r"))
_UNTEXT_SHARE: Final = 0.05


class LineFault(StrEnum):
    """Name what is wrong with a line, in the words a form has sentences for."""

    CANNOT_OPEN = "cannot_open"
    PERMISSION_DENIED = "permission_denied"
    NOT_FOUND = "not_found"
    REFUSED = "refused"
    BUSY = "busy"
    LOST = "lost"
    SILENT = "silent"
    GARBAGE = "garbage"
    DAMAGED = "damaged"
    WRONG_SPEED = "wrong_speed"


class LineError(Exception):
    """Say that a line cannot be used; ``key`` is for people, ``detail`` for the log."""

    def __init__(self, key: LineFault, detail: str = "") -> None:
        super().__init__(f"{key}: {detail}" if detail else str(key))
        self.key = key
        self.detail = detail


def speaks_tic(data: bytes) -> bool:
    """Tell whether a stretch of bytes is a Linky, in either of its languages."""
    return detect_mode(data) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSettings:
    """Hold how a line is read; the defaults are a Linky's: seven bits, even parity, the standard mode's speed first.

    Bytes that ``recognise`` does not know within ``patience_s`` mean the next speed; a line that is up is judged
    anew every ``review_s``, because a meter can be switched from afar. ``damaged_parts`` is how many make it damaged.
    """

    speeds_bd: tuple[int, ...] = (9600, 1200)
    byte_size: int = 7
    parity: Parity = Parity.EVEN
    recognise: Callable[[bytes], bool] = speaks_tic
    patience_s: float = 2.5
    review_s: float = 20.0
    silent_s: float = 10.0
    reopen_s: float = 60.0
    backoff_s: float = 1.0
    longest_backoff_s: float = 20.0
    damaged_parts: int = 3


LINKY: Final = LineSettings()
P1: Final = LineSettings(
    speeds_bd=(115200, 9600),
    byte_size=8,  # version 2 has seven bits with parity; the decoder clears and checks the parity bits itself
    parity=Parity.NONE,
    recognise=speaks_dsmr,
    patience_s=12.0,  # up to version 4 a meter speaks every ten seconds
    silent_s=25.0,
    damaged_parts=1,
)


class _Listener(asyncio.Protocol):
    """Hand on what arrives, and keep how the connection ended."""

    def __init__(self, on_bytes: Callable[[bytes], None]) -> None:
        self._on_bytes = on_bytes
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    @override
    def data_received(self, data: bytes) -> None:
        self._on_bytes(data)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(str(exc) if exc else "closed by the other end")


type Connection = tuple[BaseSerialTransport, asyncio.Future[str]]


@asynccontextmanager
async def opened(
    url: str, settings: LineSettings, speed_bd: int, on_bytes: Callable[[bytes], None]
) -> AsyncGenerator[Connection]:
    """Hold a line open for as long as the block lasts.

    Raises:
        LineError: it cannot be opened.
    """
    listener = _Listener(on_bytes)
    try:
        try:
            transport = await _connect(url, listener, speed_bd, settings.byte_size, settings.parity)
        except (OSError, UnsupportedSetting) as err:
            if not _dislikes_characters(err):
                raise
            transport = await _connect(url, listener, speed_bd, *_PLAIN)
    except (OSError, SerialException, ValueError) as err:
        raise LineError(fault_of(err), str(err) or type(err).__name__) from err
    try:
        yield transport, listener.lost
    finally:
        transport.close()
        try:
            async with asyncio.timeout(_CLOSE_S):
                await transport.wait_closed()
        except TimeoutError:
            transport.abort()


async def _connect(url: str, listener: _Listener, speed_bd: int, byte_size: int, parity: Parity) -> BaseSerialTransport:
    transport, _ = await create_serial_connection(
        asyncio.get_running_loop(),
        lambda: listener,
        url,
        speed_bd,
        parity,
        byte_size=byte_size,
        connect_timeout=_CONNECT_S,
    )
    return transport


def _dislikes_characters(err: Exception) -> bool:
    """Tell whether a port cannot do seven bits with parity: some adapters, and ptys opened a second time."""
    return isinstance(err, UnsupportedSetting) or (isinstance(err, OSError) and err.errno == errno.EINVAL)


def fault_of(err: BaseException) -> LineFault:
    """Return what keeps a line from opening, as far as the system says."""
    match err:
        case ConnectionRefusedError():
            return LineFault.REFUSED
        case socket.gaierror():
            return LineFault.NOT_FOUND
        case OSError(errno=code) if code in _NOT_THERE:
            return LineFault.NOT_FOUND
        case OSError(errno=code) if code in _NOT_MINE:
            return LineFault.PERMISSION_DENIED
        case OSError(errno=errno.EBUSY):
            return LineFault.BUSY
        case _:
            return LineFault.CANNOT_OPEN


async def set_speed(transport: BaseSerialTransport, speed_bd: int) -> None:
    """Change the speed of an open line.

    Raises:
        LineError: the port does not take it.
    """
    try:
        async with asyncio.timeout(_CONNECT_S):
            try:
                await transport.reconfigure_port(baudrate=speed_bd)
            except (OSError, UnsupportedSetting) as err:
                if not _dislikes_characters(err):
                    raise
                byte_size, parity = _PLAIN
                await transport.reconfigure_port(baudrate=speed_bd, byte_size=byte_size, parity=parity)
    except (OSError, SerialException) as err:
        raise LineError(fault_of(err), f"{speed_bd} Bd: {err}") from err


def speeds(url: str, settings: LineSettings) -> tuple[int, ...]:
    """Return the speeds worth trying: a plain TCP bridge has one and does not take orders."""
    return settings.speeds_bd[:1] if url.startswith(_FIXED_SPEED) else settings.speeds_bd


def unreadable(url: str, settings: LineSettings, heard: bytes, *, all_tried: bool) -> LineFault:
    """Tell noise that another speed would cure from a text that is not ours."""
    if not all_tried:
        return LineFault.WRONG_SPEED
    seven = bytes(b & 0x7F for b in heard)
    noise = len(seven) - len(seven.translate(None, _UNTEXT))
    curable = len(speeds(url, settings)) == 1
    return LineFault.WRONG_SPEED if curable and noise > _UNTEXT_SHARE * len(seven) else LineFault.GARBAGE
