"""The books in Home Assistant's own statistics, hour by hour, put right when something comes late."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from homeassistant.components.recorder.models import StatisticData, StatisticMeanType, StatisticMetaData
from homeassistant.components.recorder.statistics import async_add_external_statistics, get_last_statistics
from homeassistant.const import UnitOfEnergy, UnitOfTime
from homeassistant.core import HomeAssistant
from homeassistant.helpers.event import async_track_time_change
from homeassistant.helpers.recorder import get_instance
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import DurationConverter, EnergyConverter

from .const import DOMAIN
from .coordinator import FlexCoordinator, FlexEntry
from .core.model.accounts import Days, Sums, sums_of
from .core.site.accounting import KEPT, hours

MINUTE: Final = 6
"""After the full hour; by then what happened in the hour before is reckoned."""
AGAIN: Final = timedelta(days=2)
"""What may have changed unseen before a restart."""
HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Figure:
    """Describe one statistic: the sensor whose name it bears, its unit (``None``: the currency), its value."""

    key: str
    sensor: str
    unit: str | None
    unit_class: str | None
    value: Callable[[Sums], float]


FIGURES: Final = (
    Figure(
        "energy_charged", "energy_charged_total", UnitOfEnergy.KILO_WATT_HOUR, EnergyConverter.UNIT_CLASS,
        lambda s: s.in_wh / 1000.0,
    ),
    Figure(
        "energy_given", "energy_given_total", UnitOfEnergy.KILO_WATT_HOUR, EnergyConverter.UNIT_CLASS,
        lambda s: s.out_wh / 1000.0,
    ),
    Figure("v2g_time", "v2g_time_total", UnitOfTime.HOURS, DurationConverter.UNIT_CLASS, lambda s: s.v2g_s / 3600.0),
    Figure("cost", "cost_total", None, None, lambda s: s.cost or 0.0),
    Figure("revenue", "revenue_total", None, None, lambda s: s.revenue or 0.0),
    Figure("saving", "saving_total", None, None, lambda s: s.saving_plain or 0.0),
    Figure("saving_smart", "saving_smart_total", None, None, lambda s: s.saving_smart or 0.0),
)  # fmt: skip


def statistic_id(entry_id: str, key: str) -> str:
    """Return under which name a figure of a home stands in the statistics."""
    return f"{DOMAIN}:{entry_id.lower()}_{key}"


class Statistics:
    """Follow the books of one home into the statistics."""

    def __init__(self, hass: HomeAssistant, entry: FlexEntry) -> None:
        """Begin with nothing told."""
        self._hass = hass
        self._entry = entry
        self._told: Days | None = None

    @property
    def _site(self) -> FlexCoordinator:
        return self._entry.runtime_data

    async def async_tell(self, *_: object) -> None:
        """Tell the hours that are over, from the first day that changed on."""
        books, zone = self._site.state.books, self._site.state.config.zone
        first = await self._async_first(books.days)
        if first is None:
            return
        start = datetime.combine(first, time(0), zone).astimezone(dt_util.UTC)
        before = sums_of(books.days, date.min, first - timedelta(days=1))
        by_hour, until = hours(self._site.state, start), _full_hour(dt_util.utcnow())
        names = await async_get_translations(self._hass, self._hass.config.language, "entity", {DOMAIN})
        for figure in FIGURES:
            rows = list(_rows(figure, before, by_hour, start, until))
            if rows:
                async_add_external_statistics(self._hass, self._meta(figure, names), rows)
        self._told = books.days

    async def _async_first(self, days: Days) -> date | None:
        """Return the first day that is to be told again; ``None`` when nothing changed."""
        if self._told is None:
            since = await self._async_last() - AGAIN
            changed = [day for day in days if day >= since.date()]
        else:
            changed = [day for day, page in days.items() if self._told.get(day) is not page]
        oldest = (dt_util.now() - KEPT).date()
        return max(min(changed), oldest) if changed else None

    async def _async_last(self) -> datetime:
        """Return when the last hour began that was told before this start."""
        name = statistic_id(self._entry.entry_id, FIGURES[0].key)
        found = await get_instance(self._hass).async_add_executor_job(
            get_last_statistics, self._hass, 1, name, False, {"sum"}
        )
        rows = found.get(name)
        return dt_util.utc_from_timestamp(rows[0]["start"]) if rows else dt_util.utcnow() - KEPT

    def _meta(self, figure: Figure, names: Mapping[str, str]) -> StatisticMetaData:
        name = names.get(f"component.{DOMAIN}.entity.sensor.{figure.sensor}.name", figure.key)
        return StatisticMetaData(
            mean_type=StatisticMeanType.NONE,
            has_sum=True,
            name=f"{self._entry.title} {name}",
            source=DOMAIN,
            statistic_id=statistic_id(self._entry.entry_id, figure.key),
            unit_class=figure.unit_class,
            unit_of_measurement=figure.unit or self._hass.config.currency,
        )


def _full_hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _rows(
    figure: Figure, before: Sums, by_hour: Mapping[int, Sums], start: datetime, until: datetime
) -> Iterator[StatisticData]:
    """Yield every hour from a midnight to now, also those in which nothing happened: something may have, once."""
    sum_so_far, at = figure.value(before), _full_hour(start)
    while at < until:
        sums = by_hour.get(int(at.timestamp()))
        value = 0.0 if sums is None else figure.value(sums)
        sum_so_far += value
        yield StatisticData(start=at, state=round(value, 6), sum=round(sum_so_far, 6))
        at += HOUR


def async_follow(hass: HomeAssistant, entry: FlexEntry) -> None:
    """Tell the statistics of a home's books, each hour, once Home Assistant is up."""
    statistics = Statistics(hass, entry)
    entry.async_on_unload(async_at_started(hass, statistics.async_tell))
    entry.async_on_unload(async_track_time_change(hass, statistics.async_tell, minute=MINUTE, second=0))
