"""What somebody wants, in the imperative."""

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class ResumeV2g:
    """End an instant charge, switch the programmes it silenced on again."""

    station: str
    evse: int = 1


type Intent = SetProgramme | RemoveProgramme | SetSocLimits | SetV2g | ChargeNow | ResumeV2g
