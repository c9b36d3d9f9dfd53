"""Real sockets at the stations' door: who gets in, who is served, and that nobody harms his neighbour."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
import contextlib
from datetime import UTC, datetime
import json
import logging
from pathlib import Path
import ssl
import time
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from custom_components.mobilize_flex.core.model.commands import (
    AnswerAuthorize,
    AnswerBoot,
    AnswerTransaction,
    AskToSend,
    BootStatus,
    ReadInventory,
    TokenStatus,
    Trigger,
)
from custom_components.mobilize_flex.core.model.facts import (
    CardPresented,
    CommandAccepted,
    CommandUnanswered,
    StationBooted,
    StationConnected,
    StationDisconnected,
    StationFact,
    TransactionReported,
)
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.station import Version
from custom_components.mobilize_flex.core.ocpp.frames import FRAME_LIMIT
from custom_components.mobilize_flex.core.ocpp.link import Link
from custom_components.mobilize_flex.shell.schemas import load_schemas
from custom_components.mobilize_flex.shell.station_calls import CallRefused, CallTimeout, InvalidCall, StationOffline
from custom_components.mobilize_flex.shell.station_door import Admission, Limits, Verdict, Visitor
from custom_components.mobilize_flex.shell.station_server import StationServer

pytestmark = pytest.mark.usefixtures("socket_enabled")

SECRETS = {"S1": "secret-of-one", "S2": "secret-of-two", "Säule 1": "s3", "a.b~c": "s4", "OPEN": None}
BOOT = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}
AT = "2026-11-22T18:00:00Z"
EVENT = {
    "eventType": "Started",
    "timestamp": AT,
    "triggerReason": "Authorized",
    "seqNo": 0,
    "transactionInfo": {"transactionId": "t"},
}


class Home:
    """A house that says yes to everything, and remembers."""

    def __init__(self) -> None:
        self.facts: list[StationFact] = []
        self.asked: list[Visitor] = []
        self.server: StationServer | None = None
        self.answering = True
        self.fault: Exception | None = None

    def clock(self) -> Moment:
        return Moment(datetime.now(UTC), time.monotonic())

    async def admit(self, visitor: Visitor) -> Admission:
        self.asked.append(visitor)
        if visitor.identity not in SECRETS:
            return Admission(Verdict.UNKNOWN)
        claim = visitor.claim
        password = None if claim is None else claim.password
        his_own = claim is None or claim.user == visitor.identity
        known = his_own and password == SECRETS[visitor.identity]
        return Admission(Verdict.ADMITTED if known else Verdict.WRONG_SECRET, 2 if visitor.secure else 1)

    def on_fact(self, fact: StationFact) -> None:
        self.facts.append(fact)
        if self.fault is not None and isinstance(fact, TransactionReported):
            raise self.fault
        if not self.answering or self.server is None:
            return
        match fact:
            case StationBooted(call=call):
                self.server.send(AnswerBoot(call=call, status=BootStatus.ACCEPTED, interval_s=300))
            case CardPresented(call=call):
                self.server.send(AnswerAuthorize(call=call, status=TokenStatus.ACCEPTED, v2g=True, phases=3))
            case TransactionReported(call=call):
                self.server.send(AnswerTransaction(call=call))

    def of[Kind](self, kind: type[Kind]) -> list[Kind]:
        return [fact for fact in self.facts if isinstance(fact, kind)]


@pytest.fixture(scope="module")
def schemas() -> Any:
    return load_schemas()


type Open = Callable[..., Awaitable[StationServer]]


@pytest.fixture
def home() -> Home:
    return Home()


@pytest.fixture
async def open_door(home: Home, schemas: Any) -> AsyncIterator[Open]:
    opened: list[StationServer] = []

    async def open_door(**more: Any) -> StationServer:
        server = StationServer(
            "127.0.0.1", 0, admit=home.admit, on_fact=home.on_fact, clock=home.clock, schemas=schemas, **more
        )
        await server.start()
        opened.append(server)
        home.server = server
        return server

    yield open_door
    for server in opened:
        await server.stop()


@pytest.fixture
async def server(open_door: Open) -> StationServer:
    return await open_door(rate_limit=None)


def dial(
    server: StationServer,
    path: str = "/ocpp/S1",
    *,
    user: str | None = None,
    password: str | None = "secret-of-one",
    languages: list[str] | None = ["ocpp2.1", "ocpp2.0.1"],  # noqa: B006
    **more: Any,
) -> connect:
    name = user if user is not None else path.rpartition("/")[2]
    basic = base64.b64encode(f"{name}:{password}".encode()).decode()
    return connect(
        f"ws://127.0.0.1:{server.port}{path}",
        subprotocols=languages,  # type: ignore[arg-type]
        **{
            "additional_headers": {} if password is None else {"Authorization": f"Basic {basic}"},
            "open_timeout": 5,
            "close_timeout": 1,
            "ping_interval": None,
        }
        | more,
    )


async def ask(station: ClientConnection, message_id: str, action: str, payload: dict[str, Any]) -> list[Any]:
    await station.send(json.dumps([2, message_id, action, payload]))
    return await hear(station)


async def hear(station: ClientConnection) -> list[Any]:
    async with asyncio.timeout(5):
        return json.loads(await station.recv())  # type: ignore[no-any-return]


async def until(true: Callable[[], object], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def refused(attempt: connect) -> InvalidStatus:
    with pytest.raises(InvalidStatus) as caught:
        async with attempt:
            pass
    return caught.value


# who gets in


async def test_a_station_dials_in_boots_and_leaves(server: StationServer, home: Home) -> None:
    async with dial(server) as station:
        assert station.subprotocol == "ocpp2.1"
        assert (await ask(station, "1", "BootNotification", BOOT))[2]["status"] == "Accepted"
        assert list(server.connected) == ["S1"]
        assert server.connected["S1"].link.version is Version.V21
    await until(lambda: home.of(StationDisconnected))
    (connected,) = home.of(StationConnected)
    assert home.of(StationDisconnected) == [StationDisconnected(station="S1", link=connected.link)]
    assert server.connected == {}


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["ocpp2.1"], "ocpp2.1"),
        (["ocpp2.0.1"], "ocpp2.0.1"),
        (["ocpp2.0.1", "ocpp2.1"], "ocpp2.1"),
        (["ocpp1.6", "ocpp2.0.1", "ocpp9"], "ocpp2.0.1"),
    ],
)
async def test_the_best_common_language_is_spoken(server: StationServer, offered: list[str], chosen: str) -> None:
    async with dial(server, languages=offered) as station:
        assert station.subprotocol == chosen
        assert (await ask(station, "1", "Heartbeat", {}))[0] == 3


@pytest.mark.parametrize("offered", [["ocpp1.6"], ["chat"], None])
async def test_without_a_common_language_the_handshake_is_finished_then_closed(
    server: StationServer, home: Home, offered: list[str] | None, caplog: pytest.LogCaptureFixture
) -> None:
    async with dial(server, languages=offered) as station:
        assert station.subprotocol is None
        with pytest.raises(ConnectionClosed):
            await station.recv()
        assert station.close_code == 1002
    assert home.facts == []
    assert [record for record in caplog.records if record.levelno >= logging.INFO] == []


@pytest.mark.parametrize(
    ("path", "user", "password"),
    [
        ("/S1", "S1", "secret-of-one"),
        ("/any/prefix/at/all/S1", "S1", "secret-of-one"),
        ("/ocpp/S1?x=1", "S1", "secret-of-one"),
        ("/ocpp/S%C3%A4ule%201", "Säule 1", "s3"),
        ("/ocpp/a%2Eb%7Ec", "a.b~c", "s4"),
        ("/ocpp/OPEN", None, None),
    ],
)
async def test_the_last_part_of_the_path_is_the_identity(
    server: StationServer, path: str, user: str | None, password: str | None
) -> None:
    async with dial(server, path, user=user, password=password) as station:
        assert (await ask(station, "1", "Heartbeat", {}))[0] == 3


@pytest.mark.parametrize(
    "path",
    [
        "/ocpp/nobody",
        "/ocpp/s1",
        "/ocpp/S1/",
        "/ocpp/S1%20",
        "/ocpp/%2553%31",
        "/ocpp/S%C3%A4ule%25201",
        "/ocpp/S1%00",
        "/ocpp/x%2FS1",
        "/ocpp/S1:x",
        "/ocpp/%FF",
        f"/ocpp/{'S' * 49}",
        "/",
    ],
)
async def test_who_is_unknown_is_not_found(server: StationServer, home: Home, path: str) -> None:
    error = await refused(dial(server, path, user="S1"))
    assert error.response.status_code == 404
    assert home.facts == []


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("S1", "wrong"),
        ("S1", ""),
        ("S1", None),
        ("S2", "secret-of-one"),
        ("S2", "secret-of-two"),
        ("", "secret-of-one"),
    ],
)
async def test_a_wrong_secret_is_refused_before_anything_is_said(
    server: StationServer, home: Home, user: str, password: str | None
) -> None:
    error = await refused(dial(server, user=user, password=password))
    assert error.response.status_code == 401
    assert error.response.headers["WWW-Authenticate"].startswith("Basic")
    assert home.facts == []
    assert server.turned_away["wrong_secret"] == 1


async def test_a_user_of_another_name_is_refused_even_where_no_secret_is_asked(server: StationServer) -> None:
    error = await refused(dial(server, "/ocpp/OPEN", user="S1", password="x"))
    assert error.response.status_code == 401


@pytest.mark.parametrize(
    "header", ["Bearer x", "Basic", "Basic ???", "Basic " + base64.b64encode(b"no colon").decode(), "Basic /w=="]
)
async def test_words_that_are_no_password_are_none(server: StationServer, home: Home, header: str) -> None:
    error = await refused(dial(server, password=None, additional_headers={"Authorization": header}))
    assert error.response.status_code == 401
    assert (home.asked[0].identity, home.asked[0].claim) == ("S1", None)


async def test_who_guesses_waits_and_the_station_does_not(server: StationServer) -> None:
    begun = time.monotonic()
    for _ in range(4):
        await refused(dial(server, password="guess"))
    assert time.monotonic() - begun > 0.1 + 0.2 + 0.4 + 0.8
    begun = time.monotonic()
    async with dial(server) as station:
        await ask(station, "1", "Heartbeat", {})
    assert time.monotonic() - begun < 0.8


async def test_a_browser_is_told_what_this_is(server: StationServer, home: Home) -> None:
    answer = await _http(server, b"GET /ocpp/S1 HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 426")
    assert home.asked == []


@pytest.mark.parametrize(
    "raw",
    [b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n", b"NONSENSE / HTTP/9\r\n\r\n", b"\x00" * 4000],
    ids=["tls", "short", "nonsense", "zeros"],
)
async def test_garbage_at_the_door_is_no_news(
    server: StationServer, raw: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    await _http(server, raw)
    assert [record for record in caplog.records if record.levelno >= logging.INFO] == []
    async with dial(server) as station:
        assert (await ask(station, "1", "Heartbeat", {}))[0] == 3


async def _http(server: StationServer, raw: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(raw)
    try:
        async with asyncio.timeout(0.5):
            return await reader.read()
    except TimeoutError, ConnectionError:
        return b""
    finally:
        writer.close()


async def test_who_says_nothing_does_not_wait_for_ever(open_door: Open) -> None:
    server = await open_door(limits=Limits(handshake_s=0.3))
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET /ocpp/S1 HTTP/1.1\r\nHost:")
    async with asyncio.timeout(2):
        assert await reader.read() == b""
    writer.close()


async def test_strangers_cannot_fill_the_house(open_door: Open) -> None:
    server = await open_door(limits=Limits(waiting_per_address=3))
    async with dial(server) as station:  # a station that proved itself takes no seat
        idle = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(4)]
        async with asyncio.timeout(2):
            with contextlib.suppress(ConnectionError):
                assert await idle[0][0].read() == b""  # who came first made room
        assert (await ask(station, "1", "Heartbeat", {}))[0] == 3
        async with dial(server, "/ocpp/S2", password="secret-of-two") as other:  # from the address of the crowd
            assert (await ask(other, "1", "Heartbeat", {}))[0] == 3
        for _, one in idle:
            one.close()


async def test_there_is_room_for_so_many_stations(open_door: Open) -> None:
    server = await open_door(limits=Limits(stations=1))
    async with dial(server):
        error = await refused(dial(server, "/ocpp/S2", password="secret-of-two"))
        assert error.response.status_code == 503
        async with dial(server) as again:
            assert (await ask(again, "1", "Heartbeat", {}))[0] == 3


# the same name twice


async def test_a_station_that_dials_again_wins_and_stays(server: StationServer, home: Home) -> None:
    async with contextlib.AsyncExitStack() as all_of_them:
        last = 0
        for attempt in range(20):
            station = await all_of_them.enter_async_context(dial(server))
            answer = await ask(station, "1", "BootNotification", BOOT)
            assert answer[2]["status"] == "Accepted", attempt
            link = home.of(StationConnected)[-1].link
            assert link > last
            last = link
            await asyncio.sleep(0.02)
            assert (await ask(station, "2", "Heartbeat", {}))[0] == 3
        await until(lambda: len(home.of(StationDisconnected)) == 19)
        assert server.connected["S1"].link.number == last
        assert last not in [fact.link for fact in home.of(StationDisconnected)]
        assert (await ask(station, "3", "Heartbeat", {}))[0] == 3


async def test_a_half_open_socket_does_not_hold_the_door(server: StationServer, home: Home) -> None:
    async with dial(server) as dead:
        dead.transport.pause_reading()  # reads nothing any more, not even our goodbye
        for _ in range(5):
            async with dial(server) as station:
                assert (await ask(station, "1", "BootNotification", BOOT))[0] == 3
        await until(lambda: server.connected == {})
    assert [fact.link for fact in home.of(StationDisconnected)] == [fact.link for fact in home.of(StationConnected)]


async def test_the_old_connection_is_told_of_before_the_new(server: StationServer, home: Home) -> None:
    async with dial(server), dial(server) as station:
        await ask(station, "1", "Heartbeat", {})
        kinds = [type(fact) for fact in home.facts]
        assert kinds == [StationConnected, StationDisconnected, StationConnected]


async def test_a_stranger_with_a_known_name_touches_nothing(server: StationServer, home: Home) -> None:
    async with dial(server) as station:
        await asyncio.gather(*(refused(dial(server, password="stolen?")) for _ in range(4)))
        assert (await ask(station, "1", "Heartbeat", {}))[0] == 3
    assert len(home.of(StationConnected)) == 1


# being served


async def test_a_call_inside_a_call_is_served_at_once(server: StationServer, home: Home) -> None:
    async with dial(server) as station:
        question = asyncio.create_task(
            server.call(
                "S1", "RequestStartTransaction", {"remoteStartId": 1, "idToken": {"idToken": "x", "type": "Central"}}, 5
            )
        )
        _, message_id, action, _ = await hear(station)
        assert action == "RequestStartTransaction"
        answer = await ask(station, "a1", "Authorize", {"idToken": {"idToken": "x", "type": "Central"}})
        assert answer[:2] == [3, "a1"]
        assert answer[2]["idTokenInfo"] == {"status": "Accepted"}
        assert (await ask(station, "t1", "TransactionEvent", EVENT))[:2] == [3, "t1"]
        await station.send(json.dumps([3, message_id, {"status": "Accepted", "transactionId": "t"}]))
        assert await question == {"status": "Accepted", "transactionId": "t"}
    assert [type(fact) for fact in home.facts[1:3]] == [CardPresented, TransactionReported]


async def test_a_command_and_what_became_of_it(server: StationServer, home: Home) -> None:
    async with dial(server) as station:
        server.send(AskToSend(id=5, station="S1", what=Trigger.HEARTBEAT))
        _, message_id, action, payload = await hear(station)
        assert (action, payload) == ("TriggerMessage", {"requestedMessage": "Heartbeat"})
        await station.send(json.dumps([3, message_id, {"status": "Accepted"}]))
        await until(lambda: home.of(CommandAccepted))
    assert home.of(CommandAccepted) == [CommandAccepted(station="S1", id=5, detail="Accepted")]


async def test_a_command_to_a_station_that_is_away_is_unanswered_but_not_before_we_return(
    server: StationServer, home: Home
) -> None:
    server.send(ReadInventory(id=6, station="S1", request_id=1))
    assert home.facts == []
    await asyncio.sleep(0)
    assert home.facts == [CommandUnanswered(station="S1", id=6)]


async def test_a_command_whose_station_hangs_up_is_unanswered(server: StationServer, home: Home) -> None:
    async with dial(server) as station:
        server.send(ReadInventory(id=6, station="S1", request_id=1))
        await hear(station)
        station.transport.abort()
        await until(lambda: home.of(StationDisconnected))
    assert home.of(CommandUnanswered) == [CommandUnanswered(station="S1", id=6)]


async def test_a_mute_station_blocks_nobody_else(server: StationServer) -> None:
    async with dial(server) as mute, dial(server, "/ocpp/S2", password="secret-of-two") as other:
        question = asyncio.create_task(server.call("S1", "ClearCache", {}, 0.5))
        assert (await hear(mute))[2] == "ClearCache"
        second = asyncio.create_task(server.call("S2", "ClearCache", {}, 5))
        _, message_id, *_ = await hear(other)
        await other.send(json.dumps([3, message_id, {"status": "Accepted"}]))
        assert await second == {"status": "Accepted"}
        with pytest.raises(CallTimeout):
            await question
        third = asyncio.create_task(server.call("S1", "ClearCache", {}, 5))
        _, message_id, *_ = await hear(mute)
        await mute.send(json.dumps([3, message_id, {"status": "Rejected"}]))
        assert await third == {"status": "Rejected"}


async def test_late_repeated_and_invented_answers_are_harmless(server: StationServer) -> None:
    async with dial(server) as station:
        for answers in (2, 3):
            question = asyncio.create_task(server.call("S1", "ClearCache", {}, 5))
            _, message_id, *_ = await hear(station)
            for _ in range(answers):
                await station.send(json.dumps([3, message_id, {"status": "Accepted"}]))
            await station.send('[3,"invented",{}]')
            await station.send(json.dumps([4, message_id, "InternalError", "", {}]))
            assert await question == {"status": "Accepted"}
        assert (await ask(station, "1", "Heartbeat", {}))[0] == 3
        assert server.connected["S1"].link.conformance.counts == {"late_answer": 5, "unknown_answer": 2}


@pytest.mark.parametrize(
    ("action", "payload", "where"),
    [
        ("MakeCoffee", {}, "MakeCoffee"),
        ("Reset", {"type": "Gently"}, "type"),
        ("Reset", {"type": "OnIdle", "more": 1}, "more"),
        ("Reset", {"type": object()}, "not JSON serializable"),
        ("Reset", {1: 2}, "str"),
        ("ClearChargingProfile", {"chargingProfileId": float("nan")}, "chargingProfileId"),
    ],
)
async def test_a_wrong_question_is_explained(server: StationServer, action: str, payload: Any, where: str) -> None:
    async with dial(server) as station:
        with pytest.raises(InvalidCall, match=where):
            await server.call("S1", action, payload, 5)
        assert (await ask(station, "1", "Heartbeat", {}))[0] == 3


async def test_a_refused_question_says_how(server: StationServer) -> None:
    async with dial(server) as station:
        question = asyncio.create_task(server.call("S1", "GetTariffs", {"evseId": 0}, 5))
        _, message_id, *_ = await hear(station)
        await station.send(json.dumps([4, message_id, "NotImplemented", "what?", {}]))
        with pytest.raises(CallRefused) as caught:
            await question
        assert (caught.value.code, caught.value.description) == ("NotImplemented", "what?")


async def test_a_question_to_nobody_and_to_one_who_hangs_up(server: StationServer) -> None:
    with pytest.raises(StationOffline):
        await server.call("S1", "ClearCache", {}, 5)
    async with dial(server) as station:
        question = asyncio.create_task(server.call("S1", "ClearCache", {}, 5))
        await hear(station)
        station.transport.abort()
        with pytest.raises(StationOffline):
            await question


# whatever a station does


@pytest.mark.parametrize(
    ("frame", "answer"),
    [
        (b"\x00\x01", [4, "-1", "RpcFrameworkError"]),
        ("hello", [4, "-1", "RpcFrameworkError"]),
        ("[]", [4, "-1", "RpcFrameworkError"]),
        ("", [4, "-1", "RpcFrameworkError"]),
        ("[" * 5000, [4, "-1", "RpcFrameworkError"]),
        ('[77,"x","Heartbeat",{}]', [4, "x", "MessageTypeNotSupported"]),
        ('[2,"x","MakeCoffee",{}]', [4, "x", "NotImplemented"]),
        ('[2,"x","BatterySwap",{}]', [4, "x", "NotSupported"]),
        ('[2,"x","Heartbeat",[]]', [4, "x", "FormatViolation"]),
        ('[2,"x","BootNotification",{}]', [4, "x", "OccurrenceConstraintViolation"]),
    ],
)
async def test_nonsense_is_answered_and_the_line_stays(
    server: StationServer, frame: str | bytes, answer: list[Any]
) -> None:
    async with dial(server) as station:
        await station.send(frame)
        assert (await hear(station))[:3] == answer
        assert (await ask(station, "1", "Heartbeat", {}))[0] == 3


@pytest.mark.parametrize("compression", ["deflate", None])
async def test_a_frame_of_the_greatest_length_is_read_and_a_longer_one_is_not(
    server: StationServer, compression: str | None
) -> None:
    async with dial(server, compression=compression) as station:
        await station.send('[2,"1","Heartbeat",{}]'.ljust(FRAME_LIMIT))
        assert (await hear(station))[:2] == [3, "1"]
        with contextlib.suppress(ConnectionClosed):
            await station.send(" " * (FRAME_LIMIT + 2))
        with pytest.raises(ConnectionClosed):
            await station.recv()
        assert station.close_code == 1009
    async with dial(server) as station:
        assert (await ask(station, "1", "Heartbeat", {}))[0] == 3


async def test_deflated_messages_are_understood(server: StationServer) -> None:
    async with dial(server, compression="deflate") as station:
        assert [extension.name for extension in station.protocol.extensions] == ["permessage-deflate"]
        answer = await ask(station, "1", "DataTransfer", {"vendorId": "x", "data": "deflate me " * 400})
        assert answer == [3, "1", {"status": "UnknownVendorId"}]


async def test_a_ping_is_answered(server: StationServer) -> None:
    async with dial(server) as station:
        async with asyncio.timeout(2):
            await (await station.ping(b"hello world"))


async def test_who_does_not_answer_our_ping_is_gone(open_door: Open, home: Home) -> None:
    server = await open_door(limits=Limits(ping_s=0.2))
    async with dial(server) as station:
        station.transport.pause_reading()
        await until(lambda: home.of(StationDisconnected), 3)


async def test_a_chatterbox_is_slowed_and_nobody_else(open_door: Open, home: Home) -> None:
    server = await open_door(rate_limit=20.0)
    async with dial(server) as chatterbox, dial(server, "/ocpp/S2", password="secret-of-two") as other:
        for number in range(100):
            await chatterbox.send(json.dumps([2, f"n{number}", "Heartbeat", {}]))
        begun, slowest = time.monotonic(), 0.0
        heard = asyncio.create_task(_all(chatterbox, 100))
        while not heard.done():
            asked = time.monotonic()
            await ask(other, f"o{asked}", "Heartbeat", {})
            slowest = max(slowest, time.monotonic() - asked)
            await asyncio.sleep(0.1)
        assert 1.5 < time.monotonic() - begun < 6.0  # 40 more than the burst, at 20 a second
        assert slowest < 0.5


async def test_who_dials_again_does_not_begin_anew(open_door: Open) -> None:
    server = await open_door(rate_limit=20.0)
    begun = time.monotonic()
    for _ in range(12):  # ten at once, then one in 0.3 s
        async with dial(server) as station:
            await ask(station, "1", "Heartbeat", {})
        async with dial(server, "/ocpp/S2", password="secret-of-two") as other:
            await ask(other, "1", "Heartbeat", {})
    assert 0.5 < time.monotonic() - begun < 5.0
    async with dial(server) as station:
        for number in range(20):
            await station.send(json.dumps([2, f"n{number}", "Heartbeat", {}]))
        begun = time.monotonic()
        await _all(station, 20)
        assert time.monotonic() - begun > 0.5  # no new burst


async def _all(station: ClientConnection, count: int) -> None:
    for _ in range(count):
        await hear(station)


async def test_without_a_rate_limit_a_load_tool_goes_as_fast_as_it_can(server: StationServer) -> None:
    async with dial(server) as station:
        begun = time.monotonic()
        for number in range(300):
            await ask(station, f"n{number}", "Heartbeat", {})
        assert time.monotonic() - begun < 3.0


async def test_a_station_that_never_reads_is_hung_up_on(open_door: Open, home: Home) -> None:
    server = await open_door(rate_limit=None, limits=Limits(write_s=0.3))
    async with dial(server, compression=None, max_queue=1) as station:
        station.transport.pause_reading()
        echo = "x" * 250
        with contextlib.suppress(ConnectionClosed, TimeoutError):
            async with asyncio.timeout(20):
                for number in range(200_000):
                    await station.send(f'[2,"{echo}{number}","MakeCoffee",{{}}]')
                    if home.of(StationDisconnected):
                        break
        await until(lambda: home.of(StationDisconnected))


async def test_a_fault_of_ours_ends_one_connection_and_is_recorded(
    server: StationServer, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    home.fault = KeyError("c4n4ry")
    async with dial(server) as station, dial(server, "/ocpp/S2", password="secret-of-two") as other:
        await station.send(json.dumps([2, "1", "TransactionEvent", EVENT]))
        with pytest.raises(ConnectionClosed):
            await hear(station)
        assert (await ask(other, "1", "Heartbeat", {}))[0] == 3
    (failure,) = server.failures
    assert failure.identity == "S1"
    assert "KeyError" in failure.what
    assert "c4n4ry" not in failure.what + caplog.text


async def test_a_fault_at_the_door_lets_nobody_in_and_the_next_one_is_served(
    server: StationServer, home: Home, monkeypatch: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(visitor: Visitor) -> Admission:
        raise LookupError("c4n4ry")

    monkeypatch.setattr(server, "_admit", broken)
    error = await refused(dial(server))
    assert error.response.status_code == 500
    assert "LookupError" in server.failures[0].what
    assert "c4n4ry" not in caplog.text
    monkeypatch.undo()
    async with dial(server) as station:
        assert (await ask(station, "1", "Heartbeat", {}))[0] == 3
    assert len(home.of(StationConnected)) == 1


async def test_a_fault_while_time_passes_ends_one_connection(
    server: StationServer, home: Home, monkeypatch: Any
) -> None:
    async with dial(server) as station, dial(server, "/ocpp/S2", password="secret-of-two") as other:
        link = server.connected["S1"].link
        monkeypatch.setattr(type(link), "due", _failing_for(link, type(link).due))
        with pytest.raises(ConnectionClosed):
            await hear(station)
        assert station.close_code == 1011
        await asyncio.sleep(0.6)
        assert (await ask(other, "1", "Heartbeat", {}))[0] == 3
    assert [failure.identity for failure in server.failures] == ["S1"]


def _failing_for(one: Link, due: Callable[..., Any]) -> Callable[..., Any]:
    def failing(link: Link, now: Moment) -> Any:
        if link is one:
            raise ZeroDivisionError
        return due(link, now)

    return failing


async def test_what_nobody_answers_is_covered_by_the_clock(server: StationServer, home: Home, monkeypatch: Any) -> None:
    home.answering = False
    async with dial(server) as station:
        await station.send(json.dumps([2, "t1", "TransactionEvent", EVENT]))
        await until(lambda: home.of(TransactionReported))
        start = home.clock()
        monkeypatch.setattr(server, "_clock", lambda: Moment(start.utc, start.mono_s + 60.0))
        assert (await hear(station))[:3] == [4, "t1", "InternalError"]


async def test_the_last_frames_are_shown_without_secrets(server: StationServer) -> None:
    async with dial(server) as station:
        await ask(station, "1", "Authorize", {"idToken": {"idToken": "c4n4ry", "type": "ISO14443"}})
        for number in range(60):
            await ask(station, f"h{number}", "Heartbeat", {})
        frames = server.connected["S1"].frames()
        assert len(frames) == 10
        assert [direction for _, direction, _ in frames[:2]] == ["received", "sent"]
        await station.send(json.dumps([2, "long", "DataTransfer", {"vendorId": "c4n4ry", "data": "x" * 9000}]))
        await hear(station)
        assert server.connected["S1"].frames()[-2][2].endswith("characters)")
        await ask(station, "2", "Authorize", {"idToken": {"idToken": "c4n4ry", "type": "ISO14443"}})
        assert "c4n4ry" not in str(server.connected["S1"].frames())


@pytest.mark.parametrize(
    "raw",
    [
        json.dumps(
            [
                2,
                "x",
                "MeterValues",
                {"evseId": 1, "meterValue": [{"timestamp": AT, "sampledValue": [{"value": "x", "q": 1}] * 2800}]},
            ]
        ),
        json.dumps(
            [
                2,
                "x",
                "MeterValues",
                {"evseId": 1, "meterValue": [{"timestamp": AT, "sampledValue": [{"value": "x", "q": 1}] * 250}]},
            ]
        ),
        json.dumps([2, "x", "NotifyReport", {f"field{number}": number for number in range(4000)}]),
        json.dumps([2, "x", "DataTransfer", {"vendorId": "x", "data": [[{}]] * 40_000}]),
        '[2,"x","Heartbeat",' + '\\"' * 120_000,
    ],
    ids=["many misses", "mendable", "unknown fields", "big", "quotes"],
)
async def test_costly_nonsense_costs_its_sender(open_door: Open, raw: str) -> None:
    server = await open_door()
    async with dial(server, compression=None) as hostile, dial(server, "/ocpp/S2", password="secret-of-two") as other:
        sending = asyncio.create_task(_repeat(hostile, raw, 30))
        slowest = 0.0
        for number in range(20):
            asked = time.monotonic()
            await ask(other, f"o{number}", "Heartbeat", {})
            slowest = max(slowest, time.monotonic() - asked)
            await asyncio.sleep(0.05)
        sending.cancel()
        assert slowest < 0.5
        assert list(server.connected) == ["S1", "S2"]


async def _repeat(station: ClientConnection, raw: str, times: int) -> None:
    for _ in range(times):
        await station.send(raw)


async def test_a_flood_of_pings_drowns_nobody(open_door: Open) -> None:
    server = await open_door()
    async with dial(server, compression=None) as hostile, dial(server, "/ocpp/S2", password="secret-of-two") as other:
        hostile.transport.write(bytes([0x89, 0x80, 0, 0, 0, 0]) * 50_000)
        slowest = 0.0
        for number in range(20):
            asked = time.monotonic()
            await ask(other, f"o{number}", "Heartbeat", {})
            slowest = max(slowest, time.monotonic() - asked)
            await asyncio.sleep(0.02)
        assert slowest < 0.5


# behind a lock


async def test_a_door_with_a_lock(open_door: Open, tmp_path: Path) -> None:
    here, there = _certificate(tmp_path)
    server = await open_door(ssl=here)
    basic = base64.b64encode(b"S1:secret-of-one").decode()
    async with connect(
        f"wss://localhost:{server.port}/S1",
        ssl=there,
        subprotocols=["ocpp2.0.1"],  # type: ignore[list-item]
        additional_headers={"Authorization": f"Basic {basic}"},
    ) as station:
        assert (await ask(station, "1", "Heartbeat", {}))[0] == 3
    assert await _http(server, b"GET /ocpp/S1 HTTP/1.1\r\nHost: x\r\n\r\n") == b""


def _certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return how a server shows who it is, and how a client believes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder(
            name, name, key.public_key(), 1, datetime(2026, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
        )
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "both.pem").write_bytes(pem + secret)
    here = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    here.load_cert_chain(folder / "both.pem")
    there = ssl.create_default_context(cadata=pem.decode())
    there.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return here, there


# its life


async def test_stopping_says_goodbye_to_everybody_in_time(open_door: Open, home: Home) -> None:
    server = await open_door()
    async with dial(server) as polite, dial(server, "/ocpp/S2", password="secret-of-two") as deaf:
        deaf.transport.pause_reading()
        port, begun = server.port, time.monotonic()
        await server.stop()
        assert time.monotonic() - begun < 1.5
        with pytest.raises(ConnectionClosed):
            await polite.recv()
        assert polite.close_code == 1001
        assert len(home.of(StationDisconnected)) == 2
        with pytest.raises(OSError, match=r"refused|Connect call failed"):
            await asyncio.open_connection("127.0.0.1", port)


async def test_a_station_no_longer_wanted_is_dropped(server: StationServer, home: Home) -> None:
    async with dial(server) as station:
        await server.drop("S1")
        with pytest.raises(ConnectionClosed):
            await station.recv()
        assert station.close_code == 1008
    await server.drop("S1")
    assert len(home.of(StationDisconnected)) == 1


async def test_a_port_that_is_taken_is_an_error_of_the_start(server: StationServer, home: Home, schemas: Any) -> None:
    second = StationServer(
        "127.0.0.1", server.port, admit=home.admit, on_fact=home.on_fact, clock=home.clock, schemas=schemas
    )
    with pytest.raises(OSError, match="address"):
        await second.start()
    await second.stop()


async def test_a_stopped_door_can_be_opened_again(server: StationServer) -> None:
    await server.stop()
    await server.start()
    async with dial(server) as station:
        assert (await ask(station, "1", "Heartbeat", {}))[0] == 3


async def test_nothing_is_left_behind(open_door: Open) -> None:
    before = asyncio.all_tasks()
    server = await open_door()
    async with dial(server) as station:
        await ask(station, "1", "Heartbeat", {})
    await server.stop()
    await asyncio.sleep(0.05)
    assert asyncio.all_tasks() <= before
