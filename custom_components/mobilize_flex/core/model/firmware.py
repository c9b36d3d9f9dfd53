"""The station's own program: what its owner offers, how far an update has come."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class FirmwareStatus(StrEnum):
    """Name how far an update has come: the station's words, and two of ours."""

    ACCEPTED = "accepted"
    """The station agreed and has said nothing since."""
    DOWNLOAD_SCHEDULED = "download_scheduled"
    DOWNLOADING = "downloading"
    DOWNLOAD_PAUSED = "download_paused"
    DOWNLOADED = "downloaded"
    SIGNATURE_VERIFIED = "signature_verified"
    INSTALL_SCHEDULED = "install_scheduled"
    INSTALLING = "installing"
    INSTALL_REBOOTING = "install_rebooting"
    INSTALLED = "installed"
    IDLE = "idle"
    DOWNLOAD_FAILED = "download_failed"
    INVALID_SIGNATURE = "invalid_signature"
    INVALID_CHECKSUM = "invalid_checksum"
    INSTALL_VERIFICATION_FAILED = "install_verification_failed"
    INSTALLATION_FAILED = "installation_failed"
    SILENT = "silent"
    """The station stopped telling in the middle of an update."""


FAILURES: Final = frozenset(
    {
        FirmwareStatus.DOWNLOAD_FAILED,
        FirmwareStatus.INVALID_SIGNATURE,
        FirmwareStatus.INVALID_CHECKSUM,
        FirmwareStatus.INSTALL_VERIFICATION_FAILED,
        FirmwareStatus.INSTALLATION_FAILED,
        FirmwareStatus.SILENT,
    }
)
UNDER_WAY: Final = frozenset(
    {
        FirmwareStatus.ACCEPTED,
        FirmwareStatus.DOWNLOADING,
        FirmwareStatus.DOWNLOAD_PAUSED,
        FirmwareStatus.DOWNLOADED,
        FirmwareStatus.SIGNATURE_VERIFIED,
        FirmwareStatus.INSTALLING,
        FirmwareStatus.INSTALL_REBOOTING,
    }
)
"""Something is being done now; what is only scheduled may rest for days."""
PENDING: Final = UNDER_WAY | {FirmwareStatus.DOWNLOAD_SCHEDULED, FirmwareStatus.INSTALL_SCHEDULED}
INSTALLING: Final = frozenset({FirmwareStatus.INSTALLING, FirmwareStatus.INSTALL_REBOOTING})
_MILESTONES: Final = (
    FirmwareStatus.DOWNLOADING,
    FirmwareStatus.DOWNLOADED,
    FirmwareStatus.SIGNATURE_VERIFIED,
    FirmwareStatus.INSTALLING,
    FirmwareStatus.INSTALL_REBOOTING,
    FirmwareStatus.INSTALLED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareOffer:
    """Hold a firmware as its owner offers it; the station fetches it from ``source_url`` itself.

    ``signing_certificate`` is PEM and ``signature`` base64: both, or neither for a firmware without signature.
    """

    version: str
    source_url: str
    signing_certificate: str | None = None
    signature: str | None = None
    retries: int | None = None
    retry_interval_s: int | None = None
    retrieve_at: datetime | None = None
    install_at: datetime | None = None
    summary: str | None = None
    release_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareState:
    """Hold what is offered and how far an update has come.

    ``request_id`` is that of our last request, ``None`` before the first; ``told_id`` the one the station named last,
    ``since`` when. ``failure`` stays until the next update begins.
    """

    offer: FirmwareOffer | None = None
    status: FirmwareStatus | None = None
    request_id: int | None = None
    told_id: int | None = None
    since: datetime | None = None
    failure: FirmwareStatus | None = None

    @property
    def under_way(self) -> bool:
        """Return whether a station is busy with an update."""
        return self.status in UNDER_WAY

    @property
    def installing(self) -> bool:
        """Return whether a station is busy replacing its program, and good for little else."""
        return self.status in INSTALLING

    @property
    def progress_pct(self) -> int | None:
        """Return the share of an update's milestones that were passed; stations tell no finer."""
        if self.status not in _MILESTONES or self.status is FirmwareStatus.INSTALLED:
            return None
        return round(100 * (_MILESTONES.index(self.status) + 1) / len(_MILESTONES))


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateFirmware:
    """Fetch and install a firmware; ``retrieve_at`` is the earliest time to fetch it."""

    request_id: int
    offer: FirmwareOffer
    retrieve_at: datetime
