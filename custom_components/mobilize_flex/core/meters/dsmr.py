"""The messages of a smart meter's P1 port (DSMR 2.2 to 5 and its relatives abroad), cut out of what arrives.

Bytes in, telegrams out, whatever the pieces: no clock and no socket. A telegram is ``/`` identity, lines, ``!``, and
from version 4 on four hexadecimal digits: CRC-16, polynomial 0xA001 reflected, start 0, over ``/`` through ``!``.
Neither sign occurs inside (IEC 62056-21), so another ``/`` means that the telegram before it broke off.

A telegram whose checksum is wrong is refused whole. Versions 2 and 3 have none: there each line stands or falls by
itself, and where the port passes their parity bits (7E1 read as 8N1) those are checked.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
import re
from typing import Final

from ..model.electric import MeterReading
from .dsmr_lines import amount, clock, read_lines, reading_of, version_of

_START: Final = re.compile(rb"[/\xaf]")  # with its parity bit a slash is 0xAF
_FOOT: Final = re.compile(rb"!([0-9A-Fa-f]{4})?[ \t]*\r?\n")
_LONGEST_FOOT: Final = 16
_LONGEST: Final = 8192  # Fluvius with thirteen monthly peaks: under 2500
_OBIS: Final = re.compile(rb"\d-\d:\d{1,2}\.\d{1,2}\.\d{1,2}\(")
_STRIP: Final = bytes(b & 0x7F for b in range(256))
_ODD: Final = bytes(b for b in range(256) if b.bit_count() % 2)
_NO_FUSE_A: Final = 999.0


class DsmrRefusal(StrEnum):
    """Name why a telegram, or one line of it, was refused."""

    CHECKSUM = "checksum"
    NO_CHECKSUM = "no_checksum"
    PARITY = "parity"
    NOT_ASCII = "not_ascii"
    BROKEN_OFF = "broken_off"
    TOO_LONG = "too_long"
    MALFORMED = "malformed"
    BAD_VALUE = "bad_value"


@dataclass(frozen=True, slots=True, kw_only=True)
class DsmrTelegram:
    """Hold one telegram: what it measures, and what it tells beside; ``None`` where it does not say.

    ``values`` are the texts between the brackets of each line, known or not. ``fuse_a`` is the meter's own threshold.
    ``demand_w`` is the mean of the running quarter of an hour, ``month_peak_w`` the highest one of the month, by which
    Flanders bills.
    """

    identity: str
    version: str | None
    at: datetime | None
    reading: MeterReading
    checked: bool
    values: Mapping[str, str]
    fuse_a: float | None = None
    demand_w: float | None = None
    month_peak_w: float | None = None

    @property
    def every_second(self) -> bool:
        """Return whether this meter is bound to speak every second (version 5) and not every ten."""
        return self.version is not None and self.version.startswith("5")


def crc16(data: bytes) -> int:
    """Return the checksum of a telegram, over ``/`` through ``!``."""
    crc = 0
    for byte in data:
        crc = _CRC[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
        table.append(crc)
    return tuple(table)


_CRC: Final = _crc_table()


class DsmrDecoder:
    """Gather bytes into telegrams; count what had to be refused."""

    def __init__(self) -> None:
        """Start with nothing heard."""
        self.accepted = 0
        self.refused: Counter[DsmrRefusal] = Counter()
        self.eight_bit = False
        self._buffer = bytearray()
        self._has_checksums = False

    def receive(self, data: bytes) -> list[DsmrTelegram]:
        """Take bytes; return the telegrams they complete."""
        self._buffer += data
        telegrams = []
        while (cut := self._cut()) is not None:
            telegram = self._read(*cut)
            if telegram is not None:
                self.accepted += 1
                telegrams.append(telegram)
        return telegrams

    def close(self) -> None:
        """Forget the half telegram that is waiting for its rest: the line was interrupted."""
        if self._buffer:
            self.refused[DsmrRefusal.BROKEN_OFF] += 1
        self._buffer.clear()

    def _cut(self) -> tuple[bytes, bytes | None] | None:
        """Return the next telegram and its checksum, ``None`` until there is a whole one."""
        while (begin := _START.search(self._buffer)) is not None:
            del self._buffer[: begin.start()]
            again = _START.search(self._buffer, 1)
            end = self._buffer.find(b"!", 1, again.start() if again else len(self._buffer))
            foot = _FOOT.match(self._buffer.translate(_STRIP), end) if end >= 0 else None
            if foot is not None and (again is None or foot.end() <= again.start()):
                body = bytes(self._buffer[: end + 1])
                del self._buffer[: foot.end()]
                return body, foot[1]
            if again is not None:
                self.refused[DsmrRefusal.BROKEN_OFF] += 1
                del self._buffer[: again.start()]
            elif len(self._buffer) > _LONGEST or 0 <= end < len(self._buffer) - _LONGEST_FOOT:
                self.refused[DsmrRefusal.TOO_LONG if end < 0 else DsmrRefusal.MALFORMED] += 1
                del self._buffer[:1]
            else:
                return None
        self._buffer.clear()
        return None

    def _read(self, body: bytes, digits: bytes | None) -> DsmrTelegram | None:
        """Return a telegram that is sound."""
        plain, reason = self._plain(body)
        if reason is None and digits is not None and crc16(plain) != int(digits, 16):
            reason = DsmrRefusal.CHECKSUM
        if reason is None and not plain.isascii():
            reason = DsmrRefusal.NOT_ASCII
        if reason is not None:
            self.refused[reason] += 1
            return None
        values, malformed = read_lines(plain.decode("ascii"))
        if digits is None and (self._has_checksums or clock(values) or version_of(values)):
            self.refused[DsmrRefusal.NO_CHECKSUM] += 1  # its kind always bears one: the end was damaged
            return None
        if digits is None and not values:
            self.refused[DsmrRefusal.MALFORMED] += 1  # somebody else's text, with a slash and an exclamation mark in it
            return None
        self._has_checksums = self._has_checksums or digits is not None
        self.refused[DsmrRefusal.MALFORMED] += malformed
        return self._telegram(plain, values, checked=digits is not None)

    def _plain(self, body: bytes) -> tuple[bytes, DsmrRefusal | None]:
        """Return the text without parity bits, where there are some."""
        if body[0] == ord("/"):
            return body, None
        self.eight_bit = True
        wrong = len(body) != len(body.translate(None, _ODD))
        return body.translate(_STRIP), DsmrRefusal.PARITY if wrong else None

    def _telegram(self, plain: bytes, values: Mapping[str, str], *, checked: bool) -> DsmrTelegram:
        wrong: list[str] = []
        reading = reading_of(values, wrong)
        fuse_a = amount(values, "1-0:31.4.0", "A", wrong)
        telegram = DsmrTelegram(
            identity=plain[1 : plain.find(b"\n")].decode("ascii").strip(),
            version=version_of(values),
            at=clock(values),
            reading=replace(reading, clock=clock(values)),
            checked=checked,
            values=values,
            fuse_a=fuse_a if fuse_a is None or fuse_a < _NO_FUSE_A else None,
            demand_w=amount(values, "1-0:1.4.0", "W", wrong),
            month_peak_w=amount(values, "1-0:1.6.0", "W", wrong),
        )
        self.refused[DsmrRefusal.BAD_VALUE] += len(wrong)
        return telegram


def speaks_dsmr(data: bytes) -> bool:
    """Tell whether a stretch of bytes is a P1 port, at its right speed; not where every checksum in it is wrong."""
    decoder = DsmrDecoder()
    if decoder.receive(data):
        return True
    return not decoder.refused[DsmrRefusal.CHECKSUM] and _OBIS.search(data.translate(_STRIP)) is not None
