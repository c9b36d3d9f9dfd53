"""A forwarded station: its vendor bills, and the home goes on deciding what the car does."""

import asyncio
from collections.abc import AsyncIterator
import json
from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from custom_components.mobilize_flex import const as c
from custom_components.mobilize_flex.core.model.session import Phase
from custom_components.mobilize_flex.shell import vendor_link
from tests.shell.vendor import Vendor

from .conftest import STATION_ID, Journey

PROFILE = {
    "evseId": 0,
    "chargingProfile": {
        "id": 1,
        "stackLevel": 9,
        "chargingProfilePurpose": "ChargingStationMaxProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [
            {
                "id": 1,
                "startSchedule": "2026-01-01T00:00:00Z",
                "chargingRateUnit": "W",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 0}],
            }
        ],
    },
}
INTERVAL = {
    "attributeValue": "3600",
    "component": {"name": "SampledDataCtrlr"},
    "variable": {"name": "TxUpdatedInterval"},
}


@pytest.fixture
async def vendor(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Vendor]:
    monkeypatch.setattr(vendor_link, "FIRST_WAIT_S", 0.2)
    monkeypatch.setattr(vendor_link, "LONGEST_WAIT_S", 0.5)
    vendor = Vendor()
    await vendor.open()
    yield vendor
    await vendor.close()


async def forward(hass: HomeAssistant, journey: Journey, **data: Any) -> None:
    """Enter a vendor for the station, or none."""
    assert journey.entry is not None
    (part,) = (s for s in journey.entry.subentries.values() if s.subentry_type == c.STATION)
    kept = {key: value for key, value in part.data.items() if not key.startswith("vendor_")}
    hass.config_entries.async_update_subentry(journey.entry, part, data=kept | data)
    await asyncio.sleep(0)


async def test_the_vendor_bills_and_the_home_decides(hass: HomeAssistant, journey: Journey, vendor: Vendor) -> None:
    await journey.begin()
    await journey.until(lambda: journey.coordinator.state.stations[STATION_ID].online)
    link = journey.coordinator.state.stations[STATION_ID].link
    await forward(hass, journey, vendor_url=f"ws://127.0.0.1:{vendor.port}/ocpp")
    await journey.until(lambda: hass.states.is_state(journey.entity("vendor_connected"), "on"))
    (boot,) = vendor.calls("BootNotification")
    assert boot["chargingStation"]["firmwareVersion"] == journey.see().firmware
    assert journey.world is not None
    journey.world.plug_in()
    await journey.until(lambda: journey.evse.phase is Phase.V2G and journey.see().power_w < -900)
    await vendor.lines[0].send(json.dumps([2, "v1", "SetChargingProfile", PROFILE]))
    await vendor.lines[0].send(json.dumps([2, "v2", "SetVariables", {"setVariableData": [INTERVAL]}]))
    await journey.until(lambda: len(vendor.answers()) == 2)
    assert vendor.answers()[0][2]["status"] == "Rejected"
    told = await journey.act("get_forwarding_rules", answer=True)
    assert told["filtered"] == {"SetChargingProfile": 1, "SetVariables": 1}
    assert told["state"] == "connected"
    before = journey.see().export_wh
    await journey.until(lambda: journey.see().export_wh > before)
    assert journey.see().power_w < -900

    heard = len(vendor.calls("TransactionEvent"))
    await vendor.close()
    await journey.until(lambda: hass.states.is_state(journey.entity("vendor_connected"), "off"))
    journey.world.unplug()
    await journey.until(lambda: journey.evse.phase is Phase.UNPLUGGED)
    assert journey.coordinator.state.stations[STATION_ID].link == link
    assert journey.entry is not None
    assert await hass.config_entries.async_reload(journey.entry.entry_id)
    await vendor.open()
    await journey.until(lambda: vendor.calls("TransactionEvent")[heard:])
    await journey.until(lambda: vendor.calls("TransactionEvent")[-1]["eventType"] == "Ended")
    numbers = [event["seqNo"] for event in vendor.calls("TransactionEvent")]
    assert sorted(set(numbers)) == list(range(max(numbers) + 1))
    assert numbers == sorted(numbers)
    assert vendor.calls("TransactionEvent")[-1]["offline"] is True

    link = journey.coordinator.state.stations[STATION_ID].link
    await forward(hass, journey)
    await journey.until(lambda: hass.states.get("binary_sensor.verso_vendor") is None)
    assert journey.coordinator.state.stations[STATION_ID].link == link
