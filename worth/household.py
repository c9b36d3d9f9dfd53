"""The house around the car through the year: what it draws, what its roof gives."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, tzinfo
import math
from random import Random
from typing import Final

from worth.weather import sky, sun_share

BLOCK_MINUTES: Final = 5
BLOCKS: Final = 24 * 60 // BLOCK_MINUTES
HEATED_BELOW_C: Final = 16.0
DEGREE_HOURS: Final = 45_000.0
"""Kelvin hours below that in a usual year of this weather."""
MEALS: Final = ((6.5, 8.0, 0.35, 1_100.0), (11.75, 13.25, 0.5, 1_500.0), (18.5, 20.5, 0.75, 2_000.0))
"""Begin, end, chance on a day, and power of what is switched on to cook."""
ABSENT_SHARE: Final = 0.35
FORECAST_ERROR: Final = 0.12
"""How far the clouds of a forecast are off for each day ahead (standard deviation; clouds are 0 to 1)."""


@dataclass(slots=True)
class Household:
    """Draw a house's load by blocks of five minutes; the same seed gives the same days.

    ``house_kwh`` and ``heating_kwh`` are a year's need; ``absences`` are the days nobody is at home.
    """

    seed: int
    zone: tzinfo
    house_kwh: float = 4_000.0
    heating_kwh: float = 4_000.0
    sun_kwp: float = 0.0
    absences: frozenset[date] = frozenset()
    _days: dict[date, tuple[list[float], list[float]]] = field(default_factory=dict)

    def house_w(self, at: datetime) -> float:
        """Return what the house draws, without car and sun."""
        local = at.astimezone(self.zone)
        return self._day(local.date())[0][_block(local)]

    def sun_w(self, at: datetime) -> float:
        """Return what the roof gives."""
        if self.sun_kwp <= 0:
            return 0.0
        local = at.astimezone(self.zone)
        above = sky(self.seed, local.date())
        drift = self._day(local.date())[1][_block(local)]
        return 1000 * self.sun_kwp * sun_share(local, above) * (1 - 0.5 * above.cloud * drift)

    def forecast_w(self, at: datetime, made: date) -> float:
        """Return what a forecast made on a day tells of the roof: its clouds are off, the more the farther ahead."""
        local = at.astimezone(self.zone)
        above = sky(self.seed, local.date())
        days = 1 + (local.date() - made).days
        error = Random(f"{self.seed}/forecast/{made}/{local.date()}").gauss(0.0, FORECAST_ERROR * days)
        cloud = min(max(above.cloud + error, 0.0), 1.0)
        return 1000 * self.sun_kwp * sun_share(local, replace(above, cloud=cloud)) * (1 - 0.25 * cloud)

    def _day(self, day: date) -> tuple[list[float], list[float]]:
        """Return the load of a day and the passing of its clouds, drawn once."""
        if day not in self._days:
            if len(self._days) > 3:
                self._days.clear()
            self._days[day] = self._drawn(day)
        return self._days[day]

    def _drawn(self, day: date) -> tuple[list[float], list[float]]:
        dice = Random(f"{self.seed}/house/{day}")
        mean_w = self.house_kwh / 8.76 * (ABSENT_SHARE if day in self.absences else 1.0)
        meals = [] if day in self.absences else [m for m in MEALS if dice.random() < m[2] + 0.2 * (day.weekday() > 4)]
        shifts = [dice.uniform(-0.5, 0.5) for _ in meals]
        above, drift, load = sky(self.seed, day), 0.0, []
        clouds = [dice.random() for _ in range(BLOCKS // 3 + 1)]
        for block in range(BLOCKS):
            hour = block * BLOCK_MINUTES / 60
            drift = 0.85 * drift + 0.53 * dice.gauss(0, 1)
            power_w = mean_w * 0.78 * _shape(hour, day.weekday() > 4) * math.exp(0.45 * drift - 0.1)
            for (begin, end, _, most_w), shift in zip(meals, shifts, strict=True):
                if begin <= hour - shift < end and dice.random() < 0.7:
                    power_w += most_w * dice.uniform(0.4, 1.0)
            power_w += self._heating_w(above.temperature_c(hour), hour, away=day in self.absences)
            load.append(round(power_w, 1))
        return load, [clouds[block // 3] for block in range(BLOCKS)]

    def _heating_w(self, outside_c: float, hour: float, *, away: bool) -> float:
        below = HEATED_BELOW_C - outside_c - (6.0 if away else 2.0 if hour < 5.5 or hour > 22.5 else 0.0)
        return max(0.0, below) * self.heating_kwh * 1000 / DEGREE_HOURS


def _shape(hour: float, weekend: bool) -> float:
    """Return the usual load of an hour over the mean of the day."""
    evening = 1.3 * math.exp(-((hour - 20.0) ** 2) / 5.0)
    morning = 0.7 * math.exp(-((hour - 7.5) ** 2) / 2.0)
    noon = (0.7 if weekend else 0.3) * math.exp(-((hour - 12.5) ** 2) / 4.0)
    return 0.62 + evening + morning + noon


def _block(local: datetime) -> int:
    return (local.hour * 60 + local.minute) // BLOCK_MINUTES


def dates(start: date, days: int) -> list[date]:
    """Return the days of a stretch."""
    return [start + timedelta(days=offset) for offset in range(days)]
