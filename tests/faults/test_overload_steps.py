"""Ovens, heaters and kettles switched on while a car charges, on every combination of phases.

Fault 17: back under the fuse within ten seconds, without swinging; the station measures every five seconds.
"""

from itertools import combinations, pairwise
from typing import Any

import pytest

from tests.faults.metered import STEP_S, VOLTS, MeteredHome, metered

BACK_S = 10.0
WATCHED_S = 300
REVERSALS = 2
SWING_W = 300.0
SUBSETS = [phases for size in (1, 2, 3) for phases in combinations(range(3), size)]


def switch_on(home: MeteredHome, phases: tuple[int, ...], power_w: float) -> None:
    loads = list(home.kitchen.loads_w)
    for phase in phases:
        loads[phase] += power_w
    home.kitchen.loads_w = tuple(loads)


def over_s(home: MeteredHome, since: int) -> int:
    """Return the longest time a phase was over the breaker in one go."""
    longest = run = 0
    for drawn in home.drawn_a[since:]:
        run = run + 1 if max(drawn) > home.config.breaker_a else 0
        longest = max(longest, run)
    return longest


def reversals(powers: list[float]) -> int:
    """Return how often a power that fell rose again, or the other way round; small steps do not count."""
    turns, direction, low, high = 0, 0, powers[0], powers[0]
    for before, after in pairwise(powers):
        low, high = min(low, after), max(high, after)
        went = 1 if after - low > SWING_W and after > before else -1 if high - after > SWING_W and after < before else 0
        if went and went != direction:
            turns += direction != 0
            direction = went
            low = high = after
    return turns


@pytest.mark.parametrize("power_w", [1200.0, 2300.0])
@pytest.mark.parametrize("car_phases", [1, 3])
@pytest.mark.parametrize("phases", SUBSETS, ids=lambda phases: "".join(f"L{p + 1}" for p in phases))
def test_an_oven_on_these_phases_never_overloads_for_long(
    phases: tuple[int, ...], car_phases: int, power_w: float
) -> None:
    home = metered(phases=3, car_phases=car_phases, breaker_a=20.0, load_w=1800.0)
    begun = len(home.drawn_a)
    assert home.car_w[-1] > 2500.0
    switch_on(home, phases, power_w)
    home.run(WATCHED_S, step_s=STEP_S)
    assert over_s(home, begun) <= BACK_S
    assert reversals(home.car_w[begun:]) <= REVERSALS
    assert not home.home.snapshot().cut


@pytest.mark.parametrize("site", [{"breaker_a": 30.0}, {"breaker_a": 45.0, "protocol": "ocpp2.0.1"}])
@pytest.mark.parametrize("power_w", [2000.0, 5500.0])
def test_an_oven_in_a_house_of_one_phase(site: dict[str, Any], power_w: float) -> None:
    home = metered(**site, load_w=500.0)
    begun = len(home.drawn_a)
    switch_on(home, (0,), power_w)
    home.run(WATCHED_S, step_s=STEP_S)
    assert over_s(home, begun) <= BACK_S
    assert reversals(home.car_w[begun:]) <= REVERSALS
    assert home.drawn_a[-1][0] * VOLTS <= site["breaker_a"] * VOLTS


def test_an_oven_that_comes_and_goes_swings_nothing_but_what_it_must() -> None:
    home = metered(phases=3, breaker_a=20.0, load_w=1800.0)
    begun = len(home.drawn_a)
    for n in range(10):
        switch_on(home, (0,), 2000.0 if n % 2 == 0 else -2000.0)
        home.run(30, step_s=STEP_S)
    assert over_s(home, begun) <= BACK_S
    assert reversals(home.car_w[begun:]) <= 2 * 5
