"""What the next departure can count on: how full the car can be, when the target is met, what stands in the way."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from ..model.plan import PlanQuestion
from ..model.reasons import Reason
from .case import NEVER, Case
from .intake import read
from .stage import SLACK_KWH, after_trip, move_cost
from .story import Story

CLOSE_KWH: Final = 0.005
LIMITLESS_W: Final = 1e6


@dataclass(frozen=True, slots=True)
class Outlook:
    """Hold what is known about the first departure."""

    departure: datetime
    target_pct: float
    reachable_pct: float
    met_at: datetime | None
    limited_by: Reason | None


def look_out(question: PlanQuestion, case: Case, story: Story) -> Outlook | None:
    """Return the outlook for the first departure, if there is one."""
    if not case.goals:
        return None
    last = min(case.goals)
    target = case.goals[last].target_kwh
    planned = story.energies_kwh[last + 1]
    reachable = max(_reachable(case, last), planned)
    short = target - reachable
    return Outlook(
        departure=story.edges[last + 1],
        target_pct=story.pct(target),
        reachable_pct=story.pct(reachable),
        met_at=_met_at(case, story, last, target),
        limited_by=_limit(question, last, reachable) if short > CLOSE_KWH else None,
    )


def _reachable(case: Case, last: int) -> float:
    """Return the most energy the battery can have at the end of a slot, charging whenever it may."""
    energy = case.battery.start_kwh
    opens, ceilings, away = case.charge.open.tolist(), case.battery.ceiling_kwh.tolist(), case.away.tolist()
    tops, hours = case.charge.top_kw.tolist(), case.hours.tolist()
    for slot in range(last + 1):
        if away[slot]:
            energy = float(after_trip(case, slot, np.array(energy))[0])
        elif opens[slot] and ceilings[slot] > energy:
            most, room = case.charge.moved_kwh(tops[slot], hours[slot]), ceilings[slot] - energy
            energy += most if most <= room + SLACK_KWH else _filling(case, slot, room)
    return energy


def _filling(case: Case, slot: int, room: float) -> float:
    """Return what a slot adds that could add more than there is room for."""
    cost, _ = move_cost(case, case.charge, slot, np.array([room]))
    return room if cost[0] < NEVER else 0.0


def _met_at(case: Case, story: Story, last: int, target: float) -> datetime | None:
    """Return when the plan first holds the target; past the departure if the car had to go on charging for it."""
    if story.energies_kwh[0] >= target - CLOSE_KWH:
        return story.edges[0]
    for slot in range(last + 1):
        before, after = story.energies_kwh[slot], story.energies_kwh[slot + 1]
        if after >= target - CLOSE_KWH:
            part = min(max((target - before) / (after - before), 0.0), 1.0) if after > before else 1.0
            return story.edges[slot] + part * (story.edges[slot + 1] - story.edges[slot])
    top = float(case.charge.top_kw[last])
    if top < case.charge.low_kw:
        return None
    hours = (target - story.energies_kwh[last + 1]) / case.charge.moved_kwh(top, 1.0)
    return story.edges[last + 1] + timedelta(hours=hours)


def _limit(question: PlanQuestion, last: int, reachable: float) -> Reason:
    """Return which limit, taken away, would let the car leave fullest; the charger itself if none would."""
    n = len(question.slot_s)
    without = {
        Reason.HOUSE_LIMIT: replace(question, import_limit_w=(LIMITLESS_W,) * n),
        Reason.EXTERNAL_LIMIT: replace(question, charge_limit_w=None),
        Reason.CEILING_REACHED: replace(question, overshoot_pct=100.0),
    }
    gains = {reason: _reachable(read(other), last) - reachable for reason, other in without.items()}
    best = max(gains, key=lambda reason: gains[reason])
    return best if gains[best] > CLOSE_KWH else Reason.STATION_LIMIT
