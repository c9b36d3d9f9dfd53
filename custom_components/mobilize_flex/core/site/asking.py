"""Asking for a plan: when one is due, and what it should be about."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from ..control.decide import CEILING_PCT, FLOOR_MARGIN_PCT, Situation
from ..grid.envelope import limit_a
from ..grid.house import expected_w
from ..model.commands import MakePlan
from ..model.electric import NOMINAL_V
from ..model.moment import Moment
from ..model.plan import EfficiencyStep, PlannedDeparture, PlanQuestion, PowerRange
from ..model.prices import Certainty, PriceCurve, PriceSlot
from ..model.programme import Departure
from ..model.session import Phase
from ..model.state import EvseState, SiteState
from ..plan.departures import upcoming
from ..plan.question import terminal_value
from ..tariff import curve
from ..tariff.slots import slots_ahead
from .draft import Draft

RENEW_S: Final = 300.0
SPACING_S: Final = 10.0
LOST_S: Final = 60.0
DEVIATION_PCT: Final = 2.0
HOUSE_READINGS: Final = 3
HOUSE_SPACING_S: Final = 30.0
HOUSE_CHANGE_W: Final = 500.0
HOUSE_CHANGE_SHARE: Final = 0.3
LONGEST: Final = timedelta(hours=48)
SHORTEST: Final = timedelta(hours=12)
CONNECTION_SHARE: Final = 0.95
CAUTION: Final = 0.97
"""A car that charges a little worse than it was said to must not be left with a dear last kilowatt-hour."""
FINAL_APPROACH: Final = timedelta(hours=2)
HOUR: Final = timedelta(hours=1)
HAZARD_PER_H: Final = 0.01
"""Cars are unplugged early now and then: of equal prices the earlier is a little better."""


def price_curve(state: SiteState, now: Moment) -> PriceCurve:
    """Return the prices from the last hour on, as far ahead as a plan may look."""
    start = now.utc.replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    end = start + LONGEST + timedelta(hours=2)
    return curve.price_curve(state.config.contract, state.published, state.config.zone, start, end)


def ask_plan(d: Draft, identity: str, number: int, situation: Situation) -> None:
    """Ask for a plan if one is due and can be made."""
    evse = d.evse(identity, number)
    if not _may_plan(situation) or _house_unheard(d.state, evse) or not _is_due(d, evse, situation):
        return
    question = _question(d.state, situation, evse, d.now)
    command = MakePlan(id=d.next_id(), station=identity, evse=number, question=question)
    d.commands.append(command)
    house_w = d.state.meter.recent_w
    asked = replace(evse, plan_id=command.id, plan_asked_at=d.now, plan_house_w=house_w, plan_stale=False)
    d.put_evse(identity, asked)


def _may_plan(s: Situation) -> bool:
    plannable = s.phase in (Phase.V2G, Phase.STANDARD) and not s.needs_replug
    return s.online and plannable and s.programmed and s.priced and s.soc_pct is not None


def _house_unheard(state: SiteState, evse: EvseState) -> bool:
    """Return whether the meter speaks but has not told enough of the house yet to plan on it."""
    return evse.envelope.fresh and state.meter.readings < HOUSE_READINGS


def _is_due(d: Draft, evse: EvseState, s: Situation) -> bool:
    age_s = d.now.age_s(evse.plan_asked_at)
    if evse.plan_id is not None and age_s < LOST_S:
        return False
    if evse.plan is None or age_s >= RENEW_S:
        return age_s >= SPACING_S or evse.plan_asked_at is None
    if age_s < SPACING_S:
        return False
    slot = evse.plan.at(d.now.utc)
    if age_s >= HOUSE_SPACING_S and _house_strays(d.state, evse):
        return True
    return evse.plan_stale or slot is None or _began_since(slot.start, evse, d.now) or _strays(evse, s, d.now)


def _began_since(start: datetime, evse: EvseState, now: Moment) -> bool:
    """Return whether a slot of the plan began after the plan was asked for."""
    return evse.plan_asked_at is not None and start > evse.plan_asked_at.utc and start <= now.utc


def _house_strays(state: SiteState, evse: EvseState) -> bool:
    """Return whether the house takes something quite else than when the plan was asked for."""
    now_w, then_w = state.meter.recent_w, evse.plan_house_w
    if now_w is None or then_w is None:
        return now_w is not then_w
    return abs(now_w - then_w) > max(HOUSE_CHANGE_W, HOUSE_CHANGE_SHARE * abs(then_w))


def _strays(evse: EvseState, s: Situation, now: Moment) -> bool:
    """Return whether the battery is not where the plan thought it would be."""
    slot = evse.plan.at(now.utc) if evse.plan else None
    if slot is None or s.soc_pct is None or evse.plan is None:
        return False
    before = [p.soc_end_pct for p in evse.plan.slots if p.end <= slot.start]
    if not before:
        return False
    low, high = sorted((before[-1], slot.soc_end_pct))
    return not low - DEVIATION_PCT <= s.soc_pct <= high + DEVIATION_PCT


def _question(state: SiteState, s: Situation, evse: EvseState, now: Moment) -> PlanQuestion:
    departures = upcoming(state.wishes.leavings, state.config.zone, now.utc, LONGEST)
    first = departures[0] if departures else None
    marks = [first.climate_from, first.at] if first else []
    slots = slots_ahead(state.prices, now.utc, _horizon(state.prices, first, now.utc), marks)
    zone = state.config.zone
    count = len(slots)
    connection_w = limit_a(state.config, state.meter.reading) * NOMINAL_V * state.config.phases * CONNECTION_SHARE
    order = evse.delivery.order
    return PlanQuestion(
        start=now.utc,
        slot_s=tuple((p.end - p.start).total_seconds() for p in slots),
        import_per_kwh=tuple(p.import_per_kwh for p in slots),
        export_per_kwh=tuple(p.export_per_kwh for p in slots),
        house_w=tuple(max(0.0, expected_w(state.meter, p.start, zone, now.utc)) for p in slots),
        sun_w=tuple(_sun_w(state, p) for p in slots),
        import_limit_w=(connection_w,) * count,
        export_limit_w=(max(state.config.feed_in_w, 0.0) or connection_w,) * count,
        discharge_limit_w=_giving_w(slots, first, s),
        known=tuple(p.certainty is Certainty.KNOWN for p in slots),
        feed_in_from_car=state.config.feed_in_w > 0,
        capacity_wh=_capacity_wh(s),
        soc_now_pct=s.soc_pct or 0.0,
        soc_min_pct=min(s.wishes.soc_min_pct + FLOOR_MARGIN_PCT, s.wishes.soc_max_pct),
        soc_max_pct=s.wishes.soc_max_pct,
        overshoot_pct=CEILING_PCT if s.phase is Phase.V2G else s.wishes.soc_max_pct,
        final_approach_slots=_final_slots(slots, first),
        charge=_range(s.min_charge_w, s.max_charge_w, s.vehicle.charge_efficiency * CAUTION),
        discharge=_discharge(s),
        departures=_planned(slots, first, s),
        ageing_per_kwh=state.config.ageing_per_kwh,
        terminal_value_per_kwh=_terminal(state, slots, s),
        start_cost=state.config.start_cost,
        initial_mode=0 if order is None else (order.power_w > 0) - (order.power_w < 0),
        initial_mode_slots=1,
        unplug_hazard=tuple(HAZARD_PER_H * (p.end - p.start) / HOUR for p in slots),
        comfort_soc_pct=s.wishes.soc_max_pct,
        comfort_per_kwh=max((p.import_per_kwh for p in slots), default=0.0),
    )


def _capacity_wh(s: Situation) -> float:
    told = s.needs.capacity_wh if s.needs else None
    return told or s.vehicle.capacity_wh


def _range(min_w: float, max_w: float, efficiency: float) -> PowerRange:
    return PowerRange(min_w=min_w, max_w=max_w, efficiency=(EfficiencyStep(0.0, efficiency),))


def _discharge(s: Situation) -> PowerRange:
    able = s.phase is Phase.V2G and s.v2g_now and s.consent and s.no_route is None and not s.reversed
    return _range(s.min_discharge_w, s.max_discharge_w if able else 0.0, s.vehicle.discharge_efficiency)


def _giving_w(slots: Sequence[PriceSlot], first: Departure | None, s: Situation) -> tuple[float, ...] | None:
    """Return the most that may be given back in each slot: nothing while the cabin is prepared for the departure."""
    if first is None or not first.programme.climate:
        return None
    return tuple(0.0 if first.climate_from <= p.start < first.at else s.max_discharge_w for p in slots)


def _horizon(prices: PriceCurve, first: Departure | None, now: datetime) -> datetime:
    """Return how far to look: to the next departure and to the end of the prices, within bounds."""
    ends = [prices.end or now, first.at if first else now, now + SHORTEST]
    return min(max(ends), now + LONGEST)


def _final_slots(slots: Sequence[PriceSlot], first: Departure | None) -> int:
    if first is None:
        return 0
    return sum(1 for p in slots if first.at - FINAL_APPROACH <= p.start < first.at)


def _planned(slots: Sequence[PriceSlot], first: Departure | None, s: Situation) -> tuple[PlannedDeparture, ...]:
    """Return the next departure at its boundary; what comes after it is another session."""
    if first is None:
        return ()
    index = sum(1 for p in slots if p.end <= first.at)
    if not index > 0 or first.at > slots[-1].end:
        return ()
    target = first.programme.target_soc_pct
    wanted = s.wishes.soc_max_pct if target is None else min(max(target, s.wishes.soc_min_pct), s.wishes.soc_max_pct)
    return (PlannedDeparture(slot=index, target_soc_pct=wanted),)


def _terminal(state: SiteState, slots: Sequence[PriceSlot], s: Situation) -> float:
    return terminal_value(
        [p.import_per_kwh for p in slots],
        [(p.end - p.start) / HOUR for p in slots],
        charge_efficiency=s.vehicle.charge_efficiency,
        discharge_efficiency=s.vehicle.discharge_efficiency if _discharge(s).max_w else None,
        ageing_per_kwh=state.config.ageing_per_kwh,
    )


def _sun_w(state: SiteState, slot: PriceSlot) -> float:
    before = [w for at, w in state.sun.rows if at <= slot.start]
    return before[-1] if before else 0.0
