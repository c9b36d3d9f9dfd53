"""A journey: the simulated home on real loopback sockets against the integration in Home Assistant."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
import socket
from typing import Any

from homeassistant.config_entries import ConfigEntryState, ConfigSubentryDataWithId
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.mobilize_flex import const as c
from custom_components.mobilize_flex.coordinator import FlexCoordinator
from custom_components.mobilize_flex.core.model.state import EvseState
from custom_components.mobilize_flex.shell.credentials import seal
from simulator.clock import RealClock
from simulator.home import HomeSettings, SimulatedHome, Snapshot
from simulator.station import EvseSettings
from simulator.world import WorldSettings

SECRET = "a-secret-of-the-journey"
STATION_ID = "VERSO-1"
SITE: dict[str, Any] = {
    "host": "127.0.0.1",
    c.CONF_PHASES: 1,
    c.CONF_BREAKER_A: 45.0,
    c.CONF_SUBSCRIBED_KVA: 9.0,
    c.CONF_FEED_IN_W: 0.0,
    c.CONF_V2G_CONSENT: True,
}
CAR: dict[str, Any] = {
    c.CONF_CAPACITY_KWH: 52.0,
    c.CONF_MAX_CHARGE_KW: 7.4,
    c.CONF_MIN_CHARGE_KW: 1.4,
    c.CONF_MAX_DISCHARGE_KW: 7.0,
    c.CONF_MIN_DISCHARGE_KW: 1.0,
    c.CONF_CHARGE_EFFICIENCY_PCT: 90.0,
    c.CONF_DISCHARGE_EFFICIENCY_PCT: 90.0,
}
PATIENCE_S = 60.0


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Give each Home Assistant a folder that nobody had before."""
    return hass_tmp_config_dir


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def part(kind: str, title: str, data: dict[str, Any], unique_id: str | None = None) -> ConfigSubentryDataWithId:
    """Return one part of a home as the owner set it up."""
    return ConfigSubentryDataWithId(
        subentry_id=f"01{kind.upper()}", data=data, subentry_type=kind, title=title, unique_id=unique_id
    )


def peak_now(minutes: int = 40) -> dict[str, Any]:
    """Return a contract whose price is high now and low soon."""
    local = dt_util.now()
    begin, end = local + timedelta(minutes=minutes), local + timedelta(hours=20)
    windows = [[begin.strftime("%H:%M"), end.strftime("%H:%M")]]
    return {
        c.CONF_KIND: c.TARIFF_PEAK,
        c.CONF_PEAK_PRICE: 0.73,
        c.CONF_OFF_PEAK_PRICE: 0.13,
        c.CONF_OFF_PEAK_WINDOWS: windows,
        c.CONF_SUMMER_WINDOWS: [],
        c.CONF_EXPORT_KIND: c.EXPORT_NONE,
    }


