"""The books as people see them: sensors, actions, tables, statistics."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.components.recorder.statistics import list_statistic_ids, statistics_during_period
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.mobilize_flex.const import DOMAIN
from custom_components.mobilize_flex.core.ledger.days import booked
from custom_components.mobilize_flex.core.model.accounts import Account, Books, DiaryPage, Sums, Terms, total
from custom_components.mobilize_flex.core.model.commands import Keep
from custom_components.mobilize_flex.core.model.prices import PriceCurve, PriceSlot
from custom_components.mobilize_flex.core.model.session import Session, Span
from custom_components.mobilize_flex.core.model.state import SiteState
from custom_components.mobilize_flex.statistics import Statistics, statistic_id

from .house import CAR, STATION, become, car, coordinator, find, move_in, seen, station, with_evse

pytestmark = pytest.mark.usefixtures("socket_enabled")
NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
START = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
DAYS = {
    date(2026, 11, 22): Sums(
        in_wh=0.0, out_wh=4000.0, v2g_s=7200.0, revenue=1.6, wear=0.05, saving_plain=1.234, saving_smart=0.75
    ),
    date(2026, 11, 23): Sums(in_wh=10_000.0, v2g_s=21_600.0, cost=1.5, wear=0.1, saving_plain=0.5, saving_smart=0.0),
}
TERMS = Terms(full_w=7360.0, charge_efficiency=0.9, discharge_efficiency=0.9, ageing_per_kwh=0.01)


def span(start: datetime, hours: float, wh: float) -> Span:
    """Return a counter that ran evenly for some hours."""
    return Span(first_at=start, first_wh=0.0, last_at=start + timedelta(hours=hours), last_wh=wh)


def session(key: str = "tx-1", start: datetime = START, hours: float = 10.0, **more: Any) -> Session:
    """Return a session that is over, from nine in the evening in Paris to seven."""
    end = start + timedelta(hours=hours)
    fields = {
        "key": f"{STATION}/{key}", "station": STATION, "evse": 1, "transaction": key, "started_at": start,
        "ended_at": end, "seen_at": end, "energy_in": span(start + timedelta(hours=5), 4, 10_000.0),
        "energy_out": span(start, 2, 4000.0), "v2g_s": 28_800.0, "cost": 1.5, "revenue": 1.6,
        "soc_start_pct": 60.0, "soc_end_pct": 80.0, "stopped_reason": "EVDisconnected",
    }  # fmt: skip
    return Session(**fields | more)


def with_books(state: SiteState, one: Session, days: dict[date, Sums] | None = None) -> SiteState:
    """Return a state with a session that was reckoned, at one price for every hour."""
    parts = DAYS if days is None else days
    account = Account(key=one.key, terms=TERMS, days=tuple(parts), sums=total(parts.values()), final=True)
    day = int(START.timestamp()) // 86_400
    pages = {
        n: DiaryPage(prices=((n * 86_400, (n + 1) * 86_400, 0.2, 0.1),), house_w=(500,) * 96)
        for n in range(day - 3, day + 3)
    }
    books = Books(
        accounts=MappingProxyType({one.key: account}),
        diary=MappingProxyType(pages),
        days=booked({}, replace(account, days=()), one, CAR, parts),
    )
    prices = PriceCurve((PriceSlot(START, START + timedelta(days=3), 0.2, 0.1),))
    return replace(state, books=books, prices=prices, sessions=MappingProxyType({one.key: one}))


@pytest.fixture(name="home")
async def _home(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> MockConfigEntry:
    await hass.config.async_set_time_zone("Europe/Paris")
    home = await move_in(hass, station(), car())
    freezer.move_to(NOW)
    flex = coordinator(home)
    await become(hass, home, with_books(flex.state, session()))
    return home


async def ask(hass: HomeAssistant, name: str, /, **fields: Any) -> Any:
    """Call an action that answers."""
    return await hass.services.async_call(DOMAIN, name, fields, blocking=True, return_response=True)


async def later(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let the board tell again what it held back."""
    freezer.tick(11.0)
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


# sensors


@pytest.mark.parametrize(
    ("key", "value", "since"),
    [
        ("v2g_time_total", "8.0", None),
        ("v2g_time_today", "6.0", "2026-11-23T00:00:00+01:00"),
        ("v2g_time_month", "8.0", "2026-11-01T00:00:00+01:00"),
        ("energy_given_month", "4.0", "2026-11-01T00:00:00+01:00"),
        ("energy_given_today", "0.0", "2026-11-23T00:00:00+01:00"),
        ("cost_total", "1.5", None),
        ("revenue_month", "1.6", "2026-11-01T00:00:00+01:00"),
        ("saving_total", "1.73", None),
        ("saving_today", "0.5", "2026-11-23T00:00:00+01:00"),
        ("saving_smart_month", "0.75", "2026-11-01T00:00:00+01:00"),
    ],
)
async def test_the_home_shows_what_came_of_it(
    hass: HomeAssistant, home: MockConfigEntry, key: str, value: str, since: str | None
) -> None:
    state = seen(hass, "site/site", key)
    assert state.state == value
    assert state.attributes.get("last_reset") == since


