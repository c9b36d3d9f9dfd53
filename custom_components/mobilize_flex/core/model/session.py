"""From plug-in to departure: the phases of a session, what the car is seen doing."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .station import Needs
from .wishes import Override


class Phase(StrEnum):
    """Name where a session stands."""

    UNPLUGGED = "unplugged"
    PLUGGED = "plugged"
    STARTING = "starting"
    V2G = "v2g"
    STANDARD = "standard"
    INSTANT = "instant"
    FINISHED = "finished"
    FAULT = "fault"


class Activity(StrEnum):
    """Name what the owner sees (« en charge », « en décharge », « en attente » and the rest)."""

    OFFLINE = "offline"
    NOT_CONNECTED = "not_connected"
    CONNECTED = "connected"
    CHARGING = "charging"
    DISCHARGING = "discharging"
    WAITING = "waiting"
    STANDARD_CHARGE = "standard_charge"
    INSTANT_CHARGE = "instant_charge"
    FINISHED = "finished"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Hold the first and the last reading of a counter (Wh), each with its time.

    Merging is idempotent and does not depend on the order, so replays and swaps change nothing.
    """

    first_at: datetime | None = None
    first_wh: float = 0.0
    last_at: datetime | None = None
    last_wh: float = 0.0

    @property
    def wh(self) -> float:
        """Return what the counter gained, never negative."""
        return max(0.0, self.last_wh - self.first_wh)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Hold one session as it is kept for ever.

    Money is in the home's currency: ``cost`` for energy bought for the car, ``revenue`` for energy given back.
    """

    key: str
    station: str
    evse: int
    transaction: str
    started_at: datetime
    ended_at: datetime | None = None
    seen_at: datetime | None = None
    departure: datetime | None = None
    vehicle: str | None = None
    token: str | None = None
    phase: Phase = Phase.STARTING
    override: Override | None = None
    energy_in: Span = Span()
    energy_out: Span = Span()
    cost: float = 0.0
    revenue: float = 0.0
    v2g_s: float = 0.0
    soc_start_pct: float | None = None
    soc_end_pct: float | None = None
    stopped_reason: str | None = None
    needs: Needs | None = None
    v2g_allowed: bool = False
    events_seen: int = 0
    last_seq_no: int = -1
    gaps: tuple[int, ...] = ()
