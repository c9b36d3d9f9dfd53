"""What a station of a size can show, and what it cannot."""

from datetime import UTC, datetime

import pytest

from custom_components.mobilize_flex.core.model.station import Sample, Sampling
from custom_components.mobilize_flex.core.ocpp.plausible import plausible, soc_leaps

AT = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
ONE_PHASE_W, THREE_PHASES_W = 7360.0, 22_080.0


@pytest.mark.parametrize(
    ("sample", "max_w", "possible"),
    [
        (Sample("Power.Active.Import", 7400.0), ONE_PHASE_W, True),
        (Sample("Power.Active.Export", -7400.0), ONE_PHASE_W, True),
        (Sample("Power.Active.Import", 60_000.0), ONE_PHASE_W, False),
        (Sample("Power.Active.Import", 60_000.0), THREE_PHASES_W, True),
        (Sample("Power.Offered", -90_000.0), THREE_PHASES_W, False),
        (Sample("Current.Import", 32.0, "L1"), ONE_PHASE_W, True),
        (Sample("Current.Import", 150.0, "L1"), ONE_PHASE_W, False),
        (Sample("Voltage", 231.0, "L1"), ONE_PHASE_W, True),
        (Sample("Energy.Active.Import.Register", 9e9), ONE_PHASE_W, True),
    ],
)
def test_what_can_be(sample: Sample, max_w: float, possible: bool) -> None:
    kept, refused = plausible([Sampling(AT, (sample,))], max_w)
    assert kept == ((Sampling(AT, (sample,)),) if possible else ())
    assert refused == (() if possible else (sample.measurand,))


def test_the_good_half_of_a_sampling_stays() -> None:
    good, bad = Sample("Power.Active.Import", 100.0), Sample("Current.Import", 199.0)
    kept, refused = plausible([Sampling(AT, (good, bad))], ONE_PHASE_W)
    assert (kept, refused) == ((Sampling(AT, (good,)),), ("Current.Import",))


@pytest.mark.parametrize(
    ("before", "after", "seconds", "leaps"),
    [(50, 51, 2, False), (88, 37, 15, True), (20, 80, 12 * 3600, False), (80, 20, 60, True), (50, 50, 0, False)],
)
def test_a_battery_has_inertia(before: float, after: float, seconds: float, leaps: bool) -> None:
    assert soc_leaps(before, after, seconds, ONE_PHASE_W) is leaps
