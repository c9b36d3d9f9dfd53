"""A car that asks anew or takes more than it may gets our order again; each event is told what the charge has cost."""

from dataclasses import replace

import pytest

from custom_components.mobilize_flex.core.model import facts as f
from custom_components.mobilize_flex.core.model.commands import (
    AnswerNeeds,
    AnswerSchedule,
    AnswerTransaction,
    SetpointForm,
    SetPower,
)
from custom_components.mobilize_flex.core.model.station import EventKind, Sample, Sampling

from .test_step import CONFIG, NEEDS, Home


@pytest.fixture
def home() -> Home:
    """Give a home whose car follows an order of 3 kW."""
    home = Home()
    home.plug_in()
    home.plan(3000.0)
    home.keep_alive(20, power_w=3000.0)
    return home


def schedule(home: Home, peak_w: float | None) -> list[object]:
    home.tell(f.ScheduleReported(call=home.call(), station="ST1", evse=1, peak_w=peak_w), 1)
    return list(home.last.commands)


def test_a_schedule_above_the_order_is_refused_and_the_order_comes_again(home: Home) -> None:
    before = home.of(SetPower)[-1]
    refused, order = schedule(home, 7000.0)
    assert isinstance(refused, AnswerSchedule)
    assert isinstance(order, SetPower)
    assert not refused.accepted
    assert order == replace(before, id=order.id, form=SetpointForm.DYNAMIC)


@pytest.mark.parametrize("peak_w", [3000.0, 3250.0, None])
def test_a_schedule_within_the_order_is_accepted_and_that_is_all(home: Home, peak_w: float | None) -> None:
    (accepted,) = schedule(home, peak_w)
    assert isinstance(accepted, AnswerSchedule)
    assert accepted.accepted


def test_a_car_that_tells_its_needs_again_gets_the_order_again(home: Home) -> None:
    home.tell(f.NeedsReported(call=home.call(), station="ST1", evse=1, needs=NEEDS), 1)
    answer = home.last.commands[0]
    orders = [c for c in home.last.commands if isinstance(c, SetPower)]
    assert isinstance(answer, AnswerNeeds)
    assert answer.profile_follows
    assert [(o.power_w, o.form) for o in orders] == [(3000.0, SetpointForm.DYNAMIC)]


def register(home: Home, wh: float) -> tuple[Sampling, ...]:
    return (Sampling(home.now.utc, (Sample("Energy.Active.Import.Register", wh),)),)


def told(home: Home, kind: EventKind, seq_no: int, wh: float) -> float | None:
    home.tell(home.event(kind, seq_no, samplings=register(home, wh)), 60)
    return next(c.total_cost for c in home.last.commands if isinstance(c, AnswerTransaction))


def test_each_event_after_the_first_is_told_what_the_charge_has_cost() -> None:
    home = Home()
    home.dial_in()
    assert told(home, EventKind.STARTED, 0, 0.0) is None
    assert told(home, EventKind.UPDATED, 1, 100.0) == pytest.approx(0.02)
    assert told(home, EventKind.ENDED, 2, 200.0) == pytest.approx(0.04)


def test_a_charge_of_nothing_is_free() -> None:
    home = Home()
    home.dial_in()
    told(home, EventKind.STARTED, 0, 0.0)
    assert told(home, EventKind.ENDED, 1, 0.0) == 0.0


def test_no_cost_is_told_where_no_price_is_known() -> None:
    home = Home()
    home.tell(f.SiteConfigured(replace(CONFIG, contract=None)))
    home.dial_in()
    told(home, EventKind.STARTED, 0, 0.0)
    assert told(home, EventKind.ENDED, 1, 100.0) is None
