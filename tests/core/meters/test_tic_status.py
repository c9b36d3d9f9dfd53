"""What the Linky says of itself in code."""

from datetime import time

import pytest

from custom_components.mobilize_flex.core.meters.tic_status import (
    Breaker,
    DaySlot,
    DryContact,
    TempoColour,
    off_peak_windows,
    read_day,
    read_horodate,
    read_relays,
    read_status,
)
from custom_components.mobilize_flex.core.model.contracts import Window


def test_a_register_of_zeros_is_a_quiet_meter() -> None:
    status = read_status("00000000")
    assert status.breaker is Breaker.CLOSED
    assert (status.contact_open, status.over_power, status.producer, status.injecting) == (False,) * 4
    assert (status.supplier_index, status.network_index) == (1, 1)
    assert (status.colour_today, status.colour_tomorrow) == (None, None)


@pytest.mark.parametrize(
    ("bit", "field", "value"),
    [
        (0, "contact_open", True),
        (1, "breaker", Breaker.OVERPOWER),
        (2, "breaker", Breaker.OVERVOLTAGE),
        (3, "breaker", Breaker.REMOTE_ORDER),
        (4, "cover_open", True),
        (6, "overvoltage", True),
        (7, "over_power", True),
        (8, "producer", True),
        (9, "injecting", True),
        (10, "supplier_index", 2),
        (13, "supplier_index", 9),
        (14, "network_index", 2),
        (15, "network_index", 3),
        (16, "clock_degraded", True),
        (17, "standard_mode", True),
        (19, "euridis", 1),
        (22, "carrier", 2),
        (23, "carrier_synchronised", True),
        (24, "colour_today", TempoColour.BLUE),
        (25, "colour_today", TempoColour.WHITE),
        (26, "colour_tomorrow", TempoColour.BLUE),
        (27, "colour_tomorrow", TempoColour.WHITE),
        (29, "peak_notice", 2),
        (30, "peak_running", 1),
    ],
)
def test_each_bit_says_one_thing(bit: int, field: str, value: object) -> None:
    quiet, status = read_status("00000000"), read_status(f"{1 << bit:08X}")
    assert getattr(status, field) == value
    changed = [name for name in status.__slots__ if getattr(status, name) != getattr(quiet, name)]
    assert changed == [field]


@pytest.mark.parametrize("bit", [5, 18])
def test_unused_bits_say_nothing(bit: int) -> None:
    assert read_status(f"{1 << bit:08X}") == read_status("00000000")


def test_a_white_day_before_a_red_one() -> None:
    status = read_status(f"{2 << 24 | 3 << 26:08x}")
    assert (status.colour_today, status.colour_tomorrow) == (TempoColour.WHITE, TempoColour.RED)


def test_the_breaker_has_a_word_for_every_code() -> None:
    assert [read_status(f"{code << 1:08X}").breaker for code in range(8)] == list(Breaker)


def test_relays_count_from_the_real_one() -> None:
    assert [n for n, closed in enumerate(read_relays(140), 1) if closed] == [3, 4, 8]
    assert read_relays(0) == (False,) * 8


def test_tomorrow_is_a_list_of_switching_times() -> None:
    day = read_day("22000013 06004004 00008002 14300450" + 7 * " NONUTILE")
    nothing = (False,) * 7
    assert day == (
        DaySlot(time(0), 2, DryContact.OPEN, nothing),
        DaySlot(time(6), 4, DryContact.TEMPO, nothing),
        DaySlot(time(14, 30), None, DryContact.KEEP, (True, False, True, False, False, False, True)),
        DaySlot(time(22), 3, DryContact.KEEP, (True, *nothing[1:])),
    )


def test_a_day_without_slots_is_empty() -> None:
    assert read_day(" ".join(["NONUTILE"] * 11)) == read_day("") == ()


@pytest.mark.parametrize("index", [0, 11, 12, 13, 14, 15])
def test_an_index_outside_the_ten_changes_nothing(index: int) -> None:
    assert read_day(f"0000000{index:X}")[0].tariff_index is None


@pytest.mark.parametrize(
    ("text", "at", "degraded"),
    [
        ("H251122180500", "2025-11-22T18:05:00+01:00", False),
        ("E250715120000", "2025-07-15T12:00:00+02:00", False),
        ("h251122180500", "2025-11-22T18:05:00+01:00", True),
        ("e250715120000", "2025-07-15T12:00:00+02:00", True),
        # the hour that comes twice: the letter tells which
        ("E251026023000", "2025-10-26T02:30:00+02:00", False),
        ("H251026023000", "2025-10-26T02:30:00+01:00", False),
    ],
)
def test_the_season_letter_gives_the_offset(text: str, at: str, degraded: bool) -> None:
    stamp = read_horodate(text)
    assert stamp is not None
    assert (stamp.at.isoformat(), stamp.degraded) == (at, degraded)


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        (" 250115070000", "+01:00"),
        (" 250715070000", "+02:00"),
        (" 250330015959", "+01:00"),
        (" 250330030000", "+02:00"),
        (" 251026015959", "+02:00"),
        (" 251026030000", "+01:00"),
        (" 260329015959", "+01:00"),
        (" 260329020000", "+02:00"),
    ],
)
def test_a_blank_season_follows_from_the_date(text: str, offset: str) -> None:
    stamp = read_horodate(text, season_optional=True)
    assert stamp is not None
    assert stamp.at.isoformat().endswith(offset)
    assert read_horodate(text) is None


@pytest.mark.parametrize(
    "text",
    ["", "H", "H25112218050", "H2511221805000", "H250229120000", "H251322180500", "H251122240000", "X251122180500",
     "H2511221805 0", "H25112218050²", "H+51122180500"],
)  # fmt: skip
def test_what_is_no_time_is_none(text: str) -> None:
    assert read_horodate(text, season_optional=True) is None


def test_tomorrow_s_off_peak_hours_follow_from_its_switching_times() -> None:
    day = read_day("00004001 06004002 22004001 NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE")
    nights = (Window(time(0), time(6)), Window(time(22), time(0)))
    assert off_peak_windows(day, " H PLEINE/CREUSE ") == nights
    assert off_peak_windows(day, "TEMPO") == nights
    assert off_peak_windows(day, "BASE") == ()
    assert off_peak_windows((), "TEMPO") == ()
