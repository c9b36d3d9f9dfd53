"""Many stations that talk: each sends its next message when the answer to the last one is in, or once a second.

    python -m bench.load URL --stations 10 --seconds 10 [--heartbeats | --paced 1]

It says "ready" once all are connected, waits for a line, talks, prints one line of JSON.
"""

import argparse
import asyncio
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
import json
import ssl
import sys
import time
from typing import Any

import aiohttp

MEASURANDS = (
    ("Power.Active.Import", None, "W"),
    ("Energy.Active.Import.Register", None, "Wh"),
    ("Current.Import", "L1", "A"),
    ("Current.Import", "L2", "A"),
    ("Current.Import", "L3", "A"),
    ("Voltage", "L1-N", "V"),
    ("Voltage", "L2-N", "V"),
    ("Voltage", "L3-N", "V"),
    ("SoC", None, "Percent"),
)


def stamp() -> str:
    """Return this instant as the wire wants it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def values(step: int) -> list[float]:
    """Return nine values that all differ from those before, as those of a charging car do."""
    odd = step % 7
    current = 15.1 + odd / 10
    return [10_400 + odd * 11, 1_000_000 + step * 3, current, current, current, 229 + odd / 10, 230 + odd / 10,
            231 + odd / 10, min(99.0, 20 + step / 500)]  # fmt: skip


def event(transaction: str, step: int, kind: str = "Updated") -> dict[str, Any]:
    """Return one transaction event of nine samples, some 1.5 kB."""
    samples = [
        {
            "value": value,
            "measurand": measurand,
            "context": "Sample.Periodic",
            "location": "Outlet",
            "unitOfMeasure": {"unit": unit},
            **({} if phase is None else {"phase": phase}),
        }
        for value, (measurand, phase, unit) in zip(values(step), MEASURANDS, strict=True)
    ]
    return {
        "eventType": kind,
        "timestamp": stamp(),
        "triggerReason": "CablePluggedIn" if kind == "Started" else "MeterValuePeriodic",
        "seqNo": step,
        "transactionInfo": {"transactionId": transaction, "chargingState": "Charging"},
        "evse": {"id": 1, "connectorId": 1},
        "meterValue": [{"timestamp": stamp(), "sampledValue": samples}],
    }


class Station:
    """One station that answers what it is asked and counts how long it waits for its own answers."""

    def __init__(self, session: aiohttp.ClientSession, url: str, name: str, secret: str) -> None:
        """Take a name."""
        self.name, self.waits = name, list[float]()
        self._session, self._url, self._secret = session, url, secret
        self._socket: aiohttp.ClientWebSocketResponse
        self._answers: dict[str, asyncio.Future[None]] = {}
        self._step = 0
        self._reader: asyncio.Task[None]

    async def connect(self, version: str) -> None:
        """Dial in, boot, begin a transaction."""
        self._socket = await self._session.ws_connect(
            f"{self._url}/{self.name}",
            protocols=(version,),
            headers={"Authorization": "Basic " + b64encode(f"{self.name}:{self._secret}".encode()).decode()},
        )
        self._reader = asyncio.create_task(self._read())
        who = {"model": "Bench", "vendorName": "Bench", "serialNumber": self.name, "firmwareVersion": "1"}
        await self._call("BootNotification", {"reason": "PowerUp", "chargingStation": who})
        status = {"timestamp": stamp(), "connectorStatus": "Occupied", "evseId": 1, "connectorId": 1}
        await self._call("StatusNotification", status)
        await self._call("TransactionEvent", event(f"{self.name}-t", 0, "Started"))

    async def talk(self, until: float, every_s: float | None, heartbeats: bool) -> None:
        """Send one message after the other."""
        while time.monotonic() < until:
            self._step += 1
            action, payload = ("Heartbeat", {}) if heartbeats else ("TransactionEvent", self._event())
            began = time.perf_counter()
            await self._call(action, payload)
            waited_s = time.perf_counter() - began
            self.waits.append(waited_s)
            if every_s is not None:
                await asyncio.sleep(max(0.0, every_s - waited_s))

    async def close(self) -> None:
        """Hang up."""
        self._reader.cancel()
        await self._socket.close()

    def _event(self) -> dict[str, Any]:
        return event(f"{self.name}-t", self._step)

    async def _call(self, action: str, payload: dict[str, Any]) -> None:
        message_id = f"{self.name}-{time.monotonic_ns()}"
        answer = self._answers[message_id] = asyncio.get_running_loop().create_future()
        await self._socket.send_str(json.dumps([2, message_id, action, payload]))
        async with asyncio.timeout(30):
            await answer

    async def _read(self) -> None:
        async for message in self._socket:
            frame = json.loads(message.data)
            if frame[0] == 2:
                await self._socket.send_str(json.dumps([4, frame[1], "NotSupported", "", {}]))
            elif (waiting := self._answers.pop(frame[1], None)) is not None:
                if frame[0] == 3:
                    waiting.set_result(None)
                else:
                    waiting.set_exception(RuntimeError(f"refused: {frame}"))


async def run(chosen: argparse.Namespace, go: Callable[[], object]) -> dict[str, Any]:
    """Connect, wait for the sign, talk; return counts and waits (ms)."""
    trust = ssl.create_default_context(cafile=chosen.ca_file) if chosen.ca_file else None
    connector = aiohttp.TCPConnector(limit=0, **({} if trust is None else {"ssl": trust}))
    async with aiohttp.ClientSession(connector=connector) as session:
        names = [f"B{number:03}" for number in range(chosen.stations)]
        stations = [Station(session, chosen.url, name, chosen.secret) for name in names]
        for station in stations:
            await station.connect(chosen.version)
        print("ready", flush=True)
        await asyncio.to_thread(go)
        until = time.monotonic() + chosen.seconds
        await asyncio.gather(*(s.talk(until, chosen.paced, chosen.heartbeats) for s in stations))
        waits = sorted(w for s in stations for w in s.waits)
        result = {
            "messages": len(waits),
            **{f"p{p}_ms": round(waits[min(len(waits) - 1, len(waits) * p // 100)] * 1000, 3) for p in (50, 95, 99)},
            "max_ms": round(waits[-1] * 1000, 3),
        }
        print(json.dumps(result), flush=True)
        await asyncio.to_thread(go)
        await asyncio.gather(*(s.close() for s in stations))
        return result


def read(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--stations", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--secret", default="a-secret-of-the-bench")
    parser.add_argument("--version", default="ocpp2.0.1")
    parser.add_argument("--paced", type=float, metavar="SECONDS", help="one message in so many seconds")
    parser.add_argument("--heartbeats", action="store_true")
    parser.add_argument("--ca-file")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    asyncio.run(run(read(), sys.stdin.readline))
