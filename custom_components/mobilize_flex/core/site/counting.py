"""What a station measures, once it can be believed."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from ..ledger.counters import bound_of, take
from ..model.electric import StationReadings
from ..model.replacing import replace
from ..model.session import Span
from ..model.state import EvseState, StationMemory
from ..model.station import Sampling
from ..ocpp import readings as live
from ..ocpp.plausible import plausible, soc_leaps
from .draft import Draft

AWAKE_W: Final = 100.0
MOST_DOUBTS: Final = 32
QUIET: Final = timedelta(seconds=60)
"""A counter that stands still is written down this seldom."""
SAME_SOC_PCT: Final = 5.0


def believable(d: Draft, identity: str, samplings: tuple[Sampling, ...]) -> tuple[Sampling, ...]:
    """Return what can be true of what a station measured; the rest is counted by name."""
    kept, refused = plausible(samplings, d.state.stations[identity].config.max_w)
    if not refused:
        return samplings
    _doubt(d, identity, refused)
    return kept


def take_samplings(
    d: Draft, identity: str, number: int, samplings: tuple[Sampling, ...], *, dated: bool = True
) -> None:
    """Bring an EVSE's readings and its counters up to date with what is measured now."""
    if not samplings:
        return
    evse = d.evse(identity, number)
    readings = live.merge(evse.readings, samplings, d.now)
    awake = d.now if abs(readings.power_w or 0.0) > AWAKE_W else evse.awake_at
    readings, doubtful_pct = _with_sane_soc(d, identity, evse, readings)
    readings, memory = _counted(d, identity, number, readings, samplings, dated=dated)
    after = replace(evse, readings=readings, awake_at=awake, doubtful_soc_pct=doubtful_pct)
    d.put_evse(identity, after, memory)


def count(d: Draft, identity: str, number: int, samplings: Iterable[Sampling], *, dated: bool = True) -> None:
    """Let the counters of an EVSE go on, and nothing else."""
    evse = d.evse(identity, number)
    readings, memory = _counted(d, identity, number, evse.readings, samplings, dated=dated)
    if memory is not d.state.stations[identity].memory:
        d.put_evse(identity, replace(evse, readings=readings), memory)


def _counted(
    d: Draft, identity: str, number: int, readings: StationReadings, samplings: Iterable[Sampling], *, dated: bool
) -> tuple[StationReadings, StationMemory]:
    """Return readings and memory with the counters of an EVSE gone on, in the order of time."""
    station = d.state.stations[identity]
    memory, bound = station.memory, bound_of(station.config.max_w, d.now.utc, dated=dated)
    before = _span(memory.drawn, number), _span(memory.given, number)
    drawn, given = before
    for sampling in sorted(samplings, key=lambda sampling: sampling.at):
        import_wh, export_wh = live.counters(sampling.samples)
        if import_wh is not None:
            drawn = take(drawn, sampling.at, import_wh, bound, dated=dated)
        if export_wh is not None:
            given = take(given, sampling.at, export_wh, bound, dated=dated)
    drawn, given = _worth_noting(before[0], drawn), _worth_noting(before[1], given)
    if (drawn, given) == before:
        return readings, memory
    import_wh = readings.import_wh if drawn.last_at is None else drawn.total_wh
    export_wh = readings.export_wh if given.last_at is None else given.total_wh
    memory = replace(
        memory,
        drawn=memory.drawn if drawn.last_at is None else _with(memory.drawn, number, drawn),
        given=memory.given if given.last_at is None else _with(memory.given, number, given),
        import_wh=memory.import_wh if import_wh is None else _with(memory.import_wh, number, import_wh),
        export_wh=memory.export_wh if export_wh is None else _with(memory.export_wh, number, export_wh),
    )
    return replace(readings, import_wh=import_wh, export_wh=export_wh), memory


def _span(spans: tuple[tuple[int, Span], ...], number: int) -> Span:
    return next((span for evse, span in spans if evse == number), Span())


def _with[V](rows: tuple[tuple[int, V], ...], number: int, value: V) -> tuple[tuple[int, V], ...]:
    return tuple(sorted({**dict(rows), number: value}.items(), key=lambda row: row[0]))


def _worth_noting(before: Span, after: Span) -> Span:
    """Return a counter as it was while only time goes by: each note of it is written to the disk."""
    if before.last_wh != after.last_wh or before.last_at is None or after.last_at is None:
        return after
    if after.last_at - before.last_at >= QUIET:
        return after
    return before if replace(after, last_at=before.last_at) == before else after


def _with_sane_soc(
    d: Draft, identity: str, evse: EvseState, told: StationReadings
) -> tuple[StationReadings, float | None]:
    """Return readings without a state of charge that leaps, and that one, which counts if the next says the same."""
    before, doubtful_pct = evse.readings, evse.doubtful_soc_pct
    if told.soc_pct is None or before.soc_pct is None or told.soc_at is before.soc_at:
        return told, doubtful_pct
    max_w = d.state.stations[identity].config.max_w
    agreed = doubtful_pct is not None and abs(told.soc_pct - doubtful_pct) <= SAME_SOC_PCT
    if agreed or not soc_leaps(before.soc_pct, told.soc_pct, d.now.age_s(before.soc_at), max_w):
        return told, None
    _doubt(d, identity, ("SoC",))
    return replace(told, soc_pct=before.soc_pct, soc_at=before.soc_at), told.soc_pct


def _doubt(d: Draft, identity: str, names: Iterable[str]) -> None:
    station = d.state.stations[identity]
    doubts = dict(station.doubts)
    for name in names:
        if name in doubts or len(doubts) < MOST_DOUBTS:
            doubts[name] = doubts.get(name, 0) + 1
    d.put_station(replace(station, doubts=tuple(sorted(doubts.items()))))
