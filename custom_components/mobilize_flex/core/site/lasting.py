"""What a station keeps for the time nobody commands it: less while the grid operator holds the home down."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from ..model.config import StationConfig
from ..model.dimming import DimmingRecord
from ..model.electric import MINIMUM_CHARGE_A, NOMINAL_V
from ..model.moment import Moment
from ..model.state import SiteState

CALM: Final = timedelta(minutes=15)
"""How long a station keeps less after the contacts let go: it keeps that in its flash, which wears out."""
SURE: Final = timedelta(minutes=5)
"""How long a contact has to be unreadable before a station is told to keep less because of it."""


def kept_config(state: SiteState, config: StationConfig, now: Moment) -> StationConfig:
    """Return a station with the current it should charge with when we fall silent.

    Each stays within its share of the guaranteed power then, but none below what a car needs to charge at all: it would
    not know when the order is over.
    """
    held_w = _held_w(state, now)
    if held_w is None:
        return config
    share_a = held_w / (NOMINAL_V * config.phases)
    fallback_a = min(config.fallback_a, max(MINIMUM_CHARGE_A, share_a))
    return config if fallback_a == config.fallback_a else replace(config, fallback_a=fallback_a)


def _held_w(state: SiteState, now: Moment) -> float | None:
    """Return what the contacts leave each station, or left it a moment ago, W."""
    dimming, stations = state.dimming, len(state.stations)
    if dimming.record is None and not dimming.ended:
        return None
    records = [r for r in (dimming.record, *dimming.ended) if r is not None and r.station is None and _counts(r, now)]
    shares_w = (r.limit_w / max(r.devices, stations, 1) for r in records if r.limit_w is not None)
    return min(shares_w, default=None)


def _counts(record: DimmingRecord, now: Moment) -> bool:
    over = record.ended_at is not None and now.utc - record.ended_at > CALM
    return not over and (not record.unsure or (record.ended_at or now.utc) - record.started_at >= SURE)
