"""The colours of Tempo days: cold, calm working days of winter are red, the next worst are white."""

from datetime import date
from functools import lru_cache

from custom_components.mobilize_flex.core.model.contracts import Colour
from custom_components.mobilize_flex.core.tariff.tempo import (
    RED_DAYS,
    RED_MONTHS,
    SATURDAY,
    SUNDAY,
    WHITE_DAYS,
    WHITE_MONTHS,
)
from worth.weather import season_of, season_skies


@lru_cache(maxsize=16)
def season_colours(seed: int, season: int) -> dict[date, Colour]:
    """Return the colour of every day of a season, by how hard the day is on the grid."""
    skies = season_skies(seed, season)
    hardest = sorted(skies, key=lambda day: (skies[day].mean_c + 9.0 * skies[day].wind + _weekend(day), day))
    red = [day for day in hardest if day.month in RED_MONTHS and day.weekday() < SATURDAY][:RED_DAYS]
    left = [day for day in hardest if day not in red and day.weekday() != SUNDAY and day.month in WHITE_MONTHS]
    named = dict.fromkeys(red, Colour.RED) | dict.fromkeys(left[:WHITE_DAYS], Colour.WHITE)
    return {day: named.get(day, Colour.BLUE) for day in skies}


def colour(seed: int, day: date) -> Colour:
    """Return the colour of a day."""
    return season_colours(seed, season_of(day))[day]


def _weekend(day: date) -> float:
    return 5.0 if day.weekday() >= SATURDAY else 0.0
