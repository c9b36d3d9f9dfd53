"""Transformers put in the wrong way round or on another phase, found by what the car itself does.

Fault 7: named within three minutes of charging, and nothing is given back or let up meanwhile.
"""

from typing import Any

import pytest

from custom_components.mobilize_flex.core.meters.rewiring import rewired
from custom_components.mobilize_flex.core.model.load import Misread
from custom_components.mobilize_flex.core.model.wiring import Wiring
from tests.faults.metered import STEP_S, MeteredHome, metered

FOUND_S = 180
THREE: dict[str, Any] = {"phases": 3, "breaker_a": 35.0, "load_w": 900.0}
SMALL: dict[str, Any] = {**THREE, "car_phases": 1}


def wired(wiring: Wiring, site: dict[str, Any]) -> MeteredHome:
    """Return a home whose meter is wired like this, with a car that just began to charge."""
    return metered(**site, twist=lambda reading, _: rewired(reading, wiring), charge_s=0.0)


def found_after(home: MeteredHome) -> float | None:
    """Let it charge; return after how many seconds of charging the wiring was found out."""
    charged_s = 0.0
    while charged_s < FOUND_S + 60 and home.seconds < 1500:
        home.run(5, step_s=STEP_S)
        charged_s += 5 * (home.car_w[-1] > 1000.0)
        if misread(home) is not None:
            return charged_s
    return None


def misread(home: MeteredHome) -> Misread | None:
    known: Misread | None = home.state.load.misread  # type: ignore[attr-defined]
    return known


@pytest.mark.parametrize(
    ("wiring", "site", "found"),
    [
        (Wiring(inverted=True), {}, Misread(turned=frozenset({0}), everything=True)),
        (Wiring(turned=frozenset({0})), {}, Misread(turned=frozenset({0}), everything=True)),
        (Wiring(turned=frozenset({0})), THREE, Misread(turned=frozenset({0}))),
        (Wiring(turned=frozenset({1})), THREE, Misread(turned=frozenset({1}))),
        (Wiring(turned=frozenset({2})), THREE, Misread(turned=frozenset({2}))),
        (Wiring(turned=frozenset({0, 1})), THREE, Misread(turned=frozenset({0, 1}))),
        (Wiring(turned=frozenset({1, 2})), THREE, Misread(turned=frozenset({1, 2}))),
        (Wiring(inverted=True), THREE, Misread(turned=frozenset({0, 1, 2}), everything=True)),
        (Wiring(turned=frozenset({0})), SMALL, Misread(turned=frozenset({0}), everything=True)),
        (Wiring(order=(1, 0, 2)), SMALL, Misread(expected=frozenset({0}), found=frozenset({1}))),
        (Wiring(order=(2, 1, 0)), SMALL, Misread(expected=frozenset({0}), found=frozenset({2}))),
        (Wiring(order=(1, 2, 0)), SMALL, Misread(expected=frozenset({0}), found=frozenset({2}))),
    ],
)
def test_a_wrong_transformer_is_found_while_it_charges(wiring: Wiring, site: dict[str, Any], found: Misread) -> None:
    home = wired(wiring, site)
    after_s = found_after(home)
    assert after_s is not None
    assert after_s <= FOUND_S
    assert misread(home) == found
    if found.turned:
        home.run(60, step_s=STEP_S)
        assert home.looks[-1].evse.envelope.min_w == 0.0, "it may give back by a meter that counts backwards"


@pytest.mark.parametrize("site", [{}, THREE, SMALL])
def test_a_meter_put_in_right_is_never_blamed(site: dict[str, Any]) -> None:
    assert found_after(wired(Wiring(), site)) is None
