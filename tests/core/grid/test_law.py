"""Load management: cuts at once, careful raises, several stations, the grid operator, a meter that falls silent."""

from dataclasses import replace
from itertools import pairwise

import pytest

from custom_components.mobilize_flex.core.model.electric import MeterReading, StationReadings
from custom_components.mobilize_flex.core.model.reasons import Reason
from tests.core.grid.scenes import ONE, SITE, THREE, TWO, Car, Rig

ROOM_A = 9000 / 230 - 0.5


def open_rig(**more: object) -> Rig:
    rig = Rig(**more)  # type: ignore[arg-type]
    rig.open_up()
    return rig


# one car


def test_before_the_meter_speaks_the_car_gets_its_fail_safe_and_gives_nothing() -> None:
    rig = Rig()
    rig.look(sample=False)
    allowed = rig.allowed()
    assert (allowed.max_w, allowed.min_w, allowed.fresh) == (2300.0, 0.0, False)
    assert (allowed.max_because, allowed.min_because) == (Reason.METER_STALE, Reason.METER_STALE)


def test_the_fail_safe_is_nothing_where_the_owner_agreed_to_less_than_six_amperes() -> None:
    rig = Rig(cars=[Car(replace(ONE, fallback_a=0.0))])
    rig.look(sample=False)
    assert rig.allowed().max_w == 0.0


def test_raises_wait_for_fifteen_seconds_of_room_and_take_two_amperes_every_ten() -> None:
    rig = Rig()
    seen = {}
    for _ in range(70):
        rig.look()
        seen[rig.now_s] = rig.limit_a()
    raises = [(at, a) for at, a in seen.items() if seen.get(at - 1.0, 10.0) < a]
    assert raises[0][0] - 102.0 == 15.0  # the second good reading came at 102
    assert [a for _, a in raises] == [12.0, 14.0, 16.0, 18.0, 20.0, 22.0][: len(raises)]
    assert all(later - sooner == 10.0 for (sooner, _), (later, _) in pairwise(raises))


def test_a_house_that_takes_more_cuts_the_car_in_the_same_step() -> None:
    rig = open_rig(house_w=(1000.0, 0.0, 0.0))
    rig.run(20)
    assert rig.limit_a() == 32.0
    rig.house_w = (5000.0, 0.0, 0.0)
    rig.look()
    assert rig.limit_a() == pytest.approx(ROOM_A - 5000 / 230)
    assert rig.allowed().max_because is Reason.SUBSCRIBED_POWER


def test_less_than_six_amperes_is_nothing_and_a_pause_lasts_a_minute() -> None:
    rig = open_rig(house_w=(1000.0, 0.0, 0.0))
    rig.house_w = (7900.0, 0.0, 0.0)
    rig.look()
    assert (rig.limit_a(), rig.allowed().max_w) == (0.0, 0.0)
    rig.house_w = (1000.0, 0.0, 0.0)
    rig.run(59)
    assert rig.limit_a() == 0.0
    rig.run(2)
    assert rig.limit_a() == 6.0


def test_it_comes_back_from_nothing_only_with_seven_amperes_of_room() -> None:
    rig = open_rig(house_w=(8000.0, 0.0, 0.0))
    rig.look()
    assert rig.limit_a() == 0.0
    rig.house_w = ((ROOM_A - 6.8) * 230, 0.0, 0.0)
    rig.run(90)
    assert rig.limit_a() == 0.0
    rig.house_w = ((ROOM_A - 7.2) * 230, 0.0, 0.0)
    rig.run(20)
    assert rig.limit_a() == 6.0


def test_the_selector_binds_whatever_the_house_leaves() -> None:
    rig = Rig(cars=[Car(replace(ONE, selector_a=16.0))])
    rig.run(120)
    assert rig.allowed().max_w == pytest.approx(16 * 230)
    assert rig.allowed().max_because is Reason.STATION_LIMIT


def test_the_sun_does_not_lift_the_car_above_the_connection() -> None:
    rig = open_rig(site=replace(SITE, subscribed_kva=6.0), house_w=(-3000.0, 0.0, 0.0))
    rig.run(60)
    assert rig.limit_a() <= 6000 / 230


def test_a_car_that_follows_late_is_not_cut_twice_for_the_same_kettle() -> None:
    rig = open_rig(house_w=(1000.0, 0.0, 0.0))
    rig.run(10)
    car = rig.cars[0]
    car.obeys = False
    rig.house_w = (4000.0, 0.0, 0.0)
    rig.run(8)
    assert rig.limit_a() == pytest.approx(ROOM_A - 4000 / 230)


