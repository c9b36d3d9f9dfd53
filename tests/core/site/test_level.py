"""How full the car is, by whoever can tell: the station, an entity, the owner, the meter in between."""

from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.mobilize_flex.core.model import facts as f, intents as i
from custom_components.mobilize_flex.core.model.battery import (
    Doubt,
    Learned,
    Level,
    SocSource,
    VehiclePlugRead,
    VehicleSocRead,
)
from custom_components.mobilize_flex.core.model.commands import MakePlan, SetPower
from custom_components.mobilize_flex.core.model.concern import ConcernKind
from custom_components.mobilize_flex.core.model.config import VehicleConfig
from custom_components.mobilize_flex.core.model.electric import MeterReading
from custom_components.mobilize_flex.core.model.facts import TransactionReported
from custom_components.mobilize_flex.core.model.reasons import Reason
from custom_components.mobilize_flex.core.model.session import Phase
from custom_components.mobilize_flex.core.model.station import (
    ConnectorStatus,
    EventKind,
    Needs,
    Sample,
    Sampling,
    Token,
)
from custom_components.mobilize_flex.core.site import leftovers, restore
from custom_components.mobilize_flex.core.site.concerns import concerns
from custom_components.mobilize_flex.core.site.level import battery_at, level_of, vehicle_level

from .test_step import CONFIG, NEEDS, Home


class Cable(Home):
    """A home whose car's energy is counted, at a station that tells the level or keeps it to itself."""

    def __init__(self, told: float | None = None) -> None:
        super().__init__()
        self.told = told
        self.in_wh = 10_000.0
        self.out_wh = 500.0
        self.number = 1

    def samples(self, power_w: float, soc_pct: float = 60.0, in_wh: float = 0.0) -> tuple[Sampling, ...]:
        rows = [
            Sample("Power.Active.Import", max(0.0, power_w)),
            Sample("Power.Active.Export", max(0.0, -power_w)),
            Sample("Energy.Active.Import.Register", self.in_wh),
            Sample("Energy.Active.Export.Register", self.out_wh),
        ]
        if self.told is not None:
            rows.append(Sample("Display.PresentSOC", self.told, location="EV"))
        return (Sampling(self.now.utc, tuple(rows)),)

    def flow(self, power_w: float, minutes: int) -> None:
        """Let power flow as long, told every minute."""
        for _ in range(minutes):
            self.in_wh += max(0.0, power_w) / 60
            self.out_wh += max(0.0, -power_w) / 60
            self.number += 1
            self.tell(f.MeterRead(MeterReading(power_w=2500.0 + power_w)), 60.0)
            self.tell(self.event(EventKind.UPDATED, self.number, samplings=self.samples(power_w)))

    def live(self, power_w: float, seconds: int) -> None:
        """Let power flow as long, told every five seconds, and orders be taken."""
        for _ in range(0, seconds, 5):
            self.in_wh += max(0.0, power_w) / 720
            self.out_wh += max(0.0, -power_w) / 720
            self.number += 1
            self.tell(f.MeterRead(MeterReading(power_w=2500.0 + power_w)), 5.0)
            self.tell(self.event(EventKind.UPDATED, self.number, samplings=self.samples(power_w)))
            self.accept_all()

    def entity(self, soc_pct: float, age_s: float = 0.0) -> None:
        self.tell(VehicleSocRead(vehicle="r5", soc_pct=soc_pct, at=self.now.utc - timedelta(seconds=age_s)))

    @property
    def session(self) -> object:
        key = self.state.stations["ST1"].evses[1].session
        return self.state.sessions[key] if key else None

    @property
    def level(self) -> Level:
        evse = self.state.stations["ST1"].evses[1]
        session = self.state.sessions.get(evse.session) if evse.session else None
        return level_of(self.state, evse, session, self.now)

    @property
    def kinds(self) -> set[ConcernKind]:
        return {c.kind for c in concerns(self.state, self.now)}


def points(home: Cable, kwh: float, power_w: float) -> float:
    battery = battery_at(home.state, None)
    factor = battery.efficiency(power_w) if power_w > 0 else -1.0 / battery.efficiency(power_w)
    return 100_000.0 * kwh * factor / battery.capacity_wh


