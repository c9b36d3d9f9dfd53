"""The station's own diary: which part is asked for, how far its upload has come."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class LogKind(StrEnum):
    """Name the diaries of a station."""

    DIAGNOSTICS = "diagnostics"
    SECURITY = "security"
    DATA_COLLECTOR = "data_collector"


class LogStatus(StrEnum):
    """Name how far an upload has come."""

    IDLE = "idle"
    UPLOADING = "uploading"
    UPLOADED = "uploaded"
    UPLOAD_FAILURE = "upload_failure"
    BAD_MESSAGE = "bad_message"
    NOT_SUPPORTED_OPERATION = "not_supported_operation"
    PERMISSION_DENIED = "permission_denied"
    ACCEPTED_CANCELED = "accepted_canceled"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogState:
    """Hold what a station told last of an upload; a request without a number means the latest."""

    status: LogStatus | None = None
    request_id: int | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetLog:
    """Send a diary to an address of ours; ``oldest`` and ``latest`` bound it."""

    request_id: int
    kind: LogKind
    remote_location: str
    oldest: datetime | None = None
    latest: datetime | None = None
    retries: int | None = None
    retry_interval_s: int | None = None
