"""The house around the car: what it draws, what its roof gives."""

from dataclasses import dataclass
from datetime import datetime
import math
import random
from zoneinfo import ZoneInfo

HOME_ZONE = ZoneInfo("Europe/Paris")
BLOCK_MINUTES = 5
MEALS = ((6.75, 8.0, 1_500.0), (12.0, 13.25, 2_400.0), (18.75, 20.5, 3_200.0))


@dataclass(frozen=True, slots=True)
class WorldSettings:
    """What is fixed about one house."""

    phases: int = 1
    base_w: float = 320.0
    kitchen_share: float = 1.0
    sun_peak_w: float = 0.0
    voltage_v: float = 232.0
    seed: int = 1
    zone: ZoneInfo = HOME_ZONE


class World:
    """The house's own consumption, its sun, and the voltage at its door."""

    def __init__(self, settings: WorldSettings) -> None:
        """Build the house; the same seed gives the same days."""
        self.settings = settings
        self.house_override_w: float | None = None
        self._block: tuple[int, float] = (-1, 0.0)

    def house_w(self, now: datetime) -> float:
        """Tell what the house draws, without car and sun."""
        if self.house_override_w is not None:
            return self.house_override_w
        block = int(now.timestamp()) // (BLOCK_MINUTES * 60)
        if self._block[0] != block:
            self._block = (block, self._draw(now, block))
        return self._block[1]

    def sun_w(self, now: datetime) -> float:
        """Tell what the roof gives: a clear-sky bell with a few clouds."""
        if self.settings.sun_peak_w <= 0:
            return 0.0
        local = now.astimezone(self.settings.zone)
        season = math.cos((local.timetuple().tm_yday - 172) / 365 * 2 * math.pi)
        half_day_h = 6.0 + 2.0 * season
        from_noon_h = abs(local.hour + local.minute / 60 - 13.0)
        if from_noon_h >= half_day_h:
            return 0.0
        clouds = 0.75 + 0.25 * self._dice(int(now.timestamp()) // 900, "sun").random()
        bell = math.cos(from_noon_h / half_day_h * math.pi / 2) ** 1.5
        return float(self.settings.sun_peak_w * (0.75 + 0.25 * season) * bell * clouds)

    def per_phase_w(self, now: datetime, car_w: tuple[float, ...]) -> tuple[float, ...]:
        """Tell the grid power of each phase, positive from the grid."""
        shares = (1.0,) if self.settings.phases == 1 else (0.45, 0.30, 0.25)
        house_w, sun_w = self.house_w(now), self.sun_w(now)
        count = self.settings.phases
        return tuple(house_w * shares[n] - sun_w / count + (car_w[n] if n < len(car_w) else 0.0) for n in range(count))

    def voltages_v(self, grid_w: tuple[float, ...]) -> tuple[float, ...]:
        """Tell the voltage of each phase: a lead of 0.2 ohm between transformer and house."""
        nominal_v = self.settings.voltage_v
        return tuple(nominal_v - 0.2 * power_w / nominal_v for power_w in grid_w)

    def _draw(self, now: datetime, block: int) -> float:
        dice = self._dice(block, "house")
        local = now.astimezone(self.settings.zone)
        hour = local.hour + local.minute / 60
        power_w = self.settings.base_w * dice.uniform(0.7, 1.5)
        for begin, end, peak_w in MEALS:
            if begin <= hour < end and dice.random() < 0.8:
                power_w += peak_w * self.settings.kitchen_share * dice.uniform(0.4, 1.0)
        return round(power_w, 1)

    def _dice(self, block: int, what: str) -> random.Random:
        return random.Random(f"{self.settings.seed}/{what}/{block}")
