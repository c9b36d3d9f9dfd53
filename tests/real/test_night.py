"""A night in a real Home Assistant: the demo itself, watched, restarted and killed.

One story in one test: each of its scenes costs half a minute of real time, and begins where the last one ended.
"""

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
import json
from pathlib import Path
import re
from typing import Any

import pytest

from demo.face import Face, States
from demo.folder import DOMAIN
from demo.hass import OUTPUT_FILE
from demo.options import Options, OutsideStation
from demo.ports import any_free
from demo.stage import SIMULATED, Ready, Stage
from demo.waiting import until
from simulator.home import SimulatedHome

FLOWS_W = 1_000.0
AGREE_S = 2.0
SAMPLE_S = 8.0
OFFLINE_S = 60.0 + 15.0  # the profile's maxOfflineDuration, and the ramp; its own duration would be 180 s
STANDARD_W = 16 * 230.0 + 100.0
PEAK_REASONS = {"high_price", "sell_price"}
OUTSIDE = OutsideStation("OUTSIDE-1", "somebody-elses-secret")

TROUBLE = re.compile(r"\S+ \S+ (?:WARNING|ERROR|CRITICAL) ")
SERMON = re.compile(r"deprecat|will stop working|Detected (?:that|blocking)|never retrieved", re.IGNORECASE)
NOT_OURS = ("We found a custom integration",)


@dataclass(frozen=True, slots=True)
class Watch:
    """Somebody who sees both sides: what the station really does, and what Home Assistant shows."""

    stage: Stage
    home: SimulatedHome
    face: Face

    async def states(self) -> States:
        return await self.stage.client.states()

    async def text(self, key: str) -> str | None:
        return self.face.text(await self.states(), key, SIMULATED)

    async def number(self, key: str) -> float | None:
        return self.face.number(await self.states(), key, SIMULATED)

    async def ask(self, action: str, **data: Any) -> Any:
        return await self.stage.client.ask(DOMAIN, action, data)

    @property
    def car_w(self) -> float:
        return self.home.snapshot().power_w

    async def agrees(self) -> bool:
        """Tell whether the entities say what the station does now."""
        states, true_w = await self.states(), self.car_w
        shown_w = self.face.number(states, "power", SIMULATED)
        doing = "discharging" if true_w < 0 else "charging"
        told = self.face.text(states, "activity", SIMULATED)
        return shown_w is not None and shown_w * true_w > 0 and told is not None and told.endswith(doing)

    async def measures(self) -> bool:
        """Tell whether the discharge has the right size on display."""
        shown_w = await self.number("power")
        return shown_w is not None and abs(shown_w - self.car_w) < 300


@pytest.mark.real
@pytest.mark.timeout(420)
async def test_a_night_in_a_real_home_assistant(socket_enabled: None, tmp_path: Path) -> None:
    port, ocpp_port = any_free(2)
    options = Options(port=port, ocpp_port=ocpp_port, folder=tmp_path / "config", stations=(OUTSIDE,))
    async with Stage(options, print) as stage:
        assert stage.home is not None
        watch = Watch(stage, stage.home, await stage.face())
        scenes: tuple[Callable[[Watch], Awaitable[None]], ...] = (
            the_price_peak_makes_the_car_give_back,
            a_restart_in_mid_session_loses_nothing,
            a_crash_ends_the_discharge_in_the_station,
            the_controller_comes_back_and_goes_on,
            no_secret_has_got_out,
        )
        for scene in scenes:
            began_s = stage.clock.monotonic_s()
            await scene(watch)
            print(f"{scene.__name__}: {stage.clock.monotonic_s() - began_s:.0f} s")
    written = (stage.folder / OUTPUT_FILE).read_text(errors="replace")
    assert complaints(written) == []
    assert leaks(written, stage.ready, stage.notes.password) == []


async def the_price_peak_makes_the_car_give_back(watch: Watch) -> None:
    await until(lambda: watch.car_w < -FLOWS_W, "no discharge at the station", 90)
    assert await until(watch.agrees, "the entities do not see the discharge", AGREE_S) <= AGREE_S
    states = await watch.states()
    assert watch.face.text(states, "reason", SIMULATED) in PEAK_REASONS
    assert watch.face.number(states, "price") == 0.52
    exported_wh = watch.home.snapshot().export_wh
    await until(watch.measures, "the discharge has another size in Home Assistant", SAMPLE_S)
    await until(lambda: watch.home.snapshot().export_wh > exported_wh, "nothing is counted as given back", SAMPLE_S)
    plan = await watch.ask("get_plan", station=SIMULATED)
    powers = [slot["power_w"] for slot in plan["slots"]]
    assert powers[0] < -FLOWS_W
    assert max(powers) > FLOWS_W, "the plan never charges again"


