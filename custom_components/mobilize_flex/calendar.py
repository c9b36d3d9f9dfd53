"""The departures ahead on a calendar, where they can also be made, moved and taken away.

An event begins at the departure. Its percentage, in title or description, is the level the battery should have.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
import re
from typing import Any, Final, override

from homeassistant.components.calendar import CalendarEntity, CalendarEntityDescription, CalendarEvent
from homeassistant.components.calendar.const import (
    EVENT_DESCRIPTION,
    EVENT_RRULE,
    EVENT_START,
    EVENT_SUMMARY,
    CalendarEntityFeature,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .coordinator import FlexEntry
from .core.model.intents import RemoveDeparture, RemoveProgramme, SetDeparture, SetProgramme
from .core.model.programme import Departure, Programme
from .entity import FlexEntity, Seen, populate
from .targets import invalid

PARALLEL_UPDATES = 1

LASTS: Final = timedelta(minutes=30)
"""How long a departure is on the calendar; by itself it is a mere instant."""
AHEAD: Final = timedelta(days=8)
FARTHEST: Final = timedelta(days=400)
DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
PLAIN_RULE: Final = {"FREQ", "BYDAY", "INTERVAL", "WKST"}
PERCENT: Final = re.compile(r"(?<![\d.,])(\d{1,3})\s*%")

DEPARTURES: Final = CalendarEntityDescription(key="departures", translation_key="departures")


class DepartureCalendar(FlexEntity, CalendarEntity):
    """Show what the car leaves by; programmes repeat, departures for a single day do not."""

    _attr_supported_features = (
        CalendarEntityFeature.CREATE_EVENT | CalendarEntityFeature.UPDATE_EVENT | CalendarEntityFeature.DELETE_EVENT
    )

    @property
    @override
    def event(self) -> CalendarEvent | None:
        now = self.coordinator.now().utc
        ahead = self.coordinator.departures(now - LASTS, now + AHEAD)
        return self._told_as(ahead[0]) if ahead else None

    @override
    def see(self) -> Seen:
        return Seen(True, str(self.event))

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        now = self.coordinator.now().utc
        after = max(start_date.astimezone(UTC), now) - LASTS
        until = min(end_date.astimezone(UTC), now + FARTHEST)
        return [self._told_as(d) for d in self.coordinator.departures(after, until) if after < d.at < until]

    @override
    async def async_create_event(self, **kwargs: Any) -> None:
        start, days = _moment(kwargs), _days(kwargs)
        wishes = self.coordinator.state.wishes
        drawn = Programme(departure=start.time(), v2g=wishes.v2g_usual, target_soc_pct=_target_pct(kwargs))
        if days is None:
            self.coordinator.put(SetDeparture(replace(drawn, once=start.date())))
        else:
            self.coordinator.put(SetProgramme(replace(drawn, number=self._free_number(), weekdays=days)))

    @override
    async def async_update_event(
        self, uid: str, event: dict[str, Any], recurrence_id: str | None = None, recurrence_range: str | None = None
    ) -> None:
        known = self._known(uid, recurrence_id, recurrence_range)
        start, days = _moment(event), _days(event)
        target_pct = _target_pct(event) if EVENT_DESCRIPTION in event else self._level_pct(known)
        if target_pct == self._level_pct(known):
            target_pct = known.target_soc_pct
        drawn = replace(known, departure=start.time(), target_soc_pct=target_pct)
        if days is None:
            single = replace(drawn, number=0, weekdays=(), once=start.date(), enabled=True)
            self.coordinator.put(SetDeparture(single, instead_of=known.wall))
            if known.once is None:
                self.coordinator.put(RemoveProgramme(known.number))
            return
        number = self._free_number() if known.wall else known.number
        self.coordinator.put(SetProgramme(replace(drawn, number=number, weekdays=days, once=None)))
        if known.wall is not None:
            self.coordinator.put(RemoveDeparture(known.wall))

    @override
    async def async_delete_event(
        self, uid: str, recurrence_id: str | None = None, recurrence_range: str | None = None
    ) -> None:
        known = self._known(uid, recurrence_id, recurrence_range)
        wall = known.wall
        self.coordinator.put(RemoveProgramme(known.number) if wall is None else RemoveDeparture(wall))

    def _known(self, uid: str, recurrence_id: str | None, recurrence_range: str | None) -> Programme:
        """Return what an event stands for; of a programme no single day can be meant."""
        found = next((p for p in self.coordinator.state.wishes.leavings if _uid(p) == uid), None)
        if found is None:
            raise invalid("event_gone")
        if found.once is None and recurrence_id and not recurrence_range:
            raise invalid("event_whole_programme", number=str(found.number))
        return found

    def _free_number(self) -> int:
        """Return the lowest number no programme has; one too many is refused by the controller."""
        taken = {p.number for p in self.coordinator.state.wishes.programmes}
        return next(n for n in range(1, len(taken) + 2) if n not in taken)

    def _told_as(self, departure: Departure) -> CalendarEvent:
        """Return a departure as an event."""
        programme = departure.programme
        start = dt_util.as_local(departure.at)
        weekly = programme.once is None
        rule = f"FREQ=WEEKLY;BYDAY={','.join(DAYS[day] for day in programme.weekdays)}"
        return CalendarEvent(
            start=start,
            end=start + LASTS,
            summary=self._word("message", f"{programme.kind}_v2g" if programme.v2g else programme.kind),
            description=self._described(programme),
            uid=_uid(programme),
            recurrence_id=f"{start:%Y%m%dT%H%M%S}" if weekly else None,
            rrule=rule if weekly else None,
        )

    def _described(self, programme: Programme) -> str:
        """Return the level the battery should have, and what preparing the cabin costs."""
        lines = [self._word("description", "target", target=f"{self._level_pct(programme):.0f}")]
        if programme.v2g_hours_lost:
            minutes = f"{programme.climate.total_seconds() / 60:.0f}"
            lines.append(self._word("description", "v2g_hours_lost", minutes=minutes))
        return "\n".join(lines)

    def _level_pct(self, programme: Programme) -> float:
        """Return what the battery should have: the departure's own level, else the maximum."""
        own_pct = programme.target_soc_pct
        return self.coordinator.state.wishes.soc_max_pct if own_pct is None else own_pct

    def _word(self, attribute: str, key: str, **blanks: str) -> str:
        """Return a word of ours in the language of Home Assistant."""
        path = f"entity.calendar.{DEPARTURES.translation_key}.state_attributes.{attribute}.state.{key}"
        translations = self.platform_data.platform_translations
        return translations.get(f"component.{self.platform_data.platform_name}.{path}", key).format(**blanks)


