"""The vendors behind a home's stations: who has one, and the lines to them."""

import asyncio
from collections.abc import Callable, Mapping
import ssl as tls

import aiohttp

from ..core.model.commands import Keep
from ..core.model.driver import Route
from ..core.model.moment import Moment
from ..core.model.vendor import VendorReport
from ..core.ocpp.forwarding import Forwarding
from ..core.ocpp.forwarding_queue import KEEP, Backlog
from ..core.ocpp.forwarding_rules import listed
from ..core.ocpp.schema import Contract, SchemaKey, Validator
from ..core.ocpp.wire import Payload
from .station_connection import StationConnection
from .vendor_link import Question, Store, Surroundings, VendorLink
from .vendor_target import VendorTarget, stay_here

RULES = listed()


class Vendors:
    """Follow which stations have a vendor, and which of them are here.

    Args:
        schemas: the compiled schemas of both versions.
        clock: tells the time.
        ask: puts a question to a station.
        keep: stores values, and returns once they are safe or it has taken note and tries again.
        route: tells how our controller steers a station.
        changed: hears of a station whose vendor is to be looked at again.
        known: gives the BootNotification of a station as far as we remember it.
        connected: tells which stations are here.
        kept: what was stored before.
        connector: gives what opens the lines, the first time one is opened; ``None`` for one of our own.
        ssl: whom to trust; ``True`` for whom the connector trusts.
    """

    def __init__(
        self,
        *,
        schemas: Mapping[SchemaKey, Validator],
        clock: Callable[[], Moment],
        ask: Question,
        keep: Store,
        route: Callable[[str], Route | None],
        changed: Callable[[str], None],
        known: Callable[[str], Payload | None],
        connected: Callable[[], Mapping[str, StationConnection]],
        kept: Mapping[str, object],
        connector: Callable[[], aiohttp.BaseConnector | None] = lambda: None,
        ssl: tls.SSLContext | bool = True,
    ) -> None:
        """Set up; nobody is dialled before a vendor is followed and its station is here."""
        self._contract = Contract(schemas)
        self._connected = connected
        self._kept = {key: value for key, value in kept.items() if key.startswith(KEEP)}
        self._links: dict[str, VendorLink] = {}
        self._connector, self._ssl = connector, ssl
        self._clock, self._ask, self._keep = clock, ask, keep
        self._route, self._changed, self._known = route, changed, known
        self._session: aiohttp.ClientSession | None = None

    async def follow(self, targets: Mapping[str, VendorTarget]) -> None:
        """Begin, go on or end, station by station; no station is dropped for it."""
        for station in list(self._links):
            link, target = self._links[station], targets.get(station)
            if target is None or target.mark != link.target.mark:
                del self._links[station]
                await link.stop(forget=True)
            elif target != link.target:
                link.redial(target)
        for station in targets.keys() - self._links.keys():
            self._begin(station, targets[station])
        orphans = [Keep(key, None) for key in self._kept]
        self._kept = {}
        if orphans:
            await self._keep(orphans)

    def station_came(self, station: str) -> None:
        """Begin to speak for a station that is here."""
        link, connection = self._links.get(station), self._connected().get(station)
        if link is not None and connection is not None:
            link.attach(connection)

    def station_left(self, station: str) -> None:
        """End it; the vendor sees the station as it is."""
        link = self._links.get(station)
        if link is not None:
            link.detach()

    def report(self, station: str) -> VendorReport | None:
        """Return how forwarding goes for a station; ``None`` for one without."""
        link = self._links.get(station)
        return None if link is None else link.report()

    async def stop(self) -> None:
        """End all lines; what vendors have not heard stays stored."""
        for link in self._links.values():
            link.detach()
        await asyncio.gather(*(link.stop() for link in self._links.values()))
        self._links.clear()
        if self._session is not None:
            await self._session.close()

    def _begin(self, station: str, target: VendorTarget) -> None:
        mine = {key: self._kept.pop(key) for key in list(self._kept) if key.startswith(f"{KEEP}{station}/")}
        forwarding = Forwarding(self._contract, Backlog(station, target.mark, mine))
        self._links[station] = VendorLink(station, target, forwarding, self._around())
        self.station_came(station)

    def _around(self) -> Surroundings:
        if self._session is None:
            connector = self._connector()
            self._session = aiohttp.ClientSession(
                connector=connector,
                connector_owner=connector is None,
                cookie_jar=aiohttp.DummyCookieJar(),
                middlewares=(stay_here,),
            )
        return Surroundings(
            session=self._session,
            clock=self._clock,
            ask=self._ask,
            keep=self._keep,
            route=self._route,
            changed=self._changed,
            known=self._known,
            ssl=self._ssl,
        )
