"""The level of a battery between two readings, moved on by the station's own meter."""

from datetime import datetime
from typing import Final

from ..model.battery import LEAST_POWER_W, Battery, Belief, SocSource
from ..model.electric import StationReadings
from ..model.replacing import replace
from . import learning

FLOWS_W: Final = 100.0
LONGEST_S: Final = 900.0
"""Where a counter is missing, power that was measured longer ago than this counts for nothing."""
MOVED_ERROR: Final = 0.04
"""The share of what the meter moved that may be wrong."""
FASTEST_PER_H: Final = 1.5
LEAST_LEAP: Final = 0.05
"""A meter that shows more at once than so many fills of the battery in an hour and this share of one beside leapt."""
ERROR_PER_H: Final = 0.1
MOST_ERROR_PCT: Final = 50.0
WORTH_KEEPING_PCT: Final = 1.0


def moved_on(belief: Belief, readings: StationReadings, battery: Battery, now: datetime) -> Belief:
    """Return a belief brought up to what the meter shows now; the same one where nothing flowed.

    Where one of the counters is missing, the measured power stands in for it. A meter that leaps moves nothing: it
    caught up on something else than this battery.
    """
    drawn_wh, given_wh, seconds = _flowed(belief, readings, now)
    if drawn_wh == given_wh == 0.0:
        return belief if _is_noted(belief, readings) else _noted(belief, readings, now)
    if _leaps(belief, drawn_wh + given_wh, battery, seconds):
        return replace(_noted(belief, readings, now), stretch=None)
    power_w = readings.power_w or 0.0
    active_s = min(seconds, 3600.0 * (drawn_wh + given_wh) / max(abs(power_w), LEAST_POWER_W))
    hours = max(seconds, 1.0) / 3600.0
    into_w = power_w if power_w > FLOWS_W else drawn_wh / hours
    out_w = power_w if power_w < -FLOWS_W else -given_wh / hours
    stored_wh = drawn_wh * battery.efficiency(into_w) - given_wh / battery.efficiency(out_w)
    points = 100.0 * stored_wh / battery.capacity_wh
    soc_pct = belief.soc_pct
    return replace(
        belief,
        soc_pct=None if soc_pct is None else min(max(soc_pct + points, 0.0), 100.0),
        error_pct=min(belief.error_pct + MOVED_ERROR * abs(points), MOST_ERROR_PCT),
        drawn_wh=readings.import_wh,
        given_wh=readings.export_wh,
        moved_pct=belief.moved_pct + points,
        at=now,
        stretch=None if belief.stretch is None else learning.gone_on(belief.stretch, drawn_wh, given_wh, active_s),
    )


def _is_noted(belief: Belief, readings: StationReadings) -> bool:
    """Return whether nothing new is to be noted of counters that both count; where one is missing the time counts."""
    counted = readings.import_wh is not None and readings.export_wh is not None and belief.at is not None
    return counted and belief.drawn_wh == readings.import_wh and belief.given_wh == readings.export_wh


def _leaps(belief: Belief, flowed_wh: float, battery: Battery, seconds: float) -> bool:
    """Return whether two counters show more than can have flowed since either last moved."""
    counted = belief.drawn_wh is not None and belief.given_wh is not None
    return counted and flowed_wh > battery.capacity_wh * (LEAST_LEAP + FASTEST_PER_H * seconds / 3600.0)


def _noted(belief: Belief, readings: StationReadings, now: datetime) -> Belief:
    return replace(belief, drawn_wh=readings.import_wh, given_wh=readings.export_wh, at=now)


def _flowed(belief: Belief, readings: StationReadings, now: datetime) -> tuple[float, float, float]:
    """Return what went in and out (Wh) since the meter was last looked at, and how long ago that was (s)."""
    if belief.at is None:
        return 0.0, 0.0, 0.0
    seconds = max(0.0, (now - belief.at).total_seconds())
    power_w = readings.power_w or 0.0
    guessed_wh = power_w * min(seconds, LONGEST_S) / 3600.0 if abs(power_w) > FLOWS_W else 0.0
    drawn_wh = _gained(belief.drawn_wh, readings.import_wh, max(0.0, guessed_wh))
    given_wh = _gained(belief.given_wh, readings.export_wh, max(0.0, -guessed_wh))
    return drawn_wh, given_wh, seconds


def _gained(before_wh: float | None, now_wh: float | None, guessed_wh: float) -> float:
    if now_wh is None:
        return guessed_wh
    return 0.0 if before_wh is None else max(0.0, now_wh - before_wh)


def error_of(belief: Belief, told_s: float) -> float:
    """Return how far a belief may be off (points), so long after a source last told."""
    return min(belief.error_pct + ERROR_PER_H * min(told_s, 3.6e6) / 3600.0, MOST_ERROR_PCT)


def kept(belief: Belief) -> Belief:
    """Return what of a belief is worth keeping over a restart."""
    soc_pct = None if belief.soc_pct is None else round(belief.soc_pct, 2)
    return replace(belief, soc_pct=soc_pct, words=(), stretch=None, moved_pct=0.0)


def is_news(before: Belief | None, after: Belief) -> bool:
    """Return whether a belief has moved far enough from the one that was kept to keep it anew."""
    if before is None or before.soc_pct is None or after.soc_pct is None:
        return after.soc_pct is not None
    told = before.source is not after.source
    return told or abs(after.soc_pct - before.soc_pct) >= WORTH_KEEPING_PCT


def set_to(belief: Belief, source: SocSource, soc_pct: float, error_pct: float, now: datetime) -> Belief:
    """Return a belief that rests on what a source tells now."""
    return replace(belief, soc_pct=soc_pct, error_pct=error_pct, source=source, told_at=now, told_pct=soc_pct)
