"""What a vendor has not heard yet: kept in order, within bounds, until it has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import orjson

from ..model.commands import Keep
from ..model.vendor import VendorCall
from .forwarding_rules import is_between
from .wire import Json, Payload, table, text

KEEP: Final = "vendor/"
BOOT: Final = "boot"
MONITORS: Final = "monitors"
MONITORS_KEPT: Final = 500
CALLS_KEPT: Final = 2000
SIZE_KEPT: Final = 8 * 1024 * 1024
AGE_KEPT: Final = timedelta(days=30)


@dataclass(slots=True)
class Waiting:
    """Hold one call on its way to the vendor; ``offline`` once it is no longer news."""

    number: int
    call: VendorCall
    offline: bool
    since_s: float = 0.0
    stored: bool = False
    tries: int = 0
    between: bool = False

    @property
    def payload(self) -> Payload:
        """Return what to send; history says that it is history."""
        read: Json = orjson.loads(self.call.payload)
        payload = read if isinstance(read, dict) else {}
        if self.offline and self.call.action == "TransactionEvent":
            payload["offline"] = True
        return payload

    def is_of(self, transaction: str | None) -> bool:
        """Return whether it belongs to a transaction; to any without a name."""
        if self.call.action != "TransactionEvent":
            return False
        return transaction is None or text(table(self.payload, "transactionInfo"), "transactionId") == transaction


class Backlog:
    """Keep calls in the order they came; what no longer fits is dropped and counted, values between first."""

    def __init__(self, station: str, vendor: str, kept: Mapping[str, object]) -> None:
        """Take up what was kept for this vendor; what was for another is to be forgotten."""
        self.lost = 0
        self.stored = 0
        self.changes: list[Keep] = []
        self.boot: Payload | None = None
        self.monitors: frozenset[int] = frozenset()
        self._prefix = f"{KEEP}{station}/"
        self._vendor = vendor
        self._waiting: dict[int, Waiting] = {}
        self._size = 0
        for key in sorted(key for key in kept if key.startswith(self._prefix)):
            self._take_up(key, kept[key])
        self._next = max(self._waiting, default=0) + 1

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    def __iter__(self) -> Iterator[Waiting]:
        """Iterate in order."""
        return iter(tuple(self._waiting.values()))

    def first(self) -> Waiting | None:
        """Return what is to be told next."""
        return next(iter(self._waiting.values()), None)

    def get(self, number: int) -> Waiting | None:
        """Return one that still waits."""
        return self._waiting.get(number)

    def add(self, action: str, payload: Payload, at: datetime, *, offline: bool, now_s: float) -> Waiting:
        """Take one in, at the end."""
        call = VendorCall(vendor=self._vendor, at=at, action=action, payload=orjson.dumps(payload).decode())
        between = is_between(action, payload)
        waiting = Waiting(self._next, call, offline, since_s=now_s, between=between)
        self._next += 1
        self._waiting[waiting.number] = waiting
        self._size += len(call.payload)
        return waiting

    def drop(self, number: int, *, lost: bool = False) -> None:
        """Let one go: delivered, or given up."""
        gone = self._waiting.pop(number, None)
        if gone is None:
            return
        self._size -= len(gone.call.payload)
        self.lost += lost
        if gone.stored:
            self.stored -= 1
            self.changes.append(Keep(self._key(number), None))

    def trim(self, now: datetime, busy: int | None) -> list[Waiting]:
        """Drop what is too old or too much, but not the one on its way; return what went."""
        old = [w for w in self._waiting.values() if now - w.call.at > AGE_KEPT and w.number != busy]
        for waiting in old:
            self.drop(waiting.number, lost=True)
        while len(self._waiting) > CALLS_KEPT or self._size > SIZE_KEPT:
            there = [w for w in self._waiting.values() if w.number != busy]
            if not there:
                break
            victim = next((w for w in there if w.between), there[0])
            self.drop(victim.number, lost=True)
            old.append(victim)
        return old

    def keep(self, waiting: Waiting) -> Keep:
        """Return one as it is stored."""
        waiting.stored = True
        self.stored += 1
        return Keep(self._key(waiting.number), waiting.call)

    def keep_boot(self, payload: Payload, at: datetime) -> Keep:
        """Return the station's introduction as it is stored."""
        self.boot = payload
        written = orjson.dumps(payload).decode()
        return Keep(self._prefix + BOOT, VendorCall(vendor=self._vendor, at=at, action=BOOT, payload=written))

    def note_monitors(self, more: set[int], less: set[int], at: datetime) -> None:
        """Note which monitors in the station are the vendor's."""
        monitors = frozenset(sorted((self.monitors | more) - less)[-MONITORS_KEPT:])
        if monitors == self.monitors:
            return
        self.monitors = monitors
        written = orjson.dumps(sorted(monitors)).decode()
        call = VendorCall(vendor=self._vendor, at=at, action=MONITORS, payload=written)
        self.changes.append(Keep(self._prefix + MONITORS, call if monitors else None))

    def forget(self) -> list[Keep]:
        """Return how to forget everything."""
        gone = [Keep(self._key(w.number), None) for w in self._waiting.values() if w.stored]
        self._waiting.clear()
        self.stored = 0
        return [*self.changes, *gone, *(Keep(self._prefix + name, None) for name in (BOOT, MONITORS))]

    def _key(self, number: int) -> str:
        return f"{self._prefix}{number:012d}"

    def _take_up(self, key: str, value: object) -> None:
        tail = key.removeprefix(self._prefix)
        if not isinstance(value, VendorCall) or value.vendor != self._vendor:
            self.changes.append(Keep(key, None))
        elif tail == BOOT:
            read: Json = orjson.loads(value.payload)
            self.boot = read if isinstance(read, dict) else None
        elif tail == MONITORS:
            self.monitors = frozenset(orjson.loads(value.payload))
        elif tail.isdecimal():
            waiting = Waiting(int(tail), value, offline=True, stored=True)
            waiting.between = is_between(value.action, waiting.payload)
            self._waiting[waiting.number] = waiting
            self.stored += 1
            self._size += len(value.payload)
