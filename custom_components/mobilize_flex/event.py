"""What happens at a station once: security events, faults that begin, sessions that are over."""

from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import FlexEntry
from .core.model.incidents import Fault, Incident, SecurityEvent
from .entity import FlexEntity, Seen, described, populate
from .event_session import SESSION, SessionEvent

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class FlexEventDescription(EventEntityDescription):
    """Describe one kind of incident."""

    kind: type[SecurityEvent | Fault]


EVENTS: Final = (
    FlexEventDescription(key="fault", translation_key="fault", kind=Fault, event_types=[f.value for f in Fault]),
    FlexEventDescription(
        key="security",
        translation_key="security",
        kind=SecurityEvent,
        entity_category=EntityCategory.DIAGNOSTIC,
        event_types=[e.value for e in SecurityEvent],
    ),
)


class FlexEvent(FlexEntity, EventEntity):
    """Tell each incident of a station once; it can be told while the station is away too."""

    entity_description: FlexEventDescription
    device_class = described("device_class")
    event_types = described("event_types")
    own_names = ("_told_until",)
    unit_of_measurement = None
    _told_until = 0

    @override
    async def async_added_to_hass(self) -> None:
        """Begin with what comes from now on."""
        self._told_until = max((incident.number for incident in self._incidents()), default=0)
        await super().async_added_to_hass()

    @override
    def see(self) -> Seen:
        return Seen(available=self.place.key in self.coordinator.state.stations)

    @override
    @callback
    def _told(self) -> float | None:
        for incident in self._incidents():
            if incident.number > self._told_until:
                self._told_until = incident.number
                self._tell(incident)
        return super()._told()

    def _tell(self, incident: Incident) -> None:
        if isinstance(incident.what, self.entity_description.kind):
            words = {"evse": incident.evse, "origin": incident.origin, "text": incident.text}
            told = {name: word for name, word in words.items() if word is not None}
            self._trigger_event(incident.what.value, told | {"at": incident.at.isoformat()})
            self.async_write_ha_state()

    def _incidents(self) -> tuple[Incident, ...]:
        station = self.coordinator.state.stations.get(self.place.key)
        return station.incidents if station is not None else ()


async def async_setup_entry(
    hass: HomeAssistant, entry: FlexEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the events of each station, and of those that come later."""
    coordinator = entry.runtime_data
    populate(
        coordinator,
        async_add_entities,
        lambda place: (
            [
                *(FlexEvent(coordinator, place, d) for d in EVENTS),
                SessionEvent(coordinator, place, SESSION),
            ]
            if place.kind == "station"
            else []
        ),
    )
