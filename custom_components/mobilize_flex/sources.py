"""Where the home's figures come from: the meter's line, other entities, published prices."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
import logging
from typing import Any, Final, Protocol

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfPower
from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    EventStateReportedData,
    HomeAssistant,
    State,
    callback,
)
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import (
    async_call_later,
    async_track_state_change_event,
    async_track_state_report_event,
    async_track_time_change,
)
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import PowerConverter
import probatio

from . import configuration as answers
from .core.meters.linky import LinkyMeter
from .core.meters.tic import TicDecoder
from .core.model.electric import MeterReading
from .core.model.facts import Fact, MeterLost, MeterRead, PriceRow, PricesPublished, VehicleSocRead
from .core.model.moment import Moment
from .core.tariff.rows import read_rows
from .shell.byte_line import LINKY, ByteLine, LineReport, LineState

_LOGGER = logging.getLogger(__name__)

RECENT_S: Final = 10.0
NEXT_LOOK_S: Final = 1800.0
TOMORROW_LOOK_S: Final = 600.0
FIRST_RETRY_S: Final = 15.0
NEWS_HOUR: Final = 13
NEWS_MINUTE: Final = 5
EXPORT_HOURS: Final = timedelta(days=60)

type Tell = Callable[[Fact], None]
type Clock = Callable[[], Moment]
type Report = Event[EventStateChangedData] | Event[EventStateReportedData]


class Source(Protocol):
    """Tell facts until stopped."""

    async def async_stop(self) -> None:
        """Tell nothing more."""


class _Watch:
    """Follow one entity: each change, and each report of the same value."""

    def __init__(self, hass: HomeAssistant, entity_id: str, take: Callable[[State | None], None]) -> None:
        self._take = take
        self._undo = (
            async_track_state_change_event(hass, entity_id, self._reported),
            async_track_state_report_event(hass, entity_id, self._reported),
        )
        take(hass.states.get(entity_id))

    @callback
    def _reported(self, event: Report) -> None:
        self._take(event.data["new_state"])

    async def async_stop(self) -> None:
        """Follow it no longer."""
        for undo in self._undo:
            undo()


def _number(state: State | None) -> float | None:
    """Return what an entity says as a finite number."""
    if state is None:
        return None
    try:
        value = float(state.state)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


class SocSource(_Watch):
    """Tell a car's state of charge as another entity knows it."""

    def __init__(self, hass: HomeAssistant, vehicle: str, entity_id: str, tell: Tell) -> None:
        """Follow the entity."""
        self._vehicle = vehicle
        self._tell = tell
        super().__init__(hass, entity_id, self._read)

    @callback
    def _read(self, state: State | None) -> None:
        soc_pct = _number(state)
        if state is not None and soc_pct is not None:
            self._tell(VehicleSocRead(vehicle=self._vehicle, soc_pct=soc_pct, at=state.last_reported))


class MeterEntitySource(_Watch):
    """Tell the power at the meter as a sensor measures it."""

    def __init__(self, hass: HomeAssistant, source: answers.MeterEntity, tell: Tell) -> None:
        """Follow the sensor."""
        self._sign = -1.0 if source.inverted else 1.0
        self._tell = tell
        super().__init__(hass, source.entity_id, self._read)

    @callback
    def _read(self, state: State | None) -> None:
        value = _number(state)
        unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) if state is not None else None
        if state is None or value is None or unit not in PowerConverter.VALID_UNITS:
            self._tell(MeterLost("unavailable"))
        elif (dt_util.utcnow() - state.last_reported).total_seconds() <= RECENT_S:
            power_w = self._sign * PowerConverter.convert(value, unit, UnitOfPower.WATT)
            self._tell(MeterRead(MeterReading(power_w=power_w)))


