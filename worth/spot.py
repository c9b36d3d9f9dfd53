"""A made-up but likely year on the day-ahead market, by the quarter of an hour."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
import math
from random import Random
from typing import Final

from custom_components.mobilize_flex.core.model.prices import PriceRow
from worth.weather import Sky, sky, sun_share

QUARTER: Final = timedelta(minutes=15)
MEAN_PER_MWH: Final = 62.0
SPIKE_CHANCE: Final = 0.08
"""Chance that a cold, calm working day has an evening of scarcity."""
LEAST_PER_MWH: Final = -60.0


def spot_rows(seed: int, day: date, zone: tzinfo) -> tuple[PriceRow, ...]:
    """Return the market prices of a local day per kWh, before network, tax and margin; 23 or 25 hours on two days."""
    dice = Random(f"{seed}/spot/{day}")
    above = sky(seed, day)
    at = datetime.combine(day, time(0), zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(0), zone).astimezone(UTC)
    hard = above.mean_c < 7 and above.wind < 0.5 and day.weekday() < 5
    spike = dice.uniform(120, 400) if hard and dice.random() < SPIKE_CHANCE else 0.0
    rows = []
    while at < end:
        per_mwh = _usual(at.astimezone(zone), above) + dice.gauss(0, 4)
        per_mwh += spike * _bump(at.astimezone(zone), 18.5, 1.5)
        rows.append(PriceRow(at, at + QUARTER, round(max(LEAST_PER_MWH, per_mwh) / 1000, 5)))
        at += QUARTER
    return tuple(rows)


def _usual(local: datetime, above: Sky) -> float:
    """Return what hour, season and weather make of a price, per MWh."""
    cold = 2.4 * max(0.0, 13.0 - above.mean_c)
    calm = 45.0 * (0.5 - above.wind)
    weekend = -16.0 if local.weekday() >= 5 else 0.0
    night = -26.0 * _bump(local, 3.5, 9.0)
    meals = 26.0 * _bump(local, 8.0, 3.0) + 50.0 * _bump(local, 19.5, 4.0)
    return MEAN_PER_MWH - 10.0 + cold + calm + weekend + night + meals - 95.0 * sun_share(local, above)


def _bump(local: datetime, middle_h: float, width: float) -> float:
    hour = local.hour + local.minute / 60
    return math.exp(-((hour - middle_h) ** 2) / width)
