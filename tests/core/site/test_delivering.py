"""Orders on their way through the whole core: what refusals teach, what a car that does not follow sets going."""

from dataclasses import replace
from itertools import pairwise

import pytest

from custom_components.mobilize_flex.core.model import facts as f
from custom_components.mobilize_flex.core.model.commands import (
    AskSchedule,
    AskTransaction,
    ClearPower,
    EndPriority,
    MakePlan,
    ReadProfiles,
    SetpointForm,
    SetPower,
)
from custom_components.mobilize_flex.core.model.delivery import Delivery, Outcome, ScheduleTold, Trouble, TroubleKind
from custom_components.mobilize_flex.core.model.electric import MeterReading
from custom_components.mobilize_flex.core.model.session import Phase
from custom_components.mobilize_flex.core.model.state import EvseState, StationMemory
from custom_components.mobilize_flex.core.model.station import EventKind, HeldProfile, Version
from custom_components.mobilize_flex.core.model.wishes import Override
from custom_components.mobilize_flex.core.site import restore

from .test_step import CONFIG, Home


def station_memory(home: Home) -> StationMemory:
    return home.state.stations["ST1"].memory


def evse(home: Home) -> EvseState:
    return home.state.stations["ST1"].evses[1]


def delivery(home: Home) -> Delivery:
    return evse(home).delivery


def trouble(home: Home) -> Trouble | None:
    return delivery(home).trouble


@pytest.fixture
def home() -> Home:
    """Give a home whose car is plugged in, with a plan to give back."""
    home = Home()
    home.plug_in()
    home.plan(-2000.0)
    home.keep_alive(20, power_w=-2000.0)
    assert home.of(SetPower)[-1].power_w < 0
    return home


def refuse(home: Home, reason: str) -> list[object]:
    order = delivery(home).order
    assert order is not None
    home.tell(f.CommandRefused(station="ST1", id=order.id, reason=reason))
    return list(home.last.commands)


def live(home: Home, seconds: int, power_w: float, *, state: str = "Charging") -> None:
    """Let time pass with a station that takes every order and a car that does as it likes."""
    for _ in range(0, seconds, 5):
        home.seconds += 5
        home.tell(home.event(EventKind.UPDATED, 2, samplings=home.samples(power_w), charging_state=state))
        home.tell(f.MeterRead(MeterReading(power_w=2500.0 + power_w)))
        order = delivery(home).order
        if order is not None:
            home.tell(f.CommandAccepted(station="ST1", id=order.id))


def test_what_a_station_cannot_do_is_stored_and_not_tried_again_after_a_restart(home: Home) -> None:
    home.keep_alive(65, power_w=-2000.0)
    assert home.of(SetPower)[-1].form is SetpointForm.UPDATE
    (again,) = [c for c in refuse(home, "NotSupported") if isinstance(c, SetPower)]
    stored = [keep.value for keep in home.last.keeps if isinstance(keep.value, StationMemory)]
    assert again.form is not SetpointForm.UPDATE
    assert [memory.learnt.no_update for memory in stored] == [True]
    back = restore(CONFIG, {"station/ST1": stored[0]})
    assert back.stations["ST1"].memory.learnt.no_update


def test_what_passes_is_not_stored(home: Home) -> None:
    refuse(home, "RateLimitExceeded")
    assert not home.last.keeps


def test_a_boot_begins_anew(home: Home) -> None:
    refuse(home, "UnsupportedKind")
    assert station_memory(home).learnt.form is SetpointForm.ABSOLUTE
    home.tell(f.StationConnected(station="ST1", version=Version.V21, link=2))
    assert station_memory(home).learnt.form is SetpointForm.ABSOLUTE
    boot = f.StationBooted(
        call=home.call(), station="ST1", vendor="V", model="M", serial="S", firmware="1", reason="PowerUp"
    )
    home.tell(boot)
    assert station_memory(home).learnt.form is SetpointForm.DYNAMIC


def test_a_station_that_takes_limits_only_is_not_planned_to_give_back(home: Home) -> None:
    refuse(home, "InvalidOperationMode")
    home.keep_alive(5)
    assert str(evse(home).decision.capped_by) == "no_discharge_route"
    assert home.of(SetPower)[-1].form is SetpointForm.LIMIT


def test_a_station_that_refuses_to_give_back_once_is_planned_anew_when_it_is_asked_again(home: Home) -> None:
    refuse(home, "InvalidOperationMode")
    home.plan(0.0)
    home.keep_alive(15)
    assert home.of(MakePlan)[-1].question.discharge.max_w == 0.0
    asked = len(home.of(MakePlan))
    home.plan(0.0)
    home.keep_alive(25)
    assert [p.question.discharge.max_w > 0.0 for p in home.of(MakePlan)[asked:]] == [True]


def test_a_station_that_takes_no_orders_at_all_charges_on_its_own_and_the_reason_says_so(home: Home) -> None:
    for _ in range(240):
        home.seconds += 5
        home.tell(home.event(EventKind.UPDATED, 2, samplings=home.samples(1400.0)))
        home.tell(f.MeterRead(MeterReading(power_w=3900.0)))
        if delivery(home).outcome is Outcome.WAITING:
            refuse(home, "InternalError")
    assert trouble(home) is not None
    assert str(evse(home).decision.capped_by) == "fallback"
    order = delivery(home).order
    assert order is not None
    home.tell(f.CommandAccepted(station="ST1", id=order.id))
    home.keep_alive(1, power_w=order.power_w)
    assert str(evse(home).decision.capped_by) != "fallback"


def test_a_profile_in_the_way_is_cleared(home: Home) -> None:
    refuse(home, "Rejected")
    assert [type(c) for c in refuse(home, "DuplicateProfile") if isinstance(c, ClearPower)] == [ClearPower]


