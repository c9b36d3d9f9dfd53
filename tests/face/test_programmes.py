"""Programmes and departures as people see and change them: actions, entities, calendar, and a repair."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any

from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.entity_component import async_update_entity
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.mobilize_flex.const import DOMAIN
from custom_components.mobilize_flex.coordinator import FlexCoordinator
from custom_components.mobilize_flex.core.model.facts import Ticked
from custom_components.mobilize_flex.core.model.intents import ChargeNow, SetDeparture, SetProgramme, SkipDay
from custom_components.mobilize_flex.core.model.programme import Kind, Programme
from custom_components.mobilize_flex.core.model.session import Phase, Session
from custom_components.mobilize_flex.core.model.wishes import Wishes

from .house import STATION, become, coordinator, find, move_in, plan, seen, station, with_evse

SITE = "site/site"
WORK = Programme(number=1, departure=time(7, 30), weekdays=(0, 1, 2, 3, 4), v2g=True)
SUNDAY_EVENING = "2026-11-22 18:00:00+01:00"


@pytest.fixture
def clock() -> Iterator[FrozenDateTimeFactory]:
    """Hold the clock on a Sunday evening; what waits for seconds still gets them."""
    with freeze_time(SUNDAY_EVENING, ignore=["asyncio"]) as clock:
        yield clock


@pytest.fixture(autouse=True)
async def _in_paris(hass: HomeAssistant, socket_enabled: None) -> None:
    """Let the station server listen."""
    await hass.config.async_set_time_zone("Europe/Paris")


async def ask(hass: HomeAssistant, name: str, /, **fields: Any) -> Any:
    """Call an action and return what it tells."""
    return await hass.services.async_call(DOMAIN, name, fields, blocking=True, return_response=True)


async def act(hass: HomeAssistant, domain: str, action: str, entity_id: str, **fields: object) -> None:
    """Do what a person does with an entity."""
    await hass.services.async_call(domain, action, {"entity_id": entity_id, **fields}, blocking=True)
    await hass.async_block_till_done()


def wishes(home: MockConfigEntry) -> Wishes:
    """Return what the owner of a home wants."""
    return coordinator(home).state.wishes


async def refusal(hass: HomeAssistant, name: str, /, **fields: Any) -> str:
    """Return the sentence with which an action is refused."""
    with pytest.raises(ServiceValidationError) as refused:
        await ask(hass, name, **fields)
    text = str(refused.value)
    assert text != refused.value.translation_key
    assert "{" not in text
    return text


# actions


@pytest.mark.usefixtures("clock")
async def test_a_programme_is_set_told_replaced_and_removed(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    told = await ask(
        hass, "set_programme", number=1, departure="07:30", weekdays=["fri", "mon"], v2g=True, target_soc=80,
        config_entry_id=home.entry_id,
    )  # fmt: skip
    first = {
        "number": 1, "departure": "07:30", "weekdays": ["mon", "fri"], "skipped": [], "title": None, "kind": "charge",
        "v2g": True, "enabled": True, "target_soc": 80.0, "v2g_hours_lost": 0.0, "recommendation": None,
    }  # fmt: skip
    assert told == await ask(hass, "get_programmes") == {
        "programmes": [first], "departures": [], "next_departure": "2026-11-23T07:30:00+01:00",
        "switched_off_by_instant_charge": [],
    }  # fmt: skip
    await ask(hass, "set_programme", number=1, departure="08:15:00", weekdays=["sat"], kind="both", enabled=False)
    assert wishes(home).programmes == (
        Programme(number=1, departure=time(8, 15), weekdays=(5,), kind=Kind.BOTH, enabled=False),
    )
    assert (await ask(hass, "remove_programme", number=1))["programmes"] == []


@pytest.mark.usefixtures("clock")
async def test_preparing_the_cabin_costs_v2g_hours_and_there_is_a_better_way(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    told = await ask(hass, "set_programme", number=1, departure="07:30", weekdays=["mon"], v2g=True, kind="both")
    cost = {"v2g_hours_lost": 0.33, "recommendation": "precondition_outside_programme"}
    assert cost.items() <= told["programmes"][0].items()
    start = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
    made = plan(7000.0, start=start, departure=datetime(2026, 11, 23, 6, 30, tzinfo=UTC))
    await become(hass, home, with_evse(coordinator(home).state, plan=made))
    assert cost.items() <= (await ask(hass, "get_plan")).items()
    told = await ask(hass, "set_programme", number=1, departure="07:30", weekdays=["mon"], kind="both")
    assert (told["programmes"][0]["v2g_hours_lost"], told["programmes"][0]["recommendation"]) == (0.0, None)


@pytest.mark.usefixtures("clock")
async def test_tomorrow_at_five(hass: HomeAssistant, clock: FrozenDateTimeFactory) -> None:
    home = await move_in(hass, station())
    coordinator(home).put(SetProgramme(WORK))
    told = await ask(hass, "add_departure", departure="2026-11-23 05:00:00")
    assert told["departures"] == [
        {
            "departure": "2026-11-23 05:00", "title": None, "kind": "charge", "v2g": True, "enabled": True,
            "target_soc": None, "v2g_hours_lost": 0.0, "recommendation": None,
        }
    ]  # fmt: skip
    assert told["next_departure"] == "2026-11-23T05:00:00+01:00"
    await hass.async_block_till_done()
    assert seen(hass, SITE, "next_departure").state == "2026-11-23T04:00:00+00:00"
    told = await ask(hass, "add_departure", departure="2026-11-23T04:00:00Z", v2g=False, target_soc=60)
    assert [(d["departure"], d["v2g"], d["target_soc"]) for d in told["departures"]] == [
        ("2026-11-23 05:00", False, 60.0)
    ]
    clock.move_to("2026-11-23 05:00:01+01:00")
    coordinator(home).take(Ticked())
    assert (await ask(hass, "get_programmes"))["departures"] == []


@pytest.mark.usefixtures("clock")
async def test_a_departure_is_taken_back(hass: HomeAssistant) -> None:
    await move_in(hass, station())
    await ask(hass, "add_departure", departure="2026-12-24 05:00")
    assert "2026-12-24 06:00" in await refusal(hass, "remove_departure", departure="2026-12-24 06:00")
    assert (await ask(hass, "remove_departure", departure="2026-12-24 05:00"))["departures"] == []


@pytest.mark.usefixtures("clock")
async def test_v2g_for_all_as_on_the_cars_own_screen(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    coordinator(home).put(SetProgramme(replace(WORK, v2g=False)))
    await ask(hass, "add_departure", departure="2026-11-23 05:00")
    told = await ask(hass, "apply_v2g_to_all")
    assert [p["v2g"] for p in told["programmes"] + told["departures"]] == [True, True]


async def test_programmes_do_not_become_v2g_by_the_switch_of_the_home(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    coordinator(home).put(SetProgramme(replace(WORK, v2g=False)))
    await act(hass, "switch", "turn_off", find(hass, SITE, "v2g", "switch"))
    await act(hass, "switch", "turn_on", find(hass, SITE, "v2g", "switch"))
    assert [p.v2g for p in wishes(home).programmes] == [False]


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("action", "fields", "says"),
    [
        ("set_programme", {"number": 4, "departure": "08:00", "weekdays": ["mon"]}, "three programmes"),
        ("set_programme", {"number": 3, "departure": "07:30", "weekdays": ["mon"]}, "same moment"),
        ("set_programme", {"number": 3, "departure": "08:00"}, "weekday"),
        ("set_programme", {"number": 3, "departure": "08:00", "weekdays": ["sat"], "target_soc": 10}, "minimum"),
        ("remove_programme", {"number": 9}, "9"),
        ("add_departure", {"departure": "2026-11-21 05:00"}, "past"),
        ("add_departure", {"departure": "2026-11-23 05:00", "target_soc": 5}, "5 %"),
    ],
)
@pytest.mark.parametrize("language", ["en", "fr"])
async def test_what_makes_no_sense_is_refused_in_words(
    hass: HomeAssistant, language: str, action: str, fields: Mapping[str, Any], says: str
) -> None:
    await hass.config.async_update(language=language)
    home = await move_in(hass, station())
    for n in (1, 2, 3):
        coordinator(home).put(SetProgramme(replace(WORK, number=n, departure=time(6 + n, 30))))
    text = await refusal(hass, action, **fields)
    assert says in text or language == "fr"


# entities


async def test_setting_the_time_of_a_programme_that_is_not_there_makes_one_for_every_day(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    assert seen(hass, SITE, "programme_2_departure", "time").state == "unknown"
    for key, domain in (("days", "select"), ("enabled", "switch"), ("v2g", "switch")):
        assert seen(hass, SITE, f"programme_2_{key}", domain).state == "unavailable"
    await act(hass, "time", "set_value", find(hass, SITE, "programme_2_departure", "time"), time="06:45:00")
    assert wishes(home).programmes == (Programme(number=2, departure=time(6, 45), weekdays=tuple(range(7))),)
    assert seen(hass, SITE, "programme_2_departure", "time").state == "06:45:00"
    assert seen(hass, SITE, "programme_2_days", "select").state == "every_day"
    assert seen(hass, SITE, "programme_2_enabled", "switch").state == "on"
    assert seen(hass, SITE, "programme_2_v2g", "switch").state == "off"
    assert seen(hass, SITE, "programme_1_departure", "time").state == "unknown"


async def test_a_programme_is_changed_piece_by_piece(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    coordinator(home).put(SetProgramme(replace(WORK, target_soc_pct=70.0)))
    await hass.async_block_till_done()
    await act(hass, "time", "set_value", find(hass, SITE, "programme_1_departure", "time"), time="08:00:00")
    await act(hass, "select", "select_option", find(hass, SITE, "programme_1_days", "select"), option="weekend")
    await act(hass, "switch", "turn_off", find(hass, SITE, "programme_1_v2g", "switch"))
    await act(hass, "switch", "turn_off", find(hass, SITE, "programme_1_enabled", "switch"))
    changed = replace(WORK, departure=time(8), weekdays=(5, 6), v2g=False, enabled=False, target_soc_pct=70.0)
    assert wishes(home).programmes == (changed,)
    await act(hass, "switch", "turn_on", find(hass, SITE, "programme_1_v2g", "switch"))
    await act(hass, "switch", "turn_on", find(hass, SITE, "programme_1_enabled", "switch"))
    assert wishes(home).programmes == (replace(changed, v2g=True, enabled=True),)


async def test_other_days_than_the_usual_are_shown_and_stay(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    coordinator(home).put(SetProgramme(replace(WORK, weekdays=(0, 3))))
    await hass.async_block_till_done()
    days = seen(hass, SITE, "programme_1_days", "select")
    assert (days.state, "custom" in days.attributes["options"]) == ("custom", True)
    await act(hass, "select", "select_option", days.entity_id, option="custom")
    assert wishes(home).programmes[0].weekdays == (0, 3)
    await act(hass, "select", "select_option", days.entity_id, option="every_day")
    days = seen(hass, SITE, "programme_1_days", "select")
    assert (days.state, "custom" in days.attributes["options"]) == ("every_day", False)


@pytest.mark.as_at_first
@pytest.mark.parametrize(("domain", "key"), [("select", "programme_1_kind"), ("number", "programme_1_target_soc")])
async def test_what_few_people_need_is_off_until_switched_on(hass: HomeAssistant, domain: str, key: str) -> None:
    await move_in(hass, station())
    entry = er.async_get(hass).async_get(find(hass, SITE, key, domain))
    assert entry is not None
    assert entry.disabled_by is er.RegistryEntryDisabler.INTEGRATION


async def test_kind_and_target_of_a_programme(hass: HomeAssistant) -> None:
    registry = er.async_get(hass)
    for domain, key in (("select", "kind"), ("number", "target_soc")):
        registry.async_get_or_create(domain, DOMAIN, f"01HOME/{SITE}/programme_1_{key}", disabled_by=None)
    home = await move_in(hass, station())
    coordinator(home).put(SetProgramme(WORK))
    await hass.async_block_till_done()
    target = seen(hass, SITE, "programme_1_target_soc", "number")
    assert target.state == "80.0"
    await act(hass, "number", "set_value", target.entity_id, value=65)
    await act(hass, "select", "select_option", find(hass, SITE, "programme_1_kind", "select"), option="precondition")
    assert wishes(home).programmes == (replace(WORK, kind=Kind.PRECONDITION, target_soc_pct=65.0),)
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, "number", "set_value", target.entity_id, value=10)
    assert refused.value.translation_key == "target_conflict"


async def test_two_programmes_cannot_be_moved_to_the_same_moment(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    coordinator(home).put(SetProgramme(WORK))
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, "time", "set_value", find(hass, SITE, "programme_2_departure", "time"), time="07:30:00")
    assert refused.value.translation_key == "programme_duplicate_moment"
    assert seen(hass, SITE, "programme_2_departure", "time").state == "unknown"


# the calendar


async def events(hass: HomeAssistant, start: str, end: str) -> list[dict[str, Any]]:
    """Return what the calendar shows between two days."""
    calendar = find(hass, SITE, "departures", "calendar")
    span = {"entity_id": calendar, "start_date_time": f"{start} 00:00:00", "end_date_time": f"{end} 00:00:00"}
    told: Any = await hass.services.async_call("calendar", "get_events", span, blocking=True, return_response=True)
    found: list[dict[str, Any]] = told[calendar]["events"]
    return found


class Pencil:
    """Write in the calendar as the calendar page does."""

    def __init__(self, hass: HomeAssistant, client: Any) -> None:
        self.calendar = find(hass, SITE, "departures", "calendar")
        self._client = client

    async def _send(self, what: str, **fields: Any) -> str | None:
        message = {"type": f"calendar/event/{what}", "entity_id": self.calendar, **fields}
        await self._client.send_json_auto_id(message)
        answer = await self._client.receive_json()
        return None if answer["success"] else str(answer["error"]["message"])

    async def create(self, start: str, **more: str) -> str | None:
        return await self._send("create", event=_event(start, **more))

    async def update(self, uid: str, start: str, *, series: str | None = None, **more: str) -> str | None:
        return await self._send("update", uid=uid, event=_event(start, **more), **_series(series))

    async def update_day(self, uid: str, day: str, start: str, **more: str) -> str | None:
        return await self._send("update", uid=uid, event=_event(start, **more), recurrence_id=day)

    async def delete(self, uid: str, *, series: str | None = None, day: str | None = None) -> str | None:
        return await self._send("delete", uid=uid, **_series(series), **({"recurrence_id": day} if day else {}))


def _event(start: str, **more: str) -> dict[str, str]:
    end = datetime.fromisoformat(start) + (timedelta(days=1) if len(start) == 10 else timedelta(hours=1))
    until = end.date().isoformat() if len(start) == 10 else end.isoformat()
    return {"summary": "Train", "dtstart": start, "dtend": until, **more}


def _series(day: str | None) -> dict[str, str]:
    return {"recurrence_id": day, "recurrence_range": "THISANDFUTURE"} if day else {}


@pytest.fixture
async def home(hass: HomeAssistant) -> MockConfigEntry:
    home = await move_in(hass, station())
    coordinator(home).put(SetProgramme(WORK))
    await hass.async_block_till_done()
    return home


@pytest.fixture
async def pencil(hass: HomeAssistant, home: MockConfigEntry, hass_ws_client: Any) -> Pencil:
    return Pencil(hass, await hass_ws_client())


@pytest.mark.usefixtures("clock")
async def test_a_week_on_the_calendar(hass: HomeAssistant, home: MockConfigEntry) -> None:
    coordinator(home).put(SetDeparture(Programme(departure=time(5), once=date(2026, 11, 28), kind=Kind.BOTH)))
    found = await events(hass, "2026-11-16", "2026-11-30")
    assert [(e["start"], e["summary"]) for e in found] == [
        ("2026-11-23T07:30:00+01:00", "Departure with V2G"),
        ("2026-11-24T07:30:00+01:00", "Departure with V2G"),
        ("2026-11-25T07:30:00+01:00", "Departure with V2G"),
        ("2026-11-26T07:30:00+01:00", "Departure with V2G"),
        ("2026-11-27T07:30:00+01:00", "Departure with V2G"),
        ("2026-11-28T05:00:00+01:00", "Departure, charged and with a prepared cabin"),
    ]
    assert found[0]["end"] == "2026-11-23T08:00:00+01:00"
    assert found[0]["description"] == "Target: 80 %"


@pytest.mark.usefixtures("clock")
async def test_the_calendar_says_what_preparing_the_cabin_costs_in_the_owners_language(hass: HomeAssistant) -> None:
    await hass.config.async_update(language="fr")
    home = await move_in(hass, station())
    coordinator(home).put(SetProgramme(replace(WORK, kind=Kind.PRECONDITION, target_soc_pct=70.0)))
    (first, *_) = await events(hass, "2026-11-23", "2026-11-24")
    assert first["summary"] == "Départ avec V2G, habitacle climatisé"
    assert first["description"].startswith("Objectif : 70 %\nClimatiser l'habitacle retire 20 minutes")


@pytest.mark.usefixtures("clock")
async def test_the_calendar_is_on_while_the_car_leaves(
    hass: HomeAssistant, home: MockConfigEntry, clock: FrozenDateTimeFactory
) -> None:
    shown = seen(hass, SITE, "departures", "calendar")
    assert (shown.state, shown.attributes["start_time"]) == ("off", "2026-11-23 07:30:00")
    for at, state in (("07:30:01", "on"), ("08:00:01", "off")):
        clock.move_to(f"2026-11-23 {at}+01:00")
        await async_update_entity(hass, shown.entity_id)
        assert seen(hass, SITE, "departures", "calendar").state == state
    assert seen(hass, SITE, "departures", "calendar").attributes["start_time"] == "2026-11-24 07:30:00"


@pytest.mark.parametrize(
    ("now", "day", "wall", "shown"),
    [
        ("2026-10-23", "2026-10-25", time(2, 45), "2026-10-25T02:45:00+02:00"),
        ("2026-10-23", "2026-10-25", time(3, 15), "2026-10-25T03:15:00+01:00"),
        ("2027-03-26", "2027-03-28", time(1, 45), "2027-03-28T01:45:00+01:00"),
        ("2027-03-26", "2027-03-28", time(2, 30), "2027-03-28T03:30:00+02:00"),
    ],
)
async def test_nights_when_the_clocks_change(
    hass: HomeAssistant, clock: FrozenDateTimeFactory, now: str, day: str, wall: time, shown: str
) -> None:
    clock.move_to(f"{now} 12:00:00+00:00")
    home = await move_in(hass, station())
    coordinator(home).put(SetProgramme(replace(WORK, departure=wall, weekdays=(6,))))
    after = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    assert [e["start"] for e in await events(hass, day, after)] == [shown]


async def test_an_event_becomes_a_departure_for_that_day(home: MockConfigEntry, pencil: Pencil) -> None:
    assert await pencil.create("2099-12-24T05:00:00+01:00", summary="Train, 90 %") is None
    assert wishes(home).departures == (
        Programme(departure=time(5), once=date(2099, 12, 24), v2g=True, target_soc_pct=90.0, title="Train"),
    )


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=WEEKLY;BYDAY=SU,SA", (5, 6)),
        ("FREQ=WEEKLY", (3,)),
        ("FREQ=DAILY;INTERVAL=1", (0, 1, 2, 3, 4, 5, 6)),
    ],
)
async def test_an_event_that_repeats_becomes_a_programme(
    home: MockConfigEntry, pencil: Pencil, rule: str, days: tuple[int, ...]
) -> None:
    assert await pencil.create("2099-12-24T05:00:00+01:00", rrule=rule) is None
    new = Programme(number=2, departure=time(5), weekdays=days, v2g=True, title="Train")
    assert wishes(home).programmes == (WORK, new)


@pytest.mark.parametrize(
    ("start", "rule", "says"),
    [
        ("2099-12-24", None, "needs a time"),
        ("2020-11-20T05:00:00+01:00", None, "is past"),
        ("2099-12-24T05:00:00+01:00", "FREQ=WEEKLY;INTERVAL=2", "every week"),
        ("2099-12-24T05:00:00+01:00", "FREQ=WEEKLY;COUNT=3", "every week"),
        ("2099-12-24T05:00:00+01:00", "FREQ=MONTHLY", "every week"),
        ("2099-12-24T05:00:00+01:00", "FREQ=MONTHLY;BYDAY=1MO", "every week"),
        ("2099-11-23T07:30:00+01:00", "FREQ=WEEKLY;BYDAY=MO", "same moment"),
    ],
)
async def test_what_a_calendar_cannot_hold_is_refused_in_words(
    home: MockConfigEntry, pencil: Pencil, start: str, rule: str | None, says: str
) -> None:
    before = wishes(home)
    told = await pencil.create(start, **({"rrule": rule} if rule else {}))
    assert told is not None
    assert says in told
    assert wishes(home) is before


async def test_a_fourth_programme_is_refused_on_the_calendar_too(home: MockConfigEntry, pencil: Pencil) -> None:
    for hour in (1, 2):
        assert await pencil.create(f"2099-11-23T0{hour}:00:00+01:00", rrule="FREQ=DAILY") is None
    told = await pencil.create("2099-11-23T03:00:00+01:00", rrule="FREQ=DAILY")
    assert (told or "").startswith("There can be three programmes at most.")


async def test_a_departure_is_moved_and_taken_off_the_calendar(
    hass: HomeAssistant, home: MockConfigEntry, pencil: Pencil
) -> None:
    await pencil.create("2099-11-28T05:00:00+01:00", summary="Train, 90 %")
    uid = "departure/2099-11-28T05:00:00"
    assert await pencil.update(uid, "2099-11-29T06:00:00+01:00", description="Target: 85 %") is None
    moved = Programme(departure=time(6), once=date(2099, 11, 29), v2g=True, target_soc_pct=85.0, title="Train")
    assert wishes(home).departures == (moved,)
    assert await pencil.update(uid, "2099-11-29T07:00:00+01:00") == "This departure is no longer there"
    assert await pencil.delete("departure/2099-11-29T06:00:00") is None
    assert wishes(home).departures == ()


async def test_a_programme_is_moved_and_removed_with_all_its_days(
    hass: HomeAssistant, home: MockConfigEntry, pencil: Pencil
) -> None:
    day, rule = "20991124T073000", "FREQ=WEEKLY;BYDAY=MO,TU"
    told = await pencil.update(
        "programme/1", "2099-11-24T08:00:00+01:00", series=day, rrule=rule, description="Target: 80 %"
    )
    assert told is None
    assert wishes(home).programmes == (replace(WORK, departure=time(8), weekdays=(0, 1), title="Train"),)
    assert await pencil.delete("programme/1", series=day) is None
    assert wishes(home).programmes == ()


async def test_a_departure_becomes_a_programme_and_the_other_way_round(home: MockConfigEntry, pencil: Pencil) -> None:
    await pencil.create("2099-11-28T05:00:00+01:00")
    uid = "departure/2099-11-28T05:00:00"
    assert await pencil.update(uid, "2099-11-28T05:00:00+01:00", rrule="FREQ=WEEKLY;BYDAY=SA") is None
    assert wishes(home).departures == ()
    weekly = Programme(number=2, departure=time(5), weekdays=(5,), v2g=True, title="Train")
    assert wishes(home).programmes == (WORK, weekly)
    assert await pencil.update("programme/2", "2099-11-28T05:00:00+01:00") is None
    assert wishes(home).programmes == (WORK,)
    assert wishes(home).departures == (replace(weekly, number=0, weekdays=(), once=date(2099, 11, 28)),)


async def test_one_day_of_a_programme_is_taken_off_the_calendar(
    hass: HomeAssistant, home: MockConfigEntry, pencil: Pencil
) -> None:
    assert await pencil.delete("programme/1", day="20991124T073000") is None
    assert wishes(home).programmes == (replace(WORK, skipped=(date(2099, 11, 24),)),)
    assert (await ask(hass, "get_programmes"))["programmes"][0]["skipped"] == ["2099-11-24"]
    assert await pencil.delete("programme/1", day="20991128T073000") == "There is no departure at 2099-11-28"
    assert await pencil.delete("programme/1", day="nonsense") == "This departure is no longer there"


async def test_one_day_of_a_programme_is_left_at_another_time(home: MockConfigEntry, pencil: Pencil) -> None:
    told = await pencil.update_day("programme/1", "20991124T073000", "2099-11-24T09:15:00+01:00", summary="Doctor")
    assert told is None
    assert wishes(home).programmes == (replace(WORK, skipped=(date(2099, 11, 24),)),)
    instead = Programme(departure=time(9, 15), once=date(2099, 11, 24), v2g=True, title="Doctor")
    assert wishes(home).departures == (instead,)


@pytest.mark.usefixtures("clock")
async def test_a_day_that_is_left_out_is_no_departure(hass: HomeAssistant, home: MockConfigEntry) -> None:
    coordinator(home).put(SkipDay(1, date(2026, 11, 23)))
    assert (await ask(hass, "get_programmes"))["next_departure"] == "2026-11-24T07:30:00+01:00"
    assert [e["start"] for e in await events(hass, "2026-11-23", "2026-11-25")] == ["2026-11-24T07:30:00+01:00"]


@pytest.mark.usefixtures("clock")
async def test_a_departure_keeps_the_name_somebody_gave_it(hass: HomeAssistant, home: MockConfigEntry) -> None:
    await ask(hass, "add_departure", departure="2026-11-28 05:00", title="Airport", target_soc=95)
    (event,) = await events(hass, "2026-11-28", "2026-11-29")
    assert event["summary"] == "Airport"
    assert event["description"] == "Departure with V2G\nTarget: 80 %"


async def test_a_title_of_ours_is_no_name_and_its_percentage_counts(home: MockConfigEntry, pencil: Pencil) -> None:
    start, rule = "2099-11-24T07:30:00+01:00", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
    assert await pencil.update("programme/1", start, rrule=rule, summary="Departure with V2G 60 %") is None
    assert wishes(home).programmes == (replace(WORK, target_soc_pct=60.0),)


@pytest.mark.usefixtures("clock")
async def test_a_programme_that_only_prepares_the_cabin_asks_for_no_level(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    coordinator(home).put(SetProgramme(replace(WORK, kind=Kind.PRECONDITION)))
    (event, *_) = await events(hass, "2026-11-23", "2026-11-24")
    assert event["description"].startswith("Target: 20 %")


# after an instant charge


async def charging(hass: HomeAssistant, home: MockConfigEntry) -> FlexCoordinator:
    """Put a car into a session and charge it at once."""
    flex = coordinator(home)
    key = f"{STATION}/t1"
    began = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
    session = Session(key=key, station=STATION, evse=1, transaction="t1", started_at=began, phase=Phase.V2G)
    state = replace(flex.state, sessions=MappingProxyType({key: session}))
    await become(hass, home, with_evse(state, phase=Phase.V2G, session=key))
    flex.put(ChargeNow(STATION))
    await hass.async_block_till_done()
    return flex


def offer(hass: HomeAssistant) -> ir.IssueEntry | None:
    """Return the repair that offers the programmes back."""
    return ir.async_get(hass).async_get_issue(DOMAIN, "programmes_off_01HOME")


async def test_the_repair_switches_the_programmes_on_again(
    hass: HomeAssistant, home: MockConfigEntry, hass_client: Any
) -> None:
    assert await async_setup_component(hass, "repairs", {})
    assert offer(hass) is None
    flex = await charging(hass, home)
    assert [p.enabled for p in wishes(home).programmes] == [False]
    found = offer(hass)
    assert found is not None
    assert found.is_fixable
    client = await hass_client()
    asked = {"handler": DOMAIN, "issue_id": found.issue_id}
    page = await (await client.post("/api/repairs/issues/fix", json=asked)).json()
    assert (page["type"], page["step_id"]) == ("form", "confirm")
    assert [p.enabled for p in wishes(home).programmes] == [False]
    done = await (await client.post(f"/api/repairs/issues/fix/{page['flow_id']}", json={})).json()
    assert done["type"] == "create_entry"
    assert [p.enabled for p in wishes(home).programmes] == [True]
    assert flex.state.stations[STATION].evses[1].phase is Phase.INSTANT
    assert offer(hass) is None


async def test_the_offer_goes_when_somebody_switches_the_programmes_on(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    await charging(hass, home)
    await act(hass, "switch", "turn_on", find(hass, SITE, "programme_1_enabled", "switch"))
    assert offer(hass) is None


async def test_the_repair_of_a_home_that_is_not_running_says_so(
    hass: HomeAssistant, home: MockConfigEntry, hass_client: Any
) -> None:
    assert await async_setup_component(hass, "repairs", {})
    await charging(hass, home)
    client = await hass_client()
    asked = {"handler": DOMAIN, "issue_id": "programmes_off_01HOME"}
    page = await (await client.post("/api/repairs/issues/fix", json=asked)).json()
    assert await hass.config_entries.async_unload(home.entry_id)
    done = await (await client.post(f"/api/repairs/issues/fix/{page['flow_id']}", json={})).json()
    assert (done["type"], done["reason"]) == ("abort", "site_gone")
