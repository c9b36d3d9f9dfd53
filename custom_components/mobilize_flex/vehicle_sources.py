"""What a car's own integration tells of it: its level, and whether it feels a cable."""

from dataclasses import dataclass
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant, State, callback

from . import const as c
from .configuration import subentries
from .core.model.battery import VehiclePlugRead, VehicleSocRead
from .meter_sources import Tell
from .watching import Watch, number_of

PLUGGED: Final = {STATE_ON: True, STATE_OFF: False}


@dataclass(frozen=True, slots=True)
class CarEntities:
    """Name the entities of a car the owner chose."""

    vehicle: str
    soc: str | None
    plug: str | None


def car_entities(entry: ConfigEntry[Any]) -> tuple[CarEntities, ...]:
    """Return what is to be followed of each car."""
    cars = (
        CarEntities(s.subentry_id, s.data.get(c.CONF_SOC_ENTITY), s.data.get(c.CONF_PLUG_ENTITY))
        for s in subentries(entry, c.VEHICLE)
    )
    return tuple(car for car in cars if car.soc or car.plug)


class CarSource:
    """Tell what a car's entities say."""

    def __init__(self, hass: HomeAssistant, entities: CarEntities, tell: Tell) -> None:
        """Follow them."""
        self._vehicle = entities.vehicle
        self._tell = tell
        self._watches = [
            Watch(hass, entity_id, read)
            for entity_id, read in ((entities.soc, self._read_soc), (entities.plug, self._read_plug))
            if entity_id is not None
        ]

    async def async_stop(self) -> None:
        """Tell nothing more."""
        for watch in self._watches:
            await watch.async_stop()

    @callback
    def _read_soc(self, state: State | None) -> None:
        soc_pct = number_of(state)
        if state is not None and soc_pct is not None:
            self._tell(VehicleSocRead(vehicle=self._vehicle, soc_pct=soc_pct, at=state.last_reported))

    @callback
    def _read_plug(self, state: State | None) -> None:
        plugged = PLUGGED.get(state.state) if state is not None else None
        if plugged is not None:
            self._tell(VehiclePlugRead(vehicle=self._vehicle, plugged=plugged))
