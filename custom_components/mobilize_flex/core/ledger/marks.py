"""A counter by the quarter of an hour: what it showed last in each, and what it must have shown in between."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from ..model.accounts import Mark, Marks

QUARTER_S: Final = 900
NOISE: Final = 2.0
"""How far a late reading may lie outside its neighbours; what is further off is not true."""
OPEN_MARKS: Final = 192
"""Late readings are looked for in the last two days; what is older is tidied up."""


def with_mark(marks: Marks, bucket_s: int, at_s: float, value: float) -> Marks:
    """Return marks with one more reading in them, whatever order readings come in; the last of a stretch counts."""
    mark: Mark = (bucket_s, round(at_s, 1), round(value, 3))
    if not marks or mark[1] > marks[-1][1]:
        return _appended(marks, mark)
    place = next(i for i, known in enumerate(marks) if known[1] >= mark[1])
    after = marks[place]
    before = marks[place - 1] if place else None
    if after[0] == bucket_s or after[1] == mark[1] or mark[2] > after[2] + NOISE:
        return marks
    if before is not None and mark[2] < before[2] - NOISE:
        return marks
    kept = marks[: place - 1] if before is not None and before[0] == bucket_s else marks[:place]
    return (*kept, mark, *marks[place:])


def _appended(marks: Marks, mark: Mark) -> Marks:
    """Return marks with a later one; where a counter stood still days ago the first and the last are enough."""
    if marks and mark[2] < marks[-1][2] - NOISE:
        return marks
    if marks and marks[-1][0] == mark[0]:
        marks = marks[:-1]
    if len(marks) > OPEN_MARKS:
        marks = (*_tidied(marks[:-OPEN_MARKS]), *marks[-OPEN_MARKS:])
    return (*marks, mark)


def _tidied(marks: Marks) -> Marks:
    """Return marks without those between two that show the same."""
    inside = (b for a, b, c in zip(marks, marks[1:], marks[2:], strict=False) if not a[2] == b[2] == c[2])
    return (*marks[:1], *inside, *marks[-1:]) if len(marks) > 1 else marks


def gains(points: Sequence[tuple[float, float]], edges: Sequence[float]) -> list[float]:
    """Return what a counter gained between each two edges; between readings it is taken to run evenly.

    Points and edges are in order of time. Outside the points the counter stands still.
    """
    if len(points) < 2:
        return [0.0] * max(0, len(edges) - 1)
    values, place = [], 0
    for edge in edges:
        while place < len(points) - 2 and points[place + 1][0] <= edge:
            place += 1
        values.append(_between(points[place], points[place + 1], edge))
    return [max(0.0, b - a) for a, b in pairwise(values)]


def _between(a: tuple[float, float], b: tuple[float, float], at_s: float) -> float:
    if at_s <= a[0]:
        return a[1]
    if at_s >= b[0]:
        return b[1]
    return a[1] + (b[1] - a[1]) * (at_s - a[0]) / (b[0] - a[0])


def points(
    marks: Marks, first: tuple[float, float], last: tuple[float, float], last_bucket_s: int
) -> list[tuple[float, float]]:
    """Return the course of a counter from its first reading to its last, never falling.

    In the stretch of the last reading that one counts alone, as in every other.
    """
    inside = [(at, value) for bucket_s, at, value in marks if bucket_s != last_bucket_s and first[0] < at < last[0]]
    course, highest = [first], first[1]
    for at, value in inside:
        highest = min(max(highest, value), last[1])
        course.append((at, highest))
    return [*course, last]
