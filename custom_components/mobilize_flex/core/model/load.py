"""How the room on the home's connection is being shared: what load management remembers from one look to the next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from .moment import Moment
from .reasons import Reason

type Place = tuple[str, int]
"""One EVSE: its station's identity and its number."""

NEVER_S = float("-inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Hold what steps of a car's power have shown of the meter's wiring.

    ``before_w`` and ``phases_w`` are the car and the meter's phases while the car was last steady, ``steady_since_s``
    since when it is. ``maybe`` is the same of the last reading (its instant, the car, the phases): it counts once the
    station told that the car was still steady then. Each step is a vote: with, against or no trace on each phase.
    ``nudges`` counts the steps we made for want of others, the last one at ``nudged_s``.
    """

    before_w: float | None = None
    phases_w: tuple[float, ...] = ()
    steady_since_s: float | None = None
    maybe: tuple[float, float, tuple[float, ...]] | None = None
    votes: int = 0
    along: tuple[int, ...] = (0, 0, 0)
    against: tuple[int, ...] = (0, 0, 0)
    nudges: int = 0
    nudged_s: float = NEVER_S


@dataclass(frozen=True, slots=True)
class Misread:
    """Hold what is wrong with a meter's wiring: phases counted backwards, and those that took another's place.

    Phases are those of the home, 0 to 2; ``expected`` is where the station stands by its form, ``found`` where its
    power shows.
    """

    turned: frozenset[int] = frozenset()
    everything: bool = False
    expected: frozenset[int] = frozenset()
    found: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """Hold how far one EVSE has been let up; instants are on the clock that only grows.

    ``limit_a`` is the current into the car on each conductor (0, or 6 and more). ``room_since_s`` is since when there
    has been room for more, ``raised_s`` when it was last raised, ``paused_s`` when it last went to 0 for want of room.
    ``seen`` are its last measurements (instant, W). ``beyond_since_s`` is since when it has measured more than it was
    ordered, ``broken_since_s`` since when the connection was overloaded while it did. ``evidence`` is what its steps
    showed of the meter's wiring.
    """

    limit_a: float
    because: Reason = Reason.METER_STALE
    room_since_s: float | None = None
    raised_s: float = NEVER_S
    paused_s: float = NEVER_S
    seen: tuple[tuple[float, float], ...] = ()
    beyond_since_s: float | None = None
    broken_since_s: float | None = None
    evidence: Evidence = Evidence()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadState:
    """Hold what load management knows of the home; ``active`` are the charging points that had a session.

    ``house_a`` is what the house alone draws on each phase (negative: it feeds in), ``house_w`` all of it.
    ``heard`` is when the last reading came, ``good`` how many came in a row without too long a gap,
    ``whole`` whether it told of every phase.
    ``over_since_s`` is since when the connection has been overloaded, ``alone_since_s`` since when the house alone
    would overload it, were the cars not giving back. ``misread`` is what is wrong with the meter's wiring, once known.
    """

    ramps: Mapping[Place, Ramp] = field(default_factory=lambda: MappingProxyType({}))
    active: frozenset[Place] = frozenset()
    house_a: tuple[float, ...] | None = None
    house_w: float | None = None
    heard: Moment | None = None
    good: int = 0
    whole: bool = False
    over_since_s: float | None = None
    alone_since_s: float | None = None
    raised_s: float = NEVER_S
    misread: Misread | None = None

    @property
    def sample_s(self) -> float:
        """Return when the last reading came, on the clock that only grows."""
        return NEVER_S if self.heard is None else self.heard.mono_s
