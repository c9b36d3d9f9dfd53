"""When each of the three programmes leaves."""

from dataclasses import replace
from datetime import time
from typing import Final, override

from homeassistant.components.time import TimeEntity, TimeEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import FlexEntry
from .core.model.intents import SetProgramme
from .core.model.programme import Programme
from .entity import Seen, Value, populate
from .programmes import NUMBERS, ProgrammeEntity

PARALLEL_UPDATES = 1

DEPARTURE: Final = TimeEntityDescription(
    key="departure", translation_key="programme_departure", entity_category=EntityCategory.CONFIG
)
EVERY_DAY: Final = tuple(range(7))


class ProgrammeTime(ProgrammeEntity, TimeEntity):
    """Show and move a programme's departure; of a programme that is not there it makes one for every day."""

    @override
    def setting(self, programme: Programme) -> Value:
        return programme.departure.isoformat()

    @override
    def see(self) -> Seen:
        return replace(super().see(), available=True)

    @override
    def show(self, seen: Seen) -> None:
        self._attr_native_value = time.fromisoformat(seen.value) if isinstance(seen.value, str) else None

    @override
    async def async_set_value(self, value: time) -> None:
        if self.programme is not None:
            self.change(departure=value)
            return
        usual = self.coordinator.state.wishes.v2g_usual
        new = Programme(number=self._number, departure=value, weekdays=EVERY_DAY, v2g=usual)
        self.coordinator.put(SetProgramme(new))


async def async_setup_entry(
    hass: HomeAssistant, entry: FlexEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the departures of the home's programmes."""
    coordinator = entry.runtime_data
    populate(
        coordinator,
        async_add_entities,
        lambda place: [ProgrammeTime(coordinator, place, n, DEPARTURE) for n in NUMBERS if place.kind == "site"],
    )
