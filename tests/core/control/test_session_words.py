"""The page about sessions says what the code and its translations have."""

import json
from pathlib import Path
from typing import Any

import pytest

from custom_components.mobilize_flex.core.model.concern import ConcernKind, V2gStanding
from custom_components.mobilize_flex.core.model.session import Activity

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "sessions.md"
LIGHTS = {
    Activity.CHARGING: "green, descending",
    Activity.DISCHARGING: "green, ascending",
    Activity.WAITING: "green, blinking",
    Activity.FINISHED: "blue",
    Activity.STANDARD_CHARGE: "blue, descending, where V2G was wanted",
}


def words(language: str) -> dict[str, Any]:
    folder = ROOT / "custom_components" / "mobilize_flex" / "translations"
    found: dict[str, Any] = json.loads((folder / f"{language}.json").read_text())
    return found


def table(sensor: str, states: list[str], lights: dict[str, str]) -> str:
    """Return the states of a sensor with their words in both languages."""
    en, fr = (words(language)["entity"]["sensor"][sensor]["state"] for language in ("en", "fr"))
    last = " light |" if lights else ""
    rows = [f"| state | English | français |{last}", "|---|---|---|" + ("---|" if lights else "")]
    for state in states:
        light = f" {lights.get(state, '')} |" if lights else ""
        rows.append(f"| `{state}` | {en[state]} | {fr[state]} |{light}")
    return "\n".join(rows)


def test_every_activity_stands_on_the_page_in_the_manuals_words() -> None:
    assert table("activity", [a.value for a in Activity], {k.value: v for k, v in LIGHTS.items()}) in PAGE.read_text()


def test_every_reason_why_there_is_no_v2g_stands_on_the_page() -> None:
    assert table("v2g_availability", [s.value for s in V2gStanding], {}) in PAGE.read_text()


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("kind", ConcernKind)
def test_every_concern_has_words(kind: ConcernKind, language: str) -> None:
    issue = words(language)["issues"][kind.value]
    assert issue["title"]
    assert issue.get("description") or issue["fix_flow"]
