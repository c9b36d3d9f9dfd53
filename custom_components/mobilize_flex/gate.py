"""The lock on the stations' door: certificates and passwords, and what the owner hears of who tried it in vain."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
import logging
from pathlib import Path
import ssl
from typing import Any, Final
from urllib.parse import urlsplit

from homeassistant.components import network
from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.util import dt as dt_util

from .configuration import Access, access_of, listening, station_part
from .const import CONF_SEALED, CONF_SEALED_NEXT, DOMAIN, SECURITY_BOTH, SECURITY_PLAIN
from .core.model.certificates import CertificateEnding, SignRequest
from .core.model.state import SiteState
from .discovery import async_station_knocked
from .problems import Problems
from .shell.certificate_store import CertificateStore, Root, remove_certificates
from .shell.certificates import BadRequest, Issued, shown_certificate
from .shell.credentials import matches, recognised
from .shell.station_door import Admission, Verdict, Visitor
from .shell.station_server import StationServer

_LOGGER = logging.getLogger(__name__)

ROOT_PATH: Final = "/api/mobilize_flex/ca/{}.pem"
FALLBACK_NAME: Final = "homeassistant.local"
CHECK: Final = timedelta(hours=6)  # a day would never pass where Home Assistant is restarted every night
QUIET: Final = timedelta(hours=1)
ADDRESSES_KEPT: Final = 256
ADDRESSES_TOLD: Final = 8
GUESSES_AT_ONCE: Final = 4
"""So many passwords of one station wait to be tried; who guesses more at a time is told to come again."""


@dataclass(slots=True)
class Suspect:
    """Hold how often an address tried a wrong password, since when and until when."""

    count: int
    since: datetime
    last: datetime


def certificate_folder(hass: HomeAssistant, entry_id: str) -> Path:
    """Return where a site keeps its certificates, beside its memory; a backup holds both."""
    return Path(hass.config.path(DOMAIN, f"{entry_id}.ca"))


async def async_remove_certificates(hass: HomeAssistant, entry_id: str) -> None:
    """Delete the certificates of a site that was removed."""
    await hass.async_add_executor_job(remove_certificates, certificate_folder(hass, entry_id))


def certificate_store(hass: HomeAssistant, entry: ConfigEntry[Any]) -> CertificateStore:
    """Return the certificates of a site that may not be loaded."""
    return CertificateStore(certificate_folder(hass, entry.entry_id), entry.title, dt_util.utcnow)


def root_url(hass: HomeAssistant, entry_id: str) -> str:
    """Return where the site's root certificate can be fetched."""
    path = ROOT_PATH.format(entry_id)
    try:
        return get_url(hass) + path
    except NoURLAvailableError:
        return path


def host_name(hass: HomeAssistant, entry: ConfigEntry[Any]) -> str:
    """Return the name stations dial: the owner's word, else Home Assistant's own."""
    internal = urlsplit(hass.config.internal_url or "").hostname
    return listening(entry).host_name or internal or FALLBACK_NAME


async def async_addresses(hass: HomeAssistant, entry: ConfigEntry[Any]) -> list[str]:
    """Return the IP addresses under which stations reach the site, the likeliest first."""
    listens = ip_address(listening(entry).host)
    if not listens.is_unspecified:
        return [str(listens)]
    found = (ip_address(address) for address in await network.async_get_announce_addresses(hass))
    return [str(address) for address in sorted(found, key=lambda a: a.version) if not address.is_link_local]


