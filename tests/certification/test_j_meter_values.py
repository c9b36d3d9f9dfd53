"""What a station measures is taken in: on the clock, now and then, at the beginning, at the end, signed or not."""

from typing import Any

import pytest

from .lab import PLACE, Json, Lab, Station, card, stamp

REGISTER = "Energy.Active.Import.Register"


def sampled(value: float, context: str, measurand: str = REGISTER, **more: Any) -> Json:
    """Return one sampled value."""
    return {"value": value, "context": context, "measurand": measurand} | more


def at(*values: Json) -> list[Json]:
    """Return values of this instant as a message holds them."""
    return [{"timestamp": stamp(), "sampledValue": list(values)}]


def signed(value: float, context: str) -> Json:
    """Return a register with its signature."""
    signature = {
        "signedMeterData": "b2xkIGFuZCBuZXcgcmVhZGluZw==",
        "signingMethod": "ECDSA-secp256r1-SHA256",
        "encodingMethod": "OCMF",
        "publicKey": "dGhlIGtleSBvZiB0aGUgbWV0ZXI=",
    }
    return sampled(value, context, signedMeterValue=signature)


async def charging(lab: Lab, **more: Any) -> Station:
    """Open a home with a running transaction."""
    station = await lab.ready()
    answer = await station.event("Started", "Authorized", 0, evse=PLACE, idToken=card(), **more)
    assert answer["idTokenInfo"]["status"] == "Accepted"
    return station


@pytest.mark.octt("J_01")
async def test_values_on_the_clock_are_taken_while_nothing_charges(lab: Lab) -> None:
    station = await lab.ready()
    values = at(
        sampled(230.0, "Sample.Clock", "Voltage"), sampled(0.0, "Sample.Clock", "Power.Active.Import"),
    )  # fmt: skip
    assert await station.call("MeterValues", {"evseId": 1, "meterValue": values}) == {}
    assert (lab.evse.readings.power_w, lab.evse.session) == (0.0, None)
    assert await station.call("MeterValues", {"evseId": 0, "meterValue": values}) == {}


@pytest.mark.octt("J_02", "J_03")
async def test_values_on_the_clock_are_counted_during_a_charge_and_at_its_end(lab: Lab) -> None:
    station = await charging(lab, meterValue=at(sampled(1000.0, "Transaction.Begin")))
    told = at(sampled(1300.0, "Sample.Clock"), sampled(3000.0, "Sample.Clock", "Power.Active.Import"))
    await station.event("Updated", "MeterValueClock", 1, meterValue=told)
    assert lab.evse.readings.power_w == 3000.0
    assert lab.session().energy_in.wh == 300.0
    info = {"stoppedReason": "Local"}
    await station.event("Ended", "StopAuthorized", 2, info=info, meterValue=at(sampled(1450.0, "Sample.Clock")))
    assert lab.session().energy_in.wh == 450.0
    assert lab.session().ended_at is not None


@pytest.mark.octt("J_04", "J_11")
@pytest.mark.parametrize(
    ("context", "trigger"), [("Sample.Clock", "MeterValueClock"), ("Sample.Periodic", "MeterValuePeriodic")]
)
async def test_signed_values_count_like_others(lab: Lab, context: str, trigger: str) -> None:
    station = await charging(lab, meterValue=at(signed(1000.0, "Transaction.Begin")))
    await station.event("Updated", trigger, 1, meterValue=at(signed(1200.0, context)))
    assert lab.session().energy_in.wh == 200.0
    end = at(signed(1300.0, "Transaction.End"))
    await station.event("Ended", "EVDeparted", 2, info={"stoppedReason": "EVDisconnected"}, meterValue=end)
    assert lab.session().energy_in.wh == 300.0


@pytest.mark.octt("J_04")
async def test_signed_values_outside_a_charge_are_taken(lab: Lab) -> None:
    station = await lab.ready()
    assert await station.call("MeterValues", {"evseId": 1, "meterValue": at(signed(1000.0, "Sample.Clock"))}) == {}
    assert lab.evse.readings.import_wh == 1000.0


@pytest.mark.octt("J_07", "J_09", "J_10")
async def test_a_charge_is_counted_from_its_first_value_to_its_last(lab: Lab) -> None:
    station = await charging(lab, meterValue=at(sampled(20_000.0, "Transaction.Begin")))
    assert lab.session().energy_in.first_wh == 20_000.0
    for number, register in enumerate((20_100.0, 20_250.0), start=1):
        told = at(sampled(register, "Sample.Periodic"), sampled(16.0, "Sample.Periodic", "Current.Import"))
        await station.event("Updated", "MeterValuePeriodic", number, meterValue=told)
        assert lab.session().energy_in.wh == register - 20_000.0
    info = {"stoppedReason": "EVDisconnected"}
    await station.event("Ended", "EVDeparted", 3, info=info, meterValue=at(sampled(20_300.0, "Transaction.End")))
    assert lab.session().energy_in.wh == 300.0


@pytest.mark.octt("J_08")
async def test_the_first_value_may_come_once_the_evse_is_known(lab: Lab) -> None:
    station = await lab.ready()
    await station.event("Started", "Authorized", 0, idToken=card())
    begin = at(sampled(5000.0, "Transaction.Begin"))
    await station.event("Updated", "CablePluggedIn", 1, evse=PLACE, meterValue=begin)
    await station.event("Updated", "MeterValuePeriodic", 2, meterValue=at(sampled(5400.0, "Sample.Periodic")))
    assert lab.session().energy_in.first_wh == 5000.0
    assert lab.session().energy_in.wh == 400.0
    assert lab.evse.session == lab.session().key