def test_amperes_in_whole_numbers_keep_a_wider_distance() -> None:
    rig = Rig(cars=[Car(ONE, active=False)])
    for _ in range(400):
        rig.look(reading=MeterReading(power_w=None, current_a=(20.0, None, None), current_step_a=1.0))
    assert rig.limit_a() == pytest.approx(9000 / 230 - 1.0 - 20.5)


# a meter that falls silent


def test_a_silent_meter_means_the_fail_safe_and_no_giving_until_two_good_readings() -> None:
    rig = open_rig(house_w=(3000.0, 0.0, 0.0))
    rig.cars[0].wished_w = -3000.0
    rig.run(5)
    assert rig.allowed().min_w == pytest.approx(-3000.0)
    rig.look(11.0, sample=False)
    assert (rig.allowed().max_w, rig.allowed().min_w) == (2300.0, 0.0)
    rig.look()
    assert (rig.allowed().max_w, rig.allowed().min_w) == (2300.0, 0.0)
    rig.look()
    assert rig.allowed().min_w == pytest.approx(-3000.0)
    assert rig.allowed().max_w == 2300.0  # and up from there by the usual steps


def test_nothing_is_raised_on_a_reading_that_is_not_the_newest() -> None:
    rig = Rig()
    rig.run(10)
    before = rig.limit_a()
    for _ in range(3):
        rig.look(3.1, sample=False)
    assert rig.limit_a() == before


def test_nothing_is_raised_by_a_meter_that_leaves_a_phase_out() -> None:
    rig = Rig(site=THREE, cars=[Car(replace(ONE, phases=3))])
    for _ in range(60):
        rig.look(reading=MeterReading(power_w=900.0, phase_power_w=(300.0, None, 300.0)))
    assert rig.limit_a() == 10.0


def test_a_reading_older_than_the_last_one_changes_nothing() -> None:
    rig = open_rig()
    rig.run(5)
    load, meter = rig.load, rig.meter
    assert meter.at is not None
    rig.meter = replace(meter, at=replace(meter.at, mono_s=meter.at.mono_s - 3.0))
    rig.look(1.0, sample=False)
    assert rig.load.heard is load.heard


# three phases


def test_the_busiest_phase_decides() -> None:
    rig = open_rig(site=THREE, cars=[Car(replace(ONE, phases=3), wished_w=11_000.0)], house_w=(2500.0, 100.0, 100.0))
    rig.look()
    assert rig.limit_a() == pytest.approx(4000 / 230 - 0.5 - 2500 / 230)


@pytest.mark.parametrize("phase", [0, 1, 2])
def test_a_car_on_a_phase_nobody_knows_overloads_none(phase: int) -> None:
    rig = Rig(site=THREE, house_w=(2500.0, 100.0, 1000.0), wired=((phase,),))
    for _ in range(180):
        rig.look()
        assert max(rig.grid_w) <= 4000.0
    rig.house_w = (1000.0, 2500.0, 100.0)
    rig.look()
    assert max(rig.grid_w) <= 4000.0


def test_a_car_on_a_known_phase_gets_what_that_phase_leaves() -> None:
    car = Car(replace(ONE, rotation=(1,)))
    rig = open_rig(site=THREE, cars=[car], house_w=(2500.0, 100.0, 100.0), wired=((1,),))
    rig.look()
    assert rig.limit_a() == pytest.approx(4000 / 230 - 0.5 - 100 / 230)


def test_a_one_phase_car_behind_three_conductors_counts_where_it_draws() -> None:
    readings = StationReadings(current_a=(0.0, 10.0, 0.0))
    car = Car(replace(ONE, phases=3, rotation=(2, 0, 1)), wished_w=7000.0, readings=readings)
    rig = Rig(site=THREE, cars=[car], house_w=(1000.0, 3500.0, 3500.0), wired=((0,),))
    car.power_w, car.obeys = 2300.0, False
    rig.open_up()
    rig.look()
    assert rig.limit_a() == pytest.approx(4000 / 230 - 0.5 - 1000 / 230)


def test_a_meter_that_tells_only_a_total_may_have_it_all_on_one_phase() -> None:
    rig = Rig(site=THREE, cars=[Car(replace(ONE, phases=3), active=False)])
    for _ in range(300):
        rig.look(reading=MeterReading(power_w=1840.0))
    assert rig.limit_a() == pytest.approx(4000 / 230 - 0.5 - 8.0)


