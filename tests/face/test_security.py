"""What the owner has to keep his stations' connection safe: passwords, certificates, repairs, a second door."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
import ssl
from typing import Any

import aiohttp
from aiohttp.test_utils import TestClient
from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.repairs import repairs_flow_manager
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser, async_fire_time_changed

from custom_components.mobilize_flex.const import DOMAIN
from custom_components.mobilize_flex.gate import certificate_folder, root_url
from custom_components.mobilize_flex.shell.credentials import matches, seal
from custom_components.mobilize_flex.shell.station_door import Claim, Verdict, Visitor
from tests.shell.test_certificate_store import asked_for, request

from .homes import LANGUAGES, free_port
from .house import STATION, coordinator, move_in, station
from .wire import SECRET, dial_in

pytestmark = pytest.mark.usefixtures("socket_enabled")

ROOT = "/api/mobilize_flex/ca/01HOME.pem"
DOOR = f"/api/mobilize_flex/ocpp/01HOME/{STATION}"
NEW = "correct-horse-battery"


async def with_door(hass: HomeAssistant, station_says: dict[str, Any] | None = None, **data: Any) -> MockConfigEntry:
    """Set up a home on ports of its own whose station has a password."""
    one = station()
    one["data"] = {**one["data"], "sealed_secret": seal(SECRET), **(station_says or {})}
    return await move_in(hass, one, port=free_port(), **data)


async def ask(hass: HomeAssistant, name: str, /, **fields: Any) -> Any:
    """Call an action that answers."""
    return await hass.services.async_call(DOMAIN, name, fields, blocking=True, return_response=True)


def issue(hass: HomeAssistant, key: str) -> ir.IssueEntry | None:
    """Return a problem of the home, if it is there."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"{key}_01HOME")


async def until(happened: Callable[[], bool]) -> None:
    """Wait for something that needs a worker."""
    for _ in range(500):
        if happened():
            return
        await asyncio.sleep(0.02)
    pytest.fail("it did not happen")


def credentials(password: str = SECRET, user: str = STATION) -> dict[str, str]:
    return {"Authorization": aiohttp.encode_basic_auth(user, password)}


async def knock(
    home: MockConfigEntry, *, context: ssl.SSLContext | None = None, port: int | None = None, **who: str
) -> int:
    """Dial in once; return 101 when let in, else how it was refused."""
    server = coordinator(home).server
    assert server is not None
    scheme = "ws" if context is None else "wss"
    url = f"{scheme}://127.0.0.1:{port or server.port}/{STATION}"
    try:
        async with (
            aiohttp.ClientSession() as client,
            client.ws_connect(url, protocols=("ocpp2.1",), headers=credentials(**who), ssl=context or True),
        ):
            return 101
    except aiohttp.WSServerHandshakeError as error:
        return error.status


async def trusting(home: MockConfigEntry) -> ssl.SSLContext:
    root = await coordinator(home).gate.async_root()
    return ssl.create_default_context(cadata=root.pem)


# the root


async def test_the_root_is_made_on_the_first_start_and_leaves_with_the_home(hass: HomeAssistant) -> None:
    home = await with_door(hass, security="tls")
    folder = certificate_folder(hass, "01HOME")
    assert (folder / "root.key").exists()
    await hass.config_entries.async_remove(home.entry_id)
    assert not folder.exists()


async def test_without_encryption_nothing_is_made(hass: HomeAssistant) -> None:
    await with_door(hass)
    assert not certificate_folder(hass, "01HOME").exists()


async def test_anybody_may_have_the_root_and_everybody_sees_the_same(
    hass: HomeAssistant, hass_client_no_auth: Any
) -> None:
    home = await with_door(hass, security="tls")
    answer = await ask(hass, "get_ca_certificate")
    assert answer["url"].endswith(ROOT)
    assert len(answer["sha256"].split(":")) == 32
    assert dt_util.parse_datetime(answer["valid_until"]) - dt_util.utcnow() > timedelta(days=19 * 365)
    client: TestClient[Any, Any] = await hass_client_no_auth()
    response = await client.get(ROOT)
    assert (response.status, await response.text()) == (200, answer["pem"])
    assert "PRIVATE" not in answer["pem"]
    assert (await client.get("/api/mobilize_flex/ca/elsewhere.pem")).status == 404
    await hass.config_entries.async_unload(home.entry_id)
    assert (await client.get(ROOT)).status == 404


