"""The manual's story over real sockets: plug in, give back, charge at once, come back, leave."""

import asyncio
from collections.abc import Sequence
import time
from typing import Any

import aiohttp
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import pytest

from custom_components.mobilize_flex import const as c
from custom_components.mobilize_flex.core.model.session import Phase
from custom_components.mobilize_flex.store_file import File, Row
from simulator.home import HomeSettings
from simulator.quirks import Quirks

from .conftest import CAR, SECRET, STATION_ID, Journey

pytestmark = pytest.mark.timeout(180)


async def discharging(journey: Journey) -> None:
    """Plug the car in and wait until it gives energy back."""
    await journey.until(lambda: journey.see().online)
    assert journey.world is not None
    journey.world.plug_in()
    await journey.until(lambda: journey.see().power_w < -900)


async def test_a_discharge_is_seen_on_both_sides(journey: Journey) -> None:
    await journey.begin()
    await discharging(journey)
    await journey.until(lambda: journey.state("activity").state == "discharging", 10)
    await journey.until(lambda: abs(float(journey.state("power").state) - journey.see().power_w) < 150, 10)
    assert journey.state("light").state == "green_ascending"
    assert journey.state("reason").state == "high_price"
    assert journey.state("connected").state == "on"
    assert journey.state("cable").state == "on"
    assert float(journey.state("soc").state) == pytest.approx(journey.see().soc_pct, abs=1.0)
    assert float(journey.state("grid_power").state) >= -200
    plan = await journey.act("get_plan", answer=True, station=STATION_ID)
    assert plan["slots"]


async def test_on_a_slow_disk_no_order_overtakes_the_answer_it_belongs_behind(
    journey: Journey, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = File.write

    def slowly(file: File, rows: Sequence[Row]) -> None:
        time.sleep(2.0)
        write(file, rows)

    monkeypatch.setattr(File, "write", slowly)
    await journey.begin()
    await discharging(journey)
    assert (journey.evse.delivery.denied, journey.evse.delivery.taken > 0) == (0, True)
    monkeypatch.undo()
    await journey.until(lambda: journey.coordinator.store._writer is None)


async def test_instant_charge_and_back(journey: Journey) -> None:
    await journey.begin()
    await discharging(journey)
    await journey.press("instant_charge")
    await journey.until(lambda: journey.see().power_w > 3000)
    await journey.until(lambda: journey.state("activity").state == "instant_charge", 10)
    programmes = await journey.act("get_programmes", answer=True)
    assert not any(p["enabled"] for p in programmes["programmes"])
    await journey.press("resume_v2g")
    await journey.until(lambda: journey.see().power_w < -900)
    programmes = await journey.act("get_programmes", answer=True)
    assert all(p["enabled"] for p in programmes["programmes"])


async def test_a_restart_in_mid_session_loses_nothing(hass: HomeAssistant, journey: Journey) -> None:
    await journey.begin()
    await discharging(journey)
    await journey.until(lambda: journey.see().export_wh > 3)
    await journey.until(lambda: float(journey.state("energy_out").state) > 0, 15)
    session = journey.evse.session
    before = float(journey.state("energy_out").state)
    assert journey.entry is not None
    await hass.config_entries.async_reload(journey.entry.entry_id)
    assert journey.evse.session == session
    assert float(journey.state("energy_out").state) >= before
    await journey.until(lambda: journey.coordinator.state.stations[STATION_ID].online)
    await journey.until(lambda: journey.evse.phase is Phase.V2G and journey.see().power_w < -900)
    assert journey.evse.session == session
    assert len(journey.coordinator.state.sessions) == 1


async def test_leaving_closes_the_session_and_a_new_one_begins(journey: Journey) -> None:
    await journey.begin()
    await discharging(journey)
    assert journey.world is not None
    journey.world.unplug()
    await journey.until(lambda: journey.state("activity").state == "not_connected", 15)
    journey.world.plug_in()
    await journey.until(lambda: journey.see().power_w < -900)
    sessions = journey.coordinator.state.sessions.values()
    assert [s.ended_at is None for s in sorted(sessions, key=lambda s: s.started_at)] == [False, True]


async def test_another_car_does_not_cost_the_station_its_connection(hass: HomeAssistant, journey: Journey) -> None:
    await journey.begin()
    await journey.until(lambda: journey.see().online)
    link = journey.coordinator.state.stations[STATION_ID].link
    assert journey.entry is not None
    flow = await hass.config_entries.subentries.async_init(
        (journey.entry.entry_id, c.VEHICLE), context={"source": "user"}
    )
    words = {key: value for key, value in CAR.items() if key.endswith(("_kwh", "_kw"))}
    await hass.config_entries.subentries.async_configure(flow["flow_id"], {"name": "Zoe", **words})
    await hass.async_block_till_done()
    assert len(journey.coordinator.state.config.vehicles) == 2
    assert journey.coordinator.state.stations[STATION_ID].link == link
    assert journey.see().online


@pytest.mark.parametrize("quirks", [Quirks(no_dynamic_updates=True), Quirks(refuses_dynamic=True)])
async def test_a_station_that_knows_less_is_driven_all_the_same(journey: Journey, quirks: Quirks) -> None:
    await journey.begin(HomeSettings(quirks=quirks))
    await discharging(journey)


async def test_a_2_0_1_station_only_charges(journey: Journey) -> None:
    await journey.begin(protocols=("ocpp2.0.1",))
    await journey.until(lambda: journey.see().online)
    assert journey.world is not None
    journey.world.plug_in()
    await journey.until(lambda: journey.evse.phase is Phase.STANDARD)
    await journey.press("instant_charge")
    await journey.until(lambda: journey.see().power_w > 3000)
    assert journey.see().export_wh == 0.0


async def test_any_call_can_be_made_and_its_error_is_an_answer(journey: Journey) -> None:
    await journey.begin()
    await journey.until(lambda: journey.coordinator.state.stations[STATION_ID].online)

    async def call(action: str, payload: dict[str, Any]) -> Any:
        return await journey.act("call_station", answer=True, station=STATION_ID, action=action, payload=payload)

    assert "response" in await call("GetBaseReport", {"requestId": 77, "reportBase": "FullInventory"})
    assert "error" in await call("PublishFirmware", _PUBLISHED)
    with pytest.raises(ServiceValidationError):
        await call("GetBaseReport", {"requestId": "x"})


_PUBLISHED = {"location": "http://127.0.0.1/firmware", "checksum": "0" * 32, "requestId": 1}


async def test_strangers_stay_outside(hass: HomeAssistant, journey: Journey) -> None:
    await journey.begin()
    await journey.until(lambda: journey.see().online)
    assert journey.entry is not None
    port = journey.entry.data["port"]
    before = journey.coordinator.state
    async with aiohttp.ClientSession() as session:
        for name, secret, status in [
            ("EVIL-1", "x" * 20, 404),
            ("EVIL-2", "x" * 20, 404),
            (STATION_ID, "wrong-secret-wrong", 401),
        ]:
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await session.ws_connect(
                    f"ws://127.0.0.1:{port}/{name}",
                    protocols=("ocpp2.1",),
                    auth=aiohttp.BasicAuth(name, secret),
                )
            assert caught.value.status == status
    await asyncio.sleep(0.1)
    knocks = hass.config_entries.flow.async_progress_by_handler(c.DOMAIN)
    assert [k["context"]["unique_id"] for k in knocks] == [f"station:{journey.entry.entry_id}:EVIL-1"]
    assert journey.coordinator.state.stations.keys() == before.stations.keys()
    assert journey.see().online
    assert SECRET not in str(journey.coordinator.state)
