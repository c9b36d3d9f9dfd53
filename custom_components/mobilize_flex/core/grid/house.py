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


def read(
    meter: MeterState,
    reading: MeterReading,
    cars_w: float | None,
    zone: tzinfo,
    now: Moment,
    sun_w: float | None = None,
) -> MeterState:
    """Return the meter after a reading.

    ``cars_w`` is the net power of all cars at that time, if it is known; ``sun_w`` what a forecast had told for it.
    The first forecast is taken to hold for all that was learnt before it.
    """
    fresh = replace(meter, reading=reading, at=now, lost=None)
    if reading.power_w is None or cars_w is None:
        return replace(fresh, house_w=None)
    house_w = reading.power_w - cars_w
    hour = now.utc.astimezone(zone).hour
    seen = meter.habit_seen[hour]
    share = max(1.0 / (meter.readings + 1), min(1.0, now.age_s(meter.at) / RECENT_S))
    weight = 1.0 / (min(seen, HABIT_READINGS) + 1)
    habit_w, habit_sun_w = _mean(meter.habit_w[hour], house_w, weight), meter.habit_sun_w[hour]
    if sun_w is not None:
        habit_sun_w = _mean(habit_sun_w, sun_w, weight)
    return replace(
        fresh,
        readings=meter.readings + 1,
        house_w=house_w,
        recent_w=_mean(meter.recent_w, house_w, share),
        habit_w=(*meter.habit_w[:hour], habit_w, *meter.habit_w[hour + 1 :]),
        habit_sun_w=(*meter.habit_sun_w[:hour], habit_sun_w, *meter.habit_sun_w[hour + 1 :]),
        habit_seen=(*meter.habit_seen[:hour], seen + 1, *meter.habit_seen[hour + 1 :]),
    )


def _mean(before: float | None, new: float, share: float) -> float:
    return new if before is None else before + share * (new - before)


def expected_w(
    meter: MeterState, instant: datetime, zone: tzinfo, now: datetime, sun_w: float | None
) -> tuple[float, float]:
    """Return what the house should take and what the sun should give at an instant.

    Their difference is the present, fading into the habit of that hour. The meter only ever sees that difference: where
    a sun is forecast (``sun_w``), the habit is what was measured and the sun that was forecast meanwhile. Without a
    forecast the sun stays in the habit. A surplus lowers the house no further than to nothing: what looks like more
    is mostly a car whose power is not measured yet.
    """
    hour = instant.astimezone(zone).hour
    usual = _usual_w(meter, hour) if sun_w is None else _usual_w(meter, hour, sun_w) - sun_w
    share = 0.0 if meter.recent_w is None else max(0.0, 1.0 - max(instant - now, timedelta(0)) / FADES)
    net_w = share * (meter.recent_w or 0.0) + (1.0 - share) * usual
    if sun_w is None:
        return max(0.0, net_w), 0.0
    return max(0.0, net_w + sun_w), sun_w


def _usual_w(meter: MeterState, hour: int, sun_w: float | None = None) -> float:
    """Return the habit of an hour, else of the day, else what the house takes now.

    Where a sun is forecast the one of then is added back; if nobody knows it, it was like the one to come.
    """
    then_w = [0.0 if sun_w is None else sun_w if then is None else then for then in meter.habit_sun_w]
    known = {h: habit + then_w[h] for h, habit in enumerate(meter.habit_w) if habit is not None}
    if hour in known:
        return known[hour]
    if known:
        return sum(known.values()) / len(known)
    return UNKNOWN_HOUSE_W if meter.recent_w is None else meter.recent_w
