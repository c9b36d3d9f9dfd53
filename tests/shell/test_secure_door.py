"""The encrypted door: who shakes hands, what a certificate proves, and that strangers wait outside."""

import asyncio
import base64
from collections import Counter
from collections.abc import AsyncIterator, Callable
import contextlib
from datetime import UTC, datetime, timedelta
import json
from pathlib import Path
import socket
import ssl
import time
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

from custom_components.mobilize_flex.core.model.commands import AnswerBoot, BootStatus
from custom_components.mobilize_flex.core.model.facts import StationBooted, StationConnected, StationFact
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.shell import share
from custom_components.mobilize_flex.shell.certificate_store import CertificateStore
from custom_components.mobilize_flex.shell.certificates import shown_certificate
from custom_components.mobilize_flex.shell.schemas import load_schemas
from custom_components.mobilize_flex.shell.station_door import Admission, Limits, SecureCaller, Verdict, Visitor
from custom_components.mobilize_flex.shell.station_server import StationServer

pytestmark = pytest.mark.usefixtures("socket_enabled")

NAMES = ("localhost", "127.0.0.1")
SECRET = "sixteen-signs-or-more"


class Home:
    """A house with one station, S1, that knows certificates and passwords."""

    def __init__(self, folder: Path) -> None:
        self.age = timedelta()
        self.store = CertificateStore(folder, "Villa", lambda: datetime.now(UTC) - self.age)
        self.facts: list[StationFact] = []
        self.server: StationServer | None = None

    def clock(self) -> Moment:
        return Moment(datetime.now(UTC), time.monotonic())

    async def admit(self, visitor: Visitor) -> Admission:
        if visitor.certificate is not None:
            shown = shown_certificate(visitor.certificate)
            if self.store.accepts(visitor.identity, shown):
                return Admission(Verdict.ADMITTED, 3, common_name=shown.common_name)
            return Admission(Verdict.WRONG_SECRET)
        if visitor.claim is not None and visitor.claim.password == SECRET:
            return Admission(Verdict.ADMITTED, 2 if visitor.secure else 1)
        return Admission(Verdict.WRONG_SECRET)

    def on_fact(self, fact: StationFact) -> None:
        self.facts.append(fact)
        if isinstance(fact, StationBooted) and self.server is not None:
            self.server.send(AnswerBoot(call=fact.call, status=BootStatus.ACCEPTED, interval_s=300))

    @property
    def profiles(self) -> list[int]:
        return [fact.profile for fact in self.facts if isinstance(fact, StationConnected)]


@pytest.fixture(scope="module")
def schemas() -> Any:
    return load_schemas()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home.ca")


@pytest.fixture
async def open_door(home: Home, schemas: Any) -> AsyncIterator[Callable[..., Any]]:
    opened: list[StationServer] = []

    async def open_door(*, rsa_exchange: bool = False, **more: Any) -> StationServer:
        context = home.store.context(NAMES, rsa_exchange=rsa_exchange)
        options: dict[str, Any] = {"admit": home.admit, "on_fact": home.on_fact, "clock": home.clock}
        server = StationServer("127.0.0.1", 0, **options, schemas=schemas, ssl=context, **more)
        await server.start()
        opened.append(server)
        home.server = server
        return server

    yield open_door
    for server in opened:
        await server.stop()


@pytest.fixture
async def server(open_door: Any) -> StationServer:
    door: StationServer = await open_door()
    return door


def trusting(home: Home, folder: Path | None = None, identity: str = "S1") -> ssl.SSLContext:
    """Return a client that trusts the home; with a folder it shows a certificate given to a station."""
    context = ssl.create_default_context(cadata=home.store.root().pem)
    if folder is not None:
        show(context, home.store, folder, identity)
    return context


def show(context: ssl.SSLContext, store: CertificateStore, folder: Path, identity: str) -> None:
    issued, key = store.issue(identity)
    file = folder / f"{identity}.both"
    file.write_text(issued.chain + key)
    context.load_cert_chain(file)


def dial(
    server: StationServer, context: ssl.SSLContext | None, *, password: str | None = None, host: str = "127.0.0.1"
) -> connect:
    headers = {}
    if password is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(f"S1:{password}".encode()).decode()
    scheme = "ws" if context is None else "wss"
    return connect(
        f"{scheme}://{host}:{server.port}/S1",
        ssl=context,
        subprotocols=["ocpp2.0.1"],  # type: ignore[list-item]
        additional_headers=headers,
        open_timeout=5,
        close_timeout=1,
    )


async def boot(station: ClientConnection, serial: str | None = None) -> Any:
    who = {"model": "M", "vendorName": "V"} | ({} if serial is None else {"serialNumber": serial})
    await station.send(json.dumps([2, "b", "BootNotification", {"reason": "PowerUp", "chargingStation": who}]))
    return json.loads(await asyncio.wait_for(station.recv(), 5))


