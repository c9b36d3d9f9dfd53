"""What the integration shows, found by what it is and never by a guessed name."""

from dataclasses import dataclass
from typing import Any, Final, Self

from demo.client import Client
from demo.flows import parts
from demo.folder import DOMAIN

MISSING: Final = frozenset({"unknown", "unavailable"})

type States = dict[str, dict[str, Any]]


class NotThere(Exception):
    """The integration has no such entity."""


@dataclass(frozen=True, slots=True)
class Face:
    """The entities of one site: ``names`` are by domain, translation key, and station (empty where there is none)."""

    client: Client
    names: dict[tuple[str, str, str], str]

    @classmethod
    async def of(cls, client: Client, entry_id: str) -> Self:
        """Look the entities up in the registry."""
        stations = {
            part["subentry_id"]: part["unique_id"]
            for part in await parts(client, entry_id)
            if part["subentry_type"] == "station"
        }
        rows = await client.command("config/entity_registry/list")
        return cls(
            client,
            {
                (
                    row["entity_id"].partition(".")[0],
                    row["translation_key"] or "",
                    stations.get(row["config_subentry_id"], ""),
                ): row["entity_id"]
                for row in rows
                if row["platform"] == DOMAIN and row["config_entry_id"] == entry_id
            },
        )

    def name(self, domain: str, key: str, station: str = "") -> str:
        """Return an entity's id."""
        try:
            return self.names[domain, key, station]
        except KeyError:
            there = ", ".join(sorted("/".join(filter(None, name)) for name in self.names))
            raise NotThere(f"no {domain} {key} {station}; there are {there or 'none'}") from None

    def text(self, states: States, key: str, station: str = "", domain: str = "sensor") -> str | None:
        """Return a state, if it is known."""
        state: str | None = states.get(self.name(domain, key, station), {}).get("state")
        return None if state in MISSING else state

    def number(self, states: States, key: str, station: str = "", domain: str = "sensor") -> float | None:
        """Return a state that is a number, if it is known."""
        text = self.text(states, key, station, domain)
        return None if text is None else float(text)
