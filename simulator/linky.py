"""The Linky meter at the house's door."""

from dataclasses import dataclass
from datetime import date, datetime, time
import math

from simulator import tic
from simulator.breaker import LinkyBreaker, OverloadFilter
from simulator.tic import MeterStatus, group, horodate
from simulator.world import HOME_ZONE

LOAD_CURVE_S = 1_800
MEAN_VOLTAGE_S = 600


@dataclass(frozen=True, slots=True)
class TariffSlot:
    """From this local time on, this index counts, under this name."""

    start: time
    index: int
    name: str
    contact_closed: bool = False


@dataclass(frozen=True, slots=True)
class LinkyContract:
    """The supplier's calendar as the meter knows it."""

    calendar: str
    slots: tuple[TariffSlot, ...]
    tempo_today: int = 0
    tempo_tomorrow: int = 0

    def slot_at(self, now: datetime) -> TariffSlot:
        """Tell which slot runs at a moment."""
        local = now.astimezone(HOME_ZONE).time()
        begun = [slot for slot in self.slots if slot.start <= local]
        return begun[-1] if begun else self.slots[-1]


PEAK_OFFPEAK = LinkyContract(
    "H PLEINE/CREUSE",
    (
        TariffSlot(time(0, 0), 1, "HEURE  CREUSE", contact_closed=True),
        TariffSlot(time(6, 30), 2, "HEURE  PLEINE"),
        TariffSlot(time(22, 30), 1, "HEURE  CREUSE", contact_closed=True),
    ),
)
BASE = LinkyContract("BASE", (TariffSlot(time(0, 0), 1, "BASE"),))


@dataclass(frozen=True, slots=True)
class LinkySettings:
    """What is fixed about one meter."""

    phases: int = 1
    producer: bool = True
    subscribed_kva: int = 9
    cut_off_kva: int | None = None
    contract: LinkyContract = PEAK_OFFPEAK
    serial: str = "041976123456"
    delivery_point: str = "09876543210987"
    message: str = "PAS DE MESSAGE"
    start_import_wh: float = 8_765_432.0
    start_export_wh: float = 123_456.0


class Running:
    """A mean that is closed and kept at every full interval of the clock."""

    def __init__(self, interval_s: int) -> None:
        """Average over intervals of that many seconds."""
        self._interval_s = interval_s
        self._block: int | None = None
        self._sum = 0.0
        self._weight_s = 0.0
        self.closed: list[tuple[datetime, float]] = []

    def step(self, value: float, dt_s: float, now: datetime) -> None:
        """Weigh a value in; keep the last two finished means."""
        block = int(now.timestamp()) // self._interval_s
        if self._block is not None and block != self._block and self._weight_s > 0:
            end = datetime.fromtimestamp(block * self._interval_s, now.tzinfo)
            self.closed = [(end, self._sum / self._weight_s), *self.closed[:1]]
            self._sum = self._weight_s = 0.0
        self._block = block
        self._sum += value * dt_s
        self._weight_s += dt_s


