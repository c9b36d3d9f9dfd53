"""What the car should do this very second, by one list of authority.

First what forbids; then the first wish that speaks; last the caps, always. Nothing comes after the caps.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ..model.abilities import Abilities
from ..model.battery import Battery
from ..model.config import StationConfig, VehicleConfig
from ..model.electric import MINIMUM_CHARGE_A, NOMINAL_V
from ..model.plan import PlanSlot
from ..model.reasons import Reason, Why
from ..model.session import Phase
from ..model.state import Decision, Envelope
from ..model.station import Needs
from ..model.wishes import Wishes
from .bounds import ceiling_pct, floor_pct, last_stretch_s
from .inside import Home, calm, following

STEP_W: Final = 10.0
DISCHARGE_SOC_AGE_S: Final = 900.0
LONG_REST_S: Final = 900.0
"""A rest worth letting the car sleep for; waking it takes up to a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Hold all a decision may look at.

    ``v2g_now`` is whether V2G is wanted for this session (switch, programme, consent); ``programmed`` whether any
    enabled programme has a departure ahead; ``priced`` whether any price is known; ``rest_s`` how long the plan rests;
    ``no_route`` why the station cannot be told to give back, ``None`` where it can; ``probe_w`` what a probe of its
    way to do so wants right now; ``preparing`` whether the cabin is prepared for the departure;
    ``meeting_again`` whether the station dialled in a moment ago; ``departs_in_s`` how long until the departure;
    ``hold_pct`` the level to come back to after it, for a car that stayed; ``takes_w`` all the car took lately when
    more was ordered; ``mode`` what the car was last ordered to do (-1 giving back, 0 resting, 1 charging), and
    ``stopped_s`` how long ago it was ordered to stop something; ``may_feed`` whether the car may feed the grid.
    """

    online: bool
    phase: Phase
    wishes: Wishes
    station: StationConfig
    vehicle: VehicleConfig
    abilities: Abilities
    needs: Needs | None
    soc_pct: float | None
    soc_age_s: float
    soc_error_pct: float = 0.0
    slot: PlanSlot | None
    envelope: Envelope
    external_limit_w: float | None
    consent: bool
    v2g_now: bool
    programmed: bool
    priced: bool
    reversed: bool
    no_route: Reason | None = None
    probe_w: float | None = None
    house_w: float | None = None
    recent_w: float | None = None
    ageing_per_kwh: float = 0.0
    may_feed: bool = False
    mode: int = 0
    stopped_s: float = float("inf")
    rest_s: float = 0.0
    needs_replug: bool = False
    meeting_again: bool = False
    preparing: bool = False
    takes_w: float | None = None
    battery: Battery = Battery()
    departs_in_s: float | None = None
    hold_pct: float | None = None

    @property
    def max_charge_w(self) -> float:
        """Return the most the car and the station can take, as they said."""
        told = (self.needs.max_charge_w if self.needs else None, self.abilities.max_charge_w)
        return min([self.vehicle.max_charge_w, self.station.max_w, *(w for w in told if w)])

    @property
    def likely_charge_w(self) -> float:
        """Return the most a plan may reckon with: what the car was seen to take, where that is less."""
        return (
            self.max_charge_w if self.takes_w is None else max(self.min_charge_w, min(self.max_charge_w, self.takes_w))
        )

    @property
    def min_charge_w(self) -> float:
        """Return the least charge that is not nothing: 6 A on every phase, unless the car said otherwise."""
        told = self.needs.min_charge_w if self.needs else None
        if told is not None:
            return told
        return max(self.vehicle.min_charge_w, MINIMUM_CHARGE_A * NOMINAL_V * self.station.phases)

    @property
    def max_discharge_w(self) -> float:
        """Return the most that may come back, as a magnitude."""
        told = (self.needs.max_discharge_w if self.needs else None, self.abilities.max_discharge_w)
        return min([self.vehicle.max_discharge_w, self.station.max_w, *(abs(w) for w in told if w)])

    @property
    def min_discharge_w(self) -> float:
        """Return the least discharge that is not nothing, as a magnitude."""
        told = self.needs.min_discharge_w if self.needs else None
        return self.vehicle.min_discharge_w if told is None else abs(told)

    @property
    def home(self) -> Home | None:
        """Return what the power follows inside a slot, ``None`` while nobody knows the house."""
        if self.house_w is None:
            return None
        return Home(
            house_w=self.house_w,
            recent_w=self.house_w if self.recent_w is None else self.recent_w,
            min_charge_w=self.min_charge_w,
            min_discharge_w=self.min_discharge_w,
            charge_share=self.vehicle.charge_efficiency,
            discharge_share=self.vehicle.discharge_efficiency,
            ageing_per_kwh=self.ageing_per_kwh,
            may_feed=self.may_feed,
        )

    @property
    def ceiling_pct(self) -> float:
        """Return the state of charge above which no charge goes now."""
        last = self.departs_in_s is not None and self.departs_in_s <= self.last_stretch_s
        return ceiling_pct(self.phase, self.wishes, v2g=self.v2g_now, error_pct=self.soc_error_pct, last_stretch=last)

    @property
    def last_stretch_s(self) -> float:
        """Return how long before the departure a maximum above the ceiling of V2G is gone for."""
        return last_stretch_s(self.battery, self.wishes.soc_max_pct, self.likely_charge_w)


@dataclass(frozen=True, slots=True)
class Wish:
    """Hold a wanted power, whether the car may sleep, whether it is the plan's, and why."""

    power_w: float
    why: Why
    idle: bool = False
    planned: bool = False


