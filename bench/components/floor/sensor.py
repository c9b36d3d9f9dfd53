"""Nine numbers for each station."""

from homeassistant.components.sensor import SensorEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddEntitiesCallback
from homeassistant.helpers.typing import ConfigType, DiscoveryInfoType

from . import DOMAIN, NINE


class Number(SensorEntity):
    """One number, written when it changed."""

    _attr_should_poll = False

    def __init__(self, station: str, place: int) -> None:
        """Begin with nothing known."""
        self._attr_name = f"{station} {place}"
        self._attr_unique_id = f"{station}-{place}"

    def tell(self, value: float) -> None:
        """Show a value."""
        if value != self._attr_native_value:
            self._attr_native_value = value
            self.async_write_ha_state()


async def async_setup_platform(
    hass: HomeAssistant,
    config: ConfigType,
    async_add_entities: AddEntitiesCallback,
    discovery_info: DiscoveryInfoType | None = None,
) -> None:
    """Set up all numbers of all stations."""
    for station, sensors in hass.data[DOMAIN].items():
        sensors += [Number(station, place) for place in range(NINE)]
        async_add_entities(sensors)
