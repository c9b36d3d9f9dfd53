"""How likely a Tempo day is white or red before anybody has said its colour."""

from datetime import date
from typing import Final

RED_DAYS: Final = 22
WHITE_DAYS: Final = 43
RED_MONTHS: Final = (11, 12, 1, 2, 3)
"""Red days fall between November and March, from Monday to Friday."""
WHITE_MONTHS: Final = (10, 11, 12, 1, 2, 3, 4, 5)
"""White days may fall all year but Sundays; nearly all of them fall when it is cool."""
SATURDAY: Final = 5
SUNDAY: Final = 6
RED_CHANCE: Final = RED_DAYS / (151 * 5 / 7)
WHITE_CHANCE: Final = WHITE_DAYS / (243 * 6 / 7)


def usual_chances(day: date) -> tuple[float, float]:
    """Return the chances that a day is white and red, from the days of each colour in a season."""
    weekday = day.weekday()
    red = RED_CHANCE if day.month in RED_MONTHS and weekday < SATURDAY else 0.0
    white = WHITE_CHANCE if day.month in WHITE_MONTHS and weekday != SUNDAY else 0.0
    return white, red
