"""Whether the house meter is well, and which one repair says so if it is not."""

from typing import Final

from . import const as c
from .core.meters.belief import FROZEN
from .core.meters.linky import LinkyFacts
from .core.meters.tic_group import TicMode
from .core.meters.tic_status import Breaker
from .core.model.electric import NO_PHASES
from .core.model.moment import Moment
from .core.model.state import MeterState, SiteState
from .problems import Problems
from .shell.byte_line import LineFault

HOLD_S: Final = 60.0
"""What is wrong is shown after a minute, and taken away after a minute without it."""
ISSUE: Final = "meter"
GARBLED: Final = frozenset({LineFault.GARBAGE, LineFault.WRONG_SPEED, LineFault.DAMAGED})
SERIAL: Final = frozenset({c.METER_LINKY, c.METER_P1})


class MeterWatch:
    """Show at most one repair for the meter, and never in haste."""

    def __init__(self, problems: Problems) -> None:
        """See nothing wrong yet."""
        self._problems = problems
        self._seen: str | None = None
        self._since: Moment | None = None
        self._shown: str | None = None

    def look(self, state: SiteState, linky: LinkyFacts | None, fresh: bool, now: Moment) -> None:
        """Look at the meter; what has been the same for a minute counts."""
        trouble = _trouble(state, linky, fresh)
        if _is_silence(trouble) and _is_silence(self._seen):
            trouble = max(trouble or "", self._seen or "", key=_is_garbled)  # what was heard says more than nothing
        elif trouble != self._seen or self._since is None:
            self._since = now
        self._seen = trouble
        gone = state.config.meter is None
        if trouble == self._shown or (now.age_s(self._since) < HOLD_S and not gone):
            return
        self._shown = trouble
        if trouble is None or state.config.meter is None:
            self._problems.solved(ISSUE)
        else:
            self._problems.raised(trouble, ISSUE, meter=state.config.meter.name)


def _is_silence(trouble: str | None) -> bool:
    return trouble is not None and trouble.startswith(("meter_silent", "meter_garbled", "meter_frozen"))


def _is_garbled(trouble: str) -> bool:
    return trouble.startswith("meter_garbled")


def _trouble(state: SiteState, linky: LinkyFacts | None, fresh: bool) -> str | None:
    """Return what is wrong, the worst first."""
    meter = state.config.meter
    if meter is None:
        return None
    if not fresh:
        return _silence(state)
    if linky is not None and linky.status is not None and linky.status.cut:
        return "linky_cut_overpower" if linky.status.breaker is Breaker.OVERPOWER else "linky_cut"
    if linky is not None and linky.cannot_show_injection:
        return "linky_historic" if linky.mode is TicMode.HISTORIC else "linky_consumer"
    blind = state.config.phases > 1 and _tells_no_phase(state.meter)
    return "meter_no_phases" if blind else None


def _silence(state: SiteState) -> str | None:
    """Return the repair of a meter that does not speak; one that a station reads speaks while a car is there."""
    meter = state.config.meter
    if meter is None:
        return None
    if meter.kind == c.METER_STATION:
        station = state.stations.get(meter.station or "")
        busy = station is not None and station.online and any(e.session for e in station.evses.values())
        return "meter_silent_station" if busy else None
    if state.meter.lost == FROZEN:
        return "meter_frozen"
    if meter.kind in SERIAL and state.meter.lost in GARBLED:
        return f"meter_garbled_{meter.kind}"
    return f"meter_silent_{meter.kind}"


def _tells_no_phase(meter: MeterState) -> bool:
    reading = meter.reading
    return meter.at is not None and reading.phase_power_w == NO_PHASES and reading.current_a == NO_PHASES
