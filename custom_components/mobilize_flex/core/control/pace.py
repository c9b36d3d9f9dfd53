"""How a setpoint reaches the station: when to send, in which form, and what an answer teaches.

A cut leaves at once. A raise keeps its distance. What is unchanged is renewed long before it expires in the station.
"""

from dataclasses import dataclass, replace
from typing import Final

from ..model.abilities import Abilities
from ..model.commands import ClearPower, SetpointForm, SetPower
from ..model.driver import VENDOR_KINDS, Route
from ..model.facts import CommandAccepted, CommandRefused, CommandUnanswered
from ..model.moment import Moment
from ..model.state import Decision, Delivery, Outcome

EXPIRES_S: Final = {
    SetpointForm.DYNAMIC: 180,
    SetpointForm.UPDATE: 180,
    SetpointForm.ABSOLUTE: 300,
    SetpointForm.LIMIT: 300,
    SetpointForm.VENDOR: 300,
}
RENEW_SHARE: Final = 1 / 3
IDLE_EXPIRES_S: Final = 900
OFFLINE_S: Final = 60
RAISE_SPACING_S: Final = {
    SetpointForm.DYNAMIC: 5.0,
    SetpointForm.UPDATE: 5.0,
    SetpointForm.ABSOLUTE: 30.0,
    SetpointForm.LIMIT: 10.0,
    SetpointForm.VENDOR: 10.0,
}
CHANGE_W: Final = 100.0
CHANGE_SHARE: Final = 0.05
ANSWER_S: Final = 20.0
CUT_AGAIN_S: Final = 5.0
RETRY_S: Final = (10.0, 15.0, 60.0, 300.0)
FOLLOW_W: Final = 300.0
FOLLOW_SHARE: Final = 0.15
FOLLOW_S: Final = 30.0
WAKE_S: Final = 120.0
REVERSED_S: Final = 8.0
LONGEST_TOLD_S: Final = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """Hold where a setpoint goes: the station's EVSE, its running transaction, what the station can do.

    ``route`` is the station's own way to give back, where it has one; ``expires_s`` shortens the life of an order.
    """

    station: str
    evse: int
    transaction: str
    phases: int
    abilities: Abilities
    bidirectional: bool
    route: Route | None = None
    expires_s: int | None = None

    @property
    def vendor(self) -> bool:
        """Return whether orders go beside the standard."""
        return self.route is not None and self.route.kind in VENDOR_KINDS


def due(delivery: Delivery, decision: Decision, road: Road, now: Moment, command_id: int) -> SetPower | None:
    """Return the order to send now, or ``None`` when the last one still says it all."""
    if decision.power_w is None:
        return None
    order = _order(delivery, decision, road, now, command_id)
    last = delivery.order
    if last is None or last.transaction != road.transaction:
        return order if now.mono_s >= delivery.quiet_until_s else None
    if _leaves_at_once(delivery, last, order, now):
        return order
    if now.mono_s < delivery.quiet_until_s or (delivery.outcome is Outcome.WAITING and _waits(delivery, now)):
        return None
    if delivery.outcome in (Outcome.REFUSED, Outcome.UNANSWERED):
        return order
    age_s = now.age_s(delivery.sent_at)
    if _differs(last, order) and age_s >= RAISE_SPACING_S[order.form]:
        return order
    return order if age_s >= last.expires_s * RENEW_SHARE else None


def _leaves_at_once(delivery: Delivery, last: SetPower, order: SetPower, now: Moment) -> bool:
    """Return whether an order is a cut that must not wait; after a refusal what is in force is cut again and again."""
    if delivery.outcome not in (Outcome.REFUSED, Outcome.UNANSWERED):
        return is_cut(last.power_w, order.power_w)
    in_force_w = last.power_w if delivery.in_force_w is None else delivery.in_force_w
    return is_cut(in_force_w, order.power_w) and now.age_s(delivery.sent_at) >= CUT_AGAIN_S


