"""Why the car charges or gives back in a slot of a plan."""

from typing import Final

from ..model.reasons import Reason, Why
from .figures import A_TOUCH_PCT, CLOSE_PCT, SAME, Rule, first_of, iso, needed, say, target_pct, wanted_pct
from .intake import KILO
from .story import Story

SHARE_OF_SUN: Final = 0.5
WAITS_H: Final = 2.0


# --- charging -----------------------------------------------------------------------------------


def _below_minimum(story: Story, slot: int) -> Why | None:
    soc, least = story.begin_pct(slot), story.pct(story.case.battery.floor_kwh)
    return say(Reason.BELOW_MINIMUM, soc_pct=soc, minimum_pct=least) if soc < least - A_TOUCH_PCT else None


def _from_sun(story: Story, slot: int) -> Why | None:
    """Say that the sun charges the car; shortly before a departure that wants energy, the sun is not waited for."""
    goal = story.goal(slot)
    if goal is not None and needed(story, slot) and story.case.hours[slot : goal + 1].sum() <= WAITS_H:
        return None
    surplus, power = -float(story.case.connection.net_kw[slot]), story.power_kw[slot]
    if surplus < SHARE_OF_SUN * power:
        return None
    return say(Reason.SUN, surplus_w=surplus / KILO, power_w=power / KILO)


def _paid_to_charge(story: Story, slot: int) -> Why | None:
    price = story.paid(slot)
    return say(Reason.CHEAP_PRICE, price=price) if price <= 0 else None


def _at_risk(story: Story, slot: int) -> Why | None:
    """Say that the target will be missed, whatever is done."""
    goal = story.goal(slot)
    if goal is None or story.end_pct(goal) >= target_pct(story, goal) - CLOSE_PCT:
        return None
    return say(
        Reason.DEPARTURE_AT_RISK,
        departure=iso(story, goal + 1),
        target_pct=target_pct(story, goal),
        soc_pct=story.end_pct(goal),
    )


def _cheap_hour(story: Story, slot: int) -> Why | None:
    """Say that no hour left unused would have been cheaper, and some would have been dearer."""
    first, end = story.stay(slot)
    use = first_of(k for k in range(slot, end) if story.power_kw[k] < 0)
    goal = story.goal(slot)
    until = use if use is not None else end if goal is None else goal + 1
    unused = [k for k in range(first, until) if story.power_kw[k] == 0 and story.case.charge.open[k]]
    if not unused:
        return None
    prices = story.charge_prices(story.power_kw[slot])[unused]
    price = story.paid(slot)
    if price > prices.min() + SAME or price > prices.max() - SAME:
        return None
    ready = {"departure": iso(story, goal + 1)} if use is None and goal is not None else {}
    return say(Reason.CHEAP_PRICE, price=price, dearest=float(prices.max()), **ready)


def _before_departure(story: Story, slot: int) -> Why | None:
    goal = story.goal(slot)
    if goal is None or story.begin_pct(slot) >= wanted_pct(story, goal) - A_TOUCH_PCT:
        return None
    return say(Reason.DEPARTURE, departure=iso(story, goal + 1), target_pct=wanted_pct(story, goal))


def _for_later(story: Story, slot: int) -> Why | None:
    """Say that the energy comes back later for more than it costs now."""
    cost = story.paid(slot) / story.efficiency(slot) + 2 * story.case.battery.ageing
    later = [k for k in range(slot + 1, story.case.slots) if story.power_kw[k] < 0]
    best = max(later, key=lambda k: story.paid(k) * story.efficiency(k), default=None)
    if best is None or story.paid(best) * story.efficiency(best) < cost - SAME:
        return None
    return say(Reason.CHEAP_PRICE, price=story.paid(slot), later_price=story.paid(best), at=iso(story, best))


def _worth_it(story: Story, slot: int) -> Why | None:
    """Say that a stored kWh is worth more than it costs."""
    price, worth = story.paid(slot), story.worth[slot]
    if price / story.efficiency(slot) + story.case.battery.ageing > worth + SAME:
        return None
    return say(Reason.CHEAP_PRICE, price=price, worth=worth)


