"""A few days of a made-up home, lived through by the real controller in the three ways."""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date, timedelta
from functools import cache
from html.parser import HTMLParser
import json
from pathlib import Path
import re
import sys
from xml.etree import ElementTree

import pytest

from worth import __main__ as program, options
from worth.compare import Comparison, Outcome, compare, live
from worth.home import Home, Way
from worth.page import page

RED_DAYS = Home(start=date(2026, 1, 19), days=3, tariff="tempo", step_minutes=15)
FLAT = Home(start=date(2026, 1, 19), days=1, tariff="base", step_minutes=15)
SPRING_NIGHT = Home(start=date(2026, 3, 28), days=2, tariff="tempo", step_minutes=15)
AUTUMN_NIGHT = Home(start=date(2026, 10, 24), days=2, tariff="spot", step_minutes=15, sun_kwp=3.0, feed_in_w=3000.0)
ALL = [RED_DAYS, FLAT, SPRING_NIGHT, AUTUMN_NIGHT]
NAMES = ["red days", "flat", "spring night", "autumn night"]
VOID = {"meta"}


@cache
def lived(home: Home) -> Comparison:
    """Return the comparison of a home, lived once for all tests."""
    return compare(home)


def outcomes(home: Home) -> list[Outcome]:
    return list(lived(home).outcomes.values())


def test_cleverness_and_giving_back_each_save_money_when_prices_are_far_apart() -> None:
    plain, smart, v2g = (lived(RED_DAYS).outcomes[way].net for way in Way)
    assert v2g < smart < plain
    assert lived(RED_DAYS).outcomes[Way.V2G].diary.total.car_out_kwh > 5.0


def test_on_a_flat_tariff_nothing_is_given_back_and_it_says_why() -> None:
    done = lived(FLAT)
    v2g = done.outcomes[Way.V2G]
    assert v2g.diary.total.car_out_kwh == 0.0
    assert v2g.diary.total.v2g_h > 10.0
    assert v2g.net == pytest.approx(done.outcomes[Way.SMART].net, abs=0.05)
    assert "high_price" not in v2g.diary.reasons_h
    assert "rightly leaves the car alone" in page(done, [])


def test_only_v2g_gives_back() -> None:
    for way in (Way.PLAIN, Way.SMART):
        assert lived(RED_DAYS).outcomes[way].diary.total.car_out_kwh == 0.0
        assert lived(RED_DAYS).outcomes[way].diary.total.v2g_h == 0.0


@pytest.mark.parametrize("home", ALL, ids=NAMES)
def test_the_promises_are_kept(home: Home) -> None:
    for one in outcomes(home):
        assert one.promises.broken == {"envelope": 0, "minimum": 0, "departure": 0}, one.promises.breaches
        assert one.promises.stretches > 90


@pytest.mark.parametrize("home", ALL, ids=NAMES)
def test_the_balances_of_energy_close(home: Home) -> None:
    for one in outcomes(home):
        total = one.diary.total
        assert abs(one.battery_gap_kwh) < 0.01 * max(1.0, total.stored_kwh)
        assert abs(one.grid_gap_kwh) < 0.01 * total.bought_kwh
        assert sum(month.bill for month in one.diary.months.values()) == pytest.approx(total.bill)
        assert sum(one.diary.car_wh) / 1000 == pytest.approx(total.car_in_kwh - total.car_out_kwh)


@pytest.mark.parametrize("home", ALL, ids=NAMES)
def test_the_controllers_own_records_agree_with_the_truth(home: Home) -> None:
    for one in outcomes(home):
        assert one.ledger.in_kwh == pytest.approx(one.diary.total.car_in_kwh, rel=0.01, abs=0.05)
        assert one.ledger.out_kwh == pytest.approx(one.diary.total.car_out_kwh, rel=0.01, abs=0.05)
        assert one.ledger.v2g_h == pytest.approx(one.diary.total.v2g_h, rel=0.02, abs=0.2)
        bill = one.diary.total.bill - one.diary.total.bill_without_car
        assert one.ledger.cost - one.ledger.revenue == pytest.approx(bill, rel=0.01, abs=0.05)


def test_the_controllers_own_savings_are_those_that_were_lived() -> None:
    done = lived(RED_DAYS)
    plain, smart, v2g = (done.outcomes[way].ledger for way in Way)
    assert plain.saving_plain == pytest.approx(0.0, abs=0.05)
    assert smart.saving_smart <= 0.05
    assert smart.saving_plain == pytest.approx(done.saving(Way.SMART, Way.PLAIN), rel=0.15)
    assert v2g.saving_smart == pytest.approx(done.saving(Way.V2G, Way.SMART), rel=0.15)
    assert "own sensors" in page(done, [])


