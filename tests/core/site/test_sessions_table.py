"""The session as the manual tells it, event by event: departures, replugs, both instant charges."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from custom_components.mobilize_flex.core.model import facts as f, intents as i
from custom_components.mobilize_flex.core.model.commands import MakePlan, SetPower
from custom_components.mobilize_flex.core.model.concern import ConcernKind, V2gStanding
from custom_components.mobilize_flex.core.model.light import LampColour, LampMotion
from custom_components.mobilize_flex.core.model.programme import Programme
from custom_components.mobilize_flex.core.model.reasons import Reason
from custom_components.mobilize_flex.core.model.session import Activity, Phase
from custom_components.mobilize_flex.core.model.state import EvseState, Glance
from custom_components.mobilize_flex.core.model.station import ConnectorStatus, EventKind, Needs
from custom_components.mobilize_flex.core.model.wishes import Override
from custom_components.mobilize_flex.core.site import glance, restore
from custom_components.mobilize_flex.core.site.concerns import concerns

from .test_level import Cable
from .test_step import CONFIG, NEEDS, PROGRAMME

TO_DEPARTURE_S = 13.5 * 3600
PLAIN = Needs(bidirectional=False, max_charge_w=7000.0)


@pytest.fixture
def home() -> Cable:
    return Cable(told=60.0)


def evse(home: Cable) -> EvseState:
    return home.state.stations["ST1"].evses[1]


def seen(home: Cable) -> Glance:
    return glance(home.state, "ST1", 1, home.now)


def replug(home: Cable, transaction: str) -> None:
    """Unplug and plug in again, as the manual asks."""
    home.tell(home.event(EventKind.ENDED, 999, stopped_reason="EVDisconnected"), 5.0)
    for status in (ConnectorStatus.AVAILABLE, ConnectorStatus.OCCUPIED):
        home.tell(f.ConnectorChanged(station="ST1", evse=1, connector=1, status=status, at=home.now.utc), 5.0)
    home.tell(home.event(EventKind.STARTED, 0, transaction=transaction, samplings=home.samples(0.0)))
    home.tell(f.NeedsReported(call=home.call(), station="ST1", evse=1, needs=NEEDS))


def leave(home: Cable) -> None:
    """Let the departure go by with the car still plugged in."""
    home.live(0.0, 10)
    home.tell(f.Ticked(), TO_DEPARTURE_S)
    home.live(0.0, 10)


# plugged in, waiting


def test_a_session_may_wait_from_its_start(home: Cable) -> None:
    home.plug_in()
    home.live(0.0, 30)
    assert (home.phase, seen(home).activity, seen(home).v2g) == (Phase.V2G, Activity.WAITING, V2gStanding.RUNNING)
    assert (seen(home).lamp.colour, seen(home).lamp.motion) == (LampColour.GREEN, LampMotion.BLINKING)


@pytest.mark.parametrize(("minutes", "phase"), [(0.1, Phase.V2G), (10.0, Phase.STARTING)])
def test_a_car_may_tell_its_needs_just_before_its_transaction_begins(home: Cable, minutes: float, phase: Phase) -> None:
    home.plug_in()
    home.tell(home.event(EventKind.ENDED, 999, stopped_reason="EVDisconnected"), 5.0)
    for status in (ConnectorStatus.AVAILABLE, ConnectorStatus.OCCUPIED):
        home.tell(f.ConnectorChanged(station="ST1", evse=1, connector=1, status=status, at=home.now.utc), 5.0)
    home.tell(f.NeedsReported(call=home.call(), station="ST1", evse=1, needs=NEEDS))
    home.tell(home.event(EventKind.STARTED, 0, transaction="tx-2", samplings=home.samples(0.0)), 60.0 * minutes)
    assert home.phase is phase
    assert evse(home).early is None


def test_what_a_car_that_left_said_it_needs_is_forgotten(home: Cable) -> None:
    home.dial_in()
    home.tell(f.NeedsReported(call=home.call(), station="ST1", evse=1, needs=NEEDS))
    status = ConnectorStatus.AVAILABLE
    home.tell(f.ConnectorChanged(station="ST1", evse=1, connector=1, status=status, at=home.now.utc), 5.0)
    assert evse(home).early is None


def test_a_standard_charge_that_runs_needs_a_replug(home: Cable) -> None:
    home.state = replace(home.state, wishes=replace(home.state.wishes, v2g=False))
    home.plug_in()
    home.live(2300.0, 10)
    assert (home.phase, seen(home).v2g) == (Phase.STANDARD, V2gStanding.V2G_OFF)
    home.tell(i.SetV2g(on=True))
    assert home.phase is Phase.STANDARD
    assert (evse(home).decision.why.reason, seen(home).v2g) == (Reason.NEEDS_REPLUG, V2gStanding.NEEDS_REPLUG)
    replug(home, "tx-2")
    assert home.phase is Phase.V2G


def test_a_car_that_was_never_asked_needs_a_replug_one_that_was_declines(home: Cable) -> None:
    home.state = replace(home.state, wishes=replace(home.state.wishes, v2g=False))
    home.plug_in()
    home.tell(f.NeedsReported(call=home.call(), station="ST1", evse=1, needs=PLAIN))
    home.tell(i.SetV2g(on=True))
    assert seen(home).v2g is V2gStanding.NEEDS_REPLUG
    home.tell(home.event(EventKind.ENDED, 99), 5.0)
    home.tell(home.event(EventKind.STARTED, 0, transaction="tx-2", samplings=home.samples(0.0)), 5.0)
    home.tell(f.NeedsReported(call=home.call(), station="ST1", evse=1, needs=PLAIN))
    assert seen(home).v2g is V2gStanding.CAR_DECLINES
    assert evse(home).decision.why.reason is not Reason.NEEDS_REPLUG


@pytest.mark.parametrize(
    ("change", "standing"),
    [
        ({"v2g": False}, V2gStanding.V2G_OFF),
        ({"programmes": ()}, V2gStanding.NO_PROGRAMME),
        ({"programmes": (replace(PROGRAMME, enabled=False),), "silenced": (1,)}, V2gStanding.PROGRAMMES_OFF),
        ({"programmes": (replace(PROGRAMME, v2g=False),)}, V2gStanding.PROGRAMME_WITHOUT_V2G),
        ({}, V2gStanding.READY),
    ],
)
def test_why_the_programmes_are_greyed_out(home: Cable, change: dict[str, object], standing: V2gStanding) -> None:
    home.dial_in()
    wishes = replace(home.state.wishes, **({"programmes": (PROGRAMME,)} | change))  # type: ignore[arg-type]
    home.state = replace(home.state, wishes=wishes, ahead=None)
    assert seen(home).v2g is standing


# at the departure


def test_at_the_departure_a_car_still_plugged_in_is_held_at_its_level_and_the_owner_asked(home: Cable) -> None:
    home.told = 80.0
    home.plug_in()
    leave(home)
    assert home.phase is Phase.HELD
    assert (evse(home).decision.power_w, evse(home).decision.why.reason) == (0.0, Reason.STILL_PLUGGED)
    assert (seen(home).activity, seen(home).lamp.colour) == (Activity.FINISHED, LampColour.BLUE)
    assert {c.kind for c in concerns(home.state, home.now)} == {ConcernKind.STILL_PLUGGED}
    assert seen(home).v2g is V2gStanding.STILL_PLUGGED


def test_what_the_car_was_promised_it_gets_though_it_is_late(home: Cable) -> None:
    home.told = 70.0
    home.plug_in()
    leave(home)
    assert (evse(home).decision.power_w or 0.0) > 0.0
    home.told = 79.0
    home.live(7000.0, 10)
    assert (evse(home).decision.power_w or 0.0) > 0.0
    home.told = 80.0
    home.live(7000.0, 60)
    assert evse(home).decision.power_w == 0.0


def test_the_level_is_kept_for_days_with_a_little_let_go_by_and_nothing_is_given_back(home: Cable) -> None:
    home.told = 80.0
    home.plug_in()
    leave(home)
    for told, charges in ((79.0, False), (78.0, False), (76.5, True), (79.0, True), (80.0, False)):
        home.tell(f.Ticked(), 6 * 3600.0)
        home.told = told
        home.live(0.0, 30)
        assert home.phase is Phase.HELD
        assert ((evse(home).decision.power_w or 0.0) > 0.0) is charges
    assert min(c.power_w for c in home.of(SetPower)) >= 0.0


def test_the_target_of_the_departure_counts_and_a_later_higher_one(home: Cable) -> None:
    home.told = 60.0
    home.plug_in()
    home.tell(i.SetProgramme(replace(PROGRAMME, target_soc_pct=60.0)))
    leave(home)
    assert evse(home).decision.power_w == 0.0
    tomorrow = Programme(departure=time(5), once=date(2026, 11, 24), target_soc_pct=75.0)
    home.tell(i.SetDeparture(tomorrow))
    home.live(0.0, 10)
    assert home.phase is Phase.HELD
    assert (evse(home).decision.power_w or 0.0) > 0.0


def test_a_replug_runs_to_the_next_departure(home: Cable) -> None:
    home.told = 80.0
    home.plug_in()
    leave(home)
    replug(home, "tx-2")
    session = home.state.sessions["ST1/tx-2"]
    assert home.phase is Phase.V2G
    assert session.departure == datetime(2026, 11, 24, 6, 30, tzinfo=UTC)


def test_the_owner_may_begin_the_next_session_without_a_replug(home: Cable) -> None:
    home.told = 80.0
    home.plug_in()
    leave(home)
    home.tell(i.ResumeV2g("ST1"))
    home.live(0.0, 10)
    assert home.phase is Phase.V2G
    assert home.state.sessions["ST1/tx-1"].departure == datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
    assert concerns(home.state, home.now) == ()


def test_a_held_session_comes_back_as_such_after_a_restart(home: Cable) -> None:
    home.told = 80.0
    home.plug_in()
    leave(home)
    kept: dict[str, object] = {"wishes": home.state.wishes, "station/ST1": home.state.stations["ST1"].memory}
    kept |= {f"session/{k}": s for k, s in home.state.sessions.items()}
    assert restore(CONFIG, kept).stations["ST1"].evses[1].phase is Phase.HELD


def test_a_car_whose_level_nobody_knows_charges_on_after_its_departure() -> None:
    home = Cable()
    home.plug_in()
    leave(home)
    assert home.phase is Phase.HELD
    assert (evse(home).decision.power_w or 0.0) > 0.0


# both instant charges


def pressed(home: Cable) -> None:
    """Press the button in the flap: the car asks anew, without the way back."""
    home.tell(f.NeedsReported(call=home.call(), station="ST1", evse=1, needs=PLAIN))


def test_the_button_in_the_flap_charges_now_and_leaves_the_programmes(home: Cable) -> None:
    home.plug_in()
    home.live(0.0, 10)
    pressed(home)
    home.live(0.0, 10)
    assert home.phase is Phase.INSTANT
    assert home.state.sessions["ST1/tx-1"].override is Override.FLAP
    assert (home.state.wishes.programmes, home.state.wishes.hushed) == ((PROGRAMME,), False)
    assert (evse(home).decision.power_w or 0.0) > 0.0
    replug(home, "tx-2")
    assert home.phase is Phase.V2G


def left_our_order(home: Cable, power_w: float) -> None:
    """Let the station say that it left the mode of our order, and go on with a power."""
    mode = home.event(EventKind.UPDATED, 500, trigger="OperationModeChanged", operation_mode="ChargingOnly")
    home.tell(mode, 1.0)
    home.number = 501
    home.live(power_w, 10)


def test_a_station_that_leaves_our_order_to_charge_says_that_the_button_was_pressed(home: Cable) -> None:
    home.plug_in()
    home.live(0.0, 60)
    home.tell(home.event(EventKind.UPDATED, 400, operation_mode="CentralSetpoint"), 1.0)
    home.number = 401
    home.plan(0.0)
    home.live(0.0, 30)
    left_our_order(home, 7000.0)
    assert home.phase is Phase.INSTANT
    assert home.state.sessions["ST1/tx-1"].override is Override.FLAP
    assert not home.state.wishes.hushed


@pytest.mark.parametrize(("mode", "power_w"), [("CentralSetpoint", 0.0), (None, 7000.0)])
def test_less_than_that_says_nothing(home: Cable, mode: str | None, power_w: float) -> None:
    home.plug_in()
    home.live(0.0, 60)
    if mode is not None:
        home.tell(home.event(EventKind.UPDATED, 400, operation_mode=mode), 1.0)
        home.number = 401
    home.plan(0.0)
    home.live(0.0, 30)
    left_our_order(home, power_w)
    assert home.phase is Phase.V2G


def test_an_instant_charge_from_here_silences_all_that_was_on_and_wakes_exactly_that(home: Cable) -> None:
    home.dial_in()
    for number, enabled in ((1, True), (2, True), (3, False)):
        home.tell(i.SetProgramme(replace(PROGRAMME, number=number, departure=time(number), enabled=enabled)))
    home.plug_in()
    home.tell(i.ChargeNow("ST1"))
    assert home.state.wishes.silenced == (1, 2)
    assert seen(home).v2g is V2gStanding.PROGRAMMES_OFF
    again = home.state.wishes.programme(1)
    assert again is not None
    home.tell(i.SetProgramme(replace(again, enabled=True)))
    home.tell(i.ChargeNow("ST1"))
    assert home.state.wishes.silenced == (1, 2)
    home.tell(i.WakeProgrammes())
    assert [p.enabled for p in home.state.wishes.programmes] == [True, True, False]


def test_the_plan_of_a_held_car_is_gone(home: Cable) -> None:
    home.told = 80.0
    home.plug_in()
    home.live(0.0, 30)
    home.plan(-2000.0)
    leave(home)
    asked = len(home.of(MakePlan))
    home.live(0.0, 400)
    assert evse(home).plan is None
    assert len(home.of(MakePlan)) == asked


# the 80 % rule, as the planner is told of it


@pytest.mark.parametrize(("soc_max_pct", "hours"), [(70.0, 2.0), (80.0, 2.0), (90.0, 2.0), (100.0, 4.0)])
def test_the_planner_hears_of_the_ceiling_and_of_a_last_stretch_that_is_long_enough(
    home: Cable, soc_max_pct: float, hours: float
) -> None:
    home.plug_in()
    home.live(0.0, 15)
    home.plan(0.0)
    home.tell(i.SetSocLimits(max_pct=soc_max_pct))
    home.live(0.0, 30)
    question = home.of(MakePlan)[-1].question
    assert (question.overshoot_pct, question.soc_max_pct) == (80.0, soc_max_pct)
    leaves = question.departures[0]
    assert leaves.target_soc_pct <= soc_max_pct
    last = question.slot_s[leaves.slot - question.final_approach_slots : leaves.slot]
    assert hours * 3600.0 <= sum(last) <= 2.0 * hours * 3600.0


def test_a_standard_charge_has_no_ceiling_but_the_maximum(home: Cable) -> None:
    home.state = replace(home.state, wishes=replace(home.state.wishes, v2g=False))
    home.plug_in()
    home.live(0.0, 15)
    home.plan(0.0)
    home.tell(i.SetSocLimits(max_pct=70.0))
    home.live(0.0, 30)
    assert home.of(MakePlan)[-1].question.overshoot_pct == 70.0


# a fault that passes


def connector(home: Cable, status: ConnectorStatus) -> None:
    home.tell(f.ConnectorChanged(station="ST1", evse=1, connector=1, status=status, at=home.now.utc), 5.0)


@pytest.mark.parametrize("now", [False, True])
def test_a_session_that_lived_through_a_fault_goes_on_where_it_was(home: Cable, *, now: bool) -> None:
    home.plug_in()
    home.live(0.0, 30)
    if now:
        home.tell(i.ChargeNow("ST1"))
    before = home.phase
    assert before is (Phase.INSTANT if now else Phase.V2G)
    for _ in range(2):
        connector(home, ConnectorStatus.FAULTED)
        assert home.phase is Phase.FAULT
    home.live(0.0, 30)
    connector(home, ConnectorStatus.OCCUPIED)
    home.live(0.0, 30)
    assert home.phase is before


def test_a_session_that_ended_in_a_fault_is_over_when_it_passes(home: Cable) -> None:
    home.plug_in()
    home.live(0.0, 30)
    connector(home, ConnectorStatus.FAULTED)
    home.tell(home.event(EventKind.ENDED, 999, stopped_reason="EmergencyStop"), 5.0)
    connector(home, ConnectorStatus.OCCUPIED)
    assert home.phase is Phase.PLUGGED
