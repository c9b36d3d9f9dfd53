"""What is believed of a car's battery, who said so, and what was learned of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, override

from .moment import Moment

USUAL_W: Final = 7_400.0
"""The power at which the owner's efficiencies are taken to hold."""
LEAST_POWER_W: Final = 500.0
LEAST_EFFICIENCY: Final = 0.4


class SocSource(StrEnum):
    """Name who tells a state of charge."""

    STATION = "station"
    ENTITY = "entity"
    OWNER = "owner"


class Doubt(StrEnum):
    """Name why the word of a source is not taken."""

    FROZEN = "frozen"
    """Energy moved, the state of charge did not."""
    JUMPING = "jumping"
    """It leaps in a way no battery can."""
    OTHER_CAR = "other_car"
    """It moves against the energy: it is about another car."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Hold what one source said last, in percent, beside how far the meter had moved the battery by then.

    ``base_pct`` and ``base_moved_pct`` begin the run over which it agreed with the meter; ``run`` counts its changes
    since, ``leaps`` how often it leapt lately.
    """

    source: SocSource
    soc_pct: float
    moved_pct: float
    base_pct: float
    base_moved_pct: float
    base_at: datetime
    run: int = 0
    leaps: float = 0.0
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Hold a stretch of charging alone, or of giving back alone, since a level that was told.

    ``wh`` is what the station's meter counted, ``active_s`` how long power flowed.
    """

    soc_pct: float
    source: SocSource
    charging: bool
    wh: float = 0.0
    active_s: float = 0.0
    stray_wh: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """Hold what is believed of the battery on a cable: its level, how far that may be off, what it rests on.

    ``told_at`` is when ``source`` told the level that was moved on since. ``drawn_wh`` and ``given_wh`` are the
    counters up to which it is reckoned, ``moved_pct`` all the meter moved it since the plug, ``at`` when it last
    looked at the meter.
    """

    soc_pct: float | None = None
    error_pct: float = 0.0
    source: SocSource | None = None
    told_at: datetime | None = None
    told_pct: float | None = None
    drawn_wh: float | None = None
    given_wh: float | None = None
    moved_pct: float = 0.0
    at: datetime | None = None
    words: tuple[Word, ...] = ()
    stretch: Stretch | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Hold the weighted sums of one direction: energy in Wh against points of charge and hours of power."""

    samples: int = 0
    refused: int = 0
    points_points: float = 0.0
    points_hours: float = 0.0
    hours_hours: float = 0.0
    points_wh: float = 0.0
    hours_wh: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """Hold what a car's charges taught about its battery, charging and giving back apart."""

    charging: Fit = Fit()
    discharging: Fit = Fit()

    @property
    def samples(self) -> int:
        """Return how many stretches were learned from."""
        return self.charging.samples + self.discharging.samples

    @override
    def __hash__(self) -> int:
        """Return a hash of little, which is soon made: a battery is looked up with every message."""
        return hash((self.charging.samples, self.discharging.samples))


UNTAUGHT: Final = Learned()
"""What is known of a car that has not charged yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """Hold a battery to reckon with: what it takes, and what is lost on the way in and out.

    At a power of P watts at the station, ``share`` of all but ``overhead_w`` gets through.
    """

    capacity_wh: float = 52_000.0
    charge_share: float = 0.925
    discharge_share: float = 0.925
    overhead_w: float = 200.0

    def efficiency(self, power_w: float) -> float:
        """Return the share that gets through at a power: into the battery where it is positive, out of it else."""
        size_w = max(abs(power_w), LEAST_POWER_W)
        if power_w >= 0.0:
            return max(LEAST_EFFICIENCY, self.charge_share * (1.0 - self.overhead_w / size_w))
        return max(LEAST_EFFICIENCY, self.discharge_share * size_w / (size_w + self.overhead_w))


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Hold a state of charge to decide by, how far it may be off (points), and when it was last backed.

    ``estimated`` when the meter moved it on since ``source`` told it.
    """

    soc_pct: float | None = None
    error_pct: float = 0.0
    age_s: float = float("inf")
    source: SocSource | None = None
    estimated: bool = False
    told_at: datetime | None = None
    doubts: tuple[tuple[SocSource, Doubt], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleSocRead:
    """Another source than the station told a car's state of charge."""

    vehicle: str
    soc_pct: float
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VehiclePlugRead:
    """A car told whether it feels a cable."""

    vehicle: str
    plugged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleState:
    """Hold what a car's own entities said last; ``plugged`` is whether it feels a cable."""

    soc_pct: float | None = None
    at: Moment | None = None
    source: SocSource | None = None
    plugged: bool | None = None
    plugged_at: Moment | None = None
