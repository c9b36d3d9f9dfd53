"""The reports a station sends in parts, put together."""

from collections.abc import Callable, Mapping
from typing import Final

import orjson

from ..model.commands import CallRef
from ..model.moment import Moment
from ..model.tasks import OWNERS_NUMBERS
from ..model.upkeep import Report, ReportPart
from .dialect import Reader, Received
from .wire import Payload, flag, integer, tables, text

ROWS_LIMIT: Final = 5000
PARTS_LIMIT: Final = 5000
BYTES_LIMIT: Final = 2 * 1024 * 1024


def part_of(payload: Payload, call: CallRef, kind: str, rows: tuple[Payload, ...]) -> ReportPart:
    """Return one part of a report; one without a number belongs to none."""
    return ReportPart(
        station=call.station,
        kind=kind,
        request_id=integer(payload, "requestId"),
        seq_no=integer(payload, "seqNo"),
        complete=not flag(payload, "tbc"),
        rows=rows,
    )


def is_owners(payload: Payload) -> bool:
    """Return whether a person asked for the report this is a part of."""
    return (integer(payload, "requestId") or 0) >= OWNERS_NUMBERS


def _rows(key: str) -> Callable[[Payload], tuple[Payload, ...]]:
    return lambda payload: tuple(tables(payload, key))


def _words(payload: Payload) -> tuple[Payload, ...]:
    return ({"data": text(payload, "data", 2500) or ""},)


def _reader(kind: str, rows: Callable[[Payload], tuple[Payload, ...]]) -> Reader:
    def read(payload: Payload, call: CallRef, now: Moment) -> Received:
        """Read one part of a report."""
        return Received((part_of(payload, call, kind, rows(payload)),))

    return read


display_messages: Final = _reader("NotifyDisplayMessages", _rows("messageInfo"))
monitors: Final = _reader("NotifyMonitoringReport", _rows("monitor"))
customer_information: Final = _reader("NotifyCustomerInformation", _words)


class Assembly:
    """Put one report together, whatever order its parts come in; what goes beyond its bounds is left out."""

    def __init__(self) -> None:
        """Begin with no part."""
        self._parts: dict[int, tuple[Mapping[str, object], ...]] = {}
        self._last: int | None = None
        self._size = 0
        self._rows = 0
        self._cut = False

    def take(self, part: ReportPart) -> None:
        """Take a part in; one that came before is known already. Parts without a number are counted."""
        number = len(self._parts) if part.seq_no is None else part.seq_no
        if number in self._parts or not 0 <= number < PARTS_LIMIT:
            return
        if part.complete:
            self._last = number
        self._parts[number] = self._fitting(part.rows)

    def _fitting(self, rows: tuple[Mapping[str, object], ...]) -> tuple[Mapping[str, object], ...]:
        kept: list[Mapping[str, object]] = []
        for row in rows:
            self._size += len(orjson.dumps(row))
            if self._size > BYTES_LIMIT or self._rows >= ROWS_LIMIT:
                self._cut = True
                break
            self._rows += 1
            kept.append(row)
        return tuple(kept)

    @property
    def whole(self) -> bool:
        """Return whether the last part, and every one before it, is there; some stations count from 1."""
        first = int(next(iter(self._parts), 0) == 1)
        return self._last is not None and self._parts.keys() >= set(range(first, self._last + 1))

    def report(self) -> Report:
        """Return what is there, in order."""
        rows = tuple(row for number in sorted(self._parts) for row in self._parts[number])
        return Report(rows=rows, complete=self.whole and not self._cut)
