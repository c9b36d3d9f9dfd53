"""The charge levels the owner sets: the limits of the battery, those of a programme, and the one he reads off a car."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.number import NumberDeviceClass, NumberEntity, NumberEntityDescription, NumberMode
from homeassistant.const import EntityCategory, UnitOfRatio
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import FlexCoordinator, FlexEntry
from .core.model.battery import SocSource
from .core.model.intents import SetSoc, SetSocLimits
from .core.model.programme import Programme
from .core.model.session import Session
from .core.model.wishes import Wishes
from .entity import FlexEntity, Seen, Value, populate
from .places import Place
from .programmes import NUMBERS as PROGRAMMES, ProgrammeEntity
from .targets import invalid

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class FlexNumberDescription(NumberEntityDescription):
    """Describe one figure of the owner: where it stands, and the wish that moves it."""

    value: Callable[[Wishes], float]
    wish: Callable[[float], SetSocLimits]


def _percent(
    key: str, value: Callable[[Wishes], float], wish: Callable[[float], SetSocLimits]
) -> FlexNumberDescription:
    return FlexNumberDescription(
        key=key,
        translation_key=key,
        device_class=NumberDeviceClass.BATTERY,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        native_min_value=0,
        native_max_value=100,
        native_step=1,
        mode=NumberMode.SLIDER,
        value=value,
        wish=wish,
    )


NUMBERS: Final = (
    _percent("soc_min", lambda w: w.soc_min_pct, lambda pct: SetSocLimits(min_pct=pct)),
    _percent("soc_max", lambda w: w.soc_max_pct, lambda pct: SetSocLimits(max_pct=pct)),
)
TARGET: Final = NumberEntityDescription(
    key="target_soc",
    translation_key="programme_target_soc",
    device_class=NumberDeviceClass.BATTERY,
    entity_category=EntityCategory.CONFIG,
    entity_registry_enabled_default=False,
    native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
    native_min_value=0,
    native_max_value=100,
    native_step=1,
    mode=NumberMode.SLIDER,
)


BY_HAND: Final = NumberEntityDescription(
    key="told_soc",
    translation_key="told_soc",
    device_class=NumberDeviceClass.BATTERY,
    native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
    native_min_value=0,
    native_max_value=100,
    native_step=1,
    mode=NumberMode.BOX,
)


class FlexNumber(FlexEntity, NumberEntity):
    """Show and move a figure of the owner."""

    entity_description: FlexNumberDescription

    @override
    def see(self) -> Seen:
        return Seen(True, self.entity_description.value(self.coordinator.state.wishes))

    @override
    def show(self, seen: Seen) -> None:
        self._attr_native_value = seen.value if isinstance(seen.value, float | int) else None

    @override
    async def async_set_native_value(self, value: float) -> None:
        self.coordinator.put(self.entity_description.wish(value))


class ProgrammeTarget(ProgrammeEntity, NumberEntity):
    """Show and move what the battery should have at a programme's departure: its own level, else the usual one."""

    @override
    def setting(self, programme: Programme) -> Value:
        own_pct = programme.target_soc_pct
        return self.coordinator.state.wishes.level_pct(programme) if own_pct is None else own_pct

    @override
    def show(self, seen: Seen) -> None:
        self._attr_native_value = seen.value if isinstance(seen.value, float | int) else None

    @override
    async def async_set_native_value(self, value: float) -> None:
        self.change(target_soc_pct=value)


class LevelByHand(FlexEntity, NumberEntity):
    """Take the level somebody reads off a car, while it may be on a cable whose station does not tell it."""

    @override
    def see(self) -> Seen:
        level = self.coordinator.level(self.place.key)
        told = level.source is SocSource.STATION and not level.estimated
        return Seen(not told and self._on_cable() is not None, None if level.soc_pct is None else round(level.soc_pct))

    @override
    def show(self, seen: Seen) -> None:
        self._attr_native_value = seen.value if isinstance(seen.value, float | int) else None

    @override
    async def async_set_native_value(self, value: float) -> None:
        session, key = self._on_cable(), self.place.key
        if session is None:
            names = {car.key: car.name for car in self.coordinator.state.config.vehicles}
            raise invalid("car_not_on_cable", vehicle=names.get(key, key))
        self.coordinator.put(SetSoc(station=session.station, evse=session.evse, soc_pct=value, vehicle=key))

    def _on_cable(self) -> Session | None:
        """Return the session that is this car's, else one that may be: of a car that did not say its name."""
        state = self.coordinator.state
        evses = (evse for station in state.stations.values() for evse in station.evses.values())
        found = [s for evse in evses if (s := state.sessions.get(evse.session or "")) is not None]
        mine = [s for s in found if s.vehicle == self.place.key]
        unnamed = [s for s in found if s.vehicle is None and not s.foreign]
        return next(iter([*mine, *unnamed]), None)


def _numbers(coordinator: FlexCoordinator, place: Place) -> list[FlexEntity]:
    if place.kind == "vehicle":
        return [LevelByHand(coordinator, place, BY_HAND)]
    if place.kind != "site":
        return []
    limits = [FlexNumber(coordinator, place, description) for description in NUMBERS]
    return [*limits, *(ProgrammeTarget(coordinator, place, n, TARGET) for n in PROGRAMMES)]


async def async_setup_entry(
    hass: HomeAssistant, entry: FlexEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the numbers of the home and its cars."""
    coordinator = entry.runtime_data
    populate(coordinator, async_add_entities, lambda place: _numbers(coordinator, place))
