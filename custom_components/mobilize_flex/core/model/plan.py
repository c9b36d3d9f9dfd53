"""What the planner is asked, and what it answers."""

from dataclasses import dataclass
from datetime import datetime

from .reasons import Reason, Why


@dataclass(frozen=True, slots=True)
class EfficiencyStep:
    """Hold the efficiency (0 to 1) from a power upward; a power on the edge belongs to the upper step."""

    from_w: float
    efficiency: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerRange:
    """Hold one direction: magnitudes measured on the grid side of the charger; ``max_w`` 0 means it does not exist."""

    min_w: float
    max_w: float
    efficiency: tuple[EfficiencyStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDeparture:
    """Hold one leave-taking: the car is away from boundary ``slot`` to boundary ``return_slot``."""

    slot: int
    target_soc_pct: float
    return_slot: int | None = None
    trip_wh: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Penalties:
    """Hold the prices of the soft rules, in currency per kWh (and hour)."""

    target_per_kwh: float = 10.0
    departure_excess_per_kwh: float = 1.0
    soc_min_per_kwh_h: float = 2.0
    soc_max_per_kwh_h: float = 0.5
    grid_excess_per_kwh: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanQuestion:
    """Hold everything a plan depends on; per-slot tuples all have ``len(slot_s)`` entries.

    Conventions are those of the planning problems: slot ``k`` lies between boundaries ``k`` and ``k + 1``,
    power is constant within a slot, charging ``w`` for ``h`` hours stores ``w * h * efficiency``, discharging
    takes ``w * h / efficiency`` out of the battery.
    """

    start: datetime
    slot_s: tuple[float, ...]
    import_per_kwh: tuple[float, ...]
    export_per_kwh: tuple[float, ...]
    house_w: tuple[float, ...]
    sun_w: tuple[float, ...]
    import_limit_w: tuple[float, ...]
    export_limit_w: tuple[float, ...]
    charge_limit_w: tuple[float, ...] | None = None
    discharge_limit_w: tuple[float, ...] | None = None
    known: tuple[bool, ...] | None = None
    sun_curtailable: bool = False
    feed_in_from_car: bool = False
    capacity_wh: float
    soc_now_pct: float
    soc_min_pct: float
    soc_max_pct: float
    overshoot_pct: float = 80.0
    final_approach_slots: int = 0
    charge: PowerRange
    discharge: PowerRange
    departures: tuple[PlannedDeparture, ...] = ()
    ageing_per_kwh: float = 0.01
    terminal_value_per_kwh: float = 0.0
    start_cost: float = 0.0
    min_run_slots: int = 0
    min_idle_slots: int = 0
    initial_mode: int = 0
    """-1 discharging, 0 idle, 1 charging before boundary 0."""
    initial_mode_slots: int = 0
    unplug_hazard: tuple[float, ...] | None = None
    """Chance, per slot, that the car is unplugged at its end without notice."""
    comfort_soc_pct: float = 0.0
    """What the owner would then like to find in the car; each kWh less costs ``comfort_per_kwh``."""
    comfort_per_kwh: float = 0.0
    held_soc_pct: float = 0.0
    """What prices that are not known may not take a car below, in a stay whose departure is beyond the horizon."""
    penalties: Penalties = Penalties()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSlot:
    """Hold one slot of the answer: signed power, the state of charge at its end, prices, and why."""

    start: datetime
    end: datetime
    power_w: float
    soc_end_pct: float
    import_per_kwh: float
    export_per_kwh: float
    stored_value_per_kwh: float
    why: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Hold the answer; there always is one.

    ``cost`` is the objective (house included), ``reachable_soc_pct`` the most the first departure can have,
    ``target_met_at`` the earliest instant the plan reaches the first target, ``limited_by`` what stands in the way.
    """

    made_at: datetime
    slots: tuple[PlanSlot, ...]
    departure: datetime | None
    target_soc_pct: float | None
    reachable_soc_pct: float | None
    target_met_at: datetime | None
    limited_by: Reason | None
    cost: float

    def at(self, instant: datetime) -> PlanSlot | None:
        """Return the slot that holds an instant."""
        return next((s for s in self.slots if s.start <= instant < s.end), None)
