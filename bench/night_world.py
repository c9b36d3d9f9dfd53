"""A made-up night: a house, a car and a station that only speaks facts, with everything that can go wrong in one."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from custom_components.mobilize_flex.core.model.commands import ClearPower, SetpointForm, SetPower
from custom_components.mobilize_flex.core.model.config import MeterConfig, SiteConfig, StationConfig, VehicleConfig
from custom_components.mobilize_flex.core.model.contracts import PeakOffPeak, Window
from custom_components.mobilize_flex.core.model.electric import MeterReading
from custom_components.mobilize_flex.core.model.station import Version

ZONE = ZoneInfo("Europe/Paris")
NAME = "ST1"
SPRING, AUTUMN = date(2027, 3, 27), date(2026, 10, 24)
"""The evenings before the clock changes."""
REFUSALS = (
    "RateLimitExceeded",
    "InvalidMessageSeq",
    "TxNotFound",
    "UnsupportedKind",
    "InvalidProfile",
    "UnsupportedRateUnit",
    "InvalidOperationMode",
    "InvalidSchedule",
    "DuplicateProfile",
    "InvalidStackLevel",
    "PhaseConflict",
    "InternalError",
    "NotSupported",
    "FormatViolation",
    "Rejected",
)


@dataclass(frozen=True, slots=True)
class Span:
    """Hold a stretch of the night in which something is not as it should be, in seconds from its start."""

    start_s: float
    end_s: float

    def holds(self, seconds: float) -> bool:
        """Tell whether it is now."""
        return self.start_s <= seconds < self.end_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Hold all that is decided about a night before it begins."""

    seed: int
    start: datetime
    plug_s: float
    unplug_s: float
    departure: time
    departure_s: float
    config: SiteConfig
    version: Version
    soc_min_pct: float
    soc_max_pct: float
    soc_pct: float
    real_plans: bool
    base_w: float
    refuses: float
    refusals: tuple[str, ...]
    ignores: float
    wrong_sign: bool
    offline_limit: bool
    sleeper: bool
    deep_sleeper: bool
    cuts: tuple[Span, ...]
    deaths: tuple[Span, ...]
    silences: tuple[Span, ...]
    blind: tuple[Span, ...]
    zooms: tuple[Span, ...]

    @property
    def trials(self) -> tuple[str, ...]:
        """Return what makes this night hard, in words."""
        evening = self.start.astimezone(ZONE).date()
        words = {
            "clock change": evening in (SPRING, AUTUMN),
            "lost links": self._before_leaving(self.cuts),
            "deaths": self._before_leaving(self.deaths),
            "silent meter": self._before_leaving(self.silences),
            "untold level": self._before_leaving(self.blind),
            "refusals": bool(self.refuses),
            "orders ignored": bool(self.ignores),
            "wrong sign": self.wrong_sign,
            "sleeping car": self.sleeper,
            "charge only": self.version is Version.V201,
        }
        return tuple(word for word, so in words.items() if so)

    def _before_leaving(self, spans: tuple[Span, ...]) -> bool:
        return any(span.start_s < self.departure_s and span.end_s > self.plug_s for span in spans)

    def dark(self, seconds: float) -> bool:
        """Tell whether meter or car keep something to themselves."""
        return any(span.holds(seconds) for spans in (self.silences, self.blind) for span in spans)