async def refused(attempt: connect) -> int:
    with pytest.raises(InvalidStatus) as error:
        await attempt
    return error.value.response.status_code


async def dropped(attempt: connect) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError, InvalidMessage, EOFError)):
        await attempt


# profile 2


async def test_a_station_that_trusts_us_comes_in_with_its_password(server: StationServer, home: Home) -> None:
    for host in ("localhost", "127.0.0.1"):
        async with dial(server, trusting(home), password=SECRET, host=host) as station:
            assert (await boot(station))[2]["status"] == "Accepted"
    assert home.profiles == [2, 2]


async def test_a_wrong_password_is_refused_encrypted_too(server: StationServer, home: Home) -> None:
    assert await refused(dial(server, trusting(home), password="wrong-wrong-wrong-wrong")) == 401


async def test_who_does_not_trust_us_turns_away_himself(server: StationServer) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        await dial(server, ssl.create_default_context(), password=SECRET)


@pytest.mark.parametrize("signed_by", ["ECDSA", "RSA"])
async def test_stations_of_either_kind_of_signature_are_served(
    server: StationServer, home: Home, signed_by: str
) -> None:
    context = trusting(home)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"ECDHE-{signed_by}-AES128-GCM-SHA256")
    async with dial(server, context, password=SECRET) as station:
        assert (await boot(station))[2]["status"] == "Accepted"


@pytest.mark.parametrize("allowed", [False, True])
async def test_the_old_key_exchange_needs_the_owners_word(home: Home, open_door: Any, allowed: bool) -> None:
    server = await open_door(rsa_exchange=allowed)
    context = trusting(home)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AES128-GCM-SHA256")
    if allowed:
        async with dial(server, context, password=SECRET) as station:
            assert (await boot(station))[2]["status"] == "Accepted"
    else:
        await dropped(dial(server, context, password=SECRET))


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
async def test_who_knows_nothing_newer_than_tls_11_is_dropped(server: StationServer, home: Home) -> None:
    context = trusting(home)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    await dropped(dial(server, context, password=SECRET))
    assert home.facts == []


async def test_who_does_not_encrypt_is_dropped(server: StationServer, home: Home) -> None:
    await dropped(dial(server, None, password=SECRET))
    assert home.facts == []


