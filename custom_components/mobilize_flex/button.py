"""The buttons of a station: charge at once, back to V2G."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import FlexEntry
from .core.model.intents import ChargeNow, Intent, ResumeV2g
from .entity import FlexEntity, Seen, look, populate

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class FlexButtonDescription(ButtonEntityDescription):
    """Describe one button by the wish it makes of a station and an EVSE."""

    wish: Callable[[str, int], Intent]


BUTTONS: Final = (
    FlexButtonDescription(key="instant_charge", translation_key="instant_charge", wish=ChargeNow),
    FlexButtonDescription(key="resume_v2g", translation_key="resume_v2g", wish=ResumeV2g),
)


class FlexButton(FlexEntity, ButtonEntity):
    """Make one wish."""

    entity_description: FlexButtonDescription

    @override
    def see(self) -> Seen:
        view = look(self.coordinator, self.place)
        return Seen(available=view is not None and view.present)

    @override
    def show(self, seen: Seen) -> None:
        """Show nothing: a button has no state of its own."""

    @override
    async def async_press(self) -> None:
        identity = self.place.key
        self.coordinator.put(self.entity_description.wish(identity, self.coordinator.main_evse(identity)))


async def async_setup_entry(
    hass: HomeAssistant, entry: FlexEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the buttons of each station, and of those that come later."""
    coordinator = entry.runtime_data
    populate(
        coordinator,
        async_add_entities,
        lambda place: [FlexButton(coordinator, place, d) for d in BUTTONS if place.kind == "station"],
    )
