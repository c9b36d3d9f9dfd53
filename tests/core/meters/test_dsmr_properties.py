"""Whatever comes down a P1 line: nothing raises, and only sound telegrams are believed."""

from hypothesis import given, strategies as st

from custom_components.mobilize_flex.core.meters.dsmr import DsmrDecoder, DsmrTelegram
from simulator.p1 import wrap
from tests.core.meters.test_dsmr import FLUVIUS, V5

SOUND = wrap("ISK5 SIM", V5) + wrap("FLU5 SIM", FLUVIUS)
TRUE = {telegram.reading for telegram in DsmrDecoder().receive(SOUND)}

pieces = st.lists(st.integers(1, 400), min_size=1, max_size=30)
alphabet = st.sampled_from([*b"/!\r\n()*:.-019kWA", 0x00, 0xAF, 0xFF])
noise = st.one_of(st.binary(max_size=600), st.lists(alphabet, max_size=600).map(bytes))


def heard(data: bytes, sizes: list[int]) -> list[DsmrTelegram]:
    decoder, found, begin = DsmrDecoder(), [], 0
    while begin < len(data):
        size = sizes[begin % len(sizes)]
        found += decoder.receive(data[begin : begin + size])
        begin += size
    return found


@given(noise, pieces)
def test_nothing_on_the_line_raises(data: bytes, sizes: list[int]) -> None:
    for telegram in heard(data, sizes):
        assert telegram.identity is not None


@given(pieces)
def test_the_pieces_do_not_matter(sizes: list[int]) -> None:
    assert {telegram.reading for telegram in heard(SOUND, sizes)} == TRUE


@given(st.integers(0, len(SOUND)), noise, pieces)
def test_garbage_before_and_a_start_in_the_middle_cost_no_later_telegram(
    begin: int, data: bytes, sizes: list[int]
) -> None:
    found = heard(data + SOUND[begin:] + b"\r\n" + SOUND, sizes)
    assert {telegram.reading for telegram in found if telegram.checked} >= TRUE


@given(st.integers(0, len(SOUND) - 1), st.integers(1, 255))
def test_a_wrong_byte_is_never_believed(at: int, flip: int) -> None:
    damaged = bytearray(SOUND)
    damaged[at] ^= flip
    assert {telegram.reading for telegram in heard(bytes(damaged), [64])} <= TRUE
