"""Tempo colours as others tell them."""

from datetime import date, datetime

import pytest

from custom_components.mobilize_flex.core.model.contracts import Colour
from custom_components.mobilize_flex.core.tariff.tempo import colour_of, colours_with

SUNDAY, MONDAY, TUESDAY = date(2026, 11, 22), date(2026, 11, 23), date(2026, 11, 24)
BLUE, WHITE, RED = Colour.BLUE, Colour.WHITE, Colour.RED


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("Bleu", BLUE),
        ("BLAN", WHITE),
        ("rouge", RED),
        ("TEMPO_BLANC", WHITE),
        ("Blue", BLUE),
        ("Weiß", WHITE),
        ("rot", RED),
        ("HPJR", RED),
        ("2", WHITE),
        ("🔴", RED),
        ("⚪️", WHITE),
        ("Jour rouge", RED),
        ("blue_day", BLUE),
        ("Inconnu", None),
        ("unknown", None),
        ("0", None),
        ("", None),
        ("bleu ou blanc", None),
        ("----", None),
    ],
)
def test_a_colour_is_known_in_the_words_of_those_who_publish_it(text: str, colour: Colour | None) -> None:
    assert colour_of(text) is colour


def test_by_day_today_and_tomorrow_are_what_they_are() -> None:
    assert colours_with({}, RED, WHITE, datetime(2026, 11, 22, 11, 5)) == {SUNDAY: RED, MONDAY: WHITE}


def test_before_six_the_day_is_still_the_day_before() -> None:
    assert colours_with({}, RED, WHITE, datetime(2026, 11, 23, 5, 59)) == {SUNDAY: RED, MONDAY: WHITE}


def test_who_turns_the_page_at_midnight_changes_no_known_day() -> None:
    known = {SUNDAY: RED, MONDAY: WHITE}
    assert colours_with(known, WHITE, None, datetime(2026, 11, 23, 0, 1)) == known
    assert colours_with(known, WHITE, BLUE, datetime(2026, 11, 23, 6, 0))[TUESDAY] is BLUE


def test_by_day_a_correction_counts() -> None:
    assert colours_with({SUNDAY: BLUE}, RED, None, datetime(2026, 11, 22, 12))[SUNDAY] is RED


def test_an_unknown_colour_takes_nothing_away_and_old_days_are_forgotten() -> None:
    known = {date(2026, 11, 1): RED, SUNDAY: WHITE}
    assert colours_with(known, None, None, datetime(2026, 11, 22, 12)) == {SUNDAY: WHITE}