def script(seed: int) -> Script:
    """Return the night of a seed, always the same."""
    dice = Random(seed)
    evening = dice.choices([SPRING, AUTUMN, date(2026, 11, dice.randint(1, 28))], [1, 1, 4])[0]
    start = datetime.combine(evening, time(dice.randint(20, 23), dice.choice([0, 20, 45])), ZONE).astimezone(UTC)
    real_plans = dice.random() < 0.65
    hours = [5, 6, 7, 8] if real_plans else [2, 3, 4, 5, 6]
    departure = time(dice.choice(hours), dice.choice([0, 15, 30]))
    wall = datetime.combine(evening + timedelta(days=1), departure, ZONE)
    departure_s = (wall.astimezone(UTC) - start).total_seconds()
    plug_s = dice.uniform(60, 3600)
    early = dice.random() < (0.12 if real_plans else 0.4)
    unplug_s = dice.uniform(plug_s + 300, departure_s) if early else departure_s + 1800
    minimum = dice.choice([10.0, 20.0, 30.0, 40.0])
    maximum = dice.choice([70.0, 80.0, 90.0, 100.0])
    least = max(5, int(maximum) - 45) if real_plans else 5
    end_s = departure_s + 3600
    return Script(
        seed=seed,
        start=start,
        plug_s=plug_s,
        unplug_s=unplug_s,
        departure=departure,
        departure_s=departure_s,
        config=_config(dice, roomy=real_plans),
        version=dice.choices([Version.V21, Version.V201], [6, 1])[0],
        soc_min_pct=minimum,
        soc_max_pct=maximum,
        soc_pct=float(dice.randint(least, int(maximum))),
        real_plans=real_plans,
        base_w=dice.uniform(150, 2500 if real_plans else 3500),
        refuses=dice.choices([0.0, 0.2, 0.7, 1.0], [12, 3, 2, 1])[0],
        refusals=tuple(dice.sample(REFUSALS, dice.randint(1, 5))),
        ignores=dice.choices([0.0, 0.3, 1.0], [12, 1, 1])[0],
        wrong_sign=dice.random() < 0.08,
        offline_limit=dice.random() < 0.5,
        sleeper=dice.random() < 0.3,
        deep_sleeper=dice.random() < 0.05,
        cuts=_spans(dice, end_s, 0.35),
        deaths=_spans(dice, end_s, 0.35),
        silences=_spans(dice, end_s, 0.35),
        blind=_spans(dice, end_s, 0.15),
        zooms=tuple(Span(at, at + 60.0) for at in sorted(dice.uniform(plug_s, end_s) for _ in range(2))),
    )


def _spans(dice: Random, end_s: float, chance: float) -> tuple[Span, ...]:
    """Return a few stretches, short and long."""
    found = []
    while dice.random() < chance:
        at = dice.uniform(0, end_s)
        found.append(Span(at, at + dice.choice([5.0, 40.0, 200.0, 1500.0, 7200.0]) * dice.uniform(0.5, 1.5)))
    return tuple(sorted(found, key=lambda span: span.start_s))


def _config(dice: Random, *, roomy: bool) -> SiteConfig:
    phases = dice.choice([1, 1, 3])
    night = dice.choice([(time(22), time(6)), (time(23, 30), time(7, 30)), (time(2), time(7))])
    return SiteConfig(
        name="Home",
        zone=ZONE,
        phases=phases,
        breaker_a=dice.choice([45.0, 60.0] if roomy else [25.0, 32.0, 45.0, 60.0]),
        subscribed_kva=dice.choice([None, 12.0] if roomy else [None, 6.0, 9.0, 12.0]),
        feed_in_w=dice.choice([0.0, 3000.0, 6000.0]),
        v2g_consent=dice.random() < 0.95,
        stations=(
            StationConfig(
                identity=NAME,
                name="Verso",
                phases=phases,
                selector_a=dice.choice([16.0, 32.0]),
                fallback_a=dice.choice([6.0, 10.0, 16.0]),
            ),
        ),
        vehicles=(VehicleConfig(key="r5", name="R5", max_charge_w=7400.0 if phases == 1 else 11000.0),),
        meter=MeterConfig(key="m", name="Linky", kind="linky", period_s=20.0),
        contract=PeakOffPeak(
            peak_per_kwh=dice.choice([0.2, 0.4, 0.75]),
            off_peak_per_kwh=0.16,
            off_peak=(Window(*night),),
            export_per_kwh=dice.choice([0.0, 0.1, 0.5]),
        ),
    )


