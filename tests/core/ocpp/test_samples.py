"""Figures of a station's meter arrive in base units, and only those that can be true."""

from datetime import UTC, datetime

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.mobilize_flex.core.model.station import Sample, Sampling
from custom_components.mobilize_flex.core.ocpp.samples import FORMS_KEPT, samplings
from custom_components.mobilize_flex.core.ocpp.wire import Json, Payload

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
AT = datetime(2026, 11, 22, 17, 59, 30, tzinfo=UTC)


def read(*raw: Payload) -> tuple[tuple[Sample, ...], list[str]]:
    odd: list[str] = []
    values: list[Json] = [{"timestamp": "2026-11-22T17:59:30Z", "sampledValue": list(raw)}]
    read = samplings({"meterValue": values}, NOW, odd)
    return (read[0].samples if read else ()), odd


def unit(name: str | None, multiplier: int | None = None) -> Payload:
    words: Payload = {} if name is None else {"unit": name}
    return words if multiplier is None else words | {"multiplier": multiplier}


@pytest.mark.parametrize(
    ("measurand", "value", "measure", "expected"),
    [
        ("Power.Active.Import", 7200.5, unit("W"), 7200.5),
        ("Power.Active.Import", 7.2, unit("kW"), 7200.0),
        ("Power.Active.Import", 72, unit("W", 2), 7200.0),
        ("Power.Active.Import", 7200, None, 7200.0),
        ("Power.Active.Import", 7200, unit(None), 7200.0),
        ("Power.Active.Import", -2500, unit("W"), -2500.0),
        ("Power.Active.Setpoint", -2500, unit("W"), -2500.0),
        ("Energy.Active.Import.Register", 12.5, unit("kWh"), 12500.0),
        ("Energy.Active.Import.Register", 1163.3333740234375, unit("Wh"), 1163.3333740234375),
        ("EnergyRequest.Minimum", -6.0, unit("kWh"), -6000.0),
        ("Current.Import", 16.1, unit("A"), 16.1),
        ("Current.Import", 161, unit("A", -1), 16.1),
        ("Voltage", 231.5, unit("Wh"), 231.5),  # a serialiser filled in the schema's default
        ("SoC", 61, unit("Percent"), 61.0),
        ("Display.PresentSOC", 61, unit("%"), 61.0),
        ("Display.BatteryEnergyCapacity", 52, unit("kWh"), 52000.0),
        ("Frequency", 50.02, unit("hz"), 50.02),
        ("Power.Factor", 0.98, unit("cos"), 0.98),
    ],
)
def test_a_figure_is_taken_in_base_units(
    measurand: str, value: float, measure: Payload | None, expected: float
) -> None:
    raw: Payload = {"measurand": measurand, "value": value}
    samples, odd = read(raw if measure is None else raw | {"unitOfMeasure": measure})
    assert odd == []
    assert [sample.measurand for sample in samples] == [measurand]
    assert samples[0].value == pytest.approx(expected)


def test_what_is_absent_means_what_the_standard_says() -> None:
    samples, _ = read({"value": 5})
    assert samples == (Sample("Energy.Active.Import.Register", 5.0, None, "Outlet", "Sample.Periodic"),)


def test_phase_place_and_context_are_kept() -> None:
    raw: Payload = {"value": 230, "measurand": "Voltage", "phase": "L2-N", "location": "Inlet", "context": "Trigger"}
    assert read(raw)[0] == (Sample("Voltage", 230.0, "L2", "Inlet", "Trigger"),)
    assert read(raw | {"phase": "L1-L2"})[0][0].phase == "L1-L2"


