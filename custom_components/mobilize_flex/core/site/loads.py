"""Load management for the home: what every charging point takes goes in, what each may do comes out."""

from collections.abc import Mapping
from typing import Final

from ..control.effect import takes_w
from ..grid.dimming import feed_in_share, guaranteed_w
from ..grid.law import rule
from ..grid.takers import SETTLED_S, Scene, Taker, footing
from ..model.commands import StopTransaction
from ..model.delivery import Outcome
from ..model.electric import MINIMUM_CHARGE_A, NOMINAL_V
from ..model.load import Ramp
from ..model.moment import Moment
from ..model.replacing import replace
from ..model.state import EvseState, SiteState, StationState
from .draft import Draft
from .wanting import vehicle_of

MEASURED_S: Final = 60.0
KEPT_S: Final = 12.0
"""How long measurements are remembered, to pair them with what the meter says of the same time."""
KEPT: Final = 2
"""How many before the last are remembered in any case: a slow station's steps tell of the meter's wiring too."""


def share_out(d: Draft) -> None:
    """Give every charging point what it may do now; end a charge that breaks the connection and will not obey."""
    state = d.state
    scene = Scene(
        site=state.config,
        meter=state.meter,
        takers=tuple(_taker(state, s, e, d.now) for s in state.stations.values() for e in s.evses.values()),
        now_s=d.now.mono_s,
        feed_in_w=state.config.feed_in_w * feed_in_share(state),
        dimmed_w=guaranteed_w(state, d.now),
    )
    ruling = rule(scene, state.load, d.now)
    if ruling.load is not state.load:
        d.state = replace(d.state, load=ruling.load)
    for (identity, number), allowed in ruling.envelopes.items():
        evse = d.state.stations[identity].evses[number]
        if allowed != evse.envelope:
            d.put_evse(identity, replace(evse, envelope=allowed))
    for identity, number in ruling.stops:
        session = d.session(d.evse(identity, number).session)
        if session is not None:
            d.commands.append(StopTransaction(id=d.next_id(), station=identity, transaction=session.transaction))


def share_with(d: Draft, identity: str) -> None:
    """Share out anew if a station began or ended a session; else what was shared out last still holds."""
    station = d.state.stations[identity]
    for number, evse in station.evses.items():
        if ((identity, number) in d.state.load.active) != _is_active(station, evse):
            share_out(d)
            return


def _is_active(station: StationState, evse: EvseState) -> bool:
    return station.online and evse.session is not None


def _taker(state: SiteState, station: StationState, evse: EvseState, now: Moment) -> Taker:
    """Return a charging point as load management sees it; one that is out of reach counts as part of the house."""
    place = (station.config.identity, evse.evse)
    misread = state.load.misread
    wired = station.config if misread is None else replace(station.config, rotation=None)
    stand = footing(state.config, wired, state.meter.reading, evse.readings)
    if not station.online:
        return Taker(place=place, station=station.config, footing=stand)
    delivery, changed = evse.delivery, evse.delivery.changed_at
    return Taker(
        place=place,
        station=station.config,
        footing=stand,
        active=_is_active(station, evse),
        known=car_known(evse, now),
        measured=_measured(state.load.ramps.get(place), evse, now),
        ordered_w=_ordered_w(station, evse),
        takes_w=takes_w(delivery, now),
        changed_s=None if changed is None else changed.mono_s,
        waiting=delivery.outcome is Outcome.WAITING,
        wished_w=evse.decision.wished_w,
        least_w=_least_w(state, station, evse),
    )


def _least_w(state: SiteState, station: StationState, evse: EvseState) -> float:
    """Return the least its car can charge with, as it said, else by its form."""
    session = None if evse.session is None else state.sessions.get(evse.session)
    if session is None:
        return 0.0
    told_w = session.needs.min_charge_w if session.needs else None
    usual_w = MINIMUM_CHARGE_A * NOMINAL_V * station.config.phases
    return max(vehicle_of(state, session).min_charge_w, usual_w) if told_w is None else told_w


def _measured(ramp: Ramp | None, evse: EvseState, now: Moment) -> tuple[tuple[float, float], ...]:
    """Return the last measurements, this one last; without a session only what is new counts."""
    at, power_w = evse.readings.at, evse.readings.power_w
    before = () if ramp is None else ramp.seen
    if at is None or power_w is None or (evse.session is None and now.age_s(at) > KEPT_S):
        return ()
    if before and before[-1] == (at.mono_s, power_w):
        return before
    recent = [one for n, one in enumerate(before, KEPT - len(before)) if n >= 0 or at.mono_s - KEPT_S <= one[0]]
    return (*(one for one in recent if one[0] < at.mono_s), (at.mono_s, power_w))


def _ordered_w(station: StationState, evse: EvseState) -> tuple[float, ...]:
    """Return what it may be doing on our word: the last order, and the one it took before; without any the fallback."""
    if evse.session is None:
        return ()
    order, taken_w = evse.delivery.order, evse.delivery.in_force_w
    if order is None:
        return (station.config.fallback_w,)
    return (order.power_w,) if taken_w is None else (order.power_w, taken_w)


def car_w(evse: EvseState) -> float:
    """Return what the car takes now: measured, or ordered where the measurement is older than the order."""
    measured, order = evse.readings.power_w or 0.0, evse.delivery.order
    return measured if order is None or _is_settled(evse) else max(measured, order.power_w, key=abs)


def _is_settled(evse: EvseState) -> bool:
    """Return whether what was measured last shows what the car takes, and not what it took before its order."""
    changed, at = evse.delivery.changed_at, evse.readings.at
    if changed is None or at is None or evse.delivery.following is False:
        return True
    return at.mono_s >= changed.mono_s + SETTLED_S


def car_known(evse: EvseState, now: Moment) -> bool:
    """Return whether it is known what the car takes: measured lately, or ordered over this connection."""
    measured = now.age_s(evse.readings.at) <= MEASURED_S
    return evse.session is None or measured or evse.delivery.outcome is Outcome.ACCEPTED


def cars_w(stations: Mapping[str, StationState], now: Moment) -> float | None:
    """Return what all cars take now; ``None`` while one of them keeps it to itself."""
    evses = [e for s in stations.values() for e in s.evses.values()]
    return sum(car_w(e) for e in evses) if all(car_known(e, now) for e in evses) else None


def measured_w(stations: Mapping[str, StationState], now: Moment) -> float | None:
    """Return what all cars were seen to take; ``None`` while an order of one is too new for that."""
    settled = all(_is_settled(e) for s in stations.values() for e in s.evses.values())
    return cars_w(stations, now) if settled else None
