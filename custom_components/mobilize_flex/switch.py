"""The owner's switches: V2G for the home, its programmes, service for each station."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import FlexCoordinator, FlexEntry
from .core.model.intents import SetV2g
from .core.model.programme import Programme
from .core.model.tasks import SetAvailability
from .entity import FlexEntity, Seen, StationView, Value, described, look, populate
from .places import Place
from .programmes import NUMBERS, ProgrammeEntity
from .upkeep import async_insist

PARALLEL_UPDATES = 1

WHOLE: Final = (0, 0)
"""The place that stands for a whole station, in what is out of service."""
V2G: Final = SwitchEntityDescription(key="v2g", translation_key="v2g")
AVAILABLE: Final = SwitchEntityDescription(
    key="available", translation_key="available", entity_category=EntityCategory.CONFIG
)


@dataclass(frozen=True, kw_only=True)
class ProgrammeSwitchDescription(SwitchEntityDescription):
    """Describe a yes or no of a programme, by the name of the setting."""

    value: Callable[[Programme], bool]


PROGRAMME_SWITCHES: Final = (
    ProgrammeSwitchDescription(
        key="enabled",
        translation_key="programme_enabled",
        entity_category=EntityCategory.CONFIG,
        value=lambda p: p.enabled,
    ),
    ProgrammeSwitchDescription(
        key="v2g", translation_key="programme_v2g", entity_category=EntityCategory.CONFIG, value=lambda p: p.v2g
    ),
)


class FlexSwitch(FlexEntity, SwitchEntity):
    """Show whether something is on."""

    capability_attributes = None
    device_class = described("device_class")
    state_attributes = None
    unit_of_measurement = None

    @property
    @override
    def is_on(self) -> bool:
        """Return what was seen."""
        return bool(self._shown.value)


class V2gSwitch(FlexSwitch):
    """Switch V2G for the whole home."""

    @override
    def see(self) -> Seen:
        return Seen(True, self.coordinator.state.wishes.v2g)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        self.coordinator.put(SetV2g(on=True))

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        self.coordinator.put(SetV2g(on=False))


class ProgrammeSwitch(ProgrammeEntity, FlexSwitch):
    """Switch a programme, or its V2G."""

    entity_description: ProgrammeSwitchDescription

    @override
    def setting(self, programme: Programme) -> Value:
        return self.entity_description.value(programme)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        self.change(**{self.entity_description.key: True})

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        self.change(**{self.entity_description.key: False})


class ServiceSwitch(FlexSwitch):
    """Take a station out of service and back; it shows what was agreed, also while a charge is still running.

    A further EVSE of it has a switch of its own, for as long as the station as a whole is in service.
    """

    @override
    def see(self) -> Seen:
        view = look(self.coordinator, self.place)
        if not isinstance(view, StationView):
            return Seen(available=False)
        shut = self.place.evse is not None and WHOLE in view.station.memory.disabled
        return Seen(view.present and not shut, not self._disabled())

    def _disabled(self) -> list[tuple[int, int]]:
        """Return what we took out of service here; what has a switch of its own is not of the station's."""
        station = self.coordinator.state.stations[self.place.key]
        own = self.place.evse
        others = set(station.evses) - {self.coordinator.main_evse(self.place.key)}
        return [p for p in station.memory.disabled if (p[0] == own if own is not None else p[0] not in others)]

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Bring back whatever we took out of service, in parts or as a whole."""
        for evse, connector in self._disabled() or [(self.place.evse or 0, 0)]:
            task = SetAvailability(operative=True, evse=evse or None, connector=connector or None)
            await async_insist(self.coordinator, self.place.key, task)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        task = SetAvailability(operative=False, evse=self.place.evse)
        await async_insist(self.coordinator, self.place.key, task)


def _switches(coordinator: FlexCoordinator, place: Place) -> list[FlexEntity]:
    match place.kind:
        case "site":
            programmes = [ProgrammeSwitch(coordinator, place, n, d) for n in NUMBERS for d in PROGRAMME_SWITCHES]
            return [V2gSwitch(coordinator, place, V2G), *programmes]
        case "station" | "evse":
            return [ServiceSwitch(coordinator, place, AVAILABLE)]
        case _:
            return []


async def async_setup_entry(
    hass: HomeAssistant, entry: FlexEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the switches of each place, and of those that come later."""
    coordinator = entry.runtime_data
    populate(coordinator, async_add_entities, lambda place: _switches(coordinator, place))
