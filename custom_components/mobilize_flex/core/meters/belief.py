"""What of a meter's word is believed: no leap a connection could not carry, no counter that jumps, no frozen face.

A reading that cannot be is as good as none: the last sound one grows old, and what follows is as with a mute meter.
A counter that leaps keeps its last value until the new one has held for minutes: then the meter was replaced.
"""

from dataclasses import dataclass, replace
from typing import Final

from ..model.config import SiteConfig
from ..model.electric import NOMINAL_V, MeterMemory, MeterReading
from ..model.moment import Moment
from ..model.state import MeterState

FROZEN: Final = "frozen"
GENEROSITY: Final = 3.0
"""How many times what the breaker carries still counts as possible, for an instant."""
LEAST_W: Final = 20_000.0
MOST_V: Final = 400.0
FROZEN_S: Final = 10.0
FROZEN_PERIODS: Final = 3.0
CAR_MOVED_W: Final = 1_000.0
COUNTER_SLACK_WH: Final = 1_000.0
REPLACED_S: Final = 300.0


@dataclass(frozen=True, slots=True)
class Belief:
    """Hold what is left of a reading (``None``: nothing), whether the meter is frozen, and what to remember."""

    reading: MeterReading | None
    frozen: bool
    memory: MeterMemory


def believe(config: SiteConfig, meter: MeterState, reading: MeterReading, cars_w: float | None, now: Moment) -> Belief:
    """Return what of a reading is believed; ``cars_w`` is what the cars are measured to take, if it is known now."""
    memory = meter.memory
    if not _is_possible(config, reading):
        return Belief(None, False, replace(memory, refused=memory.refused + 1))
    memory = _moved(meter, reading, cars_w, now)
    reading, memory = _counters(config, meter, reading, memory, now)
    return Belief(reading, _is_frozen(config, reading, memory, now), memory)


def _is_possible(config: SiteConfig, reading: MeterReading) -> bool:
    """Tell whether a connection of this size can show such figures, be it for an instant."""
    phase_w = max(GENEROSITY * config.breaker_a * NOMINAL_V, LEAST_W)
    whole = (reading.power_w, reading.apparent_va, reading.injected_va)
    return (
        all(w is None or abs(w) <= config.phases * phase_w for w in whole)
        and all(w is None or abs(w) <= phase_w for w in reading.phase_power_w)
        and all(a is None or abs(a) <= phase_w / NOMINAL_V for a in reading.current_a)
        and all(v is None or 0.0 <= v <= MOST_V for v in reading.voltage_v)
    )


def _moved(meter: MeterState, reading: MeterReading, cars_w: float | None, now: Moment) -> MeterMemory:
    """Return since when the meter says exactly this, what the cars took then, and since when they take another power.

    A car and the meter are not heard at the same instant: what the cars take is noted once both have settled.
    """
    memory = meter.memory
    if memory.said != reading or memory.since_s is None:
        return replace(memory, said=reading, since_s=now.mono_s, cars_w=None, apart_s=None)
    if cars_w is None or now.mono_s - memory.since_s <= FROZEN_S:
        return memory
    if memory.cars_w is None:
        return replace(memory, cars_w=cars_w)
    apart = abs(cars_w - memory.cars_w) >= CAR_MOVED_W
    if apart == (memory.apart_s is not None):
        return memory
    return replace(memory, apart_s=now.mono_s if apart else None)


def _is_frozen(config: SiteConfig, reading: MeterReading, memory: MeterMemory, now: Moment) -> bool:
    """Tell whether a meter repeats itself although its own clock, or a car behind it, must have moved."""
    since_s = memory.since_s if reading.clock is not None else memory.apart_s
    period_s = config.meter.period_s if config.meter is not None else 0.0
    return since_s is not None and now.mono_s - since_s > max(FROZEN_S, FROZEN_PERIODS * period_s)


def _counters(
    config: SiteConfig, meter: MeterState, reading: MeterReading, memory: MeterMemory, now: Moment
) -> tuple[MeterReading, MeterMemory]:
    """Return the reading with its counters as far as they are believed."""
    before = meter.reading
    if meter.at is None or reading.serial != before.serial:
        return reading, replace(memory, doubted_s=(None, None))
    most_wh = _most_wh(config, now.age_s(meter.at))
    kept, since = [], []
    for told_wh, known_wh, doubted_s in zip(
        (reading.import_wh, reading.export_wh), (before.import_wh, before.export_wh), memory.doubted_s, strict=True
    ):
        leaps = told_wh is not None and known_wh is not None and not -1.0 <= told_wh - known_wh <= most_wh
        begun_s = (now.mono_s if doubted_s is None else doubted_s) if leaps else None
        replaced = begun_s is not None and now.mono_s - begun_s >= REPLACED_S
        kept.append(known_wh if leaps and not replaced else told_wh)
        since.append(None if replaced else begun_s)
    if any(s is not None for s in since):
        reading = replace(reading, import_wh=kept[0], export_wh=kept[1])
    return reading, replace(memory, doubted_s=(since[0], since[1]))


def _most_wh(config: SiteConfig, elapsed_s: float) -> float:
    power_w = GENEROSITY * config.breaker_a * NOMINAL_V * config.phases
    return COUNTER_SLACK_WH + power_w * elapsed_s / 3600.0
