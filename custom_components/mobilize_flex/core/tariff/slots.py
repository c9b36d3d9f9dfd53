"""The hours ahead cut into slots: as the prices come, the first shortened to what is left of it."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from ..model.prices import Certainty, PriceCurve, PriceSlot

LONGEST: Final = timedelta(minutes=15)
SHORTEST: Final = timedelta(seconds=1)


def slots_ahead(
    curve: PriceCurve, now: datetime, end: datetime, marks: Iterable[datetime] = (), longest: timedelta = LONGEST
) -> tuple[PriceSlot, ...]:
    """Return slots from now to an instant, without holes.

    A slot ends where a price does, where the clock has gone by ``longest`` since the full hour, or at a mark (a
    departure, say). Where no price is known the last one before goes on (or the first one after), told as assumed.
    """
    if not curve.slots or end <= now:
        return ()
    edges = {now, end, *(m for m in marks if now < m < end)}
    edges |= {edge for slot in curve.slots for edge in (slot.start, slot.end) if now < edge < end}
    edges |= set(_ticks(now, end, longest))
    cuts = sorted(edges)
    kept = [a for a, b in pairwise(cuts) if b - a >= SHORTEST or a == now]
    slots: list[PriceSlot] = []
    last = next((slot for slot in reversed(curve.slots) if slot.end <= now), curve.slots[0])
    ahead = deque(curve.after(now))
    for a, b in zip(kept, [*kept[1:], end], strict=True):
        while ahead and ahead[0].end <= a:
            ahead.popleft()
        here = ahead[0] if ahead and ahead[0].start <= a else None
        last = here or last
        certainty = here.certainty if here else Certainty.ASSUMED
        slots.append(PriceSlot(a, b, last.import_per_kwh, last.export_per_kwh, certainty))
    return tuple(slots)


def _ticks(now: datetime, end: datetime, longest: timedelta) -> Iterable[datetime]:
    """Yield the clock's ticks between two instants, counted from the full hour."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    at = hour + ((now - hour) // longest + 1) * longest
    while at < end:
        yield at
        at += longest


def merge(imports: PriceCurve, exports: PriceCurve) -> PriceCurve:
    """Return import prices with the export prices of another curve, cut where either changes.

    Where the other curve has no price the import curve's own export price stays.
    """
    slots: list[PriceSlot] = []
    first = 0
    for slot in imports.slots:
        while first < len(exports.slots) and exports.slots[first].end <= slot.start:
            first += 1
        slots.extend(_sold(slot, exports.slots, first))
    return PriceCurve(tuple(slots))


def _sold(slot: PriceSlot, others: Sequence[PriceSlot], first: int) -> Iterator[PriceSlot]:
    """Yield the pieces of a slot with the export price of each; ``first`` is the first other slot to look at."""
    at = slot.start
    for k in range(first, len(others)):
        other = others[k]
        if other.start >= slot.end:
            break
        if other.start > at:
            yield replace(slot, start=at, end=other.start)
        at = max(at, other.start)
        until = min(other.end, slot.end)
        certainty = _less_certain(slot.certainty, other.certainty)
        yield PriceSlot(at, until, slot.import_per_kwh, other.export_per_kwh, certainty)
        at = until
    if at < slot.end:
        yield replace(slot, start=at)


def _less_certain(one: Certainty, other: Certainty) -> Certainty:
    order = list(Certainty)
    return order[max(order.index(one), order.index(other))]
