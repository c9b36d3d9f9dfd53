"""The hours ahead are cut where prices change, departures fall and the clock ticks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from time import process_time

from hypothesis import given, strategies as st

from custom_components.mobilize_flex.core.model.prices import Certainty, PriceCurve, PriceSlot
from custom_components.mobilize_flex.core.tariff.slots import merge, slots_ahead

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
PRICES = PriceCurve(tuple(PriceSlot(NOON + k * HOUR, NOON + (k + 1) * HOUR, 0.1 * k, 0.01 * k) for k in range(4)))


def test_the_first_slot_is_what_is_left_of_it() -> None:
    slots = slots_ahead(PRICES, NOON + 7 * MINUTE, NOON + HOUR)
    assert [(slot.end - slot.start) / MINUTE for slot in slots] == [8, 15, 15, 15]


def test_hourly_prices_may_stay_hourly() -> None:
    slots = slots_ahead(PRICES, NOON + 50 * MINUTE, NOON + 3 * HOUR, longest=HOUR)
    assert [(slot.end - slot.start) / MINUTE for slot in slots] == [10, 60, 60]
    assert [slot.import_per_kwh for slot in slots] == [0.0, 0.1, 0.2]


def test_a_departure_is_a_boundary() -> None:
    slots = slots_ahead(PRICES, NOON, NOON + HOUR, marks=[NOON + 20 * MINUTE])
    assert [slot.start for slot in slots][:3] == [NOON, NOON + 15 * MINUTE, NOON + 20 * MINUTE]


def test_beyond_the_prices_the_last_one_is_assumed_to_go_on() -> None:
    last = slots_ahead(PRICES, NOON + 3 * HOUR, NOON + 6 * HOUR)[-1]
    assert (last.import_per_kwh, last.certainty) == (PRICES.slots[-1].import_per_kwh, Certainty.ASSUMED)


def test_before_the_prices_the_first_one_is_assumed() -> None:
    first = slots_ahead(PRICES, NOON - HOUR, NOON + HOUR)[0]
    assert (first.import_per_kwh, first.certainty) == (PRICES.slots[0].import_per_kwh, Certainty.ASSUMED)


def test_without_any_price_there_is_nothing_to_plan_by() -> None:
    assert slots_ahead(PriceCurve(), NOON, NOON + HOUR) == ()


@given(st.integers(-7200, 20_000), st.integers(1, 30_000), st.lists(st.integers(-100, 40_000), max_size=5))
def test_slots_follow_each_other_from_now_to_the_end(late: int, long: int, marks: list[int]) -> None:
    now = NOON + timedelta(seconds=late)
    end = now + timedelta(seconds=long)
    slots = slots_ahead(PRICES, now, end, [NOON + timedelta(seconds=m) for m in marks])
    assert (slots[0].start, slots[-1].end) == (now, end)
    assert all(a.end == b.start for a, b in pairwise(slots))
    assert all(timedelta(0) < slot.end - slot.start <= timedelta(minutes=16) for slot in slots)


def test_export_prices_of_another_list_are_merged_in_where_they_change() -> None:
    half = NOON + 30 * MINUTE
    sold = PriceCurve((PriceSlot(half, NOON + HOUR, 0.0, 0.5, Certainty.EXPECTED),))
    first, second, *_ = merge(PRICES, sold).slots
    assert (first.end, first.export_per_kwh, first.certainty) == (half, 0.0, Certainty.KNOWN)
    assert (second.start, second.export_per_kwh, second.certainty) == (half, 0.5, Certainty.EXPECTED)


def test_a_fortnight_of_quarters_is_merged_in_a_blink() -> None:
    quarters = [NOON + k * 15 * MINUTE for k in range(14 * 96)]
    bought = PriceCurve(tuple(PriceSlot(at, at + 15 * MINUTE, 0.2, 0.0) for at in quarters))
    begun = process_time()
    merged = merge(bought, PriceCurve(tuple(replace(slot, export_per_kwh=0.1) for slot in bought.slots)))
    assert process_time() - begun < 0.3
    assert {slot.export_per_kwh for slot in merged.slots} == {0.1}


PIECES = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 5)), max_size=12)
"""Slots as gap and length in minutes, one after the other."""


def pieces(told: list[tuple[int, int]], price: float) -> PriceCurve:
    slots, at = list[PriceSlot](), NOON
    for k, (gap, long) in enumerate(told):
        start = at + gap * MINUTE
        at = start + long * MINUTE
        slots.append(PriceSlot(start, at, price + k, price + k))
    return PriceCurve(tuple(slots))


@given(PIECES, PIECES)
def test_at_every_minute_a_merged_curve_buys_by_one_list_and_sells_by_the_other(
    buys: list[tuple[int, int]], sells: list[tuple[int, int]]
) -> None:
    bought, sold = pieces(buys, 0.0), pieces(sells, 100.0)
    merged = merge(bought, sold)
    assert all(a.end <= b.start for a, b in pairwise(merged.slots))
    for k in range(120):
        at = NOON + k * MINUTE
        slot, buy, sell = merged.at(at), bought.at(at), sold.at(at)
        assert (slot is None) is (buy is None)
        if slot is not None and buy is not None:
            assert slot.import_per_kwh == buy.import_per_kwh
            assert slot.export_per_kwh == (sell or buy).export_per_kwh
