"""Whether the meter's transformers face the right way and stand on the right phases: the car's own steps tell."""

from types import MappingProxyType
from typing import Final

from ..model.load import Evidence, LoadState, Misread, Ramp
from ..model.replacing import replace
from .alone import Phases
from .envelope import voltage_v
from .takers import Scene, Taker

STEADY_W: Final = 150.0
STEADY_S: Final = 4.0
STEP_W: Final = 400.0
TRACE: Final = 0.2
"""Share of a step on one phase that is a trace; a balanced car leaves a third on each."""
WHOLE: Final = (0.8, 1.25)
"""All traces of a step together; more or less, and the house moved at the same time."""
CERTAIN: Final = 3
SHARE: Final = 0.75
MOST_VOTES: Final = 6
"""How many steps count: a meter that was turned since is found out all the same."""
QUIET_S: Final = 20.0
NUDGE_A: Final = 3.0
MOST_NUDGES: Final = 6
UNUSED_A: Final = 2.5
"""What a car is allowed beyond what it takes, once a raise makes no difference to it: more than one raise."""
SHOWN: Final = 2.0
"""How many measurements of its station a step lasts: one tells that it was taken, another that it lasts."""


def learn(scene: Scene, load: LoadState, ramps: list[Ramp], now: Phases) -> list[Ramp]:
    """Return the ramps with what the last reading adds to the evidence."""
    if not now.whole or not _signed(scene):
        return ramps
    flows_w = tuple(draw.active_a * voltage_v(scene.meter.reading, p) for p, draw in enumerate(now.draws))
    steady = [_steady(t, scene.now_s) for t in scene.takers]
    made = []
    for n, (taker, ramp) in enumerate(zip(scene.takers, ramps, strict=True)):
        calm = all(still for m, still in enumerate(steady) if m != n and scene.takers[m].active)
        seen = _weighed(scene, taker, ramp.evidence, flows_w, steady=steady[n] and calm)
        made.append(ramp if seen == ramp.evidence else replace(ramp, evidence=seen))
    return made


def forgotten(load: LoadState) -> LoadState:
    """Return the load without anything a meter showed: it is another one now, or put in another way."""
    ramps = {place: replace(ramp, evidence=Evidence()) for place, ramp in load.ramps.items()}
    return replace(
        load,
        ramps=MappingProxyType(ramps),
        house_a=None,
        house_w=None,
        good=0,
        over_since_s=None,
        alone_since_s=None,
        misread=None,
    )


def _signed(scene: Scene) -> bool:
    """Return whether the meter tells directions at all."""
    reading = scene.meter.reading
    return reading.power_w is not None or reading.signed or any(w is not None for w in reading.phase_power_w)


def _steady(taker: Taker, now_s: float) -> bool:
    """Return whether a car has done the same for long enough to show in the meter.

    Two measurements have to say so, or one of what it was ordered.
    """
    if not taker.measured:
        return False
    at_s, power_w = taker.measured[-1]
    since_s = at_s
    for earlier_s, earlier_w in reversed(taker.measured):
        if abs(earlier_w - power_w) > STEADY_W:
            break
        since_s = earlier_s
    told = bool(taker.ordered_w) and abs(power_w - taker.ordered_w[0]) <= STEADY_W
    return (now_s if told else at_s) - since_s >= STEADY_S


def _weighed(scene: Scene, taker: Taker, known: Evidence, flows_w: tuple[float, ...], *, steady: bool) -> Evidence:
    if not taker.active:
        return replace(known, before_w=None, phases_w=(), steady_since_s=None, maybe=None)
    known = _confirmed(taker, known)
    if not steady:
        return known
    known = replace(known, maybe=(scene.now_s, taker.last_w, flows_w))
    if known.before_w is None or len(known.phases_w) != len(flows_w):
        return replace(known, steady_since_s=scene.now_s)
    step_w = taker.last_w - known.before_w
    if abs(step_w) < STEP_W:
        return replace(known, steady_since_s=known.steady_since_s or scene.now_s)
    shares = [(now - before) / step_w for now, before in zip(flows_w, known.phases_w, strict=True)]
    fresh = replace(known, before_w=taker.last_w, phases_w=flows_w, steady_since_s=scene.now_s)
    if not WHOLE[0] <= sum(abs(s) for s in shares if abs(s) >= TRACE) <= WHOLE[1]:
        return fresh
    return _voted(fresh, shares)