def test_between_an_entitys_readings_the_stations_meter_goes_on() -> None:
    home = Cable()
    home.plug_in()
    home.entity(50.0)
    home.flow(7000.0, 60)
    assert home.level.soc_pct == pytest.approx(50.0 + points(home, 7.0, 7000.0), abs=0.2)
    assert home.level.estimated
    assert (home.level.source, home.level.doubts) == (SocSource.ENTITY, ())
    assert vehicle_level(home.state, "r5", home.now) == home.level


def test_an_old_level_that_the_meter_moved_on_is_good_enough_to_give_back_by() -> None:
    home = Cable()
    home.plug_in()
    home.entity(60.0)
    home.flow(0.0, 40)
    home.live(0.0, 330)
    home.plan(-2000.0)
    home.live(0.0, 30)
    assert home.level.age_s < 60.0
    assert home.of(SetPower)[-1].power_w < 0.0


def test_without_a_word_of_the_meter_nothing_is_given_back() -> None:
    home = Cable()
    home.plug_in()
    home.entity(60.0)
    home.flow(0.0, 40)
    home.plan(-2000.0)
    home.tell(f.MeterRead(MeterReading(power_w=2500.0)), 901.0)
    decision = home.state.stations["ST1"].evses[1].decision
    assert decision.power_w == 0.0


def test_near_the_minimum_the_uncertainty_counts() -> None:
    home = Cable()
    home.plug_in()
    home.entity(27.0)
    home.live(0.0, 330)
    home.plan(-2000.0)
    home.live(-2000.0, 60)
    assert (home.state.stations["ST1"].evses[1].decision.power_w or 0.0) < 0.0
    home.flow(-2000.0, 80)
    home.live(-2000.0, 20)
    evse = home.state.stations["ST1"].evses[1]
    assert (evse.decision.power_w, evse.decision.capped_by) == (0.0, Reason.MINIMUM_REACHED)
    assert (home.level.soc_pct or 0.0) - home.level.error_pct <= 20.0
    question = home.of(MakePlan)[-1].question
    assert question.soc_min_pct <= question.soc_now_pct


def test_a_frozen_entity_is_named_and_forgiven_once_it_moves() -> None:
    home = Cable()
    home.plug_in()
    home.entity(40.0)
    for _ in range(6):
        home.flow(7000.0, 10)
        home.entity(40.0)
    assert home.level.doubts == ((SocSource.ENTITY, Doubt.FROZEN),)
    assert home.kinds == {ConcernKind.SOC_FROZEN}
    assert home.level.soc_pct == pytest.approx(40.0 + points(home, 7.0, 7000.0), abs=0.5)
    home.entity(round(40.0 + points(home, 7.0, 7000.0)))
    assert (home.level.doubts, home.kinds) == ((), set())


def test_the_level_of_a_car_that_drives_is_not_that_of_the_one_plugged_in() -> None:
    home = Cable(told=60.0)
    home.plug_in()
    home.flow(0.0, 2)
    home.entity(35.0)
    assert home.level.doubts == ((SocSource.ENTITY, Doubt.OTHER_CAR),)
    assert home.level.soc_pct == 60.0
    assert home.kinds == {ConcernKind.SOC_OTHER_CAR}


def test_the_owner_tells_what_nobody_else_can() -> None:
    home = Cable()
    home.plug_in()
    home.flow(0.0, 11)
    assert home.level.soc_pct is None
    assert home.kinds == {ConcernKind.SOC_UNKNOWN}
    assert home.tell(i.SetSoc(station="ST1", soc_pct=45.0)).refusal is None
    assert (home.level.soc_pct, home.level.source, home.kinds) == (45.0, SocSource.OWNER, set())
    home.flow(7000.0, 30)
    assert home.level.soc_pct == pytest.approx(45.0 + points(home, 3.5, 7000.0), abs=0.2)


def test_what_the_station_tells_nobody_can_tell_better() -> None:
    home = Cable(told=60.0)
    home.plug_in()
    home.flow(0.0, 2)
    refusal = home.tell(i.SetSoc(station="ST1", soc_pct=20.0)).refusal
    assert refusal is not None
    assert refusal.key == "soc_told_by_station"


@pytest.mark.parametrize(("station", "key"), [("NO", "station_unknown"), ("ST1", "no_session")])
def test_the_owner_can_only_tell_of_a_car_that_is_there(station: str, key: str) -> None:
    home = Cable()
    home.dial_in()
    refusal = home.tell(i.SetSoc(station=station, soc_pct=20.0)).refusal
    assert refusal is not None
    assert refusal.key == key


