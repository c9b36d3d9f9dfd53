"""What is kept across restarts, and how a site comes back from it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from ..control.session_table import Turn, follow
from ..ledger.counters import Bound, bound_of, take
from ..model.access import AccessList
from ..model.battery import Belief, Learned
from ..model.commands import Keep
from ..model.config import SiteConfig, StationConfig
from ..model.dimming import Dimming, DimmingRecord
from ..model.driver import Driver
from ..model.electric import StationReadings
from ..model.facts import PricesPublished
from ..model.firmware import FirmwareState
from ..model.session import Phase, Session, Span
from ..model.state import EvseState, MeterState, SiteState, StationMemory, StationState
from ..model.station import VariableReport
from ..model.vendor import VendorCall
from ..model.wishes import Wishes
from ..ocpp.inventory import connectors, held_once
from . import shelf

WISHES: Final = "wishes"
HABIT: Final = "meter/habit"
STATION: Final = "station/"
SESSION: Final = "session/"
VENDOR: Final = "vendor/"
ACCESS: Final = "access"
FIRMWARE: Final = "firmware/"
INVENTORY: Final = "inventory/"
BATTERY: Final = "battery/"
DIMMING: Final = "dimming/"
PRICES: Final = "prices"

MOST_EVSES: Final = 8
"""No home station has more; a number beyond it is a mistake, or mischief."""
MOST_SESSIONS: Final = 100
"""So many sessions of a station are at hand: the present ones, and those its belated events may belong to."""


@dataclass(frozen=True, slots=True)
class Habit:
    """Hold what the house takes at each local hour, W, with the number of readings behind each."""

    hours_w: tuple[float | None, ...]
    seen: tuple[int, ...]
    sun_w: tuple[float | None, ...] = (None,) * 24
    """The sun that was forecast meanwhile."""


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
    if key.startswith(BATTERY):
        return Learned
    if key.startswith(DIMMING):
        return DimmingRecord
    return {WISHES: Wishes, HABIT: Habit, ACCESS: AccessList, PRICES: PricesPublished}.get(key) or shelf.kept_type(key)


def changes(before: SiteState, after: SiteState, sessions: Iterable[str]) -> tuple[Keep, ...]:
    """Return what has to be stored because of a step; identity tells, so it costs next to nothing.

    There are very many sessions: ``sessions`` are the keys of those that may be others than before.
    """
    return tuple(_changes(before, after, sessions))


def _changes(before: SiteState, after: SiteState, sessions: Iterable[str]) -> Iterator[Keep]:
    if after.wishes is not before.wishes:
        yield Keep(WISHES, after.wishes)
    if after.access is not before.access:
        yield Keep(ACCESS, after.access)
    if after.published.rows is not before.published.rows:
        yield Keep(PRICES, after.published)
    yield from shelf.changes(before.books, after.books)
    if after.dimming is not before.dimming:
        yield from _dimming_changes(before.dimming, after.dimming)
    if after.stations is not before.stations:
        for identity, station in after.stations.items():
            old = before.stations.get(identity)
            if old is not station:
                yield from _station_changes(identity, old, station)
        for identity in before.stations:
            if identity not in after.stations:
                yield from _forgotten(identity)
    yield from _renewed(BATTERY, before.learned, after.learned, after.learned)
    yield from _renewed(SESSION, before.sessions, after.sessions, sessions)


def _station_changes(identity: str, old: StationState | None, station: StationState) -> Iterator[Keep]:
    if old is None or old.memory is not station.memory:
        yield Keep(STATION + identity, station.memory)
    if old is None or old.firmware is not station.firmware:
        yield Keep(FIRMWARE + identity, station.firmware)
    if old is not None and old.inventory_saves != station.inventory_saves:
        yield Keep(INVENTORY + identity, KeptInventory(station.inventory))


def _forgotten(identity: str) -> Iterator[Keep]:
    """Yield what is taken out of the memory with a station; its sessions stay, as history."""
    return (Keep(prefix + identity, None) for prefix in (STATION, FIRMWARE, INVENTORY))


def leftovers(config: SiteConfig, kept: Mapping[str, object]) -> tuple[Keep, ...]:
    """Return what is to be taken out of the memory of stations and cars removed while nobody looked."""
    kinds = (StationMemory, FirmwareState, KeptInventory)
    known = {key.partition("/")[2] for key, value in kept.items() if isinstance(value, kinds)}
    gone = known - {station.identity for station in config.stations}
    cars = {BATTERY + car.key for car in config.vehicles}
    lessons = sorted(key for key, value in kept.items() if isinstance(value, Learned) and key not in cars)
    stations = (keep for identity in sorted(gone) for keep in _forgotten(identity))
    return (*stations, *(Keep(key, None) for key in lessons))


def _renewed(
    prefix: str, before: Mapping[str, object], after: Mapping[str, object], keys: Iterable[str]
) -> Iterator[Keep]:
    if after is not before:
        for key in keys:
            value = after.get(key)
            if value is not None and before.get(key) is not value:
                yield Keep(prefix + key, value)


def _dimming_changes(before: Dimming, after: Dimming) -> Iterator[Keep]:
    known = {id(record) for record in _records(before)}
    for record in _records(after):
        if id(record) not in known:
            yield Keep(f"{DIMMING}{record.started_at.isoformat()}/{record.station or ''}", record)


def _records(dimming: Dimming) -> tuple[DimmingRecord, ...]:
    home = () if dimming.record is None else (dimming.record,)
    return (*dimming.ended, *home, *dimming.stations)


def habit_of(state: SiteState) -> Keep:
    """Return the house's habit to store; worth it now and then only."""
    meter = state.meter
    hours_w, sun_w = (tuple(w and round(w, 1) for w in known) for known in (meter.habit_w, meter.habit_sun_w))
    return Keep(HABIT, Habit(hours_w, meter.habit_seen, sun_w))