def _confirmed(taker: Taker, known: Evidence) -> Evidence:
    """Return the evidence with the last reading as the one to compare with, if the car was steady then.

    A meter sees a car move before its station tells: such a reading must not pass for one of before the step.
    """
    if known.maybe is None:
        return known
    read_s, power_w, phases_w = known.maybe
    told_w = next((w for at, w in taker.measured if at >= read_s), None)
    if told_w is None:
        return known
    if abs(told_w - power_w) > STEADY_W:
        return replace(known, maybe=None)
    return replace(known, before_w=power_w, phases_w=phases_w, maybe=None)


def _voted(known: Evidence, shares: list[float]) -> Evidence:
    """Return the evidence with one more vote; old ones fade."""
    fade = 2 if known.votes >= MOST_VOTES else 1
    along = [count // fade for count in known.along]
    against = [count // fade for count in known.against]
    for phase, share in enumerate(shares):
        along[phase] += share >= TRACE
        against[phase] += share <= -TRACE
    return replace(known, votes=known.votes // fade + 1, along=tuple(along), against=tuple(against))


def verdict(scene: Scene, ramps: list[Ramp]) -> Misread | None:
    """Return what is wrong with the meter's wiring, as soon as the steps of some car agree on it."""
    for taker, ramp in zip(scene.takers, ramps, strict=True):
        found = _judged(scene, taker, ramp.evidence)
        if found is not None:
            return found
    return None


def _judged(scene: Scene, taker: Taker, known: Evidence) -> Misread | None:
    if known.votes < CERTAIN:
        return None
    enough = SHARE * known.votes
    phases = range(scene.site.phases)
    turned = frozenset(p for p in phases if known.against[p] >= enough)
    marked = turned | {p for p in phases if known.along[p] >= enough}
    if turned:
        return Misread(turned=turned, everything=turned == marked)
    expected = frozenset((taker.station.rotation or ())[: taker.footing.conductors])
    if marked == expected or len(marked) != len(expected):
        return None
    return Misread(expected=expected, found=marked)


def nudge(scene: Scene, load: LoadState, ramps: list[Ramp]) -> list[Ramp]:
    """Return the ramps with a small cut for a car that has long been steady while the wiring is not known to be right.

    A cut is always allowed, and the way back up is another step to learn from.
    """
    if load.misread is not None or not load.whole or not _signed(scene):
        return ramps
    return [_nudged(scene, taker, ramp) for taker, ramp in zip(scene.takers, ramps, strict=True)]


def _nudged(scene: Scene, taker: Taker, ramp: Ramp) -> Ramp:
    known = ramp.evidence
    if _clear(known) or known.nudges >= MOST_NUDGES or known.steady_since_s is None:
        return ramp
    drawn_a = taker.last_w / taker.footing.order_w_per_a
    lower_a = min(ramp.limit_a, drawn_a) - NUDGE_A
    steady_s = scene.now_s - known.steady_since_s
    if not taker.claims or lower_a < taker.least_a or steady_s < QUIET_S or unseen(scene, taker, ramp):
        return ramp
    seen = replace(known, nudges=known.nudges + 1, steady_since_s=scene.now_s, nudged_s=scene.now_s)
    return replace(ramp, limit_a=lower_a, evidence=seen, room_since_s=None)


def unseen(scene: Scene, taker: Taker, ramp: Ramp) -> bool:
    """Tell whether the next step has to wait: a slow station has not yet told of the last one, and there is need to."""
    known = ramp.evidence
    if _clear(known) or len(taker.measured) < 2 or not _signed(scene):
        return False
    spacing_s = taker.measured[-1][0] - taker.measured[-2][0]
    used = ramp.limit_a - taker.last_w / taker.footing.order_w_per_a < UNUSED_A
    stepped_s = max(ramp.raised_s, known.nudged_s) if used else known.nudged_s
    return scene.now_s - stepped_s < SHOWN * spacing_s


def _clear(known: Evidence) -> bool:
    """Return whether the votes agree."""
    most = max(*known.along, *known.against)
    return known.votes >= CERTAIN and most >= SHARE * known.votes
