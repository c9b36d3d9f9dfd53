"""What the Linky says of itself in code: clock, contacts, Tempo colours, tomorrow's hours.

Source: Enedis-NOI-CPT_54E v3. Bits count from 0, the least significant of the register.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from enum import IntEnum, StrEnum
from typing import Final

from ..model.contracts import Window
from .tic_labels import used_blocks

_WINTER: Final = timezone(timedelta(hours=1))
_SUMMER: Final = timezone(timedelta(hours=2))
_LAST_INDEX: Final = 10
_OFF_PEAK_CALENDARS: Final = ("CREUSE", "HC", "TEMPO", "BBR")


class TempoColour(StrEnum):
    """Name the colour of a day of the Tempo contract."""

    BLUE = "blue"
    WHITE = "white"
    RED = "red"


class Breaker(StrEnum):
    """Say whether the meter lets power through, and if not, why it opened."""

    CLOSED = "closed"
    OVERPOWER = "overpower"
    OVERVOLTAGE = "overvoltage"
    LOAD_SHEDDING = "load_shedding"
    REMOTE_ORDER = "remote_order"
    OVERHEATING_ABOVE = "overheating_above"
    OVERHEATING_BELOW = "overheating_below"
    UNKNOWN = "unknown"


class DryContact(IntEnum):
    """Say what a slot does with the meter's dry contact."""

    KEEP = 0
    TEMPO = 1
    OPEN = 2
    CLOSE = 3


_COLOURS: Final = (None, TempoColour.BLUE, TempoColour.WHITE, TempoColour.RED)
_BREAKER: Final = tuple(Breaker)


@dataclass(frozen=True, slots=True)
class Stamp:
    """Hold a time stamp of the meter; ``degraded`` means that the meter does not trust its own clock."""

    at: datetime
    degraded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkyStatus:
    """Hold the status register (STGE); ``peak_notice`` and ``peak_running`` number a mobile peak, 0 is none."""

    contact_open: bool
    breaker: Breaker
    cover_open: bool
    overvoltage: bool
    over_power: bool
    producer: bool
    injecting: bool
    supplier_index: int
    network_index: int
    clock_degraded: bool
    standard_mode: bool
    euridis: int
    carrier: int
    carrier_synchronised: bool
    colour_today: TempoColour | None
    colour_tomorrow: TempoColour | None
    peak_notice: int
    peak_running: int

    @property
    def cut(self) -> bool:
        """Return whether the meter has opened its breaker: the house is dark, and what flows says nothing of it."""
        return self.breaker not in (Breaker.CLOSED, Breaker.UNKNOWN)


@dataclass(frozen=True, slots=True)
class DaySlot:
    """Hold one switching time of a day: from when, which tariff index, which contacts.

    ``tariff_index`` is ``None`` where the slot leaves the index as it is; ``virtual`` are contacts 1 to 7.
    """

    start: time
    tariff_index: int | None
    dry_contact: DryContact
    virtual: tuple[bool, ...]


def read_status(text: str) -> LinkyStatus:
    """Decode the eight hexadecimal digits of STGE."""
    register = int(text, 16)

    def field(low: int, width: int = 1) -> int:
        return (register >> low) & ((1 << width) - 1)

    return LinkyStatus(
        contact_open=bool(field(0)),
        breaker=_BREAKER[field(1, 3)],
        cover_open=bool(field(4)),
        overvoltage=bool(field(6)),
        over_power=bool(field(7)),
        producer=bool(field(8)),
        injecting=bool(field(9)),
        supplier_index=field(10, 4) + 1,
        network_index=field(14, 2) + 1,
        clock_degraded=bool(field(16)),
        standard_mode=bool(field(17)),
        euridis=field(19, 2),
        carrier=field(21, 2),
        carrier_synchronised=bool(field(23)),
        colour_today=_COLOURS[field(24, 2)],
        colour_tomorrow=_COLOURS[field(26, 2)],
        peak_notice=field(28, 2),
        peak_running=field(30, 2),
    )


def read_relays(register: int) -> tuple[bool, ...]:
    """Return the eight relays of RELAIS, the real one first; true is closed."""
    return tuple(bool(register >> n & 1) for n in range(8))


def read_day(text: str) -> tuple[DaySlot, ...]:
    """Return the switching times of PJOURF+1 or PPOINTE in the order of the day."""
    return tuple(sorted(map(_slot, used_blocks(text)), key=lambda slot: slot.start))


def off_peak_windows(day: tuple[DaySlot, ...], calendar: str | None) -> tuple[Window, ...]:
    """Return when off-peak is on a day, by its switching times; nothing for a calendar without off-peak hours.

    Enedis numbers off-peak before peak: 1 and 2, and two by two for each colour of Tempo.
    """
    if not day or not any(word in (calendar or "").upper() for word in _OFF_PEAK_CALENDARS):
        return ()
    low = [(slot.start, slot.tariff_index % 2 == 1) for slot in day if slot.tariff_index is not None]
    ends = [start for start, _ in low[1:]] + [time()]
    return tuple(Window(start, end) for (start, is_low), end in zip(low, ends, strict=True) if is_low)


def _slot(block: str) -> DaySlot:
    action = int(block[4:], 16)
    index = action & 0xF
    return DaySlot(
        time(int(block[:2]), int(block[2:4])),
        index if 1 <= index <= _LAST_INDEX else None,
        DryContact(action >> 14),
        tuple(bool(action >> n & 1) for n in range(4, 11)),
    )


def read_horodate(text: str, *, season_optional: bool = False) -> Stamp | None:
    """Return the instant of ``SYYMMDDhhmmss``; ``None`` if it is none.

    ``S`` is H in winter, E in summer, in lower case when the meter's clock is degraded. The begin and end of mobile
    peaks leave it blank: the season then follows from the date. The meter's hours are those of mainland France.
    """
    if len(text) != 13 or not (text[1:].isascii() and text[1:].isdigit()):
        return None
    year, month, day, hour, minute, second = (int(text[n : n + 2]) for n in range(1, 13, 2))
    try:
        wall = datetime(2000 + year, month, day, hour, minute, second)
    except ValueError:
        return None
    match text[0]:
        case "H" | "h":
            zone = _WINTER
        case "E" | "e":
            zone = _SUMMER
        case " " if season_optional:
            zone = _zone(wall)
        case _:
            return None
    return Stamp(wall.replace(tzinfo=zone), text[0] in "he")


def _zone(wall: datetime) -> timezone:
    """Return the offset in force: summer from the last Sunday of March to that of October, at 2 and 3 o'clock."""
    begin = datetime.combine(_last_sunday(wall.year, 3), time(2))
    end = datetime.combine(_last_sunday(wall.year, 10), time(3))
    return _SUMMER if begin <= wall < end else _WINTER


def _last_sunday(year: int, month: int) -> date:
    last = date(year, month, 31)
    return last - timedelta(days=last.isoweekday() % 7)