async def test_money_is_in_the_homes_currency_and_says_whether_it_is_all(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    state = seen(hass, "site/site", "cost_total")
    assert state.attributes["unit_of_measurement"] == hass.config.currency
    assert (state.attributes["device_class"], state.attributes["state_class"]) == ("monetary", "total")
    assert state.attributes["complete"] is True


async def test_money_nobody_knows_is_unknown(
    hass: HomeAssistant, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    unknown = Sums(in_wh=5000.0, cost=None, saving_plain=None, saving_smart=None, complete=False)
    state = with_books(coordinator(home).state, session(), {date(2026, 11, 23): unknown})
    await become(hass, home, state)
    await later(hass, freezer)
    assert seen(hass, "site/site", "saving_today").state == "unknown"
    assert seen(hass, f"station/{STATION}", "session_cost").state == "unknown"
    assert seen(hass, "site/site", "cost_total").attributes["complete"] is False


async def test_a_new_day_begins_at_zero(
    hass: HomeAssistant, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(NOW + timedelta(days=1))
    await become(hass, home, replace(coordinator(home).state, prices=PriceCurve()))
    coordinator(home).board.changed("site/site", urgent=True)
    await hass.async_block_till_done()
    state = seen(hass, "site/site", "v2g_time_today")
    assert (state.state, state.attributes["last_reset"]) == ("0.0", "2026-11-24T00:00:00+01:00")
    assert seen(hass, "site/site", "v2g_time_total").state == "8.0"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("session_energy_in", "10.0"),
        ("session_cost", "1.5"),
    ],
)
async def test_the_station_shows_its_last_session_also_while_it_is_away(
    hass: HomeAssistant, home: MockConfigEntry, key: str, value: str
) -> None:
    state = seen(hass, f"station/{STATION}", key)
    assert state.state == value
    assert state.attributes["last_reset"] == START.isoformat()


async def test_what_few_ask_for_stands_beside_the_figures_of_a_session(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    cost = seen(hass, f"station/{STATION}", "session_cost").attributes
    assert (cost["energy_given_back"], cost["v2g_hours"], cost["revenue"]) == (4.0, 8.0, 1.6)
    assert cost["saving"] == 1.73
    assert "saving_by_v2g" in cost


async def test_the_present_session_comes_before_the_last(
    hass: HomeAssistant, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    state = coordinator(home).state
    now = session("tx-2", NOW - timedelta(hours=1), 1.0, ended_at=None, energy_in=span(NOW, 0.5, 700.0), cost=0.14)
    account = Account(key=now.key, sums=Sums(in_wh=600.0, cost=0.12))
    books = replace(state.books, accounts=MappingProxyType({**state.books.accounts, now.key: account}))
    state = replace(state, books=books, sessions=MappingProxyType({**state.sessions, now.key: now}))
    await become(hass, home, with_evse(state, session=now.key))
    await later(hass, freezer)
    assert seen(hass, f"station/{STATION}", "session_energy_in").state == "0.7"
    assert seen(hass, f"station/{STATION}", "session_cost").state == "0.14"


async def test_a_station_without_a_session_shows_nothing_of_one(hass: HomeAssistant) -> None:
    await move_in(hass, station())
    assert seen(hass, f"station/{STATION}", "session_cost").state == "unknown"


@pytest.mark.as_at_first
async def test_what_few_ask_for_is_off_to_begin_with(hass: HomeAssistant, home: MockConfigEntry) -> None:
    for key in ("energy_charged_total", "cost_today", "saving_smart_total"):
        entry = er.async_get(hass).async_get(find(hass, "site/site", key))
        assert entry is not None
        assert entry.disabled


async def test_the_end_of_a_session_is_told_once_with_what_came_of_it(
    hass: HomeAssistant, home: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    assert seen(hass, "site/site", "session", "event").attributes["transaction"] == "tx-1"
    first = seen(hass, "site/site", "session", "event").state
    await later(hass, freezer)
    await become(hass, home, with_books(coordinator(home).state, session(), DAYS))
    await later(hass, freezer)
    state = seen(hass, "site/site", "session", "event")
    assert state.state == first
    assert (state.attributes["event_type"], state.attributes["saving_plain"]) == ("ended", 1.734)


# actions


async def test_sessions_are_told_with_their_figures_in_local_time(hass: HomeAssistant, home: MockConfigEntry) -> None:
    told = await ask(hass, "get_sessions")
    assert told["currency"] == hass.config.currency
    assert told["sessions"] == [{
        "station": STATION, "evse": 1, "transaction": "tx-1", "vehicle": "R5", "start": "2026-11-22T21:00:00+01:00",
        "end": "2026-11-23T07:00:00+01:00", "departure": None, "soc_start_pct": 60.0, "soc_end_pct": 80.0,
        "stopped_reason": "EVDisconnected", "energy_in_kwh": 10.0, "energy_out_kwh": 4.0, "v2g_hours": 8.0,
        "cost": 1.5, "revenue": 1.6, "net": -0.1, "wear": 0.15, "saving_plain": 1.734, "saving_smart": 0.75,
        "complete": True,
    }]  # fmt: skip
    assert told["total"]["saving_plain"] == 1.734


async def test_sessions_the_disk_alone_remembers_are_told_too(hass: HomeAssistant) -> None:
    home = await move_in(hass, station(), car())
    flex = coordinator(home)
    await become(hass, home, with_books(flex.state, session()))
    old = session("tx-0", START - timedelta(days=200))
    account = Account(key=old.key, sums=Sums(in_wh=9000.0, cost=2.0), final=True)
    await flex.store.keep([Keep(f"session/{old.key}", old), Keep(f"account/{old.key}", account)])
    told = await ask(hass, "get_sessions", start_time="2026-01-01 00:00:00", end_time=str(NOW))
    assert [(s["transaction"], s["energy_in_kwh"], s["cost"]) for s in told["sessions"]] == [
        ("tx-0", 9.0, 2.0), ("tx-1", 10.0, 1.5),
    ]  # fmt: skip
    lately = await ask(hass, "get_sessions", end_time=str(NOW))
    assert [s["transaction"] for s in lately["sessions"]] == ["tx-1"]


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"vehicle": "r5"}, 1),
        ({"station": STATION}, 1),
        ({"end_time": "2026-11-22 20:00:00"}, 0),
        ({"start_time": "2026-11-23 08:00:00"}, 0),
        ({"start_time": "2026-11-23 06:59:00"}, 1),
    ],
)
async def test_sessions_can_be_picked(
    hass: HomeAssistant, home: MockConfigEntry, fields: dict[str, str], count: int
) -> None:
    assert len((await ask(hass, "get_sessions", **fields))["sessions"]) == count


