"""What people see of an EVSE: activity, light, and the figures beside them."""

from typing import Final

from ..lamp import View, lamp
from ..model.moment import Moment
from ..model.reasons import Reason
from ..model.session import Activity, Phase
from ..model.state import EvseState, Glance, SiteState, StationState
from .level import level_of
from .obstacles import v2g_standing
from .routes import standing
from .wanting import v2g_wanted

FLOW_W: Final = 100.0

_BY_PHASE: Final = {
    Phase.UNPLUGGED: Activity.NOT_CONNECTED,
    Phase.PLUGGED: Activity.CONNECTED,
    Phase.INSTANT: Activity.INSTANT_CHARGE,
    Phase.FINISHED: Activity.FINISHED,
    Phase.FAULT: Activity.FAULT,
}
_UNPLANNED: Final = frozenset({Reason.NO_PROGRAMME, Reason.NEEDS_REPLUG, Reason.SOC_UNKNOWN, Reason.NO_PRICES})


def glance(state: SiteState, identity: str, number: int, now: Moment) -> Glance:
    """Return what people look at, for one EVSE of a station that is configured."""
    station = state.stations[identity]
    evse = station.evses.get(number) or EvseState(evse=number)
    session = state.sessions.get(evse.session) if evse.session else None
    wanted = session.v2g_allowed if session is not None else v2g_wanted(state, now)
    return Glance(
        activity=_activity(station, evse),
        lamp=lamp(View(station=station, evse=evse, v2g_wanted=wanted)),
        decision=evse.decision,
        envelope=evse.envelope,
        power_w=evse.readings.power_w,
        level=level_of(state, evse, session, now),
        v2g=v2g_standing(state, station, evse, session, now),
        session=session,
        plan=evse.plan,
        standing=standing(state, station),
        probe=station.memory.probe,
    )


def _activity(station: StationState, evse: EvseState) -> Activity:
    """Return what the owner sees: a station that replaces its program does nothing else, and may be away for it."""
    flows = station.online and abs(evse.readings.power_w or 0.0) > FLOW_W
    if station.firmware.installing and not flows:
        return Activity.UPDATING
    return activity(evse) if station.online else Activity.OFFLINE


def activity(evse: EvseState) -> Activity:
    """Return what the car is doing, by the phase and the measured power."""
    fixed = _BY_PHASE.get(evse.phase)
    if fixed is not None:
        return fixed
    power_w = evse.readings.power_w or 0.0
    if evse.phase is Phase.HELD and abs(power_w) <= FLOW_W:
        return Activity.FINISHED
    if power_w < -FLOW_W:
        return Activity.DISCHARGING
    if power_w <= FLOW_W:
        return Activity.WAITING
    unplanned = evse.phase is Phase.STANDARD and evse.decision.why.reason in _UNPLANNED
    plain = unplanned or evse.phase is Phase.STARTING
    return Activity.STANDARD_CHARGE if plain else Activity.CHARGING
