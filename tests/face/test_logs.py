"""A station's diary in Home Assistant: asked for, uploaded, downloaded; what goes wrong is said in words."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
import hashlib
import json
from pathlib import Path
import ssl
from typing import Any

import aiohttp
from homeassistant.components.http.auth import async_sign_path
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
import probatio
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.mobilize_flex import services_firmware
from custom_components.mobilize_flex.const import DOMAIN
from custom_components.mobilize_flex.downloads import VALID, log_url
from custom_components.mobilize_flex.shell.uploads import UploadLimits

from .homes import free_port
from .house import STATION, coordinator
from .wire import Wire, dial_in, with_door

DIARY = b"18:00:00 the car slept\n" * 1000


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Let the station server listen."""


@pytest.fixture
async def home(hass: HomeAssistant) -> MockConfigEntry:
    return await with_door(hass)


async def get_log(hass: HomeAssistant, **fields: Any) -> Any:
    return await hass.services.async_call(DOMAIN, "get_log", fields, blocking=True, return_response=True)


async def upload(asked: Mapping[str, Any], **more: Any) -> int:
    """Send a diary where a station was asked to."""
    async with (
        aiohttp.ClientSession() as client,
        client.put(asked["log"]["remoteLocation"], data=DIARY, **more) as sent,
    ):
        return sent.status


class Diarist:
    """A station that agrees, then does what it was told to."""

    def __init__(self, then: Callable[[Wire, dict[str, Any]], Awaitable[None]], status: str = "Accepted") -> None:
        self._then, self._status = then, status
        self.wire: Wire | None = None
        self.work: list[asyncio.Task[None]] = []

    def __call__(self, asked: dict[str, Any]) -> Mapping[str, Any]:
        assert self.wire is not None
        self.work.append(asyncio.create_task(self._later(self.wire, asked)))
        return {"status": self._status, "filename": "../../etc/passwd"}

    async def _later(self, wire: Wire, asked: dict[str, Any]) -> None:
        await asyncio.sleep(0.05)
        await self._then(wire, asked)


async def ask(hass: HomeAssistant, home: MockConfigEntry, then: Any, **fields: Any) -> Any:
    """Ask for a diary from a station that does something."""
    diarist = Diarist(then)
    async with dial_in(home, GetLog=diarist) as diarist.wire:
        try:
            return await get_log(hass, **fields)
        finally:
            await asyncio.gather(*diarist.work)


async def sends(wire: Wire, asked: dict[str, Any]) -> None:
    await wire.tell("LogStatusNotification", status="Uploading", requestId=asked["requestId"])
    assert await upload(asked) == 200
    await wire.tell("LogStatusNotification", status="Uploaded", requestId=asked["requestId"])


def telling(status: str, **more: Any) -> Callable[[Wire, dict[str, Any]], Awaitable[None]]:
    async def tell(wire: Wire, asked: dict[str, Any]) -> None:
        await wire.tell("LogStatusNotification", status=status, **({"requestId": asked["requestId"]} | more))

    return tell