def is_cut(before_w: float, after_w: float) -> bool:
    """Return whether a change takes load off the connection or stops giving back: less in the same direction."""
    return (before_w > 0 and after_w < before_w) or (before_w < 0 and after_w > before_w)


def sent(delivery: Delivery, order: SetPower, now: Moment) -> Delivery:
    """Return the delivery after an order left."""
    last = delivery.order
    changed = last is None or _differs(last, order)
    return replace(
        delivery,
        order=order,
        sent_at=now,
        changed_at=now if changed else delivery.changed_at,
        outcome=Outcome.WAITING,
        following=None if changed else delivery.following,
        deviates_since=None if changed else delivery.deviates_since,
    )


def again(delivery: Delivery) -> Delivery:
    """Return the delivery with its order due once more, as a profile of its own: the car negotiates anew."""
    return replace(delivery, sent_at=None)


def _waits(delivery: Delivery, now: Moment) -> bool:
    return now.age_s(delivery.sent_at) < ANSWER_S


def _order(delivery: Delivery, decision: Decision, road: Road, now: Moment, command_id: int) -> SetPower:
    idle = decision.idle and not delivery.no_idle and road.bidirectional and not road.vendor
    form = _form(delivery, road, now, idle=idle)
    power_w = decision.power_w or 0.0
    return SetPower(
        id=command_id,
        station=road.station,
        evse=road.evse,
        transaction=road.transaction,
        power_w=max(0.0, power_w) if form is SetpointForm.LIMIT else power_w,
        form=form,
        phases=road.phases,
        expires_s=road.expires_s or (IDLE_EXPIRES_S if idle else EXPIRES_S[form]),
        idle=idle,
        amperes=delivery.amperes or (road.abilities.watts is False),
        offline_s=OFFLINE_S if road.abilities.offline_limit else None,
        route=None if form is SetpointForm.LIMIT else road.route,
    )


def _form(delivery: Delivery, road: Road, now: Moment, *, idle: bool) -> SetpointForm:
    """Return the best form that is left; an update only where our dynamic profile still lives in the same mode."""
    if delivery.form is SetpointForm.LIMIT or not (road.bidirectional or road.vendor):
        return SetpointForm.LIMIT
    if road.vendor:
        return SetpointForm.VENDOR
    if delivery.form is SetpointForm.ABSOLUTE or road.abilities.dynamic is False or road.route is not None:
        return SetpointForm.ABSOLUTE
    last = delivery.order
    alive = (
        last is not None
        and delivery.installed
        and last.transaction == road.transaction
        and last.form in (SetpointForm.DYNAMIC, SetpointForm.UPDATE)
        and not last.idle
        and not idle
        and now.age_s(delivery.sent_at) < last.expires_s
    )
    if alive and not delivery.no_update and road.abilities.update is not False:
        return SetpointForm.UPDATE
    return SetpointForm.DYNAMIC


def _differs(last: SetPower, order: SetPower) -> bool:
    if last.idle != order.idle or last.route != order.route or (last.power_w == 0) != (order.power_w == 0):
        return True
    step = max(CHANGE_W, CHANGE_SHARE * abs(last.power_w))
    return last.power_w * order.power_w < 0 or abs(last.power_w - order.power_w) >= step


# what an answer teaches


def accepted(delivery: Delivery, fact: CommandAccepted) -> Delivery:
    """Return the delivery after the station took the order."""
    if delivery.order is None or fact.id != delivery.order.id:
        return delivery
    return replace(
        delivery,
        outcome=Outcome.ACCEPTED,
        installed=True,
        in_force_w=delivery.order.power_w,
        refusals=0,
        last_refusal=None,
    )


def unanswered(delivery: Delivery, fact: CommandUnanswered, now: Moment) -> Delivery:
    """Return the delivery after silence: try again in a while."""
    if delivery.order is None or fact.id != delivery.order.id:
        return delivery
    refusals = delivery.refusals + 1
    return replace(
        delivery,
        outcome=Outcome.UNANSWERED,
        installed=False,
        refusals=refusals,
        quiet_until_s=now.mono_s + _retry_s(refusals),
    )