class Journey:
    """Both sides of a home, and how to wait for what should happen."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin with nothing there."""
        self.hass = hass
        self.world: SimulatedHome | None = None
        self.entry: MockConfigEntry | None = None
        self.site: dict[str, Any] = {}

    async def begin(self, settings: HomeSettings | None = None, **station: Any) -> None:
        """Start the simulated home, whose station keeps dialling, then the integration it dials."""
        port = free_port()
        settings = settings or HomeSettings()
        settings = replace(
            settings,
            station=replace(settings.station, **({"id": STATION_ID, "password": SECRET, "boot_s": 0.5} | station)),
            evse=EvseSettings(phases=1),
            vehicle=replace(settings.vehicle, phases=1, soc_pct=60.0, wake_up_s=1.0),
            world=WorldSettings(phases=1, base_w=1900.0),
            tic_port=0,
            ocpp_url=f"ws://127.0.0.1:{port}",
        )
        self.world = SimulatedHome(settings, RealClock())
        await self.world.start()
        await self._set_up(port)

    async def _set_up(self, port: int) -> None:
        sealed = await self.hass.async_add_executor_job(seal, SECRET)
        assert self.world is not None
        assert self.world.tic_wire is not None
        line = f"socket://127.0.0.1:{self.world.tic_wire.port}"
        self.entry = MockConfigEntry(
            domain=c.DOMAIN,
            title="Home",
            unique_id=f"site:{port}",
            data=SITE | {"port": port} | self.site,
            subentries_data=[
                part(c.STATION, "Verso", self._station(sealed), STATION_ID),
                part(c.VEHICLE, "R5", CAR, "r5"),
                part(c.METER, "Linky", {c.CONF_KIND: c.METER_LINKY, c.CONF_LINE: line}, "meter:house"),
                part(c.TARIFF, "Tempo", peak_now(), "tariff"),
            ],
        )
        self.entry.add_to_hass(self.hass)
        assert await self.hass.config_entries.async_setup(self.entry.entry_id)
        await self.act("set_programme", number=1, departure=self._departure(), weekdays=_ALL_DAYS, v2g=True)
        await self.number("soc_min", 25)

    def _station(self, sealed: str) -> dict[str, Any]:
        return {
            c.CONF_PHASES: 1,
            c.CONF_SELECTOR: "32",
            c.CONF_FALLBACK_A: 10.0,
            c.CONF_ACCESS: c.ACCESS_OPEN,
            c.CONF_SEALED: sealed,
        }

    def _departure(self) -> str:
        return (dt_util.now() + timedelta(hours=13)).strftime("%H:%M")

    # looking

    @property
    def coordinator(self) -> FlexCoordinator:
        """Return the meeting point of the home."""
        assert self.entry is not None
        return self.entry.runtime_data  # type: ignore[no-any-return]

    @property
    def evse(self) -> EvseState:
        """Return the EVSE as the integration sees it."""
        return self.coordinator.state.stations[STATION_ID].evses[1]

    def see(self) -> Snapshot:
        """Return the world as it is."""
        assert self.world is not None
        return self.world.snapshot()

    def entity(self, key: str) -> str:
        """Return the id of one of our entities, by its translation key."""
        registry = er.async_get(self.hass)
        assert self.entry is not None
        found = er.async_entries_for_config_entry(registry, self.entry.entry_id)
        return next(e.entity_id for e in found if e.translation_key == key)

    def state(self, key: str) -> State:
        """Return the state of one of our entities."""
        state = self.hass.states.get(self.entity(key))
        assert state is not None
        return state

    # acting

    async def act(self, name: str, /, *, answer: bool = False, **fields: Any) -> Any:
        """Call one of our actions."""
        return await self.hass.services.async_call(c.DOMAIN, name, fields, blocking=True, return_response=answer)

    async def press(self, key: str) -> None:
        """Press one of our buttons."""
        await self.hass.services.async_call("button", "press", {"entity_id": self.entity(key)}, blocking=True)

    async def number(self, key: str, value: float) -> None:
        """Set one of our numbers."""
        data = {"entity_id": self.entity(key), "value": value}
        await self.hass.services.async_call("number", "set_value", data, blocking=True)

    async def until(self, condition: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
        """Wait until something is so."""
        deadline = asyncio.get_running_loop().time() + patience_s
        while not condition():
            if asyncio.get_running_loop().time() > deadline:
                pytest.fail(f"after {patience_s} s: {self.evse}\n{self.see()}")
            await asyncio.sleep(0.05)

    async def end(self) -> None:
        """Stop both sides."""
        if self.entry is not None and self.entry.state is ConfigEntryState.LOADED:
            await self.hass.config_entries.async_unload(self.entry.entry_id)
        if self.world is not None:
            await self.world.stop()


_ALL_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@pytest.fixture
async def journey(hass: HomeAssistant, socket_enabled: None) -> AsyncIterator[Journey]:
    """Return a home whose two sides talk over real sockets."""
    home = Journey(hass)
    yield home
    await home.end()
