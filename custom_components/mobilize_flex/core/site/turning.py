"""Moving an EVSE through the life of its session."""

from types import MappingProxyType

from ..control.session_table import HARMLESS, Turn, follow
from ..model.plan import Plan
from ..model.replacing import replace
from ..model.session import Phase, Session
from ..model.state import EvseState, VehicleState
from .draft import Draft
from .wanting import STATION, vehicle_of


def turn(d: Draft, identity: str, number: int, what: Turn) -> EvseState:
    """Apply a turn; one the table does not know changes nothing and is counted."""
    evse = d.evse(identity, number)
    phase = follow(evse.phase, what)
    if phase is None:
        if what not in HARMLESS:
            evse = replace(evse, surprises=evse.surprises + 1)
    elif phase is not evse.phase:
        evse = replace(evse, phase=phase, plan_stale=True, plan=_plan_kept(evse, phase))
    if evse.phase is Phase.STARTING and what is Turn.BEGAN:
        evse = replace(evse, started_at=d.now)
    d.put_evse(identity, evse)
    _mark_session(d, evse)
    return evse


def let_go(d: Draft, identity: str, evse: EvseState) -> EvseState:
    """Forget everything that belonged to a transaction that is over; what its car was at stays known with the car."""
    _remember_soc(d, evse)
    evse = replace(
        evse,
        readings=replace(evse.readings, soc_pct=None, soc_at=None),
        session=None,
        charging_state=None,
        operation_mode=None,
        priority=False,
        plan=None,
        plan_id=None,
        delivery=evse.delivery.anew(),
        started_at=None,
        awake_at=None,
    )
    d.put_evse(identity, evse)
    return evse


def _remember_soc(d: Draft, evse: EvseState) -> None:
    car = vehicle_of(d.state, d.session(evse.session)).key
    if car and evse.readings.soc_pct is not None:
        known = VehicleState(soc_pct=evse.readings.soc_pct, at=evse.readings.soc_at, source=STATION)
        d.state = replace(d.state, vehicles=MappingProxyType({**d.state.vehicles, car: known}))


def _plan_kept(evse: EvseState, phase: Phase) -> Plan | None:
    return evse.plan if phase in (Phase.V2G, Phase.STANDARD) else None


def _mark_session(d: Draft, evse: EvseState) -> None:
    session: Session | None = d.session(evse.session)
    if session is not None and session.phase is not evse.phase and session.ended_at is None:
        d.put_session(replace(session, phase=evse.phase))
