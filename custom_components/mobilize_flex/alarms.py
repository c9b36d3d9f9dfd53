"""The alarms of a station: each fault that lasts is a repair with a notification, and so is a station tampered with."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from .board import Moved
from .core.model.incidents import Fault, SecurityEvent, fault_of
from .core.model.state import SiteState, StationState
from .core.model.station import ConnectorStatus
from .problems import TAMPERED, Problems

_PREFIX: Final = "fault_"


def show_alarms(problems: Problems, stations: Iterable[Moved]) -> None:
    """Raise what began, take away what is over."""
    for identity, old, station in stations:
        if old is None or old.evses is not station.evses:
            _show_faults(problems, identity, old, station)
        if old is not None and old.incidents is not station.incidents:
            _look_for_tampering(problems, identity, old, station)


def forget_alarms(problems: Problems, state: SiteState) -> None:
    """Take away the faults of an earlier run: what lasts is told again. Tampering stays until somebody looked."""
    spared = {f"{TAMPERED}_{identity}" for identity in state.stations}
    problems.sweep((_PREFIX, f"{TAMPERED}_"), spared)


def _show_faults(problems: Problems, identity: str, old: StationState | None, station: StationState) -> None:
    if old is not None and not _is_news(old, station):
        return
    was, now = _faults(old), _faults(station)
    for fault in was - now:
        problems.silenced(_name(fault, identity))
    for fault in now - was:
        problems.alarmed(f"{_PREFIX}{fault}", _name(fault, identity), station=station.config.name)


def _is_news(old: StationState, station: StationState) -> bool:
    """Return whether a station may report something else than before; asked with each measurement."""
    known = old.evses
    for number, evse in station.evses.items():
        was = known.get(number)
        if was is None or was.problems is not evse.problems or was.connector is not evse.connector:
            return True
    return len(known) > len(station.evses)


def _signs(station: StationState) -> Iterator[tuple[frozenset[str], bool]]:
    for evse in station.evses.values():
        yield evse.problems, evse.connector is ConnectorStatus.FAULTED


def _faults(station: StationState | None) -> frozenset[Fault]:
    """Return what is wrong with a station now; a connector out of order without a word why is a fault too."""
    found: set[Fault] = set()
    for problems, faulted in () if station is None else _signs(station):
        found |= {fault_of(origin) for origin in problems}
        if faulted and not problems:
            found.add(Fault.OUT_OF_SERVICE)
    return frozenset(found)


def _look_for_tampering(problems: Problems, identity: str, old: StationState, station: StationState) -> None:
    """Raise an alarm that stays until somebody looked: no station ever says that tampering is over."""
    last = old.incidents[-1].number if old.incidents else 0
    news = {incident.what for incident in station.incidents if incident.number > last}
    if SecurityEvent.TAMPER_DETECTION_ACTIVATED in news:
        fix: dict[str, Any] = {"station": station.config.name}
        problems.alarmed(TAMPERED, f"{TAMPERED}_{identity}", fix, station=station.config.name)


def _name(fault: Fault, identity: str) -> str:
    return f"{_PREFIX}{fault}_{identity}"
