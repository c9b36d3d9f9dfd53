"""Moving an EVSE through the life of its session."""

from ..control.session_table import HARMLESS, Turn, follow
from ..model.battery import Belief
from ..model.plan import Plan
from ..model.replacing import replace
from ..model.session import Phase, Session
from ..model.state import EvseState
from .draft import Draft
from .level import remember


def turn(d: Draft, identity: str, number: int, what: Turn) -> EvseState:
    """Apply a turn; one the table does not know changes nothing and is counted.

    A session that lived through a fault goes on where it was.
    """
    evse = d.evse(identity, number)
    phase = follow(evse.phase, what)
    if phase is Phase.FAULT and evse.phase is not Phase.FAULT:
        evse = replace(evse, sound_phase=evse.phase)
    elif what is Turn.MENDED and phase is not None and evse.session is not None:
        phase = evse.sound_phase or phase
    if phase is None:
        if what not in HARMLESS:
            evse = replace(evse, surprises=evse.surprises + 1)
    elif phase is not evse.phase:
        battery = Belief() if phase is Phase.UNPLUGGED else evse.battery
        kept = _plan_kept(evse, phase)
        evse = replace(evse, phase=phase, plan_stale=True, plan=kept, battery=battery)
    if evse.phase is Phase.STARTING and what is Turn.BEGAN:
        evse = replace(evse, started_at=d.now)
    d.put_evse(identity, evse)
    _mark_session(d, evse)
    return evse


def let_go(d: Draft, identity: str, evse: EvseState) -> EvseState:
    """Forget everything that belonged to a transaction that is over; what its car was at stays known with the car."""
    remember(d, evse)
    evse = replace(
        evse,
        readings=replace(evse.readings, soc_pct=None, soc_at=None),
        session=None,
        charging_state=None,
        operation_mode=None,
        priority=False,
        left_order_at=None,
        plan=None,
        plan_id=None,
        delivery=evse.delivery.anew(),
        started_at=None,
        awake_at=None,
    )
    d.put_evse(identity, evse)
    return evse


def _plan_kept(evse: EvseState, phase: Phase) -> Plan | None:
    return evse.plan if phase in (Phase.V2G, Phase.STANDARD) else None


def _mark_session(d: Draft, evse: EvseState) -> None:
    session: Session | None = d.session(evse.session)
    if session is not None and session.phase is not evse.phase and session.ended_at is None:
        d.put_session(replace(session, phase=evse.phase))
