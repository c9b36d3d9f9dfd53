"""What the core asks the planner about: prices told and expected, several departures, since when the car does what."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import orjson
import pytest

from custom_components.mobilize_flex.core.control.decide import Situation
from custom_components.mobilize_flex.core.ledger.codec import from_plain, to_json
from custom_components.mobilize_flex.core.model import facts as f
from custom_components.mobilize_flex.core.model.commands import MakePlan
from custom_components.mobilize_flex.core.model.contracts import Base, Colour, Contract, Published
from custom_components.mobilize_flex.core.model.delivery import Cap
from custom_components.mobilize_flex.core.model.dimming import Dimming, DimmingRecord
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.plan import Plan, PlanQuestion
from custom_components.mobilize_flex.core.model.prices import Certainty, PriceRow
from custom_components.mobilize_flex.core.model.programme import Kind, Programme
from custom_components.mobilize_flex.core.model.session import Session
from custom_components.mobilize_flex.core.model.state import SiteState
from custom_components.mobilize_flex.core.model.wishes import Wishes
from custom_components.mobilize_flex.core.plan.planner import make_plan
from custom_components.mobilize_flex.core.site import restore, step
from custom_components.mobilize_flex.core.site.asking import ask_plan
from custom_components.mobilize_flex.core.site.draft import Draft
from custom_components.mobilize_flex.core.site.market import renew_prices
from custom_components.mobilize_flex.core.site.outings import habits
from tests.core.plan.evenings import FLAT, STATION, TEMPO, ZONE, asked, coloured, config, situation

HOUR = timedelta(hours=1)
DAY = 24 * HOUR
EVENING = datetime(2026, 1, 14, 17, tzinfo=UTC)  # 18:00 at home
MIDNIGHT = datetime(2026, 1, 14, 23, tzinfo=UTC)
SPOT = Published(factor=2.0, surcharge_per_kwh=0.1, export_per_kwh=0.0)
WORK = Programme(departure=time(7, 30), number=1, weekdays=(0, 1, 2, 3, 4), v2g=True)


def at_home(contract: Contract = FLAT, *programmes: Programme, **more: object) -> SiteState:
    """Return a home on a Wednesday evening."""
    state = restore(config(Random(1), contract), {})
    state = replace(state, wishes=Wishes(programmes=programmes or (WORK,), soc_min_pct=20.0, soc_max_pct=80.0))
    return replace(state, **more)  # type: ignore[arg-type]


def v2g(state: SiteState, soc_pct: float = 60.0) -> Situation:
    """Return a V2G session."""
    return replace(situation(state, Random(2)), soc_pct=soc_pct, v2g_now=True)


def hourly(first: datetime, *prices: float) -> tuple[PriceRow, ...]:
    return tuple(PriceRow(first + k * HOUR, first + (k + 1) * HOUR, price) for k, price in enumerate(prices))


def told(state: SiteState, *rows: PriceRow, now: datetime = EVENING) -> SiteState:
    return step(state, f.PricesPublished(rows), Moment(now, 100.0)).state


def slot_at(q: PlanQuestion, at: datetime) -> int:
    ends = [q.start + timedelta(seconds=sum(q.slot_s[: k + 1])) for k in range(len(q.slot_s))]
    return next(k for k, end in enumerate(ends) if end > at)


# prices


def test_beyond_the_published_prices_those_of_the_same_hours_are_expected() -> None:
    state = at_home(SPOT)
    for day in (3, 2, 1):
        state = told(state, *hourly(MIDNIGHT - (day + 1) * DAY, *[0.01 * hour for hour in range(24)]))
    state = told(state, *hourly(MIDNIGHT - DAY, *[0.01 * hour for hour in range(24)]))
    question = asked(state, v2g(state), EVENING)
    five = slot_at(question, MIDNIGHT + 5 * HOUR)
    assert question.known is not None
    assert question.known[slot_at(question, MIDNIGHT - HOUR)]
    assert not question.known[five]
    assert question.import_per_kwh[five] == pytest.approx(2 * 0.05 + 0.1)
    assert {slot.certainty for slot in state.prices.slots} == {Certainty.KNOWN}
    assert state.prices.end == MIDNIGHT


def test_what_was_published_before_is_kept_for_a_fortnight_and_over_a_restart() -> None:
    state = at_home(SPOT)
    for day in range(20, 0, -1):
        now = EVENING - day * DAY
        state = step(state, f.PricesPublished(hourly(MIDNIGHT - (day + 1) * DAY, *[0.1] * 24)), Moment(now, 0.0)).state
    assert 13 * 24 <= len(state.published.rows) <= 15 * 24
    kept = step(state, f.PricesPublished(hourly(MIDNIGHT - DAY, *[0.2] * 24)), Moment(EVENING, 0.0)).keeps
    value = next(keep.value for keep in kept if keep.key == "prices")
    again = restore(state.config, {"prices": from_plain(f.PricesPublished, orjson.loads(to_json(value)))})
    assert again.published == value


def test_prices_told_again_are_stored_once() -> None:
    state = told(at_home(SPOT), *hourly(MIDNIGHT - DAY, *[0.1] * 24))
    same = step(state, f.PricesPublished(hourly(MIDNIGHT - DAY, *[0.1] * 24)), Moment(EVENING, 0.0))
    assert not [keep for keep in same.keeps if keep.key == "prices"]


def test_rows_that_are_told_anew_take_the_place_of_the_old_ones() -> None:
    state = told(at_home(SPOT), *hourly(MIDNIGHT - DAY, *[0.1] * 24))
    state = told(state, *hourly(MIDNIGHT - 12 * HOUR, *[0.3] * 12))
    slot = state.prices.at(EVENING)
    assert slot is not None
    assert slot.import_per_kwh == pytest.approx(0.7)
    assert [row.per_kwh for row in state.published.rows] == [0.1] * 12 + [0.3] * 12


def test_under_another_contract_the_past_says_nothing() -> None:
    state = told(at_home(SPOT), *hourly(MIDNIGHT - DAY, *[0.1] * 24))
    other = replace(state.config, contract=replace(SPOT, factor=0.001))
    state = step(state, f.SiteConfigured(other), Moment(EVENING, 200.0)).state
    assert [row.start for row in state.published.rows] == [EVENING + k * HOUR for k in range(6)]


def test_the_horizon_ends_with_the_known_prices_or_the_next_departure() -> None:
    today = EVENING.astimezone(ZONE).date()
    tempo = coloured((today, Colour.BLUE), (today + DAY, Colour.RED))
    known = asked(at_home(tempo), v2g(at_home(tempo)), EVENING)
    assert known.start + timedelta(seconds=sum(known.slot_s)) == datetime(2026, 1, 16, 5, tzinfo=UTC)
    assert known.known == (True,) * len(known.slot_s)
    unknown = asked(at_home(TEMPO), v2g(at_home(TEMPO)), EVENING)
    assert unknown.start + timedelta(seconds=sum(unknown.slot_s)) == datetime(2026, 1, 15, 6, 30, tzinfo=UTC)
    assert unknown.known == (False,) * len(unknown.slot_s)
    assert sum(asked(at_home(Base(import_per_kwh=0.2)), v2g(at_home()), EVENING).slot_s) == 48 * 3600


def test_a_departure_beyond_the_horizon_still_holds_what_forecasts_may_not_take() -> None:
    sunday = replace(WORK, weekdays=(6,), target_soc_pct=70.0)
    state = at_home(TEMPO, sunday)
    question = asked(state, v2g(state), EVENING)
    assert (question.departures, question.held_soc_pct) == ((), 70.0)
    assert [slot.power_w for slot in make_plan(question).slots if slot.power_w < 0] == []


# departures


def past(used_pct: float, away: timedelta, days: int = 5) -> dict[str, Session]:
    """Return sessions of the last days, the car away in between."""
    found = {}
    for day in range(days, 0, -1):
        began = EVENING - day * DAY
        found[f"s{day}"] = Session(
            key=f"s{day}",
            station=STATION,
            evse=1,
            transaction=f"t{day}",
            started_at=began,
            ended_at=began + DAY - away,
            soc_start_pct=80.0 - used_pct,
            soc_end_pct=80.0,
        )
    return found


def test_the_departures_of_two_days_are_asked_for_with_the_outings_between_as_usual() -> None:
    state = at_home(sessions=past(25.0, 11 * HOUR))
    question = asked(state, v2g(state), EVENING)
    first, second = question.departures
    capacity = question.capacity_wh
    assert (first.slot, second.slot) == (54, 54 + 4 * 24)
    assert (first.return_slot, second.return_slot) == (54 + 44, None)
    assert first.trip_wh == pytest.approx(0.25 * capacity)


def test_before_it_had_outings_a_car_is_thought_to_be_modest() -> None:
    state = at_home(sessions=past(25.0, 11 * HOUR, days=3))
    question = asked(state, v2g(state), EVENING)
    assert question.departures[0].return_slot == 54 + 4 * 9
    assert question.departures[0].trip_wh == pytest.approx(0.15 * question.capacity_wh)


def test_a_journey_and_a_stroll_make_no_habit() -> None:
    journeys = past(25.0, 10 * HOUR) | {
        k: replace(s, soc_end_pct=s.soc_start_pct) for k, s in past(0.0, 10 * HOUR).items() if k in ("s1", "s2", "s3")
    }
    assert asked(at_home(sessions=journeys), v2g(at_home()), EVENING).departures[0].trip_wh == pytest.approx(
        0.15 * asked(at_home(), v2g(at_home()), EVENING).capacity_wh
    )


def week(days: int, used_pct: dict[int, float], away: dict[int, timedelta]) -> dict[str, Session]:
    """Return what lay between the outings of so many last days, each as long and far as its weekday has it."""
    found, began = {}, EVENING - days * DAY
    for day in range(days):
        leaves = (EVENING - (days - day - 1) * DAY).replace(hour=7)
        weekday = leaves.weekday()
        found[f"s{day}"] = Session(
            key=f"s{day}",
            station=STATION,
            evse=1,
            transaction=f"t{day}",
            started_at=began,
            ended_at=leaves,
            soc_start_pct=80.0 - used_pct.get((weekday - 1) % 7, 20.0),
            soc_end_pct=80.0,
        )
        began = leaves + away.get(weekday, 9 * HOUR)
    return found


def test_each_day_of_the_week_has_its_own_outing() -> None:
    saturday = replace(WORK, number=2, weekdays=(5,))
    home = at_home(FLAT, saturday, sessions=week(28, {5: 50.0}, {5: 4 * HOUR}))
    known = habits(home, v2g(home).vehicle.key)
    friday, shopping = known.on(date(2026, 1, 16)), known.on(date(2026, 1, 17))
    assert (friday.used_pct, friday.away) == (pytest.approx(20.0), 9 * HOUR)
    assert (shopping.used_pct, shopping.away) == (pytest.approx(50.0), 4 * HOUR)


def test_a_weekday_seen_too_seldom_is_like_others_of_its_kind() -> None:
    home = at_home(sessions=week(15, {5: 50.0, 6: 50.0}, {}))
    known = habits(home, v2g(home).vehicle.key)
    assert known.on(date(2026, 1, 17)).used_pct == pytest.approx(50.0)
    assert known.on(date(2026, 1, 14)).used_pct == pytest.approx(20.0)


def test_a_trip_is_never_thought_to_take_the_car_below_its_minimum() -> None:
    modest = replace(WORK, target_soc_pct=30.0)
    state = at_home(FLAT, modest, sessions=past(60.0, 10 * HOUR))
    question = asked(state, v2g(state), EVENING)
    assert question.departures[0].trip_wh == pytest.approx(0.10 * question.capacity_wh)


def test_between_two_departures_of_a_day_the_car_comes_home() -> None:
    noon = Programme(departure=time(13, 30), number=2, weekdays=(0, 1, 2, 3, 4), v2g=True)
    state = at_home(FLAT, WORK, noon)
    first, second, *_ = asked(state, v2g(state), EVENING).departures
    assert first.return_slot is not None
    assert first.slot < first.return_slot < second.slot


def test_a_later_stay_without_v2g_gives_nothing_back_and_a_cabin_is_prepared_before_each_departure() -> None:
    plain = Programme(departure=time(22), number=2, weekdays=(3,), v2g=False)
    state = at_home(FLAT, replace(WORK, kind=Kind.BOTH), plain)
    question = asked(state, v2g(state), EVENING)
    giving = question.discharge_limit_w
    assert giving is not None
    morning, evening = question.departures[0], question.departures[1]
    assert giving[morning.slot - 3] > 0.0
    assert giving[morning.slot - 1] == 0.0
    assert morning.return_slot is not None
    assert set(giving[morning.return_slot : evening.slot]) == {0.0}


# since when


NO_PLAN = Plan(
    made_at=EVENING,
    slots=(),
    departure=None,
    target_soc_pct=None,
    reachable_soc_pct=None,
    target_met_at=None,
    limited_by=None,
    cost=0.0,
)


def goes_on(draft: Draft, wished_w: float, at: datetime) -> None:
    """Let the car be wanted to do something from an instant on."""
    draft.now = Moment(at, (at - EVENING).total_seconds() + 1e6)
    evse = draft.evse(STATION, 1)
    draft.put_evse(STATION, replace(evse, decision=replace(evse.decision, wished_w=wished_w)))
    ask_plan(draft, STATION, 1, v2g(draft.state))


def test_the_planner_knows_for_how_many_quarters_the_car_has_been_doing_what_it_does() -> None:
    draft = Draft(at_home(), Moment(EVENING, 1e6))
    renew_prices(draft)
    draft.put_evse(STATION, replace(draft.evse(STATION, 1), session="now", plan=NO_PLAN, mode_at=None))
    ages = []
    for minutes, wished_w in ((0, 0.0), (7, 2000.0), (16, 3000.0), (31, 2500.0), (46, 0.0), (61, 0.0)):
        goes_on(draft, wished_w, EVENING + timedelta(minutes=minutes))
        command = draft.commands[-1]
        assert isinstance(command, MakePlan)
        ages.append((command.question.initial_mode, command.question.initial_mode_slots))
        draft.put_evse(STATION, replace(draft.evse(STATION, 1), plan_id=None))
    assert ages == [(0, 1000), (1, 0), (1, 1), (1, 2), (0, 0), (0, 1)]


@pytest.mark.parametrize(("leaves", "age"), [(time(18, 12), 1000), (time(18, 40), 1000), (time(23, 59), 0)])
def test_a_departure_that_can_hardly_be_met_lets_nothing_go_on_first(leaves: time, age: int) -> None:
    draft = Draft(at_home(), Moment(EVENING, 1e6))
    soon = Programme(departure=leaves, once=date(2026, 1, 14), v2g=True, target_soc_pct=65.0)
    draft.state = replace(draft.state, wishes=replace(draft.state.wishes, departures=(soon,)))
    renew_prices(draft)
    gives = replace(draft.evse(STATION, 1), session="now", plan=NO_PLAN, mode=-1, mode_at=Moment(EVENING, 1e6))
    draft.put_evse(STATION, gives)
    goes_on(draft, -1000.0, EVENING + timedelta(minutes=1))
    question = draft.commands[-1].question  # type: ignore[union-attr]
    assert (question.initial_mode, question.initial_mode_slots) == (-1, age)


@pytest.mark.parametrize(("leaves", "age"), [(time(18, 40), 1000), (time(23, 59), 0)])
def test_a_car_too_full_to_leave_soon_lets_nothing_go_on_first(leaves: time, age: int) -> None:
    draft = Draft(at_home(), Moment(EVENING, 1e6))
    soon = Programme(departure=leaves, once=date(2026, 1, 14), v2g=True, target_soc_pct=30.0)
    wishes = replace(draft.state.wishes, departures=(soon,), soc_max_pct=50.0)
    draft.state = replace(draft.state, wishes=wishes)
    renew_prices(draft)
    rests = replace(draft.evse(STATION, 1), session="now", plan=NO_PLAN, mode=0, mode_at=Moment(EVENING, 1e6))
    draft.put_evse(STATION, rests)
    draft.now = Moment(EVENING + timedelta(minutes=1), 1e6 + 60.0)
    ask_plan(draft, STATION, 1, v2g(draft.state))
    question = draft.commands[-1].question  # type: ignore[union-attr]
    assert question.soc_now_pct > question.soc_max_pct
    assert (question.initial_mode, question.initial_mode_slots) == (0, age)


def test_a_car_that_cannot_give_back_is_never_too_full_to_leave() -> None:
    draft = Draft(at_home(), Moment(EVENING + timedelta(minutes=1), 1e6 + 60.0))
    soon = Programme(departure=time(18, 40), once=date(2026, 1, 14), v2g=True, target_soc_pct=30.0)
    wishes = replace(draft.state.wishes, departures=(soon,), soc_max_pct=50.0)
    draft.state = replace(draft.state, wishes=wishes)
    renew_prices(draft)
    rests = replace(draft.evse(STATION, 1), session="now", plan=NO_PLAN, mode=0, mode_at=Moment(EVENING, 1e6))
    draft.put_evse(STATION, rests)
    ask_plan(draft, STATION, 1, replace(v2g(draft.state), v2g_now=False))
    assert draft.commands[-1].question.initial_mode_slots == 0  # type: ignore[union-attr]


def test_a_programme_that_only_prepares_the_cabin_asks_for_no_level() -> None:
    state = at_home(FLAT, replace(WORK, kind=Kind.PRECONDITION))
    assert asked(state, v2g(state), EVENING).departures[0].target_soc_pct == 20.0
    state = at_home(FLAT, replace(WORK, kind=Kind.PRECONDITION, target_soc_pct=70.0))
    assert asked(state, v2g(state), EVENING).departures[0].target_soc_pct == 70.0


def test_a_car_that_was_just_plugged_in_has_rested_for_ever() -> None:
    draft = Draft(at_home(), Moment(EVENING, 1e6))
    renew_prices(draft)
    draft.put_evse(STATION, replace(draft.evse(STATION, 1), mode=1, mode_at=Moment(EVENING, 1e6)))
    goes_on(draft, 0.0, EVENING + timedelta(minutes=1))
    assert (draft.evse(STATION, 1).mode, draft.evse(STATION, 1).mode_at) == (0, None)


# limits of others


def test_a_limit_from_outside_is_taken_to_last_another_hour() -> None:
    state = at_home()
    limited = replace(v2g(state), external_limit_w=4200.0)
    limits_w = asked(state, limited, EVENING).charge_limit_w
    assert limits_w is not None
    assert (set(limits_w[:4]), set(limits_w[4:])) == ({4200.0}, {limited.max_charge_w})
    assert asked(state, v2g(state), EVENING).charge_limit_w is None


@pytest.mark.parametrize(("way", "most_w"), [(1, 0.0), (1, 2000.0), (-1, 1500.0)])
def test_what_the_station_says_it_lets_through_is_taken_to_last_another_hour(way: int, most_w: float) -> None:
    state = at_home()
    cap = Cap(way=way, most_w=most_w, at=Moment(EVENING, 1e6 - 600.0))
    q = asked(state, v2g(state), EVENING, cap=cap)
    limits_w = q.charge_limit_w if way > 0 else q.discharge_limit_w
    assert limits_w is not None
    assert set(limits_w[:4]) == {most_w}
    assert min(limits_w[4:]) > 6000.0
    old = replace(cap, at=Moment(EVENING, 1e6 - 3601.0))
    assert asked(state, v2g(state), EVENING, cap=old) == asked(state, v2g(state), EVENING)


def test_what_the_grid_operator_leaves_of_the_feed_in_is_taken_to_last_another_hour() -> None:
    state = at_home()
    state = replace(state, config=replace(state.config, feed_in_w=5000.0))
    record = DimmingRecord(started_at=EVENING, feed_in_share=0.3)
    held = replace(state, dimming=Dimming(record=record))
    limits_w = asked(held, v2g(held), EVENING).export_limit_w
    assert (set(limits_w[:4]), set(limits_w[4:])) == ({1500.0}, {5000.0})
    assert set(asked(state, v2g(state), EVENING).export_limit_w) == {5000.0}


def test_more_sun_than_may_be_fed_in_is_no_reason_to_empty_the_car() -> None:
    noon = datetime(2026, 7, 1, 9, tzinfo=UTC)
    state = at_home()
    roof = tuple((noon + k * HOUR, 9000.0) for k in range(8))
    state = step(state, f.SunForecast(roof), Moment(noon, 100.0)).state
    state = replace(state, config=replace(state.config, feed_in_w=3000.0))
    q = asked(state, v2g(state, 79.0), noon)
    surplus_w = [sun_w - house_w for sun_w, house_w in zip(q.sun_w, q.house_w, strict=True)]
    assert max(surplus_w) > 6000.0
    assert list(q.export_limit_w) == [max(3000.0, w) for w in surplus_w]
    assert all(slot.power_w >= 0.0 for slot in make_plan(q).slots)


def test_a_station_that_refuses_orders_is_given_more_time_for_a_departure() -> None:
    state = at_home()
    station = state.stations[STATION]
    evse = next(iter(station.evses.values()))
    refusing = replace(evse, delivery=replace(evse.delivery, taken=40, denied=10))
    there = replace(state, stations={STATION: replace(station, evses={evse.evse: refusing})})
    sure, unsure = (asked(home, v2g(home), EVENING) for home in (state, there))
    for before, after in zip(sure.charge.efficiency, unsure.charge.efficiency, strict=True):
        assert after.efficiency == pytest.approx(before.efficiency * 0.87 / 0.97, abs=1e-4)
    assert unsure.discharge == sure.discharge
