"""The real acknowledgement: what is measured against what was ordered, and what to do where the two differ."""

from dataclasses import dataclass, replace
from typing import Final

from ..model.commands import SetpointForm, SetPower
from ..model.delivery import Cap, Delivery, Held, Outcome, Trouble, TroubleKind
from ..model.moment import Moment

FOLLOW_W: Final = 300.0
FOLLOW_SHARE: Final = 0.15
FOLLOW_S: Final = 30.0
WAKE_S: Final = 120.0
REVERSED_S: Final = 8.0
QUESTIONS: Final = 3
"""How often a station is asked in one session what it does."""
QUESTION_SPACING_S: Final = 900.0
TROUBLE_S: Final = 600.0
"""How long a car may do as it likes before its owner hears of it."""
NOTHING_W: Final = 100.0
WAKES: Final = 2
WAKE_PAUSE_S: Final = 10.0
"""For how long a sleeping car is ordered nothing, so that it notices when it is ordered something again."""
TAKES_S: Final = 3600.0
"""How long it is believed that a car takes no more than it took."""
REFUSED: Final = 4
"""Refusals in a row after which the owner hears of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Hold what the car does: its power (W), when it was measured, whether it sleeps, whether its battery has room."""

    power_w: float | None
    at: Moment | None
    asleep: bool = False
    room: bool = False

    @property
    def patience_s(self) -> float:
        """Return how long the car may take to follow: a sleeping one has to wake first."""
        return WAKE_S if self.asleep else FOLLOW_S

    @property
    def dozing(self) -> bool:
        """Tell whether the car takes nothing though it could."""
        return self.asleep and self.room and self.power_w is not None and abs(self.power_w) < NOTHING_W


def watch(delivery: Delivery, measured: Measured) -> Delivery:
    """Return the delivery after comparing what was ordered with what is measured."""
    order, power_w, at = delivery.order, measured.power_w, measured.at
    if order is None or power_w is None or at is None or delivery.outcome is not Outcome.ACCEPTED:
        return delivery
    if delivery.changed_at is not None and at.mono_s < delivery.changed_at.mono_s:
        return delivery
    delivery = _against(_outgrown(_woken(delivery, power_w), power_w), order, power_w, at)
    if delivery.reversed:
        return delivery
    if follows(order, power_w) and not (order.power_w > 0.0 and measured.dozing):
        return _well(delivery, order, power_w)
    since = delivery.deviates_since or at
    late = at.age_s(since) >= measured.patience_s
    seen = replace(delivery, deviates_since=since, following=False if late else delivery.following)
    return _bounded(seen, order, power_w, at) if late else seen


def _woken(delivery: Delivery, power_w: float) -> Delivery:
    """Return the delivery of a car that slept and moves again: it gets its time to follow, and is not blamed."""
    if delivery.asleep_since is None or abs(power_w) < NOTHING_W:
        return delivery
    told = delivery.trouble
    return replace(
        delivery,
        wakes=0,
        waking_until_s=0.0,
        asleep_since=None,
        deviates_since=None,
        following=None,
        trouble=None if told is not None and told.kind is TroubleKind.CAR_ASLEEP else told,
    )


def _against(delivery: Delivery, order: SetPower, power_w: float, at: Moment) -> Delivery:
    """Note a car that charges on an order to discharge; after a moment that is a verdict."""
    if not (order.power_w < 0 and power_w > FOLLOW_W):
        return delivery if delivery.against_since is None else replace(delivery, against_since=None)
    since = delivery.against_since or at
    if at.age_s(since) >= REVERSED_S:
        return replace(delivery, reversed=True, following=False)
    return delivery if since is delivery.against_since else replace(delivery, against_since=since)


def follows(order: SetPower, power_w: float) -> bool:
    """Tell whether a measured power is what was ordered; a limit is kept by whatever is less."""
    tolerance = max(FOLLOW_W, FOLLOW_SHARE * abs(order.power_w))
    if order.form is SetpointForm.LIMIT or (order.form is SetpointForm.VENDOR and order.power_w > 0):
        return power_w <= order.power_w + tolerance
    return abs(power_w - order.power_w) <= tolerance


def _well(delivery: Delivery, order: SetPower, power_w: float) -> Delivery:
    """Return the delivery of a car that follows; one at rest on an order to rest has not shown that it is awake."""
    if delivery.following is True and delivery.deviates_since is None and delivery.trouble is None:
        return delivery
    solved = abs(power_w) >= NOTHING_W or order.power_w != 0.0
    kept = None if solved else _still(delivery.trouble)
    return replace(delivery, following=True, deviates_since=None, question=None, held=None, trouble=kept)


def _still(trouble: Trouble | None) -> Trouble | None:
    """Return the trouble that a rest does not solve: a car asleep, or one that does not follow when it is to move."""
    return trouble if trouble is not None and trouble.ordered_w != 0.0 else None


