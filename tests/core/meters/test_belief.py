"""What of a meter's word is believed: possible figures, counters that run forward, a face that moves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custom_components.mobilize_flex.core.meters.belief import REPLACED_S, Belief, believe
from custom_components.mobilize_flex.core.model.config import MeterConfig, SiteConfig
from custom_components.mobilize_flex.core.model.electric import MeterReading
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.state import MeterState

T0 = datetime(2026, 11, 22, tzinfo=UTC)
SITE = SiteConfig(name="Home", breaker_a=45.0, meter=MeterConfig(key="m", name="Meter", kind="linky", period_s=2.0))
PLAIN = MeterReading(power_w=900.0, voltage_v=(231.0, None, None), import_wh=5_000_000.0, export_wh=0.0)


class Listener:
    """Somebody who hears a meter and keeps what is believed of it."""

    def __init__(self, site: SiteConfig = SITE) -> None:
        self.site, self.meter, self.seconds = site, MeterState(), 0.0

    def hear(self, reading: MeterReading, after_s: float = 2.0, cars_w: float | None = 0.0) -> Belief:
        self.seconds += after_s
        now = Moment(T0 + timedelta(seconds=self.seconds), 100.0 + self.seconds)
        belief = believe(self.site, self.meter, reading, cars_w, now)
        self.meter = replace(self.meter, memory=belief.memory)
        if belief.reading is not None and not belief.frozen:
            self.meter = replace(self.meter, reading=belief.reading, at=now)
        return belief


@pytest.mark.parametrize(
    "odd",
    [
        {"power_w": 900_000.0},
        {"power_w": -900_000.0},
        {"apparent_va": 250_000.0},
        {"phase_power_w": (60_000.0, None, None)},
        {"current_a": (900.0, None, None)},
        {"current_a": (None, None, -900.0)},
        {"voltage_v": (2300.0, None, None)},
        {"voltage_v": (-1.0, None, None)},
    ],
)
def test_what_no_connection_of_this_size_shows_is_refused(odd: dict[str, Any]) -> None:
    listener = Listener()
    listener.hear(PLAIN)
    belief = listener.hear(replace(PLAIN, **odd))
    assert (belief.reading, belief.memory.refused) == (None, 1)
    assert listener.hear(PLAIN).reading == PLAIN


@pytest.mark.parametrize("power_w", [0.0, 12_000.0, 25_000.0, -9_000.0])
def test_a_great_load_is_a_load(power_w: float) -> None:
    assert Listener().hear(replace(PLAIN, power_w=power_w)).reading is not None


def test_a_meter_whose_clock_stands_is_frozen_and_moves_again() -> None:
    listener = Listener()
    still = replace(PLAIN, clock=T0)
    found = [listener.hear(still).frozen for _ in range(8)]
    assert found == [False] * 6 + [True] * 2
    assert not listener.hear(replace(still, clock=T0 + timedelta(seconds=20))).frozen


def test_a_slow_meter_may_repeat_itself_for_longer() -> None:
    slow = replace(SITE, meter=MeterConfig(key="m", name="Meter", kind="p1", period_s=10.0))
    listener = Listener(slow)
    still = replace(PLAIN, clock=T0)
    assert [listener.hear(still, 10.0).frozen for _ in range(5)] == [False] * 4 + [True]


def test_a_meter_without_a_clock_is_frozen_once_a_car_moves_and_it_does_not() -> None:
    listener = Listener()
    assert not any(listener.hear(PLAIN, cars_w=0.0).frozen for _ in range(60))
    found = [listener.hear(PLAIN, cars_w=7_000.0).frozen for _ in range(10)]
    assert found.index(True) == 6


def test_a_car_that_is_heard_late_freezes_nobody() -> None:
    listener = Listener()
    for cars_w in (2_300.0, 2_300.0):
        listener.hear(replace(PLAIN, power_w=3_000.0), cars_w=cars_w)
    assert not any(listener.hear(PLAIN, cars_w=2_300.0 if n < 4 else 0.0).frozen for n in range(60))


def test_a_counter_that_leaps_keeps_its_last_value_until_the_new_one_has_held() -> None:
    listener = Listener()
    listener.hear(PLAIN)
    leapt = replace(PLAIN, import_wh=9_000_000_000.0)
    wanted = int(REPLACED_S / 2.0)
    told = [listener.hear(replace(leapt, power_w=900.0 + n)).reading for n in range(wanted + 2)]
    kept = [reading.import_wh for reading in told if reading is not None]
    assert kept[:wanted] == [5_000_000.0] * wanted
    assert kept[-1] == 9_000_000_000.0


def test_another_meter_may_show_anything() -> None:
    listener = Listener()
    listener.hear(replace(PLAIN, serial="one"))
    reading = listener.hear(replace(PLAIN, serial="two", import_wh=12.0)).reading
    assert reading is not None
    assert reading.import_wh == 12.0


def test_a_counter_that_runs_is_believed_after_a_long_silence() -> None:
    listener = Listener()
    listener.hear(PLAIN)
    reading = listener.hear(replace(PLAIN, import_wh=5_060_000.0), after_s=7200.0).reading
    assert reading is not None
    assert reading.import_wh == 5_060_000.0