async def test_a_home_that_is_not_encrypted_has_no_root_to_hand_out(
    hass: HomeAssistant, hass_client_no_auth: Any
) -> None:
    await with_door(hass)
    assert (await (await hass_client_no_auth()).get(ROOT)).status == 404


async def test_the_link_to_the_root_needs_no_address_of_ours(hass: HomeAssistant) -> None:
    hass.config.internal_url = "http://flex.home.arpa:8123"
    assert root_url(hass, "01HOME") == f"http://flex.home.arpa:8123{ROOT}"


async def test_the_name_home_assistant_has_goes_into_the_certificate(hass: HomeAssistant) -> None:
    hass.config.internal_url = "http://flex.home.arpa:8123"
    home = await with_door(hass, security="tls")
    assert await coordinator(home).gate._async_names() == ("flex.home.arpa", "127.0.0.1")


async def test_broken_certificates_are_told_and_tried_again(hass: HomeAssistant) -> None:
    home = await with_door(hass, security="tls")
    key = certificate_folder(hass, "01HOME") / "root.key"
    kept = key.read_bytes()
    key.unlink()
    await hass.config_entries.async_reload(home.entry_id)
    assert home.state is ConfigEntryState.SETUP_RETRY
    assert issue(hass, "certificates_unusable")
    key.write_bytes(kept)
    await hass.config_entries.async_reload(home.entry_id)
    assert home.state is ConfigEntryState.LOADED
    assert issue(hass, "certificates_unusable") is None


async def test_the_certificate_is_renewed_by_itself(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    home = await with_door(hass, security="tls")
    file = certificate_folder(hass, "01HOME") / "server-ec.pem"
    before = file.read_bytes()
    for days, renewed in ((360, False), (9, True)):
        freezer.tick(timedelta(days=days))
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert (file.read_bytes() != before) is renewed
    assert home.state is ConfigEntryState.LOADED


# who may come in


async def test_encrypted_and_not_on_the_two_ports_of_a_change_over(hass: HomeAssistant) -> None:
    second = free_port()
    home = await with_door(hass, security="both", tls_port=second)
    assert await knock(home) == 101
    assert issue(hass, f"upgrade_security_01{STATION}")
    assert await knock(home, context=await trusting(home), port=second) == 101
    assert issue(hass, f"upgrade_security_01{STATION}") is None
    assert await knock(home) == 403, "never down"
    told = issue(hass, "profile_too_low")
    assert told is not None
    assert told.translation_placeholders == {"site": "Home", "station": "Garage", "came": "1", "least": "2"}
    assert await knock(home, context=await trusting(home), port=second) == 101
    assert issue(hass, "profile_too_low") is None


async def test_an_unencrypted_home_is_told_of_as_long_as_it_is_one(hass: HomeAssistant) -> None:
    home = await with_door(hass)
    assert issue(hass, "unencrypted")
    hass.config_entries.async_update_entry(home, data={**home.data, "security": "tls"})
    await hass.async_block_till_done()
    assert issue(hass, "unencrypted") is None
    assert await knock(home, context=await trusting(home)) == 101


async def test_a_station_that_needs_a_certificate_gets_nowhere_with_its_password(
    hass: HomeAssistant, tmp_path: Any
) -> None:
    home = await with_door(hass, {"security_profile": 3}, security="tls")
    context = await trusting(home)
    assert await knock(home, context=context) == 403
    answer = await ask(hass, "issue_station_certificate", station=STATION)
    file = tmp_path / "both.pem"
    file.write_text(answer["certificate"] + answer["private_key"])
    context.load_cert_chain(file)
    assert await knock(home, context=context, password="anything-will-do-here") == 101


async def test_a_certificate_dies_with_its_station(hass: HomeAssistant) -> None:
    home = await with_door(hass, security="tls")
    gate = coordinator(home).gate
    await ask(hass, "issue_station_certificate")
    assert await gate.async_newest(STATION)
    hass.config_entries.async_remove_subentry(home, f"01{STATION}")
    await hass.async_block_till_done()
    assert await gate.async_newest(STATION) is None


async def test_a_user_name_of_the_stations_own_is_compared_exactly(hass: HomeAssistant) -> None:
    home = await with_door(hass, {"user_name": "garage"})
    assert [await knock(home, user=user) for user in ("garage", "Garage", STATION)] == [101, 401, 401]


async def test_a_station_may_be_held_to_one_language(hass: HomeAssistant) -> None:
    home = await with_door(hass, {"protocol": "v2_0_1"})
    server = coordinator(home).server
    assert server is not None
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(
            f"http://127.0.0.1:{server.port}/{STATION}", protocols=("ocpp2.1", "ocpp2.0.1"), headers=credentials()
        ) as line,
    ):
        assert line.protocol == "ocpp2.0.1"


