"""The registers of a Modbus meter: what they hold, which are read together, what is not believed."""

from collections.abc import Mapping
from fractions import Fraction
import struct
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.mobilize_flex.core.meters.register_table import TableError, own_table, read_table
from custom_components.mobilize_flex.core.meters.registers import (
    Block,
    NumberType,
    Quantity,
    Register,
    RegisterTable,
    blocks,
    number,
    read,
)
from custom_components.mobilize_flex.core.model.wiring import TransformerRatio
from custom_components.mobilize_flex.shell.register_tables import load_tables
from simulator.modbus_maps import MAPS

ROW: Mapping[str, Any] = {"of": "power", "at": 10, "type": "float32"}
CODES = {
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "uint64": "Q",
    "float32": "f",
    "float64": "d",
}


def words(kind: str, value: float, *, low_first: bool = False) -> list[int]:
    raw = struct.pack(f">{CODES[kind]}", value)
    split = list(struct.unpack(f">{len(raw) // 2}H", raw))
    return split[::-1] if low_first else split


def held(*runs: tuple[int, list[int]]) -> dict[int, int]:
    return {at + n: word for at, run in runs for n, word in enumerate(run)}


@pytest.mark.parametrize("low_first", [False, True])
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("int16", -3), ("uint16", 65534), ("int32", -123456), ("uint32", 4_000_000_000), ("int64", -(1 << 60)),
        ("uint64", 1 << 63), ("float32", -1234.5), ("float64", 8765432.1),
    ],
)  # fmt: skip
def test_a_number_is_read_in_both_orders(kind: str, value: float, low_first: bool) -> None:
    assert number(words(kind, value, low_first=low_first), NumberType(kind), low_first=low_first) == value


@pytest.mark.parametrize(
    ("kind", "run"),
    [
        ("float32", [0x7FC0, 0]), ("float32", [0x7F80, 0]), ("float64", [0xFFF8, 0, 0, 0]), ("uint16", [0xFFFF]),
        ("uint32", [0xFFFF] * 2), ("uint64", [0xFFFF] * 4), ("int16", [0x7FFF]), ("int32", [0x7FFF, 0xFFFF]),
        ("int64", [0x7FFF, 0xFFFF, 0xFFFF, 0xFFFF]),
    ],
)  # fmt: skip
def test_not_available_is_no_number(kind: str, run: list[int]) -> None:
    assert number(run, NumberType(kind)) is None


@given(st.lists(st.integers(0, 0xFFFF), min_size=4, max_size=4), st.booleans())
def test_any_words_are_a_finite_number_or_none(run: list[int], low_first: bool) -> None:
    for kind in NumberType:
        value = number(run[: kind.words], kind, low_first=low_first)
        assert value is None or abs(value) < float("inf")


# the kinds we know


@pytest.mark.parametrize("kind", sorted(MAPS))
def test_our_tables_say_the_same_as_the_makers(kind: str) -> None:
    table, makers = load_tables()[kind], MAPS[kind]
    assert {3 if table.holding else 4} <= set(makers.functions)
    assert table.low_first == makers.low_first
    ours = {(r.of.value, r.phase, r.at, CODES[r.kind], 1 / r.scale) for r in table.registers}
    theirs = {
        (of, n if of in ("voltage", "current", "phase_power") else None, at, code, Fraction(str(per_unit)))
        for of, addresses, code, per_unit in makers.rows
        for n, at in enumerate(addresses)
    }
    assert ours == theirs


def test_every_kind_of_the_simulator_has_a_table() -> None:
    assert set(load_tables()) == set(MAPS)


@pytest.mark.parametrize("kind", sorted(MAPS))
@pytest.mark.parametrize("longest", [None, 20, 4])
def test_a_read_never_begins_or_ends_inside_a_number(kind: str, longest: int | None) -> None:
    table = load_tables()[kind]
    plan = blocks(table, longest)
    inside = {at for r in table.registers for at in range(r.at + 1, r.end)}
    covered = {at for b in plan for at in range(b.at, b.at + b.count)}
    assert {at for r in table.registers for at in range(r.at, r.end)} <= covered
    assert all(b.at not in inside and b.at + b.count not in inside for b in plan)
    assert all(b.count <= (longest or table.longest) for b in plan)


def test_counters_are_read_each_by_itself() -> None:
    plan = blocks(load_tables()["eastron_sdm630"])
    assert plan == (Block(0, 18, False), Block(52, 2, False), Block(72, 2, True), Block(74, 2, True))


# what a reading says


def three(*, volts: bool = True, powers: bool = True, total: bool = True) -> RegisterTable:
    rows = [{"of": "current", "at": [10, 12, 14]}]
    rows += [{"of": "voltage", "at": [0, 2, 4]}] if volts else []
    rows += [{"of": "phase_power", "at": [20, 22, 24]}] if powers else []
    rows += [{"of": "power", "at": 30}] if total else []
    return read_table({"name": "x", "function": "holding", "values": rows})


def floats(at: int, *values: float) -> tuple[int, list[int]]:
    return at, [word for value in values for word in words("float32", value)]


LIVE = held(floats(0, 230, 231, 232), floats(10, 5, 2, -1), floats(20, 1150, -462, 232), floats(30, 920))


