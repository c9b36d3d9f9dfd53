"""Inside a slot of the plan: the power follows house and sun as they are, and what the car does turns seldom.

A plan knows house and sun only by forecast. A slot says what it is for; how much that is now the meter knows better.
"""

from dataclasses import dataclass
from typing import Final

from ..model.plan import PlanSlot
from ..model.reasons import Reason

WORTH_IT: Final = 0.01
"""Less gain per kWh than this is not worth moving for."""
CALM_S: Final = 300.0
"""How long after the car stopped something it begins nothing new for money alone."""
URGENT: Final = frozenset({Reason.DEPARTURE, Reason.DEPARTURE_AT_RISK, Reason.BELOW_MINIMUM, Reason.TARGET_REACHED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Hold what the power follows: the house without the car (W, below zero where the sun gives more than it takes).

    ``recent_w`` is its mean of the last minutes: a house measured in the moment a car begins is none to stop for.
    ``min_charge_w`` and ``min_discharge_w`` are the least the car can do, ``charge_share`` and ``discharge_share`` what
    of it arrives. ``may_feed`` is whether the car may feed the grid.
    """

    house_w: float
    recent_w: float
    min_charge_w: float
    min_discharge_w: float
    charge_share: float
    discharge_share: float
    ageing_per_kwh: float
    may_feed: bool


def following(slot: PlanSlot, home: Home) -> float:
    """Return the power of a slot as house and sun are now."""
    if slot.power_w < 0.0:
        return _giving(slot, home)
    if slot.power_w > 0.0 and slot.why.reason is Reason.SUN:
        return _sunny(slot, home)
    return slot.power_w


def _giving(slot: PlanSlot, home: Home) -> float:
    """Return what to give back: every kWh the house draws now is worth its price, every kWh fed in what it sells for.

    Giving one back costs the worth of what is stored, and ageing. A house that draws less than the car can give is
    covered all the same where house and grid together pay for it.
    """
    house_w = max(0.0, home.house_w)
    cost = slot.stored_value_per_kwh / home.discharge_share + home.ageing_per_kwh + WORTH_IT
    if slot.export_per_kwh > cost:
        return min(slot.power_w, -house_w)
    wanted_w = -house_w if slot.import_per_kwh > cost else max(slot.power_w, -house_w)
    least_w = home.min_discharge_w
    if 0.0 < -wanted_w < least_w <= home.recent_w:
        return -least_w
    if not (home.may_feed and 0.0 < -wanted_w < least_w):
        return wanted_w
    paid = (house_w * slot.import_per_kwh + (least_w - house_w) * slot.export_per_kwh) / least_w
    return -least_w if paid > cost else wanted_w


def _sunny(slot: PlanSlot, home: Home) -> float:
    """Return what to take of the sun: what is left of it now; a little from the grid with it where that pays."""
    left_w = max(0.0, -home.house_w)
    worth = slot.stored_value_per_kwh * home.charge_share - home.ageing_per_kwh - WORTH_IT
    if left_w > slot.power_w and slot.export_per_kwh > worth:
        return slot.power_w
    if left_w >= home.min_charge_w:
        return left_w
    bought_w = home.min_charge_w - left_w
    paid = (left_w * slot.export_per_kwh + bought_w * slot.import_per_kwh) / home.min_charge_w
    return home.min_charge_w if paid < worth else 0.0


def calm(power_w: float, reason: Reason, mode: int, stopped_s: float) -> bool:
    """Tell whether a power may leave now: to begin something for money alone waits a while after the last stop.

    ``mode`` is what the car was last ordered (-1 giving, 0 resting, 1 charging). To stop never waits.
    """
    begins = power_w != 0.0 and (power_w > 0.0) - (power_w < 0.0) != mode
    return not begins or reason in URGENT or stopped_s >= CALM_S
