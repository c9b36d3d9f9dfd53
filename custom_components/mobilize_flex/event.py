"""What happens once: a fault or a security matter at a station, a session of the home that begins or is over."""

from typing import Final, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import FlexCoordinator, FlexEntry
from .core.model.incidents import Fault, Incident, SecurityEvent
from .entity import FlexEntity, Seen, described, populate
from .event_session import SESSION, SessionEvent
from .places import Place

PARALLEL_UPDATES = 0


INCIDENT: Final = EventEntityDescription(
    key="incident",
    translation_key="incident",
    event_types=list(dict.fromkeys(what.value for kind in (Fault, SecurityEvent) for what in kind)),
)


class IncidentEvent(FlexEntity, EventEntity):
    """Tell each incident of a station once; it can be told while the station is away too."""

    entity_description: EventEntityDescription
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
        kind = "fault" if isinstance(incident.what, Fault) else "security"
        words = {"evse": incident.evse, "origin": incident.origin, "text": incident.text}
        told = {name: word for name, word in words.items() if word is not None}
        self._trigger_event(incident.what.value, {"kind": kind, **told, "at": incident.at.isoformat()})
        self.async_write_ha_state()

    def _incidents(self) -> tuple[Incident, ...]:
        station = self.coordinator.state.stations.get(self.place.key)
        return station.incidents if station is not None else ()


def _events(coordinator: FlexCoordinator, place: Place) -> list[FlexEntity]:
    match place.kind:
        case "site":
            return [SessionEvent(coordinator, place, SESSION)]
        case "station":
            return [IncidentEvent(coordinator, place, INCIDENT)]
        case _:
            return []


async def async_setup_entry(
    hass: HomeAssistant, entry: FlexEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the events of the home and of each station, and of those that come later."""
    coordinator = entry.runtime_data
    populate(coordinator, async_add_entities, lambda place: _events(coordinator, place))
