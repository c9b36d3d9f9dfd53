"""The yes and no of a home: connected, plugged in, in trouble."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.binary_sensor import BinarySensorEntity, BinarySensorEntityDescription
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import FlexCoordinator, FlexEntry
from .core.model.dimming import Draw
from .core.model.session import Phase
from .core.model.station import ConnectorStatus
from .core.model.upkeep import Reservation
from .entity import ContactsView, FlexEntity, MeterView, Seen, StationView, View, described, look, populate
from .places import Place

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class FlexBinaryDescription[V: View](BinarySensorEntityDescription):
    """Describe one yes or no; ``lasting`` keeps it available while the station or meter is away.

    ``whole`` is for what a station has once, however many EVSEs it has.
    """

    value: Callable[[V], bool | None]
    attributes: Callable[[V], Mapping[str, Any]] | None = None
    lasting: bool = False
    whole: bool = False


def _is_plugged(v: StationView) -> bool:
    return v.evse.connector is ConnectorStatus.OCCUPIED or v.evse.phase not in (Phase.UNPLUGGED, Phase.FAULT)


def _has_problem(v: StationView) -> bool:
    broken = v.evse.phase is Phase.FAULT or v.evse.connector is ConnectorStatus.FAULTED
    return broken or bool(v.evse.problems)


def _is_reserved(v: StationView) -> bool:
    return bool(_held(v)) or v.evse.connector is ConnectorStatus.RESERVED


def _held(v: StationView) -> list[Reservation]:
    """Return our reservations of an EVSE; one of any EVSE is shown with the first."""
    first = v.evse.evse == min(v.station.evses, default=v.evse.evse)
    return [r for r in v.station.memory.reservations if r.evse == v.evse.evse or (r.evse is None and first)]


def _reservations(v: StationView) -> dict[str, Any]:
    """Return our reservations: for whom and until when, never the number of a badge."""
    rows = [{"id": r.id, "until": r.until.isoformat(), "evse": r.evse, "driver": r.driver} for r in _held(v)]
    return {"reservations": rows}


def _vendor_words(v: StationView) -> dict[str, Any]:
    """Return how it stands with the vendor, and what it has not heard."""
    if v.vendor is None:
        return {}
    return {"state": v.vendor.state.value, "queued": v.vendor.queued, "lost": v.vendor.counts.get("lost", 0)}


STATION: Final[tuple[FlexBinaryDescription[StationView], ...]] = (
    FlexBinaryDescription(
        key="connected",
        translation_key="connected",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda v: v.station.online,
        lasting=True,
        whole=True,
    ),
    FlexBinaryDescription(
        key="cable",
        translation_key="cable",
        device_class=BinarySensorDeviceClass.PLUG,
        value=_is_plugged,
    ),
    FlexBinaryDescription(
        key="reserved",
        translation_key="reserved",
        entity_registry_enabled_default=False,
        value=_is_reserved,
        attributes=_reservations,
    ),
    FlexBinaryDescription(
        key="problem",
        translation_key="problem",
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        value=_has_problem,
        attributes=lambda v: {"problems": sorted(v.evse.problems)},
    ),
)
VENDOR: Final = FlexBinaryDescription[StationView](
    key="vendor_connected",
    translation_key="vendor_connected",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    entity_category=EntityCategory.DIAGNOSTIC,
    value=lambda v: None if v.vendor is None else v.vendor.connected,
    attributes=_vendor_words,
    lasting=True,
)
METER: Final[tuple[FlexBinaryDescription[MeterView], ...]] = (
    FlexBinaryDescription(
        key="connected",
        translation_key="meter_connected",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda v: v.present,
        lasting=True,
    ),
)


def _order(v: ContactsView) -> dict[str, Any]:
    """Return what the grid operator asks, since when, and how soon the stations followed."""
    record = v.dimming.record
    if record is None:
        return {"draw": Draw.FREE.value, "feed_in_pct": 100}
    told = {"since": record.started_at, "ordered": record.ordered_at, "in_force": record.effective_at}
    return {
        "draw": record.draw.value,
        "feed_in_pct": round(100 * record.feed_in_share),
        "contact_unsure": record.unsure,
        **{name: at.isoformat() for name, at in told.items() if at is not None},
    }


CONTACTS: Final[tuple[FlexBinaryDescription[ContactsView], ...]] = (
    FlexBinaryDescription(
        key="dimmed",
        translation_key="dimmed",
        value=lambda v: v.dimming.record is not None,
        attributes=_order,
    ),
)
BY_KIND: Final[Mapping[str, tuple[FlexBinaryDescription[Any], ...]]] = {
    "station": STATION,
    "evse": tuple(d for d in STATION if not d.whole),
    "meter": METER,
    "contacts": CONTACTS,
}


class FlexBinarySensor(FlexEntity, BinarySensorEntity):
    """Show a yes or a no."""

    entity_description: FlexBinaryDescription[Any]
    capability_attributes = None
    device_class = described("device_class")
    state_attributes = None
    unit_of_measurement = None

    @override
    def see(self) -> Seen:
        description = self.entity_description
        view = look(self.coordinator, self.place)
        if view is None or not (view.present or description.lasting):
            return Seen(available=False)
        return Seen(True, description.value(view), description.attributes(view) if description.attributes else None)

    @property
    @override
    def is_on(self) -> bool | None:
        """Return what was seen."""
        return None if self._shown.value is None else bool(self._shown.value)


def _wanted(coordinator: FlexCoordinator, place: Place) -> tuple[FlexBinaryDescription[Any], ...]:
    """Return what a place shows; a vendor only where there is one."""
    forwarded = place.kind == "station" and coordinator.forwarding.is_forwarded(place.key)
    return BY_KIND.get(place.kind, ()) + ((VENDOR,) if forwarded else ())


async def async_setup_entry(
    hass: HomeAssistant, entry: FlexEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the binary sensors of each place, and of those that come later."""
    coordinator = entry.runtime_data
    populate(
        coordinator,
        async_add_entities,
        lambda place: [FlexBinarySensor(coordinator, place, d) for d in _wanted(coordinator, place)],
    )
