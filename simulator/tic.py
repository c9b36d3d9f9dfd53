"""The words on the serial line of a Linky meter (TIC, standard mode).

Written from Enedis-NOI-CPT_54E; 9600 baud 7E1 on a real line, plain ASCII here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time

from simulator.world import HOME_ZONE

STX, ETX, HT, LF, CR = "\x02", "\x03", "\t", "\n", "\r"
DAY_BLOCKS = 11


def checksum(text: str) -> str:
    """Sum the characters from the label through the last tab, keep six bits, add a space."""
    return chr((sum(text.encode("ascii")) & 0x3F) + 0x20)


def group(label: str, value: str, stamp: str | None = None) -> str:
    """Write one group; `stamp` is its horodate if it has one (DATE has a stamp and no value)."""
    body = HT.join([label, value] if stamp is None else [label, stamp, value]) + HT
    return f"{LF}{body}{checksum(body)}{CR}"


def frame(groups: Iterable[str]) -> bytes:
    """Put groups between the marks of a frame."""
    return (STX + "".join(groups) + ETX).encode("ascii")


def horodate(now: datetime, degraded: bool = False) -> str:
    """Write the meter's local time: season letter, then year to second in two digits each."""
    local = now.astimezone(HOME_ZONE)
    season = "E" if local.dst() else "H"
    return (season.lower() if degraded else season) + local.strftime("%y%m%d%H%M%S")


def day_profile(blocks: Iterable[tuple[time, int, bool]]) -> str:
    """Write PJOURF+1: eleven blocks of start, tariff index and dry contact (True closes it)."""
    words = [f"{start:%H%M}{(0xC000 if closed else 0x8000) | index:04X}" for start, index, closed in blocks]
    return " ".join(words + ["NONUTILE"] * (DAY_BLOCKS - len(words)))


@dataclass(frozen=True, slots=True)
class MeterStatus:
    """What the register STGE says."""

    dry_contact_open: bool = True
    breaker: int = 0
    overvoltage: bool = False
    reference_power_exceeded: bool = False
    producer: bool = False
    injecting: bool = False
    supplier_index: int = 1
    network_index: int = 1
    clock_degraded: bool = False
    tempo_today: int = 0
    tempo_tomorrow: int = 0
    peak_notice: int = 0
    peak_running: int = 0

    def register(self) -> int:
        """Lay the 32 bits out; standard mode, Euridis secured and PLC registered are always set."""
        fields = (
            (self.dry_contact_open, 0),
            (self.breaker, 1),
            (self.overvoltage, 6),
            (self.reference_power_exceeded, 7),
            (self.producer, 8),
            (self.injecting, 9),
            (self.supplier_index - 1, 10),
            (self.network_index - 1, 14),
            (self.clock_degraded, 16),
            (1, 17),
            (3, 19),
            (2, 21),
            (1, 23),
            (self.tempo_today, 24),
            (self.tempo_tomorrow, 26),
            (self.peak_notice, 28),
            (self.peak_running, 30),
        )
        return sum(int(value) << bit for value, bit in fields)

    def word(self) -> str:
        """Write the register as the line carries it."""
        return f"{self.register():08X}"
