"""What belongs together on a station's line, and what the guide says of pins and jumpers."""

import pytest

from custom_components.mobilize_flex.core.model.installation import (
    CONDUCTORS,
    PORTS,
    MeterPort,
    disagreements,
    is_rotation,
    terminals,
)

STEPS = (32.0, 25.0, 20.0, 16.0, 12.0, 8.0)


def test_torques_are_those_of_the_guide() -> None:
    told = {row.section_mm2: row.torque_nm for row in CONDUCTORS}
    assert told == {2.5: 2.26, 4.0: 2.26, 6.0: 2.82, 10.0: 4.0, 16.0: 4.0}


@pytest.mark.parametrize(
    ("port", "jumpers", "pins"),
    [
        (MeterPort.RS485, (1, 2), {3, 5, 6}),
        (MeterPort.LINKY, (3, 4), {3, 5}),
        (MeterPort.RS232, (5, 6), {3, 5}),
        (MeterPort.P1, (5, 6), {1, 2, 3, 5, 6}),
        (MeterPort.ENWG, (7, 8), {3, 5}),
        (MeterPort.NONE, (9, 10), set()),
    ],
)
def test_pins_and_jumpers_are_those_of_the_guide(port: MeterPort, jumpers: tuple[int, int], pins: set[int]) -> None:
    assert (PORTS[port].jumpers, set(PORTS[port].pins)) == (jumpers, pins)


def test_the_terminals_in_use() -> None:
    assert (terminals(1), terminals(3)) == (("N", "L1", "PE"), ("N", "L1", "L2", "L3", "PE"))


@pytest.mark.parametrize(
    ("selector_a", "breaker_a", "section_mm2", "found"),
    [
        (32.0, None, None, ()),
        (32.0, 40.0, 10.0, ()),
        (32.0, 32.0, 6.0, ()),
        (20.0, 20.0, 2.5, ()),
        (16.0, 18.0, 2.5, ()),
        (32.0, 20.0, 2.5, ("selector_above_breaker",)),
        (8.0, 6.0, None, ("selector_above_breaker",)),
        (16.0, 20.0, None, ("selector_below_breaker",)),
        (8.0, 10.0, None, ()),
        (32.0, 40.0, 4.0, ("section_below_breaker",)),
        (32.0, 20.0, 16.0, ("selector_above_breaker",)),
        (16.0, 32.0, 2.5, ("selector_below_breaker", "section_below_breaker")),
        (25.0, None, 2.5, ("section_below_selector",)),
        (20.0, None, 2.5, ()),
        (32.0, 40.0, 3.0, ()),
    ],
)
def test_what_disagrees_is_named(
    selector_a: float, breaker_a: float | None, section_mm2: float | None, found: tuple[str, ...]
) -> None:
    assert disagreements(selector_a, breaker_a, section_mm2) == found


@pytest.mark.parametrize("breaker_a", [6.0, 8.0, 10.0, 13.0, 16.0, 20.0, 25.0, 32.0, 40.0, 63.0])
def test_one_step_fits_every_breaker_and_none_above_it_does(breaker_a: float) -> None:
    fitting = [a for a in STEPS if not disagreements(a, breaker_a, None)]
    assert fitting == [a for a in STEPS if a <= breaker_a][:1]
    assert all("selector_above_breaker" in disagreements(a, breaker_a, None) for a in STEPS if a > breaker_a)


@pytest.mark.parametrize(
    ("rotation", "phases", "home_phases", "fits"),
    [
        ((0,), 1, 1, True),
        ((2,), 1, 3, True),
        ((2,), 1, 1, False),
        ((1, 2, 0), 3, 3, True),
        ((1, 1, 0), 3, 3, False),
        ((1,), 3, 3, False),
        ((0, 1, 2), 1, 3, False),
    ],
)
def test_each_conductor_has_a_phase_of_its_own(
    rotation: tuple[int, ...], phases: int, home_phases: int, fits: bool
) -> None:
    assert is_rotation(rotation, phases, home_phases) is fits
