"""The real acknowledgement: whether the car does what was ordered, and what follows where it does not."""

from dataclasses import replace

import pytest

from custom_components.mobilize_flex.core.control import effect, pace
from custom_components.mobilize_flex.core.control.effect import Measured
from custom_components.mobilize_flex.core.model.commands import SetpointForm as Form
from custom_components.mobilize_flex.core.model.delivery import Delivery, Outcome, TroubleKind
from custom_components.mobilize_flex.core.model.facts import CommandAccepted

from .test_pace import ROAD, at, ordered


def seen(delivery: Delivery, power_w: float, seconds: float, *, asleep: bool = False, room: bool = True) -> Delivery:
    return effect.watch(delivery, Measured(power_w=power_w, at=at(seconds), asleep=asleep, room=room))


def moved(delivery: Delivery, power_w: float, seconds: float) -> Delivery:
    """Return the delivery after another order was taken."""
    assert delivery.order is not None
    after = pace.sent(delivery, replace(delivery.order, power_w=power_w), at(seconds))
    return pace.accepted(after, CommandAccepted(station="ST1", id=delivery.order.id))


def test_charging_on_an_order_to_discharge_is_noticed() -> None:
    delivery = seen(ordered(-3000), 2900.0, 4)
    assert not delivery.reversed
    delivery = seen(moved(delivery, -2500.0, 8), 2900.0, 12)
    assert delivery.reversed
    assert delivery.following is False


def test_the_ramp_of_a_change_is_not_taken_for_it() -> None:
    assert not seen(ordered(-3000), 2900.0, 5).reversed


def test_a_measurement_from_before_the_order_says_nothing_of_it() -> None:
    delivery = moved(ordered(-3000), 3000.0, 20)
    assert seen(delivery, -2900.0, 19) is delivery


def test_a_car_that_does_not_follow_is_noticed_after_a_while_and_a_sleeping_one_later() -> None:
    delivery = seen(ordered(3000), 0.0, 5)
    assert delivery.following is None
    assert seen(delivery, 0.0, 36).following is False
    assert seen(delivery, 0.0, 36, asleep=True).following is None
    assert seen(delivery, 0.0, 126, asleep=True).following is False
    assert seen(delivery, 2950.0, 36).following is True


def test_a_car_that_ignores_orders_that_change_all_the_time_is_noticed_too() -> None:
    delivery = ordered(-3000)
    for second in range(5, 60, 5):
        delivery = seen(moved(delivery, -3000.0 - 300.0 * (second % 2), second), 0.0, second + 3)
    assert delivery.following is False


def test_no_measurement_is_no_verdict() -> None:
    delivery = seen(ordered(3000), 0.0, 5)
    assert effect.watch(delivery, Measured(power_w=0.0, at=at(6))).following is None


@pytest.mark.parametrize(("asleep", "room", "verdict"), [(True, True, False), (True, False, True), (False, True, True)])
def test_less_than_a_limit_is_fine_unless_a_car_with_room_sleeps(asleep: bool, room: bool, verdict: bool) -> None:
    delivery = ordered(3000, road=replace(ROAD, bidirectional=False))
    for second in (5, 140):
        delivery = seen(delivery, 0.0, second, asleep=asleep, room=room)
    assert delivery.following is verdict


def late(power_w: float = 3000, measured_w: float = 0.0) -> Delivery:
    """Return a delivery whose car does not follow."""
    return seen(seen(ordered(power_w), measured_w, 5), measured_w, 40)


def test_the_station_is_asked_what_it_does_seldom_and_not_without_end() -> None:
    delivery, asked = late(), 0
    for minute in range(600):
        if effect.may_ask(delivery, at(60.0 * minute)):
            asked += 1
            delivery = effect.asked(delivery, 7, at(60.0 * minute))
            delivery = effect.told(delivery, 7, None, at(60.0 * minute))
    assert asked == effect.QUESTIONS


@pytest.mark.parametrize(
    ("ordered_w", "held_w", "verdict"),
    [(-3000, 0.0, True), (-3000, -2900.0, False), (5000, 1400.0, True), (5000, None, False)],
)
def test_a_station_that_holds_another_figure_is_overruled_by_something(
    ordered_w: float, held_w: float | None, verdict: bool
) -> None:
    delivery = effect.told(effect.asked(late(ordered_w, 0.0), 7, at(41)), 7, held_w, at(42))
    assert effect.overruled(delivery) is verdict


