"""Several cars in one home: what each costs and earns adds up to what the home pays because of them."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.mobilize_flex.core.ledger import appraisal, baselines
from custom_components.mobilize_flex.core.ledger.baselines import Stretch
from custom_components.mobilize_flex.core.ledger.company import Company, merged
from custom_components.mobilize_flex.core.ledger.diary import filled, with_house
from custom_components.mobilize_flex.core.model.accounts import Account
from custom_components.mobilize_flex.core.model.prices import Certainty, PriceSlot
from custom_components.mobilize_flex.core.model.session import Session, Span

T0 = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
BUY, SELL = 0.3, 0.1
QUARTER_H = 0.25


def bill(grid_wh: float) -> float:
    return grid_wh / 1000.0 * (BUY if grid_wh > 0.0 else SELL)


def quarter(own: float, others: list[float], house_w: float) -> Stretch:
    """Return a quarter of an hour of a car: Wh into it, negative out of it, beside those of others."""
    drawn, given = (sum(max(0.0, sign * wh) for wh in others) for sign in (1, -1))
    start = T0.timestamp()
    return Stretch(
        start, start + 900.0, max(0.0, own), max(0.0, -own), 0.0, (BUY, SELL), house_w, drawn, given
    )  # fmt: skip


@given(
    st.lists(st.integers(-4000, 4000).map(float), min_size=1, max_size=4),
    st.integers(-9000, 9000).map(float),
)
def test_what_the_cars_pay_and_earn_is_what_the_home_pays_because_of_them(flows: list[float], house_w: float) -> None:
    rows = [quarter(wh, flows[:n] + flows[n + 1 :], house_w) for n, wh in enumerate(flows)]
    paid = sum(baselines.cost(row, row.in_wh) or 0.0 for row in rows)
    earned = sum(baselines.worth(row, row.out_wh) or 0.0 for row in rows)
    house_wh = house_w * QUARTER_H
    assert paid - earned == pytest.approx(bill(house_wh + sum(flows)) - bill(house_wh), abs=1e-9)


def test_two_cars_that_give_back_share_the_house() -> None:
    rows = [quarter(-1000.0, [-3000.0], 8000.0), quarter(-3000.0, [-1000.0], 8000.0)]
    assert [baselines.worth(row, row.out_wh) for row in rows] == [
        pytest.approx(0.5 * BUY + 0.5 * SELL),
        pytest.approx(1.5 * BUY + 1.5 * SELL),
    ]


def test_what_one_car_gives_another_need_not_buy() -> None:
    assert baselines.worth(quarter(-1000.0, [1000.0], 0.0), 1000.0) == pytest.approx(BUY)


def test_counters_of_several_cars_are_read_as_one() -> None:
    together = merged([[(0.0, 100.0), (900.0, 1000.0)], [(300.0, 7.0), (600.0, 307.0), (900.0, 307.0)]])
    company = Company(drawn=together)
    edges = [0.0, 300.0, 600.0, 900.0]
    assert company.others(edges, [300.0, 300.0, 300.0], [0.0] * 3) == [
        (0.0, 0.0), (pytest.approx(300.0), 0.0), (0.0, 0.0),
    ]  # fmt: skip


def session(key: str, since_min: float, until_min: float, out_wh: float) -> Session:
    """Return a session that gave back evenly."""
    begin, end = T0 + timedelta(minutes=since_min), T0 + timedelta(minutes=until_min)
    return Session(
        key=key,
        station="S",
        evse=1,
        transaction=key,
        started_at=begin,
        ended_at=end,
        seen_at=end,
        energy_out=Span(first_at=begin, last_at=end, last_wh=out_wh),
    )


def test_a_car_that_comes_in_the_middle_of_a_quarter_shares_from_then_on() -> None:
    sessions = [session("a", 0, 30, 1000.0), session("b", 20, 30, 1000.0)]
    diary = filled({}, [PriceSlot(T0, T0 + timedelta(hours=1), BUY, SELL, Certainty.KNOWN)], T0.timestamp() + 3600.0)
    diary = with_house(diary, [(int(T0.timestamp()) + 900 * n, 3000) for n in range(4)])
    beside = appraisal.company(sessions, {}, diary)
    rows = [appraisal.stretches(s, Account(key=s.key), diary, None, beside) for s in sessions]
    worth = sum(baselines.worth(row, row.out_wh) or 0.0 for own in rows for row in own)
    alone_wh, both_wh, house_wh = 1000.0 * 20 / 30, 1000.0 * 10 / 30 + 1000.0, 500.0
    assert worth == pytest.approx((alone_wh * BUY + house_wh * BUY + (both_wh - house_wh) * SELL) / 1000.0)
    assert {row.start_s for own in rows for row in own} >= {(T0 + timedelta(minutes=20)).timestamp()}
