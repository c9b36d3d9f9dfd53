"""When the car leaves next, also on the nights when the clocks change."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.mobilize_flex.core.model.programme import Programme
from custom_components.mobilize_flex.core.plan.departures import ProgrammeFault, check_programmes, instant, upcoming

ZONE = ZoneInfo("Europe/Paris")
WEEK = timedelta(days=7)
WORK = Programme(number=1, departure=time(7, 30), weekdays=(0, 1, 2, 3, 4), v2g=True)
SUNDAY = Programme(number=2, departure=time(10), weekdays=(6,))
TRIP = Programme(number=3, departure=time(5), weekdays=(), once=date(2026, 11, 27))
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
        ("Fri 05:00", 3),
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
        ([WORK, SUNDAY, TRIP], None),
        ([WORK, SUNDAY, TRIP, replace(WORK, number=4)], ProgrammeFault.TOO_MANY),
        ([WORK, replace(SUNDAY, number=1)], ProgrammeFault.BAD_NUMBER),
        ([replace(WORK, number=0)], ProgrammeFault.BAD_NUMBER),
        ([replace(WORK, weekdays=())], ProgrammeFault.NO_WEEKDAY),
        ([replace(WORK, weekdays=(7,))], ProgrammeFault.NO_WEEKDAY),
        ([WORK, replace(WORK, number=2, weekdays=(4, 5))], ProgrammeFault.DUPLICATE_MOMENT),
        ([replace(WORK, target_soc_pct=101.0)], ProgrammeFault.TARGET_OUT_OF_RANGE),
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
