"""Contracts as one dated price curve, also on the nights when the clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.mobilize_flex.core.model.contracts import (
    Base,
    Colour,
    Contract,
    DaysTold,
    PeakOffPeak,
    Published,
    Tempo,
    Window,
    with_days,
)
from custom_components.mobilize_flex.core.model.facts import PricesPublished
from custom_components.mobilize_flex.core.model.prices import Certainty, PriceCurve, PriceRow
from custom_components.mobilize_flex.core.tariff.curve import price_curve

ZONE = ZoneInfo("Europe/Paris")
NIGHT = PeakOffPeak(
    peak_per_kwh=0.21, off_peak_per_kwh=0.16, off_peak=(Window(time(22, 30), time(6, 30)), Window(time(12), time(14)))
)
TEMPO = Tempo(
    blue_off_peak=0.13,
    blue_peak=0.16,
    white_off_peak=0.15,
    white_peak=0.19,
    red_off_peak=0.16,
    red_peak=0.73,
    colours=((date(2026, 11, 22), Colour.RED),),
)
NONE = PricesPublished(())


def curve_of(contract: Contract | None, day: date, days: int = 1, published: PricesPublished = NONE) -> PriceCurve:
    start = datetime.combine(day, time(), ZONE).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=days), time(), ZONE).astimezone(UTC)
    return price_curve(contract, published, ZONE, start, end)


def hours_at(curve: PriceCurve, price: float) -> float:
    return sum((s.end - s.start).total_seconds() for s in curve.slots if s.import_per_kwh == price) / 3600


@pytest.mark.parametrize(
    ("day", "off_peak", "total"),
    [(date(2026, 11, 22), 10, 24), (date(2026, 3, 29), 9, 23), (date(2026, 10, 25), 11, 25)],
)
def test_off_peak_hours_follow_the_clock_on_the_wall(day: date, off_peak: float, total: float) -> None:
    curve = curve_of(NIGHT, day)
    assert hours_at(curve, 0.16) == off_peak
    assert hours_at(curve, 0.16) + hours_at(curve, 0.21) == total


def test_slots_touch_and_begin_where_the_price_changes() -> None:
    curve = curve_of(NIGHT, date(2026, 11, 22))
    assert all(a.end == b.start for a, b in zip(curve.slots, curve.slots[1:], strict=False))
    assert [s.start.astimezone(ZONE).time() for s in curve.slots] == [
        time(),
        time(6, 30),
        time(12),
        time(14),
        time(22, 30),
    ]


def test_a_window_may_begin_at_any_minute() -> None:
    odd = PeakOffPeak(peak_per_kwh=0.2, off_peak_per_kwh=0.1, off_peak=(Window(time(1, 38), time(7, 8)),))
    assert hours_at(curve_of(odd, date(2026, 11, 22)), 0.1) == pytest.approx(5.5)


def test_summer_may_have_its_own_windows() -> None:
    seasons = PeakOffPeak(
        peak_per_kwh=0.2,
        off_peak_per_kwh=0.1,
        off_peak=(Window(time(23), time(7)),),
        summer_off_peak=(Window(time(2), time(7)), Window(time(14), time(17))),
    )
    assert hours_at(curve_of(seasons, date(2026, 7, 1)), 0.1) == 8
    assert curve_of(seasons, date(2026, 7, 1)).slots[0].import_per_kwh == 0.2
    assert curve_of(seasons, date(2026, 12, 1)).slots[0].import_per_kwh == 0.1


def test_a_tempo_day_runs_from_six_to_six_and_an_unknown_colour_is_only_expected() -> None:
    curve = curve_of(TEMPO, date(2026, 11, 22), days=2)
    red_evening = curve.at(datetime(2026, 11, 22, 19, tzinfo=ZONE))
    red_night = curve.at(datetime(2026, 11, 23, 3, tzinfo=ZONE))
    unknown = curve.at(datetime(2026, 11, 23, 12, tzinfo=ZONE))
    assert red_evening is not None
    assert red_night is not None
    assert unknown is not None
    assert (red_evening.import_per_kwh, red_night.import_per_kwh) == (0.73, 0.16)
    assert red_night.certainty is Certainty.KNOWN
    assert unknown.certainty is Certainty.EXPECTED
    assert 0.16 < unknown.import_per_kwh < 0.73


def test_a_flat_price_is_one_slot() -> None:
    assert len(curve_of(Base(import_per_kwh=0.2), date(2026, 11, 22)).slots) == 1


def test_published_prices_go_through_the_formula_and_never_overlap() -> None:
    start = datetime(2026, 11, 22, 10, tzinfo=UTC)
    hour = timedelta(hours=1)
    rows = (PriceRow(start + hour, start + 2 * hour, 90.0), PriceRow(start, start + 3 * hour, 50.0))
    told = PricesPublished(rows, (PriceRow(start, start + hour, 0.08),))
    contract = Published(factor=0.001, surcharge_per_kwh=0.1, export_per_kwh=None)
    curve = curve_of(contract, date(2026, 11, 22), published=told)
    assert [(s.import_per_kwh, s.export_per_kwh) for s in curve.slots] == [
        (pytest.approx(0.15), 0.08),
        (pytest.approx(0.19), 0.0),
    ]
    assert curve.slots[0].end == curve.slots[1].start


def test_no_contract_no_prices() -> None:
    assert price_curve(None, NONE, ZONE, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)).slots == ()


def test_what_the_meter_says_of_a_day_stands_before_the_usual_hours() -> None:
    day = date(2026, 11, 23)
    told = DaysTold(off_peak=((day, (Window(time(1, 36), time(7)), Window(time(22), time()))),))
    contract = with_days(NIGHT, told)
    assert hours_at(curve_of(contract, day), 0.16) == pytest.approx(7.4)
    assert hours_at(curve_of(contract, day + timedelta(days=1)), 0.16) == 10


def test_a_colour_that_was_told_makes_the_price_known_from_six_to_six() -> None:
    day = date(2026, 11, 23)
    curve = curve_of(with_days(TEMPO, DaysTold(colours=((day, Colour.WHITE),))), day, days=2)
    noon = curve.at(datetime(2026, 11, 23, 12, tzinfo=ZONE))
    night = curve.at(datetime(2026, 11, 24, 5, 59, tzinfo=ZONE))
    morning = curve.at(datetime(2026, 11, 24, 6, tzinfo=ZONE))
    assert noon is not None
    assert night is not None
    assert morning is not None
    assert (noon.import_per_kwh, noon.certainty) == (0.19, Certainty.KNOWN)
    assert (night.import_per_kwh, night.certainty) == (0.15, Certainty.KNOWN)
    assert morning.certainty is Certainty.EXPECTED


def test_other_contracts_have_no_ear_for_single_days() -> None:
    told = DaysTold(colours=((date(2026, 11, 23), Colour.RED),))
    assert with_days(Base(import_per_kwh=0.2), told) == Base(import_per_kwh=0.2)
    assert with_days(None, told) is None