async def test_wrong_passwords_are_one_repair_and_one_line_an_hour(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    home = await with_door(hass)
    for _ in range(3):
        assert await knock(home, password="wrong-wrong-wrong-wrong") == 401
    coordinator(home).gate.look_at_clock()
    told = issue(hass, "wrong_password")
    assert told is not None
    assert told.translation_placeholders == {"site": "Home", "address": "127.0.0.1", "count": "3"}
    assert caplog.text.count("wrong credentials") == 1
    assert "wrong-wrong" not in caplog.text
    assert coordinator(home).details()["gate"]["wrong_passwords"][0]["count"] == 3
    for minutes, there in ((59, True), (61, False)):
        with freeze_time(dt_util.utcnow() + timedelta(minutes=minutes)):
            coordinator(home).gate.look_at_clock()
        assert (issue(hass, "wrong_password") is not None) is there


def guess(password: str = "wrong-wrong-wrong-wrong", address: str = "192.0.2.1") -> Visitor:
    """Return somebody who says he is the station."""
    return Visitor(identity=STATION, address=address, claim=Claim(STATION, password))


async def test_guesses_from_everywhere_do_not_fill_the_log(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    gate = coordinator(await with_door(hass)).gate
    for number in range(30):
        assert (await gate.async_admit(guess(address=f"192.0.2.{number}"))).verdict is Verdict.WRONG_SECRET
    assert caplog.text.count("wrong credentials") == 8
    assert len(gate.details()["wrong_passwords"]) == 30


async def test_many_guesses_at_once_keep_the_station_neither_waiting_nor_out(hass: HomeAssistant) -> None:
    gate = coordinator(await with_door(hass)).gate
    assert (await gate.async_admit(guess(SECRET))).verdict is Verdict.ADMITTED
    guesses = [asyncio.create_task(gate.async_admit(guess(f"wrong-wrong-wrong-{n:03}"))) for n in range(60)]
    await asyncio.sleep(0)
    came = gate.async_admit(guess(SECRET))
    with pytest.raises(StopIteration) as done:
        came.send(None)  # it is not made to wait for anything
    assert done.value.value.verdict is Verdict.ADMITTED
    told = Counter([admission.verdict for admission in await asyncio.gather(*guesses)])
    assert told == {Verdict.WRONG_SECRET: 4, Verdict.BUSY: 56}


async def test_the_right_password_ends_the_suspicion(hass: HomeAssistant) -> None:
    home = await with_door(hass)
    await knock(home, password="wrong-wrong-wrong-wrong")
    assert await knock(home) == 101
    coordinator(home).gate.look_at_clock()
    assert issue(hass, "wrong_password") is None


# a new password


def written(status: str) -> dict[str, Any]:
    component = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    return {"setVariableResult": [{"attributeStatus": status, **component}]}


async def test_a_new_password_counts_alone_once_the_station_came_back_with_it(hass: HomeAssistant) -> None:
    home = await with_door(hass)
    async with dial_in(home, SetVariables=written("Accepted")) as wire:
        answer = await ask(hass, "set_station_password", password=NEW)
        row = wire.asked["SetVariables"]["setVariableData"][0]
    assert answer == {"station": STATION, "password": NEW}
    assert row["attributeValue"] == NEW
    await hass.async_block_till_done()
    assert await knock(home) == 101, "the old one is good until then"
    assert await knock(home, password=NEW) == 101
    await hass.async_block_till_done()
    assert await knock(home) == 401
    assert await knock(home, password=NEW) == 101
    assert "sealed_secret_next" not in home.subentries[f"01{STATION}"].data


@pytest.mark.parametrize("prepared", [{"SetVariables": written("Rejected")}, {}])
async def test_a_refused_password_changes_nothing(hass: HomeAssistant, prepared: dict[str, Any]) -> None:
    home = await with_door(hass)
    async with dial_in(home, **prepared):
        with pytest.raises(HomeAssistantError) as refused:
            await ask(hass, "set_station_password")
    assert refused.value.translation_key == "password_refused"
    await hass.async_block_till_done()
    assert await knock(home) == 101
    assert "sealed_secret_next" not in home.subentries[f"01{STATION}"].data


async def test_a_station_that_is_away_needs_the_owners_word(hass: HomeAssistant) -> None:
    home = await with_door(hass)
    with pytest.raises(ServiceValidationError) as refused:
        await ask(hass, "set_station_password")
    assert refused.value.translation_key == "password_needs_station"
    secret = (await ask(hass, "set_station_password", force=True))["password"]
    assert len(secret) == 32
    await hass.async_block_till_done()
    assert matches(secret, home.subentries[f"01{STATION}"].data["sealed_secret"])
    assert [await knock(home), await knock(home, password=secret)] == [401, 101]


@pytest.mark.parametrize("password", ["short", "with a space in it"])
async def test_a_password_no_station_can_store_is_refused(hass: HomeAssistant, password: str) -> None:
    await with_door(hass)
    with pytest.raises(ServiceValidationError) as refused:
        await ask(hass, "set_station_password", password=password, force=True)
    assert refused.value.translation_key == "password_unfit"


@pytest.mark.parametrize("action", ["set_station_password", "issue_station_certificate", "upgrade_station_security"])
async def test_secrets_are_for_administrators(hass: HomeAssistant, hass_read_only_user: MockUser, action: str) -> None:
    await with_door(hass)
    with pytest.raises(Unauthorized):
        await hass.services.async_call(
            DOMAIN, action, blocking=True, return_response=True, context=Context(user_id=hass_read_only_user.id)
        )


# the second door, under Home Assistant's own port


async def test_the_second_door_is_closed_unless_opened(hass: HomeAssistant, hass_client_no_auth: Any) -> None:
    await with_door(hass)
    client = await hass_client_no_auth()
    assert (await client.get(DOOR, headers=credentials())).status == 404


async def test_a_station_comes_in_under_home_assistants_own_port(hass: HomeAssistant, hass_client_no_auth: Any) -> None:
    home = await with_door(hass, mounted=True)
    client = await hass_client_no_auth()
    async with client.ws_connect(DOOR, protocols=("ocpp2.1",), headers=credentials()) as line:
        await line.send_json([2, "b", "Heartbeat", {}])
        assert (await line.receive_json())[:2] == [3, "b"]
        assert coordinator(home).state.stations[STATION].online
    for password, path, status in (("wrong-wrong-wrong-wrong", DOOR, 401), (SECRET, f"{DOOR}x", 404)):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.ws_connect(path, protocols=("ocpp2.1",), headers=credentials(password))
        assert refused.value.status == status


async def test_strangers_wait_in_the_same_room_at_the_second_door(
    hass: HomeAssistant, hass_client_no_auth: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = await with_door(hass, mounted=True)
    server = coordinator(home).server
    assert server is not None
    monkeypatch.setattr(server._room, "_per_address", 1)
    client = await hass_client_no_auth()
    wrong = credentials("wrong-wrong-wrong-wrong") | {"Upgrade": "websocket"}
    for _ in range(4):  # each answer is held back longer
        assert (await client.get(DOOR, headers=wrong)).status == 401
    waiting = asyncio.create_task(client.get(DOOR, headers=wrong))
    await until(lambda: bool(server._patience._held))
    assert (await client.get(DOOR, headers=wrong)).status == 401
    with pytest.raises(aiohttp.ClientError):  # who waited for his answer made room
        await waiting
    async with client.ws_connect(DOOR, protocols=("ocpp2.1",), headers=credentials()):
        assert not server._room._counts


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://evil.example", 403),
        ("http://evil.example:8123", 403),
        ("null", 403),
        ("https://", 403),
        ("http://127.0.0.1", 101),
        ("http://127.0.0.1:9000", 101),
        ("127.0.0.1", 101),
    ],
)
async def test_no_web_page_of_elsewhere_comes_in(
    hass: HomeAssistant, hass_client_no_auth: Any, origin: str, status: int
) -> None:
    await with_door(hass, mounted=True)
    client = await hass_client_no_auth()
    headers = credentials() | {"Origin": origin}
    try:
        async with client.ws_connect(DOOR, protocols=("ocpp2.1",), headers=headers):
            seen = 101
    except aiohttp.WSServerHandshakeError as error:
        seen = error.status
    assert seen == status


# a certificate of the station's own


async def test_a_station_gets_the_certificate_it_asks_for(hass: HomeAssistant) -> None:
    home = await with_door(hass)
    async with dial_in(home, CertificateSigned={"status": "Accepted"}) as wire:
        await wire.tell("SignCertificate", csr=request(), certificateType="ChargingStationCertificate")
        await until(lambda: "CertificateSigned" in wire.asked)
        assert wire.asked["CertificateSigned"]["certificateChain"].count("BEGIN CERTIFICATE") == 2
    assert await coordinator(home).gate.async_newest(STATION)


async def test_what_cannot_be_signed_is_rejected(hass: HomeAssistant, caplog: pytest.LogCaptureFixture) -> None:
    home = await with_door(hass)
    async with dial_in(home) as wire:
        await wire.tell("SignCertificate", csr="-----BEGIN c4n4ry-----")
        await until(lambda: "Rejected" in str(coordinator(home).details()["links"][STATION]["frames"]))
    assert "c4n4ry" not in caplog.text


# one step up


PRIORITY = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "NetworkConfigurationPriority"}}


