"""The files about kinds of stations, read without trusting them.

One table for everything that leaves the standard: whose stations are meant, their habits, their way to give back.
A row is added when a station was seen to need it, with a test that plays it. Nothing else in this room knows a vendor.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
import re
from typing import Final

from ..model.abilities import Abilities
from ..model.driver import Driver, Habits, LetsGo, Match, Route, RouteKind, Word
from .wire import Json, Payload, number, table

KEY: Final = re.compile(r"[a-z0-9_]{1,40}")
NAMES: Final = frozenset({"setpoint_w", "discharge_w", "setpoint_a", "evse", "transaction", "expires_s"})
PLACE: Final = re.compile(r"\{([^{}]*)\}")
DELAY_LIMIT_S: Final = 10.0
TEXT_LIMIT: Final = 255
FIELDS_LIMIT: Final = 20
STANDARD: Final = Habits()

_PARTS: Final = frozenset({"name", "match", "habits", "route"})
_HABITS: Final = frozenset({"answer_delay_s", "update", "watts"})
_MATCH: Final = frozenset({"vendor", "model", "firmware"})
_WORDS: Final[Mapping[RouteKind, tuple[str, ...]]] = {
    RouteKind.HYBRID: (),
    RouteKind.CUSTOM_DATA: ("vendor_id", "fields"),
    RouteKind.DATA_TRANSFER: ("vendor_id", "message_id", "fields"),
    RouteKind.VARIABLE: ("component", "variable", "per_evse", "value"),
    RouteKind.NEGATIVE_LIMIT: (),
}
_WORDLESS: Final = frozenset({RouteKind.HYBRID, RouteKind.NEGATIVE_LIMIT})


class DriverError(ValueError):
    """A driver file does not say what it has to; the text names the place."""


def read_driver(key: str, plain: Json) -> Driver:
    """Return a driver from the plain data of its file.

    Raises:
        DriverError: something is missing, unknown or of the wrong kind.
    """
    if KEY.fullmatch(key) is None:
        raise DriverError("the name of the file: up to 40 small letters, digits and _")
    if not isinstance(plain, dict):
        raise DriverError("the file: not an object")
    _only(plain, _PARTS, "the file")
    return Driver(
        key=key,
        name=_text(plain, "name", "the file"),
        match=_match(_part(plain, "match")) if "match" in plain else None,
        habits=_habits(_part(plain, "habits")) if "habits" in plain else STANDARD,
        route=_route(_part(plain, "route")) if "route" in plain else None,
    )


def driver_for(vendor: str | None, model: str | None, firmware: str | None, drivers: Iterable[Driver]) -> Driver | None:
    """Return the driver of a station: the first whose match fits."""
    who = (vendor or "", model or "", firmware or "")
    return next((driver for driver in drivers if driver.match is not None and _fits(driver.match, who)), None)


def habits_of(vendor: str | None, model: str | None, firmware: str | None, drivers: Iterable[Driver]) -> Habits:
    """Return the habits of a station, the standard where no driver fits."""
    driver = driver_for(vendor, model, firmware, drivers)
    return STANDARD if driver is None else driver.habits


def with_habits(told: Abilities, habits: Habits) -> Abilities:
    """Return a station's abilities without those its kind is known not to have."""
    if habits.update and habits.watts:
        return told
    return replace(told, update=told.update if habits.update else False, watts=told.watts if habits.watts else False)


def _fits(match: Match, who: tuple[str, str, str]) -> bool:
    pairs = zip((match.vendor, match.model, match.firmware), who, strict=True)
    return all(re.fullmatch(pattern, word, re.IGNORECASE) for pattern, word in pairs)


def _match(plain: Payload) -> Match:
    _only(plain, _MATCH, "match")
    match = Match(
        vendor=_text(plain, "vendor", "match"),
        model=_text(plain, "model", "match") if "model" in plain else ".*",
        firmware=_text(plain, "firmware", "match") if "firmware" in plain else ".*",
    )
    for pattern in (match.vendor, match.model, match.firmware):
        try:
            re.compile(pattern)
        except re.error as error:
            raise DriverError(f"match: {pattern!r} is no regular expression") from error
    return match


