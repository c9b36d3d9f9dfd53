"""Where no price is published, the days before say what to expect."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.mobilize_flex.core.model.prices import Certainty, PriceCurve, PriceSlot
from custom_components.mobilize_flex.core.tariff.expected import with_expected

ZONE = ZoneInfo("Europe/Paris")
HOUR = timedelta(hours=1)
MIDNIGHT = datetime(2026, 11, 22, tzinfo=ZONE).astimezone(UTC)


def day_of(prices: list[float], start: datetime = MIDNIGHT) -> tuple[PriceSlot, ...]:
    return tuple(PriceSlot(start + k * HOUR, start + (k + 1) * HOUR, p, p / 2) for k, p in enumerate(prices))


TODAY = PriceCurve(day_of([0.1 + k / 100 for k in range(24)]))


def test_tomorrow_is_expected_to_cost_what_today_costs() -> None:
    end = MIDNIGHT + 48 * HOUR
    curve = with_expected(TODAY, (), ZONE, MIDNIGHT, end)
    assert curve.end == end
    tomorrow = curve.at(MIDNIGHT + 32 * HOUR)
    assert tomorrow is not None
    assert (tomorrow.import_per_kwh, tomorrow.export_per_kwh) == (pytest.approx(0.18), pytest.approx(0.09))
    assert tomorrow.certainty is Certainty.EXPECTED


def test_the_same_hours_of_past_days_are_averaged() -> None:
    before = day_of([0.3] * 24, MIDNIGHT - 24 * HOUR)
    curve = with_expected(TODAY, before, ZONE, MIDNIGHT, MIDNIGHT + 30 * HOUR)
    slot = curve.at(MIDNIGHT + 24 * HOUR)
    assert slot is not None
    assert slot.import_per_kwh == pytest.approx((0.3 + 0.1) / 2)


def test_the_same_hour_is_the_same_on_the_wall_when_the_clocks_change() -> None:
    saturday = datetime(2026, 10, 24, tzinfo=ZONE).astimezone(UTC)
    curve = with_expected(
        PriceCurve(day_of([k / 100 for k in range(24)], saturday)), (), ZONE, saturday, saturday + 49 * HOUR
    )
    evening = curve.at(datetime(2026, 10, 25, 19, tzinfo=ZONE))
    assert evening is not None
    assert evening.import_per_kwh == pytest.approx(0.19)


def test_hours_no_day_has_had_are_assumed() -> None:
    morning = PriceCurve(TODAY.slots[:6])
    curve = with_expected(morning, (), ZONE, MIDNIGHT, MIDNIGHT + 12 * HOUR)
    noon = curve.at(MIDNIGHT + 10 * HOUR)
    assert noon is not None
    assert noon.certainty is Certainty.ASSUMED
    assert noon.import_per_kwh == pytest.approx(sum(slot.import_per_kwh for slot in morning.slots) / 6)


def test_expectations_do_not_feed_on_expectations() -> None:
    guessed = PriceCurve((PriceSlot(MIDNIGHT, MIDNIGHT + HOUR, 9.9, 0.0, Certainty.EXPECTED),))
    assert with_expected(guessed, (), ZONE, MIDNIGHT, MIDNIGHT + 24 * HOUR) == guessed


@given(st.sets(st.integers(0, 47), min_size=1), st.integers(0, 47), st.integers(1, 48))
def test_there_are_no_holes_and_no_overlaps_and_what_is_known_stays(there: set[int], first: int, long: int) -> None:
    known = [PriceSlot(MIDNIGHT + k * HOUR, MIDNIGHT + (k + 1) * HOUR, k / 10, 0.0) for k in sorted(there)]
    start, end = MIDNIGHT + first * HOUR / 2, MIDNIGHT + first * HOUR / 2 + long * HOUR
    curve = with_expected(PriceCurve(tuple(known)), (), ZONE, start, end)
    assert set(known) <= set(curve.slots)
    inside = [slot for slot in curve.slots if slot.end > start and slot.start < end]
    assert inside[0].start <= start
    assert inside[-1].end >= end
    assert all(a.end == b.start for a, b in pairwise(inside))
