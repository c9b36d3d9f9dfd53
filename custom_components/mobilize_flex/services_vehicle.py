"""The action that tells how full a car is where nothing else can."""

from typing import Final

from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.helpers import config_validation as cv
import probatio

from .const import DOMAIN
from .core.model.intents import SetSoc
from .targets import STATION_FIELDS, evse_in_use, evse_meant, invalid

ATTR_SOC: Final = "soc"
ATTR_VEHICLE: Final = "vehicle"
SCHEMA: Final = probatio.Schema(
    {
        **STATION_FIELDS,
        probatio.Required(ATTR_SOC): probatio.All(probatio.Coerce(float), probatio.Range(min=0, max=100)),
        probatio.Optional(ATTR_VEHICLE): cv.string,
    }
)


@callback
def async_setup(hass: HomeAssistant) -> None:
    """Register the action."""
    hass.services.async_register(DOMAIN, "set_soc", _set_soc, SCHEMA)


async def _set_soc(call: ServiceCall) -> None:
    """Tell the level of the car that is plugged in, and which one it is."""
    site, identity, evse = evse_meant(call)
    name = call.data.get(ATTR_VEHICLE)
    cars = {car.name: car.key for car in site.state.config.vehicles}
    if name is not None and name not in cars:
        raise invalid("vehicle_unknown", vehicle=name)
    number = evse_in_use(site, identity, evse)
    key = None if name is None else cars[name]
    site.put(SetSoc(station=identity, evse=number, soc_pct=call.data[ATTR_SOC], vehicle=key))
