"""Whatever comes down the Linky's wire: nothing raises, and only sound groups are believed."""

from hypothesis import given, settings, strategies as st

from custom_components.mobilize_flex.core.meters.linky import LinkyMeter
from custom_components.mobilize_flex.core.meters.tic import TicDecoder, TicFrame, detect_mode
from custom_components.mobilize_flex.core.meters.tic_labels import HISTORIC, STANDARD
from tests.core.meters.wire import frame, house, old_house, three_phases

SOUND = frame(*house(injected=0)) + frame(*three_phases()) + frame(*old_house())
TRUE = {(label, value) for one in TicDecoder().receive(SOUND) for label, value in one.values.items()}

pieces = st.lists(st.integers(1, 400), min_size=1, max_size=40)
alphabet = st.sampled_from([*b"\x02\x03\x04\n\r\t 09AEHT-", 0x00, 0x82, 0x8A, 0x8D, 0xFF])
bytestreams = st.one_of(
    st.binary(max_size=2000),
    st.lists(alphabet, max_size=2000).map(bytes),
    st.lists(st.sampled_from([SOUND, SOUND[100:300], SOUND[-200:], b"\x04", b"\xff\n"]), max_size=6).map(b"".join),
)


def frames(data: bytes, sizes: list[int]) -> list[TicFrame]:
    decoder, found, begin = TicDecoder(), [], 0
    while begin < len(data):
        size = sizes[begin % len(sizes)]
        found += decoder.receive(data[begin : begin + size])
        begin += size
    return found + decoder.close()


@given(bytestreams, pieces)
def test_nothing_on_the_wire_raises(data: bytes, sizes: list[int]) -> None:
    meter = LinkyMeter()
    for one in frames(data, sizes):
        reading = meter.read(one)
        assert meter.facts.mode is one.mode
        assert reading.apparent_va is None or reading.apparent_va >= 0
        assert reading.signed or all(amps is None or amps >= 0 for amps in reading.current_a)
    detect_mode(data)


@given(bytestreams, pieces)
def test_what_stands_under_values_came_in_a_sound_group(data: bytes, sizes: list[int]) -> None:
    """Look each value up on the wire: framed, with its sum right."""
    seven = bytes(b & 0x7F for b in data)
    for one in frames(data, sizes):
        for label in one.values:
            begins = [n for n in range(len(seven)) if seven.startswith(b"\n" + label.encode(), n)]
            assert any(_sound(seven[n + 1 : seven.find(b"\r", n)]) for n in begins), label


def _sound(group: bytes) -> bool:
    return any(
        len(group) > 2 and covered and sum(covered) % 64 + 32 == group[-1] for covered in (group[:-1], group[:-2])
    )


@given(st.integers(0, len(SOUND) - 1), st.integers(1, 255), pieces)
def test_one_byte_hit_costs_one_group_at_most_two(where: int, mask: int, sizes: list[int]) -> None:
    data = bytearray(SOUND)
    data[where] ^= mask
    heard = {(label, value) for one in frames(bytes(data), sizes) for label, value in one.values.items()}
    assert len(TRUE - heard) <= 2
    if mask == 0x40:  # the one error a sum of six bits does not see; a number or a label does
        assert {label for label, _ in heard} <= {label for label, _ in TRUE}
        heard = {(label, value) for label, value in heard if isinstance(value, int)}
    assert heard <= TRUE


@given(st.lists(st.tuples(st.integers(0, len(SOUND) - 1), st.integers(0, 7)), max_size=60), pieces)
@settings(max_examples=200)
def test_under_rain_of_bit_errors_unhurt_groups_are_heard(hits: list[tuple[int, int]], sizes: list[int]) -> None:
    data = bytearray(SOUND)
    for where, bit in hits:
        data[where] ^= 1 << bit
    intact = set()
    begin = SOUND.find(b"\n")
    while begin >= 0:
        end = SOUND.index(b"\r", begin) + 1
        if data[begin:end] == SOUND[begin:end]:
            intact.add(SOUND[begin + 1 : end].replace(b"\t", b" ").split(b" ")[0].decode())
        begin = SOUND.find(b"\n", end)
    known = STANDARD.keys() | HISTORIC.keys()
    heard = {label for one in frames(bytes(data), sizes) for label in one.values}
    # A frame mark made of noise may join a group to its neighbour's frame, never swallow it.
    assert (intact & known) <= heard


@given(bytestreams, pieces)
def test_pieces_do_not_matter(data: bytes, sizes: list[int]) -> None:
    if any(b >= 0x80 for b in data):  # the eight-bit guess may fall at another byte
        return
    assert [(one.mode, one.values, one.complete) for one in frames(data, sizes)] == [
        (one.mode, one.values, one.complete) for one in frames(data, [1])
    ]


@given(st.lists(st.sampled_from([house(injected=0), three_phases(), old_house()]), min_size=1, max_size=4), pieces)
def test_a_clean_line_loses_nothing(homes: list[list[bytes]], sizes: list[int]) -> None:
    found = frames(b"".join(frame(*home) for home in homes), sizes)
    assert [len(one.values) for one in found] == [len(home) for home in homes]
    assert all(one.complete and not one.refused for one in found)
