"""The light on the front of the station."""

from dataclasses import dataclass

SEEN_W = 100.0


@dataclass(frozen=True, slots=True)
class Light:
    """A colour and how it moves."""

    colour: str
    motion: str

    @property
    def words(self) -> str:
        """Name it as a person would."""
        return f"{self.colour} {self.motion}".strip()


@dataclass(frozen=True, slots=True)
class Front:
    """What the light's electronics know."""

    powered: bool = True
    online: bool = True
    accepted: bool = True
    faulted: bool = False
    operative: bool = True
    plugged: bool = False
    reserved: bool = False
    authorizing: bool = False
    refused: bool = False
    waiting_for_plug: bool = False
    transaction: bool = False
    ended: bool = False
    v2x: bool = False
    suspended: str = ""
    power_w: float = 0.0


OFF = Light("off", "off")


def flex_light(front: Front) -> Light:
    """Show what the ChargePoint Flex guide says; first match wins."""
    table = (
        (not front.powered, OFF),
        (front.faulted or not front.operative, Light("red", "steady")),
        (front.refused or (front.online and not front.accepted), Light("yellow", "blinking")),
        (front.reserved, Light("orange", "steady")),
        (front.authorizing, Light("green", "blinking")),
        (front.waiting_for_plug, Light("orange", "blinking")),
        (front.transaction and abs(front.power_w) > SEEN_W, Light("blue", "blinking")),
        (front.transaction and front.suspended == "SuspendedEV", Light("blue", "steady")),
        (front.transaction, Light("light blue", "steady")),
        (front.plugged and front.ended, Light("blue", "steady")),
        (front.plugged, Light("violet", "steady")),
        (not front.online, Light("white", "steady")),
    )
    return next((light for matches, light in table if matches), Light("green", "steady"))


def mobilize_light(front: Front) -> Light:
    """Show what the Mobilize V2G manual says; what it leaves open follows the Flex guide."""
    table = (
        (not front.powered, OFF),
        (front.faulted or not front.operative, Light("red", "steady")),
        (front.transaction and front.v2x and front.power_w > SEEN_W, Light("green", "descending")),
        (front.transaction and front.v2x and front.power_w < -SEEN_W, Light("green", "ascending")),
        (front.transaction and front.v2x, Light("green", "blinking")),
        (front.transaction and front.power_w > SEEN_W, Light("blue", "descending")),
        (front.plugged and front.ended, Light("blue", "steady")),
    )
    return next((light for matches, light in table if matches), None) or flex_light(front)


VOCABULARIES = {"mobilize": mobilize_light, "flex": flex_light}
