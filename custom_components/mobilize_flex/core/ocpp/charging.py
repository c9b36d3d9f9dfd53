"""What a station tells about how the car wants to charge, and about who else limits it."""

from collections.abc import Iterable
from typing import Final

from ..model.commands import CallRef
from ..model.electric import NOMINAL_V
from ..model.facts import (
    LimitCleared,
    LimitReported,
    NeedsReported,
    PriorityReported,
    ProblemReported,
    ProfilesReported,
    ScheduleReported,
    SetpointPulled,
)
from ..model.moment import Moment
from ..model.station import Needs
from . import profiles
from .dialect import Received, Unusable, evse_in
from .frames import ErrorCode
from .limit_course import course
from .numbering import known_as
from .reports import is_owners, part_of
from .wire import Payload, flag, instant, integer, number, table, tables, text, texts

POWER_LIMIT_W: Final = 1e5
ENERGY_LIMIT_WH: Final = 1e6
_AC_PHASES: Final = {"AC_single_phase": 1, "AC_two_phase": 2, "AC_three_phase": 3}
_DYNAMIC: Final = frozenset({"DynamicControl", "Dynamic"})  # the second is the spelling of a draft
_EXTRA_PHASES: Final = ("_L2", "_L3")


def charging_needs(payload: Payload, call: CallRef, now: Moment) -> Received:
    """Read what the car needs; what becomes of it is decided later.

    Fields of 2.1 are read on every link: stations send them on 2.0.1 too.
    """
    raw = table(payload, "chargingNeeds")
    evse, transfer = evse_in(payload), text(raw, "requestedEnergyTransfer", 40)
    if evse is None or transfer is None:
        raise Unusable(ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "evseId, chargingNeeds: requestedEnergyTransfer")
    v2x, alternating = table(raw, "v2xChargingParameters"), table(raw, "acChargingParameters")
    direct = table(raw, "dcChargingParameters")
    target = _energy(v2x, "evTargetEnergyRequest")
    if target is None:
        target = _first(_energy(alternating, "energyAmount"), _energy(direct, "energyAmount"))
    needs = Needs(
        bidirectional="BPT" in transfer,
        offered=texts(raw, "availableEnergyTransfer") or (transfer,),
        dynamic=text(raw, "controlMode", 40) in _DYNAMIC,
        departure=instant(raw.get("departureTime")),
        min_charge_w=_power(v2x, "minChargePower"),
        max_charge_w=_first(
            _power(v2x, "maxChargePower"), _power(direct, "evMaxPower"), _ac_power(alternating, transfer)
        ),
        min_discharge_w=_power(v2x, "minDischargePower"),
        max_discharge_w=_power(v2x, "maxDischargePower"),
        target_request_wh=target,
        min_request_wh=_energy(v2x, "evMinEnergyRequest"),
        max_request_wh=_energy(v2x, "evMaxEnergyRequest"),
        min_v2x_request_wh=_energy(v2x, "evMinV2XEnergyRequest"),
        max_v2x_request_wh=_energy(v2x, "evMaxV2XEnergyRequest"),
        target_soc_pct=_share(v2x, "targetSoC"),
        soc_pct=_share(direct, "stateOfCharge"),
        capacity_wh=_energy(direct, "evEnergyCapacity"),
    )
    return Received((NeedsReported(call=call, station=call.station, evse=evse, needs=needs),), answer=None)


def charging_schedule(payload: Payload, call: CallRef, now: Moment) -> Received:
    """Read how the car means to charge; whether that is fine is decided later."""
    evse = evse_in(payload)
    if evse is None:
        raise Unusable(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "evseId")
    schedule = table(payload, "chargingSchedule")
    powers = [
        abs(w) for period in tables(schedule, "chargingSchedulePeriod") if (w := period_w(schedule, period)) is not None
    ]
    reported = ScheduleReported(call=call, station=call.station, evse=evse, peak_w=max(powers, default=None))
    return Received((reported,), answer=None)


def setpoint_pulled(payload: Payload, call: CallRef, now: Moment) -> Received:
    """Read that a station wants its setpoint; the figure comes later."""
    profile_id = integer(payload, "chargingProfileId")
    if profile_id is None:
        raise Unusable(ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "chargingProfileId")
    return Received((SetpointPulled(call=call, station=call.station, profile_id=known_as(profile_id)),), answer=None)


