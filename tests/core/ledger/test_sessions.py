"""A session's record: energy, money and time, whatever order its events arrive in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, strategies as st
import pytest

from custom_components.mobilize_flex.core.ledger.counters import bound_of
from custom_components.mobilize_flex.core.ledger.sessions import (
    GONE,
    MOST_RUNS,
    begin,
    merge,
    reopened,
    with_number,
)
from custom_components.mobilize_flex.core.model.commands import CallRef
from custom_components.mobilize_flex.core.model.facts import TransactionReported
from custom_components.mobilize_flex.core.model.prices import PriceCurve, PriceSlot
from custom_components.mobilize_flex.core.model.session import Phase, Session
from custom_components.mobilize_flex.core.model.station import EventKind, Sample, Sampling, Token

START = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
BOUND = bound_of(7360.0)
CALL = CallRef("ST1", 1, "m1")
FLAT = PriceCurve((PriceSlot(START - timedelta(days=1), START + timedelta(days=1), 0.2, 0.1),))


def event(
    seq_no: int, minutes: float, in_wh: float | None = None, out_wh: float | None = None, **more: object
) -> TransactionReported:
    at = START + timedelta(minutes=minutes)
    samples = [
        Sample(f"Energy.Active.{name}.Register", wh)
        for name, wh in (("Import", in_wh), ("Export", out_wh))
        if wh is not None
    ]
    fields = {
        "call": CALL,
        "station": "ST1",
        "transaction": "tx-1",
        "kind": EventKind.UPDATED,
        "seq_no": seq_no,
        "at": at,
        "trigger": "MeterValuePeriodic",
        "samplings": (Sampling(at, tuple(samples)),) if samples else (),
    } | more
    return TransactionReported(**fields)  # type: ignore[arg-type]


def record(events: list[TransactionReported], prices: PriceCurve = FLAT, house_w: float | None = None) -> Session:
    session = begin(events[0], "ST1/tx-1", 1)
    for fact in events:
        session = merge(session, fact, prices, house_w, BOUND)
    return session


NIGHT = [event(n, n * 10, in_wh=1000.0 + 100 * n, out_wh=50.0 * n) for n in range(8)]


def test_energy_is_what_the_counters_gained() -> None:
    session = record(NIGHT)
    assert session.energy_in.wh == 700.0
    assert session.energy_out.wh == 350.0


@given(st.permutations(NIGHT), st.lists(st.sampled_from(NIGHT), max_size=10))
def test_replays_and_swaps_change_no_energy_and_no_time(order: list, again: list) -> None:
    session = record([*order, *again])
    assert (session.energy_in.wh, session.energy_out.wh) == (700.0, 350.0)
    assert session.started_at == START


def test_a_replayed_queue_costs_nothing_twice() -> None:
    once, twice = record(NIGHT), record([*NIGHT, *NIGHT])
    assert once.cost == pytest.approx(0.7 * 0.2)
    assert twice.cost == once.cost
    assert twice.revenue == once.revenue


def test_energy_given_to_the_house_is_worth_what_it_saves_and_the_rest_what_it_sells_for() -> None:
    out = [event(0, 0, out_wh=0.0), event(1, 60, out_wh=2000.0)]
    assert record(out, house_w=5000.0).revenue == pytest.approx(2 * 0.2)
    assert record(out, house_w=500.0).revenue == pytest.approx(0.5 * 0.2 + 1.5 * 0.1)


def test_the_end_closes_it_and_stays() -> None:
    ended = event(9, 90, kind=EventKind.ENDED, stopped_reason="EVDisconnected")
    session = record([*NIGHT, ended, event(10, 100)])
    assert session.ended_at == ended.at
    assert session.stopped_reason == "EVDisconnected"


def test_the_end_may_be_all_that_is_ever_seen() -> None:
    session = record([event(5, 30, in_wh=500.0, kind=EventKind.ENDED)])
    assert session.ended_at is not None
    assert session.stopped_reason == "Local"


def test_missing_numbers_are_known_until_they_arrive() -> None:
    session = record([event(0, 0), event(3, 3)])
    assert session.gaps == 2
    assert merge(session, event(2, 2), FLAT, None, BOUND).gaps == 1


def test_a_station_that_always_counts_zero_leaves_no_gap() -> None:
    assert record([event(0, n) for n in range(5)]).gaps == 0


def test_the_badge_is_kept_though_it_comes_once() -> None:
    token = Token(value="TAG1", kind="ISO14443")
    assert record([event(0, 0, token=token), event(1, 1)]).token == "TAG1"


def test_only_time_in_v2g_counts_as_v2g_time() -> None:
    session = begin(event(0, 0), "ST1/tx-1", 1)
    for (_, phase), (minute, _) in pairwise([(0, Phase.V2G), (10, Phase.V2G), (20, Phase.STANDARD), (30, Phase.V2G)]):
        session = merge(session, event(minute, minute), FLAT, None, BOUND, v2g=phase is Phase.V2G)
    assert session.v2g_s == 10 * 60.0


def test_energy_reported_by_phase_is_summed() -> None:
    at = START
    rows = tuple(Sample("Energy.Active.Import.Register", 100.0, phase=p) for p in ("L1", "L2", "L3"))
    later = tuple(Sample("Energy.Active.Import.Register", 200.0, phase=p) for p in ("L1", "L2", "L3"))
    events = [
        event(0, 0, samplings=(Sampling(at, rows),)),
        event(1, 5, samplings=(Sampling(at + timedelta(minutes=5), later),)),
    ]
    assert record(events).energy_in.wh == 300.0


def slots(*import_prices: float) -> PriceCurve:
    """Return prices that change every quarter of an hour."""
    step = timedelta(minutes=15)
    return PriceCurve(
        tuple(PriceSlot(START + n * step, START + (n + 1) * step, p, p / 2) for n, p in enumerate(import_prices))
    )


@given(st.data())
def test_money_of_a_shuffled_history_errs_by_no_more_than_the_prices_differ(data: st.DataObject) -> None:
    prices = data.draw(st.lists(st.floats(0.05, 0.6), min_size=6, max_size=6))
    order = data.draw(st.permutations([*NIGHT, *data.draw(st.lists(st.sampled_from(NIGHT), max_size=50))]))
    told, shuffled = record(NIGHT, slots(*prices)), record(order, slots(*prices))
    assert shuffled.energy_in.wh == told.energy_in.wh
    assert abs(shuffled.cost - told.cost) <= 0.7 * (max(prices) - min(prices)) + 1e-9
    assert record(order).cost == pytest.approx(record(NIGHT).cost)


def test_energy_over_a_change_of_price_is_paid_at_both() -> None:
    session = record([event(0, 0, in_wh=0.0), event(1, 30, in_wh=2000.0)], slots(0.1, 0.3))
    assert session.cost == pytest.approx(2 * 0.2)


def test_energy_known_late_to_have_been_drawn_before_is_paid_too() -> None:
    session = record([event(1, 14, in_wh=2000.0), event(0, 0, in_wh=1000.0)], slots(0.1, 0.3))
    assert session.cost == pytest.approx(0.1)


def test_a_list_of_an_ended_transaction_tells_how_it_began() -> None:
    rows = (
        Sample("Energy.Active.Import.Register", 1000.0, context="Transaction.Begin"),
        Sample("Energy.Active.Import.Register", 4000.0, context="Transaction.End"),
    )
    at = START + timedelta(hours=1)
    events = [event(0, 0), event(1, 60, kind=EventKind.ENDED, samplings=(Sampling(at, rows),))]
    assert record(events).energy_in.wh == 3000.0


def test_what_was_only_assumed_gives_way_to_what_is_told() -> None:
    gone = replace(record([event(0, 0)]), ended_at=START, stopped_reason=GONE)
    assert reopened(gone).ended_at is None
    ended = merge(gone, event(1, 60, kind=EventKind.ENDED, stopped_reason="EVDisconnected"), FLAT, None, BOUND)
    assert (ended.ended_at, ended.stopped_reason) == (START + timedelta(hours=1), "EVDisconnected")


def test_a_session_never_ends_before_it_began() -> None:
    session = record([event(0, 60), event(1, 0, kind=EventKind.ENDED)])
    assert session.ended_at is not None
    assert session.ended_at >= session.started_at


@given(st.permutations(range(12)), st.sets(st.integers(0, 11), max_size=6))
def test_the_numbers_that_came_are_known_in_any_order(order: list[int], lost: set[int]) -> None:
    runs: tuple[tuple[int, int], ...] = ()
    came = [n for n in order if n not in lost]
    for number in [*came, *came]:
        runs = with_number(runs, number)
    assert [n for first, last in runs for n in range(first, last + 1)] == sorted(came)


def test_a_station_that_drops_every_second_message_is_no_burden() -> None:
    runs: tuple[tuple[int, int], ...] = ()
    for number in range(0, 2000, 2):
        runs = with_number(runs, number)
    assert len(runs) == MOST_RUNS
    assert runs[-1] == (1998, 1998)
