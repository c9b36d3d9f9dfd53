"""The upload of a station's diary, in the station's words."""

from typing import Final

from ..model.commands import CallRef
from ..model.facts import LogReported
from ..model.logs import GetLog, LogKind, LogStatus
from ..model.moment import Moment
from ..model.upkeep import UpkeepCall, UpkeepTask, call_with
from .dialect import Received
from .wire import Payload, integer, stamp, text

_WORDS: Final = {s.value.replace("_", ""): s for s in LogStatus}
_KINDS: Final = {
    LogKind.DIAGNOSTICS: "DiagnosticsLog",
    LogKind.SECURITY: "SecurityLog",
    LogKind.DATA_COLLECTOR: "DataCollectorLog",
}


def log_status(payload: Payload, call: CallRef, now: Moment) -> Received:
    """Read how far an upload has come."""
    word = text(payload, "status", 40) or ""
    status = _WORDS.get(word.casefold())
    if status is None:
        return Received(odd=(f"status {word}",))
    return Received((LogReported(station=call.station, status=status, request_id=integer(payload, "requestId")),))


def call_of(task: UpkeepTask) -> UpkeepCall | None:
    """Return the request of a log, nothing for other tasks."""
    return _log(task) if isinstance(task, GetLog) else None


def _log(task: GetLog) -> UpkeepCall:
    log: Payload = {"remoteLocation": task.remote_location}
    if task.oldest is not None:
        log["oldestTimestamp"] = stamp(task.oldest)
    if task.latest is not None:
        log["latestTimestamp"] = stamp(task.latest)
    payload: Payload = {"logType": _KINDS[task.kind], "requestId": task.request_id, "log": log}
    if task.retries is not None:
        payload["retries"] = task.retries
    if task.retry_interval_s is not None:
        payload["retryInterval"] = task.retry_interval_s
    return call_with("GetLog", payload, _KINDS[task.kind])
