"""What the simulated Linky says on its line, and when it cuts."""

from datetime import UTC, datetime, time
import re

import pytest

from simulator import tic
from simulator.breaker import LinkyBreaker
from simulator.linky import Linky, LinkyContract, LinkySettings, TariffSlot
from simulator.tic import MeterStatus

WINTER = datetime(2026, 11, 22, 17, 5, 9, tzinfo=UTC)
SUMMER = datetime(2026, 7, 14, 10, 0, 0, tzinfo=UTC)


def groups_of(frame: bytes) -> dict[str, list[str]]:
    """Split a frame by the published rules, checking every sum."""
    text = frame.decode("ascii")
    assert text[0] == "\x02"
    assert text[-1] == "\x03"
    found: dict[str, list[str]] = {}
    for group in re.findall(r"\n([^\r]*)\r", text):
        body, summed = group[:-1], group[-1]
        assert body[-1] == "\t"
        total = 0
        for character in body:
            total += ord(character)
        assert ord(summed) == (total % 64) + 32
        label, *values = body[:-1].split("\t")
        found[label] = values
    return found


def meter(**changes: object) -> Linky:
    return Linky(LinkySettings(**changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "summed"), [("NGTF\t      BASE      \t", "<"), ("VTIC\t02\t", "J"), ("PREF\t12\t", "B")]
)
def test_checksums_agree_with_groups_of_real_meters(body: str, summed: str) -> None:
    assert tic.checksum(body) == summed


def test_date_has_a_stamp_and_an_empty_value() -> None:
    assert tic.group("DATE", "", "H261122180509").startswith("\nDATE\tH261122180509\t\t")


@pytest.mark.parametrize(("now", "text"), [(WINTER, "H261122180509"), (SUMMER, "E260714120000")])
def test_the_horodate_is_local_and_names_the_season(now: datetime, text: str) -> None:
    assert tic.horodate(now) == text
    assert tic.horodate(now, degraded=True) == text[0].lower() + text[1:]


def test_the_register_of_a_real_frame_is_reproduced() -> None:
    real = 0x013AC401
    mine = MeterStatus(dry_contact_open=True, supplier_index=2, network_index=4, tempo_today=1).register()
    same = 0x0F00FFFF | 1 << 17 | 3 << 19
    assert mine & same == real & same


@pytest.mark.parametrize(("phases", "producer"), [(1, True), (1, False), (3, True), (3, False)])
def test_a_frame_holds_the_groups_of_its_meter(phases: int, producer: bool) -> None:
    linky = meter(phases=phases, producer=producer)
    linky.step(1.0, WINTER, (1_000.0,) * phases, (230.0,) * phases)
    groups = groups_of(linky.frame(WINTER))
    assert list(groups)[:4] == ["ADSC", "VTIC", "DATE", "NGTF"]
    assert groups["ADSC"] == ["041976123456"]
    assert len(groups["NGTF"][0]) == len(groups["LTARF"][0]) == 16
    assert len(groups["MSG1"][0]) == 32
    assert len(groups["PJOURF+1"][0]) == 98
    assert ("SINSTI" in groups) == ("EAIT" in groups) == producer
    assert ("SINSTS3" in groups) == ("IRMS3" in groups) == (phases == 3)
    assert groups["SINSTS"] == [f"{1_000 * phases:05d}"]
    assert 600 <= len(linky.frame(WINTER)) <= 1_300


@pytest.mark.parametrize(("producer", "injected"), [(True, ["02300"]), (False, None)])
def test_injection_shows_in_producer_mode_and_only_as_a_bit_otherwise(
    producer: bool, injected: list[str] | None
) -> None:
    linky = meter(producer=producer)
    linky.step(3_600.0, WINTER, (-2_300.0,), (230.0,))
    groups = groups_of(linky.frame(WINTER))
    assert groups["SINSTS"] == ["00000"]
    assert groups["IRMS1"] == ["010"]
    assert int(groups["STGE"][0], 16) >> 9 & 1 == 1
    assert groups.get("SINSTI") == injected
    assert linky.export_wh == pytest.approx(123_456 + 2_300)


