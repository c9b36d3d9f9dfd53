"""Homes for the tests of the face: a site with its parts, and flows whose every word is checked on the way."""

from collections.abc import Mapping
import json
from pathlib import Path
import re
import socket
from typing import Any

from homeassistant.config_entries import ConfigSubentryDataWithId
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, section
from homeassistant.helpers import config_validation as cv
import probatio
from pytest_homeassistant_custom_component.common import MockConfigEntry

DOMAIN = "mobilize_flex"
HOUSE = Path(__file__).parents[2] / "custom_components" / DOMAIN
LANGUAGES = {name: json.loads((HOUSE / "translations" / f"{name}.json").read_text()) for name in ("en", "fr")}

SITE: Mapping[str, Any] = {
    "phases": 1,
    "breaker_a": 45.0,
    "subscribed_kva": 9.0,
    "port": 9000,
    "host": "127.0.0.1",
    "v2g_consent": False,
    "feed_in_w": 0.0,
}
STATION: Mapping[str, Any] = {
    "phases": 1,
    "selector": "32",
    "fallback_a": 16.0,
    "access": "open",
    "security_profile": 1,
    "sealed_secret": "sealed",
}
VEHICLE: Mapping[str, Any] = {
    "capacity_kwh": 52.0,
    "max_charge_kw": 11.0,
    "min_charge_kw": 1.4,
    "max_discharge_kw": 10.0,
    "min_discharge_kw": 1.0,
    "charge_efficiency_pct": 90.0,
    "discharge_efficiency_pct": 88.0,
}
LINKY: Mapping[str, Any] = {"kind": "linky", "line": "socket://127.0.0.1:7000"}
BASE: Mapping[str, Any] = {"kind": "base", "price": 0.2, "export_kind": "none"}


def part(kind: str, data: Mapping[str, Any], unique_id: str | None = None, **how: str) -> ConfigSubentryDataWithId:
    """Return one part of a site, as Home Assistant stores it."""
    return ConfigSubentryDataWithId(
        data=dict(data),
        subentry_id=how.get("key", f"{kind}-key"),
        subentry_type=kind,
        title=how.get("name", kind.title()),
        unique_id=unique_id,
    )


def home(*parts: ConfigSubentryDataWithId, entry_id: str = "home", **changes: Any) -> MockConfigEntry:
    """Return a site with its parts."""
    data = {key: value for key, value in {**SITE, **changes}.items() if value is not None}
    return MockConfigEntry(
        domain=DOMAIN,
        title="Home",
        entry_id=entry_id,
        unique_id=f"site:{data['port']}",
        data=data,
        subentries_data=list(parts),
    )


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


async def start(hass: HomeAssistant, **context: Any) -> Mapping[str, Any]:
    """Open a dialog about a whole site."""
    data = context.pop("data", None)
    result = await hass.config_entries.flow.async_init(DOMAIN, context=context, data=data)
    return _worded(LANGUAGES, "config", result)


async def answer(hass: HomeAssistant, result: Mapping[str, Any], answers: Mapping[str, Any]) -> Mapping[str, Any]:
    """Fill in the page of a dialog about a whole site."""
    after = await hass.config_entries.flow.async_configure(result["flow_id"], dict(answers))
    return _worded(LANGUAGES, "config", after)


class Part:
    """Hold a dialog about one part of a site."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry, kind: str) -> None:
        """Begin with nothing asked yet."""
        self._hass = hass
        self._entry = entry
        self._kind = kind
        self.page: Mapping[str, Any] = {}

    async def open(self, subentry_id: str | None = None) -> Mapping[str, Any]:
        """Open the dialog, for a new part or for one that is there."""
        context = {"source": "user"} if subentry_id is None else {"source": "reconfigure", "subentry_id": subentry_id}
        flows = self._hass.config_entries.subentries
        return self._turn(await flows.async_init((self._entry.entry_id, self._kind), context=context))

    async def fill(self, **answers: Any) -> Mapping[str, Any]:
        """Fill in the page and return the next."""
        flows = self._hass.config_entries.subentries
        return self._turn(await flows.async_configure(self.page["flow_id"], answers))

    async def choose(self, option: str) -> Mapping[str, Any]:
        """Choose from a menu."""
        return await self.fill(next_step_id=option)

    def suggested(self, *path: str) -> Any:
        """Return what a field of the page shows."""
        return suggested(self.page, *path)

    def _turn(self, page: Mapping[str, Any]) -> Mapping[str, Any]:
        words = {name: texts["config_subentries"] for name, texts in LANGUAGES.items()}
        self.page = _worded(words, self._kind, page)
        return self.page


def suggested(page: Mapping[str, Any], *path: str) -> Any:
    """Return what a field of a page shows; a path of two names goes through a section."""
    schema = page["data_schema"].schema
    for name in path[:-1]:
        schema = next(field for key, field in schema.items() if key == name).schema.schema
    key = next(key for key in schema if key == path[-1])
    return (key.description or {}).get("suggested_value")


def _worded(words: Mapping[str, Any], kind: str, page: Mapping[str, Any]) -> Mapping[str, Any]:
    """Check that every language has every word of a page, and every word its value."""
    for language, tree in words.items():
        for text in _texts(tree[kind], page):
            assert text, f"{language} {kind} {page.get('step_id')}"
            for name in re.findall(r"\{(\w+)\}", text):
                assert name in (page.get("description_placeholders") or {}), f"{language} {kind} {text}"
    return page


def _texts(tree: Mapping[str, Any], page: Mapping[str, Any]) -> list[str]:
    match page["type"]:
        case FlowResultType.ABORT if page.get("translation_domain") is None:
            return [tree["abort"][page["reason"]]]
        case FlowResultType.MENU:
            step = tree["step"][page["step_id"]]
            menu = [step[part][option] for part in _MENU for option in page["menu_options"]]
            return [step["title"], step["description"], *menu]
        case FlowResultType.FORM:
            step = tree["step"][page["step_id"]]
            assert list(probatio.to_field_list(page["data_schema"], custom_serializer=cv.custom_serializer)) is not None
            errors = [tree["error"][error] for error in (page["errors"] or {}).values()]
            return [step["title"], step["description"], *errors, *_fields(step, page["data_schema"].schema)]
    return []


_MENU = ("menu_options", "menu_option_descriptions")


def _fields(step: Mapping[str, Any], schema: Mapping[Any, Any]) -> list[str]:
    texts: list[str] = []
    for key, field in schema.items():
        if isinstance(field, section):
            words = step["sections"][str(key)]
            texts += [words["name"], words["description"], *_fields(words, field.schema.schema)]
        else:
            texts += [step["data"][str(key)], step["data_description"][str(key)]]
    return texts
