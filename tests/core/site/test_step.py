"""The whole site, event by event."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from custom_components.mobilize_flex.core.model import facts as f, intents as i
from custom_components.mobilize_flex.core.model.access import Badge
from custom_components.mobilize_flex.core.model.commands import (
    AllowTransfer,
    AnswerAuthorize,
    AnswerBoot,
    AnswerNeeds,
    AnswerTransaction,
    AskToSend,
    BootStatus,
    CallRef,
    ClearPower,
    InstallLimits,
    MakePlan,
    ReadInventory,
    ReadProfiles,
    SetpointForm,
    SetPower,
    TokenStatus,
    Variable,
)
from custom_components.mobilize_flex.core.model.config import MeterConfig, SiteConfig, StationConfig, VehicleConfig
from custom_components.mobilize_flex.core.model.contracts import Base
from custom_components.mobilize_flex.core.model.electric import MeterReading
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.plan import Plan, PlanSlot
from custom_components.mobilize_flex.core.model.programme import Programme
from custom_components.mobilize_flex.core.model.reasons import Reason, Why
from custom_components.mobilize_flex.core.model.session import Activity, Phase
from custom_components.mobilize_flex.core.model.station import (
    ConnectorStatus,
    EventKind,
    Needs,
    Sample,
    Sampling,
    Token,
    VariableReport,
    Version,
)
from custom_components.mobilize_flex.core.model.wishes import Override
from custom_components.mobilize_flex.core.site import Step, glance, restore, step
from custom_components.mobilize_flex.core.site.step import ARMS, Event

T0 = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Paris")
CONFIG = SiteConfig(
    name="Home",
    zone=ZONE,
    breaker_a=45.0,
    subscribed_kva=9.0,
    v2g_consent=True,
    stations=(StationConfig(identity="ST1", name="Verso", fallback_a=10.0),),
    vehicles=(VehicleConfig(key="r5", name="R5"),),
    meter=MeterConfig(key="m", name="Linky", kind="linky"),
    contract=Base(import_per_kwh=0.2),
)
PROGRAMME = Programme(number=1, departure=time(7, 30), weekdays=tuple(range(7)), v2g=True)
NEEDS = Needs(bidirectional=True, max_charge_w=7000.0, max_discharge_w=7000.0, min_discharge_w=1000.0)


class Home:
    """A site under test: tells events at times, remembers what came of them."""

    def __init__(self) -> None:
        self.state = restore(CONFIG, {})
        self.seconds = 0.0
        self.calls = 0
        self.sent: list[object] = []
        self.last = Step(self.state)

    @property
    def now(self) -> Moment:
        return Moment(T0 + timedelta(seconds=self.seconds), 100.0 + self.seconds)

    def call(self) -> CallRef:
        self.calls += 1
        return CallRef("ST1", 1, f"m{self.calls}")

    def tell(self, event: Event, after: float = 0.0) -> Step:
        self.seconds += after
        self.last = step(self.state, event, self.now)
        self.state = self.last.state
        self.sent += self.last.commands
        return self.last

    def event(self, kind: EventKind, seq_no: int, **more: object) -> f.TransactionReported:
        fields: dict[str, object] = {
            "call": self.call(),
            "station": "ST1",
            "transaction": "tx-1",
            "kind": kind,
            "seq_no": seq_no,
            "at": self.now.utc,
            "trigger": "CablePluggedIn",
            "evse": 1,
        }
        return f.TransactionReported(**(fields | more))  # type: ignore[arg-type]

    def samples(self, power_w: float, soc_pct: float = 60.0, in_wh: float = 0.0) -> tuple[Sampling, ...]:
        name = "Import" if power_w >= 0 else "Export"
        rows = (
            Sample(f"Power.Active.{name}", abs(power_w)),
            Sample("Display.PresentSOC", soc_pct, location="EV"),
            Sample("Energy.Active.Import.Register", in_wh),
        )
        return (Sampling(self.now.utc, rows),)

    def dial_in(self) -> None:
        self.tell(f.StationConnected(station="ST1", version=Version.V21, link=1))
        boot = f.StationBooted(
            call=self.call(), station="ST1", vendor="V", model="M", serial="S", firmware="1", reason="PowerUp"
        )
        self.tell(boot)
        self.tell(f.Ticked(), 2)

    def plug_in(self) -> None:
        self.dial_in()
        self.tell(i.SetProgramme(PROGRAMME))
        for _ in range(3):
            self.tell(f.MeterRead(MeterReading(power_w=2500.0)))
        self.open_up()
        self.tell(
            f.ConnectorChanged(station="ST1", evse=1, connector=1, status=ConnectorStatus.OCCUPIED, at=self.now.utc)
        )
        self.tell(self.event(EventKind.STARTED, 0, samplings=self.samples(0)))
        self.tell(f.NeedsReported(call=self.call(), station="ST1", evse=1, needs=NEEDS))

    def open_up(self) -> None:
        """Let there have been room on the connection for long enough to use all of it."""
        ramps = {place: replace(ramp, limit_a=32.0) for place, ramp in self.state.load.ramps.items()}
        self.state = replace(self.state, load=replace(self.state.load, ramps=ramps))

    def plan(self, power_w: float, reason: Reason = Reason.HIGH_PRICE) -> None:
        asked = [c for c in self.sent if isinstance(c, MakePlan)][-1]
        slot = PlanSlot(
            start=T0,
            end=T0 + timedelta(hours=12),
            power_w=power_w,
            soc_end_pct=60.0,
            import_per_kwh=0.2,
            export_per_kwh=0.0,
            stored_value_per_kwh=0.2,
            why=Why(reason),
        )
        made = Plan(
            made_at=T0,
            slots=(slot,),
            departure=None,
            target_soc_pct=None,
            reachable_soc_pct=None,
            target_met_at=None,
            limited_by=None,
            cost=0.0,
        )
        self.tell(f.PlanMade(asked.id, made))

    def keep_alive(self, seconds: int, power_w: float = 0.0, house_w: float = 2500.0, soc_pct: float = 60.0) -> None:
        for _ in range(0, seconds, 5):
            self.tell(f.MeterRead(MeterReading(power_w=house_w + power_w)), 5)
            self.tell(self.event(EventKind.UPDATED, 2, samplings=self.samples(power_w, soc_pct)))
            self.accept_all()
            self.tell(f.Ticked())

    def accept_all(self) -> None:
        for command in [c for c in self.sent if isinstance(c, (SetPower, InstallLimits))]:
            self.tell(f.CommandAccepted(station="ST1", id=command.id))

    def of[C](self, kind: type[C]) -> list[C]:
        return [c for c in self.sent if isinstance(c, kind)]

    @property
    def evse(self) -> object:
        return self.state.stations["ST1"].evses[1]

    @property
    def phase(self) -> Phase:
        return self.state.stations["ST1"].evses[1].phase


@pytest.fixture
def home() -> Home:
    return Home()


def test_every_fact_and_every_intent_has_an_arm() -> None:
    def members(kind: object) -> set[object]:
        kind = getattr(kind, "__value__", kind)
        return set().union(*(members(k) for k in get_args(kind))) if get_args(kind) else {kind}

    assert set(ARMS) == members(f.Fact) | members(i.Intent)


def test_a_stranger_changes_nothing(home: Home) -> None:
    before = home.state
    result = home.tell(f.StationConnected(station="EVIL", version=Version.V21, link=1))
    assert replace(result.state, surprises=0) == before
    assert (result.commands, result.keeps) == ((), ())


def test_a_boot_is_accepted_and_the_lasting_limits_are_written(home: Home) -> None:
    home.dial_in()
    assert home.of(AnswerBoot)[0].status is BootStatus.ACCEPTED
    limits = home.of(InstallLimits)[0]
    assert (limits.max_w, limits.fallback_w, limits.phases) == (7360.0, 2300.0, 1)


def test_a_station_that_comes_back_without_a_boot_is_asked(home: Home) -> None:
    home.plug_in()
    home.accept_all()
    home.tell(f.StationDisconnected(station="ST1", link=1))
    home.sent.clear()
    home.tell(f.StationConnected(station="ST1", version=Version.V21, link=2), 30)
    home.tell(f.Ticked(), 4)
    assert home.of(ReadProfiles)
    assert not home.of(InstallLimits)
    assert ConnectorStatus.OCCUPIED is home.state.stations["ST1"].evses[1].connector
    assert {c.what for c in home.of(AskToSend)} == {"TransactionEvent", "StatusNotification"}
    assert home.phase is Phase.V2G


def test_the_end_of_an_old_connection_does_not_touch_the_new_one(home: Home) -> None:
    home.dial_in()
    home.tell(f.StationConnected(station="ST1", version=Version.V21, link=2))
    home.tell(f.StationDisconnected(station="ST1", link=1))
    assert home.state.stations["ST1"].online


def test_a_car_that_agrees_gets_a_v2g_session_and_follows_the_plan(home: Home) -> None:
    home.plug_in()
    assert home.phase is Phase.V2G
    assert home.of(AnswerNeeds)[0].profile_follows
    home.plan(-2000.0)
    home.keep_alive(20)
    order = home.of(SetPower)[-1]
    assert order.power_w == -2000.0
    assert order.form in (SetpointForm.DYNAMIC, SetpointForm.UPDATE)


def test_what_the_car_gives_back_never_exceeds_what_the_house_takes(home: Home) -> None:
    home.plug_in()
    home.plan(-6000.0)
    home.keep_alive(20)
    decision = home.state.stations["ST1"].evses[1].decision
    assert decision.power_w == -2500.0


def test_a_meter_that_falls_silent_ends_the_discharge(home: Home) -> None:
    home.plug_in()
    home.plan(-2000.0)
    home.keep_alive(20)
    for _ in range(12):
        home.tell(f.Ticked(), 1)
    assert home.of(SetPower)[-1].power_w == 0.0


def test_without_consent_the_badge_gets_no_v2g(home: Home) -> None:
    home.dial_in()
    home.tell(f.SiteConfigured(replace(CONFIG, v2g_consent=False)))
    home.tell(f.CardPresented(call=home.call(), station="ST1", token=Token(value="A", kind="ISO14443")))
    answer = home.of(AnswerAuthorize)[0]
    assert (answer.status, answer.v2g) == (TokenStatus.ACCEPTED, False)


BARE = Token(value="", kind="NoAuthorization")


@pytest.mark.parametrize(
    ("kind", "more", "wanted", "allowed"),
    [
        (EventKind.STARTED, {"token": BARE}, True, ["tx-1"]),
        (EventKind.STARTED, {"token": BARE}, False, []),
        (EventKind.STARTED, {"token": BARE, "offline": True}, True, []),
        (EventKind.STARTED, {"token": Token(value="A", kind="ISO14443")}, True, []),
        (EventKind.ENDED, {"token": BARE}, True, []),
    ],
)
def test_a_charge_without_a_badge_is_allowed_to_give_back_where_that_is_wanted(
    home: Home, kind: EventKind, more: dict[str, object], wanted: bool, allowed: list[str]
) -> None:
    home.dial_in()
    home.tell(i.SetProgramme(replace(PROGRAMME, v2g=wanted)))
    home.tell(home.event(kind, 0, **more))
    assert [c.transaction for c in home.of(AllowTransfer)] == allowed


def test_a_station_of_2_0_1_has_no_words_for_that(home: Home) -> None:
    home.tell(f.StationConnected(station="ST1", version=Version.V201, link=1))
    home.tell(i.SetProgramme(PROGRAMME))
    home.tell(home.event(EventKind.STARTED, 0, token=BARE))
    assert home.of(AllowTransfer) == []


def test_a_badge_nobody_knows_is_refused_where_access_is_restricted(home: Home) -> None:
    station = replace(CONFIG.stations[0], open_access=False)
    home.tell(i.SetBadge(Badge(token="MUM")))
    home.tell(f.SiteConfigured(replace(CONFIG, stations=(station,))))
    home.dial_in()
    for name in ("MUM", "BURGLAR"):
        home.tell(f.CardPresented(call=home.call(), station="ST1", token=Token(value=name, kind="ISO14443")))
    assert [a.status for a in home.of(AnswerAuthorize)] == [TokenStatus.ACCEPTED, TokenStatus.UNKNOWN]


def test_an_event_is_stored_before_it_is_answered(home: Home) -> None:
    home.dial_in()
    result = home.tell(home.event(EventKind.STARTED, 0))
    assert "session/ST1/tx-1" in {k.key for k in result.keeps}
    assert next(type(c) for c in result.commands) is AnswerTransaction


def test_instant_charge_silences_the_programmes_and_resuming_wakes_them(home: Home) -> None:
    home.plug_in()
    home.tell(i.ChargeNow("ST1"))
    assert home.phase is Phase.INSTANT
    assert not home.state.wishes.programmes[0].enabled
    assert home.state.sessions["ST1/tx-1"].override is Override.APP
    home.keep_alive(10)
    assert home.of(SetPower)[-1].power_w > 6000
    home.tell(i.ResumeV2g("ST1"))
    assert home.state.wishes.programmes[0].enabled
    assert home.phase is Phase.V2G


def test_the_button_in_the_flap_keeps_the_programmes(home: Home) -> None:
    home.plug_in()
    home.tell(f.NeedsReported(call=home.call(), station="ST1", evse=1, needs=replace(NEEDS, bidirectional=False)), 5)
    assert home.phase is Phase.INSTANT
    assert home.state.wishes.programmes[0].enabled
    assert home.state.sessions["ST1/tx-1"].override is Override.FLAP


def test_priority_charging_from_a_button_is_an_instant_charge_that_keeps_the_programmes(home: Home) -> None:
    home.plug_in()
    home.tell(f.PriorityReported(station="ST1", transaction="tx-1", active=True), 5)
    assert home.phase is Phase.INSTANT
    assert home.state.wishes.programmes[0].enabled
    home.tell(f.PriorityReported(station="ST1", transaction="tx-1", active=False), 5)
    assert home.phase is Phase.V2G


def test_a_new_departure_moves_the_end_of_the_session(home: Home) -> None:
    home.plug_in()
    before = home.state.sessions["ST1/tx-1"].departure
    home.tell(i.SetProgramme(replace(PROGRAMME, departure=time(6, 0))), 5)
    after = home.state.sessions["ST1/tx-1"].departure
    assert before is not None
    assert after == before - timedelta(minutes=90)


def test_with_v2g_switched_off_the_programme_is_still_planned_one_way(home: Home) -> None:
    home.plug_in()
    home.plan(-2000.0)
    home.tell(i.SetV2g(on=False), 20)
    question = home.of(MakePlan)[-1].question
    assert question.discharge.max_w == 0.0
    assert question.departures


def test_instant_charge_without_a_car_is_refused_in_words(home: Home) -> None:
    home.dial_in()
    assert home.tell(i.ChargeNow("ST1")).refusal is not None
    assert home.tell(i.ChargeNow("NOBODY")).refusal is not None


def test_a_fourth_programme_is_refused(home: Home) -> None:
    for number in (1, 2, 3):
        assert home.tell(i.SetProgramme(replace(PROGRAMME, number=number, departure=time(number)))).refusal is None
    refusal = home.tell(i.SetProgramme(replace(PROGRAMME, number=4))).refusal
    assert refusal is not None
    assert refusal.key == "programme_too_many"
    assert len(home.state.wishes.programmes) == 3


def test_a_restart_in_mid_session_goes_on_where_the_world_is(home: Home) -> None:
    home.plug_in()
    home.plan(-2000.0)
    home.keep_alive(10, power_w=-2000.0)
    kept: dict[str, object] = {"wishes": home.state.wishes, "station/ST1": home.state.stations["ST1"].memory}
    kept |= {f"session/{k}": s for k, s in home.state.sessions.items()}
    again = Home()
    again.state = restore(CONFIG, kept)
    again.seconds = home.seconds + 60
    assert again.phase is Phase.V2G
    again.tell(f.StationConnected(station="ST1", version=Version.V21, link=1))
    again.tell(f.Ticked(), 4)
    assert {"TransactionEvent", "StatusNotification"} <= {c.what for c in again.of(AskToSend)}
    again.tell(f.MeterRead(MeterReading(power_w=500.0)))
    again.tell(again.event(EventKind.UPDATED, 9, samplings=again.samples(-2000.0, in_wh=100.0)))
    for _ in range(3):
        assert not again.of(MakePlan)
        again.tell(f.MeterRead(MeterReading(power_w=500.0)), 2)
    assert again.of(MakePlan)
    again.plan(-1500.0)
    again.keep_alive(10, power_w=-1500.0)
    assert again.of(SetPower)[-1].power_w == -1500.0
    assert list(again.state.sessions) == ["ST1/tx-1"]


def test_a_replayed_queue_brings_no_ended_session_back_to_life(home: Home) -> None:
    home.plug_in()
    home.tell(home.event(EventKind.ENDED, 9, stopped_reason="EVDisconnected"), 60)
    assert home.phase is Phase.FINISHED
    replay = home.event(EventKind.UPDATED, 5, at=T0, offline=True)
    home.tell(replay, 5)
    assert home.phase is Phase.FINISHED
    assert home.state.stations["ST1"].evses[1].session is None


def test_history_never_moves_live_power(home: Home) -> None:
    home.plug_in()
    home.keep_alive(5, power_w=1500.0)
    home.tell(home.event(EventKind.UPDATED, 3, offline=True, samplings=home.samples(-7000.0)))
    assert glance(home.state, "ST1", 1, home.now).power_w == 1500.0


def test_after_stopping_nothing_a_station_says_leads_to_a_new_order(home: Home) -> None:
    home.plug_in()
    home.plan(-2000.0)
    home.keep_alive(10)
    home.tell(f.Stopping())
    home.sent.clear()
    home.tell(home.event(EventKind.UPDATED, 5, samplings=home.samples(2300.0)), 1)
    home.tell(f.MeterRead(MeterReading(power_w=500.0)), 1)
    assert not home.of(SetPower)


def test_half_an_inventory_takes_nothing_away(home: Home) -> None:
    home.dial_in()
    memory = home.state.stations["ST1"].memory
    known = replace(memory, abilities=replace(memory.abilities, offline_limit=True))
    station = replace(home.state.stations["ST1"], memory=known)
    home.state = replace(home.state, stations={"ST1": station})
    row = VariableReport(variable=Variable("EVSE", "Power", evse=1), value=None, max_limit=7400.0)
    asked = home.of(ReadInventory)[0].request_id
    home.tell(f.VariablesReported(station="ST1", rows=(row,), request_id=asked, complete=False))
    assert home.state.stations["ST1"].memory.abilities.offline_limit
    home.tell(f.VariablesReported(station="ST1", rows=(row,), request_id=asked, complete=True))
    assert home.state.stations["ST1"].memory.abilities.offline_limit is None


def test_a_session_picked_up_again_waits_for_the_cars_word_before_it_orders(home: Home) -> None:
    home.plug_in()
    kept: dict[str, object] = {"wishes": home.state.wishes, "station/ST1": home.state.stations["ST1"].memory}
    kept |= {f"session/{k}": s for k, s in home.state.sessions.items()}
    again = Home()
    again.state = restore(CONFIG, kept)
    again.tell(f.StationConnected(station="ST1", version=Version.V21, link=1))
    again.tell(f.MeterRead(MeterReading(power_w=4000.0)), 5)
    assert not again.of(SetPower)
    assert again.state.meter.recent_w is None
    again.tell(again.event(EventKind.UPDATED, 7, samplings=again.samples(2300.0)), 5)
    again.tell(again.event(EventKind.UPDATED, 8, samplings=again.samples(2300.0)), 5)
    again.tell(f.MeterRead(MeterReading(power_w=4000.0)), 1)
    assert again.state.meter.house_w == 1700.0


def test_another_car_does_not_inherit_the_state_of_charge_of_the_last(home: Home) -> None:
    home.plug_in()
    home.tell(home.event(EventKind.ENDED, 9), 60)
    home.tell(f.ConnectorChanged(station="ST1", evse=1, connector=1, status=ConnectorStatus.AVAILABLE, at=home.now.utc))
    home.tell(home.event(EventKind.STARTED, 0, transaction="tx-2"), 60)
    assert glance(home.state, "ST1", 1, home.now).level.soc_pct is None
    assert home.state.vehicles["r5"].soc_pct == 60.0
    assert home.state.sessions["ST1/tx-1"].soc_start_pct == 60.0


def test_a_whole_transaction_that_went_by_offline_moves_the_counters_and_nothing_else(home: Home) -> None:
    home.dial_in()
    for seq_no, (kind, wh) in enumerate([(EventKind.STARTED, 100.0), (EventKind.ENDED, 5100.0)]):
        past = home.event(kind, seq_no, offline=True, samplings=home.samples(7000.0, in_wh=wh))
        home.tell(past, 5)
    readings = home.state.stations["ST1"].evses[1].readings
    assert (readings.import_wh, readings.power_w) == (5100.0, None)
    assert home.state.sessions["ST1/tx-1"].energy_in.wh == 5000.0


def test_values_of_the_whole_station_are_not_the_cars(home: Home) -> None:
    home.plug_in()
    home.tell(f.Metered(station="ST1", evse=0, samplings=home.samples(4000.0, in_wh=99_000.0)))
    readings = home.state.stations["ST1"].evses[1].readings
    assert (readings.import_wh, readings.power_w) == (0.0, 0.0)


def test_a_station_that_refuses_every_discharge_is_told_so_truly(home: Home) -> None:
    home.plug_in()
    home.plan(-2000.0)
    evse = home.state.stations["ST1"].evses[1]
    limited = replace(evse, delivery=replace(evse.delivery, form=SetpointForm.LIMIT))
    home.state = replace(home.state, stations={"ST1": replace(home.state.stations["ST1"], evses={1: limited})})
    home.tell(f.MeterRead(MeterReading(power_w=2500.0)), 5)
    decision = home.state.stations["ST1"].evses[1].decision
    assert (decision.power_w, decision.capped_by) == (0.0, Reason.NO_DISCHARGE_ROUTE)


def test_a_house_that_changes_its_habits_gets_another_plan(home: Home) -> None:
    home.plug_in()
    home.plan(-2000.0)
    home.keep_alive(60)
    asked = len(home.of(MakePlan))
    home.keep_alive(120, house_w=6000.0)
    assert len(home.of(MakePlan)) > asked
    assert home.of(MakePlan)[-1].question.house_w[0] > 3000.0


def test_stopping_leaves_the_station_to_its_standard_charge(home: Home) -> None:
    home.plug_in()
    home.plan(-2000.0)
    home.keep_alive(10)
    home.tell(f.Stopping())
    assert isinstance(home.sent[-1], ClearPower)


def test_what_people_see(home: Home) -> None:
    def activity() -> Activity:
        return glance(home.state, "ST1", 1, home.now).activity

    assert activity() is Activity.OFFLINE
    home.dial_in()
    assert activity() is Activity.NOT_CONNECTED
    home = Home()
    home.plug_in()
    assert glance(home.state, "ST1", 1, home.now).activity is Activity.WAITING
    home.keep_alive(5, power_w=-2000.0)
    assert glance(home.state, "ST1", 1, home.now).activity is Activity.DISCHARGING
    assert glance(home.state, "ST1", 1, home.now).lamp.name == "green_ascending"
    home.keep_alive(5, power_w=3000.0)
    assert glance(home.state, "ST1", 1, home.now).activity is Activity.CHARGING


def test_a_standard_charge_does_not_become_v2g_without_a_replug(home: Home) -> None:
    home.dial_in()
    home.tell(f.MeterRead(MeterReading(power_w=500.0)))
    home.tell(home.event(EventKind.STARTED, 0, samplings=home.samples(0)))
    home.tell(f.NeedsReported(call=home.call(), station="ST1", evse=1, needs=NEEDS))
    assert home.phase is Phase.STANDARD
    home.tell(i.SetProgramme(PROGRAMME), 60)
    decision = home.state.stations["ST1"].evses[1].decision
    assert home.phase is Phase.STANDARD
    assert decision.why.reason is Reason.NEEDS_REPLUG


def test_needs_that_never_come_mean_a_standard_charge(home: Home) -> None:
    home.dial_in()
    home.tell(home.event(EventKind.STARTED, 0, samplings=home.samples(0)))
    assert home.phase is Phase.STARTING
    assert glance(home.state, "ST1", 1, home.now).activity is Activity.WAITING
    home.tell(home.event(EventKind.UPDATED, 1, samplings=home.samples(4000)), 1)
    assert home.phase is Phase.STARTING
    assert glance(home.state, "ST1", 1, home.now).activity is Activity.STANDARD_CHARGE
    assert glance(home.state, "ST1", 1, home.now).lamp.name == "blue_blinking"
    for _ in range(61):
        home.tell(f.Ticked(), 1)
    assert home.phase is Phase.STANDARD
