"""From plug-in to departure: the phases of a session, what the car is seen doing."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from .battery import Belief
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
    HELD = "held"
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
    UPDATING = "updating"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Hold the first and the last reading of a counter (Wh), each with its time.

    Of a true history it says the same whatever the order and however often a reading comes. A counter that was reset
    goes on from ``base_wh``, and ``offset_wh`` is what to add since. ``doubtful`` readings wait to be confirmed by the
    next ones, ``held_back`` counts them.
    """

    first_at: datetime | None = None
    first_wh: float = 0.0
    last_at: datetime | None = None
    last_wh: float = 0.0
    base_wh: float = 0.0
    offset_wh: float = 0.0
    doubtful: tuple[tuple[datetime, float], ...] = ()
    held_back: int = 0

    @property
    def total_wh(self) -> float:
        """Return where the counter would stand had it never been reset."""
        return self.last_wh + self.offset_wh

    @property
    def wh(self) -> float:
        """Return what the counter gained, never negative."""
        return max(0.0, self.total_wh - self.first_wh)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Hold one session as it is kept for ever.

    Money is in the home's currency: ``cost`` for energy bought for the car, ``revenue`` for energy given back.
    ``refused`` when its badge was, ``charge_only`` when its badge allows no V2G,
    ``foreign`` when its car said a name none of the owner's cars has. ``battery`` is what was believed of it, to go on
    from; ``promised_pct`` is the level asked for at the departure. ``begun`` once its start was seen,
    ``seen`` are the runs of event numbers that came, ``settled`` when no more of them will.
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
    refused: bool = False
    charge_only: bool = False
    foreign: bool = False
    battery: Belief | None = None
    promised_pct: float | None = None
    remote_id: int | None = None
    reservation: int | None = None
    begun: bool = False
    settled: bool = False
    seen: tuple[tuple[int, int], ...] = ()

    @property
    def last_seq_no(self) -> int:
        """Return the highest number seen, -1 before any."""
        return self.seen[-1][1] if self.seen else -1

    @property
    def gaps(self) -> int:
        """Return how many numbers are missing between those seen."""
        return sum(after[0] - before[1] - 1 for before, after in pairwise(self.seen))
