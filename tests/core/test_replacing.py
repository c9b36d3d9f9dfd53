"""Another value like this one, made fast, is the one the standard library makes."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.mobilize_flex.core.model.commands import SetpointForm, SetPower
from custom_components.mobilize_flex.core.model.config import SiteConfig
from custom_components.mobilize_flex.core.model.prices import PriceCurve, PriceSlot
from custom_components.mobilize_flex.core.model.replacing import replace
from custom_components.mobilize_flex.core.model.session import Session
from custom_components.mobilize_flex.core.model.state import EvseState, SiteState, StationMemory

NOW = datetime(2026, 11, 22, tzinfo=UTC)
VALUES = [
    (
        Session(key="S/1", station="S", evse=1, transaction="1", started_at=datetime(2026, 11, 22, tzinfo=UTC)),
        {"cost": 2.5, "evse": 2},
    ),
    (
        SetPower(
            id=1, station="S", evse=1, transaction="1", power_w=1.0, form=SetpointForm.LIMIT, phases=1, expires_s=9
        ),
        {"id": 7},
    ),
    (EvseState(evse=1), {"session": "S/1"}),
    (SiteState(config=SiteConfig(name="Home")), {"next_id": 4}),
    (StationMemory(), {}),
    (PriceCurve(), {"slots": (PriceSlot(NOW, NOW + timedelta(hours=1), 0.2, 0.1),)}),
]


@pytest.mark.parametrize(("value", "changes"), VALUES)
def test_it_makes_the_same_value_and_leaves_the_old_one_alone(value: object, changes: dict[str, object]) -> None:
    before = dataclasses.replace(value)
    made = replace(value, **changes)
    assert made == dataclasses.replace(value, **changes)
    assert value == before
    assert made is not value


def test_a_field_it_does_not_have_is_an_error() -> None:
    with pytest.raises(AttributeError):
        replace(EvseState(evse=1), colour="blue")
