"""The line to a meter that talks by itself: a serial port, or a bridge to one over the network.

Whatever ``serialx`` can open: a device path, ``socket://host:port``, ``rfc2217://host:port``, ``esphome://...``.
Nothing is ever sent. A line opens itself again for as long as it is wanted, and tries the speeds it was given until
what arrives is recognised.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
import logging
from typing import Any, Final, Protocol

from serialx import BaseSerialTransport

from ..core.meters.dsmr import DsmrDecoder, DsmrTelegram
from ..core.meters.tic import TicDecoder, TicFrame
from ..core.model.moment import Moment
from .line_port import LINKY, P1, LineError, LineFault, LineSettings, opened, set_speed, speeds, unreadable

__all__ = [
    "LINKY",
    "P1",
    "ByteLine",
    "LineError",
    "LineFault",
    "LineProbe",
    "LineReport",
    "LineSettings",
    "LineState",
    "probe",
    "probe_p1",
]

_LOGGER = logging.getLogger(__name__)

_SAMPLE_BYTES: Final = 4096
_LOOK_S: Final = 0.2
_LOOK_UP_S: Final = 1.0


class LineState(StrEnum):
    """Say how a line is: what arrives makes sense, or it is open and mute, or neither."""

    UP = "up"
    SILENT = "silent"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class LineReport:
    """Hold a change of state: why the line is not up, or the speed it was found at (a TCP bridge keeps its own)."""

    state: LineState
    fault: LineFault | None = None
    detail: str = ""
    speed_bd: int | None = None


class ByteLine:
    """Keep one line open and hand on what it says.

    Args:
        url: A device path or a URL.
        settings: How to read it.
        on_bytes: Gets each piece with the moment it arrived, whether it was recognised or not.
        on_state: Gets each change of state.
        clock: Tells the moment.
    """

    def __init__(
        self,
        url: str,
        settings: LineSettings = LINKY,
        *,
        on_bytes: Callable[[bytes, Moment], None],
        on_state: Callable[[LineReport], None],
        clock: Callable[[], Moment],
    ) -> None:
        self._url = url
        self._name = url.partition("?")[0]  # what follows may be a password
        self._settings = settings
        self._on_bytes = on_bytes
        self._on_state = on_state
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._report: LineReport | None = None
        self._speeds = speeds(url, settings)
        self._turn = 0
        self._tried = 0
        self._heard_at = self._sample_from = 0.0
        self._sample = bytearray()

    @property
    def report(self) -> LineReport | None:
        """Return the state reported last; ``None`` before the first."""
        return self._report

    def start(self) -> None:
        """Begin to listen, in a task of its own."""
        if self._task is None:
            self._task = asyncio.create_task(self.run(), name=f"line {self._name}")

    async def close(self) -> None:
        """Stop listening; return once the port is free."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def run(self) -> None:
        """Listen until cancelled."""
        pause_s = self._settings.backoff_s
        while True:
            was_up = False
            try:
                async with opened(self._url, self._settings, self._speed_bd, self._take) as (transport, lost):
                    was_up = await self._listen(transport, lost)
            except LineError as err:
                self._change(LineState.DOWN, err.key, err.detail)
            if was_up:
                pause_s = self._settings.backoff_s
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, self._settings.longest_backoff_s)

    @property
    def _speed_bd(self) -> int:
        return self._speeds[self._turn % len(self._speeds)]

    @property
    def _is_up(self) -> bool:
        return self._report is not None and self._report.state is LineState.UP

    def _take(self, data: bytes) -> None:
        now_s = asyncio.get_running_loop().time()
        self._heard_at = now_s
        if now_s >= self._sample_from and len(self._sample) < _SAMPLE_BYTES:
            self._sample += data
        self._on_bytes(data, self._clock())

    async def _listen(self, transport: BaseSerialTransport, lost: asyncio.Future[str]) -> bool:
        """Follow an open line until it is lost, or mute for long; return whether it has been up."""
        loop, was_up = asyncio.get_running_loop(), False
        self._heard_at = loop.time()
        self._sample_anew(self._heard_at)
        while not lost.done():
            mute_s = loop.time() - self._heard_at
            if mute_s >= self._settings.reopen_s:
                return was_up
            if mute_s >= self._settings.silent_s:
                self._change(LineState.SILENT, LineFault.SILENT)
            elif not self._judge(loop.time()):
                await set_speed(transport, self._speed_bd)
                self._sample_anew(loop.time())
            was_up = was_up or self._is_up
            look_s = _LOOK_UP_S if self._is_up else _LOOK_S
            await asyncio.wait([lost], timeout=min(look_s, self._settings.silent_s / 2))
        self._change(LineState.DOWN, LineFault.LOST, lost.result())
        return was_up

    def _sample_anew(self, from_s: float) -> None:
        self._sample.clear()
        self._sample_from = from_s

    def _judge(self, now_s: float) -> bool:
        """Look at what was heard; return whether to stay at this speed."""
        if not self._sample:
            return True
        if self._settings.recognise(bytes(self._sample)):
            self._tried = 0
            self._sample_anew(now_s + self._settings.review_s)
            self._change(LineState.UP)
            return True
        if now_s - self._sample_from < self._settings.patience_s:
            return True
        self._tried += 1
        all_tried = self._tried >= len(self._speeds)
        if all_tried or self._is_up:
            sample = bytes(self._sample)
            self._change(LineState.DOWN, unreadable(self._url, self._settings, sample, all_tried=all_tried))
        self._turn += 1
        return False

    def _change(self, state: LineState, fault: LineFault | None = None, detail: str = "") -> None:
        speed_bd = self._speed_bd if state is LineState.UP and len(self._speeds) > 1 else None
        report, before = LineReport(state, fault, detail, speed_bd), self._report
        if before is not None and (before.state, before.fault, before.speed_bd) == (state, fault, speed_bd):
            return
        self._report = report
        if state is LineState.UP:
            _LOGGER.info("Meter line %s is up%s", self._name, f" at {speed_bd} Bd" if speed_bd else "")
        elif before is None or before.state is LineState.UP:
            _LOGGER.warning("Meter line %s is down: %s %s", self._name, fault, detail)
        self._on_state(report)


