"""The vendors behind the stations of a home: whom they are, and what the owner hears of them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from .board import Board
from .configuration import subentries
from .const import (
    CONF_VENDOR_IDENTITY,
    CONF_VENDOR_PASSWORD,
    CONF_VENDOR_ROOT,
    CONF_VENDOR_URL,
    CONF_VENDOR_USER,
    DOMAIN,
    STATION,
)
from .core.model.commands import Keep
from .core.model.driver import Route
from .core.model.facts import Fact, StationConnected, StationDisconnected
from .core.model.moment import Moment
from .core.model.state import SiteState
from .core.model.vendor import VendorReport, VendorState
from .core.ocpp.schema import SchemaKey, Validator
from .core.site.routes import route_of
from .problems import Problems
from .shell.station_server import StationServer
from .shell.vendor_target import VendorTarget
from .shell.vendors import RULES, Vendors
from .store import StoreUnwritableError

TROUBLES = {
    "vendor_refused": VendorState.REFUSED,
    "vendor_language": VendorState.OTHER_VERSION,
    "vendor_untrusted": VendorState.UNTRUSTED,
}
ENTITY = "vendor_connected"


def vendor_targets(entry: ConfigEntry[Any]) -> dict[str, VendorTarget]:
    """Return where the calls of each station are forwarded to, for the stations that have a vendor behind us."""
    return {
        s.unique_id: _target(s.unique_id, s.data)
        for s in subentries(entry, STATION)
        if s.unique_id and s.data.get(CONF_VENDOR_URL)
    }


def _target(station: str, data: Mapping[str, Any]) -> VendorTarget:
    identity, password = data.get(CONF_VENDOR_IDENTITY) or station, data.get(CONF_VENDOR_PASSWORD)
    user = data.get(CONF_VENDOR_USER) or (identity if password else None)
    root = data.get(CONF_VENDOR_ROOT)
    return VendorTarget(url=data[CONF_VENDOR_URL], identity=identity, user=user, password=password, root=root)


class Forwarding:
    """Follow the owner's choice of vendors for as long as a home is loaded."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        problems: Problems,
        board: Board,
        clock: Callable[[], Moment],
        keep: Callable[[Sequence[Keep]], Awaitable[None]],
        state: Callable[[], SiteState],
    ) -> None:
        """Belong to a home; nothing is opened before ``async_open``."""
        self._hass, self._entry = hass, entry
        self._problems, self._board = problems, board
        self._clock, self._keep, self._state = clock, keep, state
        self._vendors: Vendors | None = None
        self._troubled: dict[str, list[str]] = {}
        self._turn = asyncio.Lock()

    async def async_open(
        self, schemas: Mapping[SchemaKey, Validator], kept: Mapping[str, object], server: StationServer
    ) -> None:
        """Begin with what the vendors have not heard yet."""
        self._vendors = Vendors(
            schemas=schemas,
            clock=self._clock,
            ask=server.call,
            keep=self._async_keep,
            route=self._route,
            changed=self._changed,
            known=self._known,
            connected=lambda: server.connected,
            kept=kept,
            connector=lambda: async_get_clientsession(self._hass).connector,
        )
        await self.async_follow()

    async def async_follow(self) -> None:
        """Apply the owner's choice, in place; one change after the other, for a line takes its time to close."""
        async with self._turn:
            if self._vendors is not None:
                await self._vendors.follow(vendor_targets(self._entry))
                self._forget_gone()
                self._tell_troubles()

    def _forget_gone(self) -> None:
        """Take away what was shown of vendors that are none any more."""
        targets, registry = vendor_targets(self._entry), er.async_get(self._hass)
        for station in subentries(self._entry, STATION):
            unique_id = f"{self._entry.entry_id}/station/{station.unique_id}/{ENTITY}"
            known = registry.async_get_entity_id("binary_sensor", DOMAIN, unique_id)
            if known is not None and station.unique_id not in targets:
                registry.async_remove(known)

    async def async_stop(self) -> None:
        """End all lines."""
        vendors, self._vendors = self._vendors, None
        if vendors is not None:
            await vendors.stop()

    def is_forwarded(self, identity: str) -> bool:
        """Return whether a station has a vendor behind us."""
        return identity in vendor_targets(self._entry)

    @callback
    def take(self, fact: Fact) -> None:
        """Follow which stations are here."""
        match fact:
            case StationConnected(station=station) if self._vendors is not None:
                self._vendors.station_came(station)
            case StationDisconnected(station=station) if self._vendors is not None:
                self._vendors.station_left(station)

    def report(self, identity: str) -> VendorReport | None:
        """Return how forwarding goes for a station; ``None`` for one without a vendor."""
        return None if self._vendors is None else self._vendors.report(identity)

    def details(self) -> dict[str, VendorReport]:
        """Return how it goes for all of them."""
        reports = {identity: self.report(identity) for identity in vendor_targets(self._entry)}
        return {identity: report for identity, report in reports.items() if report is not None}

    def words(self, identity: str) -> dict[str, Any]:
        """Return how it goes for a station and every rule, as response data."""
        report = self.report(identity)
        told = {
            "state": "off" if report is None else report.state.value,
            "queued": 0 if report is None else report.queued,
            "queued_since": None if report is None or report.queued_since is None else report.queued_since.isoformat(),
            "counts": {} if report is None else dict(report.counts),
            "filtered": {} if report is None else dict(report.filtered),
        }
        return {"station": identity, **told, "rules": RULES}

    def _route(self, identity: str) -> Route | None:
        state = self._state()
        station = state.stations.get(identity)
        return None if station is None else route_of(state, station)

    def _known(self, identity: str) -> dict[str, Any] | None:
        """Return what a station said of itself when it booted, as far as we keep it."""
        station = self._state().stations.get(identity)
        memory = None if station is None else station.memory
        if memory is None or memory.vendor is None or memory.model is None:
            return None
        told = {
            "vendorName": memory.vendor,
            "model": memory.model,
            "serialNumber": memory.serial,
            "firmwareVersion": memory.firmware,
        }
        return {"reason": "Unknown", "chargingStation": {key: value for key, value in told.items() if value}}

    async def _async_keep(self, keeps: Sequence[Keep]) -> None:
        """Store values; a disk that refuses has them in memory and is tried again, as the owner hears elsewhere."""
        with suppress(StoreUnwritableError):
            await self._keep(keeps)

    @callback
    def _changed(self, identity: str) -> None:
        self._board.changed(f"station/{identity}", urgent=True)
        self._tell_troubles()

    def _tell_troubles(self) -> None:
        """Raise what only people can mend, take away what they have."""
        reports = self.details()
        for key, state in TROUBLES.items():
            names = sorted(
                s.title
                for s in subentries(self._entry, STATION)
                if s.unique_id in reports and reports[s.unique_id].state is state
            )
            if names != self._troubled.get(key, []):
                self._troubled[key] = names
                self._problems.toggle(key, bool(names), stations=", ".join(names))
