"""Sharing what room there is among several cars."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
import math
from typing import Final

from ..model.electric import MINIMUM_CHARGE_A
from ..model.reasons import Reason

NEAR: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Bound:
    """Hold one limit several takers share: the weighted sum of what they take stays within ``room``."""

    room: float
    weights: tuple[float, ...]
    reason: Reason

    def left(self, taken: Sequence[float]) -> float:
        """Return what is left of the room."""
        return self.room - sum(w * t for w, t in zip(self.weights, taken, strict=True) if w)


@dataclass(frozen=True, slots=True)
class Claim:
    """Hold what one taker would have: at most ``most_a``; those with a higher ``rank`` go first, then those ``on``."""

    most_a: float
    rank: tuple[bool, int]
    on: bool = False
    floor_a: float = MINIMUM_CHARGE_A


def left_of(bounds: Sequence[Bound], taken: Sequence[float]) -> list[float]:
    """Return what is left of the room of each bound."""
    return [bound.left(taken) for bound in bounds]


def headroom_a(bounds: Sequence[Bound], left: Sequence[float], one: int) -> tuple[float, Reason | None]:
    """Return how much more one taker could have, and which bound says so."""
    least_a, reason = math.inf, None
    for bound, room in zip(bounds, left, strict=True):
        weight = bound.weights[one]
        if weight and room / weight < least_a:
            least_a, reason = room / weight, bound.reason
    return least_a, reason


def share(claims: Sequence[Claim], bounds: Sequence[Bound]) -> list[float]:
    """Return what each gets: nothing, or at least its floor.

    Whoever wants nothing now comes after those who do. Among these everybody gets the floor before anybody gets more,
    then the higher rank fills first, and equals rise together.
    """
    taken = [0.0] * len(claims)
    left = left_of(bounds, taken)
    order = sorted(range(len(claims)), key=lambda n: (_first(claims[n]), not claims[n].on))
    for _, same in groupby(order, key=lambda n: claims[n].rank[0]):
        tier = list(same)
        for one in tier:
            floor_a = claims[one].floor_a
            if claims[one].most_a >= floor_a - NEAR and headroom_a(bounds, left, one)[0] >= floor_a - NEAR:
                taken[one] = floor_a
                left = [room - bound.weights[one] * floor_a for bound, room in zip(bounds, left, strict=True)]
        served = [n for n in tier if taken[n] or not claims[n].floor_a]
        for _, equals in groupby(served, key=lambda n: claims[n].rank):
            _rise(list(equals), claims, bounds, taken)
            left = left_of(bounds, taken)
    return taken


def _first(claim: Claim) -> tuple[bool, int]:
    return not claim.rank[0], -claim.rank[1]


def _rise(rising: list[int], claims: Sequence[Claim], bounds: Sequence[Bound], taken: list[float]) -> None:
    """Let equals rise together until each has what it claims or meets a bound."""
    rising = [n for n in rising if claims[n].most_a - taken[n] > NEAR]
    while rising:
        left = left_of(bounds, taken)
        step = min(claims[n].most_a - taken[n] for n in rising)
        for bound, room in zip(bounds, left, strict=True):
            weight = sum(bound.weights[n] for n in rising)
            if weight:
                step = min(step, room / weight)
        for one in rising:
            taken[one] += max(0.0, step)
        full = [b for b, room in zip(bounds, left_of(bounds, taken), strict=True) if room <= NEAR]
        rising = [n for n in rising if claims[n].most_a - taken[n] > NEAR and not any(b.weights[n] for b in full)]
