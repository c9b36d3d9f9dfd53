"""The list a station keeps for itself, so that badges work while nobody answers it."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b
from typing import Final

from ..model.access import ANY_KIND, KINDS, LONGEST_TOKEN, AccessList, ListEntry
from ..model.commands import TokenStatus
from ..model.config import StationConfig
from ..model.station import Token, Version
from .admission import verdict

LIKELY_KIND: Final = "ISO14443"
"""What a badge is taken for whose kind nobody told: the usual card."""


def entries(
    access: AccessList, station: StationConfig, version: Version | None, now: datetime
) -> tuple[ListEntry, ...]:
    """Return every badge with the verdict a station shall give when we are silent, those that may charge first."""
    found = []
    for badge in access.badges:
        kind = LIKELY_KIND if badge.kind == ANY_KIND else badge.kind
        if version is not Version.V21 and (kind not in KINDS or len(badge.token) > LONGEST_TOKEN):
            continue  # no word of that version fits it
        told = verdict(access, station, Token(value=badge.token, kind=kind), now)
        until = badge.valid_until if told.accepted else None
        found.append(ListEntry(token=badge.token, kind=kind, status=told.status, group=badge.group, until=until))
    return tuple(sorted(found, key=lambda entry: entry.status != TokenStatus.ACCEPTED))


def next_expiry(access: AccessList, now: datetime) -> datetime | None:
    """Return when time alone will change a verdict."""
    return min(
        (b.valid_until for b in access.badges if b.valid_until is not None and b.valid_until > now), default=None
    )


def digest(wanted: Iterable[ListEntry]) -> str:
    """Return a short name for a list."""
    text = "\n".join(repr((e.token, e.kind, e.status, e.group, e.until and e.until.isoformat())) for e in wanted)
    return blake2b(text.encode(), digest_size=16).hexdigest()