def test_the_owner_says_which_of_two_cars_it_is() -> None:
    home = Cable()
    two = (VehicleConfig(key="zoe", name="Zoe", capacity_wh=40_000.0), VehicleConfig(key="r5", name="R5"))
    home.state = replace(home.state, config=replace(CONFIG, vehicles=two))
    home.plug_in()
    home.entity(80.0)
    assert home.level.soc_pct is None
    home.tell(i.SetSoc(station="ST1", soc_pct=45.0, vehicle="r5"))
    assert battery_at(home.state, home.session).capacity_wh == 52_000.0  # type: ignore[arg-type]
    assert vehicle_level(home.state, "r5", home.now).soc_pct == 45.0


def test_a_stranger_that_says_its_name_is_given_no_entitys_level() -> None:
    home = Cable()
    known = VehicleConfig(key="r5", name="R5", evccid="AABBCCDDEEFF")
    home.state = replace(home.state, config=replace(CONFIG, vehicles=(known,)))
    home.entity(80.0)
    home.plug_in()
    assert home.level.soc_pct == 80.0
    stranger = Token(value="t", kind="eMAID", evccid="00:11:22:33:44:55")
    home.tell(home.event(EventKind.UPDATED, 1, token=stranger, samplings=home.samples(0.0)), 5.0)
    home.flow(0.0, 1)
    assert home.level.soc_pct is None
    assert ConcernKind.CAR_UNKNOWN in home.kinds


def test_what_was_told_before_the_car_came_is_only_roughly_true() -> None:
    home = Cable()
    home.entity(60.0, age_s=3600.0)
    home.plug_in()
    home.flow(0.0, 1)
    assert (home.level.soc_pct, round(home.level.error_pct)) == (60.0, 10)
    home.entity(48.0)
    assert (home.level.soc_pct, round(home.level.error_pct)) == (48.0, 2)


def test_a_cars_needs_tell_the_level_where_its_capacity_is_known() -> None:
    home = Cable()
    home.plug_in()
    needs = replace(NEEDS, target_soc_pct=80.0, target_request_wh=15_600.0)
    home.tell(f.NeedsReported(call=home.call(), station="ST1", evse=1, needs=needs))
    assert home.level.soc_pct == pytest.approx(50.0)
    assert home.level.error_pct >= 3.0


def test_after_a_restart_the_estimate_goes_on_over_what_went_by_unseen() -> None:
    home = Cable()
    home.plug_in()
    home.entity(40.0)
    home.flow(7000.0, 30)
    kept: dict[str, object] = {"wishes": home.state.wishes, "station/ST1": home.state.stations["ST1"].memory}
    kept |= {f"session/{k}": s for k, s in home.state.sessions.items()}
    again = Cable()
    again.state = restore(CONFIG, kept)
    again.seconds, again.in_wh, again.out_wh, again.number = home.seconds + 1800, home.in_wh + 3500, home.out_wh, 90
    again.dial_in()
    again.flow(7000.0, 1)
    assert again.phase is Phase.V2G
    assert again.level.soc_pct == pytest.approx(40.0 + points(home, 7.1, 7000.0), abs=1.0)


def test_a_session_keeps_what_the_battery_began_and_ended_with_though_the_station_told_nothing() -> None:
    home = Cable()
    home.plug_in()
    home.entity(40.0)
    home.flow(7000.0, 60)
    home.tell(home.event(EventKind.ENDED, 99), 5.0)
    (session,) = home.state.sessions.values()
    assert session.soc_start_pct == pytest.approx(40.0, abs=0.3)
    assert session.soc_end_pct == pytest.approx(40.0 + points(home, 7.0, 7000.0), abs=0.3)


def test_a_transaction_that_ends_on_the_cable_leaves_the_level_known() -> None:
    home = Cable()
    home.plug_in()
    home.entity(40.0)
    home.flow(7000.0, 60)
    before = home.level.soc_pct
    home.tell(home.event(EventKind.ENDED, 99), 5.0)
    home.tell(home.event(EventKind.STARTED, 0, transaction="tx-2", samplings=home.samples(0.0)), 60.0)
    assert home.level.soc_pct == before
    free = f.ConnectorChanged(station="ST1", evse=1, connector=1, status=ConnectorStatus.AVAILABLE, at=home.now.utc)
    home.tell(home.event(EventKind.ENDED, 9, transaction="tx-2"), 5.0)
    home.tell(free)
    assert home.state.stations["ST1"].evses[1].battery.soc_pct is None