@dataclass(slots=True)
class Car:
    """A battery at a cable; it falls asleep when nothing flows and takes its time to wake."""

    soc_pct: float
    capacity_wh: float
    max_w: float
    min_w: float
    max_back_w: float
    sleeper: bool
    deep: bool
    resting_s: float = 0.0
    woken_s: float = 0.0

    def power_w(self, allowed_w: float, dt_s: float) -> float:
        """Return what flows when so much is allowed."""
        wanted_w = min(allowed_w, self.max_w) if allowed_w >= self.min_w else 0.0
        if allowed_w < 0.0:
            wanted_w = max(allowed_w, -self.max_back_w)
        if (wanted_w > 0.0 and self.soc_pct >= 100.0) or (wanted_w < 0.0 and self.soc_pct <= 0.0):
            wanted_w = 0.0
        if self.sleeper and self._sleeps(wanted_w, dt_s):
            return 0.0
        return wanted_w

    def _sleeps(self, wanted_w: float, dt_s: float) -> bool:
        if wanted_w == 0.0:
            self.resting_s, self.woken_s = self.resting_s + dt_s, 0.0
            return True
        if self.resting_s > 600.0:
            self.woken_s += dt_s
            if self.deep or self.woken_s < 40.0:
                return True
        self.resting_s = 0.0
        return False

    def take(self, power_w: float, dt_s: float) -> None:
        """Let energy flow."""
        wh = power_w * dt_s / 3600.0
        stored = wh * 0.9 if wh > 0.0 else wh / 0.9
        self.soc_pct = min(100.0, max(0.0, self.soc_pct + 100.0 * stored / self.capacity_wh))


@dataclass(slots=True)
class Station:
    """What a station holds of our orders: one, until it expires."""

    script: Script
    order: SetPower | None = None
    until_s: float = 0.0
    heard_s: float = 0.0
    orders: list[float] = field(default_factory=list)

    def answer(self, command: SetPower, seconds: float, dice: Random) -> str | None:
        """Take an order in; return why it is refused, if it is."""
        self.orders.append(seconds)
        told = self.script
        if told.refuses and dice.random() < told.refuses:
            return dice.choice(told.refusals)
        if command.form is SetpointForm.UPDATE and self.order is None:
            return "InvalidProfile"
        self.order, self.until_s = command, seconds + command.expires_s
        return None

    def clear(self, command: ClearPower) -> None:
        """Forget our order."""
        self.order = None

    def live(self, seconds: float, *, online: bool) -> None:
        """Let time pass: what is not renewed lapses."""
        if online:
            self.heard_s = seconds
        away_s = seconds - self.heard_s
        lapsed = self.order is not None and self.order.offline_s is not None and away_s > self.order.offline_s
        if self.order is not None and (seconds >= self.until_s or lapsed):
            self.order = None

    def allowed_w(self) -> float:
        """Return what the car may do now."""
        config = self.script.config.stations[0]
        if self.order is None:
            return config.fallback_w
        power_w = 0.0 if self.order.idle else self.order.power_w
        if self.script.wrong_sign:
            power_w = abs(power_w)
        return max(-config.max_w, min(config.max_w, power_w))


@dataclass(slots=True)
class House:
    """What the house draws without the car: a base, an evening, and now and then an oven."""

    dice: Random
    base_w: float
    oven_until_s: float = 0.0
    oven_w: float = 0.0

    def draw_w(self, seconds: float, hour: float) -> float:
        """Return what it draws now."""
        if seconds >= self.oven_until_s and self.dice.random() < 0.01:
            self.oven_until_s, self.oven_w = seconds + self.dice.uniform(60, 1800), self.dice.uniform(500, 3500)
        oven_w = self.oven_w if seconds < self.oven_until_s else 0.0
        evening_w = 600.0 if 18 <= hour < 23 else 0.0
        return self.base_w + evening_w + oven_w + self.dice.uniform(-80, 80)


def reading(power_w: float, phases: int) -> MeterReading:
    """Return what the meter tells of a power, spread evenly."""
    share = power_w / phases
    per_phase = (share, share if phases == 3 else None, share if phases == 3 else None)
    return MeterReading(power_w=power_w, phase_power_w=per_phase)
