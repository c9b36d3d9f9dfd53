"""The notice board: who looks at which part of the home, told of a change at most once a second."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from .core.model.state import EvseState, SiteState, StationState

PACE_S: Final = 1.0
SITE: Final = "site/site"

type Told = Callable[[], float | None]
"""Looks again; returns after how many seconds it wants to look once more, if it held something back."""


@dataclass(slots=True)
class _Part:
    """Hold who looks at one part, when they were last told, when they will be."""

    looking: list[Told] = field(default_factory=list)
    told_at: float = float("-inf")
    due: float = float("inf")
    call: asyncio.Handle | None = None


class Board:
    """Tell those who look at a part of the home that it changed; nobody else is disturbed."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start with nobody looking."""
        self._loop = loop
        self._parts: dict[str, _Part] = {}
        self._closed = False

    def listen(self, part: str, told: Told) -> Callable[[], None]:
        """Tell ``told`` of each change of a part; return how to stop that."""
        looking = self._parts.setdefault(part, _Part()).looking
        looking.append(told)
        return lambda: looking.remove(told)

    def changed(self, part: str, *, urgent: bool = False) -> None:
        """Take note that a part changed: those who look are told within a second, or as soon as the loop is free."""
        known = self._parts.get(part)
        if known is not None:
            now = self._loop.time()
            self._tell_at(part, known, now if urgent else max(now, known.told_at + PACE_S))

    def close(self) -> None:
        """Tell nobody anything any more."""
        self._closed = True
        for known in self._parts.values():
            if known.call is not None:
                known.call.cancel()

    def _tell_at(self, part: str, known: _Part, due: float) -> None:
        if self._closed or known.due <= due:
            return
        if known.call is not None:
            known.call.cancel()
        known.due = due
        if due <= self._loop.time():
            known.call = self._loop.call_soon(self._tell, part, known)
        else:
            known.call = self._loop.call_at(due, self._tell, part, known)

    def _tell(self, part: str, known: _Part) -> None:
        known.call, known.due = None, float("inf")
        known.told_at = now = self._loop.time()
        waits = [wait for told in tuple(known.looking) if (wait := told()) is not None]
        if waits:
            self._tell_at(part, known, now + max(PACE_S, min(waits)))


def news(before: SiteState, after: SiteState) -> Iterator[tuple[str, bool]]:
    """Yield the parts that a step changed, and whether people should see it at once; identity says what changed."""
    if after.stations is not before.stations:
        for identity, station in after.stations.items():
            old = before.stations.get(identity)
            if old is not station:
                yield from _station_news(after, identity, old, station)
    if after.meter is not before.meter and after.config.meter is not None:
        yield f"meter/{after.config.meter.key}", before.meter.lost != after.meter.lost
    if after.vehicles is not before.vehicles:
        yield from _vehicle_news(after)
    if any(getattr(after, name) is not getattr(before, name) for name in ("config", "wishes", "prices")):
        yield SITE, after.wishes is not before.wishes


def came_and_went(before: SiteState, after: SiteState) -> Iterator[tuple[str, bool]]:
    """Yield the names of the stations that a step connected or lost."""
    if after.stations is not before.stations:
        for identity, station in after.stations.items():
            old = before.stations.get(identity)
            if old is not None and old.online is not station.online:
                yield station.config.name, station.online


def _station_news(
    after: SiteState, identity: str, old: StationState | None, new: StationState
) -> Iterator[tuple[str, bool]]:
    urgent = old is None or old.online is not new.online or old.firmware is not new.firmware
    for number, evse in new.evses.items():
        was = old.evses.get(number) if old is not None else None
        was = was or EvseState(evse=number)
        urgent = urgent or _turned(was, evse)
        if was.plan is not evse.plan:
            yield SITE, False
        if was.readings.soc_at is not evse.readings.soc_at:
            yield from _vehicle_news(after)
    yield f"station/{identity}", urgent


def _vehicle_news(after: SiteState) -> Iterator[tuple[str, bool]]:
    return ((f"vehicle/{car.key}", False) for car in after.config.vehicles)


def _turned(was: EvseState, now: EvseState) -> bool:
    """Return whether something changed that people see at once."""
    return (
        was.phase is not now.phase
        or was.connector is not now.connector
        or was.decision.why.reason is not now.decision.why.reason
        or was.problems != now.problems
    )
