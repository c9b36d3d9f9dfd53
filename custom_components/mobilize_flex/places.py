"""The things of a home that have a page of their own in Home Assistant: stations, EVSEs, cars, the meter, the home."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceInfo

from .board import EVSE, Moved, evse_named, evse_part
from .configuration import subentries
from .const import DOMAIN, STATION
from .core.model.config import SiteConfig
from .core.model.state import Onboarding, SiteState, StationState


@dataclass(frozen=True, slots=True)
class Place:
    """Name one thing that has a device: a station, a further EVSE of it, a vehicle, the meter, or the site itself.

    A station stands for its first EVSE too; of the others ``key`` is the station and ``evse`` their number.
    """

    kind: str
    key: str
    subentry_id: str | None = None
    evse: int | None = None

    @property
    def part(self) -> str:
        """Return the name under which the board tells of it."""
        return f"{self.kind}/{self.key}" if self.evse is None else evse_part(self.key, self.evse)


SITE: Final = Place("site", "site")


class Grow(Protocol):
    """Furnishes places, and hears of those that are gone; ``unasked`` when nobody is waiting for it."""

    def __call__(self, places: Iterable[Place], gone: Collection[Place], *, unasked: bool = False) -> None:
        """Furnish."""


def find_places(entry: ConfigEntry[Any], config: SiteConfig, evses: Mapping[str, tuple[int, ...]]) -> tuple[Place, ...]:
    """Return all places of a home; ``evses`` are those beside the first that each station is known to have."""
    stations: list[Place] = []
    for part in subentries(entry, STATION):
        identity = part.unique_id or ""
        stations.append(Place("station", identity, part.subentry_id))
        stations += [Place(EVSE, identity, part.subentry_id, number) for number in evses.get(identity, ())]
    vehicles = [Place("vehicle", v.key, v.key) for v in config.vehicles]
    meters = [Place("meter", config.meter.key, config.meter.key)] if config.meter is not None else []
    contacts = [Place("contacts", config.dimming.key, config.dimming.key)] if config.dimming is not None else []
    return (SITE, *stations, *vehicles, *meters, *contacts)


class Places:
    """Know the places of one home, and tell those who furnish them of each that comes and goes."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        """Begin without any."""
        self._hass = hass
        self._entry = entry
        self._all: tuple[Place, ...] = ()
        self._evses: dict[str, tuple[int, ...]] = {}
        self._growers: list[Grow] = []

    def __iter__(self) -> Iterator[Place]:
        """Go through all of them."""
        return iter(self._all)

    def listen(self, grow: Grow) -> CALLBACK_TYPE:
        """Call ``grow`` with all places, now and whenever they change; return how to stop that."""
        self._growers.append(grow)
        grow(self._all, ())
        return lambda: self._growers.remove(grow)

    def look_round(self, state: SiteState) -> None:
        """Find the places anew, after the owner changed something."""
        self._evses = {identity: self._of(identity, station) for identity, station in state.stations.items()}
        _, gone = self._find(state.config)
        for grow in tuple(self._growers):
            grow(self._all, gone)

    def meet(self, state: SiteState, identities: Iterable[str]) -> None:
        """Take in the EVSEs that stations turned out to have; they are furnished piece by piece, not all at once."""
        evses = {identity: self._of(identity, state.stations[identity]) for identity in identities}
        if any(numbers != self._evses.get(identity, ()) for identity, numbers in evses.items()):
            self._evses |= evses
            come, gone = self._find(state.config)
            for grow in self._growers:
                self._hass.loop.call_soon(self._grow, grow, come, gone)

    def leave(self, state: SiteState, part: str) -> bool:
        """Give up an EVSE that is no longer there; tell whether that was so."""
        identity, number = evse_named(part)
        station = state.stations.get(identity)
        if station is not None and number in station.evses:
            return False
        self._evses[identity] = tuple(n for n in self._evses.get(identity, ()) if n != number)
        self.look_round(state)
        return True

    def _of(self, identity: str, station: StationState) -> tuple[int, ...]:
        """Return the further EVSEs of a station: one that went away keeps its place until its owner removes it."""
        known = self._evses.get(identity, ())
        more = further_evses(station)
        return known if more == known else tuple(sorted({*known, *more}))

    def _find(self, config: SiteConfig) -> tuple[tuple[Place, ...], frozenset[Place]]:
        """Find all places; return those that came and those that are gone."""
        before, self._all = self._all, find_places(self._entry, config, self._evses)
        return tuple(p for p in self._all if p not in before), frozenset(before) - frozenset(self._all)

    @callback
    def _grow(self, grow: Grow, come: Iterable[Place], gone: Collection[Place]) -> None:
        if grow in self._growers:
            grow(come, gone, unasked=True)


def further_evses(station: StationState) -> tuple[int, ...]:
    """Return the EVSEs of a station beside its first.

    What it says before it told what it is made of is not believed yet: a device once made stays.
    """
    asking = station.online and (station.onboarding is not Onboarding.READY or station.report is not None)
    if len(station.evses) == 1 or (asking and not station.inventory_whole):
        return ()
    return tuple(sorted(station.evses)[1:])


def device_info(hass: HomeAssistant, entry: ConfigEntry[Any], state: SiteState, place: Place) -> DeviceInfo:
    """Return the device of a place; that of a further EVSE is reached by its station's, which is made first."""
    device = _device(state, place)
    if place.evse is not None:
        station = dr.async_get(hass).async_get_or_create(
            config_entry_id=entry.entry_id,
            config_subentry_id=place.subentry_id,
            **_device(state, replace(place, kind="station", evse=None)),
        )
        device["via_device_id"] = station.id
    return device


def _device(state: SiteState, place: Place) -> DeviceInfo:
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


def introduced(stations: Iterable[Moved]) -> Iterator[str]:
    """Yield the stations that a step heard something new of about themselves."""
    for identity, old, station in stations:
        if old is not None and old.memory is not station.memory and _station_words(old) != _station_words(station):
            yield identity


def _words(state: SiteState, place: Place) -> Mapping[str, Any]:
    """Return how a device calls itself, in the words of the device registry; nothing for what is gone."""
    match place.kind:
        case "station":
            station = state.stations.get(place.key)
            return {} if station is None else _station_words(station)
        case "evse":
            station = state.stations.get(place.key)
            return {} if station is None else {"name": f"{station.config.name} EVSE {place.evse}"}
        case "vehicle":
            car = next((v for v in state.config.vehicles if v.key == place.key), None)
            return {} if car is None else {"name": car.name}
        case "meter":
            meter = state.config.meter
            return {} if meter is None else {"name": meter.name, "serial_number": state.meter.reading.serial}
        case "contacts":
            dimming = state.config.dimming
            return {} if dimming is None else {"name": dimming.name}
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
