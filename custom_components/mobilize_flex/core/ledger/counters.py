"""An energy counter followed through resets and nonsense."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ..model.replacing import replace
from ..model.session import Span

NOISE_WH: Final = 2.0
"""What rounding may take away from a counter."""
CONFIRMED: Final = 3
"""So many doubtful readings that agree with each other are true."""
LEAP_H: Final = 4.0
"""A confirmed leap of no more than so many hours of plain charging is energy; a longer one is another counter."""
GENEROSITY: Final = 3.0
"""How many times what a station can do still counts as possible."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Say how fast a counter can grow: with the most power, and what is forgiven beside that.

    ``now`` is when the reading came: a station's clock may stand still.
    """

    power_w: float
    slack_wh: float
    now: datetime | None = None

    def allows(self, gain_wh: float, since: datetime, until: datetime) -> bool:
        """Tell whether a counter can have gained so much between two instants."""
        until = until if self.now is None else max(until, self.now)
        hours = max(0.0, (until - since).total_seconds()) / 3600.0
        return gain_wh <= self.power_w * hours + self.slack_wh


def bound_of(max_w: float, now: datetime | None = None, *, dated: bool = True) -> Bound:
    """Return how fast a counter of a station can grow; times that are only guessed are forgiven an hour."""
    power_w = GENEROSITY * max_w
    return Bound(power_w, 50.0 + power_w * (1 / 60 if dated else 1.0), now)


def take(span: Span, at: datetime, wh: float, bound: Bound, *, dated: bool = True) -> Span:
    """Return a counter with one more reading in it; one that cannot be true waits until the next ones confirm it.

    ``dated`` is false where ``at`` is only when the reading came, so that it may be older.
    """
    if span.first_at is None or span.last_at is None:
        return Span(first_at=at, first_wh=wh, last_at=at, last_wh=wh, base_wh=wh)
    gain = wh - span.last_wh
    if gain >= 0.0 and bound.allows(gain, span.last_at, at):
        return replace(span, last_at=max(at, span.last_at), last_wh=wh, doubtful=())
    if dated and at < span.first_at and span.offset_wh == 0.0 and span.first_wh >= wh:
        if bound.allows(span.first_wh - wh, at, span.first_at):
            return replace(span, first_at=at, first_wh=wh, base_wh=wh)
        return replace(span, held_back=span.held_back + 1)
    if -NOISE_WH <= gain < 0.0 and at >= span.last_at:
        return replace(span, last_at=at, doubtful=())
    if span.base_wh - NOISE_WH <= wh <= span.last_wh and (at <= span.last_at or not dated):
        return span
    if at < span.last_at:
        return replace(span, held_back=span.held_back + 1)
    return _doubt(span, at, wh, bound)


def _doubt(span: Span, at: datetime, wh: float, bound: Bound) -> Span:
    """Hold a reading back; told twice it is no more likely."""
    if span.doubtful and span.doubtful[-1] == (at, wh):
        return span
    chain = (*span.doubtful, (at, wh)) if _goes_on(span.doubtful, at, wh, bound) else ((at, wh),)
    span = replace(span, doubtful=chain, held_back=span.held_back + 1)
    return span if len(chain) < CONFIRMED else _from_here_on(span, bound)


def _goes_on(doubtful: tuple[tuple[datetime, float], ...], at: datetime, wh: float, bound: Bound) -> bool:
    if not doubtful:
        return True
    before_at, before_wh = doubtful[-1]
    return at > before_at and wh >= before_wh - NOISE_WH and bound.allows(wh - before_wh, before_at, at)


def _from_here_on(span: Span, bound: Bound) -> Span:
    """Believe the doubtful readings: energy that went by unseen, a counter that began anew, or another counter."""
    (from_at, from_wh), (at, wh) = span.doubtful[0], span.doubtful[-1]
    leap = from_wh - span.last_wh
    if span.first_at == span.last_at or span.last_at is None:  # what it began with was the odd one out
        return Span(
            first_at=from_at, first_wh=from_wh, last_at=at, last_wh=wh, base_wh=from_wh, held_back=span.held_back
        )
    most_wh = bound.power_w / GENEROSITY * LEAP_H
    if 0.0 < leap <= most_wh:
        return replace(span, last_at=at, last_wh=wh, doubtful=())
    began_anew = from_wh <= min(most_wh, span.last_wh / 2.0) and bound.allows(from_wh, span.last_at, from_at)
    base_wh = 0.0 if began_anew else from_wh  # one that fell by less went back to an older value of its own
    return replace(span, last_at=at, last_wh=wh, base_wh=base_wh, offset_wh=span.total_wh - base_wh, doubtful=())
