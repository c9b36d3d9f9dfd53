"""The house alone: what the meter says, less what the cars took at the same time."""

from dataclasses import dataclass
from typing import Final

from ..model.load import LoadState
from ..model.replacing import replace
from .envelope import PhaseDraw, limit_a, phase_draw, stale_s, voltage_v
from .takers import Scene, Taker

STUBBORN_S: Final = 10.0
"""An overload that lasts longer is believed: what a car was told no longer explains it."""


@dataclass(frozen=True, slots=True)
class Phases:
    """Hold what flows through each phase; ``whole`` when the meter tells of all of them."""

    draws: tuple[PhaseDraw, ...]
    whole: bool


def phases(scene: Scene) -> Phases:
    """Return what flows through each phase.

    A meter that tells only a total may have all of it on any phase: the house counts fully on each.
    """
    reading = scene.meter.reading
    told = [phase_draw(scene.site, reading, p) for p in range(scene.site.phases)]
    total_w = reading.power_w if reading.power_w is not None else reading.apparent_va
    known = [draw for draw in told if draw is not None]
    if not known:
        cars_w = sum(t.last_w for t in scene.takers)
        house_w = max(0.0, (total_w or 0.0) - cars_w)
        spread = [
            PhaseDraw(house_w / voltage_v(reading, p) + sum(t.last_w * t.footing.amps_per_w[p] for t in scene.takers))
            for p in range(scene.site.phases)
        ]
        return Phases(tuple(spread), total_w is not None)
    worst = max(known, key=lambda draw: draw.active_a)
    return Phases(tuple(draw or worst for draw in told), len(known) == len(told))


def heard(scene: Scene, load: LoadState, fresh: bool) -> LoadState:
    """Return what is known after the meter or a station may have spoken."""
    at = scene.meter.at
    if not fresh or at is None:
        return load if load.good == 0 else replace(load, good=0, over_since_s=None, alone_since_s=None)
    if at is load.heard:
        return _house(scene, load, phases(scene)) if load.good and _told_since(scene, load) else load
    if at.mono_s < load.sample_s:
        return load
    follows = load.good > 0 and at.mono_s - load.sample_s <= stale_s(scene.site)
    known = load if follows else replace(load, house_a=None, house_w=None, over_since_s=None, alone_since_s=None)
    now = phases(scene)
    load = replace(known, heard=at, good=load.good + 1 if follows else 1, whole=now.whole)
    return _house(scene, _overload(scene, load, now), now)


def _told_since(scene: Scene, load: LoadState) -> bool:
    """Return whether a station measured since the last look, so that its figures go with this reading."""
    return any(t.measured != _seen(load, t) for t in scene.takers)


def _seen(load: LoadState, taker: Taker) -> tuple[tuple[float, float], ...]:
    ramp = load.ramps.get(taker.place)
    return () if ramp is None else ramp.seen


def _overload(scene: Scene, load: LoadState, now: Phases) -> LoadState:
    top_a = limit_a(scene.site, scene.meter.reading)
    over = any(draw.active_a > draw.top_a(top_a) for draw in now.draws)
    if over == (load.over_since_s is not None):
        return load
    return replace(load, over_since_s=load.sample_s if over else None)


def _house(scene: Scene, load: LoadState, now: Phases) -> LoadState:
    """Return the house as far as it is certain: what it was before, unless that no longer explains the reading."""
    stubborn = load.over_since_s is not None and load.sample_s - load.over_since_s >= STUBBORN_S
    spans = [(t.last_w, t.last_w) if stubborn else t.span_w(load.sample_s) for t in scene.takers]
    house_a = []
    for phase, draw in enumerate(now.draws):
        rates = [t.footing.amps_per_w[phase] for t in scene.takers]
        low_a = draw.active_a - sum(high * rate for (_, high), rate in zip(spans, rates, strict=True))
        high_a = draw.active_a - sum(low * rate for (low, _), rate in zip(spans, rates, strict=True))
        before_a = high_a if load.house_a is None else load.house_a[phase]
        house_a.append(min(max(before_a, low_a), high_a))
    power_w = scene.meter.reading.power_w
    house_w = None
    if power_w is not None:
        low_w, high_w = power_w - sum(high for _, high in spans), power_w - sum(low for low, _ in spans)
        house_w = min(max(low_w if load.house_w is None else load.house_w, low_w), high_w)
    return _lean(scene, replace(load, house_a=tuple(house_a), house_w=house_w))


def _lean(scene: Scene, load: LoadState) -> LoadState:
    """Note since when the house alone would overload the connection, were the cars not giving back."""
    top_a = limit_a(scene.site, scene.meter.reading)
    giving = any(t.last_w < 0.0 for t in scene.takers)
    leans = giving and any(house_a > top_a for house_a in load.house_a or ())
    if leans == (load.alone_since_s is not None):
        return load
    return replace(load, alone_since_s=load.sample_s if leans else None)
