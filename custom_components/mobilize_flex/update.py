"""The station's own program: which one it runs, which one its owner offers, how far an update has come."""

from datetime import datetime
from typing import Any, Final, override

from homeassistant.components.update import (
    UpdateDeviceClass,
    UpdateEntity,
    UpdateEntityDescription,
    UpdateEntityFeature,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import FlexEntry
from .core.model.firmware import FirmwareState
from .entity import FlexEntity, Pace, Seen, StationView, look, populate
from .services_firmware import async_install

PARALLEL_UPDATES = 1

FIRMWARE: Final = UpdateEntityDescription(
    key="firmware", translation_key="firmware", device_class=UpdateDeviceClass.FIRMWARE
)


class FlexUpdate(FlexEntity, UpdateEntity):
    """Show a station's firmware, and install what its owner offers.

    What is known stays shown while the station is away: it restarts in the middle of an update.
    """

    _attr_supported_features = UpdateEntityFeature.INSTALL | UpdateEntityFeature.PROGRESS
    pace = Pace(calm_s=0.0)
    _under_way = False

    @override
    def see(self) -> Seen:
        view = look(self.coordinator, self.place)
        if not isinstance(view, StationView):
            return Seen(available=False)
        firmware = view.station.firmware
        versions = f"{view.station.memory.firmware} {_offered(firmware)}"
        return Seen(True, versions, _attributes(firmware))

    @override
    def show(self, seen: Seen) -> None:
        view = look(self.coordinator, self.place)
        if not isinstance(view, StationView):
            return
        firmware, offer = view.station.firmware, view.station.firmware.offer
        self._attr_installed_version = view.station.memory.firmware
        self._attr_latest_version = _offered(firmware) or view.station.memory.firmware
        self._attr_update_percentage = firmware.progress_pct
        self._attr_release_summary = offer.summary if offer is not None else None
        self._attr_release_url = offer.release_url if offer is not None else None
        self._under_way = firmware.under_way

    @property
    @override
    def in_progress(self) -> bool:
        """Return whether the station is busy with an update, whoever asked for it."""
        return self._under_way

    @override
    def version_is_newer(self, latest_version: str, installed_version: str) -> bool:
        """Return true: what the owner offers is wanted, whatever its number."""
        return True

    @override
    async def async_install(self, version: str | None, backup: bool, **kwargs: Any) -> None:
        await async_install(self.coordinator, self.place.key)


def _offered(firmware: FirmwareState) -> str | None:
    return firmware.offer.version if firmware.offer is not None else None


def _attributes(firmware: FirmwareState) -> dict[str, str | datetime | None]:
    return {
        "status": firmware.status,
        "last_failure": firmware.failure,
        "since": firmware.since,
    }


async def async_setup_entry(
    hass: HomeAssistant, entry: FlexEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the update of each station, and of those that come later."""
    coordinator = entry.runtime_data
    populate(
        coordinator,
        async_add_entities,
        lambda place: [FlexUpdate(coordinator, place, FIRMWARE)] if place.kind == "station" else [],
    )
