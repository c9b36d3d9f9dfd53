"""The words of a station: versions, samples, badges, needs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from .commands import Variable


class Version(StrEnum):
    """Name the version of OCPP a connection speaks."""

    V201 = "ocpp2.0.1"
    V21 = "ocpp2.1"


@dataclass(frozen=True, slots=True)
class Sample:
    """Hold one measured value in base units (W, Wh, A, V, Hz, %), its measurand, phase and place named as in OCPP.

    ``phase`` is ``L1``, ``L2``, ``L3``, ``N`` or ``None`` for the total; ``location`` as sent, ``Outlet`` when absent.
    """

    measurand: str
    value: float
    phase: str | None = None
    location: str = "Outlet"
    context: str = "Sample.Periodic"


type Told = Mapping[str, Sequence[Sample]]
"""Samples by what they measure."""


def told_by(samples: Iterable[Sample]) -> Told:
    """Return samples by what they measure."""
    rows: dict[str, list[Sample]] = {}
    for sample in samples:
        known = rows.get(sample.measurand)
        if known is None:
            rows[sample.measurand] = [sample]
        else:
            known.append(sample)
    return rows


@dataclass(frozen=True, slots=True)
class Sampling:
    """Hold the samples of one instant; ``told`` are the same by what they measure."""

    at: datetime
    samples: tuple[Sample, ...]
    told: Told = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sort the samples once, for all who ask."""
        object.__setattr__(self, "told", told_by(self.samples))


class EventKind(StrEnum):
    """Name the three kinds of transaction event."""

    STARTED = "Started"
    UPDATED = "Updated"
    ENDED = "Ended"


class ConnectorStatus(StrEnum):
    """Name the availability of a connector."""

    AVAILABLE = "Available"
    OCCUPIED = "Occupied"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


class Contract(StrEnum):
    """Say whether a station checked the contract certificate behind a token."""

    CHECKED = "checked"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Hold what a driver identified himself with; ``evccid`` is what the car said of itself.

    ``contract`` is there when a contract certificate came with it.
    """

    value: str
    kind: str
    evccid: str | None = None
    contract: Contract | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Hold what the car asked for (ISO 15118); powers in W and energies in Wh as magnitudes, requests signed.

    ``bidirectional`` when the requested transfer is one of the BPT modes; ``dynamic`` when it leaves control to us.
    """

    bidirectional: bool
    offered: tuple[str, ...] = ()
    dynamic: bool = False
    departure: datetime | None = None
    min_charge_w: float | None = None
    max_charge_w: float | None = None
    min_discharge_w: float | None = None
    max_discharge_w: float | None = None
    target_request_wh: float | None = None
    min_request_wh: float | None = None
    max_request_wh: float | None = None
    min_v2x_request_wh: float | None = None
    max_v2x_request_wh: float | None = None
    target_soc_pct: float | None = None
    soc_pct: float | None = None
    capacity_wh: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldProfile:
    """Hold one charging profile as a station holds it.

    ``limit`` is that of its first period, in W or ``amperes`` per phase; ``periods`` how many there are.
    """

    id: int
    evse: int
    purpose: str
    level: int
    limit: float | None = None
    amperes: bool = False
    phases: int | None = None
    periods: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableReport:
    """Hold one variable as reported; ``None`` where the station does not say.

    ``kind`` is the data type in the station's words; ``max_set`` the most it may be set to now.
    """

    variable: Variable
    value: str | None
    unit: str | None = None
    max_limit: float | None = None
    max_set: float | None = None
    values: tuple[str, ...] = ()
    writable: bool | None = None
    kind: str | None = None
    monitored: bool | None = None
