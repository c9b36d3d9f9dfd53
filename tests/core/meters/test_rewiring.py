"""A meter put in otherwise than the book says, and what transformers tell."""

from hypothesis import given, strategies as st
import pytest

from custom_components.mobilize_flex.core.meters.rewiring import rewired
from custom_components.mobilize_flex.core.meters.transformers import amperes, read_currents
from custom_components.mobilize_flex.core.model.electric import MeterReading
from custom_components.mobilize_flex.core.model.wiring import TransformerRatio, Wiring

READING = MeterReading(
    power_w=900.0,
    apparent_va=950.0,
    injected_va=0.0,
    phase_power_w=(1000.0, -300.0, 200.0),
    current_a=(4.4, -1.3, 0.9),
    voltage_v=(230.0, 231.0, 232.0),
    signed=True,
    import_wh=5000.0,
    export_wh=70.0,
)


def test_wired_by_the_book_nothing_changes() -> None:
    assert rewired(READING, Wiring()) is READING


def test_the_other_direction() -> None:
    turned = rewired(READING, Wiring(inverted=True))
    assert (turned.power_w, turned.phase_power_w) == (-900.0, (-1000.0, 300.0, -200.0))
    assert turned.current_a == (-4.4, 1.3, -0.9)
    assert (turned.import_wh, turned.export_wh) == (70.0, 5000.0)
    assert (turned.apparent_va, turned.injected_va) == (0.0, 950.0)


def test_a_phase_stands_in_its_place() -> None:
    placed = rewired(READING, Wiring(order=(2, 0, 1)))
    assert placed.phase_power_w == (200.0, 1000.0, -300.0)
    assert placed.voltage_v == (232.0, 230.0, 231.0)
    assert (placed.power_w, placed.import_wh) == (900.0, 5000.0)


def test_one_transformer_the_wrong_way_round_spoils_the_counters_and_not_the_power() -> None:
    turned = rewired(READING, Wiring(turned=frozenset({1})))
    assert turned.phase_power_w == (1000.0, 300.0, 200.0)
    assert (turned.power_w, turned.import_wh, turned.apparent_va) == (1500.0, None, None)
    assert rewired(MeterReading(power_w=5.0), Wiring(turned=frozenset({1}))).power_w is None


def test_a_magnitude_has_no_direction_to_turn() -> None:
    unsigned = MeterReading(current_a=(1.0, 2.0, None))
    assert rewired(unsigned, Wiring(inverted=True)).current_a == (1.0, 2.0, None)


@given(st.permutations([0, 1, 2]), st.booleans(), st.sets(st.integers(0, 2)))
def test_the_order_of_the_phases_never_changes_the_total(order: list[int], inverted: bool, turned: set[int]) -> None:
    first, second, third = order
    plain = rewired(READING, Wiring(inverted, turned=frozenset(turned)))
    placed = rewired(READING, Wiring(inverted, (first, second, third), frozenset(turned)))
    assert placed.power_w == pytest.approx(plain.power_w)
    assert sorted(placed.phase_power_w) == sorted(plain.phase_power_w)  # type: ignore[type-var]


def test_a_hundred_amperes_give_a_third_of_a_volt() -> None:
    assert amperes(333.0, TransformerRatio()) == 100.0
    assert amperes(-33.3, TransformerRatio()) == pytest.approx(10.0)
    assert amperes(-33.3, TransformerRatio(signed=True)) == pytest.approx(-10.0)
    assert amperes(333.0, TransformerRatio(amperes=200.0)) == 200.0


def test_transformers_without_a_direction_know_no_power() -> None:
    reading = read_currents((3.0, -4.0, None), signed=False)
    assert (reading.current_a, reading.power_w, reading.signed) == ((3.0, 4.0, None), None, False)
    assert read_currents((None, None, None), signed=True) == MeterReading()


def test_transformers_with_a_direction_know_it_at_the_nominal_voltage() -> None:
    reading = read_currents((10.0, -4.0, None), signed=True)
    assert (reading.power_w, reading.phase_power_w) == (1380.0, (2300.0, -920.0, None))
    assert reading.signed
