"""The messages of a P1 port: what each line means, and which are believed."""

from datetime import UTC, datetime

import pytest

from custom_components.mobilize_flex.core.meters.dsmr import (
    DsmrDecoder,
    DsmrTelegram,
    crc16,
    speaks_dsmr,
)
from simulator.p1 import wrap
from tests.core.meters.wire import even

V5 = [
    "1-3:0.2.8(50)",
    "0-0:1.0.0(261122180500W)",
    "0-0:96.1.1(4530303437303030303132333435363136)",
    "1-0:1.8.1(001234.567*kWh)",
    "1-0:1.8.2(000765.433*kWh)",
    "1-0:2.8.1(000100.001*kWh)",
    "1-0:2.8.2(000020.000*kWh)",
    "0-0:96.14.0(0002)",
    "1-0:1.7.0(00.193*kW)",
    "1-0:2.7.0(00.000*kW)",
    "0-0:96.7.21(00004)",
    "1-0:99.97.0(1)(0-0:96.7.19)(000101000006W)(2147483647*s)",
    "0-0:96.13.0()",
    "1-0:32.7.0(230.0*V)",
    "1-0:52.7.0(231.0*V)",
    "1-0:72.7.0(229.0*V)",
    "1-0:31.7.0(005*A)",
    "1-0:51.7.0(002*A)",
    "1-0:71.7.0(001*A)",
    "1-0:21.7.0(01.150*kW)",
    "1-0:41.7.0(00.000*kW)",
    "1-0:61.7.0(00.000*kW)",
    "1-0:22.7.0(00.000*kW)",
    "1-0:42.7.0(00.500*kW)",
    "1-0:62.7.0(00.457*kW)",
    "0-1:24.1.0(003)",
    "0-1:24.2.1(261122180000W)(00123.456*m3)",
]
V2 = [
    "0-0:96.1.1(4B414C37)",
    "1-0:1.8.1(00001.001*kWh)",
    "1-0:1.8.2(00002.001*kWh)",
    "1-0:2.8.1(00000.000*kWh)",
    "1-0:2.8.2(00000.000*kWh)",
    "0-0:96.14.0(0001)",
    "1-0:1.7.0(0000.00*kW)",
    "1-0:2.7.0(0001.23*kW)",
    "0-0:17.0.0(0999.00*kW)",
    "0-1:24.3.0(121030140000)(00)(60)(1)(0-1:24.2.1)(m3)",
    "(00000.000)",
]
FLUVIUS = [
    "0-0:96.1.4(50217)",
    "0-0:96.1.1(3153414733313030303030303031)",
    "0-0:1.0.0(260715180500S)",
    "1-0:1.8.1(000000.034*kWh)",
    "1-0:1.8.2(000015.758*kWh)",
    "1-0:2.8.1(000000.000*kWh)",
    "1-0:2.8.2(000000.011*kWh)",
    "1-0:1.4.0(02.351*kW)",
    "1-0:1.6.0(260709134500S)(02.589*kW)",
    "0-0:98.1.0(3)(1-0:1.6.0)(1-0:1.6.0)(200501000000S)(200423192538S)(03.695*kW)",
    "1-0:1.7.0(00.000*kW)",
    "1-0:2.7.0(00.552*kW)",
    "1-0:21.7.0(00.000*kW)",
    "1-0:22.7.0(00.552*kW)",
    "1-0:32.7.0(234.7*V)",
    "1-0:31.7.0(002.37*A)",
    "0-0:17.0.0(999.9*kW)",
    "1-0:31.4.0(063*A)",
]
SWEDEN = [
    "0-0:1.0.0(260115120000W)",
    "1-0:1.8.0(00000896.020*kWh)",
    "1-0:2.8.0(00000001.500*kWh)",
    "1-0:1.7.0(0001.100*kW)",
    "1-0:2.7.0(0000.000*kW)",
    "1-0:21.7.0(0001.100*kW)",
    "1-0:22.7.0(0000.000*kW)",
    "1-0:32.7.0(240.3*V)",
    "1-0:31.7.0(004.6*A)",
]
LUXEMBOURG = [
    "1-3:0.2.8(42)",
    "0-0:1.0.0(260115120000W)",
    "0-0:42.0.0(53414731303330373030303030303030)",
    "1-0:1.8.0(000012.345*kWh)",
    "1-0:2.8.0(000000.000*kWh)",
    "1-0:1.7.0(00.100*kW)",
    "1-0:2.7.0(00.000*kW)",
    "1-0:31.4.0(999*A)",
]
SWITZERLAND = ["1-1:1.8.0(000123456*Wh)", "1-1:1.7.0(00345*W)", "1-1:2.7.0(00000*W)", "0-0:1.0.0(260715120000S)"]


