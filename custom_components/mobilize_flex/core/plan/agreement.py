"""The proof that a plan's reasons are true: each sentence held against the plan itself.

Nothing of ``reasons`` is used here. A claim gets one slot of a finished plan with the figures its sentence would show,
works out prices for itself, and says whether the sentence is true.
"""

from collections.abc import Callable
from math import isclose
from typing import Final

from ..model.plan import Plan, PlanQuestion
from ..model.reasons import Reason
from .page import Page

CENT: Final = 0.001
"""Money per kWh a claim may be off; figures are rounded for people."""
SOC_PCT: Final = 0.25
NEAR: Final = 0.03
"""Money per kWh under which a change gains too little to speak of."""
LEAST_W: Final = 1.0

type Claim = Callable[[Page], bool]


def agrees(question: PlanQuestion, plan: Plan, index: int) -> bool:
    """Tell whether a slot's reason, with its figures, is true of the plan."""
    page = Page(question, plan, index)
    claims = CHARGING if page.power > 0 else GIVING if page.power < 0 else RESTING
    claim = claims.get(page.slot.why.reason)
    return claim is not None and claim(page)


def _paid(page: Page) -> bool:
    """Tell whether the price shown is what the slot's power costs or brings."""
    return _same(page.number("price"), page.price(page.index, page.power))


def _same(shown: float, true: float) -> bool:
    return isclose(shown, true, rel_tol=CENT, abs_tol=CENT)


# --- charging -----------------------------------------------------------------------------------


def _below_minimum(page: Page) -> bool:
    return page.soc(page.index) < page.question.soc_min_pct


def _sun(page: Page) -> bool:
    return page.surplus_w(page.index) >= page.power / 2 - LEAST_W


def _at_risk(page: Page) -> bool:
    leaves = page.leaves
    return leaves is not None and page.soc(leaves.slot) < leaves.target_soc_pct and _departs(page)


def _departs(page: Page) -> bool:
    """Tell whether the departure shown is the next one."""
    return page.leaves is not None and page.found("departure") == page.leaves.slot


def _cheap(page: Page) -> bool:
    if not _paid(page):
        return False
    price, ageing = page.number("price"), page.question.ageing_per_kwh
    if "later_price" in page.figures:
        at = page.found("at")
        back = page.number("later_price") * page.efficiency(page.powers[at])
        later = at > page.index and page.powers[at] < 0
        return later and back >= price / page.efficiency(page.power) + 2 * ageing - CENT
    if "dearest" in page.figures:
        return _cheapest(page, price)
    if "worth" in page.figures:
        worth = page.number("worth")
        return price / page.efficiency(page.power) + ageing <= worth + 2 * CENT and _valued(page, worth)
    return price <= CENT


def _valued(page: Page, worth: float) -> bool:
    return _same(worth, page.slot.stored_value_per_kwh)


def _cheapest(page: Page, price: float) -> bool:
    """Tell whether no hour left unused before the energy is wanted is cheaper, and some are dearer."""
    until = next((k for k in range(page.index, page.end) if page.powers[k] < 0), page.end)
    unused = [k for k in range(page.begin, until) if page.powers[k] == 0 and page.open(k, 1)]
    prices = [page.price(k, min(page.power, page.most_w(k, 1))) for k in unused]
    return all(price <= p + CENT for p in prices) and any(price < p for p in prices)


def _for_departure(page: Page) -> bool:
    leaves = page.leaves
    if leaves is None or not _departs(page):
        return False
    trip_pct = 100 * leaves.trip_wh / page.question.capacity_wh if leaves.return_slot is not None else 0.0
    wanted = max(leaves.target_soc_pct, page.question.soc_min_pct + trip_pct)
    return page.soc(page.index) < wanted and isclose(page.number("target_pct"), wanted, abs_tol=SOC_PCT)


# --- giving back --------------------------------------------------------------------------------


def _high(page: Page) -> bool:
    return -page.power <= max(-page.surplus_w(page.index), 0.0) + 2 * LEAST_W and _pays(page)


