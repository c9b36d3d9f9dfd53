"""Load management: cuts at once, careful raises, and nothing that rests on old figures."""

from dataclasses import dataclass
import math
from types import MappingProxyType
from typing import Final

from ..model.electric import MINIMUM_CHARGE_A
from ..model.load import LoadState, Place, Ramp
from ..model.moment import Moment
from ..model.reasons import Reason
from ..model.replacing import replace
from ..model.state import Envelope
from .alone import Phases, heard, phases
from .bounds import cap_a, drawing, giving, lasting
from .envelope import is_fresh, limit_a, stale_s, voltage_sound
from .learning import learn, nudge, verdict
from .ramps import heads, most_a, rise
from .sharing import NEAR, Bound, Claim, headroom_a, left_of, share
from .takers import Scene, Taker

TWO_GOOD: Final = 2
BEYOND_A: Final = 1.0
BEYOND_S: Final = 15.0
BROKEN_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Ruling:
    """Hold what load management makes of a scene: what to remember, what each may do, whose charge to stop."""

    load: LoadState
    envelopes: MappingProxyType[Place, Envelope]
    stops: tuple[Place, ...] = ()


def rule(scene: Scene, load: LoadState, now: Moment) -> Ruling:
    """Return what each charging point may do now."""
    fresh = is_fresh(scene.site, scene.meter, now)
    news = scene.meter.at is not load.heard
    load = heard(scene, load, fresh)
    ramps = [_ramp(scene, load, taker) for taker in scene.takers]
    if not fresh:
        return _blind(scene, load, ramps)
    flows = phases(scene)
    if news:
        ramps = learn(scene, load, ramps, flows)
        load = replace(load, misread=verdict(scene, ramps))
    if load.misread is not None and load.misread.turned:
        return _blind(scene, load, ramps)
    bounds = drawing(scene, load, flows)
    ramps = _cut(scene, ramps, bounds)
    raised_s = load.raised_s
    if load.good >= TWO_GOOD:
        ramps, raised_s = rise(scene, load, nudge(scene, load, ramps), bounds)
        if raised_s != load.raised_s:
            ramps = _cut(scene, ramps, bounds)  # what one was given others no longer hold in reserve
    ramps, stops = _watched(scene, ramps, flows)
    found = heads(scene, ramps, bounds)
    ramps = [_because(scene, t, r, found[n][1]) for n, (t, r) in enumerate(zip(scene.takers, ramps, strict=True))]
    out = _outward(scene, load)
    envelopes = {
        taker.place: _envelope(scene, taker, ramp, out[n])
        for n, (taker, ramp) in enumerate(zip(scene.takers, ramps, strict=True))
    }
    load = _kept(scene, replace(load, raised_s=raised_s), ramps)
    return Ruling(load, MappingProxyType(envelopes), stops)


def _kept(scene: Scene, load: LoadState, ramps: list[Ramp]) -> LoadState:
    mine = {taker.place: ramp for taker, ramp in zip(scene.takers, ramps, strict=True)}
    active = frozenset(taker.place for taker in scene.takers if taker.active)
    if mine == load.ramps and active == load.active:
        return load
    return replace(load, ramps=MappingProxyType(mine), active=active)


def _ramp(scene: Scene, load: LoadState, taker: Taker) -> Ramp:
    """Return how far a charging point was let up; a new one begins at its fail-safe current."""
    ramp = load.ramps.get(taker.place) or Ramp(limit_a=_failsafe_a(scene, taker))
    return ramp if ramp.seen == taker.measured else replace(ramp, seen=taker.measured)


def _failsafe_a(scene: Scene, taker: Taker) -> float:
    current_a = min(taker.station.fallback_a, cap_a(scene, taker)[0])
    return current_a if current_a >= MINIMUM_CHARGE_A else 0.0


def _blind(scene: Scene, load: LoadState, ramps: list[Ramp]) -> Ruling:
    """Return the agreed fail-safe for all: as far as the connection could carry it without a house."""
    claims = [_claim(t, _failsafe_a(scene, t)) for t in scene.takers]
    bounds = lasting(scene)
    shared = share(claims, bounds)
    left = left_of(bounds, shared)
    for n, taker in enumerate(scene.takers):
        safe_a, because = _failsafe_a(scene, taker), Reason.METER_STALE
        room_a, tightest = headroom_a(bounds, left, n)
        alone_a = shared[n] if taker.active else _left_over(taker, room_a, safe_a)
        if alone_a < safe_a - NEAR:
            because = tightest or because
        ramps[n] = replace(ramps[n], limit_a=alone_a, because=because, room_since_s=None)
    envelopes = {
        t.place: Envelope(max_w=r.limit_a * t.footing.order_w_per_a, max_because=r.because, valid_s=stale_s(scene.site))
        for t, r in zip(scene.takers, ramps, strict=True)
    }
    return Ruling(_kept(scene, load, ramps), MappingProxyType(envelopes))


def _claim(taker: Taker, most: float) -> Claim:
    """Return what one may claim: what it was let up to, even where that is not yet enough for its car."""
    rank = (taker.claims, taker.station.priority)
    floor_a = max(MINIMUM_CHARGE_A, min(most, taker.least_a))
    return Claim(most if taker.active else 0.0, rank, taker.last_w > 0.0, floor_a)


def _left_over(taker: Taker, room_a: float, most: float) -> float:
    """Return what one without a car could have of what the others leave."""
    fits_a = min(most, room_a)
    return fits_a if fits_a >= taker.least_a - NEAR else 0.0


