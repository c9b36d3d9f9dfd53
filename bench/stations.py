"""What a station costs inside a real Home Assistant, as multiples of the least it can cost.

    python -m bench.stations [--seconds 8] [--quick]

Boots Home Assistant without recorder twice, once with the throw-away component of ``bench/components/floor`` and once
with ours, lets the same stations talk to both, prints one table. CPU is that of the whole process, all threads, over
the window only. Ratios of one run are worth something, milliseconds of another machine are not.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
import json
import os
from pathlib import Path
import shutil
import sys
import tempfile
from typing import Any

import aiohttp

from custom_components.mobilize_flex.shell.credentials import seal
from demo.client import Client, Refused
from demo.folder import INTEGRATION
from demo.hass import ROOT, Hass
from demo.ports import HOST, any_free
from demo.waiting import until

SECRET = "a-secret-of-the-bench"
COMPONENTS = Path(__file__).parent / "components"
START_S = 60.0
CONFIGURATION = """\
homeassistant:
  name: Bench
  time_zone: Europe/Paris
  country: FR
  currency: EUR
logger:
  default: warning
loop_watch:
"""
FLOOR = """\
floor:
  port: {port}
  stations: {stations}
"""
SITE: dict[str, Any] = {
    "host": HOST,
    "phases": 3,
    "breaker_a": 60.0,
    "subscribed_kva": 36.0,
    "feed_in_w": 0.0,
    "v2g_consent": False,
    "rate_limit": 0,
}
STATION: dict[str, Any] = {
    "phases": 3,
    "selector": "32",
    "fallback_a": 10.0,
    "access": "open",
}


class House:
    """One Home Assistant with one component that serves stations."""

    def __init__(self, folder: Path, *, ours: bool, stations: int) -> None:
        """Furnish the folder."""
        self.folder, self.ours = folder, ours
        self.http_port, self.ocpp_port = any_free(2)
        self.client = Client(f"http://{HOST}:{self.http_port}")
        self._hass = Hass(folder, self.client)
        (folder / ".storage").mkdir(parents=True)
        (folder / "custom_components").mkdir()
        shutil.copytree(COMPONENTS / "loop_watch", folder / "custom_components" / "loop_watch")
        words = CONFIGURATION
        if ours:
            (folder / "custom_components" / "mobilize_flex").symlink_to(INTEGRATION, target_is_directory=True)
            self._store("core.config_entries", 1, 5, {"entries": [self._entry(stations)]})
        else:
            shutil.copytree(COMPONENTS / "floor", folder / "custom_components" / "floor")
            words += FLOOR.format(port=self.ocpp_port, stations=stations)
        (folder / "configuration.yaml").write_text(words)
        settings = {
            "server_host": [HOST],
            "server_port": self.http_port,
            "cors_allowed_origins": [],
            "login_attempts_threshold": -1,
            "ip_ban_enabled": False,
            "ssl_profile": "intermediate_v6",
            "use_x_frame_options": True,
            "created_at": datetime.now(UTC).isoformat(),
            "error": None,
            "error_message": None,
        }
        self._store("http", 3, 1, {"stable": settings, "pending": None, "yaml_migration_done": True})

    async def start(self) -> None:
        """Boot it; return once its stations could dial."""
        await self.client.__aenter__()
        await self._hass.launch()
        await until(self._open, "nobody listens for stations", START_S)
        await asyncio.sleep(5.0)  # what Home Assistant still does after its start is not ours

    async def stop(self) -> None:
        """End it."""
        await self._hass.stop()
        await self.client.__aexit__(None, None, None)

    async def talk(self, stations: int, seconds: float, *options: str) -> dict[str, Any]:
        """Let stations talk; return what they saw, the CPU each message cost (ms), the longest stall (ms), memory."""
        client = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.load", f"ws://{HOST}:{self.ocpp_port}", "--secret", SECRET,
            "--stations", str(stations), "--seconds", str(seconds), *options,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT,
        )  # fmt: skip
        assert client.stdin is not None
        assert client.stdout is not None
        await client.stdout.readline()
        await asyncio.sleep(4.0)  # the greetings are over
        await self._stalls()
        before_s = self.cpu_s()
        client.stdin.write(b"\n")
        said = json.loads(await client.stdout.readline())
        cpu_s = self.cpu_s() - before_s
        stalls, memory = await self._stalls(), self._memory_mib()
        client.stdin.write(b"\n")
        client.stdin.close()
        await client.wait()
        return {**said, "cpu_ms": cpu_s * 1000 / said["messages"], "stall_ms": stalls, "memory_mib": memory}

    def cpu_s(self) -> float:
        """Return the CPU time of the whole process so far."""
        fields = Path(f"/proc/{self._hass.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _memory_mib(self) -> float:
        status = Path(f"/proc/{self._hass.pid}/status").read_text()
        line = next(row for row in status.splitlines() if row.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    async def _stalls(self) -> float:
        longest = (await self.client.get("/api/loop_watch"))["longest_ms"]
        return float(longest[0]) if longest else 0.0

    async def _open(self) -> bool:
        try:
            await self._stalls()
            _, writer = await asyncio.open_connection(HOST, self.ocpp_port)
        except OSError, aiohttp.ClientError, Refused:
            return False
        writer.close()
        return True

    def _store(self, key: str, version: int, minor: int, content: dict[str, Any]) -> None:
        store = {"version": version, "minor_version": minor, "key": key, "data": content}
        (self.folder / ".storage" / key).write_text(json.dumps(store))

    def _entry(self, stations: int) -> dict[str, Any]:
        now, sealed = datetime.now(UTC).isoformat(), seal(SECRET)
        parts = [
            {
                "subentry_id": f"01STATION{number:03}",
                "subentry_type": "station",
                "title": f"Station {number}",
                "unique_id": f"B{number:03}",
                "data": STATION | {"sealed_secret": sealed},
            }
            for number in range(stations)
        ]
        return {
            "created_at": now,
            "modified_at": now,
            "data": SITE | {"port": self.ocpp_port},
            "disabled_by": None,
            "discovery_keys": {},
            "domain": "mobilize_flex",
            "entry_id": "01BENCH",
            "minor_version": 1,
            "options": {},
            "pref_disable_new_entities": False,
            "pref_disable_polling": False,
            "source": "user",
            "subentries": parts,
            "title": "Bench",
            "unique_id": f"site:{self.ocpp_port}",
            "version": 1,
        }


@asynccontextmanager
async def house(*, ours: bool, stations: int) -> AsyncIterator[House]:
    """Boot a house for as long as it is needed."""
    with tempfile.TemporaryDirectory(prefix="mobilize-flex-bench-") as folder:
        home = House(Path(folder), ours=ours, stations=stations)
        try:
            await home.start()
            yield home
        finally:
            await home.stop()


async def measure(seconds: float, most: int) -> dict[str, dict[str, Any]]:
    """Return every measurement by name, for the floor and for ours."""
    found: dict[str, dict[str, Any]] = {}
    for name, ours in (("floor", False), ("ours", True)):
        async with house(ours=ours, stations=most) as home:
            found[f"{name} 1"] = await home.talk(1, seconds)
            found[f"{name} 10"] = await home.talk(10, seconds)
            found[f"{name} heartbeat"] = await home.talk(10, seconds, "--heartbeats")
            found[f"{name} {most}"] = await home.talk(most, seconds)
            found[f"{name} {most} paced"] = await home.talk(most, seconds, "--paced", "1")
    async with house(ours=True, stations=1) as home:
        found["ours 1 of 1"] = await home.talk(1, seconds)
    return found


def table(found: dict[str, dict[str, Any]], most: int) -> str:
    """Return what was measured, and the ratios that count."""
    rows = [f"{'':20} {'CPU ms':>8} {'p50':>8} {'p95':>8} {'p99 ms':>8} {'stall':>8} {'MiB':>8} {'messages':>9}"]
    rows += [
        f"{name:20} {m['cpu_ms']:8.3f} {m['p50_ms']:8.2f} {m['p95_ms']:8.2f} {m['p99_ms']:8.2f} {m['stall_ms']:8.1f} "
        f"{m['memory_mib']:8.1f} {m['messages']:9}"
        for name, m in found.items()
    ]
    ours, floor = found["ours 10"], found["floor 10"]
    grown = found[f"ours {most}"]["memory_mib"] - found["ours 1 of 1"]["memory_mib"]
    per_station = grown / (most - 1)
    growth = found[f"ours {most}"]["cpu_ms"] / found["ours 1"]["cpu_ms"]
    stall_ms = found[f"ours {most} paced"]["stall_ms"]
    rows += [
        "",
        f"TransactionEvent at 10 stations, multiple of the floor: {ours['cpu_ms'] / floor['cpu_ms']:.2f} (limit 2.5)",
        f"growth from 1 to {most} stations: {growth:.2f} (limit 1.2)",
        f"p99 at 10 stations: {ours['p99_ms']:.2f} ms (limit 15)",
        f"Heartbeat: {found['ours heartbeat']['cpu_ms']:.3f} ms (limit 0.1)",
        f"memory per connected station, entities included: {per_station:.3f} MiB (limit 0.25)",
        f"longest stall at {most} stations, a message a second each: {stall_ms:.1f} ms (limit 20)",
    ]
    return "\n".join(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.stations", description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--most", type=int, default=50)
    chosen = parser.parse_args()
    print(table(asyncio.run(measure(chosen.seconds, chosen.most)), chosen.most))
