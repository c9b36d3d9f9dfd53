"""The record of the grid operator's orders: as data, and as a table to hand over."""

import csv
from datetime import datetime, timedelta
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
from .core.model.dimming import DimmingRecord

LOG_PATH: Final = "/api/mobilize_flex/dimming/{entry_id}"
VALID: Final = timedelta(hours=24)
ALL: Final = timedelta(days=2 * 366)


@callback
def async_register_table(hass: HomeAssistant) -> None:
    """Offer the table; the view looks its site up when it is asked."""
    hass.http.register_view(TableView())


@callback
def table_url(hass: HomeAssistant, entry_id: str, start: datetime, end: datetime) -> str:
    """Return an address of the table that works for a day without logging in."""
    path = LOG_PATH.format(entry_id=entry_id)
    return async_sign_path(hass, f"{path}?start={start.timestamp()}&end={end.timestamp()}", VALID)


async def async_rows(site: FlexCoordinator, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """Return the orders that touch a span of time, the oldest first."""
    return [_row(record) for record in await site.store.async_dimmings(start, end)]


def _row(record: DimmingRecord) -> dict[str, Any]:
    return {
        "start": _local(record.started_at),
        "end": _local(record.ended_at),
        "station": record.station,
        "draw": record.draw.value,
        "guaranteed_w": record.limit_w,
        "feed_in_pct": round(100 * record.feed_in_share),
        "devices": record.devices,
        "contact_unsure": record.unsure,
        "grid_before_w": record.grid_before_w,
        "stations_before_w": record.stations_before_w,
        "ordered": _local(record.ordered_at),
        "accepted": _local(record.accepted_at),
        "in_force": _local(record.effective_at),
        "looked": _local(record.looked_at),
        "grid_after_w": record.grid_after_w,
        "stations_after_w": record.stations_after_w,
    }


def _local(at: datetime | None) -> str | None:
    return None if at is None else dt_util.as_local(at).isoformat(timespec="milliseconds")


class TableView(HomeAssistantView):
    """Hand the record out as comma-separated values."""

    url = LOG_PATH
    name = "api:mobilize_flex:dimming"

    async def get(self, request: web.Request, entry_id: str) -> web.Response:
        """Return the table of a span of time, of all there is without one."""
        entry: FlexEntry | None = request.app[KEY_HASS].config_entries.async_get_entry(entry_id)
        if entry is None or entry.domain != DOMAIN or entry.state is not ConfigEntryState.LOADED:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        now = dt_util.utcnow()
        try:
            start = _instant(request.query.get("start"), now - ALL)
            end = _instant(request.query.get("end"), now)
        except ValueError, OverflowError, OSError:
            return web.Response(status=HTTPStatus.BAD_REQUEST)
        headers = {
            "Content-Disposition": 'attachment; filename="mobilize-flex-dimming.csv"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
        text = _table(await async_rows(entry.runtime_data, start, end))
        return web.Response(text=text, content_type="text/csv", charset="utf-8", headers=headers)


def _instant(text: str | None, usual: datetime) -> datetime:
    return usual if text is None else dt_util.utc_from_timestamp(float(text))


def _table(rows: list[dict[str, Any]]) -> str:
    text = StringIO()
    table = csv.DictWriter(text, fieldnames=list(_row(DimmingRecord(started_at=dt_util.utcnow()))))
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()
