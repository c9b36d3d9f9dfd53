"""What a station's refusals teach: the next form, another unit, patience; and that it is left alone in the end."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from custom_components.mobilize_flex.core.control import pace, refusals
from custom_components.mobilize_flex.core.control.refusals import Lesson, Taught
from custom_components.mobilize_flex.core.model.commands import SetpointForm as Form, SetPower
from custom_components.mobilize_flex.core.model.delivery import Delivery, Learnt, Outcome
from custom_components.mobilize_flex.core.model.driver import Route, RouteKind
from custom_components.mobilize_flex.core.model.facts import CommandAccepted, CommandRefused

from .test_pace import ROAD, at, ordered, want

CONTROL = Path(__file__).parents[3] / "docs" / "control.md"


class Station:
    """A station that hears orders and refuses those it is told to."""

    def __init__(self, road: pace.Road = ROAD) -> None:
        self.road = road
        self.delivery = Delivery()
        self.heard: list[SetPower] = []

    def order(self, power_w: float, seconds: float, *, idle: bool = False) -> SetPower | None:
        order = pace.due(self.delivery, want(power_w, idle=idle), self.road, at(seconds), len(self.heard) + 1)
        if order is not None:
            self.heard.append(order)
            self.delivery = pace.sent(self.delivery, order, at(seconds))
        return order

    def refuse(self, reason: str, seconds: float, text: str | None = None) -> Taught:
        fact = CommandRefused(station="ST1", id=self.heard[-1].id, reason=reason, text=text)
        taught = pace.refused(self.delivery, self.road.learnt, fact, at(seconds))
        assert taught is not None
        self.delivery, self.road = taught.delivery, replace(self.road, learnt=taught.learnt)
        return taught

    def accept(self) -> None:
        self.delivery = pace.accepted(self.delivery, CommandAccepted(station="ST1", id=self.heard[-1].id))


@pytest.mark.parametrize(
    ("reason", "lesson", "kept"),
    [
        ("UnsupportedKind", Lesson.SIMPLER, Learnt(form=Form.ABSOLUTE)),
        ("InvalidProfile", Lesson.SIMPLER, Learnt(form=Form.ABSOLUTE)),
        ("NotSupported", Lesson.SIMPLER, Learnt(form=Form.ABSOLUTE)),
        ("FormatViolation", Lesson.SIMPLER, Learnt(form=Form.ABSOLUTE)),
        ("InvalidOperationMode", Lesson.LIMITS, Learnt()),
        ("UnsupportedOperationMode", Lesson.LIMITS, Learnt()),
        ("UnsupportedParam", Lesson.LIMITS, Learnt()),
        ("UnsupportedRateUnit", Lesson.OTHER_UNIT, Learnt(amperes=True)),
        ("PhaseConflict", Lesson.PLAIN, Learnt(plain=True)),
        ("ValueTooHigh", Lesson.PLAIN, Learnt(plain=True)),
        ("InvalidSchedule", Lesson.PLAIN, Learnt(plain=True)),
        ("InvalidStackLevel", Lesson.LOWER, Learnt(low=True)),
        ("DuplicateProfile", Lesson.CLEAR, Learnt()),
        ("TxNotFound", Lesson.ASK, Learnt()),
        ("InvalidMessageSeq", Lesson.WAIT, Learnt()),
        ("RateLimitExceeded", Lesson.WAIT_AS_TOLD, Learnt()),
        ("InternalError", Lesson.PATIENCE, Learnt()),
        ("Rejected", Lesson.PATIENCE, Learnt()),
        ("a word nobody knows", Lesson.PATIENCE, Learnt()),
    ],
)
def test_what_a_refusal_teaches(reason: str, lesson: Lesson, kept: Learnt) -> None:
    station = Station()
    station.order(3000, 0)
    taught = station.refuse(reason, 1)
    assert (taught.lesson, taught.learnt, taught.delivery.outcome) == (lesson, kept, Outcome.REFUSED)


def test_form_by_form_down_to_limits_each_tried_at_once() -> None:
    station = Station()
    for second in range(3):
        station.order(3000, second)
        station.refuse("NotSupported", second)
    assert [order.form for order in station.heard] == [Form.DYNAMIC, Form.ABSOLUTE, Form.LIMIT]
    assert station.order(3000, 4) is None


def test_a_form_refused_for_good_is_not_tried_on_the_next_car() -> None:
    station = Station()
    station.order(3000, 0)
    station.refuse("UnsupportedKind", 0)
    station.delivery = station.delivery.anew()
    order = station.order(3000, 100)
    assert order is not None
    assert order.form is Form.ABSOLUTE


def test_a_station_that_stumbles_twice_gets_a_simpler_form_for_half_an_hour() -> None:
    station = Station()
    station.order(-3000, 0)
    station.refuse("InternalError", 0)
    assert station.order(-3000, 9) is None
    assert station.order(-3000, 10) is not None
    station.refuse("InternalError", 10)
    station.order(-3000, 30)
    station.accept()
    assert [order.form for order in station.heard] == [Form.DYNAMIC, Form.DYNAMIC, Form.ABSOLUTE]
    station.order(-3000, 10 + refusals.FELL_S)
    assert station.heard[-1].form is Form.DYNAMIC


def test_the_words_of_a_vendor_refused_say_nothing_of_the_station_s_own() -> None:
    station = Station(replace(ROAD, route=Route(kind=RouteKind.NEGATIVE_LIMIT)))
    station.order(-3000, 0)
    taught = station.refuse("NotSupported", 0)
    assert taught.learnt == Learnt()
    assert taught.delivery.form is Form.LIMIT


def test_what_is_optional_is_left_out_once_and_then_the_form_goes() -> None:
    station = Station()
    station.order(3000, 0)
    station.refuse("PhaseConflict", 0)
    station.order(3000, 0.1)
    station.refuse("PhaseConflict", 0.1)
    station.order(3000, 0.2)
    assert [(order.form, order.plain) for order in station.heard] == [
        (Form.DYNAMIC, False),
        (Form.DYNAMIC, True),
        (Form.ABSOLUTE, True),
    ]


def test_an_order_under_a_refused_number_comes_again_twice_at_once_before_it_is_made_simpler() -> None:
    station = Station()
    for second in range(3):
        station.order(3000, second)
        station.refuse("InvalidProfileId", second)
    station.order(3000, 3)
    assert [order.form for order in station.heard] == [Form.DYNAMIC] * 3 + [Form.ABSOLUTE]


def test_a_profile_in_the_way_is_cleared_before_the_order_comes_again() -> None:
    station = Station()
    station.order(3000, 0)
    assert station.refuse("DuplicateProfile", 0).lesson is Lesson.CLEAR
    assert station.order(3000, 1) is None
    assert station.order(3000, 2) is not None


@pytest.mark.parametrize(
    ("reason", "no_update"), [("NotImplemented", True), ("Rejected", True), ("InternalError", False)]
)
def test_a_station_that_refuses_an_update_gets_the_profile_again_at_once(reason: str, no_update: bool) -> None:
    station = Station()
    station.order(3000, 0)
    station.accept()
    update = station.order(-2000, 10)
    assert update is not None
    assert update.form is Form.UPDATE
    station.refuse(reason, 11)
    again = station.order(-2000, 11)
    assert again is not None
    assert (again.form, again.power_w, station.road.learnt.no_update) == (Form.DYNAMIC, -2000.0, no_update)


def test_a_station_that_knows_no_idle_is_told_to_rest_at_nothing() -> None:
    station = Station()
    order = station.order(0, 0, idle=True)
    assert order is not None
    assert (order.idle, order.expires_s) == (True, 900)
    station.refuse("InvalidOperationMode", 1)
    again = station.order(0, 1, idle=True)
    assert again is not None
    assert (again.form, again.idle, again.power_w) == (Form.DYNAMIC, False, 0.0)


def test_limits_are_all_a_station_gets_once_it_has_said_twice_that_it_takes_nothing_else() -> None:
    station = Station()
    station.order(-3000, 0)
    station.refuse("InvalidOperationMode", 0)
    rest = station.order(-3000, 0)
    assert rest is not None
    assert (rest.form, rest.power_w) == (Form.LIMIT, 0.0)
    station.accept()
    assert refusals.form_left(station.delivery, station.road.learnt, at(29)) is Form.LIMIT
    again = station.order(-3000, 31)
    assert again is not None
    assert (again.form, again.power_w) == (Form.DYNAMIC, -3000.0)
    station.refuse("InvalidOperationMode", 31)
    assert station.road.learnt == Learnt(form=Form.LIMIT)


def test_a_station_that_gave_back_after_its_first_word_of_limits_only_is_believed_anew() -> None:
    station = Station()
    station.order(-3000, 0)
    station.refuse("InvalidOperationMode", 0)
    station.order(-3000, 31)
    station.accept()
    station.order(0, 60)
    station.accept()
    station.delivery = replace(station.delivery, installed=False)
    station.order(-3000, 90)
    station.refuse("InvalidOperationMode", 90)
    assert station.road.learnt == Learnt()
    assert refusals.form_left(station.delivery, station.road.learnt, at(121)) is Form.DYNAMIC


REASONS = [*(row.reasons[0] if row.reasons else "GenericError" for row in refusals.TABLE), "UnsupportedRateUnit"]


@pytest.mark.parametrize("reason", REASONS)
def test_a_station_that_refuses_everything_all_night_is_left_alone(reason: str) -> None:
    station = Station()
    for second in range(12 * 3600):
        if station.order(3000, second) is not None:
            station.refuse(reason, second)
    assert len(station.delivery.recent) <= 2
    assert len(station.heard) <= 12 * 4 + 12 if reason != "RateLimitExceeded" else len(station.heard) <= 12 * 60


@pytest.mark.parametrize("reason", ["RateLimitExceeded", "GenericError", "InternalError"])
def test_what_is_in_force_is_cut_again_and_again_whatever_was_refused_last_until_it_lapses(reason: str) -> None:
    station = Station()
    station.delivery = ordered(7000)
    heard = []
    for second in range(10, 1000):
        if station.order(0, second) is not None:
            station.refuse(reason, second, "300")
            heard.append(second)
    assert all(after - before <= pace.CUT_AGAIN_S for before, after in pairwise(heard) if after < 180)
    assert len([second for second in heard if second > 190]) <= 4


@pytest.mark.parametrize(
    ("told", "quiet_s"), [("30", 30.0), ("²", 60.0), ("9" * 40, 60.0), ("99999", 300.0), (None, 60.0)]
)
def test_a_station_that_asks_for_time_gets_it_within_reason(told: str | None, quiet_s: float) -> None:
    station = Station()
    station.order(3000, 0)
    assert station.refuse("RateLimitExceeded", 0, told).delivery.quiet_until_s == 1000.0 + quiet_s


def test_a_refusal_of_something_else_teaches_nothing() -> None:
    fact = CommandRefused(station="ST1", id=99, reason="NotSupported")
    assert pace.refused(ordered(3000), Learnt(), fact, at(0)) is None


def test_the_page_shows_the_table_as_it_is() -> None:
    page = CONTROL.read_text(encoding="utf-8")
    shown = page.split("<!-- refusals -->")[1].split("<!-- end -->")[0].strip()
    assert shown == refusals.table()
