"""What the owner sets and presses: limits, switch, buttons; and the yes and no of a home."""

from dataclasses import replace
from datetime import date, time
from types import MappingProxyType

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest

from custom_components.mobilize_flex.const import DOMAIN
from custom_components.mobilize_flex.core.model.intents import SetDeparture, SetProgramme, WakeProgrammes
from custom_components.mobilize_flex.core.model.programme import Programme
from custom_components.mobilize_flex.core.model.session import Phase, Session
from custom_components.mobilize_flex.core.model.state import SiteState
from custom_components.mobilize_flex.core.model.station import ConnectorStatus

from .house import STATION, become, coordinator, find, move_in, seen, station, with_evse

SITE = "site/site"
GARAGE = f"station/{STATION}"


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Let the station server listen."""


async def act(hass: HomeAssistant, domain: str, action: str, entity_id: str, **fields: object) -> None:
    """Do what a person does with an entity."""
    await hass.services.async_call(domain, action, {"entity_id": entity_id, **fields}, blocking=True)
    await hass.async_block_till_done()


def in_session(state: SiteState) -> SiteState:
    """Return a home with a car in a session."""
    session = Session(
        key=f"{STATION}/t1", station=STATION, evse=1, transaction="t1", started_at=dt_util.utcnow(), phase=Phase.V2G
    )
    state = replace(state, sessions=MappingProxyType({session.key: session}))
    return with_evse(state, phase=Phase.V2G, session=session.key, connector=ConnectorStatus.OCCUPIED)


async def test_the_limits_move_together_but_never_cross(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    low, high = find(hass, SITE, "soc_min", "number"), find(hass, SITE, "soc_max", "number")
    await act(hass, "number", "set_value", low, value=30)
    await act(hass, "number", "set_value", high, value=90)
    assert (hass.states.get(low).state, hass.states.get(high).state) == ("30.0", "90.0")  # type: ignore[union-attr]
    wishes = coordinator(home).state.wishes
    assert (wishes.soc_min_pct, wishes.soc_max_pct) == (30.0, 90.0)
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, "number", "set_value", low, value=95)
    assert refused.value.translation_key == "soc_limits_conflict"
    assert "95 %" in str(refused.value)
    assert coordinator(home).state.wishes.soc_min_pct == 30.0


async def test_limits_outlive_a_restart(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    await act(hass, "number", "set_value", find(hass, SITE, "soc_min", "number"), value=33)
    assert await hass.config_entries.async_reload(home.entry_id)
    await hass.async_block_till_done()
    assert seen(hass, SITE, "soc_min", "number").state == "33.0"


async def test_v2g_is_switched_off_and_on(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    switch = find(hass, SITE, "v2g", "switch")
    await act(hass, "switch", "turn_off", switch)
    assert hass.states.is_state(switch, "off")
    assert coordinator(home).state.wishes.v2g is False
    await act(hass, "switch", "turn_on", switch)
    assert hass.states.is_state(switch, "on")


async def test_v2g_needs_the_owners_consent(hass: HomeAssistant) -> None:
    await move_in(hass, station(), v2g_consent=False)
    switch = find(hass, SITE, "v2g", "switch")
    await act(hass, "switch", "turn_off", switch)
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, "switch", "turn_on", switch)
    assert refused.value.translation_key == "v2g_no_consent"


async def test_instant_charge_silences_the_programmes_and_resume_brings_them_back(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    flex = coordinator(home)
    flex.put(SetProgramme(Programme(number=1, departure=time(7), weekdays=(0, 1, 2), v2g=True)))
    await become(hass, home, in_session(flex.state))
    await act(hass, "button", "press", find(hass, GARAGE, "instant_charge", "button"))
    assert [p.enabled for p in flex.state.wishes.programmes] == [False]
    assert seen(hass, GARAGE, "activity").state == "instant_charge"
    assert seen(hass, GARAGE, "reason").state == "instant_charge"
    await act(hass, "button", "press", find(hass, SITE, "resume_v2g", "button"))
    assert [p.enabled for p in flex.state.wishes.programmes] == [True]
    assert seen(hass, GARAGE, "activity").state != "instant_charge"


async def test_resume_begins_the_next_session_of_a_car_that_stayed(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    flex = coordinator(home)
    await become(hass, home, with_evse(in_session(flex.state), phase=Phase.HELD))
    await act(hass, "button", "press", find(hass, SITE, "resume_v2g", "button"))
    assert flex.state.stations[STATION].evses[1].phase in (Phase.STARTING, Phase.STANDARD)


async def test_resume_leaves_a_session_alone_that_goes_its_way(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    flex = coordinator(home)
    await become(hass, home, in_session(flex.state))
    await act(hass, "button", "press", find(hass, SITE, "resume_v2g", "button"))
    assert flex.state.stations[STATION].evses[1].phase is Phase.V2G


async def test_what_an_instant_charge_switched_off_is_still_on_offer_after_a_restart(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    coordinator(home).put(SetProgramme(Programme(number=1, departure=time(7), weekdays=(0, 1, 2), v2g=True)))
    coordinator(home).put(SetDeparture(Programme(departure=time(5), once=date(2099, 12, 24))))
    await become(hass, home, in_session(coordinator(home).state))
    await act(hass, "button", "press", find(hass, GARAGE, "instant_charge", "button"))
    before = coordinator(home).state.wishes
    ir.async_delete_issue(hass, DOMAIN, "programmes_off_01HOME")
    assert await hass.config_entries.async_reload(home.entry_id)
    await hass.async_block_till_done()
    assert coordinator(home).state.wishes == before
    assert not any(p.enabled for p in before.leavings)
    assert ir.async_get(hass).async_get_issue(DOMAIN, "programmes_off_01HOME") is not None
    coordinator(home).put(WakeProgrammes())
    assert ir.async_get(hass).async_get_issue(DOMAIN, "programmes_off_01HOME") is None


async def test_instant_charge_without_a_car_is_refused(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    await become(hass, home, with_evse(coordinator(home).state))
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, "button", "press", find(hass, GARAGE, "instant_charge", "button"))
    assert refused.value.translation_key == "no_session"


async def test_buttons_of_an_offline_station_cannot_be_pressed(hass: HomeAssistant) -> None:
    await move_in(hass, station())
    assert seen(hass, GARAGE, "instant_charge", "button").state == "unavailable"


async def test_cable_connection_and_problem(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    flex = coordinator(home)
    assert seen(hass, GARAGE, "connected", "binary_sensor").state == "off"
    assert seen(hass, GARAGE, "cable", "binary_sensor").state == "unavailable"
    await become(hass, home, with_evse(flex.state, connector=ConnectorStatus.AVAILABLE))
    assert seen(hass, GARAGE, "connected", "binary_sensor").state == "on"
    assert seen(hass, GARAGE, "cable", "binary_sensor").state == "off"
    assert seen(hass, GARAGE, "problem", "binary_sensor").state == "off"
    await become(hass, home, in_session(flex.state))
    assert seen(hass, GARAGE, "cable", "binary_sensor").state == "on"
    await become(hass, home, with_evse(flex.state, problems=frozenset({"GroundFailure", "Connector"})))
    problem = seen(hass, GARAGE, "problem", "binary_sensor")
    assert (problem.state, problem.attributes["problems"]) == ("on", ["Connector", "GroundFailure"])
