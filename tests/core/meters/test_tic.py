"""The Linky's frames off the wire: whole, cut, noisy, and at eight bits."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.mobilize_flex.core.meters.tic import TicDecoder, TicFrame, detect_mode
from custom_components.mobilize_flex.core.meters.tic_group import Refusal, RefusalReason, TicMode
from tests.core.meters.wire import (
    EOT,
    ETX,
    STX,
    even,
    frame,
    historic,
    house,
    marked,
    old_house,
    standard,
    three_phases,
)


def frames(data: bytes, piece: int = 0, mode: TicMode | None = None) -> list[TicFrame]:
    decoder = TicDecoder(mode)
    step = piece or len(data) or 1
    found = [one for n in range(0, len(data), step) for one in decoder.receive(data[n : n + step])]
    return found + decoder.close()


def reasons(one: TicFrame) -> list[tuple[str, str]]:
    return [(refusal.label, str(refusal.reason)) for refusal in one.refused]


@pytest.mark.parametrize(
    ("mode", "text", "total"),
    [
        # Sums added up by hand, character by character; the sign is the low six bits plus 32.
        # I73 I73 N78 S83 T84 SP32 0+48 0+48 7+55 = 574 = 8*64 + 62 -> 94 '^'
        (TicMode.HISTORIC, b"IINST 007 ^", 574),
        # P80 A65 P80 P80 SP32 then 48 48 56 56 48 = 593 = 9*64 + 17 -> 49 '1'
        (TicMode.HISTORIC, b"PAPP 00880 1", 593),
        # N78 T84 A65 R82 F70 HT9 0+48 2+50 HT9 = 495 = 7*64 + 47 -> 79 'O'
        (TicMode.STANDARD, b"NTARF\t02\tO", 495),
        # D68 A65 T84 E69 HT9 E69, twelve digits 12*48 + 40 = 616, HT9 HT9 = 998 = 15*64 + 38 -> 70 'F'
        (TicMode.STANDARD, b"DATE\tE250615123456\t\tF", 998),
    ],
)
def test_a_checksum_reckoned_by_hand_is_accepted(mode: TicMode, text: bytes, total: int) -> None:
    covered = text[:-1] if mode is TicMode.STANDARD else text[:-2]
    assert sum(covered) == total
    assert text[-1] == total % 64 + 32
    (one,) = frames(frame(b"\n" + text + b"\r"))
    assert (one.mode, one.complete, one.refused) == (mode, True, ())
    assert len(one.values) == 1


def test_the_sum_of_one_mode_is_wrong_in_the_other() -> None:
    over_last_tab = standard("NTARF", "02")
    without_it = over_last_tab[:-2] + bytes([(over_last_tab[-2] - 0x20 - 9) % 64 + 0x20]) + b"\r"
    (one,) = frames(frame(without_it))
    assert reasons(one) == [("NTARF", "checksum")]
    assert one.values == {}


def test_a_checksum_may_be_a_space() -> None:
    for encode, label in ((historic, "ADCO"), (standard, "ADSC")):
        spaced = [g for n in range(10**12 - 1, 0, -7 * 10**8) if (g := encode(label, f"{n:012}"))[-2:] == b" \r"]
        assert spaced
        assert frames(frame(spaced[0]))[0].values.keys() == {label}


def test_a_standard_frame_says_everything() -> None:
    (one,) = frames(frame(*house(injected=0)))
    assert (one.mode, one.complete, one.refused, one.clock_degraded) == (TicMode.STANDARD, True, (), False)
    assert one.values["ADSC"] == "041876543210"
    assert one.values["DATE"] is None
    assert one.values["NGTF"] == "TEMPO"
    assert one.values["EAST"] == 12_345_678
    assert one.values["SMAXSN-1"] == 6040
    assert one.values["STGE"] == "003AC401"
    assert one.values["PRM"] == "09876543210123"
    assert one.values["MSG1"] == "PAS DE          MESSAGE"
    assert one.at["DATE"].isoformat() == "2025-11-22T18:05:00+01:00"
    assert one.at["DPM1"].isoformat() == "2025-11-25T07:00:00+01:00"
    assert len(one.values) == len(house(injected=0))


def test_a_historic_frame_says_everything() -> None:
    (one,) = frames(frame(*old_house()))
    assert (one.mode, one.complete, one.refused) == (TicMode.HISTORIC, True, ())
    assert one.values["OPTARIF"] == "BBR("
    assert one.values["BBRHPJR"] == 6
    assert one.values["PTEC"] == "HPJB"
    assert one.values["PAPP"] == 950
    assert one.values["MOTDETAT"] == "000000"
    assert one.at == {}


@pytest.mark.parametrize("groups", [house(), three_phases(), old_house()])
def test_pieces_of_every_size_give_the_same_frames(groups: list[bytes]) -> None:
    data = b"\x00\xffnoise\n" + frame(*groups) + frame(*groups)
    whole = frames(data)
    assert [one.complete for one in whole] == [True, True]
    for piece in range(1, 80):
        assert frames(data, piece) == whole


@pytest.mark.parametrize(
    ("group", "label", "reason"),
    [
        (b"\nIRMS1\t005\t!\r", "IRMS1", "checksum"),
        (b"\nIRMS1005\t!\r", "IRMS1005", "malformed"),
        (b"\nIRMS1\t005!\r", "IRMS1", "malformed"),
        (b"\n\r", "", "malformed"),
        (standard("IRMS1", "00\xe95"), "IRMS1", "not_ascii"),
        (standard("IRMS1", "00\x015"), "IRMS1", "malformed"),
        (standard("SMAXSN", "05210"), "SMAXSN", "malformed"),
        (standard("IRMS1", "005", "H251122180500"), "IRMS1", "malformed"),
        (standard("SMAXSN", "05210", "H251322073012"), "SMAXSN", "bad_timestamp"),
        (standard("SMAXSN", "05210", "X251122073012"), "SMAXSN", "bad_timestamp"),
        (standard("DATE", "", " 251122073012"), "DATE", "bad_timestamp"),
        (standard("DATE", "1", "H251122073012"), "DATE", "bad_value"),
        (standard("EAST", "12345678"), "EAST", "bad_value"),
        (standard("EAST", "01234567A"), "EAST", "bad_value"),
        (standard("EAST", "0123 5678"), "EAST", "bad_value"),
        (standard("STGE", "003AG401"), "STGE", "bad_value"),
        (standard("ADSC", "04187654321"), "ADSC", "bad_value"),
        (standard("NGTF", "seventeen letters"), "NGTF", "bad_value"),
        (standard("PJOURF+1", "25004003" + 10 * " NONUTILE"), "PJOURF+1", "bad_value"),
        (standard("PJOURF+1", ""), "PJOURF+1", "bad_value"),
    ],
)
def test_a_bad_group_falls_alone(group: bytes, label: str, reason: str) -> None:
    before, after = standard("PREF", "09"), standard("NTARF", "02")
    (one,) = frames(frame(before, group, after))
    assert reasons(one) == [(label, reason)]
    assert one.values == {"PREF": 9, "NTARF": 2}
    assert one.complete


@pytest.mark.parametrize(
    ("group", "label", "reason"),
    [
        (b"\nIINST 007 ]\r", "IINST", "checksum"),
        (b"\nIINST007 ]\r", "IINST007", "malformed"),
        (historic("IINST", "0 7"), "IINST", "bad_value"),
        (historic("IINST", "0\t7"), "IINST", "malformed"),
        (historic("MOTDETAT", "00000"), "MOTDETAT", "bad_value"),
        (b"\nIINST 00\xb7 ^\r", "IINST", "not_ascii"),
    ],
)
def test_a_bad_historic_group_falls_alone(group: bytes, label: str, reason: str) -> None:
    (one,) = frames(frame(historic("ISOUSC", "45"), group, historic("PAPP", "00950")))
    assert reasons(one) == [(label, reason)]
    assert one.values == {"ISOUSC": 45, "PAPP": 950}
    assert one.mode is TicMode.HISTORIC


def test_refusals_are_counted_by_reason() -> None:
    decoder = TicDecoder()
    decoder.receive(3 * frame(standard("PREF", "09"), b"\nIRMS1\t005\t!\r", standard("EAST", "1")))
    assert decoder.refused == {RefusalReason.CHECKSUM: 3, RefusalReason.BAD_VALUE: 3}
    assert decoder.accepted == 3


def test_a_degraded_clock_is_told() -> None:
    (one,) = frames(frame(standard("DATE", "", "e250701120000")))
    assert one.clock_degraded
    assert one.at["DATE"] == datetime(2025, 7, 1, 10, tzinfo=UTC)
    assert one.at["DATE"].utcoffset() == timedelta(hours=2)


def test_unknown_labels_are_kept() -> None:
    (one,) = frames(frame(standard("NEWLBL", " 0042 "), standard("NEWAT", "7", "H251122073012")))
    assert one.values == {"NEWLBL": "0042", "NEWAT": "7"}
    assert "NEWAT" in one.at
    (other,) = frames(frame(standard("NEWAT", "7", "H259922073012")))
    assert reasons(other) == [("NEWAT", "bad_timestamp")]


def test_a_blank_text_is_nothing() -> None:
    (one,) = frames(frame(standard("MSG2", 16 * " ")))
    assert one.values == {"MSG2": None}


def test_a_stream_joined_in_the_middle_gives_an_incomplete_frame_first() -> None:
    groups = house()
    data = frame(*groups)
    cut = data.index(b"SINSTS") + 3
    first, second = frames(data[cut:] + data)
    assert (first.complete, second.complete) == (False, True)
    assert "SINSTS" not in first.values
    assert first.values["NTARF"] == 2
    assert first.refused == ()


def test_a_frame_broken_off_is_incomplete_and_the_next_is_whole() -> None:
    groups = house()
    first, second = frames(STX + b"".join(groups[:5]) + EOT + frame(*groups))
    assert (first.complete, len(first.values), first.refused) == (False, 5, ())
    assert (second.complete, len(second.values)) == (True, len(groups))
    cut = STX + b"".join(groups[:5]) + b"\nEAST\t0012" + EOT
    first, second = frames(cut + frame(*groups))
    assert (first.complete, len(first.values), first.refused) == (False, 5, ())
    assert second.complete


def test_the_end_of_the_stream_is_an_incomplete_frame() -> None:
    (one,) = frames(STX + standard("PREF", "09") + b"\nEAST\t0012")
    assert (one.complete, one.values, one.refused) == (False, {"PREF": 9}, ())
    assert frames(b"") == []
    assert frames(STX + ETX) == []


def test_a_lost_end_does_not_glue_two_frames() -> None:
    groups = [standard("PREF", "09"), standard("NTARF", "02")]
    first, second = frames(STX + b"".join(groups) + frame(*groups))
    assert (first.complete, second.complete) == (False, True)
    assert first.values == second.values


def test_a_lost_start_leaves_the_groups_sound() -> None:
    groups = [standard("PREF", "09"), standard("NTARF", "02")]
    (one,) = frames(b"".join(groups) + ETX)
    assert (one.complete, one.values) == (False, {"PREF": 9, "NTARF": 2})


@pytest.mark.parametrize("broken", [b"", b"X"])
def test_a_lost_carriage_return_costs_one_group(broken: bytes) -> None:
    groups = [standard("PREF", "09"), standard("NTARF", "02"), standard("IRMS1", "005")]
    hurt = groups[1][:-1] + broken
    (one,) = frames(frame(groups[0], hurt, groups[2]))
    assert (one.complete, one.values) == (True, {"PREF": 9, "IRMS1": 5})
    assert reasons(one) == [("NTARF", "malformed")]
    whole, nothing = frames(frame(*groups[:2], groups[2][:-1]) + frame(groups[0]))
    assert (whole.complete, whole.values) == (True, {"PREF": 9, "NTARF": 2})
    assert (nothing.complete, nothing.values) == (True, {"PREF": 9})


def test_a_lost_line_feed_costs_one_group() -> None:
    groups = [standard("PREF", "09"), standard("NTARF", "02"), standard("IRMS1", "005")]
    (one,) = frames(frame(groups[0], groups[1][1:], groups[2]))
    assert (one.complete, one.values) == (True, {"PREF": 9, "IRMS1": 5})
    assert reasons(one) == [("NTARF", "malformed")]


@pytest.mark.parametrize("control", [b"\x02", b"\x03"])
def test_a_digit_that_turns_into_a_frame_mark_costs_one_group(control: bytes) -> None:
    hurt = standard("EAST", "012345678").replace(b"3", control)
    (one,) = frames(frame(standard("PREF", "09"), hurt, standard("NTARF", "02")))
    assert (one.complete, one.values) == (True, {"PREF": 9, "NTARF": 2})
    assert reasons(one) == [("EAST", "checksum")]


def test_a_cut_inside_a_group_does_not_hide_the_next_frame() -> None:
    data = frame(standard("PREF", "09"), standard("EAST", "012345678"))
    first, second = frames(data[:-8] + data)
    assert (first.complete, second.complete) == (False, True)
    assert first.values == {"PREF": 9}


def test_a_forced_mode_refuses_the_other() -> None:
    (one,) = frames(frame(*old_house()), mode=TicMode.STANDARD)
    assert (one.mode, one.values) == (TicMode.STANDARD, {})
    (other,) = frames(frame(*old_house()), mode=TicMode.HISTORIC)
    assert other.values["PAPP"] == 950


def test_a_meter_may_change_its_language() -> None:
    decoder = TicDecoder()
    modes = [one.mode for one in decoder.receive(frame(*old_house()) + frame(*house()))]
    assert modes == [TicMode.HISTORIC, TicMode.STANDARD]
    assert decoder.mode is TicMode.STANDARD


def test_a_frame_of_refusals_alone_still_has_a_mode() -> None:
    (one,) = frames(frame(b"\nIINST 007 ]\r"))
    assert (one.mode, one.values) == (TicMode.HISTORIC, {})
    (one,) = frames(frame(b"\nIRMS1\t005\t!\r"))
    assert (one.mode, one.values) == (TicMode.STANDARD, {})


@pytest.mark.parametrize("wrap", [even, marked])
@pytest.mark.parametrize("groups", [house(), old_house()])
@pytest.mark.parametrize("piece", [0, 1, 7, 64, 333])
def test_a_bridge_at_eight_bits_is_understood(wrap: object, groups: list[bytes], piece: int) -> None:
    assert callable(wrap)
    data = wrap(frame(*groups) + frame(*groups))
    first, second = frames(data, piece)
    assert first == second == frames(frame(*groups))[0]
    assert first.complete


def test_a_parity_error_is_seen_at_eight_bits() -> None:
    plain = frame(*house())
    data = bytearray(even(plain))
    data[plain.index(b"EAST") + 8] ^= 0x01
    (one,) = frames(bytes(data))
    assert len(one.refused) == 1
    assert one.refused[0].reason is RefusalReason.NOT_ASCII
    assert len(one.values) == len(house()) - 1


def test_one_stray_high_bit_is_not_a_bridge_at_eight_bits() -> None:
    data = frame(*house()).replace(b"012345678", b"0123\xb45678", 1)
    decoder = TicDecoder()
    (one,) = decoder.receive(data)
    assert one.refused == (Refusal("EAST", RefusalReason.NOT_ASCII),)
    assert not decoder.eight_bit


def test_a_bridge_set_right_again_is_understood_again() -> None:
    decoder = TicDecoder()
    decoder.receive(even(frame(*house())))
    assert decoder.eight_bit
    decoder.receive(frame(*house()))
    (one,) = decoder.receive(frame(*house()))
    assert not decoder.eight_bit
    assert (one.complete, one.refused) == (True, ())


def test_memory_is_bounded_whatever_comes() -> None:
    decoder = TicDecoder()
    for junk in (b"\n" + 300 * b"x", 5000 * b"\x02", 5000 * b"\n", b"\n" + 5000 * b"\x03", 300 * b"\x8a\x8d\xff"):
        decoder.receive(junk)
        assert len(decoder._buffer) + len(decoder._group or b"") <= 600
    endless = b"".join(standard(f"N{n}", "1") for n in range(2000))
    found = decoder.receive(STX + endless)
    assert len(found) >= 7
    assert max(len(one.values) + len(one.refused) for one in found) <= 256


def test_a_flood_ends_and_the_meter_is_heard() -> None:
    (*_, one) = frames(b"\n" + 3000 * b"x" + frame(*house()))
    assert (one.complete, one.refused) == (True, ())


@pytest.mark.parametrize(
    ("data", "mode"),
    [
        (frame(*house())[200:500], TicMode.STANDARD),
        (frame(*old_house())[20:90], TicMode.HISTORIC),
        (even(frame(*house())), TicMode.STANDARD),
        (b"", None),
        (b"/ISK5 telegram of another meter\r\n1-0:1.7.0(00.428*kW)\r\n!", None),
        (bytes(range(256)) * 8, None),
        (b"\ta tab is not enough\t\r\n", None),
    ],
)
def test_the_language_shows_in_the_raw_bytes(data: bytes, mode: TicMode | None) -> None:
    assert detect_mode(data) is mode
