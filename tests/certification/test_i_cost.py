"""What a charge costs: told along the way, told at its end, told on request."""

import pytest

from custom_components.mobilize_flex.core.model.facts import Ticked

from .lab import PLACE, Json, Lab, Station, card, stamp

PRICE = 0.2
"""Of a kilowatt-hour in the home of the laboratory."""


def register(wh: float, context: str) -> list[Json]:
    """Return the energy counter as a message holds it."""
    value = {"value": wh, "context": context, "measurand": "Energy.Active.Import.Register"}
    return [{"timestamp": stamp(), "sampledValue": [value]}]


async def charging(lab: Lab) -> Station:
    """Open a home with a running charge."""
    station = await lab.ready()
    lab.coordinator.take(Ticked())  # prices are known from the first tick on
    begin = register(1000.0, "Transaction.Begin")
    answer = await station.event("Started", "Authorized", 0, evse=PLACE, idToken=card(), meterValue=begin)
    assert "totalCost" not in answer
    return station


@pytest.mark.octt("I_01", "I_02")
async def test_each_answer_tells_what_the_charge_has_cost_so_far(lab: Lab) -> None:
    station = await charging(lab)
    running = await station.event("Updated", "MeterValuePeriodic", 1, meterValue=register(1100.0, "Sample.Periodic"))
    assert running["totalCost"] == pytest.approx(0.1 * PRICE)
    running = await station.event("Updated", "MeterValuePeriodic", 2, meterValue=register(1300.0, "Sample.Periodic"))
    assert running["totalCost"] == pytest.approx(0.3 * PRICE)
    info = {"stoppedReason": "EVDisconnected"}
    final = register(1400.0, "Transaction.End")
    answer = await station.event("Ended", "EVDeparted", 3, info=info, meterValue=final)
    assert answer["totalCost"] == pytest.approx(0.4 * PRICE)


@pytest.mark.octt("I_02")
async def test_a_charge_of_nothing_is_free(lab: Lab) -> None:
    station = await charging(lab)
    answer = await station.event("Ended", "EVDeparted", 1, info={"stoppedReason": "EVDisconnected"})
    assert answer["totalCost"] == 0.0


@pytest.mark.octt("I_01")
async def test_a_cost_is_told_on_request(lab: Lab) -> None:
    station = await charging(lab)
    work = lab.act("set_cost", cost=1.25)
    assert await station.answer("CostUpdated", {}) == {"transactionId": "tx-1", "totalCost": 1.25}
    assert (await work)["status"] == "Accepted"
