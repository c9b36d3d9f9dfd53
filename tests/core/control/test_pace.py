"""How a setpoint travels: cuts at once, raises with distance, renewals in time, never too many."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.mobilize_flex.core.control import pace
from custom_components.mobilize_flex.core.model.abilities import Abilities
from custom_components.mobilize_flex.core.model.commands import SetpointForm as Form, SetPower
from custom_components.mobilize_flex.core.model.delivery import Delivery, Learnt
from custom_components.mobilize_flex.core.model.driver import Route, RouteKind
from custom_components.mobilize_flex.core.model.facts import CommandAccepted, CommandRefused, CommandUnanswered
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.state import Decision

T0 = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
ROAD = pace.Road(station="ST1", evse=1, transaction="tx", phases=1, abilities=Abilities(), bidirectional=True)


def at(seconds: float) -> Moment:
    return Moment(T0 + timedelta(seconds=seconds), 1000.0 + seconds)


def want(power_w: float, *, idle: bool = False) -> Decision:
    return Decision(power_w=power_w, idle=idle)


def ordered(power_w: float, *, seconds: float = 0, form: Form = Form.DYNAMIC, road: pace.Road = ROAD) -> Delivery:
    """Return a delivery whose order was taken."""
    order = pace.due(Delivery(form=form), want(power_w), road, at(seconds), 1)
    assert order is not None
    delivery = pace.sent(Delivery(form=form), order, at(seconds))
    return pace.accepted(delivery, CommandAccepted(station="ST1", id=1))


def send(delivery: Delivery, power_w: float, seconds: float, *, idle: bool = False) -> SetPower | None:
    return pace.due(delivery, want(power_w, idle=idle), ROAD, at(seconds), 2)


def test_the_first_order_installs_a_dynamic_profile_that_expires() -> None:
    order = send(Delivery(), 3000, 0)
    assert order is not None
    assert (order.form, order.power_w, order.expires_s) == (Form.DYNAMIC, 3000.0, 90)


@pytest.mark.parametrize(("dynamic", "form"), [(None, Form.ABSOLUTE), (False, Form.ABSOLUTE), (True, Form.DYNAMIC)])
def test_a_hybrid_station_gets_dynamic_profiles_where_it_lists_them_and_never_an_update(
    dynamic: bool | None, form: Form
) -> None:
    road = replace(ROAD, route=Route(kind=RouteKind.HYBRID), abilities=Abilities(dynamic=dynamic))
    delivery = ordered(-2000, road=road)
    assert delivery.order is not None
    assert delivery.order.form is form
    again = pace.due(delivery, want(-3000), road, at(40), 2)
    assert again is not None
    assert again.form is form


@pytest.mark.parametrize(
    ("before", "after", "seconds", "sent"),
    [
        (3000, 3000, 29, False),
        (3000, 3000, 30, True),
        (3000, 3050, 29, False),
        (3000, 5000, 2, False),
        (3000, 5000, 5, True),
        (3000, 2000, 0.1, True),
        (3000, 0, 0.1, True),
        (-3000, -1000, 0.1, True),
        (-3000, -5000, 2, False),
        (-3000, 2000, 0.1, True),
        (0, -3000, 2, False),
        (0, -3000, 6, True),
    ],
)
def test_cuts_leave_at_once_raises_keep_their_distance_and_the_rest_is_renewed(
    before: float, after: float, seconds: float, sent: bool
) -> None:
    assert (send(ordered(before), after, seconds) is not None) is sent


def test_an_accepted_dynamic_profile_is_updated_not_sent_again() -> None:
    order = send(ordered(3000), -2000, 10)
    assert order is not None
    assert order.form is Form.UPDATE


def test_sleep_needs_a_profile_of_its_own_mode() -> None:
    order = send(ordered(3000), 0, 10, idle=True)
    assert order is not None
    assert (order.form, order.idle) == (Form.DYNAMIC, True)


def test_a_profile_that_expired_is_installed_anew() -> None:
    order = send(ordered(3000), 4000, 200)
    assert order is not None
    assert order.form is Form.DYNAMIC


def test_a_car_that_only_charges_gets_a_limit_and_never_less_than_nothing() -> None:
    road = replace(ROAD, bidirectional=False)
    order = pace.due(Delivery(), want(-2000), road, at(0), 1)
    assert order is not None
    assert (order.form, order.power_w) == (Form.LIMIT, 0.0)


def test_a_sleeping_car_is_not_woken_by_renewals_more_often_than_needed() -> None:
    order = send(Delivery(), 0, 0, idle=True)
    assert order is not None
    delivery = pace.sent(Delivery(), order, at(0))
    delivery = pace.accepted(delivery, CommandAccepted(station="ST1", id=2))
    assert send(delivery, 0, 240, idle=True) is None
    assert send(delivery, 0, 300, idle=True) is not None


def test_a_mute_station_is_tried_again_later() -> None:
    delivery = pace.sent(Delivery(), send(Delivery(), 3000, 0), at(0))  # type: ignore[arg-type]
    delivery = pace.unanswered(delivery, CommandUnanswered(station="ST1", id=2), at(15))
    assert send(delivery, 3000, 16) is None
    assert send(delivery, 3000, 26) is not None


@given(st.lists(st.tuples(st.integers(-7, 7), st.floats(0.1, 120)), min_size=1, max_size=60))
def test_an_order_in_force_is_never_stronger_than_the_decision_once_cut(steps: list[tuple[int, float]]) -> None:
    """Whatever is decided when, the last order never reaches further than the decision, in its direction."""
    delivery, seconds, number = Delivery(), 0.0, 0
    for kilowatts, wait_s in steps:
        seconds, number, power_w = seconds + wait_s, number + 1, kilowatts * 1000.0
        order = pace.due(delivery, want(power_w), ROAD, at(seconds), number)
        if order is not None:
            delivery = pace.sent(delivery, order, at(seconds))
            delivery = pace.accepted(delivery, CommandAccepted(station="ST1", id=number))
        last = delivery.order
        assert last is not None
        if last.power_w > 0:
            assert last.power_w <= max(power_w, 0.0)
        if last.power_w < 0:
            assert last.power_w >= min(power_w, 0.0)


def test_an_order_that_stays_below_the_standard_charge_lives_longer_as_nothing_is_at_stake() -> None:
    road = replace(ROAD, bidirectional=False, gentle_w=2300.0)
    lives = {
        power_w: order.expires_s
        for power_w in (0.0, 2300.0, 7000.0)
        if (order := pace.due(Delivery(), want(power_w), road, at(0), 1)) is not None
    }
    assert lives == {0.0: 900, 2300.0: 900, 7000.0: 90}


@pytest.mark.parametrize(("form", "expires_s"), [(Form.DYNAMIC, 90), (Form.LIMIT, 150), (Form.ABSOLUTE, 150)])
def test_a_car_that_negotiates_with_every_profile_is_not_disturbed_all_the_time(form: Form, expires_s: int) -> None:
    road = replace(ROAD, bidirectional=form is not Form.LIMIT, negotiates=True)
    order = pace.due(Delivery(form=form), want(7000), road, at(0), 1)
    assert order is not None
    assert (order.form, order.expires_s) == (form, expires_s)
    taken = pace.accepted(pace.sent(Delivery(form=form), order, at(0)), CommandAccepted(station="ST1", id=1))
    renewed = [s for s in range(100) if pace.due(taken, want(7000), road, at(s), 2) is not None]
    assert renewed[0] == (30 if expires_s == 90 else 75)


def test_an_order_to_give_back_never_lives_longer() -> None:
    order = pace.due(Delivery(form=Form.ABSOLUTE), want(-2000), replace(ROAD, gentle_w=9000.0), at(0), 1)
    assert order is not None
    assert order.expires_s == 150


@given(st.lists(st.tuples(st.integers(-70, 70), st.floats(0.05, 3.0)), min_size=200, max_size=400))
@settings(max_examples=20)
def test_however_restless_the_wish_a_station_hears_no_more_than_so_many_orders_a_minute(
    steps: list[tuple[int, float]],
) -> None:
    delivery, seconds, sent = Delivery(), 0.0, list[tuple[float, bool]]()
    for number, (hundreds, wait_s) in enumerate(steps, 1):
        seconds += wait_s
        order = pace.due(delivery, want(hundreds * 100.0), ROAD, at(seconds), number)
        if order is not None:
            before = delivery.order
            cut = before is not None and pace.is_cut(before.power_w, order.power_w)
            sent.append((seconds, cut))
            delivery = pace.sent(delivery, order, at(seconds))
            delivery = pace.accepted(delivery, CommandAccepted(station="ST1", id=number))
    for end, _ in sent:
        within = [cut for when, cut in sent if end - pace.MINUTE_S < when <= end]
        assert len(within) <= pace.MOST_CUTS_A_MINUTE + pace.MINUTE_S / pace.CUT_AGAIN_S


def test_a_car_that_asks_for_more_again_and_again_is_not_ordered_about_without_end() -> None:
    delivery, sent = ordered(3000), 0
    for tenth in range(1200):
        delivery = pace.again(delivery)
        order = send(delivery, 3000, tenth / 10)
        if order is not None:
            sent += 1
            delivery = pace.sent(delivery, order, at(tenth / 10))
            delivery = pace.accepted(delivery, CommandAccepted(station="ST1", id=2))
    assert sent <= 2 * pace.MOST_A_MINUTE


def test_a_share_of_refusals_is_known_once_there_are_some() -> None:
    delivery, shares = Delivery(), []
    for number in range(20):
        order = send(replace(delivery, order=None), 3000.0, 100.0 * number)
        assert order is not None
        delivery = pace.sent(replace(delivery, quiet_until_s=0.0), order, at(100.0 * number))
        if number % 5 == 4:
            fact = CommandUnanswered(station="ST1", id=order.id)
            delivery = pace.unanswered(delivery, fact, at(100.0 * number))
        elif number % 5 == 3:
            taught = pace.refused(
                delivery, Learnt(), CommandRefused(station="ST1", id=order.id, reason="Rejected"), at(100.0 * number)
            )
            assert taught is not None
            delivery = taught.delivery
        else:
            delivery = pace.accepted(delivery, CommandAccepted(station="ST1", id=order.id))
        delivery = replace(delivery, quiet_until_s=0.0)
        shares.append(pace.denied_share(delivery))
    assert shares[:8] == [0.0] * 8
    assert shares[-1] == 8 / 20
