"""A state in the making, within one step."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from ..model.commands import MakePlan, StationAnswer, StationCommand
from ..model.moment import Moment
from ..model.session import Session
from ..model.state import EvseState, Refusal, SiteState, StationState


@dataclass(slots=True)
class Draft:
    """Collect the changes and commands of one step; lives no longer than it."""

    state: SiteState
    now: Moment
    commands: list[StationCommand | StationAnswer | MakePlan] = field(default_factory=list)
    refusal: Refusal | None = None

    def next_id(self) -> int:
        """Return a number no other command has."""
        number = self.state.next_id
        self.state = replace(self.state, next_id=number + 1)
        return number

    def station(self, identity: str) -> StationState | None:
        """Return a station we know."""
        return self.state.stations.get(identity)

    def evse(self, identity: str, number: int) -> EvseState:
        """Return an EVSE; one not heard of before is fresh."""
        station = self.state.stations[identity]
        return station.evses.get(number) or EvseState(evse=number)

    def put_station(self, station: StationState) -> None:
        """Replace a station."""
        stations = {**self.state.stations, station.config.identity: station}
        self.state = replace(self.state, stations=MappingProxyType(stations))

    def put_evse(self, identity: str, evse: EvseState) -> None:
        """Replace an EVSE."""
        station = self.state.stations[identity]
        if station.evses.get(evse.evse) is not evse:
            self.put_station(replace(station, evses=MappingProxyType({**station.evses, evse.evse: evse})))

    def each_evse(self, change: Callable[[StationState, EvseState], EvseState]) -> None:
        """Replace every EVSE by what a function makes of it."""
        for identity, station in self.state.stations.items():
            for evse in station.evses.values():
                self.put_evse(identity, change(station, evse))

    def session(self, key: str | None) -> Session | None:
        """Return a session by its key."""
        return None if key is None else self.state.sessions.get(key)

    def put_session(self, session: Session) -> None:
        """Replace a session."""
        if self.state.sessions.get(session.key) is not session:
            sessions = {**self.state.sessions, session.key: session}
            self.state = replace(self.state, sessions=MappingProxyType(sessions))

    def refuse(self, key: str, **values: str) -> None:
        """Say why an intent cannot be met."""
        self.refusal = Refusal(key, tuple(values.items()))
