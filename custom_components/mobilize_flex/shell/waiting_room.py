"""The waiting room at the stations' door: who has not proved himself yet, how many, how long, and who makes room."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
import contextlib
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

ADDRESSES_REMEMBERED: Final = 1024
HELD_BACK: Final = 64
FIRST_WAIT_S: Final = 0.1
LONGEST_WAIT_S: Final = 2.0
FORGOTTEN_AFTER_S: Final = 60.0
MOST_FAILURES: Final = 16


class Patience:
    """Let those who guess passwords wait for each answer, longer each time; the right password never waits."""

    def __init__(self) -> None:
        """Begin with everybody unknown."""
        self._failures: dict[str, tuple[int, float]] = {}
        self._held = 0

    async def hold_back(self, address: str) -> None:
        """Return when a refusal may leave; at once where so many wait already that waiting is what harms us."""
        wait_s = self.wait_s(address, asyncio.get_running_loop().time())
        if self._held >= HELD_BACK:
            return
        self._held += 1
        try:
            await asyncio.sleep(wait_s)
        finally:
            self._held -= 1

    def wait_s(self, address: str, now_s: float) -> float:
        """Return how long the next refusal is held back."""
        count, since_s = self._failures.pop(address, (0, now_s))
        if now_s - since_s > FORGOTTEN_AFTER_S:
            count = 0
        if len(self._failures) >= ADDRESSES_REMEMBERED:
            del self._failures[next(iter(self._failures))]
        self._failures[address] = (min(count + 1, MOST_FAILURES), now_s)
        return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0**count)


class _Stage(IntEnum):
    """Name how far a caller is, those first who make room first."""

    TOLD = 0
    SILENT = 1
    HEARD = 2


@dataclass(slots=True)
class _Seat:
    """Hold where a caller came from, how to show him out, and how far he is."""

    address: str
    show_out: Callable[[], object]
    stage: _Stage = _Stage.SILENT


class WaitingRoom:
    """Seat connections that have not proved who they are; nobody can fill the house with strangers.

    When it is full somebody makes room: who was told already that he may not come in, else who came first. Only who is
    being heard stays. So a crowd from a station's own address, behind the same router for instance, does not keep that
    station out.
    """

    def __init__(self, per_address: int, in_all: int) -> None:
        """Set how many may wait from one address and in all."""
        self._per_address = per_address
        self._in_all = in_all
        self._seats: dict[object, _Seat] = {}
        self._counts: Counter[str] = Counter()

    def enter(self, caller: object, address: str, show_out: Callable[[], object]) -> bool:
        """Let a connection in, once; false when there is no room and nobody can make any."""
        if caller in self._seats:
            return True
        full = len(self._seats) >= self._in_all or self._counts[address] >= self._per_address
        if full and not self._make_room(self._crowded(address)):
            return False
        self._seats[caller] = _Seat(address, show_out)
        self._counts[address] += 1
        return True

    @contextlib.contextmanager
    def hearing(self, caller: object) -> Iterator[None]:
        """Let a caller keep his seat while what he shows is looked at."""
        seat = self._seats.get(caller)
        if seat is not None:
            seat.stage = _Stage.HEARD
        try:
            yield
        finally:
            if seat is not None:
                seat.stage = _Stage.TOLD

    def leave(self, caller: object) -> None:
        """Let a connection out: it proved itself, or is gone."""
        seat = self._seats.pop(caller, None)
        if seat is not None:
            self._counts[seat.address] -= 1
            if not self._counts[seat.address]:
                del self._counts[seat.address]

    def _crowded(self, address: str) -> str:
        """Return the address with the most seats; this one where it has as many, or all it may have."""
        fullest, most = self._counts.most_common(1)[0]
        return address if self._counts[address] in (most, self._per_address) else fullest

    def _make_room(self, address: str) -> bool:
        crowd = [caller for caller, seat in self._seats.items() if seat.address == address]
        first = min(crowd, key=lambda caller: self._seats[caller].stage, default=None)
        if first is None or self._seats[first].stage is _Stage.HEARD:
            return False
        show_out = self._seats[first].show_out
        self.leave(first)
        show_out()
        return True
