"""What flows through a station now: power, current, voltage, counters, state of charge."""

from collections.abc import Iterable, Sequence
from typing import Final

from ..model.electric import NO_PHASES, NOMINAL_V, PerPhase, StationReadings
from ..model.moment import Moment
from ..model.replacing import replace
from ..model.station import Sample, Sampling, Told, told_by

# a list of an ended transaction holds its beginning too; neither end of it is what flows now
_NOT_LIVE: Final = frozenset({"Transaction.Begin", "Transaction.End", "Interruption.Begin", "Interruption.End"})
_PLACES: Final = ("Outlet", "Cable", "Body", "Inlet")  # nearest to the car first; the car's own and the house's never
_PHASES: Final = ("L1", "L2", "L3")
_POWERS: Final = ("Power.Active.Import", "Power.Active.Export")
_IMPORT_WH: Final = "Energy.Active.Import.Register"
_EXPORT_WH: Final = "Energy.Active.Export.Register"


def merge(readings: StationReadings, samplings: Iterable[Sampling], now: Moment) -> StationReadings:
    """Bring readings up to date with one message; an ended transaction may list all it ever measured, in any order."""
    for sampling in sorted(samplings, key=lambda sampling: sampling.at):
        readings = merge_sampling(readings, sampling, now)
    return readings


_NOTHING: Final[Sequence[Sample]] = ()


def merge_sampling(readings: StationReadings, sampling: Sampling, now: Moment) -> StationReadings:
    """Bring readings up to date with what was measured at one instant; the rest of them stays as it was."""
    live = [sample for sample in sampling.samples if sample.context not in _NOT_LIVE]
    return _with_flow(readings, sampling.told if len(live) == len(sampling.samples) else told_by(live), now)


def net_power_w(told: Told) -> float | None:
    """Return the power into the car; negative out of it, ``None`` where nothing tells.

    A negative import counts as export: some firmware reports it so.
    """
    imported, exported = told.get(_POWERS[0], _NOTHING), told.get(_POWERS[1], _NOTHING)
    if not imported and not exported:
        return _power_from_current(told)
    if all(sample.phase is not None for sample in (*imported, *exported)):
        phases = _phased(told)
        if phases != NO_PHASES:
            return sum(power_w or 0.0 for power_w in phases)
    drawn, given = _total(imported), _total(exported)
    if drawn is not None or given is not None:
        return _net(drawn or 0.0, given or 0.0)
    return _power_from_current(told)


def per_phase(told: Told, measurand: str) -> PerPhase:
    """Return a measurand by phase; a value without a phase stands on the first."""
    return _by_phase(told.get(measurand, _NOTHING))


def net_per_phase(told: Told, drawn: str, given: str) -> PerPhase:
    """Return what goes into the car less what comes out of it, by phase."""
    return _net_by_phase(told.get(drawn, _NOTHING), told.get(given, _NOTHING))


def counters(told: Told) -> tuple[float | None, float | None]:
    """Return the two counters (Wh): in and out of the car; those of a beginning only where there are no others."""
    return _counter(told.get(_IMPORT_WH, _NOTHING)), _counter(told.get(_EXPORT_WH, _NOTHING))


def state_of_charge(told: Told) -> float | None:
    """Return the car's state of charge (%), wherever it was measured."""
    found = told.get("SoC") or told.get("Display.PresentSOC")
    return found[0].value if found else None


def still_asked(told: Told) -> float | None:
    """Return what the car still asks for up to its target (Wh), negative above it."""
    found = told.get("EnergyRequest.Target")
    return found[0].value if found else None


def _with_flow(readings: StationReadings, live: Told, now: Moment) -> StationReadings:
    power_w = net_power_w(live)
    setpoint_w = _total(live.get("Power.Active.Setpoint", _NOTHING))
    soc_pct = state_of_charge(live)
    request_wh = None if soc_pct is not None else still_asked(live)
    current = net_per_phase(live, "Current.Import", "Current.Export")
    voltage = per_phase(live, "Voltage")
    return replace(
        readings,
        at=readings.at if power_w is None else now,
        power_w=readings.power_w if power_w is None else power_w,
        phase_power_w=readings.phase_power_w if power_w is None else _phased(live),
        current_a=readings.current_a if current == NO_PHASES else current,
        voltage_v=readings.voltage_v if voltage == NO_PHASES else voltage,
        setpoint_w=readings.setpoint_w if setpoint_w is None else setpoint_w,
        soc_pct=readings.soc_pct if soc_pct is None else soc_pct,
        soc_at=readings.soc_at if soc_pct is None else now,
        request_wh=readings.request_wh if request_wh is None else request_wh,
        request_at=readings.request_at if request_wh is None else now,
    )


def _phased(told: Told) -> PerPhase:
    """Return the net power by phase, and nothing where only a total is known."""
    drawn, given = (
        [sample for sample in told.get(power, _NOTHING) if sample.phase in _PHASES] for power in _POWERS
    )  # fmt: skip
    return _net_by_phase(drawn, given)


def _net_by_phase(drawn: Sequence[Sample], given: Sequence[Sample]) -> PerPhase:
    if not drawn and not given:
        return NO_PHASES
    into, out = _by_phase(drawn), _by_phase(given)
    return (_net_or_none(into[0], out[0]), _net_or_none(into[1], out[1]), _net_or_none(into[2], out[2]))


def _by_phase(samples: Sequence[Sample]) -> PerPhase:
    if not samples:
        return NO_PHASES
    found = _at_best_place(samples)
    phases = {sample.phase: sample.value for sample in found if sample.phase in _PHASES}
    if not phases:
        whole = next((sample.value for sample in found if sample.phase is None), None)
        return (whole, None, None)
    return (phases.get("L1"), phases.get("L2"), phases.get("L3"))


def _at_best_place(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Return the samples of one measurand that belong to the one place nearest to the car."""
    first = samples[0].location
    if first in _PLACES and all(sample.location == first for sample in samples):
        return samples
    for place in _PLACES:
        here = [sample for sample in samples if sample.location == place]
        if here:
            return here
    return _NOTHING


def _counter(samples: Sequence[Sample]) -> float | None:
    """Return what a counter shows, at the beginning where nothing else is told."""
    now = _total([sample for sample in samples if not sample.context.endswith(".Begin")])
    return _total(samples) if now is None else now


def _total(samples: Sequence[Sample]) -> float | None:
    """Return the total of one measurand if there is one, else the sum of the phases."""
    if not samples:
        return None
    found = _at_best_place(samples)
    whole = [sample.value for sample in found if sample.phase is None]
    if whole:
        return whole[-1]
    phases = {sample.phase: sample.value for sample in found if sample.phase in _PHASES}
    return sum(phases.values()) if phases else None


def _net(drawn: float, given: float) -> float:
    if drawn < 0.0:  # export told twice is not twice the export
        return min(drawn, -abs(given))
    return drawn - abs(given)


def _net_or_none(drawn: float | None, given: float | None) -> float | None:
    return None if drawn is None and given is None else _net(drawn or 0.0, given or 0.0)


def _power_from_current(told: Told) -> float | None:
    """Estimate power from currents where the station measures nothing else."""
    currents = net_per_phase(told, "Current.Import", "Current.Export")
    voltages = per_phase(told, "Voltage")
    if currents == NO_PHASES:
        return None
    return sum((a or 0.0) * (v or NOMINAL_V) for a, v in zip(currents, voltages, strict=True))
