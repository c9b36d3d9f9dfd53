"""The buttons of a station and its EVSEs: charge at once, back to V2G, restart, release the cable."""

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
from .entity import FlexEntity, Seen, described, look, populate
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
    """Describe one button by the task it gives a station; the number is that of its EVSE.

    ``whole`` is for what a station has once, however many EVSEs it has.
    """

    task: Callable[[int], UpkeepTask]
    whole: bool = False


TASKS: Final = (
    TaskButtonDescription(
        key="reset",
        translation_key="reset",
        entity_registry_enabled_default=False,
        device_class=ButtonDeviceClass.RESTART,
        entity_category=EntityCategory.CONFIG,
        task=lambda _: ResetStation(),
        whole=True,
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
    capability_attributes = None
    device_class = described("device_class")
    state_attributes = None
    unit_of_measurement = None

    @override
    def see(self) -> Seen:
        view = look(self.coordinator, self.place)
        return Seen(available=view is not None and view.present)

    @override
    async def async_press(self) -> None:
        number = self.coordinator.evse_of(self.place)
        self.coordinator.put(self.entity_description.wish(self.place.key, number))


class TaskButton(FlexButton):
    """Give a station one task; its no is told in words."""

    entity_description: TaskButtonDescription  # type: ignore[assignment]

    @override
    async def async_press(self) -> None:
        task = self.entity_description.task(self.coordinator.evse_of(self.place))
        await async_insist(self.coordinator, self.place.key, task)


def _buttons(coordinator: FlexCoordinator, place: Place) -> list[FlexEntity]:
    if place.kind not in ("station", "evse"):
        return []
    wishes = [FlexButton(coordinator, place, description) for description in BUTTONS]
    tasks = [d for d in TASKS if place.evse is None or not d.whole]
    return [*wishes, *(TaskButton(coordinator, place, description) for description in tasks)]


async def async_setup_entry(
    hass: HomeAssistant, entry: FlexEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the buttons of each station, and of those that come later."""
    coordinator = entry.runtime_data
    populate(coordinator, async_add_entities, lambda place: _buttons(coordinator, place))
