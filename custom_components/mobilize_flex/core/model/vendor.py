"""What is told of a station's vendor behind us: whether it is there, what waits for it, what was kept from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class VendorState(StrEnum):
    """Name how it stands with a vendor's backend."""

    WAITING = "waiting"
    """The station is away, so we do not speak for it."""
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    """It does not know the identity or the password."""
    OTHER_VERSION = "other_version"
    """It does not speak the version the station speaks with us."""
    UNTRUSTED = "untrusted"
    """Nobody we trust vouches for its certificate."""
    PENDING = "pending"
    """It is there and has not accepted the station yet."""
    CONNECTED = "connected"


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorCall:
    """Hold one call of a station that its vendor is still to hear; ``payload`` is JSON, ``vendor`` whom it is for."""

    vendor: str
    at: datetime
    action: str
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorReport:
    """Hold how forwarding goes; ``filtered`` counts the calls of the vendor that were kept from the station."""

    state: VendorState
    queued: int = 0
    queued_since: datetime | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    filtered: Mapping[str, int] = field(default_factory=dict)
    oddities: Mapping[str, int] = field(default_factory=dict)

    @property
    def connected(self) -> bool:
        """Return whether the vendor is there and has accepted the station."""
        return self.state is VendorState.CONNECTED
