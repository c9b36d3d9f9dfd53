"""Every thing on display has its words in each language, and its icon; none is orphaned."""

import ast
from collections.abc import Callable, Iterator
import json
from pathlib import Path
from typing import Any

import pytest

from custom_components.mobilize_flex import (
    binary_sensor,
    button,
    calendar,
    event,
    event_session,
    number,
    select,
    sensor,
    sensor_accounts,
    services_firmware,
    switch,
    time,
    update,
    upkeep,
)
from custom_components.mobilize_flex.core.model.firmware import FAILURES, FirmwareStatus
from custom_components.mobilize_flex.core.model.programme import Kind
from custom_components.mobilize_flex.core.model.reasons import Reason
from custom_components.mobilize_flex.core.model.session import Activity
from custom_components.mobilize_flex.core.plan.departures import ProgrammeFault
from custom_components.mobilize_flex.shell.uploads import UploadFault

from .homes import HOUSE

DESCRIPTIONS: dict[str, list[Any]] = {
    "sensor": [
        *sensor.STATION_SENSORS,
        *sensor.VEHICLE_SENSORS,
        *sensor.METER_SENSORS,
        *sensor._phase_sensors(1),
        *sensor.SITE_SENSORS,
        *sensor.CONTACTS_SENSORS,
        *sensor_accounts.SITE_ACCOUNTS,
        *sensor_accounts.SESSION_ACCOUNTS,
    ],
    "binary_sensor": [*binary_sensor.STATION, *binary_sensor.METER, *binary_sensor.CONTACTS, binary_sensor.VENDOR],
    "number": [*number.NUMBERS, number.TARGET, number.BY_HAND],
    "select": [select.DAYS, select.KIND],
    "time": [time.DEPARTURE],
    "calendar": [calendar.DEPARTURES],
    "switch": [switch.V2G, switch.AVAILABLE, *switch.PROGRAMME_SWITCHES],
    "button": [button.INSTANT, button.RESUME, *button.TASKS],
    "event": [event.INCIDENT, event_session.SESSION],
    "update": [update.FIRMWARE],
}
ERRORS = {"HomeAssistantError", "ServiceValidationError", "ConfigEntryError", "ConfigEntryNotReady"}
# The picture of a battery follows its level by itself.
PICTURED = {"soc"}


def read(name: str) -> dict[str, Any]:
    """Return one of the files of words."""
    return json.loads((HOUSE / name).read_text())  # type: ignore[no-any-return]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("domain", DESCRIPTIONS)
def test_every_entity_has_its_words(domain: str, language: str) -> None:
    words = read(f"translations/{language}.json")["entity"][domain]
    assert {d.translation_key for d in DESCRIPTIONS[domain]} == set(words)
    for description in DESCRIPTIONS[domain]:
        options = getattr(description, "options", None)
        if options is not None:
            assert set(words[description.translation_key]["state"]) == set(options), description.key


@pytest.mark.parametrize("domain", DESCRIPTIONS)
def test_every_entity_has_its_icon(domain: str) -> None:
    icons = read("icons.json")["entity"][domain]
    assert {d.translation_key for d in DESCRIPTIONS[domain]} - PICTURED == set(icons)


def test_every_reason_and_activity_is_on_offer() -> None:
    options = {d.key: set(d.options or ()) for d in sensor.STATION_SENSORS}
    assert options["reason"] == {r.value for r in Reason}
    assert options["activity"] == {a.value for a in Activity}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_word_of_an_update_is_translated(language: str) -> None:
    words = read(f"translations/{language}.json")["entity"]["update"]["firmware"]["state_attributes"]
    assert set(words["status"]["state"]) == {s.value for s in FirmwareStatus}
    assert set(words["last_failure"]["state"]) == {s.value for s in FAILURES}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_word_on_the_calendar_is_translated(language: str) -> None:
    words = read(f"translations/{language}.json")["entity"]["calendar"]["departures"]["state_attributes"]
    assert set(words["message"]["state"]) == {f"{kind}{v2g}" for kind in Kind for v2g in ("", "_v2g")}
    assert set(words["description"]["state"]) == {"target", "v2g_hours_lost"}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_incident_is_translated(language: str) -> None:
    words = read(f"translations/{language}.json")["entity"]["event"]["incident"]["state_attributes"]
    assert set(words["event_type"]["state"]) == set(event.INCIDENT.event_types or ())


def refusals() -> Iterator[str]:
    """Yield every key the core refuses a wish with, and every one the face raises."""
    for room in (HOUSE / "core" / "site").glob("*.py"):
        yield from _first_words(room, lambda name: name.endswith("refuse"))
    yield from (f"programme_{fault}" for fault in ProgrammeFault)
    yield from services_firmware.FAILED.values()
    yield from upkeep.NO_WORDS.values()
    yield from (f"log_{fault}" for fault in UploadFault)
    for face in HOUSE.glob("*.py"):
        yield from _first_words(face, lambda name: name.lstrip("_") in {"invalid", "failed"})
        for node in ast.walk(ast.parse(face.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ERRORS:
                keys = (k.value for k in node.keywords if k.arg == "translation_key")
                yield from (str(key.value) for key in keys if isinstance(key, ast.Constant))


def _first_words(file: Path, speaks: Callable[[str], bool]) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and speaks(ast.unparse(node.func)) and node.args:
            key = node.args[0]
            if isinstance(key, ast.Constant):
                yield str(key.value)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_refusal_has_its_sentence_and_no_sentence_is_left_over(language: str) -> None:
    assert set(read(f"translations/{language}.json")["exceptions"]) == set(refusals())


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_sentence_of_a_refusal_stands_where_home_assistant_looks(language: str) -> None:
    for key, words in read(f"translations/{language}.json")["exceptions"].items():
        assert list(words) == ["message"], key
