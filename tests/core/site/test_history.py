"""Transactions as stations really tell them: repeated, swapped, late, without a clock, without an EVSE, by halves."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
import random

import pytest

from custom_components.mobilize_flex.core.model import facts as f
from custom_components.mobilize_flex.core.model.commands import AnswerTransaction, AskTransaction
from custom_components.mobilize_flex.core.model.session import Phase, Session
from custom_components.mobilize_flex.core.model.station import ConnectorStatus, EventKind, Sample, Sampling
from custom_components.mobilize_flex.core.site import restore
from custom_components.mobilize_flex.core.site.rest import PATIENCE_S

from .test_step import T0, Home
from .test_welcome import Garage

KINDS = [EventKind.STARTED, *[EventKind.UPDATED] * 8, EventKind.ENDED]


def charge(home: Home, *, zero: bool = False, **more: object) -> list[f.TransactionReported]:
    """Return the events of an hour's charge of 3600 Wh, six minutes apart."""
    events = []
    for number, kind in enumerate(KINDS):
        at = T0 + timedelta(minutes=6 * number)
        rows = (
            Sample("Energy.Active.Import.Register", 1000.0 + 400.0 * number),
            Sample("Power.Active.Import", 4000.0),
        )
        fields: dict[str, object] = {"at": at, "samplings": (Sampling(at, rows),)} | more
        events.append(home.event(kind, 0 if zero else number, **fields))
    return events


def tell(home: Home, events: list[f.TransactionReported]) -> None:
    for event in events:
        home.seconds = max(home.seconds, (event.at - T0).total_seconds())
        home.tell(event)


@pytest.fixture
def home() -> Garage:
    garage = Garage()
    garage.dial_in()
    return garage


def session(home: Home, key: str = "ST1/tx-1") -> Session:
    return home.state.sessions[key]