async def test_both_doors_of_a_change_over_are_served(home: Home, schemas: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        second = probe.getsockname()[1]
    context = home.store.context(NAMES, rsa_exchange=False)
    options: dict[str, Any] = {"admit": home.admit, "on_fact": home.on_fact, "clock": home.clock, "schemas": schemas}
    server = StationServer("127.0.0.1", 0, **options, second=(second, context))
    await server.start()
    try:
        async with dial(server, None, password=SECRET):
            pass
        headers = {"Authorization": "Basic " + base64.b64encode(f"S1:{SECRET}".encode()).decode()}
        url = f"wss://127.0.0.1:{second}/S1"
        async with connect(url, ssl=trusting(home), subprotocols=["ocpp2.1"], additional_headers=headers):  # type: ignore[list-item]
            pass
    finally:
        await server.stop()
    assert home.profiles == [1, 2]


async def test_a_second_port_that_is_taken_leaves_the_first_one_free(home: Home, schemas: Any) -> None:
    options: dict[str, Any] = {"admit": home.admit, "on_fact": home.on_fact, "clock": home.clock, "schemas": schemas}
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
        probe.close()
        server = StationServer("127.0.0.1", port, **options, second=(taken.getsockname()[1], None))
        with pytest.raises(OSError, match="address already in use"):
            await server.start()
    socket.create_server(("127.0.0.1", port)).close()


async def test_certificates_are_renewed_without_dropping_anybody(home: Home, schemas: Any) -> None:
    home.age = timedelta(days=380)  # made so long ago that they end soon
    context = home.store.context(NAMES, rsa_exchange=False)
    options: dict[str, Any] = {"admit": home.admit, "on_fact": home.on_fact, "clock": home.clock, "schemas": schemas}
    home.server = server = StationServer("127.0.0.1", 0, **options, ssl=context)
    await server.start()
    try:
        async with dial(server, trusting(home), password=SECRET) as station:
            before = serial_seen(station)
            home.age = timedelta()
            assert home.store.renew_server(NAMES)
            home.store.load_server(context)
            assert (await boot(station))[2]["status"] == "Accepted"
        async with dial(server, trusting(home), password=SECRET) as station:
            assert serial_seen(station) != before
    finally:
        await server.stop()


def serial_seen(station: ClientConnection) -> str:
    line = station.transport.get_extra_info("ssl_object")
    return str(line.getpeercert()["serialNumber"])


# profile 3


async def test_a_certificate_of_ours_is_enough(server: StationServer, home: Home, tmp_path: Path) -> None:
    async with dial(server, trusting(home, tmp_path)) as station:
        assert (await boot(station))[2]["status"] == "Accepted"
    assert home.profiles == [3]


async def test_another_stations_certificate_is_refused(server: StationServer, home: Home, tmp_path: Path) -> None:
    assert await refused(dial(server, trusting(home, tmp_path, "S2"))) == 401


async def test_the_right_password_does_not_make_up_for_a_wrong_certificate(
    server: StationServer, home: Home, tmp_path: Path
) -> None:
    assert await refused(dial(server, trusting(home, tmp_path, "S2"), password=SECRET)) == 401


async def test_a_certificate_of_another_root_is_dropped(server: StationServer, home: Home, tmp_path: Path) -> None:
    other = CertificateStore(tmp_path / "other.ca", "Elsewhere", lambda: datetime.now(UTC))
    context = trusting(home)
    show(context, other, tmp_path, "S1")
    await dropped(dial(server, context, password=SECRET))
    assert home.facts == []


async def test_an_expired_certificate_is_dropped(server: StationServer, home: Home, tmp_path: Path) -> None:
    home.age = timedelta(days=400)
    context = trusting(home, tmp_path)
    home.age = timedelta()
    await dropped(dial(server, context, password=SECRET))
    assert home.facts == []


async def test_a_replaced_certificate_is_refused_once_the_new_one_was_shown(
    server: StationServer, home: Home, tmp_path: Path
) -> None:
    old = trusting(home, tmp_path)
    new = trusting(home, tmp_path)
    for context in (old, new):
        async with dial(server, context) as station:
            await boot(station)
    assert await refused(dial(server, old)) == 401


async def test_a_boot_under_another_serial_number_than_the_certificate_names_ends_it(
    server: StationServer, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def admit(visitor: Visitor) -> Admission:
        return Admission(Verdict.ADMITTED, 3, common_name="SN-1")

    monkeypatch.setattr(server, "_admit", admit)
    async with dial(server, trusting(home), password=SECRET) as station:
        assert (await boot(station, "SN-1"))[2]["status"] == "Accepted"
    async with dial(server, trusting(home), password=SECRET) as station:
        with pytest.raises(ConnectionClosed):
            await boot(station, "SN-2")


# those who stay outside


async def test_who_is_slow_to_shake_hands_is_dropped_and_hinders_nobody(home: Home, open_door: Any) -> None:
    server = await open_door(limits=Limits(handshake_s=0.4, waiting_per_address=4))
    slow = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(4)]
    begun = time.monotonic()
    async with dial(server, trusting(home), password=SECRET) as station:  # the first of them makes room
        assert (await boot(station))[2]["status"] == "Accepted"
        for reader, _ in slow:
            with contextlib.suppress(ConnectionError):
                assert await asyncio.wait_for(reader.read(), 3) == b""
        assert 0.3 < time.monotonic() - begun < 2.5
        assert server.connected
    for _, writer in slow:
        writer.close()


async def test_a_crowd_shakes_hands_one_after_the_other(
    home: Home, server: StationServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn, work, worked = 0, SecureCaller._work, Counter[int]()

    async def count() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    def watched(caller: SecureCaller, nbytes: int) -> None:
        worked[turn] += 1
        work(caller, nbytes)

    monkeypatch.setattr(share, "MOST_S", 1e-9)  # whoever comes second waits for the next turn
    monkeypatch.setattr(SecureCaller, "_work", watched)
    counter = asyncio.create_task(count())
    lines = await asyncio.gather(
        *(asyncio.open_connection("127.0.0.1", server.port, ssl=trusting(home)) for _ in range(20))
    )
    counter.cancel()
    assert worked.total() >= 20
    assert max(worked.values()) <= 2
    for _, writer in lines:
        writer.close()
    for _, writer in lines:
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()
    await asyncio.sleep(0.1)  # the door hears of it a moment later


async def test_who_shakes_hands_and_says_nothing_is_dropped_too(home: Home, open_door: Any) -> None:
    server = await open_door(limits=Limits(handshake_s=0.4))
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=trusting(home))
    assert await asyncio.wait_for(reader.read(), 3) == b""
    writer.close()


async def test_seats_are_given_back(home: Home, open_door: Any) -> None:
    server = await open_door(limits=Limits(waiting_per_address=2))
    for _ in range(6):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")  # no handshake at all
        with contextlib.suppress(ConnectionError):
            await asyncio.wait_for(reader.read(), 3)
        writer.close()
    async with dial(server, trusting(home), password=SECRET) as station:
        assert (await boot(station))[2]["status"] == "Accepted"


async def test_a_large_message_comes_through_the_small_buffer(server: StationServer, home: Home) -> None:
    async with dial(server, trusting(home), password=SECRET) as station:
        await boot(station)
        padding = {"vendorId": "V", "data": "x" * 200_000}
        await station.send(json.dumps([2, "d", "DataTransfer", padding]))
        answer = json.loads(await asyncio.wait_for(station.recv(), 5))
    assert answer[:2] == [3, "d"]