@pytest.mark.parametrize(
    ("action", "fields", "key"),
    [
        ("get_sessions", {"vehicle": "Zoe"}, "vehicle_unknown"),
        ("get_sessions", {"station": "nobody"}, "station_unknown"),
        ("get_sessions", {"start_time": "2026-11-02", "end_time": "2026-11-01"}, "span_reversed"),
        ("get_accounts", {"start_date": "2026-11-02", "end_date": "2026-11-01"}, "span_reversed"),
    ],
)
async def test_what_makes_no_sense_is_refused_in_words(
    hass: HomeAssistant, home: MockConfigEntry, action: str, fields: dict[str, str], key: str
) -> None:
    with pytest.raises(ServiceValidationError) as refused:
        await ask(hass, action, **fields)
    assert refused.value.translation_key == key
    assert "{" not in str(refused.value)


async def test_the_books_are_told_by_day_by_month_and_by_whom(hass: HomeAssistant, home: MockConfigEntry) -> None:
    days = await ask(hass, "get_accounts")
    assert [(r["day"], r["sessions"], r["energy_in_kwh"], r["v2g_hours"]) for r in days["rows"]] == [
        ("2026-11-22", 1, 0.0, 2.0), ("2026-11-23", 1, 10.0, 6.0),
    ]  # fmt: skip
    months = await ask(hass, "get_accounts", period="month", group_by="vehicle")
    assert [(r["month"], r["vehicle"], r["sessions"], r["net"]) for r in months["rows"]] == [("2026-11", "R5", 1, -0.1)]
    assert months["total"] == days["total"]
    years = await ask(hass, "get_accounts", period="year", group_by="station")
    assert [(r["year"], r["station"]) for r in years["rows"]] == [("2026", STATION)]
    one = await ask(hass, "get_accounts", start_date="2026-11-23", end_date="2026-11-23")
    assert one["total"]["cost"] == 1.5
    assert (await ask(hass, "get_accounts", start_date="2026-10-01", end_date="2026-10-31"))["rows"] == []


