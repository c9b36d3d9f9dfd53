"""One charging point as load management sees it: where it stands, what it takes, what it would like."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ..model.config import SiteConfig, StationConfig
from ..model.electric import MINIMUM_CHARGE_A, NOMINAL_V, MeterReading, PerPhase, StationReadings
from ..model.load import Place
from ..model.state import MeterState
from .envelope import voltage_v

USED_A: Final = 5.0
UNUSED_A: Final = 0.5
SAME_TIME_S: Final = 3.0
BEFORE_S: Final = 3.0
"""A meter's telegram tells of what was a moment ago."""
SETTLED_S: Final = 3.0
EFFECT_S: Final = 15.0
"""How long after an order a car may begin to follow: the meter can see that before its station tells."""
FOLLOWED: Final = 0.05
FOLLOWED_W: Final = 150.0
LATER_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Footing:
    """Hold where a car stands: the phases of the home it may load, its conductors, what 1 W of it means on each phase.

    ``partial`` when it loads some phases of the home only.
    """

    phases: tuple[int, ...]
    conductors: int
    amps_per_w: tuple[float, ...]
    volts: float
    partial: bool

    @property
    def watts_per_a(self) -> float:
        """Return the power of one ampere on each conductor."""
        return self.volts * self.conductors

    @property
    def order_w_per_a(self) -> float:
        """Return the power to order for one ampere on each conductor, never more than the station makes of it."""
        return min(self.volts, NOMINAL_V) * self.conductors


@dataclass(frozen=True, slots=True, kw_only=True)
class Taker:
    """Hold one charging point at one look; powers are net, positive into the car.

    ``active`` while it has a session, ``wished_w`` is what was wanted of it last, ``least_w`` the least its car can
    charge with. ``measured`` are its last measurements (instant, W), ``ordered_w`` what it was told and what it
    accepted, since ``changed_s``; ``waiting`` while an order is under way, ``takes_w`` all its car took lately when it
    might have taken more. ``known`` when it is known what it takes.
    ``claims`` while it takes or wants power for its car.
    """

    place: Place
    station: StationConfig
    footing: Footing
    active: bool = False
    known: bool = True
    measured: tuple[tuple[float, float], ...] = ()
    ordered_w: tuple[float, ...] = ()
    changed_s: float | None = None
    waiting: bool = False
    wished_w: float | None = None
    least_w: float = 0.0
    takes_w: float | None = None
    claims: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        """Note whether it takes or wants power for its car."""
        wants = (self.wished_w or 0.0) > 0.0 or any(w > 0.0 for w in self.ordered_w)
        object.__setattr__(self, "claims", self.active and (wants or self.last_w > NOMINAL_V))

    @property
    def least_a(self) -> float:
        """Return the least current worth giving: 6 A, or what its car needs to charge at all."""
        needed_a = min(self.least_w / self.footing.order_w_per_a, self.station.selector_a)
        return max(MINIMUM_CHARGE_A, needed_a)

    @property
    def last_w(self) -> float:
        """Return what it measured last."""
        return self.measured[-1][1] if self.measured else 0.0

    def in_flight(self, now_s: float) -> bool:
        """Return whether an order may not show in its measurements yet."""
        return self.waiting or (self.changed_s is not None and now_s - self.changed_s < SETTLED_S)

    def span_w(self, sample_s: float) -> tuple[float, float]:
        """Return the least and the most it may have taken when the meter measured.

        Measurements of the same time tell; an order that changed since, or stands in for a missing measurement,
        may have been followed or not.
        """
        near = [w for at, w in self.measured if -BEFORE_S <= at - sample_s <= LATER_S]
        if not self.active:
            return (min(near), max(near)) if near else (0.0, 0.0)
        latest_s = self.measured[-1][0] if self.measured else float("-inf")
        settled = self._is_settled(min(latest_s, sample_s))
        told = latest_s >= sample_s - SAME_TIME_S
        if near and settled and told:
            return min(near), max(near)
        maybe = [*near, self.last_w, *self.ordered_w]
        return min(maybe), max(maybe)

    def _is_settled(self, known_s: float) -> bool:
        """Return whether the last order no longer makes a difference: followed, or too long ago."""
        if self.changed_s is None:
            return True
        since_s = known_s - self.changed_s
        return since_s >= EFFECT_S or (since_s >= SETTLED_S and self._has_followed())

    def _has_followed(self) -> bool:
        if not self.ordered_w:
            return True
        order_w = self.ordered_w[0] if self.takes_w is None else min(self.ordered_w[0], max(0.0, self.takes_w))
        return abs(self.last_w - order_w) <= max(FOLLOWED_W, FOLLOWED * abs(order_w))


def footing(site: SiteConfig, station: StationConfig, meter: MeterReading, readings: StationReadings) -> Footing:
    """Return where a car stands; where nobody knows the phase, it counts fully on every phase."""
    count = min(station.phases, site.phases)
    wired = _wired(site, station, count)
    amps = _conductor_amps(readings, count)
    power_w = readings.power_w
    everywhere = tuple(range(site.phases))
    volts = [voltage_v(meter, p) for p in (wired or everywhere)]
    mean_v = sum(volts) / len(volts)
    used = _used(amps)
    if amps is None or not power_w or used is None:
        phases = wired or everywhere
        each = 1.0 / (count * mean_v)
        rates = tuple(each if p in phases else 0.0 for p in everywhere)
    elif wired is None or (station.rotation is None and len(used) < count):
        phases = everywhere
        rates = (max(amps) / abs(power_w),) * site.phases
    else:
        phases = tuple(wired[n] for n in used)
        rate = {wired[n]: amps[n] / abs(power_w) for n in range(count)}
        rates = tuple(rate.get(p, 0.0) for p in everywhere)
    partial = count < site.phases or (used is not None and len(used) < site.phases)
    return Footing(phases, count, rates, mean_v, partial)


def _wired(site: SiteConfig, station: StationConfig, count: int) -> tuple[int, ...] | None:
    """Return the phases of the home its conductors stand on, ``None`` where nobody knows."""
    told = station.rotation
    if told is not None and len(told) >= count and all(0 <= p < site.phases for p in told):
        return told[:count]
    return tuple(range(count)) if count == site.phases else None


def _conductor_amps(readings: StationReadings, count: int) -> tuple[float, ...] | None:
    """Return the current of each conductor as a magnitude, if all are told."""
    values: PerPhase = readings.current_a
    amps = [None if a is None else abs(a) for a in values[:count]]
    if count > 1 and None in amps:
        volts: Sequence[float | None] = readings.voltage_v
        powers = zip(readings.phase_power_w[:count], volts, strict=False)
        amps = [None if w is None else abs(w) / (v or NOMINAL_V) for w, v in powers]
    told = tuple(a for a in amps if a is not None)
    return told if count > 1 and len(told) == count else None


def _used(amps: tuple[float, ...] | None) -> tuple[int, ...] | None:
    """Return the conductors a car uses, once it draws enough to tell."""
    if amps is None or max(amps) < USED_A:
        return None
    return tuple(n for n, a in enumerate(amps) if a >= UNUSED_A)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Hold all load management looks at.

    ``feed_in_w`` is what may be fed into the grid, ``dimmed_w`` what all stations may draw from it together while the
    grid operator holds them down. ``claimers`` counts those that want power for their cars.
    """

    site: SiteConfig
    meter: MeterState
    takers: tuple[Taker, ...]
    now_s: float
    feed_in_w: float = 0.0
    dimmed_w: float | None = None
    claimers: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        """Count those that want power for their cars."""
        object.__setattr__(self, "claimers", sum(taker.claims for taker in self.takers))