async def test_a_diary_arrives_and_can_be_taken_away(
    hass: HomeAssistant, home: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    told = await ask(hass, home, sends, kind="security", oldest="2026-11-21T00:00:00+00:00", retries=1)
    assert told["station"] == STATION
    assert (told["status"], told["size"]) == ("uploaded", len(DIARY))
    assert told["sha256"] == hashlib.sha256(DIARY).hexdigest()
    client = await hass_client_no_auth()
    answer = await client.get(told["url"])
    assert answer.status == 200
    assert await answer.read() == DIARY
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{told["file_name"]}"'
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_what_is_asked_of_the_station_holds_no_password(hass: HomeAssistant, home: MockConfigEntry) -> None:
    asked: list[dict[str, Any]] = []

    async def look(wire: Wire, payload: dict[str, Any]) -> None:
        asked.append(payload)
        await sends(wire, payload)

    await ask(hass, home, look, kind="security", latest="2026-11-22T10:00:00+00:00", retries=1, retry_interval=5)
    log = asked[0]["log"]
    server = coordinator(home).server
    assert server is not None
    base, _, token = log["remoteLocation"].rpartition("/")
    assert base == f"http://127.0.0.1:{server.port}/upload"
    assert (len(token), token.isalnum()) == (32, True)
    assert asked[0]["logType"] == "SecurityLog"
    assert (asked[0]["retries"], asked[0]["retryInterval"]) == (1, 5)
    assert log["latestTimestamp"] == "2026-11-22T10:00:00Z"


async def test_diagnostics_tell_no_address(
    hass: HomeAssistant, home: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    source = "https://user:word@files.example/fw.bin"
    async with dial_in(home, GetLog={"status": "Accepted"}, UpdateFirmware={"status": "Accepted"}) as wire:
        await get_log(hass, wait=False)
        offer = {"url": source, "version": "2.0", "allow_unsigned": True}
        await hass.services.async_call(DOMAIN, "update_firmware", offer, blocking=True)
        told = json.dumps(await get_diagnostics_for_config_entry(hass, hass_client, home))
        token = wire.asked["GetLog"]["log"]["remoteLocation"].rpartition("/")[2]
    assert "UpdateFirmware" in told
    assert token not in told
    assert "user:word" not in told


async def test_the_owner_may_name_the_host(hass: HomeAssistant, home: MockConfigEntry) -> None:
    async with dial_in(home, GetLog={"status": "Accepted"}) as wire:
        await get_log(hass, host="fd00::5", wait=False)
        assert wire.asked["GetLog"]["log"]["remoteLocation"].startswith("http://[fd00::5]:")


async def trusting(home: MockConfigEntry) -> ssl.SSLContext:
    """Return what a station needs that trusts our root."""
    root = await coordinator(home).gate.async_root()
    return ssl.create_default_context(cadata=root.pem)


async def test_a_diary_comes_by_the_encrypted_door_where_there_is_one(hass: HomeAssistant) -> None:
    home = await with_door(hass, security="tls", host_name="localhost")
    context, port = await trusting(home), home.data["port"]
    async with dial_in(home, wss=(port, context), GetLog={"status": "Accepted"}) as wire:
        told = await get_log(hass, wait=False)
        asked = wire.asked["GetLog"]
        assert asked["log"]["remoteLocation"].startswith(f"https://localhost:{port}/upload/")
        asked["log"]["remoteLocation"] = asked["log"]["remoteLocation"].replace("localhost", "127.0.0.1")
        assert await upload(asked, ssl=context) == 200
    stored = coordinator(home).uploads.find(told["log_id"])
    assert stored is not None
    assert stored.path.read_bytes() == DIARY


async def test_a_station_that_still_dials_in_clear_uploads_in_clear(hass: HomeAssistant) -> None:
    home = await with_door(hass, security="both", tls_port=free_port(), host_name="localhost")
    context, port, tls_port = await trusting(home), home.data["port"], home.data["tls_port"]
    async with dial_in(home, GetLog={"status": "Accepted"}) as wire:
        await get_log(hass, wait=False)
        assert wire.asked["GetLog"]["log"]["remoteLocation"].startswith(f"http://127.0.0.1:{port}/upload/")
    async with dial_in(home, wss=(tls_port, context), GetLog={"status": "Accepted"}) as wire:
        await get_log(hass, wait=False)
        assert wire.asked["GetLog"]["log"]["remoteLocation"].startswith(f"https://localhost:{tls_port}/upload/")


async def test_who_does_not_want_to_wait_gets_the_address_at_once(
    hass: HomeAssistant, home: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    client = await hass_client_no_auth()
    async with dial_in(home, GetLog={"status": "Accepted"}) as wire:
        told = await get_log(hass, wait=False)
        assert (told["status"], told["size"], told["sha256"], told["file_name"]) == ("accepted", None, None, None)
        assert (await client.get(told["url"])).status == 404
        assert await upload(wire.asked["GetLog"]) == 200
        assert await (await client.get(told["url"])).read() == DIARY
        assert await upload(wire.asked["GetLog"]) == 404


async def test_after_the_time_limit_what_is_known_is_told(hass: HomeAssistant, home: MockConfigEntry) -> None:
    told = await ask(hass, home, telling("Uploading"), timeout=1)
    assert (told["status"], told["size"]) == ("uploading", None)


async def test_a_station_that_only_says_it_sent_it_is_believed_for_a_moment(
    hass: HomeAssistant, home: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services_firmware, "LATE_S", 0.1)
    told = await ask(hass, home, telling("Uploaded"))
    assert (told["status"], told["size"]) == ("uploaded", None)


async def test_another_upload_is_not_ours(hass: HomeAssistant, home: MockConfigEntry) -> None:
    told = await ask(hass, home, telling("UploadFailure", requestId=1), timeout=1)
    assert told["status"] == "accepted"


@pytest.mark.parametrize(
    ("status", "key"),
    [
        ("UploadFailure", "log_upload_failed"),
        ("BadMessage", "log_bad_message"),
        ("NotSupportedOperation", "log_not_supported"),
        ("PermissionDenied", "log_permission_denied"),
        ("AcceptedCanceled", "log_canceled"),
    ],
)
async def test_what_goes_wrong_is_said_in_words(
    hass: HomeAssistant, home: MockConfigEntry, status: str, key: str
) -> None:
    with pytest.raises(HomeAssistantError) as failed:
        await ask(hass, home, telling(status))
    assert failed.value.translation_key == key


async def test_a_failure_without_a_number_is_that_of_the_latest(hass: HomeAssistant, home: MockConfigEntry) -> None:
    async def fail(wire: Wire, asked: dict[str, Any]) -> None:
        await wire.tell("LogStatusNotification", status="UploadFailure")

    with pytest.raises(HomeAssistantError) as failed:
        await ask(hass, home, fail)
    assert failed.value.translation_key == "log_upload_failed"


async def test_a_diary_that_is_too_large_is_said_so(hass: HomeAssistant, home: MockConfigEntry) -> None:
    coordinator(home).uploads._limits = UploadLimits(file_octets=1000)

    async def too_much(wire: Wire, asked: dict[str, Any]) -> None:
        assert await upload(asked) == 413

    with pytest.raises(HomeAssistantError) as failed:
        await ask(hass, home, too_much)
    assert failed.value.translation_key == "log_too_large"


async def test_a_refusal_makes_the_address_worthless(hass: HomeAssistant, home: MockConfigEntry) -> None:
    async with dial_in(home, GetLog={"status": "Rejected"}) as wire:
        with pytest.raises(HomeAssistantError) as refused:
            await get_log(hass)
        assert refused.value.translation_key == "task_rejected"
        assert await upload(wire.asked["GetLog"]) == 404


async def test_a_second_request_takes_the_place_of_the_first(hass: HomeAssistant, home: MockConfigEntry) -> None:
    asked: list[dict[str, Any]] = []
    work: list[asyncio.Task[None]] = []
    wire: Wire

    async def replace(first: int, second: dict[str, Any]) -> None:
        await wire.tell("LogStatusNotification", status="AcceptedCanceled", requestId=first)
        await sends(wire, second)

    def answer(payload: dict[str, Any]) -> Mapping[str, Any]:
        asked.append(payload)
        if len(asked) == 1:
            return {"status": "Accepted"}
        work.append(asyncio.create_task(replace(asked[0]["requestId"], payload)))
        return {"status": "AcceptedCanceled"}

    async with dial_in(home, GetLog=answer) as wire:
        first = asyncio.create_task(get_log(hass))
        while not asked:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        second = await get_log(hass)
        with pytest.raises(HomeAssistantError) as dropped:
            await first
        await asyncio.gather(*work)
    assert dropped.value.translation_key == "log_canceled"
    assert (second["status"], second["size"]) == ("uploaded", len(DIARY))


async def test_a_station_that_is_away_is_not_asked(hass: HomeAssistant, home: MockConfigEntry) -> None:
    with pytest.raises(HomeAssistantError) as failed:
        await get_log(hass)
    assert failed.value.translation_key == "station_offline"


async def test_an_older_station_has_no_data_collector(hass: HomeAssistant, home: MockConfigEntry) -> None:
    async with dial_in(home, language="ocpp2.0.1"):
        with pytest.raises(ServiceValidationError) as refused:
            await get_log(hass, kind="data_collector")
    assert refused.value.translation_key == "version_lacks"


@pytest.mark.parametrize(
    "fields", [{"kind": "poetry"}, {"host": "http://evil/"}, {"host": ""}, {"timeout": 0}, {"oldest": "then"}]
)
async def test_a_form_filled_in_wrongly_is_refused(
    hass: HomeAssistant, home: MockConfigEntry, fields: dict[str, Any]
) -> None:
    with pytest.raises(probatio.Invalid):
        await get_log(hass, **fields)


async def test_only_administrators_ask(
    hass: HomeAssistant, home: MockConfigEntry, hass_read_only_user: MockUser
) -> None:
    context = Context(user_id=hass_read_only_user.id)
    with pytest.raises(Unauthorized):
        await hass.services.async_call(DOMAIN, "get_log", {}, blocking=True, context=context, return_response=True)


# taking it away


async def stored(hass: HomeAssistant, home: MockConfigEntry) -> str:
    """Return the address of a diary that is there, without its signature."""
    told = await ask(hass, home, sends)
    return str(told["url"]).partition("?")[0]


async def test_nobody_takes_a_diary_away_without_a_key(
    hass: HomeAssistant,
    home: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    hass_client_no_auth: ClientSessionGenerator,
    hass_read_only_access_token: str,
) -> None:
    path = await stored(hass, home)
    assert (await (await hass_client_no_auth()).get(path)).status == 401
    assert (await (await hass_client_no_auth()).get(f"{path}?authSig=junk")).status == 401
    assert (await (await hass_client(hass_read_only_access_token)).get(path)).status == 401
    assert (await (await hass_client(hass_read_only_access_token)).get(f"{path}?authSig=junk")).status == 401
    assert (await (await hass_client()).get(path)).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/api/mobilize_flex/logs/01HOME/" + "0" * 32,
        "/api/mobilize_flex/logs/01HOME/..",
        "/api/mobilize_flex/logs/01HOME/..%2f01HOME.db",
        "/api/mobilize_flex/logs/01HOME/%2e%2e%2f01HOME.db",
        "/api/mobilize_flex/logs/OTHER/{id}",
        "/api/mobilize_flex/logs/..%2f01HOME/{id}",
        "/api/mobilize_flex/logs/01HOME/{id}.log",
        "/api/mobilize_flex/logs/01HOME/",
    ],
)
async def test_nothing_but_diaries_can_be_taken_away(
    hass: HomeAssistant, home: MockConfigEntry, hass_client: ClientSessionGenerator, path: str
) -> None:
    log_id = (await stored(hass, home)).rpartition("/")[2]
    assert (await (await hass_client()).get(path.format(id=log_id))).status in {400, 404}


async def test_the_address_of_one_diary_opens_no_other(
    hass: HomeAssistant, home: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    path = await stored(hass, home)
    other = async_sign_path(hass, path.replace("/logs/", "/loot/"), VALID)
    client = await hass_client_no_auth()
    assert (await client.get(f"{path}?{other.partition('?')[2]}")).status == 401
    assert (await client.get(log_url(hass, home.entry_id, path.rpartition("/")[2]))).status == 200


async def test_diaries_go_with_the_home(
    hass: HomeAssistant, home: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    path = await stored(hass, home)
    folder = coordinator(home).uploads.folder
    assert folder == Path(hass.config.path(DOMAIN, "01HOME.logs"))
    assert len(list(folder.iterdir())) == 1
    await hass.config_entries.async_unload(home.entry_id)
    assert (await (await hass_client()).get(path)).status == 404
    await hass.config_entries.async_remove(home.entry_id)
    await hass.async_block_till_done()
    assert not folder.exists()