def _habits(plain: Payload) -> Habits:
    _only(plain, _HABITS, "habits")
    delay_s = number(plain, "answer_delay_s") if "answer_delay_s" in plain else 0.0
    if delay_s is None or not 0.0 <= delay_s <= DELAY_LIMIT_S:
        raise DriverError(f"habits: answer_delay_s is from 0 to {DELAY_LIMIT_S:.0f}")
    return Habits(
        answer_delay_s=delay_s, update=_flag(plain, "update", "habits"), watts=_flag(plain, "watts", "habits")
    )


def _flag(plain: Payload, key: str, where: str) -> bool:
    value = plain.get(key, True)
    if not isinstance(value, bool):
        raise DriverError(f"{where}: {key} is true or false")
    return value


def _route(plain: Payload) -> Route:
    try:
        kind = RouteKind(_text(plain, "kind", "route"))
        lets_go = LetsGo(_text(plain, "lets_go", "route"))
    except ValueError as error:
        raise error if isinstance(error, DriverError) else DriverError(f"route: {error}") from None
    if kind not in _WORDS:
        raise DriverError(f"route: {kind} needs no file")
    words = _WORDS[kind]
    _only(plain, frozenset({"kind", "lets_go", *words}), "route")
    if kind in _WORDLESS and lets_go is not LetsGo.PROFILE:
        raise DriverError(f"route: {kind} lets go with its profile")
    route = Route(
        kind=kind,
        lets_go=lets_go,
        vendor_id=_text(plain, "vendor_id", "route") if "vendor_id" in words else None,
        message_id=_text(plain, "message_id", "route", 50) if "message_id" in words else None,
        fields=_fields(plain) if "fields" in words else (),
        component=_text(plain, "component", "route", 50) if "component" in words else None,
        variable=_text(plain, "variable", "route", 50) if "variable" in words else None,
        per_evse=_flag(plain, "per_evse", "route"),
        value=_text(plain, "value", "route") if "value" in words else None,
    )
    _check_templates(route)
    return route


def _fields(plain: Payload) -> tuple[tuple[str, Word], ...]:
    fields = _part(plain, "fields")
    if not 0 < len(fields) <= FIELDS_LIMIT:
        raise DriverError(f"fields: from 1 to {FIELDS_LIMIT}")
    read: list[tuple[str, Word]] = []
    for name, value in fields.items():
        if not isinstance(value, (str, int, float)) or name == "vendorId":
            raise DriverError(f"fields: {name} is a text, a number, true or false; vendorId is taken")
        read.append((name, value))
    return tuple(read)


def _check_templates(route: Route) -> None:
    """Let no template through with a name nobody fills, or without the power it is about."""
    texts = [word for _, word in route.fields if isinstance(word, str)]
    texts += [route.value] if route.value is not None else []
    used = {name for text in texts for name in PLACE.findall(text)}
    if used - NAMES:
        raise DriverError(f"route: {{{min(used - NAMES)}}} is none of {', '.join(sorted(NAMES))}")
    if route.kind in _WORDLESS:
        return
    if not used & {"setpoint_w", "setpoint_a", "discharge_w"}:
        raise DriverError("route: no power in it (setpoint_w, setpoint_a or discharge_w)")
    if route.lets_go is LetsGo.MESSAGE and "expires_s" not in used:
        raise DriverError("route: it lets go with its message, but expires_s is not in it")


def _part(plain: Payload, key: str) -> Payload:
    if not isinstance(plain.get(key), dict):
        raise DriverError(f"{key}: not an object")
    return table(plain, key)


def _only(plain: Payload, known: frozenset[str], where: str) -> None:
    strange = plain.keys() - known
    if strange:
        raise DriverError(f"{where}: {min(strange)} is not known here")


def _text(plain: Payload, key: str, where: str, limit: int = TEXT_LIMIT) -> str:
    value = plain.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= limit:
        raise DriverError(f"{where}: {key} is a text of at most {limit} characters")
    return value
