"""One charging profile as a station keeps it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from simulator.payload import Payload, iso, moment

CHARGING_ONLY = "ChargingOnly"
IDLE = "Idle"
RECURRENCE = {"Daily": timedelta(days=1), "Weekly": timedelta(days=7)}
DYNAMIC_FIELDS = ("limit", "dischargeLimit", "setpoint", "setpointReactive")
PHASE_FIELDS = tuple(f"{name}_{phase}" for name in DYNAMIC_FIELDS for phase in ("L2", "L3"))


@dataclass(frozen=True, slots=True)
class Period:
    """One stretch of a schedule, in the schedule's own unit."""

    start_s: float
    mode: str
    limit: float | None
    discharge_limit: float | None
    setpoint: float | None
    phases: int
    preconditioning: bool


@dataclass(frozen=True, slots=True)
class Schedule:
    """Stretches after one another, from a start or relative to one."""

    start: datetime | None
    duration_s: float | None
    unit: str
    periods: tuple[Period, ...]

    def at(self, elapsed_s: float) -> Period | None:
        """Tell the period that runs `elapsed_s` seconds after the start."""
        if elapsed_s < 0 or (self.duration_s is not None and elapsed_s >= self.duration_s):
            return None
        begun = [period for period in self.periods if period.start_s <= elapsed_s]
        return begun[-1] if begun else None


@dataclass(frozen=True, slots=True)
class Profile:
    """What the controller sent, when it came, and when it was last refreshed."""

    raw: Payload
    evse_id: int
    updated_at: datetime
    schedule: Schedule

    @property
    def id(self) -> int:
        """Tell the profile's number."""
        return int(self.raw["id"])

    @property
    def purpose(self) -> str:
        """Tell the layer the profile belongs to."""
        return str(self.raw["chargingProfilePurpose"])

    @property
    def kind(self) -> str:
        """Tell how the profile counts its time."""
        return str(self.raw["chargingProfileKind"])

    @property
    def stack_level(self) -> int:
        """Tell the profile's rank in its layer."""
        return int(self.raw["stackLevel"])

    @property
    def transaction_id(self) -> str | None:
        """Tell the transaction the profile is bound to."""
        return self.raw.get("transactionId")

    @property
    def max_offline_s(self) -> float | None:
        """Tell how long the profile lives without the controller."""
        return self.raw.get("maxOfflineDuration")

    @property
    def dies_offline(self) -> bool:
        """Tell whether a profile that outlived its offline time stays dead."""
        return bool(self.raw.get("invalidAfterOfflineDuration", False))

    @property
    def key(self) -> tuple[str, int, int, str | None]:
        """Tell what may exist only once."""
        return (self.purpose, self.stack_level, self.evse_id, self.transaction_id)

    def is_valid(self, now: datetime) -> bool:
        """Tell whether the calendar allows the profile."""
        begin, end = moment(self.raw.get("validFrom")), moment(self.raw.get("validTo"))
        return (begin is None or now >= begin) and (end is None or now < end)

    def origin(self, now: datetime, transaction_start: datetime | None) -> datetime | None:
        """Tell the moment from which the schedule counts."""
        if self.kind == "Dynamic":
            return self.updated_at
        if self.kind == "Relative":
            return transaction_start or now
        start = self.schedule.start
        if self.kind != "Recurring" or start is None or now < start:
            return start
        lap = RECURRENCE[self.raw["recurrencyKind"]]
        return start + lap * ((now - start) // lap)

    def period_at(self, now: datetime, transaction_start: datetime | None) -> Period | None:
        """Tell the period in force, or nothing."""
        origin = self.origin(now, transaction_start)
        if origin is None or not self.is_valid(now):
            return None
        return self.schedule.at((now - origin).total_seconds())

    def edges(self, now: datetime, transaction_start: datetime | None) -> list[datetime]:
        """Tell the moments at which something may change (of the lap in force, and the next)."""
        origin = self.origin(now, transaction_start)
        if origin is None:
            return []
        laps = [timedelta(0)]
        if self.kind == "Recurring":
            laps.append(RECURRENCE[self.raw["recurrencyKind"]])
        marks = [period.start_s for period in self.schedule.periods]
        if self.schedule.duration_s is not None:
            marks.append(self.schedule.duration_s)
        limits = [moment(self.raw.get("validFrom")), moment(self.raw.get("validTo"))]
        moments = [origin + lap + timedelta(seconds=mark) for lap in laps for mark in marks]
        return moments + [limit for limit in limits if limit is not None]

    def updated(self, fields: Payload, now: datetime) -> Profile:
        """Take new values into a dynamic profile's only period."""
        raw = {**self.raw}
        schedule = {**raw["chargingSchedule"][0]}
        schedule["chargingSchedulePeriod"] = [{**schedule["chargingSchedulePeriod"][0], **fields}]
        raw["chargingSchedule"] = [schedule]
        raw["dynUpdateTime"] = iso(now)
        return replace(self, raw=raw, updated_at=now, schedule=read_schedule(schedule))


def read_profile(raw: Payload, evse_id: int, now: datetime) -> Profile:
    """Take a profile from its message; only the first schedule is followed."""
    return Profile(raw, evse_id, now, read_schedule(raw["chargingSchedule"][0]))


def read_schedule(raw: Payload) -> Schedule:
    """Take a schedule from its message."""
    periods = tuple(_read_period(period) for period in raw["chargingSchedulePeriod"])
    return Schedule(moment(raw.get("startSchedule")), raw.get("duration"), raw["chargingRateUnit"], periods)


def _read_period(raw: Payload) -> Period:
    return Period(
        start_s=raw["startPeriod"],
        mode=raw.get("operationMode", CHARGING_ONLY),
        limit=raw.get("limit"),
        discharge_limit=raw.get("dischargeLimit"),
        setpoint=_with_phases(raw, "setpoint"),
        phases=raw.get("numberPhases", 3),
        preconditioning=bool(raw.get("preconditioningRequest", False)),
    )


def _with_phases(raw: Payload, name: str) -> float | None:
    """Sum a value over its phase fields; the bare field is L1 once they are there."""
    values = [raw[field] for field in (name, f"{name}_L2", f"{name}_L3") if field in raw]
    return sum(values) if values else None
