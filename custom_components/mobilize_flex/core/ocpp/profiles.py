"""The limits and orders of power as a station stores them.

Three layers: the house limit nobody may exceed, the standard charge that rules when we are silent, and our order, which
lapses by itself. A period holds what its mode wants and nothing else: stations refuse whatever is too much.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
import math
from typing import Final

from ..model.commands import InstallLimits, SetpointForm, SetPower
from ..model.driver import Route, RouteKind
from ..model.electric import NOMINAL_V
from ..model.station import HeldProfile
from .drivers import PLACE
from .numbering import OURS, known_as
from .wire import Json, Payload, integer, number, rounded, stamp, tables, text

HOUSE_MAX_ID: Final = 100
FALLBACK_ID: Final = 110
ORDER_ID: Final = 200
LONG_AGO: Final = "2026-01-01T00:00:00Z"  # a lasting limit holds whatever a station's clock says
STEP_W: Final = 10.0
STEP_A: Final = 0.1
BACKDATED_S: Final = 5.0
_OUTSIDE: Final = "ChargingStationExternalConstraints"
MOST_NAMED: Final = 3
_LEVELS: Final = {"ChargingStationMaxProfile": 0, "TxDefaultProfile": 0, "TxProfile": 1}


def order_id(evse: int) -> int:
    """Return the number of our order on an EVSE; numbers are unique in a station."""
    return ORDER_ID + evse - 1


def house_max(command: InstallLimits) -> Payload:
    """Return the limit of the whole station (B1)."""
    schedule = _schedule(HOUSE_MAX_ID, command.amperes, _limit(command.max_w, command.phases, command.amperes))
    schedule["startSchedule"] = LONG_AGO
    return _profile(0, HOUSE_MAX_ID, "ChargingStationMaxProfile", "Absolute", schedule)


def fallback(command: InstallLimits) -> Payload:
    """Return the standard charge that rules without us (B2)."""
    schedule = _schedule(FALLBACK_ID, command.amperes, _limit(command.fallback_w, command.phases, command.amperes))
    return _profile(0, FALLBACK_ID, "TxDefaultProfile", "Relative", schedule)


def order(command: SetPower, now: datetime) -> Payload:
    """Return our order for a transaction (C1, C4, F1); without renewal it lapses."""
    number = order_id(command.evse)
    if command.form is SetpointForm.LIMIT:
        period = _limit(max(0.0, command.power_w), command.phases, command.amperes)
    elif command.form is SetpointForm.VENDOR:
        period = _vendor_period(command)
    elif command.idle:
        period = {"operationMode": "Idle", "preconditioningRequest": False}
    else:
        period = {"operationMode": "CentralSetpoint", "setpoint": setpoint(command)}
    if command.plain:
        period.pop("numberPhases", None)
    schedule = _schedule(number, command.amperes, period)
    schedule["duration"] = command.expires_s
    dynamic = command.form in (SetpointForm.DYNAMIC, SetpointForm.UPDATE)
    if not dynamic:
        schedule["startSchedule"] = stamp((now - timedelta(seconds=BACKDATED_S)).replace(microsecond=0))
    level = 0 if command.low else 1
    profile = _profile(command.evse, number, "TxProfile", "Dynamic" if dynamic else "Absolute", schedule, level=level)
    inner = profile["chargingProfile"]
    if isinstance(inner, dict):
        inner["transactionId"] = command.transaction
        if command.offline_s is not None and command.form is not SetpointForm.VENDOR:
            inner["maxOfflineDuration"] = command.offline_s
            inner["invalidAfterOfflineDuration"] = True
    return profile


def _vendor_period(command: SetPower) -> Payload:
    """Return a period with a limit that may be read as more than a limit (F2, F3)."""
    route = command.route
    below_zero = route is not None and route.kind is RouteKind.NEGATIVE_LIMIT
    period = _limit(command.power_w if below_zero else max(0.0, command.power_w), command.phases, command.amperes)
    if route is not None and route.kind is RouteKind.CUSTOM_DATA:
        period["customData"] = {"vendorId": route.vendor_id, **vendor_fields(route, command)}
    return period


def vendor_fields(route: Route, command: SetPower) -> Payload:
    """Return the fields a vendor wants, with the figures of an order in their places."""
    figures = _figures(command)
    return {name: _filled(word, figures) for name, word in route.fields}


def vendor_value(route: Route, command: SetPower) -> str:
    """Return the text a vendor's variable takes."""
    return str(_filled(route.value or "", _figures(command)))


def _figures(command: SetPower) -> Payload:
    return {
        "setpoint_w": watts(command.power_w),
        "discharge_w": watts(max(0.0, -command.power_w)),
        "setpoint_a": _figure(command.power_w, command.phases, amperes=True),
        "evse": command.evse,
        "transaction": command.transaction,
        "expires_s": command.expires_s,
    }


def _filled(word: Json, figures: Payload) -> Json:
    """Return a template filled in; one that is nothing but a place takes the figure as it is."""
    if not isinstance(word, str):
        return word
    whole = PLACE.fullmatch(word)
    if whole is not None:
        return figures[whole[1]]
    return PLACE.sub(lambda place: str(figures[place[1]]), word)


def setpoint(command: SetPower) -> Json:
    """Return the figure of a setpoint, signed, in W or in A per phase."""
    return _figure(command.power_w, command.phases, command.amperes)


def held(raw: Payload, evse: int) -> HeldProfile | None:
    """Return a profile as a station reports it, ``None`` where it has no number."""
    profile_id, level = integer(raw, "id"), integer(raw, "stackLevel")
    if profile_id is None:
        return None
    schedule: Payload = next(tables(raw, "chargingSchedule"), {})
    periods = list(tables(schedule, "chargingSchedulePeriod"))
    first: Payload = periods[0] if periods else {}
    return HeldProfile(
        id=known_as(profile_id),
        evse=evse,
        purpose=text(raw, "chargingProfilePurpose", 40) or "",
        level=level or 0,
        limit=number(first, "limit"),
        amperes=schedule.get("chargingRateUnit") == "A",
        phases=integer(first, "numberPhases"),
        periods=len(periods),
    )


def is_ours(profile: HeldProfile) -> bool:
    """Tell whether a number is one we give to profiles."""
    return profile.id in OURS


def beats_ours(profile: HeldProfile) -> bool:
    """Tell whether a profile that is not ours stands before one of ours."""
    level = _LEVELS.get(profile.purpose)
    return level is not None and profile.level > level and not is_ours(profile)


def foreign(profiles: Iterable[HeldProfile]) -> tuple[str, ...]:
    """Return the names of profiles by which somebody else steers a station, a few at most."""
    found = (p for p in profiles if beats_ours(p) or (p.purpose == _OUTSIDE and not is_ours(p)))
    return tuple(f"{p.purpose} {p.id}" for p in found)[:MOST_NAMED]


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
