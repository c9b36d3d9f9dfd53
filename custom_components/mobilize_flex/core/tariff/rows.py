"""Published price lists, in whatever words their source uses."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise
from math import isfinite
from statistics import median
from typing import Final

from ..model.prices import PriceRow

START_WORDS: Final = ("start", "start_time", "starts_at", "startsAt", "hour", "time", "datetime", "timestamp", "from")
END_WORDS: Final = ("end", "end_time", "ends_at", "endsAt", "till", "to", "until")
PRICE_WORDS: Final = ("price", "value", "total", "price_ct_per_kwh", "per_kwh", "energy_price", "amount")
DEEPEST: Final = 6
MOST_ROWS: Final = 2000
ABSURD: Final = 100_000.0  # per MWh or kWh alike: no market clears there
LONGEST: Final = timedelta(hours=24)
USUAL: Final = timedelta(hours=1)

type _Found = tuple[datetime, datetime | None, float]


def read_rows(told: object, zone: tzinfo) -> tuple[tuple[PriceRow, ...], int]:
    """Return the price rows in a value of unknown shape, in time order, and how many were refused.

    A row is a mapping with a start and a price; lists of them are found in nested mappings and lists. Times without an
    offset are local. A row without an end lasts until the next one, the last as long as the others do. Of two rows that
    begin together the later told one counts.
    """
    found: dict[datetime, _Found] = {}
    refused = 0
    for i, row in enumerate(_mappings(told, 0)):
        read = _read(row, zone) if i < MOST_ROWS else None
        if read is None:
            refused += 1
        else:
            found[read[0]] = read
    return tuple(_closed(sorted(found.values(), key=lambda r: r[0]))), refused


def _mappings(told: object, depth: int) -> Iterator[Mapping[object, object]]:
    """Yield what looks like a row, however deep it lies."""
    if depth > DEEPEST:
        return
    if isinstance(told, Mapping):
        if any(word in told for word in PRICE_WORDS) and any(word in told for word in START_WORDS):
            yield told
            return
        for inner in told.values():
            yield from _mappings(inner, depth + 1)
    elif isinstance(told, Sequence) and not isinstance(told, str | bytes):
        for inner in told:
            yield from _mappings(inner, depth + 1)


def _read(row: Mapping[object, object], zone: tzinfo) -> _Found | None:
    """Return start, end and price of a row, or ``None`` where one of them makes no sense."""
    start = _instant(_first(row, START_WORDS), zone)
    price = _price(_first(row, PRICE_WORDS))
    if start is None or price is None:
        return None
    end = _instant(_first(row, END_WORDS), zone)
    if end is not None and not timedelta(0) < end - start <= LONGEST:
        return None
    return start, end, price


def _first(row: Mapping[object, object], words: Sequence[str]) -> object:
    return next((row[word] for word in words if word in row), None)


def _instant(told: object, zone: tzinfo) -> datetime | None:
    """Return a time as UTC: ISO text, a datetime, or seconds since 1970."""
    if isinstance(told, str):
        try:
            told = datetime.fromisoformat(told)
        except ValueError:
            return None
    if isinstance(told, datetime):
        return (told if told.tzinfo else told.replace(tzinfo=zone)).astimezone(UTC)
    if isinstance(told, int | float) and not isinstance(told, bool) and 1e9 < told < 1e10:
        return datetime.fromtimestamp(told, UTC)
    return (
        None if not isinstance(told, date) else datetime(told.year, told.month, told.day, tzinfo=zone).astimezone(UTC)
    )


def _price(told: object) -> float | None:
    if isinstance(told, bool) or not isinstance(told, int | float | str):
        return None
    try:
        price = float(told)
    except ValueError:
        return None
    return price if isfinite(price) and abs(price) < ABSURD else None


def _closed(found: Sequence[_Found]) -> Iterator[PriceRow]:
    """Yield rows with their ends, none reaching into the next."""
    steps_s = [(b[0] - a[0]).total_seconds() for a, b in pairwise(found)]
    usual = min(timedelta(seconds=median(steps_s)), LONGEST) if steps_s else USUAL
    for i, (start, end, price) in enumerate(found):
        following = found[i + 1][0] if i + 1 < len(found) else None
        until = end or start + usual
        if following is not None and (end is None or end > following):
            until = following if end is not None or following - start <= 2 * usual else until
        yield PriceRow(start, until, price)
