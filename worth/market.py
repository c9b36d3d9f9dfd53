"""What electricity costs in the made-up year, and when the controller hears of it."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
import csv
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
import json
from pathlib import Path
from typing import Final

from custom_components.mobilize_flex.core.model.contracts import (
    Base,
    Contract,
    PeakOffPeak,
    Published,
    Tempo,
    Window,
)
from custom_components.mobilize_flex.core.model.facts import PricesPublished
from custom_components.mobilize_flex.core.model.prices import PriceRow, PriceSlot
from custom_components.mobilize_flex.core.plan.departures import instant
from custom_components.mobilize_flex.core.tariff.curve import price_curve
from custom_components.mobilize_flex.core.tariff.rows import read_rows
from worth.colours import colour
from worth.household import dates
from worth.spot import spot_rows

BASE: Final = Base(import_per_kwh=0.1985)
PEAK_OFF_PEAK: Final = PeakOffPeak(
    peak_per_kwh=0.2142, off_peak_per_kwh=0.1589, off_peak=(Window(time(22, 30), time(6, 30)),)
)
TEMPO: Final = Tempo(
    blue_off_peak=0.1356, blue_peak=0.1654, white_off_peak=0.1536, white_peak=0.1921, red_off_peak=0.1615,
    red_peak=0.7295,
)  # fmt: skip
VAT: Final = 1.2
NETWORK_PER_KWH: Final = 0.11
"""Network, tax and margin that come on top of a market price, VAT included."""
COLOUR_TOLD_AT: Final = time(11)
PRICES_TOLD_AT: Final = time(13)
DAY: Final = timedelta(days=1)
CHUNK: Final = 1000
TARIFFS: Final = ("base", "hphc", "tempo", "spot")


class NoPrices(ValueError):
    """A price file says nothing about the days asked for."""


@dataclass(frozen=True, slots=True)
class News:
    """Hold what the controller learns of prices at an instant."""

    at: datetime
    contract: Contract | None = None
    published: PricesPublished | None = None


@dataclass(slots=True)
class Market:
    """Hold the true prices of a stretch and the news of them, in time order; the first news is known at its start."""

    name: str
    slots: Sequence[PriceSlot]
    news: Sequence[News]
    _starts: list[datetime] = field(init=False)

    def __post_init__(self) -> None:
        """Index the slots."""
        self._starts = [slot.start for slot in self.slots]

    def at(self, instant_utc: datetime) -> PriceSlot:
        """Return the true prices at an instant."""
        return self.slots[max(0, bisect_right(self._starts, instant_utc) - 1)]


def market(
    tariff: str, seed: int, start: date, days: int, zone: tzinfo, *, feed_in_per_kwh: float | None = None
) -> Market:
    """Return the market of a tariff by name, or of a price file by its path.

    Raises:
        NoPrices: The file has no prices for some of these days.
    """
    sold = feed_in_per_kwh or 0.0
    match tariff:
        case "base":
            return _fixed("Base", replace(BASE, export_per_kwh=sold), start, days, zone)
        case "hphc":
            return _fixed("Peak / off-peak", replace(PEAK_OFF_PEAK, export_per_kwh=sold), start, days, zone)
        case "tempo":
            return _tempo(replace(TEMPO, export_per_kwh=sold), seed, start, days, zone)
        case "spot":
            rows = {day: spot_rows(seed, day, zone) for day in dates(start - DAY, days + 3)}
            contract = Published(factor=VAT, surcharge_per_kwh=NETWORK_PER_KWH, export_per_kwh=feed_in_per_kwh)
            return _published("Spot", contract, rows, start, days, zone)
        case path:
            rows = _by_day(_rows_of(Path(path), zone), zone)
            return _published(Path(path).name, Published(export_per_kwh=sold), rows, start, days, zone)


def _span(start: date, days: int, zone: tzinfo) -> tuple[datetime, datetime]:
    midnight = time(0)
    return instant(start - DAY, midnight, zone), instant(start + (days + 1) * DAY, midnight, zone)


def _fixed(name: str, contract: Contract, start: date, days: int, zone: tzinfo) -> Market:
    begin, end = _span(start, days, zone)
    slots = price_curve(contract, PricesPublished(()), zone, begin, end).slots
    return Market(name, slots, (News(begin, contract=contract),))


def _tempo(contract: Tempo, seed: int, start: date, days: int, zone: tzinfo) -> Market:
    """Return Tempo: tomorrow's colour is told at eleven."""
    begin, end = _span(start, days, zone)
    whole = [(day, colour(seed, day)) for day in dates(start - 2 * DAY, days + 4)]
    slots = price_curve(replace(contract, colours=tuple(whole)), PricesPublished(()), zone, begin, end).slots
    news = []
    for day in dates(start - DAY, days + 1):
        known = tuple((d, c) for d, c in whole if day - DAY <= d <= day + DAY)
        news.append(News(instant(day, COLOUR_TOLD_AT, zone), contract=replace(contract, colours=known)))
    return Market("Tempo", slots, news)


