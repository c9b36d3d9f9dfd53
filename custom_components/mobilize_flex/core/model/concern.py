"""What the owner should know of his cars and sessions, and what stands between a car and V2G."""

from dataclasses import dataclass
from enum import StrEnum


class ConcernKind(StrEnum):
    """Name what the owner should hear of; each goes away by itself."""

    SOC_FROZEN = "soc_frozen"
    SOC_JUMPING = "soc_jumping"
    SOC_OTHER_CAR = "soc_other_car"
    SOC_UNKNOWN = "soc_not_told"
    CAR_UNKNOWN = "car_unknown"
    CABLE_LOOSE = "cable_loose"
    STILL_PLUGGED = "still_plugged"
    UPDATING = "v2g_later"
    HOUSE_ALONE = "house_alone"
    METER_INVERTED = "meter_inverted"
    METER_TURNED = "meter_turned"
    METER_SWAPPED = "meter_swapped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """Hold one such thing: what it is about (an EVSE, or a car), and the words its sentence needs."""

    kind: ConcernKind
    about: str
    words: tuple[tuple[str, str], ...] = ()
    station: str | None = None
    evse: int = 1


class V2gStanding(StrEnum):
    """Name how far a plugged in car, or the next one, is from V2G: what stands in the way first."""

    RUNNING = "running"
    READY = "ready"
    STATION_UPDATING = "station_updating"
    STATION_OFFLINE = "station_offline"
    STATION_FAULT = "station_fault"
    NO_CONSENT = "no_consent"
    V2G_OFF = "v2g_off"
    NO_ROUTE = "no_route"
    ROUTE_UNPROVEN = "route_unproven"
    ROUTE_NEVER_LETS_GO = "route_never_lets_go"
    PROGRAMMES_OFF = "programmes_off"
    NO_PROGRAMME = "no_programme"
    PROGRAMME_WITHOUT_V2G = "programme_without_v2g"
    BADGE_CHARGE_ONLY = "badge_charge_only"
    INSTANT_CHARGE = "instant_charge"
    STILL_PLUGGED = "still_plugged"
    NEEDS_REPLUG = "needs_replug"
    CAR_DECLINES = "car_declines"
