"""What the house meter says, whichever kind it is: a line that speaks, registers that are asked, other entities."""

import asyncio
from collections.abc import Callable, Mapping
import logging
from typing import Final

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, State, callback
from homeassistant.util import dt as dt_util

from . import configuration as answers
from .core.meters.dsmr import DsmrDecoder, DsmrTelegram
from .core.meters.linky import LinkyFacts, LinkyMeter
from .core.meters.register_table import own_table
from .core.meters.registers import RegisterTable
from .core.meters.rewiring import rewired
from .core.meters.tic import TicDecoder
from .core.meters.transformers import amperes, read_currents
from .core.model.electric import MeterReading
from .core.model.facts import Fact, MeterLost, MeterRead
from .core.model.moment import Moment
from .core.model.wiring import TransformerRatio
from .entity_meter import AMPERES, VOLTS, EntityMeter, value_of
from .modbus_line import ModbusFailure, RegisterReader, opened
from .shell.byte_line import LINKY, P1, ByteLine, LineReport, LineState
from .shell.register_tables import load_tables
from .watching import Watch

_LOGGER = logging.getLogger(__name__)

TRANSFORMER_AGE_S: Final = 30.0
PERSONAL: Final = frozenset({"ADSC", "ADCO", "PRM", "MSG1", "MSG2"})
"""Labels of the Linky that name somebody, or may."""
POLL_S: Final = 1.0
COUNTERS_EVERY: Final = 10
PATIENCE: Final = 3
LONGEST_PAUSE_S: Final = 10.0

type Tell = Callable[[Fact], None]
type Clock = Callable[[], Moment]
type Hear = Callable[[LinkyFacts], None]


def _line_details(line: ByteLine) -> Mapping[str, object] | None:
    report = line.report
    return {"state": report.state, "fault": report.fault, "speed_bd": report.speed_bd} if report else None


class LinkySource:
    """Tell what a Linky says on its line, every frame."""

    def __init__(self, source: answers.MeterLine, tell: Tell, clock: Clock, hear: Hear) -> None:
        """Open the line."""
        self._tell = tell
        self._hear = hear
        self.decoder = TicDecoder()
        self.meter = LinkyMeter()
        self.line = ByteLine(source.url, LINKY, on_bytes=self._heard, on_state=self._turned, clock=clock)
        self.line.start()

    def details(self) -> Mapping[str, object]:
        """Return what diagnostics show of it."""
        labels = {name: value for name, value in self.meter.labels.items() if name not in PERSONAL}
        return {"line": _line_details(self.line), "groups_refused": dict(self.decoder.refused), "labels": labels}

    def _heard(self, data: bytes, _: Moment) -> None:
        for frame in self.decoder.receive(data):
            if frame.values:  # a frame of refusals only is no fresh reading
                self._tell(MeterRead(self.meter.read(frame)))
                self._hear(self.meter.facts)

    def _turned(self, report: LineReport) -> None:
        if report.state is not LineState.UP:
            self.decoder.close()  # half a frame must not be glued to what comes after the gap
            self._tell(MeterLost(report.fault or report.state))

    async def async_stop(self) -> None:
        """Close the line."""
        await self.line.close()


class P1Source:
    """Tell what a P1 port says, every telegram."""

    def __init__(self, source: answers.MeterP1, tell: Tell, clock: Clock) -> None:
        """Open the line."""
        self._tell = tell
        self._last: DsmrTelegram | None = None
        self._decoder = DsmrDecoder()
        self._line = ByteLine(source.url, P1, on_bytes=self._heard, on_state=self._turned, clock=clock)
        self._line.start()

    def details(self) -> Mapping[str, object]:
        """Return what diagnostics show of it."""
        last = self._last
        return {
            "line": _line_details(self._line),
            "telegrams": self._decoder.accepted,
            "refused": dict(self._decoder.refused),
            "version": last.version if last else None,
            "fuse_a": last.fuse_a if last else None,
            "demand_w": last.demand_w if last else None,
            "month_peak_w": last.month_peak_w if last else None,
        }

    def _heard(self, data: bytes, _: Moment) -> None:
        for telegram in self._decoder.receive(data):
            self._last = telegram
            self._tell(MeterRead(telegram.reading))

    def _turned(self, report: LineReport) -> None:
        if report.state is not LineState.UP:
            self._decoder.close()
            self._tell(MeterLost(report.fault or report.state))

    async def async_stop(self) -> None:
        """Close the line."""
        await self._line.close()


