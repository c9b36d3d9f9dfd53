"""What the owner wants of the session at hand."""

from datetime import timedelta
from typing import Final

from ..model.config import VehicleConfig
from ..model.moment import Moment
from ..model.programme import Departure
from ..model.session import Phase, Session
from ..model.state import EvseState, SiteState
from ..model.station import Needs
from ..plan.departures import upcoming
from .routes import no_route, route_of

HORIZON: Final = timedelta(days=8)
LET_GO_PCT: Final = 3.0
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
    """Return the car of a session: the one that said its name, else the first; none where a stranger said his."""
    if session is not None and session.foreign:
        return NO_VEHICLE
    named = [v for v in state.config.vehicles if session is not None and v.key == session.vehicle]
    return next(iter([*named, *state.config.vehicles]), NO_VEHICLE)


def vehicle_named(state: SiteState, evccid: str | None) -> str | None:
    """Return the key of the car with an EVCCID, however its letters are grouped."""
    name = "".join(c for c in evccid or "" if c.isalnum()).upper()
    return next((v.key for v in state.config.vehicles if name and v.evccid == name), None)


def soc_from_needs(needs: Needs, capacity_wh: float) -> float | None:
    """Return the state of charge a car's needs imply: said, or target less what it still asks for."""
    if needs.soc_pct is not None:
        return needs.soc_pct
    if needs.target_soc_pct is None or needs.target_request_wh is None:
        return None
    soc_pct = needs.target_soc_pct - 100.0 * needs.target_request_wh / capacity_wh
    return soc_pct if 0.0 <= soc_pct <= 100.0 else None


def promised_pct(state: SiteState, departure: Departure | None) -> float | None:
    """Return the level the car should have at a departure, within the owner's limits."""
    return None if departure is None else state.wishes.level_pct(departure.programme)


def hold_pct(state: SiteState, evse: EvseState, session: Session | None, ahead: Departure | None) -> float | None:
    """Return the level to bring a car back to that stayed after its departure: as promised then, or for the next one.

    A little less is let go by before it charges again.
    """
    if session is None or evse.phase is not Phase.HELD:
        return None
    promised = [p for p in (session.promised_pct, promised_pct(state, ahead)) if p is not None]
    level = min(max(promised, default=state.wishes.soc_max_pct), state.wishes.soc_max_pct)
    charging = (evse.decision.power_w or 0.0) > 0.0
    return level if charging else level - LET_GO_PCT


def needs_replug(evse: EvseState, session: Session | None, *, wanted: bool) -> bool:
    """Return whether V2G is wanted but a standard charge was running first, so that the car was not asked for it."""
    if session is None or evse.phase is not Phase.STANDARD or not wanted:
        return False
    return not session.v2g_allowed or (session.needs is not None and session.needs.bidirectional)
