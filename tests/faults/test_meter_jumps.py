"""A meter that says something impossible for a moment, or whose counters leap.

Fault 8: what cannot be is refused, nothing absurd is shown, and no car is ever let up because of it.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from custom_components.mobilize_flex.core.model.electric import MeterReading
from tests.faults.metered import STEP_S, MeteredHome, metered

TIGHT: dict[str, dict[str, Any]] = {
    "single phase": {"breaker_a": 30.0, "load_w": 2000.0},
    "three phases": {"phases": 3, "breaker_a": 20.0, "load_w": 5000.0},
}


def times(reading: MeterReading, factor: float) -> MeterReading:
    """Return a reading with every power and current multiplied."""

    def scaled(value: float | None) -> float | None:
        return None if value is None else value * factor

    first, second, third = (scaled(w) for w in reading.phase_power_w)
    one, two, three = (scaled(a) for a in reading.current_a)
    drawn, fed_in = scaled(reading.apparent_va), scaled(reading.injected_va)
    return replace(
        reading,
        power_w=scaled(reading.power_w),
        apparent_va=max(0.0, drawn) if drawn is not None else None,
        injected_va=max(0.0, fed_in) if fed_in is not None else None,
        phase_power_w=(first, second, third),
        current_a=(one, two, three),
    )


JUMPS: dict[str, Callable[[MeterReading], MeterReading]] = {
    "zero": lambda r: times(r, 0.0),
    "negative": lambda r: times(r, -1.0),
    "times a thousand": lambda r: times(r, 1000.0),
    "minus a thousand": lambda r: times(r, -1000.0),
    "a thousandth": lambda r: times(r, 0.001),
}


@pytest.mark.parametrize("length_s", [1.0, 4.0])
@pytest.mark.parametrize("jump", JUMPS)
@pytest.mark.parametrize("which", TIGHT)
def test_no_car_is_let_up_by_a_reading_that_lies(which: str, jump: str, length_s: float) -> None:
    home = metered(**TIGHT[which])
    before_w, allowed_w = home.car_w[-1], home.looks[-1].evse.envelope.max_w
    assert before_w > 2000.0
    begun_s = home.seconds
    home.twist = lambda reading, at: JUMPS[jump](reading) if at < begun_s + length_s + 1 else reading
    top_a = home.config.breaker_a
    for _ in range(60):
        home.run(1, step_s=STEP_S)
        if home.seconds <= begun_s + length_s + 5:
            assert home.looks[-1].evse.envelope.max_w <= allowed_w + 250.0
        assert max(home.drawn_a[-1]) <= top_a
        power_w = home.meter.reading.power_w
        assert power_w is not None
        assert abs(power_w) < 50_000.0
    home.run(240, step_s=STEP_S)
    assert home.car_w[-1] >= 0.85 * before_w


COUNTERS: dict[str, Callable[[float], float]] = {
    "reset": lambda _: 0.0,
    "times a thousand": lambda wh: 1000.0 * wh,
    "a leap": lambda wh: wh + 5_000_000.0,
    "back by a day": lambda wh: wh - 20_000.0,
}


def leaping(leap: Callable[[float], float]) -> Callable[[MeterReading, float], MeterReading | None]:
    return lambda r, _: replace(r, import_wh=leap(r.import_wh), export_wh=leap(r.export_wh or 0.0))  # type: ignore[arg-type]


@pytest.mark.parametrize("leap", COUNTERS)
def test_a_counter_that_leaps_for_a_while_is_not_believed(leap: str) -> None:
    home = metered()
    home.twist = lambda r, _: replace(r, import_wh=(r.import_wh or 0.0) + 9_000_000.0)
    home.run(320, step_s=STEP_S)  # the meter has counted for years
    known_wh = counted(home)
    years = home.twist
    assert known_wh > 9_000_000.0
    home.twist = lambda r, at: leaping(COUNTERS[leap])(years(r, at) or r, at)
    for _ in range(60):
        home.run(2, step_s=STEP_S)
        assert known_wh <= counted(home) <= known_wh + 5_000.0
    home.twist = years
    home.run(30, step_s=STEP_S)
    assert known_wh <= counted(home) <= known_wh + 5_000.0
    assert home.meter.memory.doubted_s == (None, None)


@pytest.mark.parametrize("leap", ["reset", "a leap"])
def test_a_counter_that_stays_where_it_leapt_is_a_new_meter(leap: str) -> None:
    home = metered()
    home.twist = lambda r, _: replace(r, import_wh=(r.import_wh or 0.0) + 9_000_000.0)
    home.run(320, step_s=STEP_S)
    years, known_wh = home.twist, counted(home)
    home.twist = lambda r, at: leaping(COUNTERS[leap])(years(r, at) or r, at)
    home.run(320, step_s=STEP_S)
    assert counted(home) == pytest.approx(COUNTERS[leap](known_wh), abs=10_000.0)


def test_another_meter_is_believed_at_once() -> None:
    home = metered()
    home.twist = lambda r, _: replace(r, import_wh=9_000_000.0, serial="another")
    home.run(3, step_s=STEP_S)
    assert counted(home) == 9_000_000.0


def test_what_was_refused_is_counted() -> None:
    home = metered()
    home.twist = lambda r, _: times(r, 1000.0)
    home.run(5, step_s=STEP_S)
    assert home.meter.memory.refused == 5


def counted(home: MeteredHome) -> float:
    wh = home.meter.reading.import_wh
    assert wh is not None
    return wh
