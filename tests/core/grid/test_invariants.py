"""What load management promises whatever a day brings: random houses, cars, meters, orders of the grid operator."""

from dataclasses import dataclass, replace
from itertools import pairwise, permutations
from typing import Final

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.mobilize_flex.core.grid.law import rule
from custom_components.mobilize_flex.core.grid.takers import Scene
from custom_components.mobilize_flex.core.model.electric import MeterReading
from custom_components.mobilize_flex.core.model.reasons import Reason
from tests.core.grid.scenes import ONE, SITE, THREE, TWO, Car, Rig

DAYS: Final = settings(max_examples=25, deadline=None)
LEAST_W: Final = 6.0 * 230.0
SMALL_W: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Moment:
    """One stretch of a random day."""

    seconds: int
    house_w: tuple[float, float, float]
    wished_w: tuple[float, float]
    plugged: tuple[bool, bool]
    heard: bool
    dimmed_w: float | None


POWERS: Final = st.floats(-6000, 12000)
WISHES: Final = st.sampled_from([-7000.0, -2000.0, 0.0, 1500.0, 4000.0, 11_000.0])
DAY: Final = st.lists(
    st.builds(
        Moment,
        seconds=st.integers(1, 40),
        house_w=st.tuples(POWERS, POWERS, POWERS),
        wished_w=st.tuples(WISHES, WISHES),
        plugged=st.tuples(st.booleans(), st.booleans()),
        heard=st.sampled_from([True, True, True, False]),
        dimmed_w=st.sampled_from([None, None, 4200.0, 7560.0, 0.0]),
    ),
    min_size=1,
    max_size=8,
)
HOMES: Final = st.sampled_from([SITE, THREE, replace(THREE, imbalance_w=4600.0), replace(SITE, breaker_a=20.0)])


def home_of(site: object, several: bool) -> Rig:
    phases = 3 if site is not SITE and getattr(site, "phases", 1) == 3 else 1
    cars = [Car(replace(ONE, phases=phases, priority=1))]
    if several:
        cars.append(Car(replace(TWO, rotation=(0,))))
    return Rig(site=site, cars=cars)  # type: ignore[arg-type]


def live(rig: Rig, day: list[Moment], each: object) -> None:
    """Let a day pass second by second; ``each`` looks after every ruling."""
    for stretch in day:
        rig.house_w, rig.dimmed_w = stretch.house_w, stretch.dimmed_w
        for car, wished_w, plugged in zip(rig.cars, stretch.wished_w, stretch.plugged, strict=False):
            car.wished_w, car.active = wished_w, plugged
            car.power_w = car.power_w if plugged else 0.0
        for _ in range(stretch.seconds):
            before = [rig.load.ramps[p].limit_a for p in rig.load.ramps]
            rig.look(sample=stretch.heard)
            each(rig, before, stretch)  # type: ignore[operator]


@DAYS
@given(HOMES, st.booleans(), DAY)
def test_no_limit_ever_passes_selector_breaker_or_contract(site: object, several: bool, day: list[Moment]) -> None:
    def look(rig: Rig, before: list[float], stretch: Moment) -> None:
        top_a = min(rig.site.breaker_a, (rig.site.subscribed_kva or 0) * 1000 / rig.site.phases / 230)
        for n, car in enumerate(rig.cars):
            assert rig.allowed(n).max_w <= min(car.station.selector_a, top_a) * 230 * car.station.phases + SMALL_W
            assert rig.allowed(n).min_w >= -car.station.selector_a * 230 * car.station.phases - SMALL_W

    live(home_of(site, several), day, look)


@DAYS
@given(DAY)
def test_too_little_room_in_a_new_reading_is_a_lower_limit_in_the_same_step(day: list[Moment]) -> None:
    def look(rig: Rig, before: list[float], stretch: Moment) -> None:
        if not stretch.heard or not before or rig.load.house_a is None:
            return
        room_a = 9000 / 230 - 0.5 - rig.load.house_a[0]
        assert rig.limit_a() <= max(0.0, room_a) + SMALL_W

    live(home_of(SITE, several=False), day, look)


