"""A home for load management alone: what the meter and the stations say goes in, what each may do comes out."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from custom_components.mobilize_flex.core.grid.law import Ruling, rule
from custom_components.mobilize_flex.core.grid.takers import Scene, Taker, footing
from custom_components.mobilize_flex.core.model.config import MeterConfig, SiteConfig, StationConfig
from custom_components.mobilize_flex.core.model.electric import MeterReading, StationReadings
from custom_components.mobilize_flex.core.model.load import LoadState
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.state import Envelope, MeterState

T0 = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
METER = MeterConfig(key="m", name="Linky", kind="linky", period_s=2.0)
SITE = SiteConfig(name="Home", breaker_a=45.0, subscribed_kva=9.0, meter=METER, v2g_consent=True)
ONE = StationConfig(identity="ST1", name="Verso", fallback_a=10.0)
TWO = StationConfig(identity="ST2", name="Garden", fallback_a=10.0)
THREE = replace(SITE, phases=3, subscribed_kva=12.0)


@dataclass(slots=True)
class Car:
    """One charging point that obeys at once, unless it is told to be stubborn."""

    station: StationConfig
    active: bool = True
    wished_w: float | None = 7360.0
    power_w: float = 0.0
    order_w: float | None = None
    changed_s: float | None = None
    obeys: bool = True
    readings: StationReadings = StationReadings()
    seen: tuple[tuple[float, float], ...] = ()
    least_w: float = 0.0


@dataclass(slots=True)
class Rig:
    """Load management over time, without anything around it."""

    site: SiteConfig = SITE
    cars: list[Car] = field(default_factory=lambda: [Car(ONE)])
    house_w: tuple[float, ...] = (500.0, 0.0, 0.0)
    wired: Sequence[tuple[int, ...]] = ()
    feed_in_w: float = 0.0
    dimmed_w: float | None = None
    voltage_v: float = 230.0
    late_s: float = 0.0
    told_every_s: float = 0.0
    now_s: float = 100.0
    wall_s: float = 0.0
    meter: MeterState = MeterState()
    load: LoadState = LoadState()
    ruling: Ruling | None = None

    @property
    def grid_w(self) -> tuple[float, ...]:
        """Return what flows through each phase."""
        phases = list(self.house_w[: self.site.phases])
        for n, car in enumerate(self.cars):
            stand = footing(self.site, car.station, MeterReading(), StationReadings())
            on = self.wired[n] if self.wired else stand.phases
            for phase in on:
                phases[phase] += car.power_w / len(on)
        return tuple(phases)

    def reading(self) -> MeterReading:
        """Return what a meter that tells everything would say."""
        watts = self.grid_w
        rows = (*watts, None, None)[:3] if len(watts) == 1 else watts
        volts = tuple(self.voltage_v if n < len(watts) else None for n in range(3))
        return MeterReading(power_w=sum(watts), phase_power_w=rows, voltage_v=volts)  # type: ignore[arg-type]

    def look(self, after_s: float = 1.0, *, sample: bool = True, reading: MeterReading | None = None) -> Ruling:
        """Let time pass, and rule."""
        self.now_s += after_s
        now = Moment(T0 + timedelta(seconds=self.now_s + self.wall_s), self.now_s)
        if sample:
            self.meter = MeterState(reading=reading or self.reading(), at=now)
        scene = Scene(
            site=self.site, meter=self.meter, takers=tuple(self._taker(car) for car in self.cars), now_s=self.now_s,
            feed_in_w=self.feed_in_w, dimmed_w=self.dimmed_w,
        )  # fmt: skip
        self.ruling = rule(scene, self.load, now)
        self.load = self.ruling.load
        for car in self.cars:
            self._obey(car)
        return self.ruling

    def run(self, seconds: int, step_s: int = 1) -> None:
        """Let time pass with a reading at each step."""
        for _ in range(0, seconds, step_s):
            self.look(float(step_s))

    def allowed(self, n: int = 0) -> Envelope:
        """Return what a car may do."""
        assert self.ruling is not None
        return self.ruling.envelopes[(self.cars[n].station.identity, 1)]

    def limit_a(self, n: int = 0) -> float:
        """Return how far a car is let up."""
        return self.load.ramps[(self.cars[n].station.identity, 1)].limit_a

    def open_up(self) -> None:
        """Let there have been room for long enough."""
        self.look()
        self.look()
        ramps = {place: replace(ramp, limit_a=32.0) for place, ramp in self.load.ramps.items()}
        self.load = replace(self.load, ramps=ramps)

    def _taker(self, car: Car) -> Taker:
        if not car.active:
            car.seen = ()
        elif not car.seen or self.now_s - car.seen[-1][0] >= self.told_every_s:
            car.seen = (*car.seen, (self.now_s, car.power_w))[-12:]
        stand = footing(self.site, car.station, self.meter.reading, replace(car.readings, power_w=car.power_w))
        return Taker(
            place=(car.station.identity, 1), station=car.station, footing=stand, active=car.active, measured=car.seen,
            ordered_w=() if car.order_w is None else (car.order_w,), changed_s=car.changed_s, wished_w=car.wished_w,
            least_w=car.least_w,
        )  # fmt: skip

    def _obey(self, car: Car) -> None:
        if not car.active:
            return
        allowed = self.ruling.envelopes[(car.station.identity, 1)] if self.ruling else Envelope()
        order_w = min(max(car.wished_w or 0.0, allowed.min_w), allowed.max_w)
        if order_w != car.order_w:
            car.order_w, car.changed_s = order_w, self.now_s
        if car.obeys and self.now_s - (car.changed_s or 0.0) >= self.late_s:
            car.power_w = order_w
