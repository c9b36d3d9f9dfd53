"""Why the car charges, gives back or rests."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Name each reason once; the sentences stand in the translations."""

    # nothing to decide
    NOT_CONNECTED = "not_connected"
    STATION_OFFLINE = "station_offline"
    NOT_AUTHORISED = "not_authorised"
    SESSION_STARTING = "session_starting"
    FINISHED = "finished"
    # after the departure
    STILL_PLUGGED = "still_plugged"
    # what forbids
    FAULT = "fault"
    NEEDS_REPLUG = "needs_replug"
    # wishes
    PROBING = "probing"
    INSTANT_CHARGE = "instant_charge"
    V2G_OFF = "v2g_off"
    NO_PROGRAMME = "no_programme"
    BELOW_MINIMUM = "below_minimum"
    SOC_UNKNOWN = "soc_unknown"
    DEPARTURE = "departure"
    DEPARTURE_AT_RISK = "departure_at_risk"
    CHEAP_PRICE = "cheap_price"
    HIGH_PRICE = "high_price"
    SELL_PRICE = "sell_price"
    SUN = "sun"
    ROOM_FOR_LATER = "room_for_later"
    WAITING_FOR_CHEAPER = "waiting_for_cheaper"
    WAITING_FOR_PEAK = "waiting_for_peak"
    NO_HURRY = "no_hurry"
    STEADY = "steady"
    SPREAD_TOO_SMALL = "spread_too_small"
    TARGET_REACHED = "target_reached"
    NO_PRICES = "no_prices"
    PRICES_UNKNOWN = "prices_unknown"
    PLAN_PENDING = "plan_pending"
    # caps
    VEHICLE_LIMIT = "vehicle_limit"
    STATION_LIMIT = "station_limit"
    HOUSE_LIMIT = "house_limit"
    MAIN_FUSE = "main_fuse"
    SUBSCRIBED_POWER = "subscribed_power"
    IMBALANCE = "imbalance"
    ENWG14A = "enwg14a"
    GRID_VOLTAGE = "grid_voltage"
    FEED_IN_LIMIT = "feed_in_limit"
    METER_STALE = "meter_stale"
    EXTERNAL_LIMIT = "external_limit"
    NO_DISCHARGE_ROUTE = "no_discharge_route"
    ROUTE_UNPROVEN = "route_unproven"
    ROUTE_NEVER_LETS_GO = "route_never_lets_go"
    NO_CONSENT = "no_consent"
    PRECONDITIONING = "preconditioning"
    MINIMUM_REACHED = "minimum_reached"
    CEILING_REACHED = "ceiling_reached"
    MINIMUM_POWER = "minimum_power"
    NOT_FOLLOWING = "not_following"
    # what the station does without us
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class Why:
    """Hold a reason with the figures its sentence needs (numbers, ISO times or words by name)."""

    reason: Reason
    values: tuple[tuple[str, float | str], ...] = ()
