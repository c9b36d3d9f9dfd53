"""The reason of a setpoint fits its power, whatever the situation."""

from dataclasses import replace
from datetime import timedelta
from functools import cache
from random import Random
from typing import Final

import pytest

from custom_components.mobilize_flex.core.control.decide import STEP_W, Situation, decide
from custom_components.mobilize_flex.core.model.plan import Plan
from custom_components.mobilize_flex.core.model.reasons import Reason
from custom_components.mobilize_flex.core.model.session import Phase
from custom_components.mobilize_flex.core.model.state import Decision, Envelope, SiteState
from custom_components.mobilize_flex.core.model.wishes import Wishes
from custom_components.mobilize_flex.core.plan.planner import make_plan
from custom_components.mobilize_flex.core.site import restore
from tests.core.plan import evenings

NOBODY: Final = {Reason.STATION_OFFLINE, Reason.NOT_CONNECTED, Reason.NOT_AUTHORISED, Reason.SESSION_STARTING}
RESTS: Final = {
    Reason.FINISHED,
    Reason.FAULT,
    Reason.WAITING_FOR_CHEAPER,
    Reason.WAITING_FOR_PEAK,
    Reason.NO_HURRY,
    Reason.SPREAD_TOO_SMALL,
    Reason.PRICES_UNKNOWN,
    Reason.TARGET_REACHED,
    Reason.MINIMUM_REACHED,
    Reason.MINIMUM_POWER,
    Reason.PLAN_PENDING,
}
CHARGES: Final = {
    Reason.INSTANT_CHARGE,
    Reason.SOC_UNKNOWN,
    Reason.BELOW_MINIMUM,
    Reason.DEPARTURE,
    Reason.DEPARTURE_AT_RISK,
    Reason.CHEAP_PRICE,
    Reason.SUN,
    Reason.NEEDS_REPLUG,
    Reason.NO_PRICES,
}
GIVES: Final = {Reason.HIGH_PRICE, Reason.SELL_PRICE, Reason.ROOM_FOR_LATER}
"""The others may go either way: no programme, steady, limits of the house, a level above the ceiling."""


@cache
def plans(seed: int) -> Plan:
    return make_plan(evenings.question(seed))


def anything(seed: int) -> Situation:
    """Return the situation of a seed, always the same: any phase, any slot of a plan, any limits."""
    dice = Random(seed)
    wishes = Wishes(soc_min_pct=dice.choice([15.0, 30.0]), soc_max_pct=dice.choice([70.0, 80.0, 95.0]))
    state: SiteState = replace(restore(evenings.config(dice, evenings.FLAT), {}), wishes=wishes)
    slot = dice.choice([None, *plans(dice.randrange(12)).slots])
    house_w = dice.choice([None, -3000.0, 0.0, 150.0, 700.0, 4000.0])
    most_w, least_w = dice.choice([0.0, 900.0, 3000.0, 22_000.0]), -dice.choice([0.0, 400.0, 3000.0, 22_000.0])
    return replace(
        evenings.situation(state, dice),
        online=dice.random() < 0.9,
        phase=dice.choice([*Phase, Phase.V2G, Phase.V2G, Phase.V2G, Phase.V2G]),
        soc_pct=dice.choice([None, dice.uniform(0, 100), dice.uniform(0, 100), dice.uniform(0, 100)]),
        soc_age_s=dice.choice([1.0, 1.0, 1000.0]),
        slot=slot,
        envelope=Envelope(max_w=most_w, min_w=least_w, fresh=True),
        external_limit_w=dice.choice([None, None, None, 0.0, 2000.0]),
        consent=dice.random() < 0.9,
        programmed=dice.random() < 0.8,
        priced=dice.random() < 0.9,
        reversed=dice.random() < 0.1,
        needs_replug=dice.random() < 0.1,
        meeting_again=dice.random() < 0.1,
        preparing=dice.random() < 0.1,
        house_w=house_w,
        ageing_per_kwh=0.01,
        may_feed=dice.random() < 0.3,
        mode=dice.choice([-1, 0, 1]),
        stopped_s=dice.choice([10.0, 1e6]),
        hold_pct=dice.choice([None, 60.0]),
        rest_s=dice.choice([0.0, 1e5]),
    )


@pytest.mark.parametrize("block", range(20))
def test_the_reason_says_what_the_power_does(block: int) -> None:
    for seed in range(100 * block, 100 * (block + 1)):
        made = decide(anything(seed))
        reason, wished_w = made.why.reason, made.wished_w or 0.0
        assert (made.power_w is None) is (reason in NOBODY), seed
        assert wished_w == 0.0 or reason not in RESTS, (seed, made)
        assert wished_w > 0.0 or reason not in CHARGES, (seed, made)
        assert wished_w < 0.0 or reason not in GIVES, (seed, made)


@pytest.mark.parametrize("block", range(20))
def test_whatever_differs_from_what_was_wished_has_a_cap_by_name_that_is_true(block: int) -> None:
    for seed in range(100 * block, 100 * (block + 1)):
        s = anything(seed)
        made = decide(s)
        if made.power_w is None or made.wished_w is None:
            continue
        assert made.power_w * made.wished_w >= 0.0, seed
        assert abs(made.power_w) <= abs(made.wished_w), seed
        differs = abs(made.wished_w - made.power_w) >= STEP_W
        assert not differs or (made.capped_by is not None and cap_holds(s, made)), (seed, made)


def cap_holds(s: Situation, made: Decision) -> bool:
    """Tell whether the cap named stands in the way of more."""
    charging = (made.wished_w or 0.0) > 0.0
    least_w = s.min_charge_w if charging else s.min_discharge_w
    limit_w = {
        Reason.VEHICLE_LIMIT: s.max_charge_w if charging else s.max_discharge_w,
        Reason.STATION_LIMIT: s.station.max_w,
        Reason.EXTERNAL_LIMIT: s.external_limit_w,
        s.envelope.max_because if charging else s.envelope.min_because: s.envelope.max_w
        if charging
        else -s.envelope.min_w,
    }
    match made.capped_by:
        case Reason.MINIMUM_POWER:
            return made.power_w == 0.0
        case Reason.CEILING_REACHED:
            return charging and s.soc_pct is not None and s.soc_pct >= s.ceiling_pct
        case Reason.MINIMUM_REACHED:
            return not charging and s.soc_pct is not None and s.soc_pct <= s.wishes.soc_min_pct + 1.0
        case Reason.NO_CONSENT:
            return not charging and not s.consent
        case Reason.V2G_OFF:
            return not charging and not s.v2g_now
        case Reason.NO_DISCHARGE_ROUTE:
            return not charging and (s.phase is not Phase.V2G or s.reversed)
        case Reason.PRECONDITIONING:
            return not charging and s.preparing
        case Reason.SOC_UNKNOWN:
            return not charging and (s.soc_pct is None or s.soc_age_s > timedelta(minutes=15).total_seconds())
        case None:
            return False
        case named:
            limit = limit_w.get(named)
            return limit is not None and abs(made.power_w or 0.0) <= max(limit, 0.0) and least_w >= 0.0
