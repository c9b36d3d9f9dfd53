"""On which days each of the three programmes leaves, and what it does before."""

from typing import Final, override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import FlexCoordinator, FlexEntry
from .core.model.programme import Kind, Programme
from .entity import FlexEntity, Seen, Value, populate
from .places import Place
from .programmes import NUMBERS, ProgrammeEntity

PARALLEL_UPDATES = 1

CUSTOM: Final = "custom"
PRESETS: Final = {"every_day": (0, 1, 2, 3, 4, 5, 6), "weekdays": (0, 1, 2, 3, 4), "weekend": (5, 6)}

DAYS: Final = SelectEntityDescription(
    key="days",
    translation_key="programme_days",
    entity_category=EntityCategory.CONFIG,
    options=[*PRESETS, CUSTOM],
)
KIND: Final = SelectEntityDescription(
    key="kind",
    translation_key="programme_kind",
    entity_category=EntityCategory.CONFIG,
    entity_registry_enabled_default=False,
    options=[kind.value for kind in Kind],
)


class ProgrammeDays(ProgrammeEntity, SelectEntity):
    """Show and choose the days of a programme; other days than the usual sets are only shown."""

    @override
    def setting(self, programme: Programme) -> Value:
        return next((name for name, days in PRESETS.items() if days == programme.weekdays), CUSTOM)

    @override
    def show(self, seen: Seen) -> None:
        self._attr_options = [*PRESETS, CUSTOM] if seen.value == CUSTOM else [*PRESETS]
        self._attr_current_option = seen.value if isinstance(seen.value, str) else None

    @override
    async def async_select_option(self, option: str) -> None:
        if option in PRESETS:
            self.change(weekdays=PRESETS[option])


class ProgrammeKind(ProgrammeEntity, SelectEntity):
    """Show and choose what a programme does before its departure."""

    @override
    def setting(self, programme: Programme) -> Value:
        return programme.kind.value

    @override
    def show(self, seen: Seen) -> None:
        self._attr_current_option = seen.value if isinstance(seen.value, str) else None

    @override
    async def async_select_option(self, option: str) -> None:
        self.change(kind=Kind(option))


def _selects(coordinator: FlexCoordinator, place: Place) -> list[FlexEntity]:
    if place.kind != "site":
        return []
    return [
        *(ProgrammeDays(coordinator, place, n, DAYS) for n in NUMBERS),
        *(ProgrammeKind(coordinator, place, n, KIND) for n in NUMBERS),
    ]


async def async_setup_entry(
    hass: HomeAssistant, entry: FlexEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the choices of the home."""
    coordinator = entry.runtime_data
    populate(coordinator, async_add_entities, lambda place: _selects(coordinator, place))
