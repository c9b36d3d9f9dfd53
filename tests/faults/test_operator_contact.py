"""The grid operator's contact: closed, opened, flapping, unreadable, closed before we started.

Fault 16: obeyed within five seconds, never below what is guaranteed, and on record with its times.
"""

from typing import Any

import pytest

from custom_components.mobilize_flex.core.model.dimming import Contact, ContactsRead, DimmingConfig, DimmingRecord
from tests.faults.metered import STEP_S, MeteredHome, metered

OBEYED_S = 5.0
SLACK_W = 60.0
ON, OFF, UNREADABLE = (ContactsRead(((Contact.DIM, active),)) for active in (True, False, None))
STOP = ContactsRead(((Contact.STOP, True),))
HOMES: dict[str, dict[str, Any]] = {
    "three phases": {"phases": 3, "breaker_a": 35.0},
    "one phase": {"breaker_a": 60.0},
    "one phase, 2.0.1": {"breaker_a": 60.0, "protocol": "ocpp2.0.1"},
    "two devices": {"phases": 3, "breaker_a": 35.0, "dimming": DimmingConfig(devices=2)},
}
GUARANTEED_W = {"three phases": 4200.0, "one phase": 4200.0, "one phase, 2.0.1": 4200.0, "two devices": 7560.0}


def controlled(which: str, **more: Any) -> MeteredHome:
    return metered(**{"dimming": DimmingConfig(), **HOMES[which], **more})


def record(home: MeteredHome) -> DimmingRecord | None:
    known: DimmingRecord | None = home.state.dimming.record  # type: ignore[attr-defined]
    return known


def obeys(home: MeteredHome, most_w: float, least_w: float) -> None:
    """Hold that the car is within the order after five seconds, and stays there without sinking below it."""
    home.run(OBEYED_S, step_s=STEP_S)
    home.run(90, step_s=STEP_S)
    assert max(home.car_w[-91:]) <= most_w + SLACK_W
    assert min(home.car_w[-30:]) >= least_w - 800.0  # whole tenths of an ampere, and a car that rounds down


@pytest.mark.parametrize("which", HOMES)
def test_a_contact_that_closes_is_obeyed_and_let_go(which: str) -> None:
    home = controlled(which)
    guaranteed_w = GUARANTEED_W[which]
    free_w = home.car_w[-1]
    assert free_w > 7000.0 or guaranteed_w < free_w
    home.tell(ON)
    obeys(home, guaranteed_w, min(guaranteed_w, free_w))
    known = record(home)
    assert known is not None
    assert known.limit_w == guaranteed_w
    assert known.effective_at is not None
    assert (known.effective_at - known.started_at).total_seconds() <= 30.0
    home.tell(OFF)
    assert record(home) is None or record(home).ended_at is not None  # type: ignore[union-attr]
    home.run(300, step_s=STEP_S)
    assert home.car_w[-1] >= 0.9 * free_w


@pytest.mark.parametrize("which", HOMES)
def test_a_contact_that_nobody_can_read_counts_as_closed(which: str) -> None:
    home = controlled(which)
    home.tell(UNREADABLE)
    obeys(home, GUARANTEED_W[which], 3400.0)
    known = record(home)
    assert known is not None
    assert known.unsure


@pytest.mark.parametrize("every_s", [1, 3, 10])
def test_a_contact_that_flaps_is_obeyed_each_time_without_a_storm_of_orders(every_s: int) -> None:
    home = controlled("three phases")
    for n in range(24):
        home.tell(ON if n % 2 == 0 else OFF)
        home.run(every_s, step_s=STEP_S)
    home.tell(ON)
    begun = len(home.home.station.received)
    obeys(home, 4200.0, 3400.0)
    assert len(home.home.station.received) - begun <= 12


@pytest.mark.parametrize("which", ["three phases", "one phase"])
def test_a_contact_that_was_closed_when_we_started_is_obeyed(which: str) -> None:
    home = controlled(which)
    home.cut_line()
    home.begin()
    home.tell(ON)
    home.dial_in()
    home.run(60, step_s=STEP_S)
    assert max(home.car_w[-10:]) <= 4200.0 + SLACK_W
    assert record(home) is not None


@pytest.mark.parametrize("which", ["three phases", "one phase"])
def test_a_contact_that_stops_everything_stops_everything(which: str) -> None:
    home = controlled(which)
    home.tell(STOP)
    home.run(OBEYED_S, step_s=STEP_S)
    home.run(30, step_s=STEP_S)
    assert max(home.car_w[-30:]) <= SLACK_W