def _for_later_if_full_enough(story: Story, slot: int) -> Why | None:
    return None if needed(story, slot) else _for_later(story, slot)


# --- giving back --------------------------------------------------------------------------------


def _relieves_line(story: Story, slot: int) -> Why | None:
    """Say that the house alone would draw too much."""
    line = story.case.connection
    if line.net_kw[slot] <= line.import_kw[slot]:
        return None
    return say(Reason.HOUSE_LIMIT, house_w=line.net_kw[slot] / KILO, limit_w=line.import_kw[slot] / KILO)


def _dear(story: Story, slot: int) -> Reason:
    """Return whether the price counts for the house (import) or for the grid (export)."""
    used_at_home = max(float(story.case.connection.net_kw[slot]), 0.0)
    sold = -story.power_kw[slot] > used_at_home + KILO
    return Reason.SELL_PRICE if sold else Reason.HIGH_PRICE


def _refilled_cheaper(story: Story, slot: int) -> Why | None:
    """Say that the battery is filled again for less."""
    refill = first_of(k for k in range(slot + 1, story.case.slots) if story.power_kw[k] > 0)
    if refill is None:
        return None
    spread = story.paid(slot) * story.efficiency(slot) - story.paid(refill) / story.efficiency(refill)
    spread -= 2 * story.case.battery.ageing
    if spread < SAME:
        return None
    return say(
        _dear(story, slot),
        price=story.paid(slot),
        refill_price=story.paid(refill),
        refill_at=iso(story, refill),
        spread=spread,
    )


def _too_full(story: Story, slot: int) -> Why | None:
    """Say that the car holds more than it may, now or when it leaves."""
    battery, goal = story.case.battery, story.goal(slot)
    limits = [float(battery.ceiling_kwh[slot])] + ([battery.most_at_departure_kwh] if goal is not None else [])
    ceiling, soc = story.pct(min(limits)), story.begin_pct(slot)
    return say(Reason.CEILING_REACHED, soc_pct=soc, ceiling_pct=ceiling) if soc > ceiling + A_TOUCH_PCT else None


def _worth_less_kept(story: Story, slot: int) -> Why | None:
    """Say that a kWh brings more now than it would be worth if kept."""
    price, worth = story.paid(slot), story.worth[slot]
    if price * story.efficiency(slot) - story.case.battery.ageing < worth - SAME:
        return None
    return say(_dear(story, slot), price=price, worth=worth)


def _better_than_left(story: Story, slot: int) -> Why | None:
    """Say that a kWh brings more now than what is left in the end is worth, where nothing is filled again."""
    price, worth = story.paid(slot), story.case.battery.terminal
    if (
        any(power > 0 for power in story.power_kw[slot:])
        or price * story.efficiency(slot) - story.case.battery.ageing < worth
    ):
        return None
    return say(_dear(story, slot), price=price, left_worth=worth)


def _at_a_loss(story: Story, slot: int) -> Why | None:
    """Say that room is made where nothing is earned by giving itself."""
    return _makes_room(story, slot) if story.paid(slot) <= 0 else None


def _makes_room(story: Story, slot: int) -> Why | None:
    """Say that cheaper energy comes later and needs the room."""
    later = [k for k in story.rest(slot) if story.power_kw[k] > 0 and story.paid(k) < story.paid(slot) - SAME]
    best = min(later, key=story.paid, default=None)
    if best is None:
        return None
    return say(Reason.ROOM_FOR_LATER, price=story.paid(slot), cheaper_price=story.paid(best), at=iso(story, best))


CHARGING: Final[tuple[Rule, ...]] = (
    _below_minimum,
    _from_sun,
    _at_risk,
    _paid_to_charge,
    _for_later_if_full_enough,
    _cheap_hour,
    _before_departure,
    _for_later,
    _worth_it,
)
GIVING: Final[tuple[Rule, ...]] = (
    _relieves_line,
    _at_a_loss,
    _refilled_cheaper,
    _worth_less_kept,
    _better_than_left,
    _too_full,
    _makes_room,
)