class Gate:
    """Judge who dials in at one site."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        problems: Problems,
        state: Callable[[], SiteState],
        take: Callable[[CertificateEnding], None],
    ) -> None:
        """Belong to a site; nothing is read before ``async_open``."""
        self.certificates = certificate_store(hass, entry)
        self._hass = hass
        self._entry = entry
        self._problems = problems
        self._state = state
        self._take = take
        self._context: ssl.SSLContext | None = None
        self._suspects: dict[str, Suspect] = {}
        # One thread: each thread of the common pool would keep the four megabytes that a try takes.
        self._tries = ThreadPoolExecutor(1, f"{DOMAIN} passwords")
        self._closed = False
        self._guesses: Counter[str] = Counter()

    # certificates

    async def async_serve(self, **known: Any) -> StationServer:
        """Open the site's doors, as the owner wants them; ``known`` is what else the server has to know.

        Raises:
            OSError: a port is taken.
            ConfigEntryNotReady: the certificates can be neither read nor made.
        """
        door, context = listening(self._entry), await self.async_open()
        server = StationServer(
            door.host,
            door.port,
            admit=self.async_admit,
            ssl=None if door.security == SECURITY_BOTH else context,
            second=None if door.tls_port is None or context is None else (door.tls_port, context),
            rate_limit=door.rate_limit,
            **known,
        )
        await server.start()
        return server

    async def async_open(self) -> ssl.SSLContext | None:
        """Return what encrypts the door, made on the first start; ``None`` where the owner wants none.

        Raises:
            ConfigEntryNotReady: the certificates can be neither read nor made.
        """
        door = listening(self._entry)
        if door.encrypts:
            names, rsa = await self._async_names(), door.rsa_exchange
            make = self.certificates.context
            try:
                self._context = await self._hass.async_add_executor_job(lambda: make(names, rsa_exchange=rsa))
            except (OSError, ValueError) as err:  # an SSLError is an OSError
                self._problems.raised("certificates_unusable")
                words = {"site": self._entry.title}
                raise ConfigEntryNotReady(
                    translation_domain=DOMAIN, translation_key="certificates_unusable", translation_placeholders=words
                ) from err
        self._problems.solved("certificates_unusable")
        self._problems.toggle("unencrypted", door.security == SECURITY_PLAIN)
        return self._context

    @callback
    def async_begin(self) -> Callable[[], None]:
        """Look after the certificates from now on; return how to end that, and the trying of passwords."""
        undo = async_track_time_interval(self._hass, self.async_check, CHECK)

        def end() -> None:
            undo()
            self._closed = True
            self._tries.shutdown(wait=False)

        return end

    async def async_check(self, _: datetime) -> None:
        """Renew what ends soon: the server's certificates ourselves, the stations' through them."""
        await self._async_renew()
        stations = list(self._state().stations)
        for identity in await self._hass.async_add_executor_job(self.certificates.ending, stations):
            self._take(CertificateEnding(station=identity))

    async def _async_renew(self) -> None:
        """Let the living context show the new certificates; connections there are go on."""
        if self._context is None:
            return
        names = await self._async_names()
        try:
            await self._hass.async_add_executor_job(self._renew, self._context, names)
        except OSError, ValueError:
            self._problems.raised("certificates_unusable")
        else:
            self._problems.solved("certificates_unusable")

    def _renew(self, context: ssl.SSLContext, names: tuple[str, ...]) -> None:
        if self.certificates.renew_server(names):
            self.certificates.load_server(context)
            _LOGGER.info("The certificate for stations was renewed")

    async def async_root(self) -> Root:
        """Return the site's root certificate."""
        return await self._hass.async_add_executor_job(self.certificates.root)

    async def async_issue(self, identity: str) -> tuple[Issued, str]:
        """Return a new certificate and its key for a station."""
        return await self._hass.async_add_executor_job(self.certificates.issue, identity)

    async def async_forget(self, identity: str) -> None:
        """Revoke what a station that was removed holds."""
        await self._hass.async_add_executor_job(self.certificates.forget, identity)

    async def async_newest(self, identity: str) -> str | None:
        """Return the fingerprint of the newest certificate a station was given."""
        return await self._hass.async_add_executor_job(self.certificates.newest, identity)

    def sign(self, command: SignRequest) -> str | None:
        """Return the signed certificate a station asked for, ``None`` if it cannot be signed; it blocks."""
        asked = command.asked
        try:
            return self.certificates.sign(asked.station, asked.csr, command.serial).chain
        except BadRequest as err:
            _LOGGER.info("A station's request for a certificate was rejected: %s", err)
            return None

    async def _async_names(self) -> tuple[str, ...]:
        name = host_name(self._hass, self._entry)
        # Sorted: the order in which a machine lists its addresses is no reason for another certificate.
        return tuple(dict.fromkeys([name, *sorted(await async_addresses(self._hass, self._entry))]))

    # who may come in

    async def async_admit(self, visitor: Visitor) -> Admission:
        """Return whether a station is who it says, and how well it proved it; a stranger is only announced."""
        part = station_part(self._entry, visitor.identity)
        if part is None:
            async_station_knocked(self._hass, self._entry, visitor.identity, visitor.address)
            return Admission(Verdict.UNKNOWN)
        access = access_of(part)
        station = self._state().stations.get(visitor.identity)
        least = station.least_profile if station is not None else part.data.get("security_profile", 1)
        profile, common_name = 2 if visitor.secure else 1, None
        if visitor.certificate is not None:
            common_name = await self._hass.async_add_executor_job(self._name_on, visitor.identity, visitor.certificate)
            if common_name is None:
                return self._refused(visitor)
            profile = 3
        if profile < 3:
            verdict = await self._async_tried(visitor, access)
            if verdict is Verdict.WRONG_SECRET:
                return self._refused(visitor)
            if verdict is Verdict.BUSY:
                return Admission(verdict)
        if profile < least:
            self._problems.raised("profile_too_low", station=part.title, came=str(profile), least=str(least))
            return Admission(Verdict.TOO_LOW)
        self._suspects.pop(visitor.address, None)
        self._problems.solved("profile_too_low")
        self._offer_upgrade(part, profile)
        return Admission(Verdict.ADMITTED, profile, access.versions, common_name)

    @callback
    def _offer_upgrade(self, part: ConfigSubentry, profile: int) -> None:
        """Offer to encrypt the connection of a station that came in unencrypted where it need not."""
        name = f"upgrade_security_{part.subentry_id}"
        if profile > 1 or not listening(self._entry).encrypts:
            self._problems.solved(name)
            return
        fix = {"entry_id": self._entry.entry_id, "identity": part.unique_id, "station": part.title}
        self._problems.raised("upgrade_security", name, fix, station=part.title)

    @callback
    def put_password(self, identity: str, sealed: str, *, at_once: bool) -> None:
        """Take a new password in; unless at once, the old one is good until the station showed the new one."""
        part = station_part(self._entry, identity)
        if part is not None:
            data = {key: value for key, value in part.data.items() if key != CONF_SEALED_NEXT}
            data[CONF_SEALED if at_once else CONF_SEALED_NEXT] = sealed
            self._hass.config_entries.async_update_subentry(self._entry, part, data=data)

    @callback
    def drop_password(self, identity: str) -> None:
        """Forget a password on its way: the station did not take it."""
        part = station_part(self._entry, identity)
        if part is not None and CONF_SEALED_NEXT in part.data:
            data = {key: value for key, value in part.data.items() if key != CONF_SEALED_NEXT}
            self._hass.config_entries.async_update_subentry(self._entry, part, data=data)

    def _name_on(self, identity: str, der: bytes) -> str | None:
        """Return the name on a certificate if we gave it to exactly this station, and no newer one was shown."""
        try:
            shown = shown_certificate(der)
        except ValueError:
            return None
        return shown.common_name if self.certificates.accepts(identity, shown) else None

    async def _async_tried(self, visitor: Visitor, access: Access) -> Verdict:
        """Return whether the password is right; one that was right before is known without trying it again."""
        claim, identity = visitor.claim, visitor.identity
        if claim is None or claim.user != access.user:
            return Verdict.WRONG_SECRET
        place = next((n for n, seal in enumerate(access.seals) if recognised(claim.password, seal)), None)
        if place is None and (self._closed or self._guesses[identity] >= GUESSES_AT_ONCE):
            return Verdict.BUSY
        if place is None:
            self._guesses[identity] += 1
            try:
                place = await self._async_opened(claim.password, access.seals)
            finally:
                self._guesses[identity] -= 1
        if place == 0 and len(access.seals) > 1:
            self._came_with_new_password(identity)
        return Verdict.WRONG_SECRET if place is None else Verdict.ADMITTED

    async def _async_opened(self, password: str, seals: tuple[str, ...]) -> int | None:
        """Return which seal a password opens, tried one at a time: who guesses many keeps himself waiting, not us."""
        for place, seal in enumerate(seals):
            if await self._hass.loop.run_in_executor(self._tries, matches, password, seal):
                return place
        return None

    @callback
    def _came_with_new_password(self, identity: str) -> None:
        """Let the old password go: the station has shown the new one."""
        part = station_part(self._entry, identity)
        if part is None or CONF_SEALED_NEXT not in part.data:
            return
        data = dict(part.data)
        data[CONF_SEALED] = data.pop(CONF_SEALED_NEXT)
        self._hass.config_entries.async_update_subentry(self._entry, part, data=data)

    # who tried in vain

    @callback
    def _refused(self, visitor: Visitor) -> Admission:
        """Count a wrong password; the first of an hour from an address is told, unless they come from everywhere."""
        now = dt_util.utcnow()
        suspect = self._suspects.pop(visitor.address, None)
        if suspect is None or now - suspect.since >= QUIET:
            suspect = Suspect(0, now, now)
        suspect.count, suspect.last = suspect.count + 1, now
        if len(self._suspects) >= ADDRESSES_KEPT:
            del self._suspects[next(iter(self._suspects))]
        self._suspects[visitor.address] = suspect
        if suspect.count == 1 and len(self._suspects) <= ADDRESSES_TOLD:
            _LOGGER.warning("Somebody at %s tried to pass for a station with wrong credentials", visitor.address)
            self._tell_of_suspects()
        return Admission(Verdict.WRONG_SECRET)

    @callback
    def _tell_of_suspects(self) -> None:
        """Tell of the busiest of them; called each minute, for who tries fast must not keep us busy telling."""
        if not self._suspects:
            self._problems.solved("wrong_password")
            return
        address, suspect = max(self._suspects.items(), key=lambda pair: pair[1].count)
        self._problems.raised("wrong_password", address=address, count=str(suspect.count))

    @callback
    def look_at_clock(self) -> None:
        """Withdraw what was told of wrong passwords once it has been quiet for an hour."""
        now = dt_util.utcnow()
        for address in [address for address, suspect in self._suspects.items() if now - suspect.last >= QUIET]:
            del self._suspects[address]
        self._tell_of_suspects()

    def details(self) -> dict[str, Any]:
        """Return what diagnostics show of it."""
        tries = [{"address": address, "count": s.count, "since": s.since} for address, s in self._suspects.items()]
        return {"wrong_passwords": tries}
