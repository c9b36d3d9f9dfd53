"""What the station passes on when a car has told its needs."""

from simulator.payload import Payload, iso, without_nothing
from simulator.station import Evse
from simulator.vehicle import Needs

BIDIRECTIONAL = "AC_BPT"


def plain_transfer(evse: Evse) -> str:
    """Name the charging-only transfer of this car at this station."""
    return "AC_three_phase" if evse.phases_used > 1 else "AC_single_phase"


def charging_needs(evse: Evse, *, v2x_form: bool, bpt_allowed: bool) -> Payload:
    """Write the needs in the form of 2.1, or in the plain AC form of 2.0.1."""
    needs = evse.vehicle.needs()
    departure = None if needs.departure is None else iso(needs.departure)
    plain = plain_transfer(evse)
    if not v2x_form:
        amps = int(min(needs.max_charge_w, evse.max_charge_w) / 230 / evse.phases_used)
        ac = {"energyAmount": max(0, int(needs.target_energy_wh)), "evMinCurrent": 6, "evMaxCurrent": amps}
        return without_nothing(
            requestedEnergyTransfer=plain,
            acChargingParameters={**ac, "evMaxVoltage": 400 if evse.phases_used > 1 else 230},
            departureTime=departure,
        )
    bidirectional = needs.bidirectional and bpt_allowed
    return without_nothing(
        requestedEnergyTransfer=BIDIRECTIONAL if bidirectional else plain,
        availableEnergyTransfer=[BIDIRECTIONAL, plain] if needs.bidirectional else [plain],
        controlMode="DynamicControl" if needs.dynamic_control else "ScheduledControl",
        mobilityNeedsMode="EVCC",
        departureTime=departure,
        v2xChargingParameters=_parameters(needs, evse, bidirectional=bidirectional),
    )


def _parameters(needs: Needs, evse: Evse, *, bidirectional: bool) -> Payload:
    discharging = {
        "minDischargePower": round(needs.min_discharge_w),
        "maxDischargePower": round(min(needs.max_discharge_w, evse.max_discharge_w)),
        "evMinV2XEnergyRequest": round(needs.min_v2x_energy_wh),
        "evMaxV2XEnergyRequest": round(needs.max_v2x_energy_wh),
    }
    return {
        "minChargePower": round(needs.min_charge_w),
        "maxChargePower": round(min(needs.max_charge_w, evse.max_charge_w)),
        "evTargetEnergyRequest": round(needs.target_energy_wh),
        "evMinEnergyRequest": round(needs.min_energy_wh),
        "evMaxEnergyRequest": round(needs.max_energy_wh),
        "targetSoC": round(needs.target_soc_pct),
        **(discharging if bidirectional else {}),
    }