@pytest.mark.parametrize(
    "raw",
    [
        {"measurand": "Power.Active.Import", "value": 100_001},
        {"measurand": "Power.Active.Import", "value": 1e305},
        {"measurand": "Power.Active.Import", "value": 11, "unitOfMeasure": {"unit": "kW", "multiplier": 3}},
        {"measurand": "Power.Active.Import", "value": 11, "unitOfMeasure": {"unit": "W", "multiplier": 400}},
        {"measurand": "Power.Active.Import", "value": 11, "unitOfMeasure": {"unit": "A"}},
        {"measurand": "Power.Active.Import", "value": 11, "unitOfMeasure": {"unit": "horses"}},
        {"measurand": "Energy.Active.Import.Register", "value": -1},
        {"measurand": "Energy.Active.Import.Register", "value": 1e11},
        {"measurand": "Voltage", "value": -230},
        {"measurand": "Voltage", "value": 1001},
        {"measurand": "Current.Import", "value": 201},
        {"measurand": "SoC", "value": 101},
        {"measurand": "SoC", "value": -1},
        {"measurand": "Wind", "value": 5},
        {"measurand": "SoC", "value": "61"},
        {"measurand": "SoC", "value": True},
        {"measurand": "SoC"},
    ],
)
def test_what_cannot_be_true_is_left_out_and_named(raw: Payload) -> None:
    samples, odd = read(raw, {"measurand": "SoC", "value": 50})
    assert [sample.value for sample in samples] == [50.0]
    assert len(odd) == 1
    assert str(raw["measurand"]) in odd[0]


@pytest.mark.parametrize(
    "clock", ["1970-01-01T00:00:00Z", "2026-11-23T18:00:00Z", "9999-12-31T23:59:59-14:00", "noon", None]
)
def test_a_clock_that_cannot_be_right_is_replaced(clock: str | None) -> None:
    value: Payload = {"timestamp": clock, "sampledValue": [{"value": 1}]}
    assert [sampling.at for sampling in samplings({"meterValue": [value]}, NOW, [])] == [NOW]


def test_a_message_may_hold_many_instants_and_empty_ones() -> None:
    values: list[Json] = [
        {"timestamp": "2026-11-22T17:59:30Z", "sampledValue": [{"value": 1}]},
        {"timestamp": "2026-11-22T17:59:40+00:00", "sampledValue": [{"value": "?"}]},
        {"timestamp": "2026-11-22T18:59:30+01:00", "sampledValue": [{"value": 2}]},
    ]
    read = samplings({"meterValue": values}, NOW, [])
    register = "Energy.Active.Import.Register"
    assert read == (Sampling(AT, (Sample(register, 1.0),)), Sampling(AT, (Sample(register, 2.0),)))


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)
RAW = st.dictionaries(
    st.sampled_from(["value", "measurand", "phase", "unitOfMeasure", "context", "location"]),
    SCALARS | st.dictionaries(st.sampled_from(["unit", "multiplier"]), SCALARS),
)


@settings(deadline=None)
@given(st.lists(RAW, max_size=5))
def test_whatever_comes_only_bounded_figures_leave(raw: list[Payload]) -> None:
    for sample in read(*raw)[0]:
        assert abs(sample.value) <= 1e10


def test_words_of_odd_kinds_are_not_taken_for_those_seen_before() -> None:
    plain: Payload = {"measurand": "Current.Import", "value": 16, "unitOfMeasure": {"unit": "A", "multiplier": 1}}
    assert read(plain)[0][0].value == 160.0
    assert read(plain | {"unitOfMeasure": {"unit": "A", "multiplier": True}})[0][0].value == 16.0
    assert read(plain | {"unitOfMeasure": "A"})[0][0].value == 16.0
    assert read(plain | {"phase": ["L1"], "location": {}})[0] == (Sample("Current.Import", 160.0, None),)


def test_forms_beyond_those_kept_are_read_all_the_same() -> None:
    for number in range(2 * FORMS_KEPT):
        raw: Payload = {"measurand": "Current.Import", "value": 16, "context": f"Other{number}"}
        assert read(raw)[0] == (Sample("Current.Import", 16.0, context=f"Other{number}"),)
