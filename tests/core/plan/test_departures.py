"""When the car leaves next, also on the nights when the clocks change."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.mobilize_flex.core.model.programme import Programme
from custom_components.mobilize_flex.core.plan.departures import (
    ProgrammeFault,
    ahead_of,
    check_programmes,
    instant,
    upcoming,
)

ZONE = ZoneInfo("Europe/Paris")
WEEK = timedelta(days=7)
WORK = Programme(number=1, departure=time(7, 30), weekdays=(0, 1, 2, 3, 4), v2g=True)
SUNDAY = Programme(number=2, departure=time(10), weekdays=(6,))
TRIP = Programme(departure=time(5), once=date(2026, 11, 27))
SATURDAY_NOON = datetime(2026, 11, 21, 11, tzinfo=UTC)


def test_a_week_of_departures_in_order() -> None:
    found = upcoming([WORK, SUNDAY, TRIP], ZONE, SATURDAY_NOON, WEEK)
    local = [(d.at.astimezone(ZONE).strftime("%a %H:%M"), d.programme.number) for d in found]
    assert local == [
        ("Sun 10:00", 2),
        ("Mon 07:30", 1),
        ("Tue 07:30", 1),
        ("Wed 07:30", 1),
        ("Thu 07:30", 1),
        ("Fri 05:00", 0),
        ("Fri 07:30", 1),
    ]


def test_a_programme_that_is_off_has_no_departure() -> None:
    assert upcoming([replace(WORK, enabled=False)], ZONE, SATURDAY_NOON, WEEK) == ()


def test_the_present_moment_is_not_ahead() -> None:
    at = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
    assert upcoming([WORK], ZONE, at, timedelta(hours=23)) == ()
    assert upcoming([WORK], ZONE, at - timedelta(seconds=1), timedelta(hours=23))[0].at == at


@pytest.mark.parametrize(
    ("day", "wall", "utc"),
    [
        (date(2026, 11, 22), time(7), datetime(2026, 11, 22, 6, tzinfo=UTC)),
        (date(2026, 3, 29), time(2, 30), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        (date(2026, 3, 29), time(3, 30), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        (date(2026, 3, 29), time(1, 30), datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),
        (date(2026, 10, 25), time(2, 30), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (date(2026, 10, 25), time(3, 30), datetime(2026, 10, 25, 2, 30, tzinfo=UTC)),
    ],
)
def test_wall_time_on_ordinary_and_on_changing_nights(day: date, wall: time, utc: datetime) -> None:
    assert instant(day, wall, ZONE) == utc


@pytest.mark.parametrize(
    ("programmes", "fault"),
    [
        ([WORK, SUNDAY, replace(SUNDAY, number=3, weekdays=(5,))], None),
        ([WORK, SUNDAY, replace(SUNDAY, number=3), replace(WORK, number=4)], ProgrammeFault.TOO_MANY),
        ([WORK, replace(SUNDAY, number=1)], ProgrammeFault.BAD_NUMBER),
        ([replace(WORK, number=0)], ProgrammeFault.BAD_NUMBER),
        ([replace(WORK, weekdays=())], ProgrammeFault.NO_WEEKDAY),
        ([replace(WORK, weekdays=(7,))], ProgrammeFault.NO_WEEKDAY),
        ([WORK, replace(WORK, number=2, weekdays=(4, 5))], ProgrammeFault.DUPLICATE_MOMENT),
    ],
)
def test_what_is_wrong_with_a_list(programmes: list[Programme], fault: ProgrammeFault | None) -> None:
    assert check_programmes(programmes) is fault


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(lambda d: d.replace(tzinfo=UTC)),
    st.times(),
    st.lists(st.integers(0, 6), min_size=1, unique=True),
)
def test_every_chosen_weekday_has_exactly_one_departure_a_week(now: datetime, wall: time, days: list[int]) -> None:
    programme = Programme(number=1, departure=wall.replace(microsecond=0), weekdays=tuple(sorted(days)))
    found = upcoming([programme], ZONE, now, timedelta(days=28, hours=2))
    gaps = {d.at.astimezone(ZONE).weekday() for d in found}
    assert gaps == set(days)
    assert len(found) in range(4 * len(days), 4 * len(days) + 2)


def test_a_single_day_takes_the_place_of_the_programme_of_the_same_moment() -> None:
    friday = replace(TRIP, departure=time(7, 30), target_soc_pct=100.0)
    found = upcoming([WORK, friday], ZONE, datetime(2026, 11, 26, 12, tzinfo=UTC), timedelta(days=1))
    assert [d.programme for d in found] == [friday]


def test_a_single_day_is_ahead_until_its_very_moment() -> None:
    at = datetime(2026, 11, 27, 4, tzinfo=UTC)
    assert ahead_of([TRIP, WORK], ZONE, at - timedelta(seconds=1)) == (TRIP,)
    assert ahead_of([TRIP], ZONE, at) == ()


def brute_next(programmes: list[Programme], now: datetime, days: int) -> tuple[datetime, Programme] | None:
    """Walk the clock minute by minute, as an owner with a watch would who looked at it the hour before."""
    before = (now - timedelta(minutes=121)).astimezone(ZONE).replace(tzinfo=None)
    seen: set[datetime] = set()
    for minute in range(-120, days * 24 * 60 + 1):
        at = now + timedelta(minutes=minute)
        wall = at.astimezone(ZONE).replace(tzinfo=None)
        skipped = int((wall - before) / timedelta(minutes=1)) - 1
        for leave in sorted(programmes, key=lambda p: p.number):
            late = wall - timedelta(minutes=60)
            leaves = (wall not in seen and _leaves(leave, wall)) or (_after_gap(at) and _leaves(leave, late))
            if minute > 0 and leave.enabled and leaves:
                return at, leave
        assert skipped in {0, 60, -60}
        seen.add(wall)
        before = wall
    return None


def _leaves(programme: Programme, wall: datetime) -> bool:
    right_day = wall.date() == programme.once if programme.once else wall.weekday() in programme.weekdays
    return right_day and wall.time() == programme.departure


def _after_gap(at: datetime) -> bool:
    """Tell whether the hour before this one was left out by the clocks."""
    now, then = at.astimezone(ZONE).replace(tzinfo=None), (at - timedelta(hours=1)).astimezone(ZONE)
    return now - then.replace(tzinfo=None) == timedelta(hours=2)


NIGHTS = st.sampled_from([datetime(2026, 3, 27, 9, tzinfo=UTC), datetime(2026, 10, 23, 9, tzinfo=UTC)])
WALLS = st.times().map(lambda t: t.replace(minute=t.minute // 15 * 15, second=0, microsecond=0))
SMALL_HOURS = st.sampled_from([time(1, 30), time(2), time(2, 30), time(3), time(3, 30)])
LEAVES = st.builds(
    Programme,
    number=st.integers(1, 3),
    departure=WALLS | SMALL_HOURS,
    weekdays=st.lists(st.integers(0, 6), min_size=1, unique=True).map(lambda days: tuple(sorted(days))),
    enabled=st.booleans(),
) | st.builds(
    Programme,
    departure=WALLS | SMALL_HOURS,
    once=st.sampled_from([date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 25), date(2026, 10, 26)]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(LEAVES, max_size=4, unique_by=lambda p: (p.number, p.once)), NIGHTS, st.integers(0, 2 * 24 * 60))
def test_the_next_departure_is_the_one_a_watch_finds(programmes: list[Programme], start: datetime, past: int) -> None:
    now = start + timedelta(minutes=past)
    found = upcoming(programmes, ZONE, now, timedelta(days=3))
    assert ((found[0].at, found[0].programme) if found else None) == brute_next(programmes, now, 3)


def test_a_day_that_is_skipped_has_no_departure() -> None:
    monday = date(2026, 11, 23)
    weekly = Programme(number=1, departure=time(7, 30), weekdays=(0, 1), skipped=(monday,))
    assert [weekly.leaves_on(monday + timedelta(days=n)) for n in (0, 1, 2, 7)] == [False, True, False, True]


def test_two_programmes_may_not_leave_within_the_same_minute() -> None:
    first = Programme(number=1, departure=time(7, 30), weekdays=(0,))
    second = Programme(number=2, departure=time(7, 30, 45), weekdays=(0,))
    assert check_programmes([first, second]) is ProgrammeFault.DUPLICATE_MOMENT


def test_what_somebody_calls_a_departure_stays_in_the_house() -> None:
    assert "Doctor" not in repr(Programme(departure=time(7, 30), once=date(2026, 11, 23), title="Doctor"))
