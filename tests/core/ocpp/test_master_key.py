"""Every message the controller may send, word for word: it leaves, and its answer comes back as it was given."""

from collections.abc import Mapping
from importlib.resources import files
import json
from typing import Any

import pytest

from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.station import Version
from custom_components.mobilize_flex.core.ocpp.dialect import Answer, Refusal
from custom_components.mobilize_flex.core.ocpp.link import DIALECTS, RawOutcome

from .conftest import NewLink

FOLDERS = {Version.V201: "v201", Version.V21: "v21"}
OF_STATIONS = {"BatterySwap"}
"""What only a station says, beside what our dialects read."""
COUNTS = {Version.V201: 40, Version.V21: 55}


def schema(version: Version, name: str) -> dict[str, Any]:
    file = files("ocpp").joinpath(FOLDERS[version], "schemas", f"{name}.json")
    return json.loads(file.read_bytes().decode("utf-8-sig"))  # type: ignore[no-any-return]


def ours(version: Version) -> list[str]:
    """Return every message a controller may send."""
    names = {file.name for file in files("ocpp").joinpath(FOLDERS[version], "schemas").iterdir()}
    actions = {name.removesuffix("Request.json") for name in names if name.endswith("Request.json")}
    return sorted((actions - DIALECTS[version].calls.keys() - OF_STATIONS) | {"DataTransfer"})  # both sides have it


def least(rule: Mapping[str, Any], known: Mapping[str, Any]) -> Any:
    """Return the least that fits a schema: what is required, nothing else."""
    if "$ref" in rule:
        return least(known[rule["$ref"].rpartition("/")[2]], known)
    if "enum" in rule:
        return rule["enum"][0]
    match rule.get("type"):
        case "object":
            return {name: least(rule["properties"][name], known) for name in rule.get("required", ())}
        case "array":
            return [least(rule["items"], known) for _ in range(rule.get("minItems", 0))]
        case "string":
            return "2026-11-22T18:00:00Z" if rule.get("format") == "date-time" else "x"
        case "boolean":
            return True
        case _:
            return int(rule.get("minimum", 0))


def payload(version: Version, name: str) -> Any:
    told = schema(version, name)
    return least(told, told.get("definitions", {}))


EVERY = [(version, action) for version in Version for action in ours(version)]


@pytest.mark.parametrize("version", Version)
def test_no_message_is_forgotten(version: Version) -> None:
    assert len(ours(version)) == COUNTS[version]


@pytest.mark.parametrize(("version", "action"), EVERY, ids=[f"{v}-{a}" for v, a in EVERY])
def test_any_message_leaves_as_it_is_and_its_answer_comes_back(
    new_link: NewLink, now: Moment, version: Version, action: str
) -> None:
    link, asked, told = new_link(version), payload(version, f"{action}Request"), payload(version, f"{action}Response")
    tag, events = link.question(action, asked, 30.0, now)
    (frame,) = [json.loads(text) for text in link.outgoing()]
    assert (events, frame[0], frame[2], frame[3]) == ((), 2, action, asked)
    assert RawOutcome(tag, Answer(told)) in link.receive(json.dumps([3, frame[1], told]), now)


@pytest.mark.parametrize("version", Version)
def test_an_error_comes_back_as_one(new_link: NewLink, now: Moment, version: Version) -> None:
    link = new_link(version)
    tag, _ = link.question("ClearCache", {}, 30.0, now)
    (frame,) = [json.loads(text) for text in link.outgoing()]
    error = json.dumps([4, frame[1], "NotSupported", "no cache", {}])
    assert link.receive(error, now) == (RawOutcome(tag, Refusal("NotSupported", "no cache")),)
