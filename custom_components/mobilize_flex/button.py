"""The buttons of a station: charge at once, back to V2G, restart, release the cable."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.components.button.const import ButtonDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import FlexCoordinator, FlexEntry
from .core.model.intents import ChargeNow, Intent, ResumeV2g
from .core.model.tasks import ResetStation, UnlockConnector
from .core.model.upkeep import UpkeepTask
from .entity import FlexEntity, Seen, look, populate
from .places import Place
from .upkeep import async_insist

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class FlexButtonDescription(ButtonEntityDescription):
    """Describe one button by the wish it makes of a station and an EVSE."""

    wish: Callable[[str, int], Intent]


BUTTONS: Final = (
    FlexButtonDescription(key="instant_charge", translation_key="instant_charge", wish=ChargeNow),
    FlexButtonDescription(key="resume_v2g", translation_key="resume_v2g", wish=ResumeV2g),
)


@dataclass(frozen=True, kw_only=True)
class TaskButtonDescription(ButtonEntityDescription):
    """Describe one button by the task it gives a station; the number is that of its EVSE."""

    task: Callable[[int], UpkeepTask]


TASKS: Final = (
    TaskButtonDescription(
        key="reset",
        translation_key="reset",
        device_class=ButtonDeviceClass.RESTART,
        entity_category=EntityCategory.CONFIG,
        task=lambda _: ResetStation(),
    ),
    TaskButtonDescription(
        key="unlock",
        translation_key="unlock",
        entity_registry_enabled_default=False,
        task=lambda evse: UnlockConnector(evse=evse),
    ),
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


class TaskButton(FlexButton):
    """Give a station one task; its no is told in words."""

    entity_description: TaskButtonDescription  # type: ignore[assignment]

    @override
    async def async_press(self) -> None:
        identity = self.place.key
        task = self.entity_description.task(self.coordinator.main_evse(identity))
        await async_insist(self.coordinator, identity, task)


def _buttons(coordinator: FlexCoordinator, place: Place) -> list[FlexEntity]:
    if place.kind != "station":
        return []
    wishes = [FlexButton(coordinator, place, description) for description in BUTTONS]
    return [*wishes, *(TaskButton(coordinator, place, description) for description in TASKS)]


async def async_setup_entry(
    hass: HomeAssistant, entry: FlexEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the buttons of each station, and of those that come later."""
    coordinator = entry.runtime_data
    populate(coordinator, async_add_entities, lambda place: _buttons(coordinator, place))
