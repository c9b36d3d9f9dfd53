"""What the car does right now: what forbids, then the first wish, then every cap."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.mobilize_flex.core.control.decide import Situation, decide
from custom_components.mobilize_flex.core.model.abilities import Abilities
from custom_components.mobilize_flex.core.model.config import StationConfig, VehicleConfig
from custom_components.mobilize_flex.core.model.plan import PlanSlot
from custom_components.mobilize_flex.core.model.reasons import Reason, Why
from custom_components.mobilize_flex.core.model.session import Phase
from custom_components.mobilize_flex.core.model.state import Envelope
from custom_components.mobilize_flex.core.model.station import Needs
from custom_components.mobilize_flex.core.model.wishes import Wishes

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
NEEDS = Needs(
    bidirectional=True, min_charge_w=1400.0, max_charge_w=7000.0, min_discharge_w=1000.0, max_discharge_w=5000.0
)


def slot(power_w: float, reason: Reason = Reason.CHEAP_PRICE) -> PlanSlot:
    return PlanSlot(
        start=NOW,
        end=NOW + timedelta(minutes=15),
        power_w=power_w,
        soc_end_pct=50.0,
        import_per_kwh=0.2,
        export_per_kwh=0.1,
        stored_value_per_kwh=0.2,
        why=Why(reason),
    )


V2G = Situation(
    online=True,
    phase=Phase.V2G,
    wishes=Wishes(soc_min_pct=20.0, soc_max_pct=70.0),
    station=StationConfig(identity="ST1", name="Verso", selector_a=32.0),
    vehicle=VehicleConfig(key="r5", name="R5"),
    abilities=Abilities(bidirectional=True),
    needs=NEEDS,
    soc_pct=50.0,
    soc_age_s=5.0,
    slot=slot(3000.0),
    envelope=Envelope(
        max_w=6000.0,
        min_w=-4000.0,
        max_because=Reason.HOUSE_LIMIT,
        min_because=Reason.FEED_IN_LIMIT,
        fresh=True,
    ),
    external_limit_w=None,
    consent=True,
    v2g_now=True,
    programmed=True,
    priced=True,
    reversed=False,
)


@pytest.mark.parametrize(
    ("change", "power_w", "reason", "cap"),
    [
        ({}, 3000.0, Reason.CHEAP_PRICE, None),
        ({"slot": slot(-3000.0, Reason.HIGH_PRICE)}, -3000.0, Reason.HIGH_PRICE, None),
        ({"slot": slot(0.0, Reason.WAITING_FOR_CHEAPER)}, 0.0, Reason.WAITING_FOR_CHEAPER, None),
        ({"slot": None}, 0.0, Reason.PLAN_PENDING, None),
        ({"online": False}, None, Reason.STATION_OFFLINE, None),
        ({"phase": Phase.UNPLUGGED}, None, Reason.NOT_CONNECTED, None),
        ({"phase": Phase.PLUGGED}, None, Reason.NOT_AUTHORISED, None),
        ({"phase": Phase.STARTING}, None, Reason.SESSION_STARTING, None),
        ({"phase": Phase.FINISHED}, 0.0, Reason.FINISHED, None),
        ({"phase": Phase.FAULT}, 0.0, Reason.FAULT, None),
        ({"phase": Phase.INSTANT}, 6000.0, Reason.INSTANT_CHARGE, Reason.HOUSE_LIMIT),
        ({"soc_pct": 15.0}, 6000.0, Reason.BELOW_MINIMUM, Reason.HOUSE_LIMIT),
        ({"soc_pct": None}, 6000.0, Reason.SOC_UNKNOWN, Reason.HOUSE_LIMIT),
        ({"programmed": False, "soc_pct": 69.0}, 6000.0, Reason.NO_PROGRAMME, Reason.HOUSE_LIMIT),
        ({"programmed": False, "soc_pct": 70.0}, 0.0, Reason.TARGET_REACHED, None),
        ({"priced": False}, 6000.0, Reason.NO_PRICES, Reason.HOUSE_LIMIT),
        ({"phase": Phase.STANDARD, "needs_replug": True}, 6000.0, Reason.NEEDS_REPLUG, Reason.HOUSE_LIMIT),
        ({"slot": slot(-9000.0)}, -4000.0, Reason.CHEAP_PRICE, Reason.FEED_IN_LIMIT),
        ({"slot": slot(3000.0), "external_limit_w": 2000.0}, 2000.0, Reason.CHEAP_PRICE, Reason.EXTERNAL_LIMIT),
        ({"slot": slot(-3000.0), "consent": False}, 0.0, Reason.CHEAP_PRICE, Reason.NO_CONSENT),
        ({"slot": slot(-3000.0), "v2g_now": False}, 0.0, Reason.CHEAP_PRICE, Reason.V2G_OFF),
        ({"slot": slot(-3000.0), "reversed": True}, 0.0, Reason.CHEAP_PRICE, Reason.NO_DISCHARGE_ROUTE),
        ({"slot": slot(-3000.0), "soc_pct": 21.0}, 0.0, Reason.CHEAP_PRICE, Reason.MINIMUM_REACHED),
        ({"slot": slot(-3000.0), "soc_age_s": 901.0}, 0.0, Reason.CHEAP_PRICE, Reason.SOC_UNKNOWN),
        ({"slot": slot(3000.0), "soc_pct": 80.0}, 0.0, Reason.CHEAP_PRICE, Reason.CEILING_REACHED),
        ({"slot": slot(3000.0), "soc_pct": 79.0}, 3000.0, Reason.CHEAP_PRICE, None),
        ({"slot": slot(3000.0), "envelope": Envelope(max_w=1300.0)}, 0.0, Reason.CHEAP_PRICE, Reason.MINIMUM_POWER),
        ({"slot": slot(-900.0)}, 0.0, Reason.CHEAP_PRICE, Reason.MINIMUM_POWER),
    ],
)
def test_the_list_of_authority(
    change: dict[str, object], power_w: float | None, reason: Reason, cap: Reason | None
) -> None:
    decision = decide(replace(V2G, **change))  # type: ignore[arg-type]
    assert (decision.power_w, decision.why.reason, decision.capped_by) == (power_w, reason, cap)


@pytest.mark.parametrize(
    ("planned_w", "house_w", "stored", "export", "power_w"),
    [
        (-2000.0, 3000.0, 0.1, 0.0, -3000.0),
        (-2000.0, 1200.0, 0.1, 0.0, -1200.0),
        (-2000.0, 1200.0, 0.1, 0.5, -2000.0),
        (-2000.0, 3000.0, 0.1, 0.5, -3000.0),
        (-2000.0, 3000.0, 0.19, 0.0, -2000.0),
        (2000.0, 3000.0, 0.1, 0.0, 2000.0),
        (-2000.0, None, 0.1, 0.0, -2000.0),
    ],
)
def test_what_is_given_back_follows_the_house_as_far_as_it_is_worth_it(
    planned_w: float, house_w: float | None, stored: float, export: float, power_w: float
) -> None:
    planned = replace(slot(planned_w), stored_value_per_kwh=stored, export_per_kwh=export)
    held = replace(V2G, slot=planned, house_w=house_w, ageing_per_kwh=0.01)
    assert decide(held).power_w == power_w


def test_three_phases_cannot_charge_below_six_amperes_each() -> None:
    station = StationConfig(identity="ST1", name="Flex", phases=3)
    held = replace(V2G, station=station, needs=None, slot=slot(4000.0))
    assert decide(held).power_w == 0.0
    assert decide(replace(held, slot=slot(4200.0))).power_w == 4200.0


situations = st.builds(
    lambda **change: replace(V2G, **change),
    online=st.booleans(),
    phase=st.sampled_from(Phase),
    soc_pct=st.none() | st.floats(0, 100),
    soc_age_s=st.floats(0, 2000),
    slot=st.none() | st.floats(-12000, 12000).map(slot),
    envelope=st.builds(Envelope, max_w=st.floats(0, 12000), min_w=st.floats(-12000, 0), fresh=st.booleans()),
    external_limit_w=st.none() | st.floats(0, 12000),
    consent=st.booleans(),
    v2g_now=st.booleans(),
    programmed=st.booleans(),
    priced=st.booleans(),
    reversed=st.booleans(),
    needs_replug=st.booleans(),
    wishes=st.builds(Wishes, soc_min_pct=st.floats(5, 50), soc_max_pct=st.floats(55, 100), v2g=st.booleans()),
)


@given(situations)
def test_no_command_above_the_envelope_in_any_mode(s: Situation) -> None:
    power_w = decide(s).power_w
    if power_w is not None:
        assert s.envelope.min_w <= power_w <= s.envelope.max_w
        assert power_w <= (s.external_limit_w if s.external_limit_w is not None else 1e9)
        assert -s.station.max_w <= power_w <= s.station.max_w


@given(situations)
def test_no_discharge_without_consent_session_and_a_trusted_battery_above_its_minimum(s: Situation) -> None:
    power_w = decide(s).power_w
    if power_w is not None and power_w < 0:
        assert s.online
        assert s.consent
        assert s.phase is Phase.V2G
        assert s.soc_pct is not None
        assert s.soc_pct > s.wishes.soc_min_pct
        assert not s.reversed


@given(situations)
def test_every_decision_has_a_reason_that_is_no_surprise(s: Situation) -> None:
    decision = decide(s)
    if decision.power_w not in (None, decision.wished_w) and decision.wished_w is not None:
        assert decision.capped_by is not None or abs(decision.power_w - decision.wished_w) < 10.0
