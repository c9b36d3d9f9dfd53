"""A meter that falls mute, is lost, or is frozen while a car charges or gives back.

Fault 6: after ten seconds the car falls to what was agreed, nothing is given back, and all of it comes back by itself.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from custom_components.mobilize_flex.core.model import facts as f
from custom_components.mobilize_flex.core.model.electric import MeterReading
from custom_components.mobilize_flex.core.model.reasons import Reason
from tests.faults.metered import FALLBACK_A, STEP_S, VOLTS, MeteredHome, metered

STALE_S = 10.0
REACTS_S = 5.0
SETTLES_S = 240.0
STEADY_S = 200.0
HOMES: dict[str, dict[str, Any]] = {
    "single phase": {},
    "single phase, 2.0.1": {"protocol": "ocpp2.0.1"},
    "three phases": {"phases": 3, "breaker_a": 30.0},
    "three phases, small car": {"phases": 3, "car_phases": 1, "breaker_a": 30.0},
    "small breaker": {"breaker_a": 30.0, "load_w": 300.0},
}


def frozen(home: MeteredHome) -> Callable[[MeterReading, float], MeterReading | None]:
    """Return a meter that repeats its last word for ever, its clock included."""
    last = home.meter.reading
    return lambda _, __: last


def clockless(home: MeteredHome) -> Callable[[MeterReading, float], MeterReading | None]:
    """Return a meter without a clock that repeats its last word for ever."""
    last = replace(home.meter.reading, clock=None)
    return lambda _, __: last


def mute(home: MeteredHome) -> None:
    home.meter_mute = True


def lose(home: MeteredHome) -> None:
    home.meter_mute = True
    home.tell(f.MeterLost("lost"))


def freeze(home: MeteredHome) -> None:
    home.twist = frozen(home)


def impossible(home: MeteredHome) -> None:
    home.twist = lambda reading, _: replace(reading, power_w=1000.0 * (reading.power_w or 500.0))


FAULTS: dict[str, Callable[[MeteredHome], None]] = {
    "mute": mute,
    "lost": lose,
    "frozen": freeze,
    "impossible": impossible,
}


def heal(home: MeteredHome) -> None:
    home.meter_mute, home.twist = False, None


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("which", HOMES)
def test_a_car_falls_to_what_was_agreed_and_comes_back(which: str, fault: str) -> None:
    home = metered(**HOMES[which])
    phases = home.config.stations[0].phases
    agreed_w = FALLBACK_A * VOLTS * phases
    before_w = home.car_w[-1]
    assert before_w > agreed_w + 500.0
    FAULTS[fault](home)
    home.run(STALE_S + REACTS_S, step_s=STEP_S)
    home.run(60, step_s=STEP_S)
    assert max(home.car_w[-60:]) <= agreed_w + 50.0
    assert home.looks[-1].evse.envelope.max_because is Reason.METER_STALE
    assert not home.looks[-1].evse.envelope.fresh
    heal(home)
    home.run(SETTLES_S, step_s=STEP_S)
    assert home.car_w[-1] >= 0.9 * before_w
    assert home.meter.lost is None


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_given_back_blindly(fault: str) -> None:
    home = metered(load_w=4000.0, evening=True)
    home.run(STEADY_S, step_s=STEP_S)
    assert home.car_w[-1] < -1500.0
    FAULTS[fault](home)
    home.run(STALE_S + REACTS_S, step_s=STEP_S)
    home.run(60, step_s=STEP_S)
    assert min(home.car_w[-60:]) >= -50.0
    heal(home)
    home.run(STEADY_S + SETTLES_S, step_s=STEP_S)
    assert home.meter.lost is None
    assert home.car_w[-1] < -1500.0


def test_a_meter_without_a_clock_is_frozen_once_the_car_moves_and_it_does_not() -> None:
    home = metered()
    home.twist = clockless(home)
    home.run(60, step_s=STEP_S)
    assert home.meter.lost is None, "a steady house is no frozen meter"
    home.home.unplug()
    home.run(25, step_s=STEP_S)
    assert home.meter.lost == "frozen"
    heal(home)
    home.run(10, step_s=STEP_S)
    assert home.meter.lost is None


def test_a_house_that_truly_rests_is_not_taken_for_frozen() -> None:
    home = metered()
    home.twist = lambda reading, _: replace(reading, power_w=0.0, clock=None)
    home.home.unplug()
    home.run(600, step_s=STEP_S)
    assert home.meter.lost is None
