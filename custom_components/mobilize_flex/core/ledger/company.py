"""The other cars of a home: what they took and gave while one of them was plugged in."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from . import marks

type Course = Sequence[tuple[float, float]]
"""A counter over time: epoch seconds, Wh."""

MOST: Final = 12
"""Of more cars than this at a time the coming and going is told by the quarter of an hour only."""
NOISE_WH: Final = 0.01


@dataclass(frozen=True, slots=True)
class Company:
    """Hold what all cars of a home took and gave together, and from when to when each of them was there."""

    drawn: Course = ()
    given: Course = ()
    stays: tuple[tuple[float, float], ...] = ()

    def instants(self, since_s: float, until_s: float) -> list[float]:
        """Return when cars came or went between two instants."""
        met = [stay for stay in self.stays if stay[0] < until_s and stay[1] > since_s]
        return [at_s for stay in met for at_s in stay if since_s < at_s < until_s] if len(met) <= MOST else []

    def others(
        self, edges: Sequence[float], drawn: Sequence[float], given: Sequence[float]
    ) -> list[tuple[float, float]]:
        """Return what the others took and gave between each two edges, beside what one car did."""
        together = marks.gains(self.drawn, edges), marks.gains(self.given, edges)
        return [
            (_less(all_in, own_in), _less(all_out, own_out))
            for all_in, own_in, all_out, own_out in zip(together[0], drawn, together[1], given, strict=True)
        ]


ALONE: Final = Company()


def _less(all_wh: float, own_wh: float) -> float:
    left_wh = all_wh - own_wh
    return left_wh if left_wh > NOISE_WH else 0.0


def merged(courses: Iterable[Course]) -> list[tuple[float, float]]:
    """Return several counters as one that shows their sum, from nought on."""
    slopes: defaultdict[float, float] = defaultdict(float)
    for course in courses:
        for (begin_s, low), (end_s, high) in pairwise(course):
            if end_s > begin_s:
                slope = (high - low) / (end_s - begin_s)
                slopes[begin_s] += slope
                slopes[end_s] -= slope
    told, total, slope, before_s = [], 0.0, 0.0, 0.0
    for at_s, change in sorted(slopes.items()):
        total += slope * (at_s - before_s)
        told.append((at_s, total))
        slope, before_s = slope + change, at_s
    return told
