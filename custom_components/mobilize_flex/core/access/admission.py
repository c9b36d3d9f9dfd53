"""Who may charge: the verdict on a badge."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ..model.access import ANY_KIND, AccessList, Badge, BadgeStatus
from ..model.commands import CertificateStatus, TokenStatus
from ..model.config import StationConfig
from ..model.station import Contract, Token

NO_TOKEN_KINDS: Final = frozenset({"NoAuthorization"})
OUR_TOKEN: Final = "home-assistant"
OUR_TOKEN_KIND: Final = "Central"
REMEMBERED: Final = timedelta(days=1)
"""How long a station may go by a verdict without asking again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Hold whether a token may use a station, the badge it is, and until when the station may remember it."""

    status: TokenStatus
    badge: Badge | None = None
    until: datetime | None = None
    certificate: CertificateStatus | None = None

    @property
    def accepted(self) -> bool:
        """Return whether the car may charge."""
        return self.status is TokenStatus.ACCEPTED

    @property
    def charge_only(self) -> bool:
        """Return whether the badge lets the car charge, but not give back."""
        return self.badge is not None and not self.badge.v2g

    @property
    def group(self) -> str | None:
        """Return the group the station is to know the token by."""
        return self.badge.group if self.badge else None


def anonymous(token: Token) -> bool:
    """Return whether a token names nobody: a start without authorisation, or one ordered from here."""
    ours = token.kind == OUR_TOKEN_KIND and token.value == OUR_TOKEN
    return token.kind in NO_TOKEN_KINDS or ours


def badge_of(access: AccessList, token: Token) -> Badge | None:
    """Return the badge a token is; the same number of another kind is another badge."""
    badge = access.find(token.value)
    return badge if badge is not None and badge.kind in (ANY_KIND, token.kind) else None


def verdict(access: AccessList, station: StationConfig, token: Token, now: datetime) -> Verdict:
    """Return whether a token may use a station.

    A start without authorisation is always accepted (C02.FR.02), and so is one ordered from here. An open station
    takes everybody but those whose badge is blocked or has expired.
    """
    if anonymous(token):
        return Verdict(status=TokenStatus.ACCEPTED)
    badge = badge_of(access, token)
    if badge is None:
        return _of_contract(Verdict(status=_of_stranger(station, token)), station, token)
    status = _of_badge(badge, station, now)
    until = None
    if status is TokenStatus.ACCEPTED:
        until = min(now + REMEMBERED, badge.valid_until or now + REMEMBERED)
    return _of_contract(Verdict(status=status, badge=badge, until=until), station, token)


def _of_stranger(station: StationConfig, token: Token) -> TokenStatus:
    if station.open_access:
        return TokenStatus.ACCEPTED
    readable = token.value.isprintable() and bool(token.value.strip())
    return TokenStatus.UNKNOWN if readable else TokenStatus.INVALID


def _of_badge(badge: Badge, station: StationConfig, now: datetime) -> TokenStatus:
    if badge.status is BadgeStatus.BLOCKED:
        return TokenStatus.BLOCKED
    if badge.valid_until is not None and badge.valid_until <= now:
        return TokenStatus.EXPIRED
    if badge.stations and station.identity not in badge.stations and not station.open_access:
        return TokenStatus.ELSEWHERE
    return TokenStatus.ACCEPTED


def _of_contract(told: Verdict, station: StationConfig, token: Token) -> Verdict:
    """Return a verdict with what is known of the contract certificate behind it (C07).

    Where the station checked the chain and sends hashes, the owner's list vouches for the contract; no responder is
    asked, for no address a station gives is ever dialled. Where it leaves the chain to us there is no root to hold it
    against: the contract is a mere claim, which only an open station lets pass.
    """
    if token.contract is None:
        return told
    if token.contract is Contract.UNCHECKED:
        claimed = told.accepted and not station.open_access
        status = TokenStatus.INVALID if claimed else told.status
        return Verdict(status=status, badge=told.badge, certificate=CertificateStatus.CHAIN_ERROR)
    if told.badge is None:
        known = CertificateStatus.NOT_AVAILABLE
    else:
        known = CertificateStatus.ACCEPTED if told.accepted else CertificateStatus.CANCELLED
    return Verdict(status=told.status, badge=told.badge, until=told.until, certificate=known)
