"""What the owner should hear of a station that does not do as it is ordered, and of others who order it about."""

from collections.abc import Iterable, Iterator
from typing import Final

from .alarms import forget_alarms, show_alarms
from .board import Moved
from .core.model.delivery import Trouble, TroubleKind
from .core.model.state import EvseState, SiteState, StationState
from .problems import Problems

OTHER: Final = "other_controller"
SOURCES: Final = frozenset({"EMS", "Other"})
"""Who else may limit a station; the grid operator may, and the station's own operator is us."""


def show_troubles(problems: Problems, stations: Iterable[Moved]) -> None:
    """Show what a step brought, take away what it solved."""
    show_alarms(problems, stations)
    for identity, old, station in stations:
        _show_others(problems, identity, old, station)
        for number, evse in station.evses.items():
            was = old.evses.get(number) if old is not None else None
            if was is None or was.delivery.trouble is not evse.delivery.trouble:
                _show(problems, identity, station, evse, was.delivery.trouble if was else None)


def forget_troubles(problems: Problems, state: SiteState) -> None:
    """Take away what an earlier run may have left."""
    forget_alarms(problems, state)
    for identity, station in state.stations.items():
        problems.solved(f"{OTHER}_{identity}")
        for number in station.evses:
            for kind in TroubleKind:
                problems.solved(_name(kind, identity, number))


def _show(problems: Problems, identity: str, station: StationState, evse: EvseState, was: Trouble | None) -> None:
    now = evse.delivery.trouble
    if was is not None and (now is None or now.kind is not was.kind):
        problems.solved(_name(was.kind, identity, evse.evse))
    if now is not None:
        words = {"ordered": _kw(now.ordered_w), "measured": _kw(now.measured_w), "held": _kw(now.held_w)}
        problems.raised(str(now.kind), _name(now.kind, identity, evse.evse), station=station.config.name, **words)


def _name(kind: TroubleKind, identity: str, number: int) -> str:
    return f"{kind}_{identity}_{number}"


def _kw(power_w: float | None) -> str:
    """Return a power as people read it; a dash where nobody told it."""
    return "–" if power_w is None else f"{power_w / 1000:.1f} kW"


def _show_others(problems: Problems, identity: str, old: StationState | None, station: StationState) -> None:
    if old is not None and _limits(old) == _limits(station):
        return
    was, now = tuple(_others(old)), tuple(_others(station))
    if was == now:
        return
    if now:
        problems.raised(OTHER, f"{OTHER}_{identity}", station=station.config.name, who=", ".join(now))
    else:
        problems.solved(f"{OTHER}_{identity}")


def _limits(station: StationState) -> tuple[object, ...]:
    return station.foreign, *[evse.external for evse in station.evses.values()]


def _others(station: StationState | None) -> Iterator[str]:
    """Yield who else steers a station, in words that are ours."""
    if station is None:
        return
    yield from station.foreign
    told = {limit.source for evse in station.evses.values() for limit in evse.external}
    yield from sorted(told & SOURCES)
