"""The set-up dialogues of Home Assistant, walked through step by step."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from demo.client import Client, Refused

CONFIG: Final = "/api/config/config_entries/flow"
SUBENTRY: Final = "/api/config/config_entries/subentries/flow"
ENDS: Final = frozenset({"create_entry", "abort"})

type Answers = Mapping[str, Any]


class FlowRefused(Exception):
    """A dialogue did not take an answer, or ended early."""


async def walk(client: Client, path: str, start: Answers, steps: Sequence[Answers]) -> dict[str, Any]:
    """Start a dialogue, give an answer to each of its steps, return how it ended."""
    page: dict[str, Any] = await client.post(path, start)
    for answers in steps:
        if page["type"] in ENDS:
            break
        place = f"{_title(start)}, step {page['step_id']}"
        try:
            page = await client.post(f"{path}/{page['flow_id']}", answers)
        except Refused as refusal:
            raise FlowRefused(f"{place}: {refusal}") from refusal
        if page.get("errors"):
            raise FlowRefused(f"{place}: {page['errors']}")
    if page["type"] not in ENDS:
        raise FlowRefused(f"{_title(start)} stops at step {page.get('step_id')}: {page}")
    return page


async def create(client: Client, path: str, start: Answers, steps: Sequence[Answers]) -> dict[str, Any]:
    """Walk through a dialogue that has to make something."""
    end = await walk(client, path, start, steps)
    if end["type"] != "create_entry":
        raise FlowRefused(f"{_title(start)} ended with {end.get('reason')}")
    return end


async def add_entry(client: Client, domain: str, steps: Sequence[Answers]) -> str:
    """Set an integration up; return the entry's id."""
    end = await create(client, CONFIG, {"handler": domain}, steps)
    if "next_flow" in end:
        await _leave(client, end["next_flow"][1])
    return str(end["result"]["entry_id"])


async def add_part(client: Client, entry_id: str, kind: str, *steps: Answers) -> None:
    """Add a subentry."""
    await create(client, SUBENTRY, {"handler": [entry_id, kind]}, steps)


async def change_part(client: Client, entry_id: str, kind: str, part_id: str, *steps: Answers) -> None:
    """Change a subentry."""
    end = await walk(client, SUBENTRY, {"handler": [entry_id, kind], "subentry_id": part_id}, steps)
    if end.get("reason") not in ("reconfigure_successful", "line_unchanged"):
        raise FlowRefused(f"changing a {kind} ended with {end.get('reason')}")


async def change_entry(client: Client, domain: str, entry_id: str, *steps: Answers) -> None:
    """Change an entry's own settings."""
    end = await walk(client, CONFIG, {"handler": domain, "entry_id": entry_id}, steps)
    if end.get("reason") != "reconfigure_successful":
        raise FlowRefused(f"changing the site ended with {end.get('reason')}")


async def parts(client: Client, entry_id: str) -> list[dict[str, Any]]:
    """Return the subentries there are."""
    listed: list[dict[str, Any]] = await client.command("config_entries/subentries/list", entry_id=entry_id)
    return listed


async def _leave(client: Client, flow_id: str) -> None:
    """Close the dialogue the first one leads into: the demo opens its own."""
    await client.delete(f"{SUBENTRY}/{flow_id}")


def _title(start: Answers) -> str:
    handler = start["handler"]
    return str(handler if isinstance(handler, str) else handler[1])
