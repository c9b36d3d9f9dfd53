"""The made-up home: its connection, its car, its people, and the three ways its car may be charged."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from custom_components.mobilize_flex.core.model.config import MeterConfig, SiteConfig, StationConfig, VehicleConfig
from simulator.vehicle import VehicleSettings
from worth.habits import Habits
from worth.mind import STATION

PARIS: Final = ZoneInfo("Europe/Paris")
LEAST_CHARGE_W: Final = 1_400.0
LEAST_DISCHARGE_W: Final = 1_000.0
CAR_OWN_FLOOR_PCT: Final = 5.0


class Way(StrEnum):
    """Name the three ways to charge that are compared."""

    PLAIN = "plain"
    """At once and as fast as the house allows, up to the owner's maximum."""
    SMART = "smart"
    """Planned by the controller, one way only."""
    V2G = "v2g"
    """Planned by the controller, both ways."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Hold all that is made up about a home; powers in W at the station, energies in kWh, money in euro."""

    start: date = date(2026, 1, 1)
    days: int = 365
    tariff: str = "tempo"
    seed: int = 1
    kva: float = 9.0
    feed_in_w: float = 0.0
    feed_in_per_kwh: float | None = None
    house_kwh: float = 4_000.0
    heating_kwh: float = 4_000.0
    sun_kwp: float = 0.0
    battery_kwh: float = 52.0
    charge_w: float = 7_400.0
    discharge_w: float = 7_000.0
    soc_min_pct: float = 30.0
    soc_max_pct: float = 80.0
    ageing_per_kwh: float = 0.01
    road_per_kwh: float = 0.45
    step_minutes: int = 5
    patience: timedelta = timedelta(minutes=60)
    habits: Habits = field(default_factory=Habits)
    zone: ZoneInfo = PARIS

    @property
    def vehicle(self) -> VehicleSettings:
        """Return the true car: it loses more at low power than the controller was told."""
        return VehicleSettings(
            capacity_kwh=self.battery_kwh,
            soc_pct=60.0,
            phases=1,
            max_charge_w=self.charge_w,
            max_charge_one_phase_w=self.charge_w,
            min_charge_w=LEAST_CHARGE_W,
            max_discharge_w=self.discharge_w,
            min_discharge_w=LEAST_DISCHARGE_W,
            min_soc_pct=CAR_OWN_FLOOR_PCT,
        )

    @property
    def site(self) -> SiteConfig:
        """Return what the owner told the controller."""
        return SiteConfig(
            name="Made-up home",
            zone=self.zone,
            breaker_a=60.0,
            subscribed_kva=self.kva,
            feed_in_w=self.feed_in_w,
            v2g_consent=True,
            stations=(StationConfig(identity=STATION, name="Station", automatic=frozenset()),),
            vehicles=(
                VehicleConfig(
                    key="car",
                    name="Car",
                    capacity_wh=self.battery_kwh * 1000,
                    max_charge_w=self.charge_w,
                    max_discharge_w=self.discharge_w,
                    min_charge_w=LEAST_CHARGE_W,
                    min_discharge_w=LEAST_DISCHARGE_W,
                ),
            ),
            meter=MeterConfig(key="meter", name="Meter", kind="linky", period_s=self.step_minutes * 60.0),
            ageing_per_kwh=self.ageing_per_kwh,
        )
