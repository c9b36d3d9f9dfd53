"""The demo's site, as its owner describes it to the integration in the dialogues and the actions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from demo import flows
from demo.client import Client
from demo.face import Face
from demo.folder import DOMAIN
from demo.line import Line
from demo.ports import HOST
from demo.prices import ATTRIBUTE, FEED_IN_PRICE, PRICE_ENTITY
from demo.waiting import TookTooLong, until

ZONE: Final = ZoneInfo("Europe/Paris")
LOAD_S: Final = 20.0
SUBSCRIBED_KVA: Final = 12
FEED_IN_W: Final = 6000
SOC_MIN_PCT: Final = 25
SOC_MAX_PCT: Final = 80
ONLY: Final[dict[str | None, str]] = {"ocpp2.1": "v2_1", "ocpp2.0.1": "v2_0_1"}
EVERY_DAY: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NAMES: Final = {
    "en": {"site": "Demo home", "vehicle": "Demo car", "tariff": "Demo prices"},
    "fr": {"site": "Maison de démonstration", "vehicle": "Voiture de démonstration", "tariff": "Prix de démonstration"},
}


class NotSetUp(Exception):
    """The integration refuses to work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One home: where stations dial, which of them may and how, what car, which meter."""

    language: str
    ocpp_port: int
    tls: bool
    limited: bool
    stations: dict[str, Line]
    vehicle_kwh: float
    evccid: str | None
    meter: tuple[flows.Answers, ...]


async def settle(client: Client, site: Site, known: dict[str, Line]) -> str:
    """Bring the integration to know the site, whatever it knew before; return the entry's id.

    ``known`` is how its stations dialled earlier.
    """
    entries = await client.command("config_entries/get", domain=DOMAIN)
    if entries:
        entry_id: str = entries[0]["entry_id"]
        await flows.change_entry(client, DOMAIN, entry_id, _site_answers(site))
    else:
        entry_id = await flows.add_entry(client, DOMAIN, [_site_answers(site)])
    await _loaded(client, entry_id)
    there = await flows.parts(client, entry_id)
    for identity, line in site.stations.items():
        if known.get(identity) != line:
            await _settle_station(client, entry_id, identity, line, there)
    await _settle_part(client, entry_id, "vehicle", there, _vehicle_answers(site))
    await _settle_part(client, entry_id, "meter", there, *site.meter)
    await _settle_part(client, entry_id, "tariff", there, {"next_step_id": "published_entity"}, _tariff_answers(site))
    return entry_id


async def root_certificate(client: Client, entry_id: str) -> str:
    """Return the root certificate stations have to trust."""
    answer = await client.ask(DOMAIN, "get_ca_certificate", {"config_entry_id": entry_id})
    return str(answer["pem"])


async def station_certificate(client: Client, entry_id: str, identity: str) -> tuple[str, str]:
    """Have a certificate made for a station; return it with its key."""
    answer = await client.ask(DOMAIN, "issue_station_certificate", {"config_entry_id": entry_id, "station": identity})
    return str(answer["certificate"]), str(answer["private_key"])


async def wish(client: Client, entry_id: str, departure: datetime) -> None:
    """Say what the owner wants: V2G, a reserve, a full enough car at the departure (local wall time) of every day."""
    face = await Face.of(client, entry_id)
    for key, value in (("soc_min", SOC_MIN_PCT), ("soc_max", SOC_MAX_PCT)):
        await client.act("number", "set_value", {"entity_id": face.name("number", key), "value": value})
    await client.act("switch", "turn_on", {"entity_id": face.name("switch", "v2g")})
    programme = {
        "config_entry_id": entry_id,
        "number": 1,
        "departure": departure.strftime("%H:%M:%S"),
        "weekdays": EVERY_DAY,
        "v2g": True,
        "enabled": True,
    }
    await client.act(DOMAIN, "set_programme", programme)


async def _loaded(client: Client, entry_id: str) -> None:
    """Wait until the integration works; if it does not, say what it says."""
    entry: dict[str, Any] = {}

    async def works() -> bool:
        answer = await client.command("config_entries/get_single", entry_id=entry_id)
        entry.update(answer["config_entry"])
        return bool(entry["state"] == "loaded")

    try:
        await until(works, "", LOAD_S)
    except TookTooLong:
        raise NotSetUp(f"the integration is in state {entry['state']}: {entry['reason']}") from None


def _site_answers(site: Site) -> dict[str, Any]:
    return {
        "name": NAMES[site.language]["site"],
        "phases": "1",
        "subscribed_kva": str(SUBSCRIBED_KVA),
        "port": site.ocpp_port,
        "v2g": {"v2g_consent": True, "feed_in_w": FEED_IN_W},
        "encryption": {"security": "tls", "host_name": "localhost"} if site.tls else {"security": "plain"},
        "advanced": {"host": HOST} if site.limited else {"host": HOST, "rate_limit": 0},
    }


def _vehicle_answers(site: Site) -> dict[str, Any]:
    answers: dict[str, Any] = {
        "name": NAMES[site.language]["vehicle"],
        "capacity_kwh": site.vehicle_kwh,
        "max_charge_kw": 7.4,
        "min_charge_kw": 1.4,
        "max_discharge_kw": 7,
        "min_discharge_kw": 1,
    }
    return answers if site.evccid is None else answers | {"evccid": site.evccid}


def _tariff_answers(site: Site) -> dict[str, Any]:
    return {
        "name": NAMES[site.language]["tariff"],
        "entity_id": PRICE_ENTITY,
        "attributes": [ATTRIBUTE],
        "unit": "per_kwh",
        "factor": 1,
        "surcharge": 0,
        "export": {"export_kind": "fixed", "export_price": FEED_IN_PRICE},
    }


def _find(there: list[dict[str, Any]], kind: str, unique_id: str | None = None) -> str | None:
    """Return the id of a part that is there already."""
    fitting = (p for p in there if p["subentry_type"] == kind and unique_id in (None, p["unique_id"]))
    return next((str(part["subentry_id"]) for part in fitting), None)


async def _settle_part(
    client: Client, entry_id: str, kind: str, there: list[dict[str, Any]], *steps: flows.Answers
) -> None:
    """Add what a site has one of, or change it."""
    part_id = _find(there, kind)
    if part_id is None:
        await flows.add_part(client, entry_id, kind, *steps)
    else:
        await flows.change_part(client, entry_id, kind, part_id, *steps)


async def _settle_station(
    client: Client, entry_id: str, identity: str, line: Line, there: list[dict[str, Any]]
) -> None:
    """Admit a station with a password of our choice; the page after it shows that password once."""
    part_id = _find(there, "station", identity)
    answers: dict[str, Any] = {"name": identity, "phases": "1", "selector": "32", "fallback_a": 16, "access": "open"}
    answers["security"] = {"security_profile": str(line.profile), "protocol": ONLY.get(line.protocol, "any")}
    password = line.password
    if part_id is None:
        told = answers | {"identity": identity, "password": {"own_secret": password}}
        await flows.add_part(client, entry_id, "station", told, {})
    else:
        told = answers | {"password": {"new_secret": False, "own_secret": password}}
        await flows.change_part(client, entry_id, "station", part_id, told, {})
