"""A transformer the wrong way round, or on another phase, is found by the steps of the car itself."""

from collections.abc import Callable
from dataclasses import replace
import random

import pytest

from custom_components.mobilize_flex.core.grid.learning import forgotten
from custom_components.mobilize_flex.core.meters.rewiring import rewired
from custom_components.mobilize_flex.core.model.electric import MeterReading
from custom_components.mobilize_flex.core.model.load import Misread
from custom_components.mobilize_flex.core.model.reasons import Reason
from custom_components.mobilize_flex.core.model.wiring import Wiring
from tests.core.grid.scenes import ONE, SITE, THREE, Car, Rig

THREE_MINUTES = 180
BIG = replace(THREE, subscribed_kva=36.0, breaker_a=63.0)


def lived(rig: Rig, wiring: Wiring, seed: int = 1) -> int | None:
    """Let a house with a life of its own and a car go on; return after how many seconds a fault was found."""
    dice = random.Random(seed)
    for second in range(THREE_MINUTES):
        if dice.random() < 0.02:
            rig.house_w = tuple(max(100.0, w + dice.choice((-1, 1)) * dice.uniform(50, 1500)) for w in rig.house_w)
        rig.look(reading=rewired(rig.reading(), wiring))
        if rig.load.misread is not None:
            return second
    return None


def three_phase() -> Rig:
    return Rig(site=BIG, cars=[Car(replace(ONE, phases=3), wished_w=11_000.0)], house_w=(500.0, 300.0, 200.0))


def on_second_phase() -> Rig:
    car = Car(replace(ONE, rotation=(1,)), wished_w=7000.0)
    return Rig(site=BIG, cars=[car], house_w=(500.0, 300.0, 200.0), wired=((1,),))


@pytest.mark.parametrize("late_s", [0.0, 7.0])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("make", "wiring", "found"),
    [
        (three_phase, Wiring(turned=frozenset({1})), Misread(turned=frozenset({1}))),
        (three_phase, Wiring(inverted=True), Misread(turned=frozenset({0, 1, 2}), everything=True)),
        (on_second_phase, Wiring(order=(1, 0, 2)), Misread(expected=frozenset({1}), found=frozenset({0}))),
        (on_second_phase, Wiring(turned=frozenset({1})), Misread(turned=frozenset({1}), everything=True)),
        (Rig, Wiring(inverted=True), Misread(turned=frozenset({0}), everything=True)),
    ],
    ids=["one turned", "all turned", "swapped", "the car's own turned", "one phase"],
)
def test_a_wrong_transformer_is_found_within_three_minutes_of_charging(
    make: Callable[[], Rig], wiring: Wiring, found: Misread, seed: int, late_s: float
) -> None:
    rig = make()
    rig.late_s = late_s
    assert lived(rig, wiring, seed) is not None
    assert rig.load.misread == found


@pytest.mark.parametrize("told_every_s", [2.0, 5.0])
@pytest.mark.parametrize("late_s", [1.0, 4.0, 7.0])
@pytest.mark.parametrize("make", [three_phase, Rig])
def test_a_meter_faster_than_the_station_is_judged_as_soon(
    make: Callable[[], Rig], late_s: float, told_every_s: float
) -> None:
    rig = make()
    rig.late_s, rig.told_every_s = late_s, told_every_s
    after_s = lived(rig, Wiring(inverted=True))
    assert after_s is not None
    assert after_s < THREE_MINUTES / 2


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("make", [three_phase, Rig])
def test_a_station_that_tells_every_ten_seconds_is_enough(make: Callable[[], Rig], seed: int) -> None:
    rig = make()
    rig.cars[0].wished_w = 16 * 230.0 * rig.cars[0].station.phases
    rig.late_s, rig.told_every_s = 4.0, 10.0
    assert lived(rig, Wiring(inverted=True), seed) is not None


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("make", [three_phase, on_second_phase, Rig])
def test_a_right_one_is_never_accused(make: Callable[[], Rig], seed: int) -> None:
    rig = make()
    rig.late_s = 7.0
    assert lived(rig, Wiring(), seed) is None


def test_a_car_that_is_steady_from_the_start_is_nudged_downwards_to_find_out() -> None:
    rig = Rig(cars=[Car(replace(ONE, fallback_a=16.0), wished_w=16 * 230.0)])
    assert lived(rig, Wiring(inverted=True)) is not None


def test_a_meter_known_to_be_wrong_is_not_steered_by() -> None:
    rig = Rig()
    assert lived(rig, Wiring(inverted=True)) is not None
    rig.look()
    assert (rig.allowed().max_w, rig.allowed().min_w) == (2300.0, 0.0)
    assert rig.allowed().max_because is Reason.METER_STALE


def test_a_meter_turned_after_it_was_known_to_be_right_is_found_too() -> None:
    rig = Rig(site=BIG, cars=[Car(replace(ONE, phases=3), wished_w=22_000.0)], house_w=(500.0, 300.0, 200.0))
    assert lived(rig, Wiring()) is None
    rig.cars[0].wished_w = 7000.0
    for wished_w in (22_000.0, 7000.0) * 5:
        rig.cars[0].wished_w = wished_w
        for _ in range(15):
            rig.look(reading=rewired(rig.reading(), Wiring(inverted=True)))
    assert rig.load.misread == Misread(turned=frozenset({0, 1, 2}), everything=True)


def test_what_a_meter_showed_is_forgotten_with_it() -> None:
    rig = Rig()
    assert lived(rig, Wiring(inverted=True)) is not None
    rig.load = forgotten(rig.load)
    assert lived(rig, Wiring()) is None


def test_a_meter_without_directions_is_not_judged() -> None:
    rig = Rig(site=SITE)
    for _ in range(THREE_MINUTES):
        amps = abs(rig.grid_w[0]) / 230
        rig.look(reading=MeterReading(current_a=(amps, None, None), current_step_a=0.1))
    assert rig.load.misread is None