def one(lines: list[str], *, summed: bool = True) -> DsmrTelegram:
    (telegram,) = DsmrDecoder().receive(wrap("ISK5 SIM", lines, summed=summed))
    return telegram


def test_the_checksum_is_the_one_of_the_standard() -> None:
    assert crc16(b"123456789") == 0xBB3D  # CRC-16/ARC


def test_version_5_tells_each_phase_with_its_sign() -> None:
    telegram = one(V5)
    reading = telegram.reading
    assert (telegram.identity, telegram.version, telegram.checked) == ("ISK5 SIM", "50", True)
    assert telegram.every_second
    assert telegram.at == datetime(2026, 11, 22, 17, 5, tzinfo=UTC)
    assert reading.power_w == 193.0
    assert reading.phase_power_w == (1150.0, -500.0, -457.0)
    assert reading.voltage_v == (230.0, 231.0, 229.0)
    assert reading.signed
    assert (reading.import_wh, reading.export_wh) == (2_000_000.0, 120_001.0)
    assert (reading.tariff_index, reading.serial) == (2, "E0047000012345616")


def test_power_over_voltage_is_finer_than_whole_amperes_and_never_below_them() -> None:
    reading = one(V5).reading
    # 1150 W / 230 V = 5 A; 500 W / 231 V = 2.16 A; 457 W / 229 V = 2.0 A
    assert reading.current_a == (5.0, -2.16, -2.0)
    assert reading.current_step_a == 0.01
    reactive = [line.replace("31.7.0(005", "31.7.0(009") for line in V5]
    reading = one(reactive).reading
    assert (reading.current_a[0], reading.current_step_a) == (8.5, 1.0)


def test_version_4_has_no_voltage_and_keeps_whole_amperes() -> None:
    reading = one([line for line in V5 if ".7.0(2" not in line and "*V" not in line]).reading
    assert reading.current_a == (5.0, -2.0, -1.0)
    assert (reading.current_step_a, reading.signed) == (1.0, True)


def test_version_2_has_no_checksum_and_no_clock() -> None:
    telegram = one(V2, summed=False)
    assert (telegram.checked, telegram.at, telegram.version) == (False, None, None)
    assert (telegram.reading.power_w, telegram.reading.import_wh) == (-1230.0, 3002.0)
    assert not telegram.every_second


def test_fluvius_tells_the_quarter_of_an_hour_by_which_it_bills() -> None:
    telegram = one(FLUVIUS)
    assert (telegram.demand_w, telegram.month_peak_w, telegram.fuse_a) == (2351.0, 2589.0, 63.0)
    assert telegram.at == datetime(2026, 7, 15, 16, 5, tzinfo=UTC)
    reading = telegram.reading
    assert (reading.power_w, reading.current_a, reading.current_step_a) == (-552.0, (-2.37, None, None), 0.01)
    assert (reading.import_wh, reading.serial) == (15_792.0, "1SAG3100000001")


@pytest.mark.parametrize(
    ("lines", "import_wh", "power_w"),
    [(SWEDEN, 896_020.0, 1100.0), (LUXEMBOURG, 12_345.0, 100.0), (SWITZERLAND, 123_456.0, 345.0)],
)
def test_neighbours_tell_totals(lines: list[str], import_wh: float, power_w: float) -> None:
    reading = one(lines).reading
    assert (reading.import_wh, reading.power_w) == (import_wh, power_w)


def test_a_threshold_of_999_is_none() -> None:
    assert one(LUXEMBOURG).fuse_a is None


def test_a_net_without_neutral_has_magnitudes_only() -> None:
    lines = [line.replace("52.7.0(231.0", "52.7.0(000.0") for line in V5]
    reading = one(lines).reading
    assert (reading.signed, reading.current_a) == (False, (5.0, 2.0, 1.0))
    assert reading.phase_power_w == (None, None, None)
    assert reading.power_w == 193.0


