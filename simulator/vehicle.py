"""The car at the end of the cable."""

from dataclasses import dataclass
from datetime import datetime

ISO_20 = "ISO15118-20"
PLAIN = "IEC61851"


@dataclass(frozen=True, slots=True)
class EfficiencyStep:
    """The share of energy that survives, from this power (at the grid side) upwards."""

    from_w: float
    efficiency: float


USUAL_STEPS = (
    EfficiencyStep(0, 0.75),
    EfficiencyStep(1_500, 0.86),
    EfficiencyStep(3_000, 0.90),
    EfficiencyStep(5_500, 0.92),
)


@dataclass(frozen=True, slots=True)
class VehicleSettings:
    """What is fixed about one car; powers are positive sizes measured at the station."""

    capacity_kwh: float = 52.0
    usable_pct: float = 100.0
    soc_pct: float = 55.0
    phases: int = 3
    max_charge_w: float = 11_000
    max_charge_one_phase_w: float = 7_400
    min_charge_w: float = 1_380
    max_discharge_w: float = 7_000
    min_discharge_w: float = 1_000
    charge_steps: tuple[EfficiencyStep, ...] = USUAL_STEPS
    discharge_steps: tuple[EfficiencyStep, ...] = USUAL_STEPS
    taper_from_pct: float = 80.0
    taper_floor: float = 0.12
    min_soc_pct: float = 20.0
    max_soc_pct: float = 100.0
    target_soc_pct: float = 80.0
    v2x_max_soc_pct: float = 80.0
    departure: datetime | None = None
    wake_up_s: float = 20.0
    sleep_after_s: float = 300.0
    speaks: str = ISO_20
    bidirectional: bool = True
    dynamic_control: bool = True
    tells_soc: bool = True
    evccid: str = "FRRNOV2G0001"


@dataclass(frozen=True, slots=True)
class Offer:
    """What the station offers right now; `setpoint_w` None means: take what you like up to the limit."""

    limit_w: float = 0.0
    discharge_limit_w: float = 0.0
    setpoint_w: float | None = None
    may_sleep: bool = False


@dataclass(frozen=True, slots=True)
class Needs:
    """What an ISO 15118 car tells about itself: energies in Wh still to be charged, negative if it could give them."""

    bidirectional: bool
    dynamic_control: bool
    departure: datetime | None
    target_energy_wh: float
    min_energy_wh: float
    max_energy_wh: float
    min_v2x_energy_wh: float
    max_v2x_energy_wh: float
    min_charge_w: float
    max_charge_w: float
    min_discharge_w: float
    max_discharge_w: float
    target_soc_pct: float
    soc_pct: float


