"""What the light on the front of the station is told."""

import math
from typing import TYPE_CHECKING

from simulator.light import Front

if TYPE_CHECKING:
    from simulator.ocpp_station import OcppStation

REFUSED_LIGHT_S = 3.0
WELCOME = ("Accepted", "")


def front_of(station: OcppStation) -> Front:
    """Look at a station as its light's electronics do."""
    session, setting, evse = station.session, station.session.setting(), station.evse
    refused_s = math.inf if session.refused_at_s is None else station.clock.monotonic_s() - session.refused_at_s
    return Front(
        powered=evse.powered,
        online=station.link,
        accepted=station.standing.registration in WELCOME,
        faulted=evse.faulted,
        operative=station.operative,
        plugged=evse.plugged,
        reserved=station.reservations.current is not None and not evse.plugged,
        authorizing=session.authorizing,
        refused=refused_s < REFUSED_LIGHT_S,
        waiting_for_plug=session.permission is not None and not evse.plugged,
        transaction=session.transaction is not None,
        ended=session.ended,
        v2x=session.v2x_agreed and (setting is None or setting.is_v2x),
        suspended="" if session.transaction is None else session.transaction.state,
        power_w=evse.power_w,
    )
