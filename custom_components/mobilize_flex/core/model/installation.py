"""How a station is wired to its breaker and to its meter, as its installation guide wants it.

Torques, terminals, pins and jumpers are those of the guide. It leaves the breaker of each section to the local rules:
the figures here are the usual ones of a home, copper in a conduit.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SELECTOR_STEPS_A: Final = (32.0, 25.0, 20.0, 16.0, 12.0, 8.0)
PINS: Final = (1, 2, 3, 4, 5, 6)


class Lead(StrEnum):
    """Say what the car is plugged into."""

    FIXED = "fixed"
    SOCKET = "socket"


@dataclass(frozen=True, slots=True)
class Conductor:
    """Hold one section the terminals take: how hard its screws are turned, and the breaker it usually bears."""

    section_mm2: float
    torque_nm: float
    breaker_a: float


CONDUCTORS: Final = (
    Conductor(2.5, 2.26, 20.0),
    Conductor(4.0, 2.26, 25.0),
    Conductor(6.0, 2.82, 32.0),
    Conductor(10.0, 4.0, 50.0),
    Conductor(16.0, 4.0, 63.0),
)


class Disagreement(StrEnum):
    """Name what does not belong together on a station's line; only the first is dangerous wherever it is found."""

    SELECTOR_ABOVE_BREAKER = "selector_above_breaker"
    SELECTOR_BELOW_BREAKER = "selector_below_breaker"
    SECTION_BELOW_BREAKER = "section_below_breaker"
    SECTION_BELOW_SELECTOR = "section_below_selector"


def terminals(phases: int) -> tuple[str, ...]:
    """Return the terminals in use; in single phase the other two stay empty."""
    return ("N", *(f"L{n}" for n in range(1, phases + 1)), "PE")


def disagreements(selector_a: float, breaker_a: float | None, section_mm2: float | None) -> tuple[Disagreement, ...]:
    """Return what does not belong together, as far as it is known; the guide sets the selector to the breaker."""
    found = []
    bears_a = next((c.breaker_a for c in CONDUCTORS if c.section_mm2 == section_mm2), None)
    if breaker_a is not None:
        fitting = next((step for step in SELECTOR_STEPS_A if step <= breaker_a), 0.0)
        if selector_a > breaker_a:
            found.append(Disagreement.SELECTOR_ABOVE_BREAKER)
        elif selector_a < fitting:
            found.append(Disagreement.SELECTOR_BELOW_BREAKER)
        if bears_a is not None and breaker_a > bears_a:
            found.append(Disagreement.SECTION_BELOW_BREAKER)
    elif bears_a is not None and selector_a > bears_a:
        found.append(Disagreement.SECTION_BELOW_SELECTOR)
    return tuple(found)


def is_rotation(rotation: tuple[int, ...], phases: int, home_phases: int) -> bool:
    """Return whether each conductor of a station stands on a phase of its own that the home has."""
    return len(rotation) == phases == len(set(rotation)) and all(0 <= phase < home_phases for phase in rotation)


class MeterPort(StrEnum):
    """Name what the station's meter socket (RJ12) is set to."""

    RS485 = "rs485"
    LINKY = "linky"
    RS232 = "rs232"
    P1 = "p1"
    ENWG = "enwg"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PortWiring:
    """Hold where both jumpers stand, and what is on each pin in use; the signs need no translation."""

    jumpers: tuple[int, int]
    pins: dict[int, str]


PORTS: Final[dict[MeterPort, PortWiring]] = {
    MeterPort.RS485: PortWiring((1, 2), {3: "B", 5: "A", 6: "GND"}),
    MeterPort.LINKY: PortWiring((3, 4), {3: "Linky 1", 5: "Linky 2"}),
    MeterPort.RS232: PortWiring((5, 6), {3: "GND", 5: "RX"}),
    MeterPort.P1: PortWiring((5, 6), {1: "+5 V", 2: "REQ", 3: "GND", 5: "DATA", 6: "GND"}),
    MeterPort.ENWG: PortWiring((7, 8), {3: "1", 5: "2"}),
    MeterPort.NONE: PortWiring((9, 10), {}),
}

TRANSFORMER_PINS: Final = ((1, 2), (3, 4), (5, 6))
"""The pins of the plug of eight for each current transformer, minus first."""
