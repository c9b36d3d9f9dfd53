"""A real Home Assistant for a test: its dialogs with their words, and what it shows of a meter."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
import re
from typing import Any, Self

from demo import flows
from demo.client import Client
from demo.flows import Answers
from demo.folder import DOMAIN, furnish
from demo.hass import Hass
from demo.login import sign_up
from demo.ports import HOST, any_free
from simulator.linky import Linky, LinkySettings
from simulator.meter_wire import MeterWire

POWERS_W = (1150.0, -693.0, 458.0)
VOLTS = (230.0, 231.0, 229.0)
MISSING = {"unknown", "unavailable"}
LOOK_S = 0.5
_PLAIN_SPACES = str.maketrans("\u00a0\u202f", "  ")


def house(phases: int) -> Linky:
    """Return what stands at the house's door, with something flowing."""
    meter = Linky(LinkySettings(phases=phases, start_import_wh=8_765_000.0, start_export_wh=123_000.0))
    meter.step(0.0, datetime.now(UTC), POWERS_W[:phases], VOLTS[:phases])
    return meter


async def serve(open_: AsyncExitStack, wire: MeterWire) -> None:
    """Let a line talk for as long as the test lasts."""
    await wire.open()
    running = asyncio.create_task(wire.run())
    open_.push_async_callback(wire.close)
    open_.callback(running.cancel)


async def boot(open_: AsyncExitStack, folder: Path, language: str) -> Client:
    """Start Home Assistant in an empty folder, and sign in."""
    (port,) = any_free(1)
    furnish(folder, port=port, language=language, own_house=True, now=datetime.now(UTC))
    client = await open_.enter_async_context(Client(f"http://{HOST}:{port}"))
    hass = Hass(folder, client)
    open_.push_async_callback(hass.stop)
    await hass.launch()
    await sign_up(client, "nobody-elses-password", language)
    await hass.until_running()
    return client


async def add_home(client: Client, number: int, phases: int = 3, port: int | None = None) -> str:
    """Add one more home; return its id."""
    answers = {
        "name": f"Home {number}",
        "phases": str(phases),
        "breaker_a": 60,
        "port": port or any_free(1)[0],
        "encryption": {"security": "plain"},
        "advanced": {"host": HOST},
    }
    return await flows.add_entry(client, DOMAIN, [answers])


@dataclass(frozen=True, slots=True)
class Words:
    """What the dialogs say in a language."""

    client: Client
    texts: Mapping[str, str]

    @classmethod
    async def of(cls, client: Client, language: str) -> Self:
        """Read them as the frontend does."""
        told = await client.command(
            "frontend/get_translations", language=language, category="config_subentries", integration=[DOMAIN]
        )
        return cls(client, told["resources"])

    def get(self, kind: str, *path: str) -> str:
        """Return a text, which must be there."""
        return self.texts[".".join(("component", DOMAIN, "config_subentries", kind, *path))]


@dataclass(slots=True)
class Dialog:
    """One dialog about a part of a home, as its owner sees it."""

    words: Words
    kind: str
    page: dict[str, Any]

    @classmethod
    async def open(cls, words: Words, entry_id: str, kind: str, part_id: str | None = None) -> Self:
        """Open it, to add a part or to change one."""
        start: dict[str, Any] = {"handler": [entry_id, kind]}
        if part_id is not None:
            start["subentry_id"] = part_id
        return cls(words, kind, await words.client.post(flows.SUBENTRY, start))

    async def tell(self, *steps: Answers) -> str:
        """Answer page by page; return what the last one says, its errors included."""
        for answers in steps:
            self.page = await self.words.client.post(f"{flows.SUBENTRY}/{self.page['flow_id']}", answers)
        return self.text

    async def leave(self) -> None:
        """Close it without keeping anything."""
        await self.words.client.delete(f"{flows.SUBENTRY}/{self.page['flow_id']}")

    @property
    def text(self) -> str:
        """Return what the page says: every text is there, and nothing in it is left open."""
        page = self.page
        if page["type"] == "create_entry":
            return ""
        if page["type"] == "abort":
            return str(page["reason"])
        said = self.words.get(self.kind, "step", page["step_id"], "description")
        for name, value in (page["description_placeholders"] or {}).items():
            said = said.replace(f"{{{name}}}", str(value))
        assert not re.search(r"\{\w+\}", said), said
        errors = [self.words.get(self.kind, "error", error) for error in (page.get("errors") or {}).values()]
        return "\n".join([said, *errors]).translate(_PLAIN_SPACES)

    @property
    def errors(self) -> dict[str, str]:
        """Return which answers were refused, and why."""
        return self.page.get("errors") or {}


@dataclass(frozen=True, slots=True)
class Shown:
    """What Home Assistant shows of one part of a home, by the keys of its entities."""

    client: Client
    names: Mapping[str, str]

    @classmethod
    async def of(cls, client: Client, entry_id: str, kind: str) -> Self:
        """Look the entities up in the registry."""
        begin = f"{entry_id}/{kind}/"
        rows = await client.command("config/entity_registry/list")
        named = [row for row in rows if row["platform"] == DOMAIN and row["unique_id"].startswith(begin)]
        return cls(client, {row["unique_id"].rpartition("/")[2]: row["entity_id"] for row in named})

    async def states(self, keys: Sequence[str]) -> dict[str, float | str | None]:
        """Return states by key, numbers as such; ``None`` for what is not known."""
        every = await self.client.states()
        return {key: _read(every.get(self.names.get(key, ""), {}).get("state", "unknown")) for key in keys}


def _read(state: str) -> float | str | None:
    if state in MISSING:
        return None
    try:
        return float(state)
    except ValueError:
        return state


async def unhurried(seen: bool) -> bool:
    """Return what was seen; let Home Assistant work for a moment before the next look."""
    if not seen:
        await asyncio.sleep(LOOK_S)
    return seen


async def repairs(client: Client, entry_id: str) -> set[str]:
    """Return what is to be repaired in a home."""
    entries = await client.command("config_entries/get", domain=DOMAIN)
    site = next(entry["title"] for entry in entries if entry["entry_id"] == entry_id)
    listed = (await client.command("repairs/list_issues"))["issues"]
    ours = [issue for issue in listed if issue["domain"] == DOMAIN]
    return {issue["translation_key"] for issue in ours if (issue["translation_placeholders"] or {}).get("site") == site}
