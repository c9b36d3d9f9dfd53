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
from .core.model.firmware import FirmwareOffer, FirmwareState
from .core.model.state import StationState
from .entity import FlexEntity, Pace, Seen, described, populate
from .services_firmware import async_install

PARALLEL_UPDATES = 1

FIRMWARE: Final = UpdateEntityDescription(
    key="firmware", translation_key="firmware", device_class=UpdateDeviceClass.FIRMWARE
)


class FlexUpdate(FlexEntity, UpdateEntity):
    """Show a station's firmware, and install what its owner offers.

    What is known stays shown while the station is away: it restarts in the middle of an update.
    """

    auto_update = False
    capability_attributes = None
    device_class = described("device_class")
    display_precision = 0
    entity_picture = UpdateEntity.entity_picture
    pace = Pace(calm_s=0.0)
    supported_features = UpdateEntityFeature.INSTALL | UpdateEntityFeature.PROGRESS
    title = None
    unit_of_measurement = None

    @override
    def see(self) -> Seen:
        station = self._station
        if station is None:
            return Seen(available=False)
        firmware = station.firmware
        versions = f"{station.memory.firmware} {_offered(firmware)}"
        return Seen(True, versions, _attributes(firmware))

    @property
    def _station(self) -> StationState | None:
        return self.coordinator.state.stations.get(self.place.key)

    @property
    @override
    def installed_version(self) -> str | None:
        """Return which one runs."""
        return None if self._station is None else self._station.memory.firmware

    @property
    @override
    def latest_version(self) -> str | None:
        """Return which one its owner offers, else the one that runs."""
        return None if self._station is None else _offered(self._station.firmware) or self.installed_version

    @property
    @override
    def update_percentage(self) -> int | None:
        """Return how far an update has come."""
        return None if self._station is None else self._station.firmware.progress_pct

    @property
    @override
    def release_summary(self) -> str | None:
        """Return what its owner says of the one he offers."""
        return None if self._offer is None else self._offer.summary

    @property
    @override
    def release_url(self) -> str | None:
        """Return where more is said of the one that is offered."""
        return None if self._offer is None else self._offer.release_url

    @property
    def _offer(self) -> FirmwareOffer | None:
        return None if self._station is None else self._station.firmware.offer

    @property
    @override
    def in_progress(self) -> bool:
        """Return whether the station is busy with an update, whoever asked for it."""
        return self._station is not None and self._station.firmware.under_way

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
