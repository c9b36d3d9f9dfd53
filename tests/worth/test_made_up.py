"""The made-up world: weather, colours, market, house and drives."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from custom_components.mobilize_flex.core.model.contracts import Colour, Tempo
from custom_components.mobilize_flex.core.model.facts import PricesPublished
from custom_components.mobilize_flex.core.model.prices import Certainty
from custom_components.mobilize_flex.core.tariff.curve import price_curve
from worth.colours import season_colours
from worth.habits import Habits, trips
from worth.household import Household
from worth.market import NoPrices, market
from worth.spot import spot_rows
from worth.weather import season_skies

PARIS = ZoneInfo("Europe/Paris")
YEAR = date(2026, 1, 1)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_season_has_its_red_and_white_days_where_they_may_be(seed: int) -> None:
    colours = season_colours(seed, 2025)
    red = [day for day, colour in colours.items() if colour is Colour.RED]
    white = [day for day, colour in colours.items() if colour is Colour.WHITE]
    assert (len(red), len(white)) == (22, 43)
    assert all(day.weekday() < 5 and day.month in (11, 12, 1, 2, 3) for day in red)
    assert all(day.weekday() != 6 for day in white)


def test_red_days_are_colder_than_the_winter() -> None:
    skies, colours = season_skies(1, 2025), season_colours(1, 2025)
    winter = [day for day in skies if day.month in (11, 12, 1, 2, 3)]
    red = [day for day in winter if colours[day] is Colour.RED]
    assert sum(skies[d].mean_c for d in red) / len(red) < sum(skies[d].mean_c for d in winter) / len(winter) - 2


def test_the_market_is_likely_and_never_asleep() -> None:
    rows = [row for n in range(365) for row in spot_rows(1, YEAR + timedelta(days=n), PARIS)]
    assert all(a.end == b.start for a, b in pairwise(rows))
    assert len(rows) == 365 * 96
    mean = sum(row.per_kwh for row in rows) / len(rows)
    assert 0.03 < mean < 0.09
    assert 0.005 < sum(row.per_kwh < 0 for row in rows) / len(rows) < 0.12


@pytest.mark.parametrize(("day", "quarters"), [(date(2026, 3, 29), 92), (date(2026, 10, 25), 100)])
def test_days_of_another_length_have_their_own_count_of_prices(day: date, quarters: int) -> None:
    assert len(spot_rows(1, day, PARIS)) == quarters


def test_tomorrows_colour_is_not_known_before_eleven() -> None:
    news = market("tempo", 1, date(2026, 1, 12), 3, PARIS).news
    early, late = (next(n for n in reversed(news) if n.at <= at) for at in (
        datetime(2026, 1, 13, 9, 59, tzinfo=UTC), datetime(2026, 1, 13, 10, tzinfo=UTC)))  # fmt: skip
    tomorrow = datetime(2026, 1, 14, 12, tzinfo=UTC)
    told = []
    for one in (early, late):
        assert isinstance(one.contract, Tempo)
        curve = price_curve(one.contract, PricesPublished(()), PARIS, one.at, one.at + timedelta(days=3))
        slot = curve.at(tomorrow)
        assert slot is not None
        told.append(slot.certainty)
    assert told == [Certainty.EXPECTED, Certainty.KNOWN]


def test_market_prices_of_tomorrow_are_told_at_one() -> None:
    news = market("spot", 1, date(2026, 1, 12), 3, PARIS).news
    told = [one for one in news if one.published is not None]
    assert [one.at.astimezone(PARIS).hour for one in told] == [13] * len(told)
    for one in told:
        assert one.published is not None
        end = one.published.rows[-1].end.astimezone(PARIS)
        assert (end.date() - one.at.astimezone(PARIS).date()).days == 2


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_a_file_of_prices_longer_than_the_reader_takes_at_once(ending: str, tmp_path: Path) -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(hours=1)
    rows = [(begin + timedelta(hours=n), round(0.1 + n % 24 / 100, 2)) for n in range(24 * 100)]
    path = tmp_path / f"prices.{ending}"
    if ending == "csv":
        path.write_text("start,price\n" + "".join(f"{at.isoformat()},{price}\n" for at, price in rows))
    else:
        path.write_text(json.dumps([{"start": at.isoformat(), "price": price} for at, price in rows]))
    told = market(str(path), 1, YEAR, 100, PARIS)
    for at, price in rows[::7]:
        assert told.at(at + timedelta(minutes=30)).import_per_kwh == pytest.approx(price)
    with pytest.raises(NoPrices):
        market(str(path), 1, YEAR, 101, PARIS)


def test_a_house_needs_about_what_it_was_said_to() -> None:
    house = Household(1, PARIS, house_kwh=4_000.0, heating_kwh=4_000.0, sun_kwp=1.0)
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    hours = [begin + timedelta(minutes=20 * n) for n in range(365 * 72)]
    assert sum(house.house_w(at) for at in hours) / 3000 == pytest.approx(8_000, rel=0.15)
    assert 600 < sum(house.sun_w(at) for at in hours) / 3000 < 1_200
    assert min(house.sun_w(at) for at in hours) == 0.0


def test_one_drive_is_over_before_the_next_begins() -> None:
    driven = trips(Habits(), 1, YEAR, 365, PARIS)
    assert all(a.returns < b.leaves for a, b in pairwise(driven))
    assert all(trip.leaves < trip.returns and trip.wh > 0 for trip in driven)
    assert len([trip for trip in driven if trip.programme is not None]) > 3
    assert all(trip.told_at < trip.leaves for trip in driven if trip.told_at is not None)


def test_the_commute_leaves_at_the_clock_on_the_wall_all_year() -> None:
    walls = {
        trip.leaves.astimezone(PARIS).time()
        for trip in trips(Habits(), 1, YEAR, 365, PARIS)
        if trip.leaves.astimezone(PARIS).weekday() == 0 and trip.leaves.astimezone(PARIS).hour == 7
    }
    assert {wall.minute for wall in walls} <= {45, 50, 55}