def test_long_charges_teach_the_battery_and_the_lesson_is_kept() -> None:
    home = Cable(told=20.0)
    home.plug_in()
    truth_wh = 46_000.0
    for _ in range(200):
        home.flow(7000.0, 1)
        factor = battery_at(home.state, None).efficiency(7000.0)
        home.told = float(round(20.0 + 100.0 * (home.in_wh - 10_000.0) * factor / truth_wh))
        if home.told > 90.0:
            break
    learned = home.state.learned["r5"]
    assert learned.charging.samples >= 2
    battery = battery_at(home.state, None)
    assert battery.capacity_wh < 51_000.0
    kept = {f"battery/{car}": row for car, row in home.state.learned.items()}
    assert restore(CONFIG, kept).learned == home.state.learned
    assert home.of(MakePlan)[-1].question.capacity_wh == pytest.approx(battery.capacity_wh, rel=0.02)


def test_the_planner_is_told_that_slow_charging_loses_more() -> None:
    home = Cable(told=60.0)
    home.plug_in()
    home.flow(0.0, 2)
    question = home.of(MakePlan)[-1].question
    steps = question.charge.efficiency
    assert [s.efficiency for s in steps] == sorted(s.efficiency for s in steps)
    assert steps[0].efficiency < steps[-1].efficiency - 0.05
    assert home.state.learned.get("r5", Learned()) == Learned()


def test_a_cable_the_car_feels_and_no_station_does_is_loose() -> None:
    home = Cable()
    home.dial_in()
    free = f.ConnectorChanged(station="ST1", evse=1, connector=1, status=ConnectorStatus.AVAILABLE, at=home.now.utc)
    home.tell(free)
    home.tell(VehiclePlugRead(vehicle="r5", plugged=True))
    assert home.kinds == set()
    home.tell(f.Ticked(), 200.0)
    assert home.kinds == {ConcernKind.CABLE_LOOSE}
    home.tell(VehiclePlugRead(vehicle="r5", plugged=False))
    assert home.kinds == set()


def test_one_event_stores_one_row() -> None:
    home = Cable(told=60.0)
    home.plug_in()
    home.flow(7000.0, 2)
    home.in_wh += 100.0
    fact: TransactionReported = home.event(EventKind.UPDATED, 50, samplings=home.samples(7000.0))
    kept = [k.key.partition("/")[0] for k in home.tell(fact, 60.0).keeps]
    assert kept.count("session") == 1
    assert "battery" not in kept


def test_needs_without_figures_change_no_level() -> None:
    home = Cable(told=60.0)
    home.plug_in()
    home.flow(0.0, 1)
    home.tell(f.NeedsReported(call=home.call(), station="ST1", evse=1, needs=Needs(bidirectional=True)))
    assert home.level.soc_pct == 60.0


def test_what_a_car_still_asks_for_tells_its_level_while_it_charges() -> None:
    home = Cable()
    home.plug_in()
    needs = replace(NEEDS, target_soc_pct=80.0, target_request_wh=15_600.0)
    home.tell(f.NeedsReported(call=home.call(), station="ST1", evse=1, needs=needs))
    home.flow(7000.0, 50)
    rest = (*home.samples(7000.0)[0].samples, Sample("EnergyRequest.Target", 10_400.0, location="EV"))
    home.tell(home.event(EventKind.UPDATED, 99, samplings=(Sampling(home.now.utc, rest),)), 5.0)
    assert home.level.soc_pct == pytest.approx(60.0)
    assert home.level.source is SocSource.STATION


def test_a_level_told_in_so_many_words_counts_more_than_one_that_is_worked_out() -> None:
    home = Cable(told=60.0)
    home.plug_in()
    home.live(0.0, 10)
    odd = replace(NEEDS, target_soc_pct=80.0, target_request_wh=20_800.0)
    home.tell(f.NeedsReported(call=home.call(), station="ST1", evse=1, needs=odd))
    assert (home.level.soc_pct, home.level.doubts) == (60.0, ())


def test_what_a_car_taught_goes_with_the_car() -> None:
    kept: dict[str, object] = {"battery/r5": Learned(), "battery/sold": Learned()}
    assert [(keep.key, keep.value) for keep in leftovers(CONFIG, kept)] == [("battery/sold", None)]
