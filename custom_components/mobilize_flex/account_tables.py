"""The books of the home as rows: sessions, days, months, to look through and to take away."""

from collections.abc import Iterable, Mapping
import csv
from datetime import date, datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from io import StringIO
from typing import Any, Final

from aiohttp import web
from homeassistant.components.http.auth import async_sign_path
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .coordinator import FlexCoordinator, FlexEntry
from .core.model.accounts import Account, Entry, Sums, entries_of, total
from .core.model.session import Session
from .sensor_accounts import session_sums

TABLE_PATH: Final = "/api/mobilize_flex/accounts/{entry_id}/{kind}"
VALID: Final = timedelta(hours=24)


class Span(StrEnum):
    """Name how long a row of the books is."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"

    def name_of(self, day: date) -> str:
        """Return what a day counts under."""
        return day.isoformat()[: {Span.DAY: 10, Span.MONTH: 7, Span.YEAR: 4}[self]]


class Group(StrEnum):
    """Name by what the books are parted."""

    HOME = "home"
    STATION = "station"
    VEHICLE = "vehicle"


SESSION_WORDS: Final = (
    "station", "evse", "transaction", "vehicle", "start", "end", "departure", "soc_start_pct", "soc_end_pct",
    "stopped_reason",
)  # fmt: skip
FIGURES: Final = (
    "energy_in_kwh", "energy_out_kwh", "v2g_hours", "cost", "revenue", "net", "wear", "saving_plain", "saving_smart",
    "complete",
)  # fmt: skip


def figures(sums: Sums) -> dict[str, Any]:
    """Return sums as people read them."""
    values = (
        round(sums.in_wh / 1000.0, 3),
        round(sums.out_wh / 1000.0, 3),
        round(sums.v2g_s / 3600.0, 3),
        *(_money(m) for m in (sums.cost, sums.revenue, sums.net, sums.wear, sums.saving_plain, sums.saving_smart)),
        sums.complete,
    )
    return dict(zip(FIGURES, values, strict=True))


def _money(amount: float | None) -> float | None:
    return None if amount is None else round(amount, 4) + 0.0


def _local(at: datetime | None) -> str | None:
    return None if at is None else dt_util.as_local(at).isoformat(timespec="seconds")


async def async_sessions(
    site: FlexCoordinator, start: datetime, end: datetime, stations: Iterable[str] | None, vehicle: str | None
) -> list[tuple[Session, Sums]]:
    """Return the sessions that touch a span of time with their figures, the oldest first."""
    kept = {s.key: s for s in await site.store.async_sessions(start, end)}
    state = site.state
    here = {
        k: s for k, s in state.sessions.items() if s.started_at < end and (s.ended_at is None or s.ended_at >= start)
    }
    wanted = None if stations is None else set(stations)
    found = [
        s
        for s in sorted((kept | here).values(), key=lambda s: s.started_at)
        if (wanted is None or s.station in wanted) and (vehicle is None or _car(site, s) == vehicle)
    ]
    return [(session, await _async_sums(site, session)) for session in found]


async def _async_sums(site: FlexCoordinator, session: Session) -> Sums:
    """Return the figures of a session; of one no longer at hand as they were kept."""
    if session.key in site.state.sessions:
        return session_sums(site.state, session)
    account = (await site.store.async_charge(session.key)).get(f"account/{session.key}")
    if isinstance(account, Account):
        return account.sums
    return Sums(
        in_wh=session.energy_in.wh,
        out_wh=session.energy_out.wh,
        v2g_s=session.v2g_s,
        cost=session.cost,
        revenue=session.revenue,
        saving_plain=None,
        saving_smart=None,
        complete=False,
    )


def session_row(site: FlexCoordinator, session: Session, sums: Sums) -> dict[str, Any]:
    """Return a session as people read it."""
    values = (
        session.station, session.evse, session.transaction, vehicle_name(site, _car(site, session)),
        _local(session.started_at), _local(session.ended_at), _local(session.departure), session.soc_start_pct,
        session.soc_end_pct, session.stopped_reason,
    )  # fmt: skip
    return dict(zip(SESSION_WORDS, values, strict=True)) | figures(sums)


def _car(site: FlexCoordinator, session: Session) -> str | None:
    """Return the key of the car of a session: the one it named, else the only one."""
    cars = site.state.config.vehicles
    return session.vehicle or (cars[0].key if len(cars) == 1 and not session.foreign else None)


def vehicle_name(site: FlexCoordinator, key: str | None) -> str | None:
    """Return what the owner calls a car; a car that is gone keeps no name."""
    return next((v.name for v in site.state.config.vehicles if v.key == key), None)


def account_rows(site: FlexCoordinator, first: date, last: date, span: Span, group: Group) -> list[dict[str, Any]]:
    """Return the books from one local day to another, summed up; spans without a session are left out."""
    rows: dict[tuple[str, str | None], list[Entry]] = {}
    for day, entry in entries_of(site.state.books.days, first, last):
        rows.setdefault((span.name_of(day), _owner(site, entry, group)), []).append(entry)
    return [
        {
            span.value: name,
            **({} if group is Group.HOME else {group.value: owner}),
            "sessions": len({e.session for e in entries}),
            **figures(total(e.sums for e in entries)),
        }
        for (name, owner), entries in rows.items()
    ]


def _owner(site: FlexCoordinator, entry: Entry, group: Group) -> str | None:
    match group:
        case Group.STATION:
            return entry.station
        case Group.VEHICLE:
            return vehicle_name(site, entry.vehicle)
        case _:
            return None


# to take away


@callback
def async_register_tables(hass: HomeAssistant) -> None:
    """Offer the tables; the view looks its site up when it is asked."""
    hass.http.register_view(AccountTableView())


@callback
def table_url(hass: HomeAssistant, entry_id: str, kind: str, query: Mapping[str, str]) -> str:
    """Return an address of a table that works for a day without logging in."""
    words = "&".join(f"{name}={value}" for name, value in query.items())
    return async_sign_path(hass, f"{TABLE_PATH.format(entry_id=entry_id, kind=kind)}?{words}", VALID)


class AccountTableView(HomeAssistantView):
    """Hand the books out as comma-separated values."""

    url = TABLE_PATH
    name = "api:mobilize_flex:accounts"

    async def get(self, request: web.Request, entry_id: str, kind: str) -> web.Response:
        """Return the sessions, or the days, months or years, of a span of time."""
        entry: FlexEntry | None = request.app[KEY_HASS].config_entries.async_get_entry(entry_id)
        if entry is None or entry.domain != DOMAIN or entry.state is not ConfigEntryState.LOADED:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        try:
            rows, words = await _async_rows(entry.runtime_data, kind, request.query)
        except ValueError, OverflowError, OSError, KeyError:
            return web.Response(status=HTTPStatus.BAD_REQUEST)
        headers = {
            "Content-Disposition": 'attachment; filename="mobilize-flex-accounts.csv"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
        return web.Response(text=_table(rows, words), content_type="text/csv", charset="utf-8", headers=headers)


async def _async_rows(
    site: FlexCoordinator, kind: str, query: Mapping[str, str]
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Return the rows of a table and its columns; raise ValueError or KeyError for what there is no table of."""
    if kind == "sessions":
        start, end = (dt_util.utc_from_timestamp(float(query[name])) for name in ("start", "end"))
        told = await async_sessions(site, start, end, None, None)
        return [session_row(site, *one) for one in told], (*SESSION_WORDS, *FIGURES)
    span, group = Span(kind), Group(query.get("by", Group.HOME))
    first, last = (date.fromisoformat(query[name]) for name in ("start", "end"))
    owner = () if group is Group.HOME else (group.value,)
    return account_rows(site, first, last, span, group), (span.value, *owner, "sessions", *FIGURES)


def _table(rows: list[dict[str, Any]], words: tuple[str, ...]) -> str:
    text = StringIO()
    table = csv.DictWriter(text, fieldnames=words)
    table.writeheader()
    table.writerows({name: _safe(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _safe(value: object) -> object:
    """Return a value no spreadsheet takes for a formula; names come from stations."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" else value