def charging_limit(payload: Payload, call: CallRef, now: Moment) -> Received:
    """Read that something else limits the station, to how much now, and to how much later."""
    limit = table(payload, "chargingLimit")
    local = flag(limit, "isLocalGeneration")
    limit_w, later = (None, ()) if local else course(list(tables(payload, "chargingSchedule")), now.utc, period_w)
    reported = LimitReported(
        station=call.station,
        evse=evse_in(payload),
        source=text(limit, "chargingLimitSource", 20) or "Other",
        limit_w=limit_w,
        grid_critical=flag(limit, "isGridCritical") or False,
        later=later,
    )
    return Received((reported,))


def limit_cleared(payload: Payload, call: CallRef, now: Moment) -> Received:
    """Read that something no longer limits the station."""
    source = text(payload, "chargingLimitSource", 20) or "Other"
    return Received((LimitCleared(station=call.station, evse=evse_in(payload), source=source),))


def profiles_report(payload: Payload, call: CallRef, now: Moment) -> Received:
    """Read which charging profiles a station holds; one of somebody else that outranks ours is worth a note."""
    if is_owners(payload):
        return Received((part_of(payload, call, "ReportChargingProfiles", (dict(payload),)),))
    evse = evse_in(payload) or 0
    told = (profiles.held(raw, evse) for raw in tables(payload, "chargingProfile"))
    found = tuple(profile for profile in told if profile is not None)
    reported = ProfilesReported(
        station=call.station,
        profiles=found,
        request_id=integer(payload, "requestId"),
        complete=not flag(payload, "tbc"),
    )
    foreign = (f"profile {p.id}: a {p.purpose} not ours, before ours" for p in found if profiles.beats_ours(p))
    return Received((reported,), odd=tuple(foreign))


def priority_charging(payload: Payload, call: CallRef, now: Moment) -> Received:
    """Read that priority charging began or ended."""
    transaction, active = text(payload, "transactionId", 128), flag(payload, "activated")
    if transaction is None or active is None:
        raise Unusable(ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "transactionId, activated")
    return Received((PriorityReported(station=call.station, transaction=transaction, active=active),))


def grid_alarm(payload: Payload, call: CallRef, now: Moment) -> Received:
    """Read that the grid left its bounds, or came back into them."""
    reported = ProblemReported(
        station=call.station,
        evse=None,
        component="DERCtrlr",
        variable=text(payload, "controlType", 40) or "unknown",
        active=not flag(payload, "alarmEnded"),
        text=text(payload, "gridEventFault", 40),
    )
    return Received((reported,))


def period_w(schedule: Payload, period: Payload) -> float | None:
    """Return a period's power: the sum where phases are told apart, volts times amperes where a current is told."""
    key = "limit" if "limit" in period else "setpoint"
    value = number(period, key)
    if value is None:
        return None
    more = [extra for suffix in _EXTRA_PHASES if (extra := number(period, key + suffix)) is not None]
    if schedule.get("chargingRateUnit") == "A":
        phases = 1 if more else integer(period, "numberPhases") or 3
        value = (value * phases + sum(more)) * NOMINAL_V
    else:
        value += sum(more)
    return value if abs(value) <= POWER_LIMIT_W else None


def _power(parameters: Payload, key: str) -> float | None:
    """Return a power as magnitude: some stations give limits of discharge with a minus."""
    value = number(parameters, key)
    if value is None:
        return None
    total = abs(value) + sum(abs(number(parameters, key + suffix) or 0.0) for suffix in _EXTRA_PHASES)
    return total if total <= POWER_LIMIT_W else None


def _ac_power(parameters: Payload, transfer: str) -> float | None:
    current = number(parameters, "evMaxCurrent")
    if current is None:
        return None
    power = abs(current) * NOMINAL_V * _AC_PHASES.get(transfer, 1)
    return power if power <= POWER_LIMIT_W else None


def _energy(parameters: Payload, key: str) -> float | None:
    value = number(parameters, key)
    return value if value is not None and abs(value) <= ENERGY_LIMIT_WH else None


def _share(parameters: Payload, key: str) -> float | None:
    value = number(parameters, key)
    return value if value is not None and 0.0 <= value <= 100.0 else None


def _first(*values: float | None) -> float | None:
    return next(iter(_known(values)), None)


def _known(values: Iterable[float | None]) -> Iterable[float]:
    return (value for value in values if value is not None)
