"""A home whose meter can be tampered with, and whose kitchen can be switched on phase by phase."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from custom_components.mobilize_flex.core.model import facts as f
from custom_components.mobilize_flex.core.model.config import MeterConfig, SiteConfig, StationConfig, VehicleConfig
from custom_components.mobilize_flex.core.model.contracts import PeakOffPeak, Window
from custom_components.mobilize_flex.core.model.electric import MeterReading
from custom_components.mobilize_flex.core.model.intents import SetProgramme, SetSocLimits
from custom_components.mobilize_flex.core.model.programme import Programme
from custom_components.mobilize_flex.core.model.state import MeterState
from simulator.home import HomeSettings
from simulator.linky import LinkySettings
from simulator.ocpp_station import StationSettings
from simulator.station import EvseSettings
from simulator.vehicle import VehicleSettings
from simulator.world import World, WorldSettings
from tests.days.pure_home import PureHome

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
EVENING = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
DEAR_EVENING = PeakOffPeak(peak_per_kwh=0.73, off_peak_per_kwh=0.16, off_peak=(Window(time(22), time(6)),))
FALLBACK_A = 10.0
VOLTS = 230.0
STEP_S = 1.0

type Twist = Callable[[MeterReading, float], MeterReading | None]


class Kitchen(World):
    """A house that draws exactly what it is told to, on each phase."""

    def __init__(self, settings: WorldSettings, loads_w: tuple[float, ...]) -> None:
        super().__init__(settings)
        self.loads_w = loads_w

    def house_w(self, now: datetime) -> float:
        return sum(self.loads_w)

    def per_phase_w(self, now: datetime, car_w: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(load + (car_w[n] if n < len(car_w) else 0.0) for n, load in enumerate(self.loads_w))


@dataclass(slots=True)
class MeteredHome(PureHome):
    """A pure home whose meter's word passes through somebody's hands; it hears every second."""

    twist: Twist | None = None
    drawn_a: list[tuple[float, ...]] = field(default_factory=list)
    car_w: list[float] = field(default_factory=list)

    def _live(self) -> None:
        self.drawn_a.append(tuple(w / VOLTS for w in self.home.linky.phase_w))
        self.car_w.append(self.home.evse.power_w)
        if not self.meter_mute:
            for frame in self.decoder.receive(self.home.tic_frame()):
                reading = self.linky.read(frame)
                told = reading if self.twist is None else self.twist(reading, self.seconds)
                if told is not None:
                    self.tell(f.MeterRead(told))
        if self.link is not None:
            self._take(self.link.due(self.now))
        self.tell(f.Ticked())
        self._plan()
        self.looks.append(self.look())

    @property
    def meter(self) -> MeterState:
        """Return what our side makes of the meter."""
        known: MeterState = self.state.meter  # type: ignore[attr-defined]
        return known

    @property
    def kitchen(self) -> Kitchen:
        """Return the house, to be switched."""
        world = self.home.world
        assert isinstance(world, Kitchen)
        return world


def metered(
    *, phases: int = 1, car_phases: int | None = None, breaker_a: float = 45.0, load_w: float = 600.0,
    protocol: str = "ocpp2.1", evening: bool = False,
    twist: Twist | None = None, charge_s: float = 180.0, **site: Any,
) -> MeteredHome:  # fmt: skip
    """Return a home with its station on the line and a car that wants all it can get, charging.

    In the ``evening`` prices are high until ten, and a car that is full enough gives back.
    """
    used = phases if car_phases is None else car_phases
    kva = breaker_a * VOLTS * phases / 1000
    standing = tuple(range(used))
    station = StationConfig(identity="SIM-001", name="Verso", phases=used, fallback_a=FALLBACK_A, rotation=standing)
    config = SiteConfig(
        name="Home",
        zone=ZoneInfo("Europe/Paris"),
        phases=phases,
        breaker_a=breaker_a,
        v2g_consent=True,
        stations=(station,),
        vehicles=(VehicleConfig(key="r5", name="R5", max_charge_w=used * 7400.0, max_discharge_w=7000.0),),
        meter=MeterConfig(key="m", name="Linky", kind="linky", period_s=2.0),
        contract=DEAR_EVENING if evening else None,
    )
    settings = HomeSettings(
        station=StationSettings(id="SIM-001", update_interval_s=5),
        evse=EvseSettings(phases=used),
        vehicle=VehicleSettings(
            soc_pct=70.0 if evening else 20.0, phases=used, capacity_kwh=52.0 if evening else 200.0
        ),
        world=WorldSettings(phases=phases),
        linky=LinkySettings(phases=phases, subscribed_kva=max(3, round(kva))),
    )
    home = MeteredHome(replace(config, **site), settings, EVENING if evening else NOON, protocol)
    home.home.world = Kitchen(settings.world, (load_w / phases,) * phases)
    home.twist = twist
    if evening:
        home.tell(SetProgramme(Programme(number=1, departure=time(7, 30), weekdays=tuple(range(7)), v2g=True)))
        home.tell(SetSocLimits(30.0, 80.0))
    home.dial_in()
    home.run(30, step_s=STEP_S)
    home.home.plug_in()
    home.run(60, step_s=STEP_S)
    home.run(charge_s, step_s=STEP_S)
    return home