def _bounded(delivery: Delivery, order: SetPower, power_w: float, at: Moment) -> Delivery:
    """Note how much a car takes that takes less than it may: a plan has to reckon with that."""
    if not NOTHING_W * 5 <= power_w < order.power_w:
        return delivery
    known = delivery.takes_w
    if known is not None and abs(known - power_w) < NOTHING_W:
        return delivery
    return replace(delivery, takes_w=power_w, takes_at=at)


def takes_w(delivery: Delivery, now: Moment) -> float | None:
    """Return the most the car was seen to take lately where that was less than it might have, W."""
    return delivery.takes_w if now.age_s(delivery.takes_at) < TAKES_S else None


def _outgrown(delivery: Delivery, power_w: float) -> Delivery:
    """Return the delivery without a cap that no longer binds: more flows than it lets through."""
    cap = delivery.cap
    return delivery if cap is None or cap.way * power_w <= cap.most_w + FOLLOW_W else replace(delivery, cap=None)


def cap_w(delivery: Delivery, way: int, now: Moment) -> float | None:
    """Return the most the station said lately it lets through one way, W; ``None`` where it said nothing like that."""
    cap = delivery.cap
    return cap.most_w if cap is not None and cap.way == way and now.age_s(cap.at) < TAKES_S else None


# what to do about it


def may_ask(delivery: Delivery, now: Moment) -> bool:
    """Tell whether the station should be asked what it does: not often, and only where the car does not follow."""
    if delivery.following is not False or delivery.reversed or delivery.asked >= QUESTIONS:
        return False
    return delivery.question is None and now.age_s(delivery.asked_at) >= QUESTION_SPACING_S


def asked(delivery: Delivery, number: int, now: Moment) -> Delivery:
    """Return the delivery after the question left."""
    return replace(delivery, question=number, asked=delivery.asked + 1, asked_at=now)


def told(delivery: Delivery, number: int, power_w: float | None, now: Moment) -> Delivery:
    """Return the delivery after the station said what it does."""
    if delivery.question != number:
        return delivery
    seen = replace(delivery, question=None, held=Held(power_w=power_w, at=now))
    order = delivery.order
    if order is None or power_w is None or not overruled(seen):
        return seen
    way = 1 if order.power_w > 0.0 else -1
    capped = 0.0 <= way * power_w < abs(order.power_w)
    return replace(seen, cap=Cap(way=way, most_w=abs(power_w), at=now)) if capped else seen


def overruled(delivery: Delivery) -> bool:
    """Tell whether the station says that it does something else than was ordered."""
    order, held = delivery.order, delivery.held
    if order is None or held is None or held.power_w is None:
        return False
    tolerance = max(FOLLOW_W, FOLLOW_SHARE * abs(order.power_w))
    if order.form is SetpointForm.LIMIT:
        return held.power_w < order.power_w - tolerance
    return abs(held.power_w - order.power_w) > tolerance


def sleeps_on(delivery: Delivery, measured: Measured) -> bool:
    """Tell whether a car that should charge takes nothing and gave no sign of waking."""
    order = delivery.order
    return delivery.following is False and order is not None and order.power_w > 0.0 and measured.dozing


def wake(delivery: Delivery, measured: Measured, now: Moment) -> Delivery:
    """Return the delivery with a try to wake the car, if it is time for one: nothing for a moment, then all."""
    if not sleeps_on(delivery, measured) or delivery.wakes >= WAKES or now.mono_s < delivery.waking_until_s:
        return delivery
    return replace(
        delivery,
        wakes=delivery.wakes + 1,
        waking_until_s=now.mono_s + WAKE_PAUSE_S,
        asleep_since=delivery.asleep_since or delivery.deviates_since,
        following=None,
        deviates_since=None,
    )


def judged(delivery: Delivery, measured: Measured, now: Moment) -> Delivery:
    """Return the delivery with what its owner should hear; what was told stays until it is over."""
    kind = _kind(delivery, measured, now)
    order = delivery.order
    if kind is None or order is None or (delivery.trouble is not None and delivery.trouble.kind is kind):
        return delivery
    held_w = delivery.held.power_w if delivery.held else None
    trouble = Trouble(kind=kind, ordered_w=order.power_w, measured_w=measured.power_w, held_w=held_w)
    return replace(delivery, trouble=trouble)


def _kind(delivery: Delivery, measured: Measured, now: Moment) -> TroubleKind | None:
    if delivery.refusals >= REFUSED and delivery.outcome is Outcome.REFUSED:
        return TroubleKind.REFUSED
    if delivery.following is not False or delivery.deviates_since is None:
        return None
    sleeps = sleeps_on(delivery, measured)
    since = (delivery.asleep_since if sleeps else None) or delivery.deviates_since
    if now.age_s(since) < TROUBLE_S:
        return None
    if overruled(delivery):
        return TroubleKind.OVERRULED
    return TroubleKind.CAR_ASLEEP if sleeps else TroubleKind.NOT_FOLLOWING


def refused_all(trouble: Trouble | None) -> bool:
    """Tell whether a trouble is over as soon as an order is taken."""
    return trouble is not None and trouble.kind is TroubleKind.REFUSED
