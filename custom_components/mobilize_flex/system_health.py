"""How the controller of a home is, at a glance."""

from typing import Any

from homeassistant.components.system_health import SystemHealthRegistration
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .coordinator import FlexEntry


@callback
def async_register(hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Join the system's health page."""
    register.async_register_info(_health)


async def _health(hass: HomeAssistant) -> dict[str, Any]:
    """Return the figures of every home, by its name when there are several."""
    entries: list[FlexEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    told: dict[str, Any] = {}
    for entry in entries:
        before = f"{entry.title}: " if len(entries) > 1 else ""
        told |= {f"{before}{key}": value for key, value in _of(entry).items()}
    return told


def _of(entry: FlexEntry) -> dict[str, Any]:
    site = entry.runtime_data
    stations, vendors = site.state.stations, site.forwarding.details().values()
    return {
        "station_port": site.server.port if site.server is not None else None,
        "stations_connected": f"{sum(s.online for s in stations.values())}/{len(stations)}",
        "vendors_connected": f"{sum(v.connected for v in vendors)}/{len(vendors)}" if vendors else None,
        "meter": None if site.state.config.meter is None else "ok" if site.meter_fresh else "silent",
        "memory": "failing" if site.store.failing else "ok",
        "faults_of_ours": site.runtime.errors if site.runtime is not None else 0,
    }
