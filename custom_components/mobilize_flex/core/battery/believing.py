"""Whom to believe about a battery: each source's word, held against the station's meter and its own past."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ..model.battery import Battery, Belief, Doubt, SocSource, Word
from ..model.replacing import replace
from .belief import set_to

EXACT: Final = {SocSource.STATION: 1.0, SocSource.ENTITY: 2.0, SocSource.OWNER: 3.0}
"""How far a level may be off (points) when it is told."""
BEFORE_PLUG_PCT: Final = 10.0
"""The same for what an entity told before the car came: it may have driven since."""
SAME_PCT: Final = 0.05
FROZEN_WH: Final = 2_000.0
FROZEN_PCT: Final = 4.0
FULL_PCT: Final = 99.0
EMPTY_PCT: Final = 1.0
TOLERANCE_PCT: Final = 5.0
TOLERANCE_SHARE: Final = 0.2
TOLERANCE_PER_H: Final = 0.3
EVIDENCE_PCT: Final = 2.0
"""So far must the meter have moved the battery for agreement to prove anything."""
MOST_LEAPS: Final = 3.0
FORGIVEN: Final = 0.25
"""What each sound reading takes off the leaps that are counted."""
AHEAD_PCT: Final = 1.0
"""While a station tells a level, no more than this above it is believed."""


def word_of(belief: Belief, source: SocSource) -> Word | None:
    """Return what a source said last."""
    for word in belief.words:
        if word.source is source:
            return word
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """Hold a level a source told, how far it may be off, and what goes with it.

    ``before_plug`` when it was told before the car came, ``outranked`` while the station itself tells the level.
    """

    source: SocSource
    soc_pct: float
    at: datetime
    error_pct: float | None = None
    before_plug: bool = False
    outranked: bool = False

    @property
    def spread_pct(self) -> float:
        """Return how far the level may be off, in points."""
        told_pct = EXACT[self.source] if self.error_pct is None else self.error_pct
        return BEFORE_PLUG_PCT if self.before_plug else told_pct


def heard(belief: Belief, h: Hearing, battery: Battery) -> Belief:
    """Return a belief after a source told a level; what the owner says is believed as it stands."""
    word = word_of(belief, h.source)
    if word is None or h.source is SocSource.OWNER:
        return _first(belief, h)
    if abs(h.soc_pct - word.soc_pct) < SAME_PCT:
        return _again(belief, word, h, battery)
    return _changed(belief, word, h)


def leapt(belief: Belief, source: SocSource) -> Belief:
    """Return a belief after a source told a level that no battery can have reached."""
    word = word_of(belief, source)
    if word is None:
        return belief
    leaps = min(word.leaps + 1.0, 2.0 * MOST_LEAPS)
    return _with(belief, replace(word, leaps=leaps, doubt=Doubt.JUMPING if leaps >= MOST_LEAPS else word.doubt))


def _first(belief: Belief, h: Hearing) -> Belief:
    """Take a source's first word on this cable; against what the station says an entity's counts for nothing."""
    doubt = Doubt.OTHER_CAR if h.source is SocSource.ENTITY and _contradicts(belief, h.soc_pct) else None
    word = Word(
        source=h.source,
        soc_pct=h.soc_pct,
        moved_pct=belief.moved_pct,
        base_pct=h.soc_pct,
        base_moved_pct=belief.moved_pct,
        base_at=h.at,
        doubt=doubt,
    )
    belief = _with(belief, word)
    if doubt is not None or h.outranked or (h.before_plug and belief.soc_pct is not None):
        return belief
    return set_to(belief, h.source, h.soc_pct, h.spread_pct, h.at)


def _contradicts(belief: Belief, soc_pct: float) -> bool:
    """Return whether a level is far from what the station's own word leads to."""
    if belief.source is not SocSource.STATION or belief.soc_pct is None:
        return False
    return abs(soc_pct - belief.soc_pct) > 2.0 * TOLERANCE_PCT + belief.error_pct


