"""Two cars of one home: the plan of one reckons with what the other is planned to do."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from random import Random

import pytest

from custom_components.mobilize_flex.core.model.commands import MakePlan
from custom_components.mobilize_flex.core.model.contracts import Colour
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.plan import Plan, PlanSlot
from custom_components.mobilize_flex.core.model.programme import Programme
from custom_components.mobilize_flex.core.model.reasons import Reason, Why
from custom_components.mobilize_flex.core.model.state import EvseState, SiteState
from custom_components.mobilize_flex.core.model.wishes import Wishes
from custom_components.mobilize_flex.core.plan.planner import make_plan
from custom_components.mobilize_flex.core.site import restore
from custom_components.mobilize_flex.core.site.asking import ask_plan
from custom_components.mobilize_flex.core.site.draft import Draft
from custom_components.mobilize_flex.core.site.market import renew_prices
from custom_components.mobilize_flex.core.site.neighbours import shared_house
from tests.core.plan.evenings import STATION, asked, coloured, config, habits, situation

EVENING = datetime(2026, 1, 14, 17, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
STARTS = [EVENING + k * QUARTER for k in range(3)]
"""The quarters of an hour the plans of the tests are made of."""


def planned(*powers_w: float) -> Plan:
    """Return a plan that wants these powers, a quarter of an hour each."""
    slots = tuple(
        PlanSlot(
            start=EVENING + k * QUARTER,
            end=EVENING + (k + 1) * QUARTER,
            power_w=power_w,
            soc_end_pct=50.0,
            import_per_kwh=0.2,
            export_per_kwh=0.0,
            stored_value_per_kwh=0.2,
            why=Why(Reason.STEADY),
        )
        for k, power_w in enumerate(powers_w)
    )
    return Plan(
        made_at=EVENING,
        slots=slots,
        departure=None,
        target_soc_pct=None,
        reachable_soc_pct=None,
        target_met_at=None,
        limited_by=None,
        cost=0.0,
    )


def beside(state: SiteState, plan: Plan | None, **evse: object) -> SiteState:
    """Return a home whose station has a second car, with this plan."""
    station = state.stations[STATION]
    other = replace(EvseState(evse=2, plan=plan), **evse)  # type: ignore[arg-type]
    evses = {1: station.evses.get(1, EvseState(evse=1)), 2: other}
    return replace(state, stations={STATION: replace(station, online=True, evses=evses)})


def home() -> SiteState:
    today = EVENING.date()
    state = restore(config(Random(1), coloured((today, Colour.RED), (today + timedelta(days=1), Colour.BLUE))), {})
    work = Programme(departure=time(7), number=1, weekdays=(0, 1, 2, 3, 4), v2g=True)
    return replace(state, wishes=Wishes(programmes=(work,), soc_min_pct=20.0, soc_max_pct=80.0))


@pytest.mark.parametrize(
    ("house_w", "sun_w", "other_w", "left"),
    [
        (1000.0, 0.0, -600.0, (400.0, 0.0)),
        (1000.0, 0.0, -1500.0, (0.0, 500.0)),
        (1000.0, 3000.0, 1500.0, (1000.0, 1500.0)),
        (1000.0, 3000.0, 7000.0, (1000.0, 1000.0)),
        (1000.0, 500.0, 7000.0, (1000.0, 500.0)),
    ],
)
def test_what_a_car_gives_covers_the_house_and_what_it_takes_is_of_the_sun_first(
    house_w: float, sun_w: float, other_w: float, left: tuple[float, float]
) -> None:
    state = beside(home(), planned(other_w))
    assert shared_house(state, STATION, 1, STARTS[:1], [(house_w, sun_w)]) == [left]


def test_a_car_leaves_alone_what_its_plan_does_not_reach() -> None:
    usual = [(1000.0, 0.0)] * 3
    state = beside(home(), planned(0.0, -600.0))
    assert shared_house(state, STATION, 1, STARTS, usual) == [(1000.0, 0.0), (400.0, 0.0), (1000.0, 0.0)]
    assert shared_house(state, STATION, 2, STARTS, usual) == usual


def test_a_station_that_is_away_does_as_it_likes() -> None:
    state = beside(home(), planned(-600.0))
    away = replace(state, stations={STATION: replace(state.stations[STATION], online=False)})
    assert shared_house(away, STATION, 1, STARTS[:1], [(1000.0, 0.0)]) == [(1000.0, 0.0)]


def drafted(state: SiteState, after_s: float = 0.0) -> Draft:
    at = EVENING + timedelta(seconds=after_s)
    return Draft(state, Moment(at, 1000.0 + after_s))


def test_plans_are_made_in_turn_and_a_lost_one_is_waited_for_a_minute() -> None:
    state = home()
    car = replace(situation(state, Random(2)), soc_pct=60.0, v2g_now=True)
    asked_at = Moment(EVENING, 1000.0)
    for after_s, asks in ((30.0, False), (61.0, True)):
        draft = drafted(beside(state, None, plan_id=7, plan_asked_at=asked_at), after_s)
        renew_prices(draft)
        ask_plan(draft, STATION, 1, car)
        assert any(isinstance(c, MakePlan) for c in draft.commands) is asks


def test_two_cars_never_plan_to_cover_one_house_twice() -> None:
    shared = 0
    for seed in range(8):
        dice = Random(seed)
        state = replace(home(), meter=replace(habits(dice), readings=100, habit_sun_w=(None,) * 24))
        state = replace(state, config=replace(state.config, feed_in_w=0.0))
        car = replace(situation(state, dice), soc_pct=70.0, v2g_now=True)
        question = asked(beside(state, None), car, EVENING)
        first = make_plan(question)
        second = make_plan(asked(beside(state, first), car, EVENING))
        for house_w, one, other in zip(question.house_w, first.slots, second.slots, strict=True):
            assert min(0.0, one.power_w) + min(0.0, other.power_w) >= -house_w - 1.0, seed
        shared += any(one.power_w < 0.0 for one in first.slots)
    assert shared >= 4
