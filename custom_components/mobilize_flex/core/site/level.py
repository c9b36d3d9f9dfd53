"""How full the car is, by whoever can tell, and what its charges teach."""

from types import MappingProxyType
from typing import Final

from ..battery import learning
from ..battery.belief import FLOWS_W, error_of, is_news, kept, moved_on
from ..battery.believing import EXACT, Hearing, doubts_of, heard, leapt, stays, word_of
from ..battery.losses import battery_of
from ..model.battery import (
    UNTAUGHT,
    Battery,
    Belief,
    Doubt,
    Level,
    SocSource,
    Stretch,
    VehiclePlugRead,
    VehicleSocRead,
    VehicleState,
)
from ..model.electric import StationReadings
from ..model.intents import SetSoc
from ..model.moment import Moment
from ..model.replacing import replace
from ..model.session import Session
from ..model.state import EvseState, SiteState
from ..model.station import ConnectorStatus
from .draft import Draft
from .wanting import soc_from_needs, vehicle_of

LIVE_S: Final = 900.0
"""A station that told the level within this needs no other source."""
NEEDS_ERROR_PCT: Final = 3.0
FORGOTTEN_S: Final = 7 * 86_400.0
"""What an entity said longer ago says nothing of the car that comes."""


def battery_at(state: SiteState, session: Session | None) -> Battery:
    """Return the battery on a cable, to reckon with."""
    car = vehicle_of(state, session)
    told_wh = session.needs.capacity_wh if session is not None and session.needs is not None else None
    return battery_of(car, state.learned.get(car.key, UNTAUGHT), told_wh)


def followed(d: Draft, evse: EvseState, readings: StationReadings, *, leaps: bool) -> Belief:
    """Return what is believed of the battery on a cable after what its station just measured."""
    session = d.session(evse.session)
    battery = battery_at(d.state, session)
    belief = moved_on(evse.battery, readings, battery, d.now.utc)
    if leaps:
        belief = leapt(belief, SocSource.STATION)
    if readings.soc_pct is not None and readings.soc_at is not evse.readings.soc_at:
        told = Hearing(source=SocSource.STATION, soc_pct=readings.soc_pct, at=d.now.utc)
        belief = _heard(d, session, belief, told, battery, readings.power_w)
    elif readings.request_at is not evse.readings.request_at and session is not None and session.needs is not None:
        asked = replace(session.needs, target_request_wh=readings.request_wh, soc_pct=None)
        soc_pct = soc_from_needs(asked, battery.capacity_wh)
        if soc_pct is not None and not _is_live(d, evse):
            told = Hearing(source=SocSource.STATION, soc_pct=soc_pct, at=d.now.utc, error_pct=NEEDS_ERROR_PCT)
            belief = _heard(d, session, belief, told, battery, readings.power_w)
    return belief


def _is_live(d: Draft, evse: EvseState) -> bool:
    """Return whether the station itself tells the level."""
    return stays(evse.battery, SocSource.STATION) and d.now.age_s(evse.readings.soc_at) < LIVE_S


def needs_told(d: Draft, identity: str, number: int) -> None:
    """Take the level a car's needs imply, unless the station tells it in so many words."""
    evse = d.evse(identity, number)
    session = d.session(evse.session)
    if session is None or session.needs is None:
        return
    if session.needs.soc_pct is None and _is_live(d, evse):
        return
    battery = battery_at(d.state, session)
    soc_pct = soc_from_needs(session.needs, battery.capacity_wh)
    if soc_pct is None:
        return
    belief = moved_on(evse.battery, evse.readings, battery, d.now.utc)
    told = Hearing(source=SocSource.STATION, soc_pct=soc_pct, at=d.now.utc, error_pct=NEEDS_ERROR_PCT)
    d.put_evse(identity, replace(evse, battery=_heard(d, session, belief, told, battery, evse.readings.power_w)))


def vehicle_soc_read(d: Draft, fact: VehicleSocRead) -> None:
    """Take a state of charge from another source than the station, if it makes sense."""
    if not 0.0 <= fact.soc_pct <= 100.0:
        d.state = replace(d.state, surprises=d.state.surprises + 1)
        return
    age_s = max(0.0, (d.now.utc - fact.at).total_seconds())
    at = replace(d.now, mono_s=d.now.mono_s - age_s)
    known = d.state.vehicles.get(fact.vehicle, VehicleState())
    _put_vehicle(d, fact.vehicle, replace(known, soc_pct=fact.soc_pct, at=at, source=SocSource.ENTITY))
    for identity, station in d.state.stations.items():
        for evse in station.evses.values():
            session = d.session(evse.session)
            if session is not None and vehicle_of(d.state, session).key == fact.vehicle:
                _entity_told(d, identity, evse, session)


