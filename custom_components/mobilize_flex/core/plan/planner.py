"""The plan for the hours ahead: a question goes in, slots with powers and reasons come out.

The question becomes a case (``intake``); the case is searched backwards from its end over a ladder of battery
energies (``backward``), walked forwards from the car's true state of charge (``forward``) and refined where the modes
are settled (``refine``); the finished plan then says why (``reasons``). There is always a plan.
"""

from datetime import datetime, timedelta
from itertools import accumulate
import operator

from ..model.plan import Plan, PlanQuestion, PlanSlot
from .intake import KILO, read
from .outlook import Outlook, look_out
from .reasons import explain
from .search import search
from .story import Story


def make_plan(question: PlanQuestion) -> Plan:
    """Return the cheapest allowed plan.

    Raises:
        ValueError: The per-slot figures of the question differ in length, or a slot has no duration.
    """
    case = read(question)
    edges = _edges(question)
    if not case.slots:
        return _plan(question, (), None, 0.0)
    found = search(case)
    story = Story(case, edges, found.power_kw, found.walk.energies_kwh, found.worth_per_kwh)
    return _plan(question, _slots(question, story), look_out(question, case, story), found.cost)


def _plan(question: PlanQuestion, slots: tuple[PlanSlot, ...], outlook: Outlook | None, cost: float) -> Plan:
    """Return the answer."""
    return Plan(
        made_at=question.start,
        slots=slots,
        departure=outlook.departure if outlook else None,
        target_soc_pct=outlook.target_pct if outlook else None,
        reachable_soc_pct=outlook.reachable_pct if outlook else None,
        target_met_at=outlook.met_at if outlook else None,
        limited_by=outlook.limited_by if outlook else None,
        cost=cost,
    )


def _edges(question: PlanQuestion) -> tuple[datetime, ...]:
    """Return the boundaries of the slots."""
    steps = (timedelta(seconds=s) for s in question.slot_s)
    return tuple(accumulate(steps, operator.add, initial=question.start))


def _slots(question: PlanQuestion, story: Story) -> tuple[PlanSlot, ...]:
    """Return the plan's slots."""
    return tuple(
        PlanSlot(
            start=story.edges[slot],
            end=story.edges[slot + 1],
            power_w=round(story.power_kw[slot] / KILO, 3),
            soc_end_pct=story.end_pct(slot),
            import_per_kwh=question.import_per_kwh[slot],
            export_per_kwh=question.export_per_kwh[slot],
            stored_value_per_kwh=story.worth[slot],
            why=explain(story, slot),
        )
        for slot in range(story.case.slots)
    )
