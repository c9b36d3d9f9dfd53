"""What each line of the Linky's message means: its width, its kind, its unit.

Sources: Enedis-NOI-CPT_54E v3 for the standard mode; for the historic mode what that note says of it.
Numbers are zero-filled to a fixed width, so a number of another width has lost or gained a digit and is refused.
Texts are padded with spaces and may be shorter: some relays trim them.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

type TicValue = int | str | None

_UNUSED_BLOCK: Final = "NONUTILE"
_MOST_BLOCKS: Final = 11
_HEX: Final = frozenset("0123456789ABCDEFabcdef")


class Kind(StrEnum):
    """Say how a value is written."""

    NUMBER = "number"
    TEXT = "text"
    IDENTITY = "identity"
    HEX = "hex"
    HORODATE = "horodate"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Label:
    """Hold the shape of one label; ``stamped`` values come with the time they belong to."""

    kind: Kind
    width: int
    unit: str = ""
    stamped: bool = False


def _numbers(width: int, unit: str, *names: str, stamped: bool = False) -> dict[str, Label]:
    return dict.fromkeys(names, Label(Kind.NUMBER, width, unit, stamped))


def _texts(width: int, *names: str) -> dict[str, Label]:
    return dict.fromkeys(names, Label(Kind.TEXT, width))


STANDARD: Final[dict[str, Label]] = {
    "ADSC": Label(Kind.IDENTITY, 12),
    "PRM": Label(Kind.IDENTITY, 14),
    "DATE": Label(Kind.HORODATE, 0, stamped=True),
    "STGE": Label(Kind.HEX, 8),
    "PJOURF+1": Label(Kind.DAY, 98),
    "PPOINTE": Label(Kind.DAY, 98),
    **_texts(16, "NGTF", "LTARF", "MSG2"),
    **_texts(32, "MSG1"),
    **_numbers(2, "", "VTIC", "NTARF", "NJOURF", "NJOURF+1"),
    **_numbers(3, "", "RELAIS"),
    **_numbers(9, "Wh", "EAST", "EAIT", *(f"EASF{n:02}" for n in range(1, 11)), *(f"EASD{n:02}" for n in range(1, 5))),
    **_numbers(9, "varh", "ERQ1", "ERQ2", "ERQ3", "ERQ4"),
    **_numbers(3, "A", "IRMS1", "IRMS2", "IRMS3"),
    **_numbers(3, "V", "URMS1", "URMS2", "URMS3"),
    **_numbers(2, "kVA", "PREF", "PCOUP"),
    **_numbers(5, "VA", "SINSTS", "SINSTS1", "SINSTS2", "SINSTS3", "SINSTI"),
    **_numbers(5, "VA", *(f"SMAXSN{p}{d}" for p in ("", "1", "2", "3") for d in ("", "-1")), stamped=True),
    **_numbers(5, "VA", "SMAXIN", "SMAXIN-1", stamped=True),
    **_numbers(5, "W", "CCASN", "CCASN-1", "CCAIN", "CCAIN-1", stamped=True),
    **_numbers(3, "V", "UMOY1", "UMOY2", "UMOY3", stamped=True),
    **_numbers(2, "", *(f"{edge}PM{n}" for n in (1, 2, 3) for edge in "DF"), stamped=True),
}

MOBILE_PEAKS: Final = frozenset(f"{edge}PM{n}" for n in (1, 2, 3) for edge in "DF")
"""Labels whose time stamp may leave the season blank."""

HISTORIC: Final[dict[str, Label]] = {
    "ADCO": Label(Kind.IDENTITY, 12),
    **_texts(4, "OPTARIF", "PTEC", "DEMAIN"),
    **_texts(1, "HHPHC"),
    "MOTDETAT": Label(Kind.HEX, 6),
    "PPOT": Label(Kind.HEX, 2),
    **_numbers(2, "A", "ISOUSC"),
    **_numbers(2, "min", "PEJP"),
    **_numbers(9, "Wh", "BASE", "HCHC", "HCHP", "EJPHN", "EJPHPM"),
    **_numbers(9, "Wh", *(f"BBRH{hours}J{colour}" for colour in "BWR" for hours in "CP")),
    **_numbers(3, "A", "IINST", "IINST1", "IINST2", "IINST3", "IMAX", "IMAX1", "IMAX2", "IMAX3"),
    **_numbers(3, "A", "ADPS", "ADIR1", "ADIR2", "ADIR3"),
    **_numbers(5, "VA", "PAPP", "PMAX"),
}


def read_value(label: Label | None, text: str) -> TicValue:
    """Return the number or the trimmed text of a value; what is blank is ``None``.

    Raises:
        ValueError: the value does not have the shape its label promises. An unknown label promises nothing.
    """
    if label is None:
        return text.strip() or None
    if label.kind is Kind.NUMBER:
        if len(text) != label.width or not text.isdigit():
            raise ValueError(text)
        return int(text)
    if not _fits(label, text):
        raise ValueError(text)
    return text.strip() or None


def _fits(label: Label, text: str) -> bool:
    match label.kind:
        case Kind.IDENTITY:
            return len(text) == label.width and text.isdigit()
        case Kind.HEX:
            return len(text) == label.width and _HEX.issuperset(text)
        case Kind.DAY:
            return is_day(text)
        case _:
            return len(text) <= label.width


def is_day(text: str) -> bool:
    """Tell whether a text is a list of switching times, as PJOURF+1 and PPOINTE carry."""
    blocks = text.split()
    return 0 < len(blocks) <= _MOST_BLOCKS and all(map(_is_block, blocks))


def _is_block(block: str) -> bool:
    if block == _UNUSED_BLOCK:
        return True
    return (
        len(block) == 8
        and block[:4].isdigit()
        and int(block[:2]) < 24
        and int(block[2:4]) < 60
        and _HEX.issuperset(block[4:])
    )


def used_blocks(text: str) -> list[str]:
    """Return the switching times in use, eight characters each."""
    return [block for block in text.split() if block != _UNUSED_BLOCK]