def _again(belief: Belief, word: Word, h: Hearing, battery: Battery) -> Belief:
    """Hold the same level, told again, against the energy that went by since it was first told."""
    if word.leaps > 0.0 or word.doubt is Doubt.JUMPING:
        word = _agreed(word, 0.0)
        belief = _with(belief, word)
        if word.doubt is None and belief.told_pct != word.soc_pct and not h.outranked:
            return set_to(belief, h.source, h.soc_pct, h.spread_pct, h.at)
    moved_pct = belief.moved_pct - word.moved_pct
    ends = (word.soc_pct >= FULL_PCT and moved_pct > 0.0) or (word.soc_pct <= EMPTY_PCT and moved_pct < 0.0)
    most_pct = max(FROZEN_PCT, 100.0 * FROZEN_WH / battery.capacity_wh)
    if abs(moved_pct) > most_pct and not ends:
        return belief if word.doubt is not None else _frozen(belief, word, moved_pct)
    ahead = word.source is SocSource.STATION and word.doubt is None and belief.source is SocSource.STATION
    if ahead and belief.soc_pct is not None and belief.soc_pct > word.soc_pct + AHEAD_PCT:
        return replace(belief, soc_pct=word.soc_pct + AHEAD_PCT)
    return belief


def _frozen(belief: Belief, word: Word, moved_pct: float) -> Belief:
    """Go on with the meter alone, from the level where it stopped."""
    belief = _with(belief, replace(word, doubt=Doubt.FROZEN))
    if belief.source is not word.source:
        return belief
    return replace(belief, soc_pct=min(max(word.soc_pct + moved_pct, 0.0), 100.0))


def _changed(belief: Belief, word: Word, h: Hearing) -> Belief:
    """Hold another level against the meter; an entity's first news of this stay may mend what it said before."""
    expected = belief.moved_pct - word.base_moved_pct
    strays = abs(h.soc_pct - word.base_pct - expected)
    hours = max(0.0, (h.at - word.base_at).total_seconds()) / 3600.0
    told = replace(word, soc_pct=h.soc_pct, moved_pct=belief.moved_pct)
    if strays <= TOLERANCE_PCT + TOLERANCE_SHARE * abs(expected) + TOLERANCE_PER_H * hours:
        told = _agreed(told, expected)
    else:
        news = word.run == 0 and word.doubt is None and word.source is SocSource.ENTITY
        believable = news and not _contradicts(belief, h.soc_pct)
        told = replace(
            told,
            base_pct=h.soc_pct,
            base_moved_pct=belief.moved_pct,
            base_at=h.at,
            run=1 if believable else 0,
            doubt=None if believable else _kind(word, belief, h.soc_pct),
        )
    belief = _with(belief, told)
    if told.doubt is not None or h.outranked:
        return belief
    return set_to(belief, h.source, h.soc_pct, h.spread_pct, h.at)


def _agreed(word: Word, expected: float) -> Word:
    """Return a word in agreement with the meter; a doubt goes once that proves something."""
    run, leaps = word.run + 1, max(0.0, word.leaps - FORGIVEN)
    cleared = (
        word.doubt is Doubt.FROZEN
        or (word.doubt is Doubt.JUMPING and leaps < MOST_LEAPS)
        or abs(expected) >= EVIDENCE_PCT
    )
    return replace(word, run=run, leaps=leaps, doubt=None if cleared else word.doubt)


def _kind(word: Word, belief: Belief, soc_pct: float) -> Doubt:
    """Name what is odd about a level that does not go with the energy since the last one."""
    told, moved = soc_pct - word.soc_pct, belief.moved_pct - word.moved_pct
    if word.source is SocSource.STATION:
        return Doubt.JUMPING
    against = (told > 0.0 > moved) or (told < 0.0 < moved) or abs(moved) < 1.0
    return Doubt.OTHER_CAR if against else Doubt.JUMPING


def _with(belief: Belief, word: Word) -> Belief:
    others = tuple(w for w in belief.words if w.source is not word.source)
    return replace(belief, words=(*others, word))


def doubts_of(belief: Belief) -> tuple[tuple[SocSource, Doubt], ...]:
    """Return which sources are not believed, and why."""
    return tuple([(w.source, w.doubt) for w in belief.words if w.doubt is not None])


def stays(belief: Belief, source: SocSource) -> bool:
    """Return whether a source is believed now."""
    word = word_of(belief, source)
    return word is not None and word.doubt is None
