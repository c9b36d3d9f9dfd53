"""A home under attack: one well-behaved station in the middle of a charge, and whoever comes beside it."""

import asyncio
from collections.abc import AsyncIterator
import gc
import logging
from pathlib import Path
import time
from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from tests.certification.lab import Lab, Station, stamp

EVIL = "EVIL-1"
ANSWER_S = 0.5
BEAT_S = 0.1
GROWTH_MIB = 32.0
BEGAN_WH = 120_000.0
LIMIT_W = 50_000.0


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Give each Home Assistant a folder that nobody had before."""
    return hass_tmp_config_dir


@pytest.fixture(autouse=True)
def _custom(enable_custom_integrations: None, socket_enabled: None) -> None:
    """Let Home Assistant load the integration, and the integration listen."""


def memory_mib() -> float:
    """Return what this process holds."""
    gc.collect()
    line = next(row for row in Path("/proc/self/status").read_text().splitlines() if row.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


class Siege:
    """A home with its own station on the line, and the means to hold that nothing happened to it."""

    def __init__(self, lab: Lab, hass: HomeAssistant) -> None:
        self.lab, self.hass = lab, hass
        self.own: Station
        self.slowest_s = 0.0
        self._wh = BEGAN_WH
        self._step = 0
        self._beats: asyncio.Task[None]

    async def begin(self) -> None:
        """Let the own station charge and beat."""
        await self.lab.open(others=[EVIL])
        self.own = await self.lab.booted()
        await self.own.status("Occupied")
        await self._tell("Started", "CablePluggedIn")
        self._beats = asyncio.create_task(self._beat())

    async def end(self, logged: list[logging.LogRecord]) -> None:
        """Hold that the charge went on as if nobody had been there."""
        self._beats.cancel()
        for _ in range(3):
            await self._tell("Updated", "MeterValuePeriodic")
        await self._tell("Ended", "EVDeparted")
        session = self.lab.session("own")
        assert abs(session.energy_in.wh - (self._wh - BEGAN_WH)) < 1.0
        assert session.ended_at is not None
        assert not self.own.socket.closed
        assert self.slowest_s <= ANSWER_S, f"the slowest heartbeat took {self.slowest_s:.3f} s"
        faults = [r.getMessage() for r in logged if r.levelno >= logging.ERROR or r.exc_info]
        assert not faults, faults
        assert not self.lab.coordinator.server or not self.lab.coordinator.server.failures
        assert self.lab.coordinator.runtime is not None
        assert self.lab.coordinator.runtime.errors == 0
        waiting = self.hass.config_entries.flow.async_progress_by_handler("mobilize_flex")
        assert len(waiting) <= 1
        self._look_at_states()

    def _look_at_states(self) -> None:
        """Hold that nothing on display is absurd."""
        for state in self.hass.states.async_all():
            assert len(state.state) <= 255, state.entity_id
            if state.attributes.get("device_class") == "power":
                assert abs(number(state.state)) <= LIMIT_W, (state.entity_id, state.state)
            if state.attributes.get("device_class") == "battery":
                assert 0 <= number(state.state, 50) <= 100, (state.entity_id, state.state)
            if state.attributes.get("device_class") == "energy":
                assert abs(number(state.state)) <= 1e6, (state.entity_id, state.state)

    async def _beat(self) -> None:
        """Beat ten times a second; what holds up the loop before a beat leaves counts as well."""
        due_s = time.perf_counter()
        while True:
            await self.own.call("Heartbeat")
            self.slowest_s = max(self.slowest_s, time.perf_counter() - due_s)
            due_s = time.perf_counter() + BEAT_S
            await asyncio.sleep(BEAT_S)

    async def _tell(self, kind: str, trigger: str) -> None:
        self._wh += 7.0 if self._step else 0.0
        samples: list[dict[str, Any]] = [
            {"value": self._wh, "measurand": "Energy.Active.Import.Register", "unitOfMeasure": {"unit": "Wh"}},
            {"value": 6900.0, "measurand": "Power.Active.Import", "unitOfMeasure": {"unit": "W"}},
        ]
        meter = [{"timestamp": stamp(), "sampledValue": samples}]
        await self.own.event(kind, trigger, self._step, "own", evse={"id": 1, "connectorId": 1}, meterValue=meter)
        self._step += 1


def number(word: str, otherwise: float = 0.0) -> float:
    """Return a state as a number; words count as nothing."""
    try:
        return float(word)
    except ValueError:
        return otherwise


@pytest.fixture
async def siege(hass: HomeAssistant, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Siege]:
    """Give a home with a charge going on; hold at the end that nothing happened to it."""
    lab = Lab(hass)
    home = Siege(lab, hass)
    try:
        await home.begin()
        before = memory_mib()
        caplog.clear()
        yield home
        await home.end([r for r in caplog.records if r.name.startswith(("custom_components", "asyncio", "aiohttp"))])
        assert memory_mib() - before <= GROWTH_MIB
    finally:
        await lab.close()
