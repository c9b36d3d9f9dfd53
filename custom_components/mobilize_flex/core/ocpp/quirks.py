"""The habits of particular stations, as one table.

A row is added when a station was seen to need it, with a test that plays it. Nothing else in this room knows a vendor.
"""

from dataclasses import dataclass
import re
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """Hold what one kind of station needs; the defaults are the standard.

    Attributes:
        answer_delay_s: it loses answers that come too fast.
        update: it knows UpdateDynamicSchedule.
        watts: it takes power in W; else in A per phase.
        discharge_route: how it is told to give energy back where its version has no words for that.
    """

    answer_delay_s: float = 0.0
    update: bool = True
    watts: bool = True
    discharge_route: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirk:
    """Hold which stations a row speaks of (regular expressions, whole name, any case) and their habits."""

    vendor: str
    habits: Habits
    model: str = ".*"
    firmware: str = ".*"

    def fits(self, vendor: str, model: str, firmware: str) -> bool:
        """Tell whether a station is meant."""
        pairs = ((self.vendor, vendor), (self.model, model), (self.firmware, firmware))
        return all(re.fullmatch(pattern, word, re.IGNORECASE) for pattern, word in pairs)


STANDARD: Final = Habits()
TABLE: Final[tuple[Quirk, ...]] = ()


def habits_of(vendor: str | None, model: str | None, firmware: str | None, table: tuple[Quirk, ...] = TABLE) -> Habits:
    """Return the habits of a station: the first row that fits."""
    who = (vendor or "", model or "", firmware or "")
    return next((quirk.habits for quirk in table if quirk.fits(*who)), STANDARD)
