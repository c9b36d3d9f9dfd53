"""What the owner hears when a station reports a fault or tampering: a repair and a notification, until it is over."""

from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from homeassistant.components.persistent_notification import _async_get_or_create_notifications
from homeassistant.components.repairs.models import RepairsFlow
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.mobilize_flex.const import DOMAIN
from custom_components.mobilize_flex.core.model.incidents import Fault, Incident, SecurityEvent
from custom_components.mobilize_flex.core.model.state import SiteState
from custom_components.mobilize_flex.core.model.station import ConnectorStatus
from custom_components.mobilize_flex.repairs import async_create_fix_flow

from .house import STATION, become, coordinator, move_in, station, with_evse

ORIGINS = {
    "TamperDetection.Problem": Fault.TAMPER,
    "ShuntTrip.Tripped": Fault.LEAKAGE,
    "ConnectorPlugRetentionLock.Problem": Fault.LOCK,
    "Connector.Overload": Fault.OVERLOAD,
    "TemperatureSensor.Problem": Fault.OVERHEATING,
    "ElectricalFeed.Problem": Fault.GRID,
    "ClockCtrlr.Problem": Fault.OTHER,
}


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Let the station server listen."""


def shown(hass: HomeAssistant) -> dict[str, ir.IssueEntry]:
    """Return the alarms there are."""
    issues = (issue for issue in ir.async_get(hass).issues.values() if issue.domain == DOMAIN and issue.active)
    return {i.translation_key or "": i for i in issues if (i.translation_key or "").startswith(("fault_", "tampered"))}


def notes(hass: HomeAssistant) -> dict[str, tuple[str | None, str]]:
    """Return the notifications of ours: title and text."""
    found: dict[str, Any] = _async_get_or_create_notifications(hass)
    return {key: (n["title"], n["message"]) for key, n in found.items() if key.startswith(DOMAIN)}


def tampered(state: SiteState, *numbers: int) -> SiteState:
    """Return a state in which a station reported tampering so often."""
    at = datetime(2026, 11, 22, tzinfo=UTC)
    kind = SecurityEvent.TAMPER_DETECTION_ACTIVATED
    incidents = tuple(Incident(number=n, what=kind, at=at) for n in numbers)
    garage = replace(state.stations[STATION], incidents=incidents)
    return replace(state, stations=MappingProxyType({**state.stations, STATION: garage}))


@pytest.mark.parametrize(("origin", "fault"), ORIGINS.items())
async def test_a_fault_is_a_repair_and_a_notification_until_it_is_over(
    hass: HomeAssistant, origin: str, fault: Fault
) -> None:
    home = await move_in(hass, station())
    state = coordinator(home).state
    await become(hass, home, with_evse(state, problems=frozenset({origin})))
    assert list(shown(hass)) == [f"fault_{fault}"]
    ((title, text),) = notes(hass).values()
    assert title is not None
    assert title.startswith("Home: Garage ")
    assert "Garage" in text
    assert "{" not in title + text
    assert origin not in title + text
    await become(hass, home, with_evse(coordinator(home).state, problems=frozenset()))
    assert shown(hass) == {}
    assert notes(hass) == {}


async def test_a_connector_out_of_order_without_a_word_why_is_out_of_service(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    state = coordinator(home).state
    await become(hass, home, with_evse(state, connector=ConnectorStatus.FAULTED))
    assert list(shown(hass)) == ["fault_out_of_service"]
    locked = with_evse(state, connector=ConnectorStatus.FAULTED, problems=frozenset({"ConnectorLock.Problem"}))
    await become(hass, home, locked)
    assert list(shown(hass)) == ["fault_lock"]
    await become(hass, home, with_evse(state, connector=ConnectorStatus.AVAILABLE))
    assert shown(hass) == {}


async def test_danger_is_shown_as_an_error(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    problems = frozenset({"ShuntTrip.Tripped", "ElectricalFeed.Problem"})
    await become(hass, home, with_evse(coordinator(home).state, problems=problems))
    severities = {key: issue.severity for key, issue in shown(hass).items()}
    assert severities == {"fault_leakage": ir.IssueSeverity.ERROR, "fault_grid": ir.IssueSeverity.WARNING}


async def test_tampering_stays_until_somebody_has_looked(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    state = coordinator(home).state
    await become(hass, home, tampered(state, 1))
    await become(hass, home, tampered(state, 1, 2))
    issue = shown(hass)["tampered"]
    assert issue.is_persistent
    assert issue.severity is ir.IssueSeverity.ERROR
    assert len(notes(hass)) == 1
    assert await hass.config_entries.async_reload(home.entry_id)
    await hass.async_block_till_done()
    assert list(shown(hass)) == ["tampered"]
    flow: RepairsFlow = await async_create_fix_flow(hass, issue.issue_id, issue.data)
    flow.hass = hass
    page = await flow.async_step_init()
    assert page["description_placeholders"] == {"station": "Garage"}
    assert (await flow.async_step_init({}))["type"] == "form"
    assert (await flow.async_step_confirm({}))["type"] == "create_entry"
    assert notes(hass) == {}


async def test_nothing_is_left_of_a_station_that_is_gone(hass: HomeAssistant) -> None:
    home = await move_in(hass, station())
    state = tampered(coordinator(home).state, 1)
    await become(hass, home, with_evse(state, problems=frozenset({"ShuntTrip.Tripped"})))
    assert shown(hass).keys() == {"tampered", "fault_leakage"}
    hass.config_entries.async_remove_subentry(home, f"01{STATION}")
    await hass.async_block_till_done()
    assert await hass.config_entries.async_reload(home.entry_id)
    await hass.async_block_till_done()
    assert shown(hass) == {}
    assert notes(hass) == {}


async def test_an_alarm_speaks_the_language_of_the_home(hass: HomeAssistant) -> None:
    hass.config.language = "fr"
    home = await move_in(hass, station())
    await become(hass, home, tampered(coordinator(home).state, 1))
    ((title, text),) = notes(hass).values()
    assert title == "Home : Garage signale une effraction"
    assert "installateur" in text