def test_a_meter_that_cannot_say_what_is_fed_in_does_not_say_nothing() -> None:
    lines = ["1-0:1.7.0(00.000*kW)", "1-0:31.7.0(004*A)", "0-0:1.0.0(260115120000W)"]
    assert one(lines).reading.power_w is None
    lines[0] = "1-0:1.7.0(00.920*kW)"
    assert one(lines).reading.power_w == 920.0


# what is refused


def counted(data: bytes) -> tuple[int, dict[str, int]]:
    decoder = DsmrDecoder()
    decoder.receive(data)
    decoder.close()
    return decoder.accepted, {k.value: n for k, n in decoder.refused.items() if n}


SOUND = wrap("ISK5 SIM", V5)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (SOUND, (1, {})),
        (SOUND.replace(b"00.193", b"09.193"), (0, {"checksum": 1})),
        (SOUND[:-6] + b"\r\n", (0, {"no_checksum": 1})),
        (SOUND[40:] + SOUND, (1, {})),
        (SOUND[:300] + SOUND, (1, {"broken_off": 1})),
        (SOUND[:-4] + SOUND, (1, {"broken_off": 1})),
        (b"\xff\x00noise" + SOUND + b"\x80", (1, {})),
        (SOUND[:-2] + b"zz" + b"\x00" * 20 + SOUND, (1, {"broken_off": 1})),
        (b"/" + b"x" * 9000, (0, {"too_long": 1})),
        (b"/x!" + b"y" * 40, (0, {"malformed": 1})),
        (SOUND[:200], (0, {"broken_off": 1})),
        (wrap("A", ["1-0:1.7.0(xx*kW)", "0-0:1.0.0(260115120000W)"]), (1, {"bad_value": 1})),
        (wrap("A", ["1-0:1.7.0(00.1*kVA)", "0-0:1.0.0(260115120000W)"]), (1, {"bad_value": 1})),
        (wrap("A", ["what is this", *V2], summed=False), (1, {"malformed": 1})),
        (wrap("A", V2, summed=False) + SOUND + wrap("A", V2, summed=False), (2, {"no_checksum": 1})),
        (wrap("A", ["1-0:1.7.0(00.100*kW)\xe9"], summed=False), (0, {"not_ascii": 1})),
        (b"\nNGTF\tH PLEINE/CREUSE\t7\r\nVTIC\t02\t!\r\nSTGE\t003A0101\t<\r", (0, {"malformed": 1})),
    ],
)
def test_what_is_not_sound_is_refused_and_counted(data: bytes, expected: tuple[int, dict[str, int]]) -> None:
    assert counted(data) == expected


def test_a_clock_that_makes_no_sense_is_none() -> None:
    for text in ("269999999999W", "260115120000", "", "260115120000X"):
        assert one(["1-3:0.2.8(50)", f"0-0:1.0.0({text})", "1-0:1.7.0(00.1*kW)"]).at is None


def test_parity_bits_are_cleared_and_checked() -> None:
    plain = wrap("ISk5 ME382", V2, summed=False)
    decoder = DsmrDecoder()
    (telegram,) = decoder.receive(even(plain))
    assert (telegram.reading.power_w, decoder.eight_bit) == (-1230.0, True)
    damaged = bytearray(even(plain))
    damaged[60] ^= 0x04
    assert counted(bytes(damaged)) == (0, {"parity": 1})


def test_an_energy_with_a_wrong_part_is_unknown() -> None:
    lines = [line.replace("1.8.2(00002.001*kWh)", "1.8.2(0000x*kWh)") for line in V2]
    assert one(lines, summed=False).reading.import_wh is None


def test_a_serial_number_may_be_plain_text() -> None:
    assert one(["1-3:0.2.8(50)", "0-0:96.1.1(XMX5LG)"]).reading.serial == "XMX5LG"


def test_a_p1_port_is_known_by_its_codes() -> None:
    assert speaks_dsmr(SOUND[100:140])
    assert speaks_dsmr(even(wrap("A", V2, summed=False)))
    assert not speaks_dsmr(b"\nNGTF\tH PLEINE/CREUSE\t7\r\nVTIC\t02\t!\r\nSTGE\t003A0101\t<\r")
    assert not speaks_dsmr(b"\x02\nADSC\t041976123456\tX\r" + bytes(range(256)))
