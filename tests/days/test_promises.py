"""The promises of every mode, held over made-up nights: whatever the plan wants, the station refuses or the line does.

`python -m bench.nights 2000` lives through as many as one has patience for, with the same code.
"""

from collections import Counter
from dataclasses import replace

import pytest

from bench import nights as made_up
from bench.night_world import AUTUMN, SPRING, ZONE, script
from bench.nights import Night, live
from custom_components.mobilize_flex.core.plan.planner import make_plan

NIGHTS = 36
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def nights() -> list[Night]:
    """Live through the nights of the first seeds."""
    return [live(seed) for seed in range(1, NIGHTS + 1)]


def test_no_promise_is_broken(nights: list[Night]) -> None:
    broken: Counter[str] = Counter()
    for night in nights:
        broken += Counter({f"night {night.told.seed}: {what}": count for what, count in night.broken.items()})
    assert not broken, broken


def test_what_may_go_wrong_went_wrong(nights: list[Night]) -> None:
    seen: Counter[str] = Counter()
    for night in nights:
        seen += night.seen
    for what in ("orders", "orders to give back", "plans", "deaths", "lost links"):
        assert seen[what] > 0, what
    assert seen["departures that were possible"] >= NIGHTS // 4
    told = [night.told for night in nights]
    assert {one.start.astimezone(ZONE).date() for one in told} >= {SPRING, AUTUMN}
    assert any(one.refuses for one in told)
    assert any(one.ignores for one in told)
    assert any(one.silences for one in told)
    assert any(one.sleeper for one in told)
    assert any(one.unplug_s < one.departure_s for one in told)


def test_a_night_is_the_same_each_time() -> None:
    assert script(7) == script(7)
    assert live(7).seen == live(7).seen


@pytest.mark.parametrize("what", ["power", "selector", "fresh"])
def test_a_broken_promise_would_be_noticed(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Break the core on purpose: the nights have to tell."""
    from custom_components.mobilize_flex.core.control import decide  # noqa: PLC0415

    kept = {
        "power": [cap for cap in decide.CAPS if cap.__name__ != "_house"],
        "selector": [cap for cap in decide.CAPS if cap.__name__ not in ("_station", "_vehicle", "_house")],
        "fresh": [cap for cap in decide.CAPS if cap.__name__ not in ("_house", "_route")],
    }[what]
    monkeypatch.setattr(decide, "CAPS", tuple(kept))
    broken: Counter[str] = Counter()
    for seed in range(1, 9):
        broken += live(seed).broken
    assert broken


def test_a_car_that_is_not_ready_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made_up, "make_plan", lambda question: make_plan(replace(question, departures=())))
    assert all("not ready" in " ".join(live(seed).broken) for seed in (8, 9))
