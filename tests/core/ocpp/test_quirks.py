"""A station's habits are found by who it says it is."""

import pytest

from custom_components.mobilize_flex.core.ocpp.quirks import STANDARD, TABLE, Habits, Quirk, habits_of

SLOW = Habits(answer_delay_s=1.0)
AMPERES = Habits(watts=False)
ROWS = (
    Quirk(vendor="Acme.*", model="Wall 2", firmware=r"1\..*", habits=SLOW),
    Quirk(vendor="acme", habits=AMPERES),
)


@pytest.mark.parametrize(
    ("who", "habits"),
    [
        (("ACME Ltd", "wall 2", "1.7"), SLOW),
        (("Acme", "Wall 2", "2.0"), AMPERES),
        (("Acme", None, None), AMPERES),
        (("Acme Ltd", "Wall 3", "1.7"), STANDARD),
        (("Other", "Wall 2", "1.7"), STANDARD),
        ((None, None, None), STANDARD),
    ],
)
def test_the_first_row_that_fits_counts(who: tuple[str | None, str | None, str | None], habits: Habits) -> None:
    assert habits_of(*who, ROWS) == habits


def test_nobody_is_special_without_having_been_seen() -> None:
    assert TABLE == ()
    assert habits_of("V", "M", "1") is STANDARD
