"""What a station's meter can truly show, for the station it sits in."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from ..model.electric import NOMINAL_V
from ..model.station import Sample, Sampling

GENEROSITY: Final = 3.0
"""How many times what a station can do still counts as possible."""
LEAST_W: Final = 3.0 * 230.0 * 16.0
SOC_STEP_PCT: Final = 5.0
SMALLEST_BATTERY_WH: Final = 10_000.0


def plausible(samplings: Iterable[Sampling], max_w: float) -> tuple[tuple[Sampling, ...], tuple[str, ...]]:
    """Return the samples a station of so much power can measure, and the names of those it cannot.

    Counters pass: they are judged by what they showed before.
    """
    most_w = GENEROSITY * max(max_w, LEAST_W)
    kept: list[Sampling] = []
    refused: list[str] = []
    for sampling in samplings:
        odd = [sample.measurand for sample in sampling.samples if not _is_possible(sample, most_w)]
        sound = sampling.samples if not odd else tuple(s for s in sampling.samples if _is_possible(s, most_w))
        refused += odd
        if sound:
            kept.append(sampling if not odd else replace(sampling, samples=sound))
    return tuple(kept), tuple(refused)


def _is_possible(sample: Sample, most_w: float) -> bool:
    if sample.measurand.startswith("Power."):
        return abs(sample.value) <= most_w
    if sample.measurand.startswith("Current."):
        return abs(sample.value) <= most_w / NOMINAL_V
    return True


def soc_leaps(before_pct: float, after_pct: float, seconds: float, max_w: float) -> bool:
    """Tell whether a state of charge moved further than any battery could."""
    most_pct = 100.0 * max(max_w, LEAST_W) * max(0.0, seconds) / 3600.0 / SMALLEST_BATTERY_WH
    return abs(after_pct - before_pct) > SOC_STEP_PCT + most_pct
