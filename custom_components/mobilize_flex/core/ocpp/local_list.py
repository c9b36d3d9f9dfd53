"""The list of badges a station keeps for itself, in its words."""

from collections.abc import Iterable
from typing import Final

import orjson

from ..model.access import ListEntry, ListLimits
from ..model.commands import SendBadges
from ..model.station import VariableReport
from .conversation import QUEUE_LIMIT
from .inventory import Inventory, find, items_per_message
from .request import Priority, Request
from .wire import Json, Payload, stamp, truth

GROUP_KIND: Final = "Central"
"""A group is a name this home made up."""
ENVELOPE_OCTETS: Final = 200
"""What a message takes beside its entries."""
MOST_PARTS: Final = QUEUE_LIMIT // 2
_LIST: Final = "LocalAuthListCtrlr"


def list_limits(inventory: Inventory) -> ListLimits:
    """Return what a station's list takes; switched off but ours to switch on still counts as able."""
    entries = find(inventory, _LIST, "Entries")
    most = entries.max_limit if entries is not None else None
    return ListLimits(
        able=_able(inventory),
        entries=None if most is None else int(most),
        items=_count(find(inventory, _LIST, "ItemsPerMessage")) or items_per_message(inventory, "SendLocalList"),
        octets=_count(find(inventory, _LIST, "BytesPerMessage")),
    )


def _able(inventory: Inventory) -> bool | None:
    rows = [row for name in ("Available", "Enabled") if (row := find(inventory, _LIST, name)) and row.value is not None]
    if any(not truth(row.value) and not row.writable for row in rows):
        return False
    return True if rows else None


def _count(row: VariableReport | None) -> int | None:
    return int(row.value) or None if row is not None and row.value is not None and row.value.isdecimal() else None


def parts(wanted: Iterable[ListEntry], limits: ListLimits) -> tuple[tuple[ListEntry, ...], ...]:
    """Return a list cut into messages a station takes, at least one; what would take too many stays out."""
    cut: list[list[ListEntry]] = [[]]
    room = budget = max((limits.octets or 0) - ENVELOPE_OCTETS, 0)
    for entry in wanted:
        size = len(orjson.dumps(_row(entry))) + 1
        full = limits.items is not None and len(cut[-1]) >= limits.items
        if cut[-1] and (full or (limits.octets is not None and size > room)):
            if len(cut) == MOST_PARTS:
                break
            cut.append([])
            room = budget
        cut[-1].append(entry)
        room -= size
    return tuple(tuple(part) for part in cut)


def list_calls(command: SendBadges) -> tuple[Request, ...]:
    """Return the requests that replace a station's list: the first part in full, the rest on top of it (D01)."""
    return tuple(
        Request(action="SendLocalList", payload=_part(command.version + n, part, full=n == 0), priority=Priority.REPORT)
        for n, part in enumerate(command.parts)
    )


def _part(version: int, part: tuple[ListEntry, ...], *, full: bool) -> Payload:
    payload: Payload = {"versionNumber": version, "updateType": "Full" if full else "Differential"}
    rows: list[Json] = [_row(entry) for entry in part]
    return payload | {"localAuthorizationList": rows} if rows else payload


def _row(entry: ListEntry) -> Payload:
    told: Payload = {"status": entry.status}
    if entry.until is not None:
        told["cacheExpiryDateTime"] = stamp(entry.until)
    if entry.group is not None:
        told["groupIdToken"] = group_token(entry.group)
    return {"idToken": {"idToken": entry.token, "type": entry.kind}, "idTokenInfo": told}


def group_token(group: str) -> Payload:
    """Return the group of a badge."""
    return {"idToken": group, "type": GROUP_KIND}
