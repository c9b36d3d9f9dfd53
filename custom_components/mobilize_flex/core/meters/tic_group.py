"""One line of the Linky's message: a label, its value, the sum that vouches for both.

    historic   label SP value SP sum              sum over label to value
    standard   label HT [time HT] value HT sum    sum over label to the last HT

The sum is one printable character and may itself be a space, so nothing is ever stripped before it is checked.
It has six bits and does not see bit 6 of any character, which is why labels and values are held to their shape, too.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
import re
from typing import Final

from .tic_labels import HISTORIC, MOBILE_PEAKS, STANDARD, TicValue, read_value
from .tic_status import read_horodate

_TAB: Final = 0x09
_SPACE: Final = 0x20
_PRINTABLE: Final = bytes((_TAB, *range(0x20, 0x7F)))
_LONGEST_LABEL: Final = 16
_LABEL: Final = re.compile(rf"[A-Z][A-Z0-9+-]{{0,{_LONGEST_LABEL - 1}}}")

# Some bridges read the 7E1 line as eight bits: every character then bears its parity bit, or every one has bit 7 set.
# These clear it; a byte that breaks the rule becomes 0xFF, so that a parity error is still an error.
EVEN: Final = bytes(b & 0x7F if b.bit_count() % 2 == 0 else 0xFF for b in range(256))
MARKED: Final = bytes(b & 0x7F if b & 0x80 else 0xFF for b in range(256))


class TicMode(StrEnum):
    """Name the two languages of the meter."""

    STANDARD = "standard"
    HISTORIC = "historic"


class RefusalReason(StrEnum):
    """Say why a group was refused."""

    CHECKSUM = "checksum"
    MALFORMED = "malformed"
    NOT_ASCII = "not_ascii"
    BAD_TIMESTAMP = "bad_timestamp"
    BAD_VALUE = "bad_value"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Hold one refused group; ``label`` is what stood in its place, as far as it can be written."""

    label: str
    reason: RefusalReason


@dataclass(frozen=True, slots=True)
class Group:
    """Hold one accepted group; ``known`` means that the label is in our table."""

    mode: TicMode
    label: str
    value: TicValue
    at: datetime | None = None
    degraded: bool = False
    known: bool = True


def read_group(raw: bytes, mode: TicMode | None = None) -> Group | Refusal:
    """Read what stands between a line feed and a carriage return.

    Args:
        raw: The group without the two characters that frame it.
        mode: The language expected; without it a tab tells.
    """
    if not raw.isascii():
        return refuse(raw, RefusalReason.NOT_ASCII)
    if mode is None:
        mode = TicMode.STANDARD if _TAB in raw else TicMode.HISTORIC
    separator, summed = (_TAB, raw[:-1]) if mode is TicMode.STANDARD else (_SPACE, raw[:-2])
    if raw[-2:-1] != bytes((separator,)) or raw.count(separator, 0, -1) < 2:
        return refuse(raw, RefusalReason.MALFORMED)
    if (sum(summed) & 0x3F) + 0x20 != raw[-1]:
        return refuse(raw, RefusalReason.CHECKSUM)
    if raw.translate(None, _PRINTABLE):
        return refuse(raw, RefusalReason.MALFORMED)
    text = raw[:-2].decode("ascii")
    return _standard(raw, text.split("\t")) if mode is TicMode.STANDARD else _historic(raw, text)


def _standard(raw: bytes, fields: list[str]) -> Group | Refusal:
    name, *rest = fields
    label = STANDARD.get(name)
    stamped = label.stamped if label else len(rest) > 1
    if not _LABEL.fullmatch(name) or len(rest) != 1 + stamped:
        return refuse(raw, RefusalReason.MALFORMED)
    stamp = None
    if stamped:
        stamp = read_horodate(rest[0], season_optional=label is None or name in MOBILE_PEAKS)
        if stamp is None:
            return refuse(raw, RefusalReason.BAD_TIMESTAMP)
    try:
        value = read_value(label, rest[-1])
    except ValueError:
        return refuse(raw, RefusalReason.BAD_VALUE)
    if stamp is None:
        return Group(TicMode.STANDARD, name, value, known=label is not None)
    return Group(TicMode.STANDARD, name, value, stamp.at, stamp.degraded, label is not None)


def _historic(raw: bytes, text: str) -> Group | Refusal:
    name, _, value = text.partition(" ")
    if not _LABEL.fullmatch(name) or "\t" in value:
        return refuse(raw, RefusalReason.MALFORMED)
    label = HISTORIC.get(name)
    try:
        return Group(TicMode.HISTORIC, name, read_value(label, value), known=label is not None)
    except ValueError:
        return refuse(raw, RefusalReason.BAD_VALUE)


def refuse(raw: bytes, reason: RefusalReason) -> Refusal:
    """Refuse a group, naming the label as well as it can be read."""
    name = raw.split(b"\t", 1)[0].split(b" ", 1)[0][:_LONGEST_LABEL]
    return Refusal(name.decode("ascii", "backslashreplace"), reason)


def bears_parity(raw: bytes) -> bool:
    """Tell whether a refused group is a sound one whose characters still bear their even parity bit."""
    return isinstance(read_group(raw.translate(EVEN).removesuffix(b"\r")), Group)


def is_marked(raw: bytes) -> bool:
    """Tell whether there are sound groups in a stretch whose every byte has bit 7 set."""
    parts = raw.translate(MARKED).split(b"\n")
    return any(isinstance(read_group(part.removesuffix(b"\r")), Group) for part in parts)