class LinkySource:
    """Tell what a Linky says on its line, every frame."""

    def __init__(self, source: answers.MeterLine, tell: Tell, clock: Clock) -> None:
        """Open the line."""
        self._tell = tell
        self.decoder = TicDecoder()
        self.meter = LinkyMeter()
        self.line = ByteLine(source.url, LINKY, on_bytes=self._heard, on_state=self._turned, clock=clock)
        self.line.start()

    def _heard(self, data: bytes, _: Moment) -> None:
        for frame in self.decoder.receive(data):
            if frame.values:  # a frame of refusals only is no fresh reading
                self._tell(MeterRead(self.meter.read(frame)))

    def _turned(self, report: LineReport) -> None:
        if report.state is not LineState.UP:
            self.decoder.close()  # half a frame must not be glued to what comes after the gap
            self._tell(MeterLost(report.fault or report.state))

    async def async_stop(self) -> None:
        """Close the line."""
        await self.line.close()


class _Prices:
    """Keep the published prices together: those asked, and those paid for what is fed in."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._rows: tuple[PriceRow, ...] = ()
        self._export: tuple[PriceRow, ...] = ()
        self.refused = 0

    def publish(self, rows: tuple[PriceRow, ...], refused: int) -> None:
        """Tell new prices; an empty list leaves the ones that are known."""
        self.refused += refused
        if rows and rows != self._rows:
            self._rows = rows
            self._tell(PricesPublished(self._rows, self._export))

    def publish_export(self, rows: tuple[PriceRow, ...]) -> None:
        """Tell what is paid for what is fed in."""
        if rows != self._export:
            self._export = rows
            self._tell(PricesPublished(self._rows, self._export))


class PriceEntitySource(_Watch):
    """Tell the coming prices an entity lists in its attributes."""

    def __init__(self, hass: HomeAssistant, source: answers.PriceEntity, prices: _Prices) -> None:
        """Follow the entity."""
        self._attributes = source.attributes
        self._prices = prices
        self._seen: tuple[object, ...] = ()
        super().__init__(hass, source.entity_id, self._read)

    @callback
    def _read(self, state: State | None) -> None:
        lists = tuple(state.attributes.get(name) for name in self._attributes) if state is not None else ()
        if lists != self._seen:
            self._seen = lists
            rows, refused = read_rows(lists, dt_util.get_default_time_zone())
            self._prices.publish(rows, refused)


class ExportPriceSource(_Watch):
    """Tell what a fed-in kilowatt-hour earns, as an entity knows it now; it is taken to hold for a day."""

    def __init__(self, hass: HomeAssistant, entity_id: str, prices: _Prices) -> None:
        """Follow the entity."""
        self._prices = prices
        self._price: float | None = None
        super().__init__(hass, entity_id, self._read)

    @callback
    def _read(self, state: State | None) -> None:
        price = _number(state)
        if price is not None and price != self._price:
            self._price = price
            start = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
            self._prices.publish_export((PriceRow(start, start + EXPORT_HOURS, price),))


class PriceActionSource:
    """Ask an action for the coming prices: twice an hour, when tomorrow's appear, and again after a failure."""

    def __init__(self, hass: HomeAssistant, source: answers.PriceAction, prices: _Prices) -> None:
        """Ask at once, then by the clock."""
        self._hass = hass
        self._source = source
        self._prices = prices
        self._retry_s = FIRST_RETRY_S
        self._failing = False
        self._later: CALLBACK_TYPE | None = None
        self._stopped = False
        self._daily = async_track_time_change(hass, self._ask, hour=NEWS_HOUR, minute=NEWS_MINUTE, second=7)
        self._plan(0.0)

    async def async_stop(self) -> None:
        """Ask no more."""
        self._stopped = True
        self._daily()
        if self._later is not None:
            self._later()
            self._later = None

    @callback
    def _plan(self, wait_s: float) -> None:
        if self._later is not None:
            self._later()
        self._later = None if self._stopped else async_call_later(self._hass, wait_s, self._ask)

    async def _ask(self, _: datetime) -> None:
        today = dt_util.now().date()
        try:
            responses = [await self._answer(today)]
        except (HomeAssistantError, probatio.Invalid, TimeoutError) as err:
            self._failed(err)
            return
        complete = self._source.day_field is None
        if not complete:
            try:
                responses.append(await self._answer(today + timedelta(days=1)))
                complete = True
            except (HomeAssistantError, probatio.Invalid, TimeoutError) as err:
                _LOGGER.debug("%s does not know tomorrow yet: %s", self._source.action, err)
        self._answered(responses, complete)

    async def _answer(self, day: Any) -> object:
        """Return the response for one day."""
        domain, _, name = self._source.action.partition(".")
        fields = dict(self._source.fields)
        if self._source.day_field is not None:
            fields[self._source.day_field] = day.isoformat()
        return await self._hass.services.async_call(domain, name, fields, blocking=True, return_response=True)

    def _answered(self, responses: Sequence[object], complete: bool) -> None:
        rows, refused = read_rows(responses, dt_util.get_default_time_zone())
        self._prices.publish(rows, refused)
        if not rows:
            self._failed(HomeAssistantError("no prices in the answer"))
            return
        if self._failing:
            _LOGGER.info("%s answers again", self._source.action)
        self._failing, self._retry_s = False, FIRST_RETRY_S
        now = dt_util.now()
        awaited = not complete and (now.hour, now.minute) >= (NEWS_HOUR, NEWS_MINUTE)
        self._plan(TOMORROW_LOOK_S if awaited else NEXT_LOOK_S)

    def _failed(self, err: Exception) -> None:
        if not self._failing:
            _LOGGER.warning("%s gave no prices: %s", self._source.action, err)
        self._failing = True
        self._plan(self._retry_s)
        self._retry_s = min(2 * self._retry_s, NEXT_LOOK_S)


