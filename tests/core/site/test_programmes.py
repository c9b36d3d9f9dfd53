"""What the owner may wish of programmes and departures, and what is refused in words."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.mobilize_flex.core.model import facts as f, intents as i
from custom_components.mobilize_flex.core.model.commands import MakePlan
from custom_components.mobilize_flex.core.model.programme import CLIMATE, Kind, Programme
from custom_components.mobilize_flex.core.model.reasons import Reason
from custom_components.mobilize_flex.core.model.session import Phase
from custom_components.mobilize_flex.core.model.wishes import Wishes
from custom_components.mobilize_flex.core.plan.departures import ahead_of, check_programmes
from custom_components.mobilize_flex.core.site import restore
from custom_components.mobilize_flex.core.site.wanting import next_departure

from .test_step import CONFIG, PROGRAMME, Home

ZONE = ZoneInfo("Europe/Paris")
TOMORROW = date(2026, 11, 23)
EARLY = Programme(departure=time(5), once=TOMORROW)


@pytest.fixture
def home() -> Home:
    return Home()


def refused(home: Home, intent: i.Intent) -> str:
    before = home.state
    refusal = home.tell(intent).refusal
    assert refusal is not None
    assert home.state is before
    return refusal.key


def leaves_at(home: Home) -> datetime | None:
    departure = next_departure(home.state, home.now)
    return departure.at if departure else None


def test_tomorrow_at_five_comes_before_the_programme_and_vanishes(home: Home) -> None:
    home.tell(i.SetProgramme(PROGRAMME))
    home.tell(i.SetDeparture(EARLY))
    assert leaves_at(home) == datetime(2026, 11, 23, 4, tzinfo=UTC)
    kept = home.tell(f.Ticked(), 11 * 3600.0).keeps
    assert home.state.wishes.departures == ()
    assert [k.key for k in kept] == ["wishes"]
    assert leaves_at(home) == datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


def test_departures_do_not_count_among_the_three(home: Home) -> None:
    for number in (1, 2, 3):
        home.tell(i.SetProgramme(replace(PROGRAMME, number=number, departure=time(number))))
    for hour in range(5):
        assert home.tell(i.SetDeparture(replace(EARLY, departure=time(hour)))).refusal is None
    assert refused(home, i.SetDeparture(replace(EARLY, departure=time(9)))) == "departure_too_many"
    assert [p.departure.hour for p in home.state.wishes.departures] == [0, 1, 2, 3, 4]


def test_the_same_moment_is_the_same_departure(home: Home) -> None:
    home.tell(i.SetDeparture(EARLY))
    home.tell(i.SetDeparture(replace(EARLY, v2g=True)))
    assert home.state.wishes.departures == (replace(EARLY, v2g=True),)


def test_a_departure_is_moved_to_another_moment(home: Home) -> None:
    home.tell(i.SetDeparture(EARLY))
    home.tell(i.SetDeparture(replace(EARLY, departure=time(6)), instead_of=EARLY.wall))
    assert [p.departure for p in home.state.wishes.departures] == [time(6)]
    assert refused(home, i.SetDeparture(EARLY, instead_of=EARLY.wall)) == "departure_unknown"


@pytest.mark.parametrize(
    ("intent", "key"),
    [
        (i.SetProgramme(replace(PROGRAMME, number=4)), "programme_bad_number"),
        (i.SetProgramme(replace(PROGRAMME, number=2)), "programme_duplicate_moment"),
        (i.SetProgramme(replace(PROGRAMME, weekdays=())), "programme_no_weekday"),
        (i.SetProgramme(replace(PROGRAMME, target_soc_pct=10.0)), "target_conflict"),
        (i.SetProgramme(replace(PROGRAMME, target_soc_pct=101.0)), "target_conflict"),
        (i.RemoveProgramme(2), "programme_unknown"),
        (i.SetDeparture(replace(EARLY, once=date(2026, 11, 21))), "departure_past"),
        (i.SetDeparture(Programme(departure=time(5), weekdays=(0,))), "departure_past"),
        (i.SetDeparture(replace(EARLY, target_soc_pct=5.0)), "target_conflict"),
        (i.RemoveDeparture(datetime(2026, 11, 23, 5)), "departure_unknown"),
        (i.SetSocLimits(min_pct=85.0), "soc_limits_conflict"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(home: Home, intent: i.Intent, key: str) -> None:
    home.tell(i.SetProgramme(PROGRAMME))
    assert refused(home, intent) == key


def test_v2g_for_all_needs_consent(home: Home) -> None:
    home.tell(i.SetProgramme(replace(PROGRAMME, v2g=False)))
    home.tell(i.SetDeparture(EARLY))
    home.tell(i.ApplyV2gToAll())
    assert [p.v2g for p in home.state.wishes.leavings] == [True, True]
    home.tell(f.SiteConfigured(replace(CONFIG, v2g_consent=False)))
    assert refused(home, i.ApplyV2gToAll()) == "v2g_no_consent"


def test_instant_charge_silences_departures_too_and_waking_brings_all_back(home: Home) -> None:
    home.plug_in()
    home.tell(i.SetProgramme(replace(PROGRAMME, number=2, departure=time(9), enabled=False)))
    home.tell(i.SetDeparture(EARLY))
    home.tell(i.ChargeNow("ST1"))
    assert not any(p.enabled for p in home.state.wishes.leavings)
    assert home.state.wishes.hushed
    home.tell(i.WakeProgrammes())
    assert [p.enabled for p in home.state.wishes.leavings] == [True, True, False]
    assert not home.state.wishes.hushed
    assert home.phase is Phase.INSTANT


def test_a_silenced_programme_that_is_moved_is_still_offered_back(home: Home) -> None:
    home.plug_in()
    home.tell(i.ChargeNow("ST1"))
    home.tell(i.SetProgramme(replace(home.state.wishes.programmes[0], departure=time(8))))
    assert home.state.wishes.silenced == (1,)
    home.tell(i.SetProgramme(replace(home.state.wishes.programmes[0], enabled=True)))
    assert not home.state.wishes.hushed


def test_single_days_an_earlier_release_kept_among_the_programmes_move_to_their_own_list() -> None:
    old = Wishes(programmes=(PROGRAMME, replace(EARLY, number=3)))
    wishes = restore(CONFIG, {"wishes": old}).wishes
    assert (wishes.programmes, wishes.departures) == ((PROGRAMME,), (EARLY,))


# preparing the cabin


def climate_home(kind: Kind) -> Home:
    home = Home()
    home.plug_in()
    home.tell(i.SetProgramme(replace(PROGRAMME, departure=time(18, 30), kind=kind)))
    home.plan(-3000.0)
    home.keep_alive(30, -3000.0)
    return home


def test_nothing_is_given_back_while_the_cabin_is_prepared() -> None:
    home = climate_home(Kind.BOTH)
    decision = home.state.stations["ST1"].evses[1].decision
    assert (decision.power_w or 0.0) < 0
    home.tell(f.MeterRead(home.state.meter.reading), 10 * 60.0)
    home.tell(f.MeterRead(home.state.meter.reading), 2.0)
    home.plan(-3000.0)
    home.keep_alive(10, -3000.0)
    decision = home.state.stations["ST1"].evses[1].decision
    assert (decision.power_w, decision.capped_by, decision.idle) == (0.0, Reason.PRECONDITIONING, False)


def test_time_in_which_the_cabin_is_prepared_is_not_v2g_time() -> None:
    def counted(kind: Kind) -> float:
        home = climate_home(kind)
        home.keep_alive(28 * 60, 0.0)
        (session,) = home.state.sessions.values()
        return session.v2g_s

    assert counted(Kind.CHARGE) - counted(Kind.PRECONDITION) == pytest.approx(18 * 60, abs=90)


def test_the_plan_is_asked_to_give_nothing_back_before_such_a_departure() -> None:
    home = climate_home(Kind.PRECONDITION)
    question = [c for c in home.sent if isinstance(c, MakePlan)][-1].question
    departures = [datetime(2026, 11, day, 17, 30, tzinfo=UTC) for day in (22, 23, 24)]
    assert question.discharge_limit_w is not None
    start = question.start
    for seconds, limit_w in zip(question.slot_s, question.discharge_limit_w, strict=True):
        assert (limit_w == 0.0) is any(at - CLIMATE <= start < at for at in departures)
        start += timedelta(seconds=seconds)
    plain = climate_home(Kind.CHARGE)
    limits_w = [c for c in plain.sent if isinstance(c, MakePlan)][-1].question.discharge_limit_w
    assert limits_w is not None
    assert min(limits_w) > 0.0


# any wishes at all

MOMENTS = st.sampled_from([time(5), time(7, 30), time(9)])
ONE = st.builds(
    Programme,
    number=st.integers(0, 4),
    departure=MOMENTS,
    weekdays=st.lists(st.integers(0, 7), unique=True, max_size=3).map(lambda days: tuple(sorted(days))),
    enabled=st.booleans(),
    target_soc_pct=st.none() | st.sampled_from([10.0, 60.0, 120.0]),
)
SINGLE = st.builds(
    Programme, departure=MOMENTS, once=st.sampled_from([TOMORROW + timedelta(days=n) for n in range(-3, 4)])
)
WALLS = st.builds(datetime.combine, st.just(TOMORROW), MOMENTS)
WISHES = st.lists(
    st.builds(i.SetProgramme, ONE)
    | st.builds(i.RemoveProgramme, st.integers(0, 4))
    | st.builds(i.SetDeparture, SINGLE, st.none() | WALLS)
    | st.builds(i.RemoveDeparture, WALLS)
    | st.builds(i.SetSocLimits, st.sampled_from([5.0, 50.0]), st.none())
    | st.just(i.ApplyV2gToAll())
    | st.just(i.WakeProgrammes())
    | st.just(f.Ticked()),
    max_size=25,
)


@settings(max_examples=150, deadline=None)
@given(WISHES, st.floats(0, 6 * 3600))
def test_whatever_is_wished_the_lists_make_sense(wishes: list[i.Intent | f.Ticked], step_s: float) -> None:
    home = Home()
    for wish in wishes:
        home.tell(wish, step_s)
        kept = home.state.wishes
        assert check_programmes(kept.programmes) is None
        assert all(p.once is None for p in kept.programmes)
        assert len({p.wall for p in kept.departures}) == len(kept.departures) <= 5
        if isinstance(wish, f.Ticked):
            assert ahead_of(kept.departures, ZONE, home.now.utc) == kept.departures
