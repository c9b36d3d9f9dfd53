"""The battery limits the owner sets, for always and for a programme."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.number import NumberDeviceClass, NumberEntity, NumberEntityDescription, NumberMode
from homeassistant.const import EntityCategory, UnitOfRatio
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import FlexCoordinator, FlexEntry
from .core.model.intents import SetSocLimits
from .core.model.programme import Programme
from .core.model.wishes import Wishes
from .entity import FlexEntity, Seen, Value, populate
from .places import Place
from .programmes import NUMBERS as PROGRAMMES, ProgrammeEntity

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
    """Show and move what the battery should have at a programme's departure: its own level, else the maximum."""

    @override
    def setting(self, programme: Programme) -> Value:
        own_pct = programme.target_soc_pct
        return self.coordinator.state.wishes.soc_max_pct if own_pct is None else own_pct

    @override
    def show(self, seen: Seen) -> None:
        self._attr_native_value = seen.value if isinstance(seen.value, float | int) else None

    @override
    async def async_set_native_value(self, value: float) -> None:
        self.change(target_soc_pct=value)


def _numbers(coordinator: FlexCoordinator, place: Place) -> list[FlexEntity]:
    if place.kind != "site":
        return []
    limits = [FlexNumber(coordinator, place, description) for description in NUMBERS]
    return [*limits, *(ProgrammeTarget(coordinator, place, n, TARGET) for n in PROGRAMMES)]


async def async_setup_entry(
    hass: HomeAssistant, entry: FlexEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the numbers of the home."""
    coordinator = entry.runtime_data
    populate(coordinator, async_add_entities, lambda place: _numbers(coordinator, place))
