"""A contract as one dated price curve."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
import itertools
from typing import Final

from ..model.contracts import Base, Colour, Contract, PeakOffPeak, Published, Tempo, Window
from ..model.facts import PricesPublished
from ..model.prices import Certainty, PriceCurve, PriceRow, PriceSlot
from .slots import merge
from .tempo import usual_chances

HOUR: Final = timedelta(hours=1)
TEMPO_DAY_STARTS: Final = time(6)
TEMPO_OFF_PEAK: Final = (Window(time(22), time(6)),)
SUMMER: Final = range(4, 11)


def price_curve(
    contract: Contract | None, published: PricesPublished, zone: tzinfo, start: datetime, end: datetime
) -> PriceCurve:
    """Return the prices between two UTC instants, slot by slot, as far as the contract tells them."""
    match contract:
        case None:
            return PriceCurve()
        case Published():
            return _published(contract, published, start, end)
        case Base():
            slot = PriceSlot(start, end, contract.import_per_kwh, contract.export_per_kwh)
            return PriceCurve((slot,))
        case PeakOffPeak():
            return _merge(_peak_off_peak(contract, zone, start, end))
        case Tempo():
            return _merge(_tempo(contract, zone, start, end))


def _steps(zone: tzinfo, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, datetime]]:
    """Yield UTC steps of at most half an hour that begin on local half hours, with the local time of each."""
    at = start
    while at < end:
        local = at.astimezone(zone)
        past = timedelta(minutes=local.minute % 30, seconds=local.second, microseconds=local.microsecond)
        after = min(end, at + timedelta(minutes=30) - past)
        yield at, after, local
        at = after


def _within(windows: tuple[Window, ...], wall: time) -> bool:
    return any(w.start <= wall < w.end if w.start < w.end else wall >= w.start or wall < w.end for w in windows)


def _edges(windows: tuple[Window, ...]) -> Iterator[time]:
    for window in windows:
        yield window.start
        yield window.end


def _cut_at(
    windows: tuple[Window, ...], zone: tzinfo, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, datetime]]:
    """Yield steps that also begin where a window begins or ends, to the minute."""
    for at, after, local in _steps(zone, start, end):
        inside = sorted({e for e in _edges(windows) if local.time() < e < (local + (after - at)).time()})
        edges = [at, *(at + _between(local.time(), e) for e in inside), after]
        for a, b in itertools.pairwise(edges):
            yield a, b, a.astimezone(zone)


def _between(earlier: time, later: time) -> timedelta:
    day = date(2000, 1, 1)
    return datetime.combine(day, later) - datetime.combine(day, earlier)


def _peak_off_peak(c: PeakOffPeak, zone: tzinfo, start: datetime, end: datetime) -> Iterator[PriceSlot]:
    days = dict(c.days)
    for at, after, local in _cut_at((*c.off_peak, *c.summer_off_peak, *_all(days)), zone, start, end):
        usual = c.summer_off_peak if c.summer_off_peak and local.month in SUMMER else c.off_peak
        windows = days.get(local.date(), usual)
        price = c.off_peak_per_kwh if _within(windows, local.time()) else c.peak_per_kwh
        yield PriceSlot(at, after, price, c.export_per_kwh)


def _all(days: Mapping[date, tuple[Window, ...]]) -> Iterator[Window]:
    return itertools.chain.from_iterable(days.values())


def _tempo(c: Tempo, zone: tzinfo, start: datetime, end: datetime) -> Iterator[PriceSlot]:
    colours, forecast = dict(c.colours), {day: (white, red) for day, white, red in c.forecast}
    days = dict(c.days)
    for at, after, local in _cut_at((*TEMPO_OFF_PEAK, *_all(days)), zone, start, end):
        day = local.date() - (timedelta(days=1) if local.time() < TEMPO_DAY_STARTS else timedelta(0))
        prices = _tempo_prices(c, off_peak=_within(days.get(local.date(), TEMPO_OFF_PEAK), local.time()))
        colour = colours.get(day)
        if colour is not None:
            yield PriceSlot(at, after, prices[colour], c.export_per_kwh)
        else:
            white, red = forecast.get(day) or usual_chances(day)
            expected = (1 - white - red) * prices[Colour.BLUE] + white * prices[Colour.WHITE] + red * prices[Colour.RED]
            yield PriceSlot(at, after, expected, c.export_per_kwh, Certainty.EXPECTED)


def _tempo_prices(c: Tempo, *, off_peak: bool) -> dict[Colour, float]:
    if off_peak:
        return {Colour.BLUE: c.blue_off_peak, Colour.WHITE: c.white_off_peak, Colour.RED: c.red_off_peak}
    return {Colour.BLUE: c.blue_peak, Colour.WHITE: c.white_peak, Colour.RED: c.red_peak}


def _published(c: Published, told: PricesPublished, start: datetime, end: datetime) -> PriceCurve:
    """Return published prices with the owner's formula; where nothing is published there is a hole."""
    bought = PriceCurve(
        tuple(
            PriceSlot(row.start, row.end, row.per_kwh * c.factor + c.surcharge_per_kwh, c.export_per_kwh or 0.0)
            for row in _ordered(told.rows, start, end)
        )
    )
    if c.export_per_kwh is not None:
        return bought
    sold = (
        PriceSlot(row.start, row.end, 0.0, row.per_kwh * c.export_factor)
        for row in _ordered(told.export_rows, start, end)
    )
    return merge(bought, PriceCurve(tuple(sold)))


def _ordered(rows: tuple[PriceRow, ...], start: datetime, end: datetime) -> Iterator[PriceRow]:
    """Yield rows in time order, each cut where the next begins, so that none overlap."""
    inside = sorted((r for r in rows if r.end > start and r.start < end), key=lambda r: r.start)
    for i, row in enumerate(inside):
        until = min(row.end, inside[i + 1].start) if i + 1 < len(inside) else row.end
        if until > row.start:
            yield PriceRow(row.start.astimezone(UTC), until.astimezone(UTC), row.per_kwh)


def _merge(slots: Iterator[PriceSlot]) -> PriceCurve:
    """Return neighbours of the same price as one."""
    merged: list[PriceSlot] = []
    for slot in slots:
        last = merged[-1] if merged else None
        if last is not None and last.end == slot.start and _same(last, slot):
            merged[-1] = PriceSlot(last.start, slot.end, *_prices(last))
        else:
            merged.append(slot)
    return PriceCurve(tuple(merged))


def _prices(slot: PriceSlot) -> tuple[float, float, Certainty]:
    return slot.import_per_kwh, slot.export_per_kwh, slot.certainty


def _same(a: PriceSlot, b: PriceSlot) -> bool:
    return _prices(a) == _prices(b)
