"""The station's light: colour and motion, as the two guides name them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from .model.firmware import FirmwareStatus
from .model.light import Lamp, LampColour, LampMotion
from .model.session import Phase
from .model.state import EvseState, StationState
from .model.station import ConnectorStatus

FLOW_W: Final = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Hold what the light depends on."""

    station: StationState
    evse: EvseState
    v2g_wanted: bool

    @property
    def power_w(self) -> float:
        """Return the measured power, nothing when unknown."""
        return self.evse.readings.power_w or 0.0


type Rule = tuple[Callable[[View], bool], LampColour, LampMotion]


def _available(v: View) -> bool:
    return v.evse.connector in (ConnectorStatus.AVAILABLE, None) and v.evse.phase is Phase.UNPLUGGED


def _flows(v: View) -> bool:
    return abs(v.power_w) > FLOW_W


def _waits(v: View) -> bool:
    return v.evse.phase is Phase.STARTING or v.evse.charging_state in ("SuspendedEVSE", "EVConnected")


STEADY, BLINKING = LampMotion.STEADY, LampMotion.BLINKING

SHARED: Final[tuple[Rule, ...]] = (
    (lambda v: not v.station.online, LampColour.WHITE, STEADY),
    (lambda v: v.station.firmware.status is FirmwareStatus.INSTALL_REBOOTING, LampColour.WHITE, BLINKING),
    (lambda v: v.station.firmware.under_way and not _flows(v), LampColour.YELLOW, BLINKING),
    (lambda v: v.evse.phase is Phase.FAULT or bool(v.evse.problems), LampColour.RED, STEADY),
    (lambda v: v.evse.connector is ConnectorStatus.FAULTED, LampColour.RED, STEADY),
    (lambda v: v.evse.connector is ConnectorStatus.UNAVAILABLE and v.station.switched_off, LampColour.RED, STEADY),
    (lambda v: v.evse.connector is ConnectorStatus.UNAVAILABLE, LampColour.WHITE, STEADY),
    (lambda v: v.evse.connector is ConnectorStatus.RESERVED, LampColour.ORANGE, STEADY),
)

MOBILIZE: Final[tuple[Rule, ...]] = (
    (lambda v: v.evse.phase is Phase.V2G and v.power_w > FLOW_W, LampColour.GREEN, LampMotion.DESCENDING),
    (lambda v: v.evse.phase is Phase.V2G and v.power_w < -FLOW_W, LampColour.GREEN, LampMotion.ASCENDING),
    (
        lambda v: v.evse.phase is Phase.V2G or (v.evse.phase is Phase.STARTING and not _flows(v)),
        LampColour.GREEN,
        BLINKING,
    ),
    (
        lambda v: v.evse.phase in (Phase.STANDARD, Phase.STARTING) and v.v2g_wanted and v.power_w > FLOW_W,
        LampColour.BLUE,
        LampMotion.DESCENDING,
    ),
    (lambda v: v.evse.phase in (Phase.HELD, Phase.FINISHED), LampColour.BLUE, STEADY),
)
"""The manual of the V2G service: the light during a session."""

FLEX: Final[tuple[Rule, ...]] = (
    (lambda v: v.evse.phase is Phase.PLUGGED, LampColour.VIOLET, STEADY),
    (
        lambda v: not _flows(v) and _waits(v),
        LampColour.LIGHT_BLUE,
        STEADY,
    ),
    (_flows, LampColour.BLUE, BLINKING),
    (lambda v: v.evse.phase is not Phase.UNPLUGGED, LampColour.BLUE, STEADY),
    (_available, LampColour.GREEN, STEADY),
)
"""The installation guide of the station: its own colours."""

REPORTED: Final = {
    "green": LampColour.GREEN,
    "blue": LampColour.BLUE,
    "lightblue": LampColour.LIGHT_BLUE,
    "orange": LampColour.ORANGE,
    "red": LampColour.RED,
    "yellow": LampColour.YELLOW,
    "white": LampColour.WHITE,
    "violet": LampColour.VIOLET,
    "off": LampColour.OFF,
}


def lamp(view: View) -> Lamp:
    """Return the light: the colour the station reports where it does, the derived one else."""
    derived = _derived(view)
    told = (view.evse.indicator or view.station.indicator or "").lower().replace("_", "").replace(" ", "")
    colour = REPORTED.get(told) if view.station.online else None
    if colour is None:
        return derived
    return Lamp(colour, derived.motion if derived.colour is colour else STEADY, reported=True)


def _derived(view: View) -> Lamp:
    for applies, colour, motion in (*SHARED, *MOBILIZE, *FLEX):
        if applies(view):
            return Lamp(colour, motion)
    return Lamp(LampColour.OFF, STEADY)
