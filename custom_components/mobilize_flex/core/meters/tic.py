"""The Linky's message as it comes off the wire, cut into frames.

Bytes in, frames out, whatever the pieces: no clock and no socket. A frame is STX groups ETX and a group is
LF text CR; EOT breaks a frame off. Each group stands or falls by itself, so noise costs the groups it hits
and no others. A control character inside a group is noise until the next one tells otherwise: a digit that
lost two bits looks like STX or ETX.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
import re
from typing import Final

from .tic_group import EVEN, MARKED, Group, Refusal, RefusalReason, TicMode, bears_parity, is_marked, read_group, refuse
from .tic_labels import HISTORIC, STANDARD, TicValue

_CR: Final = 0x0D
_CONTROL: Final = re.compile(rb"[\x02\x03\x04\n\r]")

_LONGEST_GROUP: Final = 256  # PJOURF+1 takes 109
_MOST_GROUPS: Final = 256  # three phase producer: 58
_HIGH_STX: Final = b"\x82"  # with its parity bit
_LOST_PATIENCE: Final = 4
_SHORTEST_TEXT: Final = 4
_TAB: Final = 0x09


@dataclass(frozen=True, slots=True, kw_only=True)
class TicFrame:
    """Hold one frame: the groups that were sound, and those that were not.

    ``complete`` means that both ends of the frame were seen; groups may be refused all the same. ``at`` has the time
    stamps of the labels that bear one. A value that was refused never stands under ``values``.
    """

    mode: TicMode
    complete: bool
    values: Mapping[str, TicValue]
    at: Mapping[str, datetime]
    clock_degraded: bool = False
    refused: tuple[Refusal, ...] = ()


@dataclass(slots=True)
class _Draft:
    """Collect the groups of the frame under way."""

    started: bool
    mode: TicMode | None = None
    guess: TicMode | None = None
    values: dict[str, TicValue] = field(default_factory=dict)
    at: dict[str, datetime] = field(default_factory=dict)
    degraded: bool = False
    refused: list[Refusal] = field(default_factory=list)

    def accept(self, group: Group) -> None:
        """Add a sound group; only a label we know settles the language of the frame."""
        self.guess = group.mode
        if group.known:
            self.mode = group.mode
        self.values[group.label] = group.value
        if group.at is not None:
            self.at[group.label] = group.at
            self.degraded = self.degraded or group.degraded

    def frame(self, *, ended: bool) -> TicFrame:
        """Return the frame as it stands."""
        return TicFrame(
            mode=self.mode or self.guess or TicMode.STANDARD,
            complete=self.started and ended,
            values=self.values,
            at=self.at,
            clock_degraded=self.degraded,
            refused=tuple(self.refused),
        )


class TicDecoder:
    """Turn bytes into frames.

    Args:
        mode: The language to expect; without it each frame's first sound group tells.

    Attributes:
        accepted: How many groups were sound.
        refused: How many were refused, by reason, those outside a frame included.
    """

    def __init__(self, mode: TicMode | None = None) -> None:
        """Start in front of the first byte."""
        self._only = mode
        self._mode = mode
        self._buffer = bytearray()
        self._group: bytearray | None = None
        self._draft: _Draft | None = None
        self._frames: list[TicFrame] = []
        self._table: bytes | None = None
        self._high_stx = False
        self._not_ascii = 0
        self.accepted = 0
        self.refused: Counter[RefusalReason] = Counter()

    @property
    def mode(self) -> TicMode | None:
        """Return the language heard last; ``None`` before the first sound group."""
        return self._mode

    @property
    def eight_bit(self) -> bool:
        """Tell whether the line delivers parity bits that had to be cleared."""
        return self._table is not None

    def receive(self, data: bytes) -> list[TicFrame]:
        """Take bytes; return the frames that ended in them."""
        self._buffer += data.translate(self._table) if self._table else data
        self._digest()
        if len(self._buffer) + len(self._group or b"") > _LONGEST_GROUP:
            self._overflow()
        return self._pop()

    def close(self) -> list[TicFrame]:
        """End the stream; return what stood open, as an incomplete frame. A group cut off is dropped."""
        self._overflow()
        self._end_frame(ended=False)
        return self._pop()

    def _pop(self) -> list[TicFrame]:
        frames, self._frames = self._frames, []
        return frames

    def _digest(self) -> None:
        while match := _CONTROL.search(self._buffer):
            control = self._buffer[match.start()]
            text = bytes(self._buffer[: match.start()])
            del self._buffer[: match.end()]
            if self._group is None:
                self._outside(text, control)
            else:
                self._group += text
                self._inside(self._group, control)

    def _outside(self, text: bytes, control: int) -> None:
        """Take a control character between groups; text before it has lost its line feed."""
        if text and self._draft and (control == _CR or len(text) >= _SHORTEST_TEXT):
            self._refuse(_unframed(text), text)
        match control:
            case 0x0A:  # LF
                self._group = bytearray()
                self._high_stx = text.endswith(_HIGH_STX)
            case 0x02:  # STX
                self._start_frame()
            case 0x03:  # ETX
                self._end_frame(ended=True)
            case 0x04:  # EOT
                self._end_frame(ended=False)

    def _inside(self, group: bytearray, control: int) -> None:
        """Take a control character within a group."""
        match control:
            case 0x0D:  # CR
                self._end_group(bytes(group))
            case 0x0A:  # LF
                self._restart(bytes(group))
            case 0x04:  # EOT
                self._group = None
                self._end_frame(ended=False)
            case _:
                group.append(control)

    def _restart(self, text: bytes) -> None:
        """Begin a group where the one before has no end; STX just before means that a frame begins, too."""
        if self._unmask(text):
            return
        if text:
            self._refuse(_unframed(text), text)
        if text.endswith(b"\x03\x02"):
            self._end_frame(ended=True)
        if text.endswith(b"\x02"):
            self._start_frame()
        self._high_stx = text.endswith(_HIGH_STX)
        self._group = bytearray()

    def _end_group(self, raw: bytes) -> None:
        self._group = None
        expected = self._only or (self._draft.mode if self._draft else None)
        group = read_group(raw, expected)
        if isinstance(group, Refusal):
            self._refuse(group, raw)
            return
        self._not_ascii = 0
        self.accepted += 1
        if group.known:
            self._mode = group.mode
        if self._draft is None:
            self._draft = _Draft(False, self._only)
        self._draft.accept(group)
        self._bound(self._draft)

    def _refuse(self, refusal: Refusal, raw: bytes) -> None:
        """Count a refused group; outside a frame nothing else remembers it."""
        self.refused[refusal.reason] += 1
        if refusal.reason is RefusalReason.NOT_ASCII:
            self._not_ascii += 1
            if self._not_ascii >= _LOST_PATIENCE:
                self._table = None  # whatever set it is over
        if self._draft is not None:
            self._draft.refused.append(refusal)
            self._draft.guess = self._draft.guess or (TicMode.STANDARD if _TAB in raw else TicMode.HISTORIC)
            self._bound(self._draft)

    def _bound(self, draft: _Draft) -> None:
        if len(draft.values) + len(draft.refused) >= _MOST_GROUPS:
            self._end_frame(ended=False)

    def _start_frame(self) -> None:
        self._end_frame(ended=False)
        self._draft = _Draft(True, self._only)

    def _end_frame(self, *, ended: bool) -> None:
        draft, self._draft = self._draft, None
        if draft is None or not (draft.values or draft.refused):
            return
        self._frames.append(draft.frame(ended=ended))

    def _unmask(self, text: bytes) -> bool:
        """Clear bit 7 from here on, if that makes a group without an end sound; take the group again.

        With even parity a line feed looks plain and a carriage return does not: the group ran into the next one.
        """
        if self._table or text.isascii() or not bears_parity(text):
            return False
        self._table, self._group, self._not_ascii = EVEN, None, 0
        start = b"\x02\n" if self._high_stx else b"\n"
        self._buffer = bytearray(start + (text + b"\n" + self._buffer).translate(EVEN))
        return True

    def _overflow(self) -> None:
        """Let go of text that is too long for a group; it may be a line whose every byte has bit 7 set."""
        text = bytes(self._group or b"") + bytes(self._buffer)
        held, self._group = self._group, None
        self._buffer.clear()
        if self._table is None and held is None and is_marked(text):
            self._table, self._not_ascii = MARKED, 0
            self._buffer += text.translate(MARKED)
            self._digest()
        elif len(text) > _LONGEST_GROUP:
            self._table = None
            if held is not None:
                self._refuse(_unframed(text), text)


def _unframed(text: bytes) -> Refusal:
    return refuse(text, RefusalReason.MALFORMED if text.isascii() else RefusalReason.NOT_ASCII)


def detect_mode(data: bytes) -> TicMode | None:
    """Tell which language a stretch of bytes speaks; ``None`` for noise, a wrong speed, or something else.

    A stretch that holds one whole group of a label we know is enough; the tab in it makes it standard.
    """
    decoder = TicDecoder()
    votes: Counter[TicMode] = Counter()
    for frame in (*decoder.receive(data), *decoder.close()):
        labels = STANDARD if frame.mode is TicMode.STANDARD else HISTORIC
        votes[frame.mode] += sum(label in labels for label in frame.values)
    best = max(votes, key=votes.__getitem__, default=None)
    return best if best is not None and votes[best] else None
