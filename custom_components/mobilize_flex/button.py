"""The buttons: charge at once, restart, release the cable; of the home, back to V2G."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.components.button.const import ButtonDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import FlexCoordinator, FlexEntry
from .core.model.intents import ChargeNow, ResumeV2g, WakeProgrammes
from .core.model.session import Phase
from .core.model.tasks import ResetStation, UnlockConnector
from .core.model.upkeep import UpkeepTask
from .entity import FlexEntity, Seen, described, look, populate
from .places import Place
from .upkeep import async_insist

PARALLEL_UPDATES = 1


INSTANT: Final = ButtonEntityDescription(key="instant_charge", translation_key="instant_charge")
RESUME: Final = ButtonEntityDescription(key="resume_v2g", translation_key="resume_v2g")


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
    """Ask something of an EVSE that is there."""

    capability_attributes = None
    device_class = described("device_class")
    state_attributes = None
    unit_of_measurement = None

    @override
    def see(self) -> Seen:
        view = look(self.coordinator, self.place)
        return Seen(available=view is not None and view.present)


class InstantButton(FlexButton):
    """Charge at once."""

    @override
    async def async_press(self) -> None:
        self.coordinator.put(ChargeNow(self.place.key, self.coordinator.evse_of(self.place)))


class ResumeButton(FlexButton):
    """Go back to V2G in the whole home, as its programmes are the whole home's; also where a session is over."""

    @override
    def see(self) -> Seen:
        return Seen(available=True)

    @override
    async def async_press(self) -> None:
        state = self.coordinator.state
        for identity, station in state.stations.items():
            for number, evse in station.evses.items():
                session = state.sessions.get(evse.session) if evse.session is not None else None
                if evse.phase is Phase.HELD or (session is not None and session.override is not None):
                    self.coordinator.put(ResumeV2g(identity, number))
        self.coordinator.put(WakeProgrammes())


class TaskButton(FlexButton):
    """Give a station one task; its no is told in words."""

    entity_description: TaskButtonDescription

    @override
    async def async_press(self) -> None:
        task = self.entity_description.task(self.coordinator.evse_of(self.place))
        await async_insist(self.coordinator, self.place.key, task)


def _buttons(coordinator: FlexCoordinator, place: Place) -> list[FlexEntity]:
    match place.kind:
        case "site":
            return [ResumeButton(coordinator, place, RESUME)]
        case "station" | "evse":
            tasks = (d for d in TASKS if place.evse is None or not d.whole)
            return [InstantButton(coordinator, place, INSTANT), *(TaskButton(coordinator, place, d) for d in tasks)]
        case _:
            return []


async def async_setup_entry(
    hass: HomeAssistant, entry: FlexEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the buttons of each place, and of those that come later."""
    coordinator = entry.runtime_data
    populate(coordinator, async_add_entities, lambda place: _buttons(coordinator, place))
