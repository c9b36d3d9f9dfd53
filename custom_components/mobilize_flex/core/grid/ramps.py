"""How far each car is let up: down at once, up by small steps once there has been room for a while."""

from collections.abc import Sequence
from typing import Final

from ..model.load import LoadState, Ramp
from ..model.reasons import Reason
from ..model.replacing import replace
from .bounds import cap_a
from .learning import unseen
from .sharing import NEAR, Bound, headroom_a, left_of
from .takers import Scene, Taker

ROOM_A: Final = 1.0
HOLD_S: Final = 15.0
STEP_A: Final = 2.0
SPACING_S: Final = 10.0
PAUSE_S: Final = 60.0
NEWEST_S: Final = 2.0
NEWEST_PERIODS: Final = 1.5
FAIR_A: Final = 2.0 * STEP_A
SEVERAL: Final = 2


def may_rise(scene: Scene, load: LoadState) -> bool:
    """Return whether anything may be raised: the last reading is whole and new, and no order is under way."""
    meter = scene.site.meter
    if meter is None or load.good < 2 or not load.whole or load.over_since_s is not None:
        return False
    age_s = scene.now_s - load.sample_s
    if not 0.0 <= age_s <= max(NEWEST_S, NEWEST_PERIODS * meter.period_s):
        return False
    return not any(t.active and t.in_flight(scene.now_s) for t in scene.takers)


def most_a(scene: Scene, taker: Taker) -> float:
    """Return the most a taker can make use of: its cap, and what it wished where others want some too."""
    cap = cap_a(scene, taker)[0]
    if taker.wished_w is None or not taker.claims or scene.claimers < SEVERAL:
        return cap
    wished_a = max(0.0, taker.wished_w) / taker.footing.order_w_per_a
    return min(cap, max(taker.least_a, wished_a))


def heads(scene: Scene, ramps: Sequence[Ramp], bounds: Sequence[Bound]) -> list[tuple[float, Reason | None]]:
    """Return how much more each could have, A, and what says so.

    Room others only hold in reserve is free for one that wants it; one without a car takes what is left over.
    """
    wanted = left_of(bounds, [r.limit_a if t.claims else 0.0 for t, r in zip(scene.takers, ramps, strict=True)])
    held = left_of(bounds, [r.limit_a if t.active else 0.0 for t, r in zip(scene.takers, ramps, strict=True)])
    found = []
    for one, (taker, ramp) in enumerate(zip(scene.takers, ramps, strict=True)):
        head_a, reason = headroom_a(bounds, wanted if taker.claims else held, one)
        found.append((head_a if taker.active else head_a - ramp.limit_a, reason))
    return found


def rise(scene: Scene, load: LoadState, ramps: list[Ramp], bounds: Sequence[Bound]) -> tuple[list[Ramp], float]:
    """Return the ramps after what may be raised was, and when one that wants it was raised last."""
    allowed, raised_s = may_rise(scene, load), load.raised_s
    room_a = [head_a for head_a, _ in heads(scene, ramps, bounds)]
    rooms = [_timed(scene, scene.takers[n], ramp, room_a[n]) for n, ramp in enumerate(ramps)]
    if not allowed:
        return rooms, raised_s
    due, raised = scene.now_s - raised_s >= SPACING_S, False
    for one in sorted(range(len(rooms)), key=lambda n: _turn(scene.takers[n], rooms[n])):
        taker, ramp = scene.takers[one], rooms[one]
        wants = most_a(scene, taker) - ramp.limit_a > NEAR and not unseen(scene, taker, ramp)
        if not wants or (taker.claims and not due) or (taker.active and raised):
            continue
        if _ready(scene, ramp):
            rooms[one] = _raised(scene, taker, ramp, room_a[one])
            raised = raised or taker.active
            if taker.claims:
                due, raised_s = False, scene.now_s
        elif taker.claims and (giver := _giver(scene, rooms, one, bounds)) is not None:
            given_a = _gift_a(scene, rooms, one, giver, room_a[one])
            rooms[giver] = replace(rooms[giver], limit_a=rooms[giver].limit_a - given_a)
            due, raised_s = False, scene.now_s
        elif taker.claims and ramp.room_since_s is not None:
            due = False  # it waits for its hold; nobody after it takes its room
    return rooms, raised_s


def _turn(taker: Taker, ramp: Ramp) -> tuple[bool, int, float, float]:
    """Return who is raised first: who wants it, by priority, the lowest, the one that waited longest."""
    return not taker.claims, -taker.station.priority, ramp.limit_a, ramp.raised_s


def _timed(scene: Scene, taker: Taker, ramp: Ramp, head_a: float) -> Ramp:
    """Return a ramp that knows since when there has been room for more."""
    room = head_a >= (ROOM_A if ramp.limit_a else taker.least_a + ROOM_A)
    if room == (ramp.room_since_s is not None):
        return ramp
    return replace(ramp, room_since_s=scene.now_s if room else None)


def _ready(scene: Scene, ramp: Ramp) -> bool:
    since_s = ramp.room_since_s
    held = since_s is not None and scene.now_s - since_s >= HOLD_S
    rested = ramp.limit_a > 0.0 or scene.now_s - ramp.paused_s >= PAUSE_S
    return held and rested and scene.now_s - ramp.raised_s >= SPACING_S


def _raised(scene: Scene, taker: Taker, ramp: Ramp, head_a: float) -> Ramp:
    step_a = min(head_a, STEP_A) if ramp.limit_a else taker.least_a
    limit_a = min(ramp.limit_a + step_a, most_a(scene, taker))
    if limit_a < taker.least_a:
        return ramp
    return replace(ramp, limit_a=limit_a, raised_s=scene.now_s)


def _gift_a(scene: Scene, ramps: Sequence[Ramp], one: int, giver: int, head_a: float) -> float:
    """Return how much is taken from one for another: a step, or what that one needs to begin."""
    begin_a = scene.takers[one].least_a + ROOM_A - head_a + NEAR
    need_a = STEP_A if ramps[one].limit_a else max(STEP_A, begin_a)
    return min(need_a, ramps[giver].limit_a - scene.takers[giver].least_a)


def _giver(scene: Scene, ramps: Sequence[Ramp], one: int, bounds: Sequence[Bound]) -> int | None:
    """Return who makes room for one that has none: a lower priority, or an equal that has much more."""
    me, mine = scene.takers[one], ramps[one]
    if mine.room_since_s is not None:
        return None
    shared = [b for b in bounds if b.weights[one]]
    found = [
        n
        for n, taker in enumerate(scene.takers)
        if n != one
        and taker.claims
        and ramps[n].limit_a - STEP_A >= taker.least_a
        and any(b.weights[n] for b in shared)
        and (
            taker.station.priority < me.station.priority
            or (taker.station.priority == me.station.priority and ramps[n].limit_a >= mine.limit_a + FAIR_A)
        )
    ]
    return min(found, key=lambda n: (scene.takers[n].station.priority, -ramps[n].limit_a), default=None)