class DayMaximum:
    """The highest filtered power of today, and yesterday's."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._filter = OverloadFilter()
        self._day: date | None = None
        self.today: tuple[datetime, float] | None = None
        self.yesterday: tuple[datetime, float] | None = None

    def step(self, power_va: float, dt_s: float, now: datetime) -> None:
        """Filter a power in; a new local day starts a new maximum."""
        value = math.sqrt(self._filter.step(power_va, dt_s))
        day = now.astimezone(HOME_ZONE).date()
        if day != self._day:
            self._day, self.yesterday, self.today = day, self.today, None
        if self.today is None or value > self.today[1]:
            self.today = (now, value)


class Linky:
    """The meter: it counts, it limits, it tells all on its serial line."""

    def __init__(self, settings: LinkySettings) -> None:
        """Take a meter with the counts its settings start from."""
        self.settings = settings
        cut_off_kva = settings.cut_off_kva or settings.subscribed_kva
        self.breaker = LinkyBreaker(cut_off_kva, settings.phases)
        self.import_wh = settings.start_import_wh
        self.export_wh = settings.start_export_wh
        self.index_wh = {slot.index: 0.0 for slot in settings.contract.slots}
        self.index_wh[settings.contract.slots[0].index] = settings.start_import_wh
        self.phase_w: tuple[float, ...] = (0.0,) * settings.phases
        self.phase_v: tuple[float, ...] = (230.0,) * settings.phases
        self._maximum_drawn = [DayMaximum() for _ in range(settings.phases + 1)]
        self._maximum_injected = DayMaximum()
        self._load_curve = Running(LOAD_CURVE_S)
        self._injection_curve = Running(LOAD_CURVE_S)
        self._mean_voltage = [Running(MEAN_VOLTAGE_S) for _ in range(settings.phases)]

    @property
    def grid_w(self) -> float:
        """Tell the total power, positive from the grid."""
        return sum(self.phase_w)

    @property
    def cut(self) -> bool:
        """Tell whether the cut-off has opened."""
        return self.breaker.open

    def step(self, dt_s: float, now: datetime, phase_w: tuple[float, ...], phase_v: tuple[float, ...]) -> None:
        """Count what flowed in `dt_s` seconds."""
        self.phase_w, self.phase_v = phase_w, phase_v
        wh = self.grid_w * dt_s / 3_600
        if wh >= 0:
            self.import_wh += wh
            self.index_wh[self.settings.contract.slot_at(now).index] += wh
        else:
            self.export_wh -= wh
        drawn = tuple(max(0.0, power_w) for power_w in phase_w)
        self.breaker.step(drawn, dt_s)
        for maximum, power in zip(self._maximum_drawn, (max(0.0, self.grid_w), *drawn), strict=True):
            maximum.step(power, dt_s, now)
        self._maximum_injected.step(max(0.0, -self.grid_w), dt_s, now)
        self._load_curve.step(max(0.0, self.grid_w), dt_s, now)
        self._injection_curve.step(max(0.0, -self.grid_w), dt_s, now)
        for mean, volts in zip(self._mean_voltage, phase_v, strict=True):
            mean.step(volts, dt_s, now)

    def frame(self, now: datetime) -> bytes:
        """Write everything the meter tells at this moment as one frame."""
        groups = [
            *self._identity(now),
            *self._energies(),
            *self._electricity(now),
            *self._history(),
            *self._contract(now),
        ]
        return tic.frame(groups)

    def status(self, now: datetime) -> MeterStatus:
        """Tell the bits of STGE."""
        contract = self.settings.contract
        slot = contract.slot_at(now)
        share_va = self.settings.subscribed_kva * 1_000 / self.settings.phases
        return MeterStatus(
            dry_contact_open=not slot.contact_closed,
            breaker=1 if self.cut else 0,
            reference_power_exceeded=any(power_w > share_va for power_w in self.phase_w),
            producer=self.settings.producer,
            injecting=self.grid_w < 0,
            supplier_index=slot.index,
            network_index=min(slot.index, 4),
            tempo_today=contract.tempo_today,
            tempo_tomorrow=contract.tempo_tomorrow,
        )

    def _identity(self, now: datetime) -> list[str]:
        slot = self.settings.contract.slot_at(now)
        return [
            group("ADSC", self.settings.serial),
            group("VTIC", "02"),
            group("DATE", "", horodate(now)),
            group("NGTF", f"{self.settings.contract.calendar:^16}"),
            group("LTARF", f"{slot.name:^16}"),
        ]

    def _energies(self) -> list[str]:
        groups = [group("EAST", _nine(self.import_wh))]
        groups += [group(f"EASF{n:02d}", _nine(self.index_wh.get(n, 0.0))) for n in range(1, 11)]
        groups += [group(f"EASD{n:02d}", _nine(self.index_wh.get(n, 0.0))) for n in range(1, 5)]
        if self.settings.producer:
            groups.append(group("EAIT", _nine(self.export_wh)))
            groups += [group(f"ERQ{n}", _nine(0.0)) for n in range(1, 5)]
        return groups

    def _electricity(self, now: datetime) -> list[str]:
        three = self.settings.phases == 3
        amps = [abs(power_w) / volts for power_w, volts in zip(self.phase_w, self.phase_v, strict=True)]
        groups = [group(f"IRMS{n}", f"{round(current_a):03d}") for n, current_a in enumerate(amps, 1)]
        groups += [group(f"URMS{n}", f"{round(volts):03d}") for n, volts in enumerate(self.phase_v, 1)]
        groups.append(group("PREF", f"{self.settings.subscribed_kva:02d}"))
        groups.append(group("PCOUP", f"{round(self.breaker.pcoup_kva):02d}"))
        groups.append(group("SINSTS", _five(self.grid_w)))
        if three:
            groups += [group(f"SINSTS{n}", _five(power_w)) for n, power_w in enumerate(self.phase_w, 1)]
        names = ["SMAXSN", *([f"SMAXSN{n}" for n in (1, 2, 3)] if three else [])]
        for name, maximum in zip(names, self._maximum_drawn, strict=False):
            groups += _maximum(name, maximum, now)
        if self.settings.producer:
            groups.append(group("SINSTI", _five(-self.grid_w)))
            groups += _maximum("SMAXIN", self._maximum_injected, now)
        return groups

    def _history(self) -> list[str]:
        groups = _curve("CCASN", self._load_curve)
        if self.settings.producer:
            groups += _curve("CCAIN", self._injection_curve)
        for n, mean in enumerate(self._mean_voltage, 1):
            groups += [group(f"UMOY{n}", f"{round(volts):03d}", horodate(end)) for end, volts in mean.closed[:1]]
        return groups

    def _contract(self, now: datetime) -> list[str]:
        own = self.settings
        slot = own.contract.slot_at(now)
        blocks = [(one.start, one.index, one.contact_closed) for one in own.contract.slots]
        return [
            group("STGE", self.status(now).word()),
            group("MSG1", f"{own.message:^32}"),
            group("PRM", own.delivery_point),
            group("RELAIS", f"{1 if slot.contact_closed else 0:03d}"),
            group("NTARF", f"{slot.index:02d}"),
            group("NJOURF", "00"),
            group("NJOURF+1", "00"),
            group("PJOURF+1", tic.day_profile(blocks)),
        ]


def _nine(energy_wh: float) -> str:
    return f"{int(energy_wh) % 1_000_000_000:09d}"


def _five(power: float) -> str:
    return f"{round(max(0.0, power)):05d}"


def _maximum(name: str, maximum: DayMaximum, now: datetime) -> list[str]:
    when, power = maximum.today or (now, 0.0)
    groups = [group(name, _five(power), horodate(when))]
    if maximum.yesterday is not None:
        when, power = maximum.yesterday
        groups.append(group(f"{name}-1", _five(power), horodate(when)))
    return groups


def _curve(name: str, curve: Running) -> list[str]:
    names = (name, f"{name}-1")
    return [group(label, _five(power), horodate(end)) for label, (end, power) in zip(names, curve.closed, strict=False)]
