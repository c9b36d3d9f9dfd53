"""Whose turn it is to cover the house: of several cars the first takes what it can, the next one what is left."""

from ..model.reasons import Reason
from ..model.session import Phase
from ..model.state import EvseState, SiteState


def taken_before_w(state: SiteState, identity: str, number: int) -> float:
    """Return what cars before this one do about house and sun (W): below zero what they give, above what they take."""
    taken_w = 0.0
    for station in state.stations.values():
        for evse in station.evses.values():
            if evse.evse == number and station.config.identity == identity:
                return taken_w
            if station.online and evse.phase is Phase.V2G:
                taken_w += _moves_w(evse)
    return taken_w


def _moves_w(evse: EvseState) -> float:
    """Return what a car gives, or takes of the sun; of one that does not follow what it really does."""
    wanted_w = evse.decision.power_w or 0.0
    if wanted_w > 0.0 and evse.decision.why.reason is not Reason.SUN:
        return 0.0
    return (evse.readings.power_w or 0.0) if evse.delivery.following is False else wanted_w
