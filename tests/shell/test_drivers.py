"""The driver files that come with us make sense, and the owner's own come before them."""

from pathlib import Path

import pytest

from custom_components.mobilize_flex.core.model.driver import Driver, Habits, RouteKind
from custom_components.mobilize_flex.shell.drivers import OURS, SIZE_LIMIT, load_drivers

OURS_BY_KEY = {driver.key: driver for driver in load_drivers()}


def test_the_files_that_come_with_us_all_make_sense() -> None:
    assert len(OURS_BY_KEY) == len(list(OURS.glob("*.json"))) >= 5
    assert {d.route.kind for d in OURS_BY_KEY.values() if d.route} == set(RouteKind) - {RouteKind.NATIVE}


def test_none_of_them_claims_to_know_a_station() -> None:
    assert [d.key for d in OURS_BY_KEY.values() if d.match is not None] == []


def test_the_owners_file_replaces_ours_and_a_bad_one_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "hybrid.json").write_text('{"name": "mine", "habits": {"watts": false}}')
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "strange.json").write_text('{"name": "x", "colour": "red"}')
    drivers = {d.key: d for d in load_drivers(tmp_path)}
    assert drivers["hybrid"] == Driver(key="hybrid", name="mine", habits=Habits(watts=False))
    assert drivers.keys() == OURS_BY_KEY.keys()
    assert "broken.json" in caplog.text
    assert "strange.json is left out: the file: colour is not known here" in caplog.text


def test_a_file_too_long_for_what_it_is_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "long.json").write_text('{"name": "x"}' + " " * SIZE_LIMIT)
    assert "long" not in {d.key for d in load_drivers(tmp_path)}
    assert "long.json is left out: too long" in caplog.text
