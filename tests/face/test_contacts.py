"""The grid operator's contacts: asked for in a dialog, followed, shown, and written down for two years."""

from collections.abc import Iterator
import csv
from datetime import timedelta
from http import HTTPStatus
from io import StringIO
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import ConfigSubentryDataWithId
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.mobilize_flex import const as c
from custom_components.mobilize_flex.configuration import site_config
from custom_components.mobilize_flex.contacts import contacts_of
from custom_components.mobilize_flex.core.model.commands import Keep
from custom_components.mobilize_flex.core.model.dimming import (
    Contact,
    ContactsRead,
    DimmingRecord,
    Draw,
    OthersMeasured,
)
from tests.face.homes import Part, home, part
from tests.face.house import coordinator, move_in, seen, station
from tests.face.test_sources import Following
from tests.face.test_subentries import live, only

BOX = "binary_sensor.control_box"
SECOND = "input_boolean.second"
PUMP, COOLING = "sensor.heat_pump", "sensor.cooling"
PART = "contacts/01CONTACTS"
OWN: dict[str, Any] = {"kind": "each_its_own", "dim_contacts": [BOX], "active_when": "closed", "devices": 1}
CODE: dict[str, Any] = {
    "kind": "code_of_two",
    "code_contact_1": BOX,
    "code_contact_2": SECOND,
    "code_open_open": "free",
    "code_closed_open": "dim",
    "code_open_closed": "feed_0",
    "code_closed_closed": "stop",
    "devices": 1,
}


def contacts(**data: Any) -> ConfigSubentryDataWithId:
    """Return the contacts as they are kept."""
    return ConfigSubentryDataWithId(
        subentry_id="01CONTACTS", data={**OWN, **data}, subentry_type=c.CONTACTS, title="§14a", unique_id="contacts"
    )


def asked(following: Following) -> list[tuple[tuple[Contact, bool | None], ...]]:
    """Return what the contacts asked, each time."""
    return [fact.contacts for fact in following.told if isinstance(fact, ContactsRead)]


@pytest.fixture(name="quiet")
def _quiet() -> Iterator[None]:
    """Keep sites from really starting: here only the questions count."""
    with patch("custom_components.mobilize_flex.async_setup_entry", return_value=True):
        yield


@pytest.fixture(name="site")
async def _site(hass: HomeAssistant, quiet: None) -> MockConfigEntry:
    hass.states.async_set(BOX, "off", {"friendly_name": "Control box"})
    hass.states.async_set(SECOND, "unavailable")
    return await live(hass, home(phases=3))


# asked


async def test_contacts_are_shown_before_they_are_kept(hass: HomeAssistant, site: MockConfigEntry) -> None:
    dialog = Part(hass, site, c.CONTACTS)
    await dialog.open()
    await dialog.choose("each_its_own")
    page = await dialog.fill(
        dim_contacts=[BOX], stop_contacts=[SECOND], active_when="open", devices=2, guarantee={"heating_kw": 20}
    )
    assert page["step_id"] == "seen"
    words = page["description_placeholders"]
    assert words["power"] == "11.36"
    assert "Control box | off" in words["contacts"]
    assert "unavailable" in words["contacts"]
    assert (await dialog.fill())["type"] is FlowResultType.CREATE_ENTRY
    kept = only(site, c.CONTACTS)
    assert contacts_of(kept.data).meanings == ((Contact.DIM, BOX), (Contact.STOP, SECOND))
    config = site_config(site, dt_util.UTC).dimming
    assert config is not None
    assert config.minimum_w == pytest.approx(8000 + 0.8 * 4200)


async def test_a_home_has_one_set_of_contacts_that_can_be_changed(hass: HomeAssistant, quiet: None) -> None:
    hass.states.async_set(BOX, "off")
    site = await live(hass, home(part(c.CONTACTS, OWN)))
    dialog = Part(hass, site, c.CONTACTS)
    assert (await dialog.open())["reason"] == "already_configured"
    await dialog.open("contacts-key")
    await dialog.choose("each_its_own")
    assert dialog.suggested("dim_contacts") == [BOX]
    await dialog.fill(dim_contacts=[BOX], active_when="open", devices=1, guarantee={"limit_kw": 5})
    assert (await dialog.fill())["reason"] == "reconfigure_successful"
    config = site_config(site, dt_util.UTC).dimming
    assert config is not None
    assert config.minimum_w == 5000.0


