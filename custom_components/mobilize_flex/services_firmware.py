"""The actions for what a station runs and what it wrote down: its firmware, its diaries."""

import asyncio
import base64
import binascii
from datetime import datetime
import re
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography import x509
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_register_admin_service
from homeassistant.util import dt as dt_util
import probatio
from probatio import All, Coerce, In, Length, Optional, Range, Required

from .configuration import listening
from .const import DOMAIN, SECURITY_BOTH
from .coordinator import FlexCoordinator
from .core.model.firmware import FirmwareOffer, UpdateFirmware
from .core.model.intents import OfferFirmware
from .core.model.logs import GetLog, LogKind, LogStatus
from .core.model.state import SiteState
from .downloads import log_url
from .gate import async_addresses, host_name
from .targets import STATION_FIELDS, invalid, station_meant
from .upkeep import async_insist

SCHEMES: Final = ("http", "https", "ftp", "ftps", "sftp")
LONGEST_URL: Final = 2000
LONGEST_VERSION: Final = 50
EPOCH: Final = datetime(2020, 1, 1, tzinfo=dt_util.UTC)
WAIT_S: Final = 300.0
LONGEST_WAIT_S: Final = 3600.0
LATE_S: Final = 10.0
"""A station may say that it has sent everything before the last of it is here."""
_HOST: Final = re.compile(r"[A-Za-z0-9.:_-]{1,253}")
FAILED: Final = {
    LogStatus.UPLOAD_FAILURE: "log_upload_failed",
    LogStatus.BAD_MESSAGE: "log_bad_message",
    LogStatus.NOT_SUPPORTED_OPERATION: "log_not_supported",
    LogStatus.PERMISSION_DENIED: "log_permission_denied",
    LogStatus.ACCEPTED_CANCELED: "log_canceled",
}


def source_url(value: Any) -> str:
    """Return where a station is to fetch a file from.

    Raises:
        Invalid: it is no such address.
    """
    url = cv.string(value)
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme.casefold() not in SCHEMES or not parts.hostname or len(url) > LONGEST_URL:
        raise probatio.Invalid(f"a URL with one of {', '.join(SCHEMES)}")
    return url


def _host(value: Any) -> str:
    host = cv.string(value)
    if not _HOST.fullmatch(host):
        raise probatio.Invalid("a host name or an IP address")
    return host


_RETRIES: Final = {
    Optional("retries"): All(Coerce(int), Range(min=0, max=100)),
    Optional("retry_interval"): All(Coerce(int), Range(min=0, max=86400)),
}
UPDATE_SCHEMA: Final = probatio.Schema(
    {
        **STATION_FIELDS,
        **_RETRIES,
        Required("url"): source_url,
        Required("version"): All(cv.string, Length(min=1, max=LONGEST_VERSION)),
        Optional("signing_certificate"): All(cv.string, Length(min=1, max=5500)),
        Optional("signature"): All(cv.string, Length(min=1, max=800)),
        Optional("allow_unsigned", default=False): cv.boolean,
        Optional("retrieve_at"): cv.datetime,
        Optional("install_at"): cv.datetime,
        Optional("release_summary"): All(cv.string, Length(max=255)),
        Optional("release_url"): cv.url,
        Optional("start", default=True): cv.boolean,
    }
)
LOG_SCHEMA: Final = probatio.Schema(
    {
        **STATION_FIELDS,
        **_RETRIES,
        Optional("kind", default=LogKind.DIAGNOSTICS.value): All(In([k.value for k in LogKind]), Coerce(LogKind)),
        Optional("oldest"): cv.datetime,
        Optional("latest"): cv.datetime,
        Optional("host"): _host,
        Optional("wait", default=True): cv.boolean,
        Optional("timeout", default=WAIT_S): All(Coerce(float), Range(min=1, max=LONGEST_WAIT_S)),
    }
)


@callback
def async_setup(hass: HomeAssistant) -> None:
    """Register the actions; both are for administrators."""
    async_register_admin_service(
        hass, DOMAIN, "update_firmware", _update_firmware, UPDATE_SCHEMA, supports_response=SupportsResponse.OPTIONAL
    )
    async_register_admin_service(
        hass, DOMAIN, "get_log", _get_log, LOG_SCHEMA, supports_response=SupportsResponse.OPTIONAL
    )


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else dt_util.as_utc(at)


# firmware


async def _update_firmware(call: ServiceCall) -> ServiceResponse:
    """Offer a firmware, and have it installed unless that is left for later."""
    site, identity = station_meant(call)
    offer = _offer(call.data)
    site.put(OfferFirmware(identity, offer))
    started = await async_install(site, identity) if call.data["start"] else {}
    return {"station": identity, "version": offer.version, "started": bool(started), **started}


def _offer(fields: dict[str, Any]) -> FirmwareOffer:
    certificate, signature = fields.get("signing_certificate"), fields.get("signature")
    unsigned = certificate is None and signature is None and fields["allow_unsigned"]
    if (certificate is None or signature is None) and not unsigned:
        raise invalid("firmware_unsigned")
    if certificate is not None and signature is not None:
        _look_through(certificate, signature)
    return FirmwareOffer(
        version=fields["version"],
        source_url=fields["url"],
        signing_certificate=certificate,
        signature=signature,
        retries=fields.get("retries"),
        retry_interval_s=fields.get("retry_interval"),
        retrieve_at=_utc(fields.get("retrieve_at")),
        install_at=_utc(fields.get("install_at")),
        summary=fields.get("release_summary"),
        release_url=fields.get("release_url"),
    )


