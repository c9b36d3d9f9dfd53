"""The house meter as a station reads it and passes it on."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from ..model.facts import Metered, MeterRead, TransactionReported
from ..model.station import Sample, Sampling
from ..ocpp.mains import UPSTREAM, mains_reading
from .draft import Draft
from .home import meter_read

LATE: Final = timedelta(seconds=30)
"""What a station measured longer ago says nothing about now."""


def metered(d: Draft, fact: Metered) -> None:
    """Take what a station says of the home's connection outside a transaction."""
    _take(d, fact.station, fact.evse, fact.samplings)


def transaction_reported(d: Draft, fact: TransactionReported) -> None:
    """Take what a station says of the home's connection beside a transaction."""
    if not fact.offline:
        _take(d, fact.station, fact.evse, fact.samplings)


def _take(d: Draft, identity: str, evse: int | None, samplings: Sequence[Sampling]) -> None:
    meter = d.state.config.meter
    if meter is None or meter.station != identity or not samplings:
        return
    last = max(samplings, key=lambda sampling: sampling.at)
    if d.now.utc - last.at > LATE:
        return
    reading = mains_reading(_of_the_home(last.samples, evse, meter.main_meter))
    if reading is not None:
        meter_read(d, MeterRead(reading))


def _of_the_home(samples: Sequence[Sample], evse: int | None, main_meter: bool) -> tuple[Sample, ...]:
    """Return the samples of the home's connection: upstream ones, or all of the station's main meter (EVSE 0)."""
    if main_meter and evse == 0:
        return tuple(samples)
    return tuple(sample for sample in samples if sample.location == UPSTREAM)
