"""What is known of a kind of station: its habits, and how it is told to give energy back."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class RouteKind(StrEnum):
    """Name the ways to tell a station to give energy back."""

    NATIVE = "native"
    """The words of OCPP 2.1 on a link of 2.1."""
    HYBRID = "hybrid"
    """The words of OCPP 2.1 on a link of 2.0.1."""
    CUSTOM_DATA = "custom_data"
    """A vendor's fields within the period of a charging profile."""
    DATA_TRANSFER = "data_transfer"
    """A vendor's own message."""
    VARIABLE = "variable"
    """A vendor's variable of the device model."""
    NEGATIVE_LIMIT = "negative_limit"
    """A limit below zero."""


class LetsGo(StrEnum):
    """Name what makes a station stop giving back when nobody speaks to it any more."""

    PROFILE = "profile"
    """It gives back only while our short-lived charging profile is in force."""
    MESSAGE = "message"
    """The message itself says how long it holds."""
    NEVER = "never"
    """Nothing does: such a route cannot be left alone."""


VENDOR_KINDS: Final = frozenset(
    {RouteKind.CUSTOM_DATA, RouteKind.DATA_TRANSFER, RouteKind.VARIABLE, RouteKind.NEGATIVE_LIMIT}
)
"""Routes beside the standard: a limit in a profile, with the vendor's words in it or beside it."""
BESIDE_KINDS: Final = frozenset({RouteKind.DATA_TRANSFER, RouteKind.VARIABLE})
"""Routes whose words are no part of the profile, so that they have to be taken back by themselves."""

type Word = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Hold how a station is told a power, with the words of a vendor where he has some of his own.

    ``fields`` and ``value`` are templates: names in braces stand for the figures of an order. ``per_evse``: each EVSE
    has a ``variable`` of its own.
    """

    kind: RouteKind
    lets_go: LetsGo = LetsGo.PROFILE
    vendor_id: str | None = None
    message_id: str | None = None
    fields: tuple[tuple[str, Word], ...] = ()
    component: str | None = None
    variable: str | None = None
    per_evse: bool = True
    value: str | None = None

    @property
    def tells_needs(self) -> bool:
        """Return whether the car's own wish for V2G reaches us on this route."""
        return self.kind in (RouteKind.NATIVE, RouteKind.HYBRID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """Hold what a kind of station needs; the defaults are the standard.

    ``answer_delay_s``: it loses answers that come too fast. ``update``: it knows UpdateDynamicSchedule.
    ``watts``: it takes power in W, else in A per phase.
    """

    answer_delay_s: float = 0.0
    update: bool = True
    watts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Hold which stations are meant: regular expressions, whole name, any case."""

    vendor: str
    model: str = ".*"
    firmware: str = ".*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """Hold one file about a kind of station.

    Without ``match`` it is for the owner to choose; without ``route`` the station only charges.
    """

    key: str
    name: str
    match: Match | None = None
    habits: Habits = Habits()
    route: Route | None = None


NATIVE: Final = Route(kind=RouteKind.NATIVE)


class Standing(StrEnum):
    """Name how far a station's way to give back has come."""

    NATIVE = "native"
    CHARGE_ONLY = "charge_only"
    ANNOUNCED = "announced"
    """Charges only, but speaks words of 2.1."""
    NEVER_LETS_GO = "never_lets_go"
    UNPROVEN = "unproven"
    PROBING = "probing"
    PROVEN = "proven"
