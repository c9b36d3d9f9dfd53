"""A house meter played by sensors of Home Assistant: the whole power, or power, current and voltage of each phase."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    STATE_UNAVAILABLE,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfPower,
)
from homeassistant.core import HomeAssistant, State, callback
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import (
    BaseUnitConverter,
    ElectricCurrentConverter,
    ElectricPotentialConverter,
    PowerConverter,
)

from .configuration import MeterEntity
from .core.meters.rewiring import rewired
from .core.model.electric import NOMINAL_V, MeterReading, PerPhase
from .core.model.facts import MeterLost, MeterRead
from .watching import Watch, number_of

PERIODS: Final = 3.0
"""A sensor that was silent for so many of its periods says nothing about now."""

type Unit = tuple[type[BaseUnitConverter], str]

WATTS: Final[Unit] = (PowerConverter, UnitOfPower.WATT)
AMPERES: Final[Unit] = (ElectricCurrentConverter, UnitOfElectricCurrent.AMPERE)
VOLTS: Final[Unit] = (ElectricPotentialConverter, UnitOfElectricPotential.VOLT)


def measures(state: State | None, unit: Unit) -> bool:
    """Return whether a sensor's unit is one of a kind."""
    return state is not None and state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) in unit[0].VALID_UNITS


def value_of(state: State | None, unit: Unit) -> float | None:
    """Return what a sensor measures in another unit of its kind; ``None`` where it measures nothing of that kind."""
    value = number_of(state)
    if state is None or value is None or not measures(state, unit):
        return None
    return unit[0].convert(value, state.attributes[ATTR_UNIT_OF_MEASUREMENT], unit[1])


def read_sensors(source: MeterEntity, states: Mapping[str, State | None]) -> MeterReading | None:
    """Return what the sensors say together; ``None`` where one of them says nothing."""
    single = {e: value_of(states[e], WATTS) for e in (source.power, source.fed_in) if e is not None}
    powers = [value_of(states[e], WATTS) for e in source.phase_powers]
    currents = [value_of(states[e], AMPERES) for e in source.currents]
    voltages = [value_of(states[e], VOLTS) for e in source.voltages]
    if None in (*single.values(), *powers, *currents, *voltages):
        return None
    by_phase = _phases(powers)
    if not powers and source.signed:
        by_phase = _apparent(_phases(currents), _phases(voltages))
    known = [power for power in by_phase if power is not None]
    power_w = sum(known) if known else None
    if source.power is not None:
        fed_in_w = single[source.fed_in] if source.fed_in is not None else None
        power_w = (single[source.power] or 0.0) - (fed_in_w or 0.0)
    reading = MeterReading(
        power_w=power_w,
        phase_power_w=by_phase,
        current_a=_phases(currents),
        voltage_v=_phases(voltages),
        signed=source.signed and bool(currents),
    )
    return rewired(reading, source.wiring)


def _phases(values: Sequence[float | None]) -> PerPhase:
    first, second, third = (*values, None, None, None)[:3]
    return first, second, third


def _apparent(currents: PerPhase, voltages: PerPhase) -> PerPhase:
    """Return the power of currents with a direction, at their voltage or the nominal one."""
    first, second, third = (
        None if current is None else current * (voltage or NOMINAL_V)
        for current, voltage in zip(currents, voltages, strict=True)
    )
    return first, second, third


class EntityMeter:
    """Tell what the sensors say: all of them, or none."""

    def __init__(self, hass: HomeAssistant, source: MeterEntity, tell: Callable[[MeterRead | MeterLost], None]) -> None:
        """Follow the sensors."""
        self._hass = hass
        self._source = source
        self._tell = tell
        self._states: dict[str, State | None] = {}
        self._due = True
        self._stopped = False
        self._watches = [Watch(hass, entity_id, self._taker(entity_id)) for entity_id in source.entities]
        self._read()

    def _taker(self, entity_id: str) -> Callable[[State | None], None]:
        @callback
        def take(state: State | None) -> None:
            self._states[entity_id] = state
            if not self._due:
                self._due = True  # a meter's sensors report one after the other: they are read together
                self._hass.loop.call_soon(self._read)

        return take

    @callback
    def _read(self) -> None:
        self._due = False
        if self._stopped:
            return
        reading = read_sensors(self._source, self._states)
        if reading is None:
            self._tell(MeterLost(STATE_UNAVAILABLE))
        elif not self._is_late():
            self._tell(MeterRead(reading))

    def _is_late(self) -> bool:
        now = dt_util.utcnow()
        ages_s = [(now - state.last_reported).total_seconds() for state in self._states.values() if state is not None]
        return max(ages_s, default=0.0) > PERIODS * self._source.period_s

    async def async_stop(self) -> None:
        """Follow them no longer."""
        self._stopped = True
        for watch in self._watches:
            await watch.async_stop()
