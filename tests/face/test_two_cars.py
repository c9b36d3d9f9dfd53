"""Two cars at one station with two EVSEs, on a real line: each has its session, its orders, its end; they share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.mobilize_flex.core.model.intents import ChargeNow
from custom_components.mobilize_flex.core.model.session import Phase
from custom_components.mobilize_flex.core.model.state import EvseState

from .house import STATION, coordinator
from .test_upkeep import until
from .wire import Wire, dial_in, with_door

AT = "2026-11-22T18:00:00Z"
MOST_W = 32 * 230
ROWS = [
    {
        "component": {"name": "Connector", "evse": {"id": evse, "connectorId": 1}},
        "variable": {"name": "AvailabilityState"},
        "variableAttribute": [{"value": "Available"}],
    }
    for evse in (1, 2)
]


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Let the station server listen."""


class Twins:
    """A station with two EVSEs, and what it was told to do at each."""

    def __init__(self) -> None:
        self.profiles: dict[int, dict[str, Any]] = {}
        self.wire: Wire | None = None

    async def report(self, payload: dict[str, Any]) -> dict[str, Any]:
        assert self.wire is not None
        number = payload["requestId"]
        await self.wire.tell("NotifyReport", requestId=number, generatedAt=AT, seqNo=0, tbc=False, reportData=ROWS)
        return {"status": "Accepted"}

    def take(self, payload: dict[str, Any]) -> dict[str, Any]:
        self.profiles[payload["chargingProfile"]["id"]] = payload
        return {"status": "Accepted"}

    async def event(self, transaction: str, evse: int, kind: str, seq_no: int, power_w: float = 0.0) -> None:
        assert self.wire is not None
        value = {"value": power_w, "measurand": "Power.Active.Import", "unitOfMeasure": {"unit": "W"}}
        await self.wire.tell(
            "TransactionEvent",
            eventType=kind,
            timestamp=AT,
            triggerReason="CablePluggedIn" if kind == "Started" else "MeterValuePeriodic",
            seqNo=seq_no,
            transactionInfo={"transactionId": transaction, "chargingState": "Charging"},
            evse={"id": evse, "connectorId": 1},
            meterValue=[{"timestamp": AT, "sampledValue": [value]}],
        )


@asynccontextmanager
async def charging(hass: HomeAssistant) -> AsyncIterator[tuple[MockConfigEntry, Twins]]:
    """Let two cars charge at once."""
    home, twins = await with_door(hass), Twins()
    async with dial_in(home, GetBaseReport=twins.report, SetChargingProfile=twins.take) as wire:
        twins.wire = wire
        boot = {"model": "Twins", "vendorName": "V"}
        await wire.tell("BootNotification", reason="PowerUp", chargingStation=boot)
        await until(lambda: len(evses(home)) == 2)
        for evse in (1, 2):
            await wire.tell("StatusNotification", timestamp=AT, connectorStatus="Occupied", evseId=evse, connectorId=1)
            await twins.event(f"car-{evse}", evse, "Started", 0)
            await until(lambda place=evse - 1: evses(home)[place].session is not None)
            coordinator(home).put(ChargeNow(STATION, evse))
        await until(lambda: {200, 201} <= twins.profiles.keys())
        yield home, twins


def evses(home: MockConfigEntry) -> list[EvseState]:
    """Return what is known of both."""
    return list(coordinator(home).state.stations[STATION].evses.values())


def limit_w(payload: dict[str, Any]) -> float:
    """Return what a profile allows."""
    (schedule,) = payload["chargingProfile"]["chargingSchedule"]
    return float(schedule["chargingSchedulePeriod"][0]["limit"])


async def test_each_car_gets_orders_of_its_own_within_what_the_station_may_take(hass: HomeAssistant) -> None:
    async with charging(hass) as (home, twins):
        for evse, number in ((1, 200), (2, 201)):
            order = twins.profiles[number]
            assert (order["evseId"], order["chargingProfile"]["transactionId"]) == (evse, f"car-{evse}")
        assert limit_w(twins.profiles[200]) + limit_w(twins.profiles[201]) <= MOST_W
        for power_w, seq_no in ((1400.0, 1), (1400.0, 2)):
            await twins.event("car-1", 1, "Updated", seq_no, power_w)
            await twins.event("car-2", 2, "Updated", seq_no, power_w + 100.0)
        await until(lambda: [evse.readings.power_w for evse in evses(home)] == [1400.0, 1500.0])
        assert [evse.session for evse in evses(home)] == [f"{STATION}/car-1", f"{STATION}/car-2"]


async def test_the_end_of_one_charge_is_not_the_end_of_the_other(hass: HomeAssistant) -> None:
    async with charging(hass) as (home, twins):
        await twins.event("car-1", 1, "Ended", 1)

        await until(lambda: [evse.phase for evse in evses(home)] == [Phase.FINISHED, Phase.INSTANT])
        sessions = coordinator(home).state.sessions
        assert sessions[f"{STATION}/car-1"].ended_at is not None
        assert sessions[f"{STATION}/car-2"].ended_at is None
