"""The sun on the roof in the days ahead, as forecasts tell it."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from math import isfinite
from typing import Final

from ..model.facts import SunForecast

MOST_ROWS: Final = 1000
MOST_W: Final = 1e6  # no home has a roof for more
USUAL: Final = timedelta(hours=1)
LONGEST: Final = timedelta(hours=2)
MARK_S: Final = 300

type Hours = Mapping[datetime, float]


def read_forecast(told: object, zone: tzinfo) -> Hours:
    """Return the energy (Wh) a forecast of the energy dashboard tells, by the UTC instant it is told for.

    What is no such forecast has no rows; single rows that make no sense are left out, and so is all beyond the first
    thousand. Times without an offset are local.
    """
    rows = told.get("wh_hours") if isinstance(told, Mapping) else None
    if not isinstance(rows, Mapping):
        return {}
    read = (_row(at, wh, zone) for at, wh in list(rows.items())[:MOST_ROWS])
    return dict(sorted(row for row in read if row is not None))


def _row(at: object, wh: object, zone: tzinfo) -> tuple[datetime, float] | None:
    if isinstance(wh, bool) or not isinstance(wh, int | float) or not isfinite(wh):
        return None
    try:
        instant = datetime.fromisoformat(at) if isinstance(at, str) else at
    except ValueError:
        return None
    if not isinstance(instant, datetime):
        return None
    return (instant if instant.tzinfo else instant.replace(tzinfo=zone)).astimezone(UTC), max(float(wh), 0.0)


def forecast_of(roofs: Iterable[Hours]) -> SunForecast:
    """Return the power (W) of all roofs together, from step to step; it ends with the last hour that is told."""
    changes = defaultdict[datetime, float](float)
    for hours in roofs:
        for start, end, wh in _spans(hours):
            power_w = min(wh / ((end - start) / timedelta(hours=1)), MOST_W)
            changes[start] += power_w
            changes[end] -= power_w
    rows, power_w = list[tuple[datetime, float]](), 0.0
    for at in sorted(changes):
        power_w += changes[at]
        rows.append((at, max(round(power_w, 1), 0.0)))
    return SunForecast(tuple(rows))


def _spans(hours: Hours) -> Iterable[tuple[datetime, datetime, float]]:
    """Yield the stretches of time a forecast tells energy for: each from its instant on, or each up to it.

    A forecast that tells of sunrise and sunset themselves, at odd minutes, can only mean what came before.
    """
    instants = list(hours)
    steps = [b - a for a, b in pairwise(instants)]
    usual = min(steps, key=lambda step: (-steps.count(step), step), default=USUAL)
    if any(at.timestamp() % MARK_S for at in instants):
        for before, at in pairwise(instants):
            yield max(before, at - LONGEST), at, hours[at]
        return
    for at, following in pairwise([*instants, datetime.max.replace(tzinfo=UTC)]):
        yield at, min(following, at + min(usual, LONGEST)), hours[at]


def sun_at(forecast: SunForecast, instant: datetime) -> float | None:
    """Return the power (W) a forecast tells for an instant; ``None`` where it tells nothing."""
    place = bisect_right(forecast.rows, instant, key=lambda row: row[0])
    return forecast.rows[place - 1][1] if 0 < place < len(forecast.rows) else None
