"""What a station tells of its diary on the way to us."""

from dataclasses import replace

from ..model.facts import LogReported
from ..model.logs import LogState
from .draft import Draft


def reported(d: Draft, fact: LogReported) -> None:
    """Note how far an upload has come; whoever asked for it waits for that."""
    station = d.state.stations[fact.station]
    d.put_station(replace(station, log=LogState(status=fact.status, request_id=fact.request_id, since=d.now.utc)))