def vehicle_plug_read(d: Draft, fact: VehiclePlugRead) -> None:
    """Note whether a car feels a cable."""
    known = d.state.vehicles.get(fact.vehicle, VehicleState())
    if known.plugged is not fact.plugged:
        _put_vehicle(d, fact.vehicle, replace(known, plugged=fact.plugged, plugged_at=d.now))


def set_soc(d: Draft, intent: SetSoc) -> None:
    """Take the level the owner reads off the car, for as long as it is plugged in; what the station tells counts more.

    Naming the car says which one it is.
    """
    if intent.station not in d.state.stations:
        d.refuse("station_unknown", station=intent.station)
        return
    evse = d.evse(intent.station, intent.evse)
    session = d.session(evse.session)
    if session is None:
        d.refuse("no_session", station=intent.station)
        return
    if _is_live(d, evse):
        d.refuse("soc_told_by_station", station=intent.station)
        return
    if intent.vehicle is not None and intent.vehicle != session.vehicle:
        session = replace(session, vehicle=intent.vehicle, foreign=False)
        evse = replace(evse, battery=replace(evse.battery, words=(), stretch=None))
    belief = moved_on(evse.battery, evse.readings, battery_at(d.state, session), d.now.utc)
    told = Hearing(source=SocSource.OWNER, soc_pct=intent.soc_pct, at=d.now.utc)
    belief = heard(belief, told, battery_at(d.state, session))
    d.put_evse(intent.station, replace(evse, battery=belief, plan_stale=True))
    d.put_session(replace(session, battery=kept(belief)))


def arrived(d: Draft, identity: str, number: int) -> None:
    """Begin with what is known of a car that came; one that stayed on the cable is known already."""
    evse = d.evse(identity, number)
    session = d.session(evse.session)
    if session is None:
        return
    if evse.connector is not ConnectorStatus.OCCUPIED:
        evse = replace(evse, battery=Belief())
    d.put_evse(identity, evse)
    if evse.battery.soc_pct is None:
        _entity_told(d, identity, evse, session)


def another_car(d: Draft, identity: str, number: int) -> None:
    """Forget what the entity of one car said of the battery of another."""
    evse = d.evse(identity, number)
    belief = evse.battery
    words = tuple(w for w in belief.words if w.source is not SocSource.ENTITY)
    if belief.source is SocSource.ENTITY:
        belief = replace(belief, soc_pct=None, source=None, told_at=None, told_pct=None)
    d.put_evse(identity, replace(evse, battery=replace(belief, words=words, stretch=None)))
    session = d.session(evse.session)
    if session is not None:
        _entity_told(d, identity, d.evse(identity, number), session)


def _entity_told(d: Draft, identity: str, evse: EvseState, session: Session) -> None:
    car = d.state.vehicles.get(vehicle_of(d.state, session).key)
    if car is None or car.soc_pct is None or car.source is not SocSource.ENTITY:
        return
    age_s = d.now.age_s(car.at)
    if age_s > FORGOTTEN_S:
        return
    battery = battery_at(d.state, session)
    belief = moved_on(evse.battery, evse.readings, battery, d.now.utc)
    told = Hearing(
        source=SocSource.ENTITY,
        soc_pct=car.soc_pct,
        at=d.now.utc,
        before_plug=age_s > (d.now.utc - session.started_at).total_seconds(),
        outranked=_is_live(d, evse),
    )
    d.put_evse(identity, replace(evse, battery=_heard(d, session, belief, told, battery, evse.readings.power_w)))


def _heard(
    d: Draft, session: Session | None, belief: Belief, told: Hearing, battery: Battery, power_w: float | None
) -> Belief:
    """Return what is believed after a word, and learn from the stretch that ends with it."""
    before = word_of(belief, told.source)
    belief = heard(belief, told, battery)
    if before is None or before.soc_pct == told.soc_pct or not stays(belief, told.source):
        return belief
    stretch = belief.stretch
    points = None if stretch is None else learning.points_of(stretch, told.source, told.soc_pct)
    if stretch is not None and points is not None:
        _learn(d, session, stretch, points)
        stretch = None
    if stretch is None and abs(power_w or 0.0) > FLOWS_W:
        stretch = learning.started(told.source, told.soc_pct, charging=(power_w or 0.0) > 0.0)
    return belief if stretch is belief.stretch else replace(belief, stretch=stretch)


