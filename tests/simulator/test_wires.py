"""The simulated home over real sockets on loopback, against a tiny controller."""

import asyncio
import json
from pathlib import Path
import subprocess
import sys
from typing import Any

import pytest

from simulator.home import HomeSettings, SimulatedHome
from simulator.ocpp_station import StationSettings
from simulator.vehicle import VehicleSettings
from tests.simulator.controller import dynamic, profile
from tests.simulator.door import PATIENCE_S, Door, living, until
from tests.simulator.test_linky import groups_of

pytestmark = pytest.mark.usefixtures("socket_enabled")

HOUSE = Path(__file__).parents[2]


@pytest.mark.parametrize("protocol", ["ocpp2.1", "ocpp2.0.1"])
async def test_a_station_dials_with_its_name_its_password_and_its_protocols(protocol: str) -> None:
    door = Door(protocol)
    async with living(door, HomeSettings()) as home:
        await until(lambda: home.snapshot().online)
        assert home.snapshot().protocol == protocol
        assert door.paths == ["/ocpp/SIM-001"]
        assert door.secrets == ["SIM-001:simulated-secret-1"]


async def test_a_discharge_goes_through_real_sockets() -> None:
    door = Door()
    async with living(door, HomeSettings(plugged=True, vehicle=VehicleSettings(soc_pct=60))) as home:
        await until(lambda: door.controller.of("NotifyEVChargingNeeds"))
        message = {"evseId": 1, "chargingProfile": dynamic(-3_000, door.controller.transaction_id)}
        assert await door.ask("SetChargingProfile", message) == {"status": "Accepted"}
        await until(lambda: home.snapshot().power_w == -3_000)
        assert home.snapshot().light == "green ascending"
        home.unplug()
        await until(lambda: door.controller.events("Ended"))


async def test_a_killed_link_comes_back_with_what_happened_meanwhile() -> None:
    door = Door()
    settings = HomeSettings(station=StationSettings(update_interval_s=1), plugged=True)
    async with living(door, settings) as home:
        await door_default(door)
        await until(lambda: door.controller.events("Updated"))
        home.kill_link()
        await until(lambda: home.snapshot().undelivered >= 3)
        assert not home.snapshot().online
        door.controller.heard.clear()
        home.restore_link()
        await until(lambda: door.controller.of("Heartbeat"))
        assert sum(event.get("offline", False) for event in door.controller.events()) >= 2
        assert not door.controller.of("BootNotification")
        assert door.connections == 2


async def door_default(door: Door) -> None:
    await until(lambda: door.controller.of("BootNotification") and door.socket)
    await door.ask("SetChargingProfile", {"evseId": 0, "chargingProfile": profile()})


async def test_a_controller_that_restarts_is_dialled_again() -> None:
    door = Door()
    async with living(door, HomeSettings()) as home:
        await until(lambda: home.snapshot().online)
        await door.close()
        await until(lambda: not home.snapshot().online)
        await door.open()
        await until(lambda: home.snapshot().online)
        assert len(door.controller.of("BootNotification")) == 1


async def test_a_reboot_drops_the_line_and_boots() -> None:
    door = Door()
    settings = HomeSettings(station=StationSettings(boot_s=0.5))
    async with living(door, settings) as home:
        await until(lambda: home.snapshot().online)
        home.reboot()
        await until(lambda: len(door.controller.of("BootNotification")) == 2)


async def test_nobody_to_dial_is_no_reason_to_fall() -> None:
    home = SimulatedHome(HomeSettings(ocpp_url="ws://127.0.0.1:9", plugged=True))
    await home.start()
    await asyncio.sleep(0.6)
    assert not home.snapshot().online
    await home.stop()


async def test_the_linky_speaks_over_tcp_to_everybody_who_listens() -> None:
    home = SimulatedHome(HomeSettings(tic_port=0))
    await home.start()
    assert home.tic_wire is not None
    frames = []
    for _ in range(2):
        reader, writer = await asyncio.open_connection("127.0.0.1", home.tic_wire.port)
        async with asyncio.timeout(PATIENCE_S):
            await reader.readuntil(b"\x03")
            frames.append(await reader.readuntil(b"\x03"))
        writer.close()
    await home.stop()
    for frame in frames:
        assert groups_of(frame)["ADSC"] == ["041976123456"]


async def test_the_program_obeys_lines_and_answers_in_json() -> None:
    door = Door()
    await door.open()
    url = f"ws://127.0.0.1:{door.port}"
    arguments = ["--ocpp-url", url, "--station", "EXT-1", "--password", "secret", "--soc", "40", "--tic-port", "0"]
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "simulator", *arguments, "--json-status", "--status-every", "1"),
        cwd=HOUSE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert program.stdin is not None
    assert program.stdout is not None
    try:
        program.stdin.write(b"plug\nnonsense\nlink down\nlink up\n")
        answers: list[dict[str, Any]] = []
        async with asyncio.timeout(PATIENCE_S):
            while len(answers) < 4:
                line = json.loads(await program.stdout.readline())
                answers += [] if "status" in line else [line]
        assert [answer["ok"] for answer in answers] == [True, False, True, True]
        assert answers[0]["plugged"] is True
        assert answers[0]["soc_pct"] == 40
        await until(lambda: door.controller.events("Started"))
        assert door.secrets[0] == "EXT-1:secret"
    finally:
        program.terminate()
        await program.communicate()
        await door.close()
