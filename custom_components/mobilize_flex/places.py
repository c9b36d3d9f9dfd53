"""The things of a home that have a page of their own in Home Assistant: stations, cars, the meter, the home itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceInfo

from .configuration import subentries
from .const import DOMAIN, STATION
from .core.model.config import SiteConfig
from .core.model.state import SiteState, StationState


@dataclass(frozen=True, slots=True)
class Place:
    """Name one thing that has a device: a station, a vehicle, the meter, or the site itself."""

    kind: str
    key: str
    subentry_id: str | None = None

    @property
    def part(self) -> str:
        """Return the name under which the board tells of it."""
        return f"{self.kind}/{self.key}"


SITE: Final = Place("site", "site")


def find_places(entry: ConfigEntry[Any], config: SiteConfig) -> tuple[Place, ...]:
    """Return all places of a home."""
    stations = [Place("station", s.unique_id or "", s.subentry_id) for s in subentries(entry, STATION)]
    vehicles = [Place("vehicle", v.key, v.key) for v in config.vehicles]
    meters = [Place("meter", config.meter.key, config.meter.key)] if config.meter is not None else []
    return (SITE, *stations, *vehicles, *meters)


def device_info(state: SiteState, place: Place) -> DeviceInfo:
    """Return the device of a place."""
    device = DeviceInfo(identifiers={(DOMAIN, place.part)})
    for word, value in _words(state, place).items():
        device[word] = value  # type: ignore[literal-required]
    return device


def refresh_device(hass: HomeAssistant, entry: ConfigEntry[Any], state: SiteState, place: Place) -> None:
    """Tell the device registry what became known since the device was made."""
    registry = dr.async_get(hass)
    device = registry.async_get_device_by_identifier((DOMAIN, place.part), entry.entry_id)
    if device is None:
        return
    words: dict[str, Any] = {word: v for word, v in _words(state, place).items() if v != getattr(device, word)}
    if words:
        registry.async_update_device(device.id, **words)


def introduced(before: SiteState, after: SiteState) -> Iterator[str]:
    """Yield the stations that a step heard something new of about themselves."""
    if after.stations is before.stations:
        return
    for identity, station in after.stations.items():
        old = before.stations.get(identity)
        if old is not None and old.memory is not station.memory and _station_words(old) != _station_words(station):
            yield identity


def _words(state: SiteState, place: Place) -> Mapping[str, Any]:
    """Return how a device calls itself, in the words of the device registry; nothing for what is gone."""
    match place.kind:
        case "station":
            station = state.stations.get(place.key)
            return {} if station is None else _station_words(station)
        case "vehicle":
            car = next((v for v in state.config.vehicles if v.key == place.key), None)
            return {} if car is None else {"name": car.name}
        case "meter":
            meter = state.config.meter
            return {} if meter is None else {"name": meter.name, "serial_number": state.meter.reading.serial}
        case _:
            return {"name": state.config.name, "entry_type": dr.DeviceEntryType.SERVICE}


def _station_words(station: StationState) -> Mapping[str, Any]:
    memory = station.memory
    return {
        "name": station.config.name,
        "manufacturer": memory.vendor,
        "model": memory.model,
        "sw_version": memory.firmware,
        "serial_number": memory.serial,
    }