def refused(delivery: Delivery, fact: CommandRefused, now: Moment) -> Delivery:
    """Return the delivery after a refusal: another form, another unit, or patience."""
    if delivery.order is None or fact.id != delivery.order.id:
        return delivery
    refusals = delivery.refusals + 1
    learnt = _learn(delivery, fact, refusals)
    patient = learnt == delivery
    wait_s = _told_s(fact) if fact.reason == "RateLimitExceeded" else _retry_s(refusals)
    return replace(
        learnt,
        outcome=Outcome.REFUSED,
        installed=False,
        refusals=refusals,
        last_refusal=fact.reason,
        quiet_until_s=now.mono_s + (wait_s if patient else 0.0),
    )


def _learn(delivery: Delivery, fact: CommandRefused, refusals: int) -> Delivery:
    """Return what to try next, by the table of refusals."""
    order = delivery.order
    if order is None or fact.reason in _PASSING:
        return delivery
    form = order.form
    if order.idle:
        return replace(delivery, no_idle=True)
    if form is SetpointForm.UPDATE:
        return replace(delivery, no_update=True)
    if fact.reason in ("UnsupportedKind", "InvalidProfile"):
        return replace(delivery, form=_simpler(form))
    if fact.reason == "UnsupportedRateUnit":
        return replace(delivery, amperes=not delivery.amperes)
    if fact.reason in ("InvalidOperationMode", "UnsupportedParam"):
        return replace(delivery, form=SetpointForm.LIMIT)
    if refusals >= 2 or fact.reason in ("InvalidSchedule", "InvalidValue"):
        return replace(delivery, form=_simpler(form))
    return delivery


_PASSING: Final = frozenset({"InvalidMessageSeq", "RateLimitExceeded", "TxNotFound", "DuplicateProfile", "Superseded"})
"""Refusals that say nothing against the form of an order."""


def _simpler(form: SetpointForm) -> SetpointForm:
    return SetpointForm.ABSOLUTE if form is SetpointForm.DYNAMIC else SetpointForm.LIMIT


def _retry_s(refusals: int) -> float:
    return RETRY_S[min(refusals, len(RETRY_S)) - 1]


def _told_s(fact: CommandRefused) -> float:
    text = fact.text or ""
    return min(float(text), LONGEST_TOLD_S) if text.isdecimal() and len(text) < 6 else 60.0


# the real acknowledgement: measured power


def watch(delivery: Delivery, power_w: float | None, measured_at: Moment | None, asleep: bool, now: Moment) -> Delivery:
    """Return the delivery after comparing what was asked with what is measured."""
    order = delivery.order
    if order is None or power_w is None or delivery.outcome is not Outcome.ACCEPTED or measured_at is None:
        return delivery
    against = order.power_w < 0 and power_w > FOLLOW_W
    against_since = (delivery.against_since or measured_at) if against else None
    if against_since is not None and measured_at.age_s(against_since) >= REVERSED_S:
        return replace(delivery, reversed=True, following=False)
    if against_since != delivery.against_since:
        delivery = replace(delivery, against_since=against_since)
    if _follows(order, power_w):
        return replace(delivery, following=True, deviates_since=None)
    since = delivery.deviates_since or measured_at
    patience_s = WAKE_S if asleep else FOLLOW_S
    following = False if now.age_s(since) >= patience_s else delivery.following
    return replace(delivery, deviates_since=since, following=following)


def _follows(order: SetPower, power_w: float) -> bool:
    tolerance = max(FOLLOW_W, FOLLOW_SHARE * abs(order.power_w))
    if order.form is SetpointForm.LIMIT or (order.form is SetpointForm.VENDOR and order.power_w > 0):
        return power_w <= order.power_w + tolerance
    return abs(power_w - order.power_w) <= tolerance


def withdraw(road: Road, command_id: int) -> ClearPower:
    """Return the order that takes our profile away, so that the lasting limits rule."""
    return ClearPower(
        id=command_id, station=road.station, evse=road.evse, transaction=road.transaction, route=road.route
    )
