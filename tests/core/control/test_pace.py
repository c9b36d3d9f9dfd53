"""How a setpoint travels: cuts at once, raises with distance, renewals in time, refusals understood."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.mobilize_flex.core.control import pace
from custom_components.mobilize_flex.core.model.abilities import Abilities
from custom_components.mobilize_flex.core.model.commands import SetpointForm as Form, SetPower
from custom_components.mobilize_flex.core.model.facts import CommandAccepted, CommandRefused, CommandUnanswered
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.state import Decision, Delivery, Outcome

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
    assert (order.form, order.power_w, order.expires_s) == (Form.DYNAMIC, 3000.0, 180)


@pytest.mark.parametrize(
    ("before", "after", "seconds", "sent"),
    [
        (3000, 3000, 30, False),
        (3000, 3000, 60, True),
        (3000, 3050, 30, False),
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


@pytest.mark.parametrize(
    ("form", "reason", "supported", "expected"),
    [
        (Form.DYNAMIC, "UnsupportedKind", True, {"form": Form.ABSOLUTE}),
        (Form.DYNAMIC, "InvalidProfile", True, {"form": Form.ABSOLUTE}),
        (Form.ABSOLUTE, "InvalidOperationMode", True, {"form": Form.LIMIT}),
        (Form.DYNAMIC, "UnsupportedRateUnit", True, {"amperes": True}),
        (Form.DYNAMIC, "InvalidMessageSeq", True, {"form": Form.DYNAMIC}),
        (Form.DYNAMIC, "NotImplemented", False, {"form": Form.DYNAMIC}),
    ],
)
def test_what_a_refusal_teaches(form: Form, reason: str, supported: bool, expected: dict[str, object]) -> None:
    order = replace(send(Delivery(form=form), 3000, 0), id=1)  # type: ignore[type-var]
    delivery = pace.sent(Delivery(form=form), order, at(0))  # type: ignore[arg-type]
    fact = CommandRefused(station="ST1", id=1, reason=reason, supported=supported)
    after = pace.refused(delivery, fact, at(1))
    assert after.outcome is Outcome.REFUSED
    assert {name: getattr(after, name) for name in expected} == expected


def test_a_station_without_updates_gets_the_profile_again_at_once() -> None:
    delivery = ordered(3000)
    update = send(delivery, -2000, 10)
    assert update is not None
    delivery = pace.sent(delivery, update, at(10))
    refusal = CommandRefused(station="ST1", id=2, reason="NotImplemented", supported=False)
    delivery = pace.refused(delivery, refusal, at(11))
    again = send(delivery, -2000, 11)
    assert again is not None
    assert (again.form, again.power_w) == (Form.DYNAMIC, -2000.0)


def test_a_station_that_knows_no_idle_is_told_to_rest_at_nothing() -> None:
    order = send(Delivery(), 0, 0, idle=True)
    assert order is not None
    assert (order.idle, order.expires_s) == (True, 900)
    delivery = pace.sent(Delivery(), order, at(0))
    delivery = pace.refused(delivery, CommandRefused(station="ST1", id=2, reason="InvalidOperationMode"), at(1))
    again = send(delivery, 0, 1, idle=True)
    assert again is not None
    assert (again.form, again.idle, again.power_w) == (Form.DYNAMIC, False, 0.0)


def test_a_sleeping_car_is_not_woken_by_renewals_more_often_than_needed() -> None:
    order = send(Delivery(), 0, 0, idle=True)
    assert order is not None
    delivery = pace.sent(Delivery(), order, at(0))
    delivery = pace.accepted(delivery, CommandAccepted(station="ST1", id=2))
    assert send(delivery, 0, 240, idle=True) is None
    assert send(delivery, 0, 300, idle=True) is not None


def test_a_station_that_keeps_refusing_is_not_hammered() -> None:
    delivery, sent, second = Delivery(), 0, 0
    for second in range(3600):
        order = pace.due(delivery, want(3000), ROAD, at(second), second)
        if order is not None:
            sent += 1
            delivery = pace.sent(delivery, order, at(second))
            refusal = CommandRefused(station="ST1", id=order.id, reason="GenericError")
            delivery = pace.refused(delivery, refusal, at(second))
    assert second == 3599
    assert sent <= 20


@pytest.mark.parametrize("reason", ["RateLimitExceeded", "GenericError", "InternalError"])
def test_what_is_in_force_is_cut_again_and_again_whatever_was_refused_last(reason: str) -> None:
    delivery = ordered(7000)
    order = send(delivery, 0, 10)
    assert order is not None
    delivery = pace.sent(delivery, order, at(10))
    refusal = CommandRefused(station="ST1", id=order.id, reason=reason, text="300")
    delivery = pace.refused(delivery, refusal, at(10))
    assert pace.due(delivery, want(0), ROAD, at(16), 3) is not None


@pytest.mark.parametrize(
    ("told", "quiet_s"), [("30", 30.0), ("²", 60.0), ("9" * 40, 60.0), ("99999", 300.0), (None, 60.0)]
)
def test_a_station_that_asks_for_time_gets_it_within_reason(told: str | None, quiet_s: float) -> None:
    delivery = ordered(3000)
    refusal = CommandRefused(station="ST1", id=1, reason="RateLimitExceeded", text=told)
    assert pace.refused(delivery, refusal, at(0)).quiet_until_s == 1000.0 + quiet_s


def test_a_mute_station_is_tried_again_later() -> None:
    delivery = pace.sent(Delivery(), send(Delivery(), 3000, 0), at(0))  # type: ignore[arg-type]
    delivery = pace.unanswered(delivery, CommandUnanswered(station="ST1", id=2), at(15))
    assert send(delivery, 3000, 16) is None
    assert send(delivery, 3000, 26) is not None


def test_charging_on_an_order_to_discharge_is_noticed() -> None:
    delivery = pace.watch(ordered(-3000), 2900.0, at(4), False, at(4))
    assert not delivery.reversed
    moved = pace.sent(delivery, replace(delivery.order, power_w=-2500.0), at(8))  # type: ignore[type-var]
    delivery = pace.accepted(moved, CommandAccepted(station="ST1", id=1))
    delivery = pace.watch(delivery, 2900.0, at(12), False, at(12))
    assert delivery.reversed
    assert delivery.following is False


def test_the_ramp_of_a_change_is_not_taken_for_it() -> None:
    assert not pace.watch(ordered(-3000), 2900.0, at(5), False, at(5)).reversed


def test_a_car_that_does_not_follow_is_noticed_after_a_while_and_a_sleeping_one_later() -> None:
    delivery = pace.watch(ordered(3000), 0.0, at(5), False, at(5))
    assert delivery.following is None
    assert pace.watch(delivery, 0.0, at(36), False, at(36)).following is False
    assert pace.watch(delivery, 0.0, at(36), True, at(36)).following is None
    assert pace.watch(delivery, 2950.0, at(36), False, at(36)).following is True


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
