"""How a setpoint reaches the station: when to send, in which form, and what an answer teaches.

A cut leaves at once. A raise keeps its distance. What is unchanged is renewed long before it expires in the station.
"""

from dataclasses import dataclass, replace
from typing import Final

from ..model.abilities import Abilities
from ..model.commands import ClearPower, SetpointForm, SetPower
from ..model.delivery import Delivery, Learnt, Outcome
from ..model.driver import VENDOR_KINDS, Route
from ..model.facts import CommandAccepted, CommandRefused, CommandUnanswered
from ..model.moment import Moment
from ..model.state import Decision
from .effect import refused_all
from .refusals import Taught, form_left, retry_s, teach

NEGOTIATED_S: Final = 150
"""How long an order lives where the car negotiates anew with every profile: a Linky bears 1.4 times that long."""
EXPIRES_S: Final = {
    SetpointForm.DYNAMIC: 90,
    SetpointForm.UPDATE: 90,
    SetpointForm.ABSOLUTE: NEGOTIATED_S,
    SetpointForm.LIMIT: 90,
    SetpointForm.VENDOR: NEGOTIATED_S,
}
RENEW_SHARE: Final = 1 / 3
NEGOTIATED_RENEW_SHARE: Final = 1 / 2
IDLE_EXPIRES_S: Final = 900
GENTLE_EXPIRES_S: Final = 900
"""How long an order to charge lives that asks no more than the standard charge without us would take."""
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
LEAST_DENIED: Final = 3
SCHEDULE_AGAIN_S: Final = 10.0
"""How long a car that means to take more than it may waits for the same order again."""
MINUTE_S: Final = 60.0
MOST_A_MINUTE: Final = 20
"""Orders to one EVSE in a minute that are no cuts."""
MOST_CUTS_A_MINUTE: Final = 40
"""Orders in a minute after which even cuts keep a distance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """Hold where a setpoint goes: the station's EVSE, its running transaction, what the station can do.

    ``route`` is the station's own way to give back, where it has one; ``expires_s`` shortens the life of an order.
    ``learnt`` is what the station refused before; ``gentle_w`` what it charges with when nobody orders anything.
    ``negotiates`` where the car told its needs, and does so anew with every profile that is no dynamic one.
    """

    station: str
    evse: int
    transaction: str
    phases: int
    abilities: Abilities
    bidirectional: bool
    route: Route | None = None
    expires_s: int | None = None
    learnt: Learnt = Learnt()
    gentle_w: float = 0.0
    negotiates: bool = False

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
    known = last is not None and last.transaction == road.transaction
    if known and last is not None and _leaves_at_once(delivery, last, order, now):
        return order if _count(delivery, now) < MOST_CUTS_A_MINUTE or _age_s(delivery, now) >= CUT_AGAIN_S else None
    if now.mono_s < delivery.quiet_until_s or _count(delivery, now) >= MOST_A_MINUTE:
        return None
    if not known or last is None:
        return order
    if delivery.outcome is Outcome.WAITING and _age_s(delivery, now) < ANSWER_S:
        return None
    if delivery.outcome in (Outcome.REFUSED, Outcome.UNANSWERED):
        return order
    age_s = _age_s(delivery, now)
    if _differs(last, order) and age_s >= RAISE_SPACING_S[order.form]:
        return order
    share = NEGOTIATED_RENEW_SHARE if last.expires_s == NEGOTIATED_S else RENEW_SHARE
    return order if age_s >= last.expires_s * share else None


def _age_s(delivery: Delivery, now: Moment) -> float:
    return now.age_s(delivery.sent_at)


def _count(delivery: Delivery, now: Moment) -> int:
    """Return how many orders went to the EVSE within the last minute."""
    return sum(now.mono_s - at < MINUTE_S for at in delivery.recent)


def _leaves_at_once(delivery: Delivery, last: SetPower, order: SetPower, now: Moment) -> bool:
    """Return whether an order is a cut that must not wait; after a refusal what is in force is cut again and again."""
    if delivery.outcome not in (Outcome.REFUSED, Outcome.UNANSWERED):
        return is_cut(last.power_w, order.power_w)
    return is_cut(_in_force_w(delivery, last, now), order.power_w) and _age_s(delivery, now) >= CUT_AGAIN_S


def _in_force_w(delivery: Delivery, last: SetPower, now: Moment) -> float:
    """Return the strongest power that may still be in force after an order that was not taken."""
    taken_w = delivery.in_force_w if now.mono_s < delivery.in_force_until_s else None
    untold_w = (
        last.power_w if delivery.outcome is Outcome.UNANSWERED and _age_s(delivery, now) < last.expires_s else 0.0
    )
    return max(taken_w or 0.0, untold_w, key=abs)


def is_cut(before_w: float, after_w: float) -> bool:
    """Return whether a change takes load off the connection or stops giving back: less in the same direction."""
    return (before_w > 0 and after_w < before_w) or (before_w < 0 and after_w > before_w)


def sent(delivery: Delivery, order: SetPower, now: Moment, *, planned: bool = False) -> Delivery:
    """Return the delivery after an order left; the verdict on what it does goes on while the direction is the same."""
    last = delivery.order
    changed = last is None or _differs(last, order)
    turned = last is None or _sign(last.power_w) != _sign(order.power_w)
    by_plan = planned and delivery.planned
    stopped = turned and by_plan and mode_of(delivery) and now.mono_s >= delivery.waking_until_s
    return replace(
        delivery,
        order=order,
        sent_at=now,
        changed_at=now if changed else delivery.changed_at,
        planned=planned,
        stopped_at=now if stopped else delivery.stopped_at,
        outcome=Outcome.WAITING,
        recent=(*(at for at in delivery.recent if now.mono_s - at < MINUTE_S), now.mono_s),
        following=None if turned else delivery.following,
        deviates_since=None if turned else delivery.deviates_since,
    )


def mode_of(delivery: Delivery) -> int:
    """Return what the car was last ordered to do: -1 giving back, 0 resting, 1 charging."""
    return 0 if delivery.order is None else _sign(delivery.order.power_w)


def _sign(power_w: float) -> int:
    return (power_w > 0) - (power_w < 0)


def again(delivery: Delivery) -> Delivery:
    """Return the delivery with its order due once more, as a profile of its own: the car negotiates anew."""
    return replace(delivery, sent_at=None, installed=False, quiet_until_s=0.0)


def _order(delivery: Delivery, decision: Decision, road: Road, now: Moment, command_id: int) -> SetPower:
    learnt = road.learnt
    idle = decision.idle and not learnt.no_idle and road.bidirectional and not road.vendor
    form = _form(delivery, road, now, idle=idle)
    power_w = decision.power_w or 0.0
    power_w = max(0.0, power_w) if form is SetpointForm.LIMIT else power_w
    return SetPower(
        id=command_id,
        station=road.station,
        evse=road.evse,
        transaction=road.transaction,
        power_w=power_w,
        form=form,
        phases=road.phases,
        expires_s=road.expires_s or _expires_s(form, power_w, road, idle=idle),
        idle=idle,
        amperes=learnt.amperes or (road.abilities.watts is False),
        offline_s=OFFLINE_S if road.abilities.offline_limit and not learnt.plain else None,
        route=None if form is SetpointForm.LIMIT else road.route,
        plain=learnt.plain,
        low=learnt.low,
    )


def _expires_s(form: SetpointForm, power_w: float, road: Road, *, idle: bool) -> int:
    """Return how long an order lives: longer where a car negotiates with every profile, or nothing is at stake."""
    if idle:
        return IDLE_EXPIRES_S
    lasting = form in (SetpointForm.ABSOLUTE, SetpointForm.LIMIT)
    if lasting and 0.0 <= power_w <= road.gentle_w:
        return GENTLE_EXPIRES_S
    return NEGOTIATED_S if form is SetpointForm.LIMIT and road.negotiates else EXPIRES_S[form]


def _form(delivery: Delivery, road: Road, now: Moment, *, idle: bool) -> SetpointForm:
    """Return the best form that is left; an update only where our dynamic profile still lives in the same mode."""
    left = form_left(delivery, road.learnt, now)
    if left is SetpointForm.LIMIT or not (road.bidirectional or road.vendor):
        return SetpointForm.LIMIT
    if road.vendor:
        return SetpointForm.VENDOR
    told, hybrid = road.abilities.dynamic, road.route is not None
    if left is SetpointForm.ABSOLUTE or told is False or (hybrid and not told):
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
    if alive and not hybrid and not road.learnt.no_update and road.abilities.update is not False:
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
        in_force_until_s=(delivery.sent_at.mono_s if delivery.sent_at else 0.0) + delivery.order.expires_s,
        refusals=0,
        taken=delivery.taken + 1,
        last_refusal=None,
        limited=delivery.limited and delivery.order.form is SetpointForm.LIMIT,
        trouble=None if refused_all(delivery.trouble) else delivery.trouble,
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
        denied=delivery.denied + 1,
        quiet_until_s=now.mono_s + retry_s(refusals),
    )


def refused(delivery: Delivery, learnt: Learnt, fact: CommandRefused, now: Moment) -> Taught | None:
    """Return what a refusal of our order teaches, ``None`` where it was of something else."""
    order = delivery.order
    if order is None or fact.id != order.id:
        return None
    taught = teach(delivery, learnt, order, fact, now)
    denied = delivery.denied + 1
    return replace(taught, delivery=replace(taught.delivery, outcome=Outcome.REFUSED, installed=False, denied=denied))


def denied_share(delivery: Delivery) -> float:
    """Return which share of its orders the station does not take; a few say nothing."""
    return delivery.denied / (delivery.taken + delivery.denied) if delivery.denied >= LEAST_DENIED else 0.0


def withdraw(road: Road, command_id: int) -> ClearPower:
    """Return the order that takes our profile away, so that the lasting limits rule."""
    return ClearPower(
        id=command_id, station=road.station, evse=road.evse, transaction=road.transaction, route=road.route
    )
