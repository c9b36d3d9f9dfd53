"""What stands between a car and V2G: the one missing thing that comes first."""

from typing import Final

from ..model.concern import V2gStanding
from ..model.moment import Moment
from ..model.reasons import Reason
from ..model.session import Phase, Session
from ..model.state import EvseState, SiteState, StationState
from .routes import no_route
from .wanting import needs_replug, next_departure, v2g_wanted

_NO_ROUTE: Final = {
    Reason.NO_DISCHARGE_ROUTE: V2gStanding.NO_ROUTE,
    Reason.ROUTE_UNPROVEN: V2gStanding.ROUTE_UNPROVEN,
    Reason.ROUTE_NEVER_LETS_GO: V2gStanding.ROUTE_NEVER_LETS_GO,
}


def v2g_standing(
    state: SiteState, station: StationState, evse: EvseState, session: Session | None, now: Moment
) -> V2gStanding:
    """Return what keeps a car from V2G; nothing does where it runs, or would with the next plug."""
    if station.firmware.installing:
        return V2gStanding.STATION_UPDATING
    if not station.online:
        return V2gStanding.STATION_OFFLINE
    if evse.phase is Phase.FAULT:
        return V2gStanding.STATION_FAULT
    return _of_wishes(state, station, now) or _of_session(state, evse, session, now)


def _of_wishes(state: SiteState, station: StationState, now: Moment) -> V2gStanding | None:
    if not state.config.v2g_consent:
        return V2gStanding.NO_CONSENT
    if not state.wishes.v2g:
        return V2gStanding.V2G_OFF
    refused = no_route(state, station)
    if refused is not None:
        return _NO_ROUTE.get(refused, V2gStanding.NO_ROUTE)
    departure = next_departure(state, now)
    if departure is None:
        return V2gStanding.PROGRAMMES_OFF if state.wishes.hushed else V2gStanding.NO_PROGRAMME
    return None if departure.programme.v2g else V2gStanding.PROGRAMME_WITHOUT_V2G


def _of_session(state: SiteState, evse: EvseState, session: Session | None, now: Moment) -> V2gStanding:
    if evse.phase is Phase.V2G:
        return V2gStanding.RUNNING
    if session is None:
        return V2gStanding.READY
    if session.charge_only:
        return V2gStanding.BADGE_CHARGE_ONLY
    if evse.phase is Phase.INSTANT:
        return V2gStanding.INSTANT_CHARGE
    if evse.phase is Phase.HELD:
        return V2gStanding.STILL_PLUGGED
    if needs_replug(evse, session, wanted=v2g_wanted(state, now)):
        return V2gStanding.NEEDS_REPLUG
    return V2gStanding.CAR_DECLINES if evse.phase is Phase.STANDARD else V2gStanding.READY