def _sell(page: Page) -> bool:
    return -page.power > max(-page.surplus_w(page.index), 0.0) and _pays(page)


def _pays(page: Page) -> bool:
    """Tell whether giving back brings more than filling again costs, or than keeping is worth."""
    if not _paid(page):
        return False
    ageing = page.question.ageing_per_kwh
    brought = page.number("price") * page.efficiency(page.power) - ageing
    if "left_worth" in page.figures:
        emptied = all(power <= 0 for power in page.powers[page.index :])
        return emptied and brought >= page.question.terminal_value_per_kwh - CENT
    if "refill_at" not in page.figures:
        worth = page.number("worth")
        return brought >= worth - 2 * CENT and _valued(page, worth)
    at = page.found("refill_at")
    cost = page.price(at, page.powers[at]) / page.efficiency(page.powers[at]) + ageing
    return at > page.index and page.powers[at] > 0 and brought > cost - CENT


def _relieves(page: Page) -> bool:
    return -page.surplus_w(page.index) > page.question.import_limit_w[page.index]


def _too_full(page: Page) -> bool:
    return page.soc(page.index) > page.number("ceiling_pct")


def _room(page: Page) -> bool:
    at = page.found("at")
    return page.index < at < page.end and page.powers[at] > 0 and page.number("cheaper_price") < page.number("price")


# --- resting ------------------------------------------------------------------------------------


def _cheaper(page: Page) -> bool:
    at = page.found("at")
    if not page.index < at < page.end or page.powers[at] <= 0 or not page.open(page.index, 1):
        return False
    then, now = page.price(at, page.powers[at]), page.price(page.index, page.like(at))
    return now > then and _same(page.number("cheaper_price"), then) and _same(page.number("price"), now)


def _peak(page: Page) -> bool:
    at = page.found("at")
    if not page.index < at < page.end or page.powers[at] >= 0:
        return False
    then = page.price(at, page.powers[at])
    now = page.price(page.index, page.like(at)) if page.open(page.index, -1) else 0.0
    return then > now and _same(page.number("peak_price"), then)


def _no_hurry(page: Page) -> bool:
    at = page.found("at")
    if at != page.next_run:
        return False
    return _same(page.price(at, page.powers[at]), page.price(page.index, page.like(at)))


def _ready(page: Page) -> bool:
    leaves = page.leaves
    full = leaves is not None and page.soc(page.index) >= leaves.target_soc_pct - SOC_PCT
    return full and page.next_run is None and _departs(page)


def _no_spread(page: Page) -> bool:
    if page.next_run is not None or not _valued(page, page.number("worth")):
        return False
    side, ageing = page.question.discharge, page.question.ageing_per_kwh
    open_slots = [k for k in range(page.index, page.end) if page.open(k, -1)]
    nets = [
        page.price(k, -power) * page.efficiency(-power) - ageing
        for k in open_slots
        for power in (side.min_w, page.most_w(k, -1))
    ]
    return bool(nets) and max(nets) <= page.number("worth") + NEAR


def _unsure(page: Page) -> bool:
    """Tell whether prices until the departure are unknown, and the level is where they must not take it below."""
    at, least = page.found("at"), page.moved_pct(page.found("at"), -page.question.discharge.min_w)
    known = page.question.known or (True,) * len(page.powers)
    held = page.leaves.target_soc_pct if page.leaves else page.question.held_soc_pct
    low = page.soc(page.index) - least < page.number("held_pct") + SOC_PCT
    unknown = not all(known[page.begin : page.end])
    return page.next_run is None and page.open(at, -1) and low and unknown and _same(page.number("held_pct"), held)


def _full(page: Page) -> bool:
    least = page.moved_pct(page.index, page.question.charge.min_w)
    return page.soc(page.index) + least > page.number("ceiling_pct") - SOC_PCT


