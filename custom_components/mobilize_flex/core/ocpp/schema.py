"""The agreed form of every message: strict on what we send, forgiving on what we hear.

The compiled schemas are given from outside. A message that misses its schema is mended where its sense is clear:
unknown fields go, a number sent as text becomes one, an unusable optional part is left out. Only a message whose
required core is missing or of the wrong kind is refused.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, Protocol, override

import orjson

from ..model.station import Version
from .frames import ErrorCode
from .wire import Json, Payload, instant, stamp

type Side = Literal["req", "res"]
type SchemaKey = tuple[Version, str, Side]
type Path = tuple[str | int, ...]

MEND_SIZE: Final = 64 * 1024
MEND_MISSES: Final = 512
MEND_ROUNDS: Final = 8
GENEROSITY: Final = 4  # how many times the allowed length still passes
_KEPT: Final = frozenset({"enum", "minimum", "maximum", "minLength"})  # whoever reads the value judges it
_CODES: Final = {
    "type": ErrorCode.TYPE_CONSTRAINT_VIOLATION,
    "required": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
    "minItems": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
    "maxItems": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
    "maxLength": ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
    "format": ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
}


class SchemaError(Exception):
    """A message of ours breaks its schema: a bug of ours, or of whoever wrote the payload."""


@dataclass(frozen=True, slots=True)
class Miss:
    """Hold one place where a message misses its schema.

    ``rule`` is the schema's keyword; ``names`` the fields or types it speaks of, ``limit`` the figure.
    """

    path: Path
    rule: str
    names: tuple[str, ...] = ()
    limit: int = 0

    @override
    def __str__(self) -> str:
        """Say where and what, without values."""
        return f"{'/'.join(map(str, self.path)) or 'payload'}: {self.rule} {', '.join(self.names)}".rstrip()


class Validator(Protocol):
    """One compiled schema."""

    def is_valid(self, payload: Json, /) -> bool:
        """Tell whether a payload fits."""

    def misses(self, payload: Json, limit: int, /) -> Sequence[Miss]:
        """Return where it does not, at most ``limit`` places."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A payload that can be used; ``mended`` says where it was not as agreed, ``newer`` that a later version has it."""

    payload: Payload
    mended: tuple[str, ...] = ()
    newer: bool = False


@dataclass(frozen=True, slots=True)
class Misfit:
    """A payload that cannot be used, and the refusal it earns."""

    code: ErrorCode
    description: str


class Contract:
    """Hold what both sides agreed to say."""

    def __init__(self, validators: Mapping[SchemaKey, Validator]) -> None:
        """Take the compiled schemas."""
        self._validators = validators

    def knows(self, version: Version, action: str) -> bool:
        """Tell whether a version has this action, in whichever direction."""
        return (version, action, "req") in self._validators

    def check(self, version: Version, action: str, side: Side, payload: Payload) -> None:
        """Let nothing out that breaks its schema.

        Raises:
            SchemaError: the payload does not fit, or the version has no such action.
        """
        validator = self._validators.get((version, action, side))
        if validator is None:
            raise SchemaError(f"{action} is no message of {version}")
        if not validator.is_valid(payload):
            misses = validator.misses(payload, 5)
            raise SchemaError(f"{action}: " + ("; ".join(str(miss) for miss in misses) or "cannot be written as JSON"))

    def accept(
        self, version: Version, action: str, side: Side, payload: Payload, *, size: int, now: datetime
    ) -> Fit | Misfit:
        """Make the best of what was heard."""
        validator = self._validators.get((version, action, side))
        if validator is None or validator.is_valid(payload):
            return Fit(payload)
        newer = self._validators.get((Version.V21, action, side)) if version is Version.V201 else None
        if newer is not None and newer.is_valid(payload):
            return Fit(payload, newer=True)
        if size > MEND_SIZE:
            return Misfit(ErrorCode.FORMAT_VIOLATION, f"{action} breaks its schema and is too long to mend")
        fit = _Mending(newer or validator, payload, now).run()
        if newer is None or isinstance(fit, Misfit):
            return fit
        return replace(fit, newer=_speaks_newer(payload, validator, newer))


def _speaks_newer(payload: Payload, older: Validator, newer: Validator) -> bool:
    """Tell whether a later version has something of a payload that the version agreed on has not."""
    return not set(map(str, older.misses(payload, MEND_MISSES))) <= set(map(str, newer.misses(payload, MEND_MISSES)))


