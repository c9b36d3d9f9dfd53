"""The stack of charging profiles inside a station.

Lowest limit over the layers; a transaction's profile hides the default one, priority
charging hides both, the station's maximum always caps. With no profile at all the
station charges without limit, as OCPP says.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
import math

from simulator.payload import Payload
from simulator.profile import CHARGING_ONLY, IDLE, Period, Profile, read_profile
from simulator.profile_rules import POWER_FIELDS, Ability, Circumstances, Refusal, check_period, check_profile


@dataclass(frozen=True, slots=True)
class Wiring:
    """What turns amperes into watts: the voltage, and the phases the car uses."""

    voltage_v: float = 230.0
    phases: int = 3


@dataclass(frozen=True, slots=True)
class Setting:
    """What the station must do now; discharge limits are zero or negative."""

    mode: str = CHARGING_ONLY
    setpoint_w: float | None = None
    limit_w: float = math.inf
    discharge_limit_w: float = -math.inf
    layer: str = ""
    profile_id: int | None = None
    preconditioning: bool = False

    @property
    def is_v2x(self) -> bool:
        """Tell whether a V2X operation mode rules."""
        return self.mode != CHARGING_ONLY

    def capped(self, limit_w: float) -> Setting:
        """Lower the charging side to a cap."""
        setpoint_w = self.setpoint_w if self.setpoint_w is None else min(self.setpoint_w, limit_w)
        return replace(self, limit_w=min(self.limit_w, limit_w), setpoint_w=setpoint_w)


@dataclass(frozen=True, slots=True)
class Situation:
    """What the stack must know to answer: time, transaction, and who has priority."""

    now: datetime
    wiring: Wiring
    transaction_id: str | None = None
    transaction_start: datetime | None = None
    v2x_agreed: bool = False
    priority: bool = False
    car_wants_all: bool = False


class ProfileStack:
    """The installed profiles of one station with one EVSE."""

    def __init__(self, ability: Ability) -> None:
        """Start empty, with the rules of one station."""
        self.ability = ability
        self._profiles: dict[int, Profile] = {}
        self._offline_since: datetime | None = None

    @property
    def profiles(self) -> list[Profile]:
        """List what is installed."""
        return list(self._profiles.values())

    def has_priority_profile(self) -> bool:
        """Tell whether priority charging has a profile to use."""
        return any(profile.purpose == "PriorityCharging" for profile in self.profiles)

    def install(
        self,
        raw: Payload,
        evse_id: int,
        now: datetime,
        circumstances: Circumstances,
        meant: Payload | None = None,
    ) -> Profile:
        """Take a profile, replacing the one with its id; raise Refusal when a rule forbids it.

        `meant` is what a station with a language of its own reads in it.
        """
        check_profile(meant or raw, evse_id, self.ability, circumstances)
        profile = replace(read_profile(meant or raw, evse_id, now), raw=raw)
        if any(other.id != profile.id and _collide(other, profile) for other in self.profiles):
            raise Refusal("DuplicateProfile", f"{profile.purpose} level {profile.stack_level}")
        self._profiles[profile.id] = profile
        return profile

    def update(self, profile_id: int, fields: Payload, now: datetime, circumstances: Circumstances) -> None:
        """Refresh a dynamic profile; raise Refusal when it cannot take these values."""
        profile = self._profiles.get(profile_id)
        if profile is None or profile.kind != "Dynamic":
            raise Refusal("InvalidProfile", f"no dynamic profile {profile_id}")
        values = {name: value for name, value in fields.items() if name in POWER_FIELDS}
        updated = profile.updated(values, now)
        period = updated.raw["chargingSchedule"][0]["chargingSchedulePeriod"][0]
        check_period(period, self.ability, circumstances)
        self._profiles[profile_id] = updated

    def clear(self, profile_id: int | None, criteria: Payload) -> bool:
        """Remove by id, or by EVSE, purpose and stack level; tell whether something went."""
        gone = [
            profile.id
            for profile in self.profiles
            if (
                profile.id == profile_id if profile_id is not None else _fits(profile, criteria.get("evseId"), criteria)
            )
        ]
        for one in gone:
            del self._profiles[one]
        return bool(gone)

    def select(self, evse_id: int | None, criteria: Payload) -> list[Profile]:
        """List what a GetChargingProfiles asks for."""
        if "CSO" not in criteria.get("chargingLimitSource", ["CSO"]):
            return []
        wanted = criteria.get("chargingProfileId")
        return [
            profile
            for profile in self.profiles
            if (wanted is None or profile.id in wanted) and _fits(profile, evse_id, criteria)
        ]

    def forget_transactions(self) -> None:
        """Drop what lives no longer than a transaction."""
        self._profiles = {one.id: one for one in self.profiles if one.purpose != "TxProfile"}

    def link_lost(self, now: datetime) -> None:
        """Start counting offline time."""
        self._offline_since = self._offline_since or now

    def link_found(self, now: datetime) -> None:
        """Stop counting, and drop for good what died meanwhile."""
        dead = [one.id for one in self.profiles if one.dies_offline and self._is_expired(one, now)]
        for profile_id in dead:
            del self._profiles[profile_id]
        self._offline_since = None

    def setting(self, at: Situation) -> Setting:
        """Tell what the station must do at a moment."""
        ruling = self._ruling(at)
        setting = Setting() if ruling is None else _read(*ruling, at.wiring)
        cap = self._best("ChargingStationMaxProfile", at)
        return setting if cap is None else setting.capped(_limit_w(*cap, at.wiring))

    def composite(self, at: Situation, duration_s: int) -> list[tuple[float, Setting]]:
        """Tell what is ahead: seconds from now, and the setting from then on."""
        end = at.now + timedelta(seconds=duration_s)
        edges = {edge for one in self.profiles for edge in one.edges(at.now, at.transaction_start)}
        ahead: list[tuple[float, Setting]] = []
        for edge in [at.now, *sorted(edge for edge in edges if at.now < edge < end)]:
            setting = self.setting(replace(at, now=edge))
            if not ahead or ahead[-1][1] != setting:
                ahead.append(((edge - at.now).total_seconds(), setting))
        return ahead

    def _ruling(self, at: Situation) -> tuple[Profile, Period] | None:
        layers = ["TxDefaultProfile"]
        if at.transaction_id is not None and not at.car_wants_all:
            layers.insert(0, "TxProfile")
        if at.priority:
            layers.insert(0, "PriorityCharging")
        for layer in layers:
            best = self._best(layer, at)
            if best is not None:
                return best
        return None

    def _best(self, purpose: str, at: Situation) -> tuple[Profile, Period] | None:
        fitting = [one for one in self.profiles if one.purpose == purpose and not self._is_expired(one, at.now)]
        for profile in sorted(fitting, key=lambda one: -one.stack_level):
            if purpose == "TxProfile" and profile.transaction_id != at.transaction_id:
                continue
            period = profile.period_at(at.now, at.transaction_start)
            if period is not None and (at.v2x_agreed or (period.setpoint or 0) >= 0):
                return profile, period
        return None

    def _is_expired(self, profile: Profile, now: datetime) -> bool:
        if self._offline_since is None or profile.max_offline_s is None:
            return False
        return (now - self._offline_since).total_seconds() >= profile.max_offline_s


def _collide(one: Profile, other: Profile) -> bool:
    same = (one.purpose, one.stack_level, one.transaction_id) == (
        other.purpose,
        other.stack_level,
        other.transaction_id,
    )
    return same and (one.evse_id == other.evse_id or 0 in (one.evse_id, other.evse_id))


def _fits(profile: Profile, evse_id: int | None, criteria: Payload) -> bool:
    purpose = criteria.get("chargingProfilePurpose", profile.purpose)
    level = criteria.get("stackLevel", profile.stack_level)
    return evse_id in (None, profile.evse_id) and (purpose, level) == (profile.purpose, profile.stack_level)


def _limit_w(profile: Profile, period: Period, wiring: Wiring) -> float:
    """Turn a limit into watts over the phases in use; watts are shared over the phases the period names."""
    if period.limit is None:
        return math.inf
    used = min(period.phases, wiring.phases)
    if profile.schedule.unit == "A":
        return period.limit * wiring.voltage_v * used
    return period.limit * used / max(period.phases, 1)


def _read(profile: Profile, period: Period, wiring: Wiring) -> Setting:
    scale = wiring.voltage_v * wiring.phases if profile.schedule.unit == "A" else 1.0
    limit_w = _limit_w(profile, period, wiring)
    floor_w = -math.inf if period.discharge_limit is None else period.discharge_limit * scale
    setpoint_w = 0.0 if period.mode == IDLE else period.setpoint
    if limit_w < 0:  # only stations with that habit let it in
        setpoint_w, limit_w, scale = limit_w, 0.0, 1.0
    if setpoint_w is not None:
        setpoint_w = max(min(setpoint_w * scale, limit_w), floor_w)
    return Setting(
        mode=period.mode,
        setpoint_w=setpoint_w,
        limit_w=limit_w,
        discharge_limit_w=floor_w,
        layer=profile.purpose,
        profile_id=profile.id,
        preconditioning=period.preconditioning,
    )
