"""What is lost on the way into a battery and out of it, and what charges teach of that."""

from dataclasses import replace
from itertools import pairwise
import random

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.mobilize_flex.core.battery.learning import gone_on, points_of, started, taught
from custom_components.mobilize_flex.core.battery.losses import battery_of, efficiency_steps
from custom_components.mobilize_flex.core.model.battery import LEAST_POWER_W, USUAL_W, Battery, Learned, SocSource
from custom_components.mobilize_flex.core.model.config import VehicleConfig

R5 = VehicleConfig(key="r5", name="R5")


def stretches(truth: Battery, powers: list[float], *, charging: bool, source: SocSource = SocSource.STATION) -> Learned:
    """Return what a car of the owner's figures teaches that is truly another."""
    dice, learned = random.Random(5), Learned()
    for power_w in powers:
        noise = dice.uniform(-0.4, 0.4)
        begun = started(source, 60.0 if not charging else 30.0, charging=charging)
        rate = truth.efficiency(power_w) if charging else 1.0 / truth.efficiency(-power_w)
        wh = (25.0 + noise) * truth.capacity_wh / 100.0 / rate
        gone = (wh, 0.0) if charging else (0.0, wh)
        stretch = gone_on(begun, *gone, wh / power_w * 3600.0)
        assert stretch is not None
        points = points_of(stretch, source, stretch.soc_pct + (25.0 if charging else -25.0))
        assert points == 25.0
        learned = taught(learned, R5, stretch, points)
    return learned


def test_the_owners_figures_hold_at_the_usual_power() -> None:
    battery = battery_of(R5, Learned())
    assert battery.capacity_wh == pytest.approx(52_000.0)
    assert battery.efficiency(USUAL_W) == pytest.approx(0.9)
    assert battery.efficiency(-USUAL_W) == pytest.approx(0.9)


def test_a_slow_charge_loses_more() -> None:
    battery = battery_of(R5, Learned())
    rising = [battery.efficiency(w) for w in (1400.0, 2300.0, 3700.0, 7400.0, 11000.0)]
    assert all(low < high for low, high in pairwise(rising))
    assert 0.76 < rising[0] < 0.82


@given(least_w=st.floats(0, 9000), direction=st.sampled_from([1, -1]))
def test_steps_begin_at_nothing_rise_and_promise_no_more_than_the_curve(least_w: float, direction: int) -> None:
    steps, battery = efficiency_steps(battery_of(R5, Learned()), direction, least_w), battery_of(R5, Learned())
    assert steps[0].from_w == 0.0
    assert all(a.from_w < b.from_w and a.efficiency <= b.efficiency for a, b in pairwise(steps))
    lowest_w = max(least_w, LEAST_POWER_W)
    assert all(s.efficiency <= battery.efficiency(direction * max(s.from_w, lowest_w)) + 1e-4 for s in steps)


def test_charging_and_giving_back_together_tell_a_smaller_battery_from_a_worse_charger() -> None:
    smaller = replace(battery_of(R5, Learned()), capacity_wh=44_000.0)
    learned = Learned(
        charging=stretches(smaller, [7000.0] * 12, charging=True).charging,
        discharging=stretches(smaller, [5000.0] * 12, charging=False).discharging,
    )
    assert battery_of(R5, learned).capacity_wh == pytest.approx(44_000.0, rel=0.03)
    worse = replace(battery_of(R5, Learned()), charge_share=0.85, discharge_share=0.85)
    learned = Learned(
        charging=stretches(worse, [7000.0] * 12, charging=True).charging,
        discharging=stretches(worse, [5000.0] * 12, charging=False).discharging,
    )
    battery = battery_of(R5, learned)
    assert battery.capacity_wh == pytest.approx(52_000.0, rel=0.03)
    assert battery.efficiency(7000.0) == pytest.approx(worse.efficiency(7000.0), abs=0.02)


def test_slow_and_fast_charges_tell_the_overhead() -> None:
    truth = replace(battery_of(R5, Learned()), overhead_w=350.0)
    learned = stretches(truth, [1400.0, 7000.0] * 15, charging=True)
    assert battery_of(R5, learned).overhead_w == pytest.approx(350.0, abs=60.0)
    assert battery_of(R5, learned).efficiency(1400.0) < battery_of(R5, Learned()).efficiency(1400.0)


def test_one_odd_night_moves_little_and_nonsense_nothing() -> None:
    sound = stretches(battery_of(R5, Learned()), [7000.0] * 10, charging=True)
    begun = started(SocSource.STATION, 30.0, charging=True)
    odd = taught(sound, R5, gone_on(begun, 18_000.0, 0.0, 9000.0), 25.0)  # type: ignore[arg-type]
    assert battery_of(R5, odd).capacity_wh == pytest.approx(battery_of(R5, sound).capacity_wh, rel=0.02)
    absurd = taught(sound, R5, gone_on(begun, 60_000.0, 0.0, 9000.0), 25.0)  # type: ignore[arg-type]
    assert absurd.charging == replace(sound.charging, refused=1)


@settings(max_examples=60)
@given(
    capacity=st.floats(0.3, 3.0),
    share=st.floats(0.5, 1.0),
    powers=st.lists(st.floats(1000.0, 11000.0), max_size=6),
    charging=st.booleans(),
)
def test_what_is_learned_stays_near_what_the_owner_said(
    capacity: float, share: float, powers: list[float], charging: bool
) -> None:
    truth = Battery(capacity_wh=52_000.0 * capacity, charge_share=share, discharge_share=share, overhead_w=200.0)
    battery = battery_of(R5, stretches(truth, powers, charging=charging))
    assert 0.6 * 52_000.0 <= battery.capacity_wh <= 1.25 * 52_000.0
    assert 0.4 <= battery.efficiency(1400.0) <= battery.efficiency(11_000.0) < 1.0
    assert 0.0 <= battery.overhead_w <= 600.0


def test_a_stretch_that_turned_around_teaches_nothing() -> None:
    begun = started(SocSource.STATION, 40.0, charging=True)
    assert begun is not None
    once = gone_on(begun, 5000.0, 0.0, 60.0)
    assert once is not None
    assert gone_on(once, 0.0, 600.0, 60.0) is None


@pytest.mark.parametrize(("source", "soc_pct"), [(SocSource.OWNER, 50.0), (SocSource.STATION, 98.0)])
def test_no_stretch_begins_with_a_guess_or_near_the_end(source: SocSource, soc_pct: float) -> None:
    assert started(source, soc_pct, charging=True) is None


def test_a_capacity_the_car_tells_counts_more() -> None:
    assert battery_of(R5, Learned(), 40_000.0).capacity_wh == 40_000.0
