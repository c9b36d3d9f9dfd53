"""How stations dial, leave and vanish."""

import asyncio
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from simulator.home import HomeSettings
from simulator.ocpp_station import StationSettings
from simulator.quirks import Quirks
from tests.simulator.door import Door, living, until

pytestmark = pytest.mark.usefixtures("socket_enabled")


def settings(password: str = "simulated-secret-1", **habits: Any) -> HomeSettings:
    return HomeSettings(station=StationSettings(boot_s=0.3, password=password), quirks=Quirks(**habits))


async def head_of(one: HomeSettings) -> tuple[Door, dict[str, str]]:
    door = Door()
    async with living(door, one) as home:
        await until(lambda: home.snapshot().online)
    return door, door.heads[0]


async def test_a_station_by_the_book_offers_everything_in_one_header() -> None:
    _, head = await head_of(settings())
    assert head["Sec-WebSocket-Protocol"] == "ocpp2.1, ocpp2.0.1"
    assert "permessage-deflate" in head["Sec-WebSocket-Extensions"]
    assert "Origin" not in head


async def test_a_station_may_dial_in_its_own_way() -> None:
    habits = {"offers_only": "ocpp2.0.1", "path_prefix": "cpo/steve", "basic_user": "me", "sends_origin": True}
    door, head = await head_of(settings(no_compression=True, lower_case_headers=True, **habits))
    assert head["Sec-WebSocket-Protocol"] == "ocpp2.0.1"
    assert "Sec-WebSocket-Extensions" not in head
    assert "Origin" in head
    assert "authorization" in head
    assert door.paths == ["/ocpp/cpo/steve/SIM-001"]
    assert door.secrets == ["me:simulated-secret-1"]


@pytest.mark.parametrize("one", [settings(password=""), settings(no_authorization_header=True)])
async def test_a_station_may_show_no_password(one: HomeSettings) -> None:
    door, _ = await head_of(one)
    assert door.secrets == [None]


@pytest.mark.parametrize(
    ("habits", "code"), [({}, 1000), ({"closes_without_code": True}, 1005), ({"drops_tcp": True}, 1006)]
)
async def test_a_station_leaves_in_its_own_way(habits: dict[str, Any], code: int) -> None:
    door = Door()
    async with living(door, settings(**habits)) as home:
        await until(lambda: home.snapshot().online)
        await door.ask("Reset", {"type": "Immediate"})
        await until(lambda: len(door.controller.of("BootNotification")) == 2)
        assert door.closes == [code]


async def test_a_station_without_power_says_no_good_bye() -> None:
    door = Door()
    async with living(door, settings()) as home:
        await until(lambda: home.snapshot().online)
        home.reboot()
        await until(lambda: door.closes)
        assert door.closes == [1006]


async def test_a_station_pings_what_and_when_it_likes(monkeypatch: pytest.MonkeyPatch) -> None:
    pings: list[bytes] = []
    door = Door()
    async with living(door, settings(pings_every_s=0.1, ping_payload=b"elevenbytes")) as home:
        await until(lambda: home.snapshot().online)
        assert door.socket is not None
        listen(door.socket, pings)
        await until(lambda: len(pings) >= 2)
    assert set(pings) == {b"elevenbytes"}


def listen(socket: ServerConnection, pings: list[bytes]) -> None:
    usual = socket.process_event

    def process(event: Any) -> None:
        if event.opcode.name == "PING":
            pings.append(bytes(event.data))
        usual(event)

    socket.process_event = process  # type: ignore[method-assign]


async def test_a_dropped_line_is_dialled_again_by_itself() -> None:
    door = Door()
    async with living(door, settings(fast_back_off=True), speed=5) as home:
        await until(lambda: home.snapshot().online)
        home.drop_link()
        await until(lambda: door.connections == 2)
        assert door.closes[0] == 1006


async def test_a_half_open_line_stays_open_and_mute() -> None:
    door = Door()
    async with living(door, settings()) as home:
        await until(lambda: home.snapshot().online)
        heard = len(door.controller.heard)
        home.half_open()
        message_id, text = door.controller.question("TriggerMessage", {"requestedMessage": "Heartbeat"})
        assert door.socket is not None
        await door.socket.send(text)
        pong = await door.socket.ping()
        home.plug_in()
        await asyncio.sleep(1.5)
        assert (message_id in door.controller.replies, pong.done(), door.closes) == (False, False, [])
        assert len(door.controller.heard) == heard
        home.restore_link()
        await until(lambda: door.connections == 2 and home.snapshot().online)


async def test_a_station_that_ends_does_not_come_back() -> None:
    door = Door()
    async with living(door, settings(exits_on_reset=True)) as home:
        await until(lambda: home.snapshot().online)
        await door.ask("Reset", {"type": "Immediate"})
        await until(lambda: home.station.gone and door.closes)
        await asyncio.sleep(0.5)
        assert door.connections == 1
