"""The time the simulated home lives by."""

import asyncio
from datetime import UTC, datetime, timedelta
import heapq
import itertools
import time
from typing import Protocol


class Clock(Protocol):
    """What every part of the home asks for the time."""

    def now(self) -> datetime:
        """Tell the moment, aware, in UTC."""
        ...

    def monotonic_s(self) -> float:
        """Tell seconds that never jump back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds of this clock."""
        ...


class RealClock:
    """Wall time, or wall time run faster from the moment of creation on."""

    def __init__(self, speed: float = 1.0) -> None:
        """Start at the present moment; `speed` 60 makes a minute last a second."""
        self.speed = speed
        self._started = datetime.now(UTC)
        self._origin_s = time.monotonic()

    def now(self) -> datetime:
        """Tell the moment, aware, in UTC."""
        return self._started + timedelta(seconds=self.monotonic_s())

    def monotonic_s(self) -> float:
        """Tell the seconds since creation, at this clock's speed."""
        return (time.monotonic() - self._origin_s) * self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds of this clock."""
        await asyncio.sleep(seconds / self.speed)


class ManualClock:
    """Time that moves only when somebody moves it."""

    def __init__(self, start: datetime) -> None:
        """Start at `start`, which must be aware."""
        self._now = start.astimezone(UTC)
        self._elapsed_s = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> datetime:
        """Tell the moment, aware, in UTC."""
        return self._now

    def monotonic_s(self) -> float:
        """Tell the seconds since creation."""
        return self._elapsed_s

    def advance(self, seconds: float) -> None:
        """Move on, and wake whoever slept until then."""
        self._elapsed_s += seconds
        self._now += timedelta(seconds=seconds)
        while self._sleepers and self._sleepers[0][0] <= self._elapsed_s:
            sleeper = heapq.heappop(self._sleepers)[2]
            if not sleeper.done():
                sleeper.set_result(None)

    async def sleep(self, seconds: float) -> None:
        """Wait until somebody has moved this clock far enough."""
        sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed_s + seconds, next(self._order), sleeper))
        await sleeper


class WrongClock:
    """The clock of a station that nobody set."""

    def __init__(self, clock: Clock, wrong_by_s: float) -> None:
        """Be wrong by so many seconds, always the same."""
        self._clock = clock
        self._wrong_by = timedelta(seconds=wrong_by_s)

    def now(self) -> datetime:
        """Tell the wrong moment, aware, in UTC."""
        return self._clock.now() + self._wrong_by

    def monotonic_s(self) -> float:
        """Tell the seconds since creation, which are right."""
        return self._clock.monotonic_s()

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds."""
        await self._clock.sleep(seconds)
