"""How each station can be told to give energy back, and why not."""

from typing import Final

from ..model.abilities import Abilities
from ..model.driver import NATIVE, LetsGo, Route, RouteKind, Standing
from ..model.reasons import Reason
from ..model.state import SiteState, StationState
from ..model.station import Needs, VariableReport, Version
from ..ocpp.drivers import habits_of, with_habits

_V2X: Final = "V2XChargingCtrlr"


def route_of(state: SiteState, station: StationState) -> Route | None:
    """Return a station's way to give back: that of its version, else the one its owner chose."""
    if station.memory.version is Version.V21:
        return NATIVE
    if station.memory.version is None or station.config.route is None:
        return None
    return next((driver.route for driver in state.drivers if driver.key == station.config.route), None)


def no_route(state: SiteState, station: StationState) -> Reason | None:
    """Return why a station cannot be told to give back; ``None`` where it can."""
    route = route_of(state, station)
    if route is None:
        return Reason.NO_DISCHARGE_ROUTE
    if route.kind is RouteKind.NATIVE:
        return None
    if route.lets_go is LetsGo.NEVER:
        return Reason.ROUTE_NEVER_LETS_GO
    return None if station.memory.proven_route == route else Reason.ROUTE_UNPROVEN


def is_hybrid(state: SiteState, station: StationState) -> bool:
    """Return whether a station of 2.0.1 wants words of 2.1."""
    route = route_of(state, station)
    return route is not None and route.kind is RouteKind.HYBRID


def abilities_of(state: SiteState, station: StationState) -> Abilities:
    """Return what a station can do, as it told us and as its kind is known."""
    memory = station.memory
    return with_habits(memory.abilities, habits_of(memory.vendor, memory.model, memory.firmware, state.drivers))


def standing(state: SiteState, station: StationState) -> Standing:
    """Return how far a station's way to give back has come."""
    if any(evse.probe is not None for evse in station.evses.values()):
        return Standing.PROBING
    route = route_of(state, station)
    if route is None:
        return Standing.ANNOUNCED if station.memory.announced else Standing.CHARGE_ONLY
    if route.kind is RouteKind.NATIVE:
        return Standing.NATIVE
    if route.lets_go is LetsGo.NEVER:
        return Standing.NEVER_LETS_GO
    return Standing.PROVEN if station.memory.proven_route == route else Standing.UNPROVEN


def announced_by_needs(needs: Needs) -> bool:
    """Return whether a car's needs came with what only 2.1 has words for."""
    figures = (needs.min_charge_w, needs.min_discharge_w, needs.max_discharge_w, needs.target_soc_pct)
    return any("BPT" in offer for offer in needs.offered) or any(figure is not None for figure in figures)


def announced_by_inventory(rows: tuple[VariableReport, ...]) -> bool:
    """Return whether a device model has a part that only 2.1 has."""
    return any(row.variable.component == _V2X for row in rows)
