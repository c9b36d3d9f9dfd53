"""The button in the car's flap, recognised by what the station reports: the driver wants a full charge, now."""

from typing import Final

from ..control.session_table import Turn
from ..model.commands import SetpointForm
from ..model.delivery import Outcome
from ..model.facts import TransactionReported
from ..model.replacing import replace
from ..model.session import Phase
from ..model.state import EvseState
from ..model.wishes import Override
from .draft import Draft
from .turning import turn

CHARGING_ONLY: Final = "ChargingOnly"
OURS: Final = frozenset({"CentralSetpoint", "Idle"})
BIDIRECTIONAL: Final = frozenset({SetpointForm.DYNAMIC, SetpointForm.UPDATE, SetpointForm.ABSOLUTE})
LEAST_W: Final = 1_000.0
"""So much more than ordered has to flow, or leaving our order was nobody's wish for a charge."""
WITHIN_S: Final = 300.0


def press(d: Draft, identity: str, number: int) -> None:
    """End V2G for this plug-in and charge fully; the programmes stay, and the next plug-in follows them."""
    turn(d, identity, number, Turn.CHARGE_NOW)
    session = d.session(d.evse(identity, number).session)
    if session is not None:
        d.put_session(replace(session, override=Override.FLAP))


def note_mode(before: EvseState, after: EvseState, d: Draft, fact: TransactionReported) -> EvseState:
    """Note when a station says that it left the mode of our order for plain charging, while that order was in force."""
    if after.operation_mode == before.operation_mode:
        return after
    order = before.delivery.order
    left = (
        after.operation_mode == CHARGING_ONLY
        and before.operation_mode in OURS
        and before.phase is Phase.V2G
        and order is not None
        and order.form in BIDIRECTIONAL
        and before.delivery.outcome is Outcome.ACCEPTED
        and d.now.mono_s < before.delivery.in_force_until_s
        and not fact.offline
    )
    return replace(after, left_order_at=d.now if left else None)


def settle(d: Draft, identity: str, number: int) -> None:
    """Take a car that left our order and charges on its own for one whose driver pressed the button."""
    evse = d.evse(identity, number)
    if evse.left_order_at is None or evse.phase is not Phase.V2G:
        return
    if d.now.age_s(evse.left_order_at) > WITHIN_S:
        d.put_evse(identity, replace(evse, left_order_at=None))
        return
    ordered_w = max(0.0, evse.delivery.order.power_w) if evse.delivery.order is not None else 0.0
    measured = evse.readings.at is not None and evse.readings.at.mono_s > evse.left_order_at.mono_s
    if measured and (evse.readings.power_w or 0.0) > ordered_w + LEAST_W:
        d.put_evse(identity, replace(evse, left_order_at=None))
        press(d, identity, number)
