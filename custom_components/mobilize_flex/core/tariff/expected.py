"""What electricity will probably cost where nobody has said yet."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from statistics import fmean
from typing import Final

from ..model.prices import Certainty, PriceCurve, PriceSlot

LOOK_BACK: Final = timedelta(days=14)
QUARTER: Final = timedelta(minutes=15)

type Pair = tuple[float, float]


def with_expected(
    curve: PriceCurve, past: Sequence[PriceSlot], zone: tzinfo, start: datetime, end: datetime
) -> PriceCurve:
    """Return a curve without holes between two UTC instants.

    A hole gets the mean of the same quarter of the clock on the days before it (two weeks at most), told as expected.
    Where no day before has that quarter, the mean of all that is known stands in, told as assumed; where nothing at all
    is known the curve stays as it is.
    """
    holes = tuple(_holes(curve, start, end))
    known = [slot for slot in (*past, *curve.slots) if slot.certainty is Certainty.KNOWN]
    if not holes or not known:
        return curve
    usual, fallback = _by_clock(known, zone, start - LOOK_BACK), _mean([_pair(slot) for slot in known])
    slots: list[PriceSlot] = []
    for at, until in holes:
        slots.extend(_filled(at, until, zone, usual, fallback))
    return PriceCurve(tuple(sorted((*curve.slots, *_joined(slots)), key=lambda slot: slot.start)))


def _pair(slot: PriceSlot) -> Pair:
    return slot.import_per_kwh, slot.export_per_kwh


def _mean(pairs: Sequence[Pair]) -> Pair:
    return fmean(pair[0] for pair in pairs), fmean(pair[1] for pair in pairs)


def _quarters(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the stretches between the quarters of the clock."""
    at = start
    while at < end:
        past = timedelta(minutes=at.minute % 15, seconds=at.second, microseconds=at.microsecond)
        until = min(end, at + QUARTER - past)
        yield at, until
        at = until


def _clock(at: datetime, zone: tzinfo) -> tuple[int, int]:
    local = at.astimezone(zone)
    return local.hour, local.minute // 15


def _by_clock(known: Sequence[PriceSlot], zone: tzinfo, since: datetime) -> dict[tuple[int, int], Pair]:
    """Return the mean price of each quarter of the local clock."""
    seen: dict[tuple[int, int], list[Pair]] = {}
    for slot in known:
        for at, _ in _quarters(max(slot.start, since), slot.end):
            seen.setdefault(_clock(at, zone), []).append(_pair(slot))
    return {clock: _mean(pairs) for clock, pairs in seen.items()}


def _holes(curve: PriceCurve, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the stretches between two instants that no slot covers."""
    at = start
    for slot in curve.slots:
        if slot.start >= end:
            break
        if slot.start > at:
            yield at, slot.start
        at = max(at, slot.end)
    if at < end:
        yield at, end


def _filled(
    start: datetime, end: datetime, zone: tzinfo, usual: dict[tuple[int, int], Pair], fallback: Pair
) -> Iterator[PriceSlot]:
    """Yield a hole's quarters with the price of their time of day."""
    for at, until in _quarters(start, end):
        pair = usual.get(_clock(at, zone))
        certainty = Certainty.ASSUMED if pair is None else Certainty.EXPECTED
        yield PriceSlot(at, until, *(pair or fallback), certainty)


def _joined(slots: Sequence[PriceSlot]) -> Iterator[PriceSlot]:
    """Yield slots with neighbours of the same price as one."""
    kept: PriceSlot | None = None
    for slot in slots:
        alike = kept is not None and (_pair(kept), kept.certainty) == (_pair(slot), slot.certainty)
        if kept is not None and alike and kept.end == slot.start:
            kept = PriceSlot(kept.start, slot.end, *_pair(kept), kept.certainty)
            continue
        if kept is not None:
            yield kept
        kept = slot
    if kept is not None:
        yield kept
