"""What a session cost and saved: honest comparisons, parts that add up, nothing known that nobody knows."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.mobilize_flex.core.ledger.appraisal import appraise, by_day, by_hour
from custom_components.mobilize_flex.core.ledger.baselines import Stretch, need_wh, plain, smart
from custom_components.mobilize_flex.core.model.accounts import Sums, Terms, total

PARIS = ZoneInfo("Europe/Paris")
T0 = datetime(2026, 11, 22, 17, 0, tzinfo=UTC).timestamp()
TERMS = Terms(full_w=8000.0, charge_efficiency=0.9, discharge_efficiency=0.9, ageing_per_kwh=0.0)
MONEY = st.floats(-0.2, 0.6)


def night(
    flows: list[float],
    prices: list[tuple[float, float] | None],
    house_w: float | None = None,
    step_s: float = 3600.0,
    start_s: float = T0,
) -> list[Stretch]:
    """Return a session: Wh into the car, negative out of it, by the hour."""
    return [
        Stretch(start_s + n * step_s, start_s + (n + 1) * step_s, max(0.0, wh), max(0.0, -wh), step_s, price, house_w)
        for n, (wh, price) in enumerate(zip(flows, prices, strict=True))
    ]


def whole(
    rows: list[Stretch], refill: float | None = 0.1, terms: Terms = TERMS, departure_s: float | None = None
) -> Sums:
    return total(sums for _, sums in appraise(rows, terms, refill, departure_s))


DEAR, CHEAP = (0.4, 0.05), (0.1, 0.05)


def test_a_charge_at_once_saves_nothing_against_itself() -> None:
    sums = whole(night([8000, 8000, 0, 0], [DEAR, DEAR, CHEAP, CHEAP]))
    assert sums.saving_plain == pytest.approx(0.0)
    assert sums.saving_smart == pytest.approx(-16 * 0.3)
    assert sums.cost == pytest.approx(6.4)


def test_a_charge_in_the_cheap_hours_saves_against_one_at_once_only() -> None:
    sums = whole(night([0, 0, 8000, 8000], [DEAR, DEAR, CHEAP, CHEAP]))
    assert sums.saving_plain == pytest.approx(16 * 0.3)
    assert sums.saving_smart == pytest.approx(0.0)


def test_giving_back_saves_what_the_house_does_not_buy_less_the_refill_and_its_losses() -> None:
    refill = 4000 / 0.81
    sums = whole(night([-4000, 0, 8000 + refill], [DEAR, CHEAP, CHEAP], house_w=4000.0), refill=0.1)
    assert sums.revenue == pytest.approx(4 * 0.4)
    assert sums.saving_smart == pytest.approx(4 * 0.4 - refill / 1000 * 0.1)
    assert sums.saving_plain == pytest.approx(4 * 0.4 - refill / 1000 * 0.1 + 8 * 0.3)


def test_what_the_house_does_not_take_is_only_sold() -> None:
    assert whole(night([-4000], [DEAR], house_w=1000.0)).revenue == pytest.approx(0.4 + 3 * 0.05)
    assert whole(night([-4000], [DEAR], house_w=None)).revenue == pytest.approx(4 * 0.05)


def test_a_car_that_left_emptier_pays_for_the_refill() -> None:
    sums = whole(night([-4000], [DEAR], house_w=4000.0), refill=0.1)
    assert sums.saving_smart == sums.saving_plain == pytest.approx(4 * 0.4 - 4 / 0.81 * 0.1)


def test_own_sun_costs_what_it_would_have_earned() -> None:
    sums = whole(night([4000], [(0.3, 0.1)], house_w=-1000.0))
    assert sums.cost == pytest.approx(0.1 + 3 * 0.3)


def test_one_way_charging_takes_the_sun_before_the_grid() -> None:
    rows = [replace(row, house_w=w) for row, w in zip(night([0, 4000], [DEAR, (0.3, 0.05)]), (-4000, 0), strict=True)]
    assert smart(rows, 4000.0, 8000.0, None) == [4000.0, 0.0]


def test_ageing_counts_against_giving_back() -> None:
    terms = replace(TERMS, ageing_per_kwh=0.05)
    rows = night([-4000, 4000 / 0.81], [DEAR, CHEAP], house_w=4000.0)
    dearer = whole(rows, terms=terms).saving_smart
    assert dearer == pytest.approx(whole(rows).saving_smart - 2 * 4 / 0.9 * 0.05)


def test_charging_is_paid_for_at_negative_prices() -> None:
    sums = whole(night([0, 8000], [CHEAP, (-0.05, -0.1)]), refill=-0.05)
    assert sums.cost == pytest.approx(-0.4)
    assert sums.saving_plain == pytest.approx(8 * 0.15)


def test_the_cheap_hours_after_the_departure_are_no_hours_to_charge_in() -> None:
    rows = night([8000, 0, 0], [DEAR, CHEAP, CHEAP])
    assert smart(rows, 8000.0, 8000.0, T0 + 3600) == [8000.0, 0.0, 0.0]
    assert smart(rows, 8000.0, 8000.0, None) == [0.0, 8000.0, 0.0]


def test_without_a_price_money_is_unknown_and_not_zero() -> None:
    sums = whole(night([8000], [None]))
    assert (sums.cost, sums.saving_plain, sums.complete) == (None, None, False)
    assert sums.in_wh == 8000.0
    partly = whole(night([4000, 4000], [CHEAP, None]))
    assert (partly.cost, partly.saving_plain, partly.complete) == (pytest.approx(0.4), None, False)


def test_a_hole_in_the_prices_while_nothing_flows_does_no_harm() -> None:
    sums = whole(night([8000, 0, 0], [CHEAP, None, CHEAP]))
    assert sums.complete
    assert sums.saving_plain == pytest.approx(0.0)


def test_an_empty_sum_is_zero_and_an_unknown_one_stays_unknown() -> None:
    assert total([]) == Sums()
    unknown = Sums(in_wh=5.0, cost=None, saving_plain=None, saving_smart=None, complete=False)
    assert total([unknown, Sums(v2g_s=60.0)]).cost is None
    assert total([unknown, Sums(in_wh=1.0, cost=2.0)]).cost == 2.0


FLOWS = st.lists(st.tuples(st.floats(-2000, 2000), MONEY, MONEY, st.floats(-3000, 3000)), min_size=1, max_size=60)


@given(FLOWS, MONEY, st.floats(0.0, 0.05), st.integers(0, 60))
def test_the_days_and_the_hours_of_a_session_add_up_to_it(
    flows: list[tuple[float, float, float, float]], refill: float, ageing: float, leaves: int
) -> None:
    terms = replace(TERMS, ageing_per_kwh=ageing)
    rows = [
        replace(row, house_w=flow[3])
        for row, flow in zip(night([f[0] for f in flows], [f[1:3] for f in flows], step_s=900.0), flows, strict=True)
    ]
    parts = appraise(rows, terms, refill, T0 + leaves * 900)
    whole_sums, days = total(s for _, s in parts), total(by_day(parts, PARIS).values())
    hours = total(by_hour(parts).values())
    for one in (days, hours):
        assert one.in_wh == pytest.approx(whole_sums.in_wh, abs=1.0)
        assert one.out_wh == pytest.approx(whole_sums.out_wh, abs=1.0)
        for money in ("cost", "revenue", "saving_plain", "saving_smart"):
            assert getattr(one, money) == pytest.approx(getattr(whole_sums, money), abs=1e-4)
    assert sum(row.in_wh for row in rows) == pytest.approx(whole_sums.in_wh)


@given(FLOWS)
def test_both_comparisons_draw_what_is_needed_and_one_way_charging_is_never_the_dearer(
    flows: list[tuple[float, float, float, float]],
) -> None:
    rows = night([f[0] for f in flows], [(f[1], min(f[1:3])) for f in flows], step_s=900.0)
    need = need_wh(rows, TERMS)
    at_once, cheapest = plain(rows, need, 8000.0), smart(rows, need, 8000.0, None)
    assert sum(at_once) == pytest.approx(need)
    assert sum(cheapest) == pytest.approx(need)
    assert all(wh <= 8000.0 / 4 + 1e-6 for wh in (*at_once, *cheapest))
    bill = [sum(wh * f[1] for wh, f in zip(drawn, flows, strict=True)) for drawn in (at_once, cheapest)]
    assert bill[1] <= bill[0] + 1e-6


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 10, 25), 25), (date(2026, 3, 29), 23), (date(2026, 7, 1), 24)],
    ids=["autumn night", "spring night", "summer day"],
)
def test_a_local_day_is_as_long_as_it_is(day: date, hours: int) -> None:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=PARIS).timestamp() - 48 * 3600
    rows = night([100.0] * 96 * 4, [CHEAP] * 96 * 4, step_s=900.0, start_s=noon)
    assert by_day(appraise(rows, TERMS, 0.1, None), PARIS)[day].v2g_s == hours * 3600.0
