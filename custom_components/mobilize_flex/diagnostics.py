"""What helps to find a fault, without what nobody else should read."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from enum import Enum
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceEntry

from .board import EVSE, evse_named
from .const import DOMAIN
from .coordinator import FlexCoordinator, FlexEntry

HIDDEN: Final = "**"
SHORTEST: Final = 4
PRIVATE: Final = frozenset(
    {
        "action_data",
        "address",
        "chain",
        "csr",
        "digest_refused",
        "digest_sent",
        "driver",
        "evccid",
        "group",
        "line",
        "list_digest",
        "remote_location",
        "sealed_secret",
        "sealed_secret_next",
        "serial",
        "serial_number",
        "source_url",
        "text",
        "token",
        "tokens",
        "vendor_identity",
        "vendor_password",
        "vendor_root",
        "vendor_url",
        "vendor_user",
        "user_name",
    }
)
PRIVATE_VARIABLES: Final = (
    "password",
    "secret",
    "key",
    "certificate",
    "identity",
    "iccid",
    "imsi",
    "serialnumber",
    "vehicleid",
    "apn",
    "vpn",
    "address",
    "ssid",
)


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: FlexEntry) -> dict[str, Any]:
    """Return the whole home."""
    site = entry.runtime_data
    told = {
        "entry": {"data": plain(entry.data), "parts": [_part(s) for s in entry.subentries.values()]},
        "state": plain(site.state),
        "events": [{"at": moment.utc.isoformat(), **plain(event)} for moment, event in site.events],
        **plain(site.details()),
    }
    return _without_private(told, site)


async def async_get_device_diagnostics(hass: HomeAssistant, entry: FlexEntry, device: DeviceEntry) -> dict[str, Any]:
    """Return one part of the home."""
    site = entry.runtime_data
    named = next(part for domain, part in device.identifiers if domain == DOMAIN)
    kind, _, key = named.partition("/")
    part: Any = None
    match kind:
        case "station" | "evse":
            key = evse_named(named)[0] if kind == EVSE else key
            sessions = [s for s in site.state.sessions.values() if s.station == key]
            link = site.details()["links"].get(key)
            part = {"state": site.state.stations.get(key), "sessions": sessions, "link": link}
            part["forwarding"] = site.forwarding.report(key)
        case "vehicle":
            learned = site.state.learned.get(key)
            part = {"config": _named(site.state.config.vehicles, key), "level": site.level(key), "learned": learned}
        case "meter":
            part = {"config": site.state.config.meter, "state": site.state.meter, "sources": site.details()["sources"]}
        case _:
            part = {"wishes": site.state.wishes, "prices": site.state.prices, "plan": site.plan}
    return _without_private({kind: plain(part)}, site)


def _named(found: tuple[Any, ...], key: str) -> Any:
    return next((v for v in found if v.key == key), None)


def _part(subentry: Any) -> dict[str, Any]:
    return {"kind": subentry.subentry_type, "title": subentry.title, "data": plain(subentry.data)}


def plain(value: object) -> Any:
    """Return a value as plain data; a fact is told by its name too, what keeps out of its own text stays out."""
    match value:
        case Enum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case datetime() | date() | time():
            return value.isoformat()
        case Mapping():
            return {str(k): plain(v) for k, v in value.items()}
        case tuple() | list() | set() | frozenset():
            return [plain(v) for v in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {"is": type(value).__name__} | {
                f.name: plain(getattr(value, f.name)) if f.repr else HIDDEN for f in fields(value) if f.init
            }
        case _:
            return str(value)


def _without_private(told: dict[str, Any], site: FlexCoordinator) -> dict[str, Any]:
    """Return data without private values, wherever else the same text stands; stations are numbered."""
    badges = [badge.token for badge in site.state.access.badges]  # a station may name them anywhere
    words = {text: HIDDEN for text in (*_private_texts(told), *badges) if len(text) >= SHORTEST}
    words |= {identity: f"station-{n}" for n, identity in enumerate(site.state.stations, 1)}
    longest_first = dict(sorted(words.items(), key=lambda pair: -len(pair[0])))
    cleaned: dict[str, Any] = _readable(_clean(told, longest_first))
    return cleaned


def _readable(value: Any) -> Any:
    """Return data in which the device model of a station is a page to read, component by component."""
    if isinstance(value, list):
        return [_readable(v) for v in value]
    if not isinstance(value, dict):
        return value
    shown = {k: _readable(v) for k, v in value.items()}
    if value.get("is") == "StationState":
        shown["inventory"] = _model(value["inventory"])
    return shown


def _model(rows: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    model: dict[str, dict[str, str]] = {}
    for row in rows:
        name = row["variable"]
        place = ".".join(str(n) for n in (name["evse"], name["connector"]) if n is not None)
        component = _instance(name["component"], name["component_instance"]) + (f" @{place}" if place else "")
        model.setdefault(component, {})[_instance(name["variable"], name["instance"])] = _row_words(row)
    return model


def _instance(name: str, instance: str | None) -> str:
    return name if instance is None else f"{name}[{instance}]"


def _row_words(row: dict[str, Any]) -> str:
    """Return a variable in one line: its value with the unit, its bounds and choices, what may be done with it."""
    value = " ".join(str(part) for part in (row["value"], row["unit"]) if part is not None) or "-"
    bounds = [f"{word} {row[key]:g}" for word, key in (("limit", "max_limit"), ("set", "max_set")) if row[key]]
    choices = [", ".join(row["values"])] if isinstance(row["values"], list) and row["values"] else []
    can = [word for word, key in (("writable", "writable"), ("can be watched", "monitored")) if row[key]]
    more = "; ".join([*bounds, *choices, *can])
    return f"{value} ({more})" if more else value


def _is_private(key: str, around: Mapping[str, Any]) -> bool:
    if key in PRIVATE:
        return True
    variable = around.get("variable") if key in ("value", "values") else None
    name = str(variable.get("variable", "")).casefold() if isinstance(variable, Mapping) else ""
    return any(word in name for word in PRIVATE_VARIABLES)


def _private_texts(value: Any, private: bool = False) -> Iterator[str]:
    """Yield every text that is private somewhere."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _private_texts(inner, private or _is_private(key, value))
    elif isinstance(value, list):
        for inner in value:
            yield from _private_texts(inner, private)
    elif private and isinstance(value, str):
        yield value


def _clean(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            _clean(k, words): HIDDEN if v not in (None, [], "") and _is_private(k, value) else _clean(v, words)
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [_clean(v, words) for v in value]
    if isinstance(value, str):
        for text, instead in words.items():
            value = value.replace(text, instead)
    return value
