"""The notice board: who looks at which part of the home, told of a change at most once a second."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from .core.model.accounts import Books
from .core.model.reasons import Reason
from .core.model.state import Envelope, EvseState, SiteState, StationState
from .shell.share import Share

PACE_S: Final = 1.0
SITE: Final = "site/site"
EVSE: Final = "evse"
"""The kind of what a station has beside its first EVSE, which the station stands for."""

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
        self._share = Share()
        self._closed = False

    def listen(self, part: str, told: Told) -> None:
        """Tell ``told`` of each change of a part."""
        self._parts.setdefault(part, _Part()).looking.append(told)

    def leave(self, part: str, told: Told) -> None:
        """Tell ``told`` no more of a part."""
        known = self._parts.get(part)
        if known is not None and told in known.looking:
            known.looking.remove(told)

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
        if self._share.used_up:
            known.call = self._loop.call_soon(self._tell, part, known)
            return
        known.call, known.due = None, float("inf")
        known.told_at = now = self._loop.time()
        waits = [wait for told in tuple(known.looking) if (wait := told()) is not None]
        self._share.worked(self._loop.time() - now)
        if waits:
            self._tell_at(part, known, now + max(PACE_S, min(waits)))


type Moved = tuple[str, StationState | None, StationState]
"""A station that a step changed: its identity, as it was, as it is."""


def moved(before: SiteState, after: SiteState) -> list[Moved]:
    """Return the stations that a step changed."""
    if after.stations is before.stations:
        return []
    known = before.stations.get
    return [(name, old, station) for name, station in after.stations.items() if (old := known(name)) is not station]


def news(before: SiteState, after: SiteState, stations: Iterable[Moved]) -> Iterator[tuple[str, bool]]:
    """Yield the parts that a step changed, and whether people should see it at once; identity says what changed."""
    for identity, old, station in stations:
        yield from _station_news(after, identity, old, station)
    if after.meter is not before.meter and after.config.meter is not None:
        yield f"meter/{after.config.meter.key}", before.meter.lost != after.meter.lost
    if after.dimming is not before.dimming and after.config.dimming is not None:
        yield f"contacts/{after.config.dimming.key}", True
    if after.vehicles is not before.vehicles or after.learned is not before.learned:
        yield from _vehicle_news(after)
    if after.books.accounts is not before.books.accounts:
        yield from _account_news(before.books, after)
    wished = after.wishes is not before.wishes
    if wished or after.config is not before.config or after.prices is not before.prices:
        yield SITE, wished


def bound_anew(stations: Iterable[Moved]) -> Iterator[str]:
    """Yield a sentence for each EVSE whose limits something else sets than before."""
    for _, known, station in stations:
        if known is None:
            continue
        for number, evse in station.evses.items():
            old, new = known.evses.get(number), evse.envelope
            if old is not None and old.envelope is not new and _reasons(old.envelope) != _reasons(new):
                inward, outward = (
                    f"{new.max_w:.0f} W ({new.max_because})",
                    f"{abs(new.min_w):.0f} W ({new.min_because})",
                )
                yield f"{station.config.name}, EVSE {number}: {inward} at most into the car, {outward} out of it"


def _reasons(allowed: Envelope) -> tuple[Reason, Reason]:
    return allowed.max_because, allowed.min_because


def came_and_went(stations: Iterable[Moved]) -> Iterator[tuple[str, bool]]:
    """Yield the names of the stations that a step connected or lost."""
    for _, old, station in stations:
        if old is not None and old.online is not station.online:
            yield station.config.name, station.online


def several_evses(stations: Iterable[Moved]) -> list[str]:
    """Return the stations of more than one EVSE that a step changed."""
    return [identity for identity, _, station in stations if len(station.evses) > 1]


def evse_part(identity: str, number: int) -> str:
    """Return the name of an EVSE on the board."""
    return f"{EVSE}/{identity}/{number}"


def evse_named(part: str) -> tuple[str, int]:
    """Return the station and the number of an EVSE that is named as on the board."""
    identity, _, number = part.removeprefix(f"{EVSE}/").rpartition("/")
    return identity, int(number)


def _station_news(
    after: SiteState, identity: str, old: StationState | None, new: StationState
) -> Iterator[tuple[str, bool]]:
    whole = urgent = old is None or old.online is not new.online or old.firmware is not new.firmware
    for gone in () if old is None else old.evses.keys() - new.evses.keys():
        yield evse_part(identity, gone), True
    for number, evse in new.evses.items():
        was = old.evses.get(number) if old is not None else None
        was = was or EvseState(evse=number)
        turned = _turned(was, evse)
        urgent = urgent or turned
        if len(new.evses) > 1:
            yield evse_part(identity, number), whole or turned
        if was.plan is not evse.plan or was.session is not evse.session or was.phase is not evse.phase:
            yield SITE, False
        if _filled(was, evse) or was.session is not evse.session:
            yield from _vehicle_news(after, urgent=was.battery.source is not evse.battery.source)
    yield f"station/{identity}", urgent


def _vehicle_news(after: SiteState, *, urgent: bool = False) -> Iterator[tuple[str, bool]]:
    return ((f"vehicle/{car.key}", urgent) for car in after.config.vehicles)


def _account_news(before: Books, after: SiteState) -> Iterator[tuple[str, bool]]:
    """Yield the home, and the places whose sessions were reckoned anew."""
    yield SITE, False
    for key, account in after.books.accounts.items():
        session = after.sessions.get(key)
        if before.accounts.get(key) is not account and session is not None:
            yield f"station/{session.station}", False
            yield evse_part(session.station, session.evse), False


def _filled(was: EvseState, now: EvseState) -> bool:
    """Return whether the battery stands elsewhere, or somebody else says so."""
    before, after = was.battery, now.battery
    if before is after:
        return False
    moved = round(before.soc_pct or 0.0, 1) != round(after.soc_pct or 0.0, 1)
    return moved or before.source is not after.source or before.words is not after.words


def _turned(was: EvseState, now: EvseState) -> bool:
    """Return whether something changed that people see at once."""
    return (
        was.phase is not now.phase
        or was.connector is not now.connector
        or was.decision.why.reason is not now.decision.why.reason
        or was.problems != now.problems
    )
