"""The jobs an owner can give his station, and what came of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from .firmware import UpdateFirmware
from .logs import GetLog
from .station import Version
from .tasks import (
    AllowTransfers,
    AskMessage,
    AskMonitors,
    AskProfiles,
    AskReport,
    CancelReservation,
    ClearCache,
    ClearDisplayMessage,
    ClearMonitors,
    CustomerInformation,
    DeleteCertificate,
    GetCertificates,
    GetDisplayMessages,
    GetVariables,
    InstallCertificate,
    ReadSchedule,
    RequestStart,
    RequestStop,
    ReserveNow,
    ResetStation,
    SetAvailability,
    SetDisplayMessage,
    SetMonitoringBase,
    SetMonitoringLevel,
    SetMonitors,
    SetVariables,
    TellCost,
    TransferData,
    UnlockConnector,
)

type ReportTask = AskMonitors | AskProfiles | AskReport | CustomerInformation | GetDisplayMessages
type UpkeepTask = (
    ReportTask
    | AllowTransfers
    | AskMessage
    | CancelReservation
    | ClearCache
    | ClearDisplayMessage
    | ClearMonitors
    | DeleteCertificate
    | GetCertificates
    | GetLog
    | GetVariables
    | InstallCertificate
    | ReadSchedule
    | RequestStart
    | RequestStop
    | ReserveNow
    | ResetStation
    | SetAvailability
    | SetDisplayMessage
    | SetMonitoringBase
    | SetMonitoringLevel
    | SetMonitors
    | SetVariables
    | TellCost
    | TransferData
    | UnlockConnector
    | UpdateFirmware
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpkeepAnswer:
    """Hold what a station answered: its status word, whether that means yes, its reason, and the rest by name."""

    status: str
    accepted: bool
    reason: str | None = None
    text: str | None = None
    details: Mapping[str, object] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Hold a report as it came: its rows in the station's words, and whether that is all of it."""

    rows: tuple[Mapping[str, object], ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPart:
    """One part of a report came, its rows in the station's words; ``complete`` when it is the last."""

    station: str
    kind: str
    request_id: int | None
    seq_no: int | None
    complete: bool
    rows: tuple[Mapping[str, object], ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationEnded:
    """A station gave a reservation up: its time is over, or it cannot be kept."""

    station: str
    reservation: int


@dataclass(frozen=True, slots=True)
class UpkeepCall:
    """Hold a task in the station's words; ``versions`` are those that have them, ``word`` is what others lack of it."""

    action: str
    payload: Mapping[str, object]
    timeout_s: float = 30.0
    versions: frozenset[Version] = frozenset(Version)
    word: str = ""

    @property
    def lacking(self) -> str:
        """Return what a version that does not have it lacks."""
        return f"{self.action} {self.word}".strip()


NEWER_WORDS: Final = frozenset(
    {
        "ImmediateAndResume",
        "CustomTrigger",
        "Suspended",
        "Discharging",
        "QRCODE",
        "TargetDelta",
        "TargetDeltaRelative",
        "OEMRootCertificate",
        "DataCollectorLog",
    }
)
"""The words of 2.1 in messages that 2.0.1 has too."""


def call_with(action: str, payload: Mapping[str, object], *words: str | None) -> UpkeepCall:
    """Return a call for the versions that have these words of it."""
    newer = next((word for word in words if word in NEWER_WORDS), None)
    versions = frozenset(Version) if newer is None else frozenset({Version.V21})
    return UpkeepCall(action, payload, versions=versions, word=newer or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """Hold a reservation we made; ``driver`` says for whom, ``evse`` is ``None`` where any will do."""

    id: int
    until: datetime
    evse: int | None = None
    driver: str | None = None