@pytest.mark.parametrize(("home", "hours"), [(SPRING_NIGHT, 47), (AUTUMN_NIGHT, 49)])
def test_a_night_of_another_length_has_as_many_hours_as_it_has(home: Home, hours: int) -> None:
    diary = lived(home).outcomes[Way.V2G].diary
    assert diary.quarters == hours * 4
    assert all(price > 0.0 for price in diary.price)
    assert 0 < diary.total.plugged_h <= hours


def test_drives_are_the_same_in_all_ways() -> None:
    for home in ALL:
        driven = [one.diary.total.driven_kwh + one.diary.total.road_kwh for one in outcomes(home)]
        assert driven == pytest.approx([driven[0]] * 3)


def figures(home: Home) -> dict[str, object]:
    """Return what came of the first day of a home with V2G."""
    one = live(replace(home, days=1), Way.V2G)
    return {"total": asdict(one.diary.total), "levels": one.diary.soc_pct, "net": one.net, "plans": one.plans_made}


def test_the_same_seed_gives_the_same_figures_and_another_one_others() -> None:
    assert figures(RED_DAYS) == figures(RED_DAYS)
    assert figures(RED_DAYS) != figures(replace(RED_DAYS, seed=2))


def test_a_plan_that_still_holds_answers_for_a_fresh_one() -> None:
    home = replace(RED_DAYS, days=1)
    patient, impatient = live(home, Way.V2G), live(replace(home, patience=timedelta(0)), Way.V2G)
    assert impatient.plans_made == impatient.plans_asked
    assert patient.plans_made < impatient.plans_made
    assert patient.net == pytest.approx(impatient.net, abs=0.25)


class Reader(HTMLParser):
    """Read a page and keep which tags stand open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


@pytest.mark.parametrize("home", ALL, ids=NAMES)
def test_the_page_is_well_formed_and_needs_nobody_else(home: Home) -> None:
    text = page(lived(home), ["--days", "3"])
    reader = Reader()
    reader.feed(text)
    assert (reader.open, reader.wrong) == ([], [])
    drawings = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len([d for d in drawings if "aria-label" in d]) >= 9
    for drawing in drawings:
        ElementTree.fromstring(drawing)
    assert re.findall(r"https?:|src=|<script|@import|url\(|nan|inf\b", text) == []


def test_the_page_says_what_was_found() -> None:
    done = lived(RED_DAYS)
    text = page(done, [])
    assert f"{done.saving(Way.V2G, Way.PLAIN):.2f} €" in text
    assert "kept, " in text
    assert "broken" not in re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)
    assert "prefers-color-scheme: dark" in text


def test_the_program_writes_page_and_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, figures = tmp_path / "page.html", tmp_path / "figures.json"
    words = ["--days", "1", "--start", "2026-01-19", "--step", "15", "--jobs", "1"]
    monkeypatch.setattr(sys, "argv", ["worth", *words, "--out", str(out), "--json", str(figures)])
    assert program.main() == 0
    read = json.loads(figures.read_text())
    assert set(read["ways"]) == {"plain", "smart", "v2g"}
    assert read["savings"]["v2g_against_plain"] == pytest.approx(
        read["ways"]["plain"]["net"] - read["ways"]["v2g"]["net"], abs=0.01
    )
    assert out.read_text().startswith("<!doctype html>")
    assert "V2G saves" in capsys.readouterr().out


def test_a_price_file_that_ends_too_early_is_an_error_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prices = tmp_path / "prices.csv"
    prices.write_text("start,price\n2026-01-19T00:00:00+01:00,0.2\n")
    monkeypatch.setattr(sys, "argv", ["worth", "--days", "3", "--start", "2026-01-19", "--tariff", str(prices)])
    assert program.main() == 1
    assert "not all prices for 2026-01-19 and 2 more days" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [["--days", "0"], ["--tariff", "nowhere.csv"], ["--min-soc", "80", "--max-soc", "60"], ["--step", "7"]],
)
def test_nonsense_on_the_command_line_is_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        options.read(words)
    assert refused.value.code == 2


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["--office-days", "-"], lambda home: home.habits.office_days == ()),
        (["--feed-in", "3000"], lambda home: home.site.feed_in_w == 3000.0),
        (["--min-soc", "25"], lambda home: home.soc_min_pct == 25.0),
    ],
)
def test_the_command_line_reaches_the_home(words: list[str], asked: Callable[[Home], bool]) -> None:
    assert asked(options.read(words).home)
