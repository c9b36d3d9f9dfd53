"""A meter's reading as the home has it: the right way round, each phase in its place."""

from dataclasses import replace

from ..model.electric import MeterReading, PerPhase
from ..model.wiring import Wiring


def rewired(reading: MeterReading, wiring: Wiring) -> MeterReading:
    """Return a reading with its directions and phases put right.

    A meter that counted one phase backwards has wrong totals: the power is added up anew, its counters are not known.
    """
    if wiring == Wiring():
        return reading
    signs = [-1.0 if wiring.inverted != (phase in wiring.turned) else 1.0 for phase in range(3)]
    powers = _placed(reading.phase_power_w, wiring, signs)
    forth, back = (reading.export_wh, reading.import_wh) if wiring.inverted else (reading.import_wh, reading.export_wh)
    drawn, fed_in = reading.apparent_va, reading.injected_va
    if wiring.inverted:
        drawn, fed_in = fed_in, drawn
    return replace(
        reading,
        power_w=_total(reading, wiring, powers),
        apparent_va=None if wiring.turned else drawn,
        injected_va=None if wiring.turned else fed_in,
        phase_power_w=powers,
        current_a=_placed(reading.current_a, wiring, signs if reading.signed else [1.0] * 3),
        voltage_v=_placed(reading.voltage_v, wiring, [1.0] * 3),
        import_wh=None if wiring.turned else forth,
        export_wh=None if wiring.turned else back,
    )


def _placed(values: PerPhase, wiring: Wiring, signs: list[float]) -> PerPhase:
    first, second, third = (_turned(values[phase], signs[phase]) for phase in wiring.order)
    return first, second, third


def _turned(value: float | None, sign: float) -> float | None:
    return None if value is None else value * sign


def _total(reading: MeterReading, wiring: Wiring, powers: PerPhase) -> float | None:
    if wiring.turned:
        known = [power for power in powers if power is not None]
        return sum(known) if known else None
    return _turned(reading.power_w, -1.0 if wiring.inverted else 1.0)
