"""A station's calls that a vendor has a say in: each gets exactly one answer, when its time has come."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from .dialect import Reply
from .forwarding_answers import NOT_OURS
from .forwarding_rules import Course
from .frames import Call, CallError, CallResult, decode, encode
from .wire import Payload

MEMORY: Final = 64


@dataclass(slots=True, eq=False)
class Exchange:
    """Hold one call of the station until its answer has left.

    ``told`` once it was decided what the vendor hears of it, ``waiting`` its number among what the vendor is to hear,
    ``foreign`` how many other calls came under the same message id meanwhile.
    """

    key: str
    action: str
    payload: Payload
    digest: int
    deadline_s: float
    course: Course
    ours: CallResult | CallError | None = None
    our_raw: str = ""
    times: int = 0
    theirs: Reply | None = None
    told: bool = False
    waits_vendor: bool = False
    waits_store: bool = False
    waiting: int | None = None
    foreign: int = 0

    @property
    def is_refused(self) -> bool:
        """Return whether we refuse it so that the station tries again, or mends it."""
        return isinstance(self.ours, CallError) and self.ours.code not in NOT_OURS


class Gate:
    """Hold our answers back until the vendor had its say, or its time is over.

    ``write`` makes the one answer of an exchange whose own answer is there.
    """

    def __init__(self, write: Callable[[Exchange, CallResult | CallError], str]) -> None:
        """Begin with nothing open."""
        self._write = write
        self._open: dict[str, Exchange] = {}
        self._fresh: list[Exchange] = []
        self._memory: OrderedDict[str, tuple[int, str, str]] = OrderedDict()
        self._released: list[str] = []

    def __iter__(self) -> Iterator[Exchange]:
        """Iterate over what is open."""
        return iter(tuple(self._open.values()))

    def of(self, waiting: int) -> Exchange | None:
        """Return the call that waits for one of the backlog."""
        return next((exchange for exchange in self._open.values() if exchange.waiting == waiting), None)

    def enter(self, call: Call, digest: int, course: Course, deadline_s: float) -> None:
        """Open an exchange; a call that is repeated has one already."""
        key = str(call.message_id)
        known, memory = self._open.get(key), self._memory.get(key)
        if known is not None and known.digest != digest and known.ours is not None:
            known.waits_vendor = known.waits_store = False  # the station no longer waits for that one
            self.settle(known)
            known = None
        if known is not None:
            known.foreign += known.digest != digest
        elif memory is None or memory[0] != digest:
            exchange = Exchange(key, call.action, call.payload, digest, deadline_s, course)
            self._open[key] = exchange
            self._fresh.append(exchange)

    def enter_answered(self, call: Call, digest: int, deadline_s: float) -> Exchange | None:
        """Open an exchange whose answer says nothing; ``None`` for a call that is repeated."""
        known, memory = self._open.get(str(call.message_id)), self._memory.get(str(call.message_id))
        if known is not None and known.digest == digest:
            known.times += 1
            return None
        if memory is not None and memory[0] == digest:
            self._released.append(memory[2])
            return None
        exchange = Exchange(str(call.message_id), call.action, call.payload, digest, deadline_s, Course.MIRRORED)
        exchange.ours = CallResult(call.message_id, {})
        exchange.our_raw, exchange.times, exchange.told = encode(exchange.ours), 1, True
        self._open[exchange.key] = exchange
        return exchange

    def fresh(self) -> list[Exchange]:
        """Return what the vendor was not told yet, once."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def hold(self, raw: str) -> None:
        """Take a text of ours; all but answers the vendor has a say in leave at once."""
        frame = decode(raw)
        if not isinstance(frame, CallResult | CallError):
            self._released.append(raw)
            return
        key = str(frame.message_id)
        exchange, memory = self._open.get(key), self._memory.get(key)
        if exchange is None:
            self._released.append(memory[2] if memory is not None and memory[1] == raw else raw)
        elif exchange.foreign and isinstance(frame, CallError) and frame.code == "ProtocolError":
            exchange.foreign -= 1
            self._released.append(raw)
        else:
            exchange.ours, exchange.our_raw = frame, raw
            exchange.times += 1
            self.settle(exchange)

    def settle(self, exchange: Exchange) -> None:
        """Release an answer once everything it waits for is there."""
        if exchange.ours is None or not exchange.told or exchange.waits_vendor or exchange.waits_store:
            return
        if self._open.get(exchange.key) is not exchange:
            return
        del self._open[exchange.key]
        written = self._write(exchange, exchange.ours)
        self._released += [written] * exchange.times
        self._memory[exchange.key] = (exchange.digest, exchange.our_raw, written)
        self._memory.move_to_end(exchange.key)
        if len(self._memory) > MEMORY:
            self._memory.popitem(last=False)

    def released(self) -> list[str]:
        """Return what may leave, in order, and forget it."""
        released, self._released = self._released, []
        return released

    def open_up(self) -> list[str]:
        """Return every answer that is held, as ours; nothing is held any more."""
        held = [exchange.our_raw for exchange in self._open.values() for _ in range(exchange.times)]
        released = [*self.released(), *held]
        self.clear()
        return released

    def clear(self) -> None:
        """Forget everything: the station is gone."""
        self._open.clear()
        self._fresh.clear()
        self._memory.clear()
        self._released.clear()