class RegisterSource:
    """Tell what a Modbus meter holds, every second."""

    def __init__(self, hass: HomeAssistant, source: answers.MeterRegisters, tell: Tell) -> None:
        """Begin to ask."""
        self._hass = hass
        self._source = source
        self._tell = tell
        self._pause_s = POLL_S
        self._rounds = self._failures = 0
        self._fault: str | None = None
        self._task = hass.async_create_background_task(self._run(), f"meter of unit {source.unit_id}")

    def details(self) -> Mapping[str, object]:
        """Return what diagnostics show of it."""
        return {"rounds": self._rounds, "failures": self._failures, "fault": self._fault}

    async def async_stop(self) -> None:
        """Ask no more, and give the link back."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        table = await table_of(self._hass, self._source)
        while True:
            try:
                async with opened(self._hass, self._source.link, self._source.unit_id) as unit:
                    await self._follow(RegisterReader(unit, table, self._source.ratio))
            except ModbusFailure as err:
                self._lost(err)
            await asyncio.sleep(self._pause_s)
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)

    async def _follow(self, reader: RegisterReader) -> None:
        """Ask round after round, until several in a row went wrong."""
        loop, missed = asyncio.get_running_loop(), 0
        while True:
            begin_s = loop.time()
            try:
                reading = await reader.read(counters=self._rounds % COUNTERS_EVERY == 0)
            except ModbusFailure:
                self._failures += 1
                missed += 1
                if missed >= PATIENCE:
                    raise
            else:
                missed = 0
                self._told(reading)
            await asyncio.sleep(max(POLL_S / 10, POLL_S - (loop.time() - begin_s)))

    def _told(self, reading: MeterReading) -> None:
        if self._fault is not None:
            _LOGGER.info("The meter answers again")
        self._rounds += 1
        self._fault, self._pause_s = None, POLL_S
        self._tell(MeterRead(rewired(reading, self._source.wiring)))

    def _lost(self, err: ModbusFailure) -> None:
        if self._fault is None:
            _LOGGER.warning("The meter cannot be read: %s", err)
        if self._fault != err.key:
            self._tell(MeterLost(err.key))
        self._fault = err.key


async def table_of(hass: HomeAssistant, source: answers.MeterRegisters) -> RegisterTable:
    """Return the registers of a meter: a kind we know, or the owner's rows.

    Raises:
        TableError: the owner's rows make no sense.
    """
    if source.own is not None:
        return own_table(source.own.function, source.own.words, source.own.rows)
    return (await hass.async_add_executor_job(load_tables))[source.table]


def transformer_a(state: State | None, ratio: TransformerRatio) -> float | None:
    """Return the current a sensor on a transformer tells, in amperes or as the transformer's voltage."""
    volts = value_of(state, VOLTS)
    return value_of(state, AMPERES) if volts is None else amperes(1000.0 * volts, ratio)


class TransformerSource:
    """Tell the currents at the meter as sensors on transformers measure them: all phases, or none."""

    def __init__(self, hass: HomeAssistant, source: answers.MeterTransformers, tell: Tell) -> None:
        """Follow the sensors."""
        self._source = source
        self._tell = tell
        self._states: dict[str, State | None] = {}
        self._watches = [Watch(hass, eid, self._taker(eid)) for eid in source.entities]

    def _taker(self, entity_id: str) -> Callable[[State | None], None]:
        @callback
        def take(state: State | None) -> None:
            self._states[entity_id] = state
            if len(self._states) == len(self._source.entities):
                self._told()

        return take

    def _told(self) -> None:
        phases: list[float | None] = [None, None, None]
        now = dt_util.utcnow()
        for n, entity_id in enumerate(self._source.entities):
            state = self._states[entity_id]
            current = transformer_a(state, self._source.ratio)
            late = state is None or (now - state.last_reported).total_seconds() > TRANSFORMER_AGE_S
            if current is None or late:
                self._tell(MeterLost(STATE_UNAVAILABLE))
                return
            phases[n] = current
        first, second, third = phases
        reading = read_currents((first, second, third), signed=self._source.ratio.signed)
        self._tell(MeterRead(rewired(reading, self._source.wiring)))

    async def async_stop(self) -> None:
        """Follow them no longer."""
        for watch in self._watches:
            await watch.async_stop()


type Meter = LinkySource | P1Source | RegisterSource | TransformerSource | EntityMeter


def start_meter(hass: HomeAssistant, spec: answers.MeterSource, tell: Tell, clock: Clock, hear: Hear) -> Meter:
    """Begin to follow a meter of any kind."""
    match spec:
        case answers.MeterLine():
            return LinkySource(spec, tell, clock, hear)
        case answers.MeterP1():
            return P1Source(spec, tell, clock)
        case answers.MeterRegisters():
            return RegisterSource(hass, spec, tell)
        case answers.MeterTransformers():
            return TransformerSource(hass, spec, tell)
        case answers.MeterEntity():
            return EntityMeter(hass, spec, tell)
