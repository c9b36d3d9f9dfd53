"""Price lists are read whatever words their source uses."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.mobilize_flex.core.tariff.rows import read_rows

ZONE = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOURS = [NOON + timedelta(hours=n) for n in range(4)]


@pytest.mark.parametrize(
    "told",
    [
        [{"start": h.isoformat(), "end": (h + timedelta(hours=1)).isoformat(), "price": 0.1} for h in HOURS],
        [{"start": h, "end": h + timedelta(hours=1), "value": 0.1} for h in HOURS],
        [{"hour": h.isoformat(), "price": "0.1"} for h in HOURS],
        [{"start_time": h.isoformat(), "price": 0.1} for h in reversed(HOURS)],
        {"FR": [{"start": h.isoformat(), "price": 0.1} for h in HOURS]},
        {"prices": {"home": [{"start_time": h.isoformat(), "price": 0.1} for h in HOURS]}},
        {"prices": [{"timestamp": h.timestamp(), "price": 0.1} for h in HOURS]},
        [{"time": h.astimezone(ZONE).replace(tzinfo=None).isoformat(), "value": 0.1} for h in HOURS],
        [{"start": h.isoformat(), "price": 0.1} for h in [*HOURS, *HOURS]],
    ],
)
def test_every_known_shape_gives_the_same_rows(told: object) -> None:
    rows, refused = read_rows(told, ZONE)
    assert [r.start for r in rows] == HOURS
    assert [r.end - r.start for r in rows] == [timedelta(hours=1)] * 4
    assert {r.per_kwh for r in rows} == {0.1}
    assert refused == 0


@pytest.mark.parametrize(
    "bad",
    [
        {"start": "yesterday", "price": 0.1},
        {"start": NOON, "price": "free"},
        {"start": NOON, "price": float("nan")},
        {"start": NOON, "price": 1e9},
        {"start": NOON, "price": True},
        {"start": NOON, "end": NOON - timedelta(hours=1), "price": 0.1},
        {"start": None, "price": 0.1},
    ],
)
def test_a_bad_row_is_refused_alone(bad: dict[str, object]) -> None:
    rows, refused = read_rows([bad, {"start": NOON + timedelta(hours=1), "price": 0.2}], ZONE)
    assert [r.per_kwh for r in rows] == [0.2]
    assert refused == 1


def test_a_hole_stays_a_hole() -> None:
    rows, _ = read_rows([{"start": h, "price": 0.1} for h in [*HOURS, HOURS[-1] + timedelta(hours=9)]], ZONE)
    assert rows[3].end == rows[3].start + timedelta(hours=1)


def test_negative_prices_are_prices() -> None:
    assert read_rows([{"start": NOON, "price": -0.05}], ZONE)[0][0].per_kwh == -0.05


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=30) | st.datetimes(),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.sampled_from(["start", "end", "price", "prices", "value", "x"]), inner, max_size=5)
    ),
)


@given(anything)
def test_anything_at_all_gives_rows_in_order_that_never_overlap(told: object) -> None:
    rows, _ = read_rows(told, ZONE)
    assert all(a.end <= b.start for a, b in pairwise(rows))
    assert all(r.end > r.start for r in rows)
