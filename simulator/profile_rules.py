"""The rules by which a station refuses a charging profile.

Codes as OCPP 2.1 lists them and as EVerest's libocpp uses them.
"""

from dataclasses import dataclass
from itertools import pairwise

from simulator.payload import Payload
from simulator.profile import CHARGING_ONLY, DYNAMIC_FIELDS, IDLE, PHASE_FIELDS

PURPOSES = {
    "ChargingStationMaxProfile": {CHARGING_ONLY},
    "TxDefaultProfile": None,
    "TxProfile": None,
    "PriorityCharging": {CHARGING_ONLY},
}
POWER_FIELDS = (*DYNAMIC_FIELDS, *PHASE_FIELDS)
CURVE_FIELDS = ("v2xBaseline", "v2xFreqWattCurve", "v2xSignalWattCurve")


class Refusal(Exception):
    """A profile or an update the station does not take."""

    def __init__(self, code: str, more: str = "") -> None:
        """Say which rule, by its reason code, and in words."""
        super().__init__(f"{code}: {more}")
        self.code = code
        self.more = more


@dataclass(frozen=True, slots=True)
class Ability:
    """What one station can do with profiles."""

    units: frozenset[str] = frozenset({"W", "A"})
    modes: frozenset[str] = frozenset({CHARGING_ONLY, "CentralSetpoint", "CentralFrequency", IDLE})
    dynamic: bool = True
    priority: bool = True
    offline_limit: bool = True
    limit_at_soc: bool = False
    negative_limit: bool = False
    max_stack_level: int = 9
    max_periods: int = 24
    max_schedules: int = 3
    max_external_id: int = 0
    phases: int = 3


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What goes on at the station when a profile comes."""

    transaction_id: str | None = None
    needs_pending: bool = False
    speaks_iso: bool = True
    v2x_agreed: bool = False
    phase_powers_told: bool = False


def check_profile(raw: Payload, evse_id: int, able: Ability, now: Circumstances) -> None:
    """Refuse a profile that breaks a rule, whatever is installed already."""
    _check_frame(raw, evse_id, able)
    if raw["chargingProfilePurpose"] == "TxProfile":
        _check_transaction(raw, now)
    _check_kind(raw, able, now)
    for schedule in raw["chargingSchedule"]:
        _check_schedule(raw, schedule, able)
        for period in schedule["chargingSchedulePeriod"]:
            check_period(period, able, now)
            _check_phases(period, raw["chargingProfilePurpose"], now)
            _check_mode_of_purpose(period, raw["chargingProfilePurpose"])


def check_period(period: Payload, able: Ability, now: Circumstances) -> None:
    """Refuse a period whose fields do not belong to its operation mode."""
    mode = period.get("operationMode", CHARGING_ONLY)
    if mode == "LocalFrequency" and not {"v2xBaseline", "v2xFreqWattCurve"} <= period.keys():
        raise Refusal("NoFreqWattCurve", "baseline and curve needed")
    if mode not in able.modes:
        raise Refusal("InvalidOperationMode", mode)
    _check_fields(period, mode)
    _check_signs(period, able)
    gives_back = period.get("setpoint", 0) < 0 or period.get("dischargeLimit", 0) < 0
    if gives_back and not now.v2x_agreed:
        raise Refusal("InvalidOperationMode", "no bidirectional transfer agreed")


def _check_frame(raw: Payload, evse_id: int, able: Ability) -> None:
    purpose = raw["chargingProfilePurpose"]
    if evse_id not in (0, 1):
        raise Refusal("InvalidValue", "unknown evse")
    if purpose == "ChargingStationExternalConstraints":
        raise Refusal("InvalidValue", "not for a controller to send")
    if purpose not in PURPOSES or (purpose == "PriorityCharging" and not able.priority):
        raise Refusal("UnsupportedPurpose", purpose)
    if raw["id"] <= able.max_external_id:
        raise Refusal("InvalidProfileId", f"up to {able.max_external_id} is reserved")
    if raw["stackLevel"] > able.max_stack_level:
        raise Refusal("InvalidStackLevel", f"at most {able.max_stack_level}")
    station_wide = purpose == "ChargingStationMaxProfile"
    if station_wide and (evse_id != 0 or raw["chargingProfileKind"] == "Relative"):
        raise Refusal("InvalidValue", "station maximum is for evse 0 and not relative")
    if purpose == "TxProfile" and evse_id == 0:
        raise Refusal("InvalidValue", "TxProfile needs an evse")


def _check_transaction(raw: Payload, now: Circumstances) -> None:
    if "transactionId" not in raw:
        raise Refusal("MissingParam", "transactionId")
    if raw["transactionId"] != now.transaction_id:
        raise Refusal("TxNotFound", raw["transactionId"])
    if now.needs_pending:
        raise Refusal("InvalidMessageSeq", "charging needs not told yet")


def _check_kind(raw: Payload, able: Ability, now: Circumstances) -> None:
    kind, schedules = raw["chargingProfileKind"], raw["chargingSchedule"]
    if kind == "Dynamic" and not able.dynamic:
        raise Refusal("UnsupportedKind", "dynamic")
    if kind != "Dynamic" and ("dynUpdateInterval" in raw or "dynUpdateTime" in raw):
        raise Refusal("InvalidProfile", "dynamic update of a profile that is not dynamic")
    if kind == "Dynamic" and (len(schedules) != 1 or len(schedules[0]["chargingSchedulePeriod"]) != 1):
        raise Refusal("InvalidSchedule", "dynamic is one schedule with one period")
    if kind == "Recurring" and "recurrencyKind" not in raw:
        raise Refusal("MissingParam", "recurrencyKind")
    if len(schedules) > (able.max_schedules if now.speaks_iso else 1):
        raise Refusal("InvalidSchedule", "too many schedules")
    if "maxOfflineDuration" in raw and not able.offline_limit:
        raise Refusal("UnsupportedParam", "maxOfflineDuration")


def _check_schedule(raw: Payload, schedule: Payload, able: Ability) -> None:
    kind, purpose = raw["chargingProfileKind"], raw["chargingProfilePurpose"]
    starts = [period["startPeriod"] for period in schedule["chargingSchedulePeriod"]]
    if schedule["chargingRateUnit"] not in able.units:
        raise Refusal("UnsupportedRateUnit", schedule["chargingRateUnit"])
    if (kind in ("Absolute", "Recurring")) != ("startSchedule" in schedule) and kind != "Dynamic":
        raise Refusal("InvalidSchedule", f"startSchedule and {kind}")
    if starts[0] != 0 or any(later <= earlier for earlier, later in pairwise(starts)):
        raise Refusal("InvalidSchedule", "periods start at 0 and rise")
    if len(starts) > able.max_periods:
        raise Refusal("InvalidSchedule", f"at most {able.max_periods} periods")
    if purpose == "PriorityCharging" and "duration" in schedule:
        raise Refusal("InvalidSchedule", "priority charging has no duration")
    if schedule.get("randomizedDelay") or schedule.get("useLocalTime"):
        raise Refusal("InvalidSchedule", "randomizedDelay or useLocalTime")
    if "limitAtSoC" in schedule and not able.limit_at_soc:
        raise Refusal("UnsupportedParam", "limitAtSoC")


def _check_fields(period: Payload, mode: str) -> None:
    present = {name for name in (*POWER_FIELDS, *CURVE_FIELDS) if name in period}
    if mode == CHARGING_ONLY and "limit" not in present:
        raise Refusal("InvalidSchedule", "a limit is needed")
    if mode.startswith("Central") and "setpoint" not in present:
        raise Refusal("InvalidSchedule", "a setpoint is needed")
    if mode == CHARGING_ONLY:
        strange = present - {"limit", "limit_L2", "limit_L3"}
    elif mode == IDLE:
        strange = present
    else:
        strange = present & set(CURVE_FIELDS)
    if strange:
        raise Refusal("InvalidSchedule", f"{mode} with {', '.join(sorted(strange))}")
    if "preconditioningRequest" in period and mode != IDLE:
        raise Refusal("InvalidSchedule", "preconditioningRequest without Idle")


def _check_signs(period: Payload, able: Ability) -> None:
    limit, floor, setpoint = (period.get(name) for name in ("limit", "dischargeLimit", "setpoint"))
    if limit is not None and limit < 0 and not able.negative_limit:
        raise Refusal("InvalidSchedule", "negative limit")
    if setpoint is not None and limit is not None and setpoint > limit:
        raise Refusal("InvalidSchedule", "setpoint above limit")
    if setpoint is not None and floor is not None and setpoint < floor:
        raise Refusal("InvalidSchedule", "setpoint under dischargeLimit")


def _check_phases(period: Payload, purpose: str, now: Circumstances) -> None:
    if "phaseToUse" in period:
        raise Refusal("InvalidSchedule", "no phase switching")
    named = [name for name in PHASE_FIELDS if name in period]
    if not named:
        return
    setpoints = [period[name] for name in ("setpoint", "setpoint_L2", "setpoint_L3") if name in period]
    if any(value < 0 for value in setpoints) and any(value > 0 for value in setpoints):
        raise Refusal("InvalidSchedule", "phases in different directions")
    bare_missing = any(name.split("_")[0] not in period for name in named)
    if purpose != "TxProfile" or bare_missing or not now.phase_powers_told:
        raise Refusal("PhaseConflict", ", ".join(named))


def _check_mode_of_purpose(period: Payload, purpose: str) -> None:
    allowed = PURPOSES[purpose]
    mode = period.get("operationMode", CHARGING_ONLY)
    if allowed is not None and mode not in allowed:
        raise Refusal("InvalidSchedule", f"{mode} in {purpose}")
