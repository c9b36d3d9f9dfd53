"""The events of a session: it begins, its car stays beyond the departure, it is over with what came of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from .account_tables import session_row
from .core.model.session import Phase, Session
from .entity import FlexEntity, Seen, described
from .sensor_accounts import session_sums

BEGAN: Final = "began"
STILL_PLUGGED: Final = "still_plugged"
ENDED: Final = "ended"
LATELY: Final = timedelta(days=1)
"""What is reckoned again long after its end is no news."""

SESSION: Final = EventEntityDescription(
    key="session", translation_key="session", event_types=[BEGAN, STILL_PLUGGED, ENDED]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Hold the keys of the sessions that were told of already, by what was told."""

    begun: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    over: frozenset[str] = frozenset()


class SessionEvent(FlexEntity, EventEntity):
    """Tell each session of the home when it begins, when its car stayed, and when it is reckoned after its end."""

    entity_description: EventEntityDescription
    device_class = described("device_class")
    event_types = described("event_types")
    own_names = ("_known",)
    unit_of_measurement = None
    _known: Known = Known()

    @override
    async def async_added_to_hass(self) -> None:
        """Begin with what happens from now on."""
        there = self.coordinator.state.sessions.values()
        self._known = Known(
            begun=frozenset(session.key for session in there if session.ended_at is None),
            held=frozenset(session.key for session in there if _is_held(session)),
            over=frozenset(session.key for session in self._ended()),
        )
        await super().async_added_to_hass()

    @override
    def see(self) -> Seen:
        return Seen(available=True)

    @override
    @callback
    def _told(self) -> float | None:
        known, there, over = self._known, tuple(self._present()), self._ended()
        for session in there:
            if session.key not in known.begun:
                self._tell(BEGAN, session)
            if _is_held(session) and session.key not in known.held:
                self._tell(STILL_PLUGGED, session)
        for session in over:
            if session.key not in known.over:
                self._tell(ENDED, session)
        kept = self.coordinator.state.sessions
        begun, held = known.begun | {s.key for s in there}, known.held | {s.key for s in there}
        self._known = Known(
            begun=frozenset(key for key in begun if key in kept and kept[key].ended_at is None),
            held=frozenset(key for key in held if key in kept and _is_held(kept[key])),
            over=frozenset(session.key for session in over),
        )
        return super()._told()

    def _tell(self, what: str, session: Session) -> None:
        """Tell of a session as the accounts do."""
        sums = session_sums(self.coordinator.state, session)
        self._trigger_event(what, session_row(self.coordinator, session, sums))
        self.async_write_ha_state()

    def _present(self) -> Iterator[Session]:
        """Yield the sessions of the cars that are on the cables of the home."""
        state = self.coordinator.state
        for evse in (evse for station in state.stations.values() for evse in station.evses.values()):
            session = state.sessions.get(evse.session) if evse.session is not None else None
            if session is not None and session.ended_at is None:
                yield session

    def _ended(self) -> list[Session]:
        """Return the sessions that ended lately and are reckoned."""
        state, since = self.coordinator.state, dt_util.utcnow() - LATELY
        final = (key for key, account in state.books.accounts.items() if account.final)
        found = (session for key in final if (session := state.sessions.get(key)) is not None)
        return [s for s in found if s.ended_at is not None and s.ended_at > since]


def _is_held(session: Session) -> bool:
    return session.phase is Phase.HELD and session.ended_at is None
