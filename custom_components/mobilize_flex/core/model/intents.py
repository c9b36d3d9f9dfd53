"""What somebody wants, in the imperative."""

from dataclasses import dataclass
from datetime import date, datetime

from .access import Badge
from .firmware import FirmwareOffer
from .programme import Programme


@dataclass(frozen=True, slots=True)
class SetProgramme:
    """Add a programme or replace the one with the same number."""

    programme: Programme


@dataclass(frozen=True, slots=True)
class RemoveProgramme:
    """Remove a programme by its number."""

    number: int


@dataclass(frozen=True, slots=True)
class SkipDay:
    """Leave a weekly programme out on a single local day."""

    number: int
    day: date


@dataclass(frozen=True, slots=True)
class SetDeparture:
    """Add a departure for a single day, or replace the one of the same moment; ``instead_of`` one of another."""

    programme: Programme
    instead_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class RemoveDeparture:
    """Remove the departure for a single day that has this local wall time."""

    wall: datetime


@dataclass(frozen=True, slots=True)
class ApplyV2gToAll:
    """Turn the V2G rule on for all programmes and departures, as the car's own screen does."""


@dataclass(frozen=True, slots=True)
class WakeProgrammes:
    """Switch on again what an instant charge switched off; a charge that is running goes on."""


@dataclass(frozen=True, slots=True)
class SetSocLimits:
    """Set the state of charge the owner does not want to go below, above; ``None`` leaves one as it is."""

    min_pct: float | None = None
    max_pct: float | None = None


@dataclass(frozen=True, slots=True)
class SetV2g:
    """Switch V2G on or off."""

    on: bool


@dataclass(frozen=True, slots=True)
class ChargeNow:
    """Stop V2G, charge fully now, switch all programmes off until somebody switches them on."""

    station: str
    evse: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSoc:
    """Tell how full the car on a cable is, and which one it is where there are several."""

    station: str
    evse: int = 1
    soc_pct: float
    vehicle: str | None = None


@dataclass(frozen=True, slots=True)
class ResumeV2g:
    """End an instant charge, switch the programmes it silenced on again."""

    station: str
    evse: int = 1


@dataclass(frozen=True, slots=True)
class OfferFirmware:
    """Offer a station a firmware; ``None`` takes the offer back."""

    station: str
    offer: FirmwareOffer | None


@dataclass(frozen=True, slots=True)
class SetBadge:
    """Add a badge or replace the one with its number."""

    badge: Badge


@dataclass(frozen=True, slots=True)
class RemoveBadge:
    """Take a badge off the list, by its number."""

    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnBadge:
    """Take the next card presented at a station for a driver's."""

    station: str
    driver: str | None
    group: str | None
    timeout_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRoute:
    """Try under supervision whether a station gives back when told to; ``setpoint_w`` is negative."""

    station: str
    evse: int = 1
    setpoint_w: float | None = None


type Intent = (
    SetProgramme
    | RemoveProgramme
    | SkipDay
    | SetDeparture
    | RemoveDeparture
    | ApplyV2gToAll
    | WakeProgrammes
    | SetSocLimits
    | SetV2g
    | ChargeNow
    | ResumeV2g
    | SetSoc
    | OfferFirmware
    | SetBadge
    | RemoveBadge
    | LearnBadge
    | ProbeRoute
)
