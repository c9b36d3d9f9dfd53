"""Power, current and the one sign rule.

Positive is into the car and from the grid; negative is out of the car and into the grid.
Every name ends in its unit. Energy counters are two, one for each direction, and never negative.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from .moment import Moment

NOMINAL_V: Final = 230.0
MINIMUM_CHARGE_A: Final = 6.0  # IEC 61851-1: nothing between 0 and 6 A

type PerPhase = tuple[float | None, float | None, float | None]

NO_PHASES: Final[PerPhase] = (None, None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterReading:
    """Hold what the house meter said last; ``None`` where it does not say.

    ``power_w`` is the sum over the phases, signed. ``current_a`` is a magnitude unless ``signed``.
    ``apparent_va`` is drawn apparent power (never negative), ``injected_va`` the other direction. ``clock`` is the
    meter's own.
    """

    power_w: float | None = None
    apparent_va: float | None = None
    injected_va: float | None = None
    phase_power_w: PerPhase = NO_PHASES
    current_a: PerPhase = NO_PHASES
    voltage_v: PerPhase = NO_PHASES
    signed: bool = False
    current_step_a: float = 0.0
    import_wh: float | None = None
    export_wh: float | None = None
    subscribed_kva: float | None = None
    cutoff_kva: float | None = None
    tariff_index: int | None = None
    tariff_name: str | None = None
    serial: str | None = None
    clock: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterMemory:
    """Hold what tells a living meter from a frozen one, and a counter that leapt from a meter that was replaced.

    ``since_s`` is since when it says exactly what it ``said``, ``cars_w`` what the cars took then, ``apart_s`` since
    when they take another power. ``doubted_s`` is since when the counters, drawn and fed in, are not believed;
    ``refused`` counts readings that cannot be.
    """

    said: MeterReading | None = None
    since_s: float | None = None
    cars_w: float | None = None
    apart_s: float | None = None
    doubted_s: tuple[float | None, float | None] = (None, None)
    refused: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StationReadings:
    """Hold what one EVSE measured last; ``power_w`` is net, positive into the car.

    ``request_wh`` is what the car still asks for up to its target (ISO 15118), where the station tells no level.
    """

    at: Moment | None = None
    power_w: float | None = None
    phase_power_w: PerPhase = NO_PHASES
    current_a: PerPhase = NO_PHASES
    voltage_v: PerPhase = NO_PHASES
    import_wh: float | None = None
    export_wh: float | None = None
    setpoint_w: float | None = None
    soc_pct: float | None = None
    soc_at: Moment | None = None
    request_wh: float | None = None
    request_at: Moment | None = None
