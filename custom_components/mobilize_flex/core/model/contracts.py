"""The owner's contracts with his supplier: what a kilowatt-hour costs, and when."""

from dataclasses import dataclass, replace
from datetime import date, time
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Window:
    """Hold a stretch of the day in local wall time; one that ends before it begins crosses midnight."""

    start: time
    end: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """Hold one price for every hour, per kWh."""

    import_per_kwh: float
    export_per_kwh: float = 0.0


type OffPeakDays = tuple[tuple[date, tuple[Window, ...]], ...]
"""When off-peak is on single days, from midnight to midnight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakOffPeak:
    """Hold a peak price, an off-peak price, when off-peak is; summer windows (April to October) where they differ.

    ``days`` are the hours of single days, as the meter told them.
    """

    peak_per_kwh: float
    off_peak_per_kwh: float
    off_peak: tuple[Window, ...]
    summer_off_peak: tuple[Window, ...] = ()
    days: OffPeakDays = ()
    export_per_kwh: float = 0.0


class Colour(StrEnum):
    """Name the colour of a Tempo day."""

    BLUE = "blue"
    WHITE = "white"
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tempo:
    """Hold the six Tempo prices per kWh; a Tempo day runs from 06:00 to 06:00.

    ``colours`` are the days known. ``forecast`` holds the chances of white and red (0 to 1) of days that are not; for
    the others the habits of the season stand in. ``days`` are the off-peak hours of single days, as the meter told
    them.
    """

    blue_off_peak: float
    blue_peak: float
    white_off_peak: float
    white_peak: float
    red_off_peak: float
    red_peak: float
    colours: tuple[tuple[date, Colour], ...] = ()
    forecast: tuple[tuple[date, float, float], ...] = ()
    days: OffPeakDays = ()
    export_per_kwh: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Hold how a published price becomes ours: ``price * factor + surcharge``, per kWh.

    ``export_per_kwh`` is fixed, or ``None`` when export rows are published too; these have a factor of their own.
    """

    factor: float = 1.0
    surcharge_per_kwh: float = 0.0
    export_per_kwh: float | None = 0.0
    export_factor: float = 1.0


type Contract = Base | PeakOffPeak | Tempo | Published


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysTold:
    """Somebody told of single days: their Tempo colours, their off-peak hours."""

    colours: tuple[tuple[date, Colour], ...] = ()
    off_peak: OffPeakDays = ()


def with_days(contract: Contract | None, told: DaysTold) -> Contract | None:
    """Return a contract that knows what was told of single days, as far as it has an ear for it."""
    match contract:
        case Tempo():
            return replace(contract, colours=(*contract.colours, *told.colours), days=told.off_peak)
        case PeakOffPeak():
            return replace(contract, days=told.off_peak)
        case _:
            return contract