def _uid(programme: Programme) -> str:
    return f"programme/{programme.number}" if programme.wall is None else f"departure/{programme.wall.isoformat()}"


def _moment(event: Mapping[str, Any]) -> datetime:
    """Return the local wall time an event begins at."""
    start = event[EVENT_START]
    if not isinstance(start, datetime):
        raise invalid("event_all_day")
    return dt_util.as_local(start).replace(tzinfo=None, microsecond=0, fold=0)


def _target_pct(event: Mapping[str, Any]) -> float | None:
    """Return the percentage somebody wrote."""
    found = PERCENT.search(f"{event.get(EVENT_SUMMARY) or ''}\n{event.get(EVENT_DESCRIPTION) or ''}")
    return float(found[1]) if found else None


def _days(event: Mapping[str, Any]) -> tuple[int, ...] | None:
    """Return the weekdays on which an event repeats, for ever and every week; ``None`` where it does not repeat."""
    rule = event.get(EVENT_RRULE)
    if not rule:
        return None
    parts = dict(part.split("=", 1) for part in str(rule).upper().split(";"))
    named = [day for day in parts.get("BYDAY", "").split(",") if day]
    plain = parts.keys() <= PLAIN_RULE and parts.get("INTERVAL", "1") == "1" and set(named) <= set(DAYS)
    if not plain or parts.get("FREQ") not in {"DAILY", "WEEKLY"}:
        raise invalid("event_rule")
    if named:
        return tuple(sorted({DAYS.index(day) for day in named}))
    return tuple(range(7)) if parts["FREQ"] == "DAILY" else (_moment(event).weekday(),)


async def async_setup_entry(
    hass: HomeAssistant, entry: FlexEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the calendar of the home."""
    coordinator = entry.runtime_data
    populate(
        coordinator,
        async_add_entities,
        lambda place: [DepartureCalendar(coordinator, place, DEPARTURES)] if place.kind == "site" else [],
    )
