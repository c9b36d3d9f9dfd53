"""Another integration's entity, followed: each change, and each report of the same value."""

from collections.abc import Callable

from homeassistant.core import (
    Event,
    EventStateChangedData,
    EventStateReportedData,
    HomeAssistant,
    State,
    callback,
)
from homeassistant.helpers.event import async_track_state_change_event, async_track_state_report_event

type Report = Event[EventStateChangedData] | Event[EventStateReportedData]


class Watch:
    """Follow one entity: each change, and each report of the same value."""

    def __init__(self, hass: HomeAssistant, entity_id: str, take: Callable[[State | None], None]) -> None:
        """Take what it says now, then what it reports."""
        self._take = take
        self._undo = (
            async_track_state_change_event(hass, entity_id, self._reported),
            async_track_state_report_event(hass, entity_id, self._reported),
        )
        take(hass.states.get(entity_id))

    @callback
    def _reported(self, event: Report) -> None:
        self._take(event.data["new_state"])

    async def async_stop(self) -> None:
        """Follow it no longer."""
        for undo in self._undo:
            undo()


def number_of(state: State | None) -> float | None:
    """Return what an entity says as a finite number."""
    if state is None:
        return None
    try:
        value = float(state.state)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None