@pytest.mark.parametrize(
    ("answers", "errors"),
    [
        ({}, {"dim_contacts": "contact_missing"}),
        ({"dim_contacts": [BOX], "stop_contacts": [BOX]}, {"dim_contacts": "contact_twice"}),
        ({"dim_contacts": ["switch.gone"]}, {"dim_contacts": "entity_unknown"}),
        ({"dim_contacts": [BOX], "feed_in": {"feed_0_contact": "switch.gone"}}, {"feed_in": "entity_unknown"}),
        ({"dim_contacts": [BOX], "devices": 0}, {"devices": "devices_range"}),
        ({"dim_contacts": [BOX], "guarantee": {"heating_kw": -1}}, {"guarantee": "heating_kw_range"}),
        ({"dim_contacts": [BOX], "guarantee": {"limit_kw": 999}}, {"guarantee": "limit_kw_range"}),
    ],
)
async def test_what_is_wrong_with_contacts_is_told_and_can_be_mended(
    hass: HomeAssistant, site: MockConfigEntry, answers: dict[str, Any], errors: dict[str, str]
) -> None:
    dialog = Part(hass, site, c.CONTACTS)
    await dialog.open()
    await dialog.choose("each_its_own")
    page = await dialog.fill(**{"active_when": "closed", "devices": 1, **answers})
    assert page["errors"] == errors
    assert (await dialog.fill(dim_contacts=[BOX], active_when="closed", devices=1))["step_id"] == "seen"


async def test_two_contacts_that_are_a_code(hass: HomeAssistant, site: MockConfigEntry) -> None:
    dialog = Part(hass, site, c.CONTACTS)
    await dialog.open()
    await dialog.choose("code_of_two")
    answers = {key: value for key, value in CODE.items() if key != "kind"}
    assert (await dialog.fill(**{**answers, "code_contact_2": BOX}))["errors"] == {"code_contact_1": "contact_twice"}
    await dialog.fill(**answers)
    assert (await dialog.fill())["type"] is FlowResultType.CREATE_ENTRY
    assert contacts_of(only(site, c.CONTACTS).data) == contacts_of(CODE)


# followed


async def test_a_contact_is_told_at_once_and_at_each_change_only(hass: HomeAssistant) -> None:
    hass.states.async_set(BOX, "off")
    async with Following(hass, contacts()) as following:
        assert asked(following) == [((Contact.DIM, False),)]
        await following.says(BOX, "on")
        await following.says(BOX, "on", something="else")
        assert asked(following)[1:] == [((Contact.DIM, True),)]


@pytest.mark.parametrize("silence", ["unavailable", "unknown", "nonsense", None])
async def test_a_contact_that_does_not_answer_is_told_as_such(hass: HomeAssistant, silence: str | None) -> None:
    hass.states.async_set(BOX, "off")
    async with Following(hass, contacts(active_when="open")) as following:
        assert asked(following)[-1] == ((Contact.DIM, True),)
        await following.says(BOX, "on")
        assert asked(following)[-1] == ((Contact.DIM, False),)
        if silence is None:
            hass.states.async_remove(BOX)
            await hass.async_block_till_done()
        else:
            await following.says(BOX, silence)
        assert asked(following)[-1] == ((Contact.DIM, None),)


async def test_what_the_other_devices_draw_is_told_when_it_changes(hass: HomeAssistant) -> None:
    watts, kilowatts = {"unit_of_measurement": "W"}, {"unit_of_measurement": "kW"}
    hass.states.async_set(BOX, "off")
    hass.states.async_set(PUMP, "1500", watts)
    hass.states.async_set(COOLING, "0.5", kilowatts)
    async with Following(hass, contacts(other_powers=[PUMP, COOLING])) as following:
        await following.says(PUMP, "1520", **watts)
        await following.says(PUMP, "3000", **watts)
        await following.says(PUMP, "-50", **watts)
        await following.says(COOLING, "unavailable")
        await following.says(COOLING, "0.5", **kilowatts)
        told = [fact.power_w for fact in following.told if isinstance(fact, OthersMeasured)]
        assert told == [2000.0, 3500.0, 500.0, None, 500.0]


async def test_sensors_of_others_that_do_not_exist_are_refused(hass: HomeAssistant, site: MockConfigEntry) -> None:
    dialog = Part(hass, site, c.CONTACTS)
    await dialog.open()
    await dialog.choose("each_its_own")
    page = await dialog.fill(dim_contacts=[BOX], active_when="closed", devices=2, other_powers=["sensor.none"])
    assert page["errors"] == {"other_powers": "entity_unknown"}
    hass.states.async_set(PUMP, "0", {"unit_of_measurement": "W"})
    await dialog.fill(dim_contacts=[BOX], active_when="closed", devices=2, other_powers=[PUMP])
    await dialog.fill()
    config = site_config(site, dt_util.UTC).dimming
    assert config is not None
    assert (config.others_measured, config.devices) == (True, 2)


async def test_an_entity_that_is_not_there_yet_counts_as_silent(hass: HomeAssistant) -> None:
    async with Following(hass, contacts()) as following:
        assert asked(following) == [((Contact.DIM, None),)]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("off", "off", ()),
        ("on", "off", ((Contact.DIM, True),)),
        ("off", "on", ((Contact.FEED_0, True),)),
        ("on", "on", ((Contact.STOP, True),)),
        ("on", "unavailable", ((Contact.DIM, None), (Contact.STOP, None))),
        ("off", "unknown", ((Contact.FEED_0, None),)),
    ],
)
async def test_a_code_is_read_and_half_a_code_means_all_it_could(
    hass: HomeAssistant, first: str, second: str, expected: tuple[tuple[Contact, bool | None], ...]
) -> None:
    hass.states.async_set(BOX, first)
    hass.states.async_set(SECOND, second)
    async with Following(hass, contacts(**CODE)) as following:
        assert asked(following) == [expected]