class Climber:
    """A station that takes every step it is asked for, but those it shall refuse."""

    def __init__(self, home: MockConfigEntry, **refusals: str) -> None:
        self.home = home
        self.refusals = refusals
        self.priority = ["1"]
        self.url, self.profile = "", 1
        self.reset = asyncio.Event()

    def _status(self, action: str, good: str = "Accepted") -> dict[str, Any]:
        return {"status": self.refusals.get(action, good)}

    def set_network(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.url = asked["connectionData"]["ocppCsmsUrl"]
        self.profile = asked["connectionData"]["securityProfile"]
        return self._status("SetNetworkProfile")

    def set_variables(self, asked: dict[str, Any]) -> dict[str, Any]:
        status = self.refusals.get("SetVariables", "RebootRequired")
        row = asked["setVariableData"][0]
        if row["variable"]["name"] == "NetworkConfigurationPriority" and status == "RebootRequired":
            self.priority.append(row["attributeValue"])
        return {"setVariableResult": [{"attributeStatus": status, **PRIORITY}]}

    def get_variables(self, asked: dict[str, Any]) -> dict[str, Any]:
        status = {"attributeStatus": "Accepted", "attributeValue": self.refusals.get("GetVariables", "1")}
        return {"getVariableResult": [status | PRIORITY]}

    def restart(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.reset.set()
        return self._status("Reset")

    @asynccontextmanager
    async def on_the_line(self, **more: Any) -> AsyncIterator[Any]:
        async with dial_in(
            self.home,
            **more,
            InstallCertificate=self._status("InstallCertificate"),
            GetVariables=self.get_variables,
            SetNetworkProfile=self.set_network,
            SetVariables=self.set_variables,
            Reset=self.restart,
        ) as wire:
            yield wire


async def test_a_station_is_brought_to_the_encrypted_port(hass: HomeAssistant) -> None:
    second = free_port()
    home = await with_door(hass, security="both", tls_port=second)
    climber = Climber(home)
    async with climber.on_the_line():
        upgrading = asyncio.create_task(ask(hass, "upgrade_station_security", station=STATION))
        async with asyncio.timeout(10):
            await climber.reset.wait()
    assert climber.url == f"wss://127.0.0.1:{second}"
    assert climber.priority[-1] == "2,1"
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(
            f"{climber.url}/{STATION}", protocols=("ocpp2.1",), headers=credentials(), ssl=await trusting(home)
        ),
    ):
        assert await asyncio.wait_for(upgrading, 10) == {"station": STATION, "security_profile": 2}


@pytest.mark.parametrize(
    ("refusals", "key"),
    [
        ({"InstallCertificate": "Rejected"}, "upgrade_root_refused"),
        ({"GetVariables": ""}, "upgrade_priority_unknown"),
        ({"SetNetworkProfile": "Failed"}, "upgrade_slot_refused"),
        ({"SetVariables": "Rejected"}, "upgrade_priority_refused"),
        ({"Reset": "Rejected"}, "upgrade_reset_refused"),
    ],
)
async def test_a_step_that_is_refused_is_told_and_undone(
    hass: HomeAssistant, refusals: dict[str, str], key: str
) -> None:
    home = await with_door(hass, security="both", tls_port=free_port())
    climber = Climber(home, **refusals)
    async with climber.on_the_line():
        with pytest.raises(HomeAssistantError) as refused:
            await ask(hass, "upgrade_station_security")
    assert refused.value.translation_key == key
    assert climber.priority[-1] == "1"


async def test_only_a_station_on_the_line_can_be_brought_up(hass: HomeAssistant) -> None:
    await with_door(hass, security="both", tls_port=free_port())
    with pytest.raises(HomeAssistantError) as refused:
        await ask(hass, "upgrade_station_security")
    assert refused.value.translation_key == "upgrade_offline"


async def test_the_home_has_to_be_encrypted_first(hass: HomeAssistant) -> None:
    home = await with_door(hass)
    async with dial_in(home):
        with pytest.raises(HomeAssistantError) as refused:
            await ask(hass, "upgrade_station_security")
    assert refused.value.translation_key == "upgrade_no_encryption"


async def start_repair(client: Any, name: str) -> Any:
    """Open the dialog of a repair."""
    asked = {"handler": DOMAIN, "issue_id": name}
    return await (await client.post("/api/repairs/issues/fix", json=asked)).json()


async def go_on(client: Any, page: Any) -> Any:
    """Fill in a page, or look again at one that shows progress."""
    path = f"/api/repairs/issues/fix/{page['flow_id']}"
    response = await client.post(path, json={}) if page["type"] == "form" else await client.get(path)
    return await response.json()


async def test_the_repair_takes_the_step_on_the_owners_word(hass: HomeAssistant, hass_client: Any) -> None:
    second = free_port()
    home = await with_door(hass, security="both", tls_port=second)
    assert await async_setup_component(hass, "repairs", {})
    climber = Climber(home)
    client = await hass_client()
    async with climber.on_the_line():
        told = issue(hass, f"upgrade_security_01{STATION}")
        assert told is not None
        assert told.is_fixable
        page = await start_repair(client, told.issue_id)
        assert (page["step_id"], page["description_placeholders"]) == ("confirm", {"station": "Garage"})
        page = await go_on(client, page)
        assert (page["type"], page["step_id"]) == ("progress", "upgrade")
        async with asyncio.timeout(10):
            await climber.reset.wait()
    async with (
        aiohttp.ClientSession() as line,
        line.ws_connect(
            f"{climber.url}/{STATION}", protocols=("ocpp2.1",), headers=credentials(), ssl=await trusting(home)
        ),
    ):
        await until(lambda: issue(hass, f"upgrade_security_01{STATION}") is None)
        await hass.async_block_till_done()
        page = await go_on(client, page)
        assert page["type"] == "create_entry"


async def test_the_repair_says_which_step_failed(hass: HomeAssistant, hass_client: Any) -> None:
    home = await with_door(hass, security="both", tls_port=free_port())
    assert await async_setup_component(hass, "repairs", {})
    client = await hass_client()
    async with Climber(home, SetNetworkProfile="Failed").on_the_line():
        page = await start_repair(client, f"upgrade_security_01{STATION}_01HOME")
        page = await go_on(client, page)
        await until(lambda: not _waits_for_work(hass, page["flow_id"]))
        page = await go_on(client, page)
    assert (page["type"], page["reason"]) == ("abort", "upgrade_slot_refused")
    assert page["description_placeholders"] == {"station": "Garage", "answer": "Failed"}
    for words in LANGUAGES.values():
        fix = words["issues"]["upgrade_security"]["fix_flow"]
        assert "{answer}" in fix["abort"][page["reason"]]


def _waits_for_work(hass: HomeAssistant, flow_id: str) -> bool:
    flows = repairs_flow_manager(hass)
    assert flows is not None
    return any(flow["flow_id"] == flow_id and flow["step_id"] == "upgrade" for flow in flows.async_progress())


async def test_from_a_password_to_a_certificate(hass: HomeAssistant, tmp_path: Any) -> None:
    home = await with_door(hass, security="tls")
    context = await trusting(home)
    climber = Climber(home)
    asked, key = asked_for()

    async def ask_for_one(_: dict[str, Any]) -> dict[str, Any]:
        asyncio.get_running_loop().create_task(wire.tell("SignCertificate", csr=asked))
        return {"status": "Accepted"}

    file = tmp_path / "own.pem"

    def take(told: dict[str, Any]) -> dict[str, Any]:
        file.write_text(told["certificateChain"] + key)
        return {"status": "Accepted"}

    async with climber.on_the_line(
        wss=(home.data["port"], context), TriggerMessage=ask_for_one, CertificateSigned=take
    ) as wire:
        upgrading = asyncio.create_task(ask(hass, "upgrade_station_security", station=STATION))
        async with asyncio.timeout(20):
            await climber.reset.wait()
    assert climber.profile == 3
    context.load_cert_chain(file)
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(f"{climber.url}/{STATION}", protocols=("ocpp2.1",), ssl=context),
    ):
        assert (await asyncio.wait_for(upgrading, 10))["security_profile"] == 3
    assert await knock(home, context=await trusting(home)) == 403, "the password alone will not do any more"


