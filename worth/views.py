"""The figures of a comparison as drawings: months, carpets, levels, days in detail."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Final

from custom_components.mobilize_flex.core.plan.departures import instant
from worth.charts import Series, band, carpet, grouped_bars, lying_bars, steps
from worth.compare import Comparison, Outcome
from worth.diary import QUARTER_S, Diary
from worth.home import Way
from worth.household import dates

NAMES: Final = {Way.PLAIN: "At once", Way.SMART: "Smart, one way", Way.V2G: "V2G"}
CELLS: Final = 48
LONG_RUN: Final = 45
DETAIL_DAYS: Final = 3
LEVELS_W: Final = (100.0, 2_500.0, 5_000.0)
SHARES: Final = (0.1, 0.3, 0.6, 0.85, 0.97)
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def month_name(month: str) -> str:
    """Return a month such as 2026-03 in words."""
    year, number = month.split("-")
    return f"{MONTHS[int(number) - 1]} {year[2:]}"


def months(done: Comparison) -> str:
    """Draw what the car cost in each month."""
    keys = sorted(done.outcomes[Way.V2G].diary.months)
    rows = [
        Series(NAMES[way], way.value, [one.diary.months[key].car_cost for key in keys])
        for way, one in done.outcomes.items()
    ]
    return grouped_bars([month_name(key) for key in keys], rows, "€", "What the car costs in each month")


def energy(done: Comparison) -> str:
    """Draw what the car gave back in each month."""
    diary = done.outcomes[Way.V2G].diary
    keys = sorted(diary.months)
    rows = [
        Series("charged", "into", [diary.months[key].car_in_kwh for key in keys]),
        Series("given back", "outof", [-diary.months[key].car_out_kwh for key in keys]),
    ]
    return grouped_bars([month_name(key) for key in keys], rows, "kWh", "Energy charged and given back each month")


def cells(done: Comparison, rows: Sequence[float], away: Sequence[bool] | None) -> list[list[float | None]]:
    """Return the days as columns of half hours by the clock on the wall: the mean of a half hour's quarters."""
    home, found = done.home, []
    for day in dates(home.start, home.days):
        column: list[float | None] = []
        for cell in range(CELLS):
            at = instant(day, time(cell // 2, cell % 2 * 30), home.zone)
            n = quarter(done, at)
            column.append(None if away is not None and away[n] else sum(rows[n : n + 2]) / 2)
        found.append(column)
    return found


def quarter(done: Comparison, at: datetime) -> int:
    """Return the number of the quarter an instant lies in."""
    diary = done.outcomes[Way.V2G].diary
    return min(max(0, int((at - diary.start).total_seconds()) // QUARTER_S), diary.quarters - 2)


def marks(done: Comparison) -> list[tuple[int, str]]:
    """Return the columns to name: the months of a long stretch, the days of a short one."""
    days = dates(done.home.start, done.home.days)
    if len(days) > LONG_RUN:
        return [(n, MONTHS[day.month - 1]) for n, day in enumerate(days) if day.day == 1]
    every = 1 if len(days) <= 12 else 7
    return [(n, f"{day.day} {MONTHS[day.month - 1]}") for n, day in enumerate(days) if n % every == 0]


def car_carpet(done: Comparison, way: Way) -> str:
    """Draw when the car charged and gave back, day by day."""
    diary = done.outcomes[way].diary
    columns = cells(done, [wh * 3600 / QUARTER_S for wh in diary.car_wh], diary.away)
    return carpet(columns, _power_css, marks(done), f"When the car charged and gave back: {NAMES[way]}")


def _power_css(power_w: float | None) -> str | None:
    if power_w is None:
        return "away"
    level = sum(abs(power_w) >= edge for edge in LEVELS_W)
    return None if level == 0 else f"{'c' if power_w > 0 else 'd'}{level}"


def price_carpet(done: Comparison) -> tuple[str, list[tuple[str, str]]]:
    """Draw what a kilowatt-hour cost, day by day, with the meaning of the colours."""
    prices = done.outcomes[Way.V2G].diary.price
    known = sorted(set(prices))
    ladder = known if len(known) <= 6 else [sorted(prices)[int(share * (len(prices) - 1))] for share in SHARES]
    few = len(known) <= 6

    def css_of(price: float | None) -> str | None:
        if price is None:
            return None
        above = sum(price > edge + 1e-9 for edge in ladder)
        return f"p{round(above * 5 / max(1, len(known) - 1))}" if few else f"p{above}"

    drawn = carpet(cells(done, prices, None), css_of, marks(done), "The price of a kilowatt-hour, day by day")
    if few:
        return drawn, [(str(css_of(price)), f"{price:.4f} €") for price in known]
    edges = [known[0], *ladder, known[-1]]
    return drawn, [(f"p{n}", f"{a:.3f} to {b:.3f} €") for n, (a, b) in enumerate(pairwise(edges))]


def levels(done: Comparison) -> str:
    """Draw the daily range of the battery's level with V2G, and its lowest level when charged at once."""
    ends = [_stretch(done, [day]) for day in dates(done.home.start, done.home.days)]

    def daily(diary: Diary) -> list[list[float]]:
        return [diary.soc_pct[first:last] for first, last in ends]

    v2g, plain = daily(done.outcomes[Way.V2G].diary), daily(done.outcomes[Way.PLAIN].diary)
    lows = Series("lowest when charged at once", "plain", [min(day) for day in plain])
    return band([min(d) for d in v2g], [max(d) for d in v2g], [lows], marks(done), "The battery's level, day by day")


def why(one: Outcome) -> str:
    """Draw for how long the controller gave which reason."""
    rows = sorted(one.diary.reasons_h.items(), key=lambda row: -row[1])
    told = [(reason.replace("_", " "), hours) for reason, hours in rows if hours >= 0.5]
    return lying_bars(told, "h", "v2g", "Hours by the controller's reason")


def best_days(done: Comparison) -> list[date]:
    """Return the days to look at closely: all of a short stretch, else those around the best day of V2G."""
    days = dates(done.home.start, done.home.days)
    if len(days) <= DETAIL_DAYS + 1:
        return days
    gains = [_gain(done, day) for day in days]
    best = max(range(len(days)), key=gains.__getitem__)
    first = min(max(0, best - 1), len(days) - DETAIL_DAYS)
    return days[first : first + DETAIL_DAYS]


def _gain(done: Comparison, day: date) -> float:
    """Return the worth of what the car gave back on a day, at the price of the moment."""
    diary = done.outcomes[Way.V2G].diary
    first, last = _stretch(done, [day])
    pairs = zip(diary.car_wh[first:last], diary.price[first:last], strict=True)
    return sum(-wh * price for wh, price in pairs if wh < 0)


def _stretch(done: Comparison, days: Sequence[date]) -> tuple[int, int]:
    """Return the quarters of some days, from midnight to midnight on the wall."""
    start = done.outcomes[Way.V2G].diary.start
    ends = [instant(d, time(0), done.home.zone).astimezone(UTC) for d in (days[0], days[-1] + timedelta(days=1))]
    first, last = (int((end - start).total_seconds()) // QUARTER_S for end in ends)
    return first, last


def detail(done: Comparison, days: Sequence[date]) -> tuple[str, str, str]:
    """Draw power, level and price of some days by the quarter."""
    first, last = _stretch(done, days)
    v2g = done.outcomes[Way.V2G].diary
    kilo = 3.6 / QUARTER_S
    named = [(_stretch(done, [day])[0] - first, f"{day:%a} {day.day} {MONTHS[day.month - 1]}") for day in days]
    power = steps(
        [Series("the house", "house", [wh * kilo for wh in v2g.house_wh[first:last]])],
        "kW",
        230,
        "Power of the car and of the house",
        marks=named,
        area=Series("the car", "into", [wh * kilo for wh in v2g.car_wh[first:last]]),
    )
    soc = steps(
        [Series(NAMES[way], way.value, one.diary.soc_pct[first:last]) for way, one in done.outcomes.items()],
        "%", 180, "The battery's level", marks=named,
    )  # fmt: skip
    price = steps([Series("price", "price", v2g.price[first:last])], "€/kWh", 150, "The price", marks=named)
    return power, soc, price
