"""What the house, the car's own cloud, the market, the planner and the clock change."""

from dataclasses import replace
from types import MappingProxyType
from typing import Final

from ..grid import house
from ..model.config import StationConfig
from ..model.facts import (
    MeterLost,
    MeterRead,
    PlanMade,
    PricesPublished,
    SiteConfigured,
    Stopping,
    SunForecast,
    Ticked,
    VehicleSocRead,
)
from ..model.state import EvseState, VehicleState
from .asking import price_curve
from .draft import Draft
from .keeping import reconfigure
from .probing import end_all, rechosen
from .rounds import cars_w, stop_all
from .wanting import next_departure
from .welcome import install_limits
from .wishing import forget_past

PRICES_S: Final = 300.0


def meter_read(d: Draft, fact: MeterRead) -> None:
    """Take a reading of the house meter."""
    meter = house.read(d.state.meter, fact.reading, cars_w(d.state.stations, d.now), d.state.config.zone, d.now)
    d.state = replace(d.state, meter=meter)


def meter_lost(d: Draft, fact: MeterLost) -> None:
    """Note that the meter is out of reach; from now on it counts as the worst case."""
    d.state = replace(d.state, meter=replace(d.state.meter, lost=fact.reason))


def vehicle_soc_read(d: Draft, fact: VehicleSocRead) -> None:
    """Take a state of charge from another source than the station, if it makes sense."""
    if not 0.0 <= fact.soc_pct <= 100.0:
        d.state = replace(d.state, surprises=d.state.surprises + 1)
        return
    age_s = max(0.0, (d.now.utc - fact.at).total_seconds())
    at = replace(d.now, mono_s=d.now.mono_s - age_s)
    vehicle = VehicleState(soc_pct=fact.soc_pct, at=at, source="entity")
    d.state = replace(d.state, vehicles=MappingProxyType({**d.state.vehicles, fact.vehicle: vehicle}))


def prices_published(d: Draft, fact: PricesPublished) -> None:
    """Take published prices."""
    d.state = replace(d.state, published=fact)
    _renew_prices(d)


def sun_forecast(d: Draft, fact: SunForecast) -> None:
    """Take a forecast of the sun."""
    d.state = replace(d.state, sun=fact)
    d.each_evse(lambda _, evse: replace(evse, plan_stale=True))


def plan_made(d: Draft, fact: PlanMade) -> None:
    """Adopt a plan, unless a newer one was asked for meanwhile."""

    def adopt(evse: EvseState) -> EvseState:
        if evse.plan_id != fact.id:
            return evse
        return replace(evse, plan=fact.plan or evse.plan, plan_id=None)

    d.each_evse(lambda _, evse: adopt(evse))


def site_configured(d: Draft, fact: SiteConfigured) -> None:
    """Take another configuration; limits that changed are written again."""
    before = d.state
    d.state = replace(reconfigure(before, fact.config), ahead=None)
    for identity, station in d.state.stations.items():
        known = before.stations.get(identity)
        if known is not None and station.online and _limits_differ(known.config, station.config):
            install_limits(d, identity)
        if known is not None and known.config.route != station.config.route:
            rechosen(d, identity)
    _renew_prices(d)


def _limits_differ(before: StationConfig, after: StationConfig) -> bool:
    return (before.max_w, before.fallback_w, before.phases) != (after.max_w, after.fallback_w, after.phases)


def ticked(d: Draft, fact: Ticked) -> None:
    """Renew what time alone makes old."""
    forget_past(d)
    if d.state.ahead is None or d.state.ahead.at <= d.now.utc:
        d.state = replace(d.state, ahead=next_departure(d.state, d.now))
    if d.now.mono_s >= d.state.prices_until_s:
        _renew_prices(d)


def stopping(d: Draft, fact: Stopping) -> None:
    """Leave every station to its standard charge; what they answer to that is no reason for new orders."""
    end_all(d)
    stop_all(d)
    d.state = replace(d.state, stopping=True)


def _renew_prices(d: Draft) -> None:
    curve = price_curve(d.state, d.now)
    d.state = replace(d.state, prices_until_s=d.now.mono_s + PRICES_S)
    if curve != d.state.prices:
        d.state = replace(d.state, prices=curve)
        d.each_evse(lambda _, evse: replace(evse, plan_stale=True))
