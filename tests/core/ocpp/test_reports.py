"""Reports in parts become whole again, whatever comes, and stay within bounds."""

from hypothesis import given, strategies as st
import pytest

from custom_components.mobilize_flex.core.model.tasks import OWNERS_NUMBERS
from custom_components.mobilize_flex.core.model.upkeep import ReportPart
from custom_components.mobilize_flex.core.ocpp import reports
from custom_components.mobilize_flex.core.ocpp.reports import Assembly


def part(seq_no: int | None, *rows: str, last: bool = False) -> ReportPart:
    told = tuple({"row": row} for row in rows)
    return ReportPart(
        station="S1", kind="NotifyReport", request_id=OWNERS_NUMBERS, seq_no=seq_no, complete=last, rows=told
    )


def assembled(*parts: ReportPart) -> Assembly:
    assembly = Assembly()
    for one in parts:
        assembly.take(one)
    return assembly


def rows_of(assembly: Assembly) -> list[object]:
    return [row["row"] for row in assembly.report().rows]


@given(st.permutations(range(5)), st.lists(st.integers(0, 4), max_size=5))
def test_parts_in_any_order_and_twice_make_the_same_report(order: list[int], again: list[int]) -> None:
    parts = [part(number, f"r{number}", last=number == 4) for number in range(5)]
    assembly = assembled(*(parts[n] for n in order), *(parts[n] for n in again))
    assert assembly.whole
    assert rows_of(assembly) == [f"r{number}" for number in range(5)]
    assert assembly.report().complete


def test_a_missing_part_is_said() -> None:
    assembly = assembled(part(0, "a"), part(2, "c", last=True))
    assert not assembly.whole
    assert rows_of(assembly) == ["a", "c"]
    assert not assembly.report().complete


@pytest.mark.parametrize("count", [1, 3])
def test_a_station_may_count_its_parts_from_one(count: int) -> None:
    assembly = assembled(*(part(n, f"r{n}", last=n == count) for n in range(1, count + 1)))
    assert assembly.whole
    assert rows_of(assembly) == [f"r{n}" for n in range(1, count + 1)]


def test_a_report_without_its_end_is_not_whole() -> None:
    assert not assembled(part(0, "a"), part(1, "b")).whole


def test_parts_without_numbers_are_taken_as_they_come() -> None:
    assembly = assembled(part(None, "a"), part(None, "b"), part(None, last=True))
    assert assembly.whole
    assert rows_of(assembly) == ["a", "b"]


def test_nothing_came_yet() -> None:
    assert not Assembly().whole
    assert not Assembly().report().complete


@pytest.mark.parametrize(("limit", "value"), [("ROWS_LIMIT", 2), ("BYTES_LIMIT", 25)])
def test_what_goes_beyond_the_bounds_is_left_out_and_said(
    monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    monkeypatch.setattr(reports, limit, value)
    assembly = assembled(part(0, "a", "b", "c"), part(1, "d", last=True))
    assert assembly.whole
    assert rows_of(assembly) == ["a", "b"]
    assert not assembly.report().complete


@pytest.mark.parametrize("number", [-1, reports.PARTS_LIMIT, 2**31])
def test_an_absurd_number_is_no_part(number: int) -> None:
    assembly = assembled(part(number, "a", last=True))
    assert not assembly.whole
    assert rows_of(assembly) == []