def _empty(page: Page) -> bool:
    least = page.moved_pct(page.index, -page.question.discharge.min_w)
    return page.soc(page.index) - least < page.question.soc_min_pct + SOC_PCT


def _room_kept(page: Page) -> bool:
    at = page.found("at")
    if page.slot.stored_value_per_kwh >= 0 or not page.index < at < len(page.powers) or page.powers[at] <= 0:
        return False
    then, now = page.price(at, page.powers[at]), page.price(page.index, page.like(at))
    return _same(page.number("cheaper_price"), then) and _same(page.number("price"), now) and then < now


def _no_room_for_minimum(page: Page) -> bool:
    """Tell whether the least the charger can do is too much: for the house now, or for what is missing."""
    run = page.next_run
    if run is not None and page.powers[run] < 0:
        return not page.open(page.index, -1)
    leaves, least = page.leaves, page.moved_pct(page.index, page.question.charge.min_w)
    return leaves is not None and 0 < leaves.target_soc_pct - page.soc(page.index) < least + SOC_PCT


def _line_full(page: Page) -> bool:
    room = page.question.import_limit_w[page.index] + page.surplus_w(page.index)
    return room < max(page.question.charge.min_w, LEAST_W) + LEAST_W


def _held_back(page: Page) -> bool:
    return not page.open(page.index, 1) and not _line_full(page)


def _nobody_leaves(page: Page) -> bool:
    return page.leaves is None and page.next_run is None


def _steady(page: Page) -> bool:
    """Tell whether a change would be held back by its own cost, or gain next to nothing."""
    q, index = page.question, page.index
    if q.start_cost > 0 or q.min_run_slots > 1 or q.min_idle_slots > 1:
        return True
    if page.power:
        return abs(_gain(page, page.power)) < NEAR
    sign = -1 if page.open(index, -1) else 1
    return not page.open(index, sign) or _gain(page, sign * page.side(sign).min_w) < NEAR


def _gain(page: Page, power: float) -> float:
    """Return what a kWh in the battery gains by a power, its worth at the end of the slot considered."""
    price, factor, ageing = page.price(page.index, power), page.efficiency(power), page.question.ageing_per_kwh
    worth = page.slot.stored_value_per_kwh
    return worth - price / factor - ageing if power > 0 else price * factor - ageing - worth


def _absent(page: Page) -> bool:
    return page.index in page.away


CHARGING: Final[dict[Reason, Claim]] = {
    Reason.BELOW_MINIMUM: _below_minimum,
    Reason.SUN: _sun,
    Reason.DEPARTURE_AT_RISK: _at_risk,
    Reason.CHEAP_PRICE: _cheap,
    Reason.DEPARTURE: _for_departure,
    Reason.STEADY: _steady,
}
GIVING: Final[dict[Reason, Claim]] = {
    Reason.HIGH_PRICE: _high,
    Reason.SELL_PRICE: _sell,
    Reason.HOUSE_LIMIT: _relieves,
    Reason.CEILING_REACHED: _too_full,
    Reason.ROOM_FOR_LATER: _room,
    Reason.STEADY: _steady,
}
RESTING: Final[dict[Reason, Claim]] = {
    Reason.WAITING_FOR_CHEAPER: _cheaper,
    Reason.WAITING_FOR_PEAK: _peak,
    Reason.NO_HURRY: _no_hurry,
    Reason.ROOM_FOR_LATER: _room_kept,
    Reason.TARGET_REACHED: _ready,
    Reason.SPREAD_TOO_SMALL: _no_spread,
    Reason.PRICES_UNKNOWN: _unsure,
    Reason.CEILING_REACHED: _full,
    Reason.MINIMUM_REACHED: _empty,
    Reason.MINIMUM_POWER: _no_room_for_minimum,
    Reason.HOUSE_LIMIT: _line_full,
    Reason.EXTERNAL_LIMIT: _held_back,
    Reason.NO_PROGRAMME: _nobody_leaves,
    Reason.NOT_CONNECTED: _absent,
    Reason.STEADY: _steady,
}