def test_a_transaction_the_station_does_not_know_is_asked_after(home: Home) -> None:
    asked = [c for c in refuse(home, "TxNotFound") if isinstance(c, AskTransaction)]
    assert [c.transaction for c in asked] == ["tx-1"]


def test_a_station_that_does_not_follow_is_asked_what_it_does_and_the_owner_hears_why(home: Home) -> None:
    home.sent.clear()
    live(home, 60, 0.0)
    (question,) = home.of(AskSchedule)
    home.tell(ScheduleTold(station="ST1", id=question.id, power_w=0.0))
    assert home.of(ReadProfiles)
    assert trouble(home) is None
    live(home, 10, 0.0)
    assert str(evse(home).decision.capped_by) == "external_limit"
    live(home, 650, 0.0)
    told = trouble(home)
    assert told is not None
    assert (told.kind, told.held_w) == (TroubleKind.OVERRULED, 0.0)
    assert told.ordered_w < 0.0
    ordered_w = home.of(SetPower)[-1].power_w
    live(home, 20, ordered_w)
    assert trouble(home) is None
    assert len(home.of(AskSchedule)) <= 2


def test_a_station_that_agrees_with_the_order_leaves_the_car(home: Home) -> None:
    home.sent.clear()
    live(home, 60, 0.0)
    (question,) = home.of(AskSchedule)
    home.tell(ScheduleTold(station="ST1", id=question.id, power_w=home.of(SetPower)[-1].power_w))
    assert not home.of(ReadProfiles)
    live(home, 660, 0.0)
    told = trouble(home)
    assert told is not None
    assert told.kind is TroubleKind.NOT_FOLLOWING


def test_a_station_that_cannot_say_what_it_does_is_not_asked_on(home: Home) -> None:
    live(home, 60, 0.0)
    (question,) = home.of(AskSchedule)
    home.tell(f.CommandRefused(station="ST1", id=question.id, reason="NotImplemented", supported=False))
    live(home, 600, 0.0)
    assert len(home.of(AskSchedule)) == 1


def asleep() -> Home:
    """Return a home whose car is to charge and sleeps."""
    home = Home()
    home.plug_in()
    home.plan(3000.0)
    live(home, 120, 0.0, state="SuspendedEV")
    return home


def test_a_sleeping_car_gets_its_time_and_is_not_blamed() -> None:
    home = asleep()
    assert delivery(home).following is None
    assert delivery(home).wakes == 0
    live(home, 20, 3000.0)
    assert delivery(home).following is True


def test_a_car_that_sleeps_on_is_woken_and_then_told_of() -> None:
    home = asleep()
    home.sent.clear()
    live(home, 1800, 0.0, state="SuspendedEV")
    powers = [order.power_w for order in home.of(SetPower)]
    falls = sum(before > 0.0 == after for before, after in pairwise(powers))
    assert 1 <= falls <= 2
    assert delivery(home).wakes == 2
    told = trouble(home)
    assert told is not None
    assert told.kind is TroubleKind.CAR_ASLEEP


def test_priority_charging_beyond_the_house_is_ended_and_the_charge_goes_on(home: Home) -> None:
    home.tell(f.PriorityReported(station="ST1", transaction="tx-1", active=True), 5)
    assert home.phase is Phase.INSTANT
    home.sent.clear()
    for _ in range(20):
        home.tell(f.MeterRead(MeterReading(power_w=13400.0)), 5)
        home.tell(home.event(EventKind.UPDATED, 3, samplings=home.samples(7400.0)))
        home.accept_all()
    (ended,) = home.of(EndPriority)
    assert ended.transaction == "tx-1"
    home.tell(f.PriorityReported(station="ST1", transaction="tx-1", active=False), 5)
    assert home.phase is Phase.INSTANT
    assert home.state.sessions[evse(home).session or ""].override is Override.FLAP


def test_priority_charging_within_the_house_is_left_alone(home: Home) -> None:
    home.tell(f.PriorityReported(station="ST1", transaction="tx-1", active=True), 5)
    live(home, 60, 3000.0)
    assert not home.of(EndPriority)


def test_profiles_somebody_else_put_before_ours_are_noted_until_they_are_gone() -> None:
    home = Home()
    home.plug_in()
    home.accept_all()
    home.tell(f.StationDisconnected(station="ST1", link=1))
    home.tell(f.StationConnected(station="ST1", version=Version.V21, link=2), 30)
    home.tell(f.Ticked(), 4)
    number = home.of(ReadProfiles)[-1].request_id
    theirs = HeldProfile(id=7, evse=1, purpose="TxProfile", level=5, limit=1000.0)
    ours = replace(theirs, id=200, level=1)
    told = f.ProfilesReported(station="ST1", profiles=(theirs, ours), request_id=number)
    home.tell(told)
    assert home.state.stations["ST1"].foreign == ("TxProfile 7",)
    home.tell(f.StationConnected(station="ST1", version=Version.V21, link=3), 30)
    home.tell(f.Ticked(), 4)
    home.tell(replace(told, profiles=(ours,), request_id=home.of(ReadProfiles)[-1].request_id))
    assert home.state.stations["ST1"].foreign == ()


def test_a_car_that_means_to_take_more_again_and_again_is_told_no_each_time_but_ordered_seldom(home: Home) -> None:
    live(home, 20, -2000.0)
    home.sent.clear()
    for _ in range(40):
        home.tell(f.ScheduleReported(call=home.call(), station="ST1", evse=1, peak_w=11000.0), 0.5)
        order = delivery(home).order
        assert order is not None
        home.tell(f.CommandAccepted(station="ST1", id=order.id))
    assert len(home.of(SetPower)) <= 4