@DAYS
@given(HOMES, DAY)
def test_nothing_is_raised_without_a_new_whole_reading_in_order(site: object, day: list[Moment]) -> None:
    rig = home_of(site, several=False)
    live(rig, day, lambda *_: None)
    rig.look()
    limit_a, load = rig.limit_a(), rig.load
    for late_s in (3.1, 1.0, 1.0):
        rig.look(late_s, sample=False)
        assert rig.limit_a() <= limit_a
    rig.load = load
    for _ in range(40):
        rig.look(0.2, reading=MeterReading(phase_power_w=(100.0, None, None)))
        assert rig.site.phases == 1 or rig.limit_a() <= limit_a


@DAYS
@given(HOMES, DAY, st.integers(-100_000, 100_000))
def test_a_wall_clock_that_jumps_changes_nothing(site: object, day: list[Moment], jump_s: int) -> None:
    def lived(jumps_s: float) -> list[float]:
        rig, seen = home_of(site, several=True), []
        for stretch in day:
            rig.wall_s += jumps_s
            live(rig, [stretch], lambda r, *_: seen.append(r.limit_a(0) + r.limit_a(1)))
        return seen

    assert lived(0) == lived(jump_s)


@DAYS
@given(HOMES, st.booleans(), DAY)
def test_no_limit_lies_between_nothing_and_six_amperes(site: object, several: bool, day: list[Moment]) -> None:
    def look(rig: Rig, before: list[float], stretch: Moment) -> None:
        for n, car in enumerate(rig.cars):
            max_w = rig.allowed(n).max_w
            assert max_w == 0.0 or max_w >= LEAST_W * car.station.phases - SMALL_W

    live(home_of(site, several), day, look)


@DAYS
@given(HOMES, st.booleans(), DAY)
def test_nothing_goes_out_beyond_what_house_and_permission_take(site: object, several: bool, day: list[Moment]) -> None:
    def look(rig: Rig, before: list[float], stretch: Moment) -> None:
        out_w = sum(rig.allowed(n).min_w for n, car in enumerate(rig.cars) if car.active)
        if not stretch.heard and rig.now_s - rig.load.sample_s > 10.0:
            assert out_w == 0.0
        elif rig.load.house_w is not None:
            assert -out_w <= max(0.0, rig.load.house_w) + 1e-3

    live(home_of(site, several), day, look)


@DAYS
@given(DAY)
def test_a_silent_meter_is_the_fail_safe_until_two_good_readings(day: list[Moment]) -> None:
    rig = home_of(SITE, several=False)
    live(rig, day, lambda *_: None)
    rig.dimmed_w, rig.cars[0].active = None, True
    rig.look(10.1, sample=False)
    for _ in range(3):
        assert (rig.allowed().max_w, rig.allowed().min_w) == (2300.0, 0.0)
        rig.look(5.0, sample=False)
    rig.house_w = (500.0, 0.0, 0.0)
    rig.look()
    assert (rig.allowed().max_w, rig.allowed().min_w) == (2300.0, 0.0)


@DAYS
@given(HOMES, st.booleans(), DAY, st.sampled_from([0.0, 4200.0, 7560.0]), st.booleans())
def test_under_an_order_of_the_grid_operator_all_cars_stay_within_it(
    site: object, several: bool, day: list[Moment], dimmed_w: float, heard: bool
) -> None:
    rig = home_of(site, several)
    live(rig, day, lambda *_: None)
    rig.dimmed_w = dimmed_w
    for car in rig.cars:
        car.wished_w = 22_000.0  # an instant charge, a probe, a wish by hand: the law does not ask
    for _ in range(20):
        rig.look(1.0, sample=heard)
        known = rig.now_s - rig.load.sample_s <= 10.0
        surplus_w = max(0.0, -(rig.load.house_w or 0.0)) if known else 0.0
        allowed_w = sum(rig.allowed(n).max_w for n, car in enumerate(rig.cars) if car.active)
        assert allowed_w <= dimmed_w + surplus_w + 1e-3


