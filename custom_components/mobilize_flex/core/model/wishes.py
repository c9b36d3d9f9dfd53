"""What the owner wants, kept across restarts."""

from dataclasses import dataclass
from enum import StrEnum

from .programme import Programme


class Override(StrEnum):
    """Say who ordered the instant charge: he decides what becomes of the programmes."""

    APP = "app"
    FLAP = "flap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Hold the owner's programmes, battery limits, and the V2G switch.

    ``silenced`` are the numbers of the programmes an instant charge from here switched off, so that they can be
    offered back together.
    """

    programmes: tuple[Programme, ...] = ()
    soc_min_pct: float = 20.0
    soc_max_pct: float = 80.0
    v2g: bool = True
    silenced: tuple[int, ...] = ()
