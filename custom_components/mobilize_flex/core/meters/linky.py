"""What the Linky measures, as the house needs it: power, current, voltage, meter readings, tariff.

The meter speaks in volt-amperes. They are taken as watts here: the error is on the safe side, because apparent
power is never less than active power, and at the power factor of a house it is a few per cent.

Signs (Enedis-NOI-CPT_54E, 6.2): a phase that feeds in shows no drawn power while its current, which has no sign,
does not vanish. The total stands under SINSTS or SINSTI, and SINSTI exists in producer mode only.

While its own breaker is open nothing flows. That is no room for a car: what the house takes when the power returns
is not known, so no power and no current is told until then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final

from ..model.electric import NO_PHASES, MeterReading, PerPhase
from .tic import TicFrame
from .tic_group import TicMode
from .tic_labels import TicValue
from .tic_status import DaySlot, LinkyStatus, TempoColour, read_day, read_relays, read_status

_FINE_A: Final = 0.01  # VA over V
_WHOLE_A: Final = 1.0  # IRMS, IINST
_LIVE_FRAMES: Final = 5
_LONG_FRAMES: Final = 45  # historic three phase overload: twenty short frames for one long, twice
_ALWAYS: Final = 1 << 60
_NOMINAL_VA_PER_A: Final = 200  # ISOUSC and the breaker are reckoned at 200 V

_HISTORIC_INDEXES: Final = (
    ("BASE",),
    ("HCHC", "HCHP"),
    ("EJPHN", "EJPHPM"),
    ("BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"),
)
_OVERLOADS: Final = ("ADPS", "ADIR1", "ADIR2", "ADIR3")
_PERIODS: Final = {
    "TH..": 1,
    "HC..": 1,
    "HP..": 2,
    "HN..": 1,
    "PM..": 2,
    "HCJB": 1,
    "HPJB": 2,
    "HCJW": 3,
    "HPJW": 4,
    "HCJR": 5,
    "HPJR": 6,
}
_PERIOD_COLOURS: Final = {"JB": TempoColour.BLUE, "JW": TempoColour.WHITE, "JR": TempoColour.RED}
_TOMORROWS: Final = {"BLEU": TempoColour.BLUE, "BLAN": TempoColour.WHITE, "ROUG": TempoColour.RED}


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkyFacts:
    """Hold what the meter tells beside its measurements; ``None`` where it does not say.

    ``cannot_show_injection`` asks for a repair: the meter is in historic mode, or in consumer mode in a house that
    feeds in. ``over_power`` is the meter's own word that the subscribed power is exceeded now. ``tomorrow`` are the
    switching times of ``tomorrow_on``; ``peak_day`` those of the next mobile peak.
    """

    mode: TicMode | None = None
    phases: int | None = None
    cannot_show_injection: bool = False
    over_power: bool | None = None
    status: LinkyStatus | None = None
    relays: tuple[bool, ...] | None = None
    clock: datetime | None = None
    clock_degraded: bool = False
    calendar: str | None = None
    colour_today: TempoColour | None = None
    colour_tomorrow: TempoColour | None = None
    tomorrow_on: date | None = None
    tomorrow: tuple[DaySlot, ...] = ()
    peak_day: tuple[DaySlot, ...] = ()


@dataclass(slots=True)
class _Memory:
    """Keep the last sound value of each label, and in which frame it came."""

    mode: TicMode
    frames: int = 0
    values: dict[str, TicValue] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    clock: datetime | None = None
    clock_degraded: bool = False
    blind: bool = False

    def learn(self, values: Mapping[str, TicValue]) -> None:
        self.frames += 1
        self.values.update(values)
        self.seen.update(dict.fromkeys(values, self.frames))

    def has(self, label: str, within: int = _LIVE_FRAMES) -> bool:
        return label in self.seen and self.frames - self.seen[label] < within

    def number(self, label: str, within: int = _LIVE_FRAMES) -> int | None:
        value = self.values.get(label)
        return value if isinstance(value, int) and self.has(label, within) else None

    def text(self, label: str, within: int = _ALWAYS) -> str | None:
        value = self.values.get(label)
        return value if isinstance(value, str) and self.has(label, within) else None

    def per_phase(self, stem: str) -> tuple[int | None, int | None, int | None]:
        return self.number(f"{stem}1"), self.number(f"{stem}2"), self.number(f"{stem}3")

    def serial(self) -> str | None:
        return self.text("ADSC" if self.mode is TicMode.STANDARD else "ADCO")


class LinkyMeter:
    """Gather frames into readings.

    A frame changes what it carries and nothing else, so a short frame wipes nothing. A live value that stays away
    for some frames is forgotten. Another meter, or the other mode, starts from nothing.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._memory: _Memory | None = None

    @property
    def labels(self) -> Mapping[str, TicValue]:
        """Return the last sound value of every label heard, those we do not know included."""
        return self._memory.values if self._memory else {}

    @property
    def facts(self) -> LinkyFacts:
        """Return what the meter tells beside its measurements."""
        if self._memory is None:
            return LinkyFacts()
        return _standard_facts(self._memory) if self._memory.mode is TicMode.STANDARD else _historic_facts(self._memory)

    def read(self, frame: TicFrame) -> MeterReading:
        """Take a frame; return all that is known after it."""
        memory = self._memory
        if memory is None or memory.mode is not frame.mode or _is_other(memory.serial(), frame):
            self._memory = memory = _Memory(frame.mode)
        memory.learn(_with_direction(frame.values, memory))
        if "DATE" in frame.at:
            memory.clock, memory.clock_degraded = frame.at["DATE"], frame.clock_degraded
        memory.blind = _is_blind(memory, frame)
        if frame.mode is TicMode.HISTORIC:
            return _read_historic(memory)
        reading = _read_standard(memory)
        return _in_the_dark(reading) if _is_cut(memory) else reading


