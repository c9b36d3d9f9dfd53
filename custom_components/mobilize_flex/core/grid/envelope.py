"""What the connection of the home allows, and what the meter says flows through each phase of it."""

from dataclasses import dataclass
import math
from typing import Final

from ..model.config import SiteConfig
from ..model.electric import NOMINAL_V, MeterReading
from ..model.moment import Moment
from ..model.reasons import Reason
from ..model.state import MeterState

MARGIN_A: Final = 0.5
COARSE_MARGIN_A: Final = 1.0
COARSE_A: Final = 1.0
STALE_S: Final = 10.0
STALE_PERIODS: Final = 3.0
VOLTAGE_MIN_V: Final = 207.0
VOLTAGE_MAX_V: Final = 253.0


def limit_a(config: SiteConfig, reading: MeterReading) -> float:
    """Return the amperes a phase may draw: the breaker, the contract and the meter's own cut-off, whichever is least.

    Apparent power counts at the nominal voltage, so 6 kVA on one phase is 26 A although the breaker says 30.
    """
    return min(config.breaker_a, _contract_a(config, reading))


def limit_reason(config: SiteConfig, reading: MeterReading) -> Reason:
    """Return which of them it is."""
    return Reason.MAIN_FUSE if config.breaker_a <= _contract_a(config, reading) else Reason.SUBSCRIBED_POWER


def _contract_a(config: SiteConfig, reading: MeterReading) -> float:
    kva = [k for k in (config.subscribed_kva, reading.subscribed_kva, reading.cutoff_kva) if k is not None]
    return min((k * 1000.0 / (config.phases * NOMINAL_V) for k in kva), default=math.inf)


def stale_s(config: SiteConfig) -> float:
    """Return for how long a reading may be steered by."""
    return STALE_S if config.meter is None else max(STALE_S, STALE_PERIODS * config.meter.period_s)


def is_fresh(config: SiteConfig, meter: MeterState, now: Moment) -> bool:
    """Return whether the meter spoke recently enough to steer by."""
    if config.meter is None or meter.lost is not None:
        return False
    return now.age_s(meter.at) <= stale_s(config)


@dataclass(frozen=True, slots=True)
class PhaseDraw:
    """Hold what flows through one phase: signed active current, the rest of it, and how much to stay below a limit."""

    active_a: float
    reactive_a: float = 0.0
    margin_a: float = MARGIN_A

    def top_a(self, limit_a: float) -> float:
        """Return the active current that reaches a limit together with the reactive one, less the margin."""
        return math.sqrt(max(0.0, limit_a**2 - self.reactive_a**2)) - self.margin_a


def voltage_v(reading: MeterReading, phase: int) -> float:
    """Return the voltage of a phase, the nominal one where nobody measures it."""
    return reading.voltage_v[phase] or NOMINAL_V


def phase_draw(config: SiteConfig, reading: MeterReading, phase: int) -> PhaseDraw | None:
    """Return what flows through a phase, ``None`` where the meter does not tell.

    Power over voltage comes first, for it has a sign; a measured current beyond it is reactive and loads the fuse too.
    Then a signed current; last one without a direction, which counts as drawn, and at its worst within its step.
    """
    power_w = reading.phase_power_w[phase]
    if power_w is None and config.phases == 1:
        power_w = reading.power_w
    current_a, step_a = reading.current_a[phase], reading.current_step_a
    if power_w is not None:
        active_a = power_w / voltage_v(reading, phase)
        told_a = 0.0 if current_a is None else max(0.0, abs(current_a) - 0.5 * step_a)
        return PhaseDraw(active_a, math.sqrt(max(0.0, told_a**2 - active_a**2)))
    margin_a = COARSE_MARGIN_A if step_a >= COARSE_A else MARGIN_A
    if current_a is not None:
        return PhaseDraw(current_a if reading.signed else abs(current_a) + 0.5 * step_a, 0.0, margin_a)
    if config.phases == 1 and reading.apparent_va is not None:
        return PhaseDraw(reading.apparent_va / voltage_v(reading, phase))
    return None


def voltage_sound(reading: MeterReading) -> bool:
    """Return whether the voltage is where energy may be given back; a phase without any does not count."""
    return all(v is None or v == 0 or VOLTAGE_MIN_V <= v <= VOLTAGE_MAX_V for v in reading.voltage_v)
