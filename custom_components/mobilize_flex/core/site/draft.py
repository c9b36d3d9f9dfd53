"""A state in the making, within one step."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ..model.certificates import SignRequest
from ..model.commands import MakePlan, StationAnswer, StationCommand
from ..model.moment import Moment
from ..model.replacing import replace
from ..model.session import Session
from ..model.state import EvseState, Refusal, SiteState, StationMemory, StationState
from .keeping import MOST_EVSES, MOST_SESSIONS, listed_evses


@dataclass(slots=True)
class _Own[V]:
    """Hold rows of this step's own, which nobody outside sees change: one copy a step, however many rows change.

    ``touched`` are the keys of those it put there.
    """

    rows: dict[str, V] = field(default_factory=dict)
    shown: Mapping[str, V] | None = None
    touched: set[str] = field(default_factory=set)

    def put(self, key: str, row: V) -> None:
        """Replace a row."""
        self.rows[key] = row
        self.touched.add(key)

    def of(self, before: Mapping[str, V]) -> Mapping[str, V]:
        """Begin with the rows of before; return them as the state shows them."""
        self.rows = dict(before)
        self.shown = MappingProxyType(self.rows)
        return self.shown


@dataclass(slots=True)
class Draft:
    """Collect the changes and commands of one step; lives no longer than it."""

    state: SiteState
    now: Moment
    commands: list[StationCommand | StationAnswer | MakePlan | SignRequest] = field(default_factory=list)
    refusal: Refusal | None = None
    _stations: _Own[StationState] = field(init=False, default_factory=_Own)
    _sessions: _Own[Session] = field(init=False, default_factory=_Own)

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
        if self._stations.shown is not self.state.stations:
            self.state = replace(self.state, stations=self._stations.of(self.state.stations))
        self._stations.put(station.config.identity, station)

    def put_evse(self, identity: str, evse: EvseState, memory: StationMemory | None = None) -> None:
        """Replace an EVSE, with the station's memory of it; one the station cannot have is counted and not made."""
        station = self.state.stations[identity]
        if station.evses.get(evse.evse) is evse:
            return
        if evse.evse not in station.evses and not self.has_evse(identity, evse.evse):
            self.put_station(replace(station, strangers=station.strangers + 1))
            return
        evses = MappingProxyType({**station.evses, evse.evse: evse})
        self.put_station(replace(station, evses=evses, memory=memory or station.memory))

    def has_evse(self, identity: str, number: int) -> bool:
        """Tell whether a station can have an EVSE: its whole inventory lists it, else it is one of a few."""
        station = self.state.stations[identity]
        if not 0 < number <= MOST_EVSES:
            return False
        listed = listed_evses(station)
        return not listed or number in listed

    def each_evse(self, change: Callable[[StationState, EvseState], EvseState]) -> None:
        """Replace every EVSE by what a function makes of it."""
        for identity, station in self.state.stations.items():
            for evse in station.evses.values():
                self.put_evse(identity, change(station, evse))

    @property
    def sessions_put(self) -> Iterable[str]:
        """Return the keys of the sessions that may be others than before the step."""
        return self._sessions.touched

    def session(self, key: str | None) -> Session | None:
        """Return a session by its key."""
        return None if key is None else self.state.sessions.get(key)

    def put_session(self, session: Session) -> None:
        """Replace a session; of very many of one station only the latest stay at hand, the store has the others."""
        known = self.state.sessions.get(session.key)
        if known is session:
            return
        if self._sessions.shown is not self.state.sessions:
            self.state = replace(self.state, sessions=self._sessions.of(self.state.sessions))
        if known is None:
            for key in self._too_many(session.station):
                del self._sessions.rows[key]
                self.state = replace(self.state, older=True)
        self._sessions.put(session.key, session)

    def _too_many(self, identity: str) -> list[str]:
        """Return the sessions of a station to let go before another one begins: first those that measured nothing.

        Those at its EVSEs stay.
        """
        at_hand = {evse.session for evse in self.state.stations[identity].evses.values()}
        mine = [s for s in self.state.sessions.values() if s.station == identity and s.key not in at_hand]
        mine.sort(key=lambda s: s.energy_in.last_at is not None or s.energy_out.last_at is not None)
        return [s.key for s in mine[: max(0, len(mine) + 1 - MOST_SESSIONS)]]

    def refuse(self, key: str, **values: str) -> None:
        """Say why an intent cannot be met."""
        self.refusal = Refusal(key, tuple(values.items()))
