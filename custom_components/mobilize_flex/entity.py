"""What all our entities share: whose they are, when they look again, what is worth writing down."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import batched
from operator import attrgetter
from types import MappingProxyType
from typing import Any, ClassVar, Final, override

from homeassistant.core import callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import FlexCoordinator
from .core.model.battery import UNTAUGHT, Battery, Learned, Level
from .core.model.config import MeterConfig, StationConfig, VehicleConfig
from .core.model.dimming import Dimming, DimmingConfig
from .core.model.plan import Plan
from .core.model.state import EvseState, Glance, MeterState, SiteState, StationState
from .core.model.vendor import VendorReport
from .entity_names import share_names
from .places import Place

CALM_S: Final = 10.0
"""A number that moved less than its band is written this seldom."""

type Value = float | int | str | bool | datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StationView:
    """Hold what an entity of a station may look at, or of a further EVSE of it."""

    config: StationConfig
    station: StationState
    evse: EvseState
    glance: Glance
    vendor: VendorReport | None = None

    @property
    def present(self) -> bool:
        """Return whether the station is there to tell."""
        return self.station.online


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleView:
    """Hold what an entity of a car may look at."""

    config: VehicleConfig
    level: Level
    battery: Battery
    learned: Learned

    @property
    def present(self) -> bool:
        """Return true: what is known of a car stays known, with its age."""
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterView:
    """Hold what an entity of the house meter may look at."""

    config: MeterConfig
    meter: MeterState
    present: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactsView:
    """Hold what an entity of the grid operator's contacts may look at."""

    config: DimmingConfig
    dimming: Dimming

    @property
    def present(self) -> bool:
        """Return true: a contact that does not answer counts as active, which is an answer."""
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteView:
    """Hold what an entity of the whole home may look at."""

    site: SiteState
    plan: Plan | None
    departure: datetime | None
    now: datetime

    @property
    def present(self) -> bool:
        """Return true: the home is always there."""
        return True


type View = StationView | VehicleView | MeterView | ContactsView | SiteView


def look(coordinator: FlexCoordinator, place: Place) -> View | None:
    """Return what the entities of a place may look at; ``None`` when it is no longer there."""
    state = coordinator.state
    match place.kind:
        case "station" | "evse":
            return _look_at_station(coordinator, place)
        case "vehicle":
            car = next((v for v in state.config.vehicles if v.key == place.key), None)
            return None if car is None else _look_at_vehicle(coordinator, car)
        case "meter":
            meter = state.config.meter
            if meter is None or meter.key != place.key:
                return None
            return MeterView(config=meter, meter=state.meter, present=coordinator.meter_fresh)
        case "contacts":
            dimming = state.config.dimming
            return None if dimming is None else ContactsView(config=dimming, dimming=state.dimming)
        case _:
            now = coordinator.now()
            return SiteView(site=state, plan=coordinator.plan, departure=coordinator.next_departure(), now=now.utc)


def _look_at_vehicle(coordinator: FlexCoordinator, car: VehicleConfig) -> VehicleView:
    learned = coordinator.state.learned.get(car.key, UNTAUGHT)
    return VehicleView(config=car, level=coordinator.level(car.key), battery=coordinator.battery(car), learned=learned)