def _cut(scene: Scene, ramps: list[Ramp], bounds: list[Bound]) -> list[Ramp]:
    """Return the ramps within all bounds: what is too much goes at once, the lowest priority first."""
    mine = [min(r.limit_a, most_a(scene, t)) for t, r in zip(scene.takers, ramps, strict=True)]
    shared = share([_claim(t, a) for t, a in zip(scene.takers, mine, strict=True)], bounds)
    left, made = left_of(bounds, shared), []
    for n, (taker, ramp) in enumerate(zip(scene.takers, ramps, strict=True)):
        fits_a = shared[n] if taker.active else _left_over(taker, headroom_a(bounds, left, n)[0], mine[n])
        if fits_a >= ramp.limit_a - NEAR:
            made.append(ramp)
            continue
        paused_s = scene.now_s if fits_a == 0.0 else ramp.paused_s
        made.append(replace(ramp, limit_a=fits_a, paused_s=paused_s, room_since_s=None))
    return made


def _because(scene: Scene, taker: Taker, ramp: Ramp, tightest: Reason | None) -> Ramp:
    """Return a ramp that knows what binds it: its cap, else the tightest bound."""
    most, because = cap_a(scene, taker)
    if ramp.limit_a < most - NEAR:
        because = tightest or because
    return ramp if because is ramp.because else replace(ramp, because=because)


def _outward(scene: Scene, load: LoadState) -> list[tuple[float, Reason]]:
    """Return how much may leave each car, A on each conductor, and why no more."""
    nothing = [(0.0, Reason.FEED_IN_LIMIT)] * len(scene.takers)
    if load.good < TWO_GOOD:
        return [(0.0, Reason.METER_STALE)] * len(scene.takers)
    if not voltage_sound(scene.meter.reading):
        return [(0.0, Reason.GRID_VOLTAGE)] * len(scene.takers)
    bounds = giving(scene, load)
    if not bounds:
        return nothing
    claims = [_gift(t, several=len(scene.takers) > 1) for t in scene.takers]
    shared = share(claims, bounds)
    left, made = left_of(bounds, shared), []
    for n, taker in enumerate(scene.takers):
        left_a, because = headroom_a(bounds, left, n)
        most = taker.station.selector_a
        out_a = min(most, shared[n] + max(0.0, left_a)) if _alone(scene, taker) else shared[n]
        made.append((out_a, Reason.STATION_LIMIT if out_a >= most - NEAR else because or Reason.FEED_IN_LIMIT))
    return made


def _alone(scene: Scene, taker: Taker) -> bool:
    """Return whether nobody else could give back at the same time."""
    return not taker.active or not any(t.active and t.place != taker.place for t in scene.takers)


def _gift(taker: Taker, *, several: bool) -> Claim:
    """Return what one would give: as much as it wished, and what is left over where it wished for none."""
    wished_w = min(0.0, taker.wished_w or 0.0)
    if not taker.active:
        return Claim(0.0, (False, 0), floor_a=0.0)
    most = taker.station.selector_a
    if several and wished_w < 0.0:
        most = min(most, -wished_w / taker.footing.watts_per_a)
    return Claim(most, (wished_w < 0.0, taker.station.priority), floor_a=0.0)


def _envelope(scene: Scene, taker: Taker, ramp: Ramp, out: tuple[float, Reason]) -> Envelope:
    inward_a, because = ramp.limit_a, ramp.because
    if not taker.known and inward_a > (safe_a := _failsafe_a(scene, taker)):
        inward_a, because = safe_a, Reason.METER_STALE
    out_a, out_because = out if taker.known else (0.0, Reason.METER_STALE)
    return Envelope(
        max_w=inward_a * taker.footing.order_w_per_a,
        min_w=-out_a * taker.footing.watts_per_a + 0.0,
        max_because=because,
        min_because=out_because,
        fresh=True,
        valid_s=stale_s(scene.site),
    )


def _watched(scene: Scene, ramps: list[Ramp], flows: Phases) -> tuple[list[Ramp], tuple[Place, ...]]:
    """Return the ramps with what each does beyond its order, and whose charge breaks the connection because of it."""
    top_a = limit_a(scene.site, scene.meter.reading)
    broken = {p for p, draw in enumerate(flows.draws) if math.hypot(draw.active_a, draw.reactive_a) > top_a}
    broken &= {p for p, draw in enumerate(flows.draws) if draw.active_a > 0.0}
    made = [_watched_one(scene, t, r, broken) for t, r in zip(scene.takers, ramps, strict=True)]
    return [ramp for ramp, _ in made], tuple(t.place for t, (_, stop) in zip(scene.takers, made, strict=True) if stop)


def _watched_one(scene: Scene, taker: Taker, ramp: Ramp, broken: set[int]) -> tuple[Ramp, bool]:
    beyond = _is_beyond(taker)
    breaks = beyond and not broken.isdisjoint(taker.footing.phases)
    beyond_s = _since(ramp.beyond_since_s, beyond, scene.now_s)
    broken_s = _since(ramp.broken_since_s, breaks, scene.now_s)
    stop = _long(beyond_s, BEYOND_S, scene.now_s) and _long(broken_s, BROKEN_S, scene.now_s)
    if stop:
        broken_s = scene.now_s
    if (beyond_s, broken_s) == (ramp.beyond_since_s, ramp.broken_since_s):
        return ramp, stop
    return replace(ramp, beyond_since_s=beyond_s, broken_since_s=broken_s), stop


def _is_beyond(taker: Taker) -> bool:
    if not taker.active or not taker.ordered_w:
        return False
    return taker.last_w > max(0.0, *taker.ordered_w[:1]) + BEYOND_A * taker.footing.watts_per_a


def _since(known_s: float | None, there: bool, now_s: float) -> float | None:
    if not there:
        return None
    return now_s if known_s is None else known_s


def _long(since_s: float | None, least_s: float, now_s: float) -> bool:
    return since_s is not None and now_s - since_s >= least_s
