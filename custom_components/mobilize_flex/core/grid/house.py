"""What the house takes without the cars, now and by the habit of its hours."""

from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import Final

from ..model.electric import MeterReading
from ..model.moment import Moment
from ..model.state import MeterState

RECENT_S: Final = 120.0
HABIT_READINGS: Final = 10_000
"""How many readings a habit remembers: some days' worth of one hour, so that a single feast is soon forgotten."""
FADES: Final = timedelta(hours=1)
"""How far ahead the present still tells more than the habit."""
UNKNOWN_HOUSE_W: Final = 400.0


def read(meter: MeterState, reading: MeterReading, cars_w: float | None, zone: tzinfo, now: Moment) -> MeterState:
    """Return the meter after a reading; ``cars_w`` is the net power of all cars at that time, if it is known."""
    fresh = replace(meter, reading=reading, at=now, lost=None)
    if reading.power_w is None or cars_w is None:
        return replace(fresh, house_w=None)
    house_w = reading.power_w - cars_w
    hour = now.utc.astimezone(zone).hour
    seen = meter.habit_seen[hour]
    share = max(1.0 / (meter.readings + 1), min(1.0, now.age_s(meter.at) / RECENT_S))
    habit_w = _mean(meter.habit_w[hour], house_w, 1.0 / (min(seen, HABIT_READINGS) + 1))
    return replace(
        fresh,
        readings=meter.readings + 1,
        house_w=house_w,
        recent_w=_mean(meter.recent_w, house_w, share),
        habit_w=(*meter.habit_w[:hour], habit_w, *meter.habit_w[hour + 1 :]),
        habit_seen=(*meter.habit_seen[:hour], seen + 1, *meter.habit_seen[hour + 1 :]),
    )


def _mean(before: float | None, new: float, share: float) -> float:
    return new if before is None else before + share * (new - before)


def expected_w(meter: MeterState, instant: datetime, zone: tzinfo, now: datetime) -> float:
    """Return what the house should take at an instant: the present, fading into the habit of that hour."""
    usual = _usual_w(meter, instant.astimezone(zone).hour)
    if meter.recent_w is None:
        return usual
    share = max(0.0, 1.0 - max(instant - now, timedelta(0)) / FADES)
    return share * meter.recent_w + (1.0 - share) * usual


def _usual_w(meter: MeterState, hour: int) -> float:
    """Return the habit of an hour, else of the day, else what the house takes now."""
    habit = meter.habit_w[hour]
    if habit is not None:
        return habit
    known = [h for h in meter.habit_w if h is not None]
    if known:
        return sum(known) / len(known)
    return UNKNOWN_HOUSE_W if meter.recent_w is None else meter.recent_w