def decide(s: Situation) -> Decision:
    """Return the setpoint and its reason."""
    for forbids in FORBIDS:
        reason = forbids(s)
        if reason is not None:
            nobody = reason in NOBODY
            return Decision(power_w=None if nobody else 0.0, idle=not nobody, why=Why(reason))
    wish = next(w for wishes in WISHES if (w := wishes(s)) is not None)
    power_w, capped_by = wish.power_w, None
    for cap in CAPS:
        capped_w, reason = cap(s, power_w)
        if capped_w != power_w:
            power_w, capped_by = capped_w, reason
    if wish.planned and not calm(power_w, wish.why.reason, s.mode, s.stopped_s):
        power_w, capped_by = 0.0, Reason.STEADY
    power_w = float(int(power_w / STEP_W) * STEP_W)
    return Decision(
        power_w=power_w,
        wished_w=wish.power_w,
        idle=wish.idle,
        why=wish.why,
        capped_by=capped_by,
        planned=wish.planned,
    )


# what forbids

NOBODY: Final = frozenset(
    {Reason.STATION_OFFLINE, Reason.NOT_CONNECTED, Reason.NOT_AUTHORISED, Reason.SESSION_STARTING}
)
"""Reasons with nobody to command: the station's lasting limits rule."""

_BY_PHASE: Final = {
    Phase.UNPLUGGED: Reason.NOT_CONNECTED,
    Phase.PLUGGED: Reason.NOT_AUTHORISED,
    Phase.STARTING: Reason.SESSION_STARTING,
    Phase.FINISHED: Reason.FINISHED,
    Phase.FAULT: Reason.FAULT,
}


def _speechless(s: Situation) -> Reason | None:
    """Leave a V2G session that comes back with what it has until it says what the battery is at: no blind charge."""
    waits = s.meeting_again and s.phase is Phase.V2G and s.soc_pct is None
    return Reason.SESSION_STARTING if waits else None


FORBIDS: Final[tuple[Callable[[Situation], Reason | None], ...]] = (
    lambda s: None if s.online else Reason.STATION_OFFLINE,
    lambda s: _BY_PHASE.get(s.phase),
    _speechless,
)


# wishes: the first that speaks


def _probing(s: Situation) -> Wish | None:
    return None if s.probe_w is None else Wish(s.probe_w, Why(Reason.PROBING))


def _instant(s: Situation) -> Wish | None:
    if s.phase is not Phase.INSTANT:
        return None
    return Wish(s.max_charge_w, Why(Reason.INSTANT_CHARGE))


def _held(s: Situation) -> Wish | None:
    """Keep a car that stayed plugged in at the level it was promised; nothing is given back any more."""
    if s.phase is not Phase.HELD:
        return None
    ready = s.soc_pct is not None and s.hold_pct is not None and s.soc_pct >= s.hold_pct
    return Wish(0.0 if ready else s.max_charge_w, Why(Reason.STILL_PLUGGED), idle=ready)


def _plain(s: Situation) -> Wish | None:
    """Charge at once where nobody asked for anything cleverer."""
    if s.needs_replug:
        reason = Reason.NEEDS_REPLUG
    elif not s.programmed:
        reason = Reason.NO_PROGRAMME
    else:
        return None
    return _charge_to_maximum(s, reason)


def _blind(s: Situation) -> Wish | None:
    if s.soc_pct is not None:
        return None
    return Wish(s.max_charge_w, Why(Reason.SOC_UNKNOWN))


