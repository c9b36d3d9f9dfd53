"""What the house meter costs, and how fast an order follows from it, in a real Home Assistant with its recorder.

    python -m bench.meters [--seconds 120] [--samples 120]

Four figures, one run: a Linky's frame decoded; the CPU of a meter that speaks every second, as the difference between
a talking and a mute minute of the same process; rows the recorder got of it; and the time from the last byte of a
frame that overloads the connection to the order at the station, four stations charging. CPU is that of the whole
process, all threads. The waiting times include this program's own, and whatever else the machine does.
"""

import argparse
import asyncio
from collections.abc import Callable
import contextlib
from datetime import UTC, datetime
from pathlib import Path
import random
import sqlite3
import statistics
import tempfile
import time
from typing import Any

from bench.core import room
from bench.stations import SECRET, House
from demo.ports import HOST
from demo.waiting import until
from simulator.clock import RealClock
from simulator.home import HomeSettings, SimulatedHome
from simulator.linky import Linky, LinkySettings
from simulator.ocpp_station import StationSettings
from simulator.station import EvseSettings
from simulator.vehicle import VehicleSettings

STATIONS = 4
PERIOD_S = 1.0
BREAKER_A = 120.0
SUBSCRIBED_KVA = 30
VOLTS = 230.0
STEP_W = 600.0
LEAST_W = 2300.0
FALLBACK_A = 30.0
CALM_S = 3.0
MUTE_S = 15.0
SETTLE_S = 20.0
ROW_EVERY_S = 10.0
ORDERS = ("SetChargingProfile", "UpdateDynamicSchedule")
RECORDER = """\
recorder:
  commit_interval: 1
"""


