"""A counter by the quarter of an hour: the same course, whatever order its readings come in."""

from hypothesis import given, strategies as st
import pytest

from custom_components.mobilize_flex.core.ledger.marks import OPEN_MARKS, QUARTER_S, gains, points, with_mark
from custom_components.mobilize_flex.core.model.accounts import Marks

COUNTS = st.lists(st.just(0.0) | st.floats(0.0, 400.0), min_size=3, max_size=40)


def bucket(at_s: float) -> int:
    return int((at_s - 0.05) // QUARTER_S) * QUARTER_S


def told(readings: list[tuple[float, float]]) -> Marks:
    marks: Marks = ()
    for at_s, wh in readings:
        marks = with_mark(marks, bucket(at_s), at_s, wh)
    return marks


def course(readings: list[tuple[float, float]], marks: Marks) -> list[float]:
    """Return the energy of each quarter, from the marks and what a session knows beside them."""
    first, last = min(readings), max(readings)
    edges = [float(n * QUARTER_S) for n in range(int(last[0] // QUARTER_S) + 2)]
    return gains(points(marks, first, last, bucket(last[0])), edges)


@given(COUNTS, st.floats(20.0, 2000.0), st.data())
def test_any_order_and_any_replay_give_the_same_energy_in_each_quarter(
    grown: list[float], step_s: float, data: st.DataObject
) -> None:
    wh, readings = 0.0, []
    for n, more in enumerate(grown):
        wh += round(more, 1)
        readings.append((round(n * step_s, 1), round(wh, 1)))
    again = data.draw(st.lists(st.sampled_from(readings), max_size=20))
    shuffled = data.draw(st.permutations([*readings, *again]))
    expected = course(readings, told(readings))
    assert course(readings, told(list(shuffled))) == pytest.approx(expected, abs=1e-6)
    assert sum(expected) == pytest.approx(readings[-1][1] - readings[0][1])
    assert min(expected) >= 0.0


def test_the_last_reading_of_a_quarter_stands_for_it() -> None:
    marks = told([(0.0, 0.0), (400.0, 50.0), (890.0, 100.0), (910.0, 101.0)])
    assert [mark[1:] for mark in marks] == [(0.0, 0.0), (890.0, 100.0), (910.0, 101.0)]


def test_a_counter_that_stands_still_takes_little_room() -> None:
    marks = told([(n * 900.0, 5.0) for n in range(2000)])
    assert len(marks) < OPEN_MARKS + 5
    assert marks[0][1] == 0.0


@given(st.lists(st.sampled_from([0.0, 0.0, 300.0]), min_size=OPEN_MARKS, max_size=2 * OPEN_MARKS))
def test_tidying_up_changes_no_energy(grown: list[float]) -> None:
    readings = [(n * 900.0 + 850.0, sum(grown[:n])) for n in range(len(grown))]
    quarters = course(readings, told(readings))
    edges = [n * 900.0 for n in range(len(quarters) + 1)]
    assert quarters == pytest.approx(gains(readings, edges))


def test_a_reading_that_cannot_lie_between_its_neighbours_is_left_out() -> None:
    marks = told([(100.0, 10.0), (1000.0, 20.0), (2000.0, 30.0)])
    assert told([(100.0, 10.0), (1000.0, 20.0), (2000.0, 30.0), (950.0, 500.0)]) == marks
    assert told([(100.0, 10.0), (1000.0, 20.0), (2000.0, 30.0), (950.0, 1.0)]) == marks


def test_between_readings_energy_runs_evenly_and_beyond_them_not_at_all() -> None:
    assert gains([(0.0, 0.0), (1800.0, 100.0)], [-900.0, 0.0, 900.0, 1800.0, 2700.0]) == [0.0, 50.0, 50.0, 0.0]
    assert gains([(0.0, 7.0)], [0.0, 900.0]) == [0.0]