def _is_other(serial: str | None, frame: TicFrame) -> bool:
    spoken = frame.values.get("ADSC", frame.values.get("ADCO"))
    return None not in (serial, spoken) and serial != spoken


def _is_cut(memory: _Memory) -> bool:
    register = memory.text("STGE", _LIVE_FRAMES)
    return register is not None and read_status(register).cut


def _in_the_dark(reading: MeterReading) -> MeterReading:
    """Return what is left to tell behind an open breaker."""
    return replace(
        reading,
        power_w=None,
        apparent_va=None,
        injected_va=None,
        phase_power_w=NO_PHASES,
        current_a=NO_PHASES,
        signed=False,
        current_step_a=0.0,
    )


def _is_blind(memory: _Memory, frame: TicFrame) -> bool:
    """Tell whether this meter, as it is set, cannot show what the house feeds in."""
    if frame.mode is TicMode.HISTORIC:
        return True
    if memory.has("SINSTI"):
        return False
    register = frame.values.get("STGE")
    if not frame.complete or frame.refused or not isinstance(register, str):
        return memory.blind
    status = read_status(register)
    return (memory.blind or status.injecting) and not status.producer


def _standard_facts(memory: _Memory) -> LinkyFacts:
    register = memory.text("STGE", _LIVE_FRAMES)
    status = read_status(register) if register else None
    relays = memory.number("RELAIS", _ALWAYS)
    return LinkyFacts(
        mode=memory.mode,
        phases=_phases(memory),
        cannot_show_injection=memory.blind,
        over_power=status.over_power if status else None,
        status=status,
        relays=None if relays is None else read_relays(relays),
        clock=memory.clock,
        clock_degraded=memory.clock_degraded,
        calendar=memory.text("NGTF"),
        colour_today=status.colour_today if status else None,
        colour_tomorrow=status.colour_tomorrow if status else None,
        tomorrow_on=memory.clock.date() + timedelta(days=1) if memory.clock else None,
        tomorrow=read_day(memory.text("PJOURF+1") or ""),
        peak_day=read_day(memory.text("PPOINTE", _LIVE_FRAMES) or ""),
    )


def _historic_facts(memory: _Memory) -> LinkyFacts:
    calendar = memory.text("OPTARIF")
    return LinkyFacts(
        mode=memory.mode,
        phases=_phases(memory),
        cannot_show_injection=memory.blind,
        over_power=any(memory.has(label, 2) for label in _OVERLOADS),
        calendar=calendar.rstrip(".") if calendar else None,
        colour_today=_PERIOD_COLOURS.get((memory.text("PTEC") or "")[2:]),
        colour_tomorrow=_TOMORROWS.get(memory.text("DEMAIN") or ""),
    )


def _phases(memory: _Memory) -> int | None:
    three = ("IRMS2", "URMS2", "SINSTS1", "IINST1", "ADIR1")
    single = ("IRMS1", "SINSTS", "IINST")
    if any(label in memory.seen for label in three):
        return 3
    return 1 if any(label in memory.seen for label in single) else None


def _with_direction(values: Mapping[str, TicValue], memory: _Memory) -> dict[str, TicValue]:
    """Clear the direction a frame lacks where the other one shows power: only one of them ever does."""
    settled = dict(values)
    for shown, hidden in (("SINSTS", "SINSTI"), ("SINSTI", "SINSTS")):
        if values.get(shown) and hidden not in values and hidden in memory.seen:
            settled[hidden] = 0
    return settled


