"""The promises of the controller, watched from outside while it works."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

LINE_W: Final = 50.0
LEVEL_PCT: Final = 0.05
READY_PCT: Final = 1.0
"""The car tells its level in whole per cent."""
MOST_KEPT: Final = 12


@dataclass(frozen=True, slots=True)
class Breach:
    """Hold one broken promise: when, which, and the figures of it."""

    at: datetime
    what: str
    figures: str


@dataclass(slots=True)
class Promises:
    """Count how often each promise was put to the test, and the times it was broken.

    ``limit_w`` is the subscribed power, ``feed_in_w`` the most that may leave the house, ``floor_pct`` the owner's
    minimum.
    """

    limit_w: float
    feed_in_w: float
    floor_pct: float
    stretches: int = 0
    departures: int = 0
    impossible: int = 0
    surprised: int = 0
    surprised_pct: float = 0.0
    broken: dict[str, int] = field(default_factory=lambda: {"envelope": 0, "minimum": 0, "departure": 0})
    breaches: list[Breach] = field(default_factory=list)

    def stretch(self, at: datetime, car_w: float, grid_w: float, house_net_w: float) -> None:
        """Watch a stretch of time: what the car takes or gives may not overload the line, what it gives not leak."""
        self.stretches += 1
        if car_w > LINE_W and grid_w > self.limit_w + LINE_W:
            self._break(at, "envelope", f"{grid_w:.0f} W from the grid with {car_w:.0f} W into the car")
        leak_w = -grid_w - self.feed_in_w - max(0.0, -house_net_w)
        if car_w < -LINE_W and leak_w > LINE_W:
            self._break(at, "envelope", f"{-grid_w:.0f} W fed in with {-car_w:.0f} W out of the car")

    def discharged_to(self, at: datetime, soc_pct: float) -> None:
        """Watch the level a discharge ended at."""
        if soc_pct < self.floor_pct - LEVEL_PCT:
            self._break(at, "minimum", f"discharged to {soc_pct:.1f} %")

    def departed(self, at: datetime, soc_pct: float, target_pct: float, possible_pct: float) -> None:
        """Watch the level at an announced departure against what charging at once would have reached."""
        self.departures += 1
        if possible_pct < target_pct - READY_PCT:
            self.impossible += 1
        if soc_pct < min(target_pct, possible_pct) - READY_PCT:
            self._break(at, "departure", f"left at {soc_pct:.1f} %, {min(target_pct, possible_pct):.1f} % was possible")

    def taken_by_surprise(self, soc_pct: float) -> None:
        """Note the level at a departure nobody had announced."""
        self.surprised_pct = (self.surprised_pct * self.surprised + soc_pct) / (self.surprised + 1)
        self.surprised += 1

    def _break(self, at: datetime, what: str, figures: str) -> None:
        self.broken[what] += 1
        if len(self.breaches) < MOST_KEPT:
            self.breaches.append(Breach(at, what, figures))
