"""What a Modbus meter holds in its registers, by a table of its kind.

Addresses are those on the wire, from zero. Powers are signed, positive from the grid, before the owner's own wiring is
put right; a current is taken as a magnitude and bears the sign of its phase's power.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import isfinite
import struct
from typing import Final

from ..model.electric import NO_PHASES, MeterReading, PerPhase
from ..model.wiring import GUIDE, TransformerRatio
from .transformers import amperes, read_currents

LAST_ADDRESS: Final = 0xFFFF
MOST_WORDS: Final = 125  # Modbus application protocol 6.3
FINE_A: Final = 0.01
DIGITS: Final = 4
"""What is left of a float of 32 bits: 1.15 kW is written as 1.14999998."""
_WORD: Final = 16


class Quantity(StrEnum):
    """Name what a register holds: in V, A, W, Wh, and mV for a current transformer's voltage."""

    VOLTAGE = "voltage"
    CURRENT = "current"
    PHASE_POWER = "phase_power"
    TRANSFORMER = "transformer"
    POWER = "power"
    IMPORT = "import"
    EXPORT = "export"


PER_PHASE: Final = (Quantity.VOLTAGE, Quantity.CURRENT, Quantity.PHASE_POWER, Quantity.TRANSFORMER)
COUNTERS: Final = (Quantity.IMPORT, Quantity.EXPORT)
LOADS: Final = (Quantity.CURRENT, Quantity.PHASE_POWER, Quantity.TRANSFORMER, Quantity.POWER)