def _look_at_station(coordinator: FlexCoordinator, place: Place) -> StationView | None:
    station = coordinator.state.stations.get(place.key)
    if station is None or (place.evse is not None and place.evse not in station.evses):
        return None
    number = coordinator.evse_of(place)
    return StationView(
        config=station.config,
        station=station,
        evse=station.evses.get(number) or EvseState(evse=number),
        glance=coordinator.glance(place.key, number),
        vendor=coordinator.forwarding.report(place.key),
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """Hold what an entity shows."""

    available: bool
    value: Value = None
    attributes: Mapping[str, Any] | None = None


NOTHING: Final = Seen(available=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Say what is worth writing at once: a change by ``band``, of sign, or of anything that is not a number.

    ``watched`` are the attributes of which a change is news too.
    """

    band: float | None = None
    calm_s: float = CALM_S
    watched: tuple[str, ...] = ()

    def wait_s(self, shown: Seen, seen: Seen, since_s: float) -> float | None:
        """Return how long to wait before writing what is seen; ``None`` when it is what is shown already."""
        if seen == shown:
            return None
        if seen.available is not shown.available or self._is_news(shown, seen):
            return 0.0
        if seen.value == shown.value or self._is_small(shown.value, seen.value):
            return max(0.0, self.calm_s - since_s)
        return 0.0

    def _is_news(self, shown: Seen, seen: Seen) -> bool:
        before, after = shown.attributes or {}, seen.attributes or {}
        return any(before.get(word) != after.get(word) for word in self.watched)

    def _is_small(self, before: Value, after: Value) -> bool:
        if self.band is None or not isinstance(before, int | float) or not isinstance(after, int | float):
            return False
        return abs(after - before) < self.band and _sign(before) == _sign(after)


@cache
def pace_of(band: float | None, calm_s: float, watched: tuple[str, ...] = ()) -> Pace:
    """Return a pace; those that are alike are one."""
    return Pace(band=band, calm_s=calm_s, watched=watched)


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def described(name: str) -> Any:
    """Return a property that is what the description of an entity says; Home Assistant's own would keep it twice."""
    return property(attrgetter(f"entity_description.{name}"))


class FlexEntity(Entity):
    """Show one thing of one place; it keeps nothing but what it last showed.

    What is the same for all of ours, or is said by the description, is read here each time: Home Assistant's own
    answers would be kept by each entity, and one of more than thirty names takes 1.5 KiB more.
    """

    assumed_state = False
    attribution = None
    entity_category = described("entity_category")
    entity_picture: str | None = None
    entity_registry_enabled_default = described("entity_registry_enabled_default")
    entity_registry_visible_default = True
    force_update = False
    has_entity_name = True
    icon = None
    internal_integration_suggested_object_id = None
    should_poll = False
    supported_features: int | None = None
    translation_key = described("translation_key")
    own_names: ClassVar[tuple[str, ...]] = ()
    pace: Pace = Pace()
    _attr_translation_placeholders: Mapping[str, str] = MappingProxyType({})

    @override
    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Let the entities of a kind share their names."""
        super().__init_subclass__(**kwargs)
        share_names(cls, cls.own_names)

    def __init__(self, coordinator: FlexCoordinator, place: Place, description: EntityDescription) -> None:
        """Belong to a place."""
        self.coordinator = coordinator
        self.place = place
        self.entity_description = description
        self._shown = NOTHING
        self._shown_at = float("-inf")

    @property
    @override
    def unique_id(self) -> str:
        """Return what nothing else is called; the registry keeps it."""
        return f"{self.coordinator.entry.entry_id}/{self.place.part}/{self.key}"

    @property
    def key(self) -> str:
        """Return what nothing else of its platform is called at its place."""
        return self.entity_description.key

    @property
    @override
    def available(self) -> bool:
        """Return whether there is something to show."""
        return self._shown.available

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return what else is shown."""
        return self._shown.attributes

    @property
    @override
    def device_info(self) -> DeviceInfo:
        """Return the device it belongs to; made when asked for, which is once."""
        return self.coordinator.device_info(self.place)

    def see(self) -> Seen:
        """Return what is to be shown now."""
        raise NotImplementedError

    def show(self, seen: Seen) -> None:
        """Set what the platform keeps; nothing where it reads what was seen."""

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.coordinator.board.listen(self.place.part, self._told)
        self._take(self.see())

    @override
    async def async_will_remove_from_hass(self) -> None:
        await super().async_will_remove_from_hass()
        self.coordinator.board.leave(self.place.part, self._told)

    @callback
    def _told(self) -> float | None:
        """Look again, write what is worth it, return when to look once more."""
        seen = self.see()
        wait_s = self.pace.wait_s(self._shown, seen, self.hass.loop.time() - self._shown_at)
        if wait_s:
            return wait_s
        if wait_s is not None:
            self._take(seen)
            self.async_write_ha_state()
        return None

    def _take(self, seen: Seen) -> None:
        self._shown = seen
        self._shown_at = self.hass.loop.time()
        self.show(seen)


FEW: Final = 4
"""So many entities are added in one go while stations talk."""

type Maker = Callable[[Place], Iterable[FlexEntity]]


@callback
def populate(coordinator: FlexCoordinator, add: AddConfigEntryEntitiesCallback, make: Maker) -> None:
    """Add the entities of each place there is, and of each that comes; they leave with their subentry or device."""
    made: dict[Place, tuple[str, ...]] = {}

    async def furnish(entities: list[FlexEntity], subentry_id: str | None) -> None:
        """Add entities a few at a time, so that nobody waits for all of them."""
        for few in batched(entities, FEW, strict=False):
            add(few, config_subentry_id=subentry_id)
            await asyncio.sleep(0)

    @callback
    def grow(places: Iterable[Place], gone: Collection[Place], *, unasked: bool = False) -> None:
        """Add what is missing at places; forget what left with those that are gone."""
        for place in gone:
            made.pop(place, None)
        for place in places:
            known, there = made.get(place, ()), list(make(place))
            new = [e for e in there if e.key not in known]
            if there:
                made[place] = tuple(e.key for e in there)
            if new and unasked:
                work = furnish(new, place.subentry_id)
                _ = coordinator.entry.async_create_task(coordinator.hass, work, f"{place.part} is furnished")
            elif new:
                add(new, config_subentry_id=place.subentry_id)

    coordinator.entry.async_on_unload(coordinator.places.listen(grow))
