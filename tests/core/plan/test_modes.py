"""What the car has been doing decides what it may do next."""

from hypothesis import given, strategies as st
import pytest

from custom_components.mobilize_flex.core.plan.modes import Modes

CHARGE, REST, GIVE = 1, 0, -1
QUIET = Modes(min_run=3, min_idle=2)


@pytest.mark.parametrize(
    ("now", "age", "choice", "starts", "breaks"),
    [
        (REST, 1000, CHARGE, True, False),
        (REST, 0, CHARGE, True, True),
        (REST, 1, CHARGE, True, True),
        (REST, 2, CHARGE, True, False),
        (CHARGE, 1, CHARGE, False, False),
        (CHARGE, 2, REST, False, True),
        (CHARGE, 3, REST, False, False),
        (CHARGE, 0, REST, False, True),
        (CHARGE, 3, GIVE, True, False),
        (GIVE, 2, CHARGE, True, True),
    ],
)
def test_the_first_choice_after_what_was_going_on(now: int, age: int, choice: int, starts: bool, breaks: bool) -> None:
    turn = QUIET.opening(now, age, choice)
    assert (turn.starts, turn.breaks, turn.runs) == (starts, breaks, choice != REST)


def test_a_pause_that_has_just_begun_lasts_its_whole_length() -> None:
    row = QUIET.opening(REST, 0, REST).row
    assert QUIET.turn(row, CHARGE).breaks
    assert not QUIET.turn(QUIET.turn(row, REST).row, CHARGE).breaks


def test_a_run_may_end_after_its_least_length_and_a_pause_too() -> None:
    row = QUIET.opening(REST, 1000, CHARGE).row
    assert QUIET.turn(row, REST).breaks
    row = QUIET.turn(row, CHARGE).row
    assert QUIET.turn(row, REST).breaks
    row = QUIET.turn(row, CHARGE).row
    pause = QUIET.turn(row, REST)
    assert not pause.breaks
    assert QUIET.turn(pause.row, GIVE).breaks
    assert not QUIET.turn(QUIET.turn(pause.row, REST).row, GIVE).breaks


@given(st.integers(1, 6), st.integers(1, 6), st.lists(st.sampled_from([CHARGE, REST, GIVE]), min_size=1, max_size=40))
def test_a_way_breaks_nothing_exactly_when_its_runs_and_pauses_are_long_enough(
    run: int, idle: int, choices: list[int]
) -> None:
    modes, row, breaks = Modes(run, idle), -1, 0
    for choice in choices:
        turn = modes.turn(row, choice) if row >= 0 else modes.opening(REST, 1000, choice)
        row, breaks = turn.row, breaks + turn.breaks
    stretches: list[tuple[int, int]] = []
    for choice in [REST, *choices]:
        if stretches and stretches[-1][0] == choice:
            stretches[-1] = (choice, stretches[-1][1] + 1)
        else:
            stretches.append((choice, 1))
    ended = stretches[:-1]
    short = sum(length < run for mode, length in ended if mode) + sum(
        length < idle for mode, length in ended[1:] if not mode
    )
    assert breaks == short
