"""The planner with a memory: a plan that still holds is not made again every five minutes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from custom_components.mobilize_flex.core.model.plan import Plan, PlanQuestion
from custom_components.mobilize_flex.core.plan.planner import make_plan
from custom_components.mobilize_flex.core.site.asking import HOUSE_CHANGE_SHARE, HOUSE_CHANGE_W

SOC_PCT: Final = 1.0
"""A state of charge further from the plan than this is news; it is told in whole per cent."""
CAREFUL: Final = timedelta(hours=2)
"""So long before a departure every plan is made anew, as in life: what is missing then is missing for good."""
FURTHER: Final = timedelta(hours=1)
"""How far the horizon may have moved beyond the end of a plan."""


@dataclass(slots=True)
class PatientPlanner:
    """Answer every question with the integration's own planner, or with its last plan where nothing is news.

    The controller asks again every five minutes and at every slot. Within ``patience`` the last plan is the answer if
    the prices, the car, its limits and its departure are the same, the car is where the plan meant it to be and the
    house takes what it took: the controller's own measure of that is used.
    """

    patience: timedelta
    asked: int = 0
    made: int = 0
    question: PlanQuestion | None = None
    plan: Plan | None = None

    def answer(self, question: PlanQuestion) -> Plan:
        """Return a plan."""
        self.asked += 1
        if self.plan is not None and self.question is not None and self._holds(question, self.question, self.plan):
            return self.plan
        self.made += 1
        self.question, self.plan = question, make_plan(question)
        return self.plan

    def _holds(self, now: PlanQuestion, then: PlanQuestion, plan: Plan) -> bool:
        if now.start - then.start >= self.patience or not plan.slots:
            return False
        if _car(now) != _car(then) or _departures(now) != _departures(then):
            return False
        if any(at - now.start <= CAREFUL for at, _ in _departures(now)):
            return False
        return _on_course(now, then, plan) and _same_house(now, then) and _same_prices(now, plan)


def _car(q: PlanQuestion) -> tuple[object, ...]:
    sides = q.charge, q.discharge, q.feed_in_from_car
    return *sides, q.capacity_wh, q.soc_min_pct, q.soc_max_pct, q.overshoot_pct, max(q.import_limit_w, default=0.0)


def _edges(q: PlanQuestion) -> list[datetime]:
    edges = [q.start]
    for seconds in q.slot_s:
        edges.append(edges[-1] + timedelta(seconds=seconds))
    return edges


def _departures(q: PlanQuestion) -> list[tuple[datetime, float]]:
    """Return the departure that is promised; those after it come into view as the horizon moves."""
    edges = _edges(q)
    return [(edges[d.slot], d.target_soc_pct) for d in q.departures[:1]]


def _on_course(now: PlanQuestion, then: PlanQuestion, plan: Plan) -> bool:
    """Return whether the battery is where the plan meant it to be by now."""
    slot = plan.at(now.start)
    if slot is None:
        return False
    index = plan.slots.index(slot)
    begin_pct = plan.slots[index - 1].soc_end_pct if index else then.soc_now_pct
    share = (now.start - slot.start) / (slot.end - slot.start)
    meant_pct = begin_pct + share * (slot.soc_end_pct - begin_pct)
    return abs(now.soc_now_pct - meant_pct) <= SOC_PCT


def _same_house(now: PlanQuestion, then: PlanQuestion) -> bool:
    if not now.house_w or not then.house_w:
        return False
    before_w = then.house_w[0]
    return abs(now.house_w[0] - before_w) <= max(HOUSE_CHANGE_W, HOUSE_CHANGE_SHARE * before_w)


def _same_prices(now: PlanQuestion, plan: Plan) -> bool:
    """Return whether every slot ahead costs what the plan thought, and hardly any are new."""
    planned = iter(plan.slots)
    slot = next(planned)
    at = now.start
    for seconds, bought, sold in zip(now.slot_s, now.import_per_kwh, now.export_per_kwh, strict=True):
        while slot.end <= at:
            following = next(planned, None)
            if following is None:
                return now.start + timedelta(seconds=sum(now.slot_s)) - slot.end <= FURTHER
            slot = following
        if (slot.import_per_kwh, slot.export_per_kwh) != (bought, sold):
            return False
        at += timedelta(seconds=seconds)
    return True
