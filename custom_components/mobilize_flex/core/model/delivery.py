"""An order of power on its way: what the station made of it, what it taught us, whether the car follows."""

from dataclasses import dataclass
from enum import StrEnum
from math import inf

from .commands import SetpointForm, SetPower
from .moment import Moment


class Outcome(StrEnum):
    """Name what became of the last order."""

    NONE = "none"
    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """Hold what a station's refusals taught of it for as long as its program runs.

    ``form`` is the best form it takes, ``amperes`` the unit. ``no_update``: it knows no UpdateDynamicSchedule;
    ``no_idle``: it takes no Idle; ``plain``: it takes only what an order cannot be without; ``low``: it takes orders on
    the lowest stack level only.
    """

    form: SetpointForm = SetpointForm.DYNAMIC
    amperes: bool = False
    no_update: bool = False
    no_idle: bool = False
    plain: bool = False
    low: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Hold what a station says it does now, asked why it does not follow; ``power_w`` is ``None`` where it kept silent.

    A limit counts as the power it allows.
    """

    power_w: float | None
    at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """Hold the most (W, a magnitude) a station says it lets through one way (1 in, -1 out), less than was ordered."""

    way: int
    most_w: float
    at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleTold:
    """A station told what it does now; ``None`` where its answer holds no figure."""

    station: str
    id: int
    power_w: float | None


class TroubleKind(StrEnum):
    """Name the ways in which a car does not do as ordered."""

    NOT_FOLLOWING = "not_following"
    OVERRULED = "overruled"
    """The station holds another figure than ours."""
    CAR_ASLEEP = "car_asleep"
    """The car takes nothing and does not wake."""
    REFUSED = "orders_refused"
    """The station takes no orders at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Hold what the owner should hear of an EVSE: what was ordered, measured and what the station says (W)."""

    kind: TroubleKind
    ordered_w: float
    measured_w: float | None = None
    held_w: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Hold how the setpoint travels to one EVSE.

    ``planned`` is whether the last order was the plan's, ``stopped_at`` when the plan last ended what it had begun.
    ``form`` is where passing refusals drove us to, until ``fell_until_s``. ``limited`` is whether the station's last
    word on an order that is no limit was that it takes limits only. ``installed`` while our profile is known to be
    there. ``in_force_w`` is the power last taken, until ``in_force_until_s``. ``refusals`` counts in a row,
    ``taken`` and ``denied`` are all orders of this charge the station took, and refused or left unanswered.
    ``quiet_until_s`` holds back orders that are not cuts. ``recent`` are the times of the orders of the last
    minute. ``against_since`` is when the car was first seen charging on an order to discharge, ``reversed`` the
    verdict on that. ``deviates_since`` is when the measured power left the setpoint, ``following`` the verdict
    (``None``: no verdict yet). ``question`` is the command that asks the station what it does, ``asked`` how often
    it was asked. ``wakes`` counts the tries to wake the car, the last one until ``waking_until_s``,
    ``asleep_since`` is when it was first seen to sleep on. ``takes_w`` is all the car took when more was ordered,
    at ``takes_at``; ``cap`` is what the station said it holds the car down to.
    """

    form: SetpointForm = SetpointForm.DYNAMIC
    fell_until_s: float = inf
    limited: bool = False
    order: SetPower | None = None
    sent_at: Moment | None = None
    changed_at: Moment | None = None
    planned: bool = False
    stopped_at: Moment | None = None
    outcome: Outcome = Outcome.NONE
    installed: bool = False
    refusals: int = 0
    taken: int = 0
    denied: int = 0
    last_refusal: str | None = None
    quiet_until_s: float = 0.0
    recent: tuple[float, ...] = ()
    in_force_w: float | None = None
    in_force_until_s: float = 0.0
    against_since: Moment | None = None
    reversed: bool = False
    deviates_since: Moment | None = None
    following: bool | None = None
    question: int | None = None
    asked: int = 0
    asked_at: Moment | None = None
    held: Held | None = None
    wakes: int = 0
    waking_until_s: float = 0.0
    asleep_since: Moment | None = None
    takes_w: float | None = None
    takes_at: Moment | None = None
    cap: Cap | None = None
    trouble: Trouble | None = None

    def anew(self) -> Delivery:
        """Return a fresh delivery for another connection or transaction; what was sent just now still counts."""
        return Delivery(recent=self.recent)
