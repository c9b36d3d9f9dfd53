"""Why the car rests in a slot of a plan."""

from typing import Final

import numpy as np

from ..model.reasons import Reason, Why
from .figures import CLOSE_PCT, SAME, WORTH_A_CHANGE, Rule, first_of, iso, needed, say, target_pct
from .intake import KILO
from .story import Story


def _shut_now(story: Story, slot: int) -> Why | None:
    """Say that charging comes next but is not possible yet."""
    run = story.next_run(slot)
    if run is None or story.power_kw[run] < 0 or story.case.charge.open[slot]:
        return None
    return _shut(story, slot)


def _shut(story: Story, slot: int) -> Why:
    """Return which limit leaves no room for charging."""
    line, low = story.case.connection, story.case.charge.low_kw
    if line.import_kw[slot] - line.net_kw[slot] < low:
        return say(Reason.HOUSE_LIMIT, house_w=line.net_kw[slot] / KILO, limit_w=line.import_kw[slot] / KILO)
    return say(Reason.EXTERNAL_LIMIT, minimum_w=low / KILO)


def _cheaper_to_come(story: Story, slot: int) -> Why | None:
    """Say when charging will cost less than now."""
    run = story.next_run(slot)
    if run is None or story.power_kw[run] < 0:
        return None
    coming = [k for k in range(run, story.run_end(run)) if story.paid(k) < _now(story, slot, k) - SAME]
    coming = coming or [
        k for k in story.rest(slot) if story.power_kw[k] > 0 and story.paid(k) < _now(story, slot, k) - SAME
    ]
    if not coming:
        return None
    at = coming[0]
    return say(Reason.WAITING_FOR_CHEAPER, price=_now(story, slot, at), cheaper_price=story.paid(at), at=iso(story, at))


def _now(story: Story, slot: int, like: int) -> float:
    """Return the price now of doing what another slot does."""
    power = story.power_kw[like]
    return float((story.charge_prices(power) if power > 0 else story.gains(-power))[slot])


def _same_later(story: Story, slot: int) -> Why | None:
    """Say that waiting costs nothing: the battery is spared."""
    run = story.next_run(slot)
    if run is None or abs(story.paid(run) - _now(story, slot, run)) > SAME:
        return None
    return say(Reason.NO_HURRY, price=story.paid(run), at=iso(story, run))


def _peak_to_come(story: Story, slot: int) -> Why | None:
    """Say when giving back will bring more than now."""
    run = story.next_run(slot)
    if run is None or story.power_kw[run] > 0:
        return None
    rest = [k for k in story.rest(slot) if story.power_kw[k] < 0]
    at = first_of(k for k in rest if story.paid(k) > max(_now(story, slot, k), 0.0) + SAME)
    if at is None:
        return None
    now = _now(story, slot, at)
    price = {"price": now} if np.isfinite(now) else {}
    return say(Reason.WAITING_FOR_PEAK, **price, peak_price=story.paid(at), at=iso(story, at))


def _nothing_to_cover(story: Story, slot: int) -> Why | None:
    """Say that the price is right but the house takes less than the car can give."""
    run, side = story.next_run(slot), story.case.discharge
    if run is None or story.power_kw[run] > 0 or side.open[slot]:
        return None
    if story.case.connection.price_in[slot] < story.paid(run) - SAME:
        return None
    return say(Reason.MINIMUM_POWER, minimum_w=side.low_kw / KILO)


def _full(story: Story, slot: int) -> Why | None:
    """Say that even the smallest charge would end above the ceiling."""
    side, battery = story.case.charge, story.case.battery
    least = side.moved_kwh(side.low_kw, float(story.case.hours[slot]))
    if story.energies_kwh[slot] + least <= battery.ceiling_kwh[slot]:
        return None
    ceiling = story.pct(float(battery.ceiling_kwh[slot]))
    return say(Reason.CEILING_REACHED, soc_pct=story.begin_pct(slot), ceiling_pct=ceiling)


def _empty(story: Story, slot: int) -> Why | None:
    """Say that even the smallest discharge would end under the minimum."""
    side, battery = story.case.discharge, story.case.battery
    least = side.moved_kwh(side.low_kw, float(story.case.hours[slot]))
    if not _may_give(story, slot) or story.energies_kwh[slot] - least >= battery.floor_kwh:
        return None
    return say(Reason.MINIMUM_REACHED, soc_pct=story.begin_pct(slot), minimum_pct=story.pct(battery.floor_kwh))


