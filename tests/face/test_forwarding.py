"""A vendor behind a station, as the owner sets it up, watches it and reads its rules."""

import asyncio
import json
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.mobilize_flex.const import DOMAIN
from custom_components.mobilize_flex.core.model.vendor import VendorState
from custom_components.mobilize_flex.forwarding import TROUBLES, vendor_targets
from tests.signer import signing_certificate

from .homes import Part
from .house import STATION, coordinator, move_in, station

URL = "wss://backend.example.com/ocpp"
SECRET = "SECRET-OF-THE-VENDOR"
ROOT = signing_certificate()


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Let the station server listen."""


async def reconfigure(hass: HomeAssistant, home: MockConfigEntry, **forwarding: Any) -> Any:
    """Change what is forwarded; return the page that follows."""
    dialog = Part(hass, home, "station")
    await dialog.open(f"01{STATION}")
    page = await dialog.fill(name="Garage", forwarding=forwarding)
    await hass.async_block_till_done()
    return page


def data(home: MockConfigEntry) -> Any:
    return home.subentries[f"01{STATION}"].data


async def test_forwarding_is_off_until_an_address_is_entered_and_off_again_without(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    registry = er.async_get(hass)

    def sensor() -> str | None:
        return registry.async_get_entity_id("binary_sensor", DOMAIN, f"01HOME/station/{STATION}/vendor_connected")

    assert vendor_targets(home) == {}
    assert sensor() is None
    page = await reconfigure(hass, home, vendor_url=URL, vendor_identity="V-1", vendor_password=SECRET)
    assert page["reason"] == "reconfigure_successful"
    target = vendor_targets(home)[STATION]
    assert (target.url, target.identity, target.user, target.password) == (URL, "V-1", "V-1", SECRET)
    assert SECRET not in repr(target)
    shown = sensor()
    assert shown is not None
    state = hass.states.get(shown)
    assert state is not None
    assert (state.state, state.attributes["state"]) == ("off", "waiting")
    await reconfigure(hass, home)
    assert vendor_targets(home) == {}
    assert not any(key.startswith("vendor") for key in data(home))
    assert sensor() is None
    await reconfigure(hass, home, vendor_url=URL)
    assert sensor() is not None


async def test_changes_that_come_fast_end_as_the_owner_left_them(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One station's vendor takes its time to go while another's comes."""
    home = await move_in(hass, station(), station("FLEX-2"))
    await reconfigure(hass, home, vendor_url=URL)
    vendors = coordinator(home).forwarding._vendors
    assert vendors is not None
    closed, stop = asyncio.Event(), vendors._links[STATION].stop

    async def slowly(*, forget: bool = False) -> None:
        await closed.wait()
        await stop(forget=forget)

    monkeypatch.setattr(vendors._links[STATION], "stop", slowly)
    first, second = (home.subentries[f"01{name}"] for name in (STATION, "FLEX-2"))
    plain = {key: value for key, value in first.data.items() if key != "vendor_url"}
    hass.config_entries.async_update_subentry(home, first, data=plain)
    await asyncio.sleep(0.05)
    hass.config_entries.async_update_subentry(home, second, data={**second.data, "vendor_url": URL})
    await asyncio.sleep(0.05)
    closed.set()
    await hass.async_block_till_done()
    registry = er.async_get(hass)
    shown = [
        registry.async_get_entity_id("binary_sensor", DOMAIN, f"01HOME/station/{name}/vendor_connected")
        for name in (STATION, "FLEX-2")
    ]
    assert [entity is not None and hass.states.get(entity) is not None for entity in shown] == [False, True]