def test_an_imbalance_limit_holds_a_one_phase_car_only() -> None:
    site = replace(THREE, subscribed_kva=36.0, breaker_a=63.0, imbalance_w=4600.0)
    one = open_rig(site=site, cars=[Car(replace(ONE, rotation=(0,)))], house_w=(500.0, 200.0, 200.0), wired=((0,),))
    one.look()
    assert one.limit_a() == pytest.approx(20.0 - 300 / 230)
    assert one.allowed().max_because is Reason.IMBALANCE
    three = open_rig(site=site, cars=[Car(replace(ONE, phases=3))], house_w=(500.0, 200.0, 200.0))
    three.look()
    assert three.limit_a() == 32.0


# giving back


def test_the_car_may_give_what_the_house_takes_at_once_and_without_steps() -> None:
    rig = open_rig(house_w=(500.0, 0.0, 0.0))
    rig.cars[0].wished_w = -7000.0
    rig.run(5)
    assert rig.allowed().min_w == pytest.approx(-500.0)
    rig.house_w = (3500.0, 0.0, 0.0)
    rig.look()
    assert rig.allowed().min_w == pytest.approx(-3500.0)
    rig.run(5)
    rig.house_w = (200.0, 0.0, 0.0)
    rig.look()
    assert rig.allowed().min_w == pytest.approx(-200.0)
    assert rig.allowed().min_because is Reason.FEED_IN_LIMIT


def test_and_more_where_the_owner_may_feed_in() -> None:
    rig = open_rig(house_w=(500.0, 0.0, 0.0), feed_in_w=3000.0)
    rig.cars[0].wished_w = -7000.0
    rig.run(5)
    assert rig.allowed().min_w == pytest.approx(-3500.0)


def test_the_fuse_binds_outward_as_well() -> None:
    rig = open_rig(site=replace(SITE, breaker_a=15.0), house_w=(0.0, 0.0, 0.0), feed_in_w=9000.0)
    rig.look()
    assert rig.allowed().min_w == pytest.approx(-14.5 * 230)
    assert rig.allowed().min_because is Reason.MAIN_FUSE


def test_nothing_goes_out_at_a_voltage_out_of_bounds() -> None:
    rig = open_rig(house_w=(2000.0, 0.0, 0.0), voltage_v=256.0)
    rig.look()
    assert (rig.allowed().min_w, rig.allowed().min_because) == (0.0, Reason.GRID_VOLTAGE)


def test_nothing_goes_out_where_the_meter_does_not_tell_the_direction() -> None:
    rig = Rig()
    for _ in range(5):
        rig.look(reading=MeterReading(current_a=(12.0, None, None), current_step_a=1.0))
    assert rig.allowed().min_w == 0.0


def test_a_house_that_leans_on_the_car_is_noticed() -> None:
    rig = open_rig(house_w=(9500.0, 0.0, 0.0))
    rig.cars[0].wished_w = -4000.0
    rig.run(5)
    assert rig.load.alone_since_s is not None
    rig.house_w = (3000.0, 0.0, 0.0)
    rig.run(5)
    assert rig.load.alone_since_s is None


def test_a_car_that_gives_back_makes_no_room_for_another_that_charges() -> None:
    giver, taker = Car(ONE, wished_w=-5000.0), Car(TWO, wished_w=7000.0)
    rig = open_rig(cars=[giver, taker], house_w=(6000.0, 0.0, 0.0))
    rig.run(60)
    assert rig.limit_a(1) <= ROOM_A - 6000 / 230 + 1e-6


# several stations


def two(house_w: float = 500.0, *, first: int = 0, second: int = 0) -> Rig:
    cars = [Car(replace(ONE, priority=first)), Car(replace(TWO, priority=second))]
    return open_rig(cars=cars, house_w=(house_w, 0.0, 0.0))


def test_two_cars_never_get_the_same_room_twice() -> None:
    rig = two()
    rig.look()
    assert rig.limit_a(0) + rig.limit_a(1) <= ROOM_A - 500 / 230 + 1e-6
    assert rig.limit_a(0) == pytest.approx(rig.limit_a(1))


def test_cuts_take_from_the_lower_priority_down_to_its_six_amperes_first() -> None:
    rig = two(first=1)
    rig.look()
    assert rig.limit_a(1) == pytest.approx(6.0)
    rig.run(5)
    rig.house_w = (4000.0, 0.0, 0.0)
    rig.look()
    assert rig.limit_a(1) == 6.0
    assert rig.limit_a(0) == pytest.approx(ROOM_A - 4000 / 230 - 6.0)
    rig.run(5)
    rig.house_w = (6500.0, 0.0, 0.0)
    rig.look()
    assert (rig.limit_a(1), rig.limit_a(0) >= 6.0) == (0.0, True)


