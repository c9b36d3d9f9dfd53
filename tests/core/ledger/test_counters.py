"""A counter that is repeated, swapped, reset, or talks nonsense."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.mobilize_flex.core.ledger.counters import bound_of, take
from custom_components.mobilize_flex.core.model.session import Span

START = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
MAX_W = 7360.0
BOUND = bound_of(MAX_W)
type Reading = tuple[float, float]


def follow(readings: list[Reading], span: Span | None = None, *, dated: bool = True) -> Span:
    span = span or Span()
    for minutes, wh in readings:
        span = take(span, START + timedelta(minutes=minutes), wh, BOUND, dated=dated)
    return span


@st.composite
def histories(draw: st.DrawFn) -> list[Reading]:
    """Return what a counter of a real charge showed: never more than the station can give."""
    minutes, wh = 0.0, draw(st.floats(0, 1e7))
    told = [(minutes, wh)]
    for pause, share in draw(st.lists(st.tuples(st.floats(0.03, 30), st.floats(0, 1)), min_size=1, max_size=12)):
        minutes, wh = minutes + pause, wh + pause / 60 * MAX_W * share
        told.append((minutes, wh))
    return told


@given(st.data(), histories())
def test_fifty_replays_in_any_order_change_nothing(data: st.DataObject, history: list[Reading]) -> None:
    replays = data.draw(st.lists(st.sampled_from(history), max_size=50))
    order = data.draw(st.permutations([*history, *replays]))
    assert follow(order).wh == pytest.approx(history[-1][1] - history[0][1], abs=1e-6)
    assert follow(order).total_wh == pytest.approx(history[-1][1])
    assert follow(order).held_back == 0


@given(st.data(), histories(), st.floats(1.1e8, 1e9))
def test_one_absurd_reading_among_true_ones_changes_nothing(
    data: st.DataObject, history: list[Reading], absurd: float
) -> None:
    place = data.draw(st.integers(1, len(history)))
    minutes = history[place - 1][0]
    story = [*history[:place], (minutes + 0.01, absurd), *history[place:]]
    assert follow(story).wh == pytest.approx(history[-1][1] - history[0][1])


@pytest.mark.parametrize("wh", [0.0, -1.0, 5_000_000.0, 999.0])
def test_a_reading_that_cannot_be_is_held_back(wh: float) -> None:
    span = follow([(0, 5000.0), (1, 5100.0), (2, wh)])
    assert (span.total_wh, span.held_back) == (5100.0, 1)
    assert follow([(3, 5200.0)], span).total_wh == 5200.0


def test_a_counter_that_begins_anew_goes_on_from_where_it_was() -> None:
    span = follow([(0, 5000.0), (10, 6000.0), (11, 0.0), (12, 100.0), (13, 200.0), (14, 300.0)])
    assert span.total_wh == 6300.0
    assert span.wh == 1300.0


@pytest.mark.parametrize("hours", [0.2, 3.0, 72.0])
def test_a_counter_that_went_back_to_an_older_value_of_its_own_gained_nothing(hours: float) -> None:
    begun = 60.0 * hours
    story = [(0, 100_000.0), (10, 100_400.0), *((begun + n, 100_000.0 + n) for n in range(10, 14))]
    span = follow(story)
    assert span.total_wh == pytest.approx(100_403.0)
    assert span.wh == pytest.approx(403.0)


def test_another_counter_adds_nothing_by_itself() -> None:
    span = follow([(0, 5000.0), (10, 6000.0), (11, 9e6), (12, 9e6 + 100), (13, 9e6 + 200)])
    assert span.wh == pytest.approx(1200.0)


def test_energy_that_went_by_unseen_counts_once_it_is_confirmed() -> None:
    span = follow([(0, 5000.0), (1, 5100.0), (2, 20_000.0), (3, 20_100.0)])
    assert span.total_wh == 5100.0
    assert follow([(4, 20_200.0)], span).wh == 15_200.0


def test_a_nonsense_repeated_word_for_word_is_no_confirmation() -> None:
    span = follow([(0, 5000.0), (1, 5100.0), *[(2.0, 9e8)] * 50])
    assert span.total_wh == 5100.0


def test_a_nonsense_to_begin_with_is_forgotten() -> None:
    span = follow([(0, 9e8), (1, 5000.0), (2, 5100.0), (3, 5200.0)])
    assert (span.total_wh, span.wh) == (5200.0, 200.0)


def test_rounding_takes_nothing_away() -> None:
    span = follow([(0, 1163.3333740234375), (1, 1163.3), (2, 1170.0)])
    assert span.wh == pytest.approx(6.67, abs=0.01)
    assert span.held_back == 0


def test_a_queue_without_dates_after_a_power_cut_loses_nothing() -> None:
    loose = bound_of(MAX_W, dated=False)
    span = take(Span(), START, 1000.0, loose, dated=False)
    for wh in (2000.0, 3500.0, 5100.0, 3500.0, 2000.0):
        span = take(span, START + timedelta(seconds=1), wh, loose, dated=False)
    assert span.wh == 4100.0


def test_a_clock_set_back_an_hour_does_not_stop_the_counter() -> None:
    span = follow([(0, 1000.0), (60, 3000.0), (10, 3100.0), (11, 3200.0)])
    assert span.wh == 2200.0


def test_a_clock_that_stands_still_does_not_stop_the_counter() -> None:
    span = take(Span(), START, 1000.0, BOUND)
    later = bound_of(MAX_W, START + timedelta(hours=2))
    assert take(span, START, 9000.0, later).wh == 8000.0
