"""Every limit that binds the cars of one home, each with its reason."""

from typing import Final

from ..model.electric import NOMINAL_V
from ..model.load import LoadState
from ..model.reasons import Reason
from .alone import Phases
from .envelope import MARGIN_A, limit_a, limit_reason
from .sharing import Bound
from .takers import Scene, Taker

SEVERAL: Final = 2


def cap_a(scene: Scene, taker: Taker) -> tuple[float, Reason]:
    """Return the most one conductor may ever carry, whatever the house does."""
    top_a = limit_a(scene.site, scene.meter.reading)
    if taker.station.selector_a <= top_a:
        return taker.station.selector_a, Reason.STATION_LIMIT
    return top_a, limit_reason(scene.site, scene.meter.reading)


def drawing(scene: Scene, load: LoadState, now: Phases) -> list[Bound]:
    """Return what binds the currents into the cars."""
    house_a = load.house_a or (0.0,) * scene.site.phases
    top_a, reason = limit_a(scene.site, scene.meter.reading), limit_reason(scene.site, scene.meter.reading)
    bounds = [
        Bound(draw.top_a(top_a) - house_a[p], _on(scene, p), reason) for p, draw in enumerate(now.draws)
    ]  # fmt: skip
    bounds += _imbalance(scene, house_a, 1.0)
    bounds += _selectors(scene)
    return bounds + _dimmed(scene, max(0.0, -(load.house_w or 0.0)))


def lasting(scene: Scene) -> list[Bound]:
    """Return what binds the cars while nobody knows what the house takes: the connection itself."""
    reading = scene.meter.reading
    top_a, reason = limit_a(scene.site, reading) - MARGIN_A, limit_reason(scene.site, reading)
    phases = [Bound(top_a, _on(scene, p), reason) for p in range(scene.site.phases)]
    return phases + _selectors(scene) + _dimmed(scene, 0.0)


def giving(scene: Scene, load: LoadState) -> list[Bound]:
    """Return what binds the currents out of the cars: what may be fed in, and the fuse the other way round."""
    if load.house_a is None or load.house_w is None:
        return []
    watts = tuple(t.footing.watts_per_a for t in scene.takers)
    fuse_a = scene.site.breaker_a - MARGIN_A
    bounds = [Bound(max(0.0, load.house_w + scene.feed_in_w), watts, Reason.FEED_IN_LIMIT)]
    bounds += [Bound(max(0.0, fuse_a + a), _on(scene, p), Reason.MAIN_FUSE) for p, a in enumerate(load.house_a)]
    return bounds + _imbalance(scene, load.house_a, -1.0) + _selectors(scene)


def _on(scene: Scene, phase: int) -> tuple[float, ...]:
    return tuple(1.0 if phase in t.footing.phases else 0.0 for t in scene.takers)


def _imbalance(scene: Scene, house_a: tuple[float, ...], sign: float) -> list[Bound]:
    """Return what keeps a car on some phases from pulling them away from the others."""
    most_w = scene.site.imbalance_w
    if most_w is None or len(house_a) < SEVERAL or not any(t.footing.partial for t in scene.takers):
        return []
    signed = [sign * a for a in house_a]
    bounds = []
    for phase, mine_a in enumerate(signed):
        others_a = min(a for p, a in enumerate(signed) if p != phase)
        weights = tuple(1.0 if t.footing.partial and phase in t.footing.phases else 0.0 for t in scene.takers)
        bounds.append(Bound(max(0.0, most_w / NOMINAL_V + others_a - mine_a), weights, Reason.IMBALANCE))
    return bounds


def _selectors(scene: Scene) -> list[Bound]:
    """Return what keeps the charging points of one station within its selector."""
    stations = {t.place[0]: t.station for t in scene.takers}
    found = []
    if len(stations) < len(scene.takers):
        for identity, station in stations.items():
            weights = tuple(1.0 if t.place[0] == identity else 0.0 for t in scene.takers)
            if sum(weights) >= SEVERAL:
                found.append(Bound(station.selector_a, weights, Reason.STATION_LIMIT))
    return found


def _dimmed(scene: Scene, surplus_w: float) -> list[Bound]:
    """Return what the grid operator leaves: only what comes from the grid counts, not what the roof gives."""
    if scene.dimmed_w is None:
        return []
    watts = tuple(t.footing.watts_per_a for t in scene.takers)
    return [Bound(scene.dimmed_w + surplus_w, watts, Reason.ENWG14A)]
