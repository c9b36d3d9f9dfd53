"""What is written down of prices and of the house, to reckon by later."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.mobilize_flex.core.ledger.diary import (
    cuts,
    filled,
    house_w,
    is_whole,
    looked,
    priced,
    spans,
    with_house,
)
from custom_components.mobilize_flex.core.model.accounts import Watch
from custom_components.mobilize_flex.core.model.prices import Certainty, PriceSlot

MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)
T0 = int(MIDNIGHT.timestamp())
HOUR = 3600


def slot(start_h: float, end_h: float, price: float, certainty: Certainty = Certainty.KNOWN) -> PriceSlot:
    at = [MIDNIGHT + timedelta(hours=h) for h in (start_h, end_h)]
    return PriceSlot(at[0], at[1], price, price / 2, certainty)


def test_what_is_written_stays_and_only_holes_are_filled() -> None:
    diary = filled({}, [slot(1, 2, 0.1), slot(3, 4, 0.3)], T0 + 24 * HOUR)
    diary = filled(diary, [slot(0, 5, 0.9)], T0 + 24 * HOUR)
    assert [(a - T0, b - T0, p) for a, b, p, _ in spans(diary, T0, T0 + 5 * HOUR)] == [
        (0, HOUR, 0.9), (HOUR, 2 * HOUR, 0.1), (2 * HOUR, 3 * HOUR, 0.9), (3 * HOUR, 4 * HOUR, 0.3),
        (4 * HOUR, 5 * HOUR, 0.9),
    ]  # fmt: skip


def test_a_price_is_written_up_to_now_and_on_both_days_it_touches() -> None:
    diary = filled({}, [slot(20, 30, 0.2)], T0 + 26 * HOUR)
    assert sorted(diary) == [T0 // 86400, T0 // 86400 + 1]
    assert is_whole(diary, T0 + 20 * HOUR, T0 + 26 * HOUR)
    assert not is_whole(diary, T0 + 19 * HOUR, T0 + 26 * HOUR)
    assert not is_whole(diary, T0 + 20 * HOUR, T0 + 27 * HOUR)


def test_the_price_of_a_second_that_has_begun_is_written_down() -> None:
    diary = filled({}, [slot(20, 30, 0.2)], T0 + 26 * HOUR + 0.2)
    assert is_whole(diary, T0 + 20 * HOUR, T0 + 26 * HOUR + 0.2)
    assert priced(diary, cuts(diary, T0 + 26 * HOUR - 10, T0 + 26 * HOUR + 0.2)) == [(0.2, 0.1), (0.2, 0.1)]


def test_a_price_that_is_only_expected_is_not_written_down() -> None:
    assert filled({}, [slot(0, 1, 0.2, Certainty.EXPECTED)], T0 + HOUR) == {}


def test_hours_of_one_price_are_one_row() -> None:
    diary = filled({}, [slot(n / 4, (n + 1) / 4, 0.2) for n in range(40)], T0 + 24 * HOUR)
    assert len(diary[T0 // 86400].prices) == 1


def test_a_session_is_cut_where_a_price_changes_off_the_quarters() -> None:
    diary = filled({}, [slot(0, 22 + 38 / 60, 0.3), slot(22 + 38 / 60, 24, 0.1)], T0 + 24 * HOUR)
    edges = cuts(diary, T0 + 22.5 * HOUR, T0 + 23 * HOUR)
    assert [(e - T0 - 22 * HOUR) / 60 for e in edges] == [30, 38, 45, 60]
    assert priced(diary, edges) == [(0.3, 0.15), (0.1, 0.05), (0.1, 0.05)]


def test_the_house_is_the_mean_of_each_quarter_and_unknown_where_nobody_looked() -> None:
    watch, diary = None, {}
    for second in range(0, 2700, 10):
        power = None if second >= 1800 else 300.0 if second < 450 else 500.0
        watch, ended = looked(watch, T0 + second, power)
        diary = dict(with_house(diary, ended))
    assert house_w(diary, None, T0) == pytest.approx(400, abs=3)
    assert house_w(diary, None, T0 + 900) == 500
    assert house_w(diary, watch, T0 + 1800) is None
    assert house_w(diary, None, T0 + 90_000) is None


def test_a_power_seen_long_ago_is_no_power_now() -> None:
    watch, _ = looked(Watch(at_s=float(T0), house_w=700.0), T0 + 3 * HOUR, 100.0)
    assert watch == Watch(at_s=float(T0 + 3 * HOUR), house_w=100.0)