def _learn(d: Draft, session: Session | None, stretch: Stretch, points: float) -> None:
    car = vehicle_of(d.state, session)
    if car.key:
        learned = learning.taught(d.state.learned.get(car.key, UNTAUGHT), car, stretch, points)
        d.state = replace(d.state, learned=MappingProxyType({**d.state.learned, car.key: learned}))


def _put_vehicle(d: Draft, key: str, vehicle: VehicleState) -> None:
    d.state = replace(d.state, vehicles=MappingProxyType({**d.state.vehicles, key: vehicle}))


def remember(d: Draft, evse: EvseState) -> None:
    """Keep with the car what its battery was at, once it is no longer asked."""
    car, belief = vehicle_of(d.state, d.session(evse.session)).key, evse.battery
    if car and belief.soc_pct is not None:
        known = d.state.vehicles.get(car, VehicleState())
        _put_vehicle(d, car, replace(known, soc_pct=belief.soc_pct, at=d.now, source=belief.source))


def noted(session: Session, evse: EvseState) -> Session:
    """Return a session that knows what its battery began with, what it has now, and enough to go on from a restart."""
    belief = evse.battery
    if belief.soc_pct is None:
        return session
    soc_pct = round(belief.soc_pct, 1)
    news = is_news(session.battery, belief)
    if soc_pct == session.soc_end_pct and not news:
        return session
    return replace(
        session,
        soc_start_pct=soc_pct if session.soc_start_pct is None else session.soc_start_pct,
        soc_end_pct=soc_pct,
        battery=kept(belief) if news else session.battery,
    )


# what there is to see


def level_of(state: SiteState, evse: EvseState, session: Session | None, now: Moment) -> Level:
    """Return how full the car on a cable is; what is reckoned is as old as the meter it rests on."""
    belief = evse.battery
    if belief.soc_pct is None:
        return Level(doubts=doubts_of(belief))
    told_s = _told_s(state, evse, session, now)
    error_pct = error_of(belief, told_s)
    word = word_of(belief, SocSource.STATION)
    if word is not None and word.doubt is Doubt.JUMPING:
        error_pct = max(error_pct, abs(belief.soc_pct - word.soc_pct))
    moved_pct = abs(belief.soc_pct - (belief.told_pct or 0.0))
    return Level(
        soc_pct=belief.soc_pct,
        error_pct=error_pct,
        age_s=min(told_s, now.age_s(evse.readings.at)),
        source=belief.source,
        estimated=moved_pct >= 1.0 or told_s > LIVE_S,
        told_at=belief.told_at,
        doubts=doubts_of(belief),
    )


def _told_s(state: SiteState, evse: EvseState, session: Session | None, now: Moment) -> float:
    """Return how long ago somebody who is believed told the level."""
    belief = evse.battery
    told_s = float("inf") if belief.told_at is None else max(0.0, (now.utc - belief.told_at).total_seconds())
    for word in belief.words:
        if word.doubt is None and word.source is SocSource.STATION:
            told_s = min(told_s, now.age_s(evse.readings.soc_at))
        elif word.doubt is None and word.source is SocSource.ENTITY:
            car = state.vehicles.get(vehicle_of(state, session).key)
            told_s = told_s if car is None else min(told_s, now.age_s(car.at))
    return told_s


def vehicle_level(state: SiteState, key: str, now: Moment) -> Level:
    """Return how full a car is: on its cable as reckoned, else as its own entity or its last charge said."""
    for station in state.stations.values():
        for evse in station.evses.values():
            session = state.sessions.get(evse.session) if evse.session else None
            on_cable = session is not None and evse.battery.soc_pct is not None
            if on_cable and vehicle_of(state, session).key == key:
                return level_of(state, evse, session, now)
    car = state.vehicles.get(key, VehicleState())
    if car.soc_pct is None:
        return Level()
    told_at = None if car.at is None else car.at.utc
    error_pct = 0.0 if car.source is None else EXACT[car.source]
    return Level(soc_pct=car.soc_pct, error_pct=error_pct, age_s=now.age_s(car.at), source=car.source, told_at=told_at)
