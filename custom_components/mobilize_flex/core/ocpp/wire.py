"""The words and figures inside a message, read without trusting them.

Every reader returns ``None`` for what is absent or of another kind; nothing here raises.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
import math
from typing import Final

type Json = dict[str, Json] | list[Json] | str | int | float | bool | None
type Payload = dict[str, Json]

NAME_LIMIT: Final = 255
_INTEGERS_END: Final = 2**31
_CLOCK_FLOOR: Final = datetime(2020, 1, 1, tzinfo=UTC)  # before it, a station's clock was never set
_CLOCK_AHEAD: Final = timedelta(hours=1)


def filled(**fields: Json) -> Payload:
    """Return a payload of the fields that are there; an absent one has no place on the wire."""
    return {name: value for name, value in fields.items() if value is not None}


def table(payload: Payload, key: str) -> Payload:
    """Return an object; an empty one where there is none."""
    value = payload.get(key)
    return value if isinstance(value, dict) else {}


def tables(payload: Payload, key: str) -> Iterator[Payload]:
    """Iterate over the objects of a list."""
    value = payload.get(key)
    if isinstance(value, list):
        for item in value:
            if isinstance(item, dict):
                yield item


def text(payload: Payload, key: str, limit: int = NAME_LIMIT) -> str | None:
    """Return a text, cut at ``limit`` characters."""
    value = payload.get(key)
    return value[:limit] if isinstance(value, str) else None


def texts(payload: Payload, key: str) -> tuple[str, ...]:
    """Return the texts of a list."""
    value = payload.get(key)
    if not isinstance(value, list):
        return ()
    return tuple(item[:NAME_LIMIT] for item in value if isinstance(item, str))


def number(payload: Payload, key: str) -> float | None:
    """Return a finite number."""
    value = payload.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) else None


def integer(payload: Payload, key: str) -> int | None:
    """Return a whole number; ``7.0`` is one, what takes more than the 32 bits of the standard is none."""
    value = number(payload, key)
    return int(value) if value is not None and value.is_integer() and abs(value) < _INTEGERS_END else None


def flag(payload: Payload, key: str) -> bool | None:
    """Return yes or no."""
    value = payload.get(key)
    return value if isinstance(value, bool) else None


def truth(word: str | None) -> bool:
    """Tell whether the value of a variable means yes."""
    return word is not None and word.strip().casefold() in ("true", "1")


def instant(word: Json) -> datetime | None:
    """Return the UTC instant of an ISO 8601 text; one without a zone is taken as UTC."""
    return _instant(word) if isinstance(word, str) else None


@lru_cache(maxsize=64)
def _instant(word: str) -> datetime | None:
    """Read an instant; a message tells the same one several times."""
    try:
        moment = datetime.fromisoformat(word)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except ValueError, OverflowError:
        return None


def instant_at(payload: Payload, key: str, now: datetime) -> datetime:
    """Return an instant of the past, ``now`` where the station's clock cannot be right."""
    moment = instant(payload.get(key))
    return moment if moment is not None and _can_be(moment, now) else now


def is_dated(payload: Payload, key: str, now: datetime) -> bool:
    """Tell whether an instant is the station's own; else ``instant_at`` gives that of its arrival."""
    moment = instant(payload.get(key))
    return moment is not None and _can_be(moment, now)


def _can_be(moment: datetime, now: datetime) -> bool:
    return _CLOCK_FLOOR <= moment <= now + _CLOCK_AHEAD


def stamp(moment: datetime) -> str:
    """Write an instant as the wire wants it: UTC, a Z, milliseconds only where there are some."""
    utc = moment.astimezone(UTC)
    precision = "milliseconds" if utc.microsecond else "seconds"
    return utc.isoformat(timespec=precision).removesuffix("+00:00") + "Z"


def rounded(value: float) -> Json:
    """Write a number with at most one decimal, and none where it is whole."""
    short = round(value, 1)
    return int(short) if short.is_integer() else short