def _reserve(s: Situation) -> Wish | None:
    if s.soc_pct is None or s.soc_pct >= s.wishes.soc_min_pct:
        return None
    values = (("soc_pct", s.soc_pct), ("minimum_pct", s.wishes.soc_min_pct))
    return Wish(s.max_charge_w, Why(Reason.BELOW_MINIMUM, values))


def _unpriced(s: Situation) -> Wish | None:
    return None if s.priced else _charge_to_maximum(s, Reason.NO_PRICES)


def _planned(s: Situation) -> Wish | None:
    if s.slot is None or s.slot.why.reason is Reason.NOT_CONNECTED:  # planned to be gone by now
        return None
    power_w = s.slot.power_w if s.home is None else following(s.slot, s.home)
    if power_w == 0.0 and s.slot.power_w != 0.0:
        return Wish(0.0, Why(Reason.MINIMUM_POWER))
    return Wish(power_w, s.slot.why, idle=s.rest_s >= LONG_REST_S and not s.preparing, planned=True)


def _rest(s: Situation) -> Wish | None:
    return Wish(0.0, Why(Reason.PLAN_PENDING))


def _charge_to_maximum(s: Situation, reason: Reason) -> Wish:
    if s.soc_pct is not None and s.soc_pct >= s.wishes.soc_max_pct:
        return Wish(0.0, Why(Reason.TARGET_REACHED, (("soc_pct", s.soc_pct),)), idle=not s.preparing)
    return Wish(s.max_charge_w, Why(reason))


WISHES: Final[tuple[Callable[[Situation], Wish | None], ...]] = (
    _probing,
    _instant,
    _held,
    _plain,
    _blind,
    _reserve,
    _unpriced,
    _planned,
    _rest,
)


# caps: all of them, in this order; each returns the power it allows and its name


def _route(s: Situation, power_w: float) -> tuple[float, Reason]:
    """Discharge needs a V2G session, the owner's consent, a route that works, and a state of charge to trust.

    A probe is there to find out whether the route works, so it needs no V2G session.
    """
    if power_w >= 0:
        return power_w, Reason.NO_DISCHARGE_ROUTE
    if not s.consent:
        return 0.0, Reason.NO_CONSENT
    if s.probe_w is None and (forbidden := _outside_v2g(s)) is not None:
        return 0.0, forbidden
    if s.preparing:
        return 0.0, Reason.PRECONDITIONING
    if s.soc_pct is None or s.soc_age_s > DISCHARGE_SOC_AGE_S:
        return 0.0, Reason.SOC_UNKNOWN
    return power_w, Reason.NO_DISCHARGE_ROUTE


def _outside_v2g(s: Situation) -> Reason | None:
    if not s.v2g_now:
        return Reason.V2G_OFF
    if s.no_route is not None:
        return s.no_route
    return Reason.NO_DISCHARGE_ROUTE if s.phase is not Phase.V2G or s.reversed else None


def _battery(s: Situation, power_w: float) -> tuple[float, Reason]:
    if s.soc_pct is None:
        return power_w, Reason.MINIMUM_REACHED
    if power_w < 0 and s.soc_pct <= floor_pct(s.wishes, s.soc_error_pct):
        return 0.0, Reason.MINIMUM_REACHED
    if power_w > 0 and s.soc_pct >= s.ceiling_pct:
        return 0.0, Reason.CEILING_REACHED
    return power_w, Reason.MINIMUM_REACHED


def _vehicle(s: Situation, power_w: float) -> tuple[float, Reason]:
    return min(max(power_w, -s.max_discharge_w), s.max_charge_w), Reason.VEHICLE_LIMIT


def _station(s: Situation, power_w: float) -> tuple[float, Reason]:
    return min(max(power_w, -s.station.max_w), s.station.max_w), Reason.STATION_LIMIT


def _external(s: Situation, power_w: float) -> tuple[float, Reason]:
    limit = s.external_limit_w
    return power_w if limit is None else min(power_w, limit), Reason.EXTERNAL_LIMIT


def _house(s: Situation, power_w: float) -> tuple[float, Reason]:
    e = s.envelope
    if power_w > e.max_w:
        return e.max_w, e.max_because
    if power_w < e.min_w:
        return e.min_w, e.min_because
    return power_w, e.max_because


def _minimum(s: Situation, power_w: float) -> tuple[float, Reason]:
    least_w = s.min_charge_w if power_w > 0 else s.min_discharge_w
    return (power_w if abs(power_w) >= least_w else 0.0), Reason.MINIMUM_POWER


CAPS: Final[tuple[Callable[[Situation, float], tuple[float, Reason]], ...]] = (
    _route,
    _battery,
    _vehicle,
    _station,
    _external,
    _house,
    _minimum,
)
