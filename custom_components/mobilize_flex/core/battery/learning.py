"""What long enough stretches of charging, or giving back, teach about a battery."""

from typing import Final

from ..model.battery import Battery, Fit, Learned, SocSource, Stretch
from ..model.config import VehicleConfig
from ..model.replacing import replace
from .losses import OVERHEAD_W, battery_of, solve

LONG_PCT: Final = 20.0
"""So many points make a stretch worth learning from."""
STRAY: Final = 0.03
"""The share of the other direction that spoils a stretch."""
EDGE_PCT: Final = (3.0, 97.0)
"""Near empty and near full a battery measures itself anew."""
SPREAD_PCT: Final = {SocSource.STATION: 1.0, SocSource.ENTITY: 2.5}
"""How far the points of a stretch may be off, both ends together."""
MODEL_SPREAD: Final = 0.02
ODD: Final = 0.08
"""A stretch further off than this share counts less, and one off by half not at all."""
NONSENSE: Final = 0.5
FORGET: Final = 0.97
"""What each new stretch leaves of the old ones: batteries age."""


def started(source: SocSource, soc_pct: float, *, charging: bool) -> Stretch | None:
    """Return a stretch that begins at a told level, where such levels can be trusted."""
    usable = source in SPREAD_PCT and EDGE_PCT[0] <= soc_pct <= EDGE_PCT[1]
    return Stretch(soc_pct=soc_pct, source=source, charging=charging) if usable else None


def gone_on(stretch: Stretch, drawn_wh: float, given_wh: float, seconds: float) -> Stretch | None:
    """Return a stretch with more energy in it; one that turned around is spoilt."""
    mine_wh, other_wh = (drawn_wh, given_wh) if stretch.charging else (given_wh, drawn_wh)
    stray_wh = stretch.stray_wh + other_wh
    wh = stretch.wh + mine_wh
    if stray_wh > max(50.0, STRAY * wh):
        return None
    return replace(stretch, wh=wh, stray_wh=stray_wh, active_s=stretch.active_s + seconds)


def points_of(stretch: Stretch, source: SocSource, soc_pct: float) -> float | None:
    """Return how many points a stretch went, once that is far enough to learn from."""
    points = soc_pct - stretch.soc_pct if stretch.charging else stretch.soc_pct - soc_pct
    known = source is stretch.source and EDGE_PCT[0] <= soc_pct <= EDGE_PCT[1]
    return points if known and points >= LONG_PCT else None


def taught(learned: Learned, car: VehicleConfig, stretch: Stretch, points: float) -> Learned:
    """Return what is known of a car's battery after one more stretch."""
    battery = battery_of(car, learned)
    if stretch.charging:
        return replace(learned, charging=_with(learned.charging, stretch, points, _into_wh(battery)))
    return replace(learned, discharging=_with(learned.discharging, stretch, points, _out_wh(battery)))


def _into_wh(battery: Battery) -> float:
    return battery.capacity_wh / 100.0 / battery.charge_share


def _out_wh(battery: Battery) -> float:
    return battery.capacity_wh / 100.0 * battery.discharge_share


def _with(fit: Fit, stretch: Stretch, points: float, usual_wh: float) -> Fit:
    hours = stretch.active_s / 3600.0
    wh_per_point, overhead_w = solve(fit, usual_wh, OVERHEAD_W if stretch.charging else -OVERHEAD_W)
    expected_wh = wh_per_point * points + overhead_w * hours
    off = abs(stretch.wh - expected_wh) / max(expected_wh, 1.0)
    if off > NONSENSE:
        return replace(fit, refused=fit.refused + 1)
    spread_wh = wh_per_point * SPREAD_PCT[stretch.source] + MODEL_SPREAD * expected_wh
    weight = min(1.0, ODD / max(off, 1e-9)) / spread_wh**2
    return Fit(
        samples=fit.samples + 1,
        refused=fit.refused,
        points_points=FORGET * fit.points_points + weight * points * points,
        points_hours=FORGET * fit.points_hours + weight * points * hours,
        hours_hours=FORGET * fit.hours_hours + weight * hours * hours,
        points_wh=FORGET * fit.points_wh + weight * points * stretch.wh,
        hours_wh=FORGET * fit.hours_wh + weight * hours * stretch.wh,
    )