async def a_restart_in_mid_session_loses_nothing(watch: Watch) -> None:
    programmes = await watch.ask("get_programmes")
    assert [p["v2g"] for p in programmes["programmes"]] == [True]
    transaction = watch.home.snapshot().transaction_id
    assert transaction is not None
    before = await counters(watch)
    assert watch.home.station.standing.boot_reason is None

    await watch.stage.hass.stop()
    await until(lambda: watch.car_w > FLOWS_W, "a controller that leaves does not end the discharge", SAMPLE_S)
    charges_by_itself(watch)
    await watch.stage.restart()

    assert await watch.ask("get_programmes") == programmes
    assert all(after >= count for after, count in zip(await counters(watch), before, strict=True))
    await the_discharge_goes_on(watch)
    assert watch.home.snapshot().transaction_id == transaction
    assert all(after >= count for after, count in zip(await counters(watch), before, strict=True))


async def a_crash_ends_the_discharge_in_the_station(watch: Watch) -> None:
    await watch.stage.hass.kill()
    waited_s = await until(lambda: watch.car_w > FLOWS_W, "the discharge outlives the controller", OFFLINE_S)
    print(f"standard charge {waited_s:.0f} s after the crash")
    assert waited_s > SAMPLE_S, "it was no discharge of the controller's that ended"
    charges_by_itself(watch)


async def the_controller_comes_back_and_goes_on(watch: Watch) -> None:
    transaction = watch.home.snapshot().transaction_id
    await watch.stage.restart()
    await the_discharge_goes_on(watch)
    assert watch.home.snapshot().transaction_id == transaction


async def the_discharge_goes_on(watch: Watch) -> None:
    """Wait until the station is back, and gives back again because it was told to."""
    most_w = watch.car_w
    await until(lambda: watch.home.snapshot().online, "the station does not come back", 60)

    def gives_back() -> bool:
        nonlocal most_w
        most_w = max(most_w, watch.car_w)
        return watch.car_w < -FLOWS_W and watch.home.snapshot().mode == "CentralSetpoint"

    await until(gives_back, "the discharge does not go on", 60)
    assert most_w <= STANDARD_W, "a blind charge came first"
    await until(watch.agrees, "the entities do not see that the discharge goes on", SAMPLE_S)
    assert await watch.text("reason") in PEAK_REASONS


def charges_by_itself(watch: Watch) -> None:
    seen = watch.home.snapshot()
    assert (seen.layer, seen.mode, seen.online) == ("TxDefaultProfile", "ChargingOnly", False)
    assert seen.power_w <= STANDARD_W


async def no_secret_has_got_out(watch: Watch) -> None:
    stage = watch.stage
    path = f"/api/diagnostics/config_entry/{stage.entry_id}"
    told = json.dumps([await stage.client.get(path), await watch.states()])
    assert leaks(told, stage.ready, stage.notes.password) == []


async def counters(watch: Watch) -> list[float]:
    states = await watch.states()
    counts = [watch.face.number(states, key, SIMULATED) for key in ("energy_in", "energy_out")]
    assert all(count is not None for count in counts), "a counter is unknown"
    return [count for count in counts if count is not None]


def complaints(written: str) -> list[str]:
    """Return the records of a log in which our integration complains, or somebody complains about it."""
    records = re.split(r"(?m)^(?=\d{4}-\d\d-\d\d \d\d:)", written)
    ours = [r for r in records if DOMAIN in r and not any(other in r for other in NOT_OURS)]
    return [r for r in ours if TROUBLE.match(r) or SERMON.search(r)]


def leaks(written: str, ready: Ready, password: str) -> list[str]:
    """Return the secrets that stand in a text."""
    stations = [(str(one["id"]), str(one["password"])) for one in ready.stations]
    headers = [base64.b64encode(f"{name}:{secret}".encode()).decode() for name, secret in stations]
    secrets = {"owner": password, "token": ready.token}
    secrets |= {f"password of {name}": secret for name, secret in stations}
    secrets |= {f"header of {name}": header for (name, _), header in zip(stations, headers, strict=True)}
    return [name for name, secret in secrets.items() if secret in written]


@pytest.mark.parametrize(
    ("record", "complains"),
    [
        ("INFO (MainThread) [custom_components.mobilize_flex.shell] Meter line is up", False),
        ("WARNING (MainThread) [custom_components.mobilize_flex.shell] Meter line is down", True),
        ("ERROR (MainThread) [asyncio] Task failed\nTraceback:\n  File mobilize_flex/store.py", True),
        ("INFO (MainThread) [homeassistant] Detected that mobilize_flex uses something old", True),
        ("ERROR (MainThread) [homeassistant.components.camera] no libturbojpeg", False),
        ("WARNING (MainThread) [homeassistant.loader] We found a custom integration mobilize_flex", False),
    ],
)
def test_the_reader_of_the_log_knows_a_complaint(record: str, complains: bool) -> None:
    lines = ["INFO (MainThread) [x] before", record, "ERROR (MainThread) [x] after"]
    log = "\n".join(f"2026-11-22 06:00:00.000+00:00 {line}" for line in lines)
    assert bool(complaints(log)) is complains


def test_the_reader_of_secrets_knows_a_secret() -> None:
    ready = Ready("", "token-1", "", ({"id": "A", "password": "secret-of-a", "admitted": True},), "")
    header = base64.b64encode(b"A:secret-of-a").decode()
    assert leaks("nothing to see", ready, "owners-own") == []
    assert leaks(f"owners-own token-1 secret-of-a {header}", ready, "owners-own") == [
        "owner",
        "token",
        "password of A",
        "header of A",
    ]
