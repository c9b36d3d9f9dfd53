"""What flows now: import less export, totals before sums, nothing of a past moment."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.mobilize_flex.core.model.electric import NO_PHASES, StationReadings
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.station import Sample, Sampling, told_by
from custom_components.mobilize_flex.core.ocpp.readings import (
    counters,
    merge,
    net_power_w,
    per_phase,
    state_of_charge,
)

AT = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


def power(value: float, direction: str = "Import", **more: str) -> Sample:
    return Sample(f"Power.Active.{direction}", value, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("samples", "net_w"),
    [
        ([], None),
        ([Sample("Voltage", 230.0)], None),
        ([power(7200)], 7200.0),
        ([power(0), power(2480, "Export")], -2480.0),
        ([power(2480, "Export")], -2480.0),
        ([power(-2480)], -2480.0),  # firmware that has no word for export
        ([power(-2480), power(2480, "Export")], -2480.0),  # and firmware that says it twice
        ([power(100), power(40, "Export")], 60.0),
        ([power(1000, phase="L1"), power(1100, phase="L2"), power(1200, phase="L3")], 3300.0),
        ([power(3300), power(1000, phase="L1"), power(1100, phase="L2")], 3300.0),
        ([power(-800, phase="L1"), power(-800, phase="L2")], -1600.0),
        ([power(7000), power(7200, location="EV"), power(9000, location="Upstream")], 7000.0),
        ([power(7100, location="Inlet")], 7100.0),
        ([power(7200, location="EV")], None),
        ([power(100), power(200)], 200.0),
        ([Sample("Current.Import", 10.0, "L1"), Sample("Voltage", 231.0, "L1")], 2310.0),
        ([Sample("Current.Import", 10.0, p) for p in ("L1", "L2", "L3")], 6900.0),
        ([Sample("Current.Export", 10.0, "L1"), Sample("Voltage", 230.0)], -2300.0),
    ],
)
def test_net_power(samples: list[Sample], net_w: float | None) -> None:
    assert net_power_w(told_by(samples)) == net_w


def test_by_phase() -> None:
    samples = [Sample("Voltage", 231.0, "L1"), Sample("Voltage", 399.0, "L1-L2"), Sample("Voltage", 233.0, "L3")]
    assert per_phase(told_by(samples), "Voltage") == (231.0, None, 233.0)
    assert per_phase(told_by([Sample("Voltage", 229.0)]), "Voltage") == (229.0, None, None)
    assert per_phase(told_by([]), "Voltage") == NO_PHASES


def test_counters_and_charge() -> None:
    samples = [
        Sample("Energy.Active.Import.Register", 1000.0),
        Sample("Energy.Active.Export.Register", 200.0),
        Sample("Energy.Active.Import.Interval", 7.0),
        Sample("Display.PresentSOC", 61.0, location="EV"),
    ]
    assert counters(told_by(samples)) == (1000.0, 200.0)
    assert state_of_charge(told_by(samples)) == 61.0
    assert state_of_charge(told_by([Sample("SoC", 60.0), *samples])) == 60.0
    assert state_of_charge(told_by([])) is None


def test_readings_keep_what_a_message_does_not_speak_of(now: Moment) -> None:
    before = merge(StationReadings(), [Sampling(AT, (power(7200), Sample("SoC", 50.0), Sample("Voltage", 230.0)))], now)
    later = Moment(now.utc + timedelta(seconds=5), now.mono_s + 5)
    after = merge(before, [Sampling(AT, (Sample("Voltage", 231.0),))], later)
    assert (after.power_w, after.at, after.soc_pct, after.soc_at) == (7200.0, now, 50.0, now)
    assert after.voltage_v == (231.0, None, None)


def test_readings_by_phase_are_signed(now: Moment) -> None:
    samples = (
        power(-800, phase="L1"),
        power(700, "Export", phase="L2"),
        Sample("Current.Import", 3.0, "L1"),
        Sample("Current.Export", 4.0, "L2"),
        Sample("Power.Active.Setpoint", -1500.0),
    )
    readings = merge(StationReadings(), [Sampling(AT, samples)], now)
    assert readings.power_w == -1500.0
    assert readings.phase_power_w == (-800.0, -700.0, None)
    assert readings.current_a == (3.0, -4.0, None)
    assert readings.setpoint_w == -1500.0


def test_the_beginning_of_a_transaction_is_not_what_flows_now(now: Moment) -> None:
    flowing = merge(StationReadings(), [Sampling(AT, (power(3000),))], now)
    whole_story = [
        Sampling(AT + timedelta(hours=2), (power(0, context="Transaction.End"), _counter(9000, "Transaction.End"))),
        Sampling(AT, (power(11000, context="Transaction.Begin"), _counter(1000, "Transaction.Begin"))),
        Sampling(AT + timedelta(hours=1), (power(2500), _counter(5000, "Sample.Periodic"))),
    ]
    ended = merge(flowing, whole_story, now)
    assert ended.power_w == 2500.0


def test_the_counter_of_a_beginning_is_better_than_none(now: Moment) -> None:
    begun, ended = _counter(1000, "Transaction.Begin"), _counter(9000, "Transaction.End")
    assert counters(told_by([begun])) == (1000.0, None)
    assert counters(told_by([begun, ended])) == (9000.0, None)
    assert merge(StationReadings(), [Sampling(AT, (begun,))], now).at is None


def _counter(wh: float, context: str) -> Sample:
    return Sample("Energy.Active.Import.Register", wh, context=context)