def _read_standard(memory: _Memory) -> MeterReading:
    drawn, injected = memory.number("SINSTS"), memory.number("SINSTI")
    volts = memory.per_phase("URMS")
    current, step, signed = _currents(memory, drawn, injected)
    power = _power(memory, drawn, injected, current)
    return MeterReading(
        power_w=power,
        apparent_va=drawn,
        injected_va=injected,
        phase_power_w=_phase_power(memory, power, current, volts) if signed else NO_PHASES,
        current_a=current,
        voltage_v=volts,
        signed=signed,
        current_step_a=step,
        import_wh=memory.number("EAST", _ALWAYS),
        export_wh=memory.number("EAIT", _ALWAYS),
        subscribed_kva=memory.number("PREF", _ALWAYS),
        cutoff_kva=memory.number("PCOUP", _ALWAYS),
        tariff_index=memory.number("NTARF", _ALWAYS),
        tariff_name=memory.text("LTARF"),
        serial=memory.serial(),
        clock=memory.clock if memory.has("DATE") else None,
    )


def _power(memory: _Memory, drawn: int | None, injected: int | None, current: PerPhase) -> float | None:
    """Return the signed power; ``None`` if the house feeds in and the meter does not say how much."""
    if drawn is None:
        return None
    if injected is not None:
        return drawn - injected
    register = memory.text("STGE", _LIVE_FRAMES)
    feeds_in = register is not None and read_status(register).injecting
    return None if drawn == 0 and (feeds_in or any(current)) else drawn


def _currents(memory: _Memory, drawn: int | None, injected: int | None) -> tuple[PerPhase, float, bool]:
    """Return the current of each phase, how fine it is, and whether it bears its sign."""
    whole, volts = memory.per_phase("IRMS"), memory.per_phase("URMS")
    if _phases(memory) == 3:
        shares = memory.per_phase("SINSTS")
        phases = [_phase_current(shares[n], None, whole[n], volts[n]) for n in range(3)]
    else:
        phases = [_phase_current(drawn, injected, whole[0], volts[0])]
    if any(amps is None for amps, _ in phases):
        return whole, _WHOLE_A if any(amps is not None for amps in whole) else 0.0, False
    first, second, third = (*(amps for amps, _ in phases), None, None)[:3]
    return (first, second, third), max(step for _, step in phases), True


def _phase_current(
    drawn: int | None, injected: int | None, whole_a: int | None, volts: int | None
) -> tuple[float | None, float]:
    """Return the signed current of one phase and its resolution; ``None`` where its direction is open."""
    if drawn is None:
        return None, 0.0
    if drawn == 0 and injected is None:  # it rests or feeds in, and only the whole amperes know
        return (None if whole_a is None else -whole_a), _WHOLE_A
    apparent = drawn - (injected or 0)
    if volts:
        return round(apparent / volts, 2), _FINE_A
    return (None if whole_a is None else whole_a if apparent >= 0 else -whole_a), _WHOLE_A


def _phase_power(memory: _Memory, total: float | None, current: PerPhase, volts: PerPhase) -> PerPhase:
    """Return the signed power of each phase; where a phase feeds in, current times voltage."""
    if _phases(memory) != 3:
        return total, None, None
    shares = memory.per_phase("SINSTS")
    first, second, third = (_product(current[n], volts[n]) if not shares[n] else shares[n] for n in range(3))
    return first, second, third


def _product(amps: float | None, volts: float | None) -> float | None:
    return None if amps is None or volts is None else amps * volts


def _read_historic(memory: _Memory) -> MeterReading:
    drawn = memory.number("PAPP", _LONG_FRAMES)
    current = _historic_currents(memory)
    period = memory.text("PTEC")
    return MeterReading(
        power_w=None if drawn == 0 and any(current) else drawn,
        apparent_va=drawn,
        current_a=current,
        current_step_a=_WHOLE_A if any(amps is not None for amps in current) else 0.0,
        import_wh=_historic_import(memory),
        subscribed_kva=_historic_subscription(memory),
        tariff_index=_PERIODS.get(period or ""),
        tariff_name=period.rstrip(".") if period else None,
        serial=memory.serial(),
    )


def _historic_currents(memory: _Memory) -> PerPhase:
    if _phases(memory) != 3:
        warned = memory.number("ADPS", 1)
        measured = memory.number("IINST")
        return (warned if measured is None else measured), None, None
    first, second, third = (_freshest(memory, f"IINST{n}", f"ADIR{n}") for n in (1, 2, 3))
    return first, second, third


def _freshest(memory: _Memory, label: str, substitute: str) -> int | None:
    """Return the measured current, or the one of the warning if this frame has only that."""
    now = memory.number(label, 1)
    if now is None:
        now = memory.number(substitute, 1)
    return memory.number(label) if now is None else now


def _historic_import(memory: _Memory) -> int | None:
    """Return the sum of the contract's indexes, once all of them are known."""
    for labels in _HISTORIC_INDEXES:
        parts = [part for label in labels if (part := memory.number(label, _ALWAYS)) is not None]
        if len(parts) == len(labels):
            return sum(parts)
    return None


def _historic_subscription(memory: _Memory) -> float | None:
    amps = memory.number("ISOUSC", _ALWAYS)
    phases = _phases(memory)
    return None if amps is None or phases is None else amps * _NOMINAL_VA_PER_A * phases / 1000
