"""What was observed, in the past tense."""

from dataclasses import dataclass
from datetime import datetime

from .battery import VehiclePlugRead, VehicleSocRead
from .certificates import CertificateEnding, CertificateMade, CertificateRequested, RequestJudged
from .commands import CallRef
from .config import SiteConfig
from .contracts import DaysTold
from .delivery import ScheduleTold
from .dimming import ContactsRead, OthersMeasured
from .electric import MeterReading
from .firmware import FirmwareStatus
from .logs import LogStatus
from .outside import Course
from .plan import Plan
from .prices import PriceRow
from .recall import ChargeRecalled
from .station import ConnectorStatus, EventKind, HeldProfile, Needs, Sampling, Token, VariableReport, Version
from .upkeep import ReportPart, ReservationEnded, UpkeepAnswer, UpkeepTask

# of a station


@dataclass(frozen=True, slots=True, kw_only=True)
class StationConnected:
    """A station that proved who it is has opened a connection; ``profile`` is the security profile it proved."""

    station: str
    version: Version
    link: int
    profile: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StationDisconnected:
    """A station's connection ended."""

    station: str
    link: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StationBooted:
    """A station told who it is."""

    call: CallRef
    station: str
    vendor: str
    model: str
    serial: str | None
    firmware: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorChanged:
    """A connector changed its availability."""

    station: str
    evse: int
    connector: int
    status: ConnectorStatus
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPresented:
    """Somebody or some car asked to be let in."""

    call: CallRef
    station: str
    token: Token


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionReported:
    """A station told about a transaction; absent values mean "as before".

    ``dated`` is false where the station's clock cannot be right: ``at`` is then when the event came.
    """

    call: CallRef
    station: str
    transaction: str
    kind: EventKind
    seq_no: int
    at: datetime
    trigger: str
    offline: bool = False
    evse: int | None = None
    connector: int | None = None
    token: Token | None = None
    charging_state: str | None = None
    operation_mode: str | None = None
    stopped_reason: str | None = None
    remote_id: int | None = None
    reservation: int | None = None
    samplings: tuple[Sampling, ...] = ()
    dated: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """A station sent values outside a transaction event."""

    station: str
    evse: int
    samplings: tuple[Sampling, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsReported:
    """A car told what it needs."""

    call: CallRef
    station: str
    evse: int
    needs: Needs


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleReported:
    """A car told how it means to charge; ``peak_w`` is the most of it."""

    call: CallRef
    station: str
    evse: int
    peak_w: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetpointPulled:
    """A station asked for its dynamic setpoint."""

    call: CallRef
    station: str
    profile_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VariablesReported:
    """A station told variables of its device model; ``complete`` closes the report of that number.

    ``written`` when it took these values from us.
    """

    station: str
    rows: tuple[VariableReport, ...]
    request_id: int | None = None
    seq_no: int | None = None
    complete: bool = True
    written: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemReported:
    """A station reported a fault that is there, or gone."""

    station: str
    evse: int | None
    component: str
    variable: str
    active: bool
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityReported:
    """A station reported a security event."""

    station: str
    kind: str
    at: datetime
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitReported:
    """Something else limits the station; ``limit_w`` is ``None`` where only its presence is known.

    ``later`` is what it will be from when on.
    """

    station: str
    evse: int | None
    source: str
    limit_w: float | None
    grid_critical: bool = False
    later: Course = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitCleared:
    """That something no longer limits the station."""

    station: str
    evse: int | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityReported:
    """Priority charging began or ended, from here or from a button."""

    station: str
    transaction: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilesReported:
    """A station told the profiles it holds; ``complete`` closes the report of that number."""

    station: str
    profiles: tuple[HeldProfile, ...]
    request_id: int | None = None
    complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ListVersionReported:
    """A station told the version of its list of badges; 0 is no list."""

    station: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandAccepted:
    """A station accepted a command; ``detail`` is the word it chose.

    Of a transaction asked for: ``ongoing``, and ``queued`` when messages about it are still to come.
    """

    station: str
    id: int
    detail: str | None = None
    ongoing: bool | None = None
    queued: bool | None = None
    transaction: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRefused:
    """A station refused: ``reason`` is its reasonCode or CALLERROR code; ``supported`` false means it cannot at all."""

    station: str
    id: int
    reason: str
    text: str | None = None
    supported: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandUnanswered:
    """A command got no answer in time, or its connection ended first."""

    station: str
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UpkeepDone:
    """A station answered what its owner asked of it."""

    station: str
    task: UpkeepTask
    answer: UpkeepAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareReported:
    """A station told how far an update has come; no request is named where it updates by itself."""

    station: str
    status: FirmwareStatus
    request_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogReported:
    """A station told how far the upload of a diary has come."""

    station: str
    status: LogStatus
    request_id: int | None = None


# of the house, the car, the market, the planner, the clock


@dataclass(frozen=True, slots=True)
class MeterRead:
    """The house meter spoke."""

    reading: MeterReading


@dataclass(frozen=True, slots=True)
class MeterLost:
    """The line to the house meter is down; ``reason`` names why."""

    reason: str


@dataclass(frozen=True, slots=True)
class PricesPublished:
    """A price source told its rows; ``export`` rows are separate and may be empty."""

    rows: tuple[PriceRow, ...]
    export_rows: tuple[PriceRow, ...] = ()


@dataclass(frozen=True, slots=True)
class SunForecast:
    """A forecast told the sun's power on the roof: (UTC start, W) in time order."""

    rows: tuple[tuple[datetime, float], ...]


@dataclass(frozen=True, slots=True)
class PlanMade:
    """The planner answered; ``plan`` is ``None`` when it failed, ``error`` then says how."""

    id: int
    plan: Plan | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class SiteConfigured:
    """The owner changed what he told us; nothing is dropped that is still there."""

    config: SiteConfig


@dataclass(frozen=True, slots=True)
class Ticked:
    """A second or so went by."""


@dataclass(frozen=True, slots=True)
class Stopping:
    """This program is about to end; what we ordered should not outlive it for long."""


type StationFact = (
    StationConnected
    | StationDisconnected
    | StationBooted
    | ConnectorChanged
    | CardPresented
    | TransactionReported
    | Metered
    | NeedsReported
    | ScheduleReported
    | SetpointPulled
    | VariablesReported
    | ProblemReported
    | SecurityReported
    | LimitReported
    | LimitCleared
    | PriorityReported
    | ProfilesReported
    | ScheduleTold
    | ListVersionReported
    | CommandAccepted
    | CommandRefused
    | CommandUnanswered
    | UpkeepDone
    | ReportPart
    | ReservationEnded
    | FirmwareReported
    | LogReported
    | CertificateRequested
)
type Fact = (
    StationFact
    | MeterRead
    | MeterLost
    | ContactsRead
    | OthersMeasured
    | VehicleSocRead
    | VehiclePlugRead
    | PricesPublished
    | DaysTold
    | SunForecast
    | PlanMade
    | ChargeRecalled
    | RequestJudged
    | CertificateMade
    | CertificateEnding
    | SiteConfigured
    | Ticked
    | Stopping
)
