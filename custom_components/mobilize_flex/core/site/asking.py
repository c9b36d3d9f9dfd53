"""Asking for a plan: when one is due, and what it should be about."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from ..battery.losses import efficiency_steps
from ..control.bounds import ceiling_pct, planned_floor_pct
from ..control.decide import Situation
from ..control.effect import cap_w
from ..control.pace import denied_share
from ..grid.dimming import feed_in_share, guaranteed_w
from ..grid.envelope import limit_a
from ..grid.house import expected_w
from ..model.commands import MakePlan
from ..model.electric import NOMINAL_V
from ..model.moment import Moment
from ..model.plan import PlannedDeparture, PlanQuestion, PowerRange
from ..model.prices import Certainty, PriceCurve, PriceSlot
from ..model.programme import Departure
from ..model.session import Phase
from ..model.state import EvseState, SiteState
from ..plan.departures import upcoming
from ..plan.question import terminal_value
from ..plan.sun import sun_at
from ..tariff.slots import LONGEST as LONGEST_SLOT, slots_ahead
from .draft import Draft
from .neighbours import another_is_asked, is_asked, shared_house
from .outings import Leaving, habits, leavings
from .wanting import HORIZON

RENEW_S: Final = 300.0
SPACING_S: Final = 10.0
DEVIATION_PCT: Final = 2.0
HOUSE_READINGS: Final = 3
HOUSE_WAIT_S: Final = 60.0
HOUSE_SPACING_S: Final = 30.0
HOUSE_CHANGE_W: Final = 500.0
HOUSE_CHANGE_SHARE: Final = 0.3
LONGEST: Final = timedelta(hours=48)
SHORTEST: Final = timedelta(hours=12)
LEAST_RUN_SLOTS: Final = 2
LEAST_REST_SLOTS: Final = 2
EVER: Final = 1000
EPOCH: Final = datetime(2020, 1, 1, tzinfo=UTC)
CONNECTION_SHARE: Final = 0.95
CAUTION: Final = 0.97
"""A car that charges a little worse than it was said to must not be left with a dear last kilowatt-hour."""
DENIED: Final = 0.5
"""What a refused order costs: a station without one charges as it likes until the next is taken."""
HOUR: Final = timedelta(hours=1)
HURRY: Final = 1.5
"""The house may leave the car less than its full power."""
LIMITED: Final = HOUR
"""Nobody says how long a limit from outside will last."""
HAZARD_PER_H: Final = 0.01
"""Cars are unplugged early now and then: of equal prices the earlier is a little better."""


def ask_plan(d: Draft, identity: str, number: int, situation: Situation) -> None:
    """Ask for a plan if one is due and can be made."""
    evse = _with_mode(d, identity, number)
    if not _may_plan(situation) or _house_unheard(d, identity, evse) or not _is_due(d, evse, situation):
        return
    if another_is_asked(d.state, identity, number, d.now):
        return
    question = _question(d.state, identity, situation, evse, d.now)
    command = MakePlan(id=d.next_id(), station=identity, evse=number, question=question)
    d.commands.append(command)
    house_w = d.state.meter.recent_w
    asked = replace(evse, plan_id=command.id, plan_asked_at=d.now, plan_house_w=house_w, plan_stale=False)
    d.put_evse(identity, replace(asked, plan_gives=_gives(situation)))


def _may_plan(s: Situation) -> bool:
    plannable = s.phase in (Phase.V2G, Phase.STANDARD) and not s.needs_replug
    return s.online and plannable and s.programmed and s.priced and s.soc_pct is not None


def _house_unheard(d: Draft, identity: str, evse: EvseState) -> bool:
    """Return whether the meter speaks but has not told enough of the house yet; that is waited for a minute only."""
    waits = d.now.age_s(d.state.stations[identity].connected_at) < HOUSE_WAIT_S
    return waits and evse.envelope.fresh and d.state.meter.readings < HOUSE_READINGS


def _is_due(d: Draft, evse: EvseState, s: Situation) -> bool:
    age_s = d.now.age_s(evse.plan_asked_at)
    if is_asked(evse, d.now):
        return False
    if evse.plan is None or age_s >= RENEW_S:
        return age_s >= SPACING_S or evse.plan_asked_at is None
    if age_s < SPACING_S:
        return False
    slot = evse.plan.at(d.now.utc)
    if _gives(s) is not evse.plan_gives or (age_s >= HOUSE_SPACING_S and _house_strays(d.state, evse)):
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


def _with_mode(d: Draft, identity: str, number: int) -> EvseState:
    """Return an EVSE that knows since when a plan wants what it does of the car; before a plan it rests for ever."""
    evse = d.evse(identity, number)
    slot = evse.plan.at(d.now.utc) if evse.plan else None
    wanted_w = slot.power_w if slot and slot.power_w else evse.decision.wished_w or 0.0
    planned = evse.session is not None and evse.plan is not None
    mode = (wanted_w > 0) - (wanted_w < 0) if planned else 0
    mode_at = None if not planned else evse.mode_at if mode == evse.mode else d.now
    if (mode, mode_at) != (evse.mode, evse.mode_at):
        evse = replace(evse, mode=mode, mode_at=mode_at)
        d.put_evse(identity, evse)
    return evse


def _age_slots(since: Moment | None, now: Moment) -> int:
    """Return how many quarters of an hour have begun since an instant."""
    if since is None:
        return EVER
    return (now.utc - EPOCH) // LONGEST_SLOT - (since.utc - EPOCH) // LONGEST_SLOT


@dataclass(frozen=True, slots=True)
class _Ahead:
    """Hold the hours a plan is made for: its slots, the departures within them, and those of the week to come."""

    slots: tuple[PriceSlot, ...]
    leavings: tuple[Leaving, ...]
    departures: tuple[Departure, ...]

    def held_pct(self, s: Situation) -> float:
        """Return the level wanted at the first departure beyond the slots."""
        end = self.slots[-1].end
        return next((s.wishes.level_pct(d.programme) for d in self.departures if d.at > end), 0.0)


def _look_ahead(state: SiteState, s: Situation, now: datetime) -> _Ahead:
    departures = upcoming(state.wishes.leavings, state.config.zone, now, HORIZON)
    known = habits(state, s.vehicle.key)
    end = _horizon(state.prices, departures, now)
    ahead = tuple(one for one in leavings(departures, known, state.config.zone) if one.departure.at <= end)
    marks = [at for one in ahead for at in (one.departure.climate_from, one.departure.at, one.back)]
    return _Ahead(slots_ahead(state.outlook, now, end, marks), ahead, departures)


def _question(state: SiteState, identity: str, s: Situation, evse: EvseState, now: Moment) -> PlanQuestion:
    ahead = _look_ahead(state, s, now.utc)
    slots, count = ahead.slots, len(ahead.slots)
    connection_w = limit_a(state.config, state.meter.reading) * NOMINAL_V * state.config.phases * CONNECTION_SHARE
    usual = [_house_w(state, p.start, now.utc) for p in slots]
    house = shared_house(state, identity, evse.evse, [p.start for p in slots], usual)
    return PlanQuestion(
        start=now.utc,
        slot_s=tuple((p.end - p.start).total_seconds() for p in slots),
        import_per_kwh=tuple(p.import_per_kwh for p in slots),
        export_per_kwh=tuple(p.export_per_kwh for p in slots),
        house_w=tuple(house_w for house_w, _ in house),
        sun_w=tuple(sun_w for _, sun_w in house),
        import_limit_w=(connection_w,) * count,
        export_limit_w=_feed_in_w(state, connection_w, slots, house, now),
        charge_limit_w=_held_down_w(state, s, evse, slots, now),
        discharge_limit_w=_let_out_w(state, s, evse, ahead, now),
        known=tuple(p.certainty is Certainty.KNOWN for p in slots),
        feed_in_from_car=state.config.feed_in_w > 0,
        capacity_wh=s.battery.capacity_wh,
        soc_now_pct=s.soc_pct or 0.0,
        soc_min_pct=planned_floor_pct(s.wishes, s.soc_pct or 0.0, s.soc_error_pct),
        soc_max_pct=s.wishes.soc_max_pct,
        overshoot_pct=ceiling_pct(s.phase, s.wishes, v2g=s.v2g_now, error_pct=s.soc_error_pct, last_stretch=False),
        final_approach_slots=_final_slots(slots, ahead.leavings, timedelta(seconds=s.last_stretch_s)),
        charge=_charge(s, evse),
        discharge=_discharge(s),
        departures=_planned(ahead, s),
        ageing_per_kwh=state.config.ageing_per_kwh,
        terminal_value_per_kwh=_terminal(state, slots, s),
        start_cost=state.config.start_cost,
        min_run_slots=LEAST_RUN_SLOTS,
        min_idle_slots=LEAST_REST_SLOTS,
        initial_mode=evse.mode,
        initial_mode_slots=EVER if _hurries(ahead, s, now.utc) else _age_slots(evse.mode_at, now),
        unplug_hazard=tuple(HAZARD_PER_H * (p.end - p.start) / HOUR for p in slots),
        comfort_soc_pct=s.wishes.soc_max_pct,
        comfort_per_kwh=max((p.import_per_kwh for p in slots), default=0.0),
        held_soc_pct=ahead.held_pct(s),
    )


def _hurries(ahead: _Ahead, s: Situation, now: datetime) -> bool:
    """Return whether the next departure leaves no time to go on first with what the car is doing."""
    leaves = ahead.departures[0] if ahead.departures else None
    if leaves is None:
        return False
    level_pct, battery = s.soc_pct or 0.0, s.battery
    missing_pct = s.wishes.level_pct(leaves.programme) - level_pct
    excess_pct = level_pct - s.wishes.soc_max_pct if s.v2g_now and s.max_discharge_w > 0.0 else 0.0
    into_w = s.likely_charge_w * battery.efficiency(s.likely_charge_w)
    out_w = s.max_discharge_w / battery.efficiency(-s.max_discharge_w)
    takes_h = max(missing_pct / max(into_w, 1.0), excess_pct / max(out_w, 1.0)) / 100.0 * battery.capacity_wh
    return takes_h > 0.0 and HURRY * takes_h * HOUR > leaves.at - now - LEAST_RUN_SLOTS * LONGEST_SLOT


def _charge(s: Situation, evse: EvseState) -> PowerRange:
    share = CAUTION - DENIED * denied_share(evse.delivery)
    steps = efficiency_steps(s.battery, 1, s.min_charge_w, share)
    return PowerRange(min_w=s.min_charge_w, max_w=s.likely_charge_w, efficiency=steps)


def _gives(s: Situation) -> bool:
    """Return whether the car can be ordered to give back."""
    return s.phase is Phase.V2G and s.v2g_now and s.consent and s.no_route is None and not s.reversed


def _discharge(s: Situation) -> PowerRange:
    return PowerRange(
        min_w=s.min_discharge_w,
        max_w=s.max_discharge_w if _gives(s) else 0.0,
        efficiency=efficiency_steps(s.battery, -1, s.min_discharge_w),
    )


def _house_w(state: SiteState, at: datetime, now: datetime) -> tuple[float, float]:
    """Return what the house should take and the sun should give."""
    return expected_w(state.meter, at, state.config.zone, now, sun_at(state.sun, at))


def _feed_in_w(
    state: SiteState,
    connection_w: float,
    slots: Sequence[PriceSlot],
    house: Sequence[tuple[float, float]],
    now: Moment,
) -> tuple[float, ...]:
    """Return what may leave the home in each slot: for an hour to come, what the grid operator leaves of it.

    More sun than that is none of the car's doing: it leaves no room for the car, and nobody is fined for it.
    """
    agreed_w = max(state.config.feed_in_w, 0.0) or connection_w
    left_w, soon = agreed_w * feed_in_share(state), now.utc + LIMITED
    allowed_w = (left_w if p.start < soon else agreed_w for p in slots)
    return tuple(max(w, sun_w - house_w) for w, (house_w, sun_w) in zip(allowed_w, house, strict=True))


def _held_down_w(
    state: SiteState, s: Situation, evse: EvseState, slots: Sequence[PriceSlot], now: Moment
) -> tuple[float, ...] | None:
    """Return the most that may be taken in each slot while somebody else limits that: for an hour to come, say."""
    told = (s.external_limit_w, guaranteed_w(state, now), cap_w(evse.delivery, 1, now))
    limits = [max(0.0, w) for w in told if w is not None]
    if not limits:
        return None
    return tuple(min(limits) if p.start < now.utc + LIMITED else s.max_charge_w for p in slots)


def _let_out_w(state: SiteState, s: Situation, evse: EvseState, ahead: _Ahead, now: Moment) -> tuple[float, ...]:
    """Return the most that may be given back in each slot; a cap the station told of holds for an hour to come."""
    cap = cap_w(evse.delivery, -1, now)
    able_w = [_giving_w(p.start, ahead.departures, state.wishes.v2g, s) for p in ahead.slots]
    if cap is None:
        return tuple(able_w)
    soon = now.utc + LIMITED
    return tuple(min(w, cap) if p.start < soon else w for p, w in zip(ahead.slots, able_w, strict=True))


def _giving_w(at: datetime, departures: Sequence[Departure], v2g: bool, s: Situation) -> float:
    """Return the most that may be given back: nothing while a cabin is prepared, or in a later stay without V2G."""
    coming = next((k for k, d in enumerate(departures) if d.at > at), None)
    if coming is None:
        return s.max_discharge_w
    departure = departures[coming]
    prepares = departure.climate_from <= at
    unwanted = coming > 0 and not (v2g and departure.programme.v2g)
    return 0.0 if prepares or unwanted else s.max_discharge_w


def _horizon(prices: PriceCurve, departures: Sequence[Departure], now: datetime) -> datetime:
    """Return how far to look: to the next departure and to the end of the known prices, within bounds."""
    known = max((p.end for p in prices.slots if p.certainty is Certainty.KNOWN), default=now)
    return min(max([known, now + SHORTEST, *(d.at for d in departures[:1])]), now + LONGEST)


def _final_slots(slots: Sequence[PriceSlot], ahead: Sequence[Leaving], stretch: timedelta) -> int:
    """Return how many slots the last stretch before a departure has."""
    first = ahead[0].departure.at if ahead else slots[0].start
    return sum(1 for p in slots if first - stretch <= p.start < first)


def _planned(ahead: _Ahead, s: Situation) -> tuple[PlannedDeparture, ...]:
    """Return the departures at their boundaries, up to the first the car is not back from; trips spare the minimum."""
    planned: list[PlannedDeparture] = []
    for one in ahead.leavings:
        leaves, back = (sum(1 for p in ahead.slots if p.end <= at) for at in (one.departure.at, one.back))
        if not leaves > 0:
            continue
        wanted = s.wishes.level_pct(one.departure.programme)
        spare_pct = min(one.used_pct, max(0.0, wanted - s.wishes.soc_min_pct))
        planned.append(
            PlannedDeparture(
                slot=leaves,
                target_soc_pct=wanted,
                return_slot=back if leaves < back < len(ahead.slots) else None,
                trip_wh=spare_pct / 100 * s.battery.capacity_wh,
            )
        )
        if planned[-1].return_slot is None:
            break
    return tuple(planned)


def _terminal(state: SiteState, slots: Sequence[PriceSlot], s: Situation) -> float:
    return terminal_value(
        [p.import_per_kwh for p in slots],
        [(p.end - p.start) / HOUR for p in slots],
        charge_efficiency=s.battery.efficiency(s.likely_charge_w),
        discharge_efficiency=s.battery.efficiency(-s.max_discharge_w) if _discharge(s).max_w else None,
        ageing_per_kwh=state.config.ageing_per_kwh,
    )
