"""A meter's serial line, over TCP and on a pseudo terminal."""

import asyncio
from collections.abc import Callable
import contextlib
import os
import termios
from typing import override

LOOPBACK = "127.0.0.1"
NOISE = bytes((byte * 37 + 0x95) % 0x100 for byte in range(0x100))
"""What each character looks like at a wrong speed."""


class MeterWire:
    """A serial port server that repeats a meter's messages at the pace of its line."""

    def __init__(
        self, frame: Callable[[], bytes], port: int, *, bytes_per_s: float, gap_s: float, period_s: float = 0.0
    ) -> None:
        """Serve `frame` on 127.0.0.1, each `period_s` or as fast as it goes; port 0 takes any free one."""
        self.silent = False
        self.port = port
        self._frame = frame
        self._bytes_per_s = bytes_per_s
        self._gap_s = gap_s
        self._period_s = period_s
        self._server: asyncio.Server | None = None
        self._readers: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._welcome, LOOPBACK, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def run(self) -> None:
        """Send message after message to everybody who listens."""
        while True:
            frame = self._frame()
            half = len(frame) // 2
            for part in (frame[:half], frame[half:]):
                if not self.silent:
                    self._broadcast(part)
                await asyncio.sleep(len(part) / self._bytes_per_s)
            await asyncio.sleep(max(self._gap_s, self._period_s - len(frame) / self._bytes_per_s))

    async def close(self) -> None:
        """Stop listening and hang up."""
        if self._server is not None:
            self._server.close()
        for reader in list(self._readers):
            reader.transport.abort()
        self._readers.clear()

    def _broadcast(self, part: bytes) -> None:
        for reader in list(self._readers):
            if reader.is_closing():
                self._readers.discard(reader)
            else:
                reader.write(part)

    async def _welcome(self, commands: asyncio.StreamReader, reader: asyncio.StreamWriter) -> None:
        self._readers.add(reader)
        with contextlib.suppress(OSError):
            while await commands.read(1024):
                pass
        self._readers.discard(reader)
        reader.close()


class ObedientWire(MeterWire):
    """A serial port server that takes orders (RFC 2217): at any speed but the line's own it passes noise on.

    It grants every option and acknowledges every setting.
    """

    IAC, SE, SB, WILL, DO = 0xFF, 0xF0, 0xFA, 0xFB, 0xFD
    PORT, SPEED = 44, 1

    def __init__(self, frame: Callable[[], bytes], port: int, *, speed_bd: int, gap_s: float) -> None:
        """Serve `frame` on 127.0.0.1 at a speed; port 0 takes any free one."""
        super().__init__(frame, port, bytes_per_s=speed_bd / 10, gap_s=gap_s)
        self.told_bd: int | None = None
        self._speed_bd = speed_bd

    @override
    def _broadcast(self, part: bytes) -> None:
        heard = part if self.told_bd == self._speed_bd else part.translate(NOISE)
        super()._broadcast(heard.replace(b"\xff", b"\xff\xff"))

    @override
    async def _welcome(self, commands: asyncio.StreamReader, reader: asyncio.StreamWriter) -> None:
        self._readers.add(reader)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while await commands.readuntil(bytes((self.IAC,))):
                command, option = await commands.readexactly(2)
                if command == self.SB:
                    await self._obey(commands, reader)
                elif command in (self.WILL, self.DO):
                    reader.write(bytes((self.IAC, self.DO if command == self.WILL else self.WILL, option)))
        self._readers.discard(reader)
        reader.close()

    async def _obey(self, commands: asyncio.StreamReader, reader: asyncio.StreamWriter) -> None:
        setting, *value = (await commands.readuntil(bytes((self.IAC, self.SE))))[:-2]
        if setting == self.SPEED:
            self.told_bd = int.from_bytes(value)
        reader.write(bytes((self.IAC, self.SB, self.PORT, setting + 100, *value, self.IAC, self.SE)))


class PtyBridge:
    """A pseudo terminal in front of a TCP port, as a serial adapter is to a line.

    With a `speed_bd` it passes noise on as long as nobody sets it to that speed.
    """

    def __init__(self, port: int, *, speed_bd: int | None = None) -> None:
        """Stand before a port of 127.0.0.1."""
        self._port = port
        self._speed: int | None = None
        if speed_bd is not None:
            self.turn(speed_bd)
        self._master, self._slave = os.openpty()
        self.path = os.ttyname(self._slave)
        self._writer: asyncio.StreamWriter | None = None
        self._pump: asyncio.Task[None] | None = None

    def turn(self, speed_bd: int) -> None:
        """Let the line speak at another speed."""
        self._speed = int(getattr(termios, f"B{speed_bd}"))

    async def open(self) -> None:
        """Carry bytes both ways."""
        os.set_blocking(self._master, False)
        reader, self._writer = await asyncio.open_connection(LOOPBACK, self._port)
        asyncio.get_running_loop().add_reader(self._master, self._outward)
        self._pump = asyncio.create_task(self._inward(reader))

    async def close(self) -> None:
        """Pull the adapter."""
        asyncio.get_running_loop().remove_reader(self._master)
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)
        if self._writer is not None:
            self._writer.transport.abort()
        for end in (self._master, self._slave):
            with contextlib.suppress(OSError):
                os.close(end)

    def _outward(self) -> None:
        with contextlib.suppress(OSError):
            data = os.read(self._master, 1024)
            if self._writer is not None:
                self._writer.write(data)

    async def _inward(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(1024):
            with contextlib.suppress(OSError):
                told = termios.tcgetattr(self._master)[5]
                os.write(self._master, data if self._speed in (None, told) else data.translate(NOISE))