def _look_through(certificate: str, signature: str) -> None:
    """Refuse what no station could check: a certificate or a signature that is not in the form it must have."""
    try:
        x509.load_pem_x509_certificates(certificate.encode())
    except ValueError as err:
        raise invalid("firmware_certificate_invalid") from err
    try:
        base64.b64decode("".join(signature.split()).encode(), validate=True)
    except binascii.Error as err:
        raise invalid("firmware_signature_invalid") from err


async def async_install(site: FlexCoordinator, identity: str) -> dict[str, Any]:
    """Have a station fetch and install what its owner offers; return what it answered.

    Raises:
        ServiceValidationError: nothing is offered.
        HomeAssistantError: the station said no, or nothing.
    """
    state, now = site.state.stations[identity].firmware, dt_util.utcnow()
    if state.offer is None:
        raise invalid("firmware_not_offered", station=site.state.stations[identity].config.name)
    number = max(int((now - EPOCH).total_seconds()), (state.request_id or 0) + 1)
    retrieve_at = max(now, state.offer.retrieve_at or now)
    answer = await async_insist(
        site, identity, UpdateFirmware(request_id=number, offer=state.offer, retrieve_at=retrieve_at)
    )
    return {"status": answer.status, "request_id": number}


# diaries


async def _get_log(call: ServiceCall) -> ServiceResponse:
    """Have a station send a diary, and return where to find it."""
    (site, identity), fields = station_meant(call), call.data
    base = await _async_base(site, identity, fields.get("host"))
    ticket = site.uploads.expect()
    task = GetLog(
        request_id=ticket.number,
        kind=fields["kind"],
        remote_location=base + ticket.path,
        oldest=_utc(fields.get("oldest")),
        latest=_utc(fields.get("latest")),
        retries=fields.get("retries"),
        retry_interval_s=fields.get("retry_interval"),
    )
    watch = _Watch(site, identity, ticket.number)
    try:
        await async_insist(site, identity, task)
        if fields["wait"]:
            await watch.until(ticket.outcome, fields["timeout"])
        arrived = _arrived(site, identity, ticket.outcome)
    except HomeAssistantError:
        site.uploads.forget(ticket)
        raise
    finally:
        watch.end()
    return {
        "station": identity,
        "status": LogStatus.UPLOADED if arrived else watch.last or "accepted",
        "request_id": ticket.number,
        "log_id": ticket.id,
        "url": log_url(call.hass, site.entry.entry_id, ticket.id),
        **(arrived or dict.fromkeys(("size", "sha256", "file_name"))),
    }


def _arrived(site: FlexCoordinator, identity: str, outcome: asyncio.Future[Any]) -> dict[str, Any]:
    """Return what arrived; nothing if it did not yet."""
    if not outcome.done():
        return {}
    upload = outcome.result()
    if isinstance(upload, str):
        raise _failed(f"log_{upload}", site, identity)
    return {"size": upload.stored.size, "sha256": upload.sha256, "file_name": upload.stored.file_name}


class _Watch:
    """Hear what a station tells of one upload."""

    def __init__(self, site: FlexCoordinator, identity: str, number: int) -> None:
        """Listen from now on."""
        self.last: LogStatus | None = None
        self._site, self._identity, self._number = site, identity, number
        self._ended: asyncio.Future[LogStatus] = site.hass.loop.create_future()
        self.end = site.runtime.listen(self._look) if site.runtime is not None else lambda: None

    async def until(self, outcome: asyncio.Future[Any], timeout_s: float) -> None:
        """Wait until a file is here, or will not come, or for too long.

        Raises:
            HomeAssistantError: the station said that it cannot send it.
        """
        await asyncio.wait({outcome, self._ended}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if outcome.done() or not self._ended.done():
            return
        status = self._ended.result()
        if status in FAILED:
            raise _failed(FAILED[status], self._site, self._identity)
        await asyncio.wait({outcome}, timeout=min(LATE_S, timeout_s))

    def _look(self, before: SiteState, after: SiteState) -> None:
        then, now = before.stations.get(self._identity), after.stations.get(self._identity)
        if then is None or now is None or then.log is now.log or now.log.request_id not in (None, self._number):
            return
        self.last = now.log.status
        if self.last in (LogStatus.UPLOADED, *FAILED) and not self._ended.done():
            self._ended.set_result(self.last)


async def _async_base(site: FlexCoordinator, identity: str, host: str | None) -> str:
    """Return how a station reaches us: by the door it came in by, under the address it dialled.

    That address is our own side of its connection; nothing the station says is used.
    """
    door, server = listening(site.entry), site.server
    connection = server.connected.get(identity) if server is not None else None
    if connection is None:
        raise _failed("station_offline", site, identity)
    plain = not door.encrypts or (door.security == SECURITY_BOTH and connection.profile == 1)
    if host is None:
        known, ours = await async_addresses(site.hass, site.entry), connection.local_address
        name = host_name(site.hass, site.entry)  # what a station looks for in our certificate
        host = name if not plain else ours if ours in known else next(iter(known), name)
    where = f"[{host}]" if ":" in host else host
    return f"http://{where}:{door.port}" if plain else f"https://{where}:{door.secure_port}"


def _failed(key: str, site: FlexCoordinator, identity: str) -> HomeAssistantError:
    words = {"station": site.state.stations[identity].config.name}
    return HomeAssistantError(translation_domain=DOMAIN, translation_key=key, translation_placeholders=words)