def test_room_is_given_out_one_car_after_the_other() -> None:
    rig = Rig(cars=[Car(replace(ONE, fallback_a=6.0)), Car(replace(TWO, fallback_a=6.0))])
    before, steps = [6.0, 6.0], []
    for _ in range(120):
        rig.look()
        after = [rig.limit_a(0), rig.limit_a(1)]
        raised = [n for n in (0, 1) if after[n] > before[n]]
        assert len(raised) <= 1
        steps += raised
        before = after
    assert len(steps) >= 9
    assert abs(steps.count(0) - steps.count(1)) <= 1


def test_a_car_that_comes_later_gets_its_six_amperes_and_then_its_share() -> None:
    rig = two()
    rig.cars[1].active = False
    rig.run(200)
    rig.cars[1].active = True
    rig.run(30)
    assert rig.limit_a(1) >= 6.0
    rig.run(600)
    assert abs(rig.limit_a(0) - rig.limit_a(1)) <= 4.0


def test_a_resting_car_holds_no_room_another_wants() -> None:
    rig = two()
    rig.cars[1].wished_w = 0.0
    rig.run(200)
    assert rig.limit_a(0) == 32.0
    assert rig.limit_a(0) + rig.limit_a(1) <= ROOM_A - 500 / 230 + 1e-6


def test_two_cars_that_give_share_what_the_house_takes() -> None:
    rig = two(3000.0)
    for car in rig.cars:
        car.wished_w = -5000.0
    rig.run(10)
    assert rig.allowed(0).min_w + rig.allowed(1).min_w == pytest.approx(-3000.0)


def test_without_a_meter_the_fail_safes_together_stay_within_the_connection() -> None:
    cars = [Car(replace(station, fallback_a=16.0)) for station in (ONE, TWO)]
    rig = Rig(site=replace(SITE, subscribed_kva=6.0), cars=cars)
    rig.look(sample=False)
    assert rig.allowed(0).max_w + rig.allowed(1).max_w <= 6000.0


# the grid operator


@pytest.mark.parametrize("sample", [True, False])
def test_the_grid_operator_holds_all_cars_together_in_the_next_look(sample: bool) -> None:
    rig = two()
    rig.dimmed_w = 4200.0
    rig.look(30.0 if not sample else 1.0, sample=sample)
    assert 0.0 < rig.allowed(0).max_w + rig.allowed(1).max_w <= 4200.0
    assert Reason.ENWG14A in (rig.allowed(0).max_because, rig.allowed(1).max_because)


def test_only_what_comes_from_the_grid_is_held_down() -> None:
    rig = open_rig(house_w=(-2000.0, 0.0, 0.0), dimmed_w=4200.0)
    rig.look()
    assert rig.allowed().max_w == pytest.approx(6200.0)


def test_three_phases_at_a_high_voltage_pause_rather_than_draw_too_much() -> None:
    car = Car(replace(ONE, phases=3), wished_w=11_000.0)
    rig = open_rig(site=THREE, cars=[car], house_w=(100.0, 100.0, 100.0), voltage_v=250.0, dimmed_w=4200.0)
    rig.look()
    assert rig.allowed().max_w == 0.0


def test_a_stop_is_a_stop() -> None:
    rig = open_rig(dimmed_w=0.0)
    rig.look()
    assert (rig.allowed().max_w, rig.allowed().max_because) == (0.0, Reason.ENWG14A)


# a station that does not obey


def test_a_charge_that_breaks_the_connection_against_its_order_is_stopped_after_twenty_seconds() -> None:
    rig = open_rig(house_w=(1000.0, 0.0, 0.0))
    rig.run(5)
    rig.cars[0].obeys = False
    rig.house_w = (4000.0, 0.0, 0.0)
    stops = []
    for _ in range(60):
        stops += [rig.now_s for place in rig.look().stops if place == ("ST1", 1)]
    assert len(stops) == 2
    assert 19.0 <= stops[0] - 107.0 <= 23.0


def test_a_house_that_overloads_the_connection_alone_stops_nobody() -> None:
    rig = open_rig(house_w=(1000.0, 0.0, 0.0))
    rig.house_w = (9500.0, 0.0, 0.0)
    assert not any(rig.look().stops for _ in range(60))


def test_a_car_that_needs_a_little_more_than_six_amperes_begins_with_that() -> None:
    rig = Rig(cars=[Car(replace(ONE, fallback_a=6.0), least_w=1500.0)])
    rig.look()
    rig.look()
    assert rig.limit_a() == 6.0
    rig.house_w = (8500.0, 0.0, 0.0)
    rig.look()
    assert rig.limit_a() == 0.0
    rig.house_w = (500.0, 0.0, 0.0)
    rig.run(90)
    first = next(ramp for ramp in rig.load.ramps.values())
    assert first.limit_a >= 1500 / 230
