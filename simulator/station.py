"""The charging station on the wall: cable, lock, contactor, meter, light."""

from dataclasses import dataclass

from simulator.profiles import Setting, Wiring
from simulator.vehicle import Offer, Vehicle

SELECTOR_A = (32, 25, 20, 16, 12, 8)
RESERVED_SELECTOR_A = 8
NEW_TARGET_W = 200.0
PWM_MINIMUM_A = 6.0


@dataclass(frozen=True, slots=True)
class EvseSettings:
    """What is fixed about one station's power side."""

    phases: int = 3
    selector: str = "32"
    rated_w: float = 22_000
    max_discharge_w: float = 11_000
    reaction_s: float = 0.3
    ramp_w_per_s: float = 5_000
    vocabulary: str = "mobilize"

    @property
    def selector_a(self) -> int:
        """Tell the amperes of the selector; the positions X, Y and Z mean eight."""
        return int(self.selector) if self.selector.isdigit() else RESERVED_SELECTOR_A


class Evse:
    """The power side of a station with one cable."""

    def __init__(self, settings: EvseSettings, vehicle: Vehicle) -> None:
        """Hang a station on the wall, with a car nearby."""
        if settings.selector.isdigit() and int(settings.selector) not in SELECTOR_A:
            raise ValueError(f"the selector has no position {settings.selector}")
        self.settings = settings
        self.vehicle = vehicle
        self.powered = True
        self.plugged = False
        self.locked = False
        self.lock_stuck = False
        self.faulted = False
        self.contactor_closed = False
        self.power_w = 0.0
        self.import_wh = 0.0
        self.export_wh = 0.0
        self.voltages_v: tuple[float, ...] = (230.0,) * settings.phases
        self.wrong_sign = False
        self._target_w = 0.0
        self._hold_s = 0.0

    @property
    def phases_used(self) -> int:
        """Tell on how many phases this car charges here."""
        return min(self.settings.phases, self.vehicle.settings.phases)

    @property
    def wiring(self) -> Wiring:
        """Tell what turns amperes into watts here (nominal voltage, as stations reckon)."""
        return Wiring(230.0, self.phases_used)

    @property
    def max_charge_w(self) -> float:
        """Tell the most this station gives: its rating and its selector."""
        return min(self.settings.rated_w, self.settings.selector_a * 230.0 * self.phases_used)

    @property
    def max_discharge_w(self) -> float:
        """Tell the most this station takes back, as a positive size."""
        return min(self.settings.max_discharge_w, self.settings.selector_a * 230.0 * self.phases_used)

    @property
    def phase_w(self) -> tuple[float, ...]:
        """Tell the power of each phase, positive into the car."""
        used = self.phases_used
        return tuple(self.power_w / used if n < used else 0.0 for n in range(self.settings.phases))

    @property
    def phase_a(self) -> tuple[float, ...]:
        """Tell the current of each phase, positive into the car."""
        return tuple(power_w / volts for power_w, volts in zip(self.phase_w, self.voltages_v, strict=True))

    def plug_in(self) -> None:
        """Put the cable into the car."""
        self.plugged = True
        self.vehicle.plug_in(self.settings.phases)

    def unplug(self) -> None:
        """Take the cable out; whatever flowed stops at once."""
        self.plugged = False
        self.locked = False
        self.open_contactor()
        self.vehicle.unplug()

    def open_contactor(self) -> None:
        """Cut the power."""
        self.contactor_closed = False
        self.power_w = self._target_w = self._hold_s = 0.0

    def offer(self, setting: Setting | None, v2x_agreed: bool) -> Offer:
        """Turn the profile stack's answer into what the car is told; None means no energy."""
        if setting is None:
            return Offer()
        limit_w = min(setting.limit_w, self.max_charge_w)
        if not self.vehicle.speaks_iso and limit_w < PWM_MINIMUM_A * 230.0 * self.phases_used:
            limit_w = 0.0
        floor_w = max(setting.discharge_limit_w, -self.max_discharge_w) if v2x_agreed else 0.0
        setpoint_w = setting.setpoint_w
        if setpoint_w is not None and setpoint_w < 0 and self.wrong_sign:
            setpoint_w, limit_w = -setpoint_w, self.max_charge_w
        asks_nothing = limit_w == 0 or setpoint_w == 0
        return Offer(limit_w, floor_w, setpoint_w, may_sleep=asks_nothing and not setting.preconditioning)

    def step(self, dt_s: float, offer: Offer) -> None:
        """Let time pass: the car answers the offer, the power follows with a ramp, the meter counts."""
        if not (self.plugged and self.contactor_closed and self.powered) or self.faulted:
            self.open_contactor()
            if self.plugged:
                self.vehicle.answer(Offer(may_sleep=True), dt_s)
            return
        self._ramp(self.vehicle.answer(offer, dt_s), dt_s)
        self.vehicle.absorb(self.power_w, dt_s)
        energy_wh = self.power_w * dt_s / 3_600
        self.import_wh += max(0.0, energy_wh)
        self.export_wh += max(0.0, -energy_wh)

    def _ramp(self, target_w: float, dt_s: float) -> None:
        if abs(target_w - self._target_w) > NEW_TARGET_W:
            self._hold_s = self.settings.reaction_s
        self._target_w = target_w
        moving_s = max(0.0, dt_s - self._hold_s)
        self._hold_s = max(0.0, self._hold_s - dt_s)
        room_w = self.settings.ramp_w_per_s * moving_s
        self.power_w += min(max(target_w - self.power_w, -room_w), room_w)
