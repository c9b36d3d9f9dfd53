"""The same home lived through three times: charged at once, planned one way, planned both ways."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import time, timedelta
import multiprocessing
from statistics import fmean
from typing import Final

from custom_components.mobilize_flex.core.plan.departures import instant
from worth.diary import Diary, Tally
from worth.home import Home, Way
from worth.household import dates
from worth.life import Ledger, Life
from worth.market import Market, market
from worth.promises import Promises

USUAL_EFFICIENCY: Final = 0.9
HALF_HOURS: Final = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Hold what came of one way; ``stock`` is the worth of what the battery holds more at the end than at first.

    ``battery_gap_kwh`` and ``grid_gap_kwh`` are what the two balances of energy fail to explain.
    """

    way: Way
    diary: Diary
    promises: Promises
    ledger: Ledger
    plans_asked: int
    plans_made: int
    soc_end_pct: float
    stock: float
    battery_gap_kwh: float
    grid_gap_kwh: float

    @property
    def net(self) -> float:
        """Return what the car cost, as if the battery had ended as full as it began."""
        return self.diary.total.car_cost - self.stock

    @property
    def cycles(self) -> float:
        """Return the full cycles the battery did, driving and giving back."""
        total, capacity_kwh = self.diary.total, self.diary.capacity_kwh
        return (total.taken_kwh + total.driven_kwh) / capacity_kwh


@dataclass(frozen=True, slots=True)
class Comparison:
    """Hold a home, its market and what came of each way."""

    home: Home
    market: Market
    outcomes: dict[Way, Outcome]

    def saving(self, way: Way, against: Way) -> float:
        """Return what one way saves against another, in euro."""
        return self.outcomes[against].net - self.outcomes[way].net


def compare(home: Home, jobs: int = 1) -> Comparison:
    """Live a home in all three ways, in as many processes as asked for.

    Raises:
        NoPrices: The home's price file has no prices for some of its days.
    """
    prices = market_of(home)
    if jobs == 1:
        done = [live(home, way) for way in Way]
    else:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(max_workers=jobs, mp_context=context) as pool:
            done = list(pool.map(live, [home] * len(Way), reversed(Way)))
    return Comparison(home, prices, {way: one for way in Way for one in done if one.way is way})


def market_of(home: Home) -> Market:
    """Return the market of a home."""
    return market(home.tariff, home.seed, home.start, home.days, home.zone, feed_in_per_kwh=home.feed_in_per_kwh)


def live(home: Home, way: Way) -> Outcome:
    """Live a home in one way."""
    prices = market_of(home)
    life = Life(home, way, prices)
    life.live()
    total = life.diary.total
    gained_kwh = (life.vehicle.energy_wh - life.begin_wh) / 1000
    moved_kwh = total.stored_kwh - total.taken_kwh - total.driven_kwh
    taken_kwh = total.house_kwh - total.sun_kwh + total.car_in_kwh - total.car_out_kwh
    return Outcome(
        way=way,
        diary=life.diary,
        promises=life.promises,
        ledger=life.ledger,
        plans_asked=life.mind.planner.asked,
        plans_made=life.mind.planner.made,
        soc_end_pct=life.vehicle.soc_pct,
        stock=gained_kwh * refill_per_kwh(home, prices),
        battery_gap_kwh=gained_kwh - moved_kwh,
        grid_gap_kwh=total.bought_kwh - total.sold_kwh - taken_kwh,
    )


def refill_per_kwh(home: Home, prices: Market) -> float:
    """Return what a stored kWh costs in the cheapest half hour of a day, on the mean of the days."""
    half = timedelta(minutes=30)
    least = []
    for day in dates(home.start, home.days):
        midnight = instant(day, time(0), home.zone)
        least.append(min(prices.at(midnight + n * half).import_per_kwh for n in range(HALF_HOURS)))
    return fmean(least) / USUAL_EFFICIENCY


def as_json(comparison: Comparison) -> dict[str, object]:
    """Return the figures, ready to be written as JSON."""
    home = comparison.home
    told = {key: str(value) for key, value in asdict(home).items() if key != "habits"}
    ways = {way.value: _figures(one) for way, one in comparison.outcomes.items()}
    savings = {
        "v2g_against_plain": round(comparison.saving(Way.V2G, Way.PLAIN), 2),
        "v2g_against_smart": round(comparison.saving(Way.V2G, Way.SMART), 2),
        "smart_against_plain": round(comparison.saving(Way.SMART, Way.PLAIN), 2),
    }
    return {"home": told, "habits": _plain(asdict(home.habits)), "savings": savings, "ways": ways}


def _figures(one: Outcome) -> dict[str, object]:
    return {
        "net": round(one.net, 4),
        "stock": round(one.stock, 4),
        "cycles": round(one.cycles, 2),
        "soc_end_pct": round(one.soc_end_pct, 2),
        "total": _tally(one.diary.total),
        "months": {month: _tally(tally) for month, tally in one.diary.months.items()},
        "reasons_h": {reason: round(hours, 2) for reason, hours in one.diary.reasons_h.items()},
        "promises": _plain(asdict(one.promises)),
        "records": _plain(asdict(one.ledger)),
        "plans": {"asked": one.plans_asked, "made": one.plans_made},
        "gaps_kwh": {"battery": round(one.battery_gap_kwh, 6), "grid": round(one.grid_gap_kwh, 6)},
    }


def _tally(tally: Tally) -> dict[str, float]:
    return {key: round(value, 4) for key, value in asdict(tally).items()} | {"car_cost": round(tally.car_cost, 4)}


def _plain(values: dict[str, object]) -> dict[str, object]:
    kept: dict[str, object] = {}
    for key, value in values.items():
        if isinstance(value, float):
            kept[key] = round(value, 4)
        elif isinstance(value, int | str | dict):
            kept[key] = value
        elif isinstance(value, list | tuple):
            kept[key] = [str(one) if not isinstance(one, dict | int) else _plain_row(one) for one in value]
        else:
            kept[key] = str(value)
    return kept


def _plain_row(row: object) -> object:
    return {key: str(value) for key, value in row.items()} if isinstance(row, dict) else row
