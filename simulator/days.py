"""Simulated days: the home without sockets, on a clock moved by hand.

Two ways to be the controller: a function from a frame to frames (`Day.answer_with`), or
the other end of an in-memory pipe (`pipe`, `Day.attach`, `Day.advance`).
"""

import asyncio
from collections.abc import Callable, Iterable
import contextlib
from dataclasses import replace
from datetime import datetime

from simulator.clock import ManualClock
from simulator.home import HomeSettings, SimulatedHome

CHECK_EVERY = 200
YIELDS = 5

type Controller = Callable[[str], Iterable[str]]
type Watch = Callable[[SimulatedHome], Iterable[str] | None]


class PipeEnd:
    """One end of a line in memory: what is sent here arrives there."""

    def __init__(self) -> None:
        """Wait to be joined with another end."""
        self._inbox: asyncio.Queue[str] = asyncio.Queue()
        self._other: PipeEnd | None = None

    def join(self, other: PipeEnd) -> None:
        """Become the other side of `other`."""
        self._other, other._other = other, self

    async def send(self, text: str) -> None:
        """Send a frame."""
        self.send_nowait(text)

    async def recv(self) -> str:
        """Wait for a frame."""
        return await self._inbox.get()

    def send_nowait(self, text: str) -> None:
        """Send a frame without waiting."""
        if self._other is None:
            raise ConnectionError("no other end")
        self._other.take(text)

    def take(self, text: str) -> None:
        """Receive a frame from the other end."""
        self._inbox.put_nowait(text)

    def recv_nowait(self) -> str | None:
        """Take a frame if there is one."""
        return None if self._inbox.empty() else self._inbox.get_nowait()


def pipe() -> tuple[PipeEnd, PipeEnd]:
    """Make a line with two ends: the station's and the controller's."""
    station_end, controller_end = PipeEnd(), PipeEnd()
    station_end.join(controller_end)
    return station_end, controller_end


class Day:
    """A home that lives as fast as the computer can."""

    def __init__(self, settings: HomeSettings, start: datetime, *, check_every: int = CHECK_EVERY) -> None:
        """Build the home at `start`; schemas are checked for each action's first messages, then now and then."""
        self.clock = ManualClock(start)
        self.home = SimulatedHome(replace(settings, check_every=check_every), self.clock)
        self._controller: Controller | None = None
        self._line: PipeEnd | None = None

    def answer_with(self, controller: Controller, protocol: str | None = None) -> None:
        """Connect to a controller that is a plain function of each frame."""
        self._controller, self._line = controller, None
        self._link_up(protocol)

    def attach(self, line: PipeEnd, protocol: str | None = None) -> None:
        """Connect to a controller at the other end of a pipe."""
        self._controller, self._line = None, line
        self._link_up(protocol)

    def detach(self) -> None:
        """Break the line; `answer_with` or `attach` mends it."""
        self._controller = self._line = None
        self.home.station.link_down()

    def say(self, frames: Iterable[str]) -> None:
        """Bring frames from the controller to the station, and settle what they cause."""
        for frame in frames:
            self.home.station.receive(frame)
        self.settle()

    def settle(self) -> None:
        """Carry frames to and fro until the station has nothing to say (function controllers)."""
        while self._controller is not None and (frames := self.home.station.take_frames()):
            for frame in frames:
                for reply in self._controller(frame):
                    self.home.station.receive(reply)

    def run(self, seconds: float, *, step_s: float = 5.0, watch: Watch | None = None) -> None:
        """Let time pass; after each step `watch` sees the home and may return frames for the station."""
        for dt_s in _steps(seconds, step_s):
            self._relink()
            self.clock.advance(dt_s)
            self.home.step(dt_s)
            self.settle()
            if watch is not None:
                self.say(watch(self.home) or ())

    async def advance(self, seconds: float, *, step_s: float = 5.0, patience_s: float = 1.0) -> None:
        """Let time pass with a controller at the pipe's other end; return when the station is quiet.

        `patience_s` is real time: so long an answer may take before the simulated clock goes on without it.
        """
        for dt_s in _steps(seconds, step_s):
            self._relink()
            self.clock.advance(dt_s)
            self.home.step(dt_s)
            await self.quieten(patience_s)

    async def quieten(self, patience_s: float = 1.0) -> None:
        """Carry frames through the pipe until nothing is on its way."""
        line, station = self._line, self.home.station
        if line is None:
            return
        with contextlib.suppress(TimeoutError):
            while True:
                for frame in station.take_frames():
                    line.send_nowait(frame)
                for _ in range(YIELDS):
                    await asyncio.sleep(0)
                text = line.recv_nowait()
                if text is None and station.quiet:
                    return
                if text is None:
                    async with asyncio.timeout(patience_s):
                        text = await line.recv()
                station.receive(text)

    def _link_up(self, protocol: str | None) -> None:
        station = self.home.station
        station.link_down()
        if station.wants_link:
            station.link_up(protocol or station.settings.protocols[0])
        self._protocol = protocol

    def _relink(self) -> None:
        """Come back by ourselves after a reboot, as stations do."""
        station = self.home.station
        if (self._controller or self._line) and station.wants_link and not station.link:
            self._link_up(self._protocol)


def _steps(seconds: float, step_s: float) -> Iterable[float]:
    left_s = seconds
    while left_s > 1e-9:
        yield min(step_s, left_s)
        left_s -= step_s
