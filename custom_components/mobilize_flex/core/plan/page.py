"""One slot of a finished plan with all that lies around it, read from question and plan alone."""

from datetime import datetime
from functools import cached_property

from ..model.plan import Plan, PlannedDeparture, PlanQuestion, PlanSlot, PowerRange


class Page:
    """A plan opened at a slot."""

    def __init__(self, question: PlanQuestion, plan: Plan, index: int) -> None:
        """Open a plan."""
        self.question, self.plan, self.index = question, plan, index
        self.figures = dict(plan.slots[index].why.values)
        self.powers = [slot.power_w for slot in plan.slots]

    @property
    def slot(self) -> PlanSlot:
        """Return the slot itself."""
        return self.plan.slots[self.index]

    @property
    def power(self) -> float:
        """Return the slot's signed power."""
        return self.slot.power_w

    def soc(self, boundary: int) -> float:
        """Return the state of charge at a boundary."""
        if boundary:
            return self.plan.slots[boundary - 1].soc_end_pct
        return min(max(self.question.soc_now_pct, 0.0), 100.0)

    def number(self, name: str) -> float:
        """Return a figure of the sentence."""
        return float(self.figures[name])

    def found(self, name: str) -> int:
        """Return the slot that begins at an instant of the sentence, or one past the last."""
        at = datetime.fromisoformat(str(self.figures[name]))
        return next((k for k, slot in enumerate(self.plan.slots) if slot.start == at), len(self.plan.slots))

    # --- the stay -------------------------------------------------------------------------------

    @cached_property
    def away(self) -> frozenset[int]:
        """Return the slots without the car."""
        n = len(self.powers)
        spans = [(d.slot, n if d.return_slot is None else d.return_slot) for d in self.question.departures]
        return frozenset(k for first, end in spans for k in range(first, end))

    @cached_property
    def begin(self) -> int:
        """Return the first slot of the stay."""
        return next((k + 1 for k in range(self.index, -1, -1) if k in self.away), 0)

    @cached_property
    def end(self) -> int:
        """Return one past the last slot of the stay."""
        n = len(self.powers)
        return next((k for k in range(self.index, n) if k in self.away), n)

    @cached_property
    def leaves(self) -> PlannedDeparture | None:
        """Return the departure that ends the stay."""
        coming = [d for d in self.question.departures if self.index < d.slot <= self.end]
        return min(coming, key=lambda d: d.slot, default=None)

    @cached_property
    def next_run(self) -> int | None:
        """Return the next slot of the stay in which power flows."""
        return next((k for k in range(self.index + 1, self.end) if self.powers[k]), None)

    # --- money and limits -----------------------------------------------------------------------

    def surplus_w(self, k: int) -> float:
        """Return the sun left over by the house; negative when the house takes more."""
        return max(self.question.sun_w[k], 0.0) - max(self.question.house_w[k], 0.0)

    def bill(self, k: int, car_w: float) -> float:
        """Return the money per hour of a slot with the car at a power, the sun used as cheaply as it may be."""
        q, net = self.question, car_w - self.surplus_w(k)
        spare = max(q.sun_w[k], 0.0) if q.sun_curtailable else 0.0
        marks = [net, net + spare, -q.export_limit_w[k], 0.0, q.import_limit_w[k]]
        return min(self._settled(k, m) for m in marks if net <= m <= net + spare)

    def _settled(self, k: int, net_w: float) -> float:
        q = self.question
        over = max(net_w - q.import_limit_w[k], -net_w - q.export_limit_w[k], 0.0)
        price = q.import_per_kwh[k] if net_w > 0 else q.export_per_kwh[k]
        return (price * net_w + q.penalties.grid_excess_per_kwh * over) / 1000

    def price(self, k: int, car_w: float) -> float:
        """Return what a kWh costs (charging) or brings (giving back) in a slot at a power."""
        power = car_w or 1.0
        return (self.bill(k, power) - self.bill(k, 0.0)) / (power / 1000)

    def side(self, sign: float) -> PowerRange:
        """Return one direction of the charger."""
        return self.question.charge if sign > 0 else self.question.discharge

    def most_w(self, k: int, sign: int) -> float:
        """Return the most power one direction may have in a slot."""
        q = self.question
        asked = q.charge_limit_w if sign > 0 else q.discharge_limit_w
        tops = [self.side(sign).max_w] + ([asked[k]] if asked is not None else [])
        if sign > 0:
            return min(*tops, q.import_limit_w[k] + self.surplus_w(k))
        if not q.feed_in_from_car:
            tops.append(max(-self.surplus_w(k), 0.0))
        return min(*tops, q.export_limit_w[k] - self.surplus_w(k) + (q.sun_w[k] if q.sun_curtailable else 0.0))

    def open(self, k: int, sign: int) -> bool:
        """Tell whether a direction exists in a slot."""
        return k not in self.away and self.most_w(k, sign) >= max(self.side(sign).min_w, 10.0)

    def like(self, k: int) -> float:
        """Return another slot's power as far as this slot allows it."""
        sign = 1 if self.powers[k] > 0 else -1
        return sign * min(abs(self.powers[k]), max(self.most_w(self.index, sign), 10.0))

    def efficiency(self, car_w: float) -> float:
        """Return the efficiency at a power."""
        steps = sorted(self.side(car_w).efficiency, key=lambda step: step.from_w)
        held = [step.efficiency for step in steps if abs(car_w) >= step.from_w - 1e-6]
        return held[-1] if held else steps[0].efficiency if steps else 1.0

    def moved_pct(self, k: int, car_w: float) -> float:
        """Return how far a slot at a power moves the state of charge, as a magnitude."""
        factor = self.efficiency(car_w)
        moved = abs(car_w) * self.question.slot_s[k] / 3600 * (factor if car_w > 0 else 1 / factor)
        return 100 * moved / self.question.capacity_wh