async def test_both_are_tables_to_take_away(
    hass: HomeAssistant, home: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator, socket_enabled: None
) -> None:
    client = await hass_client_no_auth()
    tables = []
    for action, fields in (("get_sessions", {}), ("get_accounts", {"group_by": "station"})):
        answer = await client.get((await ask(hass, action, **fields))["table"])
        assert (answer.status, answer.content_type) == (HTTPStatus.OK, "text/csv")
        tables.append((await answer.text()).splitlines())
    assert tables[0][0].startswith("station,evse,transaction")
    assert tables[0][1].startswith(f"{STATION},1,tx-1,R5,2026-11-22T21:00:00+01:00")
    assert tables[1][0].startswith("day,station,sessions,energy_in_kwh")
    assert len(tables[1]) == 3
    assert (await client.get("/api/mobilize_flex/accounts/01HOME/day")).status == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize(
    "tail", ["nonsense?start=1&end=2", "sessions?start=x&end=2", "day?start=2026-13-01&end=x", "day"]
)
async def test_a_table_there_is_not_is_refused(
    hass: HomeAssistant, home: MockConfigEntry, hass_client: ClientSessionGenerator, socket_enabled: None, tail: str
) -> None:
    client = await hass_client()
    assert (await client.get(f"/api/mobilize_flex/accounts/01HOME/{tail}")).status == HTTPStatus.BAD_REQUEST
    assert (await client.get("/api/mobilize_flex/accounts/nobody/day")).status == HTTPStatus.NOT_FOUND


async def test_a_name_from_a_station_is_no_formula(
    hass: HomeAssistant, home: MockConfigEntry, hass_client: ClientSessionGenerator, socket_enabled: None
) -> None:
    evil = session("tx-1", transaction="=1+1")
    await become(hass, home, with_books(coordinator(home).state, evil))
    text = await (await (await hass_client()).get((await ask(hass, "get_sessions"))["table"])).text()
    assert ",'=1+1," in text


# statistics


async def sums_told(hass: HomeAssistant, key: str) -> dict[datetime, float]:
    """Return what the statistics say of a figure, hour by hour."""
    await async_wait_recording_done(hass)
    name = statistic_id("01HOME", key)
    found = await get_instance(hass).async_add_executor_job(
        statistics_during_period, hass, START - timedelta(days=9), None, {name}, "hour", None, {"sum"}
    )
    return {dt_util.utc_from_timestamp(row["start"]): row["sum"] or 0.0 for row in found.get(name, [])}


async def test_the_statistics_have_each_hour_and_are_put_right_later(
    recorder_mock: Recorder, hass: HomeAssistant, home: MockConfigEntry
) -> None:
    flex = coordinator(home)
    telling = Statistics(hass, home)
    await telling.async_tell()
    told = await sums_told(hass, "energy_given")
    assert told[START - timedelta(hours=1)] == 0.0
    assert told[START] == pytest.approx(2.0)
    assert max(told.values()) == told[NOW - timedelta(hours=1)] == pytest.approx(4.0)
    late = session(energy_out=span(START, 2, 6000.0))
    moved = {date(2026, 11, 22): replace(DAYS[date(2026, 11, 22)], out_wh=6000.0)}
    await become(hass, home, with_books(flex.state, late, DAYS | moved))
    await telling.async_tell()
    again = await sums_told(hass, "energy_given")
    assert again[START] == pytest.approx(3.0)
    assert again[NOW - timedelta(hours=1)] == pytest.approx(6.0)
    assert len(again) == len(told)


async def test_the_statistics_have_names_units_and_classes(
    recorder_mock: Recorder, hass: HomeAssistant, home: MockConfigEntry
) -> None:
    await Statistics(hass, home).async_tell()
    await async_wait_recording_done(hass)
    found = await get_instance(hass).async_add_executor_job(list_statistic_ids, hass)
    ours = {row["statistic_id"]: row for row in found if row["source"] == DOMAIN}
    assert len(ours) == 7
    energy, money = ours[statistic_id("01HOME", "energy_given")], ours[statistic_id("01HOME", "saving")]
    assert (energy["unit_class"], energy["statistics_unit_of_measurement"]) == ("energy", "kWh")
    assert (money["unit_class"], money["statistics_unit_of_measurement"]) == (None, hass.config.currency)
    assert energy["name"] == "Home Car energy given back"


async def test_after_a_restart_only_the_last_days_are_told_again(
    recorder_mock: Recorder, hass: HomeAssistant, home: MockConfigEntry
) -> None:
    await Statistics(hass, home).async_tell()
    before = await sums_told(hass, "cost")
    await Statistics(hass, home).async_tell()
    assert await sums_told(hass, "cost") == before
