"""What the owner wants of the session at hand."""

from datetime import timedelta
from typing import Final

from ..model.config import VehicleConfig
from ..model.moment import Moment
from ..model.programme import Departure
from ..model.session import Session
from ..model.state import EvseState, SiteState
from ..model.station import Needs
from ..plan.departures import upcoming
from .routes import no_route, route_of

HORIZON: Final = timedelta(days=8)
STATION: Final = "station"
NO_VEHICLE: Final = VehicleConfig(key="", name="")


def next_departure(state: SiteState, now: Moment) -> Departure | None:
    """Return the next departure of the enabled programmes; the one kept in the state is good until it is over."""
    if state.ahead is not None and state.ahead.at > now.utc:
        return state.ahead
    ahead = upcoming(state.wishes.leavings, state.config.zone, now.utc, HORIZON)
    return ahead[0] if ahead else None


def preparing(state: SiteState, now: Moment) -> bool:
    """Return whether the cabin is prepared for the next departure now."""
    departure = next_departure(state, now)
    return departure is not None and departure.climate_from <= now.utc


def v2g_wanted(state: SiteState, now: Moment) -> bool:
    """Return whether a session that begins now should be a V2G session."""
    if not (state.config.v2g_consent and state.wishes.v2g):
        return False
    departure = next_departure(state, now)
    return departure is not None and departure.programme.v2g


def v2g_agreed(state: SiteState, identity: str, needs: Needs | None, now: Moment) -> bool:
    """Return whether a session is V2G: wanted, possible, and the car offered it where it has words for that."""
    station = state.stations[identity]
    route = route_of(state, station)
    if route is None or no_route(state, station) is not None:
        return False
    offered = needs is not None and needs.bidirectional
    return (offered or not route.tells_needs) and v2g_wanted(state, now)


def vehicle_of(state: SiteState, session: Session | None) -> VehicleConfig:
    """Return the car of a session: the one that said its name, else the only one, else the first."""
    named = [v for v in state.config.vehicles if session is not None and v.key == session.vehicle]
    return next(iter([*named, *state.config.vehicles]), NO_VEHICLE)


def vehicle_named(state: SiteState, evccid: str | None) -> str | None:
    """Return the key of the car with an EVCCID, however its letters are grouped."""
    name = "".join(c for c in evccid or "" if c.isalnum()).upper()
    return next((v.key for v in state.config.vehicles if name and v.evccid == name), None)


def soc_of(state: SiteState, evse: EvseState, session: Session | None, now: Moment) -> tuple[float | None, float]:
    """Return the car's state of charge and its age in seconds: the station's word, or another source's if newer.

    What a station told in an earlier session says nothing of the car that is plugged in now.
    """
    told = evse.readings.soc_pct, now.age_s(evse.readings.soc_at)
    other = state.vehicles.get(vehicle_of(state, session).key)
    if other and other.source != STATION and other.soc_pct is not None and now.age_s(other.at) < told[1]:
        told = other.soc_pct, now.age_s(other.at)
    return told if told[0] is not None else (None, float("inf"))


def soc_from_needs(needs: Needs, vehicle: VehicleConfig) -> float | None:
    """Return the state of charge a car's needs imply: said, or target less what it still asks for."""
    if needs.soc_pct is not None:
        return needs.soc_pct
    if needs.target_soc_pct is None or needs.target_request_wh is None:
        return None
    capacity_wh = needs.capacity_wh or vehicle.capacity_wh
    soc_pct = needs.target_soc_pct - 100.0 * needs.target_request_wh / capacity_wh
    return soc_pct if 0.0 <= soc_pct <= 100.0 else None
