"""The life of a session, as the manual tells it."""

from pathlib import Path

from hypothesis import given, strategies as st
import pytest

from custom_components.mobilize_flex.core.control.session_table import TABLE, Turn, diagram, follow
from custom_components.mobilize_flex.core.model.session import Phase


def life(*turns: Turn) -> Phase:
    phase = Phase.UNPLUGGED
    for turn in turns:
        phase = follow(phase, turn) or phase
    return phase


@pytest.mark.parametrize(
    ("turns", "phase"),
    [
        ([Turn.PLUGGED], Phase.PLUGGED),
        ([Turn.PLUGGED, Turn.BEGAN], Phase.STARTING),
        ([Turn.PLUGGED, Turn.BEGAN, Turn.V2G_AGREED], Phase.V2G),
        ([Turn.BEGAN, Turn.V2G_AGREED], Phase.V2G),
        ([Turn.BEGAN, Turn.STANDARD_BEGAN, Turn.V2G_AGREED], Phase.STANDARD),
        ([Turn.BEGAN, Turn.STANDARD_BEGAN, Turn.UNPLUGGED, Turn.PLUGGED, Turn.BEGAN, Turn.V2G_AGREED], Phase.V2G),
        ([Turn.BEGAN, Turn.V2G_AGREED, Turn.CHARGE_NOW], Phase.INSTANT),
        ([Turn.BEGAN, Turn.V2G_AGREED, Turn.CHARGE_NOW, Turn.RESUMED, Turn.V2G_AGREED], Phase.V2G),
        ([Turn.BEGAN, Turn.V2G_AGREED, Turn.DEPARTED], Phase.HELD),
        ([Turn.BEGAN, Turn.STANDARD_BEGAN, Turn.DEPARTED, Turn.RESUMED, Turn.V2G_AGREED], Phase.V2G),
        ([Turn.BEGAN, Turn.V2G_AGREED, Turn.DEPARTED, Turn.ENDED], Phase.FINISHED),
        ([Turn.BEGAN, Turn.V2G_AGREED, Turn.ENDED, Turn.UNPLUGGED], Phase.UNPLUGGED),
        ([Turn.BEGAN, Turn.V2G_AGREED, Turn.FAULTED, Turn.MENDED], Phase.PLUGGED),
    ],
)
def test_a_session_goes_where_the_manual_says(turns: list[Turn], phase: Phase) -> None:
    assert life(*turns) is phase


def test_a_standard_charge_never_turns_into_v2g_without_a_replug() -> None:
    assert Phase.V2G not in TABLE[Phase.STANDARD].values()


@given(st.lists(st.sampled_from(Turn)))
def test_unplugging_always_leads_home(turns: list[Turn]) -> None:
    assert life(*turns, Turn.UNPLUGGED) is Phase.UNPLUGGED


def test_every_phase_has_a_row() -> None:
    assert set(TABLE) == set(Phase)


def test_the_diagram_names_every_arrow() -> None:
    assert diagram().count("-->") == 1 + sum(len(row) for row in TABLE.values())


def test_the_picture_in_the_documentation_is_this_table() -> None:
    page = (Path(__file__).parents[3] / "docs" / "architecture.md").read_text()
    assert f"```mermaid\n{diagram()}\n```" in page
