"""The one meeting point of a home: its controller, its stations, its memory and what Home Assistant shows of them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import datetime, timedelta
from itertools import count
import logging
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryError, HomeAssistantError, ServiceValidationError
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from . import configuration as answers
from .board import Board, bound_anew, came_and_went, moved, news, several_evses
from .concerns import Concerns
from .const import DOMAIN
from .core.battery.losses import battery_of
from .core.grid.envelope import is_fresh
from .core.model.battery import UNTAUGHT, Battery, Level
from .core.model.config import SiteConfig, VehicleConfig
from .core.model.facts import Fact, SiteConfigured
from .core.model.intents import Intent
from .core.model.moment import Moment
from .core.model.plan import Plan, PlanQuestion
from .core.model.programme import Departure
from .core.model.state import Glance, SiteState
from .core.model.tasks import OWNERS_NUMBERS
from .core.model.upkeep import ReportPart
from .core.plan.departures import upcoming
from .core.site import glance, leftovers, restore
from .core.site.concerns import concerns
from .core.site.level import vehicle_level
from .core.site.wanting import next_departure
from .forwarding import Forwarding
from .gate import Gate
from .meter_watch import MeterWatch
from .places import SITE, Place, Places, device_info, introduced, refresh_device
from .problems import Problems
from .shell.drivers import load_drivers
from .shell.runtime import Runtime
from .shell.schemas import load_schemas
from .shell.station_calls import CallRefused, CallTimeout, InvalidCall, StationOffline
from .shell.station_server import StationServer
from .shell.uploads import Uploads
from .sources import Sources
from .store import Store, StoreUnwritableError, log_folder, store_path
from .store_file import Opened, StoreTooNewError
from .troubles import forget_troubles, show_troubles

_LOGGER = logging.getLogger(__name__)

LOOK: Final = timedelta(seconds=5)
STOP_STEP_S: Final = 1.0

type FlexEntry = ConfigEntry[FlexCoordinator]


def _planner() -> Callable[[PlanQuestion], Plan]:
    """Return the planner; it brings numpy along, which takes a while to load."""
    from .core.plan.planner import make_plan  # noqa: PLC0415

    return make_plan


class FlexCoordinator:
    """Run one home for as long as its entry is loaded."""

    def __init__(self, hass: HomeAssistant, entry: FlexEntry, config: SiteConfig) -> None:
        """Set up; nothing is opened before ``async_start``."""
        self.hass = hass
        self.entry = entry
        self.board = Board(hass.loop)
        self.store = Store(store_path(hass, entry.entry_id), self._on_store_trouble)
        self.uploads = Uploads(log_folder(hass, entry.entry_id), self.now)
        self.problems = Problems(hass, entry)
        self.meter_watch = MeterWatch(self.problems)
        self.places = Places(hass, entry)
        self.concerns = Concerns(hass, entry, self.problems)
        self.gate = Gate(hass, entry, self.problems, lambda: self.state, self.take)
        self.sources = Sources(hass, self.now, self.take)
        self.forwarding = Forwarding(
            hass, entry, self.problems, self.board, self.now, self.store.keep, lambda: self.state
        )
        self.server: StationServer | None = None
        self.runtime: Runtime | None = None
        self.refused_rows = 0
        self._config = config
        self._undo: list[CALLBACK_TYPE] = []
        self._glances: dict[tuple[str, int], Glance] = {}
        self._fresh = False
        self._minute = -1
        self._stopping: asyncio.Task[None] | None = None
        self._awaited: dict[tuple[str, int], Callable[[ReportPart], None]] = {}
        self._numbers = count(OWNERS_NUMBERS + int(dt_util.utcnow().timestamp()) % OWNERS_NUMBERS)

    # what there is to see

    def now(self) -> Moment:
        """Return this instant on both clocks."""
        return Moment(dt_util.utcnow(), self.hass.loop.time())

    @property
    def state(self) -> SiteState:
        """Return the home as it is now."""
        return self.runtime.state if self.runtime is not None else SiteState(config=self._config)

    @property
    def meter_fresh(self) -> bool:
        """Return whether the house meter spoke recently enough to steer by."""
        return is_fresh(self.state.config, self.state.meter, self.now())

    @property
    def plan(self) -> Plan | None:
        """Return the plan in force: that of the first station that has one."""
        evses = (evse for station in self.state.stations.values() for evse in station.evses.values())
        return next((evse.plan for evse in evses if evse.plan is not None), None)

    def main_evse(self, identity: str) -> int:
        """Return the number of the EVSE that stands for a station."""
        return min(self.state.stations[identity].evses, default=1)

    def evse_of(self, place: Place) -> int:
        """Return the number of the EVSE that is shown at a place of a station."""
        return place.evse or self.main_evse(place.key)

    def glance(self, identity: str, number: int) -> Glance:
        """Return what people look at, for an EVSE of a station that is configured."""
        known = self._glances.get((identity, number))
        if known is None:
            known = self._glances[identity, number] = glance(self.state, identity, number, self.now())
        return known

    def level(self, key: str) -> Level:
        """Return how full a car is, by whoever can tell."""
        return vehicle_level(self.state, key, self.now())

    def battery(self, car: VehicleConfig) -> Battery:
        """Return a car's battery as the owner knows it, moved by what its charges taught."""
        return battery_of(car, self.state.learned.get(car.key, UNTAUGHT))

    @property
    def departure(self) -> Departure | None:
        """Return the next departure."""
        return next_departure(self.state, self.now())

    def next_departure(self) -> datetime | None:
        """Return when the car is to be ready next."""
        return None if self.departure is None else self.departure.at

    def departures(self, after: datetime, until: datetime) -> tuple[Departure, ...]:
        """Return the departures of a span of time."""
        return upcoming(self.state.wishes.leavings, self.state.config.zone, after, until - after)

    @property
    def events(self) -> Sequence[tuple[Moment, object]]:
        """Return the last events with their instants."""
        return tuple(self.runtime.events) if self.runtime is not None else ()

    def details(self) -> dict[str, Any]:
        """Return what diagnostics show beside the state: connections, sources, memory, faults of ours."""
        server, runtime = self.server, self.runtime
        links = {} if server is None else {name: c.words() for name, c in server.connected.items()}
        return {
            "links": links,
            "turned_away": dict(server.turned_away) if server is not None else {},
            "failures": list(server.failures) if server is not None else [],
            "gate": self.gate.details(),
            "forwarding": self.forwarding.details(),
            "sources": self.sources.details(),
            "memory": {"rows_refused": self.refused_rows, "failing": self.store.failing},
            "errors": runtime.errors if runtime is not None else 0,
        }

    def device_info(self, place: Place) -> DeviceInfo:
        """Return the device of a place."""
        return device_info(self.hass, self.entry, self.state, place)

    # starting and stopping

    async def async_start(self) -> None:
        """Open everything; what was opened is closed again if one part fails.

        Raises:
            OSError: the port is taken.
            ConfigEntryError: the memory was written by a later release.
        """
        async with AsyncExitStack() as undo:
            undo.push_async_callback(self.async_stop)
            await self._async_open()
            undo.pop_all()

    async def _async_open(self) -> None:
        opened = await self._async_remember()
        kept = opened.kept
        with suppress(StoreUnwritableError):  # what is left over is found again at the next start
            await self.store.keep(leftovers(self._config, kept))
        schemas = await self.hass.async_add_import_executor_job(load_schemas)
        drivers = await self.hass.async_add_executor_job(load_drivers, answers.drivers_path(self.hass))
        make_plan = await self.hass.async_add_import_executor_job(_planner)
        runtime = self.runtime = Runtime(
            restore(self._config, kept, drivers, older=opened.older),
            clock=self.now,
            deliver=lambda command: self.server.send(command) if self.server else None,
            keep=self.store.keep,
            recall=self.store.async_charge,
            make_plan=make_plan,
            sign=self.gate.sign,
        )
        self._undo.append(runtime.listen(self._changed))
        self.server = await self.gate.async_serve(
            on_fact=self.take, clock=self.now, schemas=schemas, drivers=drivers, uploads=self.uploads
        )
        await self.forwarding.async_open(schemas, kept, self.server)
        await runtime.start()
        self.problems.offer_programmes(self.state.wishes)
        forget_troubles(self.problems, self.state)
        self.places.look_round(self.state)
        self._undo.append(async_track_time_interval(self.hass, self._look_at_clock, LOOK))
        self._undo.append(self.gate.async_begin())
        await self.sources.async_follow(self.entry)

    async def _async_remember(self) -> Opened:
        """Return what was kept; tell the owner what is wrong with it."""
        try:
            opened = await self.store.async_open()
        except StoreTooNewError:
            self.problems.raised("store_newer")
            words = {"site": self.entry.title}
            raise ConfigEntryError(
                translation_domain=DOMAIN, translation_key="store_newer", translation_placeholders=words
            ) from None
        self.problems.solved("store_newer")
        self.problems.toggle("store_corrupt", opened.moved_to is not None, file=opened.moved_to or "")
        self.problems.rows_set_aside(opened.refused, self.store.path.name)
        self.refused_rows = len(opened.refused)
        return opened

    async def async_stop(self) -> None:
        """Close everything, once, within three seconds; orders to stations are withdrawn first."""
        if self._stopping is None:
            self._stopping = self.hass.async_create_task(self._async_close(), f"{DOMAIN} stop")
        await asyncio.shield(self._stopping)

    async def _async_close(self) -> None:
        for undo in reversed(self._undo):
            undo()
        self._undo.clear()
        works = [self._async_in_time(self.sources.async_stop(), "sources")]
        if self.runtime is not None:
            works.append(self._async_in_time(self.runtime.stop(), "controller"))
        await asyncio.gather(*works)
        await self._async_in_time(self.forwarding.async_stop(), "vendors")
        if self.server is not None:
            await self._async_in_time(self.server.stop(), "station server")
        await self.store.async_close()
        self.board.close()

    async def _async_in_time(self, work: Awaitable[None], what: str) -> None:
        try:
            async with asyncio.timeout(STOP_STEP_S):
                await work
        except TimeoutError:
            _LOGGER.warning("The %s took too long to stop", what)

    async def async_configure(self, config: SiteConfig) -> None:
        """Apply what the owner changed, in place: nothing that is still there is dropped."""
        gone = {s.identity for s in self._config.stations} - {s.identity for s in config.stations}
        self._config = config
        self.take(SiteConfigured(config))
        for identity in gone:
            if self.server is not None:
                await self.server.drop(identity)
            await self.gate.async_forget(identity)
        await self.forwarding.async_follow()
        await self.sources.async_follow(self.entry)
        self.places.look_round(self.state)
        for place in self.places:
            refresh_device(self.hass, self.entry, self.state, place)
            self.board.changed(place.part, urgent=True)

    # what comes in

    def put(self, intent: Intent) -> None:
        """Take a wish in, now; raise ServiceValidationError with the reason when it cannot be met."""
        refusal = self.runtime.put(intent) if self.runtime is not None else None
        if refusal is not None:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key=refusal.key,
                translation_placeholders=dict(refusal.values),
            )

    async def async_call_station(
        self, identity: str, action: str, payload: dict[str, Any], timeout_s: float
    ) -> dict[str, Any]:
        """Return the answer of a station to any call; its error answer is an answer too."""
        try:
            return {"response": await self._async_call(identity, action, payload, timeout_s)}
        except CallRefused as err:
            return {"error": {"code": err.code, "description": err.description, "details": err.details}}

    async def async_ask(
        self, identity: str, action: str, payload: dict[str, Any], timeout_s: float = 30.0
    ) -> dict[str, Any]:
        """Return the answer of a station to a call; its error answer is raised."""
        try:
            return await self._async_call(identity, action, payload, timeout_s)
        except CallRefused as err:
            raise _failed("call_refused", station=identity, action=action, code=err.code) from err

    async def _async_call(
        self, identity: str, action: str, payload: dict[str, Any], timeout_s: float
    ) -> dict[str, Any]:
        if identity not in self.state.stations or self.server is None:
            raise _invalid("station_unknown", station=identity)
        try:
            return dict(await self.server.call(identity, action, payload, timeout_s))
        except InvalidCall as err:
            raise _invalid("call_invalid", action=action, error=str(err)) from err
        except StationOffline as err:
            raise _failed("station_offline", station=identity) from err
        except CallTimeout as err:
            raise _failed("call_timeout", station=identity, action=action) from err

    @callback
    def take(self, fact: Fact) -> None:
        """Take an observation in."""
        self.forwarding.take(fact)
        if isinstance(fact, ReportPart):  # it may tell of people: nothing of it is kept
            hear = self._awaited.get((fact.station, fact.request_id or 0))
            if hear is not None:
                hear(fact)
        elif self.runtime is not None:
            self.runtime.put(fact)

    @callback
    def expect_report(self, identity: str, number: int, hear: Callable[[ReportPart], None]) -> CALLBACK_TYPE:
        """Call ``hear`` with each part of a report a person asked for; return how to stop that."""
        self._awaited[identity, number] = hear

        def forget() -> None:
            self._awaited.pop((identity, number), None)

        return forget

    def next_number(self) -> int:
        """Return a number for a report, a reservation or a start that no other one had, now or before a restart."""
        return next(self._numbers)

    def _on_store_trouble(self, troubled: bool) -> None:
        self.problems.toggle("store_unwritable", troubled)

    # what goes out

    @callback
    def _changed(self, before: SiteState, after: SiteState) -> None:
        """Tell those who look at what changed."""
        self._glances.clear()
        if after.wishes is not before.wishes:
            self.problems.offer_programmes(after.wishes)
        stations = moved(before, after)
        for part, urgent in news(before, after, stations):
            self.board.changed(part, urgent=urgent)
        if not stations:
            return
        show_troubles(self.problems, stations)
        for name, online in came_and_went(stations):
            _LOGGER.info("Station %s is %s", name, "connected" if online else "no longer connected")
        for limits in bound_anew(stations):
            _LOGGER.debug("%s", limits)
        self.places.meet(after, several_evses(stations))
        for identity in introduced(stations):
            refresh_device(self.hass, self.entry, after, Place("station", identity))

    @callback
    def _look_at_clock(self, _: datetime) -> None:
        """Tell of what changes by time alone: a meter fell silent, a price began."""
        fresh, minute, meter = self.meter_fresh, dt_util.utcnow().minute, self._config.meter
        if fresh is not self._fresh and meter is not None:
            self._fresh = fresh
            self.board.changed(f"meter/{meter.key}", urgent=True)
        self.meter_watch.look(self.state, self.sources.linky, fresh, self.now())
        self.concerns.show(concerns(self.state, self.now()))
        if minute != self._minute:
            self._minute = minute
            self.board.changed(SITE.part)
            self.gate.look_at_clock()


def _invalid(key: str, **words: str) -> ServiceValidationError:
    return ServiceValidationError(translation_domain=DOMAIN, translation_key=key, translation_placeholders=words)


def _failed(key: str, **words: str) -> HomeAssistantError:
    return HomeAssistantError(translation_domain=DOMAIN, translation_key=key, translation_placeholders=words)
