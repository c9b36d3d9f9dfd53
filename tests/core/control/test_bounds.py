"""How far the battery may go: the 80 % rule of the manual, the floor, the last stretch."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.mobilize_flex.core.control.bounds import (
    CEILING_PCT,
    LAST_STRETCH_S,
    floor_pct,
    last_stretch_s,
    planned_floor_pct,
)
from custom_components.mobilize_flex.core.control.decide import Situation, decide
from custom_components.mobilize_flex.core.model.battery import Battery
from custom_components.mobilize_flex.core.model.reasons import Reason
from custom_components.mobilize_flex.core.model.session import Phase
from custom_components.mobilize_flex.core.model.wishes import Wishes

from .test_decide import V2G, slot

maxima = st.floats(50, 100)
phases = st.sampled_from([Phase.V2G, Phase.STANDARD, Phase.HELD])


def at(phase: Phase, soc_pct: float, soc_max_pct: float, hours: float, **more: object) -> Situation:
    wishes = Wishes(soc_min_pct=20.0, soc_max_pct=soc_max_pct)
    change = {"phase": phase, "soc_pct": soc_pct, "wishes": wishes, "departs_in_s": hours * 3600.0, **more}
    return replace(V2G, slot=slot(3000.0), hold_pct=soc_max_pct, **change)  # type: ignore[arg-type]


@given(phases, st.floats(0, 100), maxima, st.floats(0, 48), st.floats(0, 20), st.booleans())
def test_no_charge_goes_above_eighty_but_for_a_higher_maximum_and_that_before_the_departure_only(
    phase: Phase, soc_pct: float, soc_max_pct: float, hours: float, error_pct: float, v2g_now: bool
) -> None:
    s = at(phase, soc_pct, soc_max_pct, hours, soc_error_pct=error_pct, v2g_now=v2g_now)
    charges = (decide(s).power_w or 0.0) > 0.0
    above_maximum = soc_pct >= soc_max_pct
    if charges and above_maximum:
        assert phase is Phase.V2G
        assert v2g_now
        assert soc_pct < CEILING_PCT
    if charges and soc_pct >= CEILING_PCT and phase is Phase.V2G and v2g_now:
        assert not above_maximum
        assert s.departs_in_s is not None
        assert s.departs_in_s <= s.last_stretch_s


@pytest.mark.parametrize(
    ("soc_pct", "soc_max_pct", "hours", "charges"),
    [
        (75.0, 70.0, 10.0, True),
        (80.0, 70.0, 10.0, False),
        (75.0, 90.0, 10.0, True),
        (80.0, 90.0, 10.0, False),
        (80.0, 90.0, 1.5, True),
        (90.0, 90.0, 1.5, False),
        (79.0, 80.0, 0.1, True),
        (80.0, 80.0, 0.1, False),
    ],
)
def test_the_rule_as_the_manual_words_it(soc_pct: float, soc_max_pct: float, hours: float, charges: bool) -> None:
    decision = decide(at(Phase.V2G, soc_pct, soc_max_pct, hours))
    assert ((decision.power_w or 0.0) > 0.0) is charges
    if not charges:
        assert decision.capped_by is Reason.CEILING_REACHED


def test_a_doubtful_level_keeps_further_off_eighty_but_still_reaches_the_maximum() -> None:
    assert decide(at(Phase.V2G, 77.0, 70.0, 10.0, soc_error_pct=5.0)).power_w == 0.0
    assert (decide(at(Phase.V2G, 79.0, 80.0, 10.0, soc_error_pct=5.0)).power_w or 0.0) > 0.0


def test_the_last_stretch_is_as_long_as_the_way_takes() -> None:
    battery = Battery()
    assert last_stretch_s(battery, 80.0, 7000.0) == LAST_STRETCH_S
    slow, fast = last_stretch_s(battery, 100.0, 2300.0), last_stretch_s(battery, 100.0, 11_000.0)
    assert slow > fast >= LAST_STRETCH_S
    hours = 0.2 * battery.capacity_wh / (2300.0 * battery.efficiency(2300.0))
    assert slow > timedelta(hours=hours).total_seconds()


@given(st.floats(5, 40), st.floats(0, 100), st.floats(0, 50))
def test_doubt_forbids_giving_back_and_never_makes_a_car_charge(
    soc_min_pct: float, soc_pct: float, error_pct: float
) -> None:
    wishes = Wishes(soc_min_pct=soc_min_pct, soc_max_pct=80.0)
    planned = planned_floor_pct(wishes, soc_pct, error_pct)
    assert soc_min_pct <= planned <= floor_pct(wishes, error_pct)
    assert planned <= max(soc_min_pct, soc_pct)


@given(st.floats(0, 100), st.floats(0, 50))
def test_nothing_is_given_back_within_the_uncertainty_above_the_minimum(soc_pct: float, error_pct: float) -> None:
    s = replace(V2G, slot=slot(-3000.0), soc_pct=soc_pct, soc_error_pct=error_pct)
    if (decide(s).power_w or 0.0) < 0.0:
        assert soc_pct - error_pct >= s.wishes.soc_min_pct
