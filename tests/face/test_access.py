"""The owner's list of badges: set, changed, learnt, removed, and nobody else's business."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
import json
import random
from typing import Any

from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.helpers import device_registry as dr, issue_registry as ir
import probatio
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.mobilize_flex import services_access
from custom_components.mobilize_flex.config_flow import FlexConfigFlow
from custom_components.mobilize_flex.const import DOMAIN
from custom_components.mobilize_flex.core.model.access import AccessList, Badge, BadgeStatus
from custom_components.mobilize_flex.core.model.commands import CallRef
from custom_components.mobilize_flex.core.model.facts import CardPresented, StationConnected
from custom_components.mobilize_flex.core.model.intents import SetBadge
from custom_components.mobilize_flex.core.model.station import Token, Version
from custom_components.mobilize_flex.diagnostics import (
    async_get_config_entry_diagnostics,
    async_get_device_diagnostics,
)
from custom_components.mobilize_flex.migration import MINOR_VERSION, VERSION

from .house import STATION, coordinator, move_in, station

CARD = "ISO14443"


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Let the station server listen."""


async def ask(hass: HomeAssistant, name: str, /, **fields: Any) -> Any:
    """Call an action that answers."""
    return await hass.services.async_call(DOMAIN, name, fields, blocking=True, return_response=True)


async def tell(hass: HomeAssistant, name: str, /, **fields: Any) -> None:
    """Call an action that does not answer."""
    await hass.services.async_call(DOMAIN, name, fields, blocking=True)


def badges(home: MockConfigEntry) -> tuple[Badge, ...]:
    """Return the list as the site holds it."""
    return coordinator(home).state.access.badges


def present(home: MockConfigEntry, token: str) -> None:
    """Hold a card to the station."""
    card = Token(value=token, kind=CARD)
    coordinator(home).take(CardPresented(call=CallRef(STATION, 1, "m"), station=STATION, token=card))


def dial_in(home: MockConfigEntry) -> None:
    """Have the station connected, as far as the site knows."""
    coordinator(home).take(StationConnected(station=STATION, version=Version.V201, link=1))


# the list


async def test_a_badge_is_set_read_changed_and_removed(hass: HomeAssistant) -> None:
    await hass.config.async_set_time_zone("Europe/Paris")
    home = await move_in(hass, station())
    await tell(
        hass, "set_token", token=" 04A1B2 ", driver="Camille", kind=CARD, group="FAMILY",
        valid_until="2027-01-01 00:00:00", stations=[STATION, STATION], v2g=False, one_charge=True,
        config_entry_id=home.entry_id,
    )  # fmt: skip
    told = await ask(hass, "get_tokens")
    (words,) = told["tokens"]
    assert words.pop("added_at")
    assert words == {
        "token": "04A1B2", "kind": CARD, "driver": "Camille", "status": "accepted", "group": "FAMILY",
        "valid_until": "2027-01-01T00:00:00+01:00", "stations": [STATION], "v2g": False, "one_charge": True,
    }  # fmt: skip
    assert told["stations"] == {STATION: {"access": "open", "own_list": "unknown", "version": 0, "left_out": 0}}
    await tell(hass, "set_token", token="04a1b2", status="blocked")
    (kept,) = badges(home)
    assert (kept.status, kept.driver, kept.token) == (BadgeStatus.BLOCKED, "Camille", "04a1b2")
    assert kept.valid_until == datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert await ask(hass, "remove_token", token="04A1B2", clear_on_stations=True) == {"stations": {}}
    assert badges(home) == ()


async def test_the_list_outlives_a_restart(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    await tell(hass, "set_token", token="04A1", driver="Camille")
    before = badges(home)
    await hass.config_entries.async_reload(home.entry_id)
    await hass.async_block_till_done()
    assert badges(home) == before != ()


@pytest.mark.parametrize(
    ("action", "fields", "key"),
    [
        ("remove_token", {"token": "04A1"}, "token_unknown"),
        ("set_token", {"token": "04A1", "stations": ["nobody"]}, "station_unknown"),
        ("learn_token", {"driver": "Lou"}, "station_offline"),
        ("learn_token", {"station": "nobody"}, "station_unknown"),
    ],
)
async def test_what_makes_no_sense_is_refused_in_words(
    hass: HomeAssistant, action: str, fields: Mapping[str, Any], key: str
) -> None:
    await move_in(hass, station())
    with pytest.raises(ServiceValidationError) as refused:
        await tell(hass, action, **fields)
    assert refused.value.translation_key == key
    text = str(refused.value)
    assert text != key
    assert "{" not in text
    assert "04A1" not in text


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("set_token", {"token": ""}),
        ("set_token", {"token": "x" * 37}),
        ("set_token", {"token": "é"}),
        ("set_token", {"token": "04\x07"}),
        ("set_token", {"token": "04A1", "kind": "NoAuthorization"}),
        ("set_token", {"token": "04A1", "status": "perhaps"}),
        ("set_token", {"token": "04A1", "driver": ""}),
        ("set_token", {"token": "04A1", "valid_until": "soon"}),
        ("set_token", {"driver": "Camille"}),
        ("learn_token", {"timeout": 1}),
    ],
)
async def test_what_does_not_fit_never_reaches_the_list(
    hass: HomeAssistant, action: str, fields: Mapping[str, Any]
) -> None:
    home = await move_in(hass, station())
    with pytest.raises(probatio.Invalid):
        await tell(hass, action, **fields)
    assert badges(home) == ()