@pytest.mark.parametrize("zero", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_fifty_replays_in_any_order_change_no_total_and_wake_nobody(home: Garage, zero: bool, seed: int) -> None:
    events = charge(home, zero=zero)
    tell(home, events)
    before = session(home)
    dice = random.Random(seed)
    told = len(home.of(AnswerTransaction))
    for _ in range(50):
        home.tell(replace(dice.choice(events), call=home.call()), 1)
    assert session(home).energy_in.wh == before.energy_in.wh == 3600.0
    assert (session(home).cost, session(home).ended_at) == (before.cost, before.ended_at)
    assert home.phase is Phase.FINISHED
    assert home.station.evses[1].session is None
    assert dict(home.station.memory.import_wh) == {1: 4600.0}
    assert len(home.of(AnswerTransaction)) == told + 50


@pytest.mark.parametrize("seed", range(10))
def test_a_queue_that_comes_in_any_order_is_one_charge(home: Garage, seed: int) -> None:
    events = charge(home, offline=True)
    random.Random(seed).shuffle(events)
    home.seconds = 4000
    for event in events:
        home.tell(event)
    assert list(home.state.sessions) == ["ST1/tx-1"]
    assert (session(home).energy_in.wh, session(home).gaps, session(home).settled) == (3600.0, 0, True)
    assert home.station.evses[1].readings.power_w is None


def test_history_moves_neither_power_nor_light_nor_the_session_at_hand(home: Garage) -> None:
    home.plug_in()
    home.keep_alive(10, power_w=1500.0)
    before = home.station.evses[1]
    old = charge(home, transaction="tx-0", offline=True)
    for event in old:
        home.tell(event)
    after = home.station.evses[1]
    assert (after.readings.power_w, after.phase, after.session) == (1500.0, before.phase, before.session)
    assert session(home, "ST1/tx-0").ended_at is not None


def test_a_late_word_of_an_older_transaction_leaves_the_present_one_alone(home: Garage) -> None:
    home.seconds = 7200
    home.plug_in()
    home.keep_alive(10, power_w=1500.0)
    for event in charge(home, transaction="tx-0"):
        home.tell(event)
    assert home.station.evses[1].session == "ST1/tx-1"
    assert home.station.evses[1].readings.power_w == 1500.0
    assert session(home).ended_at is None


def test_an_end_may_be_the_first_that_is_heard(home: Garage) -> None:
    events = charge(home)
    tell(home, events[-1:])
    assert session(home).ended_at is not None
    assert home.station.evses[1].session is None
    tell(home, [replace(e, offline=True) for e in events[:-1]])
    assert (session(home).started_at, session(home).energy_in.wh) == (T0, 3600.0)
    assert home.station.evses[1].session is None


def test_gaps_are_asked_after_and_final_when_the_queue_is_empty(home: Garage) -> None:
    events = charge(home)
    tell(home, [*events[:3], *events[6:]])
    assert not home.of(AskTransaction)
    home.wait(PATIENCE_S[0] + 2)
    (asked,) = home.of(AskTransaction)
    home.tell(f.CommandAccepted(station="ST1", id=asked.id, queued=True, ongoing=False, transaction="tx-1"))
    assert not session(home).settled
    home.wait(PATIENCE_S[1] + 2)
    again = home.of(AskTransaction)[-1]
    assert again.id != asked.id
    home.tell(f.CommandAccepted(station="ST1", id=again.id, queued=False, ongoing=False, transaction="tx-1"))
    assert (session(home).settled, session(home).gaps) == (True, 3)
    home.wait(2000)
    assert len(home.of(AskTransaction)) == 2


def test_what_fills_the_gap_ends_the_asking(home: Garage) -> None:
    events = charge(home)
    tell(home, [*events[:3], *events[6:]])
    tell(home, events[3:6])
    home.wait(100)
    assert session(home).settled
    assert not home.of(AskTransaction)


@pytest.mark.parametrize("silent", [True, False])
def test_a_station_that_cannot_say_is_not_asked_for_ever(home: Garage, silent: bool) -> None:
    events = charge(home)
    tell(home, [*events[:3], *events[6:]])
    for _ in range(8):
        home.wait(1000 if silent else 10)
        if home.of(AskTransaction) and not silent:
            last = home.of(AskTransaction)[-1]
            home.tell(f.CommandRefused(station="ST1", id=last.id, reason="NotImplemented", supported=False))
    assert len(home.of(AskTransaction)) == (len(PATIENCE_S) - 1 if silent else 1)
    assert session(home).settled
    assert home.station.inquiries == ()


def test_a_station_that_counts_zero_is_not_asked(home: Garage) -> None:
    tell(home, charge(home, zero=True))
    home.wait(100)
    assert not home.of(AskTransaction)


def test_an_evse_told_later_takes_the_charge_along(home: Garage) -> None:
    home.tell(home.event(EventKind.STARTED, 0, evse=None))
    assert home.station.evses[1].session == "ST1/tx-1"
    home.tell(home.event(EventKind.UPDATED, 1, evse=2, samplings=home.samples(3000.0)), 5)
    assert home.station.evses[1].session is None
    assert home.station.evses[1].phase is Phase.UNPLUGGED
    assert home.station.evses[2].session == "ST1/tx-1"
    home.tell(home.event(EventKind.UPDATED, 2, evse=None, samplings=home.samples(2000.0)), 5)
    assert home.station.evses[2].readings.power_w == 2000.0
    assert session(home).evse == 2


def test_two_cars_at_two_evses_do_not_meet(home: Garage) -> None:
    for evse, power_w in ((1, 1000.0), (2, 2000.0)):
        samplings = home.samples(power_w)
        home.tell(home.event(EventKind.STARTED, 0, evse=evse, transaction=f"tx-{evse}", samplings=samplings))
    home.tell(home.event(EventKind.ENDED, 1, evse=1, transaction="tx-1"), 5)
    assert home.station.evses[1].session is None
    assert home.station.evses[2].session == "ST1/tx-2"
    assert home.station.evses[2].readings.power_w == 2000.0


def test_a_name_used_again_after_months_is_another_charge(home: Garage) -> None:
    tell(home, charge(home, transaction="7"))
    home.seconds += 90 * 86400
    at = home.now.utc
    home.tell(home.event(EventKind.STARTED, 0, transaction="7", at=at, samplings=home.samples(2000.0)))
    home.tell(home.event(EventKind.UPDATED, 1, transaction="7", samplings=home.samples(2500.0)), 10)
    first, second = sorted(home.state.sessions.values(), key=lambda s: s.started_at)
    assert (first.transaction, second.transaction) == ("7", "7")
    assert (first.energy_in.wh, second.started_at, second.last_seq_no) == (3600.0, at, 1)
    assert home.station.evses[1].session == second.key
    assert len({first.key, second.key}) == 2


def test_a_start_replayed_after_the_end_is_no_other_charge(home: Garage) -> None:
    events = charge(home)
    tell(home, events)
    home.tell(replace(events[0], call=home.call()), 60)
    undated = replace(events[0], call=home.call(), at=home.now.utc, dated=False)
    home.tell(undated, 60)
    assert list(home.state.sessions) == ["ST1/tx-1"]
    assert home.station.evses[1].session is None


def test_a_clock_set_back_in_mid_charge_does_not_freeze_what_is_shown(home: Garage) -> None:
    home.tell(home.event(EventKind.STARTED, 0, samplings=home.samples(1000.0)))
    home.tell(home.event(EventKind.UPDATED, 1, at=home.now.utc + timedelta(minutes=50)), 5)
    home.tell(home.event(EventKind.UPDATED, 2, samplings=home.samples(3000.0)), 5)
    assert home.station.evses[1].readings.power_w == 3000.0


def test_a_replay_without_a_date_is_not_the_present(home: Garage) -> None:
    home.tell(home.event(EventKind.STARTED, 0, samplings=home.samples(1000.0)))
    home.tell(home.event(EventKind.UPDATED, 5, samplings=home.samples(3000.0)), 5)
    home.tell(home.event(EventKind.UPDATED, 3, dated=False, samplings=home.samples(1.0)), 5)
    assert home.station.evses[1].readings.power_w == 3000.0


def test_a_charge_thought_to_be_over_goes_on_when_its_station_speaks_of_it(home: Garage) -> None:
    home.tell(home.event(EventKind.STARTED, 0, samplings=home.samples(3000.0)))
    home.wait(130)
    home.tell(f.CommandAccepted(station="ST1", id=4711, ongoing=False, queued=False, transaction="tx-1"))
    assert session(home).ended_at is not None
    home.tell(home.event(EventKind.UPDATED, 1, samplings=home.samples(3000.0)), 5)
    assert session(home).ended_at is None
    assert home.station.evses[1].session == "ST1/tx-1"
    assert home.phase is Phase.STARTING


def test_a_queue_still_to_come_keeps_a_charge_alive(home: Garage) -> None:
    home.tell(home.event(EventKind.STARTED, 0, samplings=home.samples(3000.0)))
    home.wait(130)
    home.tell(f.CommandAccepted(station="ST1", id=4711, ongoing=False, queued=True, transaction="tx-1"))
    assert session(home).ended_at is None


def test_what_is_told_once_is_kept(home: Garage) -> None:
    home.tell(home.event(EventKind.STARTED, 0, remote_id=12, reservation=5))
    home.tell(home.event(EventKind.UPDATED, 1), 5)
    home.tell(home.event(EventKind.ENDED, 2), 5)
    kept = session(home)
    assert (kept.remote_id, kept.reservation, kept.stopped_reason) == (12, 5, "Local")


# what the meter says


@pytest.mark.parametrize(
    "nonsense",
    [
        Sample("Power.Active.Import", 69_000.0),
        Sample("Current.Import", 150.0, "L1"),
        Sample("Energy.Active.Import.Register", 0.0),
        Sample("Energy.Active.Import.Register", 9.9e9),
        Sample("SoC", 3.0, location="EV"),
    ],
)
def test_one_absurd_value_is_seen_nowhere(home: Garage, nonsense: Sample) -> None:
    home.tell(home.event(EventKind.STARTED, 0, samplings=home.samples(3000.0, in_wh=5000.0)))
    before = home.station.evses[1].readings
    odd = (Sampling(home.now.utc + timedelta(seconds=5), (nonsense,)),)
    home.tell(home.event(EventKind.UPDATED, 1, samplings=odd), 5)
    after = home.station.evses[1].readings
    assert (after.power_w, after.current_a, after.soc_pct, after.import_wh) == (
        before.power_w,
        before.current_a,
        before.soc_pct,
        before.import_wh,
    )
    assert session(home).energy_in.wh == 0.0
    counted = dict(home.station.doubts), session(home).energy_in.held_back
    assert counted != ({}, 0)
    home.tell(home.event(EventKind.UPDATED, 2, samplings=home.samples(3000.0, in_wh=5010.0)), 5)
    assert session(home).energy_in.wh == 10.0


def test_a_state_of_charge_that_leaps_twice_to_the_same_is_believed(home: Garage) -> None:
    home.tell(home.event(EventKind.STARTED, 0, samplings=home.samples(3000.0, soc_pct=80.0)))
    for number, shown in ((1, 80.0), (2, 31.0)):
        home.tell(home.event(EventKind.UPDATED, number, samplings=home.samples(3000.0, soc_pct=31.0)), 2)
        assert home.station.evses[1].readings.soc_pct == shown


def test_a_counter_that_begins_anew_never_falls_and_never_leaps(home: Garage) -> None:
    shown = []
    told = [5000.0, 5010.0, 5020.0, 0.0, 10.0, 20.0, 30.0, 9e8, 40.0]
    for number, wh in enumerate(told):
        kind = EventKind.UPDATED if number else EventKind.STARTED
        home.tell(home.event(kind, number, samplings=home.samples(3000.0, in_wh=wh)), 10)
        shown.append(home.station.evses[1].readings.import_wh or 0.0)
    steps = [after - before for before, after in pairwise(shown)]
    assert min(steps) >= 0.0
    assert max(steps) <= 30.0
    assert shown[-1] == 5060.0
    assert session(home).energy_in.wh == 60.0


def kept_of(home: Garage) -> dict[str, object]:
    """Return what the store holds of a home."""
    sessions = {f"session/{key}": session for key, session in home.state.sessions.items()}
    return {"station/ST1": home.station.memory, **sessions}


def test_counters_survive_a_restart_with_their_resets(home: Garage) -> None:
    for number, wh in enumerate([5000.0, 5010.0, 0.0, 10.0, 20.0, 30.0]):
        kind = EventKind.UPDATED if number else EventKind.STARTED
        home.tell(home.event(kind, number, samplings=home.samples(3000.0, in_wh=wh)), 10)
    again = Garage(home.station.memory)
    again.state = restore(home.state.config, kept_of(home))
    again.seconds = home.seconds + 60
    assert again.station.evses[1].readings.import_wh == 5040.0
    again.connect()
    again.tell(again.event(EventKind.STARTED, 0, samplings=again.samples(3000.0, in_wh=40.0)), 5)
    assert again.station.evses[1].readings.import_wh == 5050.0


def test_a_counter_that_stands_still_is_not_written_down_each_time(home: Garage) -> None:
    home.tell(home.event(EventKind.STARTED, 0, samplings=home.samples(0.0, in_wh=5000.0)))
    keeps = [
        keep.key
        for number in range(1, 10)
        for keep in home.tell(home.event(EventKind.UPDATED, number, samplings=home.samples(0.0, in_wh=5000.0)), 2).keeps
    ]
    assert "station/ST1" not in keeps


def test_faults_and_plugs_of_many_connectors_stay_few(home: Garage) -> None:
    for connector in range(1, 60):
        status = ConnectorStatus.OCCUPIED
        home.tell(f.ConnectorChanged(station="ST1", evse=1, connector=connector, status=status, at=home.now.utc))
    assert len(home.station.evses[1].connectors) == 8
