"""The command line: which home, which days, which tariff."""

import argparse
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path
from typing import Final

from worth.habits import Habits
from worth.home import Home
from worth.market import TARIFFS

MOST_DAYS: Final = 1_100


@dataclass(frozen=True, slots=True)
class Options:
    """Hold what was asked for."""

    home: Home
    out: Path | None
    as_json: Path | None
    jobs: int


def read(arguments: list[str] | None = None) -> Options:
    """Read the command line."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    if not 1 <= asked.days <= MOST_DAYS:
        parser.error(f"--days: 1 to {MOST_DAYS}")
    if asked.tariff not in TARIFFS and not Path(asked.tariff).is_file():
        parser.error(f"--tariff: {', '.join(TARIFFS)} or a price file")
    if not 0 <= asked.min_soc < asked.max_soc <= 100:
        parser.error("--min-soc and --max-soc: 0 to 100, the minimum below the maximum")
    return Options(_home(asked), asked.out, asked.json, asked.jobs)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="worth", description="What V2G would be worth: a made-up home lived through by the real controller."
    )
    usual, add = Home(), parser.add_argument
    add("--days", type=int, default=365)
    add("--start", type=date.fromisoformat, default=usual.start, metavar="DATE")
    add("--tariff", default=usual.tariff, help=f"{', '.join(TARIFFS)}, or a file of prices per kWh (.json or .csv)")
    add("--seed", type=int, default=usual.seed, help="of weather, house, drives and spot prices")
    add("--feed-in", type=float, default=0.0, metavar="W", help="the most that may be fed in from the car")
    add("--feed-in-price", type=float, metavar="EUR", help="per kWh; without it 0, on spot the market's")
    add("--kva", type=float, default=usual.kva, help="subscribed power")
    add("--house-kwh", type=float, default=usual.house_kwh, help="a year, without heating")
    add("--heating-kwh", type=float, default=usual.heating_kwh, help="a year")
    add("--sun-kwp", type=float, default=usual.sun_kwp)
    add("--battery-kwh", type=float, default=usual.battery_kwh)
    add("--charge-kw", type=float, default=usual.charge_w / 1000)
    add("--discharge-kw", type=float, default=usual.discharge_w / 1000)
    add("--min-soc", type=float, default=usual.soc_min_pct, help="per cent")
    add("--max-soc", type=float, default=usual.soc_max_pct, help="per cent")
    add("--ageing", type=float, default=usual.ageing_per_kwh, metavar="EUR", help="per kWh moved in or out")
    add("--departure", type=time.fromisoformat, default=time(7, 45), metavar="HH:MM", help="to work")
    add("--office-days", default="0,1,3", metavar="LIST", help="weekdays of driving to work, Monday is 0; - for none")
    add("--km", type=float, default=25.0, help="to work, one way")
    add("--no-holidays", action="store_true")
    add("--step", type=int, choices=(5, 15), default=5, help="minutes between looks")
    add("--replan", type=int, default=60, metavar="MINUTES", help="a plan that still holds is made anew after these")
    add("--jobs", type=int, choices=(1, 2, 3), default=2, help="processes")
    add("--out", type=Path, metavar="PAGE.html")
    add("--json", type=Path, metavar="FILE")
    return parser


def _home(asked: argparse.Namespace) -> Home:
    office = () if asked.office_days == "-" else tuple(sorted({int(d) % 7 for d in asked.office_days.split(",")}))
    habits = Habits(office_days=office, leaves_at=asked.departure, one_way_km=asked.km, holidays=not asked.no_holidays)
    return Home(
        start=asked.start,
        days=asked.days,
        tariff=asked.tariff,
        seed=asked.seed,
        kva=asked.kva,
        feed_in_w=asked.feed_in,
        feed_in_per_kwh=asked.feed_in_price,
        house_kwh=asked.house_kwh,
        heating_kwh=asked.heating_kwh,
        sun_kwp=asked.sun_kwp,
        battery_kwh=asked.battery_kwh,
        charge_w=asked.charge_kw * 1000,
        discharge_w=asked.discharge_kw * 1000,
        soc_min_pct=asked.min_soc,
        soc_max_pct=asked.max_soc,
        ageing_per_kwh=asked.ageing,
        step_minutes=asked.step,
        patience=timedelta(minutes=asked.replan),
        habits=habits,
    )
