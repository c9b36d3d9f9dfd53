"""The life of a session, from plug-in to departure, as a table.

Each phase lists the steps that move it and where to. A step that is not listed keeps the phase and is counted as a
surprise by the caller: a station in a garage repeats itself and leaves things out, so nothing here may fail.

The manual's rules in it: a session begins at plug-in and ends at departure; a standard charge that is running does
not become V2G without a replug (no arrow from STANDARD to V2G); a car still plugged in at its departure is held at its
level until it is plugged in anew, or somebody resumes; an instant charge ends V2G at once; a session may
wait from its start, which is V2G without power, not a phase of its own.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from ..model.session import Phase


class Turn(StrEnum):
    """Name what moves a session."""

    PLUGGED = "plugged"
    BEGAN = "began"
    V2G_AGREED = "v2g_agreed"
    STANDARD_BEGAN = "standard_began"
    V2G_LEFT = "v2g_left"
    CHARGE_NOW = "charge_now"
    RESUMED = "resumed"
    DEPARTED = "departed"
    ENDED = "ended"
    UNPLUGGED = "unplugged"
    FAULTED = "faulted"
    MENDED = "mended"


_ALWAYS: Final = {Turn.UNPLUGGED: Phase.UNPLUGGED, Turn.FAULTED: Phase.FAULT}
_RUNNING: Final = {**_ALWAYS, Turn.ENDED: Phase.FINISHED, Turn.CHARGE_NOW: Phase.INSTANT}

TABLE: Final[Mapping[Phase, Mapping[Turn, Phase]]] = {
    Phase.UNPLUGGED: {Turn.PLUGGED: Phase.PLUGGED, Turn.BEGAN: Phase.STARTING, Turn.FAULTED: Phase.FAULT},
    Phase.PLUGGED: {**_ALWAYS, Turn.BEGAN: Phase.STARTING},
    Phase.STARTING: {**_RUNNING, Turn.V2G_AGREED: Phase.V2G, Turn.STANDARD_BEGAN: Phase.STANDARD},
    Phase.V2G: {**_RUNNING, Turn.V2G_LEFT: Phase.STANDARD, Turn.DEPARTED: Phase.HELD},
    Phase.STANDARD: {**_RUNNING, Turn.DEPARTED: Phase.HELD},
    Phase.INSTANT: {**_ALWAYS, Turn.ENDED: Phase.FINISHED, Turn.RESUMED: Phase.STARTING},
    Phase.HELD: {**_RUNNING, Turn.RESUMED: Phase.STARTING},
    Phase.FINISHED: {
        **_ALWAYS,
        Turn.BEGAN: Phase.STARTING,
        Turn.CHARGE_NOW: Phase.INSTANT,
        Turn.RESUMED: Phase.STARTING,
    },
    Phase.FAULT: {Turn.UNPLUGGED: Phase.UNPLUGGED, Turn.MENDED: Phase.PLUGGED, Turn.BEGAN: Phase.STARTING},
}

HARMLESS: Final = frozenset({Turn.PLUGGED, Turn.BEGAN, Turn.UNPLUGGED, Turn.MENDED, Turn.ENDED, Turn.DEPARTED})
"""Turns that may be repeated without meaning anything."""


def follow(phase: Phase, turn: Turn) -> Phase | None:
    """Return the phase after a turn, or ``None`` where the table has no arrow."""
    return TABLE[phase].get(turn)


def diagram() -> str:
    """Return the table as a Mermaid state diagram."""
    arrows = [f"    {a} --> {b}: {turn}" for a, row in TABLE.items() for turn, b in row.items()]
    return "\n".join(["stateDiagram-v2", f"    [*] --> {Phase.UNPLUGGED}", *arrows])
