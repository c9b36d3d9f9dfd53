"""A vendor's questions to the station: what passes, what is refused, whose answer goes back."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ..model.driver import Route
from ..model.moment import Moment
from ..model.station import Version
from .conversation import CallReceived, Conversation
from .dialect import Refusal, Reply
from .forwarding_numbers import Numbers
from .forwarding_queue import Backlog
from .forwarding_rules import monitors_gone, monitors_set, rows_together, rule
from .frames import ErrorCode
from .schema import Contract, SchemaError
from .wire import Payload, text

OPEN_AT_ONCE: Final = 8
"""Questions of the vendor that may wait for the station; its queue must keep room for ours."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Hold one question to put to the station."""

    number: int
    action: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class _Open:
    """Hold a question the station has not answered; without a key it is one of ours on the vendor's behalf."""

    key: str | None
    action: str
    payload: Payload
    kept_back: Mapping[int, Payload] = field(default_factory=dict)


class VendorCalls:
    """Pass on what a vendor asks, refuse what the list of rules keeps back, answer each exactly once."""

    def __init__(self, contract: Contract, numbers: Numbers, backlog: Backlog) -> None:
        """Begin with nothing asked."""
        self.filtered: Counter[str] = Counter()
        self.passed = 0
        self.route: Route | None = None
        self._contract = contract
        self._numbers = numbers
        self._backlog = backlog
        self._asks: list[Ask] = []
        self._open: dict[int, _Open] = {}
        self._next = 1

    def asks(self) -> list[Ask]:
        """Return what is to be asked of the station, and forget it."""
        asks, self._asks = self._asks, []
        return asks

    def clear(self) -> None:
        """Forget everything asked: the vendor is gone."""
        self._asks.clear()
        self._open.clear()

    def trigger(self, message: str) -> None:
        """Ask the station to send something the vendor needs."""
        self._put(_Open(None, "TriggerMessage", {"requestedMessage": message}))

    def called(self, vendor: Conversation, call: CallReceived, version: Version, now: Moment) -> None:
        """Take a question of the vendor."""
        if not self._contract.knows(version, call.action):
            vendor.refuse(call.message_id, ErrorCode.NOT_IMPLEMENTED, "", now)
            return
        try:
            self._contract.check(version, call.action, "req", call.payload)
        except SchemaError as error:
            vendor.refuse(call.message_id, ErrorCode.FORMAT_VIOLATION, str(error), now)
            return
        ruling = rule(call.action, call.payload, self.route, self._backlog.monitors)
        self.filtered[call.action] += ruling.filtered
        if ruling.answer is not None:
            vendor.answer(call.message_id, ruling.answer, now)
        elif len(self._open) >= OPEN_AT_ONCE:
            vendor.refuse(call.message_id, ErrorCode.GENERIC_ERROR, "too many calls wait for the station", now)
        else:
            self.passed += 1
            payload = self._numbers.there(call.action, ruling.payload, now)
            self._put(_Open(call.message_id, call.action, payload, ruling.kept_back))

    def answered(self, vendor: Conversation, number: int, reply: Reply | None, now: Moment) -> None:
        """Give the station's answer back."""
        asked = self._open.pop(number, None)
        if asked is None or asked.key is None:
            return
        if reply is None:
            vendor.refuse(asked.key, ErrorCode.GENERIC_ERROR, "the station did not answer", now)
        elif isinstance(reply, Refusal):
            code = ErrorCode(reply.code) if reply.code in ErrorCode else ErrorCode.GENERIC_ERROR
            vendor.refuse(asked.key, code, reply.description, now)
        else:
            self._backlog.note_monitors(monitors_set(reply.payload), monitors_gone(reply.payload), now.utc)
            vendor.answer(asked.key, self._completed(asked, reply.payload), now)

    def _completed(self, asked: _Open, payload: Payload) -> Payload:
        if asked.kept_back:
            return rows_together(asked.action, payload, asked.kept_back)
        if asked.action == "GetTransactionStatus" and self._is_waiting(text(asked.payload, "transactionId")):
            return {**payload, "messagesInQueue": True}  # what waits here, waits for the vendor
        return payload

    def _is_waiting(self, transaction: str | None) -> bool:
        return any(waiting.is_of(transaction) for waiting in self._backlog)

    def _put(self, asked: _Open) -> None:
        self._open[self._next] = asked
        self._asks.append(Ask(self._next, asked.action, asked.payload))
        self._next += 1
