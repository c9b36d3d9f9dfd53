"""The weather over a home: warmth, clouds and wind of each day, made up from a seed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
import math
from random import Random
from typing import Final

SEASON_STARTS: Final = 9
PERSISTENCE: Final = 0.8
LATITUDE_DEG: Final = 47.0
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sky:
    """Hold one day: its mean temperature, and clouds and wind from 0 to 1."""

    mean_c: float
    cloud: float
    wind: float

    def temperature_c(self, hour: float) -> float:
        """Return the temperature at a local hour."""
        return self.mean_c + 4.0 * (1.0 - 0.6 * self.cloud) * math.cos((hour - 15.0) / 12.0 * math.pi)


def season_of(day: date) -> int:
    """Return the year in whose September the season of a day began."""
    return day.year if day.month >= SEASON_STARTS else day.year - 1


def days_of(season: int) -> list[date]:
    """Return the days of a season, September to August."""
    first, after = date(season, SEASON_STARTS, 1), date(season + 1, SEASON_STARTS, 1)
    return [first + offset * DAY for offset in range((after - first).days)]


@lru_cache(maxsize=16)
def season_skies(seed: int, season: int) -> dict[date, Sky]:
    """Return the skies of a season: each day resembles the one before."""
    dice = Random(f"{seed}/weather/{season}")
    warm, cloud, wind = (dice.gauss(0, 1) for _ in range(3))
    skies = {}
    for day in days_of(season):
        fresh = math.sqrt(1 - PERSISTENCE**2)
        warm, cloud, wind = (PERSISTENCE * x + fresh * dice.gauss(0, 1) for x in (warm, cloud, wind))
        winter = math.cos((day.timetuple().tm_yday - 20) / 365 * 2 * math.pi)
        skies[day] = Sky(12.5 - 8.5 * winter + 3.2 * warm, _share(cloud + 0.4 * winter), _share(wind + 0.3 * winter))
    return skies


def sky(seed: int, day: date) -> Sky:
    """Return the sky of a day."""
    return season_skies(seed, season_of(day))[day]


def sun_share(at: datetime, above: Sky) -> float:
    """Return the sun on a roof at a local time, as a share of its peak power."""
    declination = math.radians(23.44) * math.sin((at.timetuple().tm_yday - 81) / 365 * 2 * math.pi)
    offset = at.utcoffset() or timedelta(0)
    solar_h = at.hour + at.minute / 60 - offset.total_seconds() / 3600 + 0.15
    angle, latitude = math.radians(15 * (solar_h - 12)), math.radians(LATITUDE_DEG)
    height = math.sin(latitude) * math.sin(declination) + math.cos(latitude) * math.cos(declination) * math.cos(angle)
    return 0.9 * math.pow(max(0.0, height), 1.15) * (1.0 - 0.75 * above.cloud)


def _share(x: float) -> float:
    return 1 / (1 + math.exp(-1.3 * x))
