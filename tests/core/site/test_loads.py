"""Load management within the whole core: its limits reach the orders, its verdicts reach people."""

from dataclasses import replace

import pytest

from custom_components.mobilize_flex.core.model import facts as f, intents as i
from custom_components.mobilize_flex.core.model.commands import SetPower, StopTransaction
from custom_components.mobilize_flex.core.model.concern import ConcernKind
from custom_components.mobilize_flex.core.model.dimming import Contact, ContactsRead, DimmingConfig
from custom_components.mobilize_flex.core.model.electric import MeterReading
from custom_components.mobilize_flex.core.model.load import Misread
from custom_components.mobilize_flex.core.model.reasons import Reason
from custom_components.mobilize_flex.core.model.wiring import Wiring
from custom_components.mobilize_flex.core.site.concerns import concerns
from tests.core.site.test_step import CONFIG, Home


@pytest.fixture
def home() -> Home:
    return Home()


def charging(home: Home) -> Home:
    home.plug_in()
    home.tell(i.ChargeNow("ST1"))
    home.keep_alive(15, power_w=6000.0, house_w=500.0)
    return home


def allowed_w(home: Home) -> float:
    return home.state.stations["ST1"].evses[1].envelope.max_w


def test_an_instant_charge_gets_what_the_house_leaves_and_no_more(home: Home) -> None:
    charging(home)
    home.keep_alive(5, power_w=6000.0, house_w=4000.0)
    home.keep_alive(5, power_w=4900.0, house_w=4000.0)
    decision = home.state.stations["ST1"].evses[1].decision
    assert decision.why.reason is Reason.INSTANT_CHARGE
    assert decision.capped_by is Reason.SUBSCRIBED_POWER
    assert home.of(SetPower)[-1].power_w == pytest.approx(9000 - 4000 - 115, abs=10)


def test_the_grid_operators_contact_reaches_an_instant_charge_in_the_same_step(home: Home) -> None:
    home.tell(f.SiteConfigured(replace(CONFIG, dimming=DimmingConfig())))
    charging(home)
    home.sent.clear()
    home.tell(ContactsRead(((Contact.DIM, True),)), 1)
    assert home.of(SetPower)[-1].power_w <= 4200.0
    assert home.state.stations["ST1"].evses[1].decision.capped_by is Reason.ENWG14A


def test_a_meter_put_in_another_way_is_judged_anew(home: Home) -> None:
    charging(home)
    home.state = replace(home.state, load=replace(home.state.load, misread=Misread(turned=frozenset({0}))))
    home.tell(f.SiteConfigured(replace(CONFIG, feed_in_w=100.0)))
    assert home.state.load.misread is not None
    assert CONFIG.meter is not None
    home.tell(f.SiteConfigured(replace(CONFIG, meter=replace(CONFIG.meter, wiring=Wiring(inverted=True)))))
    assert home.state.load.misread is None
    home.keep_alive(10, power_w=6000.0, house_w=500.0)
    assert not concerns(home.state, home.now)


def test_a_charge_that_breaks_the_connection_against_its_orders_is_stopped(home: Home) -> None:
    charging(home)
    for _ in range(12):
        home.keep_alive(5, power_w=7000.0, house_w=4000.0)
    stops = home.of(StopTransaction)
    assert [stop.transaction for stop in stops][:1] == ["tx-1"]
    assert len(stops) <= 3


def test_a_station_out_of_reach_counts_as_part_of_the_house(home: Home) -> None:
    charging(home)
    home.tell(f.StationDisconnected(station="ST1", link=1), 1)
    for _ in range(4):
        home.tell(f.MeterRead(MeterReading(power_w=7000.0)), 5)
    assert home.state.load.house_w == 7000.0


def test_a_house_that_leans_on_its_car_is_told_of_after_half_a_minute(home: Home) -> None:
    home.plug_in()
    home.plan(-4000.0)
    home.keep_alive(10, power_w=-4000.0, house_w=9500.0)
    assert not [c for c in concerns(home.state, home.now) if c.kind is ConcernKind.HOUSE_ALONE]
    home.keep_alive(40, power_w=-4000.0, house_w=9500.0)
    assert [c.kind for c in concerns(home.state, home.now)].count(ConcernKind.HOUSE_ALONE) == 1


@pytest.mark.parametrize(
    ("wrong", "kind", "words"),
    [
        (Misread(turned=frozenset({0, 1, 2}), everything=True), ConcernKind.METER_INVERTED, {}),
        (Misread(turned=frozenset({2, 0})), ConcernKind.METER_TURNED, {"phases": "L1, L3"}),
        (
            Misread(expected=frozenset({1}), found=frozenset({0})),
            ConcernKind.METER_SWAPPED,
            {"expected": "L2", "found": "L1"},
        ),
    ],
)
def test_a_transformer_out_of_its_place_is_named(
    home: Home, wrong: Misread, kind: ConcernKind, words: dict[str, str]
) -> None:
    home.state = replace(home.state, load=replace(home.state.load, misread=wrong))
    (concern,) = concerns(home.state, home.now)
    assert (concern.kind, concern.about) == (kind, "m")
    assert dict(concern.words) == {"meter": "Linky"} | words


def test_a_car_that_sleeps_through_changing_orders_makes_no_meter_frozen(home: Home) -> None:
    home.plug_in()
    home.tell(i.ChargeNow("ST1"))
    home.keep_alive(20, power_w=4000.0, house_w=300.0)
    for limit_a in (8.0, 14.0) * 10:
        ramps = {place: replace(ramp, limit_a=limit_a) for place, ramp in home.state.load.ramps.items()}
        home.state = replace(home.state, load=replace(home.state.load, ramps=ramps))
        home.keep_alive(5, house_w=300.0)
    home.keep_alive(60, house_w=300.0)
    assert len({order.power_w for order in home.of(SetPower)}) > 2
    assert home.state.meter.lost is None


def test_what_a_car_was_ordered_is_no_part_of_the_house_once_it_is_seen_not_to_follow(home: Home) -> None:
    home.plug_in()
    home.plan(-2500.0)
    home.keep_alive(200)
    assert home.state.stations["ST1"].evses[1].delivery.following is False
    home.tell(f.MeterRead(MeterReading(power_w=1500.0)), 2)
    home.tell(f.Ticked(), 1)
    assert home.of(SetPower)[-1].power_w == -1500.0
    home.tell(f.MeterRead(MeterReading(power_w=1500.0)), 1)
    assert home.state.meter.house_w == 1500.0
