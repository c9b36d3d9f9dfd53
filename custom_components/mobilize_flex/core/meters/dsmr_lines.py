"""What each line of a P1 message means: power, current, voltage, meter readings, tariff.

Powers come in kW (some meters: W) without a sign, drawn and fed in apart; energies in kWh or Wh, by tariff or in all;
currents are magnitudes, mostly whole amperes. A phase's sign is that of its power.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
import re
from typing import Final

from ..model.electric import NO_PHASES, MeterReading, PerPhase

_LINE: Final = re.compile(r"(\d{1,3}-\d{1,3}:\d{1,3}\.\d{1,3}\.\d{1,3}(?:\.\d{1,3})?)((?:\([^()]*\))+)")
_NUMBER: Final = re.compile(r"(\d+)(?:\.(\d+))?\*?([A-Za-z]*)")
_STAMP: Final = re.compile(r"(\d{12})([SW])")
_SECOND_CHANNEL: Final = "1-1:"  # some Swiss meters count their own channel from one
_THOUSANDS: Final = {"": 1.0, "k": 1000.0, "m": 0.001}
_SUMMER: Final = timezone(timedelta(hours=2))
_WINTER: Final = timezone(timedelta(hours=1))  # every country that has a P1 port keeps Central European Time

_PHASES: Final = (20, 40, 60)
_TARIFFS: Final = range(1, 5)
_FINE_A: Final = 0.01
_DEAD_V: Final = 100.0
_SERIALS: Final = ("0-0:96.1.1", "0-0:42.0.0", "0-0:96.1.0")
_VERSIONS: Final = ("1-3:0.2.8", "0-0:96.1.4")


def read_lines(text: str) -> tuple[dict[str, str], int]:
    """Return the bracketed texts by their code, and how many lines made no sense; the first of a code counts."""
    values: dict[str, str] = {}
    malformed = 0
    for line in text.splitlines()[1:]:
        found = _LINE.fullmatch(line.strip(" \0"))
        if found is not None:
            code = found[1].replace(_SECOND_CHANNEL, "1-0:", 1)
            values.setdefault(code, found[2][1:-1])
        elif line.strip(" \0!") and not line.startswith("("):  # version 2 breaks the gas meter's line in two
            malformed += 1
    return values, malformed


def version_of(values: Mapping[str, str]) -> str | None:
    """Return the version as the meter writes it: 42, 50, in Belgium 50217."""
    return next((values[code] for code in _VERSIONS if values.get(code)), None)


def clock(values: Mapping[str, str]) -> datetime | None:
    """Return the meter's own time; S is summer, W winter."""
    found = _STAMP.fullmatch(values.get("0-0:1.0.0", ""))
    if found is None:
        return None
    try:
        local = datetime.strptime(f"20{found[1]}", "%Y%m%d%H%M%S")  # the zone is the letter that follows
    except ValueError:
        return None
    return local.replace(tzinfo=_SUMMER if found[2] == "S" else _WINTER)


def amount(values: Mapping[str, str], code: str, unit: str, wrong: list[str]) -> float | None:
    """Return a number in its base unit (W, Wh, A, V); note the code where it makes no sense.

    A stamp may stand before the number, as before the peak of a month.
    """
    text = values.get(code)
    if text is None:
        return None
    found = _NUMBER.fullmatch(text.rpartition("(")[2])
    factor = None if found is None or not found[3].endswith(unit) else _THOUSANDS.get(found[3].removesuffix(unit))
    if found is None or factor is None:
        wrong.append(code)
        return None
    decimals = found[2] or ""
    return int(found[1] + decimals) * factor / 10.0 ** len(decimals)


def reading_of(values: Mapping[str, str], wrong: list[str]) -> MeterReading:
    """Return what a telegram measures; note the codes that make no sense."""
    drawn = _each(values, 1, "W", wrong)
    fed_in = _each(values, 2, "W", wrong)
    magnitude = _each(values, 11, "A", wrong)
    volts = _each(values, 12, "V", wrong)
    powers = _triple([_net(drawn[n], fed_in[n], magnitude[n]) for n in range(3)])
    current, step, signed = _currents(values, powers, magnitude, volts)
    import_w, export_w = amount(values, "1-0:1.7.0", "W", wrong), amount(values, "1-0:2.7.0", "W", wrong)
    return MeterReading(
        power_w=_net(import_w, export_w, next((a for a in magnitude if a), None)),
        phase_power_w=powers if signed else NO_PHASES,
        current_a=current,
        voltage_v=volts,
        signed=signed,
        current_step_a=step,
        import_wh=_energy(values, 1, wrong),
        export_wh=_energy(values, 2, wrong),
        tariff_index=_index(values.get("0-0:96.14.0", "")),
        serial=_serial(values),
    )


