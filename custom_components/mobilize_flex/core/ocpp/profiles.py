"""The limits and orders of power as a station stores them.

Three layers: the house limit nobody may exceed, the standard charge that rules when we are silent, and our order, which
lapses by itself. A period holds what its mode wants and nothing else: stations refuse whatever is too much.
"""

from datetime import datetime, timedelta
import math
from typing import Final

from ..model.commands import InstallLimits, InstallPriority, SetpointForm, SetPower
from ..model.electric import NOMINAL_V
from .wire import Json, Payload, rounded, stamp

HOUSE_MAX_ID: Final = 100
FALLBACK_ID: Final = 110
PRIORITY_ID: Final = 120
ORDER_ID: Final = 200
LASTING_IDS: Final = frozenset({HOUSE_MAX_ID, FALLBACK_ID})
LONG_AGO: Final = "2026-01-01T00:00:00Z"  # a lasting limit holds whatever a station's clock says
STEP_W: Final = 10.0
STEP_A: Final = 0.1
BACKDATED_S: Final = 5.0


def order_id(evse: int) -> int:
    """Return the number of our order on an EVSE; numbers are unique in a station."""
    return ORDER_ID + evse - 1


def priority_id(evse: int) -> int:
    """Return the number of the priority profile of an EVSE."""
    return PRIORITY_ID + evse - 1


def house_max(command: InstallLimits) -> Payload:
    """Return the limit of the whole station (B1)."""
    schedule = _schedule(HOUSE_MAX_ID, command.amperes, _limit(command.max_w, command.phases, command.amperes))
    schedule["startSchedule"] = LONG_AGO
    return _profile(0, HOUSE_MAX_ID, "ChargingStationMaxProfile", "Absolute", schedule)


def fallback(command: InstallLimits) -> Payload:
    """Return the standard charge that rules without us (B2)."""
    schedule = _schedule(FALLBACK_ID, command.amperes, _limit(command.fallback_w, command.phases, command.amperes))
    return _profile(0, FALLBACK_ID, "TxDefaultProfile", "Relative", schedule)


def priority(command: InstallPriority) -> Payload:
    """Return the profile that instant charging uses (B3)."""
    period = _limit(command.max_w, command.phases, command.amperes) | {"operationMode": "ChargingOnly"}
    number = priority_id(command.evse)
    return _profile(command.evse, number, "PriorityCharging", "Relative", _schedule(number, command.amperes, period))


def order(command: SetPower, now: datetime) -> Payload:
    """Return our order for a transaction (C1, C4, F1); without renewal it lapses."""
    number = order_id(command.evse)
    if command.form is SetpointForm.LIMIT:
        period = _limit(max(0.0, command.power_w), command.phases, command.amperes)
    elif command.idle:
        period = {"operationMode": "Idle", "preconditioningRequest": False}
    else:
        period = {"operationMode": "CentralSetpoint", "setpoint": setpoint(command)}
    schedule = _schedule(number, command.amperes, period)
    schedule["duration"] = command.expires_s
    dynamic = command.form in (SetpointForm.DYNAMIC, SetpointForm.UPDATE)
    if not dynamic:
        schedule["startSchedule"] = stamp((now - timedelta(seconds=BACKDATED_S)).replace(microsecond=0))
    profile = _profile(command.evse, number, "TxProfile", "Dynamic" if dynamic else "Absolute", schedule, level=1)
    inner = profile["chargingProfile"]
    if isinstance(inner, dict):
        inner["transactionId"] = command.transaction
        if command.offline_s is not None and command.form is not SetpointForm.LIMIT:
            inner["maxOfflineDuration"] = command.offline_s
            inner["invalidAfterOfflineDuration"] = True
    return profile


def setpoint(command: SetPower) -> Json:
    """Return the figure of a setpoint, signed, in W or in A per phase."""
    return _figure(command.power_w, command.phases, command.amperes)


def watts(power_w: float) -> Json:
    """Return a power as we send it."""
    return rounded(_towards_zero(power_w, STEP_W))


def _figure(power_w: float, phases: int, amperes: bool) -> Json:
    """Round towards nothing: what leaves here was capped by something."""
    if amperes:
        return rounded(_towards_zero(power_w / (NOMINAL_V * max(1, phases)), STEP_A))
    return watts(power_w)


def _towards_zero(value: float, step: float) -> float:
    steps = math.trunc(abs(value) / step + 1e-6)  # 2999.9999999 is 3000
    return math.copysign(steps * step, value) if steps else 0.0


def _limit(power_w: float, phases: int, amperes: bool) -> Payload:
    return {"limit": _figure(power_w, phases, amperes), "numberPhases": phases}


def _schedule(number: int, amperes: bool, period: Payload) -> Payload:
    first: Payload = {"startPeriod": 0}
    return {"id": number, "chargingRateUnit": "A" if amperes else "W", "chargingSchedulePeriod": [first | period]}


def _profile(evse: int, number: int, purpose: str, kind: str, schedule: Payload, *, level: int = 0) -> Payload:
    return {
        "evseId": evse,
        "chargingProfile": {
            "id": number,
            "stackLevel": level,
            "chargingProfilePurpose": purpose,
            "chargingProfileKind": kind,
            "chargingSchedule": [schedule],
        },
    }
