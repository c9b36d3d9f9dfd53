"""The closed loop of load management: kitchens at random, a car behind a slow wire, a Linky that may cut.

`python -m bench.fuse [hours] [busy]` prints one JSON line per meter and contract: cuts, the longest time above the
contract and above the branch breaker, the latter also counted anew from the last appliance that began, the peak of the
Linky's filter (1 cuts), the share of the ideal energy, orders an hour. `busy` is how many times as many appliances.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
import json
import random
import sys
from typing import Final

from custom_components.mobilize_flex.core.model import facts as f
from custom_components.mobilize_flex.core.model.config import MeterConfig, SiteConfig, StationConfig, VehicleConfig
from custom_components.mobilize_flex.core.model.electric import MeterReading
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.station import Needs
from simulator.breaker import LinkyBreaker
from worth.mind import STATION, Mind, sampling
from worth.planning import PatientPlanner

NOMINAL_V: Final = 230.0
START: Final = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
WIRE_S: Final = 2.0
CAR_S: Final = 5.0
MEASURE_S: Final = 2.0
CAR_W: Final = 7_360.0
BATTERY_WH: Final = 1_000_000.0
"""So large that it is never full: what counts here is the connection."""
LEAST_A: Final = 6.0
STEP_VA: Final = 300.0
"""A rise of the house that is an appliance."""


@dataclass(frozen=True, slots=True)
class Line:
    """How a meter speaks: how often, how old what it tells is, in steps of how many VA; whether it knows signs."""

    name: str
    period_s: float
    age_s: float
    step_va: int
    signed: bool
    told_s: float


LINES: Final = (
    Line("tic standard", 1.5, 1.5, 1, signed=True, told_s=2.0),
    Line("tic historic", 2.6, 2.6, 10, signed=False, told_s=2.0),
    Line("10 s poll", 10.0, 0.5, 1, signed=True, told_s=10.0),
)


@dataclass(slots=True)
class Kitchen:
    """A house with appliances that come and go; alone it never passes its contract."""

    most_va: float
    dice: random.Random
    running: list[tuple[float, float, float, float]] = field(default_factory=list)
    base_va: float = 250.0
    busy: float = 1.0

    def va(self, now_s: float) -> float:
        """Return what it draws at a moment; call it with growing moments, one second apart."""
        if self.dice.random() < self.busy / 2_000.0:
            self.running.append(self._appliance(now_s))
        if self.dice.random() < 1.0 / 120.0:
            self.base_va = self.dice.uniform(150.0, 600.0)
        self.running = [one for one in self.running if one[0] > now_s]
        drawn = self.base_va
        for until_s, power_va, cycle_s, share in self.running:
            if cycle_s == 0.0 or (until_s - now_s) % cycle_s < share * cycle_s:
                drawn += power_va
        return min(drawn, self.most_va)

    def _appliance(self, now_s: float) -> tuple[float, float, float, float]:
        kettle = (now_s + self.dice.uniform(90, 240), 2_200.0, 0.0, 1.0)
        oven = (now_s + self.dice.uniform(1_200, 2_400), 2_400.0, self.dice.uniform(180, 300), 0.6)
        hob = (now_s + self.dice.uniform(300, 1_200), self.dice.uniform(800, 3_000), 0.0, 1.0)
        washing = (now_s + self.dice.uniform(600, 1_200), 2_000.0, 0.0, 1.0)
        return self.dice.choice((kettle, oven, hob, washing))


@dataclass(slots=True)
class Loop:
    """One home lived through, second by second."""

    line: Line
    kva: float
    seed: int
    hours: float
    busy: float = 1.0
    mind: Mind = field(init=False)
    breaker: LinkyBreaker = field(init=False)
    car_w: float = 0.0
    peak: float = 0.0
    cuts: int = 0
    over_s: list[float] = field(default_factory=lambda: [0.0, 0.0])
    longest_s: list[float] = field(default_factory=lambda: [0.0, 0.0])
    house_va: float = 0.0
    calm_s: float = 0.0
    reaction_s: float = 0.0
    energy_wh: float = 0.0
    ideal_wh: float = 0.0
    orders: int = 0

    def __post_init__(self) -> None:
        """Build both sides."""
        site = SiteConfig(
            name="Home", breaker_a=self.breaker_a, subscribed_kva=self.kva,
            stations=(StationConfig(identity=STATION, name="Station", fallback_a=6.0, automatic=frozenset()),),
            vehicles=(VehicleConfig(key="car", name="Car", capacity_wh=BATTERY_WH, max_charge_w=CAR_W),),
            meter=MeterConfig(key="m", name="Meter", kind="linky", period_s=self.line.told_s),
        )  # fmt: skip
        self.mind = Mind(site, PatientPlanner(1.0), self.line.period_s)
        self.breaker = LinkyBreaker(self.kva, 1)

    @property
    def breaker_a(self) -> float:
        """Return the branch breaker: the contract at 200 V."""
        return self.kva * 1_000 / 200.0

    def run(self) -> None:
        """Live."""
        kitchen = Kitchen(self.kva * 950.0, random.Random(f"{self.seed}/{self.kva}"), busy=self.busy)
        past: deque[float] = deque(maxlen=16)
        sent: deque[tuple[float, float]] = deque()
        self._plug_in()
        due_meter_s, due_station_s, ordered_w = 0.0, 0.0, 0.0
        for second in self._seconds():
            house_va = kitchen.va(second)
            while sent and sent[0][0] <= second:
                self.car_w = min(sent.popleft()[1], CAR_W)
            past.append(house_va + self.car_w)
            self._watch(house_va)
            now = self._moment(second)
            if second >= due_station_s:
                due_station_s += MEASURE_S
                soc_pct = 30.0 + 90.0 * self.energy_wh / BATTERY_WH
                self.mind.measure(sampling(now.utc, self.car_w, self.energy_wh, 0.0, soc_pct), now)
            if second >= due_meter_s:
                due_meter_s += self.line.period_s
                self.mind.tell(f.MeterRead(self._reading(past)), now)
            self.mind.tell(f.Ticked(), now)
            order_w = 0.0 if self.mind.order is None else self.mind.order.power_w
            if order_w != ordered_w:
                ordered_w, self.orders = order_w, self.orders + 1
                sent.append((second + WIRE_S + CAR_S, order_w))

    def _seconds(self) -> Iterator[float]:
        return (float(n) for n in range(1, int(self.hours * 3_600)))

    def _moment(self, second: float) -> Moment:
        return Moment(START + timedelta(seconds=second), 100.0 + second)

    def _plug_in(self) -> None:
        now = self._moment(0.0)
        self.mind.meet(now)
        needs = Needs(bidirectional=False, max_charge_w=CAR_W)
        self.mind.plug_in(needs, sampling(now.utc, 0.0, 0.0, 0.0, 30.0), now)

    def _reading(self, past: deque[float]) -> MeterReading:
        """Return what the meter tells: figures of a frame ago."""
        va = past[-1 - min(round(self.line.age_s), len(past) - 1)]
        told = float(round(va / self.line.step_va) * self.line.step_va)
        amps = float(round(va / NOMINAL_V))
        phase = (told, None, None) if self.line.signed else (None, None, None)
        return MeterReading(
            power_w=told, apparent_va=told, phase_power_w=phase, current_a=(amps, None, None),
            signed=self.line.signed, current_step_a=1.0, subscribed_kva=self.kva, cutoff_kva=self.kva,
        )  # fmt: skip

    def _watch(self, house_va: float) -> None:
        va = house_va + self.car_w
        if self.breaker.step((va,), 1.0):
            self.cuts += 1
            self.breaker.close()
        self.peak = max(self.peak, self.breaker.strain)
        for n, limit_va in enumerate((self.kva * 1_000, self.breaker_a * NOMINAL_V)):
            self.over_s[n] = self.over_s[n] + 1.0 if va > limit_va else 0.0
            self.longest_s[n] = max(self.longest_s[n], self.over_s[n])
        self.calm_s = 0.0 if house_va > self.house_va + STEP_VA else self.calm_s + 1.0
        self.house_va = house_va
        self.reaction_s = max(self.reaction_s, min(self.over_s[1], self.calm_s))
        free_w = min(CAR_W, self.kva * 1_000 - house_va)
        self.ideal_wh += free_w / 3_600 if free_w >= LEAST_A * NOMINAL_V else 0.0
        self.energy_wh += self.car_w / 3_600

    def figures(self) -> dict[str, float | str]:
        """Return what came of it."""
        return {
            "meter": self.line.name,
            "kva": self.kva,
            "hours": self.hours,
            "cuts": self.cuts,
            "longest_over_contract_s": self.longest_s[0],
            "longest_over_breaker_s": self.longest_s[1],
            "longest_over_breaker_after_last_step_s": self.reaction_s,
            "filter_peak": round(self.peak, 3),
            "energy_share": round(self.energy_wh / self.ideal_wh, 3),
            "orders_per_h": round(self.orders / self.hours, 1),
        }


def main() -> None:
    """Print the figures."""
    hours = float(sys.argv[1]) if len(sys.argv) > 1 else 16.0
    busy = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    for line in LINES:
        for kva in (6.0, 9.0):
            loop = Loop(line, kva, seed=1, hours=hours, busy=busy)
            loop.run()
            print(json.dumps(loop.figures()), flush=True)


if __name__ == "__main__":
    main()
