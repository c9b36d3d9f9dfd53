"""The controller is killed at any moment: what it answered is in its file, and the session goes on as the same."""

import asyncio
from collections import deque
from collections.abc import Iterator
import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
import json
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
import random
import shutil
from typing import Any

import pytest
import pytest_socket
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from custom_components.mobilize_flex.core.model.session import Session
from custom_components.mobilize_flex.store_file import File

from .lives import LONG_AGO
from .mortal import live

pytestmark = pytest.mark.usefixtures("socket_enabled")

KILLS = 5
ID = "SIM-001"
RESENT_S = 60.0
START_S = 30.0
BOOT = {"reason": "PowerUp", "chargingStation": {"vendorName": "Laboratory", "model": "Script"}}
ACCEPT = frozenset({"SetChargingProfile", "ClearChargingProfile", "TriggerMessage", "SetVariables"})
PROCESSES = get_context("forkserver")
PROCESSES.set_forkserver_preload([live.__module__])


@dataclass(slots=True)
class Teller:
    """A station that charges, and keeps each event until it was answered."""

    dice: random.Random
    register_wh: float = 50_000.0
    began_wh: float = 50_000.0
    told: int = 0
    queue: deque[dict[str, Any]] = field(default_factory=deque)
    answered: list[int] = field(default_factory=list)
    orders: int = 0
    booted: bool = False
    _calls: int = 0

    async def talk(self, port: int) -> None:
        """Dial, and tell what happens until the line breaks."""
        with contextlib.suppress(WebSocketException, OSError):
            async with connect(f"ws://127.0.0.1:{port}/{ID}", subprotocols=["ocpp2.0.1"]) as line:
                if not self.booted:
                    await self._ask(line, "BootNotification", BOOT)
                    self.booted = True
                while True:
                    self._happens()
                    await self._tell(line)
                    await asyncio.sleep(self.dice.uniform(0.0, 0.02))

    async def listen(self, port: int) -> None:
        """Dial and hear one order."""
        async with connect(f"ws://127.0.0.1:{port}/{ID}", subprotocols=["ocpp2.0.1"]) as line:
            before = self.orders
            while self.orders == before:
                self._happens()
                await self._tell(line)
                await asyncio.sleep(0.05)

    async def end(self, port: int) -> None:
        """Dial and tell that it is over."""
        self._add("Ended", "EVDeparted")
        async with connect(f"ws://127.0.0.1:{port}/{ID}", subprotocols=["ocpp2.0.1"]) as line:
            while self.queue:
                await self._tell(line)

    def _happens(self) -> None:
        self.register_wh += self.dice.uniform(0.0, 2.0)
        self._add("Updated" if self.told else "Started", "MeterValuePeriodic" if self.told else "CablePluggedIn")

    def _add(self, kind: str, trigger: str) -> None:
        at = datetime.now(UTC).isoformat()
        sample = {"value": round(self.register_wh if self.told else self.began_wh, 1)}
        self.queue.append(
            {
                "eventType": kind,
                "timestamp": at,
                "triggerReason": trigger,
                "seqNo": self.told,
                "transactionInfo": {"transactionId": "T", "chargingState": "Charging"},
                "evse": {"id": 1, "connectorId": 1},
                "meterValue": [{"timestamp": at, "sampledValue": [sample]}],
            }
        )
        self.told += 1

    async def _tell(self, line: ClientConnection) -> None:
        """Tell what is next; it leaves the queue once it was answered."""
        if await self._ask(line, "TransactionEvent", self.queue[0]):
            self.answered.append(self.queue.popleft()["seqNo"])

    async def _ask(self, line: ClientConnection, action: str, payload: dict[str, Any]) -> bool:
        """Ask, and tell whether the answer was no error; what is asked meanwhile is answered too."""
        self._calls += 1
        name = f"s-{self._calls}"
        await line.send(json.dumps([2, name, action, payload]))
        while True:
            frame = json.loads(await line.recv())
            if frame[0] != 2:
                assert frame[1] == name
                return bool(frame[0] == 3)
            await line.send(json.dumps(self._reply(frame)))

    def _reply(self, frame: list[Any]) -> list[Any]:
        if frame[2] == "SetChargingProfile":
            self.orders += frame[3]["chargingProfile"]["chargingProfilePurpose"] == "TxProfile"
        if frame[2] in ACCEPT:
            return [3, frame[1], {"status": "Accepted"} if frame[2] != "SetVariables" else {"setVariableResult": []}]
        return [4, frame[1], "NotSupported", "", {}]


class Mortal:
    """The process of a controller, started again and again on the same file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._process: BaseProcess | None = None

    async def start(self) -> int:
        """Start it; return its port."""
        mine, his = PROCESSES.Pipe(duplex=False)
        self._process = PROCESSES.Process(target=live, args=(self.file, his), daemon=True)
        self._process.start()
        his.close()
        assert await asyncio.to_thread(mine.poll, START_S)
        port, refused, moved_to = mine.recv()
        assert (refused, moved_to) == (0, None)
        return int(port)

    def kill(self) -> None:
        """Kill it, without a word of warning."""
        if self._process is not None and self._process.pid is not None:
            self._process.kill()
            self._process.join()

    def session(self, folder: Path) -> Session | None:
        """Return what a copy of the file holds of the session."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.file.parent, folder)
        memory = File(folder / self.file.name)
        opened = memory.open(LONG_AGO)
        memory.close()
        assert (opened.refused, opened.moved_to, opened.read_only) == ((), None, False)
        found = [value for value in opened.kept.values() if isinstance(value, Session)]
        assert len(found) <= 1
        return found[0] if found else None


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Mortal]:
    pytest_socket._remove_restrictions()  # processes are asked for over a socket that has no host
    controller = Mortal(tmp_path / "home" / "home.db")
    yield controller
    controller.kill()


@pytest.mark.parametrize("seed", range(10))
async def test_row_2_killed_five_times_in_a_session(mortal: Mortal, seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    station = Teller(dice)
    for _ in range(KILLS):
        talk = asyncio.create_task(station.talk(await mortal.start()))
        await asyncio.sleep(dice.uniform(0.0, 0.5))
        mortal.kill()
        await talk
        session = mortal.session(tmp_path / "copy")
        known = [] if session is None else [n for a, b in session.seen for n in range(a, b + 1)]
        assert set(station.answered) <= set(known)
    port = await mortal.start()
    async with asyncio.timeout(RESENT_S):
        await station.listen(port)
    await station.end(port)
    mortal.kill()
    session = mortal.session(tmp_path / "copy")
    assert session is not None
    assert (session.key, session.gaps, session.begun) == (f"{ID}/T", 0, True)
    assert session.ended_at is not None
    assert abs(session.energy_in.wh - (station.register_wh - station.began_wh)) <= 1.0
