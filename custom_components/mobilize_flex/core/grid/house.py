"""What the house takes without the cars, now and by the habit of its hours."""

from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Final

from ..model.electric import MeterReading
from ..model.moment import Moment
from ..model.state import MeterState

HABIT_SHARE: Final = 0.002  # of one reading of 1.5 s: half-learnt after some ten minutes of an hour
UNKNOWN_HOUSE_W: Final = 400.0


def read(meter: MeterState, reading: MeterReading, cars_w: float, zone: tzinfo, now: Moment) -> MeterState:
    """Return the meter after a reading; ``cars_w`` is the net power of all cars at that time."""
    house_w = None if reading.power_w is None else reading.power_w - cars_w
    habit = meter.habit_w
    if house_w is not None:
        hour = now.utc.astimezone(zone).hour
        before = habit[hour]
        after = house_w if before is None else before + HABIT_SHARE * (house_w - before)
        habit = (*habit[:hour], after, *habit[hour + 1 :])
    return replace(meter, reading=reading, at=now, lost=None, house_w=house_w, habit_w=habit)


def expected_w(meter: MeterState, instant: datetime, zone: tzinfo) -> float:
    """Return what the house should take at an instant: the habit of that hour, else of any, else what it takes now."""
    habit = meter.habit_w[instant.astimezone(zone).hour]
    if habit is not None:
        return habit
    known = [h for h in meter.habit_w if h is not None]
    if known:
        return sum(known) / len(known)
    return UNKNOWN_HOUSE_W if meter.house_w is None else meter.house_w
