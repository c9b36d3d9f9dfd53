"""A home is set up, changed, and asked about the stations that knock."""

from collections.abc import Iterator
import errno
import socket
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import SOURCE_IGNORE, ConfigEntryState, FlowType
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.mobilize_flex.config_flow import FlexConfigFlow
from custom_components.mobilize_flex.discovery import async_forget_answered, async_station_knocked, async_waiting
from custom_components.mobilize_flex.shell.credentials import matches
from tests.face.homes import DOMAIN, SITE, STATION, Part, answer, free_port, home, part, start, suggested

FORM: dict[str, Any] = {"name": "Home", "phases": "1", "breaker_a": 45, "subscribed_kva": "9"}
ENCRYPTED = {"security": "tls", "rsa_key_exchange": False, "mounted": False, "rate_limit": 20}
DOOR = {"identity": "FLEX-1", "address": "192.168.1.50"}

pytestmark = pytest.mark.usefixtures("socket_enabled", "setup_entry")


@pytest.fixture(name="setup_entry")
def _setup_entry() -> Iterator[None]:
    """Keep sites from really starting: here only the questions count."""
    house = "custom_components.mobilize_flex"
    with (
        patch(f"{house}.async_setup_entry", return_value=True),
        patch(f"{house}.async_unload_entry", return_value=True),
    ):
        yield


@pytest.fixture(name="port")
def _port() -> int:
    return free_port()


def form(port: int, /, **changes: Any) -> dict[str, Any]:
    return {**FORM, "port": port, "advanced": {"host": "127.0.0.1"}, **changes}


async def knock(hass: HomeAssistant, entry: MockConfigEntry, identity: str = "FLEX-1") -> list[Any]:
    """Have a station knock; return the questions that are open then."""
    async_station_knocked(hass, entry, identity, DOOR["address"])
    await hass.async_block_till_done(wait_background_tasks=True)
    return async_waiting(hass)


# the user sets a site up


async def test_a_site_is_set_up_and_its_first_station_is_next(hass: HomeAssistant, port: int) -> None:
    hass.config.location_name = "Villa"
    page = await start(hass, source="user")
    assert (page["type"], page["step_id"], page["errors"]) == (FlowResultType.FORM, "user", {})
    assert (suggested(page, "name"), suggested(page, "port")) == ("Villa", 9000)
    done = await answer(hass, page, form(port, v2g={"v2g_consent": True, "feed_in_w": 3000}))
    assert (done["type"], done["title"]) == (FlowResultType.CREATE_ENTRY, "Home")
    assert done["data"] == {**SITE, **ENCRYPTED, "port": port, "v2g_consent": True, "feed_in_w": 3000, "sun": True}
    assert done["result"].unique_id == f"site:{port}"
    kind, flow_id = done["next_flow"]
    assert kind is FlowType.CONFIG_SUBENTRIES_FLOW
    assert hass.config_entries.subentries.async_get(flow_id)["step_id"] == "user"