def _each(values: Mapping[str, str], quantity: int, unit: str, wrong: list[str]) -> PerPhase:
    return _triple([amount(values, f"1-0:{phase + quantity}.7.0", unit, wrong) for phase in _PHASES])


def _triple(parts: Sequence[float | None]) -> PerPhase:
    first, second, third = parts
    return first, second, third


def _net(drawn: float | None, fed_in: float | None, current: float | None) -> float | None:
    """Return a signed power; ``None`` where it may be fed in and the meter does not say how much."""
    if drawn is None:
        return None
    if fed_in is not None:
        return drawn - fed_in
    return None if drawn == 0 and current else drawn


def _currents(
    values: Mapping[str, str], powers: PerPhase, magnitude: PerPhase, volts: PerPhase
) -> tuple[PerPhase, float, bool]:
    """Return the current of each phase, how fine it is, and whether it bears its sign.

    A conductor without a voltage beside others that have one means a net without neutral (3 x 230 V, in Belgium): the
    powers are not those of the conductors, and the magnitudes are all there is.
    """
    steps = [_step(values.get(f"1-0:{phase + 11}.7.0", "")) for phase in _PHASES]
    phases = [n for n in range(3) if magnitude[n] is not None or (powers[n] is not None and volts[n])]
    known = [v for v in volts if v is not None]
    no_neutral = any(v < _DEAD_V for v in known) and any(v >= _DEAD_V for v in known)
    if no_neutral or not phases or any(powers[n] is None for n in phases):
        return magnitude, max((steps[n] for n in range(3) if magnitude[n] is not None), default=0.0), False
    fine = [_signed(powers[n] or 0.0, magnitude[n], volts[n], steps[n]) if n in phases else None for n in range(3)]
    amperes = _triple([None if one is None else one[0] for one in fine])
    return amperes, max(one[1] for one in fine if one is not None), True


def _step(text: str) -> float:
    """Return how fine a number is written: 1 for whole amperes."""
    decimals = text.partition("*")[0].partition(".")[2]
    return 1.0 / 10.0 ** len(decimals)


def _signed(power: float, magnitude: float | None, volts: float | None, step: float) -> tuple[float, float]:
    """Return a phase's current with the sign of its power, and its resolution.

    Power over voltage is finer than whole amperes and blind to reactive current: the larger of it and of the least that
    the whole amperes allow.
    """
    by_power = abs(power) / volts if volts else None
    if by_power is None or (magnitude is not None and step < 1.0):
        amperes = magnitude or 0.0
    elif magnitude is None or by_power >= magnitude - 0.5:
        amperes, step = round(by_power, 2), _FINE_A
    else:
        amperes = magnitude - 0.5
    return (-amperes if power < 0 else amperes), step


def _energy(values: Mapping[str, str], direction: int, wrong: list[str]) -> float | None:
    """Return a total in Wh: as it is told, else the sum of the tariffs, all of which must make sense."""
    total = amount(values, f"1-0:{direction}.8.0", "Wh", wrong)
    if total is not None:
        return total
    codes = [code for tariff in _TARIFFS if (code := f"1-0:{direction}.8.{tariff}") in values]
    parts = [amount(values, code, "Wh", wrong) for code in codes]
    known = [part for part in parts if part is not None]
    return round(sum(known), 3) if known and len(known) == len(codes) else None


def _index(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= 4 else None


def _serial(values: Mapping[str, str]) -> str | None:
    """Return the meter's number; most write it as hexadecimal digits of its letters."""
    text = next((values[code] for code in _SERIALS if values.get(code)), None)
    if text is None:
        return None
    try:
        letters = bytes.fromhex(text).decode("ascii")
    except ValueError:
        return text
    return letters if letters.isprintable() and letters else text
