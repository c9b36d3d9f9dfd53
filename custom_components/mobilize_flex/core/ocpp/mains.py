"""What a station says of the meter at the home's connection, where it is the station that reads it."""

from collections.abc import Sequence
from typing import Final

from ..model.electric import NO_PHASES, MeterReading
from ..model.replacing import replace
from ..model.station import Sample, told_by
from .readings import counters, net_per_phase, net_power_w, per_phase

UPSTREAM: Final = "Upstream"
"""Where OCPP 2.1 says that a value was measured at the home's connection."""
_HERE: Final = "Outlet"
_SIGNED: Final = ("Power.Active.Import", "Power.Active.Export")
_CURRENTS: Final = ("Current.Import", "Current.Export")


def mains_reading(samples: Sequence[Sample]) -> MeterReading | None:
    """Return what these samples say of the home, all of the one meter; ``None`` where they say nothing of its load."""
    here = tuple(replace(sample, location=_HERE) for sample in samples)
    powers = tuple(sample for sample in here if sample.measurand in _SIGNED)
    phased = tuple(sample for sample in powers if sample.phase is not None)
    currents = tuple(sample for sample in here if sample.measurand in _CURRENTS)
    if not powers and not currents:
        return None
    told = told_by(here)
    drawn_wh, given_wh = counters(told)
    return MeterReading(
        power_w=net_power_w(told_by(powers)) if powers else None,
        phase_power_w=net_per_phase(told_by(phased), *_SIGNED) if phased else NO_PHASES,
        current_a=net_per_phase(told, *_CURRENTS),
        signed=any(sample.measurand == _CURRENTS[1] or sample.value < 0.0 for sample in currents),
        voltage_v=per_phase(told, "Voltage"),
        import_wh=drawn_wh,
        export_wh=given_wh,
    )