class Sources:
    """Follow what the owner named, and only that, as he changes it."""

    def __init__(self, hass: HomeAssistant, clock: Clock, tell: Tell) -> None:
        """Follow nothing yet."""
        self._hass = hass
        self._clock = clock
        self._tell = tell
        self._open: dict[str, tuple[object, Source]] = {}
        self.prices = _Prices(tell)

    async def async_follow(self, entry: ConfigEntry[Any]) -> None:
        """Stop what is no longer wanted or was changed, start what is new."""
        wanted = self._wanted(entry)
        for name, (spec, source) in list(self._open.items()):
            if name not in wanted or wanted[name] != spec:
                del self._open[name]
                await source.async_stop()
        for name, spec in wanted.items():
            if name not in self._open:
                self._open[name] = (spec, self._start(name, spec))

    async def async_stop(self) -> None:
        """Stop all."""
        sources = [source for _, source in self._open.values()]
        self._open.clear()
        await asyncio.gather(*(source.async_stop() for source in sources))

    def details(self) -> Mapping[str, object]:
        """Return what diagnostics show of the sources."""
        linky = next((s for _, s in self._open.values() if isinstance(s, LinkySource)), None)
        report = linky.line.report if linky is not None else None
        return {
            "following": sorted(self._open),
            "price_rows_refused": self.prices.refused,
            "line": {"state": report.state, "fault": report.fault, "speed_bd": report.speed_bd} if report else None,
            "groups_refused": linky.decoder.refused.total() if linky is not None else None,
        }

    def _wanted(self, entry: ConfigEntry[Any]) -> dict[str, object]:
        named: dict[str, object] = {f"soc/{key}": (key, eid) for key, eid in answers.soc_entities(entry).items()}
        named["meter"] = answers.meter_source(entry)
        named["prices"] = answers.price_source(entry)
        named["export"] = answers.export_entity(entry)
        return {name: spec for name, spec in named.items() if spec is not None}

    def _start(self, name: str, spec: object) -> Source:
        match spec:
            case answers.MeterLine():
                return LinkySource(spec, self._tell, self._clock)
            case answers.MeterEntity():
                return MeterEntitySource(self._hass, spec, self._tell)
            case answers.PriceEntity():
                return PriceEntitySource(self._hass, spec, self.prices)
            case answers.PriceAction():
                return PriceActionSource(self._hass, spec, self.prices)
            case (str() as vehicle, str() as entity_id):
                return SocSource(self._hass, vehicle, entity_id, self._tell)
            case str():
                return ExportPriceSource(self._hass, spec, self.prices)
            case _:
                raise ValueError(f"nothing to follow for {name}")