def restore(
    config: SiteConfig, kept: Mapping[str, object], drivers: tuple[Driver, ...] = (), *, older: bool = False
) -> SiteState:
    """Return a site as it was left; every station is offline until it dials in. ``older`` when more is kept."""
    known = [s for k, s in kept.items() if isinstance(s, Session) and k.startswith(SESSION)]
    sessions = _latest(known)
    wishes = kept.get(WISHES)
    access = kept.get(ACCESS)
    habit = kept.get(HABIT)
    published = kept.get(PRICES)
    meter = MeterState()
    if isinstance(habit, Habit) and {len(habit.hours_w), len(habit.seen), len(habit.sun_w)} == {len(meter.habit_w)}:
        meter = replace(meter, habit_w=habit.hours_w, habit_seen=habit.seen, habit_sun_w=habit.sun_w)
    state = SiteState(
        config=config,
        drivers=drivers,
        wishes=_sorted(wishes) if isinstance(wishes, Wishes) else Wishes(),
        access=access if isinstance(access, AccessList) else AccessList(),
        sessions=MappingProxyType(sessions),
        older=older or len(sessions) < len(known),
        learned=MappingProxyType(
            {k.removeprefix(BATTERY): v for k, v in kept.items() if isinstance(v, Learned) and k.startswith(BATTERY)}
        ),
        meter=meter,
        books=shelf.restore(kept, sessions),
        published=published if isinstance(published, PricesPublished) else PricesPublished(()),
        dimming=_dimming(kept),
    )
    stations = {s.identity: _station(s, kept, sessions) for s in config.stations}
    return replace(state, stations=MappingProxyType(stations))


def _dimming(kept: Mapping[str, object]) -> Dimming:
    """Return the orders of the grid operator that were in force; contacts and stations tell whether they still are."""
    records = (r for k, r in kept.items() if isinstance(r, DimmingRecord) and k.startswith(DIMMING))
    in_force = sorted((r for r in records if r.ended_at is None), key=lambda r: r.started_at)
    home = next((r for r in reversed(in_force) if r.station is None), None)
    return Dimming(record=home, stations=tuple(r for r in in_force if r.station is not None))


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
    rows = tuple(held_once(row) for row in model.rows) if isinstance(model, KeptInventory) else ()
    whole = bool(rows) and remembered.inventory_of is not None
    station = StationState(config=config, memory=remembered, firmware=known, inventory=rows, inventory_whole=whole)
    mine = [s for s in sessions.values() if s.station == config.identity]
    listed = listed_evses(station) or {number for number, _ in remembered.import_wh}
    numbers = {1, *(s.evse for s in mine if s.ended_at is None), *listed}
    evses = {n: _evse(config, n, remembered, [s for s in mine if s.evse == n]) for n in sorted(numbers)}
    return replace(station, evses=MappingProxyType(evses))


def listed_evses(station: StationState) -> frozenset[int]:
    """Return the EVSEs a station lists, as far as it can have so many; none while its whole inventory is not here."""
    told_all = station.inventory_whole and not station.memory.inventory_partial
    return frozenset(n for n in connectors(station.inventory) if 0 < n <= MOST_EVSES) if told_all else frozenset()


def _evse(config: StationConfig, number: int, memory: StationMemory, sessions: list[Session]) -> EvseState:
    """Return an EVSE as it was left; what its sessions counted since the last note is not lost."""
    bound = bound_of(config.max_w)
    drawn = _gone_on(dict(memory.drawn).get(number, Span()), [s.energy_in for s in sessions], bound)
    given = _gone_on(dict(memory.given).get(number, Span()), [s.energy_out for s in sessions], bound)
    import_wh = dict(memory.import_wh).get(number) if drawn.last_at is None else drawn.total_wh
    export_wh = dict(memory.export_wh).get(number) if given.last_at is None else given.total_wh
    readings = StationReadings(import_wh=import_wh, export_wh=export_wh)
    evse = EvseState(evse=number, readings=readings, drawn=drawn, given=given)
    mine = [s for s in sessions if s.ended_at is None]
    if not mine:
        return evse
    session = max(mine, key=lambda s: s.started_at)
    phase = session.phase if session.phase in _RESUMABLE else follow(Phase.UNPLUGGED, Turn.BEGAN) or Phase.STARTING
    return replace(evse, session=session.key, phase=phase, battery=session.battery or Belief())


def _gone_on(noted: Span, later: list[Span], bound: Bound) -> Span:
    """Return a counter as its sessions saw it last."""
    for span in later:
        if span.last_at is not None and (noted.last_at is None or span.last_at > noted.last_at):
            noted = take(noted, span.last_at, span.last_wh, bound)
    return noted


_RESUMABLE: Final = frozenset({Phase.STARTING, Phase.V2G, Phase.STANDARD, Phase.INSTANT, Phase.HELD, Phase.FINISHED})


def reconfigure(state: SiteState, config: SiteConfig) -> SiteState:
    """Return a site with another configuration; what is still there goes on as it was."""
    stations = {}
    for station in config.stations:
        known = state.stations.get(station.identity)
        stations[station.identity] = replace(known, config=station) if known else StationState(config=station)
    return replace(state, config=config, stations=MappingProxyType(stations))