def _published(
    name: str,
    contract: Published,
    rows: dict[date, tuple[PriceRow, ...]],
    start: date,
    days: int,
    zone: tzinfo,
) -> Market:
    """Return a market whose prices of tomorrow are told at one o'clock."""
    missing = [day for day in dates(start, days) if not _covers(rows.get(day, ()), day, zone)]
    if missing:
        raise NoPrices(f"not all prices for {missing[0]} and {len(missing) - 1} more days")
    begin, _ = _span(start, days, zone)
    slots = [slot for day in sorted(rows) for slot in _curve(contract, rows[day])]
    news = [News(begin, contract=contract)]
    for day in dates(start - DAY, days + 1):
        told = tuple(row for d in dates(day - DAY, 3) for row in rows.get(d, ()))
        news.append(News(instant(day, PRICES_TOLD_AT, zone), published=PricesPublished(told, _sold(contract, told))))
    return Market(name, slots, news)


def _curve(contract: Published, rows: tuple[PriceRow, ...]) -> Sequence[PriceSlot]:
    told = PricesPublished(rows, _sold(contract, rows))
    return price_curve(contract, told, UTC, rows[0].start, rows[-1].end).slots


def _covers(rows: tuple[PriceRow, ...], day: date, zone: tzinfo) -> bool:
    begin, end = instant(day, time(0), zone), instant(day + DAY, time(0), zone)
    return bool(rows) and rows[0].start <= begin and rows[-1].end >= end


def _sold(contract: Published, rows: tuple[PriceRow, ...]) -> tuple[PriceRow, ...]:
    return rows if contract.export_per_kwh is None else ()


def _rows_of(path: Path, zone: tzinfo) -> list[PriceRow]:
    """Return the rows of a price file, JSON or CSV with a line of headings."""
    text = path.read_text(encoding="utf-8")
    told: list[object]
    if path.suffix.lower() == ".json":
        read = json.loads(text)
        told = read if isinstance(read, list) else [read]
    else:
        told = list(csv.DictReader(text.splitlines()))
    parts = [told[n : n + CHUNK + 1] for n in range(0, len(told), CHUNK)]
    rows = {row.start: row for part in parts for row in read_rows(part, zone)[0]}
    ordered = [rows[at] for at in sorted(rows)]
    return [replace(a, end=min(a.end, b.start)) for a, b in pairwise(ordered)] + ordered[-1:]


def _by_day(rows: Iterable[PriceRow], zone: tzinfo) -> dict[date, tuple[PriceRow, ...]]:
    days: dict[date, tuple[PriceRow, ...]] = {}
    for row in rows:
        day = row.start.astimezone(UTC).astimezone(zone).date()
        days[day] = (*days.get(day, ()), row)
    return days
