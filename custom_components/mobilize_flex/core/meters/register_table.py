"""A kind of Modbus meter written down: in the files that come with us, or row by row by the owner."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import isfinite
from typing import Final

from .registers import LAST_ADDRESS, LOADS, PER_PHASE, NumberType, Quantity, Register, RegisterTable

_FIELDS: Final = {"name", "function", "words", "type", "gap", "longest", "unit_id", "baudrate", "values"}
_ROW: Final = {"of", "at", "type", "scale"}
_FUNCTIONS: Final = {"holding": True, "input": False}
_WORDS: Final = {"high_first": False, "low_first": True}
_OWN_LONGEST: Final = 20


class TableError(Exception):
    """Say what is wrong with a table; ``key`` is a word a form has a sentence for."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def read_table(written: object) -> RegisterTable:
    """Return a table from the content of its file.

    Raises:
        TableError: it makes no sense.
    """
    if not isinstance(written, Mapping) or not written.keys() <= _FIELDS or not isinstance(written.get("values"), list):
        raise TableError("shape")
    general = _number_type(written.get("type", NumberType.FLOAT32))
    registers = [one for row in written["values"] for one in _rows(row, general)]
    return RegisterTable(
        name=_text(written.get("name")),
        holding=_either(_FUNCTIONS, written.get("function")),
        low_first=_either(_WORDS, written.get("words", "high_first")),
        gap=_whole(written.get("gap", 0), 0, 60),
        longest=_whole(written.get("longest", 60), 4, 125),
        unit_id=_whole(written.get("unit_id", 1), 0, 255),
        baudrate=_whole(written.get("baudrate", 9600), 300, 1_000_000),
        registers=_checked(registers),
    )


def own_table(function: str, words: str, rows: Sequence[Mapping[str, object]]) -> RegisterTable:
    """Return a table from the owner's rows.

    A row has ``of``, the quantity, for a phase with its number behind (``voltage_1``), ``at``, ``type`` and ``scale``.

    Raises:
        TableError: it makes no sense.
    """
    return RegisterTable(
        name="",
        holding=_either(_FUNCTIONS, function),
        low_first=_either(_WORDS, words),
        longest=_OWN_LONGEST,
        registers=_checked([_own_register(row) for row in rows]),
    )


def _own_register(row: Mapping[str, object]) -> Register:
    name, _, phase = _text(row.get("of")).rpartition("_")
    if phase not in {"1", "2", "3"}:
        name, phase = _text(row.get("of")), ""
    of = _quantity(name)
    if (of in PER_PHASE) != bool(phase):
        raise TableError("shape")
    return Register(
        of=of,
        phase=int(phase) - 1 if phase else None,
        at=_whole(row.get("at"), 0, LAST_ADDRESS),
        kind=_number_type(row.get("type")),
        scale=_scale(row.get("scale", 1)),
    )


def _rows(row: object, general: NumberType) -> list[Register]:
    """Return the registers of one row: a phase for each address, or the parts of a total."""
    if not isinstance(row, Mapping) or not row.keys() <= _ROW:
        raise TableError("shape")
    of, at = _quantity(row.get("of")), row.get("at")
    addresses = at if isinstance(at, list) else [at]
    kind = _number_type(row["type"]) if "type" in row else general
    return [
        Register(
            of=of,
            phase=n if of in PER_PHASE else None,
            at=_whole(address, 0, LAST_ADDRESS),
            kind=kind,
            scale=_scale(row.get("scale", 1)),
        )
        for n, address in enumerate(addresses)
    ]


def _checked(registers: list[Register]) -> tuple[Register, ...]:
    if any(register.end - 1 > LAST_ADDRESS for register in registers):
        raise TableError("address_range")
    phases = [(r.of, r.phase) for r in registers if r.phase is not None]
    if len(set(phases)) != len(phases) or any(phase > 2 for _, phase in phases if phase is not None):
        raise TableError("phase_twice")
    if not any(register.of in LOADS for register in registers):
        raise TableError("no_load")
    return tuple(registers)


def _either(choices: Mapping[str, bool], chosen: object) -> bool:
    if not isinstance(chosen, str) or chosen not in choices:
        raise TableError("shape")
    return choices[chosen]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TableError("shape")
    return value


def _quantity(value: object) -> Quantity:
    if value not in set(Quantity):
        raise TableError("shape")
    return Quantity(_text(value))


def _number_type(value: object) -> NumberType:
    if value not in set(NumberType):
        raise TableError("shape")
    return NumberType(_text(value))


def _whole(value: object, low: int, high: int) -> int:
    """Return a whole number; forms give them as 12.0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high or value % 1:
        raise TableError("address_range")
    return int(value)


def _scale(value: object) -> Fraction:
    """Return a factor exactly as it is written: 0.1 is a tenth."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value == 0:
        raise TableError("scale")
    return Fraction(str(value))
