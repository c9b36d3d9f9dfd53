"""A real vendor on a real socket behind the stations' door, in all its moods."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
import gc
import json
from pathlib import Path
import time
from typing import Any

from aiohttp import web
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection

from custom_components.mobilize_flex.core.model.commands import (
    AnswerAuthorize,
    AnswerBoot,
    AnswerTransaction,
    BootStatus,
    Keep,
    TokenStatus,
)
from custom_components.mobilize_flex.core.model.facts import (
    CardPresented,
    StationBooted,
    StationConnected,
    StationDisconnected,
    StationFact,
    TransactionReported,
)
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.vendor import VendorState
from custom_components.mobilize_flex.core.ocpp import forwarding
from custom_components.mobilize_flex.shell import vendor_link
from custom_components.mobilize_flex.shell.schemas import load_schemas
from custom_components.mobilize_flex.shell.station_door import Admission, Verdict, Visitor
from custom_components.mobilize_flex.shell.station_server import StationServer
from custom_components.mobilize_flex.shell.vendor_target import VendorTarget
from custom_components.mobilize_flex.shell.vendors import Vendors

from .test_station_server import _certificate
from .vendor import AT, Vendor

pytestmark = pytest.mark.usefixtures("socket_enabled")

BOOT = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}
TOKEN = {"idToken": "04AABB", "type": "ISO14443"}


def event(kind: str, seq: int) -> dict[str, Any]:
    told = {"eventType": kind, "timestamp": AT, "triggerReason": "Trigger", "seqNo": seq}
    return told | {"transactionInfo": {"transactionId": "t"}}


class Home:
    """A house that says yes to everything, with a vendor behind it."""

    def __init__(self) -> None:
        self.disk: dict[str, object] = {}
        self.changes: list[str] = []
        self.server: StationServer | None = None
        self.vendors: Vendors | None = None

    def clock(self) -> Moment:
        return Moment(datetime.now(UTC), time.monotonic())

    async def admit(self, visitor: Visitor) -> Admission:
        return Admission(Verdict.ADMITTED, 1)

    async def keep(self, keeps: Sequence[Keep]) -> None:
        await asyncio.sleep(0.01)
        for keep in keeps:
            self.disk.pop(keep.key, None)
            if keep.value is not None:
                self.disk[keep.key] = keep.value

    def on_fact(self, fact: StationFact) -> None:
        assert self.server is not None
        match fact:
            case StationConnected(station=station) if self.vendors is not None:
                self.vendors.station_came(station)
            case StationDisconnected(station=station) if self.vendors is not None:
                self.vendors.station_left(station)
            case StationBooted(call=call):
                self.server.send(AnswerBoot(call=call, status=BootStatus.ACCEPTED, interval_s=300))
            case CardPresented(call=call):
                self.server.send(AnswerAuthorize(call=call, status=TokenStatus.ACCEPTED, v2g=True, phases=1))
            case TransactionReported(call=call):
                self.server.send(AnswerTransaction(call=call))

    async def open(self, schemas: Any) -> None:
        server = self.server = StationServer(
            "127.0.0.1", 0, admit=self.admit, on_fact=self.on_fact, clock=self.clock, schemas=schemas, rate_limit=None
        )
        await server.start()
        self.vendors = self.new_vendors(schemas)

    def new_vendors(self, schemas: Any, **more: Any) -> Vendors:
        server = self.server
        assert server is not None
        return Vendors(
            schemas=schemas,
            clock=self.clock,
            ask=server.call,
            keep=self.keep,
            route=lambda _: None,
            changed=self.changes.append,
            known=lambda _: None,
            connected=lambda: server.connected,
            kept=self.disk,
            **more,
        )

    async def follow(self, vendor: Vendor, **more: Any) -> None:
        assert self.vendors is not None
        target = VendorTarget(url=f"ws://127.0.0.1:{vendor.port}/ocpp", identity=more.pop("identity", "S1"), **more)
        await self.vendors.follow({"S1": target})

    @property
    def state(self) -> VendorState | None:
        assert self.vendors is not None
        report = self.vendors.report("S1")
        return None if report is None else report.state


@pytest.fixture(scope="module")
def schemas() -> Any:
    return load_schemas()


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendor_link, "FIRST_WAIT_S", 0.05)
    monkeypatch.setattr(vendor_link, "LONGEST_WAIT_S", 0.1)
    monkeypatch.setattr(vendor_link, "DUE_EVERY_S", 0.02)
    monkeypatch.setattr(forwarding, "BUDGET_S", 0.5)


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    vendor = Vendor()
    await vendor.open()
    yield vendor
    await vendor.close()


@pytest.fixture
async def home(schemas: Any) -> AsyncIterator[Home]:
    home = Home()
    await home.open(schemas)
    yield home
    assert home.vendors is not None
    assert home.server is not None
    await home.vendors.stop()
    await home.server.stop()


class Station:
    """A station that waits for each answer, and answers what it is asked."""

    def __init__(self, line: ClientConnection) -> None:
        self.line = line
        self.asked: list[list[Any]] = []
        self.number = 0

    async def ask(self, action: str, payload: dict[str, Any]) -> list[Any]:
        self.number += 1
        await self.line.send(json.dumps([2, f"m{self.number}", action, payload]))
        async with asyncio.timeout(5):
            while True:
                frame: list[Any] = json.loads(await self.line.recv())
                if frame[0] != 2:
                    assert frame[1] == f"m{self.number}"
                    return frame
                await self.reply(frame)

    async def listen(self, seconds: float) -> list[list[Any]]:
        """Return what comes by itself meanwhile."""
        heard: list[list[Any]] = []
        try:
            async with asyncio.timeout(seconds):
                while True:
                    heard.append(json.loads(await self.line.recv()))
                    await self.reply(heard[-1])
        except TimeoutError:
            return heard

    async def reply(self, frame: list[Any]) -> None:
        if frame[0] == 2:
            self.asked.append(frame)
            status = "NotImplemented" if frame[2] == "TriggerMessage" else "Accepted"
            await self.line.send(json.dumps([3, frame[1], {"status": status}]))


def dial(home: Home, languages: Sequence[str] = ("ocpp2.1",)) -> connect:
    assert home.server is not None
    return connect(
        f"ws://127.0.0.1:{home.server.port}/S1",
        subprotocols=list(languages),  # type: ignore[arg-type]
        ping_interval=None,
        close_timeout=0.5,
    )


async def until(true: Callable[[], object], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def accepted(home: Home, line: ClientConnection) -> Station:
    """Let a station boot here and at its vendor."""
    station = Station(line)
    assert (await station.ask("BootNotification", BOOT))[2]["status"] == "Accepted"
    await until(lambda: home.state is VendorState.CONNECTED)
    return station


async def test_a_station_reaches_its_vendor_and_the_vendor_its_station(home: Home, vendor: Vendor) -> None:
    await home.follow(vendor, user="me", password="secret")
    assert home.state is VendorState.WAITING
    async with dial(home) as line:
        station = await accepted(home, line)
        path, auth = vendor.headers[0]
        assert path == "/ocpp/S1"
        assert auth == "Basic " + base64.b64encode(b"me:secret").decode()
        answer = await station.ask("Authorize", {"idToken": TOKEN})
        assert answer[2]["idTokenInfo"]["personalMessage"]["content"] == "hi"
        assert answer[2]["allowedEnergyTransfer"][0] == "AC_BPT"
        assert (await station.ask("TransactionEvent", event("Started", 0)))[2] == {"totalCost": 1.5}
        await vendor.lines[0].send(json.dumps([2, "v1", "ClearCache", {}]))
        await vendor.lines[0].send(json.dumps([2, "v2", "ClearChargingProfile", {"chargingProfileId": 200}]))
        await station.listen(0.2)
        assert [frame[2] for frame in station.asked if frame[2] != "TriggerMessage"] == ["ClearCache"]
        assert sorted(frame[1] for frame in vendor.answers()) == ["v1", "v2"]
    await until(lambda: home.state is VendorState.WAITING)
    await until(lambda: vendor.lines[0].close_code is not None)
    assert home.disk.keys() == {"vendor/S1/boot"}


async def test_an_address_that_ends_with_the_identity_is_taken_as_it_is() -> None:
    plain = VendorTarget(url="wss://example.com/ocpp/", identity="S 1")
    full = VendorTarget(url="wss://example.com/ocpp/S1", identity="S1")
    assert str(plain.full_url) == "wss://example.com/ocpp/S%201"
    assert str(full.full_url) == "wss://example.com/ocpp/S1"


async def test_the_vendor_is_spoken_to_in_the_stations_own_language(home: Home, vendor: Vendor) -> None:
    await home.follow(vendor)
    async with dial(home, ["ocpp2.0.1"]) as line:
        await accepted(home, line)
        assert vendor.lines[0].subprotocol == "ocpp2.0.1"


async def test_a_vendor_of_another_language_gets_nothing(home: Home, vendor: Vendor) -> None:
    async def mute(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()  # agrees to no language
        await socket.prepare(request)
        await socket.receive()
        return socket

    runner = web.ServerRunner(web.Server(mute))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    vendor.port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    await home.follow(vendor)
    async with dial(home) as line:
        station = Station(line)
        assert (await station.ask("BootNotification", BOOT))[2]["interval"] == 300
        await until(lambda: home.state is VendorState.OTHER_VERSION)
        assert vendor.heard == []
    await runner.cleanup()


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (401, VendorState.REFUSED),
        (404, VendorState.REFUSED),
        (503, VendorState.UNREACHABLE),
        (302, VendorState.UNREACHABLE),
    ],
)
async def test_nobody_sends_us_elsewhere(home: Home, vendor: Vendor, status: int, state: VendorState) -> None:
    async def turn_away(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=status, headers={"Location": f"http://127.0.0.1:{vendor.port}/trap/S1"})

    asked: list[str] = []
    runner = web.ServerRunner(web.Server(turn_away))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    assert home.vendors is not None
    await home.vendors.follow({"S1": VendorTarget(url=f"ws://127.0.0.1:{port}", identity="S1")})
    async with dial(home):
        await until(lambda: asked)
        await until(lambda: home.state is state)
        await asyncio.sleep(0.1)
    assert vendor.headers == []
    await runner.cleanup()


@pytest.mark.parametrize("trusted", [True, False])
async def test_only_a_vendor_that_can_prove_who_it_is_is_spoken_to(
    home: Home, schemas: Any, vendor: Vendor, tmp_path: Path, trusted: bool
) -> None:
    here, there = _certificate(tmp_path)
    await vendor.close()
    vendor.port = 0
    await vendor.open(here)
    assert home.vendors is not None
    assert home.server is not None
    if trusted:
        await home.vendors.stop()
        home.vendors = home.new_vendors(schemas, ssl=there)
    target = VendorTarget(url=f"wss://localhost:{vendor.port}/ocpp", identity="S1", user="me", password="secret")
    await home.vendors.follow({"S1": target})
    async with dial(home) as line:
        await Station(line).ask("BootNotification", BOOT)
        await until(lambda: home.state is (VendorState.CONNECTED if trusted else VendorState.UNTRUSTED))
    assert bool(vendor.headers) is trusted


async def test_an_authority_of_the_vendors_own_is_believed_where_the_owner_names_it(
    home: Home, vendor: Vendor, tmp_path: Path
) -> None:
    here, _ = _certificate(tmp_path)
    root = (tmp_path / "both.pem").read_text().partition("-----BEGIN PRIVATE")[0]
    await vendor.close()
    vendor.port = 0
    await vendor.open(here)
    assert home.vendors is not None
    target = VendorTarget(url=f"wss://localhost:{vendor.port}/ocpp", identity="S1")
    await home.vendors.follow({"S1": target})
    async with dial(home) as line:
        await Station(line).ask("BootNotification", BOOT)
        await until(lambda: home.state is VendorState.UNTRUSTED)
        await home.vendors.follow({"S1": replace(target, root=root)})
        await until(lambda: home.state is VendorState.CONNECTED)


async def test_what_the_vendor_missed_is_told_when_it_is_back(home: Home, vendor: Vendor) -> None:
    await home.follow(vendor)
    async with dial(home) as line:
        station = await accepted(home, line)
        await vendor.close()
        await until(lambda: home.state is VendorState.UNREACHABLE)
        for seq, kind in enumerate(["Started", "Updated", "Ended"]):
            begun = time.monotonic()
            assert (await station.ask("TransactionEvent", event(kind, seq)))[2] == {}
            assert time.monotonic() - begun < 0.4
        assert len(home.disk) == 4
        assert home.vendors is not None
        report = home.vendors.report("S1")
        assert report is not None
        assert report.queued == 3
        vendor.heard.clear()
        await vendor.open()
        await until(lambda: len(vendor.calls("TransactionEvent")) == 3)
        assert [(e["seqNo"], e["offline"]) for e in vendor.calls("TransactionEvent")] == [
            (0, True),
            (1, True),
            (2, True),
        ]
        assert vendor.heard[0][2] == "BootNotification"
        await until(lambda: home.disk.keys() == {"vendor/S1/boot"})
        assert "S1" in home.changes


async def test_a_mute_vendor_costs_the_station_no_more_than_the_budget(home: Home, vendor: Vendor) -> None:
    async def silently(line: ServerConnection, frame: list[Any]) -> None:
        if frame[2] == "BootNotification":
            await vendor.politely(line, frame)

    vendor.answer = silently
    await home.follow(vendor)
    async with dial(home) as line:
        station = await accepted(home, line)
        spent = []
        for _ in range(3):
            begun = time.monotonic()
            assert (await station.ask("Authorize", {"idToken": TOKEN}))[2]["idTokenInfo"]["status"] == "Accepted"
            spent.append(time.monotonic() - begun)
        assert 0.4 < spent[0] < 1.5
        assert max(spent[1:]) < 0.4


@pytest.mark.parametrize("mood", ["garbage", "twice", "hangs up", "late", "too much", "octets"])
async def test_each_call_gets_its_one_answer_whatever_the_vendor_does(home: Home, vendor: Vendor, mood: str) -> None:
    async def moodily(line: ServerConnection, frame: list[Any]) -> None:
        if frame[2] == "BootNotification":
            await vendor.politely(line, frame)
        elif mood == "garbage":
            for raw in ("", "{", "[3]", "[" * 5000, json.dumps([3, frame[1], {"idTokenInfo": 7}])):
                await line.send(raw)
        elif mood == "twice":
            await vendor.politely(line, frame)
            await vendor.politely(line, frame)
        elif mood == "hangs up":
            await line.close()
        elif mood == "late":
            await asyncio.sleep(0.8)
            await vendor.politely(line, frame)
        elif mood == "too much":
            await line.send("[" + " " * 300_000 + "]")
        else:
            await line.send(b"\x00\x01")

    await home.follow(vendor)
    async with dial(home) as line:
        station = await accepted(home, line)
        vendor.answer = moodily
        for action, payload in (("Authorize", {"idToken": TOKEN}), ("TransactionEvent", event("Ended", 1))):
            assert (await station.ask(action, payload))[0] == 3
        assert [frame for frame in await station.listen(1.0) if frame[0] != 2] == []
        assert home.server is not None
        assert not home.server.failures


async def test_the_owner_may_switch_it_on_and_off_under_a_running_conversation(home: Home, vendor: Vendor) -> None:
    async def silently(line: ServerConnection, frame: list[Any]) -> None:
        if frame[2] == "BootNotification":
            await vendor.politely(line, frame)

    assert home.vendors is not None
    async with dial(home) as line:
        station = Station(line)
        await station.ask("BootNotification", BOOT)
        await home.follow(vendor)
        await until(lambda: home.state is VendorState.PENDING)
        await station.listen(0.1)
        assert [frame[3] for frame in station.asked] == [{"requestedMessage": "BootNotification"}]
        vendor.answer = silently
        await station.ask("BootNotification", BOOT)
        await until(lambda: home.state is VendorState.CONNECTED)
        await line.send(json.dumps([2, "held", "Authorize", {"idToken": TOKEN}]))
        await until(lambda: vendor.calls("Authorize"))
        await home.vendors.follow({})
        assert json.loads(await line.recv())[1] == "held"
        assert home.vendors.report("S1") is None
        assert (await station.ask("Heartbeat", {}))[0] == 3
        await until(lambda: home.disk == {})
    assert len(vendor.lines) == 1


async def test_another_password_is_tried_at_once_and_keeps_the_queue(home: Home, vendor: Vendor) -> None:
    await home.follow(vendor, user="me", password="old")
    async with dial(home) as line:
        await accepted(home, line)
        await home.follow(vendor, user="me", password="new")
        await until(lambda: len(vendor.headers) == 2)
        await until(lambda: home.state is VendorState.CONNECTED)
        assert vendor.headers[1][1] == "Basic " + base64.b64encode(b"me:new").decode()


async def test_the_queue_of_a_station_without_a_vendor_is_forgotten(home: Home, schemas: Any, vendor: Vendor) -> None:
    await home.follow(vendor)
    async with dial(home) as line:
        await accepted(home, line)
    await until(lambda: home.disk)
    again = Home()
    again.disk = dict(home.disk)
    await again.open(schemas)
    assert again.vendors is not None
    assert again.server is not None
    await again.vendors.follow({})
    assert again.disk == {}
    await again.vendors.stop()
    await again.server.stop()


async def test_nothing_is_left_when_it_stops(schemas: Any, vendor: Vendor) -> None:
    before = asyncio.all_tasks()
    home = Home()
    await home.open(schemas)
    await home.follow(vendor)
    async with dial(home) as line:
        await accepted(home, line)
        await vendor.lines[0].send(json.dumps([2, "v1", "ClearCache", {}]))
        assert home.vendors is not None
        assert home.server is not None
        await home.vendors.stop()
        await home.server.stop()
    await asyncio.sleep(0.1)
    gc.collect()
    ours = {task for task in asyncio.all_tasks() - before if "mobilize_flex" in str(task.get_coro())}
    assert ours == set()