async def test_a_station_that_does_not_come_back_encrypted_is_told_of(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.mobilize_flex.upgrading.BACK_S", 0.5)
    home = await with_door(hass, security="both", tls_port=free_port())
    climber = Climber(home)
    async with climber.on_the_line():
        with pytest.raises(HomeAssistantError) as refused:
            await ask(hass, "upgrade_station_security")
    assert refused.value.translation_key == "upgrade_not_restarted"
    assert climber.priority[-1] == "1", "undone"


async def test_a_station_that_comes_back_as_it_was_is_told_of(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.mobilize_flex.upgrading.BACK_S", 1.0)
    home = await with_door(hass, security="both", tls_port=free_port())
    climber = Climber(home)
    async with climber.on_the_line():
        upgrading = asyncio.create_task(ask(hass, "upgrade_station_security", station=STATION))
        await climber.reset.wait()
    async with climber.on_the_line():
        with pytest.raises(HomeAssistantError) as refused:
            await upgrading
    assert refused.value.translation_key == "upgrade_back_as_before"
    assert climber.priority[-1] == "1", "undone"


async def test_a_station_that_stays_away_is_told_of(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.mobilize_flex.upgrading.BACK_S", 0.5)
    home = await with_door(hass, security="both", tls_port=free_port())
    climber = Climber(home)
    async with climber.on_the_line():
        upgrading = asyncio.create_task(ask(hass, "upgrade_station_security", station=STATION))
        await climber.reset.wait()
    with pytest.raises(HomeAssistantError) as refused:
        await upgrading
    assert refused.value.translation_key == "upgrade_not_back"


@pytest.mark.parametrize(("held", "key"), [(True, "upgrade_slot_refused"), (False, "upgrade_root_refused")])
async def test_a_root_that_is_there_already_need_not_be_taken_again(hass: HomeAssistant, held: bool, key: str) -> None:
    home = await with_door(hass, security="both", tls_port=free_port())
    serial = (await coordinator(home).gate.async_root()).serial.upper() if held else "1234"
    row = {"hashAlgorithm": "SHA256", "issuerNameHash": "a", "issuerKeyHash": "b", "serialNumber": serial}
    chains = [{"certificateType": "CSMSRootCertificate", "certificateHashData": row}]
    listed = {"status": "Accepted", "certificateHashDataChain": chains}
    climber = Climber(home, InstallCertificate="Failed", SetNetworkProfile="Failed")
    async with climber.on_the_line(GetInstalledCertificateIds=listed):
        with pytest.raises(HomeAssistantError) as refused:
            await ask(hass, "upgrade_station_security")
    assert refused.value.translation_key == key


@pytest.mark.parametrize(
    ("answer", "key"), [("Rejected", "upgrade_sign_refused"), ("Accepted", "upgrade_no_certificate")]
)
async def test_a_station_that_wants_no_certificate_stays_where_it_is(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, answer: str, key: str
) -> None:
    monkeypatch.setattr("custom_components.mobilize_flex.upgrading.SIGNED_S", 0.3)
    home = await with_door(hass, security="tls")
    climber = Climber(home)
    wss = (home.data["port"], await trusting(home))
    async with climber.on_the_line(wss=wss, TriggerMessage={"status": answer}):
        with pytest.raises(HomeAssistantError) as refused:
            await ask(hass, "upgrade_station_security")
    assert refused.value.translation_key == key
    assert not climber.reset.is_set()


async def test_there_is_nothing_above_a_certificate(hass: HomeAssistant, tmp_path: Any) -> None:
    home = await with_door(hass, security="tls")
    answer = await ask(hass, "issue_station_certificate")
    file = tmp_path / "both.pem"
    file.write_text(answer["certificate"] + answer["private_key"])
    context = await trusting(home)
    context.load_cert_chain(file)
    async with dial_in(home, wss=(home.data["port"], context)):
        with pytest.raises(HomeAssistantError) as refused:
            await ask(hass, "upgrade_station_security")
    assert refused.value.translation_key == "upgrade_not_needed"


async def test_another_stations_certificate_counts_as_a_wrong_password(hass: HomeAssistant, tmp_path: Any) -> None:
    home = await with_door(hass, security="tls")
    issued, key = await coordinator(home).gate.async_issue("SOMEBODY-ELSE")
    file = tmp_path / "both.pem"
    file.write_text(issued.chain + key)
    context = await trusting(home)
    context.load_cert_chain(file)
    assert await knock(home, context=context) == 401
    assert issue(hass, "wrong_password")


async def test_an_ending_certificate_is_asked_for_again(hass: HomeAssistant) -> None:
    home = await with_door(hass, security="tls")
    await ask(hass, "issue_station_certificate")
    later = dt_util.utcnow() + timedelta(days=380)
    async with dial_in(home, wss=(home.data["port"], await trusting(home))) as wire:
        coordinator(home).gate.certificates._clock = lambda: later
        await coordinator(home).gate.async_check(later)
        await until(lambda: wire.asked.get("TriggerMessage", {}).get("requestedMessage", "").startswith("Sign"))


async def test_a_renewal_that_fails_is_told_and_nobody_is_dropped(hass: HomeAssistant) -> None:
    home = await with_door(hass, security="tls")
    file = certificate_folder(hass, "01HOME") / "server-ec.pem"
    file.unlink()
    file.mkdir()
    await coordinator(home).gate.async_check(dt_util.utcnow())
    assert issue(hass, "certificates_unusable")
    assert await knock(home, context=await trusting(home)) == 101
    file.rmdir()
    await coordinator(home).gate.async_check(dt_util.utcnow())
    assert issue(hass, "certificates_unusable") is None
