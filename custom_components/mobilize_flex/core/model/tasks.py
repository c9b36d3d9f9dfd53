"""What an owner can ask of his station beside charging."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from .commands import Variable

OWNERS_NUMBERS: Final = 1_000_000_000
"""Reports numbered from here on were asked for by a person; the controller's own numbers stay below."""

# use: restart, availability, cable, reservation, start and stop


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetStation:
    """Restart a station, or one EVSE of it; ``immediate`` ends a running charge, ``resume`` takes it up again."""

    evse: int | None = None
    immediate: bool = False
    resume: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAvailability:
    """Take a station, an EVSE or a connector into or out of service."""

    operative: bool
    evse: int | None = None
    connector: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlockConnector:
    """Release a cable that is locked in its socket."""

    evse: int = 1
    connector: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveNow:
    """Keep a station, or one EVSE of it, for a badge or its group until an instant; ``driver`` says whose it is."""

    id: int
    until: datetime
    token: str = field(repr=False)
    token_type: str = "ISO14443"
    group: str | None = field(default=None, repr=False)
    evse: int | None = None
    connector_type: str | None = None
    driver: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelReservation:
    """Give a reservation up."""

    reservation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestStart:
    """Start a transaction for a badge; the controller follows it like any other."""

    remote_id: int
    token: str = field(repr=False)
    token_type: str = "Central"
    group: str | None = field(default=None, repr=False)
    evse: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestStop:
    """End a transaction."""

    transaction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowTransfers:
    """Say which ways of transferring energy a running transaction may use, in the station's words."""

    transaction: str
    transfers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TellCost:
    """Tell a station what a transaction has cost so far."""

    transaction: str
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSchedule:
    """Ask what all profiles together allow an EVSE during the next seconds; EVSE 0 is the whole station."""

    evse: int = 0
    duration_s: int = 86_400
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskProfiles:
    """Ask for the charging profiles a station holds, those of one kind where one is named."""

    request_id: int
    evse: int | None = None
    purpose: str | None = None
    stack_level: int | None = None
    profile_ids: tuple[int, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AskMessage:
    """Ask a station to send a message it would send by itself; ``custom`` names one of its maker."""

    message: str
    evse: int | None = None
    connector: int | None = None
    custom: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearCache:
    """Make a station forget which badges it has let in."""


# display


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDisplayMessage:
    """Show a text on a station; one with the same number is replaced."""

    id: int
    message: str
    priority: str = "NormalCycle"
    state: str | None = None
    format: str = "UTF8"
    language: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    transaction: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetDisplayMessages:
    """Ask for the texts a station shows, or would show."""

    request_id: int
    ids: tuple[int, ...] = ()
    priority: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearDisplayMessage:
    """Take a text away."""

    id: int


# certificates, people, makers


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateHash:
    """Name a certificate the way a station does: the hash algorithm it chose, two hashes, a serial number."""

    algorithm: str
    issuer_name: str
    issuer_key: str
    serial: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallCertificate:
    """Let a station trust a root certificate."""

    kind: str
    certificate: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GetCertificates:
    """Ask which certificates a station holds; all of them unless kinds are named."""

    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteCertificate:
    """Take a certificate away from a station."""

    certificate: CertificateHash


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerInformation:
    """Ask what a station keeps of a person, make it forget that, or both; exactly one of the three names him."""

    request_id: int
    report: bool = True
    clear: bool = False
    token: str | None = field(default=None, repr=False)
    token_type: str = "ISO14443"
    customer: str | None = field(default=None, repr=False)
    certificate: CertificateHash | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferData:
    """Tell a station something only its maker knows the meaning of."""

    vendor: str
    message: str | None = None
    data: object = field(default=None, repr=False)


# the device model


@dataclass(frozen=True, slots=True)
class Reading:
    """Name one attribute of a variable; ``None`` is the actual value."""

    variable: Variable
    attribute: str | None = None


@dataclass(frozen=True, slots=True)
class Writing:
    """Hold one attribute of a variable with its new value."""

    variable: Variable
    value: str = field(repr=False)
    attribute: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """Hold what a station is to watch; with an ``id`` it replaces the monitor of that number."""

    variable: Variable
    kind: str
    value: float
    severity: int
    in_transaction: bool = False
    id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetVariables:
    """Read variables."""

    variables: tuple[Reading, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetVariables:
    """Write variables."""

    variables: tuple[Writing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskReport:
    """Ask for variables: by ``base`` all of a kind, else those that are named or meet a criterion.

    A variable without a name means all of its component.
    """

    request_id: int
    base: str | None = None
    criteria: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AskMonitors:
    """Ask what a station watches; a variable without a name means all of its component."""

    request_id: int
    criteria: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMonitors:
    """Watch variables."""

    monitors: tuple[Monitor, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearMonitors:
    """Stop watching."""

    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMonitoringBase:
    """Choose which set of monitors a station starts from."""

    base: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMonitoringLevel:
    """Choose up to which severity (0 worst, 9 least) a station tells of what it watches."""

    severity: int