@pytest.mark.parametrize("action", ["set_token", "remove_token", "get_tokens", "learn_token"])
async def test_badges_are_the_administrators_business(hass: HomeAssistant, action: str) -> None:
    await move_in(hass, station())
    somebody = MockUser(groups=[]).add_to_hass(hass)
    answers = action == "get_tokens"
    with pytest.raises(Unauthorized):
        await hass.services.async_call(
            DOMAIN, action, {} if action in ("get_tokens", "learn_token") else {"token": "04A1"},
            blocking=True, context=Context(user_id=somebody.id), return_response=answers,
        )  # fmt: skip


# learning


async def test_the_next_card_is_learnt_and_told(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    dial_in(home)
    waiting = hass.async_create_task(ask(hass, "learn_token", driver="Lou", group="FAMILY"))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    present(home, "04C1")
    told = await waiting
    assert (told["token"], told["kind"], told["driver"], told["group"]) == ("04C1", CARD, "Lou", "FAMILY")
    assert [b.token for b in badges(home)] == ["04C1"]


async def test_two_cannot_learn_at_one_station(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    dial_in(home)
    waiting = hass.async_create_task(ask(hass, "learn_token", driver="Lou"))
    await asyncio.sleep(0.05)
    with pytest.raises(ServiceValidationError) as refused:
        await ask(hass, "learn_token", driver="Alex")
    assert refused.value.translation_key == "token_learning"
    present(home, "04C1")
    assert (await waiting)["driver"] == "Lou"


async def test_a_card_that_is_somebodys_is_not_learnt(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    dial_in(home)
    coordinator(home).put(SetBadge(Badge(token="04A1", kind=CARD, driver="Camille")))
    waiting = hass.async_create_task(ask(hass, "learn_token", driver="Lou"))
    await asyncio.sleep(0.05)
    present(home, "04a1")
    with pytest.raises(ServiceValidationError) as refused:
        await waiting
    assert refused.value.translation_key == "token_known"
    assert [b.driver for b in badges(home)] == ["Camille"]


async def test_nobody_waits_for_ever_for_a_card(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    home = await move_in(hass, station())
    dial_in(home)
    quick = {**services_access.LEARN_SCHEMA.schema}
    timeout = next(key for key in quick if key == "timeout")
    quick[timeout] = probatio.Coerce(float)
    hass.services.async_remove(DOMAIN, "learn_token")
    monkeypatch.setattr(services_access, "LEARN_SCHEMA", probatio.Schema(quick))
    services_access.async_setup(hass)
    with pytest.raises(HomeAssistantError) as late:
        await ask(hass, "learn_token", driver="Lou", timeout=0.05)
    assert late.value.translation_key == "token_not_presented"
    assert "{" not in str(late.value)
    present(home, "04C1")
    assert badges(home) == ()


# from an earlier release


def old(identity: str, *tokens: str) -> Any:
    """Return a station as the release before this one kept it."""
    made = station(identity)
    made["data"] = {**made["data"], "access": "badges", "tokens": list(tokens)}
    return made


async def test_badges_of_the_forms_move_to_the_list_once(hass: HomeAssistant) -> None:
    home = await move_in(hass, old("FLEX-1", "04A1", "04B1"), old("FLEX-2", "04a1", "04C1"))
    found = {b.token: b.stations for b in badges(home)}
    assert found == {"04A1": (), "04B1": ("FLEX-1",), "04C1": ("FLEX-2",)}
    assert (home.version, home.minor_version) == (VERSION, MINOR_VERSION)
    assert not any("tokens" in s.data for s in home.subentries.values())
    await tell(hass, "remove_token", token="04A1")
    await hass.config_entries.async_reload(home.entry_id)
    await hass.async_block_till_done()
    assert sorted(b.token for b in badges(home)) == ["04B1", "04C1"]


async def test_a_badge_of_every_station_is_of_all_to_come(hass: HomeAssistant) -> None:
    home = await move_in(hass, old("FLEX-1", "04A1"))
    (badge,) = badges(home)
    assert (badge.stations, badge.kind, badge.status) == ((), "any", BadgeStatus.ACCEPTED)


async def test_a_site_of_a_later_release_is_left_alone(hass: HomeAssistant) -> None:
    home = MockConfigEntry(domain=DOMAIN, version=VERSION + 1, data={})
    home.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(home.entry_id)
    assert (home.version, home.data) == (VERSION + 1, {})


def test_the_dialog_writes_what_the_migration_ends_with() -> None:
    assert (FlexConfigFlow.VERSION, FlexConfigFlow.MINOR_VERSION) == (VERSION, MINOR_VERSION)


# nobody else's business


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_numbers_and_names_stay_inside(hass: HomeAssistant, caplog: pytest.LogCaptureFixture, seed: int) -> None:
    dice = random.Random(seed)
    canaries = [f"{dice.randrange(16**12):012X}" for _ in range(4)]
    token, driver, group, stranger = canaries
    caplog.set_level("DEBUG")
    home = await move_in(hass, station())
    dial_in(home)
    coordinator(home).put(SetBadge(Badge(token=token, driver=driver, group=group)))
    present(home, token)
    present(home, stranger)
    await hass.async_block_till_done()
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, f"station/{STATION}"), home.entry_id)
    assert device is not None
    told = [
        json.dumps(await async_get_config_entry_diagnostics(hass, home), default=str),
        json.dumps(await async_get_device_diagnostics(hass, home, device), default=str),
        *(json.dumps(dict(s.attributes), default=str) + s.state for s in hass.states.async_all()),
        *(str(issue) for issue in ir.async_get(hass).issues.values()),
        *(record.getMessage() for record in caplog.records if record.name.startswith("custom_components")),
    ]
    for canary in canaries:
        assert not any(canary in text for text in told), canary
    assert coordinator(home).state.access != AccessList()
