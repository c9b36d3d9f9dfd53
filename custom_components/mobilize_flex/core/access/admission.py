"""Who may charge: the verdict on a badge."""

from typing import Final

from ..model.commands import TokenStatus
from ..model.config import StationConfig
from ..model.station import Token

NO_TOKEN_KINDS: Final = frozenset({"NoAuthorization"})
OUR_TOKEN: Final = "home-assistant"
OUR_TOKEN_KIND: Final = "Central"


def verdict(station: StationConfig, token: Token) -> TokenStatus:
    """Return whether a token may use a station.

    A start without authorisation is always accepted (C02.FR.02), and so is a start ordered from here.
    """
    if token.kind in NO_TOKEN_KINDS or (token.kind == OUR_TOKEN_KIND and token.value == OUR_TOKEN):
        return TokenStatus.ACCEPTED
    if station.open_access or token.value in station.tokens:
        return TokenStatus.ACCEPTED
    return TokenStatus.UNKNOWN
