"""What the owner should hear of his cars and sessions, looked up now and then."""

from collections.abc import Iterator
from typing import Final

from ..model.battery import Doubt
from ..model.concern import Concern, ConcernKind
from ..model.moment import Moment
from ..model.session import Phase, Session
from ..model.state import EvseState, SiteState, StationState
from .level import level_of
from .wanting import v2g_wanted, vehicle_of

UNTOLD_S: Final = 600.0
LOOSE_S: Final = 180.0
ALONE_S: Final = 30.0
CHARGING: Final = frozenset({Phase.V2G, Phase.STANDARD})
_DOUBTS: Final = {
    Doubt.FROZEN: ConcernKind.SOC_FROZEN,
    Doubt.JUMPING: ConcernKind.SOC_JUMPING,
    Doubt.OTHER_CAR: ConcernKind.SOC_OTHER_CAR,
}


def concerns(state: SiteState, now: Moment) -> tuple[Concern, ...]:
    """Return all there is to hear of now."""
    return tuple(_all(state, now))


def _all(state: SiteState, now: Moment) -> Iterator[Concern]:
    for station in state.stations.values():
        for evse in station.evses.values():
            session = state.sessions.get(evse.session) if evse.session else None
            if session is not None:
                yield from _of_session(state, station, evse, session, now)
    yield from _loose_cables(state, now)
    yield from _of_connection(state, now)


def _of_connection(state: SiteState, now: Moment) -> Iterator[Concern]:
    """Yield what is wrong at the connection: a house that leans on its cars, a transformer out of its place."""
    load, meter = state.load, state.config.meter
    if load.alone_since_s is not None and now.mono_s - load.alone_since_s >= ALONE_S:
        yield Concern(kind=ConcernKind.HOUSE_ALONE, about="house")
    wrong = load.misread
    if wrong is None or meter is None:
        return
    words = (("meter", meter.name),)
    if wrong.everything:
        yield Concern(kind=ConcernKind.METER_INVERTED, about=meter.key, words=words)
    elif wrong.turned:
        yield Concern(kind=ConcernKind.METER_TURNED, about=meter.key, words=(*words, ("phases", _phases(wrong.turned))))
    else:
        places = (("expected", _phases(wrong.expected)), ("found", _phases(wrong.found)))
        yield Concern(kind=ConcernKind.METER_SWAPPED, about=meter.key, words=(*words, *places))


def _phases(phases: frozenset[int]) -> str:
    return ", ".join(f"L{phase + 1}" for phase in sorted(phases))


def _of_session(
    state: SiteState, station: StationState, evse: EvseState, session: Session, now: Moment
) -> Iterator[Concern]:
    about = f"{station.config.identity}/{evse.evse}"
    car = vehicle_of(state, session)
    words = (("station", station.config.name), ("car", car.name or station.config.name))

    def concern(kind: ConcernKind, *more: tuple[str, str], of: str = about) -> Concern:
        return Concern(kind=kind, about=of, words=(*words, *more), station=station.config.identity, evse=evse.evse)

    level = level_of(state, evse, session, now)
    for source, doubt in level.doubts:
        yield concern(_DOUBTS[doubt], ("source", source.value), of=f"{about}/{source}")
    wanted = v2g_wanted(state, now) and evse.phase in CHARGING
    if wanted and level.soc_pct is None and (now.utc - session.started_at).total_seconds() > UNTOLD_S:
        yield concern(ConcernKind.SOC_UNKNOWN)
    if session.foreign and wanted:
        yield concern(ConcernKind.CAR_UNKNOWN)
    if evse.phase is Phase.HELD:
        yield concern(ConcernKind.STILL_PLUGGED)
    if station.firmware.installing:
        yield concern(ConcernKind.UPDATING)


def _loose_cables(state: SiteState, now: Moment) -> Iterator[Concern]:
    """Yield the cars that feel a cable no station feels, where every station tells what it feels."""
    stations = state.stations.values()
    if not stations or not all(s.online and _sees_no_car(s) for s in stations):
        return
    for car in state.config.vehicles:
        known = state.vehicles.get(car.key)
        if known is not None and known.plugged and now.age_s(known.plugged_at) > LOOSE_S:
            yield Concern(kind=ConcernKind.CABLE_LOOSE, about=car.key, words=(("car", car.name),))


def _sees_no_car(station: StationState) -> bool:
    return all(e.phase is Phase.UNPLUGGED and e.connector is not None for e in station.evses.values())
