"""A probe ends well only where energy was measured leaving the car, and at once where more came in."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.mobilize_flex.core.control.probe import (
    CAR_MINIMUM_W,
    ORDER_S,
    TABLE,
    View,
    look,
    seconds_left,
    setpoint_for,
    verdict_of,
    wanted_w,
)
from custom_components.mobilize_flex.core.model.commands import SetpointForm
from custom_components.mobilize_flex.core.model.delivery import Delivery, Outcome
from custom_components.mobilize_flex.core.model.driver import Route, RouteKind
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.probe import Probe, Stage, Verdict
from custom_components.mobilize_flex.core.model.session import Phase
from custom_components.mobilize_flex.core.model.state import Decision

T0 = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
SETPOINT_W = -800.0
STEP_S = 2.0


def at(seconds: float) -> Moment:
    return Moment(T0 + timedelta(seconds=seconds), seconds)


BEGUN = Probe(
    route=Route(kind=RouteKind.NEGATIVE_LIMIT), transaction="tx", setpoint_w=SETPOINT_W, started_at=at(0), since=at(0)
)
VIEW = View(
    online=True,
    phase=Phase.STANDARD,
    transaction="tx",
    same=True,
    meter_fresh=True,
    power_w=0.0,
    measured_at=None,
    decision=Decision(),
    delivery=Delivery(),
)
REST = (0.0,) * 6


class Story:
    """A probe told by measurements, one every two seconds."""

    def __init__(self) -> None:
        self.probe, self.verdict, self.seconds = BEGUN, None, 0.0
        self.wanted: list[float] = []
        self.last: Verdict | None = None

    def tell(self, *powers_w: float, **change: object) -> Story:
        for power_w in powers_w:
            if self.last is not None:
                break
            self.seconds += STEP_S
            now = at(self.seconds)
            fields: dict[str, object] = {"power_w": power_w, "measured_at": now}
            view = replace(VIEW, **(fields | change))  # type: ignore[arg-type]
            after = look(self.probe, view, now)
            if isinstance(after, Verdict):
                self.last = after
            else:
                self.probe = after
                self.wanted.append(wanted_w(after))
        return self


def told(*powers_w: float) -> Story:
    return Story().tell(*powers_w)


def ordered() -> Story:
    story = told(*REST)
    assert story.probe.stage is Stage.ORDERED
    return story


def test_the_car_rests_is_measured_and_gives_back() -> None:
    story = told(3000.0, 1200.0, *REST, 0.0, -400.0, *(-790.0,) * 8)
    assert story.last is Verdict.PROVEN
    assert story.wanted[0] == 0.0
    assert SETPOINT_W in story.wanted
    result = verdict_of(story.probe, Verdict.PROVEN, at(story.seconds))
    assert (result.baseline_w, result.power_w, result.lowest_w) == (0.0, -790.0, -790.0)


def test_a_station_that_takes_the_amount_is_stopped_by_the_first_measurement() -> None:
    story = ordered()
    assert story.tell(0.0).last is None
    assert story.tell(810.0).last is Verdict.WRONG_DIRECTION
    assert verdict_of(story.probe, Verdict.WRONG_DIRECTION, at(60)).setpoint_w == SETPOINT_W


def test_it_is_stopped_while_it_holds_too() -> None:
    assert ordered().tell(-800.0, -800.0, 300.0).last is Verdict.WRONG_DIRECTION


@pytest.mark.parametrize(("power_w", "verdict"), [(200.0, None), (201.0, Verdict.WRONG_DIRECTION)])
def test_a_little_more_is_no_rise(power_w: float, verdict: Verdict | None) -> None:
    assert ordered().tell(power_w).last is verdict


@pytest.mark.parametrize(
    ("powers_w", "verdict"),
    [
        ((0.0,) * 40, Verdict.NO_EXPORT),
        ((-150.0,) * 40, Verdict.NO_EXPORT),
        ((-400.0,) * 40, Verdict.OFF_TARGET),
        ((-1200.0,) * 40, Verdict.OFF_TARGET),
        ((-800.0, -800.0, -800.0, 0.0) * 10, Verdict.OFF_TARGET),
        ((-501.0,) * 10, Verdict.PROVEN),
        ((-1099.0,) * 10, Verdict.PROVEN),
    ],
)
def test_only_about_the_power_ordered_for_ten_seconds_proves(powers_w: Iterable[float], verdict: Verdict) -> None:
    story = ordered().tell(*powers_w)
    assert story.last is verdict
    assert story.seconds <= ORDER_S + 16.0


def test_one_measurement_is_not_ten_seconds_of_them() -> None:
    story = ordered()
    story.tell(-800.0)
    now = at(story.seconds + 11.0)
    still = replace(VIEW, power_w=-800.0, measured_at=at(story.seconds))
    after = look(story.probe, still, now)
    assert isinstance(after, Probe)
    assert after.stage is Stage.HOLDING


def test_a_car_that_does_not_rest_is_not_probed() -> None:
    story = told(*(3000.0,) * 30)
    assert story.last is Verdict.NOT_RESTING
    assert set(story.wanted) == {0.0}


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"online": False}, Verdict.OFFLINE),
        ({"transaction": None}, Verdict.CAR_LEFT),
        ({"transaction": "another"}, Verdict.CAR_LEFT),
        ({"phase": Phase.UNPLUGGED}, Verdict.CAR_LEFT),
        ({"phase": Phase.FINISHED}, Verdict.CAR_LEFT),
        ({"phase": Phase.INSTANT}, Verdict.INTERRUPTED),
        ({"phase": Phase.FAULT}, Verdict.INTERRUPTED),
        ({"same": False}, Verdict.INTERRUPTED),
        ({"meter_fresh": False}, Verdict.METER_STALE),
        ({"measured_at": at(-20.0)}, Verdict.NOT_MEASURED),
        ({"measured_at": None}, Verdict.NOT_MEASURED),
        ({"delivery": Delivery(form=SetpointForm.LIMIT)}, Verdict.REFUSED),
        ({"delivery": Delivery(refusals=2)}, Verdict.REFUSED),
        ({"delivery": Delivery(outcome=Outcome.UNANSWERED)}, Verdict.UNANSWERED),
    ],
)
def test_wherever_it_is_a_probe_ends_when_its_ground_gives_way(
    stage: Stage, change: dict[str, object], verdict: Verdict
) -> None:
    probe = replace(BEGUN, stage=stage, ordered_at=at(0))
    view = replace(VIEW, **({"measured_at": at(1)} | change))  # type: ignore[arg-type]
    assert look(probe, view, at(1.0)) is verdict


def test_a_cap_that_bites_ends_it() -> None:
    decision = Decision(power_w=-300.0, wished_w=SETPOINT_W)
    assert ordered().tell(-300.0, decision=decision).last is Verdict.NO_ROOM


def test_the_decision_before_the_order_is_no_cap() -> None:
    assert ordered().tell(0.0, decision=Decision(power_w=0.0, wished_w=0.0)).last is None


def test_a_refusal_that_teaches_another_unit_is_no_end() -> None:
    assert ordered().tell(0.0, delivery=Delivery(outcome=Outcome.REFUSED, refusals=1)).last is None


@pytest.mark.parametrize(
    ("wanted", "minimum_w", "setpoint_w"),
    [
        (None, 0.0, -800.0),
        (None, 500.0, -800.0),
        (None, 1000.0, -1000.0),
        (-500.0, 1400.0, -1400.0),
        (-1000.0, 800.0, -1000.0),
        (-505.0, 0.0, -510.0),
        (None, CAR_MINIMUM_W, -1500.0),
        (None, CAR_MINIMUM_W + 1.0, None),
    ],
)
def test_a_car_is_never_asked_for_less_than_it_can(
    wanted: float | None, minimum_w: float, setpoint_w: float | None
) -> None:
    assert setpoint_for(wanted, minimum_w) == setpoint_w


def test_an_order_of_a_probe_never_outlives_its_minute_by_much() -> None:
    probe = replace(BEGUN, stage=Stage.ORDERED, ordered_at=at(0))
    assert [seconds_left(probe, at(s)) for s in (0.0, 20.0, 59.0)] == [65, 45, 10]


def test_every_stage_has_a_way_out() -> None:
    assert set(TABLE) == set(Stage)
    for row in TABLE.values():
        assert any(isinstance(step, Verdict) for step in row.values())


@given(st.lists(st.floats(-2000.0, 2000.0), min_size=60, max_size=90))
def test_whatever_is_measured_it_ends_and_proof_needs_ten_seconds_of_export(powers_w: list[float]) -> None:
    story = told(*powers_w)
    assert story.last is not None
    if story.last is Verdict.PROVEN:
        count = int(story.seconds / STEP_S)
        assert all(-1100.0 <= w <= -500.0 for w in powers_w[count - 5 : count])
