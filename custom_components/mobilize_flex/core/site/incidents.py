"""The incidents of a station: security events, faults when they begin."""

from dataclasses import replace
from typing import Final

from ..model.facts import ConnectorChanged, ProblemReported, SecurityReported
from ..model.incidents import Fault, Incident, SecurityEvent, fault_of
from ..model.state import SiteState
from ..model.station import ConnectorStatus
from .draft import Draft

KEPT: Final = 16
NOBODY: Final = "**"
SHORTEST: Final = 4
"""A badge of fewer letters stands in many a word."""
_SECURITY: Final = {event.replace("_", ""): event for event in SecurityEvent}


def security_reported(d: Draft, fact: SecurityReported) -> None:
    """Note a security event."""
    what = _SECURITY.get(fact.kind.casefold(), SecurityEvent.OTHER)
    _note(d, fact.station, Incident(number=0, what=what, at=fact.at, origin=fact.kind, text=fact.text))


def problem_reported(d: Draft, fact: ProblemReported) -> None:
    """Note a fault that was not there before."""
    origin = f"{fact.component}.{fact.variable}"
    station = d.state.stations[fact.station]
    known = [e for e in station.evses.values() if fact.evse in (None, e.evse) and origin in e.problems]
    if fact.active and not known:
        fault = fault_of(origin)
        incident = Incident(number=0, what=fault, at=d.now.utc, evse=fact.evse, origin=origin, text=fact.text)
        _note(d, fact.station, incident)


def connector_changed(d: Draft, fact: ConnectorChanged) -> None:
    """Note that a connector went out of service by itself."""
    before = d.evse(fact.station, fact.evse).connector
    if fact.status is ConnectorStatus.FAULTED and before is not ConnectorStatus.FAULTED:
        _note(d, fact.station, Incident(number=0, what=Fault.OUT_OF_SERVICE, at=fact.at, evse=fact.evse))


def _note(d: Draft, identity: str, incident: Incident) -> None:
    station = d.state.stations[identity]
    number = station.incidents[-1].number + 1 if station.incidents else 1
    incident = replace(incident, number=number, text=without_badges(d.state, incident.text))
    d.put_station(replace(station, incidents=(*station.incidents[1 - KEPT :], incident)))


def without_badges[Words: (str, str | None)](state: SiteState, text: Words) -> Words:
    """Return what a station says without the badges we know: it is shown to everybody."""
    if text is None:
        return text
    badges = {badge.token for badge in state.access.badges} | {s.token for s in state.sessions.values() if s.token}
    for token in sorted(badges, key=len, reverse=True):
        text = text.replace(token, NOBODY) if len(token) >= SHORTEST else text
    return text
