"""The colours of Tempo days: in whose words they are told, and how likely they are before anybody has said."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
import re
from typing import Final

from ..model.contracts import Colour

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


STARTS: Final = time(6)
REMEMBERED: Final = timedelta(days=7)
_WORDS: Final = {
    Colour.BLUE: {"blue", "bleu", "bleue", "blau", "blauw", "azul", "blu", "b", "hcjb", "hpjb", "1", "🔵", "🟦"},
    Colour.WHITE: {"white", "blanc", "blanche", "blan", "weiß", "weiss", "wit", "blanco", "bianco", "w"}
    | {"hcjw", "hpjw", "2", "⚪", "⬜"},
    Colour.RED: {"red", "rouge", "roug", "rot", "rood", "rojo", "rosso", "r", "hcjr", "hpjr", "3", "🔴", "🟥"},
}
_BY_WORD: Final = {word: colour for colour, words in _WORDS.items() for word in words}


def colour_of(text: str) -> Colour | None:
    """Return the colour a text names, in the words of those who publish it; ``None`` where it names none, or two."""
    words = re.findall(r"[^\W_]+|[^\w\s\uFE0F]", text.casefold())
    found = {_BY_WORD[word] for word in words if word in _BY_WORD}
    return found.pop() if len(found) == 1 else None


def colours_with(
    known: Mapping[date, Colour], today: Colour | None, tomorrow: Colour | None, local: datetime
) -> dict[date, Colour]:
    """Return the colours of the days after hearing those of today and tomorrow, at an instant on the wall.

    A Tempo day begins at six. Some who tell the colours turn the page at midnight already: what is heard before six
    changes no day that is known.
    """
    night = local.time() < STARTS
    day = local.date() - (timedelta(days=1) if night else timedelta(0))
    colours = {d: colour for d, colour in known.items() if d > day - REMEMBERED}
    for told_on, colour in ((day, today), (day + timedelta(days=1), tomorrow)):
        if colour is not None and not (night and told_on in colours):
            colours[told_on] = colour
    return colours
