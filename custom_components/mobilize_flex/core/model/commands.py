"""What we ask of a station, of the planner and of the store."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .access import ListEntry
from .driver import Route
from .plan import PlanQuestion


@dataclass(frozen=True, slots=True)
class CallRef:
    """Name one call of a station that waits for our answer; ``link`` counts its connections."""

    station: str
    link: int
    message_id: str


class SetpointForm(StrEnum):
    """Name the ways to tell a station a power (OCPP 2.1 Q04, Q03, plain K01)."""

    DYNAMIC = "dynamic"
    """TxProfile of kind Dynamic, CentralSetpoint; renewed by update."""
    UPDATE = "update"
    """UpdateDynamicSchedule of the profile that is there."""
    ABSOLUTE = "absolute"
    """TxProfile of kind Absolute, CentralSetpoint; renewed by re-sending."""
    LIMIT = "limit"
    """TxProfile of kind Absolute with a limit: charging only, all versions."""
    VENDOR = "vendor"
    """The same, and beside or within it the words by which a vendor's station gives back."""


class Trigger(StrEnum):
    """Name what a station can be asked to send."""

    BOOT = "BootNotification"
    STATUS = "StatusNotification"
    METER_VALUES = "MeterValues"
    TRANSACTION = "TransactionEvent"
    SIGN_CERTIFICATE = "SignChargingStationCertificate"
    HEARTBEAT = "Heartbeat"
    FIRMWARE = "FirmwareStatusNotification"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Hold what all orders to a station share: a number that comes back with its outcome, and the station."""

    id: int
    station: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallLimits(Command):
    """Write the two lasting profiles: the house limit, and the standard charge when we are not there."""

    max_w: float
    fallback_w: float
    phases: int
    amperes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPower(Command):
    """Order a power for a transaction; ``power_w`` is signed, ``amperes`` asks for A per phase instead of W.

    ``idle`` lets the car sleep. The order expires in the station after ``expires_s`` unless renewed. ``route`` is the
    station's own way to give back, ``None`` where its version has words for that or none are needed. ``plain`` leaves
    out what is optional, ``low`` takes the lowest stack level.
    """

    evse: int
    transaction: str
    power_w: float
    form: SetpointForm
    phases: int
    expires_s: int
    idle: bool = False
    amperes: bool = False
    offline_s: int | None = None
    route: Route | None = None
    plain: bool = False
    low: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearPower(Command):
    """Withdraw our power order, so that the lasting limits rule; what a ``route`` says beside it is taken back too."""

    evse: int
    transaction: str = ""
    route: Route | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndPriority(Command):
    """Take priority charging out of force: it goes before every order of ours, and before the house."""

    transaction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowTransfer(Command):
    """Let a car give back whose charge began without a badge, so that no answer to one could say it (OCPP 2.1 Q02)."""

    transaction: str
    phases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSchedule(Command):
    """Ask a station what it does now, all profiles and limits taken together."""

    evse: int
    amperes: bool = False
    phases: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StopTransaction(Command):
    """Stop a transaction from here."""

    transaction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskTransaction(Command):
    """Ask whether a transaction is still running."""

    transaction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskToSend(Command):
    """Ask a station to send something it would send by itself."""

    what: Trigger
    evse: int | None = None
    connector: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadInventory(Command):
    """Ask for the device model, as much of it as ``base`` says; the rows follow as reports."""

    request_id: int
    base: str = "FullInventory"


@dataclass(frozen=True, slots=True)
class Variable:
    """Name one variable of the device model, in the station's own words."""

    component: str
    variable: str
    evse: int | None = None
    connector: int | None = None
    component_instance: str | None = None
    instance: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadVariables(Command):
    """Read variables, at most ``per_message`` at a time."""

    variables: tuple[Variable, ...]
    per_message: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteVariables(Command):
    """Write variables, each with its new value as text, at most ``per_message`` at a time."""

    values: tuple[tuple[Variable, str], ...]
    per_message: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchVariables(Command):
    """Ask to be told whenever one of these variables changes."""

    variables: tuple[Variable, ...]
    per_message: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitMonitoring(Command):
    """Ask to be told of nothing less severe than this (0 danger, 9 debugging)."""

    severity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadProfiles(Command):
    """Ask which charging profiles a station holds."""

    request_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldStation(Command):
    """Serve only what a station not yet accepted may send, or all of it again; nothing of this goes on the wire."""

    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadListVersion(Command):
    """Ask which version of the list of badges a station keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendBadges(Command):
    """Replace a station's list of badges; each part is a message, numbered from ``version`` on."""

    version: int
    parts: tuple[tuple[ListEntry, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SendCertificate(Command):
    """Bring a station the certificate it asked for: leaf and root in PEM; the rest as it asked."""

    chain: str
    kind: str | None = None
    request_id: int | None = None


# answers to a station's calls


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Hold what all answers share: the call they belong to."""

    call: CallRef


class BootStatus(StrEnum):
    """Name the verdict on a station that says who it is."""

    ACCEPTED = "Accepted"
    PENDING = "Pending"
    REJECTED = "Rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerBoot(Answer):
    """Give the verdict on a boot; ``interval_s`` is the heartbeat, or when to boot again if not accepted."""

    status: BootStatus
    interval_s: int


class TokenStatus(StrEnum):
    """Name the verdict on a badge."""

    ACCEPTED = "Accepted"
    BLOCKED = "Blocked"
    EXPIRED = "Expired"
    INVALID = "Invalid"
    UNKNOWN = "Unknown"
    ELSEWHERE = "NotAtThisLocation"
    BUSY = "ConcurrentTx"


class CertificateStatus(StrEnum):
    """Name the verdict on a contract certificate."""

    ACCEPTED = "Accepted"
    CANCELLED = "ContractCancelled"
    NOT_AVAILABLE = "NoCertificateAvailable"
    CHAIN_ERROR = "CertChainError"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerAuthorize(Answer):
    """Give the verdict on a badge; ``v2g`` allows bidirectional transfer, ``phases`` names the AC transfer modes.

    ``hybrid`` when a station of 2.0.1 wants it in the words of 2.1. ``group`` and ``until`` go with the verdict,
    ``certificate`` is the one on a contract behind the badge.
    """

    status: TokenStatus
    v2g: bool
    phases: int
    hybrid: bool = False
    group: str | None = None
    until: datetime | None = None
    certificate: CertificateStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTransaction(Answer):
    """Acknowledge a transaction event, with the verdict on its badge where it carried one."""

    status: TokenStatus | None = None
    group: str | None = None
    until: datetime | None = None
    total_cost: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerNeeds(Answer):
    """Acknowledge the car's needs; a profile follows unless ``profile_follows`` is false."""

    profile_follows: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSchedule(Answer):
    """Accept or refuse the car's own schedule."""

    accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPull(Answer):
    """Answer a station that pulls its setpoint; ``None`` when the profile is not ours."""

    power_w: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCertificate(Answer):
    """Say whether a certificate will be signed."""

    accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline(Answer):
    """Say that the call could not be taken in; the station will try again."""


# to the planner and to the store


@dataclass(frozen=True, slots=True, kw_only=True)
class MakePlan:
    """Ask for a plan; its number comes back with the answer."""

    id: int
    station: str
    evse: int
    question: PlanQuestion


@dataclass(frozen=True, slots=True)
class Keep:
    """Store a value under a key before anything else of the same step leaves; ``None`` forgets it."""

    key: str
    value: object | None


type StationCommand = (
    InstallLimits
    | SetPower
    | ClearPower
    | EndPriority
    | AllowTransfer
    | AskSchedule
    | StopTransaction
    | AskTransaction
    | AskToSend
    | ReadInventory
    | ReadVariables
    | WriteVariables
    | WatchVariables
    | LimitMonitoring
    | ReadProfiles
    | HoldStation
    | ReadListVersion
    | SendBadges
    | SendCertificate
)
type StationAnswer = (
    AnswerBoot
    | AnswerAuthorize
    | AnswerTransaction
    | AnswerNeeds
    | AnswerSchedule
    | AnswerPull
    | AnswerCertificate
    | Decline
)
type AnyCommand = StationCommand | StationAnswer | MakePlan | Keep
