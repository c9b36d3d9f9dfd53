"""The departures ahead on a calendar, where they can also be made, moved and taken away.

An event begins at the departure. Its percentage, in title or description, is the level the battery should have; what
else its title says is kept as the name of the departure.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
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
from .core.model.intents import RemoveDeparture, RemoveProgramme, SetDeparture, SetProgramme, SkipDay
from .core.model.programme import Departure, Kind, Programme
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
LONGEST_TITLE: Final = 80

DEPARTURES: Final = CalendarEntityDescription(key="departures", translation_key="departures")


class DepartureCalendar(FlexEntity, CalendarEntity):
    """Show what the car leaves by; programmes repeat, departures for a single day do not."""

    supported_features = (
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
        drawn = Programme(
            departure=start.time(),
            v2g=wishes.v2g_usual,
            target_soc_pct=_target_pct(kwargs),
            title=self._title(kwargs),
        )
        if days is None:
            self.coordinator.put(SetDeparture(replace(drawn, once=start.date())))
        else:
            self.coordinator.put(SetProgramme(replace(drawn, number=self._free_number(), weekdays=days)))

    @override
    async def async_update_event(
        self, uid: str, event: dict[str, Any], recurrence_id: str | None = None, recurrence_range: str | None = None
    ) -> None:
        known, start = self._known(uid), _moment(event)
        drawn = replace(
            known, departure=start.time(), target_soc_pct=self._target_after(known, event), title=self._title(event)
        )
        day = _single_day(known, recurrence_id, recurrence_range)
        if day is not None:
            self._move_day(drawn, start, day)
            return
        days = _days(event)
        if days is None:
            self.coordinator.put(SetDeparture(_for_a_day(drawn, start), instead_of=known.wall))
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
        known = self._known(uid)
        day, wall = _single_day(known, recurrence_id, recurrence_range), known.wall
        if day is not None:
            self.coordinator.put(SkipDay(known.number, day))
            return
        self.coordinator.put(RemoveProgramme(known.number) if wall is None else RemoveDeparture(wall))

    def _known(self, uid: str) -> Programme:
        """Return what an event stands for."""
        found = next((p for p in self.coordinator.state.wishes.leavings if _uid(p) == uid), None)
        if found is None:
            raise invalid("event_gone")
        return found

    def _move_day(self, drawn: Programme, start: datetime, day: date) -> None:
        """Leave a programme out on a day, and leave by a departure of its own instead."""
        number = drawn.number
        self.coordinator.put(SetDeparture(_for_a_day(drawn, start)))
        self.coordinator.put(SkipDay(number, day))

    def _target_after(self, known: Programme, event: Mapping[str, Any]) -> float | None:
        """Return the level asked for after an edit; one that only repeats what was shown is no level of its own."""
        told_pct = _target_pct(event)
        unsaid = told_pct is None and EVENT_DESCRIPTION not in event
        return known.target_soc_pct if unsaid or told_pct == self._level_pct(known) else told_pct

    def _title(self, event: Mapping[str, Any]) -> str | None:
        """Return what somebody calls a departure, where that is not one of our own titles."""
        told = " ".join(PERCENT.sub("", str(event.get(EVENT_SUMMARY) or "")).split()).strip(" ,;:-()")
        ours = {self._word("message", f"{kind}{v2g}") for kind in Kind for v2g in ("", "_v2g")}
        return told[:LONGEST_TITLE] if told and told not in ours else None

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
            summary=programme.title or self._kind_word(programme),
            description=self._described(programme),
            uid=_uid(programme),
            recurrence_id=f"{start:%Y%m%dT%H%M%S}" if weekly else None,
            rrule=rule if weekly else None,
        )

    def _described(self, programme: Programme) -> str:
        """Return the level the battery should have, and what preparing the cabin costs."""
        lines = [self._word("description", "target", target=f"{self._level_pct(programme):.0f}")]
        if programme.title:
            lines.insert(0, self._kind_word(programme))
        if programme.v2g_hours_lost:
            minutes = f"{programme.climate.total_seconds() / 60:.0f}"
            lines.append(self._word("description", "v2g_hours_lost", minutes=minutes))
        return "\n".join(lines)

    def _level_pct(self, programme: Programme) -> float:
        """Return what the battery should have, within the limits."""
        return self.coordinator.state.wishes.level_pct(programme)

    def _kind_word(self, programme: Programme) -> str:
        """Return what a departure is for."""
        return self._word("message", f"{programme.kind}_v2g" if programme.v2g else programme.kind)

    def _word(self, attribute: str, key: str, **blanks: str) -> str:
        """Return a word of ours in the language of Home Assistant."""
        path = f"entity.calendar.{DEPARTURES.translation_key}.state_attributes.{attribute}.state.{key}"
        translations = self.platform_data.platform_translations
        return translations.get(f"component.{self.platform_data.platform_name}.{path}", key).format(**blanks)


def _uid(programme: Programme) -> str:
    return f"programme/{programme.number}" if programme.wall is None else f"departure/{programme.wall.isoformat()}"


def _for_a_day(programme: Programme, start: datetime) -> Programme:
    """Return a programme as a departure of a single day."""
    return replace(programme, number=0, weekdays=(), skipped=(), once=start.date(), enabled=True)


def _single_day(known: Programme, recurrence_id: str | None, recurrence_range: str | None) -> date | None:
    """Return the day of a programme that alone is meant; ``None`` where it is all of them."""
    if known.once is not None or not recurrence_id or recurrence_range:
        return None
    try:
        return datetime.strptime(recurrence_id[:8], "%Y%m%d").date()
    except ValueError:
        raise invalid("event_gone") from None


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
