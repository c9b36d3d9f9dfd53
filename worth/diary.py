"""What was measured in a simulated home: energy, money and levels by the quarter of an hour and by the month."""

from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Final

from custom_components.mobilize_flex.core.model.prices import PriceSlot
from custom_components.mobilize_flex.core.model.session import Phase

QUARTER_S: Final = 900
JOULE: Final = 1 / 3_600.0
KILO: Final = 1 / 1_000.0
MOVING_W: Final = 50.0


@dataclass(slots=True)
class Tally:
    """Hold sums of a stretch of time: energies in kWh, money in euro, times in hours."""

    car_in_kwh: float = 0.0
    car_out_kwh: float = 0.0
    stored_kwh: float = 0.0
    taken_kwh: float = 0.0
    house_kwh: float = 0.0
    sun_kwh: float = 0.0
    bought_kwh: float = 0.0
    sold_kwh: float = 0.0
    bill: float = 0.0
    bill_without_car: float = 0.0
    ageing: float = 0.0
    road: float = 0.0
    road_kwh: float = 0.0
    driven_kwh: float = 0.0
    plugged_h: float = 0.0
    v2g_h: float = 0.0
    charging_h: float = 0.0
    discharging_h: float = 0.0

    @property
    def car_cost(self) -> float:
        """Return what the car costs: what it adds to the bill, the ageing of its battery, charges on the road."""
        return self.bill - self.bill_without_car + self.ageing + self.road


@dataclass(frozen=True, slots=True)
class Flow:
    """Hold what flows for a while, in W: positive into the car, and ``stored_w`` into its battery."""

    car_w: float
    stored_w: float
    house_w: float
    sun_w: float

    @property
    def grid_w(self) -> float:
        """Return the power from the grid; negative into it."""
        return self.house_w - self.sun_w + self.car_w


@dataclass(slots=True)
class Diary:
    """Write down what happens from ``start`` on."""

    start: datetime
    zone: tzinfo
    ageing_per_kwh: float
    capacity_kwh: float
    quarters: int
    total: Tally = field(default_factory=Tally)
    months: dict[str, Tally] = field(default_factory=dict)
    car_wh: list[float] = field(init=False)
    house_wh: list[float] = field(init=False)
    soc_pct: list[float] = field(init=False)
    price: list[float] = field(init=False)
    away: list[bool] = field(init=False)
    reasons_h: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Open an empty page for every quarter."""
        self.car_wh, self.house_wh = [0.0] * self.quarters, [0.0] * self.quarters
        self.soc_pct, self.price = [0.0] * self.quarters, [0.0] * self.quarters
        self.away = [False] * self.quarters

    def note(
        self, at: datetime, seconds: float, flow: Flow, prices: PriceSlot, phase: Phase | None, reason: str
    ) -> None:
        """Write down a stretch that lies within a quarter; ``phase`` is ``None`` while the car is away."""
        hours = seconds * JOULE
        month = self.months.setdefault(f"{at.astimezone(self.zone):%Y-%m}", Tally())
        for tally in (self.total, month):
            _add(tally, hours, flow, prices, self.ageing_per_kwh, phase)
        n = min(int((at - self.start).total_seconds()) // QUARTER_S, self.quarters - 1)
        self.car_wh[n] += flow.car_w * hours
        self.house_wh[n] += (flow.house_w - flow.sun_w) * hours
        self.price[n] = prices.import_per_kwh
        self.away[n] = phase is None
        if phase is not None:
            self.reasons_h[reason] = self.reasons_h.get(reason, 0.0) + hours

    def note_level(self, at: datetime, soc_pct: float) -> None:
        """Write down the battery's level."""
        n = min(int((at - self.start).total_seconds()) // QUARTER_S, self.quarters - 1)
        self.soc_pct[n] = round(soc_pct, 2)

    def note_drive(self, at: datetime, driven_kwh: float, road_kwh: float, road_per_kwh: float) -> None:
        """Write down a drive, and what of it was charged on the road."""
        month = self.months.setdefault(f"{at.astimezone(self.zone):%Y-%m}", Tally())
        for tally in (self.total, month):
            tally.driven_kwh += driven_kwh
            tally.road_kwh += road_kwh
            tally.road += road_kwh * road_per_kwh


def _add(t: Tally, hours: float, flow: Flow, prices: PriceSlot, ageing_per_kwh: float, phase: Phase | None) -> None:
    scale = hours * KILO
    t.car_in_kwh += max(0.0, flow.car_w) * scale
    t.car_out_kwh += max(0.0, -flow.car_w) * scale
    t.stored_kwh += max(0.0, flow.stored_w) * scale
    t.taken_kwh += max(0.0, -flow.stored_w) * scale
    t.house_kwh += flow.house_w * scale
    t.sun_kwh += flow.sun_w * scale
    t.bought_kwh += max(0.0, flow.grid_w) * scale
    t.sold_kwh += max(0.0, -flow.grid_w) * scale
    t.bill += _money(flow.grid_w * scale, prices)
    t.bill_without_car += _money((flow.house_w - flow.sun_w) * scale, prices)
    t.ageing += ageing_per_kwh * abs(flow.stored_w) * scale
    if phase is not None:
        t.plugged_h += hours
        t.v2g_h += hours if phase is Phase.V2G else 0.0
        t.charging_h += hours if flow.car_w > MOVING_W else 0.0
        t.discharging_h += hours if flow.car_w < -MOVING_W else 0.0


def _money(kwh: float, prices: PriceSlot) -> float:
    return kwh * (prices.import_per_kwh if kwh > 0 else prices.export_per_kwh)
