"""The owner's switch for V2G."""

from typing import Any, Final, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import FlexEntry
from .core.model.intents import SetV2g
from .entity import FlexEntity, Seen, populate

PARALLEL_UPDATES = 1

V2G: Final = SwitchEntityDescription(key="v2g", translation_key="v2g")


class V2gSwitch(FlexEntity, SwitchEntity):
    """Switch V2G for the whole home."""

    @override
    def see(self) -> Seen:
        return Seen(True, self.coordinator.state.wishes.v2g)

    @override
    def show(self, seen: Seen) -> None:
        self._attr_is_on = bool(seen.value)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        self.coordinator.put(SetV2g(on=True))

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        self.coordinator.put(SetV2g(on=False))


async def async_setup_entry(
    hass: HomeAssistant, entry: FlexEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the switch of the home."""
    coordinator = entry.runtime_data
    populate(
        coordinator,
        async_add_entities,
        lambda place: [V2gSwitch(coordinator, place, V2G)] if place.kind == "site" else [],
    )
