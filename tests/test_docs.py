"""The documents say what there is: every action with every field and a working example, no link to nowhere."""

from collections.abc import Iterator
from pathlib import Path
import re
from typing import Any

import pytest
import yaml

from bench.reasons import table

ROOT = Path(__file__).parents[1]
ACTIONS = (ROOT / "docs" / "actions.md").read_text()
FORMS: dict[str, dict[str, Any]] = yaml.safe_load(
    (ROOT / "custom_components" / "mobilize_flex" / "services.yaml").read_text()
)
SHARED = {"config_entry_id", "device_id", "station"}
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def chapter(action: str) -> str:
    """Return what is written of an action."""
    found = re.search(rf"^### {action}\n(.*?)(?=^##|\Z)", ACTIONS, re.MULTILINE | re.DOTALL)
    assert found is not None, f"docs/actions.md has no chapter {action}"
    return found[1]


def examples(action: str) -> Iterator[dict[str, Any]]:
    """Yield the calls of an action that are shown."""
    for text in re.findall(r"^```yaml\n(.*?)^```", chapter(action), re.MULTILINE | re.DOTALL):
        shown = yaml.safe_load(text)
        if isinstance(shown, dict) and shown.get("action") == f"mobilize_flex.{action}":
            yield shown


@pytest.mark.parametrize("action", FORMS)
def test_every_action_is_written_down_with_all_its_fields(action: str) -> None:
    named = set(re.findall(r"`(\w+)`", chapter(action)))
    assert {str(field) for field in FORMS[action]["fields"]} - SHARED <= named


@pytest.mark.parametrize("action", FORMS)
def test_every_action_is_shown_in_use_with_fields_it_has(action: str) -> None:
    shown = list(examples(action))
    assert shown
    fields = FORMS[action]["fields"]
    required = {name for name, field in fields.items() if field.get("required")}
    for call in shown:
        assert required <= set(call.get("data") or {}) <= set(fields), call


def test_no_action_is_written_down_that_is_not_there() -> None:
    assert set(re.findall(r"^### (\w+)$", ACTIONS, re.MULTILINE)) == set(FORMS)


def anchors(page: Path) -> set[str]:
    """Return where one can link to on a page."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_link_leads_nowhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        there = (page.parent / file).resolve() if file else page
        assert there.exists(), target
        if anchor and there.suffix == ".md":
            assert anchor in anchors(there), target


def test_the_reasons_of_a_plan_are_written_down_as_the_code_has_them() -> None:
    assert table() in (ROOT / "docs" / "planner.md").read_text()
