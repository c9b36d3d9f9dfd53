"""Money per kilowatt-hour over time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Certainty(StrEnum):
    """Say how a price is known."""

    KNOWN = "known"
    EXPECTED = "expected"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class PriceRow:
    """Hold one published price per kWh between two UTC instants."""

    start: datetime
    end: datetime
    per_kwh: float


@dataclass(frozen=True, slots=True)
class PriceSlot:
    """Hold the prices between two UTC instants, in the home's currency per kWh; both may be negative."""

    start: datetime
    end: datetime
    import_per_kwh: float
    export_per_kwh: float
    certainty: Certainty = Certainty.KNOWN


@dataclass(frozen=True, slots=True)
class PriceCurve:
    """Hold slots in time order, without overlap; holes are allowed."""

    slots: tuple[PriceSlot, ...] = ()

    def at(self, instant: datetime) -> PriceSlot | None:
        """Return the slot that holds an instant, if its price is there."""
        return next((s for s in self.slots if s.start <= instant < s.end), None)

    def after(self, instant: datetime) -> Iterator[PriceSlot]:
        """Yield the slots that are not over at an instant."""
        return (s for s in self.slots if s.end > instant)

    @property
    def end(self) -> datetime | None:
        """Return the end of the last slot."""
        return self.slots[-1].end if self.slots else None
