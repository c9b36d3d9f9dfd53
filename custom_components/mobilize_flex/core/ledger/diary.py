"""The diary of prices and of what the house takes: what money is reckoned by, long after it was known."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from math import ceil
from types import MappingProxyType
from typing import Final

from ..model.accounts import DiaryPage, PriceSpan, Watch
from ..model.prices import Certainty, PriceSlot
from ..model.replacing import replace
from .marks import QUARTER_S

DAY_S: Final = 86_400
HELD_S: Final = 1_860.0
"""A power is taken to last until the next look, but no longer than this."""
BLANK: Final = DiaryPage()

type Diary = Mapping[int, DiaryPage]


def quarter_of(at_s: float) -> int:
    """Return when the quarter of an hour of an instant began."""
    return int(at_s // QUARTER_S) * QUARTER_S


def instant(at_s: float) -> datetime:
    """Return epoch seconds as an instant."""
    return datetime.fromtimestamp(at_s, UTC)


def looked(watch: Watch | None, at_s: float, house_w: float | None) -> tuple[Watch, list[tuple[int, int]]]:
    """Return the watch after a look at the house, and the quarters that ended with their means."""
    if watch is None or not 0.0 <= at_s - watch.at_s <= HELD_S:
        ended = [] if watch is None or watch.mean_w is None else [(quarter_of(watch.at_s), round(watch.mean_w))]
        return Watch(at_s=at_s, house_w=house_w), [one for one in ended if one[0] < quarter_of(at_s)]
    ended = []
    while quarter_of(watch.at_s) < quarter_of(at_s):
        edge_s = float(quarter_of(watch.at_s) + QUARTER_S)
        full = _held(watch, edge_s)
        if full.mean_w is not None:
            ended.append((quarter_of(watch.at_s), round(full.mean_w)))
        watch = Watch(at_s=edge_s, house_w=watch.house_w)
    return replace(_held(watch, at_s), house_w=house_w), ended


def _held(watch: Watch, until_s: float) -> Watch:
    if watch.house_w is None:
        return replace(watch, at_s=until_s)
    seconds = until_s - watch.at_s
    return replace(watch, at_s=until_s, sum_ws=watch.sum_ws + seconds * watch.house_w, seconds=watch.seconds + seconds)


def with_house(diary: Diary, means: Iterable[tuple[int, int]]) -> Diary:
    """Return a diary with what the house took in some quarters."""
    pages = dict(diary)
    for quarter_s, mean_w in means:
        page, place = pages.get(quarter_s // DAY_S, BLANK), quarter_s % DAY_S // QUARTER_S
        house_w = (*page.house_w[:place], mean_w, *page.house_w[place + 1 :])
        pages[quarter_s // DAY_S] = replace(page, house_w=house_w)
    return MappingProxyType(pages)


def spans(diary: Diary, since_s: float, until_s: float) -> Iterator[PriceSpan]:
    """Yield the prices known between two instants, in order of time."""
    for day in range(int(since_s // DAY_S), int(until_s // DAY_S) + 1):
        for span in diary.get(day, BLANK).prices:
            if span[1] > since_s and span[0] < until_s:
                yield span


def is_whole(diary: Diary, since_s: float, until_s: float) -> bool:
    """Tell whether all prices between two instants are known."""
    at_s = since_s
    for start_s, end_s, _, _ in spans(diary, since_s, until_s):
        if start_s > at_s:
            return False
        at_s = end_s
    return at_s >= until_s


def filled(diary: Diary, slots: Iterable[PriceSlot], until_s: float) -> Diary:
    """Return a diary with prices in its holes, up to an instant; what is written stays, and only what is certain is."""
    pages, changed = dict(diary), False
    for slot in slots:
        start_s, end_s = int(slot.start.timestamp()), min(int(slot.end.timestamp()), ceil(until_s))
        if slot.certainty is not Certainty.KNOWN or end_s <= start_s:
            continue
        for day in range(start_s // DAY_S, (end_s - 1) // DAY_S + 1):
            page = pages.get(day, BLANK)
            inside = max(start_s, day * DAY_S), min(end_s, (day + 1) * DAY_S)
            prices = _written(page.prices, (*inside, slot.import_per_kwh, slot.export_per_kwh))
            if prices is not page.prices:
                pages[day], changed = replace(page, prices=prices), True
    return MappingProxyType(pages) if changed else diary


def _written(rows: tuple[PriceSpan, ...], new: PriceSpan) -> tuple[PriceSpan, ...]:
    """Return rows with another one where there is none yet; neighbours of the same price grow together."""
    holes, at_s = [], new[0]
    for start_s, end_s, _, _ in rows:
        if start_s > at_s and at_s < new[1]:
            holes.append((at_s, min(start_s, new[1])))
        at_s = max(at_s, end_s)
    if at_s < new[1]:
        holes.append((at_s, new[1]))
    if not holes:
        return rows
    joined: list[PriceSpan] = []
    for row in sorted([*rows, *((a, b, new[2], new[3]) for a, b in holes)]):
        last = joined[-1] if joined else None
        if last is not None and last[1] == row[0] and last[2:] == row[2:]:
            joined[-1] = (last[0], row[1], row[2], row[3])
        else:
            joined.append(row)
    return tuple(joined)


def house_w(diary: Diary, watch: Watch | None, at_s: float) -> float | None:
    """Return what the house took in the quarter of an instant."""
    quarter_s = quarter_of(at_s)
    noted = diary.get(quarter_s // DAY_S, BLANK).house_w[quarter_s % DAY_S // QUARTER_S]
    if noted is None and watch is not None and quarter_of(watch.at_s) == quarter_s:
        return watch.mean_w
    return noted


def cuts(diary: Diary, since_s: float, until_s: float, also: Iterable[float] = ()) -> list[float]:
    """Return the instants that part two others: their ends, each quarter of an hour, each change of price, and more."""
    edges = {since_s, until_s, *also}
    edges |= {float(s) for s in range(quarter_of(since_s) + QUARTER_S, int(until_s) + 1, QUARTER_S) if s < until_s}
    for span in spans(diary, since_s, until_s):
        edges |= {float(s) for s in span[:2] if since_s < s < until_s}
    return sorted(edges)


def priced(diary: Diary, edges: list[float]) -> list[tuple[float, float] | None]:
    """Return the prices between each two edges, ``None`` where they are not known."""
    known = list(spans(diary, edges[0], edges[-1])) if edges else []
    found: list[tuple[float, float] | None] = []
    place = 0
    for start_s, _ in pairwise(edges):
        while place < len(known) and known[place][1] <= start_s:
            place += 1
        here = known[place] if place < len(known) and known[place][0] <= start_s else None
        found.append(None if here is None else (here[2], here[3]))
    return found