def test_three_phases_count_by_their_signed_sum() -> None:
    linky = meter(phases=3)
    linky.step(3_600.0, WINTER, (3_000.0, -1_000.0, -500.0), (230.0,) * 3)
    groups = groups_of(linky.frame(WINTER))
    assert [groups[f"SINSTS{n}"][0] for n in (1, 2, 3)] == ["03000", "00000", "00000"]
    assert groups["SINSTS"] == ["01500"]
    assert linky.import_wh == pytest.approx(8_765_432 + 1_500)


def test_the_tariff_in_force_gets_the_energy() -> None:
    linky = meter()
    linky.step(3_600.0, WINTER, (1_000.0,), (230.0,))
    night = WINTER.replace(hour=23)
    linky.step(3_600.0, night, (500.0,), (230.0,))
    evening, late = groups_of(linky.frame(WINTER)), groups_of(linky.frame(night))
    assert (evening["NTARF"], evening["LTARF"]) == (["02"], [" HEURE  PLEINE  "])
    assert (late["NTARF"], late["RELAIS"]) == (["01"], ["001"])
    assert evening["EASF02"] == ["000001000"]
    assert late["EASF01"] == [f"{8_765_432 + 500:09d}"]
    assert int(late["STGE"][0], 16) >> 10 & 0xF == 0


def test_tomorrow_is_told_in_blocks() -> None:
    blocks = [(time(0, 0), 1, True), (time(6, 30), 2, False)]
    text = tic.day_profile(blocks)
    assert text.split() == ["0000C001", "06308002", *["NONUTILE"] * 9]


def test_tempo_colours_stand_in_the_status() -> None:
    contract = LinkyContract("TEMPO", (TariffSlot(time(0, 0), 1, "HC  BLEU"),), tempo_today=1, tempo_tomorrow=3)
    register = meter(contract=contract).status(WINTER).register()
    assert (register >> 24 & 3, register >> 26 & 3) == (1, 3)


def test_the_last_load_curve_point_is_a_half_hour_mean() -> None:
    linky = meter()
    for minute in range(65):
        linky.step(60.0, WINTER.replace(hour=17 + minute // 60, minute=minute % 60), (1_200.0,), (230.0,))
    groups = groups_of(linky.frame(WINTER.replace(hour=18, minute=5)))
    assert groups["CCASN"] == ["H261122190000", "01200"]
    assert groups["CCASN-1"] == ["H261122183000", "01200"]
    assert groups["UMOY1"][1] == "230"


@pytest.mark.parametrize(("load", "seconds"), [(1.4, 158), (1.5, 100), (1.7, 57), (2.0, 33), (2.5, 18), (3.0, 12)])
def test_the_cut_comes_when_the_note_says(load: float, seconds: int) -> None:
    breaker = LinkyBreaker(6, 1)
    breaker.filters[0].squared = 1.0
    elapsed = 0
    while not breaker.step((load * 6_000,), 1.0):
        elapsed += 1
    assert elapsed + 1 == pytest.approx(seconds, abs=1)


def test_a_big_step_equals_many_small_ones() -> None:
    small, big = LinkyBreaker(6, 1), LinkyBreaker(6, 1)
    for _ in range(30):
        small.step((9_000.0,), 1.0)
    big.step((9_000.0,), 30.0)
    assert small.strain == pytest.approx(big.strain)


def test_below_one_point_three_and_for_injection_it_never_cuts() -> None:
    breaker = LinkyBreaker(6, 1)
    assert not breaker.step((1.29 * 6_000,), 1e6)
    assert not breaker.step((-60_000.0,), 1e6)


def test_each_phase_stands_against_its_third() -> None:
    breaker = LinkyBreaker(9, 3)
    assert breaker.step((6_000.0, 0.0, 0.0), 120.0)
    breaker.close()
    assert not breaker.step((3_000.0, 3_000.0, 3_000.0), 1e6)