async def test_the_password_is_never_shown_and_kept_for_the_same_address_only(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    await reconfigure(hass, home, vendor_url=URL, vendor_user="me", vendor_password=SECRET)
    dialog = Part(hass, home, "station")
    page = await dialog.open(f"01{STATION}")
    assert dialog.suggested("forwarding", "vendor_url") == URL
    assert SECRET not in str(page)
    await reconfigure(hass, home, vendor_url=URL, vendor_user="me")
    assert data(home)["vendor_password"] == SECRET
    await reconfigure(hass, home, vendor_url="wss://elsewhere.example.com", vendor_user="me")
    assert "vendor_password" not in data(home)


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"vendor_url": "https://backend.example.com"}, "vendor_url_invalid"),
        ({"vendor_url": "wss://me:secret@backend.example.com"}, "vendor_url_invalid"),
        ({"vendor_url": "wss://"}, "vendor_url_invalid"),
        ({"vendor_url": "wss://backend.example.com:99999"}, "vendor_url_invalid"),
        ({"vendor_url": "wss://backend.example.com/?next=x"}, "vendor_url_invalid"),
        ({"vendor_url": "wss://backend example.com"}, "vendor_url_invalid"),
        ({"vendor_url": URL, "vendor_identity": "a/b"}, "vendor_identity_invalid"),
        ({"vendor_url": URL, "vendor_user": "a:b"}, "vendor_user_invalid"),
        ({"vendor_url": URL, "vendor_root": "not a certificate"}, "vendor_root_invalid"),
        ({"vendor_url": URL, "vendor_root": ROOT + "-----BEGIN PRIVATE KEY-----\n"}, "vendor_root_invalid"),
    ],
)
async def test_what_cannot_be_dialled_is_not_accepted(hass: HomeAssistant, answers: dict[str, str], error: str) -> None:
    home = await move_in(hass, station())
    assert (await reconfigure(hass, home, **answers))["errors"] == {"forwarding": error}


async def test_an_authority_of_the_vendors_own_is_kept_and_shown_again(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    page = await reconfigure(hass, home, vendor_url=URL, vendor_root=f"\n{ROOT}\n")
    assert page["reason"] == "reconfigure_successful"
    assert vendor_targets(home)[STATION].root == ROOT.strip()
    dialog = Part(hass, home, "station")
    await dialog.open(f"01{STATION}")
    assert dialog.suggested("forwarding", "vendor_root") == ROOT.strip()


async def test_the_rules_can_be_read(hass: HomeAssistant) -> None:
    await move_in(hass, station())
    told = await hass.services.async_call(DOMAIN, "get_forwarding_rules", {}, blocking=True, return_response=True)
    assert isinstance(told, dict)
    json.dumps(told)
    assert told["state"] == "off"
    rules: Any = told["rules"]
    refused = {row["action"] for row in rules["vendor_calls"] if row["passage"] == "refused"}
    assert {"SetChargingProfile", "UpdateDynamicSchedule", "SetNetworkProfile"} <= refused
    assert all(row["why"] for kind in rules.values() for row in kind)


async def test_diagnostics_tell_how_it_goes_and_no_secret(
    hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> None:
    home = await move_in(hass, station())
    await reconfigure(hass, home, vendor_url=URL, vendor_user="user-of-mine", vendor_password=SECRET)
    told = json.dumps(await get_diagnostics_for_config_entry(hass, hass_client, home))
    for private in (SECRET, "user-of-mine", "backend.example.com"):
        assert private not in told
    assert '"queued": 0' in told


async def test_a_vendor_that_turns_us_away_is_a_problem_to_mend(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = await move_in(hass, station())
    await reconfigure(hass, home, vendor_url=URL)
    forwarding = coordinator(home).forwarding
    assert forwarding._vendors is not None
    link = forwarding._vendors._links[STATION]
    issues = ir.async_get(hass)
    for key, state in TROUBLES.items():
        link._stand(state)
        found = issues.async_get_issue(DOMAIN, f"{key}_01HOME")
        assert found is not None
        assert found.translation_placeholders == {"site": "Home", "stations": "Garage"}
        link._stand(VendorState.UNREACHABLE)
        assert issues.async_get_issue(DOMAIN, f"{key}_01HOME") is None
