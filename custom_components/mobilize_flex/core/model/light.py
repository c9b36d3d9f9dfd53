"""The light of a charging station: its colour and how it moves."""

from dataclasses import dataclass
from enum import StrEnum


class LampColour(StrEnum):
    """Name the colours of a station's light."""

    GREEN = "green"
    BLUE = "blue"
    LIGHT_BLUE = "light_blue"
    ORANGE = "orange"
    RED = "red"
    YELLOW = "yellow"
    WHITE = "white"
    VIOLET = "violet"
    OFF = "off"


class LampMotion(StrEnum):
    """Name how a light moves."""

    STEADY = "steady"
    BLINKING = "blinking"
    ASCENDING = "ascending"
    DESCENDING = "descending"


@dataclass(frozen=True, slots=True)
class Lamp:
    """Hold a station's light; ``reported`` when the station itself told the colour, else it is derived."""

    colour: LampColour
    motion: LampMotion
    reported: bool = False

    @property
    def name(self) -> str:
        """Return colour and motion as one word, the way the entity shows it."""
        return self.colour if self.motion is LampMotion.STEADY else f"{self.colour}_{self.motion}"
