"""What the connection of the home allows the car right now."""

from typing import Final

from ..model.config import SiteConfig, StationConfig
from ..model.electric import NOMINAL_V, MeterReading
from ..model.moment import Moment
from ..model.reasons import Reason
from ..model.state import Envelope, MeterState

MARGIN_A: Final = 0.5
COARSE_MARGIN_A: Final = 1.0
STALE_S: Final = 10.0
STALE_PERIODS: Final = 3.0
VOLTAGE_MIN_V: Final = 207.0
VOLTAGE_MAX_V: Final = 253.0


def limit_a(config: SiteConfig, reading: MeterReading) -> float:
    """Return the amperes a phase may draw: the breaker, the contract and the meter's own cut-off, whichever is least.

    Apparent power counts at the nominal voltage, so 6 kVA on one phase is 26 A although the breaker says 30.
    """
    kva = [k for k in (config.subscribed_kva, reading.subscribed_kva, reading.cutoff_kva) if k is not None]
    amperes = [k * 1000.0 / (config.phases * NOMINAL_V) for k in kva]
    return min([config.breaker_a, *amperes])


def is_fresh(config: SiteConfig, meter: MeterState, now: Moment) -> bool:
    """Return whether the meter spoke recently enough to steer by."""
    if config.meter is None or meter.lost is not None:
        return False
    return now.age_s(meter.at) <= max(STALE_S, STALE_PERIODS * config.meter.period_s)


def envelope(
    config: SiteConfig, station: StationConfig, meter: MeterState, car_w: float | None, now: Moment
) -> Envelope:
    """Return what one station may do.

    ``car_w`` is the net power of this station, positive into the car, ``None`` where nobody knows it.
    A silent meter or car counts as the worst case: the agreed fallback inward, nothing outward.
    """
    if car_w is None or not is_fresh(config, meter, now):
        return Envelope(max_w=station.fallback_w, min_w=0.0)
    reading = meter.reading
    inward = _inward_w(config, station, reading, car_w)
    outward = _outward_w(config, reading, car_w)
    if not _voltage_sound(reading):
        outward = 0.0
    return Envelope(
        max_w=max(0.0, inward),
        min_w=min(0.0, outward),
        max_because=Reason.HOUSE_LIMIT,
        min_because=Reason.FEED_IN_LIMIT,
        fresh=True,
    )


def _inward_w(config: SiteConfig, station: StationConfig, reading: MeterReading, car_w: float) -> float:
    """Return the least headroom of the phases the station uses, as power over all of them."""
    used = min(station.phases, config.phases)
    margin = COARSE_MARGIN_A if reading.current_step_a >= 1.0 else MARGIN_A
    top = limit_a(config, reading) - margin
    voltages = [v or NOMINAL_V for v in reading.voltage_v]
    drawn = [_drawn_a(config, reading, i, voltages[i]) - car_w / used / voltages[i] for i in range(used)]
    return min((top - drawn[i]) * min(voltages[i], NOMINAL_V) for i in range(used)) * used


def _drawn_a(config: SiteConfig, reading: MeterReading, phase: int, voltage_v: float) -> float:
    """Return the signed current a phase draws; a current without a direction counts as drawn."""
    power_w = reading.phase_power_w[phase]
    if power_w is None and config.phases == 1:
        power_w = reading.power_w
    if power_w is not None:
        return power_w / voltage_v
    current = reading.current_a[phase]
    if current is not None:
        return current if reading.signed else abs(current) + 0.5 * reading.current_step_a
    total = reading.power_w if reading.power_w is not None else reading.apparent_va
    return (total or 0.0) / config.phases / voltage_v


def _outward_w(config: SiteConfig, reading: MeterReading, car_w: float) -> float:
    """Return how much may leave this car: what the house and the other cars take, and what may be fed in."""
    if reading.power_w is None:
        return 0.0
    return -(reading.power_w - car_w + config.feed_in_w)


def _voltage_sound(reading: MeterReading) -> bool:
    return all(v is None or v == 0 or VOLTAGE_MIN_V <= v <= VOLTAGE_MAX_V for v in reading.voltage_v)