class Vehicle:
    """One car: it takes, gives or refuses power, and sleeps when nobody asks for any."""

    def __init__(self, settings: VehicleSettings) -> None:
        """Take a car as its settings describe it, unplugged and awake."""
        self.settings = settings
        self.energy_wh = self.usable_wh * settings.soc_pct / 100
        self.refuses_discharge = False
        self.instant_charge = False
        self.asleep = False
        self.waking_s = 0.0
        self._idle_s = 0.0
        self._phases = settings.phases

    @property
    def usable_wh(self) -> float:
        """Tell the energy between 0 and 100 %."""
        return self.settings.capacity_kwh * 1_000 * self.settings.usable_pct / 100

    @property
    def soc_pct(self) -> float:
        """Tell the state of charge."""
        return 100 * self.energy_wh / self.usable_wh

    @property
    def speaks_iso(self) -> bool:
        """Tell whether the car has a digital conversation with the station."""
        return self.settings.speaks != PLAIN

    @property
    def gives_back(self) -> bool:
        """Tell whether the car would discharge in this session."""
        willing = not self.refuses_discharge and not self.instant_charge
        return willing and self.speaks_iso and self.settings.bidirectional and self.settings.max_discharge_w > 0

    @property
    def max_charge_w(self) -> float:
        """Tell the most the car's charger takes on the phases it got."""
        return self.settings.max_charge_w if self._phases > 1 else self.settings.max_charge_one_phase_w

    def plug_in(self, phases: int) -> None:
        """Wake on the cable, which carries `phases` phases."""
        self._phases = min(phases, self.settings.phases)
        self.asleep = False
        self.waking_s = 0.0
        self._idle_s = 0.0

    def unplug(self) -> None:
        """Forget the wishes of this plug-in: the next one follows the programme again."""
        self.instant_charge = False

    def drive(self, energy_wh: float) -> None:
        """Use energy on the road."""
        self.energy_wh = max(0.0, self.energy_wh - energy_wh)

    def press_flap_button(self) -> None:
        """Ask for a full charge now: no more discharge until the cable is out."""
        self.instant_charge = True
        self._stir()

    def needs(self) -> Needs:
        """Tell what ISO 15118 exchanges: energies, powers, departure."""
        own = self.settings
        top_pct = max(own.max_soc_pct, self.soc_pct)
        return Needs(
            bidirectional=self.gives_back,
            dynamic_control=own.dynamic_control,
            departure=own.departure,
            target_energy_wh=self._wh_to(100.0 if self.instant_charge else own.target_soc_pct),
            min_energy_wh=self._wh_to(own.min_soc_pct),
            max_energy_wh=self._wh_to(top_pct),
            min_v2x_energy_wh=self._wh_to(own.min_soc_pct),
            max_v2x_energy_wh=self._wh_to(own.v2x_max_soc_pct),
            min_charge_w=own.min_charge_w,
            max_charge_w=self.max_charge_w,
            min_discharge_w=own.min_discharge_w,
            max_discharge_w=own.max_discharge_w,
            target_soc_pct=own.target_soc_pct,
            soc_pct=self.soc_pct,
        )

    def answer(self, offer: Offer, dt_s: float) -> float:
        """Choose the power for the next `dt_s` seconds, in W, positive into the car."""
        wish_w = self._wish_w(offer)
        if not self._is_awake(wish_w, offer, dt_s):
            return 0.0
        return self._within_battery(wish_w, dt_s)

    def absorb(self, power_w: float, dt_s: float) -> None:
        """Move energy between the cable and the battery, with the losses of this power."""
        hours = dt_s / 3_600
        if power_w >= 0:
            stored_wh = power_w * hours * _efficiency(self.settings.charge_steps, power_w)
        else:
            stored_wh = power_w * hours / _efficiency(self.settings.discharge_steps, -power_w)
        self.energy_wh = min(max(self.energy_wh + stored_wh, 0.0), self.usable_wh)

    def _wish_w(self, offer: Offer) -> float:
        if offer.setpoint_w is not None and offer.setpoint_w < 0:
            return -self._give_w(min(-offer.setpoint_w, -offer.discharge_limit_w))
        most_w = offer.limit_w if offer.setpoint_w is None else min(offer.setpoint_w, offer.limit_w)
        return self._take_w(most_w)

    def _take_w(self, most_w: float) -> float:
        own = self.settings
        if self.soc_pct >= (100.0 if self.instant_charge else own.max_soc_pct) - 0.001:
            return 0.0
        power_w = min(most_w, self.max_charge_w * self._taper())
        return power_w if most_w >= own.min_charge_w else 0.0

    def _give_w(self, most_w: float) -> float:
        own = self.settings
        if not self.gives_back or self.soc_pct <= own.min_soc_pct + 0.001:
            return 0.0
        power_w = min(most_w, own.max_discharge_w)
        return power_w if power_w >= own.min_discharge_w else 0.0

    def _taper(self) -> float:
        start_pct = self.settings.taper_from_pct
        if self.soc_pct <= start_pct:
            return 1.0
        left = (100.0 - self.soc_pct) / (100.0 - start_pct)
        return max(left, self.settings.taper_floor)

    def _within_battery(self, power_w: float, dt_s: float) -> float:
        if power_w == 0 or dt_s <= 0:
            return power_w
        hours = dt_s / 3_600
        if power_w > 0:
            top_pct = 100.0 if self.instant_charge else self.settings.max_soc_pct
            room_wh = max(0.0, self._wh_to(top_pct))
            return min(power_w, room_wh / hours / _efficiency(self.settings.charge_steps, power_w))
        stock_wh = max(0.0, -self._wh_to(self.settings.min_soc_pct))
        return max(power_w, -stock_wh / hours * _efficiency(self.settings.discharge_steps, -power_w))

    def _is_awake(self, wish_w: float, offer: Offer, dt_s: float) -> bool:
        if wish_w == 0:
            self._idle_s += dt_s
            if offer.may_sleep and self._idle_s >= self.settings.sleep_after_s:
                self.asleep = True
            return not self.asleep
        self._stir()
        self.waking_s = max(0.0, self.waking_s - dt_s)
        return self.waking_s == 0

    def _stir(self) -> None:
        if self.asleep:
            self.asleep = False
            self.waking_s = self.settings.wake_up_s
        self._idle_s = 0.0

    def _wh_to(self, soc_pct: float) -> float:
        return self.usable_wh * soc_pct / 100 - self.energy_wh


def _efficiency(steps: tuple[EfficiencyStep, ...], power_w: float) -> float:
    """Look a power up; one on a border belongs to the upper step."""
    fitting = [step.efficiency for step in steps if step.from_w <= power_w]
    return fitting[-1] if fitting else steps[0].efficiency
