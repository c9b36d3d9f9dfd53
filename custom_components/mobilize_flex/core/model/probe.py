"""The supervised try of a station's way to give back, and what came of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from .driver import Route
from .moment import Moment


class Stage(StrEnum):
    """Name how far a probe has come."""

    RESTING = "resting"
    BASELINE = "baseline"
    ORDERED = "ordered"
    HOLDING = "holding"


class Verdict(StrEnum):
    """Name what became of a probe."""

    PROVEN = "proven"
    WRONG_DIRECTION = "wrong_direction"
    NO_EXPORT = "no_export"
    OFF_TARGET = "off_target"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    NOT_RESTING = "not_resting"
    NOT_MEASURED = "not_measured"
    METER_STALE = "meter_stale"
    NO_ROOM = "no_room"
    CAR_LEFT = "car_left"
    OFFLINE = "offline"
    INTERRUPTED = "interrupted"


DISPROVES: Final = frozenset(
    {Verdict.WRONG_DIRECTION, Verdict.NO_EXPORT, Verdict.OFF_TARGET, Verdict.REFUSED, Verdict.UNANSWERED}
)
"""Verdicts that speak against the route, not against the circumstances."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Hold a probe that runs; powers are net, positive into the car.

    ``since`` is when its stage began, ``ordered_at`` when the discharge was first ordered. ``baseline_w`` is the mean
    of ``samples`` measurements of the resting car, the last of them ``seen_at``.
    """

    route: Route
    transaction: str
    setpoint_w: float
    started_at: Moment
    since: Moment
    stage: Stage = Stage.RESTING
    ordered_at: Moment | None = None
    seen_at: Moment | None = None
    samples: int = 0
    baseline_w: float = 0.0
    power_w: float | None = None
    lowest_w: float | None = None
    highest_w: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """Hold how a probe ended.

    ``power_w`` is what was measured last; ``lowest_w`` and ``highest_w`` the span while the discharge was ordered.
    """

    verdict: Verdict
    at: datetime
    setpoint_w: float
    baseline_w: float | None = None
    power_w: float | None = None
    lowest_w: float | None = None
    highest_w: float | None = None

    @property
    def measured(self) -> dict[str, float | None]:
        """Return the figures by name: what was ordered, and what was measured."""
        return {
            "setpoint_w": self.setpoint_w,
            "baseline_w": self.baseline_w,
            "power_w": self.power_w,
            "lowest_w": self.lowest_w,
            "highest_w": self.highest_w,
        }
