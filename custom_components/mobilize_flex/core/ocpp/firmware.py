"""The update of a station's own program, in the station's words."""

from typing import Final

from ..model.commands import CallRef
from ..model.facts import FirmwareReported
from ..model.firmware import FirmwareStatus, UpdateFirmware
from ..model.moment import Moment
from ..model.upkeep import UpkeepCall, UpkeepTask
from .dialect import Received
from .wire import Payload, integer, stamp, text

_OURS: Final = frozenset({FirmwareStatus.ACCEPTED, FirmwareStatus.SILENT})
_WORDS: Final = {s.value.replace("_", ""): s for s in FirmwareStatus if s not in _OURS}


def firmware_status(payload: Payload, call: CallRef, now: Moment) -> Received:
    """Read how far an update has come; a station that updates by itself names no request."""
    word = text(payload, "status", 40) or ""
    status = _WORDS.get(word.casefold())
    if status is None:
        return Received(odd=(f"status {word}",))
    return Received((FirmwareReported(station=call.station, status=status, request_id=integer(payload, "requestId")),))


def call_of(task: UpkeepTask) -> UpkeepCall | None:
    """Return the request of an update, nothing for other tasks."""
    return _update(task) if isinstance(task, UpdateFirmware) else None


def _update(task: UpdateFirmware) -> UpkeepCall:
    offer = task.offer
    firmware: Payload = {"location": offer.source_url, "retrieveDateTime": stamp(task.retrieve_at)}
    if offer.install_at is not None:
        firmware["installDateTime"] = stamp(offer.install_at)
    if offer.signing_certificate is not None:
        firmware["signingCertificate"] = offer.signing_certificate
    if offer.signature is not None:
        firmware["signature"] = offer.signature
    payload: Payload = {"requestId": task.request_id, "firmware": firmware}
    if offer.retries is not None:
        payload["retries"] = offer.retries
    if offer.retry_interval_s is not None:
        payload["retryInterval"] = offer.retry_interval_s
    return UpkeepCall("UpdateFirmware", payload)
