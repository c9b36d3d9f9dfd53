"""The badges of the home's drivers."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

ANY_KIND: Final = "any"
KINDS: Final = ("ISO14443", "ISO15693", "eMAID", "MacAddress", "KeyCode", "Local", "Central")
LONGEST_TOKEN: Final = 36


class BadgeStatus(StrEnum):
    """Name what the owner said of a badge."""

    ACCEPTED = "accepted"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """Hold what a driver identifies himself with: a card, a code, his car's address, his contract.

    ``kind`` is one of KINDS, or ``any`` until it is first presented. Drivers of one ``group`` may end each other's
    charges; the group a station calls its master pass may end every charge. ``stations`` are the identities where it
    counts, all of them when empty. ``v2g`` false lets it charge only. ``one_charge`` lets it charge one car at a time.
    """

    token: str
    kind: str = ANY_KIND
    driver: str | None = None
    status: BadgeStatus = BadgeStatus.ACCEPTED
    group: str | None = None
    valid_until: datetime | None = None
    added_at: datetime | None = None
    stations: tuple[str, ...] = ()
    v2g: bool = True
    one_charge: bool = False

    @property
    def key(self) -> str:
        """Return what two spellings of one number share: OCPP makes no difference between cases."""
        return self.token.casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessList:
    """Hold the badges, one of each number; ``revision`` rises with every change."""

    badges: tuple[Badge, ...] = ()
    revision: int = 0

    def find(self, token: str) -> Badge | None:
        """Return the badge with a number."""
        key = token.casefold()
        return next((b for b in self.badges if b.key == key), None)

    def having(self, badge: Badge) -> AccessList:
        """Return a list with a badge, in the place of the one with its number."""
        known = [badge if b.key == badge.key else b for b in self.badges]
        badges = known if self.find(badge.token) else [*known, badge]
        return replace(self, badges=tuple(badges), revision=self.revision + 1)

    def without(self, token: str) -> AccessList:
        """Return a list without a badge."""
        key = token.casefold()
        badges = tuple(b for b in self.badges if b.key != key)
        return replace(self, badges=badges, revision=self.revision + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """Hold who the next card at a station belongs to; ``until_s`` ends it, on the steady clock."""

    driver: str | None
    group: str | None
    until_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEntry:
    """Hold a badge as a station keeps it; ``status`` is the verdict in OCPP's word."""

    token: str
    kind: str
    status: str
    group: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLimits:
    """Hold what a station's own list takes; ``able`` false when it has none, ``None`` where it does not say."""

    able: bool | None = None
    entries: int | None = None
    items: int | None = None
    octets: int | None = None


class ListStanding(StrEnum):
    """Name how a station's own list stands to ours."""

    UNKNOWN = "unknown"
    WAITING = "waiting"
    IN_STEP = "in_step"
    REFUSED = "refused"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDelivery:
    """Hold how the list travels to one station.

    ``read`` once the station was asked for its version over this connection, ``told`` what it said. ``command`` is
    the number of the call under way. ``done_for`` is the list it was last settled for, ``due_at`` when a badge on it
    expires. Digests name what was sent and what was refused. ``tries`` counts calls in vain, ``quiet_until_s`` spaces
    them. ``left_out`` counts the badges the station has no room for. ``mode_told`` is whether it was last told, over
    this connection, that it is open to all.
    """

    standing: ListStanding = ListStanding.UNKNOWN
    read: bool = False
    told: int | None = None
    command: int | None = None
    done_for: tuple[int, bool] | None = None
    due_at: datetime | None = None
    digest_sent: str | None = None
    digest_refused: str | None = None
    tries: int = 0
    quiet_until_s: float = 0.0
    left_out: int = 0
    mode_told: bool | None = None

    def anew(self) -> ListDelivery:
        """Return a fresh delivery for another connection; what the station refused stays refused until it boots."""
        unable = self.standing is ListStanding.UNSUPPORTED
        standing = ListStanding.UNSUPPORTED if unable else ListStanding.UNKNOWN
        return ListDelivery(standing=standing, digest_refused=self.digest_refused)