def test_a_current_bears_the_sign_of_its_phases_power() -> None:
    reading = read(three(), LIVE)
    assert reading.current_a == (5.0, -2.0, 1.0)
    assert (reading.signed, reading.power_w) == (True, 920.0)


def test_without_the_power_of_a_phase_currents_are_magnitudes() -> None:
    reading = read(three(powers=False), LIVE)
    assert (reading.current_a, reading.signed, reading.power_w) == ((5.0, 2.0, 1.0), False, 920.0)
    partly = {at: word for at, word in LIVE.items() if at not in (22, 23)}
    assert read(three(total=False), partly).signed is False
    assert read(three(total=False), partly).power_w is None


def test_without_a_total_the_phases_are_added_up() -> None:
    assert read(three(total=False), LIVE).power_w == 920.0


def test_a_current_that_is_missing_is_power_over_voltage() -> None:
    without = {at: word for at, word in LIVE.items() if not 10 <= at < 16}
    assert read(three(), without).current_a == (5.0, -2.0, 1.0)
    assert read(three(volts=False), without).current_a == (None, None, None)


def test_two_registers_of_a_total_are_added_and_stand_or_fall_together() -> None:
    table = load_tables()["siemens_pac2200"]
    both = held((801, words("float64", 1000.5)), (805, words("float64", 20.25)))
    assert read(table, both).import_wh == 1020.75
    assert read(table, held((801, words("float64", 1000.5)))).import_wh is None


def test_a_tenth_is_a_tenth() -> None:
    table = load_tables()["carlo_gavazzi_em24"]
    assert read(table, held((0, words("int32", 2303, low_first=True)))).voltage_v[0] == 230.3


def test_transformers_on_registers() -> None:
    rows = [{"of": f"transformer_{n}", "at": n, "type": "int16", "scale": 0.1} for n in (1, 2, 3)]
    table = own_table("input", "high_first", rows)
    run = held((1, [333, 0xFFFF - 332, 0]))
    reading = read(table, run)
    assert (reading.current_a, reading.signed, reading.power_w) == (pytest.approx((10.0, 10.0, 0.0)), False, None)
    reading = read(table, run, TransformerRatio(50.0, 333.0, signed=True))
    assert reading.current_a == pytest.approx((5.0, -5.0, 0.0))
    assert (reading.signed, reading.power_w) == (True, pytest.approx(0.0))
    powered = own_table("input", "high_first", [rows[0], {"of": "phase_power_1", "at": 9, "type": "int16"}])
    assert read(powered, run | {9: 0x8000}).current_a[0] == pytest.approx(-10.0)


# tables


def test_the_owners_rows_may_come_from_a_form() -> None:
    table = own_table("holding", "low_first", [{"of": "phase_power_2", "at": 12.0, "type": "int32", "scale": 0.1}])
    assert table.registers == (
        Register(of=Quantity.PHASE_POWER, phase=1, at=12, kind=NumberType.INT32, scale=Fraction(1, 10)),
    )
    assert (table.holding, table.low_first) == (True, True)


@pytest.mark.parametrize(
    ("rows", "key"),
    [
        ([{**ROW, "of": "power_1"}], "shape"),
        ([{**ROW, "of": "voltage"}], "shape"),
        ([{**ROW, "of": "colour"}], "shape"),
        ([{**ROW, "of": 3}], "shape"),
        ([{**ROW, "type": "bcd"}], "shape"),
        ([{"of": "power", "type": "int16"}], "address_range"),
        ([{**ROW, "at": 65535}], "address_range"),
        ([{**ROW, "at": -1}], "address_range"),
        ([{**ROW, "at": 1.5}], "address_range"),
        ([{**ROW, "at": True}], "address_range"),
        ([{**ROW, "at": float("inf")}], "address_range"),
        ([{**ROW, "scale": 0}], "scale"),
        ([{**ROW, "scale": float("nan")}], "scale"),
        ([{**ROW, "scale": "1"}], "scale"),
        ([{**ROW, "of": "voltage_1"}], "no_load"),
        ([], "no_load"),
        ([{**ROW, "of": "current_1"}, {**ROW, "of": "current_1", "at": 20}], "phase_twice"),
    ],
)
def test_rows_that_make_no_sense_are_named(rows: list[dict[str, Any]], key: str) -> None:
    with pytest.raises(TableError) as caught:
        own_table("holding", "high_first", rows)
    assert caught.value.key == key


FILE: Mapping[str, Any] = {"name": "x", "function": "holding", "values": [{"of": "power", "at": 1}]}


@pytest.mark.parametrize(
    "written",
    [
        [], {}, {**FILE, "more": 1}, {**FILE, "function": "coil"}, {**FILE, "words": 3}, {**FILE, "values": [3]},
        {**FILE, "name": None}, {**FILE, "values": [{"of": "power", "at": 1, "unit": "kW"}]}, {**FILE, "gap": 99},
        {**FILE, "values": [{"of": "current", "at": [1, 3, 5, 7]}]},
    ],
)  # fmt: skip
def test_a_file_that_makes_no_sense_is_refused(written: object) -> None:
    with pytest.raises(TableError):
        read_table(written)
