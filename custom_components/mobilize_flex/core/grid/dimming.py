"""What stays guaranteed while the grid operator holds the home's controllable devices down (EnWG section 14a)."""

from dataclasses import dataclass
from typing import Final

from ..model.dimming import Contact, Draw
from ..model.moment import Moment
from ..model.state import SiteState

FEED_IN: Final = {Contact.FEED_60: 0.6, Contact.FEED_30: 0.3, Contact.FEED_0: 0.0}


@dataclass(frozen=True, slots=True)
class Demand:
    """Hold what contacts ask together; ``unsure`` when that rests on one that does not answer."""

    draw: Draw = Draw.FREE
    feed_in_share: float = 1.0
    unsure: bool = False


def demand(contacts: tuple[tuple[Contact, bool | None], ...]) -> Demand:
    """Return what contacts ask together: the strictest, and one that does not answer counts as active."""
    sure = _strictest({contact for contact, active in contacts if active})
    worst = _strictest({contact for contact, active in contacts if active is not False})
    return Demand(*worst, unsure=worst != sure)


def _strictest(active: set[Contact]) -> tuple[Draw, float]:
    draw = Draw.STOPPED if Contact.STOP in active else Draw.DIMMED if Contact.DIM in active else Draw.FREE
    return draw, min((FEED_IN[contact] for contact in active & FEED_IN.keys()), default=1.0)


def guaranteed_w(state: SiteState, now: Moment) -> float | None:
    """Return what all stations may draw from the grid together, W; ``None`` while nobody holds them down.

    Of a guarantee shared with others, what they draw is theirs; where that is not known, all they may.
    """
    record, config = state.dimming.record, state.config.dimming
    if record is None or record.limit_w is None:
        return None
    if config is None or not config.others_measured:
        return record.limit_w
    others_w = state.dimming.others_w
    if others_w is None:
        return record.limit_w / record.devices
    return max(0.0, record.limit_w - others_w)


def feed_in_share(state: SiteState) -> float:
    """Return how much of the agreed feed-in the grid operator leaves, 0 to 1."""
    record = state.dimming.record
    return 1.0 if record is None else record.feed_in_share