@DAYS
@given(DAY, st.sampled_from([0.0, 1500.0, 4000.0]))
def test_a_smaller_wish_never_gives_another_car_more_than_the_connection_has(
    day: list[Moment], wished_w: float
) -> None:
    def look(rig: Rig, before: list[float], stretch: Moment) -> None:
        if stretch.heard and rig.load.house_a is not None and all(car.active for car in rig.cars):
            room_a = 9000 / 230 - 0.5 - rig.load.house_a[0]
            assert rig.limit_a(0) + rig.limit_a(1) <= max(0.0, room_a) + 1e-3

    rig = home_of(SITE, several=True)
    live(rig, [replace(m, wished_w=(m.wished_w[0], wished_w)) for m in day], look)


@DAYS
@given(st.tuples(*[st.floats(0, 4000)] * 3), st.integers(30, 200))
def test_the_order_of_the_phases_changes_nothing(house_w: tuple[float, float, float], seconds: int) -> None:
    def lived(order: tuple[int, ...]) -> float:
        rig = Rig(site=THREE, cars=[Car(replace(ONE, phases=3), wished_w=11_000.0)])
        rig.house_w = tuple(house_w[p] for p in order)
        rig.run(seconds)
        return rig.limit_a()

    assert len({round(lived(order), 6) for order in permutations(range(3))}) == 1


@DAYS
@given(st.floats(0, 8000), st.integers(30, 200))
def test_the_order_of_the_stations_changes_no_total(house_w: float, seconds: int) -> None:
    def lived(stations: list[Car]) -> float:
        rig = Rig(cars=stations, house_w=(house_w, 0.0, 0.0))
        rig.run(seconds)
        return rig.limit_a(0) + rig.limit_a(1)

    assert lived([Car(ONE), Car(TWO)]) == pytest.approx(lived([Car(TWO), Car(ONE)]))


@DAYS
@given(HOMES, st.booleans(), DAY)
def test_every_limit_has_a_reason_of_load_management(site: object, several: bool, day: list[Moment]) -> None:
    named = {
        Reason.MAIN_FUSE, Reason.SUBSCRIBED_POWER, Reason.IMBALANCE, Reason.ENWG14A, Reason.METER_STALE,
        Reason.STATION_LIMIT, Reason.FEED_IN_LIMIT, Reason.GRID_VOLTAGE,
    }  # fmt: skip

    def look(rig: Rig, before: list[float], stretch: Moment) -> None:
        for n in range(len(rig.cars)):
            assert rig.allowed(n).max_because in named
            assert rig.allowed(n).min_because in named
            assert rig.allowed(n).valid_s == 10.0

    live(home_of(site, several), day, look)


@DAYS
@given(st.lists(st.floats(0, 9000), min_size=2, max_size=30))
def test_raises_are_two_amperes_at_most_and_ten_seconds_apart(houses: list[float]) -> None:
    rig = home_of(SITE, several=False)
    raises = []
    for house_w in houses:
        rig.house_w = (house_w, 0.0, 0.0)
        for _ in range(12):
            before = rig.load.ramps[("ST1", 1)].limit_a if rig.load.ramps else 10.0
            rig.look()
            if rig.limit_a() > before:
                raises.append(rig.now_s)
                assert rig.limit_a() - before <= (2.0 if before else 6.0) + 1e-9
    assert all(later - sooner >= 10.0 for sooner, later in pairwise(raises))


def test_looking_twice_at_the_same_moment_is_looking_once() -> None:
    rig = home_of(SITE, several=True)
    rig.run(40)
    assert rig.meter.at is not None
    scene = Scene(site=rig.site, meter=rig.meter, takers=(), now_s=rig.now_s)
    once = rule(scene, rig.load, rig.meter.at)
    assert rule(scene, once.load, rig.meter.at) == once
