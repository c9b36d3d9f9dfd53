"""Every certification case is accounted for: in the table people read, and by a test where it is mandatory."""

import ast
from collections.abc import Iterator
from pathlib import Path
import re

import pytest
import yaml

HERE = Path(__file__).parent
HOUSE = HERE.parents[1] / "custom_components/mobilize_flex"
TABLE = (HERE.parents[1] / "docs" / "ocpp.md").read_text().partition("\n## Certification cases\n")[2]
ROW = re.compile(r"^\| ([A-P]_\d\d) \| (.+) \| (.+) \|$", re.MULTILINE)
ANSWER = re.compile(r"(handled by: |not applicable because )\S")
COUNT = 252


def cases() -> dict[str, list[str]]:
    """Return the profiles that ask for each case."""
    lines = (HERE / "cases.txt").read_text().splitlines()
    return {line.split()[0]: line.split()[1:] for line in lines if not line.startswith("#")}


def played() -> Iterator[str]:
    """Yield the cases the tests here say they play."""
    for file in sorted(HERE.glob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_"):
                for mark in (inner for outer in node.decorator_list for inner in ast.walk(outer)):
                    if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.octt":
                        yield from (ast.literal_eval(case) for case in mark.args)


CASES = cases()
PLAYED = frozenset(played())
ROWS = ROW.findall(TABLE)
TESTED = re.compile(r"; tested\b")


def test_all_cases_are_listed_once_and_by_their_names() -> None:
    assert len(CASES) == COUNT
    assert [case for case, _, _ in ROWS] == sorted(CASES)


def test_every_row_says_who_sees_to_it_or_why_nobody_does() -> None:
    assert [case for case, _, here in ROWS if not ANSWER.match(here)] == []


def test_what_a_row_names_exists() -> None:
    actions = yaml.safe_load((HOUSE / "services.yaml").read_text())
    fields = {field for action in actions.values() for field in (action or {}).get("fields", {})}
    named = [(case, word) for case, _, here in ROWS for word in re.findall(r"`([^`]+)`", here)]
    files = {(case, word) for case, word in named if (HOUSE / f"{word}.py").exists() or (HOUSE / word).is_dir()}
    assert [row for row in named if row not in files and row[1] not in actions.keys() | fields] == []


def test_what_is_mandatory_is_played() -> None:
    mandatory = {case for case, marks in CASES.items() if any(mark.endswith("M") for mark in marks)}
    assert sorted(mandatory - PLAYED) == []


def test_no_test_plays_a_case_that_does_not_exist() -> None:
    assert sorted(PLAYED - CASES.keys()) == []


@pytest.mark.parametrize("block", sorted({case[0] for case in CASES}))
def test_a_row_says_tested_where_there_is_a_test_and_nowhere_else(block: str) -> None:
    said = {case for case, _, here in ROWS if case[0] == block and TESTED.search(here)}
    assert said == {case for case in PLAYED if case[0] == block}