async def test_what_is_left_out_takes_the_safe_side(hass: HomeAssistant, port: int) -> None:
    page = await start(hass, source="user")
    done = await answer(hass, page, {"name": " Home ", "port": port, "subscribed_kva": "7,5"})
    assert done["title"] == "Home"
    assert done["data"] == {
        "phases": 1, "subscribed_kva": 7.5, "port": port, "host": "0.0.0.0", "v2g_consent": False, "feed_in_w": 0,
        "sun": True, **ENCRYPTED,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"name": " "}, {"name": "name_missing"}),
        ({"port": 0}, {"port": "port_range"}),
        ({"port": 70_000}, {"port": "port_range"}),
        ({"breaker_a": 5}, {"breaker_a": "breaker_a_range"}),
        ({"breaker_a": 200}, {"breaker_a": "breaker_a_range"}),
        ({"subscribed_kva": "nine"}, {"subscribed_kva": "subscribed_kva_range"}),
        ({"subscribed_kva": "500"}, {"subscribed_kva": "subscribed_kva_range"}),
        ({"breaker_a": None, "subscribed_kva": None}, {"breaker_a": "limit_missing"}),
        ({"advanced": {"host": "my house"}}, {"advanced": "host_invalid"}),
        ({"advanced": {"host": "203.0.113.7"}}, {"advanced": "host_elsewhere"}),
        ({"v2g": {"v2g_consent": False, "feed_in_w": 3000}}, {"v2g": "consent_missing"}),
        ({"v2g": {"v2g_consent": True, "feed_in_w": -1}}, {"v2g": "feed_in_w_range"}),
        ({"v2g": {"v2g_consent": True, "feed_in_w": 9001}}, {"v2g": "feed_in_w_range"}),
        ({"subscribed_kva": None, "v2g": {"v2g_consent": True, "feed_in_w": 10_400}}, {"v2g": "feed_in_w_range"}),
        ({"breaker_a": None, "v2g": {"v2g_consent": True, "feed_in_w": 9_100}}, {"v2g": "feed_in_w_range"}),
    ],
)
async def test_a_wrong_answer_is_told_at_its_field_and_can_be_mended(
    hass: HomeAssistant, port: int, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    wrong = {key: value for key, value in form(port, **changes).items() if value is not None}
    page = await answer(hass, await start(hass, source="user"), wrong)
    assert (page["type"], page["errors"]) == (FlowResultType.FORM, errors)
    done = await answer(hass, page, form(port))
    assert done["type"] is FlowResultType.CREATE_ENTRY


async def test_the_port_is_tried_before_it_is_accepted(hass: HomeAssistant, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        page = await answer(hass, await start(hass, source="user"), form(port))
        assert page["errors"] == {"port": "port_in_use"}
        assert suggested(page, "port") == port
    assert (await answer(hass, page, form(port)))["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("obstacle", "errors"),
    [
        (PermissionError(errno.EACCES, "no"), {"port": "port_forbidden"}),
        (OSError(errno.EADDRINUSE, "taken"), {"port": "port_in_use"}),
    ],
)
async def test_a_port_that_cannot_be_had(hass: HomeAssistant, obstacle: OSError, errors: dict[str, str]) -> None:
    page = await start(hass, source="user")
    with patch("socket.create_server", side_effect=obstacle):
        page = await answer(hass, page, form(443))
    assert page["errors"] == errors


async def test_a_home_may_listen_on_the_newer_internet(hass: HomeAssistant, port: int) -> None:
    page = await start(hass, source="user")
    with patch("socket.create_server") as server:
        done = await answer(hass, page, form(port, advanced={"host": " ::1 "}))
    assert done["data"]["host"] == "::1"
    server.assert_called_once_with(("::1", port), family=socket.AF_INET6)


async def test_one_site_listens_on_a_port(hass: HomeAssistant) -> None:
    home().add_to_hass(hass)
    page = await start(hass, source="user")
    assert suggested(page, "port") == 9001
    done = await answer(hass, page, form(9000))
    assert (done["type"], done["reason"]) == (FlowResultType.ABORT, "already_configured")


# how stations come in


@pytest.mark.parametrize(
    ("security", "errors"),
    [
        ({"security": "both"}, {"encryption": "tls_port_missing"}),
        ({"security": "tls", "tls_port": 0}, {"encryption": "tls_port_range"}),
        ({"security": "tls", "tls_port": 70_000}, {"encryption": "tls_port_range"}),
        ({"security": "tls", "host_name": "my house"}, {"encryption": "host_name_invalid"}),
        ({"security": "tls", "host_name": "-house.local"}, {"encryption": "host_name_invalid"}),
        ({"security": "tls", "host_name": f"{'a' * 60}.local"}, {"encryption": "host_name_invalid"}),
    ],
)
async def test_what_does_not_go_with_the_encryption_chosen(
    hass: HomeAssistant, port: int, security: dict[str, Any], errors: dict[str, str]
) -> None:
    page = await answer(hass, await start(hass, source="user"), form(port, encryption=security))
    assert page["errors"] == errors


async def test_two_ports_must_differ(hass: HomeAssistant, port: int) -> None:
    page = await start(hass, source="user")
    page = await answer(hass, page, form(port, encryption={"security": "both", "tls_port": port}))
    assert page["errors"] == {"encryption": "tls_port_same"}


async def test_a_limit_on_messages_has_its_range(hass: HomeAssistant, port: int) -> None:
    page = await start(hass, source="user")
    page = await answer(hass, page, form(port, advanced={"host": "127.0.0.1", "rate_limit": 20_000}))
    assert page["errors"] == {"advanced": "rate_limit_range"}


async def test_an_imbalance_limit_has_its_range(hass: HomeAssistant, port: int) -> None:
    page = await start(hass, source="user")
    page = await answer(hass, page, form(port, advanced={"host": "127.0.0.1", "imbalance_w": 500}))
    assert page["errors"] == {"advanced": "imbalance_w_range"}


async def test_a_change_over_takes_two_ports_and_both_are_tried(hass: HomeAssistant, port: int) -> None:
    second = free_port()
    page = await start(hass, source="user")
    asked = form(port, encryption={"security": "both", "tls_port": second, "host_name": " Flex.Home.Arpa. "})
    with socket.create_server(("127.0.0.1", second)):
        page = await answer(hass, page, asked)
        assert page["errors"] == {"encryption": "port_in_use"}
    done = await answer(hass, page, asked)
    changed = {"security": "both", "tls_port": second, "host_name": "flex.home.arpa"}
    assert done["data"] == {**SITE, **ENCRYPTED, "port": port, "sun": True, **changed}


async def test_without_encryption_there_is_no_second_port(hass: HomeAssistant, port: int) -> None:
    page = await start(hass, source="user")
    done = await answer(hass, page, form(port, encryption={"security": "plain", "tls_port": 9443}))
    assert done["data"] == {**SITE, **ENCRYPTED, "port": port, "sun": True, "security": "plain"}


async def test_a_site_keeps_off_the_second_port_of_another(hass: HomeAssistant, port: int) -> None:
    home(port=free_port(), security="both", tls_port=port).add_to_hass(hass)
    page = await answer(hass, await start(hass, source="user"), form(port))
    assert page["errors"] == {"port": "port_of_other_site"}


async def test_a_site_from_before_there_was_a_choice_shows_as_not_encrypted(hass: HomeAssistant, port: int) -> None:
    entry = home(port=port)
    entry.add_to_hass(hass)
    page = await start(hass, source="reconfigure", entry_id=entry.entry_id)
    assert suggested(page, "encryption", "security") == "plain"


async def test_the_page_with_the_password_tells_whom_to_trust(
    hass: HomeAssistant, site: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    hass.config_entries.async_update_entry(site, data={**site.data, "security": "tls", "host_name": "flex.home.arpa"})
    (waiting,) = await knock(hass, site)
    page = await answer(
        hass, hass.config_entries.flow.async_get(waiting["flow_id"]), {"name": "Garage", "phases": "1", "selector": "8"}
    )
    words = page["description_placeholders"]
    assert page["step_id"] == "secret_tls"
    assert words["urls"] == "- `wss://flex.home.arpa:9000/`\n- `wss://127.0.0.1:9000/`"
    assert words["root"].endswith("/api/mobilize_flex/ca/home.pem")
    assert len(words["fingerprint"].split(":")) == 32
    (station,) = site.subentries.values()
    assert station.data["security_profile"] == 2
    assert (await answer(hass, page, {}))["reason"] == "station_added"


# the user changes a site


async def test_a_site_is_changed_in_place(hass: HomeAssistant, port: int) -> None:
    entry = home(port=port)
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    told: list[str] = []

    async def changed(_: HomeAssistant, entry: Any) -> None:
        told.append(entry.title)

    entry.add_update_listener(changed)
    page = await start(hass, source="reconfigure", entry_id=entry.entry_id)
    assert [suggested(page, name) for name in ("name", "phases", "breaker_a", "subscribed_kva")] == [
        "Home",
        "1",
        45,
        "9",
    ]
    assert suggested(page, "advanced", "host") == "127.0.0.1"
    page = await answer(hass, page, form(0))
    assert (page["step_id"], page["errors"]) == ("reconfigure", {"port": "port_range"})
    with socket.create_server(("127.0.0.1", port)):  # that is the site itself
        page = await answer(hass, page, form(port, name="Villa", subscribed_kva="12"))
    assert page["reason"] == "reconfigure_successful"
    assert (entry.title, entry.data["subscribed_kva"]) == ("Villa", 12)
    await hass.async_block_till_done()
    assert told == ["Villa"]


async def test_what_is_emptied_is_forgotten(hass: HomeAssistant, port: int) -> None:
    entry = home(port=port)
    entry.add_to_hass(hass)
    page = await start(hass, source="reconfigure", entry_id=entry.entry_id)
    await answer(hass, page, {k: v for k, v in form(port).items() if k != "breaker_a"})
    assert "breaker_a" not in entry.data
    page = await start(hass, source="reconfigure", entry_id=entry.entry_id)
    await answer(hass, page, {k: v for k, v in form(port).items() if k != "subscribed_kva"})
    assert "subscribed_kva" not in entry.data
    page = await start(hass, source="reconfigure", entry_id=entry.entry_id)
    assert suggested(page, "subscribed_kva") is None


async def test_another_port_is_tried_when_a_site_moves(hass: HomeAssistant, port: int) -> None:
    entry = home()
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    page = await start(hass, source="reconfigure", entry_id=entry.entry_id)
    with socket.create_server(("127.0.0.1", port)):
        page = await answer(hass, page, form(port))
        assert page["errors"] == {"port": "port_in_use"}
    assert (await answer(hass, page, form(port)))["reason"] == "reconfigure_successful"
    assert (entry.data["port"], entry.unique_id) == (port, f"site:{port}")


async def test_a_site_keeps_off_the_port_of_another(hass: HomeAssistant, port: int) -> None:
    home(port=port, entry_id="other").add_to_hass(hass)
    entry = home()
    entry.add_to_hass(hass)
    page = await start(hass, source="reconfigure", entry_id=entry.entry_id)
    page = await answer(hass, page, form(port))
    assert page["errors"] == {"port": "port_of_other_site"}


async def test_a_site_that_could_not_start_is_started_again_by_a_change(hass: HomeAssistant, port: int) -> None:
    entry = home()
    entry.add_to_hass(hass)
    page = await start(hass, source="reconfigure", entry_id=entry.entry_id)
    await answer(hass, page, form(port))
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED


# a station knocks


@pytest.fixture(name="site")
async def _site(hass: HomeAssistant) -> MockConfigEntry:
    entry = home(phases=3)
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    return entry


async def test_a_station_knocks_and_is_admitted(hass: HomeAssistant, site: MockConfigEntry) -> None:
    (waiting,) = await knock(hass, site)
    assert waiting["context"]["title_placeholders"] == {"name": "FLEX-1"}
    page = hass.config_entries.flow.async_get(waiting["flow_id"])
    assert page["step_id"] == "admit"
    page = await answer(hass, page, {"name": " ", "phases": "3", "selector": "8"})
    assert page["errors"] == {"name": "name_missing"}
    assert page["description_placeholders"] == {**DOOR, "site": "Home"}
    page = await answer(hass, page, {"name": "Garage", "phases": "3", "selector": "8"})
    assert page["step_id"] == "secret"
    words = page["description_placeholders"]
    assert (words["identity"], words["urls"]) == ("FLEX-1", "- `ws://127.0.0.1:9000/`")
    (station,) = site.subentries.values()
    assert (station.unique_id, station.title, station.subentry_type) == ("FLEX-1", "Garage", "station")
    assert {**station.data, "sealed_secret": ""} == {
        "phases": 3, "selector": "8", "fallback_a": 6, "access": "open", "security_profile": 1, "sealed_secret": "",
    }  # fmt: skip
    assert matches(words["secret"], station.data["sealed_secret"])
    async_forget_answered(hass, site)
    assert async_waiting(hass), "the page with the password stays until it is closed"
    done = await answer(hass, page, {})
    assert (done["type"], done["reason"]) == (FlowResultType.ABORT, "station_added")
    assert await knock(hass, site) == []


async def test_strangers_never_make_more_than_one_question(hass: HomeAssistant, site: MockConfigEntry) -> None:
    for n in range(20):
        async_station_knocked(hass, site, f"STRANGER-{n}", "192.168.1.66")
    assert len(await knock(hass, site)) == 1
    (waiting,) = await knock(hass, site, "FLEX-2")
    assert waiting["context"]["unique_id"] == "station:home:STRANGER-0"
    assert site.subentries == {}


async def test_knocks_before_home_assistant_is_ready_make_one_question(
    hass: HomeAssistant, site: MockConfigEntry
) -> None:
    hass.set_state(CoreState.starting)
    for n in range(5):
        async_station_knocked(hass, site, f"EARLY-{n}", "192.168.1.66")
    hass.set_state(CoreState.running)
    hass.bus.async_fire("homeassistant_started")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(async_waiting(hass)) == 1


async def test_an_ignored_station_never_asks_again(hass: HomeAssistant, site: MockConfigEntry) -> None:
    (waiting,) = await knock(hass, site)
    context = waiting["context"]
    ignored = await start(hass, source=SOURCE_IGNORE, data={"unique_id": context["unique_id"], "title": "FLEX-1"})
    assert ignored["type"] is FlowResultType.CREATE_ENTRY
    assert "next_flow" not in ignored
    assert await knock(hass, site) == []
    page = await start(hass, source="integration_discovery", data={"entry_id": "home", **DOOR})
    assert page["reason"] == "already_configured"
    assert len(await knock(hass, site, "FLEX-2")) == 1
    page = await start(hass, source="user")
    assert suggested(page, "port") == 9001, "what is ignored is no site"


@pytest.mark.parametrize("identity", ["", "A:B", "A B", "../x", "é", "x" * 49, ".", ".."])
async def test_an_identity_ocpp_does_not_know_is_not_asked_about(
    hass: HomeAssistant, site: MockConfigEntry, identity: str
) -> None:
    assert await knock(hass, site, identity) == []
    page = await start(hass, source="integration_discovery", data={"entry_id": "home", **DOOR, "identity": identity})
    assert page["reason"] == "identity_invalid"


async def test_a_second_question_waits_its_turn(hass: HomeAssistant, site: MockConfigEntry) -> None:
    await knock(hass, site)
    page = await start(hass, source="integration_discovery", data={"entry_id": "home", **DOOR, "identity": "FLEX-2"})
    assert page["reason"] == "one_at_a_time"
    page = await start(hass, source="integration_discovery", data={"entry_id": "home", **DOOR})
    assert page["reason"] == "already_in_progress"


async def test_nobody_asks_for_a_site_that_is_gone(hass: HomeAssistant, site: MockConfigEntry) -> None:
    page = await start(hass, source="integration_discovery", data={"entry_id": "gone", **DOOR})
    assert page["reason"] == "site_gone"
    (waiting,) = await knock(hass, site)
    with patch("custom_components.mobilize_flex.discovery.async_waiting", return_value=[]):
        await hass.config_entries.async_remove(site.entry_id)
    page = await answer(hass, waiting, {"name": "Garage", "phases": "1", "selector": "32"})
    assert page["reason"] == "site_gone"


async def test_a_station_admitted_by_hand_needs_no_question(hass: HomeAssistant, site: MockConfigEntry) -> None:
    (waiting,) = await knock(hass, site)
    dialog = Part(hass, site, "station")
    await dialog.open()
    await dialog.fill(identity="FLEX-1", name="Garage")
    await dialog.fill()
    done = await answer(hass, waiting, {"name": "Garage", "phases": "1", "selector": "32"})
    assert done["reason"] == "already_configured"
    page = await start(hass, source="integration_discovery", data={"entry_id": "home", **DOOR})
    assert page["reason"] == "already_configured"
    assert len(site.subentries) == 1


async def test_a_question_is_withdrawn_when_the_station_is_known(hass: HomeAssistant, site: MockConfigEntry) -> None:
    (waiting,) = await knock(hass, site)
    await answer(hass, waiting, {"name": "", "phases": "1", "selector": "32"})  # looked at, and left open
    async_forget_answered(hass, site)
    assert len(async_waiting(hass)) == 1
    known = home(part("station", STATION, "FLEX-1"))
    async_forget_answered(hass, known)
    assert async_waiting(hass) == []


async def test_a_three_phase_station_does_not_fit_a_single_phase_home(hass: HomeAssistant) -> None:
    entry = home()
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    (waiting,) = await knock(hass, entry)
    page = await answer(hass, waiting, {"name": "Garage", "phases": "3", "selector": "32"})
    assert page["errors"] == {"phases": "phases_exceed_site"}


def test_a_site_is_made_of_these_parts() -> None:
    kinds = FlexConfigFlow.async_get_supported_subentry_types(home())
    assert set(kinds) == {"station", "vehicle", "meter", "contacts", "tariff"}
    assert DOMAIN == "mobilize_flex"