class Speaker:
    """A Linky's line over TCP that says a frame when it is told to."""

    def __init__(self) -> None:
        """Stand at the door of a house with one phase."""
        self.meter = Linky(LinkySettings(phases=1, subscribed_kva=SUBSCRIBED_KVA))
        self.port = 0
        self._server: asyncio.Server | None = None
        self._listeners: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._welcome, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Hang up."""
        if self._server is not None:
            self._server.close()
        for listener in self._listeners:
            listener.transport.abort()

    def say(self, power_w: float) -> None:
        """Say one whole frame."""
        now = datetime.now(UTC)
        self.meter.step(PERIOD_S, now, (power_w,), (VOLTS,))
        frame = self.meter.frame(now)
        for listener in self._listeners:
            listener.write(frame)

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._listeners.add(writer)
        with contextlib.suppress(OSError):
            while await reader.read(64):
                pass
        self._listeners.discard(writer)


class MeteredHouse(House):
    """A house with a Linky and a recorder, and some stations."""

    def __init__(self, folder: Path, line: str, stations: int) -> None:
        """Furnish the folder."""
        self._line = line
        super().__init__(folder, ours=True, stations=stations)
        with (folder / "configuration.yaml").open("a") as words:
            words.write(RECORDER)

    def _entry(self, stations: int) -> dict[str, Any]:
        entry = super()._entry(stations)
        entry["data"] |= {"phases": 1, "breaker_a": BREAKER_A, "subscribed_kva": float(SUBSCRIBED_KVA)}
        for part in entry["subentries"]:
            part["data"] |= {"phases": 1, "fallback_a": FALLBACK_A}
        entry["subentries"].append(
            {
                "subentry_id": "01METER",
                "subentry_type": "meter",
                "title": "Linky",
                "unique_id": "meter:house",
                "data": {"kind": "linky", "line": self._line},
            }
        )
        return entry

    def rows(self) -> dict[str, list[float]]:
        """Return when the recorder took a row of each of our entities."""
        with contextlib.closing(
            sqlite3.connect(f"file:{self.folder / 'home-assistant_v2.db'}?mode=ro", uri=True)
        ) as db:
            found = db.execute(
                "select m.entity_id, s.last_updated_ts from states s join states_meta m using (metadata_id)"
            ).fetchall()
        rows: dict[str, list[float]] = {}
        for entity_id, at in found:
            rows.setdefault(entity_id, []).append(at)
        return rows


def decode_ms() -> float:
    """Return the CPU time of one frame of a three-phase producer."""
    meter, now = Linky(LinkySettings(phases=3)), datetime.now(UTC)
    meter.step(1.0, now, (1150.0, -693.0, 458.0), (230.0, 231.0, 229.0))
    frame = meter.frame(now)
    decoder, linky = room("meters.tic").TicDecoder(), room("meters.linky").LinkyMeter()
    took = []
    for _ in range(300):
        began = time.process_time()
        (whole,) = decoder.receive(frame)
        linky.read(whole)
        took.append(time.process_time() - began)
    return statistics.median(took) * 1000


def kitchen(seed: int = 1) -> Callable[[int], float]:
    """Return a house second by second: a base that trembles, and something switched on and off now and then."""
    dice = random.Random(seed)
    return lambda second: 700.0 + dice.gauss(0.0, 25.0) + (1800.0 if second // 45 % 2 else 0.0)


async def upkeep(folder: Path, seconds: float) -> dict[str, float]:
    """Return the share of a core a meter takes, and the most rows of one entity, by window of ten seconds."""
    speaker = Speaker()
    await speaker.open()
    house = MeteredHouse(folder, f"socket://{HOST}:{speaker.port}", 0)
    try:
        await house.start()
        speaker.say(700.0)
        await asyncio.sleep(SETTLE_S)
        before_s = house.cpu_s()
        await asyncio.sleep(seconds)
        mute_s = house.cpu_s() - before_s
        loads, before_s, began = kitchen(), house.cpu_s(), time.time()
        for second in range(int(seconds)):
            speaker.say(loads(second))
            await asyncio.sleep(PERIOD_S)
        talking_s, ended = house.cpu_s() - before_s, time.time()
        await asyncio.sleep(3.0)
        rows = {name: sum(began <= at <= ended for at in at_s) for name, at_s in house.rows().items()}
    finally:
        await house.stop()
        await speaker.close()
    switched = int(seconds) // 45
    most = max(rows, key=lambda name: rows[name])
    return {
        "mute_pct": 100 * mute_s / seconds,
        "talking_pct": 100 * talking_s / seconds,
        "rows": float(rows[most]),
        "allowed": seconds / ROW_EVERY_S + switched + 1,
        "entities": float(len(rows)),
    }


async def reaction(folder: Path, samples: int) -> tuple[list[float], int]:
    """Return how long each overload took to become an order at a station, ms, and how many became none."""
    speaker, clock = Speaker(), RealClock()
    await speaker.open()
    house = MeteredHouse(folder, f"socket://{HOST}:{speaker.port}", STATIONS)
    homes = [_charger(house, clock, n) for n in range(STATIONS)]
    try:
        await house.start()
        for home in homes:
            await home.start()
        await until(lambda: all(home.station.online for home in homes), "the stations are not let in", 60)
        for home in homes:
            home.plug_in()
        return await _squeeze(speaker, homes, clock, samples)
    finally:
        for home in homes:
            await home.stop()
        await house.stop()
        await speaker.close()


def _charger(house: House, clock: RealClock, number: int) -> SimulatedHome:
    settings = HomeSettings(
        station=StationSettings(id=f"B{number:03}", password=SECRET, update_interval_s=2),
        evse=EvseSettings(phases=1),
        vehicle=VehicleSettings(soc_pct=20.0, phases=1, capacity_kwh=200.0),
        ocpp_url=f"ws://{HOST}:{house.ocpp_port}",
    )
    return SimulatedHome(settings, clock)


async def _squeeze(
    speaker: Speaker, homes: list[SimulatedHome], clock: RealClock, samples: int
) -> tuple[list[float], int]:
    """Let the house take some more every few seconds, until little is left for the cars; then begin anew.

    A meter that falls mute for a while is the quick way back up: each car then has its fallback current again.
    """
    waits: list[float] = []
    missed, top_w = 0, min(BREAKER_A * VOLTS, SUBSCRIBED_KVA * 1000.0)
    await _calm(speaker, homes, 0.0, 2 * MUTE_S)
    while len(waits) + missed < samples:
        if _cars_w(homes) < len(homes) * LEAST_W:
            await asyncio.sleep(MUTE_S)
            await _calm(speaker, homes, 0.0, MUTE_S)
        house_w = max(0.0, top_w - _cars_w(homes)) + STEP_W
        counts = [len(home.station.received) for home in homes]
        sent = clock.now()
        speaker.say(house_w + _cars_w(homes))
        await asyncio.sleep(PERIOD_S)
        came = [
            1000 * (one.at - sent).total_seconds()
            for home, count in zip(homes, counts, strict=True)
            for one in list(home.station.received)[count:]
            if one.action in ORDERS
        ]
        missed += not came
        waits += came
        await _calm(speaker, homes, house_w, CALM_S)
    return waits, missed


def _cars_w(homes: list[SimulatedHome]) -> float:
    return sum(home.evse.power_w for home in homes)


async def _calm(speaker: Speaker, homes: list[SimulatedHome], house_w: float, seconds: float) -> None:
    """Let time pass with a house that takes no more."""
    for _ in range(int(seconds / PERIOD_S)):
        speaker.say(house_w + _cars_w(homes))
        await asyncio.sleep(PERIOD_S)


def table(decoded_ms: float, cost: dict[str, float], waits: list[float], missed: int) -> str:
    """Return the figures with what they have to stay under."""
    ordered = sorted(waits) or [float("nan")]
    p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    own = cost["talking_pct"] - cost["mute_pct"]
    rows = [
        f"one frame of a three-phase producer, decoded and read: {decoded_ms:.2f} ms of CPU (limit 1)",
        f"a Linky every second: {own:.2f} % of a core (limit 1)",
        f"  mute {cost['mute_pct']:.2f} %, talking {cost['talking_pct']:.2f} %, {cost['entities']:.0f} entities",
        f"rows of the busiest entity: {cost['rows']:.0f} (limit {cost['allowed']:.0f})",
        f"sample to order at the station, {STATIONS} charging: p99 {p99:.1f} ms (limit 50)",
        f"  p50 {statistics.median(ordered):.1f} ms, {len(waits)} orders, {missed} samples without one",
    ]
    return "\n".join(rows)


async def measure(seconds: float, samples: int) -> str:
    """Measure all of it."""
    with tempfile.TemporaryDirectory(prefix="mobilize-flex-bench-") as folder:
        cost = await upkeep(Path(folder), seconds)
    with tempfile.TemporaryDirectory(prefix="mobilize-flex-bench-") as folder:
        waits, missed = await reaction(Path(folder), samples)
    return table(decode_ms(), cost, waits, missed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.meters", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--samples", type=int, default=120)
    chosen = parser.parse_args()
    print(asyncio.run(measure(chosen.seconds, chosen.samples)))
