"""Prices as they were, are, and will probably be."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from ..model.contracts import DaysTold, Published
from ..model.facts import PricesPublished
from ..model.moment import Moment
from ..model.prices import PriceCurve, PriceRow
from ..model.state import SiteState
from ..tariff import curve
from ..tariff.expected import LOOK_BACK, with_expected
from .draft import Draft

PRICES_S: Final = 300.0
AHEAD: Final = timedelta(hours=50)
"""How far ahead prices are told: two days, and what rounding takes."""
MOST_ROWS: Final = 2000


def prices_published(d: Draft, fact: PricesPublished) -> None:
    """Take published prices, beside what was published for the days before."""
    known = d.state.published
    rows = _with_past(known.rows, fact.rows, d.now.utc)
    export_rows = _with_past(known.export_rows, fact.export_rows, d.now.utc)
    d.state = replace(d.state, published=PricesPublished(rows, export_rows))
    renew_prices(d)


def days_told(d: Draft, told: DaysTold) -> None:
    """Take what was told of single days."""
    d.state = replace(d.state, days=told)
    renew_prices(d)


def _with_past(known: tuple[PriceRow, ...], told: Sequence[PriceRow], now: datetime) -> tuple[PriceRow, ...]:
    """Return rows told anew after those known of the time before them; the same rows if nothing is new."""
    border, since = min((row.start for row in told), default=now), now - LOOK_BACK
    past = [row for row in known if since < row.end and row.start < border]
    cut = [row if row.end <= border else replace(row, end=border) for row in past]
    rows = tuple([*cut, *told][-MOST_ROWS:])
    return known if rows == known else rows


def without_past(known: PricesPublished, now: Moment) -> PricesPublished:
    """Return what was published for the hours to come: under another contract the past says nothing."""
    ahead = [tuple(row for row in rows if row.end > now.utc) for rows in (known.rows, known.export_rows)]
    return PricesPublished(*ahead)


def renew_prices(d: Draft) -> None:
    """Lay out the prices from the last hour on, and what is expected where nobody has published any."""
    told, outlook = _curves(d.state, d.now.utc)
    d.state = replace(d.state, prices_until_s=d.now.mono_s + PRICES_S)
    if (told, outlook) != (d.state.prices, d.state.outlook):
        d.state = replace(d.state, prices=told, outlook=outlook)
        d.each_evse(lambda _, evse: replace(evse, plan_stale=True))


def _curves(state: SiteState, now: datetime) -> tuple[PriceCurve, PriceCurve]:
    start = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    end, contract, zone = start + AHEAD, state.contract, state.config.zone
    told = curve.price_curve(contract, state.published, zone, start, end)
    if not isinstance(contract, Published):
        return told, told
    past = curve.price_curve(contract, state.published, zone, start - LOOK_BACK, start)
    return told, with_expected(told, past.slots, zone, start, end)
