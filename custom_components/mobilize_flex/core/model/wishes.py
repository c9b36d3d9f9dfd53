"""What the owner wants, kept across restarts."""

from dataclasses import dataclass
from enum import StrEnum

from .programme import Kind, Programme


class Override(StrEnum):
    """Say who ordered the instant charge: he decides what becomes of the programmes."""

    APP = "app"
    FLAP = "flap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Hold the owner's weekly programmes and departures for a single day, battery limits, and the V2G switch.

    ``silenced`` are the numbers of the programmes an instant charge from here switched off, so that they can be
    offered back together; a departure for a single day is off only for that reason.
    """

    programmes: tuple[Programme, ...] = ()
    departures: tuple[Programme, ...] = ()
    soc_min_pct: float = 20.0
    soc_max_pct: float = 80.0
    v2g: bool = True
    silenced: tuple[int, ...] = ()

    @property
    def leavings(self) -> tuple[Programme, ...]:
        """Return all there is to leave by."""
        return (*self.departures, *self.programmes)

    @property
    def hushed(self) -> bool:
        """Return whether anything is off because of an instant charge from here."""
        return bool(self.silenced) or not all(d.enabled for d in self.departures)

    @property
    def v2g_usual(self) -> bool:
        """Return whether a new departure is meant for V2G, going by the programmes there are."""
        return any(p.v2g for p in self.programmes)

    def level_pct(self, programme: Programme) -> float:
        """Return the level asked for at a departure, within the limits; preparing the cabin alone asks for none."""
        own_pct = programme.target_soc_pct
        if own_pct is None:
            return self.soc_min_pct if programme.kind is Kind.PRECONDITION else self.soc_max_pct
        return min(max(own_pct, self.soc_min_pct), self.soc_max_pct)

    def programme(self, number: int) -> Programme | None:
        """Return a weekly programme by its number."""
        return next((p for p in self.programmes if p.number == number), None)
