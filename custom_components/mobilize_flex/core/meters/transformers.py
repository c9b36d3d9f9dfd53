"""Three current transformers around the conductors: from the voltage they give to the current that flows.

The station's are 100 A : 333 mV with their burden built in (installation guide), linear to about 120 %. An alternating
voltage has no direction: without a device that compares it with the mains, the current is a magnitude.
"""

from typing import Final

from ..model.electric import NO_PHASES, NOMINAL_V, MeterReading, PerPhase
from ..model.wiring import TransformerRatio

NOISE_A: Final = 0.5
"""Below this a reading is noise: 1 A gives 3.33 mV."""


def amperes(millivolts: float, ratio: TransformerRatio) -> float:
    """Return the current behind a voltage; a magnitude unless the voltage bears a direction."""
    current = millivolts * ratio.amperes / ratio.millivolts
    return current if ratio.signed else abs(current)


def read_currents(current_a: PerPhase, *, signed: bool) -> MeterReading:
    """Return what three transformers tell; with a direction also the power, at the nominal voltage."""
    known = [current for current in current_a if current is not None]
    if not signed:
        first, second, third = (None if current is None else abs(current) for current in current_a)
        return MeterReading(current_a=(first, second, third), current_step_a=NOISE_A if known else 0.0)
    first, second, third = (None if current is None else current * NOMINAL_V for current in current_a)
    powers = (first, second, third) if known else NO_PHASES
    return MeterReading(
        power_w=sum(known) * NOMINAL_V if known else None,
        phase_power_w=powers,
        current_a=current_a,
        signed=bool(known),
        current_step_a=NOISE_A if known else 0.0,
    )