class _Mending:
    """Mend one payload, round by round, until it fits or its core is found missing."""

    def __init__(self, validator: Validator, payload: Payload, now: datetime) -> None:
        self._validator = validator
        self._payload = deepcopy(payload)
        self._now = now
        self._notes: dict[str, None] = {}
        self._causes: dict[Path, Misfit] = {}
        self._dead: dict[int, tuple[list[Json], set[int]]] = {}

    def run(self) -> Fit | Misfit:
        for _ in range(MEND_ROUNDS):
            misses = self._validator.misses(self._payload, MEND_MISSES + 1)
            if len(misses) > MEND_MISSES:
                break
            work = [miss for miss in misses if not self._passes(miss)]
            if not work:
                return Fit(self._payload, tuple(self._notes))
            for miss in work:
                if not self._mend(miss):
                    return self._cause(miss)
            self._bury()
        return Misfit(ErrorCode.FORMAT_VIOLATION, "payload breaks its schema in too many places")

    def _passes(self, miss: Miss) -> bool:
        """Tell whether a miss does no harm; note it all the same."""
        value = self._at(miss.path)
        match miss.rule:
            case "format":
                harmless = instant(value) is not None
            case "maxLength":
                harmless = isinstance(value, str) and len(value) <= miss.limit * GENEROSITY
            case "maxItems":
                harmless = isinstance(value, list) and len(value) <= miss.limit * GENEROSITY
            case rule:
                harmless = rule in _KEPT
        if harmless:
            self._notes[str(miss)] = None
        return harmless

    def _mend(self, miss: Miss) -> bool:
        self._notes[str(miss)] = None
        match miss.rule:
            case "additionalProperties":
                return self._drop_names(miss)
            case "required":
                return self._fill(miss) or self._remove(miss.path, miss)
            case "type":
                return self._convert(miss) or self._remove(miss.path, miss)
            case "format":
                return self._put(miss.path, stamp(self._now))
            case _:
                return self._remove(miss.path, miss)

    def _drop_names(self, miss: Miss) -> bool:
        holder = self._at(miss.path)
        if isinstance(holder, dict):
            for name in miss.names:
                holder.pop(name, None)
        return True

    def _fill(self, miss: Miss) -> bool:
        """Fill in what is missing where its sense is clear."""
        holder = self._at(miss.path)
        fillings = [_FILLINGS.get(name) for name in miss.names]
        if not isinstance(holder, dict) or not fillings or None in fillings:
            return False
        for name, filling in zip(miss.names, fillings, strict=True):
            if filling is not None:
                holder.setdefault(name, filling(self._now))
        return True

    def _convert(self, miss: Miss) -> bool:
        converted = _converted(self._at(miss.path), miss.names)
        return converted is not None and bool(miss.path) and self._put(miss.path, converted)

    def _remove(self, path: Path, miss: Miss) -> bool:
        """Take away an unusable part; false when that part is the whole message."""
        if not path:
            return False
        holder, last = self._at(path[:-1]), path[-1]
        self._causes[path] = self._cause(miss)
        if isinstance(last, int):
            self._causes.setdefault(path[:-1], self._causes[path])
        if isinstance(holder, dict) and isinstance(last, str):
            holder.pop(last, None)
        elif isinstance(holder, list) and isinstance(last, int):
            self._dead.setdefault(id(holder), (holder, set()))[1].add(last)
        return True

    def _cause(self, miss: Miss) -> Misfit:
        """Return what came first: a field is missing, or was taken away because its value made no sense."""
        name = miss.names[:1] if miss.rule == "required" else ()
        return self._causes.get((*miss.path, *name)) or Misfit(_code(miss), str(miss))

    def _bury(self) -> None:
        """Take dead elements out of their lists, from the end so that places stay true."""
        for holder, places in self._dead.values():
            holder[:] = [item for place, item in enumerate(holder) if place not in places]
        self._dead.clear()

    def _put(self, path: Path, value: Json) -> bool:
        match self._at(path[:-1]), path[-1]:
            case dict() as holder, str() as last if last in holder:
                holder[last] = value
            case list() as holder, int() as last if last < len(holder):
                holder[last] = value
        return True

    def _at(self, path: Path) -> Json:
        """Return what stands at a path, ``None`` once it has been taken away."""
        value: Json = self._payload
        for step in path:
            if isinstance(value, dict) and isinstance(step, str):
                value = value.get(step)
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                value = value[step]
            else:
                return None
        return value


def _code(miss: Miss) -> ErrorCode:
    return _CODES.get(miss.rule, ErrorCode.FORMAT_VIOLATION)


def _converted(value: Json, kinds: tuple[str, ...]) -> Json:
    """Return a value of one of the wanted kinds that means the same, ``None`` where there is none."""
    if value is None:
        return None
    if "array" in kinds:
        return None if isinstance(value, list) else [value]
    if "boolean" in kinds:
        return {"true": True, "false": False, "1": True, "0": False}.get(str(value).casefold())
    if isinstance(value, str) and ("number" in kinds or "integer" in kinds):
        return _figure(value, whole="number" not in kinds)
    if "string" in kinds and isinstance(value, (bool, int, float)):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return None


def _figure(word: str, *, whole: bool) -> Json:
    try:
        figure: Json = orjson.loads(word.strip()[:40])
    except orjson.JSONDecodeError:
        return None
    if isinstance(figure, bool) or not isinstance(figure, (int, float)):
        return None
    return figure if not whole or float(figure).is_integer() else None


# a report's row is worth more than its description; a time is worth its arrival
_FILLINGS: Final[dict[str, Callable[[datetime], Json]]] = {
    "timestamp": stamp,
    "generatedAt": stamp,
    "supportsMonitoring": lambda _: False,
    "dataType": lambda _: "string",
    "eventNotificationType": lambda _: "CustomMonitor",
    "trigger": lambda _: "Delta",
    "tbc": lambda _: False,
    "messagesInQueue": lambda _: False,
}