@pytest.mark.parametrize(
    ("ordered_w", "told_w", "way", "most_w"),
    [(7000, 2300.0, 1, 2300.0), (7000, 0.0, 1, 0.0), (-5000, -2000.0, -1, 2000.0), (-5000, 0.0, -1, 0.0)],
)
def test_what_a_station_says_it_lets_through_is_believed_for_an_hour(
    ordered_w: float, told_w: float, way: int, most_w: float
) -> None:
    delivery = effect.told(effect.asked(late(ordered_w, 0.0), 7, at(41)), 7, told_w, at(42))
    assert effect.cap_w(delivery, way, at(50)) == most_w
    assert effect.cap_w(delivery, -way, at(50)) is None
    assert effect.cap_w(delivery, way, at(42 + effect.TAKES_S)) is None
    assert effect.cap_w(seen(delivery, way * (most_w + 100.0), 60), way, at(60)) == most_w
    assert effect.cap_w(seen(delivery, way * (most_w + 500.0), 60), way, at(60)) is None


@pytest.mark.parametrize(("ordered_w", "told_w"), [(7000, 6900.0), (7000, 9000.0), (7000, -500.0), (-5000, 3000.0)])
def test_a_station_that_does_something_else_has_told_no_cap(ordered_w: float, told_w: float) -> None:
    delivery = effect.told(effect.asked(late(ordered_w, 0.0), 7, at(41)), 7, told_w, at(42))
    assert delivery.cap is None


def test_an_answer_to_another_question_is_none() -> None:
    delivery = effect.asked(late(), 7, at(41))
    assert effect.told(delivery, 8, 0.0, at(42)) is delivery


def test_the_owner_hears_of_it_after_ten_minutes_and_no_more_once_it_follows() -> None:
    delivery, measured = late(), Measured(power_w=0.0, at=at(600))
    assert effect.judged(delivery, measured, at(599)).trouble is None
    delivery = effect.judged(delivery, measured, at(606))
    assert delivery.trouble is not None
    assert (delivery.trouble.kind, delivery.trouble.ordered_w) == (TroubleKind.NOT_FOLLOWING, 3000.0)
    assert seen(delivery, 3000.0, 610).trouble is None


def test_a_rest_does_not_solve_what_a_charge_showed() -> None:
    delivery = effect.judged(late(), Measured(power_w=0.0, at=at(600)), at(606))
    rested = seen(moved(delivery, 0.0, 620), 0.0, 700)
    assert rested.following is True
    assert rested.trouble is not None


def slept(until_s: int) -> tuple[Delivery, int, int | None]:
    """Return the delivery to a car that sleeps on, how often it was woken, and when its owner heard of it."""
    delivery, waken, told_s = ordered(3000), 0, None
    asleep = Measured(power_w=0.0, at=at(0), asleep=True, room=True)
    for second in range(5, until_s, 5):
        measured = replace(asleep, at=at(second))
        delivery = effect.watch(delivery, measured)
        after = effect.judged(effect.wake(delivery, measured, at(second)), measured, at(second))
        waken += after.wakes > delivery.wakes
        told_s = second if told_s is None and after.trouble is not None else told_s
        delivery = after
    return delivery, waken, told_s


def test_a_sleeping_car_is_woken_twice_and_after_ten_minutes_its_owner_hears_of_it() -> None:
    delivery, waken, told_s = slept(3600)
    assert waken == effect.WAKES
    assert delivery.trouble is not None
    assert delivery.trouble.kind is TroubleKind.CAR_ASLEEP
    assert told_s == 5 + effect.TROUBLE_S


def test_a_car_that_wakes_at_last_is_given_its_time_and_not_blamed() -> None:
    delivery, _, _ = slept(3600)
    for second in range(3600, 3620, 2):
        measured = Measured(power_w=1500.0, at=at(second), room=True)
        delivery = effect.judged(effect.watch(delivery, measured), measured, at(second))
        assert (delivery.trouble, delivery.following, delivery.wakes) == (None, None, 0)
    assert seen(delivery, 3000.0, 3622).following is True


def test_how_much_a_car_takes_that_takes_less_is_known_for_an_hour() -> None:
    delivery = late(7000, 3600.0)
    assert effect.takes_w(delivery, at(60)) == 3600.0
    assert effect.takes_w(delivery, at(41 + effect.TAKES_S)) is None
    assert effect.takes_w(late(7000, 0.0), at(60)) is None


def test_a_station_that_takes_no_orders_is_told_of_until_it_takes_one() -> None:
    delivery = replace(ordered(3000), refusals=effect.REFUSED, outcome=Outcome.REFUSED, form=Form.LIMIT)
    delivery = effect.judged(delivery, Measured(power_w=0.0, at=at(1)), at(1))
    assert delivery.trouble is not None
    assert delivery.trouble.kind is TroubleKind.REFUSED
    assert delivery.order is not None
    assert pace.accepted(delivery, CommandAccepted(station="ST1", id=delivery.order.id)).trouble is None