class Decoder[T](Protocol):
    """Find whole messages in what a line says."""

    accepted: int
    refused: Counter[Any]

    @property
    def eight_bit(self) -> bool:
        """Tell whether parity bits had to be cleared."""

    def receive(self, data: bytes) -> list[T]:
        """Take bytes; return the messages they complete."""


@dataclass(frozen=True, slots=True)
class LineProbe[T]:
    """Hold what a try of a meter's line found: its first whole message and the speed it came at.

    ``eight_bit`` when parity bits had to be cleared.
    """

    frame: T
    speed_bd: int | None
    eight_bit: bool


class _Trial[T]:
    """Listen to a line for a while, speed by speed."""

    def __init__(self, decoder: Callable[[], Decoder[T]], whole: Callable[[T], bool], settings: LineSettings) -> None:
        self._fresh = decoder
        self._decoder = decoder()
        self._whole = whole
        self._settings = settings
        self._heard = bytearray()
        self._first_s: float | None = None
        self._any = self._was_damaged = False
        self.frame: T | None = None

    def take(self, data: bytes) -> None:
        """Take bytes until a whole message is there."""
        self._any = True
        self._first_s = self._first_s or asyncio.get_running_loop().time()
        self._heard = (self._heard + data)[-_SAMPLE_BYTES:]
        for frame in self._decoder.receive(data):
            if self.frame is None and self._whole(frame):
                self.frame = frame

    def restart(self) -> None:
        """Forget what was heard at another speed, but for the traces of a meter in it."""
        self._was_damaged = self._was_damaged or self._is_damaged
        self._decoder, self._first_s = self._fresh(), None
        self._heard.clear()

    @property
    def _sensible(self) -> bool:
        return self._settings.recognise(bytes(self._heard))

    @property
    def _is_damaged(self) -> bool:
        """Tell whether what is heard has the shape of a meter's message, and sums that do not agree with it."""
        return self._decoder.refused["checksum"] >= max(self._decoder.accepted, self._settings.damaged_parts)

    async def attend(self, lost: asyncio.Future[str], mute_until_s: float, until_s: float, patience_s: float) -> None:
        """Wait for a message; give up early on a mute line, and on bytes that make no sense."""
        loop = asyncio.get_running_loop()
        while self.frame is None and not lost.done() and (now_s := loop.time()) < until_s:
            if self._first_s is None and now_s >= mute_until_s:
                return
            if self._first_s is not None and now_s - self._first_s > patience_s and not self._sensible:
                return
            await asyncio.sleep(_LOOK_S / 4)

    def found(self, frame: T, speed_bd: int | None) -> LineProbe[T]:
        """Return what was found."""
        return LineProbe(frame, speed_bd, self._decoder.eight_bit)

    def failure(self, url: str, lost: asyncio.Future[str]) -> LineError:
        """Name what is wrong with a line that gave no message."""
        if lost.done():
            return LineError(LineFault.LOST if self._any else LineFault.REFUSED, lost.result())
        if not self._any:
            return LineError(LineFault.SILENT)
        counts = f"{self._decoder.accepted} sound, {self._decoder.refused.total()} refused"
        if self._was_damaged or self._is_damaged:
            return LineError(LineFault.DAMAGED, counts)
        if self._sensible:
            return LineError(LineFault.GARBAGE, counts)
        return LineError(unreadable(url, self._settings, bytes(self._heard), all_tried=True), counts)


async def probe(url: str, settings: LineSettings = LINKY, *, timeout_s: float = 8.0) -> LineProbe[TicFrame]:
    """Try a Linky's line, at each of its speeds if need be.

    Raises:
        LineError: there is no line, or no Linky on it.
    """
    trial = _Trial(TicDecoder, lambda frame: frame.complete and len(frame.values) > len(frame.refused), settings)
    return await _attempt(trial, url, settings, timeout_s)


async def probe_p1(url: str, settings: LineSettings = P1, *, timeout_s: float = 26.0) -> LineProbe[DsmrTelegram]:
    """Try the line of a P1 port, at each of its speeds if need be; it may speak every ten seconds only.

    Raises:
        LineError: there is no line, or no P1 port on it.
    """
    share_s = timeout_s * len(speeds(url, settings)) / len(settings.speeds_bd)
    return await _attempt(_Trial(DsmrDecoder, lambda _: True, settings), url, settings, share_s)


async def _attempt[T](trial: _Trial[T], url: str, settings: LineSettings, timeout_s: float) -> LineProbe[T]:
    loop, choices = asyncio.get_running_loop(), speeds(url, settings)
    share_s, speed_bd = timeout_s / len(choices), choices[0]
    async with opened(url, settings, speed_bd, trial.take) as (transport, lost):
        begin_s = loop.time()  # a bridge far away may take its time to open
        until_s = begin_s + timeout_s
        for turn, speed_bd in enumerate(choices, 1):
            if turn > 1:
                await set_speed(transport, speed_bd)
                trial.restart()
            await trial.attend(lost, begin_s + turn * share_s, until_s, timeout_s / 5)
            if trial.frame is not None:
                return trial.found(trial.frame, speed_bd if len(choices) > 1 else None)
        raise trial.failure(url, lost)
