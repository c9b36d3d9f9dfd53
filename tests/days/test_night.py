"""A night through the pure core, bytes both ways: charge, rest, discharge, departure at the target."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

import pytest

from custom_components.mobilize_flex.core.model.config import MeterConfig, SiteConfig, StationConfig, VehicleConfig
from custom_components.mobilize_flex.core.model.contracts import PeakOffPeak, Window
from custom_components.mobilize_flex.core.model.driver import Driver
from custom_components.mobilize_flex.core.model.intents import SetProgramme, SetSocLimits
from custom_components.mobilize_flex.core.model.programme import Programme
from custom_components.mobilize_flex.core.model.session import Activity, Phase
from simulator.home import HomeSettings
from simulator.linky import LinkySettings
from simulator.ocpp_station import StationSettings
from simulator.quirks import Quirks
from simulator.station import EvseSettings
from simulator.vehicle import VehicleSettings
from simulator.world import WorldSettings
from tests.days.pure_home import PureHome

pytestmark = pytest.mark.timeout(600)  # a hundred plans, on whatever machine
ZONE = ZoneInfo("Europe/Paris")
EVENING = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  # 18:00 on the wall
CONFIG = SiteConfig(
    name="Home",
    zone=ZONE,
    breaker_a=45.0,
    subscribed_kva=9.0,
    v2g_consent=True,
    stations=(StationConfig(identity="SIM-001", name="Verso", fallback_a=10.0),),
    vehicles=(VehicleConfig(key="r5", name="R5", max_charge_w=7400.0, max_discharge_w=7000.0),),
    meter=MeterConfig(key="m", name="Linky", kind="linky", period_s=5.0),
    contract=PeakOffPeak(peak_per_kwh=0.73, off_peak_per_kwh=0.16, off_peak=(Window(time(22), time(6)),)),
)
SETTINGS = HomeSettings(
    station=StationSettings(id="SIM-001"),
    evse=EvseSettings(phases=1),
    vehicle=VehicleSettings(soc_pct=55.0, phases=1),
    world=WorldSettings(phases=1, base_w=1900.0),
    linky=LinkySettings(),
)
PROGRAMME = Programme(number=1, departure=time(7, 30), weekdays=tuple(range(7)), v2g=True)


def night_of(
    config: SiteConfig = CONFIG,
    settings: HomeSettings = SETTINGS,
    protocol: str = "ocpp2.1",
    drivers: tuple[Driver, ...] = (),
) -> PureHome:
    """Return a home with a programme, its station on the line."""
    home = PureHome(config, settings, EVENING, protocol, drivers=drivers)
    home.tell(SetProgramme(PROGRAMME))
    home.tell(SetSocLimits(30.0, 80.0))
    home.dial_in()
    home.run(60)
    return home


@pytest.fixture(scope="module")
def night() -> PureHome:
    home = night_of()
    home.home.plug_in()
    home.run(timedelta(hours=13, minutes=45).total_seconds())
    return home


def test_it_gives_back_in_the_evening_rests_and_charges_at_night(night: PureHome) -> None:
    seen = [look.seen.activity for look in night.looks]
    order = [a for a, b in pairwise([*seen, None]) if a is not b]
    assert {Activity.DISCHARGING, Activity.WAITING, Activity.CHARGING} <= set(order)
    assert seen.index(Activity.DISCHARGING) < seen.index(Activity.CHARGING)


def test_the_car_leaves_at_its_target(night: PureHome) -> None:
    departure = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)
    at_departure = next(look for look in night.looks if look.world.at >= departure)
    assert at_departure.world.soc_pct >= 79.0
    assert at_departure.world.soc_pct <= 81.0


def longest_run(flags: Iterable[bool]) -> int:
    """Return the length of the longest run of true values."""
    return max((len(list(group)) for true, group in groupby(flags) if true), default=0)


def test_the_house_and_the_car_pass_the_contract_for_no_longer_than_a_reaction(night: PureHome) -> None:
    assert longest_run(look.world.grid_w > 9000.0 for look in night.looks) * 5 <= 15
    assert not any(look.world.cut for look in night.looks)


def test_nothing_is_fed_into_the_grid_for_longer_than_a_reaction(night: PureHome) -> None:
    assert longest_run(look.world.grid_w < -100.0 for look in night.looks) * 5 <= 15


def test_the_battery_never_goes_below_the_owners_minimum(night: PureHome) -> None:
    assert min(look.world.soc_pct for look in night.looks) >= 30.0


def test_no_order_ever_leaves_the_envelope(night: PureHome) -> None:
    for look in night.looks:
        power_w = look.evse.decision.power_w
        if power_w is not None:
            assert look.evse.envelope.min_w <= power_w <= look.evse.envelope.max_w


def test_both_sides_agree_on_the_energy_to_the_watt_hour(night: PureHome) -> None:
    world = night.looks[-1].world
    session = night.looks[-1].seen.session
    assert session is not None
    assert world.export_wh > 1000.0
    assert session.energy_in.wh == pytest.approx(world.import_wh, abs=15.0)
    assert session.energy_out.wh == pytest.approx(world.export_wh, abs=15.0)


def test_the_night_was_worth_it(night: PureHome) -> None:
    session = night.looks[-1].seen.session
    assert session is not None
    assert session.revenue > 0.5
    assert session.cost == pytest.approx(session.energy_in.wh / 1000 * 0.16, rel=0.05)


def test_it_is_quiet(night: PureHome) -> None:
    modes = [(look.evse.delivery.order.power_w > 0) - (look.evse.delivery.order.power_w < 0) for look in night.looks
             if look.evse.delivery.order]  # fmt: skip
    assert sum(a != b for a, b in pairwise(modes)) <= 12


def test_a_station_that_only_charges_is_still_charged_cheaply() -> None:
    home = night_of(protocol="ocpp2.0.1")
    home.home.plug_in()
    home.run(timedelta(hours=13, minutes=25).total_seconds(), step_s=10.0)
    world = home.looks[-1].world
    assert world.export_wh == 0.0
    assert world.soc_pct >= 79.0
    session = home.looks[-1].seen.session
    assert session is not None
    assert session.cost == pytest.approx(session.energy_in.wh / 1000 * 0.16, rel=0.05)


def test_when_we_die_while_discharging_the_station_charges_by_itself() -> None:
    home = night_of()
    home.home.plug_in()
    home.run(900)
    assert home.looks[-1].seen.activity is Activity.DISCHARGING
    home.die()
    home.run(300, alive=False)
    world = home.home.snapshot()
    assert world.power_w > 1000.0
    assert world.layer == "TxDefaultProfile"


def test_we_come_back_to_where_the_world_is() -> None:
    home = night_of()
    home.home.plug_in()
    home.run(900)
    before = home.looks[-1]
    home.die()
    home.run(600, alive=False)
    home.begin()
    home.dial_in()
    home.run(120)
    after = home.looks[-1]
    assert after.evse.phase is Phase.V2G
    assert after.seen.activity is Activity.DISCHARGING
    assert before.seen.session is not None
    assert after.seen.session is not None
    assert after.seen.session.key == before.seen.session.key
    assert after.seen.session.energy_in.wh == pytest.approx(home.home.snapshot().import_wh, abs=20.0)


def test_a_meter_that_falls_silent_ends_the_discharge_within_its_patience() -> None:
    home = night_of()
    home.home.plug_in()
    home.run(900)
    assert home.looks[-1].world.power_w < -300.0
    home.meter_mute = True
    home.run(40)
    assert home.looks[-1].world.power_w >= -100.0


def test_a_car_that_leaves_early_is_a_closed_session_and_a_free_station() -> None:
    home = night_of()
    home.home.plug_in()
    home.run(900)
    home.home.unplug()
    home.run(60)
    assert home.looks[-1].evse.phase is Phase.UNPLUGGED
    assert all(s.ended_at for s in home.state.sessions.values())  # type: ignore[attr-defined]
    home.home.plug_in()
    home.run(120)
    assert home.looks[-1].evse.phase is Phase.V2G
    assert len(home.state.sessions) == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize("quirks", [Quirks(no_dynamic_updates=True), Quirks(refuses_dynamic=True)])
def test_a_station_without_dynamic_setpoints_follows_all_the_same(quirks: Quirks) -> None:
    home = night_of(settings=replace(SETTINGS, quirks=quirks))
    home.home.plug_in()
    home.run(900)
    assert home.looks[-1].seen.activity is Activity.DISCHARGING


def test_a_station_that_charges_when_told_to_discharge_is_stopped() -> None:
    home = night_of(settings=replace(SETTINGS, quirks=Quirks(wrong_sign=True)))
    home.home.plug_in()
    home.run(300)
    assert home.looks[-1].evse.delivery.reversed
    home.run(120)
    assert home.looks[-1].evse.decision.power_w == 0.0
