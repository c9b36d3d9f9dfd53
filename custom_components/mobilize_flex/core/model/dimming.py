"""What the grid operator's contacts ask of the home, and the record of it that the law wants kept."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

DEVICE_W: Final = 4200.0
HEATING_SHARE: Final = 0.4
HEATING_COUNTS_W: Final = 11_000.0
TOGETHER: Final = {1: 1.0, 2: 0.80, 3: 0.75, 4: 0.70, 5: 0.65, 6: 0.60, 7: 0.55, 8: 0.50}
TRIFLE_W: Final = 50.0
TOGETHER_MANY: Final = 0.45
"""How likely so many devices draw at once (BNetzA BK6-22-300, annex 1); from nine on it no longer falls."""


class Contact(StrEnum):
    """Name what a contact asks while it is active."""

    DIM = "dim"
    """Draw no more than the guaranteed power."""
    STOP = "stop"
    """Draw nothing."""
    FEED_60 = "feed_60"
    FEED_30 = "feed_30"
    FEED_0 = "feed_0"
    """Feed in no more than that percentage of what is agreed."""


class Draw(StrEnum):
    """Name how far drawing from the grid is held down."""

    FREE = "free"
    DIMMED = "dimmed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class DimmingConfig:
    """Hold what decides the power that stays guaranteed.

    ``devices`` are the controllable ones that share it, those of others included. ``heating_w`` is the rating of the
    heat pumps or air conditioning among them when it is above 11 kW in sum. ``limit_w`` stands in for the rule of the
    law where another one was agreed. ``others_measured`` when it is measured what the devices of others draw.
    """

    key: str = "contacts"
    name: str = "Contacts"
    devices: int = 1
    heating_w: float = 0.0
    limit_w: float | None = None
    others_measured: bool = False

    @property
    def minimum_w(self) -> float:
        """Return the power all controllable devices may draw together, W (EnWG section 14a)."""
        if self.limit_w is not None:
            return self.limit_w
        first_w = HEATING_SHARE * self.heating_w if self.heating_w > HEATING_COUNTS_W else DEVICE_W
        return first_w + (self.devices - 1) * TOGETHER.get(self.devices, TOGETHER_MANY) * DEVICE_W


@dataclass(frozen=True, slots=True)
class ContactsRead:
    """The contacts of the grid operator were read; ``None`` for one that does not tell whether it is active."""

    contacts: tuple[tuple[Contact, bool | None], ...]


@dataclass(frozen=True, slots=True)
class OthersMeasured:
    """What the devices that are no stations draw of the guaranteed power, W; ``None`` where that is not known now."""

    power_w: float | None

    def differs(self, before: OthersMeasured) -> bool:
        """Return whether this is news: another power by more than a trifle."""
        if self.power_w is None or before.power_w is None:
            return self.power_w is not before.power_w
        return abs(self.power_w - before.power_w) >= TRIFLE_W


@dataclass(frozen=True, slots=True, kw_only=True)
class DimmingRecord:
    """Hold one stretch of time under an order of the grid operator, with the proof that it was followed.

    ``station`` is the one that has the contact and obeys alone; ``None`` where the contacts are the home's.
    ``unsure`` when only a contact that does not answer asks for it. ``limit_w`` is the guaranteed power of all
    controllable devices together (``None``: drawing is free). ``feed_in_share`` is how much of the agreed feed-in is
    left. ``ordered_at`` is when the last station had an order that fits, ``accepted_at`` when all had taken theirs,
    ``effective_at`` when what they measure was within the limit. The powers are those at the meter and of all
    stations, at the start and a minute later.
    """

    started_at: datetime
    station: str | None = None
    ended_at: datetime | None = None
    draw: Draw = Draw.FREE
    feed_in_share: float = 1.0
    limit_w: float | None = None
    devices: int = 1
    unsure: bool = False
    grid_before_w: float | None = None
    stations_before_w: float | None = None
    ordered_at: datetime | None = None
    accepted_at: datetime | None = None
    effective_at: datetime | None = None
    looked_at: datetime | None = None
    grid_after_w: float | None = None
    stations_after_w: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimming:
    """Hold what the contacts said last, and the record that is open while they ask for anything.

    ``stations`` are the open records of stations that have a contact of their own. ``ended`` are the last to end.
    ``others_w`` is what the devices of others draw, if that is measured.
    """

    contacts: tuple[tuple[Contact, bool | None], ...] = ()
    record: DimmingRecord | None = None
    stations: tuple[DimmingRecord, ...] = ()
    ended: tuple[DimmingRecord, ...] = ()
    others_w: float | None = None
