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
from .level import followed

AWAKE_W: Final = 100.0
MOST_DOUBTS: Final = 32
QUIET: Final = timedelta(seconds=60)
"""A counter is noted this seldom: the record of its session is, with every event, and tells more."""
SAME_SOC_PCT: Final = 5.0
UNCOUNTED: Final = Span()


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
    leaps = doubtful_pct is not None and doubtful_pct != evse.doubtful_soc_pct
    drawn, given = _counted(d, identity, evse, samplings, dated=dated)
    readings = _with_counters(readings, drawn, given)
    after = replace(
        evse,
        readings=readings,
        drawn=drawn,
        given=given,
        awake_at=awake,
        doubtful_soc_pct=doubtful_pct,
        battery=followed(d, evse, readings, leaps=leaps),
    )
    d.put_evse(identity, after, _remembered(d, identity, after))


def count(d: Draft, identity: str, number: int, samplings: tuple[Sampling, ...], *, dated: bool = True) -> None:
    """Let the counters of an EVSE go on, and nothing else."""
    evse = d.evse(identity, number)
    drawn, given = _counted(d, identity, evse, samplings, dated=dated)
    if drawn is not evse.drawn or given is not evse.given:
        readings = _with_counters(evse.readings, drawn, given)
        after = replace(evse, readings=readings, drawn=drawn, given=given)
        d.put_evse(identity, after, _remembered(d, identity, after))


def note_counters(d: Draft) -> None:
    """Have every counter written down as it stands."""
    for identity, station in d.state.stations.items():
        memory = station.memory
        for evse in station.evses.values():
            memory = _noted(memory, evse)
        if memory is not station.memory:
            d.put_station(replace(d.state.stations[identity], memory=memory))


def _counted(
    d: Draft, identity: str, evse: EvseState, samplings: tuple[Sampling, ...], *, dated: bool
) -> tuple[Span, Span]:
    """Return the two counters of an EVSE gone on, in the order of time."""
    bound = bound_of(d.state.stations[identity].config.max_w, d.now.utc, dated=dated)
    drawn, given = evse.drawn, evse.given
    for sampling in samplings if len(samplings) < 2 else sorted(samplings, key=lambda sampling: sampling.at):
        import_wh, export_wh = live.counters(sampling.told)
        if import_wh is not None:
            drawn = take(drawn, sampling.at, import_wh, bound, dated=dated)
        if export_wh is not None:
            given = take(given, sampling.at, export_wh, bound, dated=dated)
    return drawn, given


def _with_counters(readings: StationReadings, drawn: Span, given: Span) -> StationReadings:
    """Return readings that show where the counters stand."""
    import_wh = readings.import_wh if drawn.last_at is None else drawn.total_wh
    export_wh = readings.export_wh if given.last_at is None else given.total_wh
    if (import_wh, export_wh) == (readings.import_wh, readings.export_wh):
        return readings
    return replace(readings, import_wh=import_wh, export_wh=export_wh)


def _remembered(d: Draft, identity: str, evse: EvseState) -> StationMemory:
    """Return the memory of a station, with the counters of an EVSE where they are worth noting."""
    memory, number = d.state.stations[identity].memory, evse.evse
    due = _is_due(_span(memory.drawn, number), evse.drawn) or _is_due(_span(memory.given, number), evse.given)
    return _noted(memory, evse) if due else memory


def _is_due(noted: Span, now: Span) -> bool:
    """Return whether a counter is worth noting: with each event its session tells where it stands."""
    if now.last_at is None or now == noted:
        return False
    if noted.last_at is None or (now.first_at, now.base_wh, now.offset_wh) != (
        noted.first_at, noted.base_wh, noted.offset_wh
    ):  # fmt: skip
        return True
    return now.last_at - noted.last_at >= QUIET


def _noted(memory: StationMemory, evse: EvseState) -> StationMemory:
    """Return a station's memory with the counters of an EVSE as they stand."""
    number, drawn, given = evse.evse, evse.drawn, evse.given
    if _span(memory.drawn, number) == drawn and _span(memory.given, number) == given:
        return memory
    import_wh, export_wh = evse.readings.import_wh, evse.readings.export_wh
    return replace(
        memory,
        drawn=memory.drawn if drawn.last_at is None else _with(memory.drawn, number, drawn),
        given=memory.given if given.last_at is None else _with(memory.given, number, given),
        import_wh=memory.import_wh if import_wh is None else _with(memory.import_wh, number, import_wh),
        export_wh=memory.export_wh if export_wh is None else _with(memory.export_wh, number, export_wh),
    )


def _span(spans: tuple[tuple[int, Span], ...], number: int) -> Span:
    for evse, span in spans:
        if evse == number:
            return span
    return UNCOUNTED


def _with[V](rows: tuple[tuple[int, V], ...], number: int, value: V) -> tuple[tuple[int, V], ...]:
    return tuple(sorted({**dict(rows), number: value}.items(), key=lambda row: row[0]))


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