class NumberType(StrEnum):
    """Name how a number is written into registers."""

    INT16 = "int16"
    UINT16 = "uint16"
    INT32 = "int32"
    UINT32 = "uint32"
    INT64 = "int64"
    UINT64 = "uint64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"

    @property
    def words(self) -> int:
        """Return how many registers it takes."""
        return int(self.value[-2:]) // _WORD


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Hold where one number stands; ``scale`` makes it V, A, W, Wh or mV; ``phase`` is 0 to 2, ``None`` for a total."""

    of: Quantity
    phase: int | None
    at: int
    kind: NumberType
    scale: Fraction = Fraction(1)

    @property
    def end(self) -> int:
        """Return the first address behind it."""
        return self.at + self.kind.words


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterTable:
    """Hold one kind of meter; several registers for the same total are added up.

    ``holding`` tells the function to read with (3, else 4), ``low_first`` that a number's low word comes first.
    ``gap`` is how many registers outside the table a read may run over, ``longest`` how many it may take in all.
    """

    name: str
    holding: bool
    registers: tuple[Register, ...]
    low_first: bool = False
    gap: int = 0
    longest: int = 60
    unit_id: int = 1
    baudrate: int = 9600


@dataclass(frozen=True, slots=True)
class Block:
    """Hold one read: it begins and ends with a number, never inside one."""

    at: int
    count: int
    counters: bool


def blocks(table: RegisterTable, longest: int | None = None) -> tuple[Block, ...]:
    """Return the reads a table takes: what changes all the time first, then the counters, each by itself.

    Some variants lack a counter, and refuse the read it is in.
    """
    most = min(longest or table.longest, MOST_WORDS)
    live = _runs((r for r in table.registers if r.of not in COUNTERS), table.gap, most)
    counters = _runs((r for r in table.registers if r.of in COUNTERS), -1, most)
    return (*(Block(at, end - at, False) for at, end in live), *(Block(at, end - at, True) for at, end in counters))


def _runs(registers: Iterable[Register], gap: int, most: int) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for register in sorted(registers, key=lambda r: r.at):
        if runs and register.at - runs[-1][1] <= gap and register.end - runs[-1][0] <= most:
            runs[-1] = (runs[-1][0], max(register.end, runs[-1][1]))
        else:
            runs.append((register.at, register.end))
    return runs


def number(words: Sequence[int], kind: NumberType, *, low_first: bool = False) -> float | int | None:
    """Return the number some registers hold.

    ``None`` for what stands for "not available": no number at all, all ones without a sign, the greatest with one.
    """
    raw = 0
    for word in reversed(words) if low_first else words:
        raw = raw << _WORD | word & 0xFFFF
    bits = kind.words * _WORD
    if kind in (NumberType.FLOAT32, NumberType.FLOAT64):
        (value,) = struct.unpack(">f" if bits == 32 else ">d", raw.to_bytes(bits // 8))
        return float(value) if isfinite(value) else None
    if kind.startswith("u"):
        return None if raw == (1 << bits) - 1 else raw
    if raw == (1 << bits - 1) - 1:
        return None
    return raw - (1 << bits) if raw >> bits - 1 else raw


def read(table: RegisterTable, words: Mapping[int, int], ratio: TransformerRatio = GUIDE) -> MeterReading:
    """Return what the registers read so far say; ``words`` are they by address."""
    known = {register: _value(table, register, words) for register in table.registers}
    volts, powers = _phases(known, Quantity.VOLTAGE), _phases(known, Quantity.PHASE_POWER)
    if any(register.of is Quantity.TRANSFORMER for register in known):
        return _by_transformers(_phases(known, Quantity.TRANSFORMER), volts, powers, known, ratio)
    return _reading(_phases(known, Quantity.CURRENT), volts, powers, known)


def _by_transformers(
    millivolts: PerPhase,
    volts: PerPhase,
    powers: PerPhase,
    known: Mapping[Register, float | None],
    ratio: TransformerRatio,
) -> MeterReading:
    first, second, third = (None if mv is None else amperes(mv, ratio) for mv in millivolts)
    current: PerPhase = (first, second, third)
    if powers != NO_PHASES or _total(known, Quantity.POWER) is not None:
        return _reading(current, volts, powers, known)
    return read_currents(current, signed=ratio.signed)


def _reading(
    current: PerPhase, volts: PerPhase, powers: PerPhase, known: Mapping[Register, float | None]
) -> MeterReading:
    wired = [n for n in range(3) if (current[n], powers[n]) != (None, None)]
    signed = bool(wired) and all(powers[n] is not None for n in wired)
    first, second, third = (_current(current[n], powers[n], volts[n], signed=signed) for n in range(3))
    total = _total(known, Quantity.POWER)
    if total is None and signed and len(wired) == _count(known, Quantity.PHASE_POWER):
        total = sum(power for power in powers if power is not None)
    return MeterReading(
        power_w=total,
        phase_power_w=powers,
        current_a=(first, second, third),
        voltage_v=volts,
        signed=signed,
        current_step_a=FINE_A if wired else 0.0,
        import_wh=_total(known, Quantity.IMPORT),
        export_wh=_total(known, Quantity.EXPORT),
    )


def _current(current: float | None, power: float | None, volts: float | None, *, signed: bool) -> float | None:
    """Return a phase's current: what the meter says, else power over voltage."""
    if current is None and power is not None and volts:
        current = power / volts
    magnitude = None if current is None else abs(current)
    return -magnitude if magnitude and signed and power is not None and power < 0 else magnitude


def _value(table: RegisterTable, register: Register, words: Mapping[int, int]) -> float | None:
    held = [words[at] for at in range(register.at, register.end) if at in words]
    if len(held) != register.kind.words:
        return None
    value = number(held, register.kind, low_first=table.low_first)
    return None if value is None else float(round(Fraction(value) * register.scale, DIGITS))


def _phases(known: Mapping[Register, float | None], of: Quantity) -> PerPhase:
    by_phase = {register.phase: value for register, value in known.items() if register.of is of}
    return by_phase.get(0), by_phase.get(1), by_phase.get(2)


def _count(known: Mapping[Register, float | None], of: Quantity) -> int:
    return sum(register.of is of for register in known)


def _total(known: Mapping[Register, float | None], of: Quantity) -> float | None:
    """Return the sum of the registers of a total; ``None`` unless all of them are known."""
    parts = [value for register, value in known.items() if register.of is of]
    sound = [part for part in parts if part is not None]
    return sum(sound) if parts and len(sound) == len(parts) else None
