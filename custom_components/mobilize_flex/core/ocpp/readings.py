"""What flows through a station now: power, current, voltage, counters, state of charge."""

from collections.abc import Iterable, Sequence
from typing import Final

from ..model.electric import NO_PHASES, NOMINAL_V, PerPhase, StationReadings
from ..model.moment import Moment
from ..model.replacing import replace
from ..model.station import Sample, Sampling

# a list of an ended transaction holds its beginning too; neither end of it is what flows now
_NOT_LIVE: Final = frozenset({"Transaction.Begin", "Transaction.End", "Interruption.Begin", "Interruption.End"})
_PLACES: Final = ("Outlet", "Cable", "Body", "Inlet")  # nearest to the car first; the car's own and the house's never
_PHASES: Final = ("L1", "L2", "L3")
_POWERS: Final = ("Power.Active.Import", "Power.Active.Export")
_IMPORT_WH: Final = "Energy.Active.Import.Register"
_EXPORT_WH: Final = "Energy.Active.Export.Register"
_COUNTERS: Final = (_IMPORT_WH, _EXPORT_WH)


def merge(readings: StationReadings, samplings: Iterable[Sampling], now: Moment) -> StationReadings:
    """Bring readings up to date with one message; an ended transaction may list all it ever measured, in any order."""
    for sampling in sorted(samplings, key=lambda sampling: sampling.at):
        readings = merge_sampling(readings, sampling, now)
    return readings


def merge_sampling(readings: StationReadings, sampling: Sampling, now: Moment) -> StationReadings:
    """Bring readings up to date with what was measured at one instant; the rest of them stays as it was."""
    live = tuple(sample for sample in sampling.samples if sample.context not in _NOT_LIVE)
    return _with_flow(readings, live, now)


def net_power_w(samples: Sequence[Sample]) -> float | None:
    """Return the power into the car; negative out of it, ``None`` where nothing tells.

    A negative import counts as export: some firmware reports it so.
    """
    powers = [sample for sample in samples if sample.measurand in _POWERS]
    if not powers:
        return _power_from_current(samples)
    phases = _phased(powers, *_POWERS)
    if phases != NO_PHASES and all(sample.phase is not None for sample in powers):
        return sum(power_w or 0.0 for power_w in phases)
    drawn, given = _total(powers, _POWERS[0]), _total(powers, _POWERS[1])
    if drawn is not None or given is not None:
        return _net(drawn or 0.0, given or 0.0)
    return _power_from_current(samples)


def per_phase(samples: Sequence[Sample], measurand: str) -> PerPhase:
    """Return a measurand by phase; a value without a phase stands on the first."""
    found = _at_best_place(samples, measurand)
    phases = {sample.phase: sample.value for sample in found if sample.phase in _PHASES}
    if not phases:
        whole = next((sample.value for sample in found if sample.phase is None), None)
        return (whole, None, None)
    return (phases.get("L1"), phases.get("L2"), phases.get("L3"))


def net_per_phase(samples: Sequence[Sample], drawn: str, given: str) -> PerPhase:
    """Return what goes into the car less what comes out of it, by phase."""
    into, out = per_phase(samples, drawn), per_phase(samples, given)
    return (_net_or_none(into[0], out[0]), _net_or_none(into[1], out[1]), _net_or_none(into[2], out[2]))


def counters(samples: Sequence[Sample]) -> tuple[float | None, float | None]:
    """Return the two counters (Wh): in and out of the car; those of a beginning only where there are no others."""
    shown = [sample for sample in samples if sample.measurand in _COUNTERS]
    now = [sample for sample in shown if not sample.context.endswith(".Begin")]
    drawn, given = _total(now, _IMPORT_WH), _total(now, _EXPORT_WH)
    return (
        _total(shown, _IMPORT_WH) if drawn is None else drawn,
        _total(shown, _EXPORT_WH) if given is None else given,
    )


def state_of_charge(samples: Sequence[Sample]) -> float | None:
    """Return the car's state of charge (%), wherever it was measured."""
    for measurand in ("SoC", "Display.PresentSOC"):
        for sample in samples:
            if sample.measurand == measurand:
                return sample.value
    return None


def still_asked(samples: Sequence[Sample]) -> float | None:
    """Return what the car still asks for up to its target (Wh), negative above it."""
    for sample in samples:
        if sample.measurand == "EnergyRequest.Target":
            return sample.value
    return None


def _with_flow(readings: StationReadings, live: Sequence[Sample], now: Moment) -> StationReadings:
    power_w = net_power_w(live)
    setpoint_w = _total(live, "Power.Active.Setpoint")
    soc_pct = state_of_charge(live)
    request_wh = None if soc_pct is not None else still_asked(live)
    current = net_per_phase(live, "Current.Import", "Current.Export")
    voltage = per_phase(live, "Voltage")
    return replace(
        readings,
        at=readings.at if power_w is None else now,
        power_w=readings.power_w if power_w is None else power_w,
        phase_power_w=readings.phase_power_w if power_w is None else _phased(live, *_POWERS),
        current_a=readings.current_a if current == NO_PHASES else current,
        voltage_v=readings.voltage_v if voltage == NO_PHASES else voltage,
        setpoint_w=readings.setpoint_w if setpoint_w is None else setpoint_w,
        soc_pct=readings.soc_pct if soc_pct is None else soc_pct,
        soc_at=readings.soc_at if soc_pct is None else now,
        request_wh=readings.request_wh if request_wh is None else request_wh,
        request_at=readings.request_at if request_wh is None else now,
    )


def _phased(samples: Sequence[Sample], drawn: str, given: str) -> PerPhase:
    """Return the net by phase, and nothing where only a total is known."""
    phased = [sample for sample in samples if sample.phase in _PHASES]
    return net_per_phase(phased, drawn, given)


def _at_best_place(samples: Sequence[Sample], measurand: str) -> list[Sample]:
    """Return the samples of a measurand, all of the one place nearest to the car."""
    found = [sample for sample in samples if sample.measurand == measurand]
    if not found:
        return found
    for place in _PLACES:
        here = [sample for sample in found if sample.location == place]
        if here:
            return here
    return []


def _total(samples: Sequence[Sample], measurand: str) -> float | None:
    """Return the total if there is one, else the sum of the phases."""
    found = _at_best_place(samples, measurand)
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


def _power_from_current(samples: Sequence[Sample]) -> float | None:
    """Estimate power from currents where the station measures nothing else."""
    currents = net_per_phase(samples, "Current.Import", "Current.Export")
    voltages = per_phase(samples, "Voltage")
    if currents == NO_PHASES:
        return None
    return sum((a or 0.0) * (v or NOMINAL_V) for a, v in zip(currents, voltages, strict=True))
