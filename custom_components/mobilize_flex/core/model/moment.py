"""An instant, on the two clocks that matter."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """Hold one instant.

    ``utc`` is for the wire, for people (after conversion) and for tariffs; it may jump.
    ``mono_s`` only ever grows and is the one to control by: ages, expiries, renewals.
    """

    utc: datetime
    mono_s: float

    def age_s(self, earlier: Moment | None) -> float:
        """Return the seconds since ``earlier``; what never happened is infinitely old."""
        return float("inf") if earlier is None else self.mono_s - earlier.mono_s
