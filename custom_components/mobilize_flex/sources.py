"""Where the home's figures come from: the meter's line, other entities, published prices."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
import logging
from typing import Any, Final, Protocol, cast

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, State, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_call_later, async_track_time_change
from homeassistant.util import dt as dt_util
import probatio

from . import configuration as answers, tariffs
from .contacts import Contacts, ContactsSource, contact_source
from .core.meters.linky import LinkyFacts
from .core.model.facts import PricesPublished
from .core.model.prices import PriceRow
from .core.tariff.rows import read_rows
from .day_sources import ColourSource, Days
from .meter_sources import (
    Clock,
    LinkySource,
    P1Source,
    RegisterSource,
    Tell,
    start_meter,
)
from .sun_source import Roofs, SunSource, sun_source
from .vehicle_sources import CarEntities, CarSource, car_entities
from .watching import Watch, number_of

_LOGGER = logging.getLogger(__name__)

NEXT_LOOK_S: Final = 1800.0
TOMORROW_LOOK_S: Final = 600.0
FIRST_RETRY_S: Final = 15.0
NEWS_HOUR: Final = 13
NEWS_MINUTE: Final = 5
EXPORT_HOURS: Final = timedelta(days=60)


class Source(Protocol):
    """Tell facts until stopped."""

    async def async_stop(self) -> None:
        """Tell nothing more."""


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


class PriceEntitySource(Watch):
    """Tell the coming prices an entity lists in its attributes."""

    def __init__(self, hass: HomeAssistant, source: tariffs.PriceEntity, prices: _Prices) -> None:
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


class ExportPriceSource(Watch):
    """Tell what a fed-in kilowatt-hour earns, as an entity knows it now; it is taken to hold for a day."""

    def __init__(self, hass: HomeAssistant, entity_id: str, prices: _Prices) -> None:
        """Follow the entity."""
        self._prices = prices
        self._price: float | None = None
        super().__init__(hass, entity_id, self._read)

    @callback
    def _read(self, state: State | None) -> None:
        price = number_of(state)
        if price is not None and price != self._price:
            self._price = price
            start = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
            self._prices.publish_export((PriceRow(start, start + EXPORT_HOURS, price),))


class PriceActionSource:
    """Ask an action for the coming prices: twice an hour, when tomorrow's appear, and again after a failure."""

    def __init__(self, hass: HomeAssistant, source: tariffs.PriceAction, prices: _Prices) -> None:
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
        self.days = Days(tell)
        self._colours_heard = self._hours_heard = False

    async def async_follow(self, entry: ConfigEntry[Any]) -> None:
        """Stop what is no longer wanted or was changed, start what is new."""
        wanted = self._wanted(entry)
        self._colours_heard, self._hours_heard = tariffs.heard_of_linky(entry)
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

    @property
    def linky(self) -> LinkyFacts | None:
        """Return what a Linky says of itself, if the meter is one that was heard."""
        meter = self._open.get("meter")
        return meter[1].meter.facts if meter is not None and isinstance(meter[1], LinkySource) else None

    def _hear(self, facts: LinkyFacts) -> None:
        self.days.linky(facts, colours=self._colours_heard, hours=self._hours_heard)

    def details(self) -> Mapping[str, object]:
        """Return what diagnostics show of the sources."""
        asked = (s for _, s in self._open.values() if isinstance(s, LinkySource | P1Source | RegisterSource))
        meter = next(asked, None)
        sun = next((s.details() for _, s in self._open.values() if isinstance(s, SunSource)), None)
        return {
            "following": sorted(self._open),
            "price_rows_refused": self.prices.refused,
            "sun": sun,
            **(meter.details() if meter is not None else {}),
        }

    def _wanted(self, entry: ConfigEntry[Any]) -> dict[str, object]:
        named: dict[str, object] = {f"car/{car.vehicle}": car for car in car_entities(entry)}
        named["meter"] = answers.meter_source(entry)
        named["contacts"] = contact_source(entry)
        named["prices"] = tariffs.price_source(entry)
        named["colours"] = tariffs.colour_source(entry)
        named["export"] = tariffs.export_entity(entry)
        named["sun"] = sun_source(entry)
        return {name: spec for name, spec in named.items() if spec is not None}

    def _start(self, name: str, spec: object) -> Source:
        if name == "meter":
            return start_meter(self._hass, cast(answers.MeterSource, spec), self._tell, self._clock, self._hear)
        match spec:
            case Roofs():
                return SunSource(self._hass, self._tell)
            case Contacts():
                return ContactsSource(self._hass, spec, self._tell)
            case tariffs.ColourEntities():
                return ColourSource(self._hass, spec, self.days)
            case tariffs.PriceEntity():
                return PriceEntitySource(self._hass, spec, self.prices)
            case tariffs.PriceAction():
                return PriceActionSource(self._hass, spec, self.prices)
            case CarEntities():
                return CarSource(self._hass, spec, self._tell)
            case str():
                return ExportPriceSource(self._hass, spec, self.prices)
            case _:
                raise ValueError(f"nothing to follow for {name}")
