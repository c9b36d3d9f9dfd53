"""What is told of single days: the colours of a Tempo contract, tomorrow's off-peak hours."""

from collections.abc import Callable
from datetime import date, timedelta

from homeassistant.core import HomeAssistant, State, callback
from homeassistant.util import dt as dt_util

from .core.meters.linky import LinkyFacts
from .core.meters.tic_status import off_peak_windows
from .core.model.contracts import Colour, DaysTold, Window
from .core.tariff.tempo import STARTS, colour_of, colours_with
from .tariffs import ColourEntities
from .watching import Watch


class Days:
    """Keep what was told of single days, and tell it on when it is news."""

    def __init__(self, tell: Callable[[DaysTold], None]) -> None:
        """Know of no day yet."""
        self._tell = tell
        self._colours: dict[date, Colour] = {}
        self._off_peak: dict[date, tuple[Window, ...]] = {}
        self._told = DaysTold()
        self._heard: tuple[object, ...] = ()

    def colour(self, today: Colour | None, tomorrow: Colour | None) -> None:
        """Take the colours of today and tomorrow."""
        self._colours = colours_with(self._colours, today, tomorrow, dt_util.now())
        self._tell_news()

    def linky(self, facts: LinkyFacts, *, colours: bool, hours: bool) -> None:
        """Take what a Linky says of today and tomorrow, as far as it is asked; it says the same every second."""
        now = dt_util.now()
        said = (facts.colour_today, facts.colour_tomorrow, facts.tomorrow, facts.calendar)
        heard = (*said, now.date(), now.time() < STARTS, colours, hours)
        if heard == self._heard:
            return
        self._heard = heard
        windows = off_peak_windows(facts.tomorrow, facts.calendar) if hours else ()
        if windows and facts.tomorrow_on is not None and not facts.clock_degraded:
            past = now.date() - timedelta(days=1)
            self._off_peak = {day: hours for day, hours in self._off_peak.items() if day >= past}
            self._off_peak[facts.tomorrow_on] = windows
        if colours:
            told = (facts.colour_today, facts.colour_tomorrow)
            today, tomorrow = (None if colour is None else Colour(colour.value) for colour in told)
            self._colours = colours_with(self._colours, today, tomorrow, now)
        self._tell_news()

    def _tell_news(self) -> None:
        told = DaysTold(colours=tuple(self._colours.items()), off_peak=tuple(self._off_peak.items()))
        if told != self._told:
            self._told = told
            self._tell(told)


class ColourSource:
    """Tell the colours of the days as other entities know them, in whatever language."""

    def __init__(self, hass: HomeAssistant, source: ColourEntities, days: Days) -> None:
        """Follow the entities."""
        self._days = days
        self._watches = [Watch(hass, source.today, self._today)]
        if source.tomorrow is not None:
            self._watches.append(Watch(hass, source.tomorrow, self._tomorrow))

    @callback
    def _today(self, state: State | None) -> None:
        self._days.colour(_colour(state), None)

    @callback
    def _tomorrow(self, state: State | None) -> None:
        self._days.colour(None, _colour(state))

    async def async_stop(self) -> None:
        """Follow them no longer."""
        for watch in self._watches:
            await watch.async_stop()


def _colour(state: State | None) -> Colour | None:
    return None if state is None else colour_of(state.state)
