"""The event that a session is over, with what came of it."""

from datetime import timedelta
from typing import Final, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from .account_tables import session_row
from .core.model.session import Session
from .entity import FlexEntity, Seen

ENDED: Final = "ended"
LATELY: Final = timedelta(days=1)
"""What is reckoned again long after its end is no news."""

SESSION: Final = EventEntityDescription(key="session", translation_key="session", event_types=[ENDED])


class SessionEvent(FlexEntity, EventEntity):
    """Tell each session of a station once, when it is reckoned after its end."""

    entity_description: EventEntityDescription
    _known: frozenset[str] = frozenset()

    @override
    async def async_added_to_hass(self) -> None:
        """Begin with what ends from now on."""
        self._known = frozenset(session.key for session in self._ended())
        await super().async_added_to_hass()

    @override
    def see(self) -> Seen:
        return Seen(available=self.place.key in self.coordinator.state.stations)

    @override
    @callback
    def _told(self) -> float | None:
        ended = self._ended()
        for session in ended:
            if session.key not in self._known:
                sums = self.coordinator.state.books.accounts[session.key].sums
                self._trigger_event(ENDED, session_row(self.coordinator, session, sums))
                self.async_write_ha_state()
        self._known = frozenset(session.key for session in ended)
        return super()._told()

    def _ended(self) -> list[Session]:
        """Return the sessions of the station that ended lately and are reckoned."""
        state, since = self.coordinator.state, dt_util.utcnow() - LATELY
        final = (key for key, account in state.books.accounts.items() if account.final)
        found = (session for key in final if (session := state.sessions.get(key)) is not None)
        return [s for s in found if s.station == self.place.key and s.ended_at is not None and s.ended_at > since]
