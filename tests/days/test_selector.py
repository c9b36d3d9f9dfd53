"""Whatever the car wants and the house has room for, no order exceeds the selector inside the station."""

import pytest

from custom_components.mobilize_flex.configuration import SELECTOR_A
from custom_components.mobilize_flex.core.model.config import StationConfig
from tests.faults.metered import STEP_S, VOLTS, metered

ORDERS = ("SetChargingProfile", "UpdateDynamicSchedule")


@pytest.mark.parametrize("protocol", ["ocpp2.1", "ocpp2.0.1"])
@pytest.mark.parametrize("position", SELECTOR_A)
def test_no_order_and_no_lasting_limit_exceeds_the_selector(position: str, protocol: str) -> None:
    selector_a = SELECTOR_A[position]
    station = StationConfig(identity="SIM-001", name="Verso", selector_a=selector_a, fallback_a=16.0, rotation=(0,))
    home = metered(breaker_a=80.0, protocol=protocol, stations=(station,))
    home.meter_mute = True
    home.run(30, step_s=STEP_S)
    orders = [e.payload for e in home.home.station.received if e.action in ORDERS]
    assert orders
    assert max(home.car_w) <= selector_a * VOLTS * 1.02
    for look in home.looks:
        assert look.evse.envelope.max_w <= selector_a * VOLTS + 1.0
        assert look.world.setpoint_w is None or look.world.setpoint_w <= selector_a * VOLTS + 1.0
