"""What is kept across restarts, and how a site comes back from it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from ..control.session_table import Turn, follow
from ..model.access import AccessList
from ..model.commands import Keep
from ..model.config import SiteConfig, StationConfig
from ..model.driver import Driver
from ..model.electric import StationReadings
from ..model.firmware import FirmwareState
from ..model.session import Phase, Session
from ..model.state import EvseState, MeterState, SiteState, StationMemory, StationState
from ..model.station import VariableReport
from ..model.vendor import VendorCall
from ..model.wishes import Wishes

WISHES: Final = "wishes"
HABIT: Final = "meter/habit"
STATION: Final = "station/"
SESSION: Final = "session/"
VENDOR: Final = "vendor/"
ACCESS: Final = "access"
FIRMWARE: Final = "firmware/"
INVENTORY: Final = "inventory/"

MOST_SESSIONS: Final = 100
"""So many sessions of a station are at hand: the present ones, and those its belated events may belong to."""


@dataclass(frozen=True, slots=True)
class Habit:
    """Hold what the house takes at each local hour, W, with the number of readings behind each."""

    hours_w: tuple[float | None, ...]
    seen: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeptInventory:
    """Hold a station's device model."""

    rows: tuple[VariableReport, ...]


def kept_type(key: str) -> type[object] | None:
    """Return what is kept under a key; ``None`` for a key of another time."""
    if key.startswith(STATION):
        return StationMemory
    if key.startswith(SESSION):
        return Session
    if key.startswith(VENDOR):
        return VendorCall
    if key.startswith(FIRMWARE):
        return FirmwareState
    if key.startswith(INVENTORY):
        return KeptInventory
    return {WISHES: Wishes, HABIT: Habit, ACCESS: AccessList}.get(key)


def changes(before: SiteState, after: SiteState) -> tuple[Keep, ...]:
    """Return what has to be stored because of a step; identity tells, so it costs next to nothing."""
    return tuple(_changes(before, after))


def _changes(before: SiteState, after: SiteState) -> Iterator[Keep]:
    if after.wishes is not before.wishes:
        yield Keep(WISHES, after.wishes)
    if after.access is not before.access:
        yield Keep(ACCESS, after.access)
    if after.stations is not before.stations:
        for identity, station in after.stations.items():
            yield from _station_changes(identity, before.stations.get(identity), station)
    if after.sessions is not before.sessions:
        for key, session in after.sessions.items():
            if before.sessions.get(key) is not session:
                yield Keep(SESSION + key, session)


def _station_changes(identity: str, old: StationState | None, station: StationState) -> Iterator[Keep]:
    if old is None or old.memory is not station.memory:
        yield Keep(STATION + identity, station.memory)
    if old is None or old.firmware is not station.firmware:
        yield Keep(FIRMWARE + identity, station.firmware)
    if old is not None and old.inventory_saves != station.inventory_saves:
        yield Keep(INVENTORY + identity, KeptInventory(station.inventory))


def habit_of(state: SiteState) -> Keep:
    """Return the house's habit to store; worth it now and then only."""
    meter = state.meter
    return Keep(HABIT, Habit(tuple(None if h is None else round(h, 1) for h in meter.habit_w), meter.habit_seen))


def restore(config: SiteConfig, kept: Mapping[str, object], drivers: tuple[Driver, ...] = ()) -> SiteState:
    """Return a site as it was left; every station is offline until it dials in."""
    sessions = _latest(s for k, s in kept.items() if isinstance(s, Session) and k.startswith(SESSION))
    wishes = kept.get(WISHES)
    access = kept.get(ACCESS)
    habit = kept.get(HABIT)
    meter = MeterState()
    if isinstance(habit, Habit) and len(habit.hours_w) == len(habit.seen) == len(meter.habit_w):
        meter = replace(meter, habit_w=habit.hours_w, habit_seen=habit.seen)
    state = SiteState(
        config=config,
        drivers=drivers,
        wishes=_sorted(wishes) if isinstance(wishes, Wishes) else Wishes(),
        access=access if isinstance(access, AccessList) else AccessList(),
        sessions=MappingProxyType(sessions),
        meter=meter,
    )
    stations = {s.identity: _station(s, kept, sessions) for s in config.stations}
    return replace(state, stations=MappingProxyType(stations))


def _sorted(wishes: Wishes) -> Wishes:
    """Return wishes with departures for a single day in their own list; an earlier release had them in the other."""
    once = [replace(p, number=0) for p in wishes.programmes if p.once is not None]
    if not once:
        return wishes
    weekly = tuple(p for p in wishes.programmes if p.once is None)
    return replace(wishes, programmes=weekly, departures=(*wishes.departures, *once))


def _latest(found: Iterable[Session]) -> dict[str, Session]:
    """Return the sessions to have at hand, each station's oldest first; the store has the others."""
    by_station: dict[str, list[Session]] = {}
    for session in sorted(found, key=lambda s: (s.started_at, s.key)):
        by_station.setdefault(session.station, []).append(session)
    return {s.key: s for mine in by_station.values() for s in mine[-MOST_SESSIONS:]}


def _station(config: StationConfig, kept: Mapping[str, object], sessions: Mapping[str, Session]) -> StationState:
    memory, firmware = kept.get(STATION + config.identity), kept.get(FIRMWARE + config.identity)
    remembered = memory if isinstance(memory, StationMemory) else StationMemory()
    known = firmware if isinstance(firmware, FirmwareState) else FirmwareState()
    model = kept.get(INVENTORY + config.identity)
    rows = model.rows if isinstance(model, KeptInventory) else ()
    whole = bool(rows) and remembered.inventory_of is not None
    station = StationState(config=config, memory=remembered, firmware=known, inventory=rows, inventory_whole=whole)
    mine = [s for s in sessions.values() if s.station == config.identity and s.ended_at is None]
    numbers = {1, *(s.evse for s in mine), *(e for e, _ in remembered.import_wh)}
    evses = {n: _evse(n, remembered, [s for s in mine if s.evse == n]) for n in sorted(numbers)}
    return replace(station, evses=MappingProxyType(evses))


def _evse(number: int, memory: StationMemory, mine: list[Session]) -> EvseState:
    readings = StationReadings(
        import_wh=dict(memory.import_wh).get(number), export_wh=dict(memory.export_wh).get(number)
    )
    evse = EvseState(evse=number, readings=readings)
    if not mine:
        return evse
    session = max(mine, key=lambda s: s.started_at)
    phase = session.phase if session.phase in _RESUMABLE else follow(Phase.UNPLUGGED, Turn.BEGAN) or Phase.STARTING
    return replace(evse, session=session.key, phase=phase)


_RESUMABLE: Final = frozenset({Phase.STARTING, Phase.V2G, Phase.STANDARD, Phase.INSTANT, Phase.FINISHED})


def reconfigure(state: SiteState, config: SiteConfig) -> SiteState:
    """Return a site with another configuration; what is still there goes on as it was."""
    stations = {}
    for station in config.stations:
        known = state.stations.get(station.identity)
        stations[station.identity] = replace(known, config=station) if known else StationState(config=station)
    return replace(state, config=config, stations=MappingProxyType(stations))
