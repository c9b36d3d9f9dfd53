"""What the house, the car's own cloud, the market, the planner and the clock change."""

from dataclasses import replace

from ..grid import house
from ..grid.learning import forgotten
from ..meters.belief import FROZEN, believe
from ..model.config import StationConfig
from ..model.facts import (
    MeterLost,
    MeterRead,
    PlanMade,
    SiteConfigured,
    Stopping,
    SunForecast,
    Ticked,
)
from ..model.state import EvseState
from ..plan.sun import sun_at
from .counting import note_counters
from .delivering import stop_all
from .draft import Draft
from .keeping import reconfigure
from .loads import cars_w, measured_w
from .market import renew_prices, without_past
from .probing import end_all, rechosen
from .wanting import next_departure
from .welcome import install_limits
from .wishing import forget_past


def meter_read(d: Draft, fact: MeterRead) -> None:
    """Take a reading of the house meter."""
    cars, zone = cars_w(d.state.stations, d.now), d.state.config.zone
    seen_w = measured_w(d.state.stations, d.now)
    belief = believe(d.state.config, d.state.meter, fact.reading, seen_w, d.now)
    meter = replace(d.state.meter, memory=belief.memory)
    if belief.frozen:
        meter = replace(meter, lost=FROZEN)
    elif belief.reading is not None:
        meter = house.read(meter, belief.reading, cars, zone, d.now, sun_at(d.state.sun, d.now.utc))
    d.state = replace(d.state, meter=meter)


def meter_lost(d: Draft, fact: MeterLost) -> None:
    """Note that the meter is out of reach; from now on it counts as the worst case."""
    d.state = replace(d.state, meter=replace(d.state.meter, lost=fact.reason))


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
    if before.config.meter != fact.config.meter:
        d.state = replace(d.state, load=forgotten(before.load))
    for identity, station in d.state.stations.items():
        known = before.stations.get(identity)
        if known is not None and station.online and _limits_differ(known.config, station.config):
            install_limits(d, identity)
        if known is not None and known.config.route != station.config.route:
            rechosen(d, identity)
    if before.config.contract != fact.config.contract:
        d.state = replace(d.state, published=without_past(before.published, d.now))
    renew_prices(d)


def _limits_differ(before: StationConfig, after: StationConfig) -> bool:
    return (before.max_w, before.fallback_w, before.phases) != (after.max_w, after.fallback_w, after.phases)


def ticked(d: Draft, fact: Ticked) -> None:
    """Renew what time alone makes old."""
    forget_past(d)
    if d.state.ahead is None or d.state.ahead.at <= d.now.utc:
        d.state = replace(d.state, ahead=next_departure(d.state, d.now))
    if d.now.mono_s >= d.state.prices_until_s:
        renew_prices(d)


def stopping(d: Draft, fact: Stopping) -> None:
    """Leave every station to its standard charge; what they answer to that is no reason for new orders."""
    end_all(d)
    stop_all(d)
    note_counters(d)
    d.state = replace(d.state, stopping=True)