# shown


@pytest.mark.usefixtures("socket_enabled")
async def test_what_the_grid_operator_asks_is_shown_as_long_as_he_does(hass: HomeAssistant) -> None:
    hass.states.async_set(BOX, "off")
    await move_in(hass, station(), contacts(devices=2))
    assert seen(hass, PART, "dimmed", "binary_sensor").state == "off"
    assert seen(hass, PART, "guaranteed_power").state == "7560.0"
    hass.states.async_set(BOX, "on")
    await hass.async_block_till_done()
    held = seen(hass, PART, "dimmed", "binary_sensor")
    assert (held.state, held.attributes["draw"], held.attributes["feed_in_pct"]) == ("on", "dimmed", 100)
    hass.states.async_set(BOX, "off")
    await hass.async_block_till_done()
    assert seen(hass, PART, "dimmed", "binary_sensor").state == "off"


@pytest.mark.usefixtures("socket_enabled")
async def test_a_contact_that_stops_drawing_guarantees_nothing(hass: HomeAssistant) -> None:
    hass.states.async_set(BOX, "on")
    await move_in(hass, station(), contacts(dim_contacts=[], stop_contacts=[BOX]))
    assert seen(hass, PART, "dimmed", "binary_sensor").attributes["draw"] == "stopped"
    assert seen(hass, PART, "guaranteed_power").state == "0.0"


# written down


async def test_orders_are_told_as_data_and_as_a_table(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, socket_enabled: None
) -> None:
    assert await async_setup_component(hass, "http", {})
    hass.states.async_set(BOX, "off")
    await move_in(hass, station(), contacts(devices=2))
    for state in ("on", "off", "on"):
        hass.states.async_set(BOX, state)
        await hass.async_block_till_done()
    told = await hass.services.async_call(c.DOMAIN, "get_dimming_log", {}, blocking=True, return_response=True)
    assert told is not None
    first, last = told["orders"]  # type: ignore[misc]
    assert (first["draw"], first["guaranteed_w"], first["devices"]) == ("dimmed", 7560.0, 2)
    assert first["end"] is not None
    assert last["end"] is None
    client = await hass_client_no_auth()
    answer = await client.get(str(told["table"]))
    assert answer.status == HTTPStatus.OK
    rows = list(csv.DictReader(StringIO(await answer.text())))
    assert [row["guaranteed_w"] for row in rows] == ["7560.0", "7560.0"]
    assert rows[0]["start"] == first["start"]
    assert (await client.get("/api/mobilize_flex/dimming/01HOME")).status == HTTPStatus.UNAUTHORIZED


@pytest.mark.usefixtures("socket_enabled")
async def test_only_the_span_asked_for_is_told(hass: HomeAssistant) -> None:
    hass.states.async_set(BOX, "off")
    flex = coordinator(await move_in(hass, station(), contacts()))
    now = dt_util.utcnow()
    for days in (400, 30, 1):
        started = now - timedelta(days=days)
        record = DimmingRecord(started_at=started, ended_at=started + timedelta(hours=1), draw=Draw.DIMMED)
        await flex.store.keep([Keep(f"dimming/{started.isoformat()}", record)])
    span = {"start_time": (now - timedelta(days=60)).isoformat(), "end_time": (now - timedelta(days=2)).isoformat()}
    told = await hass.services.async_call(c.DOMAIN, "get_dimming_log", span, blocking=True, return_response=True)
    assert told is not None
    assert len(told["orders"]) == 1  # type: ignore[arg-type]
    told = await hass.services.async_call(c.DOMAIN, "get_dimming_log", {}, blocking=True, return_response=True)
    assert told is not None
    assert len(told["orders"]) == 3  # type: ignore[arg-type]


@pytest.mark.usefixtures("socket_enabled")
async def test_orders_are_kept_for_two_years_and_no_longer(hass: HomeAssistant) -> None:
    hass.states.async_set(BOX, "off")
    entry = await move_in(hass, station(), contacts())
    now = dt_util.utcnow()
    for days in (740, 729):
        started = now - timedelta(days=days)
        record = DimmingRecord(started_at=started, ended_at=started + timedelta(hours=1), draw=Draw.DIMMED)
        await coordinator(entry).store.keep([Keep(f"dimming/{started.isoformat()}", record)])
    assert await hass.config_entries.async_reload(entry.entry_id)
    kept = await coordinator(entry).store.async_dimmings(now - timedelta(days=2000), now)
    assert [(now - record.started_at).days for record in kept] == [729]


@pytest.mark.usefixtures("socket_enabled")
async def test_an_order_in_force_survives_a_restart(hass: HomeAssistant) -> None:
    hass.states.async_set(BOX, "on")
    entry = await move_in(hass, station(), contacts())
    before = coordinator(entry).state.dimming.record
    assert await hass.config_entries.async_reload(entry.entry_id)
    after = coordinator(entry).state.dimming.record
    assert before is not None
    assert after is not None
    assert after.started_at == before.started_at