def _may_give(story: Story, slot: int) -> bool:
    """Tell whether the car could give anything until it leaves."""
    return bool(story.case.discharge.open[slot : story.stay(slot)[1]].any())


def _ready(story: Story, slot: int) -> Why | None:
    """Say that the car has what it needs, where there is nothing else to do with it."""
    goal = story.goal(slot)
    if goal is None or story.next_run(slot) is not None or needed(story, slot):
        return None
    soc, target = story.begin_pct(slot), target_pct(story, goal)
    if _may_give(story, slot) and soc > target + 5 * CLOSE_PCT:
        return None
    return say(Reason.TARGET_REACHED, soc_pct=soc, target_pct=target, departure=iso(story, goal + 1))


def _short_for_good(story: Story, slot: int) -> Why | None:
    """Say what keeps the car from charging although the target is not met."""
    if story.next_run(slot) is not None or not needed(story, slot):
        return None
    goal, side = story.goal(slot), story.case.charge
    if goal is None or not side.open[slot : goal + 1].any():
        return _shut(story, slot)
    battery, energy = story.case.battery, story.energies_kwh[slot]
    least = side.moved_kwh(side.low_kw, float(story.case.hours[slot]))
    if energy + least > battery.most_at_departure_kwh:
        most = story.pct(battery.most_at_departure_kwh)
        return say(Reason.CEILING_REACHED, soc_pct=story.begin_pct(slot), ceiling_pct=most)
    if story.case.goals[goal].target_kwh - energy > least:
        return None
    return say(Reason.MINIMUM_POWER, minimum_w=side.low_kw / KILO)


def _no_spread(story: Story, slot: int) -> Why | None:
    """Say that giving back never brings what a kWh is worth."""
    if story.next_run(slot) is not None or not _may_give(story, slot):
        return None
    best, at = best_gain(story, slot)
    worth = story.worth[slot]
    if best - story.case.battery.ageing > worth + WORTH_A_CHANGE:
        return None
    return say(Reason.SPREAD_TOO_SMALL, price=best, at=iso(story, at), worth=worth)


def _unsure(story: Story, slot: int) -> Why | None:
    """Say that giving back would pay, but only by prices that nobody has published yet."""
    if story.next_run(slot) is not None or not _may_give(story, slot):
        return None
    battery, side = story.case.battery, story.case.discharge
    best, at = best_gain(story, slot)
    held, least = float(battery.discharge_floor_kwh[at]), side.moved_kwh(side.low_kw, float(story.case.hours[at]))
    if held <= battery.floor_kwh or story.energies_kwh[slot] - least >= held:
        return None
    return say(Reason.PRICES_UNKNOWN, price=best, at=iso(story, at), held_pct=story.pct(held))


def best_gain(story: Story, slot: int) -> tuple[float, int]:
    """Return the most a stored kWh can bring until the car leaves, after losses, and in which slot."""
    side, end = story.case.discharge, story.stay(slot)[1]
    top = float(side.top_kw[slot:end].max())
    gains = [story.gains(power)[slot:end] * side.efficiency(power) for power in (side.low_kw, top)]
    best = np.maximum(*gains)
    at = int(best.argmax())
    return float(best[at]), slot + at


def _keeps_room(story: Story, slot: int) -> Why | None:
    """Say that cheaper energy comes after the next outing and needs the room: what is stored now is in its way."""
    if story.worth[slot] >= 0 or not story.case.charge.open[slot]:
        return None
    later = (k for k in range(slot + 1, story.case.slots) if story.power_kw[k] > 0)
    at = min((k for k in later if story.paid(k) < _now(story, slot, k) - SAME), key=story.paid, default=None)
    if at is None:
        return None
    return say(Reason.ROOM_FOR_LATER, price=_now(story, slot, at), cheaper_price=story.paid(at), at=iso(story, at))


def _nothing_planned(story: Story, slot: int) -> Why | None:
    """Say that no departure asks for energy."""
    if story.next_run(slot) is not None or story.goal(slot) is not None or _may_give(story, slot):
        return None
    return say(Reason.NO_PROGRAMME)


RESTING: Final[tuple[Rule, ...]] = (
    _shut_now,
    _cheaper_to_come,
    _nothing_to_cover,
    _peak_to_come,
    _same_later,
    _no_spread,
    _unsure,
    _ready,
    _short_for_good,
    _empty,
    _full,
    _nothing_planned,
    _keeps_room,
)
